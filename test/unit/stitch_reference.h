/*
 * stitch_reference.h
 *		Who is who, said as plainly as possible: the whole log at once, links in
 *		order of rank, no state.  What the incremental algorithm is compared with.
 */
#ifndef STITCH_REFERENCE_H
#define STITCH_REFERENCE_H

#include "stitch_world.h"

#define NOBODY (-1)

/* reasons as bits: forbid, then the namespaces whose limit, then the cap */
#define REASON_FORBID 1u
#define REASON_LIMIT(name_space) (2u << (name_space))
#define REASON_CAP (2u << MAX_NAMES)

typedef struct ReferenceLink
{
	const World *world;
	int strong;
	int weak;
	CdpkEvidence best;
} ReferenceLink;

typedef struct Reference
{
	bool linked[MAX_THINGS][MAX_THINGS]; /* by evidence, or as a same pair in effect */
	CdpkEvidence evidence[MAX_THINGS][MAX_THINGS];
	bool evident[MAX_THINGS][MAX_THINGS];  /* by evidence alone */
	bool believed[MAX_THINGS][MAX_THINGS]; /* aliases of a source that is believed */
	int64_t first_at[MAX_THINGS][MAX_THINGS];
	int class_of[MAX_THINGS]; /* as part: what same pairs have joined */
	bool present[MAX_THINGS];
	bool shared[MAX_THINGS];
	int part[MAX_THINGS];      /* which of the parts it is in */
	int strongest[MAX_THINGS]; /* of its part; NOBODY: it is in no profile */
	bool refused[MAX_THINGS][MAX_THINGS];
	unsigned reasons[MAX_THINGS][MAX_THINGS];
	int anchor[MAX_EVENTS];
} Reference;

static inline int
reference_bytes(const World *world, int x, int y)
{
	const Thing *a = &world->things[x];
	const Thing *b = &world->things[y];

	return cdpk_identifier_compare(a->payload, a->length, b->payload, b->length);
}

static inline int
reference_priority(const World *world, int thing)
{
	return world->namespaces[world->things[thing].name_space].priority;
}

static inline bool
reference_stronger(const World *world, int x, int y)
{
	if (reference_priority(world, x) != reference_priority(world, y))
		return reference_priority(world, x) < reference_priority(world, y);
	return reference_bytes(world, x, y) < 0;
}

/* Order of two links by rank. */
static inline int
reference_rank(const void *x, const void *y)
{
	const ReferenceLink *a = x;
	const ReferenceLink *b = y;
	const World *world = a->world;

	if (a->best.trust != b->best.trust)
		return a->best.trust > b->best.trust ? -1 : 1;
	if (a->best.first_at != b->best.first_at)
		return a->best.first_at < b->best.first_at ? -1 : 1;
	if (reference_priority(world, a->strong) != reference_priority(world, b->strong))
		return reference_priority(world, a->strong) - reference_priority(world, b->strong);
	if (reference_priority(world, a->weak) != reference_priority(world, b->weak))
		return reference_priority(world, a->weak) - reference_priority(world, b->weak);
	if (a->strong != b->strong)
		return reference_bytes(world, a->strong, b->strong);
	return reference_bytes(world, a->weak, b->weak);
}

/* Counts one piece of evidence for a pair. */
static inline void
reference_add_evidence(const World *world, Reference *result, int a, int b, const Event *event)
{
	CdpkEvidence *best = &result->evidence[a][b];
	int32_t trust = world->trust[event->source];

	if (!result->linked[a][b] || event->at < result->first_at[a][b])
		result->first_at[a][b] = event->at;
	if (!result->linked[a][b] || trust > best->trust ||
		(trust == best->trust && event->at < best->first_at))
	{
		best->trust = trust;
		best->first_at = event->at;
	}
	result->linked[a][b] = true;
}

