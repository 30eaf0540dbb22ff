/*
 * pass_anchor.c
 *		The anchors of events: those of the batch, and those of the log that have others now.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/datum.h"

#include "platform/progress/progress.h"
#include "platform/refresh/pass.h"
#include "platform/refresh/pass_base.h"

/* copy_value copies a column of a row, which may be out of line. */
static Datum
copy_value(SPITupleTable *rows, uint64 row, int column, bool *isnull)
{
	Datum value = SPI_getbinval(rows->vals[row], rows->tupdesc, column, isnull);

	return *isnull ? value : PointerGetDatum(PG_DETOAST_DATUM_COPY(value));
}

/* read_stray makes an event of the log that may be anchored elsewhere. */
static void
read_stray(Pass *pass, SPITupleTable *rows, uint64 row, CdpkBatchStray *stray)
{
	PassSaid said;
	HeapTuple tuple = rows->vals[row];
	bool isnull;
	Datum value;

	memset(stray, 0, sizeof(*stray));
	stray->event_id = resolver_int8(rows, row, 1);
	stray->anchor = resolver_int8(rows, row, 2);
	stray->row.at = resolver_int8(rows, row, 3);
	stray->row.said_at = Min(stray->row.at, resolver_int8(rows, row, 4));
	stray->row.call = pass_call(PointerGetDatum(resolver_text(rows, row, 5)));
	value = copy_value(rows, row, 6, &isnull);
	stray->row.event = pass_bytes(value, isnull);
	stray->row.source = pass_known_source(pass, PointerGetDatum(resolver_text(rows, row, 7)));
	said.properties = SPI_getbinval(tuple, rows->tupdesc, 8, &said.no_properties);
	said.traits = SPI_getbinval(tuple, rows->tupdesc, 9, &said.no_traits);
	said.context = SPI_getbinval(tuple, rows->tupdesc, 10, &said.no_context);
	said.context_hash = SPI_getbinval(tuple, rows->tupdesc, 11, &said.no_context_hash);
	value = copy_value(rows, row, 12, &isnull);
	/* an event that is refused now carries nothing */
	if (!isnull)
		pass_set_identifiers(value, &stray->row);
	pass_fold_values(pass, &stray->row, &said, false);
}

/* pass_reanchor finds which of these events of the log have other anchors now. */
void
pass_reanchor(Pass *pass, CdpkBatchStray *strays, size_t count)
{
	size_t first_name;

	pass->strays = strays;
	pass_check(cdpk_batch_add_strays(pass->batch, strays, count, &first_name));
	pass_look_up_names(pass, first_name);
	pass_check(cdpk_batch_reanchor(pass->batch, &pass->moved, &pass->moved_count));
	pass->counts[COUNT_EVENTS_REANCHORED] = (int64) pass->moved_count;
}

/* pass_add_base_strays adds the rows of the base that may be anchored elsewhere, behind the events. */
void
pass_add_base_strays(const Pass *pass, CdpkBatchStray *strays)
{
	for (int i = 0; i < pass->base_strays.count; i++)
	{
		CdpkBatchStray *stray = &strays[pass->event_strays + i];

		stray->event_id = 0;
		stray->anchor = pass->base_strays.anchors[i];
		stray->row = pass->base_strays.rows[i];
	}
}

