/*
 * pass_look_up.c
 *		What the tables know of the identifiers of the batch, by the map.
 */
#include "postgres.h"

#include "platform/progress/progress.h"
#include "platform/refresh/pass.h"

/* Numbers that identifiers may have, for their hashes are equal. */
typedef struct Candidates
{
	const uint32_t *asked; /* places of the names that are looked up */
	uint32_t *places;      /* the name of each candidate */
	int64 *ids;
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
		candidates->places =
			repalloc_huge(candidates->places, sizeof(uint32_t) * candidates->capacity);
		candidates->ids = repalloc_huge(candidates->ids, sizeof(int64) * candidates->capacity);
	}
	candidates->places[candidates->count] = candidates->asked[key];
	candidates->ids[candidates->count++] = DatumGetInt64(values[0]);
}

/* keep_hashes makes room for the hashes of so many names. */
static void
keep_hashes(Pass *pass, int64 count)
{
	Size size = Max(count, 1) * sizeof(int64);

	pass->map_hashes = pass->map_hashes == NULL ? MemoryContextAllocHuge(pass->context, size)
												: repalloc_huge(pass->map_hashes, size);
}

/*
 * find_candidates looks up names in the map: those from "first" on that are not blocked, and have no number yet
 * (numbers; NULL: none has one).
 */
static void
find_candidates(Pass *pass, size_t first, const int64 *numbers, Candidates *candidates)
{
	static const int wanted[] = {MAP_IDENTIFIER_ID};
	size_t count;
	const CdpkBatchBytes *names = cdpk_batch_names(pass->batch, &count);
	uint32_t *asked = pass_array((int64) (count - first), sizeof(uint32_t));
	PassColumns key = {0};
	Datum *hashes;

	keep_hashes(pass, (int64) count);
	for (size_t i = first; i < count; i++)
		if (!cdpk_batch_identifier(pass->batch, (uint32_t) i)->blocked &&
			(numbers == NULL || numbers[i] == 0))
			asked[key.rows++] = (uint32_t) i;
	hashes = pass_column(&key, MAP_HASH);
	for (int i = 0; i < key.rows; i++)
	{
		const CdpkBatchBytes *name = &names[asked[i]];
		int64 hash = map_hash(&pass->map_key, name->bytes, name->length);

		pass->map_hashes[asked[i]] = hash;
		hashes[i] = Int64GetDatum(hash);
	}
	candidates->asked = asked;
	candidates->capacity = Max(key.rows, 1);
	candidates->places = pass_array(candidates->capacity, sizeof(uint32_t));
	candidates->ids = pass_array(candidates->capacity, sizeof(int64));
	if (key.rows > 0)
		store_find(pass_table(pass, TABLE_IDENTIFIER_MAP), key.rows, pass_columns(&key), 1, wanted,
				   note_candidate, candidates);
	pfree(hashes);
	pfree(asked);
}

/* What takes the rows of candidates. */
typedef struct Lookup
{
	Pass *pass;
	const Candidates *candidates;
	const CdpkBatchBytes *names;
	CdpkBatchKnown *known;
	int known_count;
	int row_count;
	bool *has_row; /* of each candidate */
} Lookup;

/* is_name tells whether an identifier is that name. */
static bool
is_name(Datum identifier, const CdpkBatchBytes *name)
{
	Identifier *value = DatumGetIdentifierPP(identifier);
	bool equal = IdentifierLength(value) == name->length &&
				 memcmp(IdentifierPayload(value), name->bytes, name->length) == 0;

	if ((Pointer) value != DatumGetPointer(identifier))
		pfree(value);
	return equal;
}

