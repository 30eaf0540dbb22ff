/*
 * batch_driver.h
 *		The caller's part of a batch: looks up what it asks for in the tables, and writes
 *		to them what it says.
 */
#ifndef BATCH_DRIVER_H
#define BATCH_DRIVER_H

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
	CdpkStitchLink retry[MAX_PAIRS];
	int64_t check[MAX_THINGS];
	CdpkBatchForbid forbids[MAX_PAIRS];
	int64_t judged[MAX_THINGS];
	CdpkBatchReread reread[MAX_EVENTS];
	int64_t reranked[MAX_THINGS];
	CdpkBatchChanges changes;
	CdpkStitchCount counts[MAX_THINGS][MAX_NAMES];
	CdpkBatchStray strays[MAX_EVENTS];
	CdpkBatchLogged logged[MAX_EVENTS];
	World old;
} Handed;

static inline bool
pass_one_in(Tables *tables, unsigned one_in)
{
	return unit_random(&tables->random) % one_in == 0;
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

static inline void
pass_write_op(Tables *tables, const Op *op)
{
	World *world = &tables->world;

	switch (op->kind)
	{
		case OP_FORBID:
		case OP_ALLOW:
			world->forbidden[op->a][op->b] = op->kind == OP_FORBID;
			world->forbidden[op->b][op->a] = op->kind == OP_FORBID;
			break;
		case OP_UNLINK:
			pass_write_unlink(tables, op->a, op->b);
			break;
		case OP_UNLINK_ALL:
			for (int b = 0; b < world->thing_count; b++)
				if (b != op->a)
					pass_write_unlink(tables, op->a, b);
			break;
		case OP_SHARING:
			world->sharing[op->a] = (CdpkSharing) op->value;
			break;
		case OP_BLOCK:
		case OP_UNBLOCK:
			world->blocked[op->a] = op->kind == OP_BLOCK;
			break;
		case OP_LIMIT:
			world->namespaces[op->a].max_per_profile = (uint32_t) op->value;
			break;
		case OP_CAP:
			world->rules.cap = (uint32_t) op->value;
			break;
		case OP_MAX_LINKS:
			world->max_links[op->a][op->b] = (uint32_t) op->value;
			break;
		case OP_TRUST:
			world->trust[op->a] = (int32_t) op->value;
			break;
		case OP_PRIORITY:
			world->namespaces[op->a].priority = (int32_t) op->value;
			break;
		default: /* events cannot be taken back yet */
			break;
	}
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
				row->counts[tables->world.things[a].name_space]++;
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
						world->unlinked[a][b] != handed->old.unlinked[a][b];
			CdpkBatchForbid forbid = {pair.a, pair.b, world->forbidden[a][b]};

			if (pair.a == 0 || pair.b == 0 || pair.a >= pair.b)
				continue;
			if (forbid.in_force != handed->old.forbidden[a][b])
				handed->forbids[changes->forbid_count++] = forbid;
			if (!tables_linked(tables, a, b, &latest, &best))
				continue;
			if (gone)
				handed->unlinked[changes->unlinked_count++] = pair;
			else if (tables_refused(tables, a, b))
			{
				CdpkStitchLink link = {pair.a, pair.b, best, true};

				/* more of them than must be do no harm */
				handed->retry[changes->retry_count++] = link;
			}
		}
}

