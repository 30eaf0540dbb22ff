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
	bool linked[MAX_THINGS][MAX_THINGS];
	CdpkEvidence evidence[MAX_THINGS][MAX_THINGS];
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
				CdpkEvidence *best = &result->evidence[a][b];
				int32_t trust = world->trust[event->source];

				if (world->blocked[a])
					continue;
				result->present[a] = true;
				if (a == b || world->blocked[b] || world_is_void(world, a, b, event->at))
					continue;
				if (!result->linked[a][b] || trust > best->trust ||
					(trust == best->trust && event->at < best->first_at))
				{
					best->trust = trust;
					best->first_at = event->at;
				}
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

/* The rules that the union of two parts breaks. */
static inline unsigned
reference_breaks(const World *world, const Reference *result, int x, int y)
{
	uint32_t counts[MAX_NAMES] = {0};
	uint32_t size = 0;
	unsigned reasons = 0;

	for (int a = 0; a < world->thing_count; a++)
	{
		if (result->part[a] != x && result->part[a] != y)
			continue;
		size++;
		counts[world->things[a].name_space]++;
		for (int b = 0; b < world->thing_count; b++)
			if (world->forbidden[a][b] && (result->part[b] == x || result->part[b] == y))
				reasons |= REASON_FORBID;
	}
	for (uint32_t i = 0; i < world->rules.namespace_count; i++)
		if (counts[i] > world->namespaces[i].max_per_profile)
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
	for (size_t i = 0; i < count; i++)
	{
		int x = result->part[links[i].strong];
		int y = result->part[links[i].weak];

		if (x == y || reference_breaks(world, result, x, y) != 0)
			continue;
		for (int a = 0; a < world->thing_count; a++)
			if (result->part[a] == y)
				result->part[a] = x;
	}
	for (size_t i = 0; i < count; i++)
	{
		int a = links[i].strong;
		int b = links[i].weak;

		if (result->part[a] != result->part[b])
		{
			result->refused[a][b] = result->refused[b][a] = true;
			result->reasons[a][b] = result->reasons[b][a] =
				reference_breaks(world, result, result->part[a], result->part[b]);
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
	reference_find_shared(world, result);
	reference_make_parts(world, result);
	reference_find_strongest(world, result);
	reference_anchor_events(world, result);
}

#endif /* STITCH_REFERENCE_H */
