/*
 * withdrawn.c
 *		People who leave a segment since they may not be used any more for the purpose that it is bound to.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/timestamp.h"

#include "platform/segment/keep.h"

/* is_found tells whether a query finds an id. */
static bool
is_found(const char *query, int count, Oid *types, Datum *values)
{
	KeepIds ids = keep_read_ids(query, count, types, values);

	pfree(ids.items);
	return ids.count > 0;
}

/* Few people leave such segments in a batch: each is looked up. */
bool
keep_is_withdrawn(KeepRun *run, int64 profile_id, int32 segment_id, TimestampTz at)
{
	Oid types[] = {INT8OID, INT4OID, TIMESTAMPTZOID};
	Datum values[] = {Int64GetDatum(profile_id), Int32GetDatum(segment_id),
					  TimestampTzGetDatum(at)};

	if (run->bound == 0)
		run->bound = is_found("SELECT 1::bigint FROM cdp_data.segment s"
							  " WHERE s.purpose_id IS NOT NULL LIMIT 1",
							  0, NULL, NULL)
						 ? 1
						 : -1;
	return run->bound > 0 &&
		   is_found("SELECT p.profile_id FROM cdp_data.profile p"
					" JOIN cdp_data.segment s ON s.segment_id = $2"
					" WHERE p.profile_id = $1 AND (p.purposes >> s.purpose_id & 1 = 0"
					" OR p.purposes_until <= $3)",
					lengthof(types), types, values);
}
