/*
 * keep.c
 *		What a batch does to the kept memberships.
 *
 * First those whose horizon has passed are judged, on their rows as they were before the batch; then those whom it
 * touched (keep_touched.c); then a slice of the people for segments that are being built.  The caller holds the lock of
 * a refresh.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "cdp.h"
#include "platform/batch/batch.h"
#include "platform/segment/keep.h"

CDP_FUNCTION(cdp_keep_lapsed);
CDP_FUNCTION(cdp_keep_list);
CDP_FUNCTION(cdp_keep_slice);

/* how many people are in memory at once, where any number may be judged */
#define PART_PEOPLE 10000

/* how long a slice goes on judging people by segments that are being built, and with how many it begins */
#define SLICE_TIME USECS_PER_SEC
#define SLICE_FIRST_PART 64

/* a segment that is too slow is tried again after this time */
#define TOO_SLOW_AGAIN (10 * USECS_PER_MINUTE)

KeepIds
keep_read_ids(const char *query, int count, Oid *types, Datum *values)
{
	MemoryContext caller = CurrentMemoryContext;
	KeepIds ids;

	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	if (SPI_execute_with_args(query, count, types, values, NULL, false, 0) != SPI_OK_SELECT)
		elog(ERROR, "could not read ids");
	ids.count = (int64) SPI_processed;
	ids.items = MemoryContextAllocHuge(caller, Max(ids.count, 1) * sizeof(int64));
	for (int64 i = 0; i < ids.count; i++)
	{
		bool isnull;

		ids.items[i] =
			DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 1, &isnull));
	}
	SPI_finish();
	return ids;
}

void
keep_begin(KeepRun *run, const char *cause)
{
	TimestampTz now = GetCurrentTimestamp();

	memset(run, 0, sizeof(*run));
	run->cause = cause;
	run->changes.context = CurrentMemoryContext;
	run->segments = kept_read_segments(DEFINITION_NOWAIT);
	for (int i = 0; i < run->segments->count; i++)
	{
		KeptSegment *segment = &run->segments->items[i];

		segment->asked = segment->found && !(segment->state == KEPT_TOO_SLOW &&
											 segment->checked_at > now - TOO_SLOW_AGAIN);
	}
}

void
keep_end(KeepRun *run, bool recover)
{
	kept_write_segments(run->segments, recover);
	kept_release_segments(run->segments);
	kept_record(&run->changes);
}

void
keep_set_value(KeptChange *change, const KeptSegment *trait, const char *value)
{
	change->since = change->other_since = DT_NOBEGIN;
	change->trait = NameStr(trait->segment.name);
	change->type = trait->value_type;
	change->value = value;
}

/* cause_of returns why a membership changes in a run that has one cause for all people. */
static const char *
cause_of(const KeepRun *run, const KeptSegment *segment)
{
	/* the definition of a list says how it is read */
	return segment->is_list && strcmp(run->cause, "definition") == 0 ? "list" : run->cause;
}

void
keep_note_flip(void *arg, const Kept *kept, int person, int segment, TimestampTz at,
			   TimestampTz former)
{
	KeepRun *run = arg;
	Size cell = (Size) person * kept->segments->count + segment;
	const KeptSegment *flipped = &kept->segments->items[segment];
	int64 id = kept->people[person].profile_id;
	KeptChange change = {kept->since[cell] != DT_NOBEGIN ? "entered" : "exited",
						 run->causes != NULL ? run->causes[person] : cause_of(run, flipped),
						 id,
						 0,
						 flipped->segment_id,
						 at,
						 run->event_ids != NULL ? run->event_ids[person] : 0,
						 former,
						 DT_NOBEGIN};

	if (kept_holds_out(kept->segments, segment, id))
		return;
	if (flipped->segment.is_trait)
	{
		change.kind = "trait_changed";
		keep_set_value(&change, flipped,
					   kept->values[cell] != NULL
						   ? MemoryContextStrdup(run->changes.context, kept->values[cell])
						   : NULL);
	}
	else if (kept->since[cell] == DT_NOBEGIN && keep_is_withdrawn(run, id, flipped->segment_id, at))
	{
		change.cause = "consent";
		change.event_id = 0;
	}
	kept_add_change(&run->changes, change);
	if (run->flipped != NULL)
		run->flipped[person] = true;
}

/* ---------------------------------------------------------------- before the batch */

/* compare_changes orders by instant, profile and segment. */
static int
compare_changes(const void *a, const void *b)
{
	const KeptChange *x = a;
	const KeptChange *y = b;

	if (x->at != y->at)
		return x->at < y->at ? -1 : 1;
	if (x->profile_id != y->profile_id)
		return x->profile_id < y->profile_id ? -1 : 1;
	return (x->segment_id > y->segment_id) - (x->segment_id < y->segment_id);
}

