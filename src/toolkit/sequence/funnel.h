/*
 * funnel.h
 *		How cdp.funnel and cdp.funnel_times count: the arguments after the timeline and the sequence.
 */
#ifndef CDP_FUNNEL_H
#define CDP_FUNNEL_H

#include "core/sequence/sequence_timeline.h"
#include "toolkit/sequence/sequence.h"

/* Read mode and attempts into what is asked for, whose sequence is there. */
extern void funnel_args_read(FunctionCallInfo fcinfo, CdpkAsked *asked);

#endif /* CDP_FUNNEL_H */
