/*
 * measures.h
 *		Exact sums as SQL's numbers.
 */
#ifndef CDP_TIMELINE_MEASURES_H
#define CDP_TIMELINE_MEASURES_H

#include "utils/numeric.h"

#include "core/timeline/measure.h"

/* Return a sum of at least one number, without superfluous zeros. */
extern Numeric sum_numeric(const CdpkSum *sum);

#endif /* CDP_TIMELINE_MEASURES_H */
