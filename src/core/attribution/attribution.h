/*
 * attribution.h
 *		Which share of a conversion each touchpoint before it is given.
 */
#ifndef CDPK_ATTRIBUTION_H
#define CDPK_ATTRIBUTION_H

#include "core/attribution/attribution_state.h"
#include "core/base/sort.h"

#define CDPK_SHARE_DIGITS 9 /* shares are whole numbers of 10^-9 */
#define CDPK_SHARE_ONE INT64_C(1000000000)

typedef struct CdpkTouchpoint
{
	const char *name;
	size_t length;
	bool direct; /* "direct" or "(direct)", in any case */
} CdpkTouchpoint;

typedef struct CdpkConversion
{
	int64_t at;
	const char *value; /* a number as text */
	size_t length;
} CdpkConversion;

/* The share of a touchpoint, by its place among the names. */
typedef struct CdpkCredit
{
	uint32_t name;
	int64_t share;
	double rest; /* what rounding cut off */
} CdpkCredit;

/* All touches and conversions of a state; names and values point into its bytes. */
typedef struct CdpkJourneys
{
	CdpkAttributionSetup setup;
	CdpkTouchpoint *names; /* the different ones, in the order of their bytes */
	uint32_t name_count;
	CdpkTimed *touches; /* place of the name; in the order of time, then of names */
	size_t touch_count;
	CdpkConversion *conversions; /* in no order */
	size_t conversion_count;
	double *weight; /* of each name; all zero between two conversions */
	CdpkCredit *credits;
} CdpkJourneys;

/* Read a state; what it allocates is the caller's to release, by cdpk_journeys_release. */
extern CdpkStatus cdpk_journeys_load(const CdpkAttributionState *state,
									 const CdpkAllocator *allocator, CdpkJourneys *journeys);

extern void cdpk_journeys_release(CdpkJourneys *journeys, const CdpkAllocator *allocator);

/*
 * Give the shares of one conversion, in the order of names, in journeys->credits; return how many there
 * are.  They add up to CDPK_SHARE_ONE; there are none where no touch lies before the conversion.
 */
extern uint32_t cdpk_journeys_credit(CdpkJourneys *journeys, const CdpkConversion *conversion);

/* Touches by their places: from the first to before the end. */
typedef struct CdpkTouches
{
	size_t start;
	size_t end;
} CdpkTouches;

/* Find the touches that a conversion is shared among. */
extern CdpkTouches cdpk_journeys_touches(const CdpkJourneys *journeys, int64_t at);

/*
 * Turn weights into the shares of "count" credits, whose names are the places of their weights; clear
 * the weights.  The shares add up to CDPK_SHARE_ONE.  The credits end in the order of their names.
 */
extern void cdpk_round_shares(double *weight, CdpkCredit *credits, uint32_t count);

#endif /* CDPK_ATTRIBUTION_H */
