/*
 * stitch_load.c
 *		Asks the store for rows, as few times as possible.
 */
#include "core/stitch/stitch_load.h"

#include "core/stitch/stitch_class.h"
#include "core/stitch/stitch_graph.h"

/* List an identifier that is not loaded for the next call. */
CdpkStatus
stitch_want_identifier(CdpkStitch *stitch, int64_t identifier_id)
{
	uint64_t key = (uint64_t) identifier_id;

	if (identifier_id <= 0)
		return CDPK_CORRUPT;
	if (stitch_find_node(stitch, identifier_id) != STITCH_NONE ||
		cdpk_idmap_get(&stitch->asked_identifiers, key) != CDPK_IDMAP_NONE)
		return CDPK_OK;
	STITCH_TRY(cdpk_idmap_put(&stitch->asked_identifiers, key, 0));
	STITCH_PUSH(stitch, stitch->ids, identifier_id);
	return CDPK_OK;
}

/* Load the identifiers that were wanted. */
CdpkStatus
stitch_load_identifiers(CdpkStitch *stitch)
{
	if (stitch->ids.count > 0)
		STITCH_TRY(stitch->store->load_identifiers(stitch->store->context, stitch,
												   stitch->ids.items, stitch->ids.count));
	for (uint32_t i = 0; i < stitch->ids.count; i++)
		if (stitch_find_node(stitch, stitch->ids.items[i]) == STITCH_NONE)
			return CDPK_CORRUPT;
	stitch->ids.count = 0;
	return CDPK_OK;
}

/* Make links and forbids of the rows that were added. */
CdpkStatus
stitch_take_rows(CdpkStitch *stitch)
{
	uint32_t link;

	for (uint32_t i = 0; i < stitch->link_rows.count; i++)
	{
		STITCH_TRY(stitch_want_identifier(stitch, stitch->link_rows.items[i].a));
		STITCH_TRY(stitch_want_identifier(stitch, stitch->link_rows.items[i].b));
	}
	for (uint32_t i = 0; i < stitch->forbid_rows.count; i++)
	{
		STITCH_TRY(stitch_want_identifier(stitch, stitch->forbid_rows.items[i].a));
		STITCH_TRY(stitch_want_identifier(stitch, stitch->forbid_rows.items[i].b));
	}
	STITCH_TRY(stitch_load_identifiers(stitch));
	for (uint32_t i = 0; i < stitch->link_rows.count; i++)
	{
		const CdpkStitchLink *row = &stitch->link_rows.items[i];

		stitch_tick(stitch);
		STITCH_TRY(stitch_put_link(stitch, stitch_find_node(stitch, row->a),
								   stitch_find_node(stitch, row->b), &row->evidence, row->refused,
								   &link));
	}
	for (uint32_t i = 0; i < stitch->forbid_rows.count; i++)
		STITCH_TRY(stitch_put_forbid(stitch,
									 stitch_find_node(stitch, stitch->forbid_rows.items[i].a),
									 stitch_find_node(stitch, stitch->forbid_rows.items[i].b)));
	stitch->link_rows.count = 0;
	stitch->forbid_rows.count = 0;
	return CDPK_OK;
}

/* Put a profile on a list, once.  Loading the list empties it. */
CdpkStatus
stitch_list_profile(CdpkStitch *stitch, StitchNumbers *list, uint32_t root)
{
	if (stitch->profiles.items[root].listed)
		return CDPK_OK;
	stitch->profiles.items[root].listed = true;
	STITCH_PUSH(stitch, *list, root);
	return CDPK_OK;
}

/* Put a profile's forbids, if it has any, on the list of the next call. */
CdpkStatus
stitch_want_forbids(CdpkStitch *stitch, uint32_t root)
{
	StitchProfile *profile = &stitch->profiles.items[root];

	if (!profile->has_forbid || profile->forbids)
		return CDPK_OK;
	profile->forbids = true;
	STITCH_PUSH(stitch, stitch->forbids_wanted, root);
	return CDPK_OK;
}

/* Load the forbids that were wanted. */
static CdpkStatus
load_forbids(CdpkStitch *stitch)
{
	stitch->more_ids.count = 0;
	for (uint32_t i = 0; i < stitch->forbids_wanted.count; i++)
	{
		const StitchProfile *profile = &stitch->profiles.items[stitch->forbids_wanted.items[i]];

		if (profile->stored_id != 0)
			STITCH_PUSH(stitch, stitch->ids, profile->stored_id);
		else
			STITCH_PUSH(stitch, stitch->more_ids,
						stitch_node(stitch, profile->first_member)->identifier_id);
	}
	if (stitch->forbids_wanted.count > 0)
		STITCH_TRY(stitch->store->load_forbids(stitch->store->context, stitch, stitch->ids.items,
											   stitch->ids.count, stitch->more_ids.items,
											   stitch->more_ids.count));
	stitch->forbids_wanted.count = 0;
	stitch->ids.count = 0;
	return stitch_take_rows(stitch);
}

