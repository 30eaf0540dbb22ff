/*
 * raw_size.c
 *		How large values are, without reading them.
 */
#include "postgres.h"

#include "access/detoast.h"
#include "utils/lsyscache.h"

#include "cdp.h"
#include "toolkit/bridge/raw_size.h"

CDP_FUNCTION(cdp_raw_size);

int64
raw_size(Datum value, int16 length)
{
	if (length == -1)
		return (int64) toast_raw_datum_size(value) - VARHDRSZ;
	return length == -2 ? (int64) strlen(DatumGetCString(value)) : length;
}

/* Sum the uncompressed sizes of its arguments. */
Datum
cdp_raw_size(PG_FUNCTION_ARGS)
{
	int16 *lengths = fcinfo->flinfo->fn_extra;
	int64 size = 0;

	if (get_fn_expr_variadic(fcinfo->flinfo))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("cdp_internal.raw_size takes its values one by one")));
	if (lengths == NULL)
	{
		lengths = MemoryContextAlloc(fcinfo->flinfo->fn_mcxt, sizeof(int16) * PG_NARGS());
		for (int i = 0; i < PG_NARGS(); i++)
			lengths[i] = get_typlen(get_fn_expr_argtype(fcinfo->flinfo, i));
		fcinfo->flinfo->fn_extra = lengths;
	}
	for (int i = 0; i < PG_NARGS(); i++)
		if (!PG_ARGISNULL(i))
			size += raw_size(PG_GETARG_DATUM(i), lengths[i]);
	PG_RETURN_INT64(size);
}
