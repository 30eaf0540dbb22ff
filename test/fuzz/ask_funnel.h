/*
 * ask_funnel.h
 *		How far a timeline goes into a sequence, in every mode and attempt, without having checked its bytes.
 */
#ifndef ASK_FUNNEL_H
#define ASK_FUNNEL_H

#include <stdlib.h>

#include "core/sequence/sequence_timeline.h"

#include "fuzz.h"

/* The times agree with the depth, and with one another. */
static inline void
check_times(const CdpkFunnelAnswer *times, const CdpkFunnelAnswer *depth)
{
	if (times->unknown != depth->unknown || times->depth != depth->depth ||
		times->depth > CDPK_SEQUENCE_STEPS_MAX ||
		(times->depth > 0 && !times->reach[times->depth - 1].reached))
		abort();
	for (unsigned i = 0; i < times->depth; i++)
		if (times->reach[i].reached && times->reach[i].at < times->reach[i].first)
			abort();
}

static inline void
ask_funnel(const CdpkSequence *sequence, const CdpkTimeline *timeline, CdpkTimeRange range)
{
	for (unsigned modes = 0; modes <= CDPK_FUNNEL_MODES_MAX; modes++)
		for (unsigned attempts = 0; attempts < 3; attempts++)
		{
			CdpkAsked asked = {sequence, CDPK_WANT_DEPTH, modes, (CdpkAttempts) attempts, false,
							   range};
			CdpkFunnelAnswer depth;
			CdpkFunnelAnswer times;

			if (!cdpk_funnel_modes_valid(modes) ||
				(sequence->any_order && (modes != 0 || attempts != 0)) ||
				cdpk_sequence_funnel(&asked, timeline, range, &fuzz_allocator, &depth) != CDPK_OK)
				continue;
			asked.wanted = CDPK_WANT_TIMES;
			asked.bounded = true;
			/* the times read more where the depth is known early, which may be corrupt */
			if (cdpk_sequence_funnel(&asked, timeline, range, &fuzz_allocator, &times) == CDPK_OK)
				check_times(&times, &depth);
		}
}

#endif /* ASK_FUNNEL_H */
