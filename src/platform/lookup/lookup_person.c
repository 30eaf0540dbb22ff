/*
 * lookup_person.c
 *		Finds the row of a person.
 *
 * The number of the strongest identifier of a profile is the profile_id, and its row holds the
 * identifiers.  So who asks by the strongest, a user_id for example, is led from the map to the row of
 * the profile at once; only for others the row of the identifier is read in between.
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
	return SPI_getbinval(person->row->vals[0], person->row->tupdesc, column, null);
}

/* read_profile reads the row of a profile; returns false if there is none. */
static bool
read_profile(int64 profile_id, LookupPerson *person)
{
	LookupArguments arguments = {profile_id};
	uint64 count;

	person->profile_id = profile_id;
	person->row = lookup_rows(QUERY_PROFILE, &arguments, &count);
	if (count > 0)
		return true;
	SPI_freetuptable(person->row);
	return false;
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

/* profile_of returns the profile that the identifier of a number is in, if it is this one or NULL is given; 0: none. */
static int64
profile_of(int64 number, const Identifier *identifier)
{
	LookupArguments arguments = {number};
	uint64 count;
	SPITupleTable *rows = lookup_rows(QUERY_NUMBERED, &arguments, &count);
	int64 profile_id = 0;
	bool null;

	if (count > 0 && (identifier == NULL ||
					  is_same(SPI_getbinval(rows->vals[0], rows->tupdesc, 1, &null), identifier)))
		profile_id = DatumGetInt64(SPI_getbinval(rows->vals[0], rows->tupdesc, 2, &null));
	SPI_freetuptable(rows);
	return profile_id;
}

/* find_candidate finds the person by a number that the map has for the hash of an identifier. */
static bool
find_candidate(int64 number, const Identifier *identifier, LookupPerson *person)
{
	int64 profile_id;

	if (read_profile(number, person))
	{
		if (holds(person, identifier))
			return true;
		SPI_freetuptable(person->row);
	}
	profile_id = profile_of(number, identifier);
	return profile_id != 0 && read_profile(profile_id, person);
}

bool
lookup_find_identifier(const Identifier *identifier, LookupPerson *person)
{
	CdpkSipHashKey key = hash_key(HASH_IDENTIFIER);
	LookupArguments arguments = {
		map_hash(&key, IdentifierPayload(identifier), IdentifierLength(identifier))};
	uint64 count;
	SPITupleTable *mapped = lookup_rows(QUERY_MAPPED, &arguments, &count);
	bool found = false;
	bool null;

	for (uint64 i = 0; i < count && !found; i++)
		found =
			find_candidate(DatumGetInt64(SPI_getbinval(mapped->vals[i], mapped->tupdesc, 1, &null)),
						   identifier, person);
	SPI_freetuptable(mapped);
	return found;
}

bool
lookup_find_number(int64 number, LookupPerson *person)
{
	int64 profile_id;

	if (read_profile(number, person))
		return true;
	profile_id = profile_of(number, NULL);
	return profile_id != 0 && read_profile(profile_id, person);
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
