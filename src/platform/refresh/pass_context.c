/*
 * pass_context.c
 *		What the contexts of the batch have in common with many others: cdp_data.shared_context.
 *
 * A row of that table pays where many events name it, and costs more than it saves where one does.
 * So there is an account, in its row 0: each further event that names a row earns one, a new row
 * costs COST.  Where every context is another, the account is soon overdrawn, and contexts stay in
 * their events; rows that are named often earn room for others.
 */
#include "postgres.h"

#include "access/detoast.h"

#include "platform/ingest/shared_context.h"
#include "platform/refresh/pass.h"

/* what a new row costs, and between which bounds the account is kept */
#define COST 16
#define ACCOUNT_MIN (-1000 * COST)
#define ACCOUNT_MAX (10000 * COST)

/* bytes of what is in common from which on it is worth a reference */
#define BYTES_MIN 64

/* bytes of a context that is looked into */
#define CONTEXT_MAX 16384

/* What some contexts of the batch have in common. */
typedef struct Part
{
	int64 hash;
	const char *bytes; /* context_bytes() of it */
	int length;
	int first;     /* the first row that has it */
	int64 events;  /* of the batch that have it */
	int64 stored;  /* events of its row before the batch; 0: there is no row */
	bool is_taken; /* events name its row */
} Part;

struct PassContexts
{
	Pass *pass;
	int *part_of; /* of each row; -1: none */
	Part *parts;
	int count;
	int capacity;
	CdpkIdMap place; /* of each part, by its hash */
	int64 account;
	int64 account_before;
	bool has_account;
};

/* read_context gives the context of a row, if it may have something in common with others. */
static Jsonb *
read_context(const Pass *pass, int number)
{
	const InboxRow *row = &pass->rows[number].columns;
	Jsonb *context;

	if (row->nulls[INBOX_CONTEXT] || toast_raw_datum_size(row->values[INBOX_CONTEXT]) > CONTEXT_MAX)
		return NULL;
	context = DatumGetJsonbP(row->values[INBOX_CONTEXT]);
	return JB_ROOT_IS_OBJECT(context) ? context : NULL;
}

/* free_context frees what read_context had to copy. */
static void
free_context(const Pass *pass, int number, Jsonb *context)
{
	if ((Pointer) context != DatumGetPointer(pass->rows[number].columns.values[INBOX_CONTEXT]))
		pfree(context);
}

/* add_part counts what a row has in common with others; -1: something else has its hash. */
static int
add_part(PassContexts *contexts, int64 hash, StringInfo bytes, int row)
{
	uint32_t place = cdpk_idmap_get(&contexts->place, (uint64_t) hash);
	Part *part;

	if (place == CDPK_IDMAP_NONE)
	{
		char *copy = palloc(bytes->len);

		if (contexts->count == contexts->capacity)
		{
			contexts->capacity = Max(64, contexts->capacity * 2);
			contexts->parts =
				contexts->parts == NULL
					? pass_array(contexts->capacity, sizeof(Part))
					: repalloc_huge(contexts->parts, sizeof(Part) * contexts->capacity);
		}
		place = (uint32_t) contexts->count++;
		pass_check(cdpk_idmap_put(&contexts->place, (uint64_t) hash, place));
		memcpy(copy, bytes->data, bytes->len);
		contexts->parts[place] =
			(Part){.hash = hash, .bytes = copy, .length = bytes->len, .first = row};
	}
	part = &contexts->parts[place];
	if (part->length != bytes->len || memcmp(part->bytes, bytes->data, bytes->len) != 0)
		return -1;
	part->events++;
	return (int) place;
}

/* gather lists what the contexts of accepted rows have in common. */
static void
gather(PassContexts *contexts)
{
	Pass *pass = contexts->pass;
	const CdpkBatchJudged *judged = cdpk_batch_judged(pass->batch);
	CdpkSipHashKey key = hash_key(HASH_SHARED_CONTEXT);
	StringInfoData bytes;

	initStringInfo(&bytes);
	for (int i = 0; i < pass->row_count; i++)
	{
		Jsonb *context;

		CHECK_FOR_INTERRUPTS();
		contexts->part_of[i] = -1;
		if (judged[i].outcome != CDPK_BATCH_ACCEPTED || (context = read_context(pass, i)) == NULL)
			continue;
		resetStringInfo(&bytes);
		context_bytes(context, CONTEXT_SHARED, &bytes);
		if (bytes.len >= BYTES_MIN)
			contexts->part_of[i] = add_part(contexts, context_hash(&key, &bytes), &bytes, i);
		free_context(pass, i, context);
	}
	pfree(bytes.data);
}

