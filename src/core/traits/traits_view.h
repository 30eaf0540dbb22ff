/*
 * traits_view.h
 *		Reads the bytes of traits: opening, finding keys, the compact form.
 */
#ifndef CDPK_TRAITS_VIEW_H
#define CDPK_TRAITS_VIEW_H

#include "core/traits/traits.h"

/* Open bytes of either form; looks at the header only. */
extern CdpkStatus cdpk_traits_open(CdpkTraitsView *view, const uint8_t *bytes, size_t size);

/* Read a cell; false if the bytes are corrupt or there is no such cell. */
extern bool cdpk_traits_get(const CdpkTraitsView *view, uint32_t index, CdpkTrait *trait);

/*
 * Find the first cell from "from" on whose key is not before this one, and say
 * in *found whether it is this key.
 */
extern uint32_t cdpk_traits_find(const CdpkTraitsView *view, uint32_t from, const uint8_t *key,
								 size_t key_length, bool *found);

/* Return the cell after the last one that has the same key as the cell "first". */
extern uint32_t cdpk_traits_end(const CdpkTraitsView *view, uint32_t first);

/*
 * Return the cell that decides what the key whose cells are first .. end - 1 shows; of
 * a union, its latest element or its removal.  Its value is null where the key is
 * removed.  False where the bytes are corrupt.
 */
extern bool cdpk_traits_current(const CdpkTraitsView *view, uint32_t first, uint32_t end,
								CdpkTrait *current);

/* Return whether it is in the compact form. */
extern bool cdpk_traits_is_compact(const CdpkTraitsView *view);

/* Return the size of the compact form; 0 if the bytes are corrupt. */
extern size_t cdpk_traits_compact_size(const CdpkTraitsView *view);

/* Write the compact form; size is what cdpk_traits_compact_size said. */
extern void cdpk_traits_compact(const CdpkTraitsView *view, size_t size, uint8_t *result);

#endif /* CDPK_TRAITS_VIEW_H */
