/*
 * pass_fold.c
 *		Folds events into profiles and their timelines: what is read for that, and what follows.
 */
#include "postgres.h"

#include "utils/datum.h"

#include "platform/progress/progress.h"
#include "platform/refresh/pass.h"
#include "platform/refresh/pass_base.h"
#include "platform/refresh/pass_fold.h"
#include "toolkit/timeline/timeline.h"

/* ---------------------------------------------------------------- the log */

/* Events of the log of profiles that are folded anew. */
typedef struct Logged
{
	Pass *pass;
	PassIds identifier_ids; /* of these profiles, … */
	PassIds profile_ids;    /* … and the profile of each */
	CdpkBatchLogged *events;
	int count;
	int capacity;
} Logged;

/* note_anchor is the StoreRowFunction that takes an identifier of such a profile. */
static void
note_anchor(void *arg, int key, const Datum *values, const bool *nulls)
{
	Logged *logged = arg;

	pass_add_id(&logged->identifier_ids, DatumGetInt64(values[0]));
	pass_add_id(&logged->profile_ids, DatumGetInt64(values[1]));
}

/* the columns that are read of an event */
enum
{
	READ_ID,
	READ_BATCH_ID,
	READ_AT,
	READ_TYPE,
	READ_EVENT,
	READ_PROPERTIES,
	READ_TRAITS,
	READ_CONTEXT,
	READ_CONTEXT_HASH,
	READ_RECEIVED_AT,
	READ_SOURCE,
	READ_COLUMNS
};

static const int read_columns[READ_COLUMNS] = {EVENT_ID,
											   EVENT_BATCH_ID,
											   EVENT_LOGGED + LOGGED_AT,
											   EVENT_LOGGED + LOGGED_TYPE,
											   EVENT_LOGGED + LOGGED_EVENT,
											   EVENT_LOGGED + LOGGED_PROPERTIES,
											   EVENT_LOGGED + LOGGED_TRAITS,
											   EVENT_LOGGED + LOGGED_CONTEXT,
											   EVENT_CONTEXT_HASH,
											   EVENT_LOGGED + LOGGED_RECEIVED_AT,
											   EVENT_LOGGED + LOGGED_SOURCE};

/* add_logged makes room for one more event. */
static CdpkBatchLogged *
add_logged(Logged *logged)
{
	CdpkBatchLogged *event;

	if (logged->count == logged->capacity)
	{
		logged->capacity = Max(1024, logged->capacity * 2);
		logged->events =
			logged->events == NULL
				? pass_array(logged->capacity, sizeof(CdpkBatchLogged))
				: repalloc_huge(logged->events, sizeof(CdpkBatchLogged) * logged->capacity);
	}
	event = &logged->events[logged->count++];
	memset(event, 0, sizeof(*event));
	return event;
}

/* read_base adds the rows of the base of these profiles. */
static void
read_base(Logged *logged)
{
	PassBase base;

	pass_find_base_values(logged->pass, logged->identifier_ids.items, logged->identifier_ids.count,
						  &base);
	for (int i = 0; i < base.count; i++)
	{
		CdpkBatchLogged *event = add_logged(logged);

		event->anchor = base.anchors[i];
		event->profile_id = logged->profile_ids.items[base.keys[i]];
		event->row = base.rows[i];
	}
}

/* note_event is the StoreRowFunction that takes an event, unless it is of this batch. */
static void
note_event(void *arg, int key, const Datum *values, const bool *nulls)
{
	Logged *logged = arg;
	Pass *pass = logged->pass;
	CdpkBatchLogged *event;
	PassSaid said = {values[READ_TRAITS],       values[READ_PROPERTIES], values[READ_CONTEXT],
					 values[READ_CONTEXT_HASH], nulls[READ_TRAITS],      nulls[READ_PROPERTIES],
					 nulls[READ_CONTEXT],       nulls[READ_CONTEXT_HASH]};

	CHECK_FOR_INTERRUPTS();
	if (DatumGetInt64(values[READ_BATCH_ID]) == pass->batch_id ||
		pass_is_folded(pass, DatumGetInt64(values[READ_ID]), DatumGetTimestampTz(values[READ_AT])))
		return;
	event = add_logged(logged);
	event->event_id = DatumGetInt64(values[READ_ID]);
	event->anchor = logged->identifier_ids.items[key];
	event->profile_id = logged->profile_ids.items[key];
	event->row.at = DatumGetTimestampTz(values[READ_AT]);
	event->row.said_at = Min(event->row.at, DatumGetTimestampTz(values[READ_RECEIVED_AT]));
	event->row.call = pass_call(values[READ_TYPE]);
	event->row.source = pass_known_source(pass, values[READ_SOURCE]);
	if (!nulls[READ_EVENT])
		event->row.event = pass_bytes(datumCopy(values[READ_EVENT], false, -1), false);
	pass_fold_values(pass, &event->row, &said, false);
}

