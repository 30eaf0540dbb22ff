/*
 * is_signal.c
 *		cdp_internal.is_signal: the keys of consent signals.
 */
#include "postgres.h"

#include "utils/builtins.h"

#include "cdp.h"
#include "core/consent/signal.h"

CDP_FUNCTION(cdp_is_signal);

Datum
cdp_is_signal(PG_FUNCTION_ARGS)
{
	text *kind = PG_GETARG_TEXT_PP(0);
	text *key = PG_GETARG_TEXT_PP(1);
	CdpkSignal signal;
	bool kind_is_known;
	CdpkStatus status =
		cdpk_signal_parse(VARDATA_ANY(kind), VARSIZE_ANY_EXHDR(kind), VARDATA_ANY(key),
						  VARSIZE_ANY_EXHDR(key), &signal, &kind_is_known);

	if (!kind_is_known)
		PG_RETURN_NULL();
	PG_RETURN_BOOL(status == CDPK_OK);
}
