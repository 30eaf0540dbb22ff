/*
 * stitch_load.h
 *		Asks the store for rows, as few times as possible.
 */
#ifndef CDPK_STITCH_LOAD_H
#define CDPK_STITCH_LOAD_H

#include "core/stitch/stitch_state.h"

extern CdpkStatus stitch_want_identifier(CdpkStitch *stitch, int64_t identifier_id);
extern CdpkStatus stitch_load_identifiers(CdpkStitch *stitch);
extern CdpkStatus stitch_take_rows(CdpkStitch *stitch);
extern CdpkStatus stitch_load_summaries(CdpkStitch *stitch, StitchNumbers *roots);
extern CdpkStatus stitch_load_contents(CdpkStitch *stitch, StitchNumbers *roots);
extern CdpkStatus stitch_load_links(CdpkStitch *stitch, const StitchNumbers *nodes);
extern CdpkStatus stitch_want_forbids(CdpkStitch *stitch, uint32_t root);
extern CdpkStatus stitch_list_profile(CdpkStitch *stitch, StitchNumbers *list, uint32_t root);
extern bool stitch_has_contents(const CdpkStitch *stitch, uint32_t root);

#endif /* CDPK_STITCH_LOAD_H */
