/*
 * kept_segment.c
 *		The segments of cdp_data.segment: which are to be judged, what becomes of their states.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "platform/feed/record.h"
#include "platform/segment/kept.h"

static const char *const state_names[] = {"live", "building", "failing", "too_slow"};

/* ---------------------------------------------------------------- reading */

/* read_state returns the state that a word names. */
static KeptState
read_state(const char *word)
{
	for (size_t i = 0; i < lengthof(state_names); i++)
		if (strcmp(word, state_names[i]) == 0)
			return (KeptState) i;
	elog(ERROR, "a segment is in the unknown state \"%s\"", word);
}

/* read_numbers returns the elements of an integer[]. */
static int32 *
read_numbers(Datum value, int *count)
{
	ArrayType *array = DatumGetArrayTypeP(value);
	int32 *numbers;

	*count = ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array));
	numbers = palloc(Max(*count, 1) * sizeof(int32));
	if (ARR_HASNULL(array))
		ereport(ERROR,
				(errcode(ERRCODE_DATA_CORRUPTED), errmsg("a segment depends on NULL"),
				 errhint("Create the segment again with cdp.create_segment and replace => true.")));
	memcpy(numbers, ARR_DATA_PTR(array), *count * sizeof(int32));
	return numbers;
}

/* is_misplaced tells whether the definition is one of another subject than the row, which was written by hand. */
static bool
is_misplaced(const KeptSegment *segment)
{
	return OidIsValid(segment->segment.view) && segment->segment.subject != segment->subject;
}

/* read_segment reads a row of the list, and finds the definition. */
static void
read_segment(KeptSegment *segment, SubjectKind subject, HeapTuple row, TupleDesc descriptor,
			 int flags)
{
	char *name = SPI_getvalue(row, descriptor, 1);
	Datum values[13];
	bool nulls[13];

	for (int i = 1; i < 13; i++)
		values[i] = SPI_getbinval(row, descriptor, i + 1, &nulls[i]);
	segment->segment_id = DatumGetInt32(values[1]);
	segment->level = DatumGetInt32(values[2]);
	segment->depends_on = read_numbers(values[3], &segment->depend_count);
	segment->state = read_state(TextDatumGetCString(values[4]));
	segment->built_until = nulls[5] ? PG_INT64_MAX : DatumGetInt64(values[5]);
	segment->error_profile_id = nulls[6] ? 0 : DatumGetInt64(values[6]);
	segment->checked_at = DatumGetTimestampTz(values[7]);
	segment->failing_since = nulls[8] ? DT_NOEND : DatumGetTimestampTz(values[8]);
	segment->hold_out = DatumGetFloat8(values[9]);
	segment->trial_profile_id = nulls[11] ? 0 : DatumGetInt64(values[11]);
	segment->is_list = DatumGetBool(values[12]);
	namestrcpy(&segment->segment.name, name);
	segment->found =
		definition_find(name, flags, &segment->segment) && (flags & DEFINITION_UNLOCKED) == 0;
	segment->subject = subject;
	if (segment->found && is_misplaced(segment))
	{
		definition_release(&segment->segment);
		segment->found = false;
	}
	/* of one whose definition is gone or not read, the row says it; it may have been written by hand */
	segment->segment.is_trait = !nulls[10];
	if (!nulls[10])
		segment->value_type = OidIsValid(segment->segment.type)
								  ? format_type_be(segment->segment.type)
								  : TextDatumGetCString(values[10]);
}

/* compare_segments orders by level, owner and number. */
static int
compare_segments(const void *a, const void *b)
{
	const KeptSegment *x = a;
	const KeptSegment *y = b;
	Oid x_owner = x->segment.owner;
	Oid y_owner = y->segment.owner;

	if (x->level != y->level)
		return x->level < y->level ? -1 : 1;
	if (x_owner != y_owner)
		return x_owner < y_owner ? -1 : 1;
	return (x->segment_id > y->segment_id) - (x->segment_id < y->segment_id);
}

/* compare_numbers orders places by the numbers of their segments. */
static int
compare_numbers(const void *a, const void *b, void *arg)
{
	const KeptSegment *items = arg;
	int32 x = items[*(const int *) a].segment_id;
	int32 y = items[*(const int *) b].segment_id;

	return (x > y) - (x < y);
}

