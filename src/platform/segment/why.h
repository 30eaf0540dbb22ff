/*
 * why.h
 *		The parts of a condition as rows, and the smallest change of its leaves that changes the answer.
 */
#ifndef CDP_SEGMENT_WHY_H
#define CDP_SEGMENT_WHY_H

#include "platform/segment/part.h"

/* a part of a condition: an operator, or a leaf */
typedef struct WhyPart
{
	int depth;
	PartKind kind;
	BoolTestType test;
	Node *node;    /* as in the definition */
	bool is_fixed; /* a leaf that is the same for all people, at all times */
	int children
		[2];  /* the places of the first and the last part below; of a leaf, the first is greater */
	int next; /* the place of the next part of the same operator; 0: none */

	PartAnswer answer; /* PART_OPEN: it raises an error */
	TimestampTz until;
	char *error;
	List *values; /* texts, NULL where a value is; those of why_operands */
	bool change;  /* it belongs to the smallest change */
} WhyPart;

/* Lists the parts of a condition, each before those below it; returns how many there are. */
extern int why_list(Node *condition, WhyPart **parts);

/* Finds the answers of the operators from those of the leaves. */
extern void why_combine(WhyPart *parts);

/*
 * Marks the fewest leaves that must answer otherwise for the person to come in, or to go out.  Returns false if there
 * are none, or too many leaves that occur several times to find them.
 */
extern bool why_mark_change(WhyPart *parts, int count);

#endif /* CDP_SEGMENT_WHY_H */
