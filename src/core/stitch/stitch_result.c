/*
 * stitch_result.c
 *		What the tables must become.
 */
#include "core/stitch/stitch_result.h"

#include <string.h>

#include "core/stitch/stitch_class.h"
#include "core/stitch/stitch_graph.h"

/* Return a profile's id: the identifier_id of its strongest identifier. */
static int64_t
final_id(CdpkStitch *stitch, uint32_t root)
{
	return stitch_node(stitch, stitch->profiles.items[root].strongest)->identifier_id;
}

/* Return whether some profile has this id now. */
static bool
is_alive(CdpkStitch *stitch, int64_t id)
{
	uint32_t node = stitch_find_node(stitch, id);
	const StitchProfile *profile;

	if (node == STITCH_NONE || stitch_node(stitch, node)->profile == STITCH_NONE)
		return false;
	profile = &stitch->profiles.items[stitch_profile_of(stitch, node)];
	return profile->known && !profile->dissolved && profile->strongest == node;
}

/* List the profiles that were joined, or have another strongest identifier. */
static CdpkStatus
list_profile_moves(CdpkStitch *stitch)
{
	STITCH_ARRAY(CdpkStitchMove) moves = {NULL, 0, 0};
	StitchIds ended = {NULL, 0, 0};

	for (uint32_t part = 0; part < stitch->profiles.count; part++)
	{
		const StitchProfile *profile = &stitch->profiles.items[part];
		uint32_t root = stitch_root(stitch, part);

		if (profile->stored_id == 0 || (!profile->dissolved && !stitch->profiles.items[root].known))
			continue;
		if (!profile->dissolved && final_id(stitch, root) != profile->stored_id)
		{
			CdpkStitchMove move = {profile->stored_id, profile->stored_id, final_id(stitch, root)};

			STITCH_PUSH(stitch, moves, move);
		}
		if (!is_alive(stitch, profile->stored_id))
			STITCH_PUSH(stitch, ended, profile->stored_id);
	}
	stitch->result.profile_moves = moves.items;
	stitch->result.profile_move_count = moves.count;
	stitch->result.ended = ended.items;
	stitch->result.ended_count = ended.count;
	return CDPK_OK;
}

/* Count a profile as split once its identifiers are in more than one; one of them is in "to". */
static void
count_split(CdpkStitch *stitch, int64_t *first_to, uint32_t profile, int64_t to)
{
	if (first_to[profile] == 0)
		first_to[profile] = to;
	else if (first_to[profile] > 0 && first_to[profile] != to)
	{
		first_to[profile] = -1;
		stitch->result.statistics.profiles_split++;
	}
}

/* List the identifiers that are new, gone, or of a profile that was taken apart. */
static CdpkStatus
list_identifier_moves(CdpkStitch *stitch)
{
	STITCH_ARRAY(CdpkStitchMove) moves = {NULL, 0, 0};
	int64_t *first_to =
		stitch_allocate(&stitch->memory, (size_t) stitch->profiles.count + 1, sizeof(int64_t));

	if (first_to == NULL)
		return CDPK_OUT_OF_MEMORY;
	memset(first_to, 0, stitch->profiles.count * sizeof(int64_t));
	for (uint32_t i = 0; i < stitch->nodes.count; i++)
	{
		const StitchNode *node = stitch_node(stitch, i);
		CdpkStitchMove move = {node->identifier_id, 0, 0};

		stitch_tick(stitch);
		if (node->stored_profile != STITCH_NONE)
		{
			if (!stitch->profiles.items[node->stored_profile].dissolved)
				continue;
			move.from = stitch->profiles.items[node->stored_profile].stored_id;
		}
		if (node->profile != STITCH_NONE)
		{
			move.to = final_id(stitch, stitch_root(stitch, node->profile));
			if (node->stored_profile != STITCH_NONE)
				count_split(stitch, first_to, node->stored_profile, move.to);
		}
		if (move.from != move.to)
			STITCH_PUSH(stitch, moves, move);
	}
	stitch_release(&stitch->memory, first_to);
	stitch->result.identifier_moves = moves.items;
	stitch->result.identifier_move_count = moves.count;
	return CDPK_OK;
}

/* Copy the summary of a profile. */
CdpkStatus
stitch_make_summary(CdpkStitch *stitch, uint32_t root, CdpkStitchProfile *row)
{
	const StitchProfile *profile = &stitch->profiles.items[root];
	const uint32_t *counts = stitch_counts(stitch, root);
	CdpkStitchCount *pairs =
		stitch_allocate(&stitch->memory, (size_t) stitch->limited + 1, sizeof(CdpkStitchCount));

	if (pairs == NULL)
		return CDPK_OUT_OF_MEMORY;
	row->profile_id = final_id(stitch, root);
	row->identifiers = profile->size;
	row->has_forbid = profile->has_forbid;
	row->shared = stitch_node(stitch, profile->strongest)->shared;
	row->last_known = profile->last.kind == STITCH_LAST_KNOWN;
	row->last = profile->last.rank.evidence;
	row->counts = pairs;
	row->count_length = 0;
	for (uint32_t place = 0; place < stitch->limited; place++)
		if (counts[place] > 0)
		{
			pairs[row->count_length].name_space = stitch->limited_namespaces[place];
			pairs[row->count_length++].count = counts[place];
		}
	return CDPK_OK;
}

