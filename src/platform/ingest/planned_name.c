/*
 * planned_name.c
 *		The name that a tracking plan has for an event.
 */
#include "postgres.h"

#include "cdp.h"
#include "platform/ingest/onboard.h"
#include "platform/ingest/planned_name.h"

/* is_call tells whether a type is that of a call. */
static bool
is_call(CdpkSpan type, CallType call)
{
	return ingest_same_span(type, ingest_span(onboard_call_name(call)));
}

/* planned_name: see the header.  onboard.c names pages so. */
CdpkSpan
planned_name(CdpkSpan type, CdpkSpan event)
{
	if ((!is_call(type, CALL_PAGE) && !is_call(type, CALL_SCREEN)) || event.length < type.length ||
		memcmp(event.text, type.text, type.length) != 0)
		return event;
	if (event.length == type.length)
		return ingest_span("");
	if (event.length < type.length + 2 || memcmp(event.text + type.length, ": ", 2) != 0)
		return event;
	event.text += type.length + 2;
	event.length -= type.length + 2;
	return event;
}

CDP_FUNCTION(cdp_planned_name);

/* cdp_planned_name implements cdp_internal.planned_name(text, text). */
Datum
cdp_planned_name(PG_FUNCTION_ARGS)
{
	CdpkSpan event = PG_ARGISNULL(1) ? ingest_span("") : ingest_text(PG_GETARG_DATUM(1));

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	PG_RETURN_DATUM(ingest_text_datum(planned_name(ingest_text(PG_GETARG_DATUM(0)), event)));
}
