/*
 * lookup_person.c
 *		Finds the row of a person.
 *
 * The number of the strongest identifier of a profile is the profile_id, and its row holds the
 * identifiers.  So the map leads from the strongest identifier, a user_id for example, to the row of
 * the profile at once; only for others the row of the identifier is read in between.  (The map does
 * not hold the profile_id: it would make each batch write 8 bytes more for each identifier, and
 * another row for each that moves.)
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/lsyscache.h"

#include "platform/catalogue/hash_key.h"
#include "platform/identity/map_hash.h"
#include "platform/lookup/lookup_person.h"
#include "platform/lookup/lookup_query.h"

Datum
lookup_column(const LookupPerson *person, int column, bool *null)
{
	return SPI_getbinval(person->rows->vals[person->place], person->rows->tupdesc, column, null);
}

/* take_place takes a row as the person. */
static void
take_place(LookupPerson *person, uint64 place)
{
	bool null;

	person->place = place;
	person->profile_id = DatumGetInt64(lookup_column(person, PERSON_PROFILE_ID, &null));
}

/* is_same tells whether a stored identifier is the one that is looked up. */
static bool
is_same(Datum stored, const Identifier *identifier)
{
	Identifier *other = DatumGetIdentifierPP(stored);

	return IdentifierLength(other) == IdentifierLength(identifier) &&
		   memcmp(IdentifierPayload(other), IdentifierPayload(identifier),
				  IdentifierLength(other)) == 0;
}

/* holds tells whether the row of a profile holds an identifier; one of more than held_max() holds none. */
static bool
holds(const LookupPerson *person, const Identifier *identifier)
{
	bool null;
	Datum held = lookup_column(person, PERSON_IDENTIFIERS, &null);
	ArrayType *array;
	Datum *values;
	bool *nulls;
	int16 length;
	bool by_value;
	char align;
	int count;
	bool found = false;

	if (null)
		return false;
	array = DatumGetArrayTypeP(held);
	get_typlenbyvalalign(ARR_ELEMTYPE(array), &length, &by_value, &align);
	deconstruct_array(array, ARR_ELEMTYPE(array), length, by_value, align, &values, &nulls, &count);
	for (int i = 0; i < count && !found; i++)
		found = !nulls[i] && is_same(values[i], identifier);
	pfree(values);
	pfree(nulls);
	return found;
}

/* is_of tells whether a row is of the profile of an identifier. */
static bool
is_of(const LookupPerson *person, LookupQuery query, const Identifier *identifier)
{
	bool null;

	if (query == QUERY_STRONGEST)
		return holds(person, identifier);
	return is_same(lookup_column(person, PERSON_IDENTIFIER, &null), identifier);
}

/* find_hash finds the person by a query for a hash, which more than one identifier can have. */
static bool
find_hash(LookupQuery query, int64 hash, const Identifier *identifier, LookupPerson *person)
{
	LookupArguments arguments = {hash};
	uint64 count;

	person->rows = lookup_rows(query, &arguments, &count);
	for (uint64 i = 0; i < count; i++)
	{
		take_place(person, i);
		if (is_of(person, query, identifier))
			return true;
	}
	SPI_freetuptable(person->rows);
	return false;
}

/* is_strongest tells whether a person was found by the strongest identifier. */
static bool
is_strongest(const LookupPerson *person)
{
	bool null;

	return DatumGetInt64(lookup_column(person, PERSON_IDENTIFIER_ID, &null)) == person->profile_id;
}

bool
lookup_find_identifier(const Identifier *identifier, LookupPerson *person)
{
	/* a session asks by identifiers of one kind mostly: so the last one tells which query is tried first */
	static bool by_strongest = true;
	CdpkSipHashKey key = hash_key(HASH_IDENTIFIER);
	int64 hash = map_hash(&key, IdentifierPayload(identifier), IdentifierLength(identifier));

	if (by_strongest && find_hash(QUERY_STRONGEST, hash, identifier, person))
		return true;
	if (!find_hash(QUERY_IDENTIFIED, hash, identifier, person))
		return false;
	by_strongest = is_strongest(person);
	return true;
}

bool
lookup_find_number(int64 number, LookupPerson *person)
{
	LookupArguments arguments = {number};
	uint64 count;

	person->rows = lookup_rows(QUERY_NUMBERED, &arguments, &count);
	if (count > 0)
		take_place(person, 0);
	return count > 0;
}

/* make_ids makes a bigint[] of one number. */
static Datum
make_ids(int64 number)
{
	Datum value = Int64GetDatum(number);

	return PointerGetDatum(
		construct_array(&value, 1, INT8OID, sizeof(int64), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
}

Datum
lookup_identifier_ids(const LookupPerson *person)
{
	LookupArguments arguments = {person->profile_id};
	SPITupleTable *rows;
	uint64 count;
	bool null;
	Datum ids = lookup_column(person, PERSON_IDENTIFIER_IDS, &null);

	if (!null)
		return ids;
	lookup_column(person, PERSON_IDENTIFIERS, &null);
	if (!null)
		return make_ids(person->profile_id);
	rows = lookup_rows(QUERY_NUMBERS, &arguments, &count);
	return SPI_getbinval(rows->vals[0], rows->tupdesc, 1, &null);
}
