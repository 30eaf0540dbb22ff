/*
 * pass_log.c
 *		Writes the accepted rows to the log.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "pgtime.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/timestamp.h"

#include "platform/ingest/load_rows.h"
#include "platform/progress/progress.h"
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
	int missing = 0;
	Datum *values;
	Datum argument;

	for (size_t i = 0; i < count; i++)
		add_month(pass->batch_rows[order[i]].at, &times);
	add_month(pass->as_of + 31 * USECS_PER_DAY, &times);
	values = pass_array(times.count, sizeof(Datum));
	for (int i = 0; i < times.count; i++)
		if (!pass_has_range(TABLE_EVENT, TimestampTzGetDatum(times.items[i])))
			values[missing++] = TimestampTzGetDatum(times.items[i]);
	if (missing == 0)
		return;
	argument = PointerGetDatum(construct_array(values, missing, TIMESTAMPTZOID, sizeof(TimestampTz),
											   FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
	pass_run(pass, "SELECT cdp_data.add_event_month(m.month) FROM unnest($3) AS m (month)", 1,
			 types, &argument);
	/* conditions of segments may read the log at each batch */
	if (load_is_open() && pass_ask(pass, "SELECT NOT EXISTS (SELECT FROM cdp_data.segment)"))
		pass_defer_log(pass);
}

/* how many rows ahead the memory of one is asked for: they come in the order of their anchors */
#define AHEAD 8
#define CACHE_LINE 64

/* prefetch_row asks for the memory of a row that comes soon. */
static void
prefetch_row(const TakenRow *row)
{
	for (Size at = 0; at < sizeof(TakenRow); at += CACHE_LINE)
		__builtin_prefetch((const char *) row + at);
}

/* make_type_names makes the names of calls as texts. */
static void
make_type_names(Datum *names)
{
	for (int i = 0; i < CALL_COUNT; i++)
		names[i] = CStringGetTextDatum(onboard_call_name(i));
}

/* event_text makes the name of an event a text: mostly it is what came. */
static Datum
event_text(const TakenRow *row)
{
	if (!row->columns.nulls[INBOX_EVENT])
	{
		struct varlena *came = (struct varlena *) DatumGetPointer(row->columns.values[INBOX_EVENT]);

		if (!VARATT_IS_EXTENDED(came) || VARATT_IS_SHORT(came))
			if (VARDATA_ANY(came) == row->event.text &&
				VARSIZE_ANY_EXHDR(came) == row->event.length)
				return PointerGetDatum(came);
	}
	return ingest_text_datum(row->event);
}

/* set_logged sets what the log keeps of a row. */
static void
set_logged(Pass *pass, uint32_t number, const Datum *type_names, Datum **values, bool **nulls,
		   size_t at)
{
	/* those that are kept as they came */
	static const struct
	{
		LoggedColumn to;
		InboxColumn from;
	} kept[] = {{LOGGED_MESSAGE_ID, INBOX_MESSAGE_ID},
				{LOGGED_ANONYMOUS_ID, INBOX_ANONYMOUS_ID},
				{LOGGED_USER_ID, INBOX_USER_ID},
				{LOGGED_GROUP_ID, INBOX_GROUP_ID},
				{LOGGED_PREVIOUS_ID, INBOX_PREVIOUS_ID},
				{LOGGED_IDENTIFIERS, INBOX_IDENTIFIERS},
				{LOGGED_PROPERTIES, INBOX_PROPERTIES},
				{LOGGED_TRAITS, INBOX_TRAITS},
				{LOGGED_CONTEXT, INBOX_CONTEXT},
				{LOGGED_SENT_AT, INBOX_SENT_AT},
				{LOGGED_ORIGINAL_TIMESTAMP, INBOX_ORIGINAL_TIMESTAMP}};
	const TakenRow *row = &pass->rows[number];

	for (int i = 0; i < lengthof(kept); i++)
	{
		values[kept[i].to][at] = row->columns.values[kept[i].from];
		nulls[kept[i].to][at] = row->columns.nulls[kept[i].from];
	}
	values[LOGGED_AT][at] = TimestampTzGetDatum(row->at);
	values[LOGGED_TYPE][at] = type_names[row->call_type];
	nulls[LOGGED_EVENT][at] = row->event.length == 0;
	if (row->event.length > 0)
		values[LOGGED_EVENT][at] = event_text(row);
	values[LOGGED_RECEIVED_AT][at] = TimestampTzGetDatum(row->seen_at);
	values[LOGGED_SOURCE][at] =
		PointerGetDatum(pass->sources[pass->batch_rows[number].source].name);
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
	Datum *context_hash;
	bool *no_context_hash;
	Datum *values[LOGGED_COLUMNS];
	bool *nulls[LOGGED_COLUMNS];
	Datum type_names[CALL_COUNT];
	PassContexts *contexts;

	add_months(pass, order, total);
	if (total == 0)
		return;
	event_id = pass_column(&row, EVENT_ID);
	identifier_id = pass_column(&row, EVENT_IDENTIFIER_ID);
	batch_id = pass_column(&row, EVENT_BATCH_ID);
	context_hash = pass_null_column(&row, EVENT_CONTEXT_HASH, &no_context_hash);
	for (size_t i = 0; i < total; i++)
	{
		event_id[i] = Int64GetDatum(judged[order[i]].event_id);
		identifier_id[i] = Int64GetDatum(anchors[order[i]]);
		batch_id[i] = Int64GetDatum(pass->batch_id);
	}
	for (int k = 0; k < LOGGED_COLUMNS; k++)
		values[k] = pass_null_column(&row, EVENT_LOGGED + k, &nulls[k]);
	make_type_names(type_names);
	contexts = pass_share_contexts(pass);
	for (size_t i = 0; i < total; i++)
	{
		int64 hash;

		CHECK_FOR_INTERRUPTS();
		progress_step((int64) i);
		if (i + AHEAD < total)
			prefetch_row(&pass->rows[order[i + AHEAD]]);
		set_logged(pass, order[i], type_names, values, nulls, i);
		hash = pass_own_context(contexts, order[i], &values[LOGGED_CONTEXT][i],
								&nulls[LOGGED_CONTEXT][i]);
		context_hash[i] = Int64GetDatum(hash);
		no_context_hash[i] = hash == 0;
	}
	store_insert(pass_table(pass, TABLE_EVENT), (int) total, pass_columns(&row));
	for (int k = 0; k < row.count; k++)
	{
		pfree(unconstify(Datum *, row.column[k].values));
		if (row.column[k].nulls != NULL)
			pfree(unconstify(bool *, row.column[k].nulls));
	}
}
