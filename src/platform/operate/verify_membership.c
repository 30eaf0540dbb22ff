/*
 * verify_membership.c
 *		Compares the kept memberships with what conditions say of all people.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "cdp.h"
#include "platform/segment/kept.h"

CDP_FUNCTION(cdp_verify_memberships);

/* put_row adds a row to the result; profile_id 0: the state of the segment; NULL: not in it, or no value. */
static void
put_row(ReturnSetInfo *result, const KeptSegment *segment, int64 profile_id, const char *error,
		const char *found, const char *kept)
{
	Datum values[] = {Int32GetDatum(segment->segment_id), Int64GetDatum(profile_id), (Datum) 0,
					  (Datum) 0, (Datum) 0};
	bool nulls[] = {false, profile_id == 0, error == NULL, found == NULL, kept == NULL};

	if (error != NULL)
		values[2] = CStringGetTextDatum(error);
	if (found != NULL)
		values[3] = CStringGetTextDatum(found);
	if (kept != NULL)
		values[4] = CStringGetTextDatum(kept);
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

/* read_next returns the next people and memberships after a profile, and the time of the last batch. */
static int64 *
read_next(const Subject *subject, int64 after, int64 wanted, int64 *count, TimestampTz *as_of)
{
	Oid types[] = {INT8OID, INT8OID};
	Datum values[] = {Int64GetDatum(after), Int64GetDatum(wanted)};
	MemoryContext caller = CurrentMemoryContext;
	int64 *ids;
	bool isnull;

	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	if (SPI_execute_with_args(
			psprintf("SELECT s.id, t.as_of FROM cdp_data.state t CROSS JOIN ("
					 "(SELECT p.%s AS id FROM cdp_data.%s p WHERE p.%s > $1 ORDER BY 1 LIMIT $2) "
					 "UNION (SELECT m.%s FROM cdp_data.%s m WHERE m.%s > $1 "
					 "ORDER BY 1 LIMIT $2)) s ORDER BY 1 LIMIT $2",
					 subject->key, subject->table, subject->key, subject->key, subject->membership,
					 subject->key),
			2, types, values, NULL, true, 0) != SPI_OK_SELECT)
		elog(ERROR, "could not read people");
	*count = (int64) SPI_processed;
	ids = MemoryContextAllocHuge(caller, Max(*count, 1) * sizeof(int64));
	for (int64 i = 0; i < *count; i++)
	{
		ids[i] =
			DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 1, &isnull));
		*as_of = DatumGetTimestampTz(
			SPI_getbinval(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 2, &isnull));
	}
	SPI_finish();
	return ids;
}

/* value_in returns a value of since and values of a Kept as kept_value() does, also of those who are held out. */
static const char *
value_in(const Kept *kept, const TimestampTz *since, const char **values, int person, int segment)
{
	Size cell = (Size) person * kept->segments->count + segment;

	if (since[cell] == DT_NOBEGIN)
		return NULL;
	return kept->segments->items[segment].segment.is_trait ? values[cell] : "";
}

/* verify_part compares what is kept of some people. */
static void
verify_part(ReturnSetInfo *result, KeptSegments *segments, int64 *ids, int64 count,
			TimestampTz as_of)
{
	Kept *kept = kept_read(segments, ids, count, STORE_READ);
	int *people = palloc(Max(kept->count, 1) * sizeof(int));
	int64 until = 0;

	for (int i = 0; i < kept->count; i++)
		people[i] = i;
	kept_judge(kept, people, kept->count, as_of, false, NULL, NULL);
	for (int i = 0; i < kept->count; i++)
		for (int j = 0; j < segments->count; j++)
		{
			const KeptSegment *segment = &segments->items[j];
			const char *found = value_in(kept, kept->since, kept->values, i, j);
			const char *stored = value_in(kept, kept->stored, kept->stored_values, i, j);

			until = kept_is_unbuilt(segment) ? segment->built_until : PG_INT64_MAX;
			if ((found == NULL ? stored == NULL : stored != NULL && strcmp(found, stored) == 0) ||
				!segment->asked || kept->people[i].profile_id > until)
				continue;
			put_row(result, segment, kept->people[i].profile_id, NULL,
					found != NULL && !segment->segment.is_trait ? "member" : found,
					stored != NULL && !segment->segment.is_trait ? "member" : stored);
		}
}

/* verify_state compares the state of a segment with what judging all found. */
static void
verify_state(ReturnSetInfo *result, KeptSegment *segment)
{
	const Judgement *judgement = &segment->judgement;
	const char *name = NameStr(segment->segment.name);
	bool was_well = segment->state == KEPT_LIVE || segment->state == KEPT_BUILDING;

	/* why a list cannot be read is found when it is read again */
	if (segment->is_list && segment->found)
		return;
	/* who redefines it is not waited for */
	if (segment->found || !definition_exists(name) || !definition_is_readable(name, GetUserId()))
		kept_note_missing(segment);
	if ((segment->asked || judgement->message != NULL) && was_well != (judgement->message == NULL))
		put_row(result, segment, 0,
				judgement->message == NULL
					? NULL
					: psprintf("%s, %s: %s", judgement->too_slow ? "too_slow" : "failing",
							   unpack_sql_state(judgement->sqlstate), judgement->message),
				NULL, NULL);
}

/* cdp_verify_memberships implements cdp_internal.verify_memberships(text, bigint). */
Datum
cdp_verify_memberships(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	SubjectKind subject = subject_of(text_to_cstring(PG_GETARG_TEXT_PP(0)));
	int64 wanted = PG_GETARG_INT64(1);
	int64 after = 0;
	int64 count;
	KeptSegments *segments;
	MemoryContext part;
	MemoryContext caller;

	InitMaterializedSRF(fcinfo, 0);
	segments = kept_read_segments(subject, DEFINITION_NOWAIT);
	if (segments->count == 0)
		return (Datum) 0;
	for (int i = 0; i < segments->count; i++)
		segments->items[i].asked = segments->items[i].found;
	kept_ask_people(segments);
	part = AllocSetContextCreate(CurrentMemoryContext, "cdp verify part", ALLOCSET_DEFAULT_SIZES);
	caller = MemoryContextSwitchTo(part);
	do
	{
		TimestampTz as_of = 0;
		int64 *ids = read_next(&subjects[subject], after, wanted, &count, &as_of);

		if (count > 0)
		{
			after = ids[count - 1];
			verify_part(result, segments, ids, count, as_of);
		}
		MemoryContextReset(part);
	} while (count == wanted);
	MemoryContextSwitchTo(caller);
	for (int i = 0; i < segments->count; i++)
		verify_state(result, &segments->items[i]);
	kept_release_segments(segments);
	return (Datum) 0;
}
