/*
 * pass_left.c
 *		Who leaves the graph with events that are taken back.
 *
 * An event is anchored at one of its identifiers, and all of them are linked, unless an unlink has parted
 * them.  So an identifier is on some event that stays if an event is anchored at it, or if a link has more
 * events than are taken back.  Only of one that an unlink names the log must be read.
 */
#include "postgres.h"

#include "catalog/pg_type.h"

#include "platform/refresh/pass.h"
#include "platform/refresh/pass_base.h"

/* Two identifiers on events of one source that are taken back. */
typedef struct Together
{
	int64 a;
	int64 b;
	uint32_t source;
	int64 events;
} Together;

/* Identifiers of which it is to be found out whether some event carries them. */
typedef struct Doubtful
{
	Pass *pass;
	const int64 *ids;
	int count;
	CdpkIdMap place;    /* of each */
	bool *named;        /* some event does */
	bool *parted;       /* links do not tell */
	uint32_t *partners; /* with how many it stood on events that are taken back */
	Together *together; /* sorted */
	int together_count;
	int together_capacity;
} Doubtful;

static int
compare_together(const void *a, const void *b)
{
	const Together *x = a;
	const Together *y = b;

	if (x->a != y->a)
		return x->a < y->a ? -1 : 1;
	if (x->b != y->b)
		return x->b < y->b ? -1 : 1;
	return (x->source > y->source) - (x->source < y->source);
}

static bool
is_doubtful(const Doubtful *doubtful, int64 id, uint32_t *place)
{
	*place = cdpk_idmap_get(&doubtful->place, (uint64_t) id);
	return *place != CDPK_IDMAP_NONE;
}

static void
add_together(Doubtful *doubtful, int64 x, int64 y, uint32_t source, int64 events)
{
	Together *added;

	if (doubtful->together_count == doubtful->together_capacity)
	{
		doubtful->together_capacity = Max(1024, doubtful->together_capacity * 2);
		doubtful->together =
			doubtful->together == NULL
				? pass_array(doubtful->together_capacity, sizeof(Together))
				: repalloc_huge(doubtful->together, sizeof(Together) * doubtful->together_capacity);
	}
	added = &doubtful->together[doubtful->together_count++];
	added->a = Min(x, y);
	added->b = Max(x, y);
	added->source = source;
	added->events = events;
}

/* list_pairs lists the pairs with a doubtful end on an event that is taken back. */
static void
list_pairs(Doubtful *doubtful, const CdpkBatchRow *row)
{
	CdpkBatch *batch = doubtful->pass->batch;
	int64 *ids = palloc(sizeof(int64) * Max(row->identifier_count, 1));
	uint32_t place;

	for (uint32_t i = 0; i < row->identifier_count; i++)
	{
		place = cdpk_batch_find(batch, row->identifiers[i].bytes, row->identifiers[i].length);
		ids[i] = cdpk_batch_identifier(batch, place)->identifier_id;
	}
	for (uint32_t i = 0; i < row->identifier_count; i++)
		for (uint32_t k = i + 1; k < row->identifier_count; k++)
			if (ids[i] != 0 && ids[k] != 0 &&
				(is_doubtful(doubtful, ids[i], &place) || is_doubtful(doubtful, ids[k], &place)))
				add_together(doubtful, ids[i], ids[k], row->source,
							 row->span != NULL ? row->span->events : 1);
	pfree(ids);
}

/* add_up sorts the pairs, adds up what each lost by each source, and counts the partners of each end. */
static void
add_up(Doubtful *doubtful)
{
	Together *sum = NULL;
	int kept = 0;

	if (doubtful->together_count > 0)
		qsort(doubtful->together, doubtful->together_count, sizeof(Together), compare_together);
	for (int i = 0; i < doubtful->together_count; i++)
	{
		const Together one = doubtful->together[i];
		bool new_pair = sum == NULL || sum->a != one.a || sum->b != one.b;
		uint32_t place;

		if (new_pair && is_doubtful(doubtful, one.a, &place))
			doubtful->partners[place]++;
		if (new_pair && is_doubtful(doubtful, one.b, &place))
			doubtful->partners[place]++;
		if (!new_pair && sum->source == one.source)
			sum->events += one.events;
		else
		{
			sum = &doubtful->together[kept++];
			*sum = one;
		}
	}
	doubtful->together_count = kept;
}

