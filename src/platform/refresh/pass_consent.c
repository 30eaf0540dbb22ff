/*
 * pass_consent.c
 *		Turns the signals of accepted events into statements of the ledger of consent; those of events that are taken
 *		back leave it.
 *
 * What one source says again and again of the same identifiers and purpose is a run: sorted by time, as long as the
 * answer is the same, of which the ledger has the first and the last event.  Runs do not depend on the order in which
 * events arrive: where an event falls into a run of the other answer, or the first or last event of one is taken back,
 * all that was said of the key is read anew from the log.  The ends of a run stay what they are where the log has their
 * events no more.
 */
#include "postgres.h"

#include "platform/refresh/pass_consent.h"

/* What is under way. */
typedef struct Hearing
{
	Pass *pass;
	PassSignals *signals; /* NULL: there are none, and only events that are taken back matter */
	ConsentPoints *points;
	int64 *ids; /* room for those of one event */
	int capacity;
	LedgerRow *rows; /* as the ledger has them */
	int row_count;
	CdpkIdMap gone;   /* events that are taken back */
	CdpkIdMap reread; /* events of the log of which other identifiers count now */
	bool
		only_reread; /* of what is read from the log these are taken, else those of keys to be read anew */
} Hearing;

/* find_ids finds the identifiers of an event in Hearing.ids; 0: there are none, or not all are of the batch. */
static int
find_ids(Hearing *hearing, const CdpkBatchRow *row)
{
	if ((int) row->identifier_count > hearing->capacity)
	{
		hearing->capacity = Max((int) row->identifier_count, 64);
		hearing->ids = pass_array(hearing->capacity, sizeof(int64));
	}
	return pass_consent_ids(hearing->pass, row, hearing->ids);
}

/* hear adds what an event says. */
static void
hear(Hearing *hearing, const CdpkBatchRow *row, int64 event_id, const PassSaid *said,
	 const CdpkBatchBytes *event, bool add)
{
	int16 purpose_ids[CONSENT_PURPOSES];
	bool no[CONSENT_PURPOSES];
	int count = pass_event_answers(hearing->signals, said, event, purpose_ids, no);
	ConsentKey key;

	if (count == 0)
		return;
	key.id_count = find_ids(hearing, row);
	key.ids = hearing->ids;
	key.source_id = hearing->pass->sources[row->source].source_id;
	for (int i = 0; i < count && key.id_count > 0; i++)
	{
		int place;

		key.purpose_id = purpose_ids[i];
		place = pass_consent_key(hearing->points, &key, add);
		if (place >= 0 && (add || hearing->points->keys[place].reread))
			pass_add_point(hearing->points, place, no[i], row->said_at, event_id);
	}
}

/* hear_rows adds what the accepted rows say, and counts what of it is not valid. */
static void
hear_rows(Hearing *hearing)
{
	Pass *pass = hearing->pass;
	const CdpkBatchJudged *judged = cdpk_batch_judged(pass->batch);

	for (int i = 0; i < pass->row_count; i++)
	{
		const InboxRow *columns = &pass->rows[i].columns;
		const CdpkBatchRow *row = &pass->batch_rows[i];
		PassSaid said = {.properties = columns->values[INBOX_PROPERTIES],
						 .context = columns->values[INBOX_CONTEXT],
						 .no_traits = true,
						 .no_properties = columns->nulls[INBOX_PROPERTIES],
						 .no_context = columns->nulls[INBOX_CONTEXT],
						 .no_context_hash = true};

		CHECK_FOR_INTERRUPTS();
		if (judged[i].outcome != CDPK_BATCH_ACCEPTED ||
			(said.no_context && row->event.bytes == NULL))
			continue;
		hear(hearing, row, judged[i].event_id, &said, &row->event, true);
		pass_count_invalid(hearing->signals, row->source);
	}
}

