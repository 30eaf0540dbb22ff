/*
 * schema_rules.c
 *		What follows from the rules of a schema: which lead to which.
 */
#include "core/schema/schema_rules.h"

#include <string.h>

/* Return whether a check judges the same value by other rules. */
static bool
stays(uint8_t keyword)
{
	return keyword >= CDPK_KEYWORD_REF && keyword <= CDPK_KEYWORD_DEPENDENT_RULE;
}

/* Give the i-th rule of what a schema says of members. */
static bool
member_rule(const CdpkSchema *schema, const CdpkSchemaMembers *members, uint32_t i, uint32_t *rule)
{
	if (i < members->properties)
		*rule = schema->properties[members->first + i].rule;
	else if (i - members->properties < members->patterns)
		*rule = schema->lists[members->list + 2 * (i - members->properties) + 1];
	else if (i - members->properties == members->patterns)
		*rule = members->additional;
	else
		return false;
	return true;
}

bool
cdpk_check_leads_to(const CdpkSchema *schema, const CdpkSchemaCheck *check, uint32_t i,
					uint32_t *rule)
{
	uint32_t count = 0;

	switch (check->keyword)
	{
		case CDPK_KEYWORD_REF:
		case CDPK_KEYWORD_NOT:
		case CDPK_KEYWORD_ITEMS:
		case CDPK_KEYWORD_CONTAINS:
		case CDPK_KEYWORD_PROPERTY_NAMES:
			*rule = check->a;
			return i == 0;
		case CDPK_KEYWORD_DEPENDENT_RULE:
			*rule = check->b;
			return i == 0;
		case CDPK_KEYWORD_ALL_OF:
		case CDPK_KEYWORD_ANY_OF:
		case CDPK_KEYWORD_ONE_OF:
			count = check->b;
			break;
		case CDPK_KEYWORD_IF:
			count = 3;
			break;
		case CDPK_KEYWORD_TUPLE:
			count = check->b + 1;
			break;
		case CDPK_KEYWORD_PROPERTIES:
			return member_rule(schema, &schema->members[check->a], i, rule);
		default:
			break;
	}
	if (i >= count)
		return false;
	*rule = schema->lists[check->a + i];
	return true;
}

/* Note which rules look at no other, and number those that several lead to. */
static void
note_rules(CdpkSchema *schema)
{
	uint32_t rule;

	for (uint32_t r = 0; r < schema->rule_count; r++)
	{
		schema->rules[r].simple = true;
		/* until they are numbered, how many lead to it, at most 2: the root has one from outside */
		schema->rules[r].shared = r == 0;
	}
	for (uint32_t r = 0; r < schema->rule_count; r++)
		for (uint32_t c = 0; c < schema->rules[r].checks; c++)
		{
			const CdpkSchemaCheck *check = &schema->checks[schema->rules[r].first + c];

			if (check->keyword >= CDPK_KEYWORD_RULES)
				schema->rules[r].simple = false;
			for (uint32_t i = 0; cdpk_check_leads_to(schema, check, i, &rule); i++)
				if (rule != CDPK_RULE_NONE && schema->rules[rule].shared < 2)
					schema->rules[rule].shared++;
		}
	schema->shared_count = 0;
	for (uint32_t r = 0; r < schema->rule_count; r++)
		schema->rules[r].shared = schema->rules[r].shared >= 2 && !schema->rules[r].simple
									  ? schema->shared_count++
									  : CDPK_RULE_NONE;
}

/* A rule on the way of the search, and what comes next of it. */
typedef struct Visit
{
	uint32_t rule;
	uint32_t check;
	uint32_t edge;
} Visit;

enum
{
	NOT_SEEN,
	ON_THE_WAY,
	DONE
};

/* Give the next rule that a visited one leads to for the same value; false after the last. */
static bool
next_rule(const CdpkSchema *schema, Visit *visit, uint32_t *rule)
{
	const CdpkSchemaRule *own = &schema->rules[visit->rule];

	for (; visit->check < own->checks; visit->check++, visit->edge = 0)
	{
		const CdpkSchemaCheck *check = &schema->checks[own->first + visit->check];

		while (stays(check->keyword) && cdpk_check_leads_to(schema, check, visit->edge++, rule))
			if (*rule != CDPK_RULE_NONE)
				return true;
	}
	return false;
}

/* Search from a rule that was not seen; return whether it found its way back to a rule on it. */
static bool
search(const CdpkSchema *schema, uint32_t from, uint8_t *state, Visit *way, uint32_t *cyclic)
{
	uint32_t depth = 1;
	uint32_t rule;

	way[0] = (Visit){from, 0, 0};
	state[from] = ON_THE_WAY;
	while (depth > 0)
	{
		if (!next_rule(schema, &way[depth - 1], &rule))
			state[way[--depth].rule] = DONE;
		else if (state[rule] == ON_THE_WAY)
		{
			*cyclic = rule;
			return true;
		}
		else if (state[rule] == NOT_SEEN)
		{
			state[rule] = ON_THE_WAY;
			way[depth++] = (Visit){rule, 0, 0};
		}
	}
	return false;
}

CdpkStatus
cdpk_schema_finish(CdpkSchema *schema, const CdpkAllocator *scratch, uint32_t *cyclic)
{
	Visit *way = cdpk_allocate(scratch, schema->rule_count * (sizeof(Visit) + 1));
	uint8_t *state;
	bool found = false;

	if (way == NULL)
		return CDPK_OUT_OF_MEMORY;
	state = (uint8_t *) (way + schema->rule_count);
	memset(state, NOT_SEEN, schema->rule_count);
	note_rules(schema);
	for (uint32_t r = 0; r < schema->rule_count && !found; r++)
		found = state[r] == NOT_SEEN && search(schema, r, state, way, cyclic);
	cdpk_release(scratch, way);
	return found ? CDPK_INVALID : CDPK_OK;
}
