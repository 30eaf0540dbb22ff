/*
 * stitch_store.h
 *		The tables that a stitch works for, in arrays, and the caller's part of a
 *		batch.  The stitch sees of them only what it asks for; the rows it gets are
 *		overwritten as soon as it has taken them.
 */
#ifndef STITCH_STORE_H
#define STITCH_STORE_H

#include "stitch_world.h"

typedef struct ProfileRow
{
	int64_t profile_id;
	uint32_t identifiers;
	uint32_t counts[MAX_NAMES]; /* of namespaces with a limit */
	bool has_forbid;
	bool shared;
	bool last_known;
	CdpkEvidence last;
} ProfileRow;

typedef struct EvidenceRow
{
	bool exists;
	int64_t first_at;
	int64_t last_at;
	int aliases; /* of its events: a row may wait for an end that no event carries as its own */
} EvidenceRow;

/* The links that rows of evidence make, both ways, with the best evidence of each. */
typedef struct Links
{
	bool exists[MAX_THINGS][MAX_THINGS];
	bool evident[MAX_THINGS][MAX_THINGS]; /* there is evidence beside a same verdict */
	CdpkEvidence best[MAX_THINGS][MAX_THINGS];
} Links;

typedef struct Store
{
	World world;
	uint64_t random;
	bool plain; /* the stitch is told only what it must be */
	const CdpkAllocator *allocator;
	CdpkStitchFault fault;
	const char *failed; /* what went wrong, or NULL */
	CdpkStatus status;  /* of the last run */
	/* tables */
	int64_t last_id;
	int64_t identifier_id[MAX_THINGS]; /* 0: never seen */
	int64_t profile_id[MAX_THINGS];    /* 0: in none */
	bool shared[MAX_THINGS];
	int64_t class_id[MAX_THINGS];                              /* 0: alone */
	EvidenceRow evidence[MAX_THINGS][MAX_THINGS][MAX_SOURCES]; /* a < b */
	bool refused[MAX_THINGS][MAX_THINGS];                      /* both ways */
	ProfileRow profiles[2 * MAX_THINGS];
	int profile_count;
	int anchor[MAX_EVENTS];
	/* of the batch */
	bool rebuilding; /* the tables are read as if no identifier had a profile */
	bool present[MAX_THINGS];
	Links before; /* at the present trust of the sources */
	Links now;
	int asked_identifier[MAX_THINGS];
	int asked_profile[MAX_THINGS];
	int asked_contents[MAX_THINGS];
	int asked_links[MAX_THINGS];
	int64_t frozen; /* a profile that is not to be taken apart; 0: none */
	/* over all batches */
	uint64_t declined;
	CdpkStitchStatistics statistics;
	uint64_t calls;
} Store;

static inline void
store_init(Store *store, const World *world, uint64_t seed)
{
	memset(store, 0, sizeof(*store));
	store->world = *world;
	store->world.rules.namespaces = store->world.namespaces;
	for (int i = 0; i < MAX_NAMES; i++)
		store->world.namespaces[i].max_links = store->world.max_links[i];
	store->random = seed;
	store->allocator = &unit_allocator;
	for (int i = 0; i < MAX_EVENTS; i++)
		store->anchor[i] = -1;
}

static inline bool
store_chance(Store *store, unsigned one_in)
{
	return !store->plain && unit_random(&store->random) % one_in == 0;
}

static inline void
store_fail(Store *store, const char *why)
{
	if (store->failed == NULL)
		store->failed = why;
}

static inline int
store_thing(const Store *store, int64_t identifier_id)
{
	for (int i = 0; i < store->world.thing_count; i++)
		if (store->identifier_id[i] == identifier_id)
			return i;
	return -1;
}

static inline ProfileRow *
store_profile(Store *store, int64_t profile_id)
{
	for (int i = 0; i < store->profile_count; i++)
		if (store->profiles[i].profile_id == profile_id)
			return &store->profiles[i];
	return NULL;
}

/* Make the summary of a thing's profile; false if it is in none. */
static inline bool
store_summary(Store *store, const World *world, int thing, CdpkStitchProfile *summary,
			  CdpkStitchCount counts[MAX_NAMES])
{
	const ProfileRow *row = store_profile(store, store->profile_id[thing]);

	if (row == NULL)
		return false;
	summary->identifiers = row->identifiers;
	summary->counts = counts;
	summary->count_length = world->rules.namespace_count;
	for (uint32_t i = 0; i < world->rules.namespace_count; i++)
	{
		counts[i].name_space = i;
		counts[i].count = row->counts[i];
	}
	return true;
}

