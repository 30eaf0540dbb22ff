/*
 * traits_page.h
 *		The bytes of a state of traits, to change: for traits_merge.c and
 *		traits_limit.c only.
 */
#ifndef CDPK_TRAITS_PAGE_H
#define CDPK_TRAITS_PAGE_H

#include "core/traits/traits_cell.h"

/* The bytes of a cell with its slack. */
static inline uint32_t
cell_extent(const CdpkTrait *trait)
{
	return (uint32_t) (cell_size(trait) + trait->slack);
}

/* ---- traits_page.c: cells, whatever they mean ---- */

/* Makes a new cell at an index. */
extern CdpkStatus cdpk_page_insert(CdpkTraitsState *state, uint32_t index, const CdpkTrait *trait);

/* Writes a cell over another of the same key: where it stood, if it fits. */
extern CdpkStatus cdpk_page_replace(CdpkTraitsState *state, uint32_t index, const CdpkTrait *old,
									const CdpkTrait *trait);

/* The same of a cell that is made of parts of the one it replaces. */
extern CdpkStatus cdpk_page_replace_with_parts(CdpkTraitsState *state, uint32_t index,
											   const CdpkTrait *old, const CdpkTrait *trait);

/* Takes out the slots first .. end - 1; their cells had that many bytes. */
extern void cdpk_page_drop(CdpkTraitsState *state, uint32_t first, uint32_t end, uint32_t dead);

/* Takes out the cells first .. end - 1. */
extern CdpkStatus cdpk_page_remove(CdpkTraitsState *state, uint32_t first, uint32_t end);

/* ---- traits_limit.c: what is left out where there is too much ---- */

/* Makes the first cell of a new key at an index, unless there are enough keys before it. */
extern CdpkStatus cdpk_traits_insert_key(CdpkTraitsState *state, uint32_t index,
										 const CdpkTrait *trait);

/*
 * Makes a new cell at an index among the cells first .. end - 1 of its key, unless
 * there are enough better ones.
 */
extern CdpkStatus cdpk_traits_insert_value(CdpkTraitsState *state, uint32_t first, uint32_t end,
										   uint32_t index, const CdpkTrait *trait);

#endif /* CDPK_TRAITS_PAGE_H */
