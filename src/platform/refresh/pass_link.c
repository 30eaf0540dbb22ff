/*
 * pass_link.c
 *		The links of the batch.
 */
#include "postgres.h"

#include "utils/datum.h"

#include "platform/progress/progress.h"
#include "platform/refresh/pass.h"
#include "platform/refresh/pass_kin.h"

/* Rows of links that were found. */
typedef struct Found
{
	Pass *pass;
	CdpkBatchLink *rows;
	int count;
	int capacity;
} Found;

/* note_link is the StoreRowFunction that keeps a row. */
static void
note_link(void *arg, int key, const Datum *values, const bool *nulls)
{
	Found *found = arg;
	CdpkBatchLink *row;

	if (found->count == found->capacity)
	{
		found->capacity = Max(1024, found->capacity * 2);
		found->rows = found->rows == NULL
						  ? pass_array(found->capacity, sizeof(CdpkBatchLink))
						  : repalloc_huge(found->rows, sizeof(CdpkBatchLink) * found->capacity);
	}
	row = &found->rows[found->count++];
	memset(row, 0, sizeof(*row));
	row->a = DatumGetInt64(values[0]);
	row->b = DatumGetInt64(values[1]);
	row->source = pass_numbered_source(found->pass, values[2]);
	row->refused = DatumGetBool(values[3]);
	row->first_at = DatumGetTimestampTz(values[4]);
	row->last_at = DatumGetTimestampTz(values[5]);
	row->events = DatumGetInt64(values[6]);
	row->aliases = DatumGetInt64(values[8]);
	row->believed = DatumGetBool(values[9]);
	if (!nulls[7])
		row->message_id = pass_bytes(datumCopy(values[7], false, -1), false);
	progress_step(found->count);
}

/* look_up_links tells what the tables know of the pairs. */
static void
look_up_links(Pass *pass)
{
	static const int wanted[] = {LINK_A,        LINK_B,       LINK_SOURCE_ID, LINK_REFUSED,
								 LINK_FIRST_AT, LINK_LAST_AT, LINK_EVENTS,    LINK_MESSAGE_ID,
								 LINK_ALIASES,  LINK_BELIEVED};
	size_t count;
	const CdpkBatchIdPair *pairs = cdpk_batch_pairs(pass->batch, &count);
	PassColumns key = {(int) count};
	Found found = {pass};
	int asked = 0;
	Datum *a;
	Datum *b;

	if (count == 0)
		return;
	a = pass_column(&key, LINK_A);
	b = pass_column(&key, LINK_B);
	for (size_t i = 0; i < count; i++)
	{
		if (pass_is_claimed(pass, pairs[i].a) || pass_is_claimed(pass, pairs[i].b))
			continue;
		a[asked] = Int64GetDatum(pairs[i].a);
		b[asked++] = Int64GetDatum(pairs[i].b);
	}
	if (asked > 0)
		store_find(pass_table(pass, TABLE_LINK), asked, pass_columns(&key), lengthof(wanted),
				   wanted, note_link, &found);
	pass_check(cdpk_batch_add_links(pass->batch, found.rows, (size_t) found.count));
	pass->was_links = found.rows;
	pass->was_link_count = found.count;
	pfree(a);
	pfree(b);
}

/* delete_links deletes the rows of pairs whose evidence is void. */
static void
delete_links(Pass *pass, const CdpkBatchLinks *links)
{
	int count = (int) links->deleted_count;
	PassColumns key = {count};
	Datum *a;
	Datum *b;

	if (count == 0)
		return;
	a = pass_column(&key, LINK_A);
	b = pass_column(&key, LINK_B);
	for (int i = 0; i < count; i++)
	{
		a[i] = Int64GetDatum(links->deleted[i].a);
		b[i] = Int64GetDatum(links->deleted[i].b);
	}
	store_delete(pass_table(pass, TABLE_LINK), count, pass_columns(&key));
}

/* pass_link finds what becomes of links, and deletes what must be gone before the stitch. */
void
pass_link(Pass *pass)
{
	const CdpkBatchLinks *links;

	pass_check(cdpk_batch_pair(pass->batch));
	look_up_links(pass);
	pass_find_survivors(pass);
	pass_check(cdpk_batch_link(pass->batch));
	links = cdpk_batch_links(pass->batch);
	delete_links(pass, links);
	pass->counts[COUNT_LINKS] = (int64) links->inserted_count;
}

/* add_key_columns adds the columns of a link's key. */
static void
add_key_columns(const Pass *pass, PassColumns *columns, const CdpkBatchLink *rows, int count)
{
	Datum *a = pass_column(columns, LINK_A);
	Datum *b = pass_column(columns, LINK_B);
	Datum *source_id = pass_column(columns, LINK_SOURCE_ID);

	for (int i = 0; i < count; i++)
	{
		a[i] = Int64GetDatum(rows[i].a);
		b[i] = Int64GetDatum(rows[i].b);
		source_id[i] = Int32GetDatum(pass->sources[rows[i].source].source_id);
	}
}

