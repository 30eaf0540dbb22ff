/*
 * traits_compare.c
 *		Order and hash of cdp.traits: by the bytes of the compact form.
 */
#include "postgres.h"

#include "common/hashfn.h"

#include "cdp.h"
#include "toolkit/traits/traits.h"

/* Return an argument's compact bytes, which are its own in all but states. */
static CdpkTraitsView
compact_argument(FunctionCallInfo fcinfo, int argument)
{
	CdpkTraitsView view = traits_open(PG_GETARG_TRAITS_PP(argument));

	return cdpk_traits_is_compact(&view) ? view : traits_open(traits_compact(&view));
}

/* Order the two arguments. */
static int
compare_arguments(FunctionCallInfo fcinfo)
{
	CdpkTraitsView left = compact_argument(fcinfo, 0);
	CdpkTraitsView right = compact_argument(fcinfo, 1);
	int order = memcmp(left.bytes, right.bytes, Min(left.size, right.size));

	if (order == 0 && left.size != right.size)
		order = left.size < right.size ? -1 : 1;
	return order;
}

CDP_FUNCTION(cdp_traits_cmp);
CDP_FUNCTION(cdp_traits_eq);
CDP_FUNCTION(cdp_traits_ne);
CDP_FUNCTION(cdp_traits_lt);
CDP_FUNCTION(cdp_traits_le);
CDP_FUNCTION(cdp_traits_gt);
CDP_FUNCTION(cdp_traits_ge);
CDP_FUNCTION(cdp_traits_hash);
CDP_FUNCTION(cdp_traits_hash_extended);

/* Compare two values for a btree. */
Datum
cdp_traits_cmp(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT32(compare_arguments(fcinfo));
}

/* Compare for equal bytes, and so equal keys, values, times and sources. */
Datum
cdp_traits_eq(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(compare_arguments(fcinfo) == 0);
}

Datum
cdp_traits_ne(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(compare_arguments(fcinfo) != 0);
}

Datum
cdp_traits_lt(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(compare_arguments(fcinfo) < 0);
}

Datum
cdp_traits_le(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(compare_arguments(fcinfo) <= 0);
}

Datum
cdp_traits_gt(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(compare_arguments(fcinfo) > 0);
}

Datum
cdp_traits_ge(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(compare_arguments(fcinfo) >= 0);
}

/* Hash the bytes. */
Datum
cdp_traits_hash(PG_FUNCTION_ARGS)
{
	CdpkTraitsView view = compact_argument(fcinfo, 0);

	PG_RETURN_UINT32(hash_bytes(view.bytes, (int) view.size));
}

/* Hash to 64 bits with a seed. */
Datum
cdp_traits_hash_extended(PG_FUNCTION_ARGS)
{
	CdpkTraitsView view = compact_argument(fcinfo, 0);

	PG_RETURN_UINT64(hash_bytes_extended(view.bytes, (int) view.size, (uint64) PG_GETARG_INT64(1)));
}
