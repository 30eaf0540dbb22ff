/*
 * verify_name.c
 *		The identifiers of a chunk of the log: see the header.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/memutils.h"

#include "core/base/intern.h"
#include "platform/catalogue/hash_key.h"
#include "platform/identity/map_hash.h"
#include "platform/identity/resolve.h"
#include "platform/operate/verify_name.h"
#include "platform/store/store.h"
#include "toolkit/bridge/huge.h"

static const char *const map_columns[] = {"hash", "identifier_id"};
static const StoreTable map_table = {"cdp_data", "identifier_map", lengthof(map_columns),
									 map_columns};
enum
{
	MAP_COLUMN_HASH,
	MAP_COLUMN_ID
};

static const char *const identifier_columns[] = {"identifier_id", "identifier", "shared", "blocked",
												 "profile_id"};
static const StoreTable identifier_table = {"cdp_data", "identifier", lengthof(identifier_columns),
											identifier_columns};
enum
{
	IDENTIFIER_COLUMN_ID,
	IDENTIFIER_COLUMN_VALUE,
	IDENTIFIER_COLUMN_SHARED,
	IDENTIFIER_COLUMN_BLOCKED,
	IDENTIFIER_COLUMN_PROFILE_ID
};

struct VerifyNames
{
	CdpkAllocator allocator;
	CdpkIntern intern;
	VerifyName *items;
	uint32 capacity;
	Store *map;
	Store *identifiers;
};

VerifyNames *
verify_names_new(void)
{
	VerifyNames *names = palloc0(sizeof(VerifyNames));
	uint64 seed;

	if (!pg_strong_random(&seed, sizeof(seed)))
		ereport(ERROR, (errcode(ERRCODE_INTERNAL_ERROR), errmsg("there are no random numbers")));
	names->allocator = cdp_huge_scratch(CurrentMemoryContext);
	resolver_check(cdpk_intern_init(&names->intern, &names->allocator, seed));
	names->capacity = 1024;
	names->items = palloc(sizeof(VerifyName) * names->capacity);
	names->map = store_open(&map_table, STORE_READ, STORE_DIRECT);
	names->identifiers = store_open(&identifier_table, STORE_READ, STORE_DIRECT);
	return names;
}

void
verify_names_close(VerifyNames *names)
{
	store_close(names->identifiers);
	store_close(names->map);
}

uint32
verify_names_count(const VerifyNames *names)
{
	return names->intern.count;
}

VerifyName *
verify_name(const VerifyNames *names, uint32 place)
{
	Assert(place < names->intern.count);
	return &names->items[place];
}

uint32
verify_names_add(VerifyNames *names, const uint8 *payload, size_t length)
{
	CdpkIntern *intern = &names->intern;
	uint32 hash = cdpk_intern_hash(intern, cdpk_intern_hash_head(intern, NULL, 0), payload, length);
	uint32 reference = cdpk_intern_find(intern, hash, payload, length);
	const CdpkInternRecord *record;

	if (reference == CDPK_INTERN_NOTHING)
	{
		resolver_check(cdpk_intern_add(intern, hash, payload, length));
		reference = cdpk_intern_find(intern, hash, payload, length);
		record = cdpk_intern_record(intern, reference);
		if (record->number == names->capacity)
		{
			names->capacity *= 2;
			names->items = repalloc_huge(names->items, sizeof(VerifyName) * names->capacity);
		}
		memset(&names->items[record->number], 0, sizeof(VerifyName));
		names->items[record->number].payload = record->bytes;
		names->items[record->number].length = (uint32) length;
	}
	return cdpk_intern_record(intern, reference)->number;
}

Datum
verify_name_value(const VerifyName *name)
{
	Identifier *value = palloc(VARHDRSZ + name->length);

	SET_VARSIZE(value, VARHDRSZ + name->length);
	memcpy(VARDATA(value), name->payload, name->length);
	return PointerGetDatum(value);
}

int
verify_name_compare(const VerifyName *x, const VerifyName *y)
{
	if (x->shared != y->shared)
		return x->shared ? 1 : -1;
	if (x->priority != y->priority)
		return x->priority < y->priority ? -1 : 1;
	return cdpk_identifier_compare(x->payload, x->length, y->payload, y->length);
}

/* ---------------------------------------------------------------- look-up */

static const int wanted[] = {IDENTIFIER_COLUMN_VALUE, IDENTIFIER_COLUMN_SHARED,
							 IDENTIFIER_COLUMN_BLOCKED, IDENTIFIER_COLUMN_PROFILE_ID};

/* Numbers that names may have, for their hashes are equal. */
typedef struct Candidates
{
	VerifyName **asked; /* the names that are looked up */
	VerifyName **names; /* the name of each candidate */
	Datum *ids;
	int count;
	int capacity;
} Candidates;

