/*
 * kept.c
 *		The kept memberships of some people: rows that are read and written.
 */
#include "postgres.h"

#include <limits.h>

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "platform/segment/kept.h"

/* columns of cdp_data.membership */
enum
{
	COLUMN_PROFILE_ID,
	COLUMN_HORIZON,
	COLUMN_SEGMENTS,
	COLUMN_SINCE,
	COLUMN_COMPUTED,
	COLUMN_GROUP_ID /* of accounts only */
};

static const char *const person_columns[] = {"profile_id", "horizon", "segments", "since",
											 "computed"};
static const char *const account_columns[] = {"account_id", "horizon",  "segments",
											  "since",      "computed", "group_id"};
static const StoreTable membership_tables[SUBJECTS] = {
	{"cdp_data", "membership", lengthof(person_columns), person_columns},
	{"cdp_data", "account_membership", lengthof(account_columns), account_columns}};

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

TimestampTz
kept_member_since(const Kept *kept, int person, int place)
{
	if (kept_holds_out(kept->segments, place, kept->people[person].profile_id))
		return DT_NOBEGIN;
	return kept->since[(Size) person * kept->segments->count + place];
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
	if (kept->segments->subject == SUBJECT_ACCOUNT)
		person->group_id = MemoryContextStrdup(kept->context, TextDatumGetCString(values[4]));
	person->horizon = person->stored_horizon = DatumGetTimestampTz(values[0]);
	for (int i = 0; i < count; i++)
	{
		int place = kept_segment(kept->segments, abs(((int32 *) ARR_DATA_PTR(segments))[i]));

		if (place < 0 || (kept->segments->items[place].segment.is_trait && computed == NULL))
			continue;
		stored[place] = ((TimestampTz *) ARR_DATA_PTR(since))[i];
		if (kept->segments->items[place].segment.is_trait)
			kept->stored_values[(Size) key * kept->segments->count + place] = computed[i];
	}
}

