/*
 * traits_order.h
 *		Which of two cells wins, and which comes first within their key.
 */
#ifndef CDPK_TRAITS_ORDER_H
#define CDPK_TRAITS_ORDER_H

#include "core/traits/traits.h"

/*
 * Return whether a cell speaks of all that its key has, and those of other values count only if they are later: of a
 * union its removal; by the rule "merge" a value in place of the object, or null.
 */
static inline bool
cdpk_trait_whole(const CdpkTrait *trait)
{
	return (trait->rule & CDPK_RULE_BASE) == CDPK_RULE_MERGE
			   ? trait->value.type != CDPK_VALUE_OBJECT
			   : trait->value.type == CDPK_VALUE_NULL;
}

/* Return the order by time, then by what makes the order total: trust and source. */
extern int cdpk_trait_compare_origins(const CdpkTrait *a, const CdpkTrait *b);

/* Return the order by time, then by the bytes of the value, then by origin. */
extern int cdpk_trait_compare_latest(const CdpkTrait *a, const CdpkTrait *b);

/* Return the order of two cells' claims to be what is shown, by their rule; positive: a wins. */
extern int cdpk_trait_prefer(const CdpkTrait *a, const CdpkTrait *b);

/* Return the order of two cells within their key; 0: they are merged into one. */
extern int cdpk_trait_compare_place(const CdpkTrait *a, const CdpkTrait *b);

#endif /* CDPK_TRAITS_ORDER_H */
