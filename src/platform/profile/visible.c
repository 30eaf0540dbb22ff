/*
 * visible.c
 *		Which people the current role may see.
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "funcapi.h"
#include "nodes/makefuncs.h"
#include "utils/array.h"
#include "utils/memutils.h"

#include "cdp.h"
#include "platform/catalogue/sees_all.h"
#include "platform/profile/visible.h"

/* people that are asked for at once */
#define VISIBLE_FETCH 10000

bool
visible_all(Oid role)
{
	return sees_all(
		RangeVarGetRelid(makeRangeVar("cdp_data", "profile", -1), AccessShareLock, false), role);
}

/* id_at returns the number in a row of the last result. */
static int64
id_at(uint64 row)
{
	bool isnull;

	return DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[row], SPI_tuptable->tupdesc, 1, &isnull));
}

/* compare_ids orders numbers. */
static int
compare_ids(const void *a, const void *b)
{
	int64 x = *(const int64 *) a;
	int64 y = *(const int64 *) b;

	return x < y ? -1 : x > y;
}

/* keep_some keeps whom the current role sees of so many as one query takes; returns how many. */
static int64
keep_some(int64 *ids, int64 count)
{
	Oid type = INT8ARRAYOID;
	Datum *values = palloc(count * sizeof(Datum));
	Datum array;
	int64 kept;

	for (int64 i = 0; i < count; i++)
		values[i] = Int64GetDatum(ids[i]);
	array = PointerGetDatum(construct_array(values, (int) count, INT8OID, sizeof(int64),
											FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
	/* planned anew, as a plan is of the policies of one role */
	if (SPI_execute_with_args("SELECT p.profile_id FROM cdp_data.profile p "
							  "WHERE p.profile_id OPERATOR(pg_catalog.=) ANY ($1)",
							  1, &type, &array, NULL, true, 0) != SPI_OK_SELECT)
		elog(ERROR, "could not look for people");
	kept = (int64) SPI_processed;
	for (int64 i = 0; i < kept; i++)
		ids[i] = id_at(i);
	SPI_freetuptable(SPI_tuptable);
	pfree(DatumGetPointer(array));
	pfree(values);
	return kept;
}

int64
visible_keep(int64 *ids, int64 count)
{
	int64 kept = 0;

	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	qsort(ids, count, sizeof(int64), compare_ids);
	for (int64 done = 0; done < count; done += VISIBLE_FETCH)
	{
		int64 some = keep_some(ids + done, Min(VISIBLE_FETCH, count - done));

		memmove(ids + kept, ids + done, some * sizeof(int64));
		kept += some;
	}
	qsort(ids, kept, sizeof(int64), compare_ids);
	SPI_finish();
	return kept;
}

bool
visible_has(const int64 *ids, int64 count, int64 profile_id)
{
	return count > 0 && bsearch(&profile_id, ids, count, sizeof(int64), compare_ids) != NULL;
}

int64 *
visible_list(int64 *count)
{
	MemoryContext caller = CurrentMemoryContext;
	int64 room = VISIBLE_FETCH;
	int64 *ids = palloc(room * sizeof(int64));
	Portal cursor;

	*count = 0;
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	cursor = SPI_cursor_open_with_args(
		NULL, "SELECT p.profile_id FROM cdp_data.profile p ORDER BY p.profile_id", 0, NULL, NULL,
		NULL, true, 0);
	do
	{
		SPI_cursor_fetch(cursor, true, VISIBLE_FETCH);
		if (*count + (int64) SPI_processed > room)
		{
			MemoryContext spi = MemoryContextSwitchTo(caller);

			room *= 2;
			ids = repalloc_huge(ids, room * sizeof(int64));
			MemoryContextSwitchTo(spi);
		}
		for (uint64 i = 0; i < SPI_processed; i++)
			ids[(*count)++] = id_at(i);
		SPI_freetuptable(SPI_tuptable);
	} while (SPI_processed > 0);
	SPI_cursor_close(cursor);
	SPI_finish();
	return ids;
}

/* cdp_visible_people returns all people whom the current role sees. */
CDP_FUNCTION(cdp_visible_people);
Datum
cdp_visible_people(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	bool isnull = false;
	int64 *ids;
	int64 count;

	InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);
	ids = visible_list(&count);
	for (int64 i = 0; i < count; i++)
	{
		Datum value = Int64GetDatum(ids[i]);

		tuplestore_putvalues(result->setResult, result->setDesc, &value, &isnull);
	}
	pfree(ids);
	return (Datum) 0;
}
