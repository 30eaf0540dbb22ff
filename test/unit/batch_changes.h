/*
 * batch_changes.h
 *		Verdicts and rules: written to the tables, and what they change, for the batch.
 */
#ifndef BATCH_CHANGES_H
#define BATCH_CHANGES_H

#include "batch_store.h"

#define MAX_ROWS (3 * MAX_EVENTS)
#define MAX_PAIRS (MAX_THINGS * MAX_THINGS)

/* What is handed to one batch; lives until it is freed. */
typedef struct Handed
{
	CdpkBatchRow rows[MAX_ROWS];
	int events[MAX_ROWS];
	int row_count;
	CdpkBatchIdPair unlinked[MAX_PAIRS];
	int64_t blocked[MAX_THINGS];
	CdpkStitchLink retry[2 * MAX_PAIRS];
	int64_t check[MAX_THINGS];
	CdpkBatchForbid forbids[MAX_PAIRS];
	int64_t judged[MAX_THINGS];
	CdpkBatchReread reread[MAX_EVENTS];
	CdpkBatchReread taken_back[MAX_EVENTS];
	int taken_events[MAX_EVENTS];
	CdpkBatchIdPair relinked[MAX_PAIRS];
	int64_t realiased[MAX_THINGS];
	CdpkBatchRow survivors[MAX_EVENTS];
	int64_t reranked[MAX_THINGS];
	int64_t refolded[2];
	CdpkBatchChanges changes;
	CdpkStitchCount counts[MAX_THINGS][MAX_NAMES];
	CdpkBatchStray strays[MAX_EVENTS];
	int stray_numbers[MAX_EVENTS]; /* as those of rows */
	CdpkBatchLogged logged[MAX_EVENTS];
	World old;
} Handed;

/* Return the thing with a payload. */
static inline int
pass_thing(const Tables *tables, const CdpkBatchBytes *payload)
{
	for (int i = 0; i < tables->world.thing_count; i++)
		if (tables->world.things[i].length == payload->length &&
			memcmp(tables->world.things[i].payload, payload->bytes, payload->length) == 0)
			return i;
	return NOBODY;
}

static inline bool
pass_one_in(Tables *tables, unsigned one_in)
{
	return !tables->plain && unit_random(&tables->random) % one_in == 0;
}

/* ---------------------------------------------------------------- verdicts and rules */

static inline bool
tables_linked(const Tables *tables, int a, int b, int64_t *latest, CdpkEvidence *best)
{
	bool first = tables->identifier_id[a] < tables->identifier_id[b];
	const LinkRow *rows = tables->links[first ? a : b][first ? b : a];
	bool exists = false;

	*latest = NEVER;
	for (int source = 0; source < MAX_SOURCES; source++)
	{
		CdpkEvidence evidence = {tables->world.trust[source], rows[source].first_at};

		if (!rows[source].exists)
			continue;
		if (rows[source].last_at > *latest)
			*latest = rows[source].last_at;
		if (rows[source].believed)
			evidence.trust = CDPK_TRUST_ALIAS;
		if (!exists || stitch_evidence_earlier(&evidence, best))
			*best = evidence;
		exists = true;
	}
	return exists;
}

static inline bool
tables_refused(const Tables *tables, int a, int b)
{
	bool first = tables->identifier_id[a] < tables->identifier_id[b];

	for (int source = 0; source < MAX_SOURCES; source++)
	{
		const LinkRow *row = &tables->links[first ? a : b][first ? b : a][source];

		if (row->exists && row->refused)
			return true;
	}
	return false;
}

static inline void
pass_write_unlink(Tables *tables, int a, int b)
{
	CdpkEvidence best;
	int64_t latest;

	if (tables_linked(tables, a, b, &latest, &best) && latest > tables->world.unlinked[a][b])
		tables->world.unlinked[a][b] = tables->world.unlinked[b][a] = latest;
}

/* An event that is taken back is out of the world's log at once; the tables lose it with the batch. */
static inline void
pass_write_op(Tables *tables, const Op *op)
{
	/* what is refused is so in all rows of the pair */
	if (op->kind == OP_SAME && tables->identifier_id[op->a] != 0 &&
		tables->identifier_id[op->b] != 0 && tables_refused(tables, op->a, op->b))
		tables->same_refused[op->a][op->b] = tables->same_refused[op->b][op->a] = true;
	if (op->kind == OP_ALLOW)
		tables->world.unlinked[op->a][op->b] = tables->world.unlinked[op->b][op->a] = NEVER;
	if (world_change(&tables->world, op))
		return;
	if (op->kind == OP_ERASE && tables_is_folded(tables, op->a))
		tables->not_taken++;
	else if (op->kind == OP_ERASE)
		tables->world.in_log[op->a] = false;
	else if (op->kind == OP_UNLINK && !world_parts_declared(&tables->world, op->a, op->b))
		pass_write_unlink(tables, op->a, op->b);
	else if (op->kind == OP_UNLINK_ALL)
		for (int b = 0; b < tables->world.thing_count; b++)
			if (b != op->a)
				pass_write_unlink(tables, op->a, b);
}

