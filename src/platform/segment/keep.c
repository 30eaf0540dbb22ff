/*
 * keep.c
 *		What a batch does to the kept memberships.
 *
 * First those whose horizon has passed are judged, on their rows as they were before the batch; then those whom it
 * touched; then a slice of the people for segments that are being built.  The caller holds the lock of a refresh.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "cdp.h"
#include "platform/batch/batch.h"
#include "platform/segment/kept.h"

CDP_FUNCTION(cdp_keep_lapsed);
CDP_FUNCTION(cdp_keep_touched);
CDP_FUNCTION(cdp_keep_slice);
CDP_FUNCTION(cdp_has_recovered);

/* how many people are in memory at once, where any number may be judged */
#define PART_PEOPLE 10000

/* a segment that is too slow is tried again after this time */
#define TOO_SLOW_AGAIN (10 * USECS_PER_MINUTE)

/* what a run finds */
typedef struct Run
{
	KeptSegments *segments;
	KeptChanges changes;
	const char *cause;      /* of all changes, unless … */
	const char **causes;    /* … it is that of the person */
	const int64 *event_ids; /* of people, or NULL */
	bool *flipped;          /* notes people who change, or NULL */
} Run;

/* ids read by a query */
typedef struct Ids
{
	int64 *items;
	int64 count;
} Ids;

