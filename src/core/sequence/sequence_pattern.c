/*
 * sequence_pattern.c
 *		Compiling ClickHouse's patterns.
 */
#include "core/sequence/sequence.h"

#include <string.h>

#include "core/text/timestamp.h"
#include "core/text/utf8.h"

typedef struct Pattern
{
	const char *start;
	const char *at;
	const char *end;
	unsigned conditions;
	CdpkProgram *program;
	CdpkTextProblem *problem;
	CdpkSequenceStep next; /* the transition to the next step */
	const char *time;      /* the time condition on the transition, or NULL */
} Pattern;

/* Report what is wrong at a place of the pattern. */
static CdpkStatus
refuse(Pattern *p, CdpkStatus status, const char *at, const char *words)
{
	p->problem->words = words;
	p->problem->position = (size_t) (at - p->start) + 1;
	return status;
}

/* Accept a word if it comes next. */
static bool
match(Pattern *p, const char *word)
{
	size_t length = strlen(word);

	if ((size_t) (p->end - p->at) < length || memcmp(p->at, word, length) != 0)
		return false;
	p->at += length;
	return true;
}

/* Read decimal digits; false if there are none or the number passes "most". */
static bool
read_number(Pattern *p, int64_t most, int64_t *number)
{
	const char *start = p->at;

	for (*number = 0; p->at < p->end && cdpk_is_ascii_digit(*p->at); p->at++)
	{
		int digit = *p->at - '0';

		if (*number > (most - digit) / 10)
			return false;
		*number = *number * 10 + digit;
	}
	return p->at > start;
}

/* Begin the transition to the next step, which follows immediately unless the pattern says more. */
static void
start_transition(Pattern *p)
{
	memset(&p->next, 0, sizeof(p->next));
	p->next.adjacent = true;
	p->time = NULL;
}

/* End the transition to a step. */
static CdpkStatus
add_step(Pattern *p, const char *at, uint32_t any)
{
	CdpkProgram *program = p->program;

	if (program->count == CDPK_SEQUENCE_STEPS_MAX)
		return refuse(p, CDPK_TOO_LONG, at, "more than 64 events");
	if (program->count == 0)
	{
		if (p->time != NULL)
			return refuse(p, CDPK_INVALID, p->time, "a time condition without an event before it");
		p->next.adjacent = false;
	}
	p->next.any = any;
	program->steps[program->count++] = p->next;
	start_transition(p);
	return CDPK_OK;
}

/* Restrict a bound by another one. */
static void
tighten(CdpkSequenceBound *bound, int64_t length, bool strict, int sign)
{
	if (!bound->given || (length > bound->length) - (length < bound->length) == sign)
	{
		bound->length = length;
		bound->strict = strict;
	}
	else if (length == bound->length)
		bound->strict |= strict;
	bound->given = true;
}

/* Add a time condition to the transition. */
static CdpkStatus
add_time(Pattern *p, const char *start)
{
	CdpkTimeKind kind = p->program->kind;
	int64_t unit = kind == CDPK_TIME_INSTANT ? CDPK_SECOND : 1;
	const char *comparison = p->at;
	bool equal = match(p, "==");
	bool less = !equal && match(p, "<");
	bool greater = !equal && !less && match(p, ">");
	bool strict = !equal && !match(p, "=");
	const char *number = p->at;
	int64_t length;

	if (!equal && !less && !greater)
		return refuse(p, CDPK_INVALID, comparison, "no <=, <, >=, > or == here");
	if (!read_number(p, INT64_MAX / unit, &length))
		return refuse(p, CDPK_INVALID, number,
					  p->at > number ? "a number out of range" : "no number here");
	if (less && strict && length == 0)
		return refuse(p, CDPK_INVALID, start, "no time is less than 0");
	length = kind == CDPK_TIME_DOUBLE ? cdpk_double_key((double) length) : length * unit;
	if (!less)
		tighten(&p->next.least, length, strict, 1);
	if (!greater)
		tighten(&p->next.most, length, strict, -1);
	p->next.adjacent = false;
	p->time = start;
	return CDPK_OK;
}

/* Read what stands between "(?" and ")". */
static CdpkStatus
add_item(Pattern *p, const char *start)
{
	const char *at = p->at;
	CdpkStatus status;
	int64_t number;

	if (match(p, "t"))
		status = add_time(p, start);
	else if (!read_number(p, INT32_MAX, &number))
		return refuse(p, CDPK_INVALID, at,
					  p->at > at ? "a number out of range"
								 : "neither the number of a condition nor t");
	else if (number < 1 || number > p->conditions)
		return refuse(p, CDPK_OUT_OF_RANGE, at, "no condition of this number");
	else
		status = add_step(p, start, UINT32_C(1) << (number - 1));
	if (status == CDPK_OK && !match(p, ")"))
		return refuse(p, CDPK_INVALID, p->at, "no closing parenthesis");
	return status;
}

CdpkStatus
cdpk_pattern_compile(const char *text, size_t length, CdpkTimeKind kind, unsigned conditions,
					 CdpkProgram *program, CdpkTextProblem *problem)
{
	Pattern p = {0};
	CdpkStatus status = CDPK_OK;

	memset(program, 0, offsetof(CdpkProgram, steps));
	program->kind = kind;
	p.start = p.at = text;
	p.end = text + length;
	p.conditions = conditions;
	p.program = program;
	p.problem = problem;
	start_transition(&p);
	while (status == CDPK_OK && p.at < p.end)
	{
		const char *start = p.at;

		if (match(&p, "(?"))
			status = add_item(&p, start);
		else if (match(&p, ".*"))
			p.next.adjacent = false;
		else if (match(&p, "."))
			status = add_step(&p, start, 0);
		else
			return refuse(&p, CDPK_INVALID, start, "neither (?, '.' nor '.*'");
	}
	if (status == CDPK_OK && p.time != NULL)
		return refuse(&p, CDPK_INVALID, p.time, "a time condition without an event after it");
	/* a pattern without an event is one of any event */
	return status == CDPK_OK && program->count == 0 ? add_step(&p, text, 0) : status;
}
