/*
 * line_snowplow.h
 *		Events as the trackers of Snowplow send them, as calls.
 *
 * A body is {"schema": "iglu:com.snowplowanalytics.snowplow/payload_data/…", "data": [ … ]}, and each element of data an
 * event, an object of short names to strings (the tracker protocol).
 */
#ifndef CDP_INGEST_LINE_SNOWPLOW_H
#define CDP_INGEST_LINE_SNOWPLOW_H

#include "platform/ingest/parse_line_json.h"

/* what the schema of a body begins with */
#define SNOWPLOW_SCHEMA "iglu:com.snowplowanalytics.snowplow/payload_data/"

/* the member of a call that holds the event as it was sent */
#define SNOWPLOW_EVENT "snowplow"

/*
 * Make a call, as a text of JSON, of an event, which has passed cdpk_json_check and is an object; false with a refusal
 * if it is a self-describing event that cannot be read.  What else cannot be read stays in the event as it was sent.
 */
extern bool line_snowplow(CdpkSpan event, CdpkSpan *call, Refusal *refusal);

#endif /* CDP_INGEST_LINE_SNOWPLOW_H */
