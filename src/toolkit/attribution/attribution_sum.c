/*
 * attribution_sum.c
 *		Models of attribution, and the sums of the shares that they give.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "compat.h"
#include "toolkit/attribution/attribution_sum.h"
#include "toolkit/bridge/status.h"

void
attribution_check(CdpkStatus status)
{
	if (status == CDPK_TOO_LONG)
		ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
						errmsg("too many rows in a group for an attribution"),
						errdetail("The rows of a group take at most 512 MB.")));
	if (status != CDPK_OK)
		cdp_report_bytes(status, "cdp_internal.attribution_state");
}

void
attribution_read_model(const text *model, CdpkAttributionSetup *setup)
{
	CdpkStatus status = cdpk_attribution_model(VARDATA_ANY(model), VARSIZE_ANY_EXHDR(model), setup);

	if (status != CDPK_OK)
		ereport(
			ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("invalid model \"%s\"", text_to_cstring(model)),
			 status == CDPK_OUT_OF_RANGE
				 ? errdetail("A half-life is at least a second and at most 36500 days; the two "
							 "percentages add up to 1 to 100.")
				 : 0,
			 errhint("Models are first, last, last_non_direct, linear, time_decay(7 days) with a "
					 "half-life in seconds, minutes, hours or days, position_based(40, 40) "
					 "with the percentages of the first and the last touch, and shapley; in "
					 "cdp.attribution_table also markov.")));
}

AttributionSum *
attribution_sums(const CdpkJourneys *journeys)
{
	return MemoryContextAllocExtended(CurrentMemoryContext,
									  ((Size) journeys->name_count + 1) * sizeof(AttributionSum),
									  MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
}

Numeric
attribution_shares(int64 shares)
{
	return int64_div_fast_to_numeric(shares, CDPK_SHARE_DIGITS);
}

/* Add a share of a conversion's value to a sum, which lives in "context". */
static void
give(AttributionSum *sum, int64 share, Numeric value, MemoryContext context)
{
	Datum part = DirectFunctionCall2(numeric_mul, NumericGetDatum(attribution_shares(share)),
									 NumericGetDatum(value));
	MemoryContext former;

	sum->shares += share;
	if (sum->value != NULL)
		part = DirectFunctionCall2(numeric_add, NumericGetDatum(sum->value), part);
	former = MemoryContextSwitchTo(context);
	if (sum->value != NULL)
		pfree(sum->value);
	sum->value = DatumGetNumericCopy(part);
	MemoryContextSwitchTo(former);
}

void
attribution_give(CdpkJourneys *journeys, AttributionSum *sums)
{
	MemoryContext context = CurrentMemoryContext;
	MemoryContext each = AllocSetContextCreate(context, "conversion", ALLOCSET_DEFAULT_SIZES);

	for (size_t i = 0; i < journeys->conversion_count; i++)
	{
		const CdpkConversion *conversion = &journeys->conversions[i];
		Numeric value;
		uint32_t count;

		CHECK_FOR_INTERRUPTS();
		MemoryContextReset(each);
		MemoryContextSwitchTo(each);
		value = DatumGetNumeric(DirectFunctionCall3(
			numeric_in, CStringGetDatum(pnstrdup(conversion->value, conversion->length)),
			ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1)));
		count = cdpk_journeys_credit(journeys, conversion);
		for (uint32_t j = 0; j < count; j++)
			give(&sums[journeys->credits[j].name], journeys->credits[j].share, value, context);
		if (count == 0)
			give(&sums[journeys->name_count], CDPK_SHARE_ONE, value, context);
	}
	MemoryContextSwitchTo(context);
	MemoryContextDelete(each);
}