/* uses_others tells whether conditions use segments that are not in the list. */
static bool
uses_others(const KeptSegments *segments)
{
	for (int i = 0; i < segments->count; i++)
		for (int j = 0; j < segments->items[i].depend_count; j++)
			if (kept_segment(segments, segments->items[i].depends_on[j]) < 0)
				return true;
	return false;
}

/* The plan must not depend on the search path of who reads. */
KeptSegments *
kept_read_segments(SubjectKind subject, int flags)
{
	static SPIPlanPtr plan = NULL;
	Oid type = TEXTOID;
	Datum word = CStringGetTextDatum(subjects[subject].word);
	KeptSegments *segments = palloc0(sizeof(KeptSegments));

	segments->context = CurrentMemoryContext;
	segments->subject = subject;
	segments->later = (flags & DEFINITION_UNLOCKED) != 0;
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	if (plan == NULL)
	{
		SPIPlanPtr made = SPI_prepare(
			"SELECT s.name, s.segment_id, s.level, s.depends_on, s.state, s.built_until, "
			"s.error_profile_id, s.checked_at, s.failing_since, s.hold_out, s.value_type, "
			"s.trial_profile_id, s.kind OPERATOR(pg_catalog.=) 'list', t.hold_out_salt "
			"FROM cdp_data.segment s CROSS JOIN cdp_data.state t "
			"WHERE s.subject OPERATOR(pg_catalog.=) $1",
			1, &type);

		if (made == NULL || SPI_keepplan(made) != 0)
			elog(ERROR, "could not prepare a query: %s", SPI_result_code_string(SPI_result));
		plan = made;
	}
	if (SPI_execute_plan(plan, &word, NULL, true, 0) != SPI_OK_SELECT)
		elog(ERROR, "could not list the segments");
	MemoryContextSwitchTo(segments->context);
	segments->items = palloc0(Max(SPI_processed, 1) * sizeof(KeptSegment));
	segments->by_number = palloc(Max(SPI_processed, 1) * sizeof(int));
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		bool isnull;

		read_segment(&segments->items[segments->count++], subject, SPI_tuptable->vals[i],
					 SPI_tuptable->tupdesc, flags);
		segments->salt =
			DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 14, &isnull));
	}
	SPI_finish();
	for (int i = 0; i < segments->count; i++)
		segments->has_traits |= segments->items[i].segment.is_trait;
	qsort(segments->items, segments->count, sizeof(KeptSegment), compare_segments);
	for (int i = 0; i < segments->count; i++)
		segments->by_number[i] = i;
	qsort_arg(segments->by_number, segments->count, sizeof(int), compare_numbers, segments->items);
	if (subject == SUBJECT_ACCOUNT && uses_others(segments))
		segments->people = kept_read_segments(SUBJECT_PERSON, flags);
	return segments;
}

void
kept_release_segments(KeptSegments *segments)
{
	for (int i = 0; i < segments->count; i++)
		if (segments->items[i].found)
			definition_release(&segments->items[i].segment);
	if (segments->people != NULL)
		kept_release_segments(segments->people);
}

int
kept_segment(const KeptSegments *segments, int32 segment_id)
{
	int low = 0;
	int high = segments->count - 1;

	while (low <= high)
	{
		int middle = low + (high - low) / 2;
		int place = segments->by_number[middle];

		if (segments->items[place].segment_id == segment_id)
			return place;
		if (segments->items[place].segment_id < segment_id)
			low = middle + 1;
		else
			high = middle - 1;
	}
	return -1;
}

/* lock_asked finds and locks the definition of a segment that is asked for. */
static void
lock_asked(KeptSegment *segment)
{
	segment->found = definition_find(NameStr(segment->segment.name), 0, &segment->segment);
	if (segment->found &&
		(is_misplaced(segment) || definition_is_newer(&segment->segment, GetActiveSnapshot())))
	{
		definition_release(&segment->segment);
		segment->found = false;
	}
}

/* ask_people_of asks for the segments of people that one of accounts counts members of. */
static void
ask_people_of(KeptSegments *segments, const KeptSegment *segment)
{
	for (int i = 0; segments->people != NULL && i < segment->depend_count; i++)
	{
		int needed = kept_segment(segments->people, segment->depends_on[i]);

		if (needed >= 0)
			kept_ask_with_needs(segments->people, needed);
	}
}

