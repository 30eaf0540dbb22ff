/*
 * pass_hour.c
 *		Counts by hour what went to quarantine, and what sources sent in all.
 *
 * A source's row has the number of all that it ever sent, so what it sent in an hour is written only when its next
 * hour begins.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"

#include "platform/refresh/pass.h"

/* The hour of a time, in UTC. */
static TimestampTz
hour_of(TimestampTz at)
{
	return at - ((at % USECS_PER_HOUR) + USECS_PER_HOUR) % USECS_PER_HOUR;
}

/* count_quarantined counts the rows that went to quarantine. */
static void
count_quarantined(Pass *pass)
{
	static const Oid types[] = {TIMESTAMPTZOID, TEXTARRAYOID, TEXTARRAYOID};
	Datum *sources = pass_array(pass->counts[COUNT_QUARANTINED], sizeof(Datum));
	Datum *reasons = pass_array(pass->counts[COUNT_QUARANTINED], sizeof(Datum));
	Datum arguments[3];
	int count = 0;

	for (int i = 0; i < pass->row_count; i++)
	{
		CHECK_FOR_INTERRUPTS();
		if (pass->rows[i].reason == NULL || count == pass->counts[COUNT_QUARANTINED])
			continue;
		sources[count] = PointerGetDatum(pass->sources[pass->batch_rows[i].source].name);
		reasons[count++] = CStringGetTextDatum(pass->rows[i].reason);
	}
	arguments[0] = TimestampTzGetDatum(hour_of(pass->as_of));
	arguments[1] = pass_value_array(sources, count, TEXTOID);
	arguments[2] = pass_value_array(reasons, count, TEXTOID);
	pass_run(pass,
			 "INSERT INTO cdp_data.quarantine_hour AS h (hour, source, reason, rows)"
			 " SELECT $3, u.source, u.reason, count(*)"
			 " FROM unnest($4, $5) AS u (source, reason) GROUP BY 2, 3"
			 " ON CONFLICT (hour, source, reason) DO UPDATE SET rows = h.rows + excluded.rows",
			 lengthof(types), types, arguments);
}

/* close_hours writes what sources had sent at the end of their last hour, of those for which another has begun. */
static void
close_hours(Pass *pass)
{
	static const Oid types[] = {TEXTARRAYOID, TIMESTAMPTZARRAYOID, INT8ARRAYOID};
	Datum *sources = pass_array(pass->source_count, sizeof(Datum));
	Datum *hours = pass_array(pass->source_count, sizeof(Datum));
	int64 *rows = pass_array(pass->source_count, sizeof(int64));
	Datum arguments[3];
	int count = 0;

	for (int i = 0; i < pass->source_count; i++)
	{
		const PassSource *source = &pass->sources[i];

		if (!source->met || TIMESTAMP_NOT_FINITE(source->last_at) ||
			hour_of(source->last_at) == hour_of(pass->as_of))
			continue;
		sources[count] = PointerGetDatum(source->name);
		hours[count] = TimestampTzGetDatum(hour_of(source->last_at));
		rows[count++] = source->rows_before;
	}
	if (count == 0)
		return;
	arguments[0] = pass_value_array(sources, count, TEXTOID);
	arguments[1] = PointerGetDatum(construct_array(
		hours, count, TIMESTAMPTZOID, sizeof(TimestampTz), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
	arguments[2] = pass_id_array(rows, count);
	pass_run(pass,
			 "WITH old AS (DELETE FROM cdp_data.source_hour h WHERE h.source = ANY ($3)"
			 "  AND h.hour < $2 - interval '9600 hours'),"
			 " older AS (DELETE FROM cdp_data.quarantine_hour h"
			 "  WHERE h.hour < $2 - interval '9600 hours')"
			 " INSERT INTO cdp_data.source_hour (source, hour, rows)"
			 " SELECT u.source, u.hour, u.rows FROM unnest($3, $4, $5) AS u (source, hour, rows)"
			 " ON CONFLICT (source, hour) DO UPDATE SET rows = excluded.rows",
			 lengthof(types), types, arguments);
}

void
pass_count_hours(Pass *pass)
{
	close_hours(pass);
	if (pass->counts[COUNT_QUARANTINED] > 0)
		count_quarantined(pass);
}
