/*
 * person_answer.c
 *		The answers of one person.
 */
#include "postgres.h"

#include "platform/consent/people.h"
#include "platform/identity/resolve.h"
#include "toolkit/bridge/status.h"

/* of a person of whom it does not matter who is who */
static const uint32_t the_only_one = 0;
static const CdpkAnswerIdentifier the_only_identifier = {0, true, true};

static void *
make_array(int64 count, Size size)
{
	return MemoryContextAllocHuge(CurrentMemoryContext, Max(count, 1) * size);
}

/* Numbers the identifiers of a statement as they stand among those of the person. */
static void
number_identifiers(const ConsentCase *of, const ConsentStatement *said,
				   CdpkAnswerStatement *statement)
{
	uint32_t *places = make_array(said->id_count, sizeof(uint32_t));

	statement->identifiers = places;
	statement->identifier_count = 0;
	for (int i = 0; i < said->id_count; i++)
	{
		uint32 place = consent_place(of->people, of->person, said->ids[i]);

		if (place != CDPK_ANSWER_NONE)
			places[statement->identifier_count++] = place;
	}
}

static void
make_identifiers(ConsentCase *of)
{
	const ConsentPeople *people = of->people;
	const ConsentPerson *person = of->person;
	CdpkAnswerIdentifier *identifiers =
		make_array(person->identifier_count, sizeof(CdpkAnswerIdentifier));

	for (int i = 0; i < person->identifier_count; i++)
	{
		const ConsentIdentifier *found =
			&people->found[people->ranks[person->first_identifier + i]];

		identifiers[i] = (CdpkAnswerIdentifier){found->priority, found->usable,
												found->person == (int) (person - people->people)};
	}
	of->input.identifiers = identifiers;
	of->input.identifier_count = (uint32_t) person->identifier_count;
}

static void
make_links(ConsentCase *of)
{
	const ConsentPerson *person = of->person;
	CdpkAnswerLink *links = make_array(person->link_count, sizeof(CdpkAnswerLink));

	for (int i = 0; i < person->link_count; i++)
	{
		const ConsentLink *link = &of->people->links[person->first_link + i];

		links[i] = (CdpkAnswerLink){consent_place(of->people, person, link->a),
									consent_place(of->people, person, link->b), link->since};
		if (links[i].a == CDPK_ANSWER_NONE || links[i].b == CDPK_ANSWER_NONE)
			resolver_check(CDPK_CORRUPT);
	}
	of->input.links = links;
	of->input.link_count = (uint32_t) person->link_count;
}

ConsentCase
consent_make_case(const ConsentPeople *people, const ConsentPerson *person)
{
	ConsentCase of = {people, person};

	of.statements = make_array(person->statement_count, sizeof(CdpkAnswerStatement));
	if (person->is_plain)
	{
		of.input.identifiers = &the_only_identifier;
		of.input.identifier_count = 1;
	}
	else
	{
		make_identifiers(&of);
		make_links(&of);
	}
	for (int i = 0; i < person->statement_count; i++)
	{
		const ConsentStatement *said = &people->statements[person->first_statement + i];

		of.statements[i] = (CdpkAnswerStatement){
			said->kind, said->first_time, said->last_time, said->expires_at, &the_only_one, 1};
		if (!person->is_plain)
			number_identifiers(&of, said, &of.statements[i]);
	}
	return of;
}

CdpkAnswer
consent_answer(ConsentCase *of, int purpose, TimestampTz at, int *first, CdpkAnswerClaim *claims)
{
	const ConsentPerson *person = of->person;
	const ConsentStatement *said = &of->people->statements[person->first_statement];
	CdpkAnswer answer;
	int from = 0;
	int until;

	while (from < person->statement_count && said[from].purpose < purpose)
		from++;
	for (until = from; until < person->statement_count && said[until].purpose == purpose;)
		until++;
	of->input.statements = of->statements + from;
	of->input.statement_count = (uint32_t) (until - from);
	of->input.fallback = of->people->regions[person->region].fallbacks[purpose];
	of->input.at = at;
	resolver_check(cdpk_answer(&of->input, &cdp_huge_palloc_allocator, &answer, claims));
	if (first != NULL)
		*first = from;
	return answer;
}
