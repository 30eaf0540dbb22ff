/*
 * pass_survivor.c
 *		Events that stay in the log, of pairs of identifiers that are counted anew.
 *
 * An event that carries both is anchored at the stronger of the two, or at one that is stronger still and
 * linked to either, or parted from it by an unlink.  An alias carries only the later user_id of its pair.
 */
#include "postgres.h"

#include "catalog/pg_type.h"

#include "core/identifier/identifier.h"
#include "platform/refresh/pass.h"
#include "platform/refresh/pass_base.h"

/* How strong an identifier is as an anchor, as the tables have it. */
typedef struct Strength
{
	bool shared;
	int32_t priority;
	CdpkBatchBytes payload;
} Strength;

/* A neighbour of the end of a pair that has fewer. */
typedef struct Neighbour
{
	int64 id; /* the end */
	int64 neighbour_id;
} Neighbour;

typedef struct Survivors
{
	Pass *pass;
	const CdpkBatchIdPair *pairs;
	int pair_count;
	PassIds ends; /* of each pair, the one of fewer links; of two user_ids, both */
	Neighbour *neighbours;
	int neighbour_count;
	int neighbour_capacity;
	PassIds candidates;  /* neighbours, sorted */
	Strength *strengths; /* of each */
	PassIds places;
	CdpkBatchRow *rows;
	int row_count;
	int row_capacity;
} Survivors;

static bool
is_stronger(const Strength *x, const Strength *y)
{
	if (x->shared != y->shared)
		return y->shared;
	if (x->priority != y->priority)
		return x->priority < y->priority;
	return cdpk_identifier_compare(x->payload.bytes, x->payload.length, y->payload.bytes,
								   y->payload.length) < 0;
}

static const CdpkBatchIdentifier *
find_identifier(const Survivors *survivors, int64 id)
{
	CdpkBatch *batch = survivors->pass->batch;

	return cdpk_batch_identifier(batch, cdpk_batch_place(batch, id));
}

static Strength
strength_of(const Survivors *survivors, int64 id)
{
	const CdpkBatchIdentifier *identifier = find_identifier(survivors, id);
	Strength strength = {
		identifier->shared,
		survivors->pass->resolver->rules.namespaces[identifier->name_space].priority,
		identifier->payload};

	return strength;
}

/* count_links adds up the numbers of identifiers that one is linked to. */
static uint64
count_links(const Survivors *survivors, int64 id)
{
	const CdpkBatchIdentifier *identifier = find_identifier(survivors, id);
	uint64 links = 0;

	for (uint32_t i = 0; i < identifier->count_length; i++)
		links += identifier->counts[i].count;
	return links;
}

/* ---------------------------------------------------------------- neighbours */

static void
add_neighbour(Survivors *survivors, int64 id, int64 neighbour_id)
{
	if (survivors->neighbour_count == survivors->neighbour_capacity)
	{
		survivors->neighbour_capacity = Max(1024, survivors->neighbour_capacity * 2);
		survivors->neighbours =
			survivors->neighbours == NULL
				? pass_array(survivors->neighbour_capacity, sizeof(Neighbour))
				: repalloc_huge(survivors->neighbours,
								sizeof(Neighbour) * survivors->neighbour_capacity);
	}
	survivors->neighbours[survivors->neighbour_count].id = id;
	survivors->neighbours[survivors->neighbour_count++].neighbour_id = neighbour_id;
}

/* note_from_a and note_from_b are the StoreRowFunctions that take a link, found from one of its ends. */
static void
note_from_a(void *arg, int key, const Datum *values, const bool *nulls)
{
	add_neighbour(arg, DatumGetInt64(values[0]), DatumGetInt64(values[1]));
}

static void
note_from_b(void *arg, int key, const Datum *values, const bool *nulls)
{
	add_neighbour(arg, DatumGetInt64(values[1]), DatumGetInt64(values[0]));
}

