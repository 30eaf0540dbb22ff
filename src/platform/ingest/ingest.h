/*
 * ingest.h
 *		Functions shared by those that clean incoming rows.
 *
 * They are called for every row of a batch without a subtransaction, so no content of a row may
 * raise an error: a bad row gives a refusal, which becomes a row of cdp.quarantine.
 */
#ifndef CDP_INGEST_H
#define CDP_INGEST_H

#include "access/tupdesc.h"
#include "fmgr.h"

#include "core/text/json.h"

/*
 * Why a row cannot be an event.  The reason is one of a fixed list of words; the detail names the
 * field and what is wrong with it.  Neither holds personal data of the row.
 */
typedef struct Refusal
{
	const char *reason; /* NULL: no refusal */
	char detail[256];   /* ASCII, so that it can be cut at any byte */
} Refusal;

/* Sets a refusal and returns false, for "return ingest_refuse(…)". */
extern bool ingest_refuse(Refusal *refusal, const char *reason, const char *format, ...)
	pg_attribute_printf(3, 4);

/* Returns the span of a string. */
static inline CdpkSpan
ingest_span(const char *string)
{
	CdpkSpan span = {string, strlen(string)};

	return span;
}

/* Returns the text of an argument, an empty span if it is NULL. */
extern CdpkSpan ingest_text_argument(FunctionCallInfo fcinfo, int number);

/* Returns a span without leading and trailing blanks. */
extern CdpkSpan ingest_trim(CdpkSpan text);

/* Makes a text datum of a span. */
extern Datum ingest_text_datum(CdpkSpan text);

/*
 * Returns the descriptor of the called function's result, which must have "count" columns.  It is
 * looked up once a query.
 */
extern TupleDesc ingest_result_descriptor(FunctionCallInfo fcinfo, int count);

#endif /* CDP_INGEST_H */
