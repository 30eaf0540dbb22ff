/*
 * stitch_history.h
 *		Random histories: events, verdicts and changes of rules, in phases, so that
 *		the events of one phase can come in any order and any batches.
 */
#ifndef STITCH_HISTORY_H
#define STITCH_HISTORY_H

#include "stitch_compare.h"

#define MAX_PHASES 5
#define MAX_OPS 6

typedef struct Phase
{
	int first_event;
	int event_count;
	Op ops[MAX_OPS]; /* after the events */
	int op_count;
} Phase;

typedef struct History
{
	World world; /* before anything happened */
	bool same;   /* it has same verdicts, aliases, and derived pairs */
	Phase phases[MAX_PHASES];
	int phase_count;
} History;

static inline uint64_t
pick(uint64_t *random, uint64_t below)
{
	return unit_random(random) % below;
}

/* A limit: often none, mostly small. */
static inline uint32_t
pick_limit(uint64_t *random, uint32_t none_in, uint32_t from, uint32_t width)
{
	return pick(random, none_in) == 0 ? CDPK_UNLIMITED : from + (uint32_t) pick(random, width);
}

static inline int32_t
pick_priority(uint64_t *random)
{
	return 10 * (int32_t) (1 + pick(random, 4));
}

static inline void
history_rules(World *world, uint64_t *random)
{
	bool share = pick(random, 2) == 0;

	for (int source = 0; source < MAX_SOURCES; source++)
		world->believed[source] = pick(random, 2) == 0;

	for (uint32_t i = 0; i < world->rules.namespace_count; i++)
	{
		world->namespaces[i].priority = pick_priority(random);
		world->namespaces[i].max_per_profile = pick_limit(random, i == 0 ? 8 : 2, 1, 3);
		for (uint32_t other = 0; other < world->rules.namespace_count && share; other++)
			world->max_links[i][other] = pick_limit(random, 2, 1, 4);
	}
	world->rules.cap = pick_limit(random, 2, 2, 8);
	for (int source = 0; source < MAX_SOURCES; source++)
		world->trust[source] = 1 + (int32_t) pick(random, 3);
}

static inline void
history_things(World *world, uint64_t *random)
{
	int count = 5 + (int) pick(random, 31);

	for (int i = 0; i < count; i++)
	{
		char label[16];

		/* not in the order of their numbers */
		snprintf(label, sizeof(label), "%c%d", (char) ('a' + pick(random, 26)), i);
		world_add_thing(world, (uint32_t) pick(random, world->rules.namespace_count), label);
	}
}

static inline void
history_events(World *world, uint64_t *random)
{
	int64_t times = 1 + (int64_t) pick(random, 60);

	world->event_count = 5 + (int) pick(random, 146);
	for (int i = 0; i < world->event_count; i++)
	{
		Event *event = &world->events[i];
		int wanted = 1 + (int) pick(random, pick(random, 8) == 0 ? MAX_ON_EVENT : 3);
		int near_thing = (int) pick(random, (uint64_t) world->thing_count);

		event->at = (int64_t) pick(random, (uint64_t) times) + (pick(random, 2) ? i : 0);
		event->source = (int) pick(random, MAX_SOURCES);
		for (int k = 0; k < wanted; k++)
		{
			/* neighbours by number meet more often: a few denser crowds */
			int thing = pick(random, 3) == 0
							? (int) pick(random, (uint64_t) world->thing_count)
							: (near_thing + (int) pick(random, 4)) % world->thing_count;

			if (!driver_carries(event, thing))
				event->things[event->count++] = thing;
		}
	}
}

/* A user_id near a thing, or NOBODY. */
static inline int
pick_user(const World *world, uint64_t *random, int near_thing)
{
	for (int i = 0; i < 12; i++)
	{
		int thing = (near_thing + (int) pick(random, 6)) % world->thing_count;

		if (world->things[thing].name_space == 0)
			return thing;
	}
	return NOBODY;
}

/* Makes aliases of a quarter of the events or of most, and some derived pairs. */
static inline void
history_aliases(World *world, uint64_t *random)
{
	bool crowded = pick(random, 3) == 0;

	if (crowded)
	{
		world->max_links[0][0] = 1 + (uint32_t) pick(random, 3);
		world->rules.cap = CDPK_UNLIMITED;
		for (int source = 0; source < MAX_SOURCES; source++)
			world->believed[source] = pick(random, 4) > 0;
	}
	for (int i = 0; i < world->event_count; i++)
	{
		Event *event = &world->events[i];
		int user = pick_user(world, random, event->things[0]);
		int previous = pick_user(world, random, event->things[0]);

		if (user == NOBODY || previous == NOBODY || user == previous ||
			(crowded ? pick(random, 3) == 0 : pick(random, 4) != 0) || event->count == MAX_ON_EVENT)
			continue;
		for (int k = 0; k < event->count; k++)
			if (event->things[k] == user || event->things[k] == previous)
				event->things[k--] = event->things[--event->count];
		for (int k = event->count++; k > 0; k--)
			event->things[k] = event->things[k - 1];
		event->things[0] = user;
		event->previous = previous + 1;
	}
	for (uint64_t i = pick(random, 3); i > 0; i--)
	{
		int a = (int) pick(random, (uint64_t) world->thing_count);
		int b = (int) pick(random, (uint64_t) world->thing_count);

		world->derived[a][b] = world->derived[b][a] = a != b;
	}
}

