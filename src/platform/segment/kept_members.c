/*
 * kept_members.c
 *		The people of accounts, and which segments they are in at the instants at which accounts are judged.
 *
 * Accounts are judged at different instants, while their people have what is kept of them.  So the people are judged
 * up to the last of the instants, in memory, and what changes is noted: what was before is known from that.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "utils/array.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "platform/batch/batch.h"
#include "platform/segment/kept.h"

/* a person entered or left a segment */
typedef struct Flip
{
	int person; /* places */
	int segment;
	TimestampTz at;
	bool was_member; /* before */
} Flip;

/* the people of an account */
typedef struct AccountPeople
{
	int64 count; /* -1: unknown, as they are too many */
	int *places;
} AccountPeople;

typedef struct KeptMembers
{
	TimestampTz until; /* the last instant that can be asked for */
	Kept *people;
	AccountPeople *accounts; /* as in the Kept of accounts */
	Flip *flips;             /* by person, segment and instant */
	int flip_count;
	int allocated;
} KeptMembers;

/* note_flip is the KeptFlip that notes what changes of people. */
static void
note_flip(void *arg, const Kept *kept, int person, int segment, TimestampTz at, TimestampTz former)
{
	KeptMembers *members = arg;
	MemoryContext caller;

	if (members->flip_count == members->allocated)
	{
		caller = MemoryContextSwitchTo(kept->context);
		members->allocated = members->allocated > 0 ? 2 * members->allocated : 64;
		members->flips =
			members->flips == NULL
				? palloc(members->allocated * sizeof(Flip))
				: repalloc_huge(members->flips, (Size) members->allocated * sizeof(Flip));
		MemoryContextSwitchTo(caller);
	}
	members->flips[members->flip_count++] = (Flip){person, segment, at, former != DT_NOBEGIN};
}

static int
compare_flips(const void *a, const void *b)
{
	const Flip *x = a;
	const Flip *y = b;

	if (x->person != y->person)
		return x->person < y->person ? -1 : 1;
	if (x->segment != y->segment)
		return x->segment < y->segment ? -1 : 1;
	return (x->at > y->at) - (x->at < y->at);
}

