/*
 * stamp.c
 *		cdp_internal.stamp_people, wrong_stamps: the purposes that people may be used for, in their rows.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/guc.h"
#include "utils/memutils.h"

#include "cdp.h"
#include "platform/batch/batch.h"
#include "platform/consent/people.h"
#include "platform/identity/resolve.h"

CDP_FUNCTION(cdp_stamp_people);
CDP_FUNCTION(cdp_wrong_stamps);

/* Stamps that are not as they are in the rows. */
typedef struct Stamps
{
	int count;
	const ConsentPerson **people;
	int64 *profile_ids;
	int64 *former; /* as they are in the rows */
	int64 *purposes;
	int64 *until;
} Stamps;

/* Finds the stamp of a person at an instant. */
static void
find_stamp(const ConsentPeople *people, const ConsentPerson *person, TimestampTz at,
		   int64 *purposes, TimestampTz *until)
{
	ConsentCase of;

	*until = DT_NOEND;
	*purposes = person->shared ? 0 : people->regions[person->region].purposes;
	if (person->shared || person->statement_count == 0)
		return;
	of = consent_make_case(people, person);
	*purposes = 0;
	for (int i = 0; i < people->purpose_count; i++)
	{
		CdpkAnswer answer = consent_answer(&of, i, at, NULL, NULL);

		if (answer.yes)
			*purposes |= INT64CONST(1) << people->purpose_ids[i];
		*until = Min(*until, answer.until);
	}
}

/* Finds the stamps that are not as they are in the rows. */
static Stamps
find_stamps(const ConsentPeople *people, TimestampTz at)
{
	Size size = Max(people->person_count, 1) * sizeof(int64);
	Stamps stamps = {.people = palloc(size),
					 .profile_ids = palloc(size),
					 .former = palloc(size),
					 .purposes = palloc(size),
					 .until = palloc(size)};
	MemoryContext work =
		AllocSetContextCreate(CurrentMemoryContext, "cdp stamp", ALLOCSET_DEFAULT_SIZES);

	for (int i = 0; i < people->person_count; i++)
	{
		const ConsentPerson *person = &people->people[i];
		MemoryContext caller = MemoryContextSwitchTo(work);
		int64 purposes;
		TimestampTz until;

		CHECK_FOR_INTERRUPTS();
		find_stamp(people, person, at, &purposes, &until);
		MemoryContextSwitchTo(caller);
		MemoryContextReset(work);
		if (purposes == person->purposes && until == person->until &&
			person->consents == (person->statement_count > 0))
			continue;
		stamps.people[stamps.count] = person;
		stamps.profile_ids[stamps.count] = person->profile_id;
		stamps.former[stamps.count] = person->purposes;
		stamps.purposes[stamps.count] = purposes;
		stamps.until[stamps.count++] = until;
	}
	MemoryContextDelete(work);
	return stamps;
}

static Datum
make_times(const TimestampTz *times, int count)
{
	Datum *values = palloc(count * sizeof(Datum));

	for (int i = 0; i < count; i++)
		values[i] = TimestampTzGetDatum(times[i]);
	return PointerGetDatum(construct_array(values, count, TIMESTAMPTZOID, sizeof(TimestampTz),
										   FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
}

static Datum
make_consents(const Stamps *stamps)
{
	Datum *values = palloc(stamps->count * sizeof(Datum));

	for (int i = 0; i < stamps->count; i++)
		values[i] = BoolGetDatum(stamps->people[i]->statement_count > 0);
	return PointerGetDatum(
		construct_array(values, stamps->count, BOOLOID, sizeof(bool), true, TYPALIGN_CHAR));
}

static void
write_stamps(const Stamps *stamps)
{
	Oid types[] = {INT8ARRAYOID, INT8ARRAYOID, TIMESTAMPTZARRAYOID, BOOLARRAYOID};
	Datum values[lengthof(types)];

	if (stamps->count == 0)
		return;
	values[0] = resolver_ids(stamps->profile_ids, (size_t) stamps->count);
	values[1] = resolver_ids(stamps->purposes, (size_t) stamps->count);
	values[2] = make_times(stamps->until, stamps->count);
	values[3] = make_consents(stamps);
	if (SPI_execute_with_args("UPDATE cdp_data.profile p SET purposes = s.purposes,"
							  " purposes_until = s.purposes_until, consents = s.consents"
							  " FROM unnest($1, $2, $3, $4)"
							  " AS s (profile_id, purposes, purposes_until, consents)"
							  " WHERE p.profile_id = s.profile_id",
							  lengthof(types), types, values, NULL, false, 0) != SPI_OK_UPDATE ||
		SPI_processed != (uint64) stamps->count)
		elog(ERROR, "the stamps could not be written");
}

/* Tells the feed whose stamps change, if roles are bound to these purposes. */
static void
record_stamps(const Stamps *stamps)
{
	Oid types[] = {INT8ARRAYOID, INT8ARRAYOID, INT8ARRAYOID};
	Datum values[3];

	if (stamps->count == 0)
		return;
	values[0] = resolver_ids(stamps->profile_ids, (size_t) stamps->count);
	values[1] = resolver_ids(stamps->former, (size_t) stamps->count);
	values[2] = resolver_ids(stamps->purposes, (size_t) stamps->count);
	if (SPI_execute_with_args("SELECT cdp_internal.record_purposes($1, $2, $3)", 3, types, values,
							  NULL, false, 0) != SPI_OK_SELECT)
		elog(ERROR, "the changes of stamps could not be recorded");
}

/* cdp_stamp_people stamps people as of an instant, and returns the profile_ids of those whose stamps change. */
Datum
cdp_stamp_people(PG_FUNCTION_ARGS)
{
	MemoryContext caller = CurrentMemoryContext;
	ArrayType *profile_ids = PG_GETARG_ARRAYTYPE_P(0);
	ConsentPeople *people;
	Stamps stamps;
	int nest_level;
	Datum result;

	/* as most batches have it */
	if (ARR_NDIM(profile_ids) == 0)
		PG_RETURN_ARRAYTYPE_P(profile_ids);
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	nest_level = batch_enter_planner();
	people = consent_read_people(PointerGetDatum(profile_ids), false);
	stamps = find_stamps(people, PG_GETARG_TIMESTAMPTZ(1));
	write_stamps(&stamps);
	record_stamps(&stamps);
	AtEOXact_GUC(true, nest_level);
	MemoryContextSwitchTo(caller);
	result = resolver_ids(stamps.profile_ids, (size_t) stamps.count);
	SPI_finish();
	PG_RETURN_DATUM(result);
}

/* cdp_wrong_stamps returns the people whose stamps are not what they should be at an instant. */
Datum
cdp_wrong_stamps(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	ConsentPeople *people;
	Stamps stamps;
	int nest_level;

	InitMaterializedSRF(fcinfo, 0);
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	nest_level = batch_enter_planner();
	people = consent_read_people(PG_GETARG_DATUM(0), false);
	stamps = find_stamps(people, PG_GETARG_TIMESTAMPTZ(1));
	for (int i = 0; i < stamps.count; i++)
	{
		Datum values[] = {Int64GetDatum(stamps.profile_ids[i]),
						  Int64GetDatum(stamps.purposes[i]),
						  TimestampTzGetDatum(stamps.until[i]),
						  Int64GetDatum(stamps.people[i]->purposes),
						  TimestampTzGetDatum(stamps.people[i]->until),
						  BoolGetDatum(stamps.people[i]->statement_count > 0)};
		bool nulls[lengthof(values)] = {false};

		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	AtEOXact_GUC(true, nest_level);
	SPI_finish();
	return (Datum) 0;
}
