/*
 * traits_gin.c
 *		GIN over cdp.traits: the plain traits are indexed as jsonb_ops would, and
 *		asked in the same way.
 */
#include "postgres.h"

#include "utils/fmgrprotos.h"

#include "cdp.h"
#include "toolkit/traits/traits.h"

CDP_FUNCTION(cdp_traits_gin_extract);
CDP_FUNCTION(cdp_traits_gin_query);
CDP_FUNCTION(cdp_traits_gin_consistent);
CDP_FUNCTION(cdp_traits_gin_triconsistent);

/* Find the entries of a value. */
Datum
cdp_traits_gin_extract(PG_FUNCTION_ARGS)
{
	Datum plain = DirectFunctionCall1(cdp_traits_to_jsonb, PG_GETARG_DATUM(0));

	PG_RETURN_DATUM(DirectFunctionCall2(gin_extract_jsonb, plain, PG_GETARG_DATUM(1)));
}

/* Find the entries of a query: a jsonb, a key, an array of keys. */
Datum
cdp_traits_gin_query(PG_FUNCTION_ARGS)
{
	return gin_extract_jsonb_query(fcinfo);
}

/* Return whether the entries that were found are enough. */
Datum
cdp_traits_gin_consistent(PG_FUNCTION_ARGS)
{
	return gin_consistent_jsonb(fcinfo);
}

/* Like cdp_traits_gin_consistent, where some entries are unknown. */
Datum
cdp_traits_gin_triconsistent(PG_FUNCTION_ARGS)
{
	return gin_triconsistent_jsonb(fcinfo);
}
