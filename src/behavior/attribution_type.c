/*
 * attribution_type.c
 *		The type cdp.attribution_state, rows of an attribution.
 */
#include "postgres.h"

#include "libpq/pqformat.h"
#include "utils/builtins.h"

#include "cdp.h"
#include "compat.h"
#include "core/attribution_state.h"
#include "util/status.h"

CDP_FUNCTION(cdp_attribution_state_in);
CDP_FUNCTION(cdp_attribution_state_out);
CDP_FUNCTION(cdp_attribution_state_recv);
CDP_FUNCTION(cdp_attribution_state_send);

#define GET_STATE() ((const CdpkAttributionState *) PG_DETOAST_DATUM(PG_GETARG_DATUM(0)))

/* state_from_wire makes a state from the form on the wire. */
static Datum
state_from_wire(const uint8_t *bytes, size_t length)
{
	CdpkAttributionState *state;
	CdpkStatus status = cdpk_attribution_read(bytes, length, &cdp_palloc_allocator, &state);

	if (status != CDPK_OK)
		cdp_report_bytes(status, "cdp.attribution_state");
	SET_VARSIZE(state, state->size);
	return PointerGetDatum(state);
}

/* attribution_state_in reads hexadecimal digits. */
Datum
cdp_attribution_state_in(PG_FUNCTION_ARGS)
{
	const char *text = PG_GETARG_CSTRING(0);
	size_t length = strlen(text);
	uint8_t *bytes = palloc(length / 2 + 1);

	return state_from_wire(bytes, hex_decode(text, length, (char *) bytes));
}

/* attribution_state_out writes them. */
Datum
cdp_attribution_state_out(PG_FUNCTION_ARGS)
{
	const CdpkAttributionState *state = GET_STATE();
	char *text = palloc(2 * (Size) state->used + 1);

	text[hex_encode((const char *) state->bytes, state->used, text)] = '\0';
	PG_RETURN_CSTRING(text);
}

/* attribution_state_recv reads the form on the wire. */
Datum
cdp_attribution_state_recv(PG_FUNCTION_ARGS)
{
	StringInfo message = (StringInfo) PG_GETARG_POINTER(0);
	int length = message->len - message->cursor;

	return state_from_wire((const uint8_t *) pq_getmsgbytes(message, length), (size_t) length);
}

/* attribution_state_send writes it. */
Datum
cdp_attribution_state_send(PG_FUNCTION_ARGS)
{
	const CdpkAttributionState *state = GET_STATE();
	StringInfoData message;

	pq_begintypsend(&message);
	pq_sendbytes(&message, (const char *) state->bytes, (int) state->used);
	PG_RETURN_BYTEA_P(pq_endtypsend(&message));
}