/* read_ids returns the ids that a query finds, in CurrentMemoryContext. */
static Ids
read_ids(const char *query, int count, Oid *types, Datum *values)
{
	MemoryContext caller = CurrentMemoryContext;
	Ids ids;

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

/* begin_run reads the segments, and asks for all that can be judged. */
static void
begin_run(Run *run, const char *cause)
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

/* end_run writes the segments and hands the changes to the feed. */
static void
end_run(Run *run, bool recover)
{
	kept_write_segments(run->segments, recover);
	kept_release_segments(run->segments);
	kept_record(&run->changes);
}

/* note_flip is the KeptFlip that makes a change of the feed. */
static void
note_flip(void *arg, const Kept *kept, int person, int segment, TimestampTz at, TimestampTz former)
{
	Run *run = arg;
	Size cell = (Size) person * kept->segments->count + segment;
	const KeptSegment *flipped = &kept->segments->items[segment];
	int64 id = kept->people[person].profile_id;
	KeptChange change = {kept->since[cell] != DT_NOBEGIN ? "entered" : "exited",
						 run->causes != NULL ? run->causes[person] : run->cause,
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
		change.since = DT_NOBEGIN;
		change.trait = NameStr(flipped->segment.name);
		change.type = flipped->value_type;
		change.value = kept->values[cell] != NULL
						   ? MemoryContextStrdup(run->changes.context, kept->values[cell])
						   : NULL;
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
	Ids ids = read_ids("SELECT m.profile_id FROM cdp_data.membership m "
					   "WHERE m.horizon <= $1 AND m.horizon < 'infinity' ORDER BY m.profile_id",
					   1, &type, &value);
	Run run;

	if (ids.count == 0)
		PG_RETURN_INT64(0);
	begin_run(&run, "clock");
	part = AllocSetContextCreate(CurrentMemoryContext, "cdp lapsed", ALLOCSET_DEFAULT_SIZES);
	caller = MemoryContextSwitchTo(part);
	for (int64 first = 0; first < ids.count; first += PART_PEOPLE)
	{
		Kept *kept = kept_read(run.segments, ids.items + first, Min(ids.count - first, PART_PEOPLE),
							   STORE_WRITE);

		kept_judge_lapsed(kept, until, note_flip, &run);
		kept_write(kept, until);
		MemoryContextReset(part);
	}
	MemoryContextSwitchTo(caller);
	qsort(run.changes.items, run.changes.count, sizeof(KeptChange), compare_changes);
	end_run(&run, false);
	PG_RETURN_INT64(ids.count);
}

/* ---------------------------------------------------------------- after the batch */

/* why people are touched, the strongest cause last, as cdp_data.change says; see cdp_internal.touched */
typedef enum TouchedCause
{
	TOUCHED_NOT,
	TOUCHED_LAPSED,
	TOUCHED_OTHER,
	TOUCHED_EVENT,
	TOUCHED_MERGED,
	TOUCHED_SPLIT
} TouchedCause;

static const char *const cause_names[] = {"event", "clock", "event", "event", "merge", "split"};

/* the arguments of cdp_internal.keep_touched() */
typedef struct Touched
{
	int count;
	int64 *profile_ids;
	TouchedCause *causes;
	int64 *former_ids; /* 0: none */
	int64 *event_ids;  /* 0: none */
	int other_count;
	int64 *other_ids;
} Touched;

/* read_numbers returns the elements of a bigint[]; NULL: 0. */
static int64 *
read_numbers(ArrayType *array, int expected)
{
	Datum *values;
	bool *nulls;
	int count;
	int64 *numbers;

	deconstruct_array(array, INT8OID, sizeof(int64), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE, &values,
					  &nulls, &count);
	if (expected >= 0 && count != expected)
		ereport(ERROR, (errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
						errmsg("the arrays must have the same length")));
	numbers = palloc_extended(Max(count, 1) * sizeof(int64), MCXT_ALLOC_HUGE);
	for (int i = 0; i < count; i++)
		numbers[i] = nulls[i] ? 0 : DatumGetInt64(values[i]);
	pfree(values);
	pfree(nulls);
	return numbers;
}

/* read_cause returns the cause that a word names. */
static TouchedCause
read_cause(Datum value)
{
	const char *word = VARDATA_ANY(DatumGetPointer(value));
	Size length = VARSIZE_ANY_EXHDR(DatumGetPointer(value));

#define IS(name) (length == strlen(name) && memcmp(word, name, length) == 0)
	if (IS("event") || IS("gained"))
		return TOUCHED_EVENT;
	if (IS("merged"))
		return TOUCHED_MERGED;
	if (IS("split"))
		return TOUCHED_SPLIT;
	if (IS("lapsed"))
		return TOUCHED_LAPSED;
#undef IS
	return TOUCHED_OTHER;
}

/* read_touched reads the arguments. */
static Touched
read_touched(FunctionCallInfo fcinfo)
{
	ArrayType *ids = PG_GETARG_ARRAYTYPE_P(0);
	ArrayType *others = PG_GETARG_ARRAYTYPE_P(5);
	Touched touched = {ArrayGetNItems(ARR_NDIM(ids), ARR_DIMS(ids))};
	Datum *words;
	bool *nulls;
	int count;

	touched.profile_ids = read_numbers(ids, -1);
	touched.other_ids = read_numbers(others, -1);
	touched.other_count = ArrayGetNItems(ARR_NDIM(others), ARR_DIMS(others));
	touched.former_ids = read_numbers(PG_GETARG_ARRAYTYPE_P(2), touched.count);
	touched.event_ids = read_numbers(PG_GETARG_ARRAYTYPE_P(3), touched.count);
	deconstruct_array(PG_GETARG_ARRAYTYPE_P(1), TEXTOID, -1, false, TYPALIGN_INT, &words, &nulls,
					  &count);
	if (count != touched.count)
		ereport(ERROR, (errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
						errmsg("the arrays must have the same length")));
	touched.causes = palloc_extended(Max(count, 1) * sizeof(TouchedCause), MCXT_ALLOC_HUGE);
	for (int i = 0; i < count; i++)
		touched.causes[i] = nulls[i] ? TOUCHED_OTHER : read_cause(words[i]);
	return touched;
}

/* add_trial_people adds whom segments that fail are tried with; returns how many these are. */
static int64
add_trial_people(const KeptSegments *segments, int64 *ids)
{
	int64 count = 0;
	int64 some = -1;

	for (int i = 0; i < segments->count; i++)
	{
		const KeptSegment *segment = &segments->items[i];
		int64 id = segment->error_profile_id;

		if (!segment->asked || segment->state != KEPT_FAILING)
			continue;
		if (id == 0 && some < 0)
		{
			Ids first = read_ids("SELECT p.profile_id FROM cdp_data.profile p WHERE NOT p.shared "
								 "ORDER BY p.profile_id LIMIT 1",
								 0, NULL, NULL);

			some = first.count > 0 ? first.items[0] : 0;
		}
		ids[count++] = id != 0 ? id : some;
	}
	return count;
}

/* read_people reads the memberships of those who are touched, of former profiles, and of those to be tried again. */
static Kept *
read_people(Run *run, const Touched *touched)
{
	int64 *ids = palloc_extended(
		(2 * (Size) touched->count + touched->other_count + run->segments->count + 1) *
			sizeof(int64),
		MCXT_ALLOC_HUGE);
	int64 count = 0;

	for (int i = 0; i < touched->count; i++)
	{
		ids[count++] = touched->profile_ids[i];
		if (touched->former_ids[i] != 0)
			ids[count++] = touched->former_ids[i];
	}
	for (int i = 0; i < touched->other_count; i++)
		ids[count++] = touched->other_ids[i];
	count += add_trial_people(run->segments, ids + count);
	return kept_read(run->segments, ids, count, STORE_WRITE);
}

/* find_new returns those of some profiles that did not exist before the batch, sorted. */
static Ids
find_new(const int64 *ids, int count)
{
	Oid type = INT8ARRAYOID;
	Datum *values = palloc(Max(count, 1) * sizeof(Datum));
	Datum value;

	for (int i = 0; i < count; i++)
		values[i] = Int64GetDatum(ids[i]);
	value = PointerGetDatum(
		construct_array(values, count, INT8OID, sizeof(int64), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
	/* a profile has the number of one of its identifiers */
	return read_ids(
		psprintf("SELECT DISTINCT u.id FROM unnest($1) AS u (id) "
				 "LEFT JOIN cdp_data.identifier i ON i.identifier_id = u.id "
				 "WHERE coalesce((SELECT h.profile_id FROM cdp_data.identifier_history h "
				 "WHERE h.identifier_id = u.id AND h.until_batch_id = " INT64_FORMAT "), "
				 "CASE WHEN i.since_batch_id < " INT64_FORMAT " THEN i.profile_id END) "
				 "IS DISTINCT FROM u.id ORDER BY 1",
				 batch_number(), batch_number()),
		1, &type, &value);
}

static int
compare_ids(const void *a, const void *b)
{
	int64 x = *(const int64 *) a;
	int64 y = *(const int64 *) b;

	return (x > y) - (x < y);
}

/* has_id tells whether ids, which are sorted, have one. */
static bool
has_id(const Ids *ids, int64 id)
{
	return bsearch(&id, ids->items, ids->count, sizeof(int64), compare_ids) != NULL;
}

/*
 * add_moved records that a person has a membership of another, besides that of before.  Each has been drawn by its own
 * number: if not both are held out or both not, one enters or exits.
 */
static void
add_moved(Run *run, const KeptSegments *segments, int place, KeptChange change)
{
	bool held = kept_holds_out(segments, place, change.profile_id);
	bool other_held = kept_holds_out(segments, place, change.other_profile_id);

	change.segment_id = segments->items[place].segment_id;
	if (held && other_held)
		return;
	if (held)
	{
		/* of a split the other one stays */
		if (strcmp(change.kind, "split") == 0)
			return;
		change.kind = "exited";
		change.profile_id = change.other_profile_id;
		change.since = change.other_since;
	}
	else if (other_held)
	{
		if (change.since != DT_NOBEGIN)
			return;
		change.kind = "entered";
	}
	if (held || other_held)
	{
		change.cause = "hold_out";
		change.other_profile_id = 0;
		change.other_since = DT_NOBEGIN;
	}
	kept_add_change(&run->changes, change);
}

/*
 * move gives a profile what another has, memberships from the earlier instant on, and records it: for itself, and for
 * each segment that the other was in.  Values of computed traits go to a profile that is new; one that was there before
 * the merge has its own, and is judged anew.  The cause of the batch, if it is not events, is stronger than that of the
 * change.
 */
static void
move(Run *run, Kept *kept, KeptChange change, bool is_new)
{
	int to = kept_find(kept, change.profile_id);
	int from = kept_find(kept, change.other_profile_id);
	int count = kept->segments->count;
	const TimestampTz *since = &kept->since[(Size) to * count];
	const TimestampTz *other_since = &kept->since[(Size) from * count];

	change.since = change.other_since = DT_NOBEGIN;
	if (strcmp(run->cause, "event") != 0)
		change.cause = run->cause;
	kept_add_change(&run->changes, change);
	for (int i = 0; i < count; i++)
	{
		bool is_trait = kept->segments->items[i].segment.is_trait;

		if (other_since[i] == DT_NOBEGIN || (is_trait && !is_new))
			continue;
		change.since = is_trait ? DT_NOBEGIN : since[i];
		change.other_since = is_trait ? DT_NOBEGIN : other_since[i];
		add_moved(run, kept->segments, i, change);
		kept_copy(kept, to, from, i);
	}
}

/* move_memberships follows profiles that are split, merged, or get another number. */
static void
move_memberships(Run *run, Kept *kept, const Touched *touched, TimestampTz as_of)
{
	int64 *ids = palloc_extended(Max(touched->count, 1) * sizeof(int64), MCXT_ALLOC_HUGE);
	int count = 0;
	int64 renumbered = 0;
	Ids new;

	for (int i = 0; i < touched->count; i++)
		if (touched->former_ids[i] != 0)
			ids[count++] = touched->profile_ids[i];
	if (count == 0)
		return;
	new = find_new(ids, count);
	for (int i = 0; i < touched->count; i++)
	{
		int64 id = touched->profile_ids[i];
		int64 former = touched->former_ids[i];

		if (touched->causes[i] != TOUCHED_SPLIT || former == 0 || former == id || !has_id(&new, id))
			continue;
		move(run, kept, (KeptChange){"split", "split", id, former, .at = as_of}, true);
	}
	for (int i = 0; i < touched->count; i++)
	{
		int64 id = touched->profile_ids[i];
		int64 former = touched->former_ids[i];
		bool is_first = id != renumbered && has_id(&new, id);

		if (touched->causes[i] != TOUCHED_MERGED || former == 0 || former == id)
			continue;
		if (is_first)
			renumbered = id;
		move(run, kept,
			 (KeptChange){is_first ? "renumbered" : "merged", "merge", id, former, .at = as_of},
			 is_first);
		for (int j = 0; j < kept->segments->count; j++)
			kept_end(kept, kept_find(kept, former), j);
	}
}

/* note_causes finds the cause and the event of each person's changes. */
static void
note_causes(Run *run, const Kept *kept, const Touched *touched)
{
	TouchedCause *strongest = palloc_extended(Max(kept->count, 1) * sizeof(TouchedCause),
											  MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	int64 *event_ids =
		palloc_extended(Max(kept->count, 1) * sizeof(int64), MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);

	run->causes = palloc_extended(Max(kept->count, 1) * sizeof(char *), MCXT_ALLOC_HUGE);
	for (int i = 0; i < touched->count; i++)
	{
		int person = kept_find(kept, touched->profile_ids[i]);
		int former = touched->former_ids[i] == 0 ? -1 : kept_find(kept, touched->former_ids[i]);

		strongest[person] = Max(strongest[person], touched->causes[i]);
		if (former >= 0)
			strongest[former] = Max(strongest[former], touched->causes[i]);
		event_ids[person] = Max(event_ids[person], touched->event_ids[i]);
	}
	for (int i = 0; i < kept->count; i++)
	{
		run->causes[i] = strcmp(run->cause, "event") != 0 ? run->cause : cause_names[strongest[i]];
		if (strcmp(run->causes[i], "event") != 0)
			event_ids[i] = 0;
	}
	run->event_ids = event_ids;
	pfree(strongest);
}

/*
 * cdp_keep_touched implements cdp_internal.keep_touched(): moves memberships with profiles, and judges those whom the
 * batch touched.
 */
Datum
cdp_keep_touched(PG_FUNCTION_ARGS)
{
	TimestampTz as_of = batch_as_of();
	Touched touched = read_touched(fcinfo);
	Kept *kept;
	Run run;
	int *people;

	begin_run(&run, text_to_cstring(PG_GETARG_TEXT_PP(4)));
	kept = read_people(&run, &touched);
	note_causes(&run, kept, &touched);
	move_memberships(&run, kept, &touched, as_of);
	people = palloc_extended(Max(kept->count, 1) * sizeof(int), MCXT_ALLOC_HUGE);
	for (int i = 0; i < kept->count; i++)
		people[i] = i;
	kept_judge(kept, people, kept->count, as_of, false, note_flip, &run);
	kept_write(kept, batch_as_of());
	end_run(&run, true);
	PG_RETURN_VOID();
}

/*
 * cdp_has_recovered implements cdp_internal.has_recovered(): tells whether a segment that fails does not for the person
 * that it failed for.
 */
Datum
cdp_has_recovered(PG_FUNCTION_ARGS)
{
	bool recovered = false;
	int64 *ids;
	int64 count;
	int *people;
	Kept *kept;
	Run run;

	begin_run(&run, "event");
	for (int i = 0; i < run.segments->count; i++)
		run.segments->items[i].asked &= run.segments->items[i].state == KEPT_FAILING;
	ids = palloc((run.segments->count + 1) * sizeof(int64));
	count = add_trial_people(run.segments, ids);
	kept = kept_read(run.segments, ids, count, STORE_READ);
	people = palloc((count + 1) * sizeof(int));
	for (int i = 0; i < kept->count; i++)
		people[i] = i;
	kept_judge(kept, people, kept->count, GetCurrentTimestamp(), false, NULL, NULL);
	for (int i = 0; i < run.segments->count; i++)
		recovered |=
			run.segments->items[i].asked && run.segments->items[i].judgement.message == NULL;
	kept_release_segments(run.segments);
	PG_RETURN_BOOL(recovered);
}

/* ---------------------------------------------------------------- slices */

/* ask_unbuilt asks for the segments that are built up to the same profile, which it returns; -1: there are none. */
static int64
ask_unbuilt(Run *run)
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

/* judge_slice judges some people in the segments that are asked, and who changes in those that need them. */
static void
judge_slice(Run *run, Kept *kept, TimestampTz as_of)
{
	int *people = palloc_extended(Max(kept->count, 1) * sizeof(int), MCXT_ALLOC_HUGE);
	int32 level = PG_INT32_MAX;
	int count = 0;

	run->flipped = palloc0(Max(kept->count, 1) * sizeof(bool));
	for (int i = 0; i < kept->count; i++)
		people[i] = i;
	kept_judge(kept, people, kept->count, as_of, false, note_flip, run);
	for (int i = 0; i < run->segments->count; i++)
		if (run->segments->items[i].asked)
			level = Min(level, run->segments->items[i].level);
	for (int i = 0; i < run->segments->count; i++)
	{
		KeptSegment *segment = &run->segments->items[i];

		segment->asked = segment->found && segment->level > level && !kept_stays(segment);
	}
	for (int i = 0; i < kept->count; i++)
		if (run->flipped[i])
			people[count++] = i;
	run->flipped = NULL;
	kept_judge(kept, people, count, as_of, false, note_flip, run);
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
	Ids ids;
	Kept *kept;
	Run run;

	begin_run(&run, text_to_cstring(PG_GETARG_TEXT_PP(1)));
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
	ids = read_ids("SELECT s.profile_id FROM ((SELECT p.profile_id FROM cdp_data.profile p "
				   "WHERE p.profile_id > $1 ORDER BY 1 LIMIT $2) UNION "
				   "(SELECT m.profile_id FROM cdp_data.membership m WHERE m.profile_id > $1 "
				   "ORDER BY 1 LIMIT $2)) s ORDER BY 1 LIMIT $2",
				   2, types, values);
	until = ids.count < wanted ? PG_INT64_MAX : ids.items[ids.count - 1];
	kept = kept_read(run.segments, ids.items, ids.count, STORE_WRITE);
	judge_slice(&run, kept, batch_as_of());
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
