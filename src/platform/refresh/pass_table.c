/*
 * pass_table.c
 *		The tables that a pass reads and writes, and columns as arrays.
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "platform/ingest/load_rows.h"
#include "platform/refresh/pass.h"
#include "toolkit/identifier/identifier.h"

#define TABLE(table, ...)                                                                   \
	static const char *const table##_columns[] = {__VA_ARGS__};                             \
	static const StoreTable table##_table = {"cdp_data", #table, lengthof(table##_columns), \
											 table##_columns}

TABLE(message, "message_key", "batch_id", "content_hash", "hint");
TABLE(statement, "message_key", "source_id", "content_hash", "version", "event_id", "identifier_id",
	  "timestamp", "folded");
TABLE(source, "source", "accepted", "duplicate", "same_content", "quarantined", "deletions",
	  "suppressed", "last_batch_id", "last_at");
TABLE(identifier_map, "hash", "identifier_id");
TABLE(identifier, "identifier_id", "identifier", "profile_id", "shared", "blocked", "link_counts",
	  "batch_id", "since_batch_id", "class_id");
TABLE(identifier_history, "identifier_id", "from_batch_id", "until_batch_id", "profile_id");
TABLE(link, "a", "b", "source_id", "first_at", "last_at", "events", "message_id", "batch_id",
	  "last_batch_id", "refused", "aliases", "believed");
TABLE(event, "event_id", "identifier_id", "batch_id", "context_hash", "timestamp", "message_id",
	  "type", "event", "anonymous_id", "user_id", "group_id", "previous_id", "identifiers",
	  "properties", "traits", "context", "sent_at", "original_timestamp", "received_at", "source");
TABLE(shared_context, "context_hash", "events", "context");
TABLE(base, "identifier_id", "packed", "group_id", "traits", "timeline", "left_at");
TABLE(profile, "profile_id", "first_seen", "last_seen", "events", "identifier_count", "shared",
	  "has_forbid", "timeline", "last_at", "last_trust", "traits", "limited", "identifiers",
	  "identifier_ids", "accounts", "expires_at", "level_1", "level_2", "level_3", "purposes",
	  "consents");
TABLE(profile_identifier, "profile_id", "slice", "identifiers", "identifier_ids");
TABLE(account, "group_id", "first_seen", "last_seen", "events", "traits", "expires_at",
	  "account_id");
TABLE(account_member, "identifier_id", "group_id", "first_at", "last_at", "events", "left_at");
TABLE(seen_name, "kind", "name");
TABLE(quarantine, "quarantine_id", "batch_id", "quarantined_at", "source", "reason", "detail",
	  "record", "line", "received_at", "written_by", "cut", "sizes");
TABLE(consent, "identifier_id", "purpose_id", "consent_id", "answer", "source_id", "ids",
	  "first_time", "last_time", "first_event_id", "event_id", "batch_id");

/* those of the graph that is built anew, see cdp_internal.restitch_tables() */
#define TABLE_ANEW(table)                                                   \
	static const StoreTable table##_anew = {"cdp_data", "restitch_" #table, \
											lengthof(table##_columns), table##_columns}

TABLE_ANEW(identifier);
TABLE_ANEW(link);
TABLE_ANEW(profile);
static const char *const suspect_columns[] = {"event_id", "identifier_id", "timestamp"};
static const StoreTable suspect_table = {"cdp_data", "restitch_event", lengthof(suspect_columns),
										 suspect_columns};
static const char *const touched_columns[] = {"profile_id"};
static const StoreTable touched_table = {"cdp_data", "restitch_touched", lengthof(touched_columns),
										 touched_columns};

static const StoreTable *const tables[PASS_TABLES] = {
	&message_table,        &statement_table,      &source_table,
	&identifier_map_table, &identifier_table,     &identifier_history_table,
	&link_table,           &event_table,          &shared_context_table,
	&base_table,           &profile_table,        &profile_identifier_table,
	&account_table,        &account_member_table, &seen_name_table,
	&quarantine_table,     &consent_table,        &identifier_table,
	&suspect_table,        &touched_table};

StaticAssertDecl(lengthof(event_columns) == EVENT_LOGGED + LOGGED_COLUMNS,
				 "the columns of the log are listed");

/* find_table tells which table a pass reads and writes. */
static const StoreTable *
find_table(const Pass *pass, PassTable table)
{
	if (!pass->anew)
		return tables[table];
	switch (table)
	{
		case TABLE_IDENTIFIER:
			return &identifier_anew;
		case TABLE_LINK:
			return &link_anew;
		case TABLE_PROFILE:
			return &profile_anew;
		default:
			return tables[table];
	}
}

Store *
pass_table(Pass *pass, PassTable table)
{
	if (pass->stores[table] == NULL)
	{
		MemoryContext caller = MemoryContextSwitchTo(pass->context);

		pass->stores[table] = store_open(find_table(pass, table), STORE_WRITE, STORE_DIRECT);
		MemoryContextSwitchTo(caller);
	}
	return pass->stores[table];
}

bool
pass_has_range(PassTable table, Datum value)
{
	return store_has_range(tables[table], value);
}

void
pass_defer_log(Pass *pass)
{
	pass_close_table(pass, TABLE_EVENT);
	store_defer_indexes(tables[TABLE_EVENT]);
	pass->log_is_indexed = false;
}

void
pass_build_log(void)
{
	store_build_indexes(tables[TABLE_EVENT], false);
}

/* the tables whose keys are hashes, in which each row of a load is looked for */
static const PassTable keyed[] = {TABLE_MESSAGE, TABLE_IDENTIFIER_MAP};

void
pass_defer_keys(void)
{
	for (int i = 0; i < lengthof(keyed); i++)
		store_defer_key(tables[keyed[i]]);
}

int64
pass_count_deferred(void)
{
	int64 count = 0;

	for (int i = 0; i < lengthof(keyed); i++)
		count += store_count_deferred(tables[keyed[i]]);
	return count;
}

void
pass_build_keys(bool last)
{
	for (int i = 0; i < lengthof(keyed); i++)
		store_build_indexes(tables[keyed[i]], last);
}

void
pass_index_keys(Pass *pass)
{
	if (!load_is_open())
		return;
	for (int i = 0; i < lengthof(keyed); i++)
		pass_close_table(pass, keyed[i]);
	pass_build_keys(false);
}

void
pass_index_log(Pass *pass)
{
	if (!load_is_open() || pass->log_is_indexed)
		return;
	pass_close_table(pass, TABLE_EVENT);
	pass_build_log();
	pass->log_is_indexed = true;
}

void
pass_close_table(Pass *pass, PassTable table)
{
	if (pass->stores[table] != NULL)
		store_close(pass->stores[table]);
	pass->stores[table] = NULL;
}

void
pass_close_tables(Pass *pass)
{
	for (int i = 0; i < PASS_TABLES; i++)
		pass_close_table(pass, i);
}

void *
pass_array(int64 count, Size size)
{
	return palloc_extended(Max(count, 1) * size, MCXT_ALLOC_HUGE);
}

/* add_column adds a column. */
static StoreColumn *
add_column(PassColumns *columns, int column)
{
	StoreColumn *added = &columns->column[columns->count];

	Assert(columns->count < PASS_COLUMNS_MAX);
	columns->count++;
	added->column = column;
	added->values = pass_array(columns->rows, sizeof(Datum));
	added->nulls = NULL;
	return added;
}

Datum *
pass_column(PassColumns *columns, int column)
{
	return unconstify(Datum *, add_column(columns, column)->values);
}

Datum *
pass_null_column(PassColumns *columns, int column, bool **nulls)
{
	StoreColumn *added = add_column(columns, column);

	*nulls = palloc_extended(Max(columns->rows, 1), MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	added->nulls = *nulls;
	return unconstify(Datum *, added->values);
}

StoreColumns
pass_columns(const PassColumns *columns)
{
	StoreColumns result = {columns->count, columns->column};

	return result;
}

void
pass_find_ids(Pass *pass, PassTable table, int column, const int64 *ids, int count,
			  int wanted_count, const int *wanted, StoreRowFunction function, void *arg)
{
	PassColumns key = {count};
	Datum *values;

	if (count == 0)
		return;
	values = pass_column(&key, column);
	for (int i = 0; i < count; i++)
		values[i] = Int64GetDatum(ids[i]);
	store_find(pass_table(pass, table), count, pass_columns(&key), wanted_count, wanted, function,
			   arg);
	pfree(values);
}

/* ---------------------------------------------------------------- values */

Datum
pass_varlena(const CdpkBatchBytes *bytes)
{
	struct varlena *value = palloc(VARHDRSZ + bytes->length);

	SET_VARSIZE(value, VARHDRSZ + bytes->length);
	memcpy(VARDATA(value), bytes->bytes, bytes->length);
	return PointerGetDatum(value);
}

CdpkBatchBytes
pass_bytes(Datum value, bool isnull)
{
	CdpkBatchBytes bytes = {NULL, 0};
	struct varlena *packed;

	if (isnull)
		return bytes;
	packed = PG_DETOAST_DATUM_PACKED(value);
	bytes.bytes = (const uint8_t *) VARDATA_ANY(packed);
	bytes.length = VARSIZE_ANY_EXHDR(packed);
	return bytes;
}

CdpkBatchBytes
pass_payload(Datum identifier)
{
	struct varlena *value = (struct varlena *) DatumGetPointer(identifier);
	CdpkBatchBytes payload;

	if (!VARATT_IS_4B_U(value))
		value = PG_DETOAST_DATUM(identifier);
	payload.bytes = (const uint8_t *) VARDATA(value);
	payload.length = VARSIZE(value) - VARHDRSZ;
	return payload;
}

Datum
pass_identifier(const CdpkBatchBytes *payload)
{
	return PointerGetDatum(payload->bytes - VARHDRSZ);
}

void
pass_add_id(PassIds *ids, int64 id)
{
	if (ids->count == ids->capacity)
	{
		ids->capacity = Max(64, ids->capacity * 2);
		ids->items = ids->items == NULL ? pass_array(ids->capacity, sizeof(int64))
										: repalloc_huge(ids->items, sizeof(int64) * ids->capacity);
	}
	ids->items[ids->count++] = id;
}

static int
compare_ids(const void *a, const void *b)
{
	int64 x = *(const int64 *) a;
	int64 y = *(const int64 *) b;

	return (x > y) - (x < y);
}

void
pass_sort_ids(PassIds *ids)
{
	int kept = 0;

	if (ids->count == 0)
		return;
	qsort(ids->items, ids->count, sizeof(int64), compare_ids);
	for (int i = 0; i < ids->count; i++)
		if (kept == 0 || ids->items[i] != ids->items[kept - 1])
			ids->items[kept++] = ids->items[i];
	ids->count = kept;
}

bool
pass_has_id(const PassIds *ids, int64 id)
{
	int low = 0;
	int high = ids->count;

	while (low < high)
	{
		int middle = (low + high) / 2;

		if (ids->items[middle] < id)
			low = middle + 1;
		else
			high = middle;
	}
	return low < ids->count && ids->items[low] == id;
}
