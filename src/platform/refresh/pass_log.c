/*
 * pass_log.c
 *		Writes the accepted rows to the log.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "pgtime.h"
#include "utils/array.h"
#include "utils/fmgrprotos.h"
#include "utils/timestamp.h"

#include "platform/refresh/pass.h"

/* month_of gives the month of a time, counted in UTC. */
static int
month_of(TimestampTz at)
{
	struct pg_tm tm;
	fsec_t fsec;

	if (timestamp2tm(at, NULL, &tm, &fsec, NULL, NULL) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE), errmsg("timestamp out of range")));
	return tm.tm_year * 12 + tm.tm_mon - 1;
}

/* add_month notes a time, unless one of its month is among those noted; most come together. */
static void
add_month(TimestampTz at, PassIds *times)
{
	static const int64 longest = 31 * USECS_PER_DAY;

	for (int i = times->count - 1; i >= 0; i--)
		if (Max(at, times->items[i]) - Min(at, times->items[i]) < longest &&
			month_of(at) == month_of(times->items[i]))
			return;
	pass_add_id(times, at);
}

/* add_months makes the partitions that the accepted rows need, and the one for what comes next. */
static void
add_months(Pass *pass, const uint32_t *order, size_t count)
{
	static const Oid types[] = {TIMESTAMPTZARRAYOID};
	PassIds times = {NULL};
	Datum *values;
	Datum argument;

	for (size_t i = 0; i < count; i++)
		add_month(pass->batch_rows[order[i]].at, &times);
	add_month(pass->as_of + 31 * USECS_PER_DAY, &times);
	values = pass_array(times.count, sizeof(Datum));
	for (int i = 0; i < times.count; i++)
		values[i] = TimestampTzGetDatum(times.items[i]);
	argument =
		PointerGetDatum(construct_array(values, times.count, TIMESTAMPTZOID, sizeof(TimestampTz),
										FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
	pass_run(pass, "SELECT cdp_data.add_event_month(m.month) FROM unnest($3) AS m (month)", 1,
			 types, &argument);
}

void
pass_log(Pass *pass)
{
	size_t total;
	const uint32_t *order = cdpk_batch_log_order(pass->batch, &total);
	const CdpkBatchJudged *judged = cdpk_batch_judged(pass->batch);
	const int64_t *anchors = cdpk_batch_anchors(pass->batch);
	PassColumns row = {(int) total};
	Datum *event_id;
	Datum *identifier_id;
	Datum *batch_id;

	add_months(pass, order, total);
	if (total == 0)
		return;
	event_id = pass_column(&row, EVENT_ID);
	identifier_id = pass_column(&row, EVENT_IDENTIFIER_ID);
	batch_id = pass_column(&row, EVENT_BATCH_ID);
	for (size_t i = 0; i < total; i++)
	{
		event_id[i] = Int64GetDatum(judged[order[i]].event_id);
		identifier_id[i] = Int64GetDatum(anchors[order[i]]);
		batch_id[i] = Int64GetDatum(pass->batch_id);
	}
	for (int k = 0; k < ROW_LOGGED; k++)
	{
		bool *nulls;
		Datum *values = pass_null_column(&row, EVENT_LOGGED + k, &nulls);

		CHECK_FOR_INTERRUPTS();
		for (size_t i = 0; i < total; i++)
		{
			values[i] = pass->rows[order[i]].values[k];
			nulls[i] = pass->rows[order[i]].nulls[k];
		}
	}
	store_insert(pass_table(pass, TABLE_EVENT), (int) total, pass_columns(&row));
	for (int k = 0; k < row.count; k++)
	{
		pfree(unconstify(Datum *, row.column[k].values));
		if (row.column[k].nulls != NULL)
			pfree(unconstify(bool *, row.column[k].nulls));
	}
}
