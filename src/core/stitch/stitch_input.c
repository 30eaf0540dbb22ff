/*
 * stitch_input.c
 *		What is handed in before a stitch runs, and what the store hands in meanwhile: rows of the tables, and changes.
 */
#include "core/stitch/stitch.h"

#include "core/stitch/stitch_graph.h"
#include "core/stitch/stitch_rules.h"
#include "core/stitch/stitch_state.h"

/* how many rows ahead the memory that one needs is asked for */
#define AHEAD 8

/* ---------------------------------------------------------------- rows of the tables */

CdpkStatus
cdpk_stitch_reserve(CdpkStitch *stitch, size_t identifiers, size_t links)
{
	STITCH_TRY(STITCH_RESERVE(stitch, stitch->nodes, identifiers));
	STITCH_TRY(STITCH_RESERVE(stitch, stitch->changes, links));
	STITCH_TRY(STITCH_RESERVE(stitch, stitch->links, links));
	STITCH_TRY(cdpk_idmap_reserve(&stitch->link_of_pair, links));
	return cdpk_idmap_reserve(&stitch->node_of_id, identifiers);
}

static CdpkStatus
add_identifiers(CdpkStitch *stitch, const CdpkStitchIdentifier *rows, size_t count, bool lasting)
{
	for (size_t i = 0; i < count; i++)
	{
		if (i + AHEAD < count)
		{
			cdpk_idmap_prefetch(&stitch->node_of_id, (uint64_t) rows[i + AHEAD].identifier_id);
			cdpk_idmap_prefetch(&stitch->profile_of_id, (uint64_t) rows[i + AHEAD].profile_id);
		}
		STITCH_TRY(stitch_add_identifier(stitch, &rows[i], lasting));
	}
	return CDPK_OK;
}

CdpkStatus
cdpk_stitch_add_identifiers(CdpkStitch *stitch, const CdpkStitchIdentifier *rows, size_t count)
{
	return add_identifiers(stitch, rows, count, false);
}

CdpkStatus
cdpk_stitch_add_lasting(CdpkStitch *stitch, const CdpkStitchIdentifier *rows, size_t count)
{
	return add_identifiers(stitch, rows, count, true);
}

CdpkStatus
cdpk_stitch_add_profiles(CdpkStitch *stitch, const CdpkStitchProfile *rows, size_t count)
{
	for (size_t i = 0; i < count; i++)
		STITCH_TRY(stitch_add_profile(stitch, &rows[i]));
	return CDPK_OK;
}

CdpkStatus
cdpk_stitch_add_links(CdpkStitch *stitch, const CdpkStitchLink *rows, size_t count)
{
	STITCH_PUSH_ALL(stitch, stitch->link_rows, rows, count);
	return CDPK_OK;
}

CdpkStatus
cdpk_stitch_add_forbids(CdpkStitch *stitch, const CdpkStitchForbid *rows, size_t count)
{
	STITCH_PUSH_ALL(stitch, stitch->forbid_rows, rows, count);
	return CDPK_OK;
}

/* ---------------------------------------------------------------- changes, as they come */

CdpkStatus
cdpk_stitch_evidence_changed(CdpkStitch *stitch, const CdpkStitchChange *changes, size_t count)
{
	STITCH_PUSH_ALL(stitch, stitch->changes, changes, count);
	return CDPK_OK;
}

CdpkStatus
cdpk_stitch_retry(CdpkStitch *stitch, const CdpkStitchLink *links, size_t count)
{
	for (size_t i = 0; i < count && !CDPK_FAULT(stitch, NO_RETRY_LIMIT); i++)
		STITCH_PUSH(stitch, stitch->retries, links[i]);
	return CDPK_OK;
}

CdpkStatus
cdpk_stitch_check_profiles(CdpkStitch *stitch, const int64_t *profile_ids, size_t count)
{
	STITCH_PUSH_ALL(stitch, stitch->checked, profile_ids, count);
	return CDPK_OK;
}

CdpkStatus
cdpk_stitch_freeze_profiles(CdpkStitch *stitch, const int64_t *profile_ids, size_t count)
{
	STITCH_PUSH_ALL(stitch, stitch->frozen, profile_ids, count);
	return CDPK_OK;
}

CdpkStatus
cdpk_stitch_forbidden(CdpkStitch *stitch, int64_t a, int64_t b)
{
	CdpkStitchForbid pair = {a, b};

	STITCH_PUSH(stitch, stitch->forbidden, pair);
	return CDPK_OK;
}

CdpkStatus
cdpk_stitch_allowed(CdpkStitch *stitch, int64_t a, int64_t b)
{
	CdpkStitchForbid pair = {a, b};

	STITCH_PUSH(stitch, stitch->allowed, pair);
	return CDPK_OK;
}

CdpkStatus
cdpk_stitch_judge_sharing(CdpkStitch *stitch, int64_t identifier_id, CdpkSharing verdict,
						  const CdpkStitchCount *counts, size_t count_length)
{
	uint32_t node = stitch_find_node(stitch, identifier_id);
	StitchNode *item;

	if (node == STITCH_NONE)
		return CDPK_INVALID;
	item = stitch_node(stitch, node);
	item->shared = item->present &&
				   stitch_is_shared(stitch->rules, item->name_space, verdict, counts, count_length);
	return CDPK_OK;
}