/* find_moved finds the events of the log, and the rows of the base, that have other anchors now. */
static void
find_moved(Pass *pass)
{
	static const Oid types[] = {INT8ARRAYOID};
	PassIds places = {NULL};
	Datum argument;
	uint64 count;
	SPITupleTable *rows;
	CdpkBatchStray *strays;

	pass_find_places(pass, &places);
	if (places.count == 0)
		return;
	pass_index_log(pass);
	argument = pass_id_array(places.items, places.count);
	rows = pass_query(
		pass,
		"SELECT e.event_id, e.identifier_id, e.\"timestamp\", e.received_at, e.type, e.event, e.source,"
		" e.properties, e.traits, e.context, e.context_hash,"
		" (cdp_internal.onboard(e.type, e.event, e.anonymous_id, e.user_id, e.group_id, e.previous_id,"
		" e.identifiers, e.properties, e.traits, e.context, e.\"timestamp\", NULL,"
		" NULL, NULL, e.source, $2, is_logged => true)).ids"
		" FROM unnest($3) AS p (place) JOIN cdp_data.event e ON e.identifier_id = p.place",
		1, types, &argument, &count);
	pass_find_base(pass, places.items, places.count, &pass->base_strays);
	strays = pass_array((int64) count + pass->base_strays.count, sizeof(CdpkBatchStray));
	for (uint64 i = 0; i < count; i++)
	{
		CHECK_FOR_INTERRUPTS();
		progress_step((int64) i);
		if (!pass_is_folded(pass, resolver_int8(rows, i, 1), resolver_int8(rows, i, 3)))
			read_stray(pass, rows, i, &strays[pass->event_strays++]);
	}
	SPI_freetuptable(rows);
	pass_add_base_strays(pass, strays);
	pass_reanchor(pass, strays, (size_t) (pass->event_strays + pass->base_strays.count));
}

/* pass_anchor anchors the events of the batch, and finds those of the log that have other anchors. */
void
pass_anchor(Pass *pass)
{
	pass_check(cdpk_batch_anchor(pass->batch));
	find_moved(pass);
}

/* pass_move_events brings these in the log to their anchors. */
void
pass_move_events(Pass *pass)
{
	static const Oid types[] = {INT8ARRAYOID, INT8ARRAYOID, INT8ARRAYOID, TIMESTAMPTZARRAYOID};
	int count = 0;
	int64 *event_ids = pass_array((int64) pass->moved_count, sizeof(int64));
	int64 *from = pass_array((int64) pass->moved_count, sizeof(int64));
	int64 *to = pass_array((int64) pass->moved_count, sizeof(int64));
	Datum *at = pass_array((int64) pass->moved_count, sizeof(Datum));
	Datum arguments[4];
	uint64 moved;

	for (size_t i = 0; i < pass->moved_count; i++)
	{
		if (pass->moved[i].event_id == 0)
			continue;
		event_ids[count] = pass->moved[i].event_id;
		from[count] = pass->moved[i].from;
		to[count] = pass->moved[i].to;
		at[count++] = TimestampTzGetDatum(pass->strays[pass->moved[i].stray].row.at);
	}
	pass_move_base(pass);
	if (count == 0)
		return;
	arguments[0] = pass_id_array(event_ids, count);
	arguments[1] = pass_id_array(from, count);
	arguments[2] = pass_id_array(to, count);
	arguments[3] = PointerGetDatum(construct_array(at, count, TIMESTAMPTZOID, sizeof(TimestampTz),
												   FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
	pass_run(pass,
			 "INSERT INTO cdp_data.anchor_history (event_id, until_batch_id, identifier_id)"
			 " SELECT m.event_id, $1, m.old_id FROM unnest($3, $4) AS m (event_id, old_id)"
			 " ORDER BY m.event_id",
			 2, types, arguments);
	pass_move_statements(pass, arguments);
	/* delete and insert: the anchor is the distribution key */
	moved = pass_run(
		pass,
		"WITH gone AS ("
		" DELETE FROM cdp_data.event e"
		" USING unnest($3, $4, $5, $6) AS r (event_id, old_id, new_id, \"timestamp\")"
		" WHERE e.event_id = r.event_id AND e.identifier_id = r.old_id"
		" AND e.\"timestamp\" = r.\"timestamp\" RETURNING e.*, r.new_id)"
		" INSERT INTO cdp_data.event (event_id, identifier_id, \"timestamp\", batch_id, message_id,"
		" type, event, anonymous_id, user_id, group_id, previous_id, identifiers, properties, traits,"
		" context, context_hash, sent_at, original_timestamp, received_at, source)"
		" SELECT event_id, new_id, \"timestamp\", batch_id, message_id, type, event, anonymous_id,"
		" user_id, group_id, previous_id, identifiers, properties, traits, context, context_hash,"
		" sent_at, original_timestamp, received_at, source FROM gone",
		4, types, arguments);
	pass_check_gone((int64) moved, count);
}
