/*
 * renew_traits.c
 *		Traits of one source that were folded long ago: by the trust that it has now, without what has expired.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "datatype/timestamp.h"
#include "fmgr.h"
#include "funcapi.h"
#include "utils/fmgrprotos.h"
#include "utils/timestamp.h"

#include "cdp.h"
#include "platform/profile/renew_traits.h"

/* traits_expire_at tells when what was said at a time expires. */
TimestampTz
traits_expire_at(const TraitsRenewal *renewal, TimestampTz said_at)
{
	if (renewal->expires_after == NULL)
		return DT_NOEND;
	return DatumGetTimestampTz(
		DirectFunctionCall2(timestamptz_pl_interval, TimestampTzGetDatum(said_at),
							IntervalPGetDatum(unconstify(Interval *, renewal->expires_after))));
}

/* get_trait reads a cell. */
static CdpkTrait
get_trait(const CdpkTraitsView *view, uint32_t index)
{
	CdpkTrait trait;

	if (!cdpk_traits_get(view, index, &trait))
		traits_check_merge(CDPK_CORRUPT);
	return trait;
}

/* traits_are_current tells whether traits can stay as they are: none has expired, and the source is trusted as then. */
bool
traits_are_current(const TraitsRenewal *renewal, const CdpkTraitsView *view)
{
	for (uint32_t i = 0; i < view->count; i++)
	{
		CdpkTrait trait = get_trait(view, i);

		if (trait.trust != renewal->trust || traits_expire_at(renewal, trait.at) <= renewal->as_of)
			return false;
	}
	return true;
}

/* traits_renew makes traits anew, with the present trust, of what has not expired; NULL: nothing is left. */
Traits *
traits_renew(const TraitsRenewal *renewal, const CdpkTraitsView *view)
{
	CdpkTraitsState state;
	uint32_t hint;

	traits_begin(&state, view->count, view->size);
	for (uint32_t i = 0; i < view->count; i++)
	{
		CdpkTrait trait = get_trait(view, i);

		if (traits_expire_at(renewal, trait.at) <= renewal->as_of)
			continue;
		trait.trust = (int8_t) renewal->trust;
		hint = 0;
		traits_check_merge(cdpk_traits_put(&state, &trait, &hint));
	}
	return state.view.count == 0 ? NULL : traits_compact(&state.view);
}

/* traits_first_expiry tells when the first of what traits were folded of expires. */
TimestampTz
traits_first_expiry(const TraitsRenewal *renewal, const CdpkTraitsView *view, TimestampTz traits_at)
{
	TimestampTz first = traits_expire_at(renewal, traits_at);

	if (first > renewal->as_of)
		return first;
	/* that has expired; of what is left the time is known */
	first = DT_NOEND;
	for (uint32_t i = 0; i < view->count; i++)
		first = Min(first, traits_expire_at(renewal, get_trait(view, i).at));
	return first;
}

CDP_FUNCTION(cdp_renew_traits);

/* cdp_renew_traits implements cdp_internal.renew_traits. */
Datum
cdp_renew_traits(PG_FUNCTION_ARGS)
{
	TupleDesc descriptor;
	TraitsRenewal renewal;
	Traits *traits;
	CdpkTraitsView view;
	TimestampTz first;
	Datum values[2];
	bool nulls[2] = {true, true};

	if (get_call_result_type(fcinfo, NULL, &descriptor) != TYPEFUNC_COMPOSITE ||
		descriptor->natts != lengthof(values))
		elog(ERROR, "the result of renew_traits has another form");
	descriptor = BlessTupleDesc(descriptor);
	if (!PG_ARGISNULL(0) && !PG_ARGISNULL(1) && !PG_ARGISNULL(2) && !PG_ARGISNULL(4))
	{
		renewal.trust = PG_GETARG_INT32(2);
		renewal.expires_after = PG_ARGISNULL(3) ? NULL : PG_GETARG_INTERVAL_P(3);
		renewal.as_of = PG_GETARG_TIMESTAMPTZ(4);
		view = traits_open(PG_GETARG_TRAITS_PP(0));
		traits = traits_renew(&renewal, &view);
		nulls[0] = traits == NULL;
		if (traits != NULL)
		{
			view = traits_open(traits);
			first = traits_first_expiry(&renewal, &view, PG_GETARG_TIMESTAMPTZ(1));
			values[0] = PointerGetDatum(traits);
			values[1] = TimestampTzGetDatum(first);
			nulls[1] = first == DT_NOEND;
		}
	}
	return HeapTupleGetDatum(heap_form_tuple(descriptor, values, nulls));
}