static inline bool
store_is_forbidden(const Store *store, int thing)
{
	for (int other = 0; other < store->world.thing_count; other++)
		if (store->world.forbidden[thing][other])
			return true;
	return false;
}

/* ---------------------------------------------------------------- rows for the stitch */

/* What was handed over is unreadable afterwards. */
static inline CdpkStatus
store_add_identifier(Store *store, CdpkStitch *stitch, int thing)
{
	CdpkStitchIdentifier *row = malloc(sizeof(CdpkStitchIdentifier));
	uint8_t *payload = malloc(store->world.things[thing].length);
	CdpkStatus status;

	memcpy(payload, store->world.things[thing].payload, store->world.things[thing].length);
	row->identifier_id = store->identifier_id[thing];
	row->profile_id = store->rebuilding ? 0 : store->profile_id[thing];
	row->payload = payload;
	row->length = store->world.things[thing].length;
	row->name_space = store->world.things[thing].name_space;
	row->present = store->present[thing];
	row->shared = !store->rebuilding && store->shared[thing];
	row->forbidden = store_is_forbidden(store, thing);
	row->class_id = store->rebuilding ? 0 : store->class_id[thing];
	status = cdpk_stitch_add_identifiers(stitch, row, 1);
	memset(payload, 0xAA, row->length);
	memset(row, 0xAA, sizeof(*row));
	free(payload);
	free(row);
	return status;
}

static inline CdpkStatus
store_add_profile(CdpkStitch *stitch, const World *world, const ProfileRow *row)
{
	CdpkStitchCount counts[MAX_NAMES];
	CdpkStitchProfile profile;
	CdpkStatus status;

	memset(&profile, 0, sizeof(profile));
	profile.profile_id = row->profile_id;
	profile.identifiers = row->identifiers;
	profile.counts = counts;
	for (uint32_t i = 0; i < world->rules.namespace_count; i++)
		if (row->counts[i] > 0)
		{
			counts[profile.count_length].name_space = i;
			counts[profile.count_length++].count = row->counts[i];
		}
	profile.has_forbid = row->has_forbid;
	profile.last_known = row->last_known;
	profile.last = row->last;
	status = cdpk_stitch_add_profiles(stitch, &profile, 1);
	memset(counts, 0xAA, sizeof(counts));
	return status;
}

/* The rows of a pair, one a source, and one more if it is a same pair. */
static inline CdpkStatus
store_add_link(Store *store, CdpkStitch *stitch, int a, int b)
{
	CdpkStitchLink same = {store->identifier_id[a], store->identifier_id[b], store->now.best[a][b],
						   !store->rebuilding && store->refused[a][b]};

	if (!store->now.exists[a][b])
		return CDPK_OK;
	if (stitch_is_same(&same.evidence) && store_chance(store, 2))
		STITCH_TRY(cdpk_stitch_add_links(stitch, &same, 1));
	for (int source = 0; source < MAX_SOURCES; source++)
	{
		const EvidenceRow *row = &store->evidence[a < b ? a : b][a < b ? b : a][source];
		CdpkStitchLink link;

		if (!row->exists)
			continue;
		link.a = store->identifier_id[a];
		link.b = store->identifier_id[b];
		link.evidence.trust = store->world.trust[source];
		link.evidence.first_at = row->first_at;
		link.refused = !store->rebuilding && store->refused[a][b];
		STITCH_TRY(cdpk_stitch_add_links(stitch, &link, 1));
	}
	if (stitch_is_same(&same.evidence))
		STITCH_TRY(cdpk_stitch_add_links(stitch, &same, 1));
	return CDPK_OK;
}

static inline CdpkStatus
store_load_identifiers(void *context, CdpkStitch *stitch, const int64_t *ids, size_t count)
{
	Store *store = context;

	store->calls++;
	for (size_t i = 0; i < count; i++)
	{
		int thing = store_thing(store, ids[i]);

		if (thing < 0 || store->asked_identifier[thing]++ > 0)
			store_fail(store, "an identifier is asked for that is not there, or twice");
		else
			STITCH_TRY(store_add_identifier(store, stitch, thing));
	}
	return CDPK_OK;
}

