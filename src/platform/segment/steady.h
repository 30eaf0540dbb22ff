/*
 * steady.h
 *		Refuses what makes the answer of a condition depend on more than the person and the instant: settings of the
 *		session, tables, the clock in hidden places.
 */
#ifndef CDP_SEGMENT_STEADY_H
#define CDP_SEGMENT_STEADY_H

#include "parser/parse_node.h"

/* Raises an error for a node of an analysed condition that depends on such things. */
extern void steady_check(Node *node, ParseState *pstate);

/* Refuses CASE. */
extern void steady_check_case(Node *node, ParseState *pstate);

/*
 * Raises an error for constants that were made of words like 'tomorrow'.  "raw" is the condition before its
 * analysis, which has lost them.
 */
extern void steady_check_words(Node *raw, Node *condition, ParseState *pstate);

#endif /* CDP_SEGMENT_STEADY_H */