/* add_parted adds what unlink verdicts parted from the ends. */
static void
add_parted(Survivors *survivors)
{
	static const Oid types[] = {INT8ARRAYOID};
	Datum argument;
	uint64 count;
	SPITupleTable *rows;

	if (!survivors->pass->has_verdicts)
		return;
	argument = pass_id_array(survivors->ends.items, survivors->ends.count);
	rows = pass_query(survivors->pass,
					  "SELECT i.identifier_id, k.identifier_id FROM unnest($3) AS r (identifier_id)"
					  " JOIN cdp_data.identifier i USING (identifier_id)"
					  " JOIN cdp_data.verdict v ON v.kind = 'unlink' AND i.identifier IN (v.a, v.b)"
					  " CROSS JOIN unnest(ARRAY[v.a, v.b]) AS n (identifier)"
					  " CROSS JOIN LATERAL cdp_internal.known_identifier(n.identifier) k",
					  1, types, &argument, &count);
	for (uint64 i = 0; i < count; i++)
		add_neighbour(survivors, resolver_int8(rows, i, 1), resolver_int8(rows, i, 2));
	SPI_freetuptable(rows);
}

/* note_strength is the StoreRowFunction that takes the row of a neighbour. */
static void
note_strength(void *arg, int key, const Datum *values, const bool *nulls)
{
	Survivors *survivors = arg;
	Pass *pass = survivors->pass;
	Strength *strength = &survivors->strengths[key];
	CdpkBatchBytes payload = pass_payload(PointerGetDatum(PG_DETOAST_DATUM_COPY(values[0])));
	uint32_t name_space = resolver_namespace(
		pass->resolver, (const char *) payload.bytes + CDPK_IDENTIFIER_HEADER, payload.bytes[1]);

	strength->payload = payload;
	strength->shared = DatumGetBool(values[1]);
	strength->priority = pass->resolver->rules.namespaces[name_space].priority;
}

static int
compare_neighbours(const void *a, const void *b)
{
	const Neighbour *x = a;
	const Neighbour *y = b;

	return (x->id > y->id) - (x->id < y->id);
}