/* add_value_columns adds the columns of what is known of a link. */
static void
add_value_columns(const Pass *pass, PassColumns *columns, const CdpkBatchLink *rows, int count)
{
	bool *no_message;
	Datum *first_at = pass_column(columns, LINK_FIRST_AT);
	Datum *last_at = pass_column(columns, LINK_LAST_AT);
	Datum *events = pass_column(columns, LINK_EVENTS);
	Datum *message_id = pass_null_column(columns, LINK_MESSAGE_ID, &no_message);
	Datum *last_batch_id = pass_column(columns, LINK_LAST_BATCH_ID);
	Datum *refused = pass_column(columns, LINK_REFUSED);
	Datum *aliases = pass_column(columns, LINK_ALIASES);
	Datum *believed = pass_column(columns, LINK_BELIEVED);

	for (int i = 0; i < count; i++)
	{
		first_at[i] = TimestampTzGetDatum(rows[i].first_at);
		last_at[i] = TimestampTzGetDatum(rows[i].last_at);
		events[i] = Int64GetDatum(rows[i].events);
		no_message[i] = rows[i].message_id.bytes == NULL;
		if (!no_message[i])
			message_id[i] = pass_varlena(&rows[i].message_id);
		last_batch_id[i] = Int64GetDatum(pass->batch_id);
		refused[i] = BoolGetDatum(rows[i].refused);
		aliases[i] = Int64GetDatum(rows[i].aliases);
		believed[i] = BoolGetDatum(rows[i].believed);
	}
}

/* What of the links of pairs that the stitch judged anew is not as it says. */
typedef struct Flags
{
	const CdpkStitchRefusal *verdicts;
	PassColumns key;
	Datum *a;
	Datum *b;
	Datum *source_id;
	PassColumns set;
	Datum *refused;
	int capacity;
	int count;
} Flags;

/* note_flag is the StoreRowFunction that notes a row with another flag. */
static void
note_flag(void *arg, int key, const Datum *values, const bool *nulls)
{
	Flags *flags = arg;
	int at = flags->count;

	if (DatumGetBool(values[3]) == flags->verdicts[key].refused)
		return;
	if (at == flags->capacity)
	{
		flags->capacity *= 2;
		flags->a = repalloc_huge(flags->a, sizeof(Datum) * flags->capacity);
		flags->b = repalloc_huge(flags->b, sizeof(Datum) * flags->capacity);
		flags->source_id = repalloc_huge(flags->source_id, sizeof(Datum) * flags->capacity);
		flags->refused = repalloc_huge(flags->refused, sizeof(Datum) * flags->capacity);
	}
	flags->a[at] = values[0];
	flags->b[at] = values[1];
	flags->source_id[at] = values[2];
	flags->refused[at] = BoolGetDatum(flags->verdicts[key].refused);
	flags->count++;
}

/* flag_links brings all rows of pairs that the stitch judged anew to what it said. */
static void
flag_links(Pass *pass)
{
	static const int wanted[] = {LINK_A, LINK_B, LINK_SOURCE_ID, LINK_REFUSED};
	const CdpkStitchResult *result = cdpk_batch_result(pass->batch);
	int count = (int) result->link_count;
	PassColumns pair = {count};
	Flags flags = {result->links};
	Datum *a;
	Datum *b;

	if (count == 0)
		return;
	a = pass_column(&pair, LINK_A);
	b = pass_column(&pair, LINK_B);
	for (int i = 0; i < count; i++)
	{
		a[i] = Int64GetDatum(Min(result->links[i].a, result->links[i].b));
		b[i] = Int64GetDatum(Max(result->links[i].a, result->links[i].b));
	}
	flags.capacity = flags.key.rows = flags.set.rows = 2 * count;
	flags.a = pass_column(&flags.key, LINK_A);
	flags.b = pass_column(&flags.key, LINK_B);
	flags.source_id = pass_column(&flags.key, LINK_SOURCE_ID);
	flags.refused = pass_column(&flags.set, LINK_REFUSED);
	store_find(pass_table(pass, TABLE_LINK), count, pass_columns(&pair), lengthof(wanted), wanted,
			   note_flag, &flags);
	flags.key.column[0].values = flags.a;
	flags.key.column[1].values = flags.b;
	flags.key.column[2].values = flags.source_id;
	flags.set.column[0].values = flags.refused;
	if (flags.count > 0)
		store_update(pass_table(pass, TABLE_LINK), flags.count, pass_columns(&flags.key),
					 pass_columns(&flags.set));
}

/* pass_write_links writes the links, once it is known which are refused. */
void
pass_write_links(Pass *pass)
{
	const CdpkBatchLinks *links = cdpk_batch_links(pass->batch);
	int inserted = (int) links->inserted_count;
	int updated = (int) links->updated_count;

	if (updated > 0)
	{
		PassColumns key = {updated};
		PassColumns set = {updated};

		add_key_columns(pass, &key, links->updated, updated);
		add_value_columns(pass, &set, links->updated, updated);
		store_update(pass_table(pass, TABLE_LINK), updated, pass_columns(&key), pass_columns(&set));
	}
	if (inserted > 0)
	{
		PassColumns row = {inserted};
		Datum *batch_id;

		add_key_columns(pass, &row, links->inserted, inserted);
		add_value_columns(pass, &row, links->inserted, inserted);
		batch_id = pass_column(&row, LINK_BATCH_ID);
		for (int i = 0; i < inserted; i++)
			batch_id[i] = Int64GetDatum(pass->batch_id);
		store_insert(pass_table(pass, TABLE_LINK), inserted, pass_columns(&row));
	}
	flag_links(pass);
}
