/*
 * stitch_rework.h
 *		Profiles that are taken apart and put together again.
 */
#ifndef CDPK_STITCH_REWORK_H
#define CDPK_STITCH_REWORK_H

#include "core/stitch/stitch_state.h"

/* Take the profiles apart and put them together again; empties the list. */
extern CdpkStatus stitch_rework(CdpkStitch *stitch, StitchNumbers *profiles);

#endif /* CDPK_STITCH_REWORK_H */