/* List the summaries that differ from those in the tables. */
static CdpkStatus
list_profiles(CdpkStitch *stitch)
{
	STITCH_ARRAY(CdpkStitchProfile) rows = {NULL, 0, 0};

	for (uint32_t root = 0; root < stitch->profiles.count; root++)
	{
		const StitchProfile *profile = &stitch->profiles.items[root];
		CdpkStitchProfile row;

		stitch_tick(stitch);
		if (stitch_root(stitch, root) != root || !profile->touched || profile->dissolved)
			continue;
		STITCH_TRY(stitch_make_summary(stitch, root, &row));
		STITCH_PUSH(stitch, rows, row);
	}
	stitch->result.profiles = rows.items;
	stitch->result.profile_count = rows.count;
	return CDPK_OK;
}

static CdpkStatus
list_links(CdpkStitch *stitch)
{
	STITCH_ARRAY(CdpkStitchRefusal) refusals = {NULL, 0, 0};

	for (uint32_t i = 0; i < stitch->links.count; i++)
	{
		const StitchLink *link = &stitch->links.items[i];
		CdpkStitchRefusal refusal = {stitch_node(stitch, link->rank.strong)->identifier_id,
									 stitch_node(stitch, link->rank.weak)->identifier_id,
									 link->refused};

		stitch_tick(stitch);
		if (link->refused != link->was_refused)
			STITCH_PUSH(stitch, refusals, refusal);
	}
	stitch->result.links = refusals.items;
	stitch->result.link_count = refusals.count;
	return CDPK_OK;
}

/* List the links that are refused only because an end's profile is frozen. */
static CdpkStatus
list_declined(CdpkStitch *stitch)
{
	STITCH_ARRAY(CdpkStitchRefusal) declined = {NULL, 0, 0};

	for (uint32_t i = 0; i < stitch->links.count; i++)
	{
		const StitchLink *link = &stitch->links.items[i];
		CdpkStitchRefusal refusal = {stitch_node(stitch, link->rank.strong)->identifier_id,
									 stitch_node(stitch, link->rank.weak)->identifier_id, true};
		uint32_t x;
		uint32_t y;

		stitch_tick(stitch);
		if (!link->declined || !link->refused ||
			stitch_node(stitch, link->rank.strong)->profile == STITCH_NONE ||
			stitch_node(stitch, link->rank.weak)->profile == STITCH_NONE)
			continue;
		x = stitch_profile_of(stitch, link->rank.strong);
		y = stitch_profile_of(stitch, link->rank.weak);
		if (stitch->profiles.items[x].frozen || stitch->profiles.items[y].frozen)
			STITCH_PUSH(stitch, declined, refusal);
	}
	stitch->result.declined = declined.items;
	stitch->result.declined_count = declined.count;
	return CDPK_OK;
}

/*
 * List the identifiers that became shared or stopped being so, and the events whose
 * anchor that may move: an event is anchored at an identifier that is no longer
 * eligible, or carries one that is eligible again.
 */
static CdpkStatus
list_sharing(CdpkStitch *stitch)
{
	STITCH_ARRAY(CdpkStitchSharing) changes = {NULL, 0, 0};
	STITCH_ARRAY(CdpkStitchReanchor) reanchor = {NULL, 0, 0};

	for (uint32_t i = 0; i < stitch->nodes.count; i++)
	{
		const StitchNode *node = stitch_node(stitch, i);
		CdpkStitchSharing change = {node->identifier_id, node->shared};
		CdpkStitchReanchor events = {node->identifier_id, CDPK_ANCHORED};
		bool gone = !node->present && node->stored_profile != STITCH_NONE;

		if (node->shared != node->was_shared)
			STITCH_PUSH(stitch, changes, change);
		if (node->present && node->was_shared && !node->shared)
			events.events = CDPK_CARRYING;
		if ((gone || node->shared != node->was_shared) && !CDPK_FAULT(stitch, NO_REANCHOR))
			STITCH_PUSH(stitch, reanchor, events);
	}
	stitch->result.sharing = changes.items;
	stitch->result.sharing_count = changes.count;
	stitch->result.reanchor = reanchor.items;
	stitch->result.reanchor_count = reanchor.count;
	return CDPK_OK;
}

/* List the identifiers whose class differs from that in the tables: classes change only where contents are here. */
static CdpkStatus
list_classes(CdpkStitch *stitch)
{
	STITCH_ARRAY(CdpkStitchClass) classes = {NULL, 0, 0};

	for (uint32_t i = 0; i < stitch->kin.count; i++)
	{
		const StitchKin *kin = &stitch->kin.items[i];
		const StitchNode *node = stitch_node(stitch, kin->node);
		CdpkStitchClass change = {node->identifier_id, 0};

		stitch_tick(stitch);
		if (node->profile != STITCH_NONE)
		{
			if (!stitch->profiles.items[node->profile].contents)
				continue;
			change.class_id = stitch_class_id(stitch, i);
		}
		if (change.class_id != kin->class_id)
			STITCH_PUSH(stitch, classes, change);
	}
	stitch->result.classes = classes.items;
	stitch->result.class_count = classes.count;
	return CDPK_OK;
}

CdpkStatus
stitch_make_result(CdpkStitch *stitch)
{
	STITCH_TRY(list_profile_moves(stitch));
	STITCH_TRY(list_identifier_moves(stitch));
	STITCH_TRY(list_profiles(stitch));
	STITCH_TRY(list_links(stitch));
	STITCH_TRY(list_declined(stitch));
	STITCH_TRY(list_classes(stitch));
	return list_sharing(stitch);
}
