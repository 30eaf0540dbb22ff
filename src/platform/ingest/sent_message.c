/*
 * sent_message.c
 *		Which types and events of a message the log has as they were sent.
 */
#include "postgres.h"

#include "platform/ingest/onboard.h"
#include "platform/ingest/sent_message.h"

bool
sent_is_plain_type(CdpkSpan type)
{
	for (int i = 0; i < CALL_COUNT; i++)
		if (type.length == strlen(onboard_call_name(i)) &&
			memcmp(type.text, onboard_call_name(i), type.length) == 0)
			return true;
	return false;
}

bool
sent_is_track(CdpkSpan type)
{
	const char *track = onboard_call_name(CALL_TRACK);

	type = ingest_trim(type);
	return type.length == 0 ||
		   (type.length == strlen(track) && pg_strncasecmp(type.text, track, type.length) == 0);
}
