/*
 * attribution_type.c
 *		The type cdp.attribution_state, rows of an attribution.
 */
#include "postgres.h"

#include "utils/builtins.h"

#include "cdp.h"
#include "compat.h"
#include "core/attribution/attribution_state.h"
#include "toolkit/bridge/status.h"
#include "toolkit/bridge/wire.h"

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
	return cdp_varlena(state, state->size);
}

/* attribution_state_in reads hexadecimal digits. */
Datum
cdp_attribution_state_in(PG_FUNCTION_ARGS)
{
	size_t length;
	const uint8_t *bytes = cdp_wire_from_text(fcinfo, &length);

	return state_from_wire(bytes, length);
}

/* attribution_state_out writes them. */
Datum
cdp_attribution_state_out(PG_FUNCTION_ARGS)
{
	const CdpkAttributionState *state = GET_STATE();

	return cdp_wire_to_text(state->bytes, state->used, "cdp.attribution_state");
}

/* attribution_state_recv reads the form on the wire. */
Datum
cdp_attribution_state_recv(PG_FUNCTION_ARGS)
{
	size_t length;
	const uint8_t *bytes = cdp_wire_from_message(fcinfo, &length);

	return state_from_wire(bytes, length);
}

/* attribution_state_send writes it. */
Datum
cdp_attribution_state_send(PG_FUNCTION_ARGS)
{
	const CdpkAttributionState *state = GET_STATE();

	return cdp_wire_to_message(state->bytes, state->used);
}
