/* signal_test.c: consent signals: their keys, where they stand, and what events answer */
#include "core/consent/signal.h"
#include "unit.h"

#define SIGNALS_MAX 32

static CdpkSignal asked[SIGNALS_MAX];
static uint8_t answers[SIGNALS_MAX];
static CdpkSignals signals = {asked, 0, answers, {0}, false};

/* Read a signal KIND:KEY. */
static CdpkStatus
parse(const char *text, CdpkSignal *signal)
{
	const char *colon = strchr(text, ':');
	bool kind_is_known;

	return cdpk_signal_parse(text, (size_t) (colon - text), colon + 1, strlen(colon + 1), signal,
							 &kind_is_known);
}

/* Ask for signals, separated by blanks, of the next event. */
static void
ask(const char *texts)
{
	static char copy[1024];
	char *at = copy;

	strcpy(copy, texts);
	signals.count = 0;
	while (at != NULL && *at != '\0')
	{
		char *blank = strchr(at, ' ');

		if (blank != NULL)
			*blank++ = '\0';
		CHECK(parse(at, &asked[signals.count++]) == CDPK_OK);
		at = blank;
	}
	cdpk_signals_begin(&signals);
}

/* Return the answers, each as a letter, and what was invalid of each kind. */
static const char *
answered(void)
{
	static char text[SIGNALS_MAX + 64];
	size_t length = 0;

	for (size_t i = 0; i < signals.count; i++)
		text[length++] = "-yn"[answers[i]];
	for (int i = 0; i < CDPK_SIGNAL_KINDS; i++)
		if (signals.invalid[i] > 0)
			length +=
				(size_t) sprintf(text + length, " %s %u", cdpk_signal_kind_name((CdpkSignalKind) i),
								 signals.invalid[i]);
	text[length] = '\0';
	cdpk_signals_begin(&signals);
	return text;
}

static CdpkConsentValue
text_value(const char *text)
{
	CdpkConsentValue value = {CDPK_FORM_TEXT, text, strlen(text)};

	return value;
}

/* Hand in a member of a text. */
static void
find(const char *name, const char *text)
{
	const char *key = NULL;
	CdpkConsentMember member = cdpk_consent_member(name, strlen(name), &key);
	CdpkConsentValue value = text_value(text);

	CHECK(member >= CDPK_MEMBER_TCF);
	cdpk_signals_value(&signals, member, key, &value);
}

static void
keys(void)
{
	static const char *const valid[] = {"category:Advertising",
										"tcf:1",
										"tcf:24",
										"tcf:1/755",
										"tcf_objection:2",
										"tcf_objection:10/65535",
										"gpp:usnat.SaleOptOut",
										"gpp:usnat.Gpc",
										"gpp:usnat.SensitiveDataProcessing",
										"gpp:usnat.SensitiveDataProcessing.16",
										"gpp:usin.SensitiveDataProcessing.8",
										"gpp:usri.AdditionalDataProcessingConsent",
										"gpp:uspv1.OptOutSale",
										"gpp:tcfcav1.PurposesExpressConsent.1",
										"gpp:tcfcav1.PurposesImpliedConsent.24",
										"google:ad_storage",
										"google:security_storage",
										"gpc:"};
	static const char *const invalid[] = {"Category:x",
										  "category:",
										  "tcf:",
										  "tcf:0",
										  "tcf:25",
										  "tcf:01",
										  "tcf:1/",
										  "tcf:1/0",
										  "tcf:1/65536",
										  "tcf:1/2/3",
										  "tcf:99999999999999999999",
										  "gpp:",
										  "gpp:usnat",
										  "gpp:usnat.",
										  "gpp:usnat.SaleOptOutNotice",
										  "gpp:usnat.SaleOptOut.2",
										  "gpp:usnat.SensitiveDataProcessing.17",
										  "gpp:usnat.SensitiveDataProcessing.",
										  "gpp:usva.Gpc",
										  "gpp:usxx.SaleOptOut",
										  "gpp:tcfeuv2.PurposesConsent.1",
										  "gpp:tcfcav1.PurposesExpressConsent",
										  "gpp:tcfcav1.PurposesExpressConsent.25",
										  "google:adstorage",
										  "google:",
										  "gpc:x",
										  ":x"};
	CdpkSignal signal;

	for (size_t i = 0; i < sizeof(valid) / sizeof(valid[0]); i++)
		CHECK(parse(valid[i], &signal) == CDPK_OK);
	for (size_t i = 0; i < sizeof(invalid) / sizeof(invalid[0]); i++)
		CHECK(parse(invalid[i], &signal) == CDPK_INVALID);
}

