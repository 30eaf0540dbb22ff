/*
 * stitch_rules.c
 *		Strength, rank, which unions break a rule, sharing, anchors.
 */
#include "core/stitch/stitch_internal.h"

#include <string.h>

#include "core/identifier/identifier.h"

/* ---------------------------------------------------------------- strength and rank */

/* limit_order compares namespaces as reasons are ordered: by priority, then by name. */
static int
limit_order(const CdpkStitchRules *rules, uint32_t x, uint32_t y)
{
	const CdpkStitchNamespace *a = &rules->namespaces[x];
	const CdpkStitchNamespace *b = &rules->namespaces[y];
	int order;

	if (a->priority != b->priority)
		return a->priority < b->priority ? -1 : 1;
	order =
		memcmp(a->name, b->name, a->name_length < b->name_length ? a->name_length : b->name_length);
	return order != 0 ? order
					  : (a->name_length > b->name_length) - (a->name_length < b->name_length);
}

/*
 * stitch_rules_prepare numbers the namespaces with a limit, and writes down the
 * counts that a single identifier has: one row for each of them, one of zeros.
 */
CdpkStatus
stitch_rules_prepare(CdpkStitch *stitch)
{
	const CdpkStitchRules *rules = stitch->rules;
	uint32_t count = rules->namespace_count;
	uint32_t *order = stitch_allocate(&stitch->memory, count + 1, sizeof(uint32_t));
	uint32_t *limit_of = stitch_allocate(&stitch->memory, count + 1, sizeof(uint32_t));
	uint32_t limited = 0;

	if (rules->cap == 0)
		return CDPK_OUT_OF_RANGE;
	if (order == NULL || limit_of == NULL)
		return CDPK_OUT_OF_MEMORY;
	for (uint32_t name_space = 0; name_space < count; name_space++)
	{
		uint32_t place = limited;

		if (rules->namespaces[name_space].max_per_profile == 0)
			return CDPK_OUT_OF_RANGE;
		if (rules->namespaces[name_space].max_per_profile == CDPK_UNLIMITED)
			continue;
		for (; place > 0 && limit_order(rules, name_space, order[place - 1]) < 0; place--)
			order[place] = order[place - 1];
		order[place] = name_space;
		limited++;
	}
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

/* stronger: lower priority number, then namespace and value by bytes. */
static bool
stronger(const CdpkStitchRules *rules, uint32_t x_space, const uint8_t *x, size_t x_length,
		 uint32_t y_space, const uint8_t *y, size_t y_length)
{
	int32_t x_priority = rules->namespaces[x_space].priority;
	int32_t y_priority = rules->namespaces[y_space].priority;

	if (x_priority != y_priority)
		return x_priority < y_priority;
	return cdpk_identifier_compare(x, x_length, y, y_length) < 0;
}

bool
stitch_stronger(const CdpkStitch *stitch, uint32_t x, uint32_t y)
{
	const StitchNode *a = &stitch->nodes.items[x];
	const StitchNode *b = &stitch->nodes.items[y];

	return stronger(stitch->rules, a->name_space, a->payload, a->length, b->name_space, b->payload,
					b->length);
}

bool
cdpk_stitch_stronger(const CdpkStitchRules *rules, const CdpkStitchIdentity *x,
					 const CdpkStitchIdentity *y)
{
	return stronger(rules, x->name_space, x->payload, x->length, y->name_space, y->payload,
					y->length);
}

int
cdpk_stitch_anchor(const CdpkStitchRules *rules, const CdpkStitchIdentity *identities, int count)
{
	int anchor = -1;

	for (int i = 0; i < count; i++)
	{
		if (!identities[i].present)
			continue;
		if (anchor < 0 || (identities[anchor].shared && !identities[i].shared) ||
			(identities[anchor].shared == identities[i].shared &&
			 cdpk_stitch_stronger(rules, &identities[i], &identities[anchor])))
			anchor = i;
	}
	return anchor;
}

/* evidence_compare: more trust is earlier, then an earlier time. */
static int
evidence_compare(const CdpkEvidence *x, const CdpkEvidence *y)
{
	if (x->trust != y->trust)
		return x->trust > y->trust ? -1 : 1;
	return (x->first_at > y->first_at) - (x->first_at < y->first_at);
}

bool
stitch_evidence_earlier(const CdpkEvidence *x, const CdpkEvidence *y)
{
	return evidence_compare(x, y) < 0;
}

static int
node_bytes_compare(const CdpkStitch *stitch, uint32_t x, uint32_t y)
{
	const StitchNode *a = &stitch->nodes.items[x];
	const StitchNode *b = &stitch->nodes.items[y];

	return x == y ? 0 : cdpk_identifier_compare(a->payload, a->length, b->payload, b->length);
}

static int
node_priority_compare(const CdpkStitch *stitch, uint32_t x, uint32_t y)
{
	const CdpkStitchNamespace *namespaces = stitch->rules->namespaces;
	int32_t a = namespaces[stitch->nodes.items[x].name_space].priority;
	int32_t b = namespaces[stitch->nodes.items[y].name_space].priority;

	return (a > b) - (a < b);
}

/* stitch_rank_compare orders the ranks of two links: the lower one is taken first. */
int
stitch_rank_compare(const CdpkStitch *stitch, const StitchRank *x, const StitchRank *y)
{
	int order = evidence_compare(&x->evidence, &y->evidence);

	if (order == 0)
		order = node_priority_compare(stitch, x->strong, y->strong);
	if (order == 0)
		order = node_priority_compare(stitch, x->weak, y->weak);
	if (order == 0)
		order = node_bytes_compare(stitch, x->strong, y->strong);
	if (order == 0)
		order = node_bytes_compare(stitch, x->weak, y->weak);
	return order;
}

/* stitch_is_later: whether a link of this rank is certainly later than all that "last" bounds. */
bool
stitch_is_later(CdpkStitch *stitch, const StitchRank *rank, const StitchLast *last)
{
	int order;

	if (last->kind != STITCH_LAST_KNOWN)
		return last->kind == STITCH_LAST_NO_LINK;
	order = evidence_compare(&rank->evidence, &last->rank.evidence);
	if (order == 0 && last->rank.strong != STITCH_NONE)
		order = stitch_rank_compare(stitch, rank, &last->rank);
	return order > 0;
}

/* stitch_last_raise makes "last" a bound of what "other" bounds, too. */
void
stitch_last_raise(CdpkStitch *stitch, StitchLast *last, const StitchLast *other)
{
	int order;

	if (last->kind == STITCH_LAST_UNKNOWN || other->kind == STITCH_LAST_NO_LINK)
		return;
	if (last->kind == STITCH_LAST_NO_LINK || other->kind == STITCH_LAST_UNKNOWN)
	{
		*last = *other;
		return;
	}
	order = evidence_compare(&other->rank.evidence, &last->rank.evidence);
	if (order > 0)
		*last = *other;
	else if (order == 0 && last->rank.strong != STITCH_NONE &&
			 (other->rank.strong == STITCH_NONE ||
			  stitch_rank_compare(stitch, &other->rank, &last->rank) > 0))
		last->rank = other->rank;
}

/* merge_runs merges two neighbouring runs of sorted links. */
static void
merge_runs(CdpkStitch *stitch, const uint32_t *from, uint32_t *to, uint32_t start, uint32_t middle,
		   uint32_t end)
{
	const StitchLink *links = stitch->links.items;
	uint32_t left = start;
	uint32_t right = middle;

	for (uint32_t at = start; at < end; at++)
	{
		stitch_tick(stitch);
		if (left < middle && (right >= end || stitch_rank_compare(stitch, &links[from[left]].rank,
																  &links[from[right]].rank) <= 0))
			to[at] = from[left++];
		else
			to[at] = from[right++];
	}
}

/* stitch_sort_links sorts links by rank (a merge sort from the bottom up). */
CdpkStatus
stitch_sort_links(CdpkStitch *stitch, StitchNumbers *links)
{
	uint32_t count = links->count;
	uint32_t *other = stitch_allocate(&stitch->memory, (size_t) count + 1, sizeof(uint32_t));
	uint32_t *from = links->items;
	uint32_t *to = other;

	if (other == NULL)
		return CDPK_OUT_OF_MEMORY;
	for (uint64_t run = 1; run < count; run *= 2)
	{
		uint32_t *swap = from;

		for (uint64_t start = 0; start < count; start += 2 * run)
		{
			uint64_t middle = start + run < count ? start + run : count;
			uint64_t end = start + 2 * run < count ? start + 2 * run : count;

			merge_runs(stitch, from, to, (uint32_t) start, (uint32_t) middle, (uint32_t) end);
		}
		from = to;
		to = swap;
	}
	if (from == other)
		memcpy(links->items, other, count * sizeof(uint32_t));
	stitch_release(&stitch->memory, other);
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

/* stitch_breaks_limits: whether the union of two sets is over the cap or a limit. */
bool
stitch_breaks_limits(const CdpkStitch *stitch, const StitchBody *x, const StitchBody *y)
{
	if (stitch->rules->cap != CDPK_UNLIMITED && x->size + y->size > stitch->rules->cap)
		return true;
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

/* stitch_breaks_forbid: whether a forbid stands between two sets. */
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

/* count_of finds the count of a namespace in a summary. */
static uint64_t
count_of(const CdpkStitchProfile *profile, uint32_t name_space)
{
	for (size_t i = 0; i < profile->count_length; i++)
		if (profile->counts[i].name_space == name_space)
			return profile->counts[i].count;
	return 0;
}

size_t
cdpk_stitch_reasons(const CdpkStitchRules *rules, const CdpkStitchProfile *x,
					const CdpkStitchProfile *y, bool forbidden, int32_t *reasons)
{
	size_t count = 0;
	size_t first;

	if (forbidden)
		reasons[count++] = CDPK_REASON_FORBID;
	first = count;
	for (uint32_t name_space = 0; name_space < rules->namespace_count; name_space++)
	{
		uint32_t limit = rules->namespaces[name_space].max_per_profile;
		size_t place = count;

		if (limit == CDPK_UNLIMITED || count_of(x, name_space) + count_of(y, name_space) <= limit)
			continue;
		for (; place > first && limit_order(rules, name_space, (uint32_t) reasons[place - 1]) < 0;
			 place--)
			reasons[place] = reasons[place - 1];
		reasons[place] = (int32_t) name_space;
		count++;
	}
	if (rules->cap != CDPK_UNLIMITED && (uint64_t) x->identifiers + y->identifiers > rules->cap)
		reasons[count++] = CDPK_REASON_CAP;
	return count;
}

/* ---------------------------------------------------------------- sharing */

/* is_shared decides about an identifier of a namespace with these counts. */
static bool
is_shared(const CdpkStitchRules *rules, uint32_t name_space, CdpkSharing verdict,
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

CdpkStatus
cdpk_stitch_judge_sharing(CdpkStitch *stitch, int64_t identity_id, CdpkSharing verdict,
						  const CdpkStitchCount *counts, size_t count_length)
{
	uint32_t node = stitch_find_node(stitch, identity_id);
	StitchNode *item;

	if (node == STITCH_NONE)
		return CDPK_INVALID;
	item = stitch_node(stitch, node);
	item->shared =
		item->present && is_shared(stitch->rules, item->name_space, verdict, counts, count_length);
	STITCH_PUSH(stitch, stitch->judged, node);
	return CDPK_OK;
}