/* Bring summaries up to date with rules and verdicts, as what changes those does. */
static inline void
pass_correct_summaries(Tables *tables, bool ranks_changed)
{
	for (int id = 1; id < 2 * MAX_THINGS; id++)
	{
		PersonRow *row = &tables->people[id];

		if (!row->exists)
			continue;
		row->summary.last_known &= !ranks_changed;
		row->summary.has_forbid = false;
		memset(row->counts, 0, sizeof(row->counts));
		for (int a = 0; a < tables->world.thing_count; a++)
			if (tables->profile_id[a] == id)
			{
				bool counted = true;

				for (int b = 0; b < a && tables->class_id[a] != 0; b++)
					counted &=
						tables->class_id[b] != tables->class_id[a] ||
						tables->world.things[b].name_space != tables->world.things[a].name_space;
				row->counts[tables->world.things[a].name_space] += counted;
				row->summary.has_forbid |= tables_is_forbidden(tables, a);
			}
	}
}

static inline void
pass_find_pairs(Tables *tables, Handed *handed)
{
	const World *world = &tables->world;
	CdpkBatchChanges *changes = &handed->changes;
	CdpkEvidence best = {0, 0};
	int64_t latest;

	for (int a = 0; a < world->thing_count; a++)
		for (int b = 0; b < world->thing_count; b++)
		{
			CdpkBatchIdPair pair = {tables->identifier_id[a], tables->identifier_id[b]};
			bool gone = (world->blocked[a] && !handed->old.blocked[a]) ||
						(world->blocked[b] && !handed->old.blocked[b]) ||
						world->unlinked[a][b] > handed->old.unlinked[a][b];
			bool again = world->unlinked[a][b] < handed->old.unlinked[a][b] && !gone &&
						 !world->blocked[a] && !world->blocked[b];
			CdpkBatchForbid forbid = {pair.a, pair.b, world->forbidden[a][b]};

			if (pair.a == 0 || pair.b == 0 || pair.a >= pair.b)
				continue;
			if (forbid.in_force != handed->old.forbidden[a][b])
				handed->forbids[changes->forbid_count++] = forbid;
			if (again)
				handed->relinked[changes->relinked_count++] = pair;
			if (!tables_linked(tables, a, b, &latest, &best))
				continue;
			if (gone)
				handed->unlinked[changes->unlinked_count++] = pair;
			else if (tables_refused(tables, a, b) && tables->profile_id[a] != 0 &&
					 tables->profile_id[b] != 0)
			{
				CdpkStitchLink link = {pair.a, pair.b, best, true};

				if (world_is_declared(world, a, b))
					link.evidence = (CdpkEvidence){CDPK_TRUST_SAME, 0};
				/* more of them than must be do no harm */
				handed->retry[changes->retry_count++] = link;
			}
		}
}

/* Return whether a limit or the cap is tighter than it was. */
static inline bool
pass_is_tighter(const Handed *handed, const World *world)
{
	for (uint32_t i = 0; i < world->rules.namespace_count; i++)
		if (world->namespaces[i].max_per_profile < handed->old.namespaces[i].max_per_profile)
			return true;
	return world->rules.cap < handed->old.rules.cap;
}

/* Rows of the base that carry what is not blocked any more, or name it as an earlier user_id. */
static inline void
pass_reread_base(Tables *tables, Handed *handed)
{
	for (int i = 0; i < tables->base_count; i++)
	{
		const CdpkBatchRow *row = &tables->base[i].said.row;
		CdpkBatchReread reread = {0, tables->base[i].anchor, *row};
		bool again = false;

		for (uint32_t k = 0; k < row->identifier_count + row->is_alias; k++)
		{
			int thing = pass_thing(tables, &row->identifiers[k]);

			again |= handed->old.blocked[thing] && !tables->world.blocked[thing];
		}
		if (again)
			handed->reread[handed->changes.reread_count++] = reread;
	}
}

