/*
 * kept_list.c
 *		The kept memberships of some people: judged in lists.
 *
 * Who is in a list follows from tables of the extension, so it is looked up for a page of people at once, and no owner's
 * code runs.  It does not change as time passes.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "utils/array.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "platform/segment/kept.h"

/* make_ids returns the ids of people as a bigint[]. */
static Datum
make_ids(const Kept *kept, const int *people, int count)
{
	Datum *ids = palloc(Max(count, 1) * sizeof(Datum));

	for (int i = 0; i < count; i++)
		ids[i] = Int64GetDatum(kept->people[people[i]].profile_id);
	return PointerGetDatum(
		construct_array(ids, count, INT8OID, sizeof(int64), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
}

/* find_listed marks, person by person of kept for each of the lists, who is in it. */
static bool *
find_listed(const Kept *kept, Datum ids, const int *places, int count)
{
	Oid types[] = {INT8ARRAYOID, INT4OID};
	Datum values[] = {ids, (Datum) 0};
	bool *listed = palloc_extended(Max((Size) kept->count * count, 1) * sizeof(bool),
								   MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);

	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	for (int i = 0; i < count; i++)
	{
		values[1] = Int32GetDatum(kept->segments->items[places[i]].segment_id);
		if (SPI_execute_with_args(
				"SELECT DISTINCT p.profile_id FROM pg_catalog.unnest($1) AS u (id) "
				"JOIN cdp_data.profile p ON p.profile_id OPERATOR(pg_catalog.=) u.id AND NOT p.shared "
				"JOIN cdp_data.identifier i ON i.profile_id OPERATOR(pg_catalog.=) p.profile_id "
				"JOIN cdp_data.list_identifier l ON l.segment_id OPERATOR(pg_catalog.=) $2 "
				"AND l.hash OPERATOR(pg_catalog.=) cdp_internal.map_hash(i.identifier) "
				"AND l.identifier OPERATOR(cdp.=) i.identifier",
				2, types, values, NULL, true, 0) != SPI_OK_SELECT)
			elog(ERROR, "could not look up a list");
		for (uint64 row = 0; row < SPI_processed; row++)
		{
			bool isnull;
			int64 id = DatumGetInt64(
				SPI_getbinval(SPI_tuptable->vals[row], SPI_tuptable->tupdesc, 1, &isnull));

			listed[(Size) kept_find(kept, id) * count + i] = true;
		}
		SPI_freetuptable(SPI_tuptable);
	}
	SPI_finish();
	return listed;
}

void
kept_judge_lists(Kept *kept, const int *people, int count, TimestampTz at,
				 const TimestampTz *instants, KeptFlip flip, void *arg)
{
	const KeptSegments *segments = kept->segments;
	int *places = palloc(Max(segments->count, 1) * sizeof(int));
	int list_count = 0;
	bool *listed;

	for (int i = 0; i < segments->count; i++)
		if (segments->items[i].is_list && segments->items[i].found && segments->items[i].asked)
			places[list_count++] = i;
	if (list_count > 0 && count > 0)
	{
		listed = find_listed(kept, make_ids(kept, people, count), places, list_count);
		for (int i = 0; i < count; i++)
			for (int j = 0; j < list_count; j++)
			{
				Verdict verdict = {.known = true,
								   .holds = listed[(Size) people[i] * list_count + j],
								   .until = DT_NOEND};

				kept_apply(kept, people[i], places[j], &verdict,
						   instants != NULL ? instants[i] : at, flip, arg);
			}
		pfree(listed);
	}
	pfree(places);
}