static inline void
pass_find_identifiers(Tables *tables, Handed *handed)
{
	const World *world = &tables->world;
	CdpkBatchChanges *changes = &handed->changes;

	for (int a = 0; a < world->thing_count; a++)
	{
		uint32_t mine = world->things[a].name_space;

		if (tables->identifier_id[a] == 0)
			continue;
		if (world->blocked[a] && tables->profile_id[a] != 0)
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
		for (int k = 0; tables->event_id[i] != 0 && k < world->events[i].count; k++)
		{
			CdpkBatchReread reread = {tables->event_id[i], tables->anchor[i], tables->said[i].row};
			int thing = world->events[i].things[k];

			if (!handed->old.blocked[thing] || world->blocked[thing])
				continue;
			handed->reread[changes->reread_count++] = reread;
			break;
		}
	for (int id = 1; id < 2 * MAX_THINGS; id++)
		if (tables->people[id].exists)
			handed->check[changes->check_count++] = id;
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
	if (op_count == 0)
		return;
	pass_correct_summaries(tables, ranks_changed);
	pass_find_pairs(tables, handed);
	pass_find_identifiers(tables, handed);
	changes->unlinked = handed->unlinked;
	changes->blocked = handed->blocked;
	changes->retry = handed->retry;
	changes->check = handed->check;
	changes->forbids = handed->forbids;
	changes->judged = handed->judged;
	changes->reread = handed->reread;
	changes->reranked = handed->reranked;
}

/* ---------------------------------------------------------------- rows */

static inline void
pass_add_row(Tables *tables, Handed *handed, int event, bool quarantined)
{
	CdpkBatchRow *row = &handed->rows[handed->row_count];

	*row = tables->said[event].row;
	row->quarantined = quarantined;
	handed->events[handed->row_count++] = event;
}

/* Hand in events; some come twice, some are quarantined first, some were in the log before. */
static inline void
pass_make_rows(Tables *tables, Handed *handed, const int *events, int event_count)
{
	handed->row_count = 0;
	for (int i = 0; i < event_count; i++)
	{
		int other = (int) pick(&tables->random, (uint64_t) tables->world.event_count);

		if (pass_one_in(tables, 8))
			pass_add_row(tables, handed, events[i], true);
		pass_add_row(tables, handed, events[i], false);
		if (pass_one_in(tables, 8) && tables->said[events[i]].row.message_key != NULL)
			pass_add_row(tables, handed, events[i], false);
		if (tables->event_id[other] != 0 && tables->said[other].row.message_key != NULL &&
			handed->row_count < MAX_ROWS - 4 * (event_count - i))
			pass_add_row(tables, handed, other, false);
	}
}

static inline CdpkStatus
pass_dedupe(Tables *tables, Handed *handed)
{
	CdpkBatch *batch = tables->batch;
	bool known[MAX_ROWS];
	size_t count;
	const CdpkBatchKey *keys = cdpk_batch_keys(batch, &count);

	for (size_t i = 0; i < count; i++)
	{
		known[i] = tables->event_id[handed->events[keys[i].row]] != 0;
		if (i > 0 && memcmp(keys[i - 1].key, keys[i].key, CDPK_BATCH_KEY_SIZE) >= 0)
			tables_fail(tables, "keys are not in their order");
	}
	return cdpk_batch_accept(batch, known, tables->last_event_id);
}

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

static inline uint32_t
pass_counts(const Tables *tables, Handed *handed, int thing)
{
	uint32_t length = 0;

	for (uint32_t i = 0; i < MAX_NAMES; i++)
		if (tables->counts[thing][i] > 0)
		{
			handed->counts[thing][length].name_space = i;
			handed->counts[thing][length++].count = tables->counts[thing][i];
		}
	return length;
}

/* Say what the tables know of the names from one place on. */
static inline CdpkStatus
pass_know(Tables *tables, Handed *handed, size_t first)
{
	CdpkBatch *batch = tables->batch;
	const World *world = &tables->world;
	size_t count;
	const CdpkBatchBytes *names = cdpk_batch_names(batch, &count);

	for (size_t i = first; i < count; i++)
	{
		int thing = pass_thing(tables, &names[i]);
		CdpkBatchKnown row = {(uint32_t) i,
							  tables->shared[thing],
							  tables->identifier_id[thing],
							  tables->profile_id[thing],
							  handed->counts[thing],
							  pass_counts(tables, handed, thing)};

		if (world->blocked[thing])
			STITCH_TRY(cdpk_batch_mark(batch, row.place, CDPK_BATCH_BLOCKED));
		if (tables_is_forbidden(tables, thing))
			STITCH_TRY(cdpk_batch_mark(batch, row.place, CDPK_BATCH_FORBIDDEN));
		if (world->sharing[thing] != CDPK_SHARING_BY_COUNT)
			STITCH_TRY(cdpk_batch_mark(batch, row.place,
									   world->sharing[thing] == CDPK_SHARING_ALWAYS
										   ? CDPK_BATCH_SHARED
										   : CDPK_BATCH_NOT_SHARED));
		if (row.identifier_id != 0)
			STITCH_TRY(cdpk_batch_add_known(batch, &row, 1));
	}
	return CDPK_OK;
}

static inline CdpkStatus
pass_give_voids(Tables *tables)
{
	CdpkBatch *batch = tables->batch;
	const World *world = &tables->world;

	for (int a = 0; a < world->thing_count; a++)
		for (int b = 0; b < a; b++)
		{
			CdpkBatchVoid verdict = {
				cdpk_batch_find(batch, world->things[a].payload, world->things[a].length),
				cdpk_batch_find(batch, world->things[b].payload, world->things[b].length),
				world->unlinked[a][b]};

			if (verdict.until_at != NEVER && verdict.a != CDPK_BATCH_NONE &&
				verdict.b != CDPK_BATCH_NONE)
				STITCH_TRY(cdpk_batch_add_voids(batch, &verdict, 1));
		}
	return CDPK_OK;
}

static inline CdpkStatus
pass_give_others(Tables *tables, Handed *handed)
{
	size_t count;
	const int64_t *ids = cdpk_batch_wanted(tables->batch, &count);

	for (size_t i = 0; i < count; i++)
	{
		int thing = tables_thing(tables, ids[i]);
		CdpkBatchOther row;

		memset(&row, 0, sizeof(row));
		row.identifier_id = ids[i];
		row.profile_id = tables->profile_id[thing];
		row.payload.bytes = tables->world.things[thing].payload;
		row.payload.length = (uint32_t) tables->world.things[thing].length;
		row.counts = handed->counts[thing];
		row.count_length = pass_counts(tables, handed, thing);
		row.sharing = tables->world.sharing[thing];
		row.shared = tables->shared[thing];
		row.present = row.profile_id != 0;
		row.forbidden = tables_is_forbidden(tables, thing);
		STITCH_TRY(cdpk_batch_add_others(tables->batch, &row, 1));
	}
	return CDPK_OK;
}

static inline CdpkStatus
pass_identify(Tables *tables, Handed *handed)
{
	CdpkBatch *batch = tables->batch;
	CdpkBatchRules rules;
	size_t count;

	STITCH_TRY(cdpk_batch_identify(batch));
	(void) cdpk_batch_namespaces(batch, &count);
	if (count > tables->world.rules.namespace_count)
		tables_fail(tables, "there are more namespaces than there are");
	rules.stitch = tables->world.rules;
	rules.trust = tables->world.trust;
	rules.source_count = MAX_SOURCES;
	STITCH_TRY(cdpk_batch_set_rules(batch, &rules));
	STITCH_TRY(pass_know(tables, handed, 0));
	STITCH_TRY(pass_give_voids(tables));
	STITCH_TRY(cdpk_batch_number(batch, tables->last_id));
	return pass_give_others(tables, handed);
}

/* ---------------------------------------------------------------- evidence, stitch */

static inline CdpkStatus
pass_give_links(Tables *tables)
{
	size_t count;
	const CdpkBatchIdPair *pairs = cdpk_batch_pairs(tables->batch, &count);

	for (size_t i = 0; i < count; i++)
	{
		int a = tables_thing(tables, pairs[i].a);
		int b = tables_thing(tables, pairs[i].b);

		for (int source = MAX_SOURCES - 1; source >= 0; source--)
		{
			const LinkRow *row = &tables->links[a][b][source];
			CdpkBatchLink link = {pairs[i].a,    pairs[i].b,   (uint32_t) source, row->refused,
								  row->first_at, row->last_at, row->events,       {NULL, 0}};

			if (row->message_id[0] != '\0')
				link.message_id = bytes_of_text(row->message_id);
			if (row->exists)
				STITCH_TRY(cdpk_batch_add_links(tables->batch, &link, 1));
		}
	}
	return CDPK_OK;
}

static inline CdpkStatus
pass_evidence(Tables *tables)
{
	const CdpkBatchLinks *links;

	STITCH_TRY(cdpk_batch_pair(tables->batch));
	STITCH_TRY(pass_give_links(tables));
	STITCH_TRY(cdpk_batch_link(tables->batch));
	links = cdpk_batch_links(tables->batch);
	for (size_t i = 0; i < links->deleted_count; i++)
		memset(tables->links[tables_thing(tables, links->deleted[i].a)]
							[tables_thing(tables, links->deleted[i].b)],
			   0, sizeof(tables->links[0][0]));
	return CDPK_OK;
}

/* Keep a profile whole, where one is to be. */
static inline CdpkStatus
pass_stitch(Tables *tables, const CdpkStitchStore *callbacks)
{
	STITCH_TRY(cdpk_batch_stitch(tables->batch, callbacks));
	if (tables->frozen == 0)
		return CDPK_OK;
	STITCH_TRY(cdpk_batch_freeze(tables->batch, &tables->frozen, 1));
	return cdpk_batch_stitch(tables->batch, callbacks);
}

static inline void
pass_write_links(Tables *tables, const CdpkBatchLink *rows, size_t count, bool exists)
{
	for (size_t i = 0; i < count; i++)
	{
		LinkRow *row = &tables->links[tables_thing(tables, rows[i].a)]
									 [tables_thing(tables, rows[i].b)][rows[i].source];

		if (row->exists != exists)
			tables_fail(tables, "a link is inserted that is there, or updated that is not");
		/* the message may be the one that is there */
		if (rows[i].message_id.bytes == NULL)
			row->message_id[0] = '\0';
		else
		{
			memmove(row->message_id, rows[i].message_id.bytes, rows[i].message_id.length);
			row->message_id[rows[i].message_id.length] = '\0';
		}
		row->exists = true;
		row->refused = rows[i].refused;
		row->first_at = rows[i].first_at;
		row->last_at = rows[i].last_at;
		row->events = rows[i].events;
	}
}

/* Write identifiers, their profiles and links. */
static inline void
pass_write_graph(Tables *tables)
{
	const CdpkStitchResult *result = cdpk_batch_result(tables->batch);
	const CdpkBatchLinks *links = cdpk_batch_links(tables->batch);
	int64_t old[MAX_THINGS];
	size_t count;
	const uint32_t *places = cdpk_batch_fresh(tables->batch, &count);

	for (size_t i = 0; i < count; i++)
	{
		const CdpkBatchIdentifier *row = cdpk_batch_identifier(tables->batch, places[i]);
		int thing = pass_thing(tables, &row->payload);

		if (row->identifier_id != tables->last_id + 1)
			tables_fail(tables, "numbers do not follow each other");
		tables->last_id = tables->identifier_id[thing] = row->identifier_id;
	}
	memcpy(old, tables->profile_id, sizeof(old));
	for (size_t i = 0; i < result->profile_move_count; i++)
		for (int a = 0; a < tables->world.thing_count; a++)
			if (old[a] == result->profile_moves[i].from)
				tables->profile_id[a] = result->profile_moves[i].to;
	for (size_t i = 0; i < result->identifier_move_count; i++)
		tables->profile_id[tables_thing(tables, result->identifier_moves[i].id)] =
			result->identifier_moves[i].to;
	for (size_t i = 0; i < result->sharing_count; i++)
		tables->shared[tables_thing(tables, result->sharing[i].identifier_id)] =
			result->sharing[i].shared;
	places = cdpk_batch_recounted(tables->batch, &count);
	for (size_t i = 0; i < count; i++)
	{
		const CdpkBatchIdentifier *row = cdpk_batch_identifier(tables->batch, places[i]);
		uint32_t *counts = tables->counts[pass_thing(tables, &row->payload)];

		memset(counts, 0, sizeof(tables->counts[0]));
		for (uint32_t k = 0; k < row->count_length; k++)
			counts[row->counts[k].name_space] = row->counts[k].count;
	}
	pass_write_links(tables, links->inserted, links->inserted_count, false);
	pass_write_links(tables, links->updated, links->updated_count, true);
	for (size_t i = 0; i < result->link_count; i++)
	{
		int a = tables_thing(tables, result->links[i].a);
		int b = tables_thing(tables, result->links[i].b);

		for (int source = 0; source < MAX_SOURCES; source++)
		{
			tables->links[a][b][source].refused = result->links[i].refused;
			tables->links[b][a][source].refused = result->links[i].refused;
		}
	}
}

/* ---------------------------------------------------------------- anchors */

static inline bool
pass_is_place(const Tables *tables, int64_t anchor)
{
	size_t count;
	const int64_t *ids = cdpk_batch_places(tables->batch, &count);
	int thing = anchor != 0 ? tables_thing(tables, anchor) : NOBODY;

	for (size_t i = 0; i < count; i++)
		if (ids[i] == anchor)
			return true;
	ids = cdpk_batch_carried(tables->batch, &count);
	for (size_t i = 0; i < count && thing != NOBODY; i++)
	{
		int carried = tables_thing(tables, ids[i]);
		CdpkEvidence best;
		int64_t latest;

		if (tables_linked(tables, carried, thing, &latest, &best) ||
			tables->world.unlinked[carried][thing] != NEVER)
			return true;
	}
	return false;
}

static inline CdpkStatus
pass_reanchor(Tables *tables, Handed *handed)
{
	size_t count = 0;
	size_t first;
	const CdpkBatchReanchored *moved;

	for (int i = 0; i < tables->world.event_count; i++)
	{
		CdpkBatchStray stray = {tables->event_id[i], tables->anchor[i], tables->said[i].row};

		if (tables->event_id[i] != 0 && pass_is_place(tables, tables->anchor[i]))
			handed->strays[count++] = stray;
	}
	if (count == 0)
		return CDPK_OK;
	STITCH_TRY(cdpk_batch_add_strays(tables->batch, handed->strays, count, &first));
	STITCH_TRY(pass_know(tables, handed, first));
	STITCH_TRY(cdpk_batch_reanchor(tables->batch, &moved, &count));
	for (size_t i = 0; i < count; i++)
	{
		int event = tables->event_of_id[moved[i].event_id];

		if (tables->anchor[event] != moved[i].from)
			tables_fail(tables, "an event is moved from where it is not");
		tables->anchor[event] = moved[i].to;
		/* where a group call left an identifier, its membership is counted anew */
		if (tables->said[event].account >= 0)
			tables->recount[moved[i].from] = tables->recount[moved[i].to] = true;
	}
	tables->reanchored += count;
	return CDPK_OK;
}

/* ---------------------------------------------------------------- folds */

static inline bool
pass_has(const int64_t *ids, size_t count, int64_t id)
{
	for (size_t i = 0; i < count; i++)
		if (ids[i] == id)
			return true;
	return false;
}

static inline CdpkStatus
pass_give_folded(Tables *tables, Handed *handed)
{
	size_t count;
	size_t logged = 0;
	const int64_t *ids = cdpk_batch_profiles_wanted(tables->batch, &count);

	for (int id = 1; id < 2 * MAX_THINGS; id++)
	{
		const Folded *folded = &tables->people[id].folded;
		CdpkBatchPart part = {id,
							  folded->events,
							  folded->first_at,
							  folded->last_at,
							  folded->expires_at,
							  bytes_of(&folded->traits),
							  bytes_of(&folded->timeline)};

		if (tables->people[id].exists && pass_has(ids, count, id))
			STITCH_TRY(cdpk_batch_add_parts(tables->batch, &part, 1));
	}
	ids = cdpk_batch_rebuilt(tables->batch, &count);
	tables->rebuilt += count;
	for (int i = 0; i < tables->world.event_count; i++)
	{
		CdpkBatchLogged event = {tables->event_id[i], tables->anchor[i], 0, tables->said[i].row};

		if (tables->event_id[i] == 0 || tables->anchor[i] == 0)
			continue;
		event.profile_id = tables->profile_id[tables_thing(tables, tables->anchor[i])];
		if (pass_has(ids, count, event.profile_id))
			handed->logged[logged++] = event;
	}
	return logged > 0 ? cdpk_batch_set_logged(tables->batch, handed->logged, logged) : CDPK_OK;
}

static inline void
pass_write_people(Tables *tables)
{
	size_t count;
	const int64_t *ids = cdpk_batch_ended(tables->batch, &count);
	const CdpkBatchProfile *profiles;

	/* values may lead into the rows that are written here */
	static PersonRow written[2 * MAX_THINGS];

	memcpy(written, tables->people, sizeof(written));
	for (size_t i = 0; i < count; i++)
	{
		tables->people[ids[i]].exists = false;
		memset(&tables->people[ids[i]].folded, 0, sizeof(Folded));
		tables->people[ids[i]].folded.expires_at = CDPK_BATCH_NEVER;
	}
	profiles = cdpk_batch_profiles(tables->batch, &count);
	for (size_t i = 0; i < count; i++)
	{
		PersonRow *row = &tables->people[profiles[i].profile_id];
		const CdpkStitchProfile *summary = profiles[i].summary;

		if (profiles[i].stored != written[profiles[i].profile_id].exists)
			tables_fail(tables, "a profile is inserted that is there, or updated that is not");
		if (i > 0 && profiles[i - 1].profile_id >= profiles[i].profile_id)
			tables_fail(tables, "profiles are not in their order");
		if (!row->exists && summary == NULL)
			tables_fail(tables, "a profile begins without a summary");
		row->exists = true;
		if (summary != NULL)
		{
			row->summary = *summary;
			memset(row->counts, 0, sizeof(row->counts));
			for (size_t k = 0; k < summary->count_length; k++)
				row->counts[summary->counts[k].name_space] = summary->counts[k].count;
		}
		memset(&row->folded.traits, 0, 2 * sizeof(Bytes));
		row->folded.events = profiles[i].events;
		row->folded.first_at = profiles[i].first_at;
		row->folded.last_at = profiles[i].last_at;
		row->folded.expires_at = profiles[i].expires_at;
		bytes_set(&row->folded.traits, profiles[i].traits.bytes, profiles[i].traits.length);
		bytes_set(&row->folded.timeline, profiles[i].timeline.bytes, profiles[i].timeline.length);
	}
	for (int id = 0; id < 2 * MAX_THINGS; id++)
	{
		if (written[id].folded.traits.bytes != tables->people[id].folded.traits.bytes)
			free(written[id].folded.traits.bytes);
		if (written[id].folded.timeline.bytes != tables->people[id].folded.timeline.bytes)
			free(written[id].folded.timeline.bytes);
	}
}

static inline void
pass_write_accounts(Tables *tables)
{
	size_t count;
	const CdpkBatchAccount *accounts = cdpk_batch_accounts(tables->batch, &count);
	const CdpkBatchMember *members;
	int number[ACCOUNTS] = {0};

	for (size_t i = 0; i < count; i++)
	{
		Folded *folded;
		CdpkTraitsState state;
		CdpkTraitsView view;
		uint8_t bytes[4096];
		size_t size;

		while (strlen(account_names[number[i]]) != accounts[i].account.length ||
			   memcmp(account_names[number[i]], accounts[i].account.bytes,
					  accounts[i].account.length) != 0)
			number[i]++;
		folded = &tables->accounts[number[i]];
		if (folded->events == 0 || accounts[i].first_at < folded->first_at)
			folded->first_at = accounts[i].first_at;
		if (folded->events == 0 || accounts[i].last_at > folded->last_at)
			folded->last_at = accounts[i].last_at;
		if (accounts[i].expires_at < folded->expires_at)
			folded->expires_at = accounts[i].expires_at;
		folded->events += accounts[i].events;
		if (accounts[i].traits.bytes == NULL)
			continue;
		cdpk_traits_begin(&state, &unit_allocator, 3, 1000);
		if (folded->traits.bytes != NULL)
		{
			cdpk_traits_open(&view, folded->traits.bytes, folded->traits.length);
			cdpk_traits_merge(&state, &view, 0, view.count);
		}
		cdpk_traits_open(&view, accounts[i].traits.bytes, accounts[i].traits.length);
		cdpk_traits_merge(&state, &view, 0, view.count);
		size = cdpk_traits_compact_size(&state.view);
		cdpk_traits_compact(&state.view, size, bytes);
		bytes_set(&folded->traits, bytes, size);
		free(state.bytes);
	}
	members = cdpk_batch_members(tables->batch, &count);
	for (size_t i = 0; i < count; i++)
	{
		MemberRow *row = &tables->members[members[i].identifier_id][number[members[i].account]];

		if (i > 0 && members[i - 1].identifier_id > members[i].identifier_id)
			tables_fail(tables, "members are not in their order");
		member_add(row, members[i].events, members[i].first_at, members[i].last_at);
	}
}

static inline void
pass_write_log(Tables *tables, const Handed *handed)
{
	const CdpkBatchJudged *judged = cdpk_batch_judged(tables->batch);
	const int64_t *anchors = cdpk_batch_anchors(tables->batch);
	const int64_t *profiles = cdpk_batch_anchor_profiles(tables->batch);

	for (int i = 0; i < handed->row_count; i++)
	{
		int event = handed->events[i];

		if (judged[i].outcome != CDPK_BATCH_ACCEPTED)
			continue;
		if (tables->event_id[event] != 0 || judged[i].event_id != tables->last_event_id + 1)
			tables_fail(tables, "an event is accepted twice, or numbers are left out");
		tables->event_id[event] = tables->last_event_id = judged[i].event_id;
		tables->event_of_id[judged[i].event_id] = event;
		tables->anchor[event] = anchors[i];
		tables->world.in_log[event] = true;
		if (profiles[i] !=
			(anchors[i] == 0 ? 0 : tables->profile_id[tables_thing(tables, anchors[i])]))
			tables_fail(tables, "an anchor is in another profile");
	}
}

/* Count the memberships of identifiers that group calls left or came to. */
static inline void
pass_recount_members(Tables *tables)
{
	for (int id = 0; id < 2 * MAX_THINGS; id++)
	{
		if (!tables->recount[id])
			continue;
		tables->recount[id] = false;
		memset(tables->members[id], 0, sizeof(tables->members[id]));
		for (int i = 0; i < tables->world.event_count; i++)
			if (tables->event_id[i] != 0 && tables->anchor[i] == id && tables->said[i].account >= 0)
				member_add(&tables->members[id][tables->said[i].account], 1, tables->said[i].row.at,
						   tables->said[i].row.at);
	}
}

/* ---------------------------------------------------------------- one batch */

static inline CdpkStatus
pass_run(Tables *tables, Handed *handed)
{
	CdpkStitchStore callbacks = tables_callbacks(tables);
	CdpkBatch *batch = tables->batch;
	size_t count;

	STITCH_TRY(cdpk_batch_begin(batch, handed->rows, (size_t) handed->row_count, &handed->changes));
	STITCH_TRY(pass_dedupe(tables, handed));
	STITCH_TRY(pass_identify(tables, handed));
	STITCH_TRY(pass_evidence(tables));
	STITCH_TRY(pass_stitch(tables, &callbacks));
	STITCH_TRY(cdpk_batch_anchor(batch));
	STITCH_TRY(pass_reanchor(tables, handed));
	pass_write_graph(tables);
	STITCH_TRY(cdpk_batch_plan(batch));
	STITCH_TRY(pass_give_folded(tables, handed));
	STITCH_TRY(cdpk_batch_fold(batch));
	pass_write_people(tables);
	pass_write_accounts(tables);
	pass_write_log(tables, handed);
	pass_recount_members(tables);
	(void) cdpk_batch_touched(batch, &count);
	tables->touched += count;
	return CDPK_OK;
}

/* Take verdicts and rule changes, then events, in one batch. */
static inline void
tables_batch(Tables *tables, const Op *ops, int op_count, const int *events, int event_count)
{
	static Handed handed;
	CdpkBatchSetup setup = {tables->allocator, NULL, NULL, 42};

	pass_write_ops(tables, &handed, ops, op_count);
	pass_make_rows(tables, &handed, events, event_count);
	tables->status = cdpk_batch_new(&setup, &tables->batch);
	if (tables->status == CDPK_OK)
	{
		tables->status = pass_run(tables, &handed);
		cdpk_batch_free(tables->batch);
	}
	tables->batch = NULL;
	if (tables->status != CDPK_OK)
		tables_fail(tables, "the pass failed");
}

#endif /* BATCH_DRIVER_H */
