/*
 * pass_name.c
 *		Keeps the names of events and traits that the batch brings for the first time.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "platform/refresh/pass.h"
#include "toolkit/bridge/jsonb_walk.h"

/* bytes of a name that is kept */
#define NAME_MAX_BYTES 255

typedef enum NameKind
{
	NAME_EVENT,
	NAME_TRAIT
} NameKind;

static const char *const kind_names[] = {"event", "trait"};

typedef struct SeenName
{
	const char *bytes;
	int length;
	NameKind kind;
	uint32 hash;
} SeenName;

/* Distinct names: a table of their places by hash, and the names. */
typedef struct Names
{
	SeenName *names;
	int count;
	int capacity;
	int *slots; /* -1: free */
	uint32 slot_count;
} Names;

/* grow makes room for as many names again. */
static void
grow(Names *names)
{
	names->capacity = Max(256, names->capacity * 2);
	names->names = names->names == NULL
					   ? pass_array(names->capacity, sizeof(SeenName))
					   : repalloc_huge(names->names, sizeof(SeenName) * names->capacity);
	if (names->slots != NULL)
		pfree(names->slots);
	names->slot_count = (uint32) names->capacity * 2;
	names->slots = pass_array(names->slot_count, sizeof(int));
	memset(names->slots, 0xff, sizeof(int) * names->slot_count);
	for (int i = 0; i < names->count; i++)
	{
		uint32 slot = names->names[i].hash & (names->slot_count - 1);

		while (names->slots[slot] >= 0)
			slot = (slot + 1) & (names->slot_count - 1);
		names->slots[slot] = i;
	}
}

/* add_name adds a name, once. */
static void
add_name(Names *names, NameKind kind, const char *bytes, int length)
{
	uint32 hash = DatumGetUInt32(hash_any((const unsigned char *) bytes, length)) ^ kind;
	uint32 slot;
	SeenName *name;

	if (length > NAME_MAX_BYTES)
		return;
	if (names->count == names->capacity)
		grow(names);
	slot = hash & (names->slot_count - 1);
	for (; names->slots[slot] >= 0; slot = (slot + 1) & (names->slot_count - 1))
	{
		name = &names->names[names->slots[slot]];
		if (name->hash == hash && name->kind == kind && name->length == length &&
			memcmp(name->bytes, bytes, length) == 0)
			return;
	}
	names->slots[slot] = names->count;
	name = &names->names[names->count++];
	name->bytes = bytes;
	name->length = length;
	name->kind = kind;
	name->hash = hash;
}

/* add_keys adds the keys of the traits of a row. */
static void
add_keys(Names *names, Datum traits)
{
	Jsonb *object = DatumGetJsonbP(traits);
	JsonbWalk walk;
	JsonbValue key;
	JsonbValue value;

	if (!JB_ROOT_IS_OBJECT(object))
		return;
	walk = jsonb_walk(&object->root);
	while (jsonb_walk_member(&walk, &key, &value))
		add_name(names, NAME_TRAIT, key.val.string.val, key.val.string.len);
}

/* gather lists the names in accepted rows. */
static void
gather(Pass *pass, Names *names)
{
	const CdpkBatchJudged *judged = cdpk_batch_judged(pass->batch);

	for (int i = 0; i < pass->row_count; i++)
	{
		const CdpkBatchRow *row = &pass->batch_rows[i];

		CHECK_FOR_INTERRUPTS();
		if (judged[i].outcome != CDPK_BATCH_ACCEPTED)
			continue;
		if (row->event.bytes != NULL)
			add_name(names, NAME_EVENT, (const char *) row->event.bytes, (int) row->event.length);
		if (row->call != CDPK_BATCH_OTHER && !pass->rows[i].columns.nulls[INBOX_TRAITS])
			add_keys(names, pass->rows[i].columns.values[INBOX_TRAITS]);
	}
}

/* note_seen is the StoreRowFunction that marks a name that the table has. */
static void
note_seen(void *arg, int key, const Datum *values, const bool *nulls)
{
	((bool *) arg)[key] = true;
}

/* write_names writes names that the table does not have; ids as names must not fill the disk. */
static void
write_names(Pass *pass, Datum *kinds, Datum *values, int count)
{
	static const Oid types[] = {TEXTARRAYOID, TEXTARRAYOID};
	Datum arguments[2] = {pass_value_array(kinds, count, TEXTOID),
						  pass_value_array(values, count, TEXTOID)};

	pass_run(
		pass,
		"INSERT INTO cdp_data.seen_name (kind, name, batch_id)"
		" SELECT n.kind, n.name, $1 FROM (SELECT u.kind, u.name,"
		"  row_number() OVER (PARTITION BY u.kind ORDER BY u.name COLLATE \"C\") AS place"
		"  FROM unnest($3, $4) AS u (kind, name)) n"
		" LEFT JOIN (SELECT s.kind, count(*) AS number FROM cdp_data.seen_name s GROUP BY s.kind) c"
		" ON c.kind = n.kind WHERE n.place + coalesce(c.number, 0) <= 10000",
		2, types, arguments);
}

void
pass_note_names(Pass *pass)
{
	Names names = {NULL};
	PassColumns key;
	Datum *kind;
	Datum *value;
	bool *seen;
	int missing = 0;

	gather(pass, &names);
	if (names.count == 0)
		return;
	memset(&key, 0, sizeof(key));
	key.rows = names.count;
	kind = pass_column(&key, SEEN_KIND);
	value = pass_column(&key, SEEN_NAME);
	seen = palloc0(names.count);
	for (int i = 0; i < names.count; i++)
	{
		kind[i] = CStringGetTextDatum(kind_names[names.names[i].kind]);
		value[i] =
			PointerGetDatum(cstring_to_text_with_len(names.names[i].bytes, names.names[i].length));
	}
	store_find(pass_table(pass, TABLE_SEEN_NAME), names.count, pass_columns(&key), 0, NULL,
			   note_seen, seen);
	for (int i = 0; i < names.count; i++)
		if (!seen[i])
		{
			kind[missing] = kind[i];
			value[missing++] = value[i];
		}
	if (missing > 0)
		write_names(pass, kind, value, missing);
}