/* Every pair of usable identifiers of one event is a link; its rank is its best evidence. */
static inline void
reference_read_log(const World *world, Reference *result)
{
	for (int i = 0; i < world->event_count; i++)
		for (int k = 0; world->in_log[i] && k < world->events[i].count; k++)
			for (int l = 0; l < world->events[i].count; l++)
			{
				const Event *event = &world->events[i];
				int a = event->things[k];
				int b = event->things[l];

				if (world->blocked[a])
					continue;
				result->present[a] = true;
				if (a != b && !world->blocked[b] && !world_is_void(world, a, b, event->at))
					reference_add_evidence(world, result, a, b, event);
			}
}

/* An alias is evidence for its pair while other events carry both as their own. */
static inline void
reference_read_aliases(const World *world, Reference *result)
{
	for (int i = 0; i < world->event_count; i++)
	{
		const Event *event = &world->events[i];
		int a;
		int b;

		if (!world->in_log[i] || !world_alias(world, event, &a, &b) || !result->present[a] ||
			!result->present[b])
			continue;
		reference_add_evidence(world, result, a, b, event);
		reference_add_evidence(world, result, b, a, event);
		if (world->believed[event->source])
			result->believed[a][b] = result->believed[b][a] = true;
	}
}

/* How many others an identifier has in pairs of aliases that are believed. */
static inline uint32_t
reference_aliases(const World *world, const Reference *result, int a)
{
	uint32_t count = 0;

	for (int b = 0; b < world->thing_count; b++)
		count += result->believed[a][b];
	return count;
}

/* Whether aliases make a pair a same pair, sharing aside. */
static inline bool
reference_is_believed(const World *world, const Reference *result, int a, int b)
{
	return result->believed[a][b] && !world->forbidden[a][b] &&
		   reference_aliases(world, result, a) <= world->max_links[0][0] &&
		   reference_aliases(world, result, b) <= world->max_links[0][0];
}

/* Verdicts, and aliases that are believed, are links before all others while they are in effect. */
static inline void
reference_find_same(const World *world, Reference *result)
{
	for (int a = 0; a < world->thing_count; a++)
		for (int b = 0; b < world->thing_count; b++)
		{
			CdpkEvidence same = {CDPK_TRUST_SAME, 0};
			CdpkEvidence alias = {CDPK_TRUST_ALIAS, result->first_at[a][b]};

			if (!result->present[a] || !result->present[b])
				continue;
			if (world_is_declared(world, a, b))
				result->evidence[a][b] = same;
			else if (reference_is_believed(world, result, a, b))
				result->evidence[a][b] = alias;
			else
				continue;
			result->linked[a][b] = true;
		}
}

static inline void
reference_find_shared(const World *world, Reference *result)
{
	for (int x = 0; x < world->thing_count; x++)
	{
		uint32_t mine = world->things[x].name_space;

		if (!result->present[x] || world->sharing[x] != CDPK_SHARING_BY_COUNT)
		{
			result->shared[x] = result->present[x] && world->sharing[x] == CDPK_SHARING_ALWAYS;
			continue;
		}
		for (uint32_t other = 0; other < world->rules.namespace_count; other++)
		{
			uint32_t count = 0;

			for (int y = 0; y < world->thing_count; y++)
				if (world->things[y].name_space == other && result->linked[x][y])
					count++;
			if (other != mine && count > world->max_links[mine][other])
				result->shared[x] = true;
		}
	}
}

/* Whether another of its class and namespace is counted for an identifier. */
static inline bool
reference_is_counted(const World *world, const Reference *result, int a)
{
	for (int b = 0; b < a; b++)
		if (result->class_of[b] == result->class_of[a] &&
			world->things[b].name_space == world->things[a].name_space)
			return false;
	return true;
}

