/*
 * audience_op.c
 *		Set operations, sizes and membership of cdp.audience.
 */
#include "postgres.h"

#include "access/detoast.h"

#include "cdp.h"
#include "core/audience/audience_combine.h"
#include "toolkit/audience/audience.h"
#include "toolkit/bridge/status.h"

CDP_FUNCTION(cdp_audience_and);
CDP_FUNCTION(cdp_audience_or);
CDP_FUNCTION(cdp_audience_minus);
CDP_FUNCTION(cdp_audience_xor);
CDP_FUNCTION(cdp_size);
CDP_FUNCTION(cdp_is_empty);
CDP_FUNCTION(cdp_intersection_size);
CDP_FUNCTION(cdp_audience_intersects);
CDP_FUNCTION(cdp_audience_contains);
CDP_FUNCTION(cdp_audience_contained);
CDP_FUNCTION(cdp_audience_contains_id);
CDP_FUNCTION(cdp_audience_contained_id);

/* Combine both arguments. */
static Datum
combine(FunctionCallInfo fcinfo, CdpkSetOperation operation)
{
	CdpkAudience a = audience_open(PG_GETARG_AUDIENCE_PP(0));
	CdpkAudience b = audience_open(PG_GETARG_AUDIENCE_PP(1));
	uint8_t *bytes;
	size_t length;
	CdpkStatus status = cdpk_audience_combine(operation, &a, &b, &cdp_palloc_allocator, VARHDRSZ,
											  audience_pause, &bytes, &length);

	return audience_datum(status, bytes, length);
}

Datum
cdp_audience_and(PG_FUNCTION_ARGS)
{
	return combine(fcinfo, CDPK_SET_AND);
}

Datum
cdp_audience_or(PG_FUNCTION_ARGS)
{
	return combine(fcinfo, CDPK_SET_OR);
}

Datum
cdp_audience_minus(PG_FUNCTION_ARGS)
{
	return combine(fcinfo, CDPK_SET_MINUS);
}

Datum
cdp_audience_xor(PG_FUNCTION_ARGS)
{
	return combine(fcinfo, CDPK_SET_XOR);
}

/* Return the size of the first argument, of which only the header is read. */
static uint64
size_of(FunctionCallInfo fcinfo)
{
	Audience *head =
		(Audience *) PG_DETOAST_DATUM_SLICE(PG_GETARG_DATUM(0), 0, CDPK_AUDIENCE_HEADER);
	uint64_t size;

	audience_check(
		cdpk_audience_size((const uint8_t *) VARDATA_ANY(head), VARSIZE_ANY_EXHDR(head), &size));
	return size;
}

Datum
cdp_size(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT64((int64) size_of(fcinfo));
}

Datum
cdp_is_empty(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(size_of(fcinfo) == 0);
}

/* Count the ids that two audiences have in common. */
static uint64
common_of(const CdpkAudience *a, const CdpkAudience *b)
{
	uint64_t common;

	audience_check(cdpk_audience_common(a, b, audience_pause, &common));
	return common;
}

Datum
cdp_intersection_size(PG_FUNCTION_ARGS)
{
	CdpkAudience a = audience_open(PG_GETARG_AUDIENCE_PP(0));
	CdpkAudience b = audience_open(PG_GETARG_AUDIENCE_PP(1));

	PG_RETURN_INT64((int64) common_of(&a, &b));
}

/* Implement the operator &&. */
Datum
cdp_audience_intersects(PG_FUNCTION_ARGS)
{
	CdpkAudience a = audience_open(PG_GETARG_AUDIENCE_PP(0));
	CdpkAudience b = audience_open(PG_GETARG_AUDIENCE_PP(1));

	PG_RETURN_BOOL(common_of(&a, &b) > 0);
}

/* Return whether argument "whole" has all ids of argument "part". */
static bool
contains(FunctionCallInfo fcinfo, int whole, int part)
{
	CdpkAudience a = audience_open(PG_GETARG_AUDIENCE_PP(whole));
	CdpkAudience b = audience_open(PG_GETARG_AUDIENCE_PP(part));

	return b.size <= a.size && common_of(&a, &b) == b.size;
}

Datum
cdp_audience_contains(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(contains(fcinfo, 0, 1));
}

Datum
cdp_audience_contained(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(contains(fcinfo, 1, 0));
}

/* an audience that stands outside of its row, read once for the calls that ask it for an id */
typedef struct Fetched
{
	Audience *audience;
	char pointer[TOAST_POINTER_SIZE]; /* where it was read from */
} Fetched;

/* Return an argument; one that stands outside of its row is fetched again only if it is another. */
static Audience *
fetch(FunctionCallInfo fcinfo, int argument)
{
	char *datum = DatumGetPointer(PG_GETARG_DATUM(argument));
	Fetched *fetched;

	if (!VARATT_IS_EXTERNAL_ONDISK(datum) || fcinfo->flinfo == NULL)
		return PG_GETARG_AUDIENCE_PP(argument);
	fetched = fcinfo->flinfo->fn_extra;
	if (fetched == NULL)
		fetched = fcinfo->flinfo->fn_extra =
			MemoryContextAllocZero(fcinfo->flinfo->fn_mcxt, sizeof(Fetched));
	if (fetched->audience != NULL && memcmp(fetched->pointer, datum, TOAST_POINTER_SIZE) == 0)
		return fetched->audience;
	if (fetched->audience != NULL)
	{
		pfree(fetched->audience);
		fetched->audience = NULL;
	}
	{
		MemoryContext caller = MemoryContextSwitchTo(fcinfo->flinfo->fn_mcxt);

		fetched->audience = PG_GETARG_AUDIENCE_PP(argument);
		MemoryContextSwitchTo(caller);
	}
	memcpy(fetched->pointer, datum, TOAST_POINTER_SIZE);
	return fetched->audience;
}

/* Return whether an audience has an id. */
static bool
contains_id(FunctionCallInfo fcinfo, int whole, int64 id)
{
	CdpkAudience audience = audience_open(fetch(fcinfo, whole));
	bool has;

	audience_check(cdpk_audience_has(&audience, id, &has));
	return has;
}

Datum
cdp_audience_contains_id(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(contains_id(fcinfo, 0, PG_GETARG_INT64(1)));
}

Datum
cdp_audience_contained_id(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(contains_id(fcinfo, 1, PG_GETARG_INT64(0)));
}