/* name_by_degree names those that are linked to more than they stood on these events with. */
static void
name_by_degree(Doubtful *doubtful)
{
	CdpkBatch *batch = doubtful->pass->batch;

	for (int i = 0; i < doubtful->count; i++)
	{
		const CdpkBatchIdentifier *identifier =
			cdpk_batch_identifier(batch, cdpk_batch_place(batch, doubtful->ids[i]));
		uint64 degree = 0;

		/* a link within the namespace may be that of an alias, which one end is not on */
		for (uint32_t k = 0; k < identifier->count_length; k++)
			if (identifier->counts[k].name_space != identifier->name_space)
				degree += identifier->counts[k].count;
		doubtful->named[i] = degree > doubtful->partners[i];
	}
}

/* list_unnamed lists those that are not named yet; only those that are parted, if so asked. */
static PassIds
list_unnamed(const Doubtful *doubtful, bool parted)
{
	PassIds ids = {NULL};

	for (int i = 0; i < doubtful->count; i++)
		if (!doubtful->named[i] && (doubtful->parted[i] || !parted))
			pass_add_id(&ids, doubtful->ids[i]);
	return ids;
}

/* note_link is the StoreRowFunction that compares the events of a link with those that are taken back. */
static void
note_link(void *arg, int key, const Datum *values, const bool *nulls)
{
	Doubtful *doubtful = arg;
	Together sought = {DatumGetInt64(values[0]), DatumGetInt64(values[1]),
					   pass_numbered_source(doubtful->pass, values[2])};
	const Together *lost =
		doubtful->together_count > 0
			? bsearch(&sought, doubtful->together, (size_t) doubtful->together_count,
					  sizeof(Together), compare_together)
			: NULL;
	uint32_t place;

	CHECK_FOR_INTERRUPTS();
	/* an alias is counted by itself: it does not carry the earlier user_id */
	if (DatumGetInt64(values[3]) - DatumGetInt64(values[4]) <= (lost != NULL ? lost->events : 0))
		return;
	if (is_doubtful(doubtful, sought.a, &place))
		doubtful->named[place] = true;
	if (is_doubtful(doubtful, sought.b, &place))
		doubtful->named[place] = true;
}

/* name_by_links names those of which a link has more events than are taken back. */
static void
name_by_links(Doubtful *doubtful)
{
	static const int wanted[] = {LINK_A, LINK_B, LINK_SOURCE_ID, LINK_EVENTS, LINK_ALIASES};
	PassIds ids = list_unnamed(doubtful, false);

	pass_find_ids(doubtful->pass, TABLE_LINK, LINK_A, ids.items, ids.count, lengthof(wanted),
				  wanted, note_link, doubtful);
	ids = list_unnamed(doubtful, false);
	pass_find_ids(doubtful->pass, TABLE_LINK, LINK_B, ids.items, ids.count, lengthof(wanted),
				  wanted, note_link, doubtful);
}

/* note_rows notes the identifiers in the rows of a query. */
static void
note_rows(Doubtful *doubtful, const char *query, const PassIds *ids, bool *flags)
{
	static const Oid types[] = {INT8ARRAYOID};
	Datum argument;
	uint64 count;
	SPITupleTable *rows;

	if (ids->count == 0)
		return;
	argument = pass_id_array(ids->items, ids->count);
	rows = pass_query_by_keys(doubtful->pass, query, 1, types, &argument, &count);
	for (uint64 i = 0; i < count; i++)
		flags[cdpk_idmap_get(&doubtful->place, (uint64_t) resolver_int8(rows, i, 1))] = true;
	SPI_freetuptable(rows);
}

/* name_by_anchors names those that an event is anchored at. */
static void
name_by_anchors(Doubtful *doubtful)
{
	PassIds ids = list_unnamed(doubtful, false);

	note_rows(doubtful,
			  "SELECT d.identifier_id FROM unnest($3) AS d (identifier_id) CROSS JOIN LATERAL ("
			  " SELECT FROM cdp_data.event e WHERE e.identifier_id = d.identifier_id LIMIT 1) e"
			  " UNION ALL"
			  " SELECT d.identifier_id FROM unnest($3) AS d (identifier_id) CROSS JOIN LATERAL ("
			  " SELECT FROM cdp_data.base b WHERE b.identifier_id = d.identifier_id LIMIT 1) b",
			  &ids, doubtful->named);
}

/* ---------------------------------------------------------------- unlinks */

