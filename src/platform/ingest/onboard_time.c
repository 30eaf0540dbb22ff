/*
 * onboard_time.c
 *		When the event of a row happened.
 */
#include "postgres.h"

#include "common/int.h"

#include "core/text/sent_time.h"
#include "core/text/timestamp.h"
#include "platform/ingest/onboard.h"

/* a message that was sent longer before it arrived is loaded from a store, so its times count as they are … */
#define LIVE_MAX CDPK_DAY
/* … unless it claims to be sent and to have happened before 2005, when the sender's clock was not set */
#define CLOCK_IS_SET ((5 * INT64_C(365) + 2) * CDPK_DAY)
/* a time that is later than the batch by more than this is no clock that is wrong */
#define AHEAD_MAX (7 * CDPK_DAY)

TimestampTz
onboard_received_at(const InboxRow *row, TimestampTz as_of)
{
	TimestampTz received;

	if (row->nulls[INBOX_RECEIVED_AT])
		return as_of;
	received = DatumGetTimestampTz(row->values[INBOX_RECEIVED_AT]);
	return received >= CDPK_TIME_1970 && received <= as_of + CDPK_DAY ? received : as_of;
}

/*
 * Correct a time for the sender's clock: the difference of two of its times is right even if the clock is wrong.
 * Return false if the result overflows.
 */
static bool
correct_time(const InboxRow *row, TimestampTz received, TimestampTz *at)
{
	TimestampTz sent;
	int64 delay;

	if (row->nulls[INBOX_SENT_AT])
		return true;
	sent = DatumGetTimestampTz(row->values[INBOX_SENT_AT]);
	if (TIMESTAMP_NOT_FINITE(sent))
		return false;
	if (sent < received - LIVE_MAX && (sent >= CLOCK_IS_SET || *at >= CLOCK_IS_SET))
		return true;
	return !pg_sub_s64_overflow(sent, *at, &delay) && !pg_sub_s64_overflow(received, delay, at);
}

/*
 * Choose the best time of the row; *column names where it is from.  Of two times by the sender, timestamp is
 * corrected already.
 */
static bool
choose_time(const InboxRow *row, TimestampTz received, TimestampTz *at, const char **column,
			Refusal *refusal)
{
	static const struct
	{
		InboxColumn column;
		const char *name;
	} columns[] = {{INBOX_TIMESTAMP, "timestamp"},
				   {INBOX_ORIGINAL_TIMESTAMP, "original_timestamp"},
				   {INBOX_SENT_AT, "sent_at"}};
	bool is_corrected = !row->nulls[INBOX_TIMESTAMP] && !row->nulls[INBOX_ORIGINAL_TIMESTAMP];

	*column = "received_at";
	*at = received;
	for (int i = 0; i < lengthof(columns); i++)
		if (!row->nulls[columns[i].column])
		{
			*column = columns[i].name;
			*at = DatumGetTimestampTz(row->values[columns[i].column]);
			break;
		}
	if (TIMESTAMP_NOT_FINITE(*at) || (!is_corrected && !correct_time(row, received, at)))
		return ingest_refuse(refusal, "timestamp_out_of_range", "%s: not a finite time", *column);
	return true;
}

bool
onboard_time(const InboxRow *row, OnboardOptions options, OnboardedRow *event, Refusal *refusal)
{
	char at[CDPK_TIMESTAMP_TEXT_MAX];
	char bound[CDPK_TIMESTAMP_TEXT_MAX];
	const char *column;
	TimestampTz latest;

	event->received_at = onboard_received_at(row, options.as_of);
	if (options.is_logged)
	{
		event->at = DatumGetTimestampTz(row->values[INBOX_TIMESTAMP]);
		return true;
	}
	if (!choose_time(row, event->received_at, &event->at, &column, refusal))
		return false;
	latest = options.as_of + AHEAD_MAX;
	if (event->at >= CDPK_TIME_1970 && event->at <= latest)
	{
		event->at = Min(event->at, event->received_at);
		return true;
	}
	cdpk_timestamp_print(event->at, at);
	cdpk_timestamp_print(event->at > latest ? latest : CDPK_TIME_1970, bound);
	return ingest_refuse(refusal, "timestamp_out_of_range",
						 event->at > latest ? "%s: %s is after %s, a week after the batch"
											: "%s: %s is before %s",
						 column, at, bound);
}
