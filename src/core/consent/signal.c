/*
 * signal.c
 *		What an event answers to the consent signals that are asked for.
 */
#include "core/consent/signal.h"

#include <string.h>

/* since this version of the policy, that of TCF 2.2, there is no legitimate interest for purposes 3 to 6 */
#define POLICY_NARROWS_INTEREST 4

void
cdpk_signals_begin(CdpkSignals *signals)
{
	if (signals->count > 0)
		memset(signals->answers, CDPK_SAYS_NONE, signals->count);
	memset(signals->invalid, 0, sizeof(signals->invalid));
	signals->any = false;
}

/* Give a signal an answer. */
static void
answer(CdpkSignals *signals, size_t place, CdpkSignalAnswer given)
{
	if (given != CDPK_SAYS_YES && given != CDPK_SAYS_NO)
		return;
	signals->any = true;
	if (signals->answers[place] != CDPK_SAYS_NO)
		signals->answers[place] = (uint8_t) given;
}

/* Give each signal of a kind and key an answer, or count that it is invalid. */
static void
answer_key(CdpkSignals *signals, CdpkSignalKind kind, const char *key, size_t length,
		   CdpkSignalAnswer given)
{
	if (given == CDPK_SAYS_INVALID)
		signals->invalid[kind]++;
	for (size_t i = 0; i < signals->count; i++)
	{
		const CdpkSignal *signal = &signals->signals[i];

		if (signal->kind == kind && signal->key_length == length &&
			(length == 0 || memcmp(signal->key, key, length) == 0))
			answer(signals, i, given);
	}
}

void
cdpk_signals_category(CdpkSignals *signals, const char *name, size_t length, CdpkSignalAnswer given)
{
	answer_key(signals, CDPK_SIGNAL_CATEGORY, name, length, given);
}

void
cdpk_signals_no_category(CdpkSignals *signals)
{
	for (size_t i = 0; i < signals->count; i++)
		if (signals->signals[i].kind == CDPK_SIGNAL_CATEGORY)
			answer(signals, i, CDPK_SAYS_NO);
}

/* ---------------------------------------------------------------- TC strings */

/* Tell whether a purpose is in a mask. */
static bool
has_purpose(uint32_t mask, unsigned purpose)
{
	return (mask >> (purpose - 1) & 1) != 0;
}

/* Tell whether a person was asked: the vendor, or some vendor, was disclosed; former strings do not say it. */
static bool
was_asked(const CdpkTcf *tcf, unsigned vendor)
{
	if (!tcf->has_disclosed)
		return true;
	return vendor == 0 ? !cdpk_id_set_is_empty(&tcf->disclosed)
					   : cdpk_id_set_has(&tcf->disclosed, vendor);
}

/* Tell whether the publisher keeps a vendor from a basis for a purpose. */
static bool
is_restricted(const CdpkTcf *tcf, const CdpkSignal *signal, CdpkTcfRestriction other_basis)
{
	CdpkTcfWalk walk = cdpk_tcf_restrictions(tcf);
	unsigned purpose;
	CdpkTcfRestriction restriction;
	CdpkIdSet vendors;

	while (signal->vendor != 0 &&
		   cdpk_tcf_next_restriction(&walk, &purpose, &restriction, &vendors))
		if (purpose == signal->purpose &&
			(restriction == CDPK_TCF_NOT_ALLOWED || restriction == other_basis) &&
			cdpk_id_set_has(&vendors, signal->vendor))
			return true;
	return false;
}

/* Answer by consent. */
static CdpkSignalAnswer
consent_answer(const CdpkTcf *tcf, const CdpkSignal *signal)
{
	if (signal->purpose == 1 && tcf->purpose_one)
		return CDPK_SAYS_NONE;
	if (has_purpose(tcf->consent, signal->purpose) &&
		(signal->vendor == 0 || cdpk_id_set_has(&tcf->vendor_consent, signal->vendor)))
		return is_restricted(tcf, signal, CDPK_TCF_REQUIRE_INTEREST) ? CDPK_SAYS_NO : CDPK_SAYS_YES;
	return was_asked(tcf, signal->vendor) ? CDPK_SAYS_NO : CDPK_SAYS_NONE;
}