/* note_known is the StoreRowFunction that takes the row of an identifier, if it is the one looked up. */
static void
note_known(void *arg, int key, const Datum *values, const bool *nulls)
{
	Lookup *lookup = arg;
	uint32_t place = lookup->candidates->places[key];
	CdpkBatchKnown *known;

	progress_step(lookup->row_count++);
	lookup->has_row[key] = true;
	if (!is_name(values[3], &lookup->names[place]))
		return;
	known = &lookup->known[lookup->known_count++];
	memset(known, 0, sizeof(*known));
	known->place = place;
	known->identifier_id = lookup->candidates->ids[key];
	known->profile_id = DatumGetInt64(values[0]);
	known->shared = DatumGetBool(values[1]);
	known->counts = pass_read_link_counts(lookup->pass, values[2], &known->count_length);
	known->was_blocked = DatumGetBool(values[4]);
	known->class_id = DatumGetInt64(values[5]);
}

/* ---------------------------------------------------------------- look-up of a graph that is built anew */

/*
 * What gives the names that have no rows in the graph built anew the numbers that they have: those of
 * their rows in the graph in use or, where a row is lost, the number that only the map still knows.
 */
typedef struct Claims
{
	Pass *pass;
	const Candidates *candidates;
	const CdpkBatchBytes *names;
	const int *asked; /* the candidates that are looked up */
	bool *has_row;    /* of each candidate */
	CdpkIdMap named;  /* places that have a number */
	CdpkBatchKnown *claimed;
	int count;
} Claims;

/* claim gives a name a number, unless one of them is given already. */
static void
claim(Claims *claims, int candidate)
{
	uint32_t place = claims->candidates->places[candidate];
	int64 id = claims->candidates->ids[candidate];
	CdpkIdMap *claimed = &claims->pass->claimed;

	if (cdpk_idmap_get(&claims->named, place) != CDPK_IDMAP_NONE ||
		cdpk_idmap_get(claimed, (uint64_t) id) != CDPK_IDMAP_NONE)
		return;
	pass_check(cdpk_idmap_put(&claims->named, place, 0));
	pass_check(cdpk_idmap_put(claimed, (uint64_t) id, 0));
	memset(&claims->claimed[claims->count], 0, sizeof(CdpkBatchKnown));
	claims->claimed[claims->count].place = place;
	claims->claimed[claims->count++].identifier_id = id;
}

/* note_numbered is the StoreRowFunction that takes the row of an identifier in the graph in use. */
static void
note_numbered(void *arg, int key, const Datum *values, const bool *nulls)
{
	Claims *claims = arg;
	int candidate = claims->asked[key];

	claims->has_row[candidate] = true;
	if (is_name(values[0], &claims->names[claims->candidates->places[candidate]]))
		claim(claims, candidate);
}

/* claim_numbers adds the numbers of names that the graph built anew does not know. */
static void
claim_numbers(Pass *pass, Lookup *lookup)
{
	static const int wanted[] = {IDENTIFIER_VALUE};
	const Candidates *candidates = lookup->candidates;
	int64 *ids = pass_array(candidates->count, sizeof(int64));
	int *asked = pass_array(candidates->count, sizeof(int));
	Claims claims = {pass, candidates, lookup->names, asked, lookup->has_row};
	int count = 0;

	cdpk_idmap_init(&claims.named, &pass->allocator);
	claims.claimed = pass_array(candidates->count, sizeof(CdpkBatchKnown));
	for (int i = 0; i < lookup->known_count; i++)
		pass_check(cdpk_idmap_put(&claims.named, lookup->known[i].place, 0));
	for (int i = 0; i < candidates->count; i++)
		if (!lookup->has_row[i])
		{
			ids[count] = candidates->ids[i];
			asked[count++] = i;
		}
	pass_find_ids(pass, TABLE_NUMBERED_IDENTIFIER, IDENTIFIER_ID, ids, count, lengthof(wanted),
				  wanted, note_numbered, &claims);
	for (int i = 0; i < count; i++)
		if (!lookup->has_row[asked[i]])
			claim(&claims, asked[i]);
	pass_check(cdpk_batch_add_known(pass->batch, claims.claimed, (size_t) claims.count));
	cdpk_idmap_free(&claims.named);
	pfree(ids);
	pfree(asked);
	pfree(claims.claimed);
}

