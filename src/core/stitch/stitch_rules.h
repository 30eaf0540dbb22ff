/*
 * stitch_rules.h
 *		Which unions of identifiers break a rule, and which identifiers are shared.
 */
#ifndef CDPK_STITCH_RULES_H
#define CDPK_STITCH_RULES_H

#include "core/stitch/stitch_state.h"

extern CdpkStatus stitch_rules_prepare(CdpkStitch *stitch);
extern uint32_t stitch_list_limited(const CdpkStitchRules *rules, uint32_t *list);
extern int stitch_limit_compare(const CdpkStitchRules *rules, uint32_t x, uint32_t y);
extern bool stitch_is_shared(const CdpkStitchRules *rules, uint32_t name_space, CdpkSharing verdict,
							 const CdpkStitchCount *counts, size_t count_length);

/* A set of identifiers about which a rule can be asked. */
typedef struct StitchBody
{
	enum
	{
		STITCH_BODY_NODE,    /* key is the node */
		STITCH_BODY_PROFILE, /* … the root */
		STITCH_BODY_REACHED, /* … the number of the search */
		STITCH_BODY_SET      /* … the root in "sets", whose items are places of nodes */
	} kind;
	uint32_t key;
	uint64_t size;
	const uint32_t *counts;
	uint32_t first_forbid; /* cells that hold all of its forbids */
	CdpkUnionFind *sets;
} StitchBody;

extern StitchBody stitch_body_of_node(CdpkStitch *stitch, uint32_t node);
extern StitchBody stitch_body_of_profile(CdpkStitch *stitch, uint32_t root);
/* "same": a same pair is to join the sets, so only the cap is asked. */
extern bool stitch_breaks_limits(const CdpkStitch *stitch, bool same, const StitchBody *x,
								 const StitchBody *y);
extern bool stitch_breaks_forbid(CdpkStitch *stitch, const StitchBody *x, const StitchBody *y);

/* Return whether the union of two sets that have nothing in common breaks a rule; "same": of a same pair. */
static inline bool
stitch_breaks(CdpkStitch *stitch, bool same, const StitchBody *x, const StitchBody *y)
{
	return stitch_breaks_limits(stitch, same, x, y) || stitch_breaks_forbid(stitch, x, y);
}

#endif /* CDPK_STITCH_RULES_H */
