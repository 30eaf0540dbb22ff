/*
 * retention.c
 *		The aggregate cdp.retention: whether the rows of a group satisfy the first condition, and
 *		with it each of the others.
 *
 * The state is a bigint, which is passed by value: the number of conditions in the upper half, and
 * the set of those that some row satisfied in the lower.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/array.h"

#include "toolkit/sequence/steps_state.h"
#include "cdp.h"
#include "compat.h"

CDP_FUNCTION(cdp_retention_trans);
CDP_FUNCTION(cdp_retention_combine);
CDP_FUNCTION(cdp_retention_final);

/* Add to a state another of the same number of conditions. */
static int64
add_rows(int64 state, int64 other)
{
	if (state >> 32 != other >> 32)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the number of conditions must be the same for all rows of a group")));
	return state | other;
}

/* retention_trans(state, conditions): add a row. */
Datum
cdp_retention_trans(PG_FUNCTION_ARGS)
{
	unsigned count;
	uint32 satisfied = steps_get_steps(fcinfo, 1, CDPK_STEPS_SEQUENCE, &count);
	int64 row;

	row = (int64) count << 32 | satisfied;
	PG_RETURN_INT64(PG_ARGISNULL(0) ? row : add_rows(PG_GETARG_INT64(0), row));
}

/* retention_combine(state, state): the rows of both; strict. */
Datum
cdp_retention_combine(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT64(add_rows(PG_GETARG_INT64(0), PG_GETARG_INT64(1)));
}

/* retention_final(state): for each condition whether it and the first were satisfied; strict. */
Datum
cdp_retention_final(PG_FUNCTION_ARGS)
{
	int64 state = PG_GETARG_INT64(0);
	int64 count = state >> 32;
	Datum satisfied[CDPK_STEPS_MAX];

	if (count < 1 || count > CDPK_STEPS_MAX)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("invalid state of cdp.retention")));
	for (int i = 0; i < count; i++)
		satisfied[i] = BoolGetDatum((state & 1) != 0 && (state >> i & 1) != 0);
	PG_RETURN_ARRAYTYPE_P(
		construct_array(satisfied, (int) count, BOOLOID, sizeof(bool), true, TYPALIGN_CHAR));
}
