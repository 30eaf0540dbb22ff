/*
 * window_funnel_mode.c
 *		The type cdp.funnel_mode, a set of modes.
 */
#include "postgres.h"

#include "libpq/pqformat.h"

#include "cdp.h"
#include "compat.h"
#include "core/sequence/funnel.h"
#include "toolkit/bridge/status.h"

CDP_FUNCTION(cdp_funnel_mode_in);
CDP_FUNCTION(cdp_funnel_mode_out);
CDP_FUNCTION(cdp_funnel_mode_recv);
CDP_FUNCTION(cdp_funnel_mode_send);

/* Read names of modes. */
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

/* Write them. */
Datum
cdp_funnel_mode_out(PG_FUNCTION_ARGS)
{
	char *text = palloc(CDPK_FUNNEL_MODES_TEXT_MAX);

	cdpk_funnel_modes_print(PG_GETARG_UINT32(0), text);
	PG_RETURN_CSTRING(text);
}

/* Read the sum of the modes. */
Datum
cdp_funnel_mode_recv(PG_FUNCTION_ARGS)
{
	uint32 modes = pq_getmsgint((StringInfo) PG_GETARG_POINTER(0), sizeof(uint32));

	if (!cdpk_funnel_modes_valid(modes))
		cdp_report_bytes(CDPK_CORRUPT, "cdp.funnel_mode");
	PG_RETURN_UINT32(modes);
}

/* Write it. */
Datum
cdp_funnel_mode_send(PG_FUNCTION_ARGS)
{
	StringInfoData message;

	pq_begintypsend(&message);
	pq_sendint32(&message, PG_GETARG_UINT32(0));
	PG_RETURN_BYTEA_P(pq_endtypsend(&message));
}
