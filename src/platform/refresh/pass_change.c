/*
 * pass_change.c
 *		What the batch changes beside its rows, as cdp_internal.stage_graph_changes() kept it.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "platform/batch/batch.h"
#include "platform/refresh/pass.h"
#include "platform/refresh/pass_base.h"
#include "toolkit/identifier/identifier.h"

/* the columns of a relation that may be null, from this one on: others have fewer */
#define REREAD_MESSAGE_ID 5

/* Rows of a relation, as items of one size. */
typedef struct Reader
{
	Pass *pass;
	Size size;
	char *items;
	int count;
	int capacity;
	int column_count;
	const Oid *types; /* of its columns; only a message id and what follows it may be null */
	void (*read)(struct Reader *reader, void *item, const Datum *values, const bool *nulls);
} Reader;

/* check_columns raises an error for a relation that is not of the form that is read. */
static void
check_columns(const Reader *reader, TupleDesc descriptor)
{
	for (int i = 0; i < reader->column_count; i++)
		if (i >= descriptor->natts || TupleDescAttr(descriptor, i)->atttypid != reader->types[i])
			ereport(ERROR, (errcode(ERRCODE_DATATYPE_MISMATCH),
							errmsg("column %d of what the batch changes is not of type %s", i + 1,
								   format_type_be(reader->types[i]))));
}

/* add_row is the BatchRowFunction that makes an item of a row. */
static void
add_row(void *arg, TupleDesc descriptor, const Datum *values, const bool *nulls)
{
	Reader *reader = arg;
	void *item;

	CHECK_FOR_INTERRUPTS();
	if (reader->count == reader->capacity)
	{
		reader->capacity = Max(64, reader->capacity * 2);
		reader->items = reader->items == NULL
							? pass_array(reader->capacity, reader->size)
							: repalloc_huge(reader->items, reader->size * reader->capacity);
	}
	if (reader->count == 0)
		check_columns(reader, descriptor);
	for (int i = 0; i < reader->column_count; i++)
		if (nulls[i] && i < REREAD_MESSAGE_ID)
			ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
							errmsg("column %d of what the batch changes is null", i + 1)));
	item = reader->items + reader->size * reader->count++;
	memset(item, 0, reader->size);
	reader->read(reader, item, values, nulls);
}

/* read_items reads a relation with columns of these types, and returns its rows as items. */
static void *
read_items(Pass *pass, const char *relation, int column_count, const Oid *types, Size size,
		   void (*read)(Reader *reader, void *item, const Datum *values, const bool *nulls),
		   size_t *count)
{
	Reader reader = {pass, size};

	reader.column_count = column_count;
	reader.types = types;
	reader.read = read;
	batch_read(relation, add_row, &reader);
	*count = (size_t) reader.count;
	return reader.items;
}

static void
read_id(Reader *reader, void *item, const Datum *values, const bool *nulls)
{
	*(int64_t *) item = DatumGetInt64(values[0]);
}

static void
read_pair(Reader *reader, void *item, const Datum *values, const bool *nulls)
{
	CdpkBatchIdPair *pair = item;

	pair->a = DatumGetInt64(values[0]);
	pair->b = DatumGetInt64(values[1]);
}

static void
read_retry(Reader *reader, void *item, const Datum *values, const bool *nulls)
{
	CdpkStitchLink *link = item;

	link->a = DatumGetInt64(values[0]);
	link->b = DatumGetInt64(values[1]);
	link->evidence.trust = DatumGetInt32(values[2]);
	link->evidence.first_at = DatumGetTimestampTz(values[3]);
	link->refused = true;
}

static void
read_forbid(Reader *reader, void *item, const Datum *values, const bool *nulls)
{
	CdpkBatchForbid *forbid = item;

	forbid->a = DatumGetInt64(values[0]);
	forbid->b = DatumGetInt64(values[1]);
	forbid->in_force = DatumGetBool(values[2]);
}

