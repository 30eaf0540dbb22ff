/*
 * audience_overlaps.c
 *		What each two of many audiences have in common.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "funcapi.h"
#include "utils/array.h"
#include "utils/tuplestore.h"

#include "cdp.h"
#include "toolkit/audience/audience.h"
#include "toolkit/bridge/status.h"

CDP_FUNCTION(cdp_audience_overlaps);

#define COLUMNS 7
/* audiences at most: 32 MB of counts, and 2 million rows */
#define AUDIENCES_MAX 2000

/* Return the elements of an argument, of which none may be NULL. */
static Datum *
get_elements(FunctionCallInfo fcinfo, int argument, const char *name, int *count)
{
	ArrayType *array = PG_GETARG_ARRAYTYPE_P(argument);
	Datum *elements;
	bool *nulls;

	if (ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array)) > AUDIENCES_MAX)
		ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED), errmsg("too many audiences"),
						errdetail("Overlaps are of at most %d audiences.", AUDIENCES_MAX)));
	deconstruct_array(array, ARR_ELEMTYPE(array), -1, false, TYPALIGN_INT, &elements, &nulls,
					  count);
	for (int i = 0; i < *count; i++)
		if (nulls[i])
			ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
							errmsg("%s must not contain NULL", name),
							errdetail("Element %d is NULL.", i + 1)));
	return elements;
}

/* Put the row of two audiences. */
static void
put_row(ReturnSetInfo *result, Datum name, Datum other_name, const CdpkAudience *a,
		const CdpkAudience *b, uint64 common)
{
	uint64 either = a->size + b->size - common;
	Datum values[COLUMNS];
	bool nulls[COLUMNS] = {false};

	values[0] = name;
	values[1] = other_name;
	values[2] = Int64GetDatum((int64) a->size);
	values[3] = Int64GetDatum((int64) b->size);
	values[4] = Int64GetDatum((int64) common);
	values[5] = Int64GetDatum((int64) either);
	nulls[6] = either == 0;
	values[6] = nulls[6] ? (Datum) 0 : Float8GetDatum((double) common / (double) either);
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

/* audience_overlaps(names, audiences): a row for each two. */
Datum
cdp_audience_overlaps(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	int number;
	int count;
	Datum *names = get_elements(fcinfo, 0, "names", &count);
	Datum *elements = get_elements(fcinfo, 1, "audiences", &number);
	CdpkAudience *audiences;
	uint64_t *common;

	if (count != number)
		ereport(ERROR, (errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
						errmsg("names and audiences must be equally many"),
						errdetail("There are %d names and %d audiences.", count, number)));
	InitMaterializedSRF(fcinfo, 0);
	audiences = palloc(sizeof(CdpkAudience) * ((Size) number + 1));
	common = palloc(sizeof(uint64_t) * ((Size) number * number + 1));
	for (int i = 0; i < number; i++)
		audiences[i] = audience_open((Audience *) PG_DETOAST_DATUM_PACKED(elements[i]));
	audience_check(cdpk_audience_overlaps(audiences, (uint32_t) number, &cdp_palloc_allocator,
										  audience_pause, common));
	for (int i = 0; i < number; i++)
	{
		audience_pause();
		for (int j = i + 1; j < number; j++)
			put_row(result, names[i], names[j], &audiences[i], &audiences[j],
					common[(Size) i * number + j]);
	}
	return (Datum) 0;
}
