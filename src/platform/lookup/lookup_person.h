/*
 * lookup_person.h
 *		Finds the row of a person.
 */
#ifndef CDP_LOOKUP_LOOKUP_PERSON_H
#define CDP_LOOKUP_LOOKUP_PERSON_H

#include "executor/spi.h"

#include "toolkit/identifier/identifier.h"

/* its columns, from 1 on, as the queries return them */
enum
{
	PERSON_PROFILE_ID = 1,
	PERSON_SHARED,
	PERSON_FIRST_SEEN,
	PERSON_LAST_SEEN,
	PERSON_EVENTS,
	PERSON_TRAITS,
	PERSON_IDENTIFIERS,
	PERSON_IDENTIFIER_IDS,
	/* of QUERY_IDENTIFIED: the identifier that was asked for */
	PERSON_IDENTIFIER,
	PERSON_IDENTIFIER_ID
};

/* A row of cdp_data.profile, one of those that a query found. */
typedef struct LookupPerson
{
	SPITupleTable *rows;
	uint64 place;
	int64 profile_id;
} LookupPerson;

/* Return whether there is a person who has an identifier, or a present or former profile_id. */
extern bool lookup_find_identifier(const Identifier *identifier, LookupPerson *person);
extern bool lookup_find_number(int64 number, LookupPerson *person);

/* Returns a column. */
extern Datum lookup_column(const LookupPerson *person, int column, bool *null);

/* Returns the numbers of all identifiers of a person, a bigint[]. */
extern Datum lookup_identifier_ids(const LookupPerson *person);

#endif /* CDP_LOOKUP_LOOKUP_PERSON_H */
