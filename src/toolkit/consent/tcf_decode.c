/*
 * tcf_decode.c
 *		cdp.tcf_decode: a TC string as a document.
 */
#include "postgres.h"

#include "datatype/timestamp.h"
#include "utils/builtins.h"
#include "utils/datetime.h"
#include "utils/timestamp.h"

#include "cdp.h"
#include "toolkit/consent/consent_json.h"

CDP_FUNCTION(cdp_tcf_decode);

/* What the two frameworks call the same. */
typedef struct FieldNames
{
	const char *non_standard;
	const char *features;
	const char *consent;
	const char *interest;
	const char *vendor_consent;
	const char *vendor_interest;
	const char *publisher_consent;
	const char *publisher_interest;
	const char *custom_consent;
	const char *custom_interest;
} FieldNames;

static const FieldNames european = {"UseNonStandardTexts",   "SpecialFeatureOptIns",
									"PurposesConsent",       "PurposesLITransparency",
									"VendorConsent",         "VendorLegitimateInterest",
									"PubPurposesConsent",    "PubPurposesLITransparency",
									"CustomPurposesConsent", "CustomPurposesLITransparency"};
static const FieldNames canadian = {"UseNonStandardStacks",         "SpecialFeatureExpressConsent",
									"PurposesExpressConsent",       "PurposesImpliedConsent",
									"VendorExpressConsent",         "VendorImpliedConsent",
									"PubPurposesExpressConsent",    "PubPurposesImpliedConsent",
									"CustomPurposesExpressConsent", "CustomPurposesImpliedConsent"};

/* push_time appends a time, in UTC. */
static void
push_time(ConsentJson *json, const char *key, int64 tenths)
{
	char text[MAXDATELEN + 1];
	struct pg_tm tm;
	fsec_t fraction;
	Timestamp at =
		(tenths - (int64) (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * SECS_PER_DAY * 10) *
		(USECS_PER_SEC / 10);

	if (timestamp2tm(at, NULL, &tm, &fraction, NULL, NULL) != 0)
		elog(ERROR, "a time of 36 bits is out of range");
	snprintf(text, sizeof(text), "%04d-%02d-%02dT%02d:%02d:%02d.%dZ", tm.tm_year, tm.tm_mon,
			 tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec, (int) (fraction / 100000));
	consent_text(json, key, text, strlen(text));
}

/* push_restrictions appends the restrictions of the publisher. */
static void
push_restrictions(ConsentJson *json, const CdpkTcf *tcf)
{
	CdpkTcfWalk walk = cdpk_tcf_restrictions(tcf);
	unsigned purpose;
	CdpkTcfRestriction restriction;
	CdpkIdSet vendors;

	consent_key(json, "PubRestrictions");
	consent_begin_array(json);
	while (cdpk_tcf_next_restriction(&walk, &purpose, &restriction, &vendors))
	{
		consent_begin_object(json);
		consent_number(json, "PurposeId", purpose);
		consent_number(json, "RestrictionType", restriction);
		consent_ids(json, "VendorIds", &vendors);
		consent_end_object(json);
	}
	consent_end_array(json);
}

/* push_core appends the fields of the core segment. */
static void
push_core(ConsentJson *json, const CdpkTcf *tcf, const FieldNames *names)
{
	consent_number(json, "Version", tcf->version);
	push_time(json, "Created", tcf->created);
	push_time(json, "LastUpdated", tcf->updated);
	consent_number(json, "CmpId", tcf->cmp_id);
	consent_number(json, "CmpVersion", tcf->cmp_version);
	consent_number(json, "ConsentScreen", tcf->screen);
	consent_text(json, "ConsentLanguage", tcf->language, sizeof(tcf->language));
	consent_number(json, "VendorListVersion", tcf->list_version);
	consent_number(json, "TcfPolicyVersion", tcf->policy_version);
	consent_boolean(json, names->non_standard, tcf->non_standard);
	consent_mask(json, names->features, tcf->features);
	consent_mask(json, names->consent, tcf->consent);
	consent_mask(json, names->interest, tcf->interest);
	if (!tcf->canadian)
	{
		consent_boolean(json, "IsServiceSpecific", true);
		consent_boolean(json, "PurposeOneTreatment", tcf->purpose_one);
		consent_text(json, "PublisherCC", tcf->country, sizeof(tcf->country));
	}
	consent_ids(json, names->vendor_consent, &tcf->vendor_consent);
	consent_ids(json, names->vendor_interest, &tcf->vendor_interest);
	push_restrictions(json, tcf);
}

void
consent_tcf(ConsentJson *json, const CdpkTcf *tcf)
{
	const FieldNames *names = tcf->canadian ? &canadian : &european;

	consent_begin_object(json);
	push_core(json, tcf, names);
	if (tcf->has_disclosed)
		consent_ids(json, "DisclosedVendors", &tcf->disclosed);
	if (tcf->has_allowed)
		consent_ids(json, "AllowedVendors", &tcf->allowed);
	if (tcf->has_publisher)
	{
		consent_mask(json, names->publisher_consent, tcf->publisher_consent);
		consent_mask(json, names->publisher_interest, tcf->publisher_interest);
		consent_number(json, "NumCustomPurposes", tcf->custom_purposes);
		consent_mask(json, names->custom_consent, tcf->custom_consent);
		consent_mask(json, names->custom_interest, tcf->custom_interest);
	}
	consent_end_object(json);
}

Datum
cdp_tcf_decode(PG_FUNCTION_ARGS)
{
	text *string = PG_GETARG_TEXT_PP(0);
	ConsentJson json = {0};
	const char *problem;
	CdpkTcf tcf;

	if (cdpk_tcf_decode(VARDATA_ANY(string), VARSIZE_ANY_EXHDR(string), &tcf, &problem) != CDPK_OK)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION), errmsg("TC string is invalid"),
				 errdetail("%c%s.", pg_toupper((unsigned char) problem[0]), problem + 1)));
	consent_tcf(&json, &tcf);
	PG_RETURN_DATUM(consent_document(&json));
}
