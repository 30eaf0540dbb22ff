/*
 * take_clean.h
 *		What take.c and take_clean.c share.
 */
#ifndef CDP_INGEST_TAKE_CLEAN_H
#define CDP_INGEST_TAKE_CLEAN_H

#include "toolkit/traits/traits.h"
#include "platform/ingest/inbox_delete.h"
#include "platform/ingest/take.h"
#include "platform/ingest/writer_sources.h"

/* the table cdp.inbox */
extern const InboxTable take_inbox;

/* What is known of a row before it is cleaned. */
typedef struct Origin
{
	Writer *writer;
	const text *failure; /* or NULL */
} Origin;

typedef struct Take
{
	const TakeOptions *options;
	TakenRows
		*taken; /* the rows that were deleted; while they are cleaned, those that are cleaned */
	int64 capacity;
	Origin *origins; /* of each row */
	Writers *writers;
	TraitsRules *rules;
	/* the inbox that is being emptied */
	bool is_lines;
	const ItemPointerData *places;
	int64 count;
	int64 next;            /* the place that is expected */
	const Datum *failures; /* of each place, or NULL */
} Take;

/* Return whether a value must be decompressed or fetched to be read. */
static inline bool
take_is_packed(Datum value)
{
	struct varlena *stored = (struct varlena *) DatumGetPointer(value);

	return VARATT_IS_COMPRESSED(stored) || VARATT_IS_EXTERNAL(stored);
}

/* Return whether a row is too large, uncompressed or, a few numbers being enough, as text. */
extern bool take_is_too_large(const TakenRow *row, int64 max);

/* Measure a row and leave of it what is small, and the beginnings of texts. */
extern void take_cut(const Take *take, TakenRow *row);

/* Give a row a reason, and a detail that is copied. */
extern void take_refuse(const Take *take, TakenRow *row, const char *reason, const char *detail);

/* Copy bytes to the memory of the rows. */
extern CdpkSpan take_keep_bytes(const Take *take, CdpkSpan span);

/* Clean a row, or a call of a batch, or set it aside. */
extern void take_clean_row(const Take *take, TakenRow *row, const Origin *origin);

/* Refuse a row without a look at its content; what it is counted for is its source. */
extern void take_refuse_whole(const Take *take, TakenRow *row, const Origin *origin,
							  const char *reason, const char *detail);

#endif /* CDP_INGEST_TAKE_CLEAN_H */
