/*
 * stitch_check.c
 *		Whether a partition is right.
 *
 * All links are taken in order of rank, same pairs first: what those have joined are classes, each of
 * which counts as one from then on.  One inside a profile joins two parts of it.  When a link
 * between two profiles comes, the parts that its ends are in are just what reaches them over links of a
 * lower rank: their union must break a rule.  Rules that the whole of a profile breaks are broken
 * by one of its joins.
 */
#include "core/stitch/stitch_check.h"

#include <string.h>

#include "core/stitch/stitch.h"
#include "core/stitch/stitch_graph.h"
#include "core/stitch/stitch_rank.h"
#include "core/stitch/stitch_rules.h"

/* A profile of the partition. */
typedef struct Claim
{
	int64_t profile_id;
	uint32_t strongest; /* node */
	bool judged;
	bool breaks;
} Claim;

typedef struct Check
{
	CdpkStitch *stitch;
	CdpkIdMap claim_of_id;
	const CdpkStitchPartition *partition;
	STITCH_ARRAY(Claim) claims;
	StitchNumbers claim_of; /* of each node */
	StitchNumbers row_of;   /* … its place in the partition */
	CdpkStitchReport report;
	void *context;
} Check;

static void
tell(const Check *check, CdpkStitchWrongKind kind, int64_t id, int64_t other,
	 const CdpkEvidence *evidence)
{
	CdpkStitchWrong wrong = {kind, id, other, {0, 0}};

	if (evidence != NULL)
		wrong.evidence = *evidence;
	check->report(check->context, &wrong);
}

/* Find or make the claim of a profile. */
static CdpkStatus
find_claim(Check *check, const CdpkStitchIdentifier *row, uint32_t node, uint32_t *place)
{
	Claim claim = {row->profile_id, node, row->present, false};

	*place = cdpk_idmap_get(&check->claim_of_id, (uint64_t) row->profile_id);
	if (*place == CDPK_IDMAP_NONE)
	{
		*place = check->claims.count;
		STITCH_PUSH(check->stitch, check->claims, claim);
		STITCH_TRY(cdpk_idmap_put(&check->claim_of_id, (uint64_t) row->profile_id, *place));
	}
	if (stitch_stronger(check->stitch, node, check->claims.items[*place].strongest))
		check->claims.items[*place].strongest = node;
	return CDPK_OK;
}

/* Take the identifiers, each alone. */
static CdpkStatus
take_identifiers(Check *check, const CdpkStitchPartition *partition)
{
	CdpkStitch *stitch = check->stitch;

	for (size_t i = 0; i < partition->identifier_count; i++)
	{
		CdpkStitchIdentifier alone = partition->identifiers[i];
		uint32_t node = stitch->nodes.count;
		uint32_t claim;

		stitch_tick(stitch);
		alone.profile_id = 0;
		alone.present = true;
		alone.shared = false;
		alone.class_id = 0;
		STITCH_TRY(stitch_add_identifier(stitch, &alone, false));
		if (stitch->nodes.count == node)
			continue;
		STITCH_TRY(find_claim(check, &partition->identifiers[i], node, &claim));
		STITCH_PUSH(stitch, check->claim_of, claim);
		STITCH_PUSH(stitch, check->row_of, (uint32_t) i);
	}
	return CDPK_OK;
}

static CdpkStatus
take_links(Check *check, const CdpkStitchPartition *partition)
{
	CdpkStitch *stitch = check->stitch;

	for (size_t i = 0; i < partition->link_count; i++)
	{
		const CdpkStitchLink *row = &partition->links[i];
		uint32_t a = stitch_find_node(stitch, row->a);
		uint32_t b = stitch_find_node(stitch, row->b);
		uint32_t link;

		stitch_tick(stitch);
		if (a != STITCH_NONE && b != STITCH_NONE && a != b)
			STITCH_TRY(stitch_put_link(stitch, a, b, &row->evidence, false, &link));
	}
	for (size_t i = 0; i < partition->forbid_count; i++)
	{
		uint32_t a = stitch_find_node(stitch, partition->forbids[i].a);
		uint32_t b = stitch_find_node(stitch, partition->forbids[i].b);

		stitch_tick(stitch);
		if (a != STITCH_NONE && b != STITCH_NONE && a != b)
			STITCH_TRY(stitch_put_forbid(stitch, a, b));
	}
	return CDPK_OK;
}

/* Take one link: inside a profile, or between two. */
static void
follow(Check *check, const StitchRank *rank)
{
	CdpkStitch *stitch = check->stitch;
	uint32_t x = stitch_profile_of(stitch, rank->strong);
	uint32_t y = stitch_profile_of(stitch, rank->weak);
	uint32_t claim = check->claim_of.items[rank->strong];
	StitchBody a = stitch_body_of_profile(stitch, x);
	StitchBody b = stitch_body_of_profile(stitch, y);
	bool same = stitch_is_same(&rank->evidence);

	if (claim != check->claim_of.items[rank->weak])
	{
		if (!stitch_breaks(stitch, same, &a, &b))
			tell(check, CDPK_WRONG_REFUSED, stitch_node(stitch, rank->strong)->identifier_id,
				 stitch_node(stitch, rank->weak)->identifier_id, NULL);
		return;
	}
	if (x != y)
	{
		check->claims.items[claim].breaks |= stitch_breaks(stitch, same, &a, &b);
		stitch_join(stitch, x, y);
	}
	stitch_raise_last(stitch, stitch_root(stitch, x), rank);
}

/*
 * Count what same pairs have joined as one, and report identifiers that have another class, where
 * their profile is to be checked.
 */
