/*
 * consent_dump.h
 *		What a consent string says, as one line of text: how tests compare it.
 */
#ifndef CONSENT_DUMP_H
#define CONSENT_DUMP_H

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/consent/gpp.h"

/* ids of ranges may be many; the line ends where there is no room */
typedef struct ConsentDump
{
	char text[1 << 20];
	size_t length;
} ConsentDump;

static inline void __attribute__((format(printf, 2, 3)))
consent_print(ConsentDump *dump, const char *format, ...)
{
	va_list arguments;
	int written;

	va_start(arguments, format);
	written =
		vsnprintf(dump->text + dump->length, sizeof(dump->text) - dump->length, format, arguments);
	va_end(arguments);
	if (written > 0 && (size_t) written < sizeof(dump->text) - dump->length)
		dump->length += (size_t) written;
}

static inline void
consent_dump_mask(ConsentDump *dump, uint64_t mask)
{
	const char *comma = "";

	consent_print(dump, ":");
	for (int i = 0; i < 64; i++)
		if (mask >> i & 1)
		{
			consent_print(dump, "%s%d", comma, i + 1);
			comma = ",";
		}
}

static inline void
consent_dump_ids(ConsentDump *dump, const CdpkIdSet *set)
{
	CdpkIdWalk walk = cdpk_id_walk(set);
	const char *comma = "";
	uint32_t first;
	uint32_t last;

	while (cdpk_id_next(&walk, &first, &last))
		for (; first <= last; first++)
		{
			consent_print(dump, "%s%u", comma, first);
			comma = ",";
		}
}

static inline void
consent_dump_tcf(ConsentDump *dump, const CdpkTcf *tcf)
{
	CdpkTcfWalk walk = cdpk_tcf_restrictions(tcf);
	const char *bar = "";
	unsigned purpose;
	CdpkTcfRestriction restriction;
	CdpkIdSet vendors;

	consent_print(dump, "tcf:%u:%" PRId64 ":%u:%u:%u:%.2s:%u:%u:%d", tcf->version, tcf->created,
				  tcf->cmp_id, tcf->cmp_version, tcf->screen, tcf->language, tcf->list_version,
				  tcf->policy_version, tcf->non_standard);
	consent_dump_mask(dump, tcf->features);
	consent_dump_mask(dump, tcf->consent);
	consent_dump_mask(dump, tcf->interest);
	consent_print(dump, ":");
	if (!tcf->canadian)
		consent_print(dump, "%d:%.2s", tcf->purpose_one, tcf->country);
	consent_print(dump, ":");
	consent_dump_ids(dump, &tcf->vendor_consent);
	consent_print(dump, ":");
	consent_dump_ids(dump, &tcf->vendor_interest);
	consent_print(dump, ":");
	while (cdpk_tcf_next_restriction(&walk, &purpose, &restriction, &vendors))
	{
		consent_print(dump, "%s%u/%d/", bar, purpose, (int) restriction);
		consent_dump_ids(dump, &vendors);
		bar = "|";
	}
	consent_print(dump, ":%s", tcf->has_disclosed ? "d" : "");
	if (tcf->has_disclosed)
		consent_dump_ids(dump, &tcf->disclosed);
	consent_dump_mask(dump, tcf->publisher_consent);
	consent_dump_mask(dump, tcf->publisher_interest);
	consent_print(dump, ":%u", tcf->custom_purposes);
	consent_dump_mask(dump, tcf->custom_consent);
	consent_dump_mask(dump, tcf->custom_interest);
}

static inline void
consent_dump_us(ConsentDump *dump, const CdpkUs *us)
{
	const uint8_t *value = us->values;

	consent_print(dump, "us:%d:", us->section->id);
	for (const CdpkUsField *field = us->section->fields; field->name != NULL; field++)
	{
		if (field[1].name == NULL && !us->has_sensitive)
			break;
		consent_print(dump, "%s=", field->name);
		for (int i = 0; i < field->count; i++)
			consent_print(dump, "%s%d", i > 0 ? "," : "", *value++);
		consent_print(dump, ";");
	}
	if (us->has_gpc)
		consent_print(dump, "Gpc=%d;", us->gpc);
}

/* Write what a section of a GPP string says; "invalid" of what is not valid. */
static inline void
consent_dump_section(ConsentDump *dump, unsigned id, const char *text, size_t length)
{
	CdpkTcf tcf;
	CdpkUs us;
	CdpkUsPrivacy privacy;
	const char *problem;

	if (id == CDPK_GPP_TCF_EU && cdpk_tcf_decode(text, length, &tcf, &problem) == CDPK_OK)
		consent_dump_tcf(dump, &tcf);
	else if (id == CDPK_GPP_TCF_CANADA &&
			 cdpk_tcf_decode_canadian(text, length, &tcf, &problem) == CDPK_OK)
		consent_dump_tcf(dump, &tcf);
	else if (id == CDPK_GPP_US_PRIVACY && cdpk_us_privacy_decode(text, length, &privacy) == CDPK_OK)
		consent_print(dump, "usp:1%c%c%c", privacy.notice, privacy.opt_out_sale, privacy.covered);
	else if (cdpk_us_section(id) != NULL && cdpk_us_decode(id, text, length, &us) == CDPK_OK)
		consent_dump_us(dump, &us);
	else
		consent_print(dump, "invalid");
}

#endif /* CONSENT_DUMP_H */
