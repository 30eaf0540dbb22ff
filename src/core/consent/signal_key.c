/*
 * signal_key.c
 *		The kinds and keys of consent signals.
 */
#include <string.h>

#include "core/consent/signal.h"
#include "core/text/utf8.h"

static const char *const kind_names[CDPK_SIGNAL_KINDS] = {"category", "tcf",    "tcf_objection",
														  "gpp",      "google", "gpc"};

const char *
cdpk_signal_kind_name(CdpkSignalKind kind)
{
	return kind_names[kind];
}

/* Tell whether a text is a word. */
static bool
is_text(const char *text, size_t length, const char *word)
{
	return strlen(word) == length && memcmp(text, word, length) == 0;
}

/* Read a number from 1 to a greatest one, without leading zeros, and move behind it. */
static bool
read_number(const char **at, const char *end, unsigned max, unsigned *number)
{
	const char *start = *at;

	*number = 0;
	while (*at < end && cdpk_is_ascii_digit(**at) && *number <= max)
		*number = *number * 10 + (unsigned) (*(*at)++ - '0');
	return *at > start && *start != '0' && *number <= max;
}

/* Read PURPOSE or PURPOSE/VENDOR. */
static bool
parse_tcf(const char *key, size_t length, CdpkSignal *signal)
{
	const char *end = key + length;

	if (!read_number(&key, end, CDPK_TCF_PURPOSES, &signal->purpose))
		return false;
	if (key == end)
		return true;
	if (*key++ != '/')
		return false;
	return read_number(&key, end, CDPK_ID_MAX, &signal->vendor) && key == end;
}

/* Return how many values a field of a section has that are a choice of a person; 0: there is no such field. */
static unsigned
count_choices(unsigned section, const char *field, size_t length)
{
	unsigned most = 0;

	if (section == CDPK_GPP_US_PRIVACY)
		return is_text(field, length, "OptOutSale") ? 1 : 0;
	if (section == CDPK_GPP_TCF_CANADA)
		return is_text(field, length, "PurposesExpressConsent") ||
					   is_text(field, length, "PurposesImpliedConsent")
				   ? CDPK_TCF_PURPOSES
				   : 0;
	for (size_t i = 0; cdpk_us_section_at(i) != NULL; i++)
	{
		const CdpkUsSection *us = cdpk_us_section_at(i);

		if (us->id != section)
			continue;
		if (us->has_gpc && is_text(field, length, "Gpc"))
			return 1;
		for (const CdpkUsField *at = us->fields; at->name != NULL; at++)
			if (at->meaning != CDPK_US_FACT && is_text(field, length, at->name) && at->count > most)
				most = at->count;
	}
	return most;
}

/* Return the number of a section that has a name; 0: there is none, or it is TCF's of Europe, which has its own kind. */
static unsigned
find_section(const char *name, size_t length)
{
	for (unsigned id = CDPK_GPP_TCF_CANADA; cdpk_gpp_name(id) != NULL; id++)
		if (is_text(name, length, cdpk_gpp_name(id)))
			return id;
	return 0;
}

/* Read SECTION.FIELD or SECTION.FIELD.PLACE; of Canada's TCF with a place. */
static bool
parse_gpp(const char *key, size_t length, CdpkSignal *signal)
{
	const char *end = key + length;
	const char *dot = memchr(key, '.', length);
	const char *at;
	unsigned choices;

	if (dot == NULL)
		return false;
	signal->section = find_section(key, (size_t) (dot - key));
	signal->field = at = dot + 1;
	while (at < end && *at != '.')
		at++;
	signal->field_length = (size_t) (at - signal->field);
	choices = count_choices(signal->section, signal->field, signal->field_length);
	if (signal->section == 0 || choices == 0)
		return false;
	if (at == end)
		return signal->section != CDPK_GPP_TCF_CANADA;
	at++;
	return read_number(&at, end, choices, &signal->place) && at == end;
}

/* Tell whether a key is a name of Google's. */
static bool
is_google_name(const char *key, size_t length)
{
	const char *name;

	for (size_t i = 0; (name = cdpk_google_name_at(i)) != NULL; i++)
		if (is_text(key, length, name))
			return true;
	return false;
}

CdpkStatus
cdpk_signal_parse(const char *kind, size_t kind_length, const char *key, size_t key_length,
				  CdpkSignal *signal, bool *kind_is_known)
{
	unsigned found = 0;
	bool valid = false;

	memset(signal, 0, sizeof(*signal));
	while (found < CDPK_SIGNAL_KINDS && !is_text(kind, kind_length, kind_names[found]))
		found++;
	*kind_is_known = found < CDPK_SIGNAL_KINDS;
	if (!*kind_is_known)
		return CDPK_INVALID;
	signal->kind = (CdpkSignalKind) found;
	signal->key = key;
	signal->key_length = key_length;
	switch (signal->kind)
	{
		case CDPK_SIGNAL_CATEGORY:
			valid = key_length > 0;
			break;
		case CDPK_SIGNAL_TCF:
		case CDPK_SIGNAL_OBJECTION:
			valid = parse_tcf(key, key_length, signal);
			break;
		case CDPK_SIGNAL_GPP:
			valid = parse_gpp(key, key_length, signal);
			break;
		case CDPK_SIGNAL_GOOGLE:
			valid = is_google_name(key, key_length);
			break;
		default:
			valid = key_length == 0;
	}
	return valid ? CDPK_OK : CDPK_INVALID;
}