/* Answer by legitimate interest: to object is a no, not to object is nothing. */
static CdpkSignalAnswer
objection_answer(const CdpkTcf *tcf, const CdpkSignal *signal)
{
	bool is_never =
		signal->purpose == 1 || (!tcf->canadian && signal->purpose >= 3 && signal->purpose <= 6 &&
								 tcf->policy_version >= POLICY_NARROWS_INTEREST);

	if (is_never)
		return CDPK_SAYS_NONE;
	if (has_purpose(tcf->interest, signal->purpose) &&
		(signal->vendor == 0 || cdpk_id_set_has(&tcf->vendor_interest, signal->vendor)))
		return is_restricted(tcf, signal, CDPK_TCF_REQUIRE_CONSENT) ? CDPK_SAYS_NO : CDPK_SAYS_NONE;
	return was_asked(tcf, signal->vendor) ? CDPK_SAYS_NO : CDPK_SAYS_NONE;
}

/* Take a TC string of Europe's. */
static void
take_tcf(CdpkSignals *signals, const CdpkTcf *tcf)
{
	for (size_t i = 0; i < signals->count; i++)
	{
		const CdpkSignal *signal = &signals->signals[i];

		if (signal->kind == CDPK_SIGNAL_TCF)
			answer(signals, i, consent_answer(tcf, signal));
		else if (signal->kind == CDPK_SIGNAL_OBJECTION)
			answer(signals, i, objection_answer(tcf, signal));
	}
}

/* ---------------------------------------------------------------- GPP strings */

/* Take a TC string of Canada's: fields of a section. */
static void
take_canadian(CdpkSignals *signals, const CdpkTcf *tcf)
{
	for (size_t i = 0; i < signals->count; i++)
	{
		CdpkSignal signal = signals->signals[i];

		if (signal.kind != CDPK_SIGNAL_GPP || signal.section != CDPK_GPP_TCF_CANADA)
			continue;
		signal.purpose = signal.place;
		answer(signals, i,
			   signal.field_length == strlen("PurposesExpressConsent") &&
					   signal.field[strlen("Purposes")] == 'E'
				   ? consent_answer(tcf, &signal)
				   : objection_answer(tcf, &signal));
	}
}

/* Answer by values of a field. */
static CdpkSignalAnswer
field_answer(const CdpkUsField *field, const uint8_t *values, unsigned place)
{
	CdpkSignalAnswer given = CDPK_SAYS_NONE;

	for (unsigned i = 0; i < field->count; i++)
	{
		if (place != 0 && i != place - 1)
			continue;
		if (values[i] == 1)
			return CDPK_SAYS_NO;
		if (values[i] == 2 && field->meaning == CDPK_US_CONSENT)
			given = CDPK_SAYS_YES;
	}
	return given;
}

/* Answer by a section of the United States. */
static CdpkSignalAnswer
us_answer(const CdpkUs *us, const CdpkSignal *signal)
{
	const uint8_t *values = us->values;

	if (signal->field_length == strlen("Gpc") && memcmp(signal->field, "Gpc", 3) == 0)
		return us->gpc ? CDPK_SAYS_NO : CDPK_SAYS_NONE;
	for (const CdpkUsField *field = us->section->fields; field->name != NULL;
		 values += field->count, field++)
		if (field->meaning != CDPK_US_FACT && strlen(field->name) == signal->field_length &&
			memcmp(field->name, signal->field, signal->field_length) == 0)
			return field_answer(field, values, signal->place);
	return CDPK_SAYS_NONE;
}

/* Take a section of the United States. */
static void
take_us(CdpkSignals *signals, const CdpkUs *us)
{
	for (size_t i = 0; i < signals->count; i++)
	{
		const CdpkSignal *signal = &signals->signals[i];

		if (signal->kind == CDPK_SIGNAL_GPP && signal->section == us->section->id)
			answer(signals, i, us_answer(us, signal));
		else if (signal->kind == CDPK_SIGNAL_GPC && us->gpc)
			answer(signals, i, CDPK_SAYS_NO);
	}
}

