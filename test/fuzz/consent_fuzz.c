/*
 * consent_fuzz.c
 *		Consent strings and signals, in any bytes: the first says of which kind.  What is decoded has ids in order and
 *		within its limits, a set has just the ids that a walk through it gives, and answers are those of the text alone.
 */
#include <stdlib.h>
#include <string.h>

#include "core/consent/signal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
require(bool condition)
{
	if (!condition)
		abort();
}

/* Check a set against a walk through it. */
static void
check_set(const CdpkIdSet *set)
{
	static uint8_t has[CDPK_ID_MAX + 2];
	CdpkIdWalk walk = cdpk_id_walk(set);
	uint32_t first;
	uint32_t last;
	uint32_t count = 0;

	memset(has, 0, sizeof(has));
	while (cdpk_id_next(&walk, &first, &last))
	{
		require(first >= 1 && last >= first && last <= set->max && set->max <= CDPK_ID_MAX);
		require(!set->as_bits || count == 0 || !has[first - 1]);
		memset(has + first, 1, last - first + 1);
		count++;
	}
	require(!walk.set.bits.failed && cdpk_id_set_is_empty(set) == (count == 0));
	for (uint32_t id = 0; id <= CDPK_ID_MAX; id += id < 1000 ? 1 : 977)
		require(cdpk_id_set_has(set, id) == (has[id] != 0));
}

static void
check_tcf(const CdpkTcf *tcf)
{
	CdpkTcfWalk walk = cdpk_tcf_restrictions(tcf);
	unsigned purpose;
	CdpkTcfRestriction restriction;
	CdpkIdSet vendors;

	require(tcf->version == (tcf->canadian ? 1 : 2) && tcf->consent >> CDPK_TCF_PURPOSES == 0 &&
			tcf->interest >> CDPK_TCF_PURPOSES == 0 && tcf->features >> CDPK_TCF_FEATURES == 0);
	check_set(&tcf->vendor_consent);
	check_set(&tcf->vendor_interest);
	for (unsigned i = 0; cdpk_tcf_next_restriction(&walk, &purpose, &restriction, &vendors); i++)
	{
		require(purpose >= 1 && purpose <= CDPK_TCF_PURPOSES);
		require(restriction <= CDPK_TCF_REQUIRE_INTEREST);
		if (i < 2)
			check_set(&vendors);
	}
	require(walk.left == 0 && !walk.bits.failed);
	if (tcf->has_disclosed)
		check_set(&tcf->disclosed);
	if (tcf->has_allowed)
		check_set(&tcf->allowed);
	require(tcf->custom_purposes < 64 && tcf->custom_consent >> tcf->custom_purposes == 0 &&
			tcf->custom_interest >> tcf->custom_purposes == 0);
}

/* Take a text as a member of each kind. */
static void
check_signals(const char *text, size_t length)
{
	static const char *const keys[][2] = {{"tcf", "1"},
										  {"tcf", "2/755"},
										  {"tcf_objection", "2"},
										  {"tcf_objection", "7/10"},
										  {"gpp", "usnat.SaleOptOut"},
										  {"gpp", "usin.SensitiveDataProcessing.8"},
										  {"gpp", "usnat.Gpc"},
										  {"gpp", "uspv1.OptOutSale"},
										  {"gpp", "tcfcav1.PurposesExpressConsent.2"},
										  {"gpp", "tcfcav1.PurposesImpliedConsent.3"},
										  {"google", "ad_storage"},
										  {"gpc", ""}};
	enum
	{
		KEYS = sizeof(keys) / sizeof(keys[0])
	};
	CdpkSignal asked[KEYS];
	uint8_t answers[KEYS];
	CdpkSignals signals = {asked, KEYS, answers, {0}, false};
	CdpkConsentValue value = {CDPK_FORM_TEXT, text, length};
	bool kind_is_known;
	CdpkSignal any;

	for (int i = 0; i < KEYS; i++)
		require(cdpk_signal_parse(keys[i][0], strlen(keys[i][0]), keys[i][1], strlen(keys[i][1]),
								  &asked[i], &kind_is_known) == CDPK_OK);
	for (int member = CDPK_MEMBER_TCF; member <= CDPK_MEMBER_GOOGLE; member++)
	{
		bool any_answer = false;
		uint32_t invalid = 0;

		cdpk_signals_begin(&signals);
		cdpk_signals_value(&signals, (CdpkConsentMember) member, "ad_storage", &value);
		for (int i = 0; i < KEYS; i++)
		{
			require(answers[i] <= CDPK_SAYS_NO);
			any_answer |= answers[i] != CDPK_SAYS_NONE;
		}
		for (int i = 0; i < CDPK_SIGNAL_KINDS; i++)
			invalid += signals.invalid[i];
		require(invalid <= 1 && signals.any == any_answer && (invalid == 0 || !any_answer));
	}
	for (int kind = 0; kind < CDPK_SIGNAL_KINDS; kind++)
	{
		const char *name = cdpk_signal_kind_name((CdpkSignalKind) kind);

		cdpk_signal_parse(name, strlen(name), text, length, &any, &kind_is_known);
		require(kind_is_known);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *) data + 1;
	const char *key = NULL;
	const char *problem = NULL;
	CdpkGppWalk walk;
	CdpkGpp gpp;
	CdpkTcf tcf;
	CdpkUs us;
	unsigned id;
	unsigned before = 0;
	const char *body;
	size_t length;

	if (size == 0)
		return 0;
	size--;
	switch (data[0] % 32)
	{
		case 0:
			require((cdpk_gpp_decode(text, size, &gpp, &problem, &id) == CDPK_OK) ==
					(problem == NULL));
			if (problem != NULL)
				break;
			walk = cdpk_gpp_walk(&gpp);
			while (cdpk_gpp_next(&walk, &id, &body, &length))
			{
				require(length > 0 && id > before && body >= text && body + length <= text + size);
				before = id;
			}
			require(walk.left == 0);
			break;
		case 1:
			check_signals(text, size);
			cdpk_consent_member(text, size, &key);
			cdpk_is_consent_event(text, size);
			break;
		case 2:
			require((cdpk_tcf_decode(text, size, &tcf, &problem) == CDPK_OK) == (problem == NULL));
			if (problem == NULL)
				check_tcf(&tcf);
			break;
		case 5:
			if (cdpk_tcf_decode_canadian(text, size, &tcf, &problem) == CDPK_OK)
				check_tcf(&tcf);
			break;
		default:
			if (cdpk_us_decode(data[0] % 32, text, size, &us) == CDPK_OK)
				for (int i = 0; i < CDPK_US_VALUES_MAX; i++)
					require(us.values[i] <= 2);
	}
	return 0;
}