/* Make the listed profiles known. */
CdpkStatus
stitch_load_summaries(CdpkStitch *stitch, StitchNumbers *roots)
{
	uint32_t unknown = 0;

	for (uint32_t i = 0; i < roots->count; i++)
	{
		StitchProfile *profile = &stitch->profiles.items[roots->items[i]];

		profile->listed = false;
		if (!profile->known)
		{
			roots->items[unknown++] = roots->items[i];
			STITCH_PUSH(stitch, stitch->ids, profile->stored_id);
		}
	}
	roots->count = unknown;
	if (unknown > 0)
		STITCH_TRY(stitch->store->load_profiles(stitch->store->context, stitch, stitch->ids.items,
												stitch->ids.count));
	stitch->ids.count = 0;
	for (uint32_t i = 0; i < unknown; i++)
	{
		const StitchProfile *profile = &stitch->profiles.items[roots->items[i]];

		if (!profile->known)
			return CDPK_CORRUPT;
		STITCH_TRY(stitch_want_identifier(stitch, profile->stored_id));
	}
	STITCH_TRY(stitch_load_identifiers(stitch));
	for (uint32_t i = 0; i < unknown; i++)
	{
		StitchProfile *profile = &stitch->profiles.items[roots->items[i]];

		/* the identifier that gave the profile its id */
		profile->strongest = stitch_find_node(stitch, profile->stored_id);
		STITCH_TRY(stitch_want_forbids(stitch, roots->items[i]));
	}
	roots->count = 0;
	return load_forbids(stitch);
}

/* Return whether all identifiers and links of a profile are loaded. */
bool
stitch_has_contents(const CdpkStitch *stitch, uint32_t root)
{
	for (uint32_t part = root; part != STITCH_NONE; part = stitch->profiles.items[part].next_part)
		if (!stitch->profiles.items[part].contents)
			return false;
	return true;
}

/* Load all identifiers and links of the listed profiles. */
CdpkStatus
stitch_load_contents(CdpkStitch *stitch, StitchNumbers *roots)
{
	uint32_t missing = 0;

	for (uint32_t i = 0; i < roots->count; i++)
	{
		uint32_t root = roots->items[i];

		stitch->profiles.items[root].listed = false;
		if (stitch_has_contents(stitch, root))
			continue;
		roots->items[missing++] = root;
		for (uint32_t part = root; part != STITCH_NONE;
			 part = stitch->profiles.items[part].next_part)
			if (!stitch->profiles.items[part].contents)
				STITCH_PUSH(stitch, stitch->ids, stitch->profiles.items[part].stored_id);
	}
	roots->count = missing;
	if (missing > 0)
		STITCH_TRY(stitch->store->load_contents(stitch->store->context, stitch, stitch->ids.items,
												stitch->ids.count));
	stitch->ids.count = 0;
	for (uint32_t i = 0; i < missing; i++)
		for (uint32_t part = roots->items[i]; part != STITCH_NONE;
			 part = stitch->profiles.items[part].next_part)
			stitch->profiles.items[part].contents = true;
	STITCH_TRY(stitch_take_rows(stitch));
	for (uint32_t i = 0; i < missing; i++)
	{
		if (!CDPK_FAULT(stitch, CLASS_STALE))
			STITCH_TRY(stitch_find_classes(stitch, roots->items[i]));
		stitch_summarize(stitch, roots->items[i]);
		/* only a profile that is to be reworked may have lost all of its identifiers */
		if (stitch->profiles.items[roots->items[i]].size == 0 &&
			!stitch->profiles.items[roots->items[i]].dirty)
			return CDPK_CORRUPT;
		STITCH_TRY(stitch_want_forbids(stitch, roots->items[i]));
	}
	roots->count = 0;
	return load_forbids(stitch);
}

/* Load every link of some identifiers. */
CdpkStatus
stitch_load_links(CdpkStitch *stitch, const StitchNumbers *nodes)
{
	if (nodes->count == 0)
		return CDPK_OK;
	for (uint32_t i = 0; i < nodes->count; i++)
		STITCH_PUSH(stitch, stitch->ids, stitch_node(stitch, nodes->items[i])->identifier_id);
	STITCH_TRY(stitch->store->load_links(stitch->store->context, stitch, stitch->ids.items,
										 stitch->ids.count));
	stitch->ids.count = 0;
	return stitch_take_rows(stitch);
}
