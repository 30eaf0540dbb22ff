/*
 * sequence_form.h
 *		A sequence of events, as in "view -> cart[total > 5] within 1 day -> not refund -> order":
 *		its text, its stored form (FORMAT.md), and whether a timeline has it.
 *
 * The grammar and the meaning are in toolkit/DEFINITIONS.md.
 */
#ifndef CDPK_SEQUENCE_FORM_H
#define CDPK_SEQUENCE_FORM_H

#include "core/sequence/sequence.h"
#include "core/sequence/step.h"
#include "core/sequence/steps_state.h"

/* the gap where none is given */
#define CDPK_SEQUENCE_SESSION (30 * INT64_C(60000000))

/* first byte of the stored form: of sequences of names alone, of others, and of what only a later version can say */
#define CDPK_SEQUENCE_NAMES 1
#define CDPK_SEQUENCE_STEPS 2
#define CDPK_SEQUENCE_FUNNEL 3 /* optional events, any order */
#define CDPK_SEQUENCE_ALTERNATIVES_MAX CDPK_STEPS_MAX
/* every step may have an absence after it */
#define CDPK_SEQUENCE_ITEMS_MAX (2 * CDPK_SEQUENCE_STEPS_MAX)

/* there is a way for each choice of them */
#define CDPK_SEQUENCE_OPTIONAL_MAX 4

/* what is wrong with an absence that compares */
#define CDPK_SEQUENCE_ABSENT_PREVIOUS "\"not\" takes no \"previous\""

/* One part of a sequence, between two arrows. */
typedef struct CdpkSequenceItem
{
	bool absent;    /* none of the events is there */
	bool optional;  /* it may be left out, with what it says */
	uint32_t any;   /* alternatives, bit 0 the first */
	uint32_t times; /* how many such events follow one another, from 1 */
	/* how their number "compared" must compare with that of the event before: CDPK_STEP_LESS …; or 0 */
	uint8_t previous;
	int64_t after;   /* microseconds, 0 where not given */
	int64_t within;  /* likewise */
	size_t position; /* in the text; 0 where it came as bytes */
} CdpkSequenceItem;

/*
 * A parsed sequence. The different alternatives of all items are numbered as they first appear, and
 * point into the bytes that were read.
 */
typedef struct CdpkSequence
{
	unsigned alternatives;
	unsigned items;
	bool any_order; /* of the items */
	int64_t whole;  /* from the first event to the last at most; 0 where not given */
	size_t whole_position;
	/* what all events have in common */
	CdpkName same;   /* a value of this property; length 0: not asked for */
	int64_t session; /* the session, which ends with a gap longer than this; 0: not asked for */
	size_t same_position;
	CdpkName compared; /* the number that "previous" compares; length 0: none */
	CdpkStep alternative[CDPK_SEQUENCE_ALTERNATIVES_MAX]; /* each a step of one */
	CdpkName form[CDPK_SEQUENCE_ALTERNATIVES_MAX];        /* their bytes, where the form has them */
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
									  size_t *bytes_length, CdpkTextProblem *problem);

/* Print a stored form, NUL-terminated; the same for equal sequences. */
extern CdpkStatus cdpk_sequence_print(const uint8_t *bytes, size_t length,
									  const CdpkAllocator *allocator, char **text);

/* Print some alternatives, not none, as the text of a step, NUL-terminated. */
extern CdpkStatus cdpk_sequence_print_step(const CdpkSequence *sequence, uint32_t any,
										   const CdpkAllocator *allocator, char **text);

/* ---------------------------------------------------------------- the stored form */

/*
 * Read untrusted bytes; accepts only what the parser could have made.  The memory of what was read
 * is freed by cdpk_sequence_free; names alone have none.
 */
extern CdpkStatus cdpk_sequence_read(const uint8_t *bytes, size_t length,
									 const CdpkAllocator *allocator, CdpkSequence *sequence);

extern void cdpk_sequence_free(const CdpkAllocator *allocator, CdpkSequence *sequence);

/* Return whether all alternatives are names without conditions. */
extern bool cdpk_sequence_is_plain(const CdpkSequence *sequence);

/* Return whether events must have something in common, or compare with the one before. */
static inline bool
cdpk_sequence_is_correlated(const CdpkSequence *sequence)
{
	return sequence->same.length > 0 || sequence->session != 0 || sequence->compared.length > 0;
}

/* Make a sequence empty, so that its parts can be set. */
extern void cdpk_sequence_init(CdpkSequence *sequence);

/* Bytes that the stored form takes at most, and writing it; returns what it took. */
extern size_t cdpk_sequence_room(const CdpkSequence *sequence);
extern size_t cdpk_sequence_write(const CdpkSequence *sequence, uint8_t *bytes);

/* Return whether the parts go together; CDPK_INVALID or CDPK_TOO_LONG with *problem. */
extern CdpkStatus cdpk_sequence_check(const CdpkSequence *sequence, CdpkTextProblem *problem);

#endif /* CDPK_SEQUENCE_FORM_H */
