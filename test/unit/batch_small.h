/*
 * batch_small.h
 *		The history, the tables and the log of a test; small histories, made by hand.
 */
#ifndef BATCH_SMALL_H
#define BATCH_SMALL_H

#include "batch_driver.h"

static History history;
static Tables tables;
static Said said[MAX_EVENTS];

/* Begin a history without things and events: user ids, one a profile, rank first. */
static inline void
begin_small(void)
{
	memset(&history, 0, sizeof(history));
	world_init(&history.world, 4);
	history.world.namespaces[0].priority = 10;
	history.world.namespaces[0].max_per_profile = 1;
	memset(said, 0, sizeof(said));
}

static inline int
add_thing(uint32_t name_space, const char *label)
{
	return world_add_thing(&history.world, name_space, label);
}

/* Make an event of the history that carries two things; it names a view. */
static inline int
add_event(int64_t at, int a, int b)
{
	int number = history.world.event_count++;
	Event *event = &history.world.events[number];

	event->at = at;
	event->things[event->count++] = a;
	if (b != NOBODY)
		event->things[event->count++] = b;
	said_make(&history.world, number, &said[number], 1);
	bytes_free(&said[number].traits);
	said[number].row.call = CDPK_BATCH_OTHER;
	said[number].row.traits.bytes = NULL;
	said[number].row.account.bytes = NULL;
	said[number].row.expires_at = CDPK_BATCH_NEVER;
	said[number].row.event = bytes_of_text("view");
	said[number].account = -1;
	return number;
}

static inline int64_t
profile_of(int thing)
{
	return tables.profile_id[thing];
}

/* Give the rules of the history, by which no source is believed and none is shared. */
static inline CdpkStatus
give_rules(CdpkBatch *batch)
{
	static CdpkBatchRules rules;

	history.world.rules.namespaces = history.world.namespaces;
	for (int i = 0; i < MAX_NAMES; i++)
		history.world.namespaces[i].max_links = NULL;
	rules.stitch = history.world.rules;
	rules.trust = history.world.trust;
	rules.source_count = 1;
	rules.believed = NULL;
	return cdpk_batch_set_rules(batch, &rules);
}

/* Make a random history, and what its events say. */
static inline void
make_history(uint64_t seed)
{
	history_make(&history, seed);
	for (int i = 0; i < history.world.event_count; i++)
		said_make(&history.world, i, &said[i], seed);
}

static inline void
free_history(void)
{
	for (int i = 0; i < history.world.event_count; i++)
		bytes_free(&said[i].traits);
}

#endif /* BATCH_SMALL_H */
