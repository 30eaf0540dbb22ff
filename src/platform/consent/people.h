/*
 * people.h
 *		What people said of purposes, read from the tables, for core/consent/answer.h.
 */
#ifndef CDP_CONSENT_PEOPLE_H
#define CDP_CONSENT_PEOPLE_H

#include "postgres.h"

#include "utils/timestamp.h"

#include "core/base/idmap.h"
#include "core/consent/answer.h"

/* A statement of the ledger, once for each person that it is of. */
typedef struct ConsentStatement
{
	int person;  /* place in the people */
	int purpose; /* place in the purposes */
	int64 consent_id;
	CdpkAnswerKind kind;
	TimestampTz first_time;
	TimestampTz last_time;
	TimestampTz expires_at; /* infinity: never */
	int64 *ids;             /* of all identifiers of its event */
	int id_count;
	int own_count; /* how many of them are of the person */
} ConsentStatement;

typedef struct ConsentPerson
{
	int64 profile_id;
	int64 purposes; /* the stamp as it is */
	TimestampTz until;
	bool shared;
	bool consents;       /* as its row says */
	int region;          /* place in the regions */
	int first_statement; /* its statements, by purpose */
	int statement_count;
	bool is_plain; /* who is who does not matter: nothing can lift anything */
	int first_identifier; /* unless it is plain: its identifiers, and those on events with them, by strength */
	int identifier_count;
	int first_link;
	int link_count;
} ConsentPerson;

/* Where people are, and what holds there of those who have said nothing. */
typedef struct ConsentRegion
{
	char *code;              /* NULL: it is not known */
	CdpkFallback *fallbacks; /* of each purpose */
	int64 purposes;          /* of which that is a yes */
} ConsentRegion;

typedef struct ConsentIdentifier
{
	int64 identifier_id;
	int person; /* whose it is; -1: of none of those that were read */
	int32 priority;
	bool usable;
} ConsentIdentifier;

/* Two identifiers of a person, and since when their link is known. */
typedef struct ConsentLink
{
	int person;
	int64 a;
	int64 b;
	TimestampTz since;
} ConsentLink;

typedef struct ConsentPeople
{
	int purpose_count;
	int16 *purpose_ids; /* ascending */
	bool by_region;     /* a default depends on where people are */
	ConsentRegion *regions;
	int region_count;
	ConsentPerson *people;
	int person_count;
	CdpkIdMap place; /* of people, by profile_id */
	ConsentStatement *statements;
	int statement_count;
	ConsentIdentifier *found; /* by strength */
	int found_count;
	CdpkIdMap rank; /* of these, by identifier_id */
	uint32 *ranks;  /* of the identifiers of each person, by strength */
	ConsentLink *links;
} ConsentPeople;

/*
 * Reads the people of these profile_ids, an array, over an open SPI connection, in whose memory the result is.
 * explained: who is who also of those for whom it does not matter.
 */
extern ConsentPeople *consent_read_people(Datum profile_ids, bool explained);

/* Returns the place of an identifier among those of a person; CDPK_ANSWER_NONE: it is not there. */
extern uint32 consent_place(const ConsentPeople *people, const ConsentPerson *person,
							int64 identifier_id);

/* person_answer.c */

/* All that a person said, as core/consent/answer.h takes it. */
typedef struct ConsentCase
{
	const ConsentPeople *people;
	const ConsentPerson *person;
	CdpkAnswerInput input;           /* but for the statements */
	CdpkAnswerStatement *statements; /* of all purposes */
} ConsentCase;

/* Makes the case of a person, in a memory that ends after it. */
extern ConsentCase consent_make_case(const ConsentPeople *people, const ConsentPerson *person);

/*
 * Finds the answer for a purpose.  *first: where the statements of the purpose begin among those of the person; the
 * answer and the claims (see cdpk_answer(), or NULL) count from there.
 */
extern CdpkAnswer consent_answer(ConsentCase *of, int purpose, TimestampTz at, int *first,
								 CdpkAnswerClaim *claims);

#endif /* CDP_CONSENT_PEOPLE_H */
