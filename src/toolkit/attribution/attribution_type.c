/*
 * attribution_type.c
 *		The type cdp_internal.attribution_state, rows of an attribution.
 */
#include "postgres.h"

#include "cdp.h"
#include "core/attribution/attribution_state.h"
#include "toolkit/bridge/status.h"
#include "toolkit/bridge/wire.h"

CDP_FUNCTION(cdp_attribution_state_in);
CDP_FUNCTION(cdp_attribution_state_out);
CDP_FUNCTION(cdp_attribution_state_recv);
CDP_FUNCTION(cdp_attribution_state_send);

/* Make a state from the form on the wire. */
static Datum
state_from_bytes(const uint8_t *bytes, size_t length)
{
	CdpkAttributionState *state;
	CdpkStatus status = cdpk_attribution_read(bytes, length, &cdp_palloc_allocator, &state);

	if (status != CDPK_OK)
		cdp_report_bytes(status, "cdp_internal.attribution_state");
	return cdp_varlena(state, state->size);
}

/* Return the rows of a state, which are the form on the wire. */
static const uint8_t *
state_to_bytes(Datum datum, size_t *length)
{
	const CdpkAttributionState *state = (const CdpkAttributionState *) PG_DETOAST_DATUM(datum);

	*length = state->used;
	return (const uint8_t *) state->bytes;
}

static const CdpWireType attribution_state = {"cdp_internal.attribution_state", state_from_bytes,
											  state_to_bytes};

Datum
cdp_attribution_state_in(PG_FUNCTION_ARGS)
{
	return cdp_wire_in(fcinfo, &attribution_state);
}

Datum
cdp_attribution_state_out(PG_FUNCTION_ARGS)
{
	return cdp_wire_out(fcinfo, &attribution_state);
}

Datum
cdp_attribution_state_recv(PG_FUNCTION_ARGS)
{
	return cdp_wire_recv(fcinfo, &attribution_state);
}

Datum
cdp_attribution_state_send(PG_FUNCTION_ARGS)
{
	return cdp_wire_send(fcinfo, &attribution_state);
}
