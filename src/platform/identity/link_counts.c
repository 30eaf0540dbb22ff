/*
 * link_counts.c
 *		Link counts as rows, and back.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/tuplestore.h"

#include "cdp.h"
#include "compat.h"
#include "core/identifier/link_counts.h"

CDP_FUNCTION(cdp_read_link_counts);
CDP_FUNCTION(cdp_make_link_counts);

/* cdp_read_link_counts implements cdp_internal.read_link_counts(bytea). */
Datum
cdp_read_link_counts(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	bytea *bytes = PG_GETARG_BYTEA_PP(0);
	CdpkReader reader = cdpk_reader(VARDATA_ANY(bytes), VARSIZE_ANY_EXHDR(bytes));
	CdpkLinkCount count = {0, 0};
	bool nulls[2] = {false, false};

	InitMaterializedSRF(fcinfo, 0);
	while (cdpk_link_counts_next(&reader, &count))
	{
		Datum values[2] = {Int32GetDatum((int32) count.namespace_id),
						   Int64GetDatum((int64) count.count)};

		CHECK_FOR_INTERRUPTS();
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	if (reader.failed)
	{
		Datum values[2] = {0, 0};

		nulls[0] = nulls[1] = true;
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	PG_RETURN_VOID();
}

/* read_array takes an array apart; false if one of its elements is null. */
static bool
read_array(ArrayType *array, Oid type, Size length, Datum **values, int *count)
{
	bool *nulls;

	if (array_contains_nulls(array))
		return false;
	deconstruct_array(array, type, (int) length, true,
					  type == INT4OID ? TYPALIGN_INT : TYPALIGN_DOUBLE, values, &nulls, count);
	return true;
}

/* cdp_make_link_counts implements cdp_internal.make_link_counts(integer[], bigint[]). */
Datum
cdp_make_link_counts(PG_FUNCTION_ARGS)
{
	Datum *ids;
	Datum *numbers;
	int count;
	int number_count;
	CdpkLinkCount *counts;
	bytea *made;

	if (!read_array(PG_GETARG_ARRAYTYPE_P(0), INT4OID, sizeof(int32), &ids, &count) ||
		!read_array(PG_GETARG_ARRAYTYPE_P(1), INT8OID, sizeof(int64), &numbers, &number_count))
		PG_RETURN_NULL();
	counts = palloc(sizeof(CdpkLinkCount) * Max(count, 1));
	for (int i = 0; i < count; i++)
	{
		int64 number = i < number_count ? DatumGetInt64(numbers[i]) : -1;

		if (count != number_count || DatumGetInt32(ids[i]) <= 0 || number < 0 ||
			number > UINT32_MAX)
			ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
							errmsg("these are no numbers of identifiers by namespace")));
		counts[i].namespace_id = (uint32_t) DatumGetInt32(ids[i]);
		counts[i].count = (uint32_t) number;
	}
	made = palloc(VARHDRSZ + CDPK_LINK_COUNT_SIZE_MAX * Max(count, 1));
	SET_VARSIZE(
		made, VARHDRSZ + cdpk_link_counts_write(counts, (size_t) count, (uint8_t *) VARDATA(made)));
	PG_RETURN_BYTEA_P(made);
}
