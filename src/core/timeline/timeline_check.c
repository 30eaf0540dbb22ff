/*
 * timeline_check.c
 *		Whether bytes from anywhere are a timeline.
 */
#include "core/timeline/timeline_check.h"

#include "core/timeline/timeline_compact.h"

/* Read every event, which finds what is cut off or out of range, and write them again. */
CdpkStatus
cdpk_timeline_rewrite(const uint8_t *bytes, size_t length, const CdpkAllocator *scratch,
					  const CdpkAllocator *allocator, size_t head, uint8_t **again,
					  size_t *again_length)
{
	CdpkTimelineLog *log = NULL;
	CdpkStatus status = CDPK_TOO_LONG;

	if (length <= CDPK_TIMELINE_SIZE_MAX)
		status = cdpk_log_new(scratch, &log);
	if (status == CDPK_OK)
		status = cdpk_log_compact_form(&log, scratch, bytes, length);
	if (status == CDPK_OK)
		status =
			cdpk_log_compact_checking(log, scratch, allocator, NULL, head, again, again_length);
	cdpk_release(scratch, log);
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

/* Write the events again, which finds every other form of them; but old bytes had another one. */
CdpkStatus
cdpk_timeline_check(const uint8_t *bytes, size_t length, const CdpkAllocator *allocator)
{
	uint8_t *again = NULL;
	size_t again_length = 0;
	CdpkStatus status =
		cdpk_timeline_rewrite(bytes, length, allocator, allocator, 0, &again, &again_length);

	if (status == CDPK_OK && !cdpk_timeline_is_old(bytes, length) &&
		(again_length != length || memcmp(again, bytes, length) != 0))
		status = CDPK_CORRUPT;
	cdpk_release(allocator, again);
	return status;
}