/* note_stored is the StoreRowFunction that takes a row of the table. */
static void
note_stored(void *arg, int key, const Datum *values, const bool *nulls)
{
	PassContexts *contexts = arg;
	StringInfoData bytes;
	Part *part;

	if (key == contexts->count)
	{
		contexts->account = DatumGetInt64(values[0]);
		contexts->has_account = true;
		return;
	}
	part = &contexts->parts[key];
	part->stored = DatumGetInt64(values[0]);
	initStringInfo(&bytes);
	context_bytes(DatumGetJsonbP(values[1]), CONTEXT_WHOLE, &bytes);
	part->is_taken = part->length == bytes.len && memcmp(part->bytes, bytes.data, bytes.len) == 0;
	pfree(bytes.data);
}

/* look_up reads the rows of these parts, and the account behind them. */
static void
look_up(PassContexts *contexts)
{
	static const int wanted[] = {SHARED_EVENTS, SHARED_CONTEXT};
	PassColumns key = {contexts->count + 1};
	Datum *hash = pass_column(&key, SHARED_HASH);

	for (int i = 0; i < contexts->count; i++)
		hash[i] = Int64GetDatum(contexts->parts[i].hash);
	hash[contexts->count] = Int64GetDatum(0);
	store_find(pass_table(contexts->pass, TABLE_SHARED_CONTEXT), key.rows, pass_columns(&key),
			   lengthof(wanted), wanted, note_stored, contexts);
	contexts->account_before = contexts->account;
	pfree(hash);
}

/* compare_parts sorts those first that more events have, and then the earlier ones. */
static int
compare_parts(const void *a, const void *b, void *arg)
{
	const Part *parts = arg;
	const Part *x = &parts[*(const int *) a];
	const Part *y = &parts[*(const int *) b];

	if (x->events != y->events)
		return x->events > y->events ? -1 : 1;
	return (x->first > y->first) - (x->first < y->first);
}

/* take_new decides which parts get a row, and returns their number; their places are the first of places. */
static int
take_new(PassContexts *contexts, int *places)
{
	int count = 0;
	int taken = 0;

	for (int i = 0; i < contexts->count; i++)
	{
		if (contexts->parts[i].is_taken)
			contexts->account += contexts->parts[i].events;
		else if (contexts->parts[i].stored == 0)
			places[count++] = i;
	}
	if (count > 1)
		qsort_arg(places, count, sizeof(int), compare_parts, contexts->parts);
	/* one that earns its cost in this batch gets a row even if the account is overdrawn */
	while (contexts->has_account && taken < count &&
		   contexts->account + contexts->parts[places[taken]].events - 1 - COST >= ACCOUNT_MIN)
	{
		Part *part = &contexts->parts[places[taken++]];

		part->is_taken = true;
		contexts->account += part->events - 1 - COST;
	}
	contexts->account = Min(contexts->account, ACCOUNT_MAX);
	return taken;
}

/* update_rows counts the events of the batch in the rows that there are, and writes the account. */
static void
update_rows(PassContexts *contexts)
{
	PassColumns key = {contexts->count + 1};
	PassColumns set = {contexts->count + 1};
	Datum *hash = pass_column(&key, SHARED_HASH);
	Datum *events = pass_column(&set, SHARED_EVENTS);
	int count = 0;

	for (int i = 0; i < contexts->count; i++)
	{
		const Part *part = &contexts->parts[i];

		if (!part->is_taken || part->stored == 0)
			continue;
		hash[count] = Int64GetDatum(part->hash);
		events[count++] = Int64GetDatum(part->stored + part->events);
	}
	if (contexts->has_account && contexts->account != contexts->account_before)
	{
		hash[count] = Int64GetDatum(0);
		events[count++] = Int64GetDatum(contexts->account);
	}
	if (count > 0)
		store_update(pass_table(contexts->pass, TABLE_SHARED_CONTEXT), count, pass_columns(&key),
					 pass_columns(&set));
}

