/*
 * hold_out.c
 *		Who is held out of a segment.
 *
 * The draw of a person and a segment is a number from 0 to 1 that depends on nothing but their numbers and the salt of
 * the installation, so that it is the same in every batch, after a rebuild and in a restored dump, and independent of
 * that of other segments.  Who draws less than the share is held out.
 */
#include "postgres.h"

#include "fmgr.h"

#include "cdp.h"
#include "platform/segment/kept.h"

CDP_FUNCTION(cdp_hold_out_draw);

/* mix is the finalizer of SplitMix64: each bit of the result depends on each of the argument. */
static uint64
mix(uint64 value)
{
	value += UINT64CONST(0x9e3779b97f4a7c15);
	value = (value ^ (value >> 30)) * UINT64CONST(0xbf58476d1ce4e5b9);
	value = (value ^ (value >> 27)) * UINT64CONST(0x94d049bb133111eb);
	return value ^ (value >> 31);
}

/* draw returns the draw of a person, from 0 to 1. */
static double
draw(int64 salt, int32 segment_id, int64 profile_id)
{
	uint64 bits = mix(mix(mix((uint64) salt) ^ (uint64) segment_id) ^ (uint64) profile_id);

	return (double) (bits >> 11) / (double) (UINT64CONST(1) << 53);
}

bool
kept_holds_out(const KeptSegments *segments, int place, int64 profile_id)
{
	const KeptSegment *segment = &segments->items[place];

	return segment->hold_out > 0 &&
		   draw(segments->salt, segment->segment_id, profile_id) < segment->hold_out;
}

/* cdp_hold_out_draw implements cdp_internal.hold_out_draw(). */
Datum
cdp_hold_out_draw(PG_FUNCTION_ARGS)
{
	PG_RETURN_FLOAT8(draw(PG_GETARG_INT64(0), PG_GETARG_INT32(1), PG_GETARG_INT64(2)));
}