/* Take a US Privacy string. */
static void
take_us_privacy(CdpkSignals *signals, const CdpkUsPrivacy *privacy)
{
	for (size_t i = 0; i < signals->count; i++)
	{
		const CdpkSignal *signal = &signals->signals[i];

		if (signal->kind == CDPK_SIGNAL_GPP && signal->section == CDPK_GPP_US_PRIVACY &&
			privacy->opt_out_sale == 'Y')
			answer(signals, i, CDPK_SAYS_NO);
	}
}

/* Take a section of a GPP string that was decoded before. */
static void
take_section(CdpkSignals *signals, unsigned id, const char *text, size_t length)
{
	union
	{
		CdpkTcf tcf;
		CdpkUs us;
		CdpkUsPrivacy privacy;
	} decoded;
	const char *problem;

	if (id == CDPK_GPP_TCF_EU && cdpk_tcf_decode(text, length, &decoded.tcf, &problem) == CDPK_OK)
		take_tcf(signals, &decoded.tcf);
	else if (id == CDPK_GPP_TCF_CANADA &&
			 cdpk_tcf_decode_canadian(text, length, &decoded.tcf, &problem) == CDPK_OK)
		take_canadian(signals, &decoded.tcf);
	else if (id == CDPK_GPP_US_PRIVACY &&
			 cdpk_us_privacy_decode(text, length, &decoded.privacy) == CDPK_OK)
		take_us_privacy(signals, &decoded.privacy);
	else if (cdpk_us_section(id) != NULL &&
			 cdpk_us_decode(id, text, length, &decoded.us) == CDPK_OK)
		take_us(signals, &decoded.us);
}

/* Take a GPP string; false: it is not valid, or its sections are cut off. */
static bool
take_gpp(CdpkSignals *signals, const char *text, size_t length)
{
	CdpkGpp gpp;
	CdpkGppWalk walk;
	const char *problem;
	unsigned id;
	const char *body;
	size_t body_length;

	if (cdpk_gpp_decode(text, length, &gpp, &problem, &id) != CDPK_OK ||
		(gpp.header_only && gpp.count > 0))
		return false;
	walk = cdpk_gpp_walk(&gpp);
	while (cdpk_gpp_next(&walk, &id, &body, &body_length))
		take_section(signals, id, body, body_length);
	return true;
}

/* ---------------------------------------------------------------- values */

/* Take a string. */
static void
take_string(CdpkSignals *signals, CdpkConsentMember member, const CdpkConsentValue *value)
{
	CdpkTcf tcf;
	CdpkUsPrivacy privacy;
	const char *problem;
	bool is_text = value->form == CDPK_FORM_TEXT;

	if (value->form == CDPK_FORM_NULL || (is_text && value->length == 0))
		return;
	if (member == CDPK_MEMBER_TCF)
	{
		if (is_text && cdpk_tcf_decode(value->text, value->length, &tcf, &problem) == CDPK_OK)
			take_tcf(signals, &tcf);
		else
			signals->invalid[CDPK_SIGNAL_TCF]++;
	}
	else if (member == CDPK_MEMBER_US_PRIVACY)
	{
		if (is_text && cdpk_us_privacy_decode(value->text, value->length, &privacy) == CDPK_OK)
			take_us_privacy(signals, &privacy);
		else
			signals->invalid[CDPK_SIGNAL_GPP]++;
	}
	else if (!is_text || !take_gpp(signals, value->text, value->length))
		signals->invalid[CDPK_SIGNAL_GPP]++;
}

void
cdpk_signals_value(CdpkSignals *signals, CdpkConsentMember member, const char *key,
				   const CdpkConsentValue *value)
{
	if (member == CDPK_MEMBER_GOOGLE)
		answer_key(signals, CDPK_SIGNAL_GOOGLE, key, strlen(key), cdpk_google_answer(value));
	else if (member == CDPK_MEMBER_GPC)
		answer_key(signals, CDPK_SIGNAL_GPC, "", 0, cdpk_gpc_answer(value));
	else
		take_string(signals, member, value);
}
