/*
 * stitch_class.h
 *		Classes: what same pairs have joined inside a profile.
 *
 * Of the identifiers of one namespace in a class one is counted, the others are not: so a set
 * that holds whole classes is counted right by adding up its identifiers.
 */
#ifndef CDPK_STITCH_CLASS_H
#define CDPK_STITCH_CLASS_H

#include "core/stitch/stitch_state.h"

/* Note that a same pair, or the tables, name an identifier. */
extern CdpkStatus stitch_add_kin(CdpkStitch *stitch, uint32_t node, int64_t class_id);

/* Find the classes of a profile whose contents are here. */
extern CdpkStatus stitch_find_classes(CdpkStitch *stitch, uint32_t root);

/*
 * Tell for each namespace with a limit whether two identifiers of different classes would be counted
 * once less if they were of one: 1 or 0.  Returns false if they are of one class already.
 */
extern bool stitch_count_common(CdpkStitch *stitch, uint32_t a, uint32_t b, uint32_t *common);

/* Make one class of two inside a profile, whose counts it corrects. */
extern CdpkStatus stitch_join_classes(CdpkStitch *stitch, uint32_t a, uint32_t b);

/* Return the smallest identifier_id of the class of a place in "kin", or 0 if it is alone. */
extern int64_t stitch_class_id(const CdpkStitch *stitch, uint32_t kin);

/* Return the place of a node in "kin", or NONE. */
static inline uint32_t
stitch_kin(const CdpkStitch *stitch, uint32_t node)
{
	return stitch->kin.count == 0 ? STITCH_NONE : cdpk_idmap_get(&stitch->kin_of_node, node);
}

/* Return whether no other identifier of its namespace stands for it in its class. */
static inline bool
stitch_is_counted(const CdpkStitch *stitch, uint32_t node)
{
	uint32_t kin = stitch_kin(stitch, node);

	return kin == STITCH_NONE || stitch->kin.items[kin].counted;
}

#endif /* CDPK_STITCH_CLASS_H */
