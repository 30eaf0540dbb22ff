/*
 * gpp_decode.c
 *		cdp.gpp_decode: a GPP string as a document.
 */
#include "postgres.h"

#include "utils/builtins.h"

#include "cdp.h"
#include "toolkit/consent/consent_json.h"

CDP_FUNCTION(cdp_gpp_decode);

/* push_us appends what a section of the United States says, as an object. */
static void
push_us(ConsentJson *json, const CdpkUs *us)
{
	const uint8_t *value = us->values;

	consent_begin_object(json);
	consent_number(json, us->section->version == 0 ? "MspaVersion" : "Version", us->version);
	for (const CdpkUsField *field = us->section->fields; field->name != NULL; field++)
	{
		if (field[1].name == NULL && !us->has_sensitive)
			break;
		if (field->count == 1)
		{
			consent_number(json, field->name, *value++);
			continue;
		}
		consent_key(json, field->name);
		consent_begin_array(json);
		for (int i = 0; i < field->count; i++)
			consent_element(json, *value++);
		consent_end_array(json);
	}
	if (us->has_gpc)
		consent_boolean(json, "Gpc", us->gpc);
	consent_end_object(json);
}

/* push_us_privacy appends what a US Privacy string says. */
static void
push_us_privacy(ConsentJson *json, const CdpkUsPrivacy *privacy)
{
	consent_begin_object(json);
	consent_number(json, "Version", 1);
	consent_text(json, "Notice", &privacy->notice, 1);
	consent_text(json, "OptOutSale", &privacy->opt_out_sale, 1);
	consent_text(json, "LspaCovered", &privacy->covered, 1);
	consent_end_object(json);
}

/* push_section appends a section, which is valid, with its name; of a number that is not known its text. */
static void
push_section(ConsentJson *json, unsigned id, const char *body, Size length)
{
	union
	{
		CdpkTcf tcf;
		CdpkUs us;
		CdpkUsPrivacy privacy;
	} decoded;
	const char *problem;

	if (cdpk_gpp_name(id) == NULL)
	{
		consent_text(json, psprintf("section_%u", id), body, length);
		return;
	}
	consent_key(json, cdpk_gpp_name(id));
	if (id == CDPK_GPP_TCF_EU)
	{
		(void) cdpk_tcf_decode(body, length, &decoded.tcf, &problem);
		consent_tcf(json, &decoded.tcf);
	}
	else if (id == CDPK_GPP_TCF_CANADA)
	{
		(void) cdpk_tcf_decode_canadian(body, length, &decoded.tcf, &problem);
		consent_tcf(json, &decoded.tcf);
	}
	else if (id == CDPK_GPP_US_PRIVACY)
	{
		(void) cdpk_us_privacy_decode(body, length, &decoded.privacy);
		push_us_privacy(json, &decoded.privacy);
	}
	else
	{
		(void) cdpk_us_decode(id, body, length, &decoded.us);
		push_us(json, &decoded.us);
	}
}

/* report_invalid raises the error for a string that is not valid. */
static void
report_invalid(const char *problem, unsigned section)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION), errmsg("GPP string is invalid"),
			 section == 0 ? errdetail("%c%s.", pg_toupper((unsigned char) problem[0]), problem + 1)
						  : errdetail("Section %u: %s.", section, problem)));
}

Datum
cdp_gpp_decode(PG_FUNCTION_ARGS)
{
	text *string = PG_GETARG_TEXT_PP(0);
	ConsentJson json = {0};
	CdpkGpp gpp;
	CdpkGppWalk walk;
	const char *problem;
	unsigned id;
	const char *body;
	size_t length;

	if (cdpk_gpp_decode(VARDATA_ANY(string), VARSIZE_ANY_EXHDR(string), &gpp, &problem, &id) !=
		CDPK_OK)
		report_invalid(problem, id);
	consent_begin_object(&json);
	consent_ids(&json, "SectionIds", &gpp.ids);
	walk = cdpk_gpp_walk(&gpp);
	while (cdpk_gpp_next(&walk, &id, &body, &length))
		push_section(&json, id, body, length);
	consent_end_object(&json);
	PG_RETURN_DATUM(consent_document(&json));
}
