/*
 * window_funnel_types.c
 *		The types cdp.funnel_mode, a set of modes, and cdp.funnel_state, rows of a funnel.
 */
#include "postgres.h"

#include "libpq/pqformat.h"
#include "utils/builtins.h"

#include "cdp.h"
#include "compat.h"
#include "core/funnel_state.h"
#include "util/status.h"

CDP_FUNCTION(cdp_funnel_mode_in);
CDP_FUNCTION(cdp_funnel_mode_out);
CDP_FUNCTION(cdp_funnel_mode_recv);
CDP_FUNCTION(cdp_funnel_mode_send);
CDP_FUNCTION(cdp_funnel_state_in);
CDP_FUNCTION(cdp_funnel_state_out);
CDP_FUNCTION(cdp_funnel_state_recv);
CDP_FUNCTION(cdp_funnel_state_send);

/* funnel_mode_in reads names of modes. */
Datum
cdp_funnel_mode_in(PG_FUNCTION_ARGS)
{
	const char *text = PG_GETARG_CSTRING(0);
	unsigned modes;
	const char *word;
	size_t length;
	CdpkStatus status = cdpk_funnel_modes_parse(text, strlen(text), &modes, &word, &length);

	if (status == CDPK_UNSUPPORTED)
		ereturn(fcinfo->context, (Datum) 0,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("mode allow_reentry needs strict_order"),
				 errhint("Write 'strict_order,allow_reentry'.")));
	if (status != CDPK_OK)
		ereturn(fcinfo->context, (Datum) 0,
				(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
				 errmsg("invalid funnel mode \"%.*s\"", (int) length, word),
				 errhint("Modes are strict_deduplication, strict_order, strict_increase, "
						 "strict_once and allow_reentry, with commas between them, or default.")));
	PG_RETURN_UINT32(modes);
}

/* funnel_mode_out writes them. */
Datum
cdp_funnel_mode_out(PG_FUNCTION_ARGS)
{
	char *text = palloc(CDPK_FUNNEL_MODES_TEXT_MAX);

	cdpk_funnel_modes_print(PG_GETARG_UINT32(0), text);
	PG_RETURN_CSTRING(text);
}

/* funnel_mode_recv reads the sum of the modes. */
Datum
cdp_funnel_mode_recv(PG_FUNCTION_ARGS)
{
	uint32 modes = pq_getmsgint((StringInfo) PG_GETARG_POINTER(0), sizeof(uint32));

	if (!cdpk_funnel_modes_valid(modes))
		cdp_report_bytes(CDPK_CORRUPT, "cdp.funnel_mode");
	PG_RETURN_UINT32(modes);
}

/* funnel_mode_send writes it. */
Datum
cdp_funnel_mode_send(PG_FUNCTION_ARGS)
{
	StringInfoData message;

	pq_begintypsend(&message);
	pq_sendint32(&message, PG_GETARG_UINT32(0));
	PG_RETURN_BYTEA_P(pq_endtypsend(&message));
}

/* state_from_wire makes a state from the form on the wire. */
static Datum
state_from_wire(const uint8_t *bytes, size_t length)
{
	CdpkFunnelState *state;
	CdpkStatus status = cdpk_funnel_state_read(bytes, length, &cdp_palloc_allocator, &state);

	if (status != CDPK_OK)
		cdp_report_bytes(status, "cdp.funnel_state");
	SET_VARSIZE(state, state->size);
	return PointerGetDatum(state);
}

/* state_to_wire is its inverse. */
static uint8_t *
state_to_wire(Datum datum, size_t *length)
{
	const CdpkFunnelState *state = (const CdpkFunnelState *) PG_DETOAST_DATUM(datum);
	uint8_t *bytes;

	*length = cdpk_funnel_state_wire_size(state);
	bytes = palloc(*length);
	cdpk_funnel_state_write(state, bytes);
	return bytes;
}

/* funnel_state_in reads hexadecimal digits. */
Datum
cdp_funnel_state_in(PG_FUNCTION_ARGS)
{
	const char *text = PG_GETARG_CSTRING(0);
	size_t length = strlen(text);
	uint8_t *bytes = palloc(length / 2 + 1);

	return state_from_wire(bytes, hex_decode(text, length, (char *) bytes));
}

/* funnel_state_out writes them. */
Datum
cdp_funnel_state_out(PG_FUNCTION_ARGS)
{
	size_t length;
	uint8_t *bytes = state_to_wire(PG_GETARG_DATUM(0), &length);
	char *text = palloc(2 * length + 1);

	text[hex_encode((const char *) bytes, length, text)] = '\0';
	PG_RETURN_CSTRING(text);
}

/* funnel_state_recv reads the form on the wire. */
Datum
cdp_funnel_state_recv(PG_FUNCTION_ARGS)
{
	StringInfo message = (StringInfo) PG_GETARG_POINTER(0);
	int length = message->len - message->cursor;

	return state_from_wire((const uint8_t *) pq_getmsgbytes(message, length), (size_t) length);
}

/* funnel_state_send writes it. */
Datum
cdp_funnel_state_send(PG_FUNCTION_ARGS)
{
	StringInfoData message;
	size_t length;
	uint8_t *bytes = state_to_wire(PG_GETARG_DATUM(0), &length);

	pq_begintypsend(&message);
	pq_sendbytes(&message, (const char *) bytes, (int) length);
	PG_RETURN_BYTEA_P(pq_endtypsend(&message));
}