/*
 * cdp_keep_lapsed implements cdp_internal.keep_lapsed(timestamptz): judges those whose horizon has passed, at each of
 * their horizons in turn.
 */
Datum
cdp_keep_lapsed(PG_FUNCTION_ARGS)
{
	TimestampTz until = PG_GETARG_TIMESTAMPTZ(0);
	Oid type = TIMESTAMPTZOID;
	Datum value = TimestampTzGetDatum(until);
	MemoryContext part;
	MemoryContext caller;
	KeepIds ids =
		keep_read_ids("SELECT m.profile_id FROM cdp_data.membership m "
					  "WHERE m.horizon <= $1 AND m.horizon < 'infinity' ORDER BY m.profile_id",
					  1, &type, &value);
	KeepRun run;

	if (ids.count == 0)
		PG_RETURN_INT64(0);
	keep_begin(&run, "clock");
	for (int i = 0; i < run.segments->count; i++)
		run.segments->items[i].asked &= !kept_stays(&run.segments->items[i]);
	part = AllocSetContextCreate(CurrentMemoryContext, "cdp lapsed", ALLOCSET_DEFAULT_SIZES);
	caller = MemoryContextSwitchTo(part);
	for (int64 first = 0; first < ids.count; first += PART_PEOPLE)
	{
		Kept *kept = kept_read(run.segments, ids.items + first, Min(ids.count - first, PART_PEOPLE),
							   STORE_WRITE);

		kept_judge_lapsed(kept, until, keep_note_flip, &run);
		kept_write(kept, until);
		MemoryContextReset(part);
	}
	MemoryContextSwitchTo(caller);
	qsort(run.changes.items, run.changes.count, sizeof(KeptChange), compare_changes);
	keep_end(&run, false);
	PG_RETURN_INT64(ids.count);
}

/* ---------------------------------------------------------------- slices */

/* ask_unbuilt asks for the segments that are built up to the same profile, which it returns; -1: there are none. */
static int64
ask_unbuilt(KeepRun *run)
{
	int64 after = PG_INT64_MAX;

	for (int i = 0; i < run->segments->count; i++)
		if (run->segments->items[i].found && kept_is_unbuilt(&run->segments->items[i]))
			after = Min(after, run->segments->items[i].built_until);
	for (int i = 0; i < run->segments->count; i++)
	{
		KeptSegment *segment = &run->segments->items[i];

		segment->asked =
			segment->found && kept_is_unbuilt(segment) && segment->built_until == after;
	}
	return after == PG_INT64_MAX ? -1 : after;
}

/* note_part notes, after a part of a slice, which segments have failed for all so far, and lets those that fail rest. */
static void
note_part(KeptSegments *segments, bool *fails_all)
{
	for (int i = 0; i < segments->count; i++)
	{
		KeptSegment *segment = &segments->items[i];

		fails_all[i] &= segment->fails_all;
		segment->fails_all = false;
		if (segment->failing > EVALUATE_FAILING_MAX)
			segment->judgement.whole = true;
		segment->asked &= !segment->judgement.whole;
	}
}

/*
 * judge_in_time judges people in the segments that are asked, in parts of which each is twice as large, until the time
 * of a slice has passed; returns how many it judged.
 */
static int
judge_in_time(KeepRun *run, Kept *kept, const int *people, TimestampTz as_of)
{
	KeptSegments *segments = run->segments;
	TimestampTz end = GetCurrentTimestamp() + SLICE_TIME;
	bool *fails_all = palloc(segments->count * sizeof(bool));
	int done = 0;

	memset(fails_all, true, segments->count);
	for (int part = SLICE_FIRST_PART; done < kept->count; part *= 2)
	{
		int count = Min(part, kept->count - done);

		kept_judge(kept, people + done, count, as_of, false, keep_note_flip, run);
		done += count;
		note_part(segments, fails_all);
		if (GetCurrentTimestamp() >= end)
			break;
	}
	for (int i = 0; i < segments->count; i++)
		segments->items[i].fails_all = fails_all[i] && done > 0;
	pfree(fails_all);
	return done;
}

/*
 * judge_slice judges some people in the segments that are asked, and who changes in those that need them; returns how
 * many it came to.
 */