/* hear_logged is the StoreRowFunction that adds what an event of the log says. */
static void
hear_logged(void *arg, int key, const Datum *values, const bool *nulls)
{
	Hearing *hearing = arg;
	const Datum *logged = values + EVENT_LOGGED;
	const bool *no_logged = nulls + EVENT_LOGGED;
	int64 event_id = DatumGetInt64(values[EVENT_ID]);
	PassSaid said = {.properties = logged[LOGGED_PROPERTIES],
					 .context = logged[LOGGED_CONTEXT],
					 .context_hash = values[EVENT_CONTEXT_HASH],
					 .no_traits = true,
					 .no_properties = no_logged[LOGGED_PROPERTIES],
					 .no_context = no_logged[LOGGED_CONTEXT],
					 .no_context_hash = nulls[EVENT_CONTEXT_HASH]};
	CdpkBatchBytes event;
	CdpkBatchRow row;

	CHECK_FOR_INTERRUPTS();
	if (hearing->only_reread &&
		cdpk_idmap_get(&hearing->reread, (uint64_t) event_id) == CDPK_IDMAP_NONE)
		return;
	pass_clean_logged(hearing->pass, logged, no_logged, &row);
	row.source = pass_known_source(hearing->pass, logged[LOGGED_SOURCE]);
	event = pass_bytes(logged[LOGGED_EVENT], no_logged[LOGGED_EVENT]);
	hear(hearing, &row, event_id, &said, &event, hearing->only_reread);
}

/* read_anchored reads the events of the log that are anchored at identifiers. */
static void
read_anchored(Hearing *hearing, PassIds *anchors)
{
	PassColumns key = {0};
	Datum *identifier_id;

	pass_sort_ids(anchors);
	key.rows = anchors->count;
	if (key.rows == 0)
		return;
	identifier_id = pass_column(&key, EVENT_IDENTIFIER_ID);
	for (int i = 0; i < anchors->count; i++)
		identifier_id[i] = Int64GetDatum(anchors->items[i]);
	pass_find_logged(hearing->pass, &key, hear_logged, hearing);
}

/* add_named adds the numbers of the identifiers of an event. */
static void
add_named(const Hearing *hearing, const CdpkBatchRow *row, PassIds *ids)
{
	const CdpkBatch *batch = hearing->pass->batch;

	for (uint32 i = 0; i < row->identifier_count; i++)
	{
		uint32_t place =
			cdpk_batch_find(batch, row->identifiers[i].bytes, row->identifiers[i].length);
		int64 id =
			place == CDPK_BATCH_NONE ? 0 : cdpk_batch_identifier(batch, place)->identifier_id;

		if (id != 0)
			pass_add_id(ids, id);
	}
}

/* hear_reread adds what events say that are read again, as an identifier of theirs is not blocked any more. */
static void
hear_reread(Hearing *hearing)
{
	const CdpkBatchChanges *changes = &hearing->pass->changes;
	PassIds anchors = {NULL};

	for (size_t i = 0; i < changes->reread_count; i++)
	{
		const CdpkBatchReread *event = &changes->reread[i];

		if (event->event_id == 0)
			continue;
		pass_check(cdpk_idmap_put(&hearing->reread, (uint64_t) event->event_id, 1));
		add_named(hearing, &event->row, &anchors);
	}
	hearing->only_reread = true;
	read_anchored(hearing, &anchors);
	hearing->only_reread = false;
}

/* find_gone lists events that are taken back, and the keys whose rows rest on them. */
static void
find_gone(Hearing *hearing)
{
	const CdpkBatchChanges *changes = &hearing->pass->changes;
	PassIds ids = {NULL};
	PassIds event_ids = {NULL};

	for (size_t i = 0; i < changes->taken_back_count; i++)
	{
		const CdpkBatchReread *event = &changes->taken_back[i];

		pass_check(cdpk_idmap_put(&hearing->gone, (uint64_t) event->event_id, 1));
		pass_add_id(&event_ids, event->event_id);
		pass_add_id(&ids, event->anchor);
		add_named(hearing, &event->row, &ids);
	}
	pass_sort_ids(&ids);
	if (event_ids.count > 0)
		pass_add_resting(hearing->points, &ids, &event_ids);
}

