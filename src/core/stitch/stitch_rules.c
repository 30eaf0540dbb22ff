/*
 * stitch_rules.c
 *		Which unions of identifiers break a rule, and which identifiers are shared.
 */
#include "core/stitch/stitch_rules.h"

#include <string.h>

#include "core/base/bytes.h"

/* Compare namespaces as reasons are ordered: by priority, then by name. */
int
stitch_limit_compare(const CdpkStitchRules *rules, uint32_t x, uint32_t y)
{
	const CdpkStitchNamespace *a = &rules->namespaces[x];
	const CdpkStitchNamespace *b = &rules->namespaces[y];

	if (a->priority != b->priority)
		return a->priority < b->priority ? -1 : 1;
	return cdpk_compare_bytes(a->name, a->name_length, b->name, b->name_length);
}

/* List the namespaces with a limit, as reasons are ordered; the list has room for all.  Returns how many they are. */
uint32_t
stitch_list_limited(const CdpkStitchRules *rules, uint32_t *list)
{
	uint32_t limited = 0;

	for (uint32_t name_space = 0; name_space < rules->namespace_count; name_space++)
	{
		uint32_t place = limited;

		if (rules->namespaces[name_space].max_per_profile == CDPK_UNLIMITED)
			continue;
		for (; place > 0 && stitch_limit_compare(rules, name_space, list[place - 1]) < 0; place--)
			list[place] = list[place - 1];
		list[place] = name_space;
		limited++;
	}
	return limited;
}

/*
 * Number the namespaces with a limit, and write down the
 * counts that a single identifier has: one row for each of them, one of zeros.
 */
CdpkStatus
stitch_rules_prepare(CdpkStitch *stitch)
{
	const CdpkStitchRules *rules = stitch->rules;
	uint32_t count = rules->namespace_count;
	uint32_t *order = stitch_allocate(&stitch->memory, count + 1, sizeof(uint32_t));
	uint32_t *limit_of = stitch_allocate(&stitch->memory, count + 1, sizeof(uint32_t));
	uint32_t limited;

	if (rules->cap == 0)
		return CDPK_OUT_OF_RANGE;
	if (order == NULL || limit_of == NULL)
		return CDPK_OUT_OF_MEMORY;
	for (uint32_t name_space = 0; name_space < count; name_space++)
		if (rules->namespaces[name_space].max_per_profile == 0)
			return CDPK_OUT_OF_RANGE;
	limited = stitch_list_limited(rules, order);
	stitch->limited = limited;
	stitch->limited_namespaces = order;
	stitch->limit_of = limit_of;
	stitch->limits = stitch_allocate(&stitch->memory, limited + 1, sizeof(uint32_t));
	stitch->single_counts =
		stitch_allocate(&stitch->memory, ((size_t) limited + 1) * limited + 1, sizeof(uint32_t));
	for (int side = 0; side < 2; side++)
		stitch->reached_counts[side] =
			stitch_allocate(&stitch->memory, limited + 1, sizeof(uint32_t));
	if (stitch->limits == NULL || stitch->single_counts == NULL ||
		stitch->reached_counts[0] == NULL || stitch->reached_counts[1] == NULL)
		return CDPK_OUT_OF_MEMORY;
	memset(stitch->single_counts, 0, ((size_t) limited + 1) * limited * sizeof(uint32_t));
	for (uint32_t name_space = 0; name_space < count; name_space++)
		limit_of[name_space] = limited;
	for (uint32_t place = 0; place < limited; place++)
	{
		limit_of[order[place]] = place;
		stitch->limits[place] = rules->namespaces[order[place]].max_per_profile;
		stitch->single_counts[(size_t) place * limited + place] = 1;
	}
	return CDPK_OK;
}

/* ---------------------------------------------------------------- rules on profiles */

StitchBody
stitch_body_of_node(CdpkStitch *stitch, uint32_t node)
{
	const StitchNode *item = stitch_node(stitch, node);
	StitchBody body;

	body.kind = STITCH_BODY_NODE;
	body.key = node;
	body.size = 1;
	body.counts =
		stitch->single_counts + (size_t) stitch->limit_of[item->name_space] * stitch->limited;
	body.first_forbid = item->first_forbid;
	body.sets = NULL;
	return body;
}

StitchBody
stitch_body_of_profile(CdpkStitch *stitch, uint32_t root)
{
	const StitchProfile *profile = &stitch->profiles.items[root];
	StitchBody body;

	body.kind = STITCH_BODY_PROFILE;
	body.key = root;
	body.size = profile->size;
	body.counts = stitch_counts(stitch, root);
	body.first_forbid = profile->first_forbid;
	body.sets = NULL;
	return body;
}

/* Return whether the union of two sets is over the cap or a limit. */
bool
stitch_breaks_limits(const CdpkStitch *stitch, bool same, const StitchBody *x, const StitchBody *y)
{
	if (stitch->rules->cap != CDPK_UNLIMITED && x->size + y->size > stitch->rules->cap)
		return true;
	if (same && !CDPK_FAULT(stitch, SAME_LIMIT))
		return false;
	for (uint32_t place = 0; place < stitch->limited; place++)
		if ((uint64_t) x->counts[place] + y->counts[place] > stitch->limits[place])
			return true;
	return false;
}

static bool
contains(CdpkStitch *stitch, const StitchBody *body, uint32_t node)
{
	const StitchNode *item = stitch_node(stitch, node);

	switch (body->kind)
	{
		case STITCH_BODY_NODE:
			return node == body->key;
		case STITCH_BODY_PROFILE:
			return item->profile != STITCH_NONE && stitch_root(stitch, item->profile) == body->key;
		case STITCH_BODY_REACHED:
			return item->reached == body->key;
		default:
			return item->place != STITCH_NONE &&
				   cdpk_unionfind_find(body->sets, item->place) == body->key;
	}
}

static uint32_t
next_cell(const StitchBody *body, const StitchCell *cell)
{
	switch (body->kind)
	{
		case STITCH_BODY_NODE:
			return cell->next_in_node;
		case STITCH_BODY_SET:
			return cell->next_in_set;
		default:
			return cell->next_in_profile;
	}
}

/* Return whether a forbid stands between two sets. */
bool
stitch_breaks_forbid(CdpkStitch *stitch, const StitchBody *x, const StitchBody *y)
{
	uint32_t at = x->first_forbid;

	if (y->first_forbid == STITCH_NONE)
		return false;
	while (at != STITCH_NONE)
	{
		const StitchCell *cell = &stitch->cells.items[at];

		stitch_tick(stitch);
		if ((contains(stitch, x, cell->nodes[0]) && contains(stitch, y, cell->nodes[1])) ||
			(contains(stitch, x, cell->nodes[1]) && contains(stitch, y, cell->nodes[0])))
			return true;
		at = next_cell(x, cell);
	}
	return false;
}

/* ---------------------------------------------------------------- sharing */

/* Return whether an identifier of a namespace with these counts is shared. */
bool
stitch_is_shared(const CdpkStitchRules *rules, uint32_t name_space, CdpkSharing verdict,
				 const CdpkStitchCount *counts, size_t count_length)
{
	const uint32_t *max_links = rules->namespaces[name_space].max_links;

	if (verdict != CDPK_SHARING_BY_COUNT || max_links == NULL)
		return verdict == CDPK_SHARING_ALWAYS;
	for (size_t i = 0; i < count_length; i++)
		if (counts[i].name_space < rules->namespace_count && counts[i].name_space != name_space &&
			counts[i].count > max_links[counts[i].name_space])
			return true;
	return false;
}