static inline CdpkStatus
store_load_profiles(void *context, CdpkStitch *stitch, const int64_t *ids, size_t count)
{
	Store *store = context;
	bool identifiers = store_chance(store, 2);

	store->calls++;
	for (size_t i = 0; i < count; i++)
	{
		const ProfileRow *row = store_profile(store, ids[i]);
		int thing = store_thing(store, ids[i]);

		if (row == NULL || store->asked_profile[thing]++ > 0)
			store_fail(store, "a summary is asked for that is not there, or twice");
		else
			STITCH_TRY(store_add_profile(stitch, &store->world, row));
		if (identifiers && row != NULL)
			STITCH_TRY(store_add_identifier(store, stitch, thing));
	}
	return CDPK_OK;
}

static inline CdpkStatus
store_load_contents(void *context, CdpkStitch *stitch, const int64_t *ids, size_t count)
{
	Store *store = context;

	store->calls++;
	for (size_t i = 0; i < count; i++)
	{
		int thing = store_thing(store, ids[i]);

		if (thing < 0 || store->asked_contents[thing]++ > 0)
			store_fail(store, "contents are asked for that are not there, or twice");
		for (int a = 0; a < store->world.thing_count; a++)
		{
			if (store->profile_id[a] != ids[i])
				continue;
			STITCH_TRY(store_add_identifier(store, stitch, a));
			for (int b = 0; b < store->world.thing_count; b++)
				if (a != b)
					STITCH_TRY(store_add_link(store, stitch, a, b));
		}
	}
	return CDPK_OK;
}

static inline CdpkStatus
store_load_links(void *context, CdpkStitch *stitch, const int64_t *ids, size_t count)
{
	Store *store = context;

	store->calls++;
	for (size_t i = 0; i < count; i++)
	{
		int a = store_thing(store, ids[i]);

		if (a < 0 || store->asked_links[a]++ > 0)
			store_fail(store, "links are asked for of an unknown identifier, or twice");
		for (int b = 0; b < store->world.thing_count && a >= 0; b++)
			if (a != b)
				STITCH_TRY(store_add_link(store, stitch, a, b));
	}
	return CDPK_OK;
}

static inline CdpkStatus
store_load_forbids(void *context, CdpkStitch *stitch, const int64_t *profile_ids,
				   size_t profile_count, const int64_t *identifier_ids, size_t identifier_count)
{
	Store *store = context;

	store->calls++;
	for (int a = 0; a < store->world.thing_count; a++)
	{
		bool asked = false;

		for (size_t i = 0; i < profile_count; i++)
			asked |= !store->rebuilding && store->profile_id[a] == profile_ids[i];
		for (size_t i = 0; i < identifier_count; i++)
			asked |= store->identifier_id[a] == identifier_ids[i];
		for (int b = 0; b < store->world.thing_count && asked; b++)
		{
			CdpkStitchForbid pair = {store->identifier_id[a], store->identifier_id[b]};

			if (store->world.forbidden[a][b])
				STITCH_TRY(cdpk_stitch_add_forbids(stitch, &pair, 1));
		}
	}
	return CDPK_OK;
}

static inline CdpkStitchStore
store_callbacks(Store *store)
{
	CdpkStitchStore callbacks = {store,
								 store_load_identifiers,
								 store_load_profiles,
								 store_load_contents,
								 store_load_links,
								 store_load_forbids,
								 NULL};

	return callbacks;
}

/* ---------------------------------------------------------------- the log, and what is counted of it */

/* store_name gives an identifier its identifier id when it is first heard of. */
static inline void
store_name(Store *store, int thing)
{
	if (store->identifier_id[thing] == 0)
		store->identifier_id[thing] = ++store->last_id;
}

/* store_add_evidence counts one event for a pair. */
static inline void
store_add_evidence(Store *store, int a, int b, const Event *event, bool alias)
{
	EvidenceRow *row = &store->evidence[a < b ? a : b][a < b ? b : a][event->source];

	if (!row->exists || event->at < row->first_at)
		row->first_at = event->at;
	if (!row->exists || event->at > row->last_at)
		row->last_at = event->at;
	row->exists = true;
	row->aliases += alias;
}