/* mark_blocked marks the names from "first" on that a rule blocks. */
static void
mark_blocked(Pass *pass, size_t first)
{
	size_t count;
	const CdpkBatchBytes *names = cdpk_batch_names(pass->batch, &count);
	MemoryContext caller;

	if (pass->blocked == NULL)
		return;
	caller = MemoryContextSwitchTo(pass->scratch);
	for (size_t i = first; i < count; i++)
	{
		CHECK_FOR_INTERRUPTS();
		if (blocked_rules_match(pass->blocked, names[i].bytes, names[i].length))
			pass_check(cdpk_batch_mark(pass->batch, (uint32_t) i, CDPK_BATCH_BLOCKED));
		MemoryContextReset(pass->scratch);
	}
	MemoryContextSwitchTo(caller);
}

/* pass_look_up_names tells which names from "first" on are blocked, and what the tables know of the others. */
void
pass_look_up_names(Pass *pass, size_t first)
{
	static const int wanted[] = {IDENTIFIER_PROFILE_ID, IDENTIFIER_SHARED,  IDENTIFIER_LINK_COUNTS,
								 IDENTIFIER_VALUE,      IDENTIFIER_BLOCKED, IDENTIFIER_CLASS_ID};
	Candidates candidates = {0};
	Lookup lookup = {pass, &candidates};
	size_t count;

	mark_blocked(pass, first);
	find_candidates(pass, first, NULL, &candidates);
	lookup.names = cdpk_batch_names(pass->batch, &count);
	lookup.known = pass_array(candidates.count, sizeof(CdpkBatchKnown));
	lookup.has_row = palloc_extended(Max(candidates.count, 1), MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	pass_find_ids(pass, TABLE_IDENTIFIER, IDENTIFIER_ID, candidates.ids, candidates.count,
				  lengthof(wanted), wanted, note_known, &lookup);
	if (lookup.row_count != candidates.count && !pass->anew)
		pass_check(CDPK_CORRUPT);
	pass_check(cdpk_batch_add_known(pass->batch, lookup.known, (size_t) lookup.known_count));
	if (pass->anew)
		claim_numbers(pass, &lookup);
	pfree(candidates.places);
	pfree(candidates.ids);
	pfree(lookup.known);
	pfree(lookup.has_row);
}

/* ---------------------------------------------------------------- numbers alone */

/* What takes the rows of candidates, if only the numbers are asked for. */
typedef struct Numbering
{
	const Candidates *candidates;
	const CdpkBatchBytes *names;
	int64 *numbers;
	int row_count;
} Numbering;

/* note_number is its StoreRowFunction. */
static void
note_number(void *arg, int key, const Datum *values, const bool *nulls)
{
	Numbering *numbering = arg;
	uint32_t place = numbering->candidates->places[key];

	numbering->row_count++;
	if (is_name(values[0], &numbering->names[place]))
		numbering->numbers[place] = numbering->candidates->ids[key];
}

/* pass_find_numbers finds the numbers of the names that have none yet, by place; of one that is not known it stays 0. */
void
pass_find_numbers(Pass *pass, int64 *numbers)
{
	static const int wanted[] = {IDENTIFIER_VALUE};
	Candidates candidates = {0};
	size_t count;
	Numbering numbering = {&candidates, cdpk_batch_names(pass->batch, &count), numbers};

	find_candidates(pass, 0, numbers, &candidates);
	pass_find_ids(pass, TABLE_IDENTIFIER, IDENTIFIER_ID, candidates.ids, candidates.count,
				  lengthof(wanted), wanted, note_number, &numbering);
	if (numbering.row_count != candidates.count)
		pass_check(CDPK_CORRUPT);
	pfree(candidates.places);
	pfree(candidates.ids);
}