void
kept_ask_with_needs(KeptSegments *segments, int place)
{
	KeptSegment *segment = &segments->items[place];

	if (segment->asked)
		return;
	segment->asked = true;
	if (segments->later)
		lock_asked(segment);
	/* cycles are refused when a segment is made, and would end here */
	for (int i = 0; i < segment->depend_count; i++)
	{
		int needed = kept_segment(segments, segment->depends_on[i]);

		if (needed >= 0)
			kept_ask_with_needs(segments, needed);
	}
	ask_people_of(segments, segment);
}

void
kept_ask_people(KeptSegments *segments)
{
	for (int i = 0; i < segments->count; i++)
		if (segments->items[i].asked)
			ask_people_of(segments, &segments->items[i]);
}

/* needs_unbuilt tells whether a segment, or one that it needs, is not built. */
static bool
needs_unbuilt(const KeptSegments *segments, const KeptSegment *segment)
{
	if (kept_is_unbuilt(segment))
		return true;
	for (int i = 0; i < segment->depend_count; i++)
	{
		int needed = kept_segment(segments, segment->depends_on[i]);

		/* rows written by hand can form a circle */
		if (needed >= 0 && segments->items[needed].level < segment->level &&
			needs_unbuilt(segments, &segments->items[needed]))
			return true;
	}
	return false;
}

bool
kept_awaits_people(const KeptSegments *segments, const KeptSegment *segment)
{
	for (int i = 0; segments->people != NULL && i < segment->depend_count; i++)
	{
		int needed = kept_segment(segments->people, segment->depends_on[i]);

		if (needed >= 0 && needs_unbuilt(segments->people, &segments->people->items[needed]))
			return true;
	}
	return false;
}

int64
kept_built_until(const KeptSegments *segments)
{
	int64 until = PG_INT64_MAX;

	for (int i = 0; i < segments->count; i++)
		if (segments->items[i].asked && kept_is_unbuilt(&segments->items[i]))
			until = Min(until, segments->items[i].built_until);
	return until;
}

/* ---------------------------------------------------------------- writing */

/* run_update runs a statement whose arguments are of these types. */
static void
run_update(const char *statement, int count, Oid *types, Datum *values, const char *nulls)
{
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	if (SPI_execute_with_args(statement, count, types, values, nulls, false, 0) < 0)
		elog(ERROR, "could not write segments");
	SPI_finish();
}