/* store_read_log writes the rows of links anew. */
static inline void
store_read_log(Store *store)
{
	const World *world = &store->world;

	memset(store->evidence, 0, sizeof(store->evidence));
	for (int i = 0; i < world->event_count; i++)
	{
		int p;
		int q;

		if (world->in_log[i] && world_alias(world, &world->events[i], &p, &q))
			store_add_evidence(store, p, q, &world->events[i], true);
		for (int k = 0; world->in_log[i] && k < world->events[i].count; k++)
			for (int l = 0; l < world->events[i].count; l++)
			{
				const Event *event = &world->events[i];
				int a = event->things[k];
				int b = event->things[l];

				if (a < b && !world->blocked[a] && !world->blocked[b] &&
					!world_is_void(world, a, b, event->at))
					store_add_evidence(store, a, b, event, false);
			}
	}
}

/* store_is_aliased: whether a pair has aliases of a source that is believed, and both ends are there. */
static inline bool
store_is_aliased(const Store *store, const World *rules, int a, int b)
{
	const EvidenceRow *rows = store->evidence[a < b ? a : b][a < b ? b : a];

	for (int source = 0; source < MAX_SOURCES; source++)
		if (rows[source].aliases > 0 && rules->believed[source] && store->present[a] &&
			store->present[b])
			return true;
	return false;
}

/* store_aliases counts the others of such pairs. */
static inline uint32_t
store_aliases(const Store *store, const World *rules, int a)
{
	uint32_t count = 0;

	for (int b = 0; b < store->world.thing_count; b++)
		count += a != b && store_is_aliased(store, rules, a, b);
	return count;
}

/* store_same finds the rank of a same pair in effect by some rules and verdicts. */
static inline bool
store_same(const Store *store, const World *rules, int a, int b, int64_t first_at,
		   CdpkEvidence *best)
{
	CdpkEvidence same = {CDPK_TRUST_SAME, 0};
	CdpkEvidence alias = {CDPK_TRUST_ALIAS, first_at};

	if (world_is_declared(rules, a, b))
		*best = same;
	else if (store_is_aliased(store, rules, a, b) && !rules->forbidden[a][b] &&
			 store_aliases(store, rules, a) <= rules->max_links[0][0] &&
			 store_aliases(store, rules, b) <= rules->max_links[0][0])
		*best = alias;
	else
		return false;
	return true;
}

/*
 * store_find_links finds the links, and the best evidence of each over all sources, by some rules
 * and verdicts.
 */
static inline void
store_find_links(const Store *store, const World *rules, Links *links)
{
	for (int a = 0; a < store->world.thing_count; a++)
		for (int b = a + 1; b < store->world.thing_count; b++)
		{
			const EvidenceRow *rows = store->evidence[a][b];
			CdpkEvidence best = {0, 0};
			bool exists = false;
			int64_t first_at = INT64_MAX;

			for (int source = 0; source < MAX_SOURCES; source++)
			{
				CdpkEvidence evidence = {store->world.trust[source], rows[source].first_at};

				if (rows[source].exists && (!exists || stitch_evidence_earlier(&evidence, &best)))
					best = evidence;
				exists |= rows[source].exists;
				if (rows[source].exists && rows[source].first_at < first_at)
					first_at = rows[source].first_at;
			}
			links->evident[a][b] = links->evident[b][a] = exists;
			exists |= store_same(store, rules, a, b, first_at, &best);
			exists &= store->present[a] && store->present[b];
			links->exists[a][b] = links->exists[b][a] = exists;
			links->best[a][b] = links->best[b][a] = exists ? best : (CdpkEvidence){0, 0};
		}
}

/* store_count counts the identifiers of each namespace that are linked to one. */
static inline void
store_count(const Store *store, const Links *links, int thing, CdpkStitchCount counts[MAX_NAMES])
{
	for (uint32_t i = 0; i < MAX_NAMES; i++)
	{
		counts[i].name_space = i;
		counts[i].count = 0;
	}
	for (int other = 0; other < store->world.thing_count; other++)
		if (other != thing && links->exists[thing][other] && links->evident[thing][other])
			counts[store->world.things[other].name_space].count++;
}

/* store_latest finds the latest evidence of a pair, or NEVER. */
static inline int64_t
store_latest(const Store *store, int a, int b)
{
	const EvidenceRow *rows = store->evidence[a < b ? a : b][a < b ? b : a];
	int64_t latest = NEVER;

	for (int source = 0; source < MAX_SOURCES; source++)
		if (rows[source].exists && rows[source].last_at > latest)
			latest = rows[source].last_at;
	return latest;
}

#endif /* STITCH_STORE_H */
