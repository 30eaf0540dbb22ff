/*
 * phone.c
 *		cdp.phone and cdp.try_phone: phone numbers in E.164 form.
 */
#include "postgres.h"

#include "utils/builtins.h"

#include "cdp.h"
#include "toolkit/identifier/identifier.h"
#include "toolkit/identifier/phone_module.h"

CDP_FUNCTION(cdp_phone);
CDP_FUNCTION(cdp_try_phone);

/* Bring a region to the two capital letters that the library knows. */
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
 * Normalise a number by making an identifier of it, so that trimming, limits and strict E.164
 * are handled alike. NULL, with the reason in *status, if it is not a number; CDPK_OUT_OF_RANGE
 * if there is no such region.
 */
static text *
read_phone(text *value, text *region, CdpkStatus *status)
{
	char code[3] = "";
	CdpkPhone phone = phone_module_in_region(region != NULL ? code : NULL);
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

/* Bring a number to E.164, or raise an error. */
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

/* Bring a number to E.164, or return NULL for what is no number. */
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
