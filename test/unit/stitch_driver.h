/*
 * stitch_driver.h
 *		The caller's part of a batch: verdicts, rule changes and events go into the
 *		tables, the stitch is told what changed, and what it says is applied.
 */
#ifndef STITCH_DRIVER_H
#define STITCH_DRIVER_H

#include "stitch_reference.h"
#include "stitch_store.h"

typedef enum OpKind
{
	OP_FORBID,     /* a, b */
	OP_ALLOW,      /* a, b */
	OP_UNLINK,     /* a, b */
	OP_UNLINK_ALL, /* a */
	OP_SHARING,    /* a; value: CdpkSharing */
	OP_BLOCK,      /* a */
	OP_UNBLOCK,    /* a */
	OP_ERASE,      /* a: an event */
	OP_LIMIT,      /* a: a namespace; value */
	OP_CAP,        /* value */
	OP_MAX_LINKS,  /* a, b: namespaces; value */
	OP_SAME,       /* a, b */
	OP_BELIEVE,    /* a: a source; value */
	OP_TRUST,      /* a: a source; value */
	OP_PRIORITY,   /* a: a namespace; value */
	OP_KINDS
} OpKind;

typedef struct Op
{
	OpKind kind;
	int a;
	int b;
	int64_t value;
} Op;

/*
 * Change a rule or a verdict.  Unlinks, which ask what evidence there is, and events are the caller's:
 * of these this returns false.
 */
static inline bool
world_change(World *world, const Op *op)
{
	switch (op->kind)
	{
		case OP_FORBID:
			if (!world_parts_declared(world, op->a, op->b))
				world->forbidden[op->a][op->b] = world->forbidden[op->b][op->a] = true;
			return true;
		case OP_SAME:
			if (!world_cannot_be_same(world, op->a, op->b))
				world->same[op->a][op->b] = world->same[op->b][op->a] = true;
			return true;
		case OP_ALLOW:
			world->forbidden[op->a][op->b] = world->forbidden[op->b][op->a] = false;
			world->same[op->a][op->b] = world->same[op->b][op->a] = false;
			return true;
		case OP_BELIEVE:
			world->believed[op->a] = op->value != 0;
			return true;
		case OP_SHARING:
			world->sharing[op->a] = (CdpkSharing) op->value;
			return true;
		case OP_BLOCK:
		case OP_UNBLOCK:
			world->blocked[op->a] = op->kind == OP_BLOCK;
			return true;
		case OP_LIMIT:
			world->namespaces[op->a].max_per_profile = (uint32_t) op->value;
			return true;
		case OP_CAP:
			world->rules.cap = (uint32_t) op->value;
			return true;
		case OP_MAX_LINKS:
			world->max_links[op->a][op->b] = (uint32_t) op->value;
			return true;
		case OP_TRUST:
			world->trust[op->a] = (int32_t) op->value;
			return true;
		case OP_PRIORITY:
			world->namespaces[op->a].priority = (int32_t) op->value;
			return true;
		default:
			return false;
	}
}

/* What one batch changes, beside evidence. */
typedef struct Batch
{
	World old; /* rules and verdicts before it */
	bool ranks_changed;
	bool priorities_changed;
} Batch;

/* ---------------------------------------------------------------- verdicts and rules */

static inline void
driver_unlink(Store *store, int a, int b)
{
	int64_t latest = store_latest(store, a, b);

	if (latest > store->world.unlinked[a][b])
		store->world.unlinked[a][b] = store->world.unlinked[b][a] = latest;
}

static inline void
driver_apply_op(Store *store, Batch *batch, const Op *op)
{
	World *world = &store->world;

	world_change(world, op);
	switch (op->kind)
	{
		case OP_ALLOW:
			world->unlinked[op->a][op->b] = world->unlinked[op->b][op->a] = NEVER;
			/* fall through */
		case OP_FORBID:
		case OP_SAME:
			store_name(store, op->a);
			store_name(store, op->b);
			break;
		case OP_UNLINK:
			if (!world_parts_declared(world, op->a, op->b))
				driver_unlink(store, op->a, op->b);
			break;
		case OP_UNLINK_ALL:
			for (int b = 0; b < world->thing_count; b++)
				if (b != op->a)
					driver_unlink(store, op->a, b);
			break;
		case OP_ERASE:
			world->in_log[op->a] = false;
			break;
		case OP_TRUST:
			batch->ranks_changed = true;
			break;
		case OP_PRIORITY:
			batch->ranks_changed = true;
			batch->priorities_changed = true;
			break;
		default:
			break;
	}
}

