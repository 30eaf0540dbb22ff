/*
 * stitch_world.h
 *		What is known to the naive reference and to the tables alike: identifiers,
 *		events, rules and verdicts.  Small: everything is an array.
 */
#ifndef STITCH_WORLD_H
#define STITCH_WORLD_H

#include "core/identifier/identifier.h"
#include "core/stitch/stitch_explain.h"
#include "core/stitch/stitch_rank.h"
#include "core/stitch/stitch.h"
#include "core/stitch/stitch_state.h"
#include "unit.h"

#define MAX_NAMES 8   /* namespaces */
#define MAX_THINGS 40 /* identifiers */
#define MAX_EVENTS 160
#define MAX_ON_EVENT 6
#define MAX_SOURCES 3
#define NEVER INT64_MIN

typedef struct Thing
{
	char label[16];
	uint32_t name_space;
	uint8_t payload[64];
	size_t length;
} Thing;

typedef struct Event
{
	int64_t at;
	int source;
	int things[MAX_ON_EVENT]; /* its own; of an alias the first is a user_id */
	int count;
	int previous; /* of an alias: 1 + the earlier user_id; 0: it is none */
} Event;

typedef struct World
{
	/* rules */
	CdpkStitchNamespace namespaces[MAX_NAMES];
	uint32_t max_links[MAX_NAMES][MAX_NAMES];
	CdpkStitchRules rules;
	int32_t trust[MAX_SOURCES];
	bool believed[MAX_SOURCES]; /* its aliases are same pairs; the bound is max_links[0][0] */
	bool derived[MAX_THINGS]
				[MAX_THINGS]; /* an e-mail and its hash: a same pair without a verdict */
	/* who and what */
	Thing things[MAX_THINGS];
	int thing_count;
	Event events[MAX_EVENTS];
	int event_count;
	bool in_log[MAX_EVENTS];
	/* verdicts */
	bool blocked[MAX_THINGS];
	CdpkSharing sharing[MAX_THINGS];
	bool forbidden[MAX_THINGS][MAX_THINGS];
	bool same[MAX_THINGS][MAX_THINGS];
	int64_t unlinked[MAX_THINGS][MAX_THINGS]; /* T, or NEVER */
} World;

static const char *const world_names[MAX_NAMES] = {"user_id", "mail",    "tel",   "device_id",
												   "crm_id",  "account", "token", "cookie"};

/* world_init: no rule but the order of the namespaces' names. */
static inline void
world_init(World *world, uint32_t namespaces)
{
	memset(world, 0, sizeof(*world));
	world->rules.namespaces = world->namespaces;
	world->rules.namespace_count = namespaces;
	world->rules.cap = CDPK_UNLIMITED;
	for (uint32_t i = 0; i < namespaces; i++)
	{
		world->namespaces[i].name = world_names[i];
		world->namespaces[i].name_length = strlen(world_names[i]);
		world->namespaces[i].priority = 50;
		world->namespaces[i].max_per_profile = CDPK_UNLIMITED;
		world->namespaces[i].max_links = world->max_links[i];
		for (uint32_t other = 0; other < namespaces; other++)
			world->max_links[i][other] = CDPK_UNLIMITED;
	}
	for (int source = 0; source < MAX_SOURCES; source++)
		world->trust[source] = 3;
	for (int a = 0; a < MAX_THINGS; a++)
		for (int b = 0; b < MAX_THINGS; b++)
			world->unlinked[a][b] = NEVER;
}

static inline int
world_add_thing(World *world, uint32_t name_space, const char *label)
{
	Thing *thing = &world->things[world->thing_count];

	snprintf(thing->label, sizeof(thing->label), "%s", label);
	thing->name_space = name_space;
	if (cdpk_identifier_make(world_names[name_space], strlen(world_names[name_space]), label,
							 strlen(label), NULL, thing->payload, &thing->length) != CDPK_OK)
		abort();
	return world->thing_count++;
}

/* Whether evidence of a pair at this time is void. */
static inline bool
world_is_void(const World *world, int a, int b, int64_t at)
{
	return world->unlinked[a][b] >= at && world->unlinked[a][b] != NEVER;
}

/* Whether some event of the log carries the identifier, and it is not blocked. */
static inline bool
world_is_present(const World *world, int thing)
{
	if (world->blocked[thing])
		return false;
	for (int i = 0; i < world->event_count; i++)
		for (int k = 0; world->in_log[i] && k < world->events[i].count; k++)
			if (world->events[i].things[k] == thing)
				return true;
	return false;
}

/* Whether the pair is declared the same, in effect or not. */
static inline bool
world_is_declared(const World *world, int a, int b)
{
	return world->same[a][b] || world->derived[a][b];
}

/* Finds the declared class of an identifier: the closure over all pairs. */
static inline void
world_find_declared(const World *world, int a, bool in_class[MAX_THINGS])
{
	bool changed = true;

	memset(in_class, 0, sizeof(bool) * MAX_THINGS);
	in_class[a] = true;
	while (changed)
	{
		changed = false;
		for (int b = 0; b < world->thing_count; b++)
			for (int c = 0; c < world->thing_count && !in_class[b]; c++)
				if (in_class[c] && world_is_declared(world, b, c))
					in_class[b] = changed = true;
	}
}

/* Whether a verdict that parts the pair contradicts one that declares it the same. */
static inline bool
world_parts_declared(const World *world, int a, int b)
{
	bool in_class[MAX_THINGS];

	world_find_declared(world, a, in_class);
	return in_class[b];
}

/* Whether a declared class with this pair in it would hold a forbidden pair, or be over the cap. */
static inline bool
world_cannot_be_same(const World *world, int a, int b)
{
	bool x[MAX_THINGS];
	bool y[MAX_THINGS];
	uint32_t size = 0;

	world_find_declared(world, a, x);
	world_find_declared(world, b, y);
	for (int c = 0; c < world->thing_count; c++)
	{
		size += x[c] || y[c];
		for (int d = 0; d < world->thing_count; d++)
			if (world->forbidden[c][d] && (x[c] || y[c]) && (x[d] || y[d]))
				return true;
	}
	return size > world->rules.cap;
}

/* The evidence of an alias is for the pair of its user_id and the earlier one. */
static inline bool
world_alias(const World *world, const Event *event, int *a, int *b)
{
	if (event->previous == 0 || event->previous - 1 == event->things[0])
		return false;
	*a = event->things[0];
	*b = event->previous - 1;
	return !world_is_void(world, *a, *b, event->at);
}

#endif /* STITCH_WORLD_H */