/* The rules that the union of two parts breaks; a same pair asks no limit. */
static inline unsigned
reference_breaks(const World *world, const Reference *result, bool same, int x, int y)
{
	uint32_t counts[MAX_NAMES] = {0};
	uint32_t size = 0;
	unsigned reasons = 0;

	for (int a = 0; a < world->thing_count; a++)
	{
		if (result->part[a] != x && result->part[a] != y)
			continue;
		size++;
		counts[world->things[a].name_space] += reference_is_counted(world, result, a);
		for (int b = 0; b < world->thing_count; b++)
			if (world->forbidden[a][b] && (result->part[b] == x || result->part[b] == y))
				reasons |= REASON_FORBID;
	}
	for (uint32_t i = 0; i < world->rules.namespace_count; i++)
		if (!same && counts[i] > world->namespaces[i].max_per_profile)
			reasons |= REASON_LIMIT(i);
	if (size > world->rules.cap)
		reasons |= REASON_CAP;
	return reasons;
}

static inline void
reference_make_parts(const World *world, Reference *result)
{
	static ReferenceLink links[MAX_THINGS * MAX_THINGS];
	size_t count = 0;

	for (int a = 0; a < world->thing_count; a++)
	{
		result->part[a] = result->present[a] ? a : NOBODY;
		for (int b = 0; b < world->thing_count; b++)
			if (result->linked[a][b] && !result->shared[a] && !result->shared[b] &&
				reference_stronger(world, a, b))
			{
				links[count].world = world;
				links[count].strong = a;
				links[count].weak = b;
				links[count++].best = result->evidence[a][b];
			}
	}
	qsort(links, count, sizeof(ReferenceLink), reference_rank);
	memcpy(result->class_of, result->part, sizeof(result->part));
	for (size_t i = 0; i < count; i++)
	{
		bool same = stitch_is_same(&links[i].best);
		int x = result->part[links[i].strong];
		int y = result->part[links[i].weak];

		if (x == y || reference_breaks(world, result, same, x, y) != 0)
			continue;
		for (int a = 0; a < world->thing_count; a++)
			if (result->part[a] == y)
				result->part[a] = x;
		if (same)
			memcpy(result->class_of, result->part, sizeof(result->part));
	}
	for (size_t i = 0; i < count; i++)
	{
		int a = links[i].strong;
		int b = links[i].weak;

		if (result->part[a] != result->part[b])
		{
			result->refused[a][b] = result->refused[b][a] = true;
			result->reasons[a][b] = result->reasons[b][a] = reference_breaks(
				world, result, stitch_is_same(&links[i].best), result->part[a], result->part[b]);
		}
	}
}

static inline void
reference_find_strongest(const World *world, Reference *result)
{
	for (int a = 0; a < world->thing_count; a++)
	{
		result->strongest[a] = result->present[a] ? a : NOBODY;
		for (int b = 0; b < world->thing_count; b++)
			if (result->present[a] && result->part[b] == result->part[a] &&
				reference_stronger(world, b, result->strongest[a]))
				result->strongest[a] = b;
	}
}

/* reference_anchor finds an event's strongest identifier, first among those that are not shared. */
static inline int
reference_anchor(const World *world, const bool *shared, const Event *event)
{
	int best = NOBODY;

	for (int k = 0; k < event->count; k++)
	{
		int thing = event->things[k];

		if (world->blocked[thing])
			continue;
		if (best == NOBODY || (shared[best] && !shared[thing]) ||
			(shared[best] == shared[thing] && reference_stronger(world, thing, best)))
			best = thing;
	}
	return best;
}

static inline void
reference_anchor_events(const World *world, Reference *result)
{
	for (int i = 0; i < world->event_count; i++)
		result->anchor[i] =
			world->in_log[i] ? reference_anchor(world, result->shared, &world->events[i]) : NOBODY;
}

static inline void
reference_run(const World *world, Reference *result)
{
	memset(result, 0, sizeof(*result));
	reference_read_log(world, result);
	reference_read_aliases(world, result);
	memcpy(result->evident, result->linked, sizeof(result->linked));
	reference_find_shared(world, result);
	reference_find_same(world, result);
	reference_make_parts(world, result);
	reference_find_strongest(world, result);
	reference_anchor_events(world, result);
}

#endif /* STITCH_REFERENCE_H */