/* read_ids reads the people of accounts, whose places are ids then; returns how many these are, some several times. */
static int64
read_ids(const Kept *kept, AccountPeople *accounts, int64 **ids)
{
	Datum *keys = palloc(Max(kept->count, 1) * sizeof(Datum));
	Oid type = INT8ARRAYOID;
	MemoryContext caller = CurrentMemoryContext;
	ArrayType **people = palloc0(Max(kept->count, 1) * sizeof(ArrayType *));
	int64 total = 0;
	int planner;
	Datum value;

	for (int i = 0; i < kept->count; i++)
		keys[i] = Int64GetDatum(kept->people[i].profile_id);
	value = PointerGetDatum(construct_array(keys, kept->count, INT8OID, sizeof(int64),
											FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	planner = batch_enter_keys();
	if (SPI_execute_with_args("SELECT u.id, p.people FROM pg_catalog.unnest($1) u (id) "
							  "CROSS JOIN LATERAL (SELECT a.people FROM cdp_data.account_people a "
							  "WHERE a.account_id OPERATOR(pg_catalog.=) u.id OFFSET 0) p",
							  1, &type, &value, NULL, true, 0) != SPI_OK_SELECT)
		elog(ERROR, "could not read the people of accounts");
	AtEOXact_GUC(true, planner);
	MemoryContextSwitchTo(caller);
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		HeapTuple row = SPI_tuptable->vals[i];
		bool isnull;
		int place =
			kept_find(kept, DatumGetInt64(SPI_getbinval(row, SPI_tuptable->tupdesc, 1, &isnull)));
		Datum array = SPI_getbinval(row, SPI_tuptable->tupdesc, 2, &isnull);

		if (isnull)
		{
			accounts[place].count = -1;
			continue;
		}
		people[place] = DatumGetArrayTypePCopy(array);
		accounts[place].count = ArrayGetNItems(ARR_NDIM(people[place]), ARR_DIMS(people[place]));
		total += accounts[place].count;
	}
	SPI_finish();
	*ids = palloc_extended(Max(total, 1) * sizeof(int64), MCXT_ALLOC_HUGE);
	total = 0;
	for (int i = 0; i < kept->count; i++)
	{
		if (accounts[i].count <= 0)
			continue;
		memcpy(*ids + total, ARR_DATA_PTR(people[i]), accounts[i].count * sizeof(int64));
		total += accounts[i].count;
	}
	return total;
}

/* place_people notes the places of the people of each account. */
static void
place_people(const Kept *kept, KeptMembers *members, const int64 *ids)
{
	for (int i = 0; i < kept->count; i++)
	{
		AccountPeople *account = &members->accounts[i];

		if (account->count <= 0)
			continue;
		account->places = palloc(account->count * sizeof(int));
		for (int64 j = 0; j < account->count; j++)
			account->places[j] = kept_find(members->people, *ids++);
	}
}

/* judge_people judges the people up to an instant. */
static void
judge_people(KeptMembers *members)
{
	Kept *people = members->people;
	int64 built_until = kept_built_until(people->segments);
	int *unbuilt = palloc_extended(Max(people->count, 1) * sizeof(int), MCXT_ALLOC_HUGE);
	int count = 0;

	kept_judge_lapsed(people, members->until, note_flip, members);
	qsort(members->flips, members->flip_count, sizeof(Flip), compare_flips);
	for (int i = 0; i < people->count; i++)
		if (people->people[i].profile_id > built_until)
			unbuilt[count++] = i;
	kept_judge(people, unbuilt, count, members->until, false, NULL, NULL);
	pfree(unbuilt);
}

/* counts_people tells whether conditions that are asked count people. */
static bool
counts_people(const KeptSegments *segments)
{
	for (int i = 0; segments->people != NULL && i < segments->count; i++)
		for (int j = 0; segments->items[i].asked && j < segments->items[i].depend_count; j++)
			if (kept_segment(segments->people, segments->items[i].depends_on[j]) >= 0)
				return true;
	return false;
}

void
kept_read_members(Kept *kept, TimestampTz until)
{
	MemoryContext caller;
	KeptMembers *members;
	int64 *ids;
	int64 *sorted;
	int64 count;

	if ((kept->members != NULL && kept->members->until == until) || !counts_people(kept->segments))
		return;
	caller = MemoryContextSwitchTo(kept->context);
	members = palloc0(sizeof(KeptMembers));
	members->until = until;
	members->accounts = palloc0(Max(kept->count, 1) * sizeof(AccountPeople));
	count = read_ids(kept, members->accounts, &ids);
	sorted = palloc_extended(Max(count, 1) * sizeof(int64), MCXT_ALLOC_HUGE);
	memcpy(sorted, ids, count * sizeof(int64));
	members->people = kept_read(kept->segments->people, sorted, count, STORE_READ);
	place_people(kept, members, ids);
	judge_people(members);
	kept->members = members;
	MemoryContextSwitchTo(caller);
}

/* is_member_at tells whether a person is in a segment at an instant; *until comes nearer if that can change before. */
static bool
is_member_at(const KeptMembers *members, int person, int segment, TimestampTz at,
			 TimestampTz *until)
{
	const Kept *people = members->people;
	int low = 0;
	int high = members->flip_count;
	const Flip *next;

	/* the first change of this or a later segment, or person, that is after the instant */
	while (low < high)
	{
		int middle = low + (high - low) / 2;
		const Flip *flip = &members->flips[middle];

		if (flip->person < person ||
			(flip->person == person &&
			 (flip->segment < segment || (flip->segment == segment && flip->at <= at))))
			low = middle + 1;
		else
			high = middle;
	}
	next = low < members->flip_count ? &members->flips[low] : NULL;
	if (kept_holds_out(people->segments, segment, people->people[person].profile_id))
		return false;
	if (next != NULL && next->person == person && next->segment == segment)
	{
		*until = Min(*until, next->at);
		return next->was_member;
	}
	*until = Min(*until, people->people[person].horizon);
	return people->since[(Size) person * people->segments->count + segment] != DT_NOBEGIN;
}

int64
kept_count_members(Kept *kept, int64 account_id, int32 segment_id, TimestampTz as_of,
				   TimestampTz *until)
{
	const KeptMembers *members = kept->members;
	int account = kept_find(kept, account_id);
	int segment;
	int64 count = 0;

	if (members == NULL || account < 0)
		return -1;
	segment = kept_segment(members->people->segments, segment_id);
	if (segment < 0 || members->accounts[account].count < 0)
		return -1;
	kept_check_use(&members->people->segments->items[segment]);
	for (int64 i = 0; i < members->accounts[account].count; i++)
		count += is_member_at(members, members->accounts[account].places[i], segment, as_of, until);
	return count;
}
