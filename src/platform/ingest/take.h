/*
 * take.h
 *		Takes the rows of a batch out of the inboxes, or from a load, and cleans them.
 */
#ifndef CDP_INGEST_TAKE_H
#define CDP_INGEST_TAKE_H

#include "storage/itemptr.h"

#include "core/base/siphash.h"
#include "platform/ingest/line_batch.h"
#include "platform/ingest/onboard.h"
#include "platform/suppression/suppression.h"

/* What is to be done with a row that can be an event. */
typedef enum TakeJudgement
{
	TAKE_ALLOWED,
	TAKE_REFUSED,
	TAKE_CHANGED
} TakeJudgement;

/* What a row of the batch breaks, and why it is refused; what a TakeJudge gives. */
typedef struct TakeFindings TakeFindings;

/*
 * Judges a row that can be an event.  A refused one gets a reason and a detail; of a changed one *columns get what is
 * to be taken in place of the row's, which stand there at first.  It runs in memory that is reset after the row.
 */
typedef TakeJudgement (*TakeJudge)(void *arg, const OnboardedRow *event, InboxRow *columns,
								   TakeFindings **findings, const char **reason,
								   const char **detail);

typedef struct TakeOptions
{
	OnboardOptions onboard;
	int64 max_row_bytes; /* a larger row is cut */
	Jsonb *trait_rules;
	CdpkSipHashKey content_key;   /* the key for HASH_CONTENT */
	CdpkSipHashKey message_by;    /* the key for HASH_MESSAGE */
	bool cut_all;                 /* cut every row, whatever its size */
	const Suppressed *suppressed; /* whom rows must not name; NULL: there is none */
	TakeJudge judge;              /* or NULL */
	void *judge_arg;
	const Datum
		*failures; /* a text for each place, those of cdp.inbox first: the error for which the row
							* is set aside without another look; or NULL */
} TakeOptions;

/* One row of a batch. */
typedef struct TakenRow
{
	/*
	 * The columns as they came, those of a line as they are read from it.  Of a row that is cut, what is kept.
	 */
	InboxRow columns;
	text *line; /* the line; NULL for a row of cdp.inbox */
	bool is_line;
	const LineBatch *batch; /* the line is a batch, of which this row is one call; or NULL */
	CdpkSpan call;
	bool cut;
	Jsonb *sizes; /* of a row that is cut: column to the size that it had */

	bool scrubbed;   /* suppressed identifiers were taken out of it */
	bool suppressed; /* … and none is left: the row is to be dropped */

	const char *reason; /* why the row goes to quarantine; NULL: it does not */
	const char *detail;
	bool
		incomplete; /* … only because it lacks what an event needs; its writer may send rows of its source */

	CdpkSpan source;     /* never empty */
	TimestampTz seen_at; /* received_at, or as_of where that is no time at which it can have been */
	bool has_key;        /* false: never a repeated message */
	pg_uuid_t message_key;
	uint64
		content; /* its content hash, where there is a key, and reason is NULL or the row is incomplete */

	TakeFindings *findings; /* what the judge found; NULL: nothing */
	const InboxRow *sent;   /* the columns as they came, where the judge has changed them; NULL */

	Rejections
		*rejections; /* values that cannot be identifiers; NULL: none, or reason is not NULL */

	/* the event, where reason is NULL */
	CallType call_type;
	CdpkSpan event; /* empty: none */
	TimestampTz at;
	int repeats;
	int identifier_count;
	Identifier **identifiers; /* distinct, ascending, none meaningless */
	bool is_alias;            /* behind them stands the earlier user_id, see OnboardedRow */
} TakenRow;

typedef struct TakenRows
{
	MemoryContext context; /* of everything here: delete it to free all of it */
	int64 count;
	TakenRow *rows; /* those of cdp.inbox, then those of cdp.inbox_raw, each by place */
} TakenRows;

/* a batch with more calls than this beyond its rows is an error, so that it is taken in parts */
#define TAKEN_CALLS_MAX (200 * 1000)

/*
 * Delete the rows at these places of cdp.inbox and of cdp.inbox_raw, in ascending order, and clean them.
 * What inbox_delete() passes over is left out.  A line that is a batch gives a row for each of its calls.  No content of a
 * row raises an error, but for lines of more than TAKEN_CALLS_MAX calls in all (54000).
 *
 * The result is in a memory context of its own, a child of the current one.  It has about the size of
 * the rows as they are stored, and half a kilobyte for each.  Documents stay as they were stored, or, made
 * from lines, compressed where they are large.
 */
extern TakenRows *take_rows(const ItemPointerData *places, int64 count,
							const ItemPointerData *line_places, int64 line_count,
							const TakeOptions *options);

/* Return the line that a row is from: of a call of a batch, one with just that call.  NULL: a row of cdp.inbox. */
extern text *taken_line(const TakenRow *row);

#endif /* CDP_INGEST_TAKE_H */
