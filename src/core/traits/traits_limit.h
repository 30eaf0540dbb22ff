/*
 * traits_limit.h
 *		What traits leave out where there is more than a value can hold.
 */
#ifndef CDPK_TRAITS_LIMIT_H
#define CDPK_TRAITS_LIMIT_H

#include "core/traits/traits.h"

/* How much there is. */
typedef struct CdpkTraitsExtent
{
	uint32_t keys;
	uint32_t sources; /* the most cells of a key that keeps what was outdone */
	uint32_t values;  /* the most cells of another key */
} CdpkTraitsExtent;

extern CdpkTraitsExtent cdpk_traits_extent(const CdpkTraitsView *view);

/* Return whether it is no more than a value can hold. */
extern bool cdpk_traits_fits(const CdpkTraitsExtent *extent);

/* Return whether something may have been left out because a limit was reached. */
extern bool cdpk_traits_full(const CdpkTraitsExtent *extent);

/* Make the first cell of a new key at an index, unless there are enough keys before it. */
extern CdpkStatus cdpk_traits_insert_key(CdpkTraitsState *state, uint32_t index,
										 const CdpkTrait *trait);

/*
 * Make a new cell at an index among the cells first .. end - 1 of its key, unless
 * there are enough better ones.
 */
extern CdpkStatus cdpk_traits_insert_value(CdpkTraitsState *state, uint32_t first, uint32_t end,
										   uint32_t index, const CdpkTrait *trait);

#endif /* CDPK_TRAITS_LIMIT_H */
