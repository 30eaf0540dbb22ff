/*
 * lookup_person.h
 *		Finds the row of a person.
 */
#ifndef CDP_LOOKUP_LOOKUP_PERSON_H
#define CDP_LOOKUP_LOOKUP_PERSON_H

#include "executor/spi.h"

#include "toolkit/identifier/identifier.h"

/* its columns, as the queries return them; QUERY_IDENTIFIED returns two more */
enum
{
	PERSON_PROFILE_ID,
	PERSON_SHARED,
	PERSON_FIRST_SEEN,
	PERSON_LAST_SEEN,
	PERSON_EVENTS,
	PERSON_TRAITS,
	PERSON_IDENTIFIERS,
	PERSON_IDENTIFIER_IDS,
	PERSON_COLUMNS,
	/* the identifier that was asked for */
	PERSON_IDENTIFIER = PERSON_COLUMNS,
	PERSON_IDENTIFIER_ID
};

/* A row of cdp_data.profile. */
typedef struct LookupPerson
{
	int64 profile_id;
	bool shared;
	bool by_strongest; /* found by the strongest identifier */
	Datum values[PERSON_COLUMNS];
	bool nulls[PERSON_COLUMNS];
} LookupPerson;

/* Find whether there is a person who has an identifier, or a present or former profile_id. */
extern bool lookup_find_identifier(const Identifier *identifier, LookupPerson *person);
extern bool lookup_find_number(int64 number, LookupPerson *person);

/* Returns the numbers of all identifiers of a person, a bigint[]. */
extern Datum lookup_identifier_ids(const LookupPerson *person);

#endif /* CDP_LOOKUP_LOOKUP_PERSON_H */