/* insert_rows writes the rows of these parts. */
static void
insert_rows(PassContexts *contexts, const int *places, int count)
{
	Pass *pass = contexts->pass;
	PassColumns row = {count};
	Datum *hash = pass_column(&row, SHARED_HASH);
	Datum *events = pass_column(&row, SHARED_EVENTS);
	Datum *shared = pass_column(&row, SHARED_CONTEXT);

	for (int i = 0; i < count; i++)
	{
		const Part *part = &contexts->parts[places[i]];
		Jsonb *context = read_context(pass, part->first);

		hash[i] = Int64GetDatum(part->hash);
		events[i] = Int64GetDatum(part->events);
		shared[i] = JsonbPGetDatum(context_part(context, CONTEXT_SHARED));
	}
	store_insert(pass_table(pass, TABLE_SHARED_CONTEXT), count, pass_columns(&row));
}

PassContexts *
pass_share_contexts(Pass *pass)
{
	PassContexts *contexts = palloc0(sizeof(PassContexts));
	int *places;
	int added;

	contexts->pass = pass;
	contexts->part_of = pass_array(pass->row_count, sizeof(int));
	cdpk_idmap_init(&contexts->place, &pass->allocator);
	gather(contexts);
	cdpk_idmap_free(&contexts->place);
	if (contexts->count == 0)
		return contexts;
	look_up(contexts);
	places = pass_array(contexts->count, sizeof(int));
	added = take_new(contexts, places);
	update_rows(contexts);
	if (added > 0)
		insert_rows(contexts, places, added);
	pfree(places);
	return contexts;
}

int64
pass_own_context(const PassContexts *contexts, uint32_t row, Datum *own, bool *isnull)
{
	int place = contexts->part_of[row];
	Jsonb *context;
	Jsonb *part;

	if (place < 0 || !contexts->parts[place].is_taken)
		return 0;
	context = read_context(contexts->pass, (int) row);
	part = context_part(context, CONTEXT_OWN);
	free_context(contexts->pass, (int) row, context);
	*isnull = part == NULL;
	*own = JsonbPGetDatum(part);
	return contexts->parts[place].hash;
}

/* ---------------------------------------------------------------- reading the log */

/* note_shared is the StoreRowFunction that takes a shared context. */
static void
note_shared(void *arg, int key, const Datum *values, const bool *nulls)
{
	Pass *pass = arg;
	MemoryContext caller = MemoryContextSwitchTo(pass->context);

	pass->shared_contexts[pass->shared_count - 1] = (Jsonb *) PG_DETOAST_DATUM_COPY(values[0]);
	MemoryContextSwitchTo(caller);
}

/* shared_context gives the row of cdp_data.shared_context with this hash, which is kept; NULL: there is none. */
static Jsonb *
shared_context(Pass *pass, int64 hash)
{
	static const int wanted[] = {SHARED_CONTEXT};
	uint32_t place = cdpk_idmap_get(&pass->shared_place, (uint64_t) hash);
	Datum key_value = Int64GetDatum(hash);
	PassColumns key = {1};

	if (place != CDPK_IDMAP_NONE)
		return pass->shared_contexts[place];
	if (pass->shared_count == pass->shared_capacity)
	{
		pass->shared_capacity = Max(64, pass->shared_capacity * 2);
		pass->shared_contexts =
			pass->shared_contexts == NULL
				? MemoryContextAlloc(pass->context, sizeof(Jsonb *) * 64)
				: repalloc_huge(pass->shared_contexts, sizeof(Jsonb *) * pass->shared_capacity);
	}
	place = (uint32_t) pass->shared_count++;
	pass->shared_contexts[place] = NULL;
	pass_check(cdpk_idmap_put(&pass->shared_place, (uint64_t) hash, place));
	pass_column(&key, SHARED_HASH)[0] = key_value;
	store_find(pass_table(pass, TABLE_SHARED_CONTEXT), 1, pass_columns(&key), lengthof(wanted),
			   wanted, note_shared, pass);
	return pass->shared_contexts[place];
}

Jsonb *
pass_whole_context(Pass *pass, const PassSaid *said)
{
	Jsonb *own = said->no_context ? NULL : DatumGetJsonbP(said->context);
	Jsonb *shared =
		said->no_context_hash ? NULL : shared_context(pass, DatumGetInt64(said->context_hash));

	if (own == NULL || shared == NULL)
		return own == NULL ? shared : own;
	return context_join(own, shared);
}
