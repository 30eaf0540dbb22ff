/*
 * part.h
 *		The parts of a condition: AND, OR, NOT and IS TRUE and the like, and the leaves that they combine.
 */
#ifndef CDP_SEGMENT_PART_H
#define CDP_SEGMENT_PART_H

#include "nodes/execnodes.h"
#include "nodes/primnodes.h"

#include "platform/segment/clock.h"
#include "platform/segment/evaluate.h"

typedef enum PartKind
{
	PART_AND,
	PART_OR,
	PART_NOT,
	PART_TEST, /* IS TRUE and the like */
	PART_LEAF
} PartKind;

/* the answer of a part for a person */
typedef enum PartAnswer
{
	PART_OPEN, /* not evaluated */
	PART_FALSE,
	PART_UNKNOWN,
	PART_TRUE
} PartAnswer;

typedef struct Part
{
	PartKind kind;
	BoolTestType test; /* of PART_TEST */
	List *parts;       /* below; none of a leaf */
	Expr *leaf;        /* its instants are parameters */
	ExprState *state;
	List *terms; /* its uses of the clock */
	PartAnswer answer;
} Part;

/* Makes the parts of a condition; adds the instants that it uses to the clock. */
extern Part *part_make(Clock *clock, Node *condition);

/* Compiles the leaves, once the clock was started. */
extern void part_prepare(const Clock *clock, Part *part);

/* Evaluates a part for the row in the context; what does not matter is not evaluated. */
extern PartAnswer part_evaluate(Part *part, ExprContext *row);

/* Returns until when the answer of a part that was evaluated stays. */
extern TimestampTz part_until(const Part *part, TimestampTz as_of, ExprContext *row);

#endif /* CDP_SEGMENT_PART_H */
