/*
 * timeline.c
 *		The two memory forms of a cdp.timeline, and its errors.
 */
#include "postgres.h"

#include "mb/pg_wchar.h"
#include "miscadmin.h"

#include "core/timeline/timeline_compact.h"
#include "toolkit/bridge/huge.h"
#include "toolkit/bridge/status.h"
#include "toolkit/timeline/timeline.h"

static void refuse_size(void) __attribute__((noreturn));

/* Raise the error for events that are too many for one timeline. */
static void
refuse_size(void)
{
	ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED), errmsg("timeline is too large"),
					errdetail("A timeline has at most 256 MB, 512 MB while it is built.")));
}

/* Raise the error for bytes that are not a timeline, or make one of more than the allowed size. */
void
timeline_corrupt(CdpkStatus status)
{
	if (status == CDPK_TOO_LONG)
		refuse_size();
	cdp_report_bytes(status, "cdp.timeline");
}

/* Raise the error for an event or property that a log refused. */
void
timeline_refuse_event(CdpkStatus status, const char *name, size_t length)
{
	int clipped = pg_mbcliplen(name, (int) length, 128);

	switch (status)
	{
		case CDPK_EMPTY:
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("event must not be empty"),
					 errhint("Give NULL for a row without an event: it is skipped.")));
			break;
		case CDPK_BAD_ENCODING:
			ereport(
				ERROR,
				(errcode(cdp_status_errcode(status)),
				 errmsg("name \"%.*s\" is not UTF-8", clipped, name),
				 errdetail("Names in a timeline are UTF-8; the encoding of this database is %s.",
						   GetDatabaseEncodingName())));
			break;
		case CDPK_OUT_OF_RANGE:
			ereport(ERROR,
					(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE), errmsg("at must be finite"),
					 errdetail("An event \"%.*s\" has an infinite time.", clipped, name),
					 errhint("Leave out such rows with FILTER (WHERE isfinite(...)).")));
			break;
		default:
			refuse_size();
	}
}

/* Let a cancelled query interrupt the compaction of a long log. */
static void
check_interrupts(void)
{
	CHECK_FOR_INTERRUPTS();
}

/* Make the compact form of a log. */
Timeline *
timeline_from_log(const CdpkTimelineLog *log)
{
	CdpkAllocator scratch = cdp_huge_scratch(CurrentMemoryContext);
	uint8_t *result;
	size_t length;
	CdpkStatus status = cdpk_log_compact_checking(log, &scratch, &cdp_palloc_allocator,
												  check_interrupts, VARHDRSZ, &result, &length);

	timeline_check(status);
	return (Timeline *) DatumGetPointer(cdp_varlena(result, VARHDRSZ + length));
}

/* Return the log that a value in the open form is, or NULL for the compact form. */
static const CdpkTimelineLog *
open_log(Timeline *timeline)
{
	const CdpkTimelineLog *log = (const CdpkTimelineLog *) timeline;

	if (VARATT_IS_SHORT(timeline) || VARSIZE(timeline) < sizeof(CdpkTimelineLog) ||
		log->form != CDPK_TIMELINE_OPEN)
		return NULL;
	Assert(log->size == VARSIZE(timeline));
	return log;
}

/* Return the compact form of a value in either form. */
const uint8_t *
timeline_bytes(Timeline *timeline, size_t *length)
{
	const CdpkTimelineLog *log = open_log(timeline);

	if (log != NULL)
		timeline = timeline_from_log(log);
	*length = VARSIZE_ANY_EXHDR(timeline);
	return (const uint8_t *) VARDATA_ANY(timeline);
}

/* Start reading a value in either form. */
void
timeline_open(Timeline *timeline, CdpkTimeline *result)
{
	size_t length;
	const uint8_t *bytes = timeline_bytes(timeline, &length);
	CdpkStatus status = cdpk_timeline_open(bytes, length, result);

	timeline_check(status);
}

/* Append the events of a value in either form to a log. */
void
timeline_append(CdpkTimelineLog **log, const CdpkAllocator *allocator, Timeline *timeline)
{
	const CdpkTimelineLog *other = open_log(timeline);
	CdpkStatus status;

	if (other != NULL)
		status = cdpk_log_open_form(log, allocator, other);
	else
		status = cdpk_log_compact_form(log, allocator, (const uint8_t *) VARDATA_ANY(timeline),
									   VARSIZE_ANY_EXHDR(timeline));
	timeline_check(status);
}
