/*
 * meaningless.c
 *		Values that mean nothing, and the versions that normalisation depends on.
 */
#include "postgres.h"

#include <idn2.h>
#include <unistring/version.h>

#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/tuplestore.h"

#include "cdp.h"
#include "core/identifier/meaningless.h"
#include "toolkit/identifier/hashed.h"
#include "toolkit/identifier/identifier.h"

CDP_FUNCTION(cdp_is_meaningless);
CDP_FUNCTION(cdp_is_meaningless_value);
CDP_FUNCTION(cdp_meaningless_values);
CDP_FUNCTION(cdp_normalizer_version);

/* Return whether an identifier means nothing. */
Datum
cdp_is_meaningless(PG_FUNCTION_ARGS)
{
	Identifier *identifier = PG_GETARG_IDENTIFIER_PP(0);

	PG_RETURN_BOOL(
		identifier_meaningless(IdentifierPayload(identifier), IdentifierLength(identifier)));
}

/* Return whether a raw value means nothing. */
Datum
cdp_is_meaningless_value(PG_FUNCTION_ARGS)
{
	text *value = PG_GETARG_TEXT_PP(0);

	PG_RETURN_BOOL(cdpk_value_meaningless(VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value)));
}

/* List what counts as meaningless: the patterns, then the words. */
Datum
cdp_meaningless_values(PG_FUNCTION_ARGS)
{
	const CdpkMeaningless *patterns = cdpk_meaningless_patterns();
	const CdpkMeaningless *words = cdpk_meaningless_words();
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;

	InitMaterializedSRF(fcinfo, 0);
	for (int list = 0; list < 2; list++)
		for (const CdpkMeaningless *word = list == 0 ? patterns : words; word->word != NULL; word++)
		{
			Datum values[3] = {CStringGetTextDatum(word->word), BoolGetDatum(list == 0),
							   BoolGetDatum(word->in_email)};
			bool nulls[3] = {false, false, false};

			tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
		}
	return (Datum) 0;
}

/*
 * Return the versions on which a stored identifier depends. libphonenumber is not among them:
 * its result is E.164, which every release takes as it is, and so does a server without it.
 */
Datum
cdp_normalizer_version(PG_FUNCTION_ARGS)
{
	PG_RETURN_TEXT_P(cstring_to_text(
		psprintf("format %d, rules %d, libidn2 %s, libunistring %d.%d.%d", CDPK_IDENTIFIER_VERSION,
				 CDPK_NORMALIZER_VERSION, idn2_check_version(NULL), _libunistring_version >> 16,
				 (_libunistring_version >> 8) & 0xff, _libunistring_version & 0xff)));
}
