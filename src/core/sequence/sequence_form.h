/*
 * sequence_form.h
 *		A sequence of named events, as in "view -> cart within 1 day -> not refund -> order": its
 *		text, its stored form (FORMAT.md), and whether a timeline has it.
 *
 * The grammar and the meaning are in toolkit/DEFINITIONS.md.
 */
#ifndef CDPK_SEQUENCE_FORM_H
#define CDPK_SEQUENCE_FORM_H

#include "core/timeline/time_range.h"
#include "core/sequence/sequence.h"
#include "core/sequence/steps_state.h"

#define CDPK_SEQUENCE_VERSION 1 /* first byte of the stored form */
#define CDPK_SEQUENCE_NAMES_MAX CDPK_STEPS_MAX
/* every step may have an absence after it */
#define CDPK_SEQUENCE_ITEMS_MAX (2 * CDPK_SEQUENCE_STEPS_MAX)

/* One part of a sequence, between two arrows. */
typedef struct CdpkSequenceItem
{
	bool absent;     /* none of the events is there */
	uint32_t any;    /* names, bit 0 the first */
	uint32_t times;  /* how many such events follow one another, from 1 */
	int64_t after;   /* microseconds, 0 where not given */
	int64_t within;  /* likewise */
	size_t position; /* in the text; 0 where it came as bytes */
} CdpkSequenceItem;

/*
 * A parsed sequence. Names are numbered as they first appear, and point into the bytes that
 * were read.
 */
typedef struct CdpkSequence
{
	unsigned names;
	unsigned items;
	int64_t whole; /* from the first event to the last at most; 0 where not given */
	size_t whole_position;
	CdpkName name[CDPK_SEQUENCE_NAMES_MAX];
	CdpkSequenceItem item[CDPK_SEQUENCE_ITEMS_MAX];
} CdpkSequence;

/* ---------------------------------------------------------------- text */

/*
 * Make the stored form of a text, after "head" bytes for the caller to fill.
 *
 * CDPK_INVALID, CDPK_TOO_LONG, CDPK_OUT_OF_RANGE: with *problem.  CDPK_BAD_ENCODING: not UTF-8.
 */
extern CdpkStatus cdpk_sequence_parse(const char *text, size_t length,
									  const CdpkAllocator *allocator, size_t head, uint8_t **bytes,
									  size_t *bytes_length, CdpkSequenceProblem *problem);

/* Print a stored form, NUL-terminated; the same for equal sequences. */
extern CdpkStatus cdpk_sequence_print(const uint8_t *bytes, size_t length,
									  const CdpkAllocator *allocator, char **text);

/* ---------------------------------------------------------------- the stored form */

/* Read untrusted bytes; accepts only what the parser could have made. */
extern CdpkStatus cdpk_sequence_read(const uint8_t *bytes, size_t length, CdpkSequence *sequence);

/* Bytes that the stored form takes at most, and writing it; returns what it took. */
extern size_t cdpk_sequence_room(const CdpkSequence *sequence);
extern size_t cdpk_sequence_write(const CdpkSequence *sequence, uint8_t *bytes);

/* Return whether the parts go together; CDPK_INVALID or CDPK_TOO_LONG with *problem. */
extern CdpkStatus cdpk_sequence_check(const CdpkSequence *sequence, CdpkSequenceProblem *problem);

/* Make the program of a sequence that was checked; its conditions are the names. */
extern void cdpk_sequence_compile(const CdpkSequence *sequence, CdpkProgram *program);

/* ---------------------------------------------------------------- timelines */

typedef struct CdpkSequenceAnswer
{
	bool matches;
	int64_t
		horizon; /* the answer stays the same before this time if the timeline does; or CDPK_NEVER */
} CdpkSequenceAnswer;

/*
 * Return whether the events of a timeline up to as_of, and later than as_of - within where that is
 * not 0, have a sequence; NULL is a timeline without events.  The horizon is left out (0) unless
 * it is wanted.
 */
extern CdpkStatus cdpk_sequence_evaluate(const CdpkSequence *sequence, const CdpkTimeline *timeline,
										 int64_t within, int64_t as_of, bool want_horizon,
										 const CdpkAllocator *allocator,
										 CdpkSequenceAnswer *result);

#endif /* CDPK_SEQUENCE_FORM_H */