/* event_id, place, ids, source, at, message_id, earlier */
static void
read_reread(Reader *reader, void *item, const Datum *values, const bool *nulls)
{
	CdpkBatchReread *reread = item;

	reread->event_id = DatumGetInt64(values[0]);
	reread->anchor = DatumGetInt64(values[1]);
	pass_set_identifiers(values[2], &reread->row);
	pass_set_earlier(values[6], nulls[6], &reread->row);
	reread->row.source = pass_known_source(reader->pass, values[3]);
	reread->row.said_at = reread->row.at = DatumGetTimestampTz(values[4]);
	reread->row.message_id = pass_bytes(values[5], nulls[5]);
	reread->row.expires_at = CDPK_BATCH_NEVER;
}

/* ignore_row counts only. */
static void
ignore_row(Reader *reader, void *item, const Datum *values, const bool *nulls)
{
}

/* add_reread_base adds the rows of the base that are read again. */
static void
add_reread_base(Pass *pass)
{
	static const Oid ids[] = {INT8OID};
	CdpkBatchChanges *changes = &pass->changes;
	CdpkBatchReread *all;
	size_t count;
	PassBase base;
	const int64_t *anchors =
		read_items(pass, "batch_based", 1, ids, sizeof(int64_t), read_id, &count);

	if (count == 0)
		return;
	pass_find_base(pass, (const int64 *) anchors, (int) count, &base);
	all = pass_array((int64) changes->reread_count + base.count, sizeof(CdpkBatchReread));
	for (size_t i = 0; i < changes->reread_count; i++)
		all[i] = changes->reread[i];
	for (int i = 0; i < base.count; i++)
	{
		CdpkBatchReread *reread = &all[changes->reread_count++];

		reread->event_id = 0;
		reread->anchor = base.anchors[i];
		reread->row = base.rows[i];
	}
	changes->reread = all;
}

void
pass_read_changes(Pass *pass)
{
	static const Oid ids[] = {INT8OID, INT8OID};
	static const Oid retry[] = {INT8OID, INT8OID, INT4OID, TIMESTAMPTZOID};
	static const Oid given[] = {INT8OID, INT8OID, BOOLOID};
	const Oid reread[] = {INT8OID,
						  INT8OID,
						  get_array_type(identifier_type_oid()),
						  TEXTOID,
						  TIMESTAMPTZOID,
						  TEXTOID,
						  identifier_type_oid()};
	CdpkBatchChanges *changes = &pass->changes;
	size_t refold;

	changes->unlinked = read_items(pass, "batch_unlinked", 2, ids, sizeof(CdpkBatchIdPair),
								   read_pair, &changes->unlinked_count);
	changes->blocked = read_items(pass, "batch_blocked", 1, ids, sizeof(int64_t), read_id,
								  &changes->blocked_count);
	changes->retry = read_items(pass, "batch_retry", lengthof(retry), retry, sizeof(CdpkStitchLink),
								read_retry, &changes->retry_count);
	changes->check =
		read_items(pass, "batch_check", 1, ids, sizeof(int64_t), read_id, &changes->check_count);
	changes->forbids = read_items(pass, "batch_forbid_changed", lengthof(given), given,
								  sizeof(CdpkBatchForbid), read_forbid, &changes->forbid_count);
	pass->same_changed =
		read_items(pass, "batch_same_changed", lengthof(given), given, sizeof(CdpkBatchForbid),
				   read_forbid, &pass->same_changed_count);
	changes->realiased = read_items(pass, "batch_realiased", 1, ids, sizeof(int64_t), read_id,
									&changes->realiased_count);
	changes->judged =
		read_items(pass, "batch_judged", 1, ids, sizeof(int64_t), read_id, &changes->judged_count);
	changes->reread = read_items(pass, "batch_reread", lengthof(reread), reread,
								 sizeof(CdpkBatchReread), read_reread, &changes->reread_count);
	changes->relinked = read_items(pass, "batch_relinked", 2, ids, sizeof(CdpkBatchIdPair),
								   read_pair, &changes->relinked_count);
	add_reread_base(pass);
	changes->reranked = read_items(pass, "batch_rank_changed", 1, ids, sizeof(int64_t), read_id,
								   &changes->reranked_count);
	changes->refolded = read_items(pass, "batch_refolded", 1, ids, sizeof(int64_t), read_id,
								   &changes->refolded_count);
	read_items(pass, "batch_refold", 0, NULL, sizeof(int64_t), ignore_row, &refold);
	pass->has_refold = refold > 0;
}
