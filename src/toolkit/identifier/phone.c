/*
 * phone.c
 *		Phone numbers: brings the module cdp_phone, and with it libphonenumber, into
 *		a backend that meets a number in need of it, and into no other.
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "cdp.h"
#include "toolkit/identifier/identifier.h"
#include "toolkit/identifier/phone/normalize.h"

CDP_FUNCTION(cdp_phone);
CDP_FUNCTION(cdp_try_phone);

/* the module's function once it was asked for; NULL where the module cannot be loaded */
static CdpPhoneNormalize *phone_normalize = NULL;
static bool phone_asked = false;

/* why not, in the loader's words */
static char *phone_missing = NULL;

/*
 * load_module looks for the module once per backend, and remembers that it is
 * not there: a batch of a million numbers must not search a million times.
 *
 * The error of a missing library is caught without a subtransaction.  That is
 * right here and nowhere else: load_external_function reads files and links
 * them; it takes no lock, buffer, snapshot or catalog entry that a rollback would
 * have to give back, and undoes its own work before it raises.  Searching for the
 * file ourselves would repeat the server's rules, which differ by version.
 */
static void
load_module(void)
{
	MemoryContext context = CurrentMemoryContext;

	PG_TRY();
	{
		phone_normalize = (CdpPhoneNormalize *) load_external_function(
			"$libdir/cdp_phone", CDP_PHONE_NORMALIZE, true, NULL);
	}
	PG_CATCH();
	{
		ErrorData *error;

		MemoryContextSwitchTo(context);
		error = CopyErrorData();
		if (error->sqlerrcode == ERRCODE_OUT_OF_MEMORY)
			PG_RE_THROW();
		FlushErrorState();
		phone_missing = MemoryContextStrdup(TopMemoryContext, error->message);
		FreeErrorData(error);
	}
	PG_END_TRY();
	phone_asked = true;
}

/* call_module normalises a number by the module, if there is one. */
static CdpkStatus
call_module(const char *value, size_t length, const char *region, char *result,
			size_t *result_length)
{
	if (!phone_asked)
		load_module();
	if (phone_normalize == NULL)
		return CDPK_UNSUPPORTED;
	return phone_normalize(value, length, region, result, result_length);
}

/* normalize_international is the CdpkPhone of this backend. */
static CdpkStatus
normalize_international(void *context, const char *value, size_t length, char *result,
						size_t *result_length)
{
	return call_module(value, length, NULL, result, result_length);
}

/* identifier_phone gives the normaliser; its first call, not this one, loads the module. */
const CdpkPhone *
identifier_phone(void)
{
	static const CdpkPhone phone = {normalize_international, NULL};

	return &phone;
}

/* identifier_phone_missing tells what the loader said; NULL where the module was not looked for or is there. */
const char *
identifier_phone_missing(void)
{
	return phone_missing;
}

/* normalize_in_region is a CdpkPhone for numbers that may lack their country code. */
static CdpkStatus
normalize_in_region(void *region, const char *value, size_t length, char *result,
					size_t *result_length)
{
	return call_module(value, length, (const char *) region, result, result_length);
}

/* read_region brings a region to the two capital letters that the library knows. */
static bool
read_region(text *region, char *code)
{
	if (VARSIZE_ANY_EXHDR(region) != 2)
		return false;
	for (int i = 0; i < 2; i++)
	{
		code[i] = pg_ascii_toupper((unsigned char) VARDATA_ANY(region)[i]);
		if (code[i] < 'A' || code[i] > 'Z')
			return false;
	}
	code[2] = '\0';
	return true;
}

/*
 * read_phone makes E.164 of a number by making an identifier of it, so that
 * trimming, limits and what needs no module are the same.  NULL, and the reason
 * in *status, where it is no number; CDPK_OUT_OF_RANGE where there is no such region.
 */
static text *
read_phone(text *value, text *region, CdpkStatus *status)
{
	char code[3];
	CdpkPhone phone = {normalize_in_region, region != NULL ? code : NULL};
	uint8_t payload[CDPK_IDENTIFIER_PAYLOAD_MAX];
	size_t length;

	*status = region == NULL || read_region(region, code)
				  ? cdpk_identifier_make("phone", 5, VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value),
										 &phone, payload, &length)
				  : CDPK_OUT_OF_RANGE;
	if (*status != CDPK_OK)
		return NULL;
	return cstring_to_text_with_len(cdpk_identifier_value(payload),
									(int) cdpk_identifier_value_length(payload, length));
}

/* cdp_phone brings a number to E.164, or raises an error. */
Datum
cdp_phone(PG_FUNCTION_ARGS)
{
	text *value;
	text *region = PG_ARGISNULL(1) ? NULL : PG_GETARG_TEXT_PP(1);
	CdpkStatus status;
	text *result;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	value = PG_GETARG_TEXT_PP(0);
	result = read_phone(value, region, &status);
	if (result != NULL)
		PG_RETURN_TEXT_P(result);
	if (status == CDPK_OUT_OF_RANGE)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("there is no region \"%s\" with phone numbers",
						identifier_shown(VARDATA_ANY(region), VARSIZE_ANY_EXHDR(region))),
				 errdetail("A region is a country's two-letter code of ISO 3166."),
				 errhint("Give a code such as GB, or NULL for numbers with a country code.")));
	if (status == CDPK_INVALID)
		ereport(
			ERROR,
			(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
			 errmsg("invalid phone number \"%s\"",
					identifier_shown(VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value))),
			 errdetail(
				 "A phone number has a length that its country uses, and neither letters nor an extension."),
			 region == NULL
				 ? errhint(
					   "Start it with \"+\" and the country code, or give the region that it was typed in, such as GB.")
				 : errhint("cdp.try_phone(value, region) gives NULL instead of this error.")));
	identifier_report(status, "phone", 5, VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value));
}

/* cdp_try_phone is cdp_phone with NULL for what is no number. */
Datum
cdp_try_phone(PG_FUNCTION_ARGS)
{
	text *region = PG_ARGISNULL(1) ? NULL : PG_GETARG_TEXT_PP(1);
	CdpkStatus status;
	text *result;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	result = read_phone(PG_GETARG_TEXT_PP(0), region, &status);
	if (result == NULL)
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(result);
}
