/*
 * batch_driver.h
 *		The caller's part of a batch: looks up what it asks for in the tables.
 */
#ifndef BATCH_DRIVER_H
#define BATCH_DRIVER_H

#include "batch_plain.h"
#include "batch_write.h"
#include "core/batch/batch_state.h"

/* ---------------------------------------------------------------- rows */

static inline void
pass_add_row(Tables *tables, Handed *handed, int event, bool quarantined)
{
	CdpkBatchRow *row = &handed->rows[handed->row_count];

	*row = tables_said(tables, event)->row;
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

		if (events[i] >= MAX_EVENTS)
		{
			pass_add_row(tables, handed, events[i], false);
			continue;
		}
		if (pass_one_in(tables, 8))
			pass_add_row(tables, handed, events[i], true);
		pass_add_row(tables, handed, events[i], false);
		if (pass_one_in(tables, 8) && tables->said[events[i]].row.message_key != NULL)
			pass_add_row(tables, handed, events[i], false);
		if (!tables->plain &&
			(tables->event_id[other] != 0 ||
			 (tables->taken_back[other] && tables->last_event_id < MAX_EVENTS + 50)) &&
			tables->said[other].row.message_key != NULL &&
			handed->row_count < MAX_ROWS - 4 * (event_count - i))
			pass_add_row(tables, handed, other, false);
	}
}

static inline CdpkStatus
pass_dedupe(Tables *tables, Handed *handed)
{
	CdpkBatch *batch = tables->batch;
	CdpkBatchMessage known[MAX_ROWS];
	size_t count;
	const CdpkBatchKey *keys = cdpk_batch_keys(batch, &count);

	for (size_t i = 0; i < count; i++)
	{
		known[i].batch_id = tables->event_id[handed->events[keys[i].row]];
		known[i].content = 0;
		if (i > 0 && memcmp(keys[i - 1].key, keys[i].key, CDPK_BATCH_KEY_SIZE) >= 0)
			tables_fail(tables, "keys are not in their order");
	}
	return cdpk_batch_accept(batch, known, tables->last_event_id);
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
							  pass_counts(tables, handed, thing),
							  tables->blocked[thing],
							  tables->class_id[thing]};

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
		row.class_id = tables->class_id[thing];
		STITCH_TRY(cdpk_batch_add_others(tables->batch, &row, 1));
	}
	return CDPK_OK;
}

/* Say which identifiers of events that are taken back stand on others. */
static inline CdpkStatus
pass_give_named(Tables *tables)
{
	size_t count;
	const int64_t *ids = cdpk_batch_doubtful(tables->batch, &count);

	for (size_t i = 0; i < count; i++)
	{
		int thing = tables_thing(tables, ids[i]);
		bool named = base_carries(tables, thing);

		for (int k = 0; k < tables->world.event_count; k++)
			named |= tables_is_logged(tables, k) && driver_carries(&tables->world.events[k], thing);
		if (named)
			STITCH_TRY(cdpk_batch_add_named(tables->batch, &ids[i], 1));
	}
	return CDPK_OK;
}

static inline CdpkStatus
pass_give_aliases_of(Tables *tables, int end)
{
	for (int other = 0; other < tables->world.thing_count; other++)
		for (int source = 0; source < MAX_SOURCES; source++)
		{
			bool first = tables->identifier_id[end] < tables->identifier_id[other];
			const LinkRow *row = &tables->links[first ? end : other][first ? other : end][source];
			CdpkBatchAlias alias = {tables->identifier_id[end], tables->identifier_id[other],
									(uint32_t) source, tables->profile_id[other] != 0,
									row->believed};

			if (row->exists && row->aliases > 0)
				STITCH_TRY(cdpk_batch_add_aliases(tables->batch, &alias, 1));
		}
	return CDPK_OK;
}

static inline CdpkStatus
pass_give_aliases(Tables *tables)
{
	size_t count;
	const int64_t *ids;

	do
	{
		STITCH_TRY(cdpk_batch_alias_ends(tables->batch, &ids, &count));
		for (size_t i = 0; i < count; i++)
			STITCH_TRY(pass_give_aliases_of(tables, tables_thing(tables, ids[i])));
	} while (count > 0);
	return CDPK_OK;
}

