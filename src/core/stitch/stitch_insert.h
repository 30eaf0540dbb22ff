/*
 * stitch_insert.h
 *		New links between two profiles.
 */
#ifndef CDPK_STITCH_INSERT_H
#define CDPK_STITCH_INSERT_H

#include "core/stitch/stitch_state.h"

extern CdpkStatus stitch_propose(CdpkStitch *stitch, uint32_t link);
extern CdpkStatus stitch_insert(CdpkStitch *stitch);

extern void stitch_refuse(StitchLink *link);
extern CdpkStatus stitch_conflict(CdpkStitch *stitch, StitchLink *link);

#endif /* CDPK_STITCH_INSERT_H */
