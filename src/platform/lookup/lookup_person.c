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
#include "executor/tuptable.h"
#include "utils/array.h"
#include "utils/datum.h"

#include "platform/catalogue/hash_key.h"
#include "platform/identity/map_hash.h"
#include "platform/lookup/lookup_person.h"
#include "platform/lookup/lookup_query.h"

/* takes the row of the person from those that a query finds */
typedef struct PersonReceiver
{
	DestReceiver receiver;
	LookupQuery query;
	const Identifier *identifier; /* that is looked up; NULL: there is one row */
	LookupPerson *person;
	MemoryContext context; /* of its values */
	bool found;
} PersonReceiver;

/* is_same tells whether a stored identifier is the one that is looked up. */
static bool
is_same(Datum stored, const Identifier *identifier)
{
	Identifier *other = DatumGetIdentifierPP(stored);

	return IdentifierLength(other) == IdentifierLength(identifier) &&
		   memcmp(IdentifierPayload(other), IdentifierPayload(identifier),
				  IdentifierLength(other)) == 0;
}

/* holds tells whether an array has an identifier. */
static bool
holds(Datum held, const Identifier *identifier)
{
	ArrayType *array = DatumGetArrayTypeP(held);
	ArrayIterator iterator = array_create_iterator(array, 0, NULL);
	Datum value;
	bool null;
	bool found = false;

	while (!found && array_iterate(iterator, &value, &null))
		found = !null && is_same(value, identifier);
	array_free_iterator(iterator);
	return found;
}

/* is_of tells whether a row is of the profile of the identifier that is looked up. */
static bool
is_of(const PersonReceiver *self, const TupleTableSlot *slot)
{
	if (self->identifier == NULL)
		return true;
	if (self->query == QUERY_IDENTIFIED)
		return is_same(slot->tts_values[PERSON_IDENTIFIER], self->identifier);
	/* a profile of more than held_max() identifiers has none in its row */
	return !slot->tts_isnull[PERSON_IDENTIFIERS] &&
		   holds(slot->tts_values[PERSON_IDENTIFIERS], self->identifier);
}

/* keep_row copies the values of a row. */
static void
keep_row(PersonReceiver *self, const TupleTableSlot *slot)
{
	LookupPerson *person = self->person;

	for (int i = 0; i < PERSON_COLUMNS; i++)
	{
		const FormData_pg_attribute *column = TupleDescAttr(slot->tts_tupleDescriptor, i);

		person->nulls[i] = slot->tts_isnull[i];
		if (!person->nulls[i])
			person->values[i] = datumCopy(slot->tts_values[i], column->attbyval, column->attlen);
	}
	person->profile_id = DatumGetInt64(person->values[PERSON_PROFILE_ID]);
	person->shared = DatumGetBool(person->values[PERSON_SHARED]);
	person->by_strongest =
		self->query == QUERY_STRONGEST ||
		(self->query == QUERY_IDENTIFIED &&
		 DatumGetInt64(slot->tts_values[PERSON_IDENTIFIER_ID]) == person->profile_id);
}

/* take_row is the receiveSlot of the receiver; it ends the query when the person is found. */
static bool
take_row(TupleTableSlot *slot, DestReceiver *receiver)
{
	PersonReceiver *self = (PersonReceiver *) receiver;
	MemoryContext caller = MemoryContextSwitchTo(self->context);

	slot_getallattrs(slot);
	self->found = is_of(self, slot);
	if (self->found)
		keep_row(self, slot);
	MemoryContextSwitchTo(caller);
	return !self->found;
}

/* start, the rStartup of the receiver, has nothing to do. */
static void
start(DestReceiver *receiver, int operation, TupleDesc row)
{
}

/* end, the rShutdown and the rDestroy of the receiver, has nothing to do. */
static void
end(DestReceiver *receiver)
{
}

/* find runs a query for a hash or a number, and takes the row of the person. */
static bool
find(LookupQuery query, int64 number, const Identifier *identifier, LookupPerson *person)
{
	LookupArguments arguments = {number};
	PersonReceiver self = {{take_row, start, end, end, DestTuplestore},
						   query,
						   identifier,
						   person,
						   CurrentMemoryContext};

	lookup_pass_rows(query, &arguments, &self.receiver);
	return self.found;
}

bool
lookup_find_identifier(const Identifier *identifier, LookupPerson *person)
{
	/* a session asks by identifiers of one kind mostly: so the last one tells which query is tried first */
	static bool by_strongest = true;
	CdpkSipHashKey key = hash_key(HASH_IDENTIFIER);
	int64 hash = map_hash(&key, IdentifierPayload(identifier), IdentifierLength(identifier));

	if (by_strongest && find(QUERY_STRONGEST, hash, identifier, person))
		return true;
	if (!find(QUERY_IDENTIFIED, hash, identifier, person))
		return false;
	by_strongest = person->by_strongest;
	return true;
}

bool
lookup_find_number(int64 number, LookupPerson *person)
{
	return find(QUERY_NUMBERED, number, NULL, person);
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

	if (!person->nulls[PERSON_IDENTIFIER_IDS])
		return person->values[PERSON_IDENTIFIER_IDS];
	if (!person->nulls[PERSON_IDENTIFIERS])
		return make_ids(person->profile_id);
	rows = lookup_rows(QUERY_NUMBERS, &arguments, &count);
	return SPI_getbinval(rows->vals[0], rows->tupdesc, 1, &null);
}