/* note_candidate is the StoreRowFunction that takes a row of the map. */
static void
note_candidate(void *arg, int key, const Datum *values, const bool *nulls)
{
	Candidates *candidates = arg;

	if (candidates->count == candidates->capacity)
	{
		candidates->capacity *= 2;
		candidates->names =
			repalloc_huge(candidates->names, sizeof(VerifyName *) * candidates->capacity);
		candidates->ids = repalloc_huge(candidates->ids, sizeof(Datum) * candidates->capacity);
	}
	candidates->names[candidates->count] = candidates->asked[key];
	candidates->ids[candidates->count++] = values[0];
}

/* set_row sets what the row of an identifier says of a name; of two rows with one value the first counts. */
static void
set_row(VerifyName *name, int64 id, const Datum *values)
{
	if (name->identifier_id != 0 && name->identifier_id <= id)
		return;
	name->identifier_id = id;
	name->shared = DatumGetBool(values[1]);
	name->row_blocked = DatumGetBool(values[2]);
	name->in_profile = DatumGetInt64(values[3]) != 0;
}

/* note_row is the StoreRowFunction that takes the row of an identifier. */
static void
note_row(void *arg, int key, const Datum *values, const bool *nulls)
{
	const Candidates *candidates = arg;
	VerifyName *name = candidates->names[key];
	Identifier *value = DatumGetIdentifierPP(values[0]);

	if (IdentifierLength(value) == name->length &&
		memcmp(IdentifierPayload(value), name->payload, name->length) == 0)
		set_row(name, DatumGetInt64(candidates->ids[key]), values);
	if ((Pointer) value != DatumGetPointer(values[0]))
		pfree(value);
}

void
verify_names_look_up(VerifyNames *names)
{
	static const int map_wanted[] = {MAP_COLUMN_ID};
	CdpkSipHashKey hash_of = hash_key(HASH_IDENTIFIER);
	Size most = Max(names->intern.count, 1);
	Candidates candidates = {palloc_extended(sizeof(VerifyName *) * most, MCXT_ALLOC_HUGE),
							 palloc_extended(sizeof(VerifyName *) * most, MCXT_ALLOC_HUGE),
							 palloc_extended(sizeof(Datum) * most, MCXT_ALLOC_HUGE), 0, (int) most};
	Datum *hashes = palloc_extended(sizeof(Datum) * most, MCXT_ALLOC_HUGE);
	StoreColumn map_key = {MAP_COLUMN_HASH, hashes};
	StoreColumn key = {IDENTIFIER_COLUMN_ID};
	int count = 0;

	for (uint32 i = 0; i < names->intern.count; i++)
		if (!names->items[i].is_blocked)
		{
			candidates.asked[count] = &names->items[i];
			hashes[count++] =
				Int64GetDatum(map_hash(&hash_of, names->items[i].payload, names->items[i].length));
		}
	if (count > 0)
		store_find(names->map, count, (StoreColumns){1, &map_key}, lengthof(map_wanted), map_wanted,
				   note_candidate, &candidates);
	key.values = candidates.ids;
	if (candidates.count > 0)
		store_find(names->identifiers, candidates.count, (StoreColumns){1, &key}, lengthof(wanted),
				   wanted, note_row, &candidates);
}

/* Identifiers that are looked up by their numbers. */
typedef struct Numbered
{
	VerifyNames *names;
	const Datum *ids;
	uint32 *places;
} Numbered;

/* note_numbered is the StoreRowFunction that takes the row of an identifier. */
static void
note_numbered(void *arg, int key, const Datum *values, const bool *nulls)
{
	const Numbered *numbered = arg;
	Identifier *value = DatumGetIdentifierPP(values[0]);
	uint32 place =
		verify_names_add(numbered->names, IdentifierPayload(value), IdentifierLength(value));

	set_row(verify_name(numbered->names, place), DatumGetInt64(numbered->ids[key]), values);
	numbered->places[key] = place;
	if ((Pointer) value != DatumGetPointer(values[0]))
		pfree(value);
}

void
verify_names_add_ids(VerifyNames *names, const int64 *ids, int count, uint32 *places)
{
	Datum *keys = palloc_extended(sizeof(Datum) * Max(count, 1), MCXT_ALLOC_HUGE);
	StoreColumn key = {IDENTIFIER_COLUMN_ID, keys};
	Numbered numbered = {names, keys, places};

	for (int i = 0; i < count; i++)
	{
		keys[i] = Int64GetDatum(ids[i]);
		places[i] = VERIFY_NO_NAME;
	}
	if (count > 0)
		store_find(names->identifiers, count, (StoreColumns){1, &key}, lengthof(wanted), wanted,
				   note_numbered, &numbered);
	pfree(keys);
}
