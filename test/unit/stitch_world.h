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
	int things[MAX_ON_EVENT];
	int count;
} Event;

typedef struct World
{
	/* rules */
	CdpkStitchNamespace namespaces[MAX_NAMES];
	uint32_t max_links[MAX_NAMES][MAX_NAMES];
	CdpkStitchRules rules;
	int32_t trust[MAX_SOURCES];
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

#endif /* STITCH_WORLD_H */