static int
judge_slice(KeepRun *run, Kept *kept, TimestampTz as_of)
{
	int *people = palloc_extended(Max(kept->count, 1) * sizeof(int), MCXT_ALLOC_HUGE);
	int32 level = PG_INT32_MAX;
	int count = 0;
	int done;

	run->flipped = palloc0(Max(kept->count, 1) * sizeof(bool));
	for (int i = 0; i < kept->count; i++)
		people[i] = i;
	for (int i = 0; i < run->segments->count; i++)
		if (run->segments->items[i].asked)
			level = Min(level, run->segments->items[i].level);
	done = judge_in_time(run, kept, people, as_of);
	for (int i = 0; i < run->segments->count; i++)
	{
		KeptSegment *segment = &run->segments->items[i];

		segment->asked = segment->found && segment->level > level && !kept_stays(segment);
	}
	for (int i = 0; i < kept->count; i++)
		if (run->flipped[i])
			people[count++] = i;
	run->flipped = NULL;
	kept_judge(kept, people, count, as_of, false, keep_note_flip, run);
	return done;
}

/* cdp_keep_slice implements cdp_internal.keep_slice(): judges the next people for segments that are being built. */
Datum
cdp_keep_slice(PG_FUNCTION_ARGS)
{
	int64 wanted = PG_GETARG_INT64(0);
	Oid types[] = {INT8OID, INT8OID};
	Datum values[2];
	bool *asked;
	int64 first;
	int64 until;
	int done;
	KeepIds ids;
	Kept *kept;
	KeepRun run;

	keep_begin(&run, text_to_cstring(PG_GETARG_TEXT_PP(1)));
	first = ask_unbuilt(&run);
	if (first < 0)
	{
		kept_release_segments(run.segments);
		PG_RETURN_BOOL(false);
	}
	asked = palloc(run.segments->count * sizeof(bool));
	for (int i = 0; i < run.segments->count; i++)
		asked[i] = run.segments->items[i].asked;
	values[0] = Int64GetDatum(first);
	values[1] = Int64GetDatum(wanted);
	ids = keep_read_ids("SELECT s.profile_id FROM ((SELECT p.profile_id FROM cdp_data.profile p "
						"WHERE p.profile_id > $1 ORDER BY 1 LIMIT $2) UNION "
						"(SELECT m.profile_id FROM cdp_data.membership m WHERE m.profile_id > $1 "
						"ORDER BY 1 LIMIT $2)) s ORDER BY 1 LIMIT $2",
						2, types, values);
	kept = kept_read(run.segments, ids.items, ids.count, STORE_WRITE);
	done = judge_slice(&run, kept, batch_as_of());
	if (done == kept->count && ids.count < wanted)
		until = PG_INT64_MAX;
	else
		until = kept->people[done - 1].profile_id;
	kept_write(kept, batch_as_of());
	/* a condition that fails for all there are fails as a whole */
	for (int i = 0; i < run.segments->count; i++)
		if (asked[i] && first == 0 && until == PG_INT64_MAX)
			run.segments->items[i].judgement.whole |= run.segments->items[i].fails_all;
	kept_write_segments(run.segments, false);
	for (int i = 0; i < run.segments->count; i++)
		if (asked[i] && !kept_stays(&run.segments->items[i]))
			kept_write_built(&run.segments->items[i], until);
	kept_release_segments(run.segments);
	kept_record(&run.changes);
	PG_RETURN_BOOL(true);
}

/* ---------------------------------------------------------------- lists */

/*
 * cdp_keep_list implements cdp_internal.keep_list(): judges people whom a list has gained or lost by an identifier, and
 * those of them who change in the segments that need it.
 */
Datum
cdp_keep_list(PG_FUNCTION_ARGS)
{
	int32 number = PG_GETARG_INT32(0);
	Oid type = INT8ARRAYOID;
	Datum value = PG_GETARG_DATUM(1);
	MemoryContext part;
	MemoryContext caller;
	KeepIds ids = keep_read_ids("SELECT DISTINCT u.id FROM unnest($1) AS u (id) ORDER BY u.id", 1,
								&type, &value);
	KeepRun run;

	keep_begin(&run, "list");
	part = AllocSetContextCreate(CurrentMemoryContext, "cdp list", ALLOCSET_DEFAULT_SIZES);
	caller = MemoryContextSwitchTo(part);
	for (int64 first = 0; first < ids.count; first += PART_PEOPLE)
	{
		Kept *kept = kept_read(run.segments, ids.items + first, Min(ids.count - first, PART_PEOPLE),
							   STORE_WRITE);

		for (int i = 0; i < run.segments->count; i++)
			run.segments->items[i].asked =
				run.segments->items[i].found && run.segments->items[i].segment_id == number;
		judge_slice(&run, kept, batch_as_of());
		kept_write(kept, batch_as_of());
		MemoryContextReset(part);
	}
	MemoryContextSwitchTo(caller);
	keep_end(&run, false);
	PG_RETURN_VOID();
}
