/*
 * expression.h
 *		A text that must be one SQL expression, as a condition or a mapping has it.
 */
#ifndef CDP_SEGMENT_EXPRESSION_H
#define CDP_SEGMENT_EXPRESSION_H

#include "parser/parse_node.h"

/* the text being parsed, the length of what was put before it, and what is said of it */
typedef struct ExpressionSource
{
	const char *text;
	int prefix_length;
	const char *subject;    /* "a condition" */
	const char *detail;     /* what it must be, as a sentence */
	const char *empty_hint; /* what to write in place of nothing */
	const char *list_hint;  /* what to do about several */
	const char *rest_hint;  /* what to do about a word behind it */
} ExpressionSource;

/*
 * Error context callback, whose argument is the source: reports a position in the text as one in
 * an internal query, so that it is not taken for a position in the client's statement.
 */
extern void expression_error_position(void *source);

/* Parses the text; returns its only expression, not analysed yet; raises an error if it is none. */
extern Node *expression_parse(ParseState *pstate, ExpressionSource *source);

#endif /* CDP_SEGMENT_EXPRESSION_H */
