/*
 * traits_page.h
 *		Changes the bytes of a state of traits: cells are put in, replaced and taken out.
 */
#ifndef CDPK_TRAITS_PAGE_H
#define CDPK_TRAITS_PAGE_H

#include "core/traits/traits.h"

/* The limits of traits.h, with which a state begins; tests set smaller ones. */
extern const CdpkTraitsLimits cdpk_traits_limits;

/* Make an empty state with room for about that many cells and bytes of keys, sources and values. */
extern CdpkStatus cdpk_traits_begin(CdpkTraitsState *state, const CdpkAllocator *allocator,
									size_t cells, size_t bytes);

/* Make a state that goes on with these bytes, of either form, changing them where they are. */
extern CdpkStatus cdpk_traits_resume(CdpkTraitsState *state, const CdpkAllocator *allocator,
									 uint8_t *bytes, size_t size);

/* Make a new cell at an index. */
extern CdpkStatus cdpk_page_insert(CdpkTraitsState *state, uint32_t index, const CdpkTrait *trait);

/* Write a cell over another of the same key: where it stood, if it fits. */
extern CdpkStatus cdpk_page_replace(CdpkTraitsState *state, uint32_t index, const CdpkTrait *old,
									const CdpkTrait *trait);

/* Replace a cell by one that is made of parts of it. */
extern CdpkStatus cdpk_page_replace_with_parts(CdpkTraitsState *state, uint32_t index,
											   const CdpkTrait *old, const CdpkTrait *trait);

/* Take out the slots first .. end - 1; their cells had that many bytes. */
extern void cdpk_page_drop(CdpkTraitsState *state, uint32_t first, uint32_t end, uint32_t dead);

/* Take out the cells first .. end - 1. */
extern CdpkStatus cdpk_page_remove(CdpkTraitsState *state, uint32_t first, uint32_t end);

#endif /* CDPK_TRAITS_PAGE_H */