/* first_point and last_point are the ends of a row. */
static ConsentPoint
first_point(const LedgerRow *row)
{
	return (ConsentPoint){row->key, row->no, row->first_time, row->first_event_id};
}

static ConsentPoint
last_point(const LedgerRow *row)
{
	return (ConsentPoint){row->key, row->no, row->last_time, row->event_id};
}

/* is_dividing tells whether a point falls into a run of the other answer. */
static bool
is_dividing(const Hearing *hearing, const ConsentPoint *point)
{
	const ConsentKey *key = &hearing->points->keys[point->key];
	int low = key->first_row;
	int high = key->first_row + key->row_count;
	ConsentPoint last;

	/* runs of a key are in order: it can only be the last one that begins before the point */
	while (low < high)
	{
		int middle = low + (high - low) / 2;
		ConsentPoint first = first_point(&hearing->rows[middle]);

		if (pass_compare_points(&first, point) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == key->first_row)
		return false;
	last = last_point(&hearing->rows[low - 1]);
	return point->no != last.no && pass_compare_points(point, &last) < 0;
}

/* mark_divided marks the keys of which a point falls into a run of the other answer. */
static void
mark_divided(Hearing *hearing)
{
	ConsentPoints *points = hearing->points;

	for (int i = 0; i < points->count; i++)
	{
		ConsentKey *key = &points->keys[points->points[i].key];

		CHECK_FOR_INTERRUPTS();
		key->reread = key->reread || is_dividing(hearing, &points->points[i]);
	}
}

/* hear_anew adds what the log has of the keys that are marked. */
static void
hear_anew(Hearing *hearing)
{
	ConsentPoints *points = hearing->points;
	PassIds anchors = {NULL};

	for (int i = 0; i < points->key_count; i++)
		for (int k = 0; k < points->keys[i].id_count && points->keys[i].reread; k++)
			pass_add_id(&anchors, points->keys[i].ids[k]);
	read_anchored(hearing, &anchors);
}

/* add_ends adds the ends of the rows of the ledger, but for those of events that are taken back. */
static void
add_ends(Hearing *hearing)
{
	for (int i = 0; i < hearing->row_count; i++)
	{
		ConsentPoint ends[2] = {first_point(&hearing->rows[i]), last_point(&hearing->rows[i])};

		for (int k = 0; k < 2; k++)
			if (cdpk_idmap_get(&hearing->gone, (uint64_t) ends[k].event_id) == CDPK_IDMAP_NONE)
				pass_add_point(hearing->points, ends[k].key, ends[k].no, ends[k].at,
							   ends[k].event_id);
	}
}

/* What becomes of the ledger. */
typedef struct LedgerChanges
{
	LedgerRow *changed;
	LedgerRow *deleted;
	LedgerRow *inserted;
	int changed_count;
	int deleted_count;
	int inserted_count;
	PassIds ids; /* of the identifiers of all of these */
} LedgerChanges;

/* note_change notes the identifiers of a key. */
static void
note_change(LedgerChanges *changes, const ConsentKey *key)
{
	for (int i = 0; i < key->id_count; i++)
		pass_add_id(&changes->ids, key->ids[i]);
}

/* place_run puts a run in the place of the first row from *row on that it has a part of, or inserts it. */
static void
place_run(Hearing *hearing, const LedgerRow *run, int *row, int end, LedgerChanges *changes)
{
	const ConsentKey *key = &hearing->points->keys[run->key];

	for (; *row < end; (*row)++)
	{
		LedgerRow *old = &hearing->rows[*row];

		if (old->first_time > run->last_time)
			break;
		if (old->no == run->no && old->last_time >= run->first_time)
		{
			bool same = old->first_time == run->first_time && old->last_time == run->last_time &&
						old->first_event_id == run->first_event_id &&
						old->event_id == run->event_id;

			(*row)++;
			if (same)
				return;
			changes->changed[changes->changed_count] = *run;
			changes->changed[changes->changed_count++].consent_id = old->consent_id;
			note_change(changes, key);
			return;
		}
		changes->deleted[changes->deleted_count++] = *old;
		note_change(changes, key);
	}
	changes->inserted[changes->inserted_count++] = *run;
	note_change(changes, key);
}

/* compare_key finds the runs of a key in its points, which are sorted, and compares them with its rows. */
static void
compare_key(Hearing *hearing, int number, int first, int end, LedgerChanges *changes)
{
	const ConsentKey *key = &hearing->points->keys[number];
	int row = key->first_row;
	int last_row = key->first_row + key->row_count;

	while (first < end)
	{
		const ConsentPoint *start = &hearing->points->points[first];
		const ConsentPoint *last = start;
		LedgerRow run = {number, 0, start->no, start->at, start->at, start->event_id};

		while (++first < end && hearing->points->points[first].no == start->no)
			last = &hearing->points->points[first];
		run.last_time = last->at;
		run.event_id = last->event_id;
		place_run(hearing, &run, &row, last_row, changes);
	}
	for (; row < last_row; row++)
	{
		changes->deleted[changes->deleted_count++] = hearing->rows[row];
		note_change(changes, key);
	}
}

/* compare finds what becomes of the ledger. */
static void
compare(Hearing *hearing, LedgerChanges *changes)
{
	ConsentPoints *points = hearing->points;
	int at = 0;

	pass_sort_points(points);
	changes->changed = pass_array(hearing->row_count, sizeof(LedgerRow));
	changes->deleted = pass_array(hearing->row_count, sizeof(LedgerRow));
	changes->inserted = pass_array(points->count, sizeof(LedgerRow));
	for (int key = 0; key < points->key_count; key++)
	{
		int end = at;

		CHECK_FOR_INTERRUPTS();
		while (end < points->count && points->points[end].key == key)
			end++;
		compare_key(hearing, key, at, end, changes);
		at = end;
	}
}

/* note_consenting notes the identifiers of which statements change. */
static void
note_consenting(Pass *pass, const PassIds *ids)
{
	MemoryContextSwitchTo(pass->context);
	for (int i = 0; i < ids->count; i++)
		pass_add_id(&pass->consenting, ids->items[i]);
}

void
pass_consent(Pass *pass)
{
	Hearing hearing = {.pass = pass};
	LedgerChanges changes = {0};
	MemoryContext caller = CurrentMemoryContext;

	/* without purposes there are neither signals nor statements */
	if (!pass->has_purposes)
		return;
	hearing.signals = pass_read_signals(pass);
	if (hearing.signals == NULL &&
		(pass->changes.taken_back_count == 0 ||
		 !pass_ask(pass, "SELECT EXISTS (SELECT FROM cdp_data.consent)")))
		return;
	hearing.points = pass_new_points(pass);
	cdpk_idmap_init(&hearing.gone, &pass->allocator);
	cdpk_idmap_init(&hearing.reread, &pass->allocator);
	find_gone(&hearing);
	if (hearing.signals != NULL)
	{
		hear_rows(&hearing);
		hear_reread(&hearing);
		pass_note_invalid(hearing.signals);
	}
	if (hearing.points->key_count == 0)
		return;
	hearing.rows = pass_read_ledger(hearing.points, &hearing.row_count);
	if (hearing.signals != NULL)
	{
		mark_divided(&hearing);
		hear_anew(&hearing);
	}
	add_ends(&hearing);
	compare(&hearing, &changes);
	pass_change_ledger(hearing.points, changes.changed, changes.changed_count, changes.deleted,
					   changes.deleted_count, changes.inserted, changes.inserted_count);
	note_consenting(pass, &changes.ids);
	MemoryContextSwitchTo(caller);
}
