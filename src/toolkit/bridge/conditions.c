/*
 * conditions.c
 *		Conditions of a row as an argument: VARIADIC boolean[].
 */
#include "postgres.h"

#include "toolkit/bridge/conditions.h"

uint32
cdp_conditions(ArrayType *conditions, const char *argument, int *count)
{
	const bool *value = (const bool *) ARR_DATA_PTR(conditions);
	const bits8 *nulls = ARR_NULLBITMAP(conditions);
	uint32 satisfied = 0;

	*count = ArrayGetNItems(ARR_NDIM(conditions), ARR_DIMS(conditions));
	if (*count < 1 || *count > CDP_CONDITIONS_MAX)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("%s must be from 1 to %d", argument, CDP_CONDITIONS_MAX),
						errdetail("%d were given.", *count)));
	for (int i = 0; i < *count; i++)
	{
		if (nulls != NULL && (nulls[i / 8] >> (i % 8) & 1) == 0)
			continue;
		if (*value++)
			satisfied |= UINT32_C(1) << i;
	}
	return satisfied;
}
