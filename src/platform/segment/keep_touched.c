/*
 * keep_touched.c
 *		What a batch does to the kept memberships of the people it touched: splits, merges, new numbers, and judging.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "cdp.h"
#include "platform/batch/batch.h"
#include "platform/segment/keep.h"

CDP_FUNCTION(cdp_keep_touched);
CDP_FUNCTION(cdp_has_recovered);

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

int64
keep_add_trial(const KeptSegments *segments, int64 *ids)
{
	int64 count = 0;
	int64 some = -1;

	for (int i = 0; i < segments->count; i++)
	{
		const KeptSegment *segment = &segments->items[i];
		int64 id = segment->trial_profile_id;

		if (!segment->asked || segment->is_list || segment->state != KEPT_FAILING)
			continue;
		if (id == 0 && some < 0)
		{
			KeepIds first = keep_read_ids(segments->subject == SUBJECT_ACCOUNT
											  ? "SELECT a.account_id FROM cdp_data.account a "
												"ORDER BY a.account_id LIMIT 1"
											  : "SELECT p.profile_id FROM cdp_data.profile p "
												"WHERE NOT p.shared ORDER BY p.profile_id LIMIT 1",
										  0, NULL, NULL);

			some = first.count > 0 ? first.items[0] : 0;
		}
		ids[count++] = id != 0 ? id : some;
	}
	return count;
}

/* judge_trial judges the segments that fail, of those that are asked, with the people that they are tried with. */
static void
judge_trial(KeptSegments *segments)
{
	int64 *ids = palloc((segments->count + 1) * sizeof(int64));
	int64 count = keep_add_trial(segments, ids);
	int *people = palloc((count + 1) * sizeof(int));
	Kept *kept = kept_read(segments, ids, count, STORE_READ);

	for (int i = 0; i < kept->count; i++)
		people[i] = i;
	kept_judge(kept, people, kept->count, GetCurrentTimestamp(), false, NULL, NULL);
}

void
keep_leave_failing(KeptSegments *segments)
{
	bool *asked = palloc(Max(segments->count, 1) * sizeof(bool));

	for (int i = 0; i < segments->count; i++)
	{
		KeptSegment *segment = &segments->items[i];

		asked[i] = segment->asked;
		segment->asked = asked[i] && segment->state == KEPT_FAILING && kept_stays(segment);
	}
	judge_trial(segments);
	for (int i = 0; i < segments->count; i++)
	{
		KeptSegment *segment = &segments->items[i];

		segment->asked = asked[i] && segment->judgement.message == NULL;
		/* that it fails for these people is known */
		if (!segment->judgement.whole)
			segment->judgement = (Judgement){0};
		segment->fails_all = false;
	}
}

/* read_people reads the memberships of those who are touched, of former profiles, and of those to be tried again. */
static Kept *
read_people(KeepRun *run, const Touched *touched)
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
	count += keep_add_trial(run->segments, ids + count);
	return kept_read(run->segments, ids, count, STORE_WRITE);
}

/* find_new returns those of some profiles that did not exist before the batch, sorted. */
static KeepIds
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
	return keep_read_ids(
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
has_id(const KeepIds *ids, int64 id)
{
	return bsearch(&id, ids->items, ids->count, sizeof(int64), compare_ids) != NULL;
}

/*
 * add_moved records that a person has a membership of another, besides that of before.  Each has been drawn by its own
 * number: if not both are held out or both not, one enters or exits.
 */
static void
add_moved(KeepRun *run, const KeptSegments *segments, int place, KeptChange change)
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
 * the merge has its own, which is recorded as it is, and is judged anew.  The cause of the batch, if it is not events, is stronger than that of the
 * change.
 */
static void
move(KeepRun *run, Kept *kept, KeptChange change, bool is_new)
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
		const KeptSegment *segment = &kept->segments->items[i];
		KeptChange moved = change;

		if (other_since[i] == DT_NOBEGIN)
			continue;
		moved.since = since[i];
		moved.other_since = other_since[i];
		if (is_new || !segment->segment.is_trait)
			kept_copy(kept, to, from, i);
		if (segment->segment.is_trait)
			keep_set_value(&moved, segment, kept->values[(Size) to * count + i]);
		add_moved(run, kept->segments, i, moved);
	}
}

/* move_memberships follows profiles that are split, merged, or get another number. */
static void
move_memberships(KeepRun *run, Kept *kept, const Touched *touched, TimestampTz as_of)
{
	int64 *ids = palloc_extended(Max(touched->count, 1) * sizeof(int64), MCXT_ALLOC_HUGE);
	int count = 0;
	int64 renumbered = 0;
	KeepIds new;

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
note_causes(KeepRun *run, const Kept *kept, const Touched *touched)
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
	KeepRun run;
	int *people;

	keep_begin(&run, SUBJECT_PERSON, text_to_cstring(PG_GETARG_TEXT_PP(4)));
	keep_leave_failing(run.segments);
	kept = read_people(&run, &touched);
	note_causes(&run, kept, &touched);
	move_memberships(&run, kept, &touched, as_of);
	people = palloc_extended(Max(kept->count, 1) * sizeof(int), MCXT_ALLOC_HUGE);
	for (int i = 0; i < kept->count; i++)
		people[i] = i;
	kept_judge(kept, people, kept->count, as_of, false, keep_note_flip, &run);
	kept_write(kept, batch_as_of());
	keep_end(&run, true);
	PG_RETURN_VOID();
}

/* has_recovered tells whether a segment of a subject that fails does not for whom it failed for. */
static bool
has_recovered(SubjectKind subject)
{
	bool recovered = false;
	KeepRun run;

	keep_begin(&run, subject, "event");
	for (int i = 0; i < run.segments->count; i++)
		run.segments->items[i].asked &=
			run.segments->items[i].state == KEPT_FAILING && !run.segments->items[i].is_list;
	judge_trial(run.segments);
	for (int i = 0; i < run.segments->count; i++)
		recovered |=
			run.segments->items[i].asked && run.segments->items[i].judgement.message == NULL;
	kept_release_segments(run.segments);
	return recovered;
}

/*
 * cdp_has_recovered implements cdp_internal.has_recovered(): tells whether a segment that fails does not for the person
 * that it failed for.
 */
Datum
cdp_has_recovered(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(has_recovered(SUBJECT_PERSON) || has_recovered(SUBJECT_ACCOUNT));
}