/* Same pairs that are given or withdrawn, or name an identifier of the batch; forbidden pairs. */
static inline CdpkStatus
pass_give_same(Tables *tables, const Handed *handed)
{
	for (int a = 0; a < tables->world.thing_count; a++)
		for (int b = 0; b < a; b++)
		{
			CdpkBatchSame same = {tables_number(tables, a), tables_number(tables, b),
								  world_is_declared(&handed->old, a, b),
								  world_is_declared(&tables->world, a, b),
								  tables->same_refused[a][b]};
			CdpkBatchIdPair pair = {same.a, same.b};

			if (same.a == 0 || same.b == 0)
				continue;
			if (tables->world.forbidden[a][b])
				STITCH_TRY(cdpk_batch_add_forbidden(tables->batch, &pair, 1));
			if (same.was != same.is ||
				(same.is && (cdpk_batch_place(tables->batch, same.a) != CDPK_BATCH_NONE ||
							 cdpk_batch_place(tables->batch, same.b) != CDPK_BATCH_NONE)))
				STITCH_TRY(cdpk_batch_add_same(tables->batch, &same, 1));
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
	rules.believed = tables->world.believed;
	rules.alias_bound = tables->world.max_links[0][0];
	STITCH_TRY(cdpk_batch_set_rules(batch, &rules));
	STITCH_TRY(pass_know(tables, handed, 0));
	STITCH_TRY(batch_give_voids(tables));
	STITCH_TRY(cdpk_batch_number(batch, tables->last_id));
	STITCH_TRY(pass_give_named(tables));
	STITCH_TRY(pass_give_aliases(tables));
	STITCH_TRY(pass_give_same(tables, handed));
	return pass_give_others(tables, handed);
}

/* ---------------------------------------------------------------- evidence, stitch */

static inline CdpkStatus
pass_give_links(Tables *tables)
{
	/* what is handed in stays while rows are deleted */
	static LinkRow rows[MAX_THINGS][MAX_THINGS][MAX_SOURCES];
	size_t count;
	const CdpkBatchIdPair *pairs = cdpk_batch_pairs(tables->batch, &count);

	memcpy(rows, tables->links, sizeof(rows));
	for (size_t i = 0; i < count; i++)
	{
		int a = tables_thing(tables, pairs[i].a);
		int b = tables_thing(tables, pairs[i].b);

		for (int source = MAX_SOURCES - 1; source >= 0; source--)
		{
			const LinkRow *row = &rows[a][b][source];
			CdpkBatchLink link = {pairs[i].a,    pairs[i].b,    (uint32_t) source, row->refused,
								  row->believed, row->first_at, row->last_at,      row->events,
								  row->aliases,  {NULL, 0}};

			if (row->message_id[0] != '\0')
				link.message_id = bytes_of_text(row->message_id);
			if (row->exists)
				STITCH_TRY(cdpk_batch_add_links(tables->batch, &link, 1));
		}
	}
	return CDPK_OK;
}

/* Events that are there still; those that say nothing of the pairs do no harm. */
static inline CdpkStatus
pass_give_survivors(Tables *tables, Handed *handed)
{
	const CdpkBatchIdPair *pairs;
	size_t count;
	size_t survivors = 0;

	STITCH_TRY(cdpk_batch_counted_anew(tables->batch, &pairs, &count));
	tables->counted_anew += count;
	for (int i = 0; i < tables->world.event_count && count > 0; i++)
		if (tables_is_logged(tables, i))
			handed->survivors[survivors++] = tables->said[i].row;
	for (int i = 0; i < tables->base_count && count > 0; i++)
		if (tables->base[i].there)
			handed->survivors[survivors++] = tables->base[i].said.row;
	return survivors > 0 ? cdpk_batch_add_survivors(tables->batch, handed->survivors, survivors)
						 : CDPK_OK;
}

static inline CdpkStatus
pass_evidence(Tables *tables, Handed *handed)
{
	const CdpkBatchLinks *links;

	STITCH_TRY(cdpk_batch_pair(tables->batch));
	STITCH_TRY(pass_give_links(tables));
	STITCH_TRY(pass_give_survivors(tables, handed));
	STITCH_TRY(cdpk_batch_link(tables->batch));
	links = cdpk_batch_links(tables->batch);
	for (size_t i = 0; i < links->deleted_count; i++)
		memset(tables->links[tables_thing(tables, links->deleted[i].a)]
							[tables_thing(tables, links->deleted[i].b)],
			   0, sizeof(tables->links[0][0]));
	return CDPK_OK;
}

static inline bool
pass_has(const int64_t *ids, size_t count, int64_t id)
{
	for (size_t i = 0; i < count; i++)
		if (ids[i] == id)
			return true;
	return false;
}

/* Return whether events that are anchored at an identifier may have another anchor. */
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

/* Note who would be folded anew. */
static inline CdpkStatus
pass_note_concerned(Tables *tables)
{
	CdpkStitchMove places[2 * MAX_THINGS];
	size_t place_count = 0;
	const int64_t *ids;

	for (int a = 0; a < tables->world.thing_count; a++)
	{
		CdpkStitchMove place = {tables->identifier_id[a], tables->profile_id[a], 0};

		if (place.id != 0 && pass_is_place(tables, place.id))
			places[place_count++] = place;
	}
	STITCH_TRY(
		cdpk_batch_concerned(tables->batch, places, place_count, &ids, &tables->concerned_count));
	for (size_t i = 0; i < tables->concerned_count; i++)
		tables->concerned[i] = ids[i];
	return CDPK_OK;
}

/* Keep a profile whole, where one is to be. */
static inline CdpkStatus
pass_stitch(Tables *tables, const CdpkStitchStore *callbacks)
{
	STITCH_TRY(plain_stitch(tables, callbacks));
	STITCH_TRY(pass_note_concerned(tables));
	if (tables->frozen != 0 && pass_has(tables->concerned, tables->concerned_count, tables->frozen))
	{
		STITCH_TRY(cdpk_batch_freeze(tables->batch, &tables->frozen, 1));
		STITCH_TRY(cdpk_batch_stitch(tables->batch, callbacks));
		STITCH_TRY(pass_note_concerned(tables));
	}
	tables->declined = cdpk_batch_result(tables->batch)->declined_count;
	(void) cdpk_batch_kept(tables->batch, &tables->kept);
	return CDPK_OK;
}

/* ---------------------------------------------------------------- anchors */

static inline CdpkStatus
pass_reanchor(Tables *tables, Handed *handed)
{
	size_t count = 0;
	size_t first;
	const CdpkBatchReanchored *moved;

	for (int i = 0; i < tables->world.event_count; i++)
	{
		CdpkBatchStray stray = {tables->event_id[i], tables->anchor[i], tables->said[i].row};

		if (tables_is_logged(tables, i) && pass_is_place(tables, tables->anchor[i]))
		{
			handed->stray_numbers[count] = i;
			handed->strays[count++] = stray;
		}
	}
	for (int i = 0; i < tables->base_count; i++)
	{
		CdpkBatchStray stray = {0, tables->base[i].anchor, tables->base[i].said.row};

		if (tables->base[i].there && pass_is_place(tables, stray.anchor))
		{
			handed->stray_numbers[count] = MAX_EVENTS + i;
			handed->strays[count++] = stray;
		}
	}
	if (count == 0)
		return CDPK_OK;
	STITCH_TRY(cdpk_batch_add_strays(tables->batch, handed->strays, count, &first));
	STITCH_TRY(pass_know(tables, handed, first));
	STITCH_TRY(cdpk_batch_reanchor(tables->batch, &moved, &count));
	for (size_t i = 0; i < count; i++)
	{
		int number = handed->stray_numbers[moved[i].stray];
		int64_t *anchor = number < MAX_EVENTS ? &tables->anchor[number]
											  : &tables->base[number - MAX_EVENTS].anchor;

		if (*anchor != moved[i].from ||
			moved[i].event_id != (number < MAX_EVENTS ? tables->event_id[number] : 0))
			tables_fail(tables, "an event is moved from where it is not");
		*anchor = moved[i].to;
		tables->moved_base += number >= MAX_EVENTS;
		/* where a group call left an identifier, its membership is counted anew */
		if (tables_said(tables, number)->account >= 0)
			tables->recount[moved[i].from] = tables->recount[moved[i].to] = true;
	}
	tables->reanchored += count;
	return CDPK_OK;
}

/* ---------------------------------------------------------------- folds */

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

		if (!tables_is_logged(tables, i) || tables->anchor[i] == 0)
			continue;
		event.profile_id = tables->profile_id[tables_thing(tables, tables->anchor[i])];
		if (pass_has(ids, count, event.profile_id))
			handed->logged[logged++] = event;
	}
	for (int i = 0; i < tables->base_count; i++)
	{
		CdpkBatchLogged event = {0, tables->base[i].anchor, 0, tables->base[i].said.row};

		if (event.anchor == 0 || !tables->base[i].there)
			continue;
		event.profile_id = tables->profile_id[tables_thing(tables, event.anchor)];
		if (pass_has(ids, count, event.profile_id))
			handed->logged[logged++] = event;
	}
	return logged > 0 ? cdpk_batch_set_logged(tables->batch, handed->logged, logged) : CDPK_OK;
}

