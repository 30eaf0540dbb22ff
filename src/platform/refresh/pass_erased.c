/*
 * pass_erased.c
 *		Rows of the base that go with people who are erased, and others that name them.
 *
 * The relation batch_erased has the numbers of their identifiers, batch_beside those of the other identifiers at which
 * rows may be anchored that name them.  A row that is anchored at one of the former goes; of others the identifiers do,
 * with the pairs that they made.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "platform/batch/batch.h"
#include "platform/catalogue/packed_row.h"
#include "platform/ingest/scrub.h"
#include "platform/refresh/pass.h"
#include "platform/refresh/pass_base.h"

typedef struct Erasing
{
	Pass *pass;
	PassIds ids;    /* of those who are erased, sorted */
	PassIds beside; /* other anchors */
	PassBase base;
	CdpkBatchReread *back; /* what is taken back of evidence */
	int count;
	int capacity;
	PassIds anchors; /* of rows that are written anew */
	PassBaseWritten written;
} Erasing;

/* note_id is the BatchRowFunction that takes a number. */
static void
note_id(void *arg, TupleDesc descriptor, const Datum *values, const bool *nulls)
{
	pass_add_id(arg, DatumGetInt64(values[0]));
}

/* add_back adds evidence of some identifiers of a row that is taken back. */
static CdpkBatchRow *
add_back(Erasing *erasing, int number)
{
	CdpkBatchReread *added;

	if (erasing->count == erasing->capacity)
	{
		erasing->capacity = Max(64, erasing->capacity * 2);
		erasing->back =
			erasing->back == NULL
				? pass_array(erasing->capacity, sizeof(CdpkBatchReread))
				: repalloc_huge(erasing->back, sizeof(CdpkBatchReread) * erasing->capacity);
	}
	added = &erasing->back[erasing->count++];
	added->event_id = 0;
	added->anchor = erasing->base.anchors[number];
	added->row = erasing->base.rows[number];
	memset(&added->row.event, 0, sizeof(added->row.event));
	return &added->row;
}

/* lose_pair takes the evidence of two identifiers of a row back, or that of an alias. */
static void
lose_pair(Erasing *erasing, int number, uint32_t a, uint32_t b, bool alias)
{
	const CdpkBatchRow *from = &erasing->base.rows[number];
	CdpkBatchBytes *pair = palloc(sizeof(CdpkBatchBytes) * 2);
	CdpkBatchRow *row = add_back(erasing, number);

	pair[0] = from->identifiers[a];
	pair[1] = from->identifiers[b];
	row->identifiers = pair;
	row->identifier_count = alias ? 1 : 2;
	row->is_alias = alias;
}

/* lose_pairs takes the evidence back that a row has of those who are erased, of these numbers. */
static void
lose_pairs(Erasing *erasing, int number, const int64 *ids)
{
	const CdpkBatchRow *row = &erasing->base.rows[number];

	for (uint32_t i = 0; i < row->identifier_count; i++)
		for (uint32_t k = i + 1; k < row->identifier_count; k++)
			if (pass_has_id(&erasing->ids, ids[i]) || pass_has_id(&erasing->ids, ids[k]))
				lose_pair(erasing, number, i, k, false);
	/* the user of an alias stands first */
	if (row->is_alias && (pass_has_id(&erasing->ids, ids[0]) ||
						  pass_has_id(&erasing->ids, ids[row->identifier_count])))
		lose_pair(erasing, number, 0, row->identifier_count, true);
}

/* names_erased tells whether a row names one of those who are erased. */
static bool
names_erased(const Erasing *erasing, const CdpkPacked *packed, const int64 *ids)
{
	for (uint32_t i = 0; i < packed->id_count + packed->is_alias; i++)
		if (pass_has_id(&erasing->ids, ids[i]))
			return true;
	return false;
}

/* write_without writes a row without those who are erased. */
static void
write_without(Erasing *erasing, int number, CdpkPacked *packed, const int64 *ids)
{
	PassBaseWritten *written = &erasing->written;
	int64 *kept = palloc(sizeof(int64) * (packed->id_count + 1));
	uint32_t last = packed->id_count;
	bool has_user = !pass_has_id(&erasing->ids, ids[0]);
	uint32_t count = 0;

	for (uint32_t i = 0; i < packed->id_count; i++)
		if (!pass_has_id(&erasing->ids, ids[i]))
			kept[count++] = ids[i];
	packed->is_alias = packed->is_alias && has_user && !pass_has_id(&erasing->ids, ids[last]);
	if (packed->is_alias)
		kept[count] = ids[last];
	else if (count > 1)
	{
		PassIds sorted = {kept, (int) count, (int) count};

		/* the user of an alias stood first */
		pass_sort_ids(&sorted);
	}
	packed->ids = (const int64_t *) kept;
	packed->id_count = count;
	if (packed->message_length > 0)
		packed->message_id = VARDATA(packed_row_message(packed));
	for (int i = 0; i < BASE_COLUMNS; i++)
	{
		written->values[i][written->count] = erasing->base.values[number * BASE_COLUMNS + i];
		written->nulls[i][written->count] = erasing->base.nulls[number * BASE_COLUMNS + i];
	}
	written->values[BASE_PACKED][written->count++] = packed_row_write(packed);
}