/* write_sizes adds what segments have gained. */
static void
write_sizes(KeptSegments *segments)
{
	Oid types[] = {INT4ARRAYOID, INT8ARRAYOID};
	Datum *numbers = palloc(Max(segments->count, 1) * sizeof(Datum));
	Datum *gained = palloc(Max(segments->count, 1) * sizeof(Datum));
	Datum values[2];
	int count = 0;

	for (int i = 0; i < segments->count; i++)
		if (segments->items[i].gained != 0)
		{
			numbers[count] = Int32GetDatum(segments->items[i].segment_id);
			gained[count++] = Int64GetDatum(segments->items[i].gained);
			segments->items[i].gained = 0;
		}
	if (count == 0)
		return;
	values[0] = PointerGetDatum(
		construct_array(numbers, count, INT4OID, sizeof(int32), true, TYPALIGN_INT));
	values[1] = PointerGetDatum(
		construct_array(gained, count, INT8OID, sizeof(int64), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
	run_update("UPDATE cdp_data.segment s SET members = s.members + u.gained "
			   "FROM unnest($1, $2) AS u (segment_id, gained) WHERE s.segment_id = u.segment_id",
			   2, types, values, NULL);
}

/* write_state writes the state of a segment with its error, if any, and how far it is built. */
static void
write_state(KeptSegment *segment, KeptState state)
{
	Oid types[] = {INT4OID, TEXTOID, TEXTOID, INT8OID, INT8OID, INT8OID};
	const Judgement *judgement = &segment->judgement;
	Datum values[6] = {Int32GetDatum(segment->segment_id), CStringGetTextDatum(state_names[state])};
	char nulls[7] = "  nnnn";

	segment->state = state;
	segment->trial_profile_id = judgement->profile_id;
	segment->error_profile_id = judgement->whole ? 0 : judgement->profile_id;
	if (judgement->message != NULL)
	{
		values[2] = CStringGetTextDatum(
			psprintf("%s: %s", unpack_sql_state(judgement->sqlstate), judgement->message));
		nulls[2] = ' ';
	}
	values[3] = Int64GetDatum(segment->error_profile_id);
	nulls[3] = segment->error_profile_id == 0 ? 'n' : ' ';
	values[4] = Int64GetDatum(segment->built_until);
	nulls[4] = segment->built_until == PG_INT64_MAX ? 'n' : ' ';
	values[5] = Int64GetDatum(segment->trial_profile_id);
	nulls[5] = segment->trial_profile_id == 0 ? 'n' : ' ';
	run_update(
		"UPDATE cdp_data.segment s SET state = $2, error = $3, error_profile_id = $4, "
		"built_until = $5, trial_profile_id = $6, checked_at = clock_timestamp(), "
		"failing_since = CASE WHEN $2 IN ('failing', 'too_slow') THEN coalesce(s.failing_since, "
		"clock_timestamp()) END WHERE s.segment_id = $1 AND ($2 = 'too_slow' OR "
		"(s.state, s.error, s.error_profile_id, s.built_until, s.trial_profile_id) "
		"IS DISTINCT FROM ($2, $3, $4, $5, $6))",
		6, types, values, nulls);
}

bool
kept_stays(const KeptSegment *segment)
{
	/* the identifiers of a list whose query fails stay, and are followed */
	return !segment->is_list &&
		   (segment->state == KEPT_TOO_SLOW ||
			(segment->state == KEPT_FAILING && segment->error_profile_id == 0));
}

bool
kept_is_unbuilt(const KeptSegment *segment)
{
	return segment->built_until != PG_INT64_MAX && !kept_stays(segment);
}

void
kept_note_missing(KeptSegment *segment)
{
	if (segment->found)
		return;
	segment->judgement.whole = true;
	if (!definition_exists(NameStr(segment->segment.name)))
	{
		segment->judgement.sqlstate = ERRCODE_UNDEFINED_OBJECT;
		segment->judgement.message = "its definition does not exist";
	}
	else if (!definition_is_readable(NameStr(segment->segment.name), GetUserId()))
	{
		segment->judgement.sqlstate = ERRCODE_INSUFFICIENT_PRIVILEGE;
		segment->judgement.message =
			"the owner of the tables may not read its view, or there is none";
	}
	else if (is_misplaced(segment))
	{
		segment->judgement.sqlstate = ERRCODE_WRONG_OBJECT_TYPE;
		segment->judgement.message = "its definition is not one of its subject";
	}
	else
	{
		segment->judgement.sqlstate = ERRCODE_LOCK_NOT_AVAILABLE;
		segment->judgement.message = "its definition is locked";
	}
}

void
kept_write_segments(KeptSegments *segments, bool recover)
{
	write_sizes(segments);
	for (int i = 0; i < segments->count; i++)
	{
		KeptSegment *segment = &segments->items[i];

		kept_note_missing(segment);
		if (segment->judgement.message != NULL)
		{
			/* while it failed as a whole the others were not judged either */
			if (kept_stays(segment) && !segment->judgement.whole)
				segment->built_until = 0;
			write_state(segment, segment->judgement.too_slow ? KEPT_TOO_SLOW : KEPT_FAILING);
		}
		else if (recover && segment->found && segment->asked && !segment->is_list &&
				 (segment->state == KEPT_FAILING || segment->state == KEPT_TOO_SLOW))
		{
			/* who is in it may have changed unseen */
			segment->built_until = 0;
			write_state(segment, KEPT_BUILDING);
		}
	}
}

void
kept_write_built(KeptSegment *segment, int64 built_until)
{
	Oid types[] = {INT4OID, INT8OID};
	Datum values[] = {Int32GetDatum(segment->segment_id), Int64GetDatum(built_until)};

	segment->built_until = built_until;
	run_update("UPDATE cdp_data.segment s SET built_until = $2, state = CASE "
			   "WHEN $2 IS NULL AND s.state = 'building' THEN 'live' ELSE s.state END "
			   "WHERE s.segment_id = $1",
			   2, types, values, built_until == PG_INT64_MAX ? " n" : "  ");
}

/* ---------------------------------------------------------------- the feed */

void
kept_add_change(KeptChanges *changes, KeptChange change)
{
	if (changes->count == changes->allocated)
	{
		changes->allocated = changes->allocated ? 2 * changes->allocated : 256;
		changes->items =
			changes->items != NULL
				? repalloc_huge(changes->items, changes->allocated * sizeof(KeptChange))
				: MemoryContextAlloc(changes->context, changes->allocated * sizeof(KeptChange));
	}
	changes->items[changes->count++] = change;
}

/* put_values puts the values of computed traits, as JSON. */
static void
put_values(FeedRows *rows, const KeptChange *items)
{
	Oid types[] = {TEXTARRAYOID, TEXTARRAYOID};
	Datum *texts = palloc(rows->count * sizeof(Datum));
	Datum *type_names = palloc(rows->count * sizeof(Datum));
	Datum values[2];
	uint64 count = 0;

	for (int i = 0; i < rows->count; i++)
		if (items[i].value != NULL)
		{
			texts[count] = CStringGetTextDatum(items[i].value);
			type_names[count++] = CStringGetTextDatum(items[i].type);
		}
	if (count == 0)
		return;
	values[0] = PointerGetDatum(construct_array(texts, count, TEXTOID, -1, false, TYPALIGN_INT));
	values[1] =
		PointerGetDatum(construct_array(type_names, count, TEXTOID, -1, false, TYPALIGN_INT));
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	if (SPI_execute_with_args("SELECT cdp_internal.computed_json(u.value, u.type) "
							  "FROM unnest($1, $2) WITH ORDINALITY AS u (value, type, place) "
							  "ORDER BY u.place",
							  lengthof(types), types, values, NULL, false, 0) != SPI_OK_SELECT ||
		SPI_processed != count)
		elog(ERROR, "could not read values");
	count = 0;
	for (int i = 0; i < rows->count; i++)
	{
		bool isnull;
		Datum value;

		if (items[i].value == NULL)
			continue;
		value = SPI_getbinval(SPI_tuptable->vals[count++], SPI_tuptable->tupdesc, 1, &isnull);
		if (!isnull)
			feed_set(rows, FEED_VALUE, i, SPI_datumTransfer(value, false, -1));
	}
	SPI_finish();
}

/* keep_word returns a word as a text; those that follow each other are mostly the same. */
static Datum
keep_word(const char *word, const char **last, Datum *text)
{
	if (*last == NULL || strcmp(word, *last) != 0)
		*text = CStringGetTextDatum(word);
	*last = word;
	return *text;
}

/* record_part hands some changes to the feed. */
static void
record_part(const KeptChange *items, int count)
{
	FeedRows rows = feed_make_rows(count);
	const char *kind = NULL;
	const char *cause = NULL;
	Datum kind_text = 0;
	Datum cause_text = 0;

	for (int i = 0; i < count; i++)
	{
		const KeptChange *item = &items[i];

		feed_set(&rows, FEED_KIND, i, keep_word(item->kind, &kind, &kind_text));
		feed_set(&rows, FEED_CAUSE, i, keep_word(item->cause, &cause, &cause_text));
		feed_set(&rows, FEED_PROFILE_ID, i, Int64GetDatum(item->profile_id));
		feed_set(&rows, FEED_AT, i, TimestampTzGetDatum(item->at));
		if (item->segment_id != 0)
			feed_set(&rows, FEED_SEGMENT_ID, i, Int32GetDatum(item->segment_id));
		if (item->other_profile_id != 0)
			feed_set(&rows, FEED_OTHER_PROFILE_ID, i, Int64GetDatum(item->other_profile_id));
		if (item->event_id != 0)
			feed_set(&rows, FEED_EVENT_ID, i, Int64GetDatum(item->event_id));
		if (item->since != DT_NOBEGIN)
			feed_set(&rows, FEED_SINCE, i, TimestampTzGetDatum(item->since));
		if (item->other_since != DT_NOBEGIN)
			feed_set(&rows, FEED_OTHER_SINCE, i, TimestampTzGetDatum(item->other_since));
		if (item->trait != NULL)
			feed_set(&rows, FEED_TRAIT, i, CStringGetTextDatum(item->trait));
		if (item->group_id != NULL)
			feed_set(&rows, FEED_GROUP_ID, i, CStringGetTextDatum(item->group_id));
	}
	put_values(&rows, items);
	feed_record(&rows, true);
}

void
kept_record(KeptChanges *changes)
{
	enum
	{
		PART = 10000
	};
	MemoryContext work =
		AllocSetContextCreate(CurrentMemoryContext, "cdp changes", ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(work);

	for (int first = 0; first < changes->count; first += PART)
	{
		CHECK_FOR_INTERRUPTS();
		record_part(changes->items + first, Min(changes->count - first, PART));
		MemoryContextReset(work);
	}
	changes->count = 0;
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(work);
}