/* A change of a verdict or rule; "seen": events that have arrived by then. */
static inline Op
history_op(const World *world, bool same, uint64_t *random, int seen)
{
	Op op;
	const Event *event = &world->events[pick(random, (uint64_t) seen)];

	/* erasures are the only way to a later rank of one link, so they are frequent */
	op.kind = pick(random, 4) == 0 ? OP_ERASE : (OpKind) pick(random, OP_KINDS);
	if (same && pick(random, 3) == 0)
		op.kind = OP_SAME;
	else if (!same && (op.kind == OP_SAME || op.kind == OP_BELIEVE))
		op.kind = OP_FORBID;
	op.a = event->things[0];
	op.b = event->things[event->count - 1];
	op.value = 0;
	if (event->previous > 0 && pick(random, 2) == 0)
	{
		static const OpKind kinds[] = {OP_FORBID, OP_ALLOW, OP_UNLINK, OP_BLOCK};

		op.a = event->things[0];
		op.b = event->previous - 1;
		if (pick(random, 2) == 0)
			op.kind = kinds[pick(random, 4)];
	}
	else if (op.a == op.b || pick(random, 3) == 0)
		op.b =
			(op.a + 1 + (int) pick(random, (uint64_t) world->thing_count - 1)) % world->thing_count;
	switch (op.kind)
	{
		case OP_SHARING:
			op.value = (int64_t) pick(random, 3);
			break;
		case OP_ERASE:
			op.a = (int) pick(random, (uint64_t) seen);
			break;
		case OP_LIMIT:
			op.a = (int) pick(random, world->rules.namespace_count);
			op.value = pick_limit(random, 3, 1, 4);
			break;
		case OP_CAP:
			op.value = pick_limit(random, 3, 2, 10);
			break;
		case OP_MAX_LINKS:
			op.a = (int) pick(random, world->rules.namespace_count);
			op.b = (int) pick(random, world->rules.namespace_count);
			op.value = pick_limit(random, 3, 1, 5);
			break;
		case OP_BELIEVE:
			op.a = (int) pick(random, MAX_SOURCES);
			op.value = (int64_t) pick(random, 2);
			break;
		case OP_TRUST:
			op.a = (int) pick(random, MAX_SOURCES);
			op.value = 1 + (int64_t) pick(random, 3);
			break;
		case OP_PRIORITY:
			op.a = (int) pick(random, world->rules.namespace_count);
			op.value = pick_priority(random);
			break;
		default:
			break;
	}
	return op;
}

/* history_undo: verdicts that withdraw earlier ones are as frequent as those. */
static inline void
history_undo(const Phase *before, Op *op, uint64_t *random)
{
	const Op *earlier;

	if (before->op_count == 0 || pick(random, 2) == 0)
		return;
	earlier = &before->ops[pick(random, (uint64_t) before->op_count)];
	for (int i = 0; i < before->op_count && pick(random, 2) == 0; i++)
		if (before->ops[i].kind == OP_FORBID)
			earlier = &before->ops[i];
	if (earlier->kind == OP_FORBID || earlier->kind == OP_SAME || earlier->kind == OP_UNLINK ||
		earlier->kind == OP_BLOCK || earlier->kind == OP_SHARING)
	{
		*op = *earlier;
		op->kind =
			earlier->kind == OP_FORBID || earlier->kind == OP_SAME || earlier->kind == OP_UNLINK
				? OP_ALLOW
			: earlier->kind == OP_BLOCK ? OP_UNBLOCK
										: OP_SHARING;
		op->value = CDPK_SHARING_BY_COUNT;
	}
	else if (earlier->kind == OP_LIMIT || earlier->kind == OP_CAP || earlier->kind == OP_MAX_LINKS)
	{
		*op = *earlier;
		op->value = CDPK_UNLIMITED;
	}
}