/* ---------------------------------------------------------------- one batch */

/* Events that touched a profile name the account of a group call. */
static inline void
pass_check_accounts(Tables *tables)
{
	size_t count;
	const CdpkBatchAccount *accounts = cdpk_batch_accounts(tables->batch, &count);
	CdpkBatchPosition position = {0, 0, 0};
	CdpkBatchTouched touched;
	size_t rows = 0;

	while (cdpk_batch_next_touched(tables->batch, &position, &touched))
	{
		const Said *event = &tables->said[tables->event_of_id[touched.event_id]];

		if (touched.event_id == 0)
		{
			rows += touched.cause == CDPK_BATCH_EVENT;
			continue;
		}
		rows += touched.cause == CDPK_BATCH_EVENT;
		if (touched.cause == CDPK_BATCH_EVENT && event->account >= 0
				? touched.account == CDPK_BATCH_NONE ||
					  batch_compare_bytes(&accounts[touched.account].account,
										  &event->row.account) != 0
				: touched.account != CDPK_BATCH_NONE)
			tables_fail(tables, "an event names another account");
	}
	(void) cdpk_batch_fold_order(tables->batch, &count);
	if (rows != count)
		tables_fail(tables, "not all rows touch a profile");
}

/* The log is written by (anchor, time), profiles are folded by (profile, anchor, time). */
static inline void
pass_check_orders(Tables *tables, const Handed *handed)
{
	const int64_t *anchors = cdpk_batch_anchors(tables->batch);
	const int64_t *profiles = cdpk_batch_anchor_profiles(tables->batch);
	size_t count;
	size_t folded = 0;
	size_t attributed = 0;
	const uint32_t *order = cdpk_batch_log_order(tables->batch, &count);
	const CdpkBatchProfile *rows;

	for (size_t i = 0; i < count; i++)
	{
		attributed += profiles[order[i]] != 0;
		if (i > 0 && (anchors[order[i - 1]] > anchors[order[i]] ||
					  (anchors[order[i - 1]] == anchors[order[i]] &&
					   handed->rows[order[i - 1]].at > handed->rows[order[i]].at)))
			tables_fail(tables, "the log is not in its order");
	}
	order = cdpk_batch_fold_order(tables->batch, &count);
	if (count != attributed)
		tables_fail(tables, "not all rows are folded");
	for (size_t i = 1; i < count; i++)
		if (profiles[order[i - 1]] == profiles[order[i]] &&
			(anchors[order[i - 1]] > anchors[order[i]] ||
			 (anchors[order[i - 1]] == anchors[order[i]] &&
			  handed->rows[order[i - 1]].at > handed->rows[order[i]].at)))
			tables_fail(tables, "what is folded is not in its order");
	rows = cdpk_batch_profiles(tables->batch, &count);
	for (size_t i = 0; i < count; i++)
		for (uint32_t k = 0; k < rows[i].rows; k++, folded++)
			if (profiles[order[rows[i].first_row + k]] != rows[i].profile_id)
				tables_fail(tables, "a row is folded into another profile");
	if (folded != attributed)
		tables_fail(tables, "not all rows are folded");
	pass_check_accounts(tables);
}

static inline CdpkStatus
pass_run(Tables *tables, Handed *handed)
{
	CdpkStitchStore callbacks = tables_callbacks(tables);
	CdpkBatch *batch = tables->batch;

	STITCH_TRY(cdpk_batch_begin(batch, handed->rows, (size_t) handed->row_count, &handed->changes));
	STITCH_TRY(pass_dedupe(tables, handed));
	STITCH_TRY(pass_identify(tables, handed));
	STITCH_TRY(pass_evidence(tables, handed));
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
	pass_refold_accounts(tables);
	memcpy(tables->blocked, tables->world.blocked, sizeof(tables->blocked));
	pass_check_orders(tables, handed);
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
		/* what met is gathered all at once, or after each few events */
		if (unit_random(&tables->random) % 2 == 0)
			tables->batch->meetings_together = 1 + (uint32_t) (unit_random(&tables->random) % 20);
		tables->status = pass_run(tables, &handed);
		cdpk_batch_free(tables->batch);
	}
	tables->batch = NULL;
	if (tables->status != CDPK_OK)
		tables_fail(tables, "the pass failed");
}

#endif /* BATCH_DRIVER_H */
