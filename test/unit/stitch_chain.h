/*
 * stitch_chain.h
 *		Chains of links against the plainest search for the shortest one.
 */
#ifndef STITCH_CHAIN_H
#define STITCH_CHAIN_H

#include "stitch_compare.h"

#define CHAIN_REFUSED 1000 /* a refused link costs more than any number of others */
#define CHAIN_NONE INT32_MAX

/* What a chain was found to be, in words that do not depend on identifier ids. */
typedef struct Chain
{
	CdpkStitchPath path;
	int length;
	int things[MAX_THINGS];
	char text[256];
} Chain;

/* The cost of the best chain from one identifier to another (Bellman and Ford). */
static inline int32_t
chain_best(const World *world, const Reference *reference, int from, int to)
{
	int32_t cost[MAX_THINGS];
	bool changed = true;

	for (int a = 0; a < world->thing_count; a++)
		cost[a] = a == from ? 0 : CHAIN_NONE;
	while (changed)
	{
		changed = false;
		for (int a = 0; a < world->thing_count; a++)
			for (int b = 0; b < world->thing_count && cost[a] != CHAIN_NONE; b++)
			{
				int32_t link = reference->refused[a][b] ? CHAIN_REFUSED : 1;

				if (reference->linked[a][b] && !reference->shared[a] && !reference->shared[b] &&
					cost[a] + link < cost[b])
				{
					cost[b] = cost[a] + link;
					changed = true;
				}
			}
	}
	return cost[to];
}

/* The reasons of a step, as bits; 0 where they are not in their order. */
static inline unsigned
chain_reasons(const World *world, const CdpkStitchStep *step)
{
	unsigned bits = 0;

	for (size_t i = 0; i < step->reason_count; i++)
	{
		int32_t reason = step->reasons[i];

		if (reason == CDPK_REASON_FORBID)
			bits |= i == 0 ? REASON_FORBID : 0;
		else if (reason == CDPK_REASON_CAP)
			bits |= i == step->reason_count - 1 ? REASON_CAP : 0;
		else
			bits |= REASON_LIMIT(reason);
		if (reason >= 0 && i > 0 && step->reasons[i - 1] >= 0 &&
			world->namespaces[step->reasons[i - 1]].priority > world->namespaces[reason].priority)
			return 0;
	}
	return bits;
}

/* Whether the steps are links, in a row, and as cheap as can be. */
static inline const char *
chain_check(Store *store, const Reference *reference, int from, int to, const CdpkStitchStep *steps,
			size_t count)
{
	int at = from;
	int32_t cost = 0;

	for (size_t i = 0; i < count; i++)
	{
		int next = store_thing(store, steps[i].to);

		if (store_thing(store, steps[i].from) != at || !reference->linked[at][next] ||
			steps[i].refused != reference->refused[at][next])
			return "a chain has a step that is no link";
		if (steps[i].refused &&
			chain_reasons(&store->world, &steps[i]) != reference->reasons[at][next])
			return "a chain gives other reasons";
		cost += steps[i].refused ? CHAIN_REFUSED : 1;
		at = next;
	}
	if (at != to)
		return "a chain ends elsewhere";
	return cost == chain_best(&store->world, reference, from, to) ? NULL : "a chain is too long";
}

/* Asks for the chain between two identifiers. */
static inline CdpkStatus
chain_ask(Store *store, CdpkStitch *stitch, int from, int to, size_t max_profiles, Chain *chain,
		  const CdpkStitchStep **steps)
{
	size_t count;

	driver_begin(store);
	memset(chain, 0, sizeof(*chain));
	STITCH_TRY(cdpk_stitch_explain(stitch, store->identifier_id[from], store->identifier_id[to],
								   max_profiles, &chain->path, steps, &count));
	chain->length = (int) count;
	chain->things[0] = from;
	snprintf(chain->text, sizeof(chain->text), "%s", store->world.things[from].label);
	for (int i = 0; i < chain->length; i++)
	{
		size_t used = strlen(chain->text);

		chain->things[i + 1] = store_thing(store, (*steps)[i].to);
		snprintf(chain->text + used, sizeof(chain->text) - used, "%s%s",
				 (*steps)[i].refused ? "|" : "-", store->world.things[chain->things[i + 1]].label);
	}
	return CDPK_OK;
}

/* What is wrong with the chain between two identifiers that have an id, or NULL. */
static inline const char *
chain_compare(Store *store, const Reference *reference, int from, int to, Chain *chain)
{
	CdpkStitchStore callbacks = store_callbacks(store);
	const CdpkStitchStep *steps;
	CdpkStitch *stitch;
	const char *difference = NULL;
	CdpkStitchPath expected = CDPK_PATH_FOUND;

	if (!reference->present[from] || !reference->present[to])
		expected = CDPK_PATH_ABSENT;
	else if (reference->shared[from] || reference->shared[to])
		expected = CDPK_PATH_SHARED;
	else if (chain_best(&store->world, reference, from, to) == CHAIN_NONE)
		expected = CDPK_PATH_NONE;
	if (cdpk_stitch_new(&store->world.rules, &callbacks, &unit_allocator, &stitch) != CDPK_OK ||
		chain_ask(store, stitch, from, to, MAX_THINGS, chain, &steps) != CDPK_OK)
		difference = "no chain";
	else if (chain->path != expected)
		difference = "a chain is there, or not, against the links";
	else if (expected == CDPK_PATH_FOUND)
		difference = chain_check(store, reference, from, to, steps, (size_t) chain->length);
	cdpk_stitch_free(stitch);
	return difference != NULL ? difference : store->failed;
}

#endif /* STITCH_CHAIN_H */
