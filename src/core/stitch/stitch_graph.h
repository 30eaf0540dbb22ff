/*
 * stitch_graph.h
 *		Identifiers, links, forbids and profiles in memory.
 */
#ifndef CDPK_STITCH_GRAPH_H
#define CDPK_STITCH_GRAPH_H

#include "core/stitch/stitch_state.h"

extern void stitch_graph_init(CdpkStitch *stitch);
extern void stitch_graph_free(CdpkStitch *stitch);
extern uint32_t stitch_find_node(const CdpkStitch *stitch, int64_t identifier_id);
extern CdpkStatus stitch_new_profile(CdpkStitch *stitch, int64_t stored_id, uint32_t *profile);
extern CdpkStatus stitch_stored_profile(CdpkStitch *stitch, int64_t stored_id, uint32_t *profile);
extern void stitch_add_member(CdpkStitch *stitch, uint32_t profile, uint32_t node);
extern CdpkStatus stitch_put_link(CdpkStitch *stitch, uint32_t a, uint32_t b,
								  const CdpkEvidence *evidence, bool refused, uint32_t *link);
extern CdpkStatus stitch_put_forbid(CdpkStitch *stitch, uint32_t a, uint32_t b);
extern void stitch_append_forbids(CdpkStitch *stitch, StitchProfile *profile, uint32_t first,
								  uint32_t last);
extern void stitch_join(CdpkStitch *stitch, uint32_t x, uint32_t y);
extern void stitch_raise_last(CdpkStitch *stitch, uint32_t root, const StitchRank *rank);
extern void stitch_summarize(CdpkStitch *stitch, uint32_t root);
extern CdpkStatus stitch_add_identifier(CdpkStitch *stitch, const CdpkStitchIdentifier *row,
										bool lasting);
extern CdpkStatus stitch_add_profile(CdpkStitch *stitch, const CdpkStitchProfile *row);

#endif /* CDPK_STITCH_GRAPH_H */