/* driver_relabel: other priorities, other strongest identifiers, other ids of profiles. */
static inline void
driver_relabel(Store *store)
{
	int64_t renamed[MAX_THINGS];

	for (int a = 0; a < store->world.thing_count; a++)
	{
		int strongest = a;

		for (int b = 0; b < store->world.thing_count; b++)
			if (store->profile_id[b] == store->profile_id[a] &&
				reference_stronger(&store->world, b, strongest))
				strongest = b;
		renamed[a] = store->profile_id[a] == 0 ? 0 : store->identifier_id[strongest];
	}
	for (int i = 0; i < store->profile_count; i++)
		store->profiles[i].profile_id = renamed[store_thing(store, store->profiles[i].profile_id)];
	memcpy(store->profile_id, renamed, sizeof(int64_t) * (size_t) store->world.thing_count);
}

/* driver_is_counted: whether no other of its class and namespace is counted for it. */
static inline bool
driver_is_counted(const Store *store, int a)
{
	for (int b = 0; b < a && store->class_id[a] != 0; b++)
		if (store->class_id[b] == store->class_id[a] &&
			store->world.things[b].name_space == store->world.things[a].name_space)
			return false;
	return true;
}

/* driver_recount fills in what the summaries lack: counts of a namespace that had no limit. */
static inline void
driver_recount(Store *store, const Batch *batch)
{
	for (int i = 0; i < store->profile_count; i++)
	{
		ProfileRow *row = &store->profiles[i];

		if (batch->ranks_changed)
			row->last_known = false;
		for (uint32_t k = 0; k < store->world.rules.namespace_count; k++)
		{
			if (batch->old.namespaces[k].max_per_profile != CDPK_UNLIMITED)
				continue;
			row->counts[k] = 0;
			for (int a = 0; a < store->world.thing_count; a++)
				if (store->profile_id[a] == row->profile_id &&
					store->world.things[a].name_space == k && driver_is_counted(store, a))
					row->counts[k]++;
		}
	}
}

/* ---------------------------------------------------------------- what changed */

static inline CdpkStatus
driver_tell_identifiers(Store *store, CdpkStitch *stitch)
{
	for (int a = 0; a < store->world.thing_count; a++)
		if (store->identifier_id[a] != 0 &&
			(store->present[a] != (store->profile_id[a] != 0) || store_chance(store, 8)))
			STITCH_TRY(store_add_identifier(store, stitch, a));
	return CDPK_OK;
}

static inline CdpkStatus
driver_tell_evidence(Store *store, CdpkStitch *stitch)
{
	for (int a = 0; a < store->world.thing_count; a++)
		for (int b = a + 1; b < store->world.thing_count; b++)
		{
			CdpkStitchChange change;
			bool same;

			memset(&change, 0, sizeof(change));
			change.a = store->identifier_id[a];
			change.b = store->identifier_id[b];
			change.existed = store->before.exists[a][b];
			change.exists = store->now.exists[a][b];
			change.before = store->before.best[a][b];
			change.now = store->now.best[a][b];
			change.refused = store->refused[a][b];
			same = change.existed == change.exists &&
				   memcmp(&change.before, &change.now, sizeof(CdpkEvidence)) == 0;
			/* pairs that did not change do no harm, and those of the blocked need not be told */
			if ((change.existed || change.exists) && (!same || store_chance(store, 16)) &&
				((store->present[a] && store->present[b]) || store_chance(store, 2)))
				STITCH_TRY(cdpk_stitch_evidence_changed(stitch, &change, 1));
		}
	return CDPK_OK;
}

