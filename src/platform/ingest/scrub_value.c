/*
 * scrub_value.c
 *		cdp_internal.scrub: takes suppressed identifiers out of a text or a document.
 */
#include "postgres.h"

#include "executor/spi.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"

#include "cdp.h"
#include "platform/ingest/scrub.h"

CDP_FUNCTION(cdp_scrub_text);
CDP_FUNCTION(cdp_scrub_jsonb);

/* read_suppressed reads what an erasure suppressed, once a query. */
static const Suppressed *
read_suppressed(FunctionCallInfo fcinfo)
{
	const Suppressed *suppressed = fcinfo->flinfo->fn_extra;
	MemoryContext caller = CurrentMemoryContext;

	if (suppressed != NULL)
		return suppressed;
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	MemoryContextSwitchTo(fcinfo->flinfo->fn_mcxt);
	suppressed = suppressed_read_of(PG_GETARG_INT64(1));
	MemoryContextSwitchTo(caller);
	SPI_finish();
	fcinfo->flinfo->fn_extra = unconstify(Suppressed *, suppressed);
	return suppressed;
}

/* cdp_scrub_text implements cdp_internal.scrub of a text. */
Datum
cdp_scrub_text(PG_FUNCTION_ARGS)
{
	const Suppressed *suppressed = read_suppressed(fcinfo);
	text *from = PG_GETARG_TEXT_PP(0);

	PG_RETURN_TEXT_P(scrub_text(suppressed, "", from));
}

/* cdp_scrub_jsonb implements cdp_internal.scrub of a jsonb. */
Datum
cdp_scrub_jsonb(PG_FUNCTION_ARGS)
{
	const Suppressed *suppressed = read_suppressed(fcinfo);
	Jsonb *from = PG_GETARG_JSONB_P(0);
	Jsonb *made = scrub_jsonb(suppressed, "", from);

	if (made == NULL)
		PG_RETURN_NULL();
	PG_RETURN_JSONB_P(made);
}
