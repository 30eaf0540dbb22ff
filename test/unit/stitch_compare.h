/*
 * stitch_compare.h
 *		Whether the tables say what the naive reference says.
 */
#ifndef STITCH_COMPARE_H
#define STITCH_COMPARE_H

#include "stitch_driver.h"

/* The reasons of a refused link by the summaries of its two profiles, as bits. */
static inline unsigned
compare_reasons(Store *store, int a, int b)
{
	const World *world = &store->world;
	CdpkStitchProfile sides[2];
	CdpkStitchCount counts[2][MAX_NAMES];
	int32_t reasons[MAX_NAMES + 2];
	bool forbidden = false;
	unsigned bits = 0;
	size_t count;

	if (!store_summary(store, world, a, &sides[0], counts[0]) ||
		!store_summary(store, world, b, &sides[1], counts[1]))
		return 0;
	for (int x = 0; x < world->thing_count; x++)
		for (int y = 0; y < world->thing_count && store->profile_id[x] == store->profile_id[a]; y++)
			forbidden |= store->profile_id[y] == store->profile_id[b] && world->forbidden[x][y];
	count = (stitch_is_same(&store->now.best[a][b])
				 ? cdpk_stitch_same_reasons
				 : cdpk_stitch_reasons)(&world->rules, &sides[0], &sides[1], forbidden, reasons);
	for (size_t i = 0; i < count; i++)
		bits |= reasons[i] == CDPK_REASON_FORBID ? REASON_FORBID
				: reasons[i] == CDPK_REASON_CAP  ? REASON_CAP
												 : REASON_LIMIT(reasons[i]);
	return bits;
}

/* A profile's summary: exact, but for "last", which may be later than it must. */
static inline const char *
compare_summary(Store *store, const Reference *reference, int strongest)
{
	const World *world = &store->world;
	const ProfileRow *row = store_profile(store, store->identifier_id[strongest]);
	uint32_t counts[MAX_NAMES] = {0};
	uint32_t size = 0;
	bool has_forbid = false;

	if (row == NULL)
		return "a profile has no summary";
	for (int a = 0; a < world->thing_count; a++)
	{
		if (reference->strongest[a] != strongest)
			continue;
		size++;
		counts[world->things[a].name_space] += reference_is_counted(world, reference, a);
		has_forbid |= store_is_forbidden(store, a);
		for (int b = 0; b < world->thing_count; b++)
			if (reference->strongest[b] == strongest && reference->linked[a][b] &&
				row->last_known && stitch_evidence_earlier(&row->last, &reference->evidence[a][b]))
				return "a link is later than the last of its profile";
	}
	for (uint32_t i = 0; i < world->rules.namespace_count; i++)
		if (world->namespaces[i].max_per_profile != CDPK_UNLIMITED && row->counts[i] != counts[i])
			return "a summary counts a namespace wrong";
	if (row->identifiers != size)
		return "a summary counts identifiers wrong";
	if (row->has_forbid != has_forbid)
		return "a summary is wrong about forbids";
	if (row->shared != reference->shared[strongest])
		return "a summary is wrong about sharing";
	return NULL;
}

static inline const char *
compare_links(Store *store, const Reference *reference)
{
	for (int a = 0; a < store->world.thing_count; a++)
		for (int b = 0; b < store->world.thing_count; b++)
		{
			if (store->refused[a][b] != reference->refused[a][b])
				return "a link is refused, or not, against the rules";
			if (a < b && store->refused[a][b] &&
				compare_reasons(store, a, b) != reference->reasons[a][b])
				return "a link is refused for other reasons";
		}
	return NULL;
}

/* The class_id that an identifier should have. */
static inline int64_t
compare_class(const Store *store, const Reference *reference, int a)
{
	int64_t smallest = store->identifier_id[a];
	int size = 0;

	for (int b = 0; b < store->world.thing_count; b++)
	{
		if (!reference->present[a] || reference->class_of[b] != reference->class_of[a])
			continue;
		size++;
		if (store->identifier_id[b] < smallest)
			smallest = store->identifier_id[b];
	}
	return size > 1 ? smallest : 0;
}

