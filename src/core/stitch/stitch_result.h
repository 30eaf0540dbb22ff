/*
 * stitch_result.h
 *		What the tables must become.
 */
#ifndef CDPK_STITCH_RESULT_H
#define CDPK_STITCH_RESULT_H

#include "core/stitch/stitch_state.h"

/* Make the summary of a profile as a row. */
extern CdpkStatus stitch_make_summary(CdpkStitch *stitch, uint32_t root, CdpkStitchProfile *row);

/* Make stitch->result. */
extern CdpkStatus stitch_make_result(CdpkStitch *stitch);

#endif /* CDPK_STITCH_RESULT_H */