/* name_accounts finds the group_id of accounts that are not stored. */
static void
name_accounts(Kept *kept)
{
	Datum *ids = palloc(Max(kept->count, 1) * sizeof(Datum));
	Oid type = INT8ARRAYOID;
	Datum value;
	int count = 0;

	for (int i = 0; i < kept->count; i++)
		if (!kept->people[i].stored)
			ids[count++] = Int64GetDatum(kept->people[i].profile_id);
	if (count == 0)
		return;
	value = PointerGetDatum(
		construct_array(ids, count, INT8OID, sizeof(int64), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	if (SPI_execute_with_args("SELECT a.account_id, a.group_id FROM cdp_data.account a "
							  "WHERE a.account_id OPERATOR(pg_catalog.=) ANY ($1)",
							  1, &type, &value, NULL, true, 0) != SPI_OK_SELECT)
		elog(ERROR, "could not read accounts");
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		HeapTuple row = SPI_tuptable->vals[i];
		bool isnull;
		int place =
			kept_find(kept, DatumGetInt64(SPI_getbinval(row, SPI_tuptable->tupdesc, 1, &isnull)));

		kept->people[place].group_id =
			MemoryContextStrdup(kept->context, SPI_getvalue(row, SPI_tuptable->tupdesc, 2));
	}
	SPI_finish();
}

Kept *
kept_read(KeptSegments *segments, int64 *ids, int64 count, StoreAccess access)
{
	static const int wanted[] = {COLUMN_HORIZON, COLUMN_SEGMENTS, COLUMN_SINCE, COLUMN_COMPUTED,
								 COLUMN_GROUP_ID};
	Kept *kept = palloc0(sizeof(Kept));
	Size cells;
	Datum *keys;
	StoreColumn key = {COLUMN_PROFILE_ID, NULL, NULL};

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
	kept->store = store_open(&membership_tables[segments->subject], access, STORE_DIRECT);
	store_find(kept->store, kept->count, (StoreColumns){1, &key},
			   lengthof(wanted) - (segments->subject != SUBJECT_ACCOUNT), wanted, read_person,
			   kept);
	/* what is to be written is found where it is now */
	if (access == STORE_READ)
		store_close(kept->store);
	if (segments->subject == SUBJECT_ACCOUNT)
		name_accounts(kept);
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

	if (kept_member_since(kept, person, segment) == DT_NOBEGIN)
		return NULL;
	return kept->segments->items[segment].segment.is_trait ? kept->values[cell] : "";
}

void
kept_copy(Kept *kept, int to, int from, int segment)
{
	Size cell = (Size) to * kept->segments->count + segment;
	Size source = (Size) from * kept->segments->count + segment;
	bool is_trait = kept->segments->items[segment].segment.is_trait;
	/* a person who was held out was not in it */
	bool is_earlier = !is_trait && kept->since[cell] > kept->since[source] &&
					  kept_holds_out(kept->segments, segment, kept->people[to].profile_id) ==
						  kept_holds_out(kept->segments, segment, kept->people[from].profile_id);

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
	Datum *group_ids; /* of accounts */
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
	rows->group_ids = palloc_extended(Max(capacity, 1) * sizeof(Datum), MCXT_ALLOC_HUGE);
	rows->uncomputed = palloc_extended(Max(capacity, 1) * sizeof(bool), MCXT_ALLOC_HUGE);
}

/*
 * place_in_row returns the place of a segment that a person's row has at i, from -count to count, or -1: those that the
 * person is held out of come first, as they are stored as negative numbers.
 */
static int
place_in_row(const Kept *kept, int person, int i)
{
	const KeptSegments *segments = kept->segments;
	int place = segments->by_number[i < 0 ? -i - 1 : i];

	if (kept->since[(Size) person * segments->count + place] == DT_NOBEGIN ||
		kept_holds_out(segments, place, kept->people[person].profile_id) != (i < 0))
		return -1;
	return place;
}

/* add_values adds the values of a person's computed traits, which stand beside the segments. */
static void
add_values(Rows *rows, const Kept *kept, int person, int expected)
{
	const KeptSegments *segments = kept->segments;
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
	for (int i = -segments->count; i < segments->count; i++)
	{
		int place = place_in_row(kept, person, i);
		const char *value;

		if (place < 0)
			continue;
		value = kept->values[(Size) person * segments->count + place];
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

	for (int i = -segments->count; i < segments->count; i++)
	{
		int place = place_in_row(kept, person, i);

		if (place < 0)
			continue;
		numbers[count] = Int32GetDatum(i < 0 ? -segments->items[place].segment_id
											 : segments->items[place].segment_id);
		instants[count++] = TimestampTzGetDatum(since[place]);
	}
	rows->ids[rows->count] = Int64GetDatum(kept->people[person].profile_id);
	rows->horizons[rows->count] = TimestampTzGetDatum(kept->people[person].horizon);
	if (kept->people[person].group_id != NULL)
		rows->group_ids[rows->count] = CStringGetTextDatum(kept->people[person].group_id);
	add_values(rows, kept, person, count);
	rows->segments[rows->count] = PointerGetDatum(
		construct_array(numbers, count, INT4OID, sizeof(int32), true, TYPALIGN_INT));
	rows->since[rows->count++] = PointerGetDatum(construct_array(
		instants, count, TIMESTAMPTZOID, sizeof(TimestampTz), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
}

/* write_rows inserts, updates or deletes rows. */
static void
write_rows(Store *store, SubjectKind subject, const Rows *rows, bool insert, bool delete)
{
	StoreColumn columns[] = {{COLUMN_PROFILE_ID, rows->ids, NULL},
							 {COLUMN_HORIZON, rows->horizons, NULL},
							 {COLUMN_SEGMENTS, rows->segments, NULL},
							 {COLUMN_SINCE, rows->since, NULL},
							 {COLUMN_COMPUTED, rows->computed, rows->uncomputed},
							 {COLUMN_GROUP_ID, rows->group_ids, NULL}};
	int count = lengthof(columns) - (subject != SUBJECT_ACCOUNT);

	if (rows->count == 0)
		return;
	if (insert)
		store_insert(store, rows->count, (StoreColumns){count, columns});
	else if (delete)
		store_delete(store, rows->count, (StoreColumns){1, columns});
	else
		store_update(store, rows->count, (StoreColumns){1, columns},
					 (StoreColumns){count - 1, columns + 1});
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
		if (!kept_holds_out(segments, i, kept->people[person].profile_id))
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
	SubjectKind subject = kept->segments->subject;

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
	write_rows(kept->store, subject, &ended, false, true);
	write_rows(kept->store, subject, &changed, false, false);
	write_rows(kept->store, subject, &added, true, false);
	store_close(kept->store);
	memcpy(kept->stored, kept->since,
		   (Size) kept->count * kept->segments->count * sizeof(TimestampTz));
	if (kept->values != NULL)
		memcpy(kept->stored_values, kept->values,
			   (Size) kept->count * kept->segments->count * sizeof(char *));
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(work);
}