static inline void
pass_find_identifiers(Tables *tables, Handed *handed, bool ranks_changed)
{
	const World *world = &tables->world;
	CdpkBatchChanges *changes = &handed->changes;

	for (int a = 0; a < world->thing_count; a++)
	{
		uint32_t mine = world->things[a].name_space;

		if (tables->identifier_id[a] == 0)
			continue;
		if (world->blocked[a] && tables->profile_id[a] != 0 && !tables->blocked[a])
			handed->blocked[changes->blocked_count++] = tables->identifier_id[a];
		if (world->sharing[a] != handed->old.sharing[a] ||
			memcmp(world->max_links[mine], handed->old.max_links[mine],
				   sizeof(world->max_links[mine])) != 0)
			handed->judged[changes->judged_count++] = tables->identifier_id[a];
		if (world->namespaces[mine].priority != handed->old.namespaces[mine].priority &&
			tables->profile_id[a] != 0 && !world->blocked[a])
			handed->reranked[changes->reranked_count++] = tables->identifier_id[a];
	}
	for (int i = 0; i < world->event_count; i++)
		for (int k = 0; tables_is_logged(tables, i) && k <= world->events[i].count; k++)
		{
			CdpkBatchReread reread = {tables->event_id[i], tables->anchor[i], tables->said[i].row};
			int thing = k < world->events[i].count ? world->events[i].things[k]
												   : world->events[i].previous - 1;

			if (!world->in_log[i])
			{
				handed->taken_events[changes->taken_back_count] = i;
				handed->taken_back[changes->taken_back_count++] = reread;
				break;
			}
			if (thing < 0 || !handed->old.blocked[thing] || world->blocked[thing])
				continue;
			handed->reread[changes->reread_count++] = reread;
			break;
		}
	pass_reread_base(tables, handed);
	for (int id = 1; id < 2 * MAX_THINGS; id++)
		if (tables->people[id].exists && (ranks_changed || pass_is_tighter(handed, world)))
			handed->check[changes->check_count++] = id;
}

/* Verdicts that lie between profiles, with no evidence beside them, may be accepted now. */
static inline void
pass_retry_same(Tables *tables, Handed *handed)
{
	for (int a = 0; a < tables->world.thing_count; a++)
		for (int b = 0; b < a; b++)
		{
			CdpkStitchLink link = {
				tables->identifier_id[a], tables->identifier_id[b], {CDPK_TRUST_SAME, 0}, true};

			if (tables->same_refused[a][b] && world_is_declared(&tables->world, a, b))
				handed->retry[handed->changes.retry_count++] = link;
			else
				tables->same_refused[a][b] = tables->same_refused[b][a] = false;
		}
}

/* Take events out of the log, and note what must be counted or folded anew. */
static inline void
pass_take_back(Tables *tables, const Handed *handed)
{
	for (size_t i = 0; i < handed->changes.taken_back_count; i++)
	{
		int event = handed->taken_events[i];
		int account = tables->said[event].account;

		if (account >= 0)
			tables->refold[account] = tables->recount[tables->anchor[event]] = true;
		tables->event_id[event] = tables->anchor[event] = 0;
		tables->taken_back[event] = true;
		tables->taken++;
	}
}

/* Other sources may be believed now, or another number of aliases. */
static inline void
pass_find_realiased(Tables *tables, Handed *handed)
{
	const World *world = &tables->world;
	bool bound = world->max_links[0][0] != handed->old.max_links[0][0];

	for (int a = 0; a < world->thing_count; a++)
	{
		bool concerned = false;

		for (int b = 0; b < world->thing_count && tables->identifier_id[a] != 0; b++)
			for (int source = 0; source < MAX_SOURCES; source++)
			{
				bool first = tables->identifier_id[a] < tables->identifier_id[b];
				const LinkRow *row = &tables->links[first ? a : b][first ? b : a][source];

				concerned |= row->exists && row->aliases > 0 &&
							 (bound || world->believed[source] != handed->old.believed[source]);
			}
		if (concerned)
			handed->realiased[handed->changes.realiased_count++] = tables->identifier_id[a];
	}
}

/* Write verdicts and rules, and find what they change. */
static inline void
pass_write_ops(Tables *tables, Handed *handed, const Op *ops, int op_count)
{
	bool ranks_changed = false;
	CdpkBatchChanges *changes = &handed->changes;

	handed->old = tables->world;
	for (int i = 0; i < op_count; i++)
	{
		pass_write_op(tables, &ops[i]);
		ranks_changed |= ops[i].kind == OP_TRUST || ops[i].kind == OP_PRIORITY;
	}
	memset(changes, 0, sizeof(*changes));
	/* where nothing is wrong, folding anew changes nothing */
	handed->refolded[0] = 1 + (int64_t) pick(&tables->random, 2 * MAX_THINGS - 1);
	changes->refolded = handed->refolded;
	changes->refolded_count = tables->people[handed->refolded[0]].exists && pass_one_in(tables, 2);
	if (op_count == 0)
		return;
	pass_correct_summaries(tables, ranks_changed);
	pass_find_pairs(tables, handed);
	pass_find_identifiers(tables, handed, ranks_changed);
	pass_find_realiased(tables, handed);
	pass_retry_same(tables, handed);
	pass_take_back(tables, handed);
	changes->taken_back = handed->taken_back;
	changes->relinked = handed->relinked;
	changes->realiased = handed->realiased;
	changes->unlinked = handed->unlinked;
	changes->blocked = handed->blocked;
	changes->retry = handed->retry;
	changes->check = handed->check;
	changes->forbids = handed->forbids;
	changes->judged = handed->judged;
	changes->reread = handed->reread;
	changes->reranked = handed->reranked;
}

#endif /* BATCH_CHANGES_H */