/* name_carried names the identifiers of a row. */
static void
name_carried(Doubtful *doubtful, const CdpkBatchRow *row)
{
	CdpkBatch *batch = doubtful->pass->batch;

	for (uint32_t i = 0; i < row->identifier_count; i++)
	{
		uint32_t known =
			cdpk_batch_find(batch, row->identifiers[i].bytes, row->identifiers[i].length);
		uint32_t place;

		if (known != CDPK_BATCH_NONE &&
			is_doubtful(doubtful, cdpk_batch_identifier(batch, known)->identifier_id, &place))
			doubtful->named[place] = true;
	}
}

/* note_carried is the StoreRowFunction that names the identifiers of an event. */
static void
note_carried(void *arg, int key, const Datum *values, const bool *nulls)
{
	Doubtful *doubtful = arg;
	CdpkBatchRow row;

	CHECK_FOR_INTERRUPTS();
	pass_clean_logged(doubtful->pass, values + EVENT_LOGGED, nulls + EVENT_LOGGED, &row);
	name_carried(doubtful, &row);
}

/* read_parted reads the events where those that an unlink has parted from others can be. */
static void
read_parted(Doubtful *doubtful)
{
	PassIds ids = list_unnamed(doubtful, true);
	PassIds places = {NULL};
	PassColumns key = {0};
	PassBase base;
	Datum *identifier_id;

	if (ids.count == 0)
		return;
	pass_add_neighbours(doubtful->pass, ids.items, ids.count, &places);
	pass_sort_ids(&places);
	key.rows = places.count;
	identifier_id = pass_column(&key, EVENT_IDENTIFIER_ID);
	for (int i = 0; i < places.count; i++)
		identifier_id[i] = Int64GetDatum(places.items[i]);
	pass_find_logged(doubtful->pass, &key, note_carried, doubtful);
	pass_find_base(doubtful->pass, places.items, places.count, &base);
	for (int i = 0; i < base.count; i++)
		name_carried(doubtful, &base.rows[i]);
	/* this batch may add partitions */
	pass_close_table(doubtful->pass, TABLE_EVENT);
}

/* note_parted notes which of them an unlink verdict names: what it made void is not in the links. */
static void
note_parted(Doubtful *doubtful)
{
	PassIds ids = list_unnamed(doubtful, false);

	if (doubtful->pass->has_verdicts)
		note_rows(
			doubtful,
			"SELECT d.identifier_id FROM unnest($3) AS d (identifier_id)"
			" JOIN cdp_data.identifier i USING (identifier_id) WHERE"
			" EXISTS (SELECT FROM cdp_data.verdict v WHERE v.kind = 'unlink' AND v.a = i.identifier)"
			" OR EXISTS (SELECT FROM cdp_data.verdict v WHERE v.kind = 'unlink' AND v.b = i.identifier)",
			&ids, doubtful->parted);
}

/* ---------------------------------------------------------------- all */

/* settle tells core/batch who is named, and notes who leaves. */
static void
settle(Doubtful *doubtful)
{
	Pass *pass = doubtful->pass;
	PassIds named = {NULL};

	for (int i = 0; i < doubtful->count; i++)
		pass_add_id(doubtful->named[i] ? &named : &pass->taken.left, doubtful->ids[i]);
	pass_sort_ids(&pass->taken.left);
	pass->counts[COUNT_IDENTIFIERS_LEFT] = pass->taken.left.count;
	pass_check(
		cdpk_batch_add_named(pass->batch, (const int64_t *) named.items, (size_t) named.count));
}

void
pass_find_named(Pass *pass)
{
	size_t count;
	const int64_t *ids = cdpk_batch_doubtful(pass->batch, &count);
	Doubtful doubtful = {pass, (const int64 *) ids, (int) count};

	if (count == 0)
		return;
	cdpk_idmap_init(&doubtful.place, &pass->allocator);
	for (size_t i = 0; i < count; i++)
		pass_check(cdpk_idmap_put(&doubtful.place, (uint64_t) ids[i], (uint32_t) i));
	doubtful.named = palloc_extended(count, MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	doubtful.parted = palloc_extended(count, MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	doubtful.partners =
		palloc_extended(count * sizeof(uint32_t), MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	for (size_t i = 0; i < pass->changes.taken_back_count; i++)
		list_pairs(&doubtful, &pass->changes.taken_back[i].row);
	add_up(&doubtful);
	name_by_degree(&doubtful);
	name_by_links(&doubtful);
	name_by_anchors(&doubtful);
	note_parted(&doubtful);
	read_parted(&doubtful);
	settle(&doubtful);
	cdpk_idmap_free(&doubtful.place);
}

bool
pass_has_left(const Pass *pass, int64 identifier_id)
{
	return pass_has_id(&pass->taken.left, identifier_id);
}
