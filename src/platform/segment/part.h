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
	PART_TEST,    /* IS TRUE and the like */
	PART_SEGMENT, /* another segment */
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
	int32 segment_id;  /* of PART_SEGMENT */
	Node *text;        /* of a leaf, as in the definition */
	Expr *leaf;        /* its instants are parameters */
	ExprState *state;
	List *terms;   /* its uses of the clock */
	List *counted; /* segments of people whose members it counts */
	bool is_safe;  /* evaluating it raises no error for any person */
	PartAnswer answer;

	/* of a leaf: what was found for a person, for all leaves that are the same */
	struct Part *same; /* the first of these, which finds it; may be this one */
	uint64 found_for;
	uint64 until_for;
	PartAnswer found;
	TimestampTz until;
} Part;

/* the person at hand */
typedef struct PartPerson
{
	ExprContext *row;
	uint64 number; /* counts the people of a scan, from 1 on */
	int64 profile_id;
	TimestampTz as_of;
	EvaluateKeptValue kept_value; /* NULL: conditions cannot use other segments */
	EvaluateMembers members;      /* NULL: they cannot use segments of people */
	void *memory;                 /* the argument of both */
} PartPerson;

/* Makes the parts of a condition; adds the instants that it uses to the clock. */
extern Part *part_make(Clock *clock, Node *condition);

/* The same for an expression of any type, which is a leaf if it is not boolean. */
extern Part *part_make_value(Clock *clock, Node *expression);

/* Has leaves that are the same as others evaluated with these; adds the rest to *leaves. */
extern void part_share(Part *part, List **leaves);

/* Compiles the leaves, once the clock was started. */
extern void part_prepare(const Clock *clock, Part *part);

/* Evaluates a part for a person; what does not matter is not evaluated. */
extern PartAnswer part_evaluate(Part *part, const PartPerson *person);

/* Returns what IS TRUE and the like make of an answer. */
extern PartAnswer part_test(BoolTestType type, PartAnswer answer);

/*
 * Returns until when the answer of a part that was evaluated stays; may evaluate more of it.  If that is not before
 * "enough", it may return an earlier instant that is not, either.
 */
extern TimestampTz part_until(Part *part, const PartPerson *person, TimestampTz enough);

#endif /* CDP_SEGMENT_PART_H */
