/*
 * attribution_sum.h
 *		What cdp.attribution and the table of reports have in common: models, and the sums of shares.
 */
#ifndef CDP_ATTRIBUTION_SUM_H
#define CDP_ATTRIBUTION_SUM_H

#include "postgres.h"

#include "utils/numeric.h"

#include "core/attribution/attribution.h"

/* the shares of one touchpoint, or of none */
typedef struct AttributionSum
{
	int64 shares;  /* of 10^-9 */
	Numeric value; /* NULL where there are none */
} AttributionSum;

/* Raise the error for what the core could not do. */
extern void attribution_check(CdpkStatus status);

/* Read a model; the set-up has no lookback.  Raises an error for another text. */
extern void attribution_read_model(const text *model, CdpkAttributionSetup *setup);

/* Make the sums of all touchpoints of journeys and, at their end, that of none; all are empty. */
extern AttributionSum *attribution_sums(const CdpkJourneys *journeys);

/* Add every conversion's shares to the sums, by the present model of the journeys. */
extern void attribution_give(CdpkJourneys *journeys, AttributionSum *sums);

/* Convert shares to a numeric. */
extern Numeric attribution_shares(int64 shares);

#endif /* CDP_ATTRIBUTION_SUM_H */