/* find_neighbours finds the neighbours of the ends, and how strong they are. */
static void
find_neighbours(Survivors *survivors)
{
	static const int ends[] = {LINK_A, LINK_B};
	static const int wanted[] = {IDENTIFIER_VALUE, IDENTIFIER_SHARED};
	Pass *pass = survivors->pass;
	PassIds *candidates = &survivors->candidates;

	pass_sort_ids(&survivors->ends);
	pass_find_ids(pass, TABLE_LINK, LINK_A, survivors->ends.items, survivors->ends.count,
				  lengthof(ends), ends, note_from_a, survivors);
	pass_find_ids(pass, TABLE_LINK, LINK_B, survivors->ends.items, survivors->ends.count,
				  lengthof(ends), ends, note_from_b, survivors);
	add_parted(survivors);
	for (int i = 0; i < survivors->neighbour_count; i++)
		pass_add_id(candidates, survivors->neighbours[i].neighbour_id);
	pass_sort_ids(candidates);
	survivors->strengths = palloc_extended(sizeof(Strength) * Max(candidates->count, 1),
										   MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	pass_find_ids(pass, TABLE_IDENTIFIER, IDENTIFIER_ID, candidates->items, candidates->count,
				  lengthof(wanted), wanted, note_strength, survivors);
	if (survivors->neighbour_count > 0)
		qsort(survivors->neighbours, survivors->neighbour_count, sizeof(Neighbour),
			  compare_neighbours);
}

/* ---------------------------------------------------------------- places */

static int
compare_ids(const void *a, const void *b)
{
	int64 x = *(const int64 *) a;
	int64 y = *(const int64 *) b;

	return (x > y) - (x < y);
}

/* first_of finds the first neighbour of an end, or where it would be. */
static int
first_of(const Survivors *survivors, int64 id)
{
	int low = 0;
	int high = survivors->neighbour_count;

	while (low < high)
	{
		int middle = (low + high) / 2;

		if (survivors->neighbours[middle].id < id)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* add_stronger adds the neighbours of an end that are stronger than another, or the same, identifier. */
static void
add_stronger(Survivors *survivors, int64 end, const Strength *than)
{
	for (int i = first_of(survivors, end);
		 i < survivors->neighbour_count && survivors->neighbours[i].id == end; i++)
	{
		int64 id = survivors->neighbours[i].neighbour_id;
		const int64 *at = bsearch(&id, survivors->candidates.items,
								  (size_t) survivors->candidates.count, sizeof(int64), compare_ids);

		if (is_stronger(&survivors->strengths[at - survivors->candidates.items], than))
			pass_add_id(&survivors->places, id);
	}
}

/* add_places adds the anchors that an event with both of a pair can have. */
static void
add_places(Survivors *survivors, const CdpkBatchIdPair *pair, int64 end)
{
	Strength a = strength_of(survivors, pair->a);
	Strength b = strength_of(survivors, pair->b);
	bool a_is_stronger = is_stronger(&a, &b);

	pass_add_id(&survivors->places, a_is_stronger ? pair->a : pair->b);
	add_stronger(survivors, end, a_is_stronger ? &a : &b);
}

/* may_be_aliases tells whether a pair may be that of aliases: two user_ids. */
static bool
may_be_aliases(const Survivors *survivors, const CdpkBatchIdPair *pair)
{
	uint32_t user_id = resolver_user_id(survivors->pass->resolver);

	return find_identifier(survivors, pair->a)->name_space == user_id &&
		   find_identifier(survivors, pair->b)->name_space == user_id;
}

/* add_carrier adds the anchors that an event with this one, alias or not, can have. */
static void
add_carrier(Survivors *survivors, int64 id)
{
	Strength strength = strength_of(survivors, id);

	pass_add_id(&survivors->places, id);
	add_stronger(survivors, id, &strength);
}

/* find_places finds the anchors of all events that say something of one of the pairs. */
static void
find_places(Survivors *survivors)
{
	int64 *ends = pass_array(survivors->pair_count, sizeof(int64));

	for (int i = 0; i < survivors->pair_count; i++)
	{
		const CdpkBatchIdPair *pair = &survivors->pairs[i];

		ends[i] =
			count_links(survivors, pair->a) <= count_links(survivors, pair->b) ? pair->a : pair->b;
		pass_add_id(&survivors->ends, ends[i]);
		if (may_be_aliases(survivors, pair))
			pass_add_id(&survivors->ends, ends[i] == pair->a ? pair->b : pair->a);
	}
	find_neighbours(survivors);
	for (int i = 0; i < survivors->pair_count; i++)
	{
		const CdpkBatchIdPair *pair = &survivors->pairs[i];

		if (may_be_aliases(survivors, pair))
		{
			add_carrier(survivors, pair->a);
			add_carrier(survivors, pair->b);
		}
		else
			add_places(survivors, pair, ends[i]);
	}
	pass_sort_ids(&survivors->places);
	pfree(ends);
}

/* ---------------------------------------------------------------- events */

/* add_survivor makes room for one more row. */
static CdpkBatchRow *
add_survivor(Survivors *survivors)
{
	if (survivors->row_count == survivors->row_capacity)
	{
		survivors->row_capacity = Max(1024, survivors->row_capacity * 2);
		survivors->rows =
			survivors->rows == NULL
				? pass_array(survivors->row_capacity, sizeof(CdpkBatchRow))
				: repalloc_huge(survivors->rows, sizeof(CdpkBatchRow) * survivors->row_capacity);
	}
	return &survivors->rows[survivors->row_count++];
}

/* note_survivor is the StoreRowFunction that takes an event that stays. */
static void
note_survivor(void *arg, int key, const Datum *values, const bool *nulls)
{
	Survivors *survivors = arg;
	CdpkBatchRow *row = add_survivor(survivors);

	CHECK_FOR_INTERRUPTS();
	pass_clean_logged(survivors->pass, values + EVENT_LOGGED, nulls + EVENT_LOGGED, row);
	row->source = pass_known_source(survivors->pass, values[EVENT_LOGGED + LOGGED_SOURCE]);
}

void
pass_find_survivors(Pass *pass)
{
	const CdpkBatchIdPair *pairs;
	size_t count;
	Survivors survivors = {pass};
	PassColumns key = {0};
	PassBase base;
	Datum *identifier_id;

	pass_check(cdpk_batch_counted_anew(pass->batch, &pairs, &count));
	if (count == 0)
		return;
	survivors.pairs = pairs;
	survivors.pair_count = (int) count;
	find_places(&survivors);
	key.rows = survivors.places.count;
	identifier_id = pass_column(&key, EVENT_IDENTIFIER_ID);
	for (int i = 0; i < key.rows; i++)
		identifier_id[i] = Int64GetDatum(survivors.places.items[i]);
	pass_find_logged(pass, &key, note_survivor, &survivors);
	pass_find_base(pass, survivors.places.items, survivors.places.count, &base);
	for (int i = 0; i < base.count; i++)
		*add_survivor(&survivors) = base.rows[i];
	/* this batch may add partitions */
	pass_close_table(pass, TABLE_EVENT);
	pass_check(cdpk_batch_add_survivors(pass->batch, survivors.rows, (size_t) survivors.row_count));
}
