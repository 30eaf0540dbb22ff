/*
 * keep.c
 *		What a batch does to the kept memberships.
 *
 * First those whose horizon has passed are judged, on their rows as they were before the batch; then those whom it
 * touched (keep_touched.c, keep_accounts.c); then a slice of the people for segments that are being built.  The caller
 * holds the lock of a refresh.
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
keep_begin(KeepRun *run, SubjectKind subject, const char *cause)
{
	TimestampTz now = GetCurrentTimestamp();

	memset(run, 0, sizeof(*run));
	run->cause = cause;
	run->changes.context = CurrentMemoryContext;
	run->segments = kept_read_segments(subject, DEFINITION_NOWAIT);
	for (int i = 0; i < run->segments->count; i++)
	{
		KeptSegment *segment = &run->segments->items[i];

		segment->asked =
			segment->found && !kept_awaits_people(run->segments, segment) &&
			!(segment->state == KEPT_TOO_SLOW && segment->checked_at > now - TOO_SLOW_AGAIN);
	}
	kept_ask_people(run->segments);
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

	if (kept->segments->subject == SUBJECT_ACCOUNT)
	{
		change.profile_id = -id;
		change.group_id = MemoryContextStrdup(run->changes.context, kept->people[person].group_id);
	}
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

/* judge_lapsed judges those whose horizon has passed, and notes what changes; returns how many they are. */
static int64
judge_lapsed(SubjectKind subject, TimestampTz until, KeptChanges *changes)
{
	Oid type = TIMESTAMPTZOID;
	Datum value = TimestampTzGetDatum(until);
	KeepIds ids = keep_read_ids(
		psprintf("SELECT m.%s FROM cdp_data.%s m WHERE m.horizon <= $1 AND m.horizon < 'infinity' "
				 "ORDER BY 1",
				 subjects[subject].key, subjects[subject].membership),
		1, &type, &value);
	int64 at_once = subject == SUBJECT_ACCOUNT ? KEEP_ACCOUNTS : PART_PEOPLE;
	MemoryContext part;
	MemoryContext caller;
	KeepRun run;

	if (ids.count == 0)
		return 0;
	keep_begin(&run, subject, "clock");
	run.changes = *changes;
	for (int i = 0; i < run.segments->count; i++)
		run.segments->items[i].asked &= !kept_stays(&run.segments->items[i]);
	part = AllocSetContextCreate(CurrentMemoryContext, "cdp lapsed", ALLOCSET_DEFAULT_SIZES);
	caller = MemoryContextSwitchTo(part);
	for (int64 first = 0; first < ids.count; first += at_once)
	{
		Kept *kept = kept_read(run.segments, ids.items + first, Min(ids.count - first, at_once),
							   STORE_WRITE);

		kept_judge_lapsed(kept, until, keep_note_flip, &run);
		kept_write(kept, until);
		MemoryContextReset(part);
	}
	MemoryContextSwitchTo(caller);
	*changes = run.changes;
	kept_write_segments(run.segments, false);
	kept_release_segments(run.segments);
	return ids.count;
}

/*
 * cdp_keep_lapsed implements cdp_internal.keep_lapsed(timestamptz, boolean): judges those whose horizon has passed, at
 * each of their horizons in turn.  Accounts first, as they need what is kept of their people before that.
 */
Datum
cdp_keep_lapsed(PG_FUNCTION_ARGS)
{
	TimestampTz until = PG_GETARG_TIMESTAMPTZ(0);
	KeptChanges changes = {CurrentMemoryContext};
	int64 count = 0;

	if (PG_GETARG_BOOL(1))
		count += judge_lapsed(SUBJECT_ACCOUNT, until, &changes);
	count += judge_lapsed(SUBJECT_PERSON, until, &changes);
	qsort(changes.items, changes.count, sizeof(KeptChange), compare_changes);
	kept_record(&changes);
	PG_RETURN_INT64(count);
}

/* ---------------------------------------------------------------- slices */

/* can_be_built tells whether a slice can be judged by a segment. */
static bool
can_be_built(const KeptSegments *segments, const KeptSegment *segment)
{
	return segment->found && kept_is_unbuilt(segment) && !kept_awaits_people(segments, segment);
}