/* how many profiles are read together */
#define TOGETHER 10000

/* read_log reads the events of the log of profiles that are folded anew. */
static void
read_log(Pass *pass)
{
	static const int wanted[] = {IDENTIFIER_ID, IDENTIFIER_PROFILE_ID};
	size_t count;
	const int64_t *rebuilt = cdpk_batch_rebuilt(pass->batch, &count);
	Logged logged = {pass};

	if (count == 0)
		return;
	pass_index_log(pass);
	for (size_t i = 0; i < count; i += TOGETHER)
	{
		progress_set("reread", (int64) i, (int64) count);
		logged.identifier_ids.count = logged.profile_ids.count = 0;
		pass_find_ids(pass, TABLE_IDENTIFIER, IDENTIFIER_PROFILE_ID, (const int64 *) rebuilt + i,
					  (int) Min(count - i, TOGETHER), lengthof(wanted), wanted, note_anchor,
					  &logged);
		pass_find_ids(pass, TABLE_EVENT, EVENT_IDENTIFIER_ID, logged.identifier_ids.items,
					  logged.identifier_ids.count, READ_COLUMNS, read_columns, note_event, &logged);
		read_base(&logged);
	}
	pass_check(cdpk_batch_set_logged(pass->batch, logged.events, (size_t) logged.count));
}

/* ---------------------------------------------------------------- rows of profiles */

/* the columns that are read of a profile */
enum
{
	PART_PROFILE_ID,
	PART_EVENTS,
	PART_FIRST_SEEN,
	PART_LAST_SEEN,
	PART_EXPIRES_AT,
	PART_TRAITS,
	PART_TIMELINE,
	PART_LEVEL_1,
	PART_LEVEL_2,
	PART_LEVEL_3,
	PART_IDENTIFIER_COUNT,
	PART_IDENTIFIERS,
	PART_IDENTIFIER_IDS,
	PART_ACCOUNTS,
	PART_SHARED,
	PART_CONSENTS,
	PART_COLUMNS
};

static const int part_columns[PART_COLUMNS] = {PROFILE_ID,
											   PROFILE_EVENTS,
											   PROFILE_FIRST_SEEN,
											   PROFILE_LAST_SEEN,
											   PROFILE_EXPIRES_AT,
											   PROFILE_TRAITS,
											   PROFILE_TIMELINE,
											   PROFILE_LEVEL_1,
											   PROFILE_LEVEL_2,
											   PROFILE_LEVEL_3,
											   PROFILE_IDENTIFIER_COUNT,
											   PROFILE_IDENTIFIERS,
											   PROFILE_IDENTIFIER_IDS,
											   PROFILE_ACCOUNTS,
											   PROFILE_SHARED,
											   PROFILE_CONSENTS};

/* copy_timeline copies what a person did, but for the levels; of one that moves or is folded anew, all of it. */
static CdpkBatchBytes
copy_timeline(const PassFold *fold, uint64_t profile_id, const Datum *values, const bool *nulls)
{
	Datum copies[PART_IDENTIFIER_COUNT - PART_TIMELINE];

	for (int i = 0; i < lengthof(copies); i++)
		if (!nulls[i])
			copies[i] = datumCopy(values[i], false, -1);
	if (!nulls[1] && (cdpk_idmap_get(&fold->gone, profile_id) != CDPK_IDMAP_NONE ||
					  cdpk_idmap_get(&fold->rebuilt, profile_id) != CDPK_IDMAP_NONE))
		copies[0] = PointerGetDatum(timeline_whole(copies, nulls, lengthof(copies)));
	return pass_bytes(copies[0], false);
}

