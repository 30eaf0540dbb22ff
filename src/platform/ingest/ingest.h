/*
 * ingest.h
 *		What the functions that clean arriving rows share.
 *
 * They are called for every row of a batch without a subtransaction, so no content of a row may
 * raise an error: what is wrong becomes a refusal, which ends as a row of cdp.quarantine.
 */
#ifndef CDP_INGEST_H
#define CDP_INGEST_H

#include "access/tupdesc.h"
#include "fmgr.h"

#include "core/text/json.h"

/*
 * Why a row cannot be an event.  The reason is one of a fixed list of words; the detail names the
 * field and what is wrong with it.  Neither ever repeats what the row says of a person.
 */
typedef struct Refusal
{
	const char *reason; /* NULL: nothing is wrong */
	char detail[256];   /* ASCII, so that no cut falls within a character */
} Refusal;

/* Notes a refusal and returns false, for "return ingest_refuse(…)". */
extern bool ingest_refuse(Refusal *refusal, const char *reason, const char *format, ...)
	pg_attribute_printf(3, 4);

/* The span of a string. */
static inline CdpkSpan
ingest_span(const char *string)
{
	CdpkSpan span = {string, strlen(string)};

	return span;
}

/* The text of an argument, or an empty span where it is NULL. */
extern CdpkSpan ingest_text_argument(FunctionCallInfo fcinfo, int number);

/* A span without the blank characters at its ends. */
extern CdpkSpan ingest_trim(CdpkSpan text);

/* A text datum of a span. */
extern Datum ingest_text_datum(CdpkSpan text);

/*
 * The descriptor of the rows that the called function returns, which has "count" columns: looked
 * up on the first call of a query.
 */
extern TupleDesc ingest_result_descriptor(FunctionCallInfo fcinfo, int count);

#endif /* CDP_INGEST_H */
