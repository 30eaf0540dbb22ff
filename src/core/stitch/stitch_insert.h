/*
 * stitch_insert.h
 *		New links between two profiles.
 */
#ifndef CDPK_STITCH_INSERT_H
#define CDPK_STITCH_INSERT_H

#include "core/stitch/stitch_state.h"

/* Insert the pending links, all of which run between known profiles. */
extern CdpkStatus stitch_insert(CdpkStitch *stitch);

#endif /* CDPK_STITCH_INSERT_H */
