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
		Datum values[2] = {Int64GetDatum((int64) count.namespace_id),
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
read_array(ArrayType *array, Datum **values, int *count)
{
	bool *nulls;

	if (array_contains_nulls(array))
		return false;
	deconstruct_array(array, INT8OID, sizeof(int64), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE, values,
					  &nulls, count);
	return true;
}

/* check_number returns a number that is in its range; raises an error for others. */
static uint32_t
check_number(Datum value, int64 least, int64 greatest)
{
	int64 number = DatumGetInt64(value);

	if (number < least || number > greatest)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg(INT64_FORMAT " is out of range", number),
				 errdetail("It must be " INT64_FORMAT " to " INT64_FORMAT ".", least, greatest)));
	return (uint32_t) number;
}

/* cdp_make_link_counts implements cdp_internal.make_link_counts(bigint[], bigint[]). */
Datum
cdp_make_link_counts(PG_FUNCTION_ARGS)
{
	Datum *ids;
	Datum *numbers;
	int count;
	int number_count;
	CdpkLinkCount *counts;
	bytea *made;
	Size length;

	if (!read_array(PG_GETARG_ARRAYTYPE_P(0), &ids, &count) ||
		!read_array(PG_GETARG_ARRAYTYPE_P(1), &numbers, &number_count))
		PG_RETURN_NULL();
	if (count != number_count)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("%d namespaces cannot have %d numbers", count, number_count)));
	counts = palloc(sizeof(CdpkLinkCount) * Max(count, 1));
	for (int i = 0; i < count; i++)
	{
		counts[i].namespace_id = check_number(ids[i], 1, CDPK_NAMESPACE_ID_MAX);
		counts[i].count = check_number(numbers[i], 0, UINT32_MAX);
	}
	made = palloc(VARHDRSZ + CDPK_LINK_COUNT_SIZE_MAX * Max(count, 1));
	length = cdpk_link_counts_write(counts, (size_t) count, (uint8_t *) VARDATA(made));
	SET_VARSIZE(made, VARHDRSZ + length);
	PG_RETURN_BYTEA_P(made);
}