/* count_gone counts the events of a row that goes, and notes the account that it names. */
static void
count_gone(Pass *pass, int64 anchor, const CdpkBatchRow *row)
{
	PassTaken *taken = &pass->taken;
	Datum account;
	uint32_t had = cdpk_idmap_get(&pass->taken.anchors, (uint64_t) anchor);
	int64 events = row->span->events + (had == CDPK_IDMAP_NONE ? 0 : had);

	pass_check(cdpk_idmap_put(&pass->taken.anchors, (uint64_t) anchor,
							  (uint32_t) Min(events, (int64) UINT32_MAX - 1)));
	taken->base_events += row->span->events;
	if (row->account.length == 0)
		return;
	/* once for each call */
	taken->accounts = repalloc_huge(
		taken->accounts, sizeof(Datum) * (taken->call_anchors.count + row->span->events));
	account = PointerGetDatum(
		cstring_to_text_with_len((const char *) row->account.bytes, (int) row->account.length));
	for (int64 i = 0; i < row->span->events; i++)
	{
		taken->accounts[taken->call_anchors.count] = account;
		pass_add_id(&taken->call_anchors, anchor);
	}
}

/* count_sources counts the events of rows that go by their sources. */
static void
count_sources(Erasing *erasing)
{
	static const Oid types[] = {INT8ARRAYOID, INT8ARRAYOID};
	Pass *pass = erasing->pass;
	PassIds source_ids = {NULL};
	PassIds events = {NULL};
	Datum arguments[2];

	for (int i = 0; i < erasing->base.count; i++)
		if (pass_has_id(&erasing->ids, erasing->base.anchors[i]))
		{
			pass_add_id(&source_ids, pass->sources[erasing->base.rows[i].source].source_id);
			pass_add_id(&events, erasing->base.rows[i].span->events);
		}
	if (source_ids.count == 0)
		return;
	arguments[0] = pass_id_array(source_ids.items, source_ids.count);
	arguments[1] = pass_id_array(events.items, events.count);
	pass_run(
		pass,
		"UPDATE cdp_data.source s SET retracted = s.retracted + n.events FROM ("
		" SELECT u.source_id, sum(u.events) AS events FROM unnest($3, $4) AS u (source_id, events)"
		" GROUP BY u.source_id) n WHERE s.source_id = n.source_id",
		2, types, arguments);
}

CdpkBatchReread *
pass_erase_base(Pass *pass, int *count)
{
	Erasing erasing = {pass};
	PassIds places = {NULL};
	int64 *to;

	*count = 0;
	if (!pass->has_base || !batch_has("batch_erased"))
		return NULL;
	batch_read("batch_erased", note_id, &erasing.ids);
	batch_read("batch_beside", note_id, &erasing.beside);
	pass_sort_ids(&erasing.ids);
	for (int i = 0; i < erasing.ids.count; i++)
		pass_add_id(&places, erasing.ids.items[i]);
	for (int i = 0; i < erasing.beside.count; i++)
		pass_add_id(&places, erasing.beside.items[i]);
	pass_sort_ids(&places);
	pass_find_base(pass, places.items, places.count, &erasing.base);
	if (erasing.base.count == 0)
		return NULL;
	to = pass_array(erasing.base.count, sizeof(int64));
	pass_begin_base(&erasing.written, erasing.base.count);
	for (int i = 0; i < erasing.base.count; i++)
	{
		int64 anchor = erasing.base.anchors[i];
		CdpkPacked packed;
		int64 *ids;

		CHECK_FOR_INTERRUPTS();
		to[i] = anchor;
		packed_row_read(erasing.base.values[i * BASE_COLUMNS + BASE_PACKED], anchor, &packed);
		ids = packed_row_ids(&packed);
		if (pass_has_id(&erasing.ids, anchor))
		{
			(void) add_back(&erasing, i);
			count_gone(pass, anchor, &erasing.base.rows[i]);
		}
		else if (names_erased(&erasing, &packed, ids))
		{
			lose_pairs(&erasing, i, ids);
			write_without(&erasing, i, &packed, ids);
		}
		else
			continue;
		to[i] = PASS_BASE_GONE;
		pass_add_id(&erasing.anchors, anchor);
	}
	if (erasing.anchors.count > 0)
		pass_write_base(pass, &erasing.base, &erasing.anchors, to, &erasing.written);
	count_sources(&erasing);
	*count = erasing.count;
	return erasing.back;
}
