/*
 * sequence.h
 *		A cdp.sequence as an argument, after the timeline.
 */
#ifndef CDP_SEQUENCE_H
#define CDP_SEQUENCE_H

#include "core/sequence/sequence_form.h"
#include "toolkit/timeline/argument_cache.h"

#define ARG_SEQUENCE 1

/*
 * Read the sequence, before the cache is filled.  In a cache that persists it is there as long as the
 * cache, and takes the place of the one that was read before.
 */
extern void sequence_arg_read(FunctionCallInfo fcinfo, const ArgumentCache *cache,
							  CdpkSequence *sequence);

#endif /* CDP_SEQUENCE_H */