/* ask_unbuilt asks for the segments that are built up to the same profile, which it returns; -1: there are none. */
static int64
ask_unbuilt(KeepRun *run)
{
	int64 after = PG_INT64_MAX;

	for (int i = 0; i < run->segments->count; i++)
		if (can_be_built(run->segments, &run->segments->items[i]))
			after = Min(after, run->segments->items[i].built_until);
	for (int i = 0; i < run->segments->count; i++)
	{
		KeptSegment *segment = &run->segments->items[i];

		segment->asked = can_be_built(run->segments, segment) && segment->built_until == after;
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
 * judge_in_time judges people in the segments that are asked, in parts of which each is twice as large, until the end
 * of a slice; returns how many it judged.
 */
static int
judge_in_time(KeepRun *run, Kept *kept, const int *people, TimestampTz as_of, TimestampTz end)
{
	KeptSegments *segments = run->segments;
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
judge_slice(KeepRun *run, Kept *kept, TimestampTz as_of, TimestampTz end)
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
	done = judge_in_time(run, kept, people, as_of, end);
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

/* read_slice returns the next ids after one, of those who are there and of those who are kept. */
static KeepIds
read_slice(const Subject *subject, int64 after, int64 wanted)
{
	Oid types[] = {INT8OID, INT8OID};
	Datum values[] = {Int64GetDatum(after), Int64GetDatum(wanted)};

	return keep_read_ids(psprintf("SELECT s.id FROM ((SELECT p.%s AS id FROM cdp_data.%s p "
								  "WHERE p.%s > $1 ORDER BY 1 LIMIT $2) UNION "
								  "(SELECT m.%s FROM cdp_data.%s m WHERE m.%s > $1 "
								  "ORDER BY 1 LIMIT $2)) s ORDER BY 1 LIMIT $2",
								  subject->key, subject->table, subject->key, subject->key,
								  subject->membership, subject->key),
						 2, types, values);
}

/*
 * judge_parts judges a slice in the segments that are asked, so many at once, until the time of a slice has passed;
 * returns the last that it judged, or PG_INT64_MAX if it judged all.
 */
static int64
judge_parts(KeepRun *run, const KeepIds *ids)
{
	KeptSegments *segments = run->segments;
	int64 at_once = segments->subject == SUBJECT_ACCOUNT ? KEEP_ACCOUNTS : PART_PEOPLE;
	TimestampTz end = GetCurrentTimestamp() + SLICE_TIME;
	bool *asked = palloc(Max(segments->count, 1) * sizeof(bool));
	bool *fails_all = palloc(Max(segments->count, 1) * sizeof(bool));
	int64 last = PG_INT64_MAX;
	MemoryContext part =
		AllocSetContextCreate(CurrentMemoryContext, "cdp slice", ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(part);

	for (int i = 0; i < segments->count; i++)
	{
		asked[i] = segments->items[i].asked;
		fails_all[i] = ids->count > 0;
	}
	for (int64 first = 0; first < ids->count && last == PG_INT64_MAX; first += at_once)
	{
		Kept *kept =
			kept_read(segments, ids->items + first, Min(ids->count - first, at_once), STORE_WRITE);
		int done;

		for (int i = 0; i < segments->count; i++)
			segments->items[i].asked = asked[i] && !segments->items[i].judgement.whole;
		done = judge_slice(run, kept, batch_as_of(), end);
		if (done < kept->count || (first + at_once < ids->count && GetCurrentTimestamp() >= end))
			last = kept->people[done - 1].profile_id;
		kept_write(kept, batch_as_of());
		for (int i = 0; i < segments->count; i++)
			fails_all[i] &= segments->items[i].fails_all;
		MemoryContextReset(part);
	}
	for (int i = 0; i < segments->count; i++)
	{
		segments->items[i].asked = asked[i];
		segments->items[i].fails_all = fails_all[i];
	}
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(part);
	pfree(asked);
	pfree(fails_all);
	return last;
}

/* cdp_keep_slice implements cdp_internal.keep_slice(): judges the next people for segments that are being built. */
Datum
cdp_keep_slice(PG_FUNCTION_ARGS)
{
	int64 wanted = PG_GETARG_INT64(0);
	SubjectKind subject = subject_of(text_to_cstring(PG_GETARG_TEXT_PP(2)));
	int64 first;
	int64 until;
	KeepIds ids;
	KeepRun run;

	keep_begin(&run, subject, text_to_cstring(PG_GETARG_TEXT_PP(1)));
	first = ask_unbuilt(&run);
	if (first < 0)
	{
		kept_release_segments(run.segments);
		PG_RETURN_BOOL(false);
	}
	ids = read_slice(&subjects[subject], first, wanted);
	until = judge_parts(&run, &ids);
	if (until == PG_INT64_MAX && ids.count >= wanted)
		until = ids.items[ids.count - 1];
	/* a condition that fails for all there are fails as a whole */
	for (int i = 0; i < run.segments->count; i++)
		if (run.segments->items[i].asked && first == 0 && until == PG_INT64_MAX)
			run.segments->items[i].judgement.whole |= run.segments->items[i].fails_all;
	kept_write_segments(run.segments, false);
	for (int i = 0; i < run.segments->count; i++)
		if (run.segments->items[i].asked && !kept_stays(&run.segments->items[i]))
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

	keep_begin(&run, SUBJECT_PERSON, "list");
	part = AllocSetContextCreate(CurrentMemoryContext, "cdp list", ALLOCSET_DEFAULT_SIZES);
	caller = MemoryContextSwitchTo(part);
	for (int64 first = 0; first < ids.count; first += PART_PEOPLE)
	{
		Kept *kept = kept_read(run.segments, ids.items + first, Min(ids.count - first, PART_PEOPLE),
							   STORE_WRITE);

		for (int i = 0; i < run.segments->count; i++)
			run.segments->items[i].asked =
				run.segments->items[i].found && run.segments->items[i].segment_id == number;
		judge_slice(&run, kept, batch_as_of(), DT_NOEND);
		kept_write(kept, batch_as_of());
		MemoryContextReset(part);
	}
	MemoryContextSwitchTo(caller);
	keep_end(&run, false);
	PG_RETURN_VOID();
}