static void
members(void)
{
	const char *key = NULL;

	CHECK(cdpk_consent_member("tcString", 8, &key) == CDPK_MEMBER_TCF);
	CHECK(cdpk_consent_member("TC_STRING", 9, &key) == CDPK_MEMBER_TCF);
	CHECK(cdpk_consent_member("euconsent-v2", 12, &key) == CDPK_MEMBER_TCF);
	CHECK(cdpk_consent_member("IABGPP_HDR_GppString", 20, &key) == CDPK_MEMBER_GPP);
	CHECK(cdpk_consent_member("Sec-GPC", 7, &key) == CDPK_MEMBER_GPC);
	CHECK(cdpk_consent_member("__gpc", 5, &key) == CDPK_MEMBER_GPC);
	CHECK(cdpk_consent_member("adUserData", 10, &key) == CDPK_MEMBER_GOOGLE &&
		  strcmp(key, "ad_user_data") == 0);
	CHECK(cdpk_consent_member("default", 7, &key) == CDPK_MEMBER_OTHER);
	CHECK(cdpk_consent_member("gp", 2, &key) == CDPK_MEMBER_OTHER);
	CHECK(cdpk_consent_member("gpcx", 4, &key) == CDPK_MEMBER_OTHER);
	CHECK(cdpk_consent_member("gpc\0", 4, &key) == CDPK_MEMBER_OTHER);
	CHECK(cdpk_consent_member("", 0, &key) == CDPK_MEMBER_OTHER);
	CHECK(cdpk_consent_member("--", 2, &key) == CDPK_MEMBER_OTHER);
	CHECK(cdpk_is_consent_event("Segment Consent Preference Updated", 34));
	CHECK(cdpk_is_consent_event("consent_update", 14));
	CHECK(cdpk_is_consent_event("cookieConsentGiven", 18));
	CHECK(!cdpk_is_consent_event("Nonconsenting", 13));
	CHECK(!cdpk_is_consent_event("Order Completed", 15));
	CHECK(!cdpk_is_consent_event("consen", 6));
}

static void
values(void)
{
	CdpkConsentValue other = {CDPK_FORM_OTHER, NULL, 0};
	CdpkConsentValue yes = {CDPK_FORM_TRUE, NULL, 0};
	CdpkConsentValue no = {CDPK_FORM_FALSE, NULL, 0};
	CdpkConsentValue null = {CDPK_FORM_NULL, NULL, 0};

	ask("category:A category:B category:C google:ad_storage google:ad_user_data gpc:");
	cdpk_signals_category(&signals, "A", 1, cdpk_category_answer(&yes));
	cdpk_signals_category(&signals, "B", 1, cdpk_category_answer(&no));
	cdpk_signals_category(&signals, "a", 1, cdpk_category_answer(&yes));
	cdpk_signals_category(&signals, "C", 1, cdpk_category_answer(&null));
	CHECK(signals.any);
	CHECK(strcmp(answered(), "yn----") == 0);
	CHECK(!signals.any);
	cdpk_signals_category(&signals, "A", 1, cdpk_category_answer(&other));
	CHECK(strcmp(answered(), "------ category 1") == 0);
	cdpk_signals_no_category(&signals);
	CHECK(strcmp(answered(), "nnn---") == 0);

	find("ad_storage", "granted");
	find("adUserData", "DENIED");
	CHECK(strcmp(answered(), "---yn-") == 0);
	find("ad_storage", "unspecified");
	find("ad_user_data", "");
	CHECK(strcmp(answered(), "------") == 0);
	find("ad_storage", "yes");
	find("analytics_storage", "maybe");
	CHECK(strcmp(answered(), "------ google 2") == 0);

	find("gpc", "1");
	CHECK(strcmp(answered(), "-----n") == 0);
	find("sec-gpc", "0");
	find("globalPrivacyControl", "false");
	find("gpc", "2");
	CHECK(strcmp(answered(), "------ gpc 1") == 0);
	cdpk_signals_value(&signals, CDPK_MEMBER_GPC, NULL, &yes);
	cdpk_signals_value(&signals, CDPK_MEMBER_GPC, NULL, &no);
	CHECK(strcmp(answered(), "-----n") == 0);
	cdpk_signals_value(&signals, CDPK_MEMBER_GPC, NULL, &null);
	cdpk_signals_value(&signals, CDPK_MEMBER_TCF, NULL, &null);
	cdpk_signals_value(&signals, CDPK_MEMBER_GPP, NULL, &no);
	CHECK(strcmp(answered(), "------ gpp 1") == 0);

	/* of two answers the no counts */
	cdpk_signals_category(&signals, "A", 1, CDPK_SAYS_NO);
	cdpk_signals_category(&signals, "A", 1, CDPK_SAYS_YES);
	CHECK(strcmp(answered(), "n-----") == 0);
}

