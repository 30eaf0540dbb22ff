/*
 * funnel_modes.c
 *		The names of the modes of a funnel.
 */
#include "core/sequence/funnel_modes.h"

#include <stdio.h>
#include <string.h>

static const struct
{
	const char *name;
	unsigned mode;
} modes_by_name[] = {
	{"default", 0},
	{"strict_deduplication", CDPK_FUNNEL_STRICT_DEDUPLICATION},
	{"strict_order", CDPK_FUNNEL_STRICT_ORDER},
	{"strict_increase", CDPK_FUNNEL_STRICT_INCREASE},
	{"strict_once", CDPK_FUNNEL_STRICT_ONCE},
	{"allow_reentry", CDPK_FUNNEL_ALLOW_REENTRY},
};

#define NAMED_MODES (sizeof(modes_by_name) / sizeof(*modes_by_name))

static bool
is_separator(char byte)
{
	return byte == ',' || byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r';
}

/* Find a mode; false if no mode has that name. */
static bool
mode_named(const char *name, size_t length, unsigned *mode)
{
	for (size_t i = 0; i < NAMED_MODES; i++)
		if (strlen(modes_by_name[i].name) == length &&
			memcmp(modes_by_name[i].name, name, length) == 0)
		{
			*mode = modes_by_name[i].mode;
			return true;
		}
	return false;
}

CdpkStatus
cdpk_funnel_modes_parse(const char *text, size_t length, unsigned *modes, const char **word,
						size_t *word_length)
{
	size_t at = 0;
	bool any = false;

	*modes = 0;
	*word = text;
	*word_length = 0;
	while (at < length)
	{
		unsigned mode;

		if (is_separator(text[at]))
		{
			at++;
			continue;
		}
		*word = text + at;
		for (*word_length = 0; at < length && !is_separator(text[at]); at++)
			(*word_length)++;
		if (!mode_named(*word, *word_length, &mode))
			return CDPK_INVALID;
		*modes |= mode;
		any = true;
	}
	if (!any)
		return CDPK_INVALID;
	return cdpk_funnel_modes_valid(*modes) ? CDPK_OK : CDPK_UNSUPPORTED;
}

size_t
cdpk_funnel_modes_print(unsigned modes, char text[CDPK_FUNNEL_MODES_TEXT_MAX])
{
	int length = 0;

	if (modes == 0)
		return (size_t) snprintf(text, CDPK_FUNNEL_MODES_TEXT_MAX, "%s", modes_by_name[0].name);
	for (size_t i = 1; i < NAMED_MODES; i++)
		if (modes & modes_by_name[i].mode)
			length += snprintf(text + length, CDPK_FUNNEL_MODES_TEXT_MAX - (size_t) length, "%s%s",
							   length > 0 ? "," : "", modes_by_name[i].name);
	return (size_t) length;
}