static inline const char *
compare_partition(const Store *store, const Reference *reference)
{
	for (int a = 0; a < store->world.thing_count; a++)
	{
		int strongest = reference->strongest[a];

		if (store->profile_id[a] != (strongest == NOBODY ? 0 : store->identifier_id[strongest]))
			return "an identifier is in another profile";
		if (store->shared[a] != reference->shared[a])
			return "an identifier is shared, or not, against the rules";
		if (store->class_id[a] != compare_class(store, reference, a))
			return "an identifier is in another class";
	}
	for (int i = 0; i < store->world.event_count; i++)
		if (store->anchor[i] != reference->anchor[i])
			return "an event has another anchor";
	return NULL;
}

static inline const char *
compare_summaries(Store *store, const Reference *reference)
{
	int profiles = 0;

	for (int a = 0; a < store->world.thing_count; a++)
	{
		const char *difference;

		if (reference->strongest[a] != a)
			continue;
		profiles++;
		difference = compare_summary(store, reference, a);
		if (difference != NULL)
			return difference;
	}
	return profiles != store->profile_count ? "there are other profiles" : NULL;
}

/* What differs between the tables and the reference, or NULL. */
static inline const char *
compare_with_reference(Store *store, Reference *reference)
{
	const char *difference = store->failed;

	reference_run(&store->world, reference);
	if (difference == NULL)
		difference = compare_partition(store, reference);
	if (difference == NULL)
		difference = compare_links(store, reference);
	return difference != NULL ? difference : compare_summaries(store, reference);
}

/* ---------------------------------------------------------------- a rebuild in place */

/* What differs between the tables and a stitch that gets everything at once, or NULL. */
static inline const char *
compare_rebuilt(Store *store, const CdpkStitchResult *result)
{
	bool refused[MAX_THINGS][MAX_THINGS] = {{false}};
	int64_t profile_id[MAX_THINGS] = {0};
	int64_t class_id[MAX_THINGS] = {0};

	for (size_t i = 0; i < result->class_count; i++)
		class_id[store_thing(store, result->classes[i].identifier_id)] =
			result->classes[i].class_id;
	for (size_t i = 0; i < result->identifier_move_count; i++)
		profile_id[store_thing(store, result->identifier_moves[i].id)] =
			result->identifier_moves[i].to;
	for (size_t i = 0; i < result->link_count; i++)
	{
		int a = store_thing(store, result->links[i].a);
		int b = store_thing(store, result->links[i].b);

		refused[a][b] = refused[b][a] = result->links[i].refused;
	}
	if (memcmp(refused, store->refused, sizeof(refused)) != 0)
		return "a rebuild refuses other links";
	if (memcmp(class_id, store->class_id, sizeof(class_id)) != 0)
		return "a rebuild makes other classes";
	if (memcmp(profile_id, store->profile_id, sizeof(profile_id)) != 0)
		return "a rebuild gives other ids";
	if (result->profile_count != (size_t) store->profile_count || result->profile_move_count > 0 ||
		result->ended_count > 0)
		return "a rebuild gives other profiles";
	return NULL;
}

static inline CdpkStatus
rebuild(Store *store, CdpkStitch *stitch)
{
	CdpkStitchCount counts[MAX_NAMES];

	for (int a = 0; a < store->world.thing_count; a++)
	{
		if (!store->present[a])
			continue;
		STITCH_TRY(store_add_identifier(store, stitch, a));
		store_count(store, &store->now, a, counts);
		STITCH_TRY(cdpk_stitch_judge_sharing(stitch, store->identifier_id[a],
											 store->world.sharing[a], counts,
											 store->world.rules.namespace_count));
		for (int b = 0; b < a; b++)
		{
			CdpkStitchChange change;

			memset(&change, 0, sizeof(change));
			change.a = store->identifier_id[a];
			change.b = store->identifier_id[b];
			change.exists = store->now.exists[a][b];
			change.now = store->now.best[a][b];
			if (change.exists)
				STITCH_TRY(cdpk_stitch_evidence_changed(stitch, &change, 1));
		}
	}
	return cdpk_stitch_run(stitch);
}

static inline const char *
compare_with_rebuild(Store *store)
{
	CdpkStitchStore callbacks = store_callbacks(store);
	CdpkStitch *stitch;
	const char *difference;

	store->rebuilding = true;
	driver_begin(store);
	if (cdpk_stitch_new(&store->world.rules, &callbacks, &unit_allocator, &stitch) != CDPK_OK)
		return "no stitch";
	difference = rebuild(store, stitch) == CDPK_OK
					 ? compare_rebuilt(store, cdpk_stitch_result(stitch))
					 : "a rebuild failed";
	cdpk_stitch_free(stitch);
	store->rebuilding = false;
	return difference;
}

#endif /* STITCH_COMPARE_H */