static CdpkStatus
settle_classes(Check *check)
{
	CdpkStitch *stitch = check->stitch;
	int64_t *smallest =
		stitch_allocate(&stitch->memory, (size_t) stitch->nodes.count + 1, sizeof(int64_t));

	if (smallest == NULL)
		return CDPK_OUT_OF_MEMORY;
	memset(smallest, 0, stitch->nodes.count * sizeof(int64_t));
	memset(stitch->profile_counts.items, 0, stitch->profile_counts.count * sizeof(uint32_t));
	for (uint32_t node = 0; node < stitch->nodes.count; node++)
	{
		const StitchNode *item = stitch_node(stitch, node);
		uint32_t root = stitch_profile_of(stitch, node);
		uint32_t limit = stitch->limit_of[item->name_space];

		stitch_tick(stitch);
		if (limit < stitch->limited)
			stitch_counts(stitch, root)[limit] = 1;
		if (smallest[root] == 0 || item->identifier_id < smallest[root])
			smallest[root] = item->identifier_id;
	}
	for (uint32_t node = 0; node < stitch->nodes.count; node++)
	{
		const CdpkStitchIdentifier *row = &check->partition->identifiers[check->row_of.items[node]];
		uint32_t root = stitch_profile_of(stitch, node);
		int64_t class_id = stitch->profiles.items[root].size > 1 ? smallest[root] : 0;

		if (row->class_id != class_id && check->claims.items[check->claim_of.items[node]].judged)
			tell(check, CDPK_WRONG_CLASS, row->identifier_id, class_id, NULL);
	}
	stitch_release(&stitch->memory, smallest);
	return CDPK_OK;
}

static CdpkStatus
follow_links(Check *check)
{
	CdpkStitch *stitch = check->stitch;
	StitchNumbers order = {NULL, 0, 0};
	uint32_t at = 0;

	for (uint32_t link = 0; link < stitch->links.count; link++)
		STITCH_PUSH(stitch, order, link);
	STITCH_TRY(stitch_sort_links(stitch, &order));
	for (; at < order.count && stitch_is_same(&stitch->links.items[order.items[at]].rank.evidence);
		 at++)
		follow(check, &stitch->links.items[order.items[at]].rank);
	STITCH_TRY(settle_classes(check));
	for (; at < order.count; at++)
	{
		stitch_tick(stitch);
		follow(check, &stitch->links.items[order.items[at]].rank);
	}
	return CDPK_OK;
}

/* Report profiles that are not what they claim to be. */
static void
judge_claims(const Check *check)
{
	CdpkStitch *stitch = check->stitch;

	for (uint32_t node = 0; node < stitch->nodes.count; node++)
	{
		const Claim *claim = &check->claims.items[check->claim_of.items[node]];

		stitch_tick(stitch);
		if (claim->judged &&
			stitch_profile_of(stitch, node) != stitch_profile_of(stitch, claim->strongest))
			tell(check, CDPK_WRONG_APART, stitch_node(stitch, node)->identifier_id,
				 stitch_node(stitch, claim->strongest)->identifier_id, NULL);
	}
	for (uint32_t place = 0; place < check->claims.count; place++)
	{
		const Claim *claim = &check->claims.items[place];
		int64_t strongest = stitch_node(stitch, claim->strongest)->identifier_id;

		stitch_tick(stitch);
		if (!claim->judged)
			continue;
		if (claim->breaks)
			tell(check, CDPK_WRONG_BREAKS, claim->profile_id, 0, NULL);
		if (strongest != claim->profile_id)
			tell(check, CDPK_WRONG_STRONGEST, claim->profile_id, strongest, NULL);
	}
}

/* Report profiles with a link inside that is later than their summary says. */
static void
judge_bounds(const Check *check, const CdpkStitchPartition *partition)
{
	CdpkStitch *stitch = check->stitch;

	for (size_t i = 0; i < partition->profile_count; i++)
	{
		const CdpkStitchProfile *row = &partition->profiles[i];
		uint32_t claim = cdpk_idmap_get(&check->claim_of_id, (uint64_t) row->profile_id);
		const StitchLast *last;

		stitch_tick(stitch);
		if (claim == CDPK_IDMAP_NONE || !row->last_known)
			continue;
		last =
			&stitch->profiles.items[stitch_profile_of(stitch, check->claims.items[claim].strongest)]
				 .last;
		if (last->kind == STITCH_LAST_KNOWN &&
			stitch_evidence_earlier(&row->last, &last->rank.evidence))
			tell(check, CDPK_WRONG_LAST, row->profile_id, 0, &last->rank.evidence);
	}
}

CdpkStatus
cdpk_stitch_check(const CdpkStitchRules *rules, const CdpkStitchStore *store,
				  const CdpkAllocator *allocator, const CdpkStitchPartition *partition,
				  CdpkStitchReport report, void *context)
{
	Check check = {0};
	CdpkStatus status = cdpk_stitch_new(rules, store, allocator, &check.stitch);

	if (status != CDPK_OK)
		return status;
	check.partition = partition;
	check.report = report;
	check.context = context;
	cdpk_idmap_init(&check.claim_of_id, &check.stitch->memory.allocator);
	status = take_identifiers(&check, partition);
	if (status == CDPK_OK)
		status = take_links(&check, partition);
	if (status == CDPK_OK)
		status = follow_links(&check);
	if (status == CDPK_OK)
	{
		judge_claims(&check);
		judge_bounds(&check, partition);
	}
	cdpk_stitch_free(check.stitch);
	return status;
}
