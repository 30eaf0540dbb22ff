/*
 * kept.c
 *		The kept memberships of some people: read, judged again, written.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "platform/segment/kept.h"

/* how many people are judged at once */
#define PAGE_PEOPLE 10000

/* columns of cdp_data.membership */
enum
{
	COLUMN_PROFILE_ID,
	COLUMN_HORIZON,
	COLUMN_SEGMENTS,
	COLUMN_SINCE,
	COLUMN_COMPUTED
};

static const char *const membership_columns[] = {"profile_id", "horizon", "segments", "since",
												 "computed"};
static const StoreTable membership_table = {"cdp_data", "membership", lengthof(membership_columns),
											membership_columns};

/* ---------------------------------------------------------------- rows of people */

int
kept_find(const Kept *kept, int64 profile_id)
{
	int low = 0;
	int high = kept->count - 1;

	while (low <= high)
	{
		int middle = low + (high - low) / 2;

		if (kept->people[middle].profile_id == profile_id)
			return middle;
		if (kept->people[middle].profile_id < profile_id)
			low = middle + 1;
		else
			high = middle - 1;
	}
	return -1;
}

static int
compare_ids(const void *a, const void *b)
{
	int64 x = *(const int64 *) a;
	int64 y = *(const int64 *) b;

	return (x > y) - (x < y);
}

/* sort_ids sorts ids, and returns how many there are without repetitions. */
static int
sort_ids(int64 *ids, int64 count)
{
	int64 distinct = 0;

	if (count > INT_MAX)
		ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED), errmsg("too many people")));
	qsort(ids, count, sizeof(int64), compare_ids);
	for (int64 i = 0; i < count; i++)
		if (i == 0 || ids[i] != ids[i - 1])
			ids[distinct++] = ids[i];
	return (int) distinct;
}

/* read_values returns the values of computed traits, which stand beside segments. */
static const char **
read_values(const Kept *kept, ArrayType *array, int expected)
{
	Datum *texts;
	bool *nulls;
	int count;
	const char **values;
	MemoryContext caller = MemoryContextSwitchTo(kept->context);

	deconstruct_array(array, TEXTOID, -1, false, TYPALIGN_INT, &texts, &nulls, &count);
	if (count != expected)
		ereport(ERROR, (errcode(ERRCODE_DATA_CORRUPTED),
						errmsg("a row of cdp_data.membership contradicts itself")));
	values = palloc0(Max(count, 1) * sizeof(char *));
	for (int i = 0; i < count; i++)
		if (!nulls[i])
			values[i] = TextDatumGetCString(texts[i]);
	MemoryContextSwitchTo(caller);
	return values;
}

/* read_person is the StoreRowFunction that takes the row of a person. */
static void
read_person(void *arg, int key, const Datum *values, const bool *nulls)
{
	Kept *kept = arg;
	KeptPerson *person = &kept->people[key];
	TimestampTz *stored = &kept->stored[(Size) key * kept->segments->count];
	ArrayType *segments = DatumGetArrayTypeP(values[1]);
	ArrayType *since = DatumGetArrayTypeP(values[2]);
	int count = ArrayGetNItems(ARR_NDIM(segments), ARR_DIMS(segments));
	const char **computed =
		nulls[3] ? NULL : read_values(kept, DatumGetArrayTypeP(values[3]), count);

	if (ArrayGetNItems(ARR_NDIM(since), ARR_DIMS(since)) != count || ARR_HASNULL(segments) ||
		ARR_HASNULL(since))
		ereport(ERROR, (errcode(ERRCODE_DATA_CORRUPTED),
						errmsg("the row of profile " INT64_FORMAT
							   " in cdp_data.membership contradicts itself",
							   person->profile_id)));
	person->stored = true;
	person->horizon = person->stored_horizon = DatumGetTimestampTz(values[0]);
	for (int i = 0; i < count; i++)
	{
		int place = kept_segment(kept->segments, ((int32 *) ARR_DATA_PTR(segments))[i]);

		if (place < 0 || (kept->segments->items[place].segment.is_trait && computed == NULL))
			continue;
		stored[place] = ((TimestampTz *) ARR_DATA_PTR(since))[i];
		if (kept->segments->items[place].segment.is_trait)
			kept->stored_values[(Size) key * kept->segments->count + place] = computed[i];
	}
}