static inline CdpkStatus
driver_tell_sharing(Store *store, CdpkStitch *stitch, const Batch *batch)
{
	CdpkStitchCount before[MAX_NAMES];
	CdpkStitchCount now[MAX_NAMES];

	for (int a = 0; a < store->world.thing_count; a++)
	{
		uint32_t mine = store->world.things[a].name_space;

		if (!store->present[a])
			continue;
		store_count(store, &store->before, a, before);
		store_count(store, &store->now, a, now);
		if (store->profile_id[a] != 0 && memcmp(before, now, sizeof(now)) == 0 &&
			batch->old.sharing[a] == store->world.sharing[a] &&
			memcmp(batch->old.max_links[mine], store->world.max_links[mine],
				   sizeof(store->world.max_links[mine])) == 0 &&
			!store_chance(store, 8))
			continue;
		STITCH_TRY(store_add_identifier(store, stitch, a));
		STITCH_TRY(cdpk_stitch_judge_sharing(stitch, store->identifier_id[a],
											 store->world.sharing[a], now,
											 store->world.rules.namespace_count));
	}
	return CDPK_OK;
}

static inline CdpkStatus
driver_tell_verdicts(Store *store, CdpkStitch *stitch, const Batch *batch)
{
	for (int a = 0; a < store->world.thing_count; a++)
		for (int b = a + 1; b < store->world.thing_count; b++)
		{
			if (store->world.forbidden[a][b] && !batch->old.forbidden[a][b])
				STITCH_TRY(cdpk_stitch_forbidden(stitch, store->identifier_id[a],
												 store->identifier_id[b]));
			if (!store->world.forbidden[a][b] && batch->old.forbidden[a][b])
				STITCH_TRY(
					cdpk_stitch_allowed(stitch, store->identifier_id[a], store->identifier_id[b]));
		}
	return CDPK_OK;
}

/* driver_must_check: whether a profile may break a rule, or ranks at its border changed. */
static inline bool
driver_must_check(Store *store, const Batch *batch, const ProfileRow *row)
{
	for (uint32_t i = 0; i < store->world.rules.namespace_count; i++)
		if (row->counts[i] > store->world.namespaces[i].max_per_profile)
			return true;
	if (row->identifiers > store->world.rules.cap)
		return true;
	for (int a = 0; batch->ranks_changed && a < store->world.thing_count; a++)
		for (int b = 0; b < store->world.thing_count; b++)
			if (store->profile_id[a] == row->profile_id && store->refused[a][b])
				return true;
	return false;
}

/* driver_must_retry: whether the reasons of a refused link name a rule that is looser now. */
static inline bool
driver_must_retry(Store *store, const Batch *batch, int a, int b)
{
	World *old = (World *) &batch->old;
	CdpkStitchProfile sides[2];
	CdpkStitchCount counts[2][MAX_NAMES];
	int32_t reasons[MAX_NAMES + 2];
	size_t count;

	if (!store_summary(store, old, a, &sides[0], counts[0]) ||
		!store_summary(store, old, b, &sides[1], counts[1]))
		return false;
	count = (stitch_is_same(&store->before.best[a][b])
				 ? cdpk_stitch_same_reasons
				 : cdpk_stitch_reasons)(&old->rules, &sides[0], &sides[1], false, reasons);
	for (size_t i = 0; i < count; i++)
		if (reasons[i] == CDPK_REASON_CAP ? store->world.rules.cap > old->rules.cap
										  : store->world.namespaces[reasons[i]].max_per_profile >
												old->namespaces[reasons[i]].max_per_profile)
			return true;
	return false;
}

static inline CdpkStatus
driver_tell_rules(Store *store, CdpkStitch *stitch, const Batch *batch)
{
	if (store->frozen != 0)
		STITCH_TRY(cdpk_stitch_freeze_profiles(stitch, &store->frozen, 1));
	for (int i = 0; i < store->profile_count; i++)
		if (driver_must_check(store, batch, &store->profiles[i]) || store_chance(store, 40))
			STITCH_TRY(cdpk_stitch_check_profiles(stitch, &store->profiles[i].profile_id, 1));
	for (int a = 0; a < store->world.thing_count; a++)
		for (int b = a + 1; b < store->world.thing_count; b++)
		{
			CdpkStitchLink link = {store->identifier_id[a], store->identifier_id[b],
								   store->now.best[a][b], true};

			if (store->refused[a][b] && store->now.exists[a][b] &&
				(driver_must_retry(store, batch, a, b) || store_chance(store, 40)))
				STITCH_TRY(cdpk_stitch_retry(stitch, &link, 1));
		}
	return CDPK_OK;
}

/* ---------------------------------------------------------------- what comes of it */

