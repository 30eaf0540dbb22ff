/*
 * stitch_same.h
 *		New same pairs.
 */
#ifndef CDPK_STITCH_SAME_H
#define CDPK_STITCH_SAME_H

#include "core/stitch/stitch_state.h"

/*
 * Insert the same pairs.  Refused links that may be accepted since a class counts less are pending
 * then, their ends' profiles not all known.
 */
extern CdpkStatus stitch_insert_same(CdpkStitch *stitch);

#endif /* CDPK_STITCH_SAME_H */
