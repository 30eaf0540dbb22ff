/*
 * traits_rule.c
 *		The names of the rules by which traits merge.
 */
#include "core/traits/traits_rule.h"

#include <string.h>

static const char *const base_names[CDPK_RULES] = {"last", "first", "min",           "max",
												   "sum",  "union", "most_frequent", "merge"};

static const char keep_prefix[] = "keep_";
static const char trusted_prefix[] = "trusted_";

bool
cdpk_rule_valid(unsigned code)
{
	unsigned base = code & CDPK_RULE_BASE;

	if (code > CDPK_RULE_CODE_MAX || base >= CDPK_RULES)
		return false;
	return !(code & CDPK_RULE_KEEP) || base <= CDPK_RULE_MAX;
}

void
cdpk_rule_name(unsigned code, char name[CDPK_RULE_NAME_SIZE])
{
	name[0] = '\0';
	if (code & CDPK_RULE_KEEP)
		strcat(name, keep_prefix);
	if (code & CDPK_RULE_TRUSTED)
		strcat(name, trusted_prefix);
	strcat(name, base_names[code & CDPK_RULE_BASE]);
}

/* Take a prefix off a name, if the name has it. */
static bool
skip_prefix(const char **name, size_t *length, const char *prefix)
{
	size_t prefix_length = strlen(prefix);

	if (*length < prefix_length || memcmp(*name, prefix, prefix_length) != 0)
		return false;
	*name += prefix_length;
	*length -= prefix_length;
	return true;
}

bool
cdpk_rule_parse(const char *name, size_t length, uint8_t *code)
{
	unsigned found = skip_prefix(&name, &length, keep_prefix) ? CDPK_RULE_KEEP : 0;

	if (skip_prefix(&name, &length, trusted_prefix))
		found |= CDPK_RULE_TRUSTED;
	for (unsigned base = 0; base < CDPK_RULES; base++)
	{
		if (strlen(base_names[base]) == length && memcmp(base_names[base], name, length) == 0)
		{
			*code = (uint8_t) (found | base);
			return cdpk_rule_valid(*code);
		}
	}
	return false;
}