static inline void
history_make(History *history, uint64_t seed)
{
	uint64_t random = seed;
	World *world = &history->world;
	int next = 0;

	memset(history, 0, sizeof(*history));
	world_init(world, 2 + (uint32_t) pick(&random, 5));
	history_rules(world, &random);
	history_things(world, &random);
	history_events(world, &random);
	history->same = pick(&random, 3) > 0;
	if (history->same)
		history_aliases(world, &random);
	history->phase_count = 1 + (int) pick(&random, MAX_PHASES);
	for (int i = 0; i < history->phase_count; i++)
	{
		Phase *phase = &history->phases[i];

		phase->first_event = next;
		phase->event_count = i == history->phase_count - 1
								 ? world->event_count - next
								 : (int) pick(&random, (uint64_t) (world->event_count - next) + 1);
		next += phase->event_count;
		phase->op_count = next > 0 ? (int) pick(&random, 1 + MAX_OPS / 2) : 0;
		if (pick(&random, 8) == 0 && next > 0)
			phase->op_count = MAX_OPS;
		for (int k = 0; k < phase->op_count; k++)
		{
			phase->ops[k] = history_op(world, history->same, &random, next);
			if (i > 0)
				history_undo(&history->phases[i - 1], &phase->ops[k], &random);
		}
	}
}

/* ---------------------------------------------------------------- feeding */

typedef enum FeedOrder
{
	FEED_AS_MADE,
	FEED_BY_TIME,
	FEED_BACKWARDS,
	FEED_SHUFFLED,
	FEED_ORDERS
} FeedOrder;

static const Event *feed_events;

static inline int
feed_by_time(const void *x, const void *y)
{
	int a = *(const int *) x;
	int b = *(const int *) y;

	if (feed_events[a].at != feed_events[b].at)
		return feed_events[a].at < feed_events[b].at ? -1 : 1;
	return a - b;
}

static inline void
feed_arrange(const World *world, const Phase *phase, FeedOrder order, uint64_t *random, int *events)
{
	for (int i = 0; i < phase->event_count; i++)
		events[i] = order == FEED_BACKWARDS ? phase->first_event + phase->event_count - 1 - i
											: phase->first_event + i;
	feed_events = world->events;
	if (order == FEED_BY_TIME)
		qsort(events, (size_t) phase->event_count, sizeof(int), feed_by_time);
	for (int i = phase->event_count - 1; i > 0 && order == FEED_SHUFFLED; i--)
	{
		int other = (int) pick(random, (uint64_t) i + 1);
		int swap = events[i];

		events[i] = events[other];
		events[other] = swap;
	}
}

/*
 * Feeds the events of a phase in batches of up to 50, then its verdicts: in a
 * batch of their own, or left for the first batch of the next phase.  Returns
 * what went wrong, or NULL.
 */
static inline const char *
feed_phase(Store *store, const Phase *phase, FeedOrder order, const Phase **left,
		   Reference *reference)
{
	int events[MAX_EVENTS];
	int longest = 1 + (int) pick(&store->random, 50);
	const char *difference = NULL;

	feed_arrange(&store->world, phase, order, &store->random, events);
	for (int at = 0; at < phase->event_count && difference == NULL;)
	{
		int count = 1 + (int) pick(&store->random, (uint64_t) longest);

		if (count > phase->event_count - at)
			count = phase->event_count - at;
		driver_batch(store, *left != NULL ? (*left)->ops : NULL,
					 *left != NULL ? (*left)->op_count : 0, events + at, count);
		*left = NULL;
		at += count;
		if (store->failed != NULL || at == phase->event_count || store_chance(store, 3))
			difference = compare_with_reference(store, reference);
	}
	if (difference != NULL)
		return difference;
	if (*left == NULL && store_chance(store, 2))
	{
		*left = phase;
		return NULL;
	}
	if (*left != NULL)
		driver_batch(store, (*left)->ops, (*left)->op_count, NULL, 0);
	*left = NULL;
	driver_batch(store, phase->ops, phase->op_count, NULL, 0);
	return compare_with_reference(store, reference);
}

/*
 * Feeds a history in one order, with one of the faults in the algorithm; returns
 * what went wrong, or NULL.
 */
static inline const char *
feed_history(const History *history, FeedOrder order, uint64_t seed, CdpkStitchFault fault,
			 Store *store, Reference *reference)
{
	const Phase *left = NULL;
	const char *difference = NULL;

	store_init(store, &history->world, seed);
	store->fault = fault;
	for (int i = 0; i < history->phase_count && difference == NULL; i++)
		difference = feed_phase(store, &history->phases[i], order, &left, reference);
	if (difference == NULL && left != NULL)
	{
		driver_batch(store, left->ops, left->op_count, NULL, 0);
		difference = compare_with_reference(store, reference);
	}
	return difference != NULL ? difference : compare_with_rebuild(store);
}

#endif /* STITCH_HISTORY_H */
