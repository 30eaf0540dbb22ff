/*
 * traits_merge.h
 *		Merges one value into a state by its key's rule, and with it all of another value.
 */
#ifndef CDPK_TRAITS_MERGE_H
#define CDPK_TRAITS_MERGE_H

#include "core/traits/traits.h"

/*
 * Merge one value.  *hint is where to begin to look for the key: 0, or what the
 * call before left there if keys come in ascending order.
 *
 * CDPK_INVALID: the rule is sum and the value is no number, or merge and it is an object of another form than
 * traits_path.h says.  CDPK_OUT_OF_RANGE: a
 * number with too many digits to be summed.  CDPK_TOO_LONG: the value is larger than
 * cdpk_value_size_max.
 */
extern CdpkStatus cdpk_traits_put(CdpkTraitsState *state, const CdpkTrait *trait, uint32_t *hint);

/*
 * Merge one value if cdpk_traits_find has found the key's first cell already, and
 * cdpk_traits_get has read it; or the place for it, then present is NULL.
 */
extern CdpkStatus cdpk_traits_put_at(CdpkTraitsState *state, const CdpkTrait *trait, uint32_t index,
									 const CdpkTrait *present);

/*
 * Return where to begin to look for the next of ascending keys, when the one before was
 * put at an index: what was left out may have moved it.
 */
static inline uint32_t
cdpk_traits_hint(const CdpkTraitsState *state, uint32_t index)
{
	return state->keys > 0 ? 0 : index;
}

/*
 * Return whether merging a value of that time would change nothing: by the rule "last",
 * whatever the value is.  present is the key's first cell.
 */
static inline bool
cdpk_trait_outdated(const CdpkTrait *present, unsigned rule, int64_t at)
{
	return rule == CDPK_RULE_LAST && (present->rule > rule || present->at > at);
}

/* Merge the cells first .. end - 1 of another value. */
extern CdpkStatus cdpk_traits_merge(CdpkTraitsState *state, const CdpkTraitsView *other,
									uint32_t first, uint32_t end);

#endif /* CDPK_TRAITS_MERGE_H */
