/*
 * meaningless.c
 *		Values that mean nothing, and which versions judge and normalise the rest.
 */
#include "postgres.h"

#include <idn2.h>
#include <unistring/version.h>

#include "access/htup_details.h"
#include "funcapi.h"
#include "utils/builtins.h"

#include "cdp.h"
#include "core/meaningless.h"
#include "identifier/identifier.h"

CDP_FUNCTION(cdp_is_meaningless);
CDP_FUNCTION(cdp_is_meaningless_value);
CDP_FUNCTION(cdp_meaningless_values);
CDP_FUNCTION(cdp_normalizer_version);

/* cdp_is_meaningless judges an identifier. */
Datum
cdp_is_meaningless(PG_FUNCTION_ARGS)
{
	Identifier *identifier = PG_GETARG_IDENTIFIER_PP(0);

	PG_RETURN_BOOL(
		cdpk_identifier_meaningless(IdentifierPayload(identifier), IdentifierLength(identifier)));
}

/* cdp_is_meaningless_value judges a raw value, before it is an identifier. */
Datum
cdp_is_meaningless_value(PG_FUNCTION_ARGS)
{
	text *value = PG_GETARG_TEXT_PP(0);

	PG_RETURN_BOOL(cdpk_value_meaningless(VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value)));
}

/* cdp_meaningless_values lists what counts as meaningless: the pattern, then the words. */
Datum
cdp_meaningless_values(PG_FUNCTION_ARGS)
{
	FuncCallContext *calls;
	const CdpkMeaningless *word;
	Datum values[3];
	bool nulls[3] = {false, false, false};

	if (SRF_IS_FIRSTCALL())
	{
		MemoryContext old;

		calls = SRF_FIRSTCALL_INIT();
		old = MemoryContextSwitchTo(calls->multi_call_memory_ctx);
		if (get_call_result_type(fcinfo, NULL, &calls->tuple_desc) != TYPEFUNC_COMPOSITE)
			elog(ERROR, "return type must be a row type");
		BlessTupleDesc(calls->tuple_desc);
		MemoryContextSwitchTo(old);
	}
	calls = SRF_PERCALL_SETUP();
	word = calls->call_cntr == 0 ? NULL : cdpk_meaningless_words() + calls->call_cntr - 1;
	if (word != NULL && word->word == NULL)
		SRF_RETURN_DONE(calls);
	values[0] = CStringGetTextDatum(word == NULL ? CDPK_MEANINGLESS_PATTERN : word->word);
	values[1] = BoolGetDatum(word == NULL);
	values[2] = BoolGetDatum(word == NULL || word->in_email);
	SRF_RETURN_NEXT(calls, HeapTupleGetDatum(heap_form_tuple(calls->tuple_desc, values, nulls)));
}

/*
 * cdp_normalizer_version names the versions on which a stored identifier
 * depends.  libphonenumber is not among them: what it gives is E.164, which every
 * release and a server without it take as it is.
 */
Datum
cdp_normalizer_version(PG_FUNCTION_ARGS)
{
	PG_RETURN_TEXT_P(cstring_to_text(
		psprintf("format %d, libidn2 %s, libunistring %d.%d.%d", CDPK_IDENTIFIER_VERSION,
				 idn2_check_version(NULL), _libunistring_version >> 16,
				 (_libunistring_version >> 8) & 0xff, _libunistring_version & 0xff)));
}