/* note_former notes what the row of a profile holds; values and nulls: of the columns from PART_IDENTIFIER_COUNT on. */
static void
note_former(const PassFold *fold, uint64_t profile_id, const Datum *values, const bool *nulls,
			PassFormer *former)
{
	PassHeld *held = &former->held;

	memset(former, 0, sizeof(*former));
	former->identifier_count = DatumGetInt32(values[0]);
	held->no_identifiers = nulls[1];
	held->no_ids = nulls[2];
	held->no_accounts = nulls[3];
	if (!nulls[3])
		held->accounts = datumCopy(values[3], false, -1);
	if (cdpk_idmap_get(&fold->held, profile_id) == CDPK_IDMAP_NONE)
		return;
	if (!nulls[1])
		held->identifiers = datumCopy(values[1], false, -1);
	if (!nulls[2])
		held->ids = datumCopy(values[2], false, -1);
}

/* note_profile is the StoreRowFunction that takes the row of a profile. */
static void
note_profile(void *arg, int key, const Datum *values, const bool *nulls)
{
	PassFold *fold = arg;
	CdpkBatchPart *part = &fold->parts[fold->part_count];

	memset(part, 0, sizeof(*part));
	part->profile_id = DatumGetInt64(values[PART_PROFILE_ID]);
	part->events = DatumGetInt64(values[PART_EVENTS]);
	part->first_at = nulls[PART_FIRST_SEEN] ? 0 : DatumGetTimestampTz(values[PART_FIRST_SEEN]);
	part->last_at = nulls[PART_LAST_SEEN] ? 0 : DatumGetTimestampTz(values[PART_LAST_SEEN]);
	part->expires_at =
		nulls[PART_EXPIRES_AT] ? CDPK_BATCH_NEVER : DatumGetTimestampTz(values[PART_EXPIRES_AT]);
	if (!nulls[PART_TRAITS])
		part->traits = pass_bytes(datumCopy(values[PART_TRAITS], false, -1), false);
	part->timeline = copy_timeline(fold, (uint64_t) part->profile_id, values + PART_TIMELINE,
								   nulls + PART_TIMELINE);
	note_former(fold, (uint64_t) part->profile_id, values + PART_IDENTIFIER_COUNT,
				nulls + PART_IDENTIFIER_COUNT, &fold->formers[fold->part_count]);
	pass_check(
		cdpk_idmap_put(&fold->part, (uint64_t) part->profile_id, (uint32_t) fold->part_count));
	if (fold->pass->has_purposes)
		pass_note_stamped(fold->pass, part->profile_id, DatumGetBool(values[PART_SHARED]),
						  DatumGetBool(values[PART_CONSENTS]));
	fold->part_count++;
	progress_step(fold->part_count);
}

/* read_parts tells what the table has of profiles. */
static void
read_parts(PassFold *fold)
{
	Pass *pass = fold->pass;
	size_t count;
	const CdpkStitchMove *gone = cdpk_batch_gone(pass->batch, &count);
	const int64_t *profile_ids;

	for (size_t i = 0; i < count; i++)
		pass_check(cdpk_idmap_put(&fold->gone, (uint64_t) gone[i].from, 0));
	profile_ids = cdpk_batch_rebuilt(pass->batch, &count);
	for (size_t i = 0; i < count; i++)
		pass_check(cdpk_idmap_put(&fold->rebuilt, (uint64_t) profile_ids[i], 0));
	profile_ids = cdpk_batch_profiles_wanted(pass->batch, &count);
	progress_set("fold", 0, (int64) count);
	fold->parts = pass_array((int64) count, sizeof(CdpkBatchPart));
	fold->formers = pass_array((int64) count, sizeof(PassFormer));
	pass_find_ids(pass, TABLE_PROFILE, PROFILE_ID, (const int64 *) profile_ids, (int) count,
				  PART_COLUMNS, part_columns, note_profile, fold);
	pass_check(cdpk_batch_add_parts(pass->batch, fold->parts, (size_t) fold->part_count));
}

/* ---------------------------------------------------------------- what the batch did */