/* no purposes; vendors of 4 to 404 were disclosed */
#define TCF_DENIED "CQSbk4AQSbk4ANwAAAENAwCgAAAAAAAAAAYgACPAAAAA.IDKQA4AAgAKAGQAygAAA"
/* purposes 1 to 10, vendors 755 and 10 by consent, 755 by legitimate interest; disclosed are 10, 755 and 756 */
#include "signal_strings.h"

static void
tcf(void)
{
	ask("tcf:1 tcf:2 tcf:24 tcf_objection:1 tcf_objection:2 tcf_objection:3");
	find("tcString", TCF_DENIED);
	CHECK(strcmp(answered(), "nnn-nn") ==
		  0); /* its policy is of 2.0: purpose 3 may rest on interest */
	find("tcString", "C");
	CHECK(strcmp(answered(), "------ tcf 1") == 0);
	find("tcString", "");
	CHECK(strcmp(answered(), "------") == 0);
	find("gpp", "DBABM~" TCF_DENIED);
	CHECK(strcmp(answered(), "nnn-nn") == 0);
	find("tcString", TCF_GRANTED);
	CHECK(strcmp(answered(), "yyn---") == 0);
	find("tcString", TCF_NOT_SHOWN);
	CHECK(strcmp(answered(), "------") == 0);
	find("tcString", TCF_PURPOSE_ONE);
	CHECK(strcmp(answered(), "-yn---") == 0);

	ask("tcf:2/755 tcf:2/10 tcf:2/756 tcf:2/757 tcf:3/755 tcf:11/755 tcf_objection:7/755 "
		"tcf_objection:7/10 tcf_objection:7/757 tcf_objection:9/755");
	find("tcString", TCF_GRANTED);
	/* the publisher allows vendor 755 purpose 3 by interest alone, 9 not at all; 757 was not disclosed */
	CHECK(strcmp(answered(), "yyn-nn-n-n") == 0);
}

static void
gpp(void)
{
	ask("gpp:usnat.SaleOptOut gpp:usnat.SharingOptOut gpp:usnat.Gpc gpc: "
		"gpp:usnat.KnownChildSensitiveDataConsents gpp:usnat.KnownChildSensitiveDataConsents.2 "
		"gpp:usca.SaleOptOut gpp:uspv1.OptOutSale tcf:1");
	find("gpp", "DBABLA~BVQqAAAAAgA.QA");
	CHECK(strcmp(answered(), "---------") == 0); /* 2: did not opt out */
	find("gppString", GPP_OPTED_OUT);
	CHECK(strcmp(answered(), "n-nnny---") == 0);
	find("gpp", "DBABTA~1YYN");
	CHECK(strcmp(answered(), "-------n-") == 0);
	find("us_privacy", "1YYN");
	CHECK(strcmp(answered(), "-------n-") == 0);
	find("us_privacy", "1YNN");
	find("usPrivacy", "1---");
	CHECK(strcmp(answered(), "---------") == 0);
	find("us_privacy", "1YY");
	find("gpp", "DBABLA~BVQqAAAAAgA.QA~");
	find("gpp", "DBABLA"); /* its sections are cut off */
	CHECK(strcmp(answered(), "--------- gpp 3") == 0);

	ask("gpp:tcfcav1.PurposesExpressConsent.1 gpp:tcfcav1.PurposesExpressConsent.2 "
		"gpp:tcfcav1.PurposesImpliedConsent.3 gpp:tcfcav1.PurposesImpliedConsent.4 tcf:1");
	find("gpp", GPP_CANADIAN);
	CHECK(strcmp(answered(), "yn-n-") == 0);
}

int
main(void)
{
	unit_use_all();
	TEST(keys);
	TEST(members);
	TEST(values);
	TEST(tcf);
	TEST(gpp);
	UNIT_EXIT();
}