static inline void
driver_apply_moves(Store *store, const CdpkStitchResult *result)
{
	int64_t old[MAX_THINGS];

	memcpy(old, store->profile_id, sizeof(old));
	for (size_t i = 0; i < result->profile_move_count; i++)
	{
		const CdpkStitchMove *move = &result->profile_moves[i];

		if (store_profile(store, move->from) == NULL || move->id != move->from || move->to == 0 ||
			move->to == move->from)
			store_fail(store, "a profile is moved that is not there, or nowhere");
		for (int a = 0; a < store->world.thing_count; a++)
			if (old[a] == move->from)
				store->profile_id[a] = move->to;
	}
	for (size_t i = 0; i < result->identifier_move_count; i++)
	{
		const CdpkStitchMove *move = &result->identifier_moves[i];
		int thing = store_thing(store, move->id);

		if (thing < 0 || old[thing] != move->from || store->profile_id[thing] != old[thing] ||
			move->from == move->to)
			store_fail(store, "an identifier is moved from where it is not");
		else
			store->profile_id[thing] = move->to;
	}
}

static inline void
driver_apply_profiles(Store *store, const CdpkStitchResult *result)
{
	for (size_t i = 0; i < result->ended_count; i++)
	{
		ProfileRow *row = store_profile(store, result->ended[i]);

		if (row == NULL)
			store_fail(store, "a profile ends that is not there");
		else
			*row = store->profiles[--store->profile_count];
	}
	for (size_t i = 0; i < result->profile_count; i++)
	{
		const CdpkStitchProfile *profile = &result->profiles[i];
		ProfileRow *row = store_profile(store, profile->profile_id);

		if (row == NULL)
			row = &store->profiles[store->profile_count++];
		memset(row, 0, sizeof(*row));
		row->profile_id = profile->profile_id;
		row->identifiers = profile->identifiers;
		for (size_t k = 0; k < profile->count_length; k++)
			row->counts[profile->counts[k].name_space] = profile->counts[k].count;
		row->has_forbid = profile->has_forbid;
		row->shared = profile->shared;
		row->last_known = profile->last_known;
		row->last = profile->last;
	}
}

/* driver_anchor anchors one event. */
static inline void
driver_anchor(Store *store, int i)
{
	const World *world = &store->world;

	store->anchor[i] =
		world->in_log[i] ? reference_anchor(world, store->shared, &world->events[i]) : NOBODY;
}

static inline bool
driver_carries(const Event *event, int thing)
{
	for (int k = 0; k < event->count; k++)
		if (event->things[k] == thing)
			return true;
	return false;
}

static inline void
driver_apply_anchors(Store *store, const Batch *batch, const CdpkStitchResult *result)
{
	for (size_t i = 0; i < result->reanchor_count; i++)
	{
		int thing = store_thing(store, result->reanchor[i].identifier_id);

		for (int k = 0; k < store->world.event_count; k++)
			if (store->world.in_log[k] && (result->reanchor[i].events == CDPK_ANCHORED
											   ? store->anchor[k] == thing
											   : driver_carries(&store->world.events[k], thing)))
				driver_anchor(store, k);
	}
	/* the caller's own: new and erased events, unblocked identifiers, other priorities */
	for (int k = 0; k < store->world.event_count; k++)
	{
		bool anew = batch->priorities_changed || store->world.in_log[k] != batch->old.in_log[k];

		for (int a = 0; a < store->world.thing_count; a++)
			anew |= batch->old.blocked[a] && !store->world.blocked[a] &&
					driver_carries(&store->world.events[k], a);
		if (anew)
			driver_anchor(store, k);
	}
}

static inline void
driver_apply(Store *store, const Batch *batch, const CdpkStitchResult *result)
{
	for (int a = 0; a < store->world.thing_count; a++)
		for (int b = a + 1; b < store->world.thing_count; b++)
			/* the flag goes with the row */
			if (!store->now.exists[a][b])
				store->refused[a][b] = store->refused[b][a] = false;
	for (size_t i = 0; i < result->link_count; i++)
	{
		int a = store_thing(store, result->links[i].a);
		int b = store_thing(store, result->links[i].b);

		store->refused[a][b] = store->refused[b][a] = result->links[i].refused;
	}
	for (size_t i = 0; i < result->sharing_count; i++)
	{
		bool *shared = &store->shared[store_thing(store, result->sharing[i].identifier_id)];

		if (*shared == result->sharing[i].shared)
			store_fail(store, "sharing changes to what it was");
		*shared = result->sharing[i].shared;
	}
	for (size_t i = 0; i < result->class_count; i++)
	{
		int64_t *class_id = &store->class_id[store_thing(store, result->classes[i].identifier_id)];

		if (*class_id == result->classes[i].class_id)
			store_fail(store, "a class changes to what it was");
		*class_id = result->classes[i].class_id;
	}
	driver_apply_moves(store, result);
	driver_apply_profiles(store, result);
	driver_apply_anchors(store, batch, result);
}