/* count_profiles counts what the stitch did to profiles: what was one before and is part of one now. */
static void
count_profiles(PassFold *fold)
{
	Pass *pass = fold->pass;
	const CdpkStitchResult *result = cdpk_batch_result(pass->batch);
	CdpkIdMap former; /* of each profile, how many */
	CdpkIdMap moved;

	cdpk_idmap_init(&former, &pass->allocator);
	cdpk_idmap_init(&moved, &pass->allocator);
	for (size_t i = 0; i < result->profile_move_count; i++)
	{
		uint64_t to = (uint64_t) result->profile_moves[i].to;
		uint32_t count = cdpk_idmap_get(&former, to);

		pass_check(cdpk_idmap_put(&moved, (uint64_t) result->profile_moves[i].from, 0));
		pass_check(cdpk_idmap_put(&former, to, count == CDPK_IDMAP_NONE ? 1 : count + 1));
		if (count != CDPK_IDMAP_NONE)
			pass->counts[COUNT_PROFILES_MERGED]++;
	}
	for (size_t i = 0; i < result->profile_count; i++)
	{
		uint64_t id = (uint64_t) result->profiles[i].profile_id;
		bool joined = cdpk_idmap_get(&former, id) != CDPK_IDMAP_NONE;
		bool stayed = cdpk_idmap_get(&fold->part, id) != CDPK_IDMAP_NONE &&
					  cdpk_idmap_get(&moved, id) == CDPK_IDMAP_NONE;

		if (!joined && !stayed)
			pass->counts[COUNT_PROFILES_CREATED]++;
		if (joined && stayed)
			pass->counts[COUNT_PROFILES_MERGED]++;
	}
	pass->counts[COUNT_PROFILES_SPLIT] = (int64) result->statistics.profiles_split;
	pass->counts[COUNT_REWORKS] = (int64) result->statistics.reworks;
	pass->counts[COUNT_IDENTIFIERS_REWORKED] = (int64) result->statistics.identifiers_reworked;
	pass->counts[COUNT_LARGEST_REWORK] = (int64) result->statistics.largest_rework;
	cdpk_idmap_free(&former);
	cdpk_idmap_free(&moved);
}

/* start_fold plans what is folded. */
static void
start_fold(Pass *pass, PassFold *fold)
{
	memset(fold, 0, sizeof(*fold));
	fold->pass = pass;
	cdpk_idmap_init(&fold->part, &pass->allocator);
	cdpk_idmap_init(&fold->held, &pass->allocator);
	cdpk_idmap_init(&fold->gone, &pass->allocator);
	cdpk_idmap_init(&fold->replaced, &pass->allocator);
	cdpk_idmap_init(&fold->rebuilt, &pass->allocator);
	pass_check(cdpk_batch_plan(pass->batch));
}

/* run_fold folds. */
static void
run_fold(PassFold *fold)
{
	read_parts(fold);
	pass_check(cdpk_batch_fold(fold->pass->batch));
	fold->profiles = cdpk_batch_profiles(fold->pass->batch, &fold->profile_count);
}

/* end_fold writes what was folded. */
static void
end_fold(PassFold *fold)
{
	pass_hold(fold);
	pass_write_profiles(fold);
	cdpk_idmap_free(&fold->part);
	cdpk_idmap_free(&fold->held);
	cdpk_idmap_free(&fold->gone);
	cdpk_idmap_free(&fold->replaced);
	cdpk_idmap_free(&fold->rebuilt);
}

void
pass_fold(Pass *pass)
{
	PassFold fold;

	progress_set("reread", 0, 0);
	start_fold(pass, &fold);
	read_log(pass);
	pass_note_held(&fold);
	run_fold(&fold);
	count_profiles(&fold);
	pass_fold_accounts(pass);
	end_fold(&fold);
}

/* take_last takes the last profile from those that are written. */
static void
take_last(PassFold *fold, CdpkBatchPart *last)
{
	const CdpkBatchProfile *profile = &fold->profiles[--fold->profile_count];

	last->profile_id = profile->profile_id;
	last->events = profile->events;
	last->first_at = profile->first_at;
	last->last_at = profile->last_at;
	last->expires_at = profile->expires_at;
	last->traits = profile->traits;
	last->timeline = profile->timeline;
}

void
pass_refold(Pass *pass, PassRefold *refold)
{
	PassFold fold;

	start_fold(pass, &fold);
	pass_check(cdpk_batch_set_logged(pass->batch, refold->events, refold->event_count));
	pass_check(cdpk_batch_add_summaries(pass->batch, refold->summaries, refold->summary_count));
	if (refold->folded != NULL)
		pass_check(cdpk_batch_add_folded(pass->batch, refold->folded, 1));
	fold.anew = true;
	fold.items = refold->identifiers;
	for (int i = 0; i < refold->identifier_count; i++)
		pass_check(
			cdpk_idmap_put(&fold.held, (uint64_t) refold->identifiers[i].profile_id, (uint32_t) i));
	run_fold(&fold);
	if (refold->unfinished)
		take_last(&fold, &refold->last);
	end_fold(&fold);
	refold->written = fold.written;
}
