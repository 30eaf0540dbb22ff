/*
 * consent_claims.c
 *		cdp_internal.consent_claims: the answers of a person, and why.
 */
#include "postgres.h"

#include "executor/spi.h"
#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/guc.h"

#include "cdp.h"
#include "platform/batch/batch.h"
#include "platform/consent/people.h"
#include "platform/identity/resolve.h"

CDP_FUNCTION(cdp_consent_claims);

/* columns of the result, see consent_of.sql */
enum
{
	COLUMN_PURPOSE_ID,
	COLUMN_ALLOWED,
	COLUMN_REASON,
	COLUMN_UNTIL,
	COLUMN_CONSENT_ID,
	COLUMN_IDENTIFIER_ID,
	COLUMN_SAID_AT,
	COLUMN_DECIDES,
	COLUMN_UNDONE_BY,
	COLUMN_UNDONE_AT,
	COLUMN_COUNT
};

static const char *
reason_name(const CdpkAnswer *answer, CdpkFallback fallback)
{
	switch (answer->reason)
	{
		case CDPK_ANSWER_BY_NO:
			return "no";
		case CDPK_ANSWER_BY_YES:
			return "yes";
		case CDPK_ANSWER_BY_DUTY:
			return "none";
		default:
			return fallback == CDPK_FALLBACK_OPT_IN ? "opt_in" : "opt_out";
	}
}

/* Sets the columns of what became of a claim at one identifier. */
static void
set_claim(const ConsentCase *of, int first, const CdpkAnswer *answer, uint32 identifier,
		  const CdpkAnswerClaim *claim, Datum *values, bool *nulls)
{
	const ConsentPeople *people = of->people;
	const ConsentPerson *person = of->person;
	const ConsentStatement *said = &people->statements[person->first_statement + first];
	const uint32 *ranks = &people->ranks[person->first_identifier];

	for (int i = COLUMN_CONSENT_ID; i < COLUMN_COUNT; i++)
		nulls[i] = false;
	values[COLUMN_CONSENT_ID] = Int64GetDatum(said[claim->statement].consent_id);
	values[COLUMN_IDENTIFIER_ID] = Int64GetDatum(people->found[ranks[identifier]].identifier_id);
	values[COLUMN_SAID_AT] = TimestampTzGetDatum(claim->at);
	values[COLUMN_DECIDES] =
		BoolGetDatum(answer->statement == claim->statement && answer->identifier == identifier);
	nulls[COLUMN_UNDONE_BY] = nulls[COLUMN_UNDONE_AT] = claim->undone_by == CDPK_ANSWER_NONE;
	if (claim->undone_by == CDPK_ANSWER_NONE)
		return;
	values[COLUMN_UNDONE_BY] = Int64GetDatum(said[claim->undone_by].consent_id);
	values[COLUMN_UNDONE_AT] = Int64GetDatum(people->found[ranks[claim->undone_at]].identifier_id);
}

/* Puts a row for each claim of a purpose, or one if there is none. */
static void
put_purpose(ConsentCase *of, int purpose, TimestampTz at, ReturnSetInfo *result)
{
	const ConsentPeople *people = of->people;
	uint32 count = of->input.identifier_count * CDPK_ANSWER_KINDS;
	CdpkAnswerClaim *claims = palloc(Max(count, 1) * sizeof(CdpkAnswerClaim));
	Datum values[COLUMN_COUNT] = {0};
	bool nulls[COLUMN_COUNT] = {false};
	bool none = true;
	CdpkFallback fallback = people->regions[of->person->region].fallbacks[purpose];
	int first;
	CdpkAnswer answer = consent_answer(of, purpose, at, &first, claims);

	values[COLUMN_PURPOSE_ID] = Int16GetDatum(people->purpose_ids[purpose]);
	values[COLUMN_ALLOWED] = BoolGetDatum(answer.yes && !of->person->shared);
	values[COLUMN_REASON] =
		CStringGetTextDatum(of->person->shared ? "shared" : reason_name(&answer, fallback));
	values[COLUMN_UNTIL] = TimestampTzGetDatum(answer.until);
	for (uint32 i = 0; !of->person->is_plain && i < count; i++)
	{
		if (claims[i].statement == CDPK_ANSWER_NONE)
			continue;
		none = false;
		set_claim(of, first, &answer, i / CDPK_ANSWER_KINDS, &claims[i], values, nulls);
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	if (!none)
		return;
	for (int i = COLUMN_CONSENT_ID; i < COLUMN_COUNT; i++)
		nulls[i] = true;
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

/* cdp_consent_claims returns the answers of a person for all purposes at an instant, with what was said. */
Datum
cdp_consent_claims(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	int64 profile_id = PG_GETARG_INT64(0);
	ConsentPeople *people;
	int nest_level;

	InitMaterializedSRF(fcinfo, 0);
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	nest_level = batch_enter_planner();
	people = consent_read_people(resolver_ids(&profile_id, 1), true);
	if (people->person_count > 0)
	{
		ConsentCase of = consent_make_case(people, &people->people[0]);

		for (int i = 0; i < people->purpose_count; i++)
			put_purpose(&of, i, PG_GETARG_TIMESTAMPTZ(1), result);
	}
	AtEOXact_GUC(true, nest_level);
	SPI_finish();
	return (Datum) 0;
}