/* ---------------------------------------------------------------- one batch */

static inline CdpkStatus
driver_stitch(Store *store, CdpkStitch *stitch, const Batch *batch)
{
#ifdef CDPK_FAULTS
	stitch->fault = store->fault;
#endif
	STITCH_TRY(driver_tell_identifiers(store, stitch));
	STITCH_TRY(driver_tell_evidence(store, stitch));
	STITCH_TRY(driver_tell_sharing(store, stitch, batch));
	STITCH_TRY(driver_tell_verdicts(store, stitch, batch));
	STITCH_TRY(driver_tell_rules(store, stitch, batch));
	return cdpk_stitch_run(stitch);
}

static inline void
driver_add_statistics(CdpkStitchStatistics *total, const CdpkStitchStatistics *more)
{
	total->inserted += more->inserted;
	total->joined += more->joined;
	total->refused_at_once += more->refused_at_once;
	total->refused_after_search += more->refused_after_search;
	total->early_conflicts += more->early_conflicts;
	total->reworks += more->reworks;
	total->identifiers_reworked += more->identifiers_reworked;
	total->profiles_grown += more->profiles_grown;
	total->profiles_split += more->profiles_split;
}

/* driver_begin clears what is kept for one batch. */
static inline void
driver_begin(Store *store)
{
	memset(store->asked_identifier, 0, sizeof(store->asked_identifier));
	memset(store->asked_profile, 0, sizeof(store->asked_profile));
	memset(store->asked_contents, 0, sizeof(store->asked_contents));
	memset(store->asked_links, 0, sizeof(store->asked_links));
}

/* driver_write puts verdicts, rule changes and events into the tables. */
static inline void
driver_write(Store *store, Batch *batch, const Op *ops, int op_count, const int *events,
			 int event_count)
{
	batch->old = store->world;
	batch->old.rules.namespaces = batch->old.namespaces;
	batch->ranks_changed = batch->priorities_changed = false;
	for (int i = 0; i < op_count; i++)
		driver_apply_op(store, batch, &ops[i]);
	store_find_links(store, &batch->old, &store->before);
	for (int i = 0; i < event_count; i++)
	{
		store->world.in_log[events[i]] = true;
		for (int k = 0; k < store->world.events[events[i]].count; k++)
			store_name(store, store->world.events[events[i]].things[k]);
		if (store->world.events[events[i]].previous > 0)
			store_name(store, store->world.events[events[i]].previous - 1);
	}
	store_read_log(store);
	for (int a = 0; a < store->world.thing_count; a++)
		store->present[a] = world_is_present(&store->world, a);
	store_find_links(store, &store->world, &store->now);
	if (batch->priorities_changed)
		driver_relabel(store);
	if (op_count > 0)
		driver_recount(store, batch);
}

/* driver_batch takes verdicts and rule changes, then events, in one batch. */
static inline void
driver_batch(Store *store, const Op *ops, int op_count, const int *events, int event_count)
{
	CdpkStitchStore callbacks = store_callbacks(store);
	CdpkStitch *stitch;
	static Batch batch;

	driver_begin(store);
	driver_write(store, &batch, ops, op_count, events, event_count);
	store->status = cdpk_stitch_new(&store->world.rules, &callbacks, store->allocator, &stitch);
	if (store->status != CDPK_OK)
	{
		store_fail(store, "no stitch");
		return;
	}
	store->status = driver_stitch(store, stitch, &batch);
	if (store->status == CDPK_OK)
	{
		driver_apply(store, &batch, cdpk_stitch_result(stitch));
		store->declined += cdpk_stitch_result(stitch)->declined_count;
		driver_add_statistics(&store->statistics, &cdpk_stitch_result(stitch)->statistics);
	}
	else
		store_fail(store, "the run failed");
	cdpk_stitch_free(stitch);
}

#endif /* STITCH_DRIVER_H */
