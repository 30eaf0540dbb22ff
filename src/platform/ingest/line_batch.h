/*
 * line_batch.h
 *		The calls of a line that holds a batch, and what the batch hands down to them.
 */
#ifndef CDP_INGEST_LINE_BATCH_H
#define CDP_INGEST_LINE_BATCH_H

#include "platform/ingest/parse_line_json.h"

/* calls of a batch; libraries send at most 2,500 */
#define LINE_BATCH_MAX 10000

typedef struct LineBatch
{
	CdpkSpan *calls; /* each as it is written, which may be anything */
	int count;
	bool too_long;   /* it has more than LINE_BATCH_MAX calls: there are none here */
	CdpkSpan before; /* the line without its calls: up to the first */
	CdpkSpan after;  /* and behind the last */
	LineMembers
		members; /* of the object in which the calls stand, but for the calls; empty for a mere array */
	bool is_snowplow; /* the calls are events of line_snowplow.h */
} LineBatch;

/*
 * Find the calls of a line: {"batch": [ … ], …}, a body of line_snowplow.h, or an array; NULL if it is none of these, or
 * if what is around the calls is no JSON.  Nothing is copied but the members' keys: the text must stay.
 */
extern LineBatch *line_batch(CdpkSpan text);

/* Return whether a line may be a batch, at a glance. */
extern bool line_may_be_batch(CdpkSpan text);

/* Return a line of just one of the calls, with all that the batch hands down to it. */
extern CdpkSpan line_batch_single(const LineBatch *batch, CdpkSpan call);

#endif /* CDP_INGEST_LINE_BATCH_H */