Kept *
kept_read(KeptSegments *segments, int64 *ids, int64 count, StoreAccess access)
{
	static const int wanted[] = {COLUMN_HORIZON, COLUMN_SEGMENTS, COLUMN_SINCE, COLUMN_COMPUTED};
	Kept *kept = palloc0(sizeof(Kept));
	Size cells;
	Datum *keys;
	StoreColumn key = {COLUMN_PROFILE_ID, NULL, NULL};
	Store *store;

	kept->context = CurrentMemoryContext;
	kept->segments = segments;
	kept->count = sort_ids(ids, count);
	cells = Max((Size) kept->count * segments->count, 1);
	kept->people =
		MemoryContextAllocExtended(CurrentMemoryContext, Max(kept->count, 1) * sizeof(KeptPerson),
								   MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	kept->stored = palloc_extended(cells * sizeof(TimestampTz), MCXT_ALLOC_HUGE);
	kept->since = palloc_extended(cells * sizeof(TimestampTz), MCXT_ALLOC_HUGE);
	if (segments->has_traits)
	{
		kept->stored_values =
			palloc_extended(cells * sizeof(char *), MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
		kept->values = palloc_extended(cells * sizeof(char *), MCXT_ALLOC_HUGE);
	}
	keys = palloc_extended(Max(kept->count, 1) * sizeof(Datum), MCXT_ALLOC_HUGE);
	for (int i = 0; i < kept->count; i++)
	{
		kept->people[i].profile_id = ids[i];
		kept->people[i].horizon = kept->people[i].stored_horizon = DT_NOEND;
		keys[i] = Int64GetDatum(ids[i]);
	}
	for (Size i = 0; i < cells; i++)
		kept->stored[i] = DT_NOBEGIN;
	key.values = keys;
	store = store_open(&membership_table, access, STORE_DIRECT);
	store_find(store, kept->count, (StoreColumns){1, &key}, lengthof(wanted), wanted, read_person,
			   kept);
	store_close(store);
	memcpy(kept->since, kept->stored, cells * sizeof(TimestampTz));
	if (kept->values != NULL)
		memcpy(kept->values, kept->stored_values, cells * sizeof(char *));
	pfree(keys);
	return kept;
}

const char *
kept_value(const Kept *kept, int person, int segment)
{
	Size cell = (Size) person * kept->segments->count + segment;

	if (kept->since[cell] == DT_NOBEGIN)
		return NULL;
	return kept->segments->items[segment].segment.is_trait ? kept->values[cell] : "";
}

void
kept_copy(Kept *kept, int to, int from, int segment)
{
	Size cell = (Size) to * kept->segments->count + segment;
	Size source = (Size) from * kept->segments->count + segment;
	bool is_trait = kept->segments->items[segment].segment.is_trait;
	bool is_earlier = !is_trait && kept->since[cell] > kept->since[source];

	if (kept->since[source] == DT_NOBEGIN || (kept->since[cell] != DT_NOBEGIN && !is_earlier))
		return;
	kept->since[cell] = kept->since[source];
	if (is_trait)
		kept->values[cell] = kept->values[source];
}

void
kept_end(Kept *kept, int person, int segment)
{
	Size cell = (Size) person * kept->segments->count + segment;

	kept->since[cell] = DT_NOBEGIN;
	if (kept->values != NULL)
		kept->values[cell] = NULL;
}

/* ---------------------------------------------------------------- judging */

/* some segments of one owner and level, and a page of people */
typedef struct KeptGroup
{
	Kept *kept;
	const int *people; /* places in kept */
	int people_count;
	TimestampTz at;
	const TimestampTz *instants; /* NULL: at */
	int count;
	int *places;  /* of the segments in kept->segments */
	bool *usable; /* of all segments: it was found that the owner may read it */
	Verdict *verdicts;
	Judgement *results;
} KeptGroup;

/* place_of returns the place in the page of a person, who is there. */
static int
place_of(const KeptGroup *group, int person)
{
	int low = 0;
	int high = group->people_count - 1;

	while (low < high)
	{
		int middle = low + (high - low) / 2;

		if (group->people[middle] < person)
			low = middle + 1;
		else
			high = middle;
	}
	Assert(group->people[low] == person);
	return low;
}

void
kept_check_use(const KeptSegment *segment)
{
	const char *name = NameStr(segment->segment.name);

	if (!definition_is_readable(name, GetUserId()))
		aclcheck_error(ACLCHECK_NO_PRIV, OBJECT_VIEW, name);
}

/* look_up is the EvaluateKeptValue that looks at what is kept, and at what this run has found. */
static const char *
look_up(void *arg, int64 profile_id, int32 segment_id)
{
	const KeptGroup *group = arg;
	int person = kept_find(group->kept, profile_id);
	int place = kept_segment(group->kept->segments, segment_id);

	if (place >= 0 && !group->usable[place])
	{
		kept_check_use(&group->kept->segments->items[place]);
		group->usable[place] = true;
	}
	return person >= 0 && place >= 0 ? kept_value(group->kept, person, place) : NULL;
}

/* instant_of is the EvaluateInstant of people who are judged at their horizons. */
static TimestampTz
instant_of(void *arg, int64 profile_id)
{
	const KeptGroup *group = arg;

	return group->instants[place_of(group, kept_find(group->kept, profile_id))];
}

/* take is the EvaluateTake that notes the verdicts of a person. */
static void
take(void *arg, int64 profile_id, const Verdict *verdicts)
{
	KeptGroup *group = arg;
	int person = kept_find(group->kept, profile_id);
	Verdict *taken = &group->verdicts[(Size) place_of(group, person) * group->count];

	group->kept->people[person].judged = true;
	memcpy(taken, verdicts, group->count * sizeof(Verdict));
	for (int i = 0; i < group->count; i++)
		if (taken[i].value != NULL && !taken[i].failing)
			taken[i].value = pstrdup(taken[i].value);
}

/* apply_value takes a value over; returns whether it is another. */
static bool
apply_value(Kept *kept, Size cell, const Verdict *verdict)
{
	const char *value = verdict->holds ? verdict->value : NULL;

	if (value == kept->values[cell] ||
		(value != NULL && kept->values[cell] != NULL && strcmp(value, kept->values[cell]) == 0))
		return false;
	kept->values[cell] = value != NULL ? MemoryContextStrdup(kept->context, value) : NULL;
	return true;
}

/* apply takes a verdict over. */
static void
apply(Kept *kept, int person, int place, const Verdict *verdict, TimestampTz at, KeptFlip flip,
	  void *arg)
{
	Size cell = (Size) person * kept->segments->count + place;
	TimestampTz *since = &kept->since[cell];
	bool holds = verdict->known && verdict->holds;

	if (verdict->failing)
		return;
	kept->people[person].horizon = Min(kept->people[person].horizon, verdict->until);
	if (kept->segments->items[place].segment.is_trait ? !apply_value(kept, cell, verdict)
													  : holds == (*since != DT_NOBEGIN))
		return;
	*since = holds ? at : DT_NOBEGIN;
	if (flip != NULL)
		flip(arg, kept, person, place, at);
}

/*
 * note_judgement keeps the first failure of a segment in this run, the worst of a kind.  That it fails for all of a few
 * people does not mean that it fails as a whole.
 */
static void
note_judgement(KeptSegments *segments, KeptSegment *segment, Judgement *result)
{
	Judgement *kept = &segment->judgement;

	if (result->whole && result->profile_id != 0 && result->failing <= EVALUATE_FAILING_MAX)
	{
		result->whole = false;
		segment->fails_all = true;
	}
	if (result->message == NULL || (kept->message != NULL && (kept->whole || !result->whole)))
		return;
	*kept = *result;
	kept->message = MemoryContextStrdup(segments->context, result->message);
}

/* judge_group judges a page of people in the segments of a group. */
static void
judge_group(KeptGroup *group, KeptFlip flip, void *arg)
{
	Kept *kept = group->kept;
	Segment *segments = palloc(group->count * sizeof(Segment));
	int64 *ids = palloc(Max(group->people_count, 1) * sizeof(int64));
	static const Verdict out = {.known = true, .until = DT_NOEND};

	group->results = palloc0(group->count * sizeof(Judgement));
	group->usable = palloc0(kept->segments->count * sizeof(bool));
	group->verdicts = palloc(Max((Size) group->people_count * group->count, 1) * sizeof(Verdict));
	for (int i = 0; i < group->count; i++)
		segments[i] = kept->segments->items[group->places[i]].segment;
	for (int i = 0; i < group->people_count; i++)
	{
		ids[i] = kept->people[group->people[i]].profile_id;
		kept->people[group->people[i]].judged = false;
	}
	evaluate_people(segments, group->count, ids, group->people_count, group->at,
					group->instants != NULL ? instant_of : NULL, look_up, take, group,
					group->results);
	for (int i = 0; i < group->count; i++)
		note_judgement(kept->segments, &kept->segments->items[group->places[i]],
					   &group->results[i]);
	for (int i = 0; i < group->people_count; i++)
	{
		int person = group->people[i];

		/* those who have no row are not there any more */
		for (int j = 0; j < group->count; j++)
			if (!group->results[j].whole)
				apply(kept, person, group->places[j],
					  kept->people[person].judged ? &group->verdicts[(Size) i * group->count + j]
												  : &out,
					  group->instants != NULL ? group->instants[i] : group->at, flip, arg);
	}
}

/* same_group tells whether two segments are judged in one go. */
static bool
same_group(const KeptSegment *a, const KeptSegment *b)
{
	return a->level == b->level && a->segment.owner == b->segment.owner;
}

/* judge_page judges a page of people in all segments that are asked, level by level. */
static void
judge_page(Kept *kept, const int *people, int count, TimestampTz at, const TimestampTz *instants,
		   KeptFlip flip, void *arg)
{
	KeptSegments *segments = kept->segments;
	KeptGroup group = {kept, people, count, at, instants};

	group.places = palloc(segments->count * sizeof(int));
	for (int i = 0; i < segments->count; i++)
	{
		if (segments->items[i].found && segments->items[i].asked)
			group.places[group.count++] = i;
		if (group.count > 0 &&
			(i + 1 == segments->count ||
			 !same_group(&segments->items[group.places[0]], &segments->items[i + 1])))
		{
			judge_group(&group, flip, arg);
			group.count = 0;
		}
	}
}

/* asks_all tells whether all segments that can be judged are. */
static bool
asks_all(const KeptSegments *segments)
{
	for (int i = 0; i < segments->count; i++)
		if (segments->items[i].found && !segments->items[i].asked)
			return false;
	return true;
}

void
kept_judge(Kept *kept, const int *people, int count, TimestampTz at, bool at_horizon, KeptFlip flip,
		   void *arg)
{
	MemoryContext page =
		AllocSetContextCreate(CurrentMemoryContext, "cdp kept page", ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(page);
	bool all = asks_all(kept->segments);

	for (int first = 0; first < count; first += PAGE_PEOPLE)
	{
		int length = Min(count - first, PAGE_PEOPLE);
		TimestampTz *instants = at_horizon ? palloc(length * sizeof(TimestampTz)) : NULL;

		CHECK_FOR_INTERRUPTS();
		for (int i = 0; i < length; i++)
		{
			KeptPerson *person = &kept->people[people[first + i]];

			if (at_horizon)
				instants[i] = person->horizon;
			if (all || at_horizon)
				person->horizon = DT_NOEND;
		}
		judge_page(kept, people + first, length, at, instants, flip, arg);
		MemoryContextReset(page);
	}
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(page);
}

void
kept_judge_lapsed(Kept *kept, TimestampTz until, KeptFlip flip, void *arg)
{
	int *people = palloc_extended(Max(kept->count, 1) * sizeof(int), MCXT_ALLOC_HUGE);
	int count;

	do
	{
		count = 0;
		for (int i = 0; i < kept->count; i++)
			if (kept->people[i].horizon <= until)
				people[count++] = i;
		if (count > 0)
			kept_judge(kept, people, count, until, true, flip, arg);
	} while (count > 0);
	pfree(people);
}

/* ---------------------------------------------------------------- writing */

/* rows to be written */
typedef struct Rows
{
	int count;
	Datum *ids;
	Datum *horizons;
	Datum *segments;
	Datum *since;
	Datum *computed;
	bool *uncomputed; /* there are no values */
} Rows;

static void
init_rows(Rows *rows, int capacity)
{
	rows->count = 0;
	rows->ids = palloc_extended(Max(capacity, 1) * sizeof(Datum), MCXT_ALLOC_HUGE);
	rows->horizons = palloc_extended(Max(capacity, 1) * sizeof(Datum), MCXT_ALLOC_HUGE);
	rows->segments = palloc_extended(Max(capacity, 1) * sizeof(Datum), MCXT_ALLOC_HUGE);
	rows->since = palloc_extended(Max(capacity, 1) * sizeof(Datum), MCXT_ALLOC_HUGE);
	rows->computed = palloc_extended(Max(capacity, 1) * sizeof(Datum), MCXT_ALLOC_HUGE);
	rows->uncomputed = palloc_extended(Max(capacity, 1) * sizeof(bool), MCXT_ALLOC_HUGE);
}

/* add_values adds the values of a person's computed traits, which stand beside the segments. */
static void
add_values(Rows *rows, const Kept *kept, int person, int expected)
{
	const KeptSegments *segments = kept->segments;
	const TimestampTz *since = &kept->since[(Size) person * segments->count];
	Datum *values;
	bool *nulls;
	int lower_bound = 1;
	int count = 0;
	bool has_values = false;

	rows->uncomputed[rows->count] = true;
	if (!segments->has_traits)
		return;
	values = palloc(Max(expected, 1) * sizeof(Datum));
	nulls = palloc(Max(expected, 1) * sizeof(bool));
	for (int i = 0; i < segments->count; i++)
	{
		int place = segments->by_number[i];
		const char *value = kept->values[(Size) person * segments->count + place];

		if (since[place] == DT_NOBEGIN)
			continue;
		nulls[count] = value == NULL;
		if (value != NULL)
			values[count] = CStringGetTextDatum(value);
		has_values |= value != NULL;
		count++;
	}
	if (!has_values)
		return;
	rows->uncomputed[rows->count] = false;
	rows->computed[rows->count] = PointerGetDatum(construct_md_array(
		values, nulls, 1, &count, &lower_bound, TEXTOID, -1, false, TYPALIGN_INT));
}

/* add_row adds the row of a person, with the segments in the order of their numbers. */
static void
add_row(Rows *rows, const Kept *kept, int person, Datum *numbers, Datum *instants)
{
	const KeptSegments *segments = kept->segments;
	const TimestampTz *since = &kept->since[(Size) person * segments->count];
	int count = 0;

	for (int i = 0; i < segments->count; i++)
	{
		int place = segments->by_number[i];

		if (since[place] == DT_NOBEGIN)
			continue;
		numbers[count] = Int32GetDatum(segments->items[place].segment_id);
		instants[count++] = TimestampTzGetDatum(since[place]);
	}
	rows->ids[rows->count] = Int64GetDatum(kept->people[person].profile_id);
	rows->horizons[rows->count] = TimestampTzGetDatum(kept->people[person].horizon);
	add_values(rows, kept, person, count);
	rows->segments[rows->count] = PointerGetDatum(
		construct_array(numbers, count, INT4OID, sizeof(int32), true, TYPALIGN_INT));
	rows->since[rows->count++] = PointerGetDatum(construct_array(
		instants, count, TIMESTAMPTZOID, sizeof(TimestampTz), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
}

/* write_rows inserts, updates or deletes rows. */
static void
write_rows(Store *store, const Rows *rows, bool insert, bool delete)
{
	StoreColumn columns[] = {{COLUMN_PROFILE_ID, rows->ids, NULL},
							 {COLUMN_HORIZON, rows->horizons, NULL},
							 {COLUMN_SEGMENTS, rows->segments, NULL},
							 {COLUMN_SINCE, rows->since, NULL},
							 {COLUMN_COMPUTED, rows->computed, rows->uncomputed}};

	if (rows->count == 0)
		return;
	if (insert)
		store_insert(store, rows->count, (StoreColumns){lengthof(columns), columns});
	else if (delete)
		store_delete(store, rows->count, (StoreColumns){1, columns});
	else
		store_update(store, rows->count, (StoreColumns){1, columns},
					 (StoreColumns){lengthof(columns) - 1, columns + 1});
}

/* has_other_value tells whether the value of a computed trait of a person is not the stored one. */
static bool
has_other_value(const Kept *kept, int person, int segment)
{
	Size cell = (Size) person * kept->segments->count + segment;

	return kept->values != NULL && kept->values[cell] != kept->stored_values[cell];
}

/* count_gained counts in the segments what a person gains and loses; returns whether that is anything. */
static bool
count_gained(Kept *kept, int person, bool *is_member)
{
	KeptSegments *segments = kept->segments;
	const TimestampTz *since = &kept->since[(Size) person * segments->count];
	const TimestampTz *stored = &kept->stored[(Size) person * segments->count];
	bool changed = false;

	*is_member = false;
	for (int i = 0; i < segments->count; i++)
	{
		*is_member |= since[i] != DT_NOBEGIN;
		if (since[i] == stored[i] && !has_other_value(kept, person, i))
			continue;
		changed = true;
		segments->items[i].gained += (since[i] != DT_NOBEGIN) - (stored[i] != DT_NOBEGIN);
	}
	return changed;
}

void
kept_write(Kept *kept, TimestampTz as_of)
{
	MemoryContext work =
		AllocSetContextCreate(CurrentMemoryContext, "cdp kept rows", ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(work);
	Datum *numbers = palloc(Max(kept->segments->count, 1) * sizeof(Datum));
	Datum *instants = palloc(Max(kept->segments->count, 1) * sizeof(Datum));
	Rows added;
	Rows changed;
	Rows ended;
	Store *store;

	init_rows(&added, kept->count);
	init_rows(&changed, kept->count);
	init_rows(&ended, kept->count);
	for (int i = 0; i < kept->count; i++)
	{
		KeptPerson *person = &kept->people[i];
		bool is_member;
		bool flipped = count_gained(kept, i, &is_member);
		bool needed = is_member || person->horizon != DT_NOEND;

		/* a horizon that is too near is judged once more than it must be; to put it off costs a write each time */
		if (person->stored ? needed && !flipped && person->horizon >= person->stored_horizon &&
								 person->stored_horizon > as_of
						   : !needed)
			continue;
		add_row(!needed ? &ended : person->stored ? &changed : &added, kept, i, numbers, instants);
		person->stored = needed;
		person->stored_horizon = person->horizon;
	}
	store = store_open(&membership_table, STORE_WRITE, STORE_DIRECT);
	write_rows(store, &ended, false, true);
	write_rows(store, &changed, false, false);
	write_rows(store, &added, true, false);
	store_close(store);
	memcpy(kept->stored, kept->since,
		   (Size) kept->count * kept->segments->count * sizeof(TimestampTz));
	if (kept->values != NULL)
		memcpy(kept->stored_values, kept->values,
			   (Size) kept->count * kept->segments->count * sizeof(char *));
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(work);
}
