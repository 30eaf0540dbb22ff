/*
 * timeline_check.c
 *		Whether bytes from anywhere are a timeline.
 */
#include "core/timeline/timeline_check.h"

#include "core/timeline/timeline_compact.h"

/*
 * Read every event, which finds what is cut off or out of range, and write
 * them again, which finds every other form of the same events.
 */
CdpkStatus
cdpk_timeline_check(const uint8_t *bytes, size_t length, const CdpkAllocator *allocator)
{
	CdpkTimelineLog *log = NULL;
	uint8_t *again = NULL;
	size_t again_length = 0;
	CdpkStatus status = CDPK_TOO_LONG;

	if (length <= CDPK_TIMELINE_SIZE_MAX)
		status = cdpk_log_new(allocator, &log);
	if (status == CDPK_OK)
		status = cdpk_log_compact_form(&log, allocator, bytes, length);
	if (status == CDPK_OK)
		status = cdpk_log_compact(log, allocator, 0, &again, &again_length);
	if (status == CDPK_OK && (again_length != length || memcmp(again, bytes, length) != 0))
		status = CDPK_CORRUPT;
	cdpk_release(allocator, again);
	cdpk_release(allocator, log);
	switch (status)
	{
		case CDPK_OK:
		case CDPK_OUT_OF_MEMORY:
		case CDPK_UNKNOWN_VERSION:
		case CDPK_TOO_LONG:
			return status;
		default:
			return CDPK_CORRUPT;
	}
}
