/*
 * pass_corrected.c
 *		What is written of rows of mutable sources that hold: the content of their messages, where their events
 *		are, and, if the source asks for it, the events that they replace.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "platform/catalogue/hash_key.h"
#include "platform/identity/map_hash.h"
#include "platform/refresh/pass.h"

/* has_mutable tells whether a source is mutable. */
static bool
has_mutable(const Pass *pass)
{
	for (int i = 0; i < pass->source_count; i++)
		if (pass->sources[i].is_mutable)
			return true;
	return false;
}

bool
pass_meets_mutable(const Pass *pass)
{
	for (int i = 0; i < pass->source_count; i++)
		if (pass->sources[i].is_mutable && pass->sources[i].met)
			return true;
	return false;
}

/* keeps_any tells whether an event that is replaced is of a source that keeps them. */
static bool
keeps_any(const Pass *pass)
{
	const PassCorrected *corrected = &pass->corrected;

	for (int i = 0; i < corrected->rows.count; i++)
		if (corrected->event_ids.items[i] != 0 &&
			pass->sources[pass->batch_rows[corrected->rows.items[i]].source].keeps)
			return true;
	return false;
}

/* keep keeps the events that are replaced of sources that ask for it, before they are taken back. */
static void
keep(Pass *pass)
{
	static const Oid types[] = {INT8ARRAYOID, INT8ARRAYOID, TIMESTAMPTZARRAYOID, BOOLARRAYOID};
	const PassCorrected *corrected = &pass->corrected;
	int count = corrected->rows.count;
	Datum *times = pass_array(count, sizeof(Datum));
	Datum *deletes = pass_array(count, sizeof(Datum));
	Datum arguments[4];

	if (!keeps_any(pass))
		return;
	for (int i = 0; i < count; i++)
	{
		times[i] = TimestampTzGetDatum(corrected->times.items[i]);
		deletes[i] = BoolGetDatum(pass->batch_rows[corrected->rows.items[i]].deletes);
	}
	arguments[0] = pass_id_array(corrected->event_ids.items, count);
	arguments[1] = pass_id_array(corrected->anchors.items, count);
	arguments[2] = PointerGetDatum(construct_array(
		times, count, TIMESTAMPTZOID, sizeof(TimestampTz), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
	arguments[3] = PointerGetDatum(
		construct_array(deletes, count, BOOLOID, sizeof(bool), true, TYPALIGN_CHAR));
	pass_run(
		pass,
		"INSERT INTO cdp_data.correction (event_id, batch_id, source, message_id, deleted, event)"
		" SELECT e.event_id, $1, e.source, cdp_internal.account_id(e.message_id), c.deletes,"
		"  to_jsonb(e) - 'context_hash'"
		"  || jsonb_build_object('context', cdp_internal.whole_context(e.context, h.context))"
		" FROM unnest($3, $4, $5, $6) AS c (event_id, place, at, deletes)"
		" JOIN cdp_data.event e ON e.identifier_id = c.place AND e.\"timestamp\" = c.at"
		"  AND e.event_id = c.event_id"
		" JOIN cdp_data.source s ON s.source = e.source AND s.keep_corrections"
		" LEFT JOIN cdp_data.shared_context h USING (context_hash)",
		4, types, arguments);
}

/* note_mark is the StoreRowFunction that notes whether a message key is kept for ever. */
static void
note_mark(void *arg, int key, const Datum *values, const bool *nulls)
{
	bool *marked = arg;

	marked[key] = DatumGetInt64(values[0]) < 0;
}

/* find_marked finds which message keys are kept for ever, for an earlier event with the same message id. */
static const bool *
find_marked(Pass *pass, const PassColumns *key)
{
	static const int wanted[] = {MESSAGE_BATCH_ID};
	bool *marked = pass_array(key->rows, sizeof(bool));

	memset(marked, 0, sizeof(bool) * key->rows);
	if (pass_ask(pass, "SELECT EXISTS (SELECT FROM cdp_data.retraction r WHERE r.forever)"))
		store_find(pass_table(pass, TABLE_MESSAGE), key->rows, pass_columns(key), lengthof(wanted),
				   wanted, note_mark, marked);
	return marked;
}

/*
 * pass_message_hint returns the hash by which the event of a message may be found: that of its last identifier,
 * which mostly is its anchor; 0 for an event without identifiers.
 */
int64
pass_message_hint(const CdpkSipHashKey *key, const CdpkBatchRow *row)
{
	const CdpkBatchBytes *last;

	if (row->identifier_count == 0)
		return 0;
	last = &row->identifiers[row->identifier_count - 1];
	return map_hash(key, last->bytes, last->length);
}

/* pass_note_corrected keeps what is replaced, and notes the content that a message has now. */
void
pass_note_corrected(Pass *pass)
{
	const PassCorrected *corrected = &pass->corrected;
	PassColumns key = {corrected->rows.count};
	PassColumns set = {corrected->rows.count};
	Datum *message_key;
	Datum *batch_id;
	Datum *content;
	Datum *hint;
	bool *no_event;
	const bool *marked;
	CdpkSipHashKey hash_by;

	if (corrected->rows.count == 0)
		return;
	keep(pass);
	message_key = pass_column(&key, MESSAGE_KEY);
	batch_id = pass_column(&set, MESSAGE_BATCH_ID);
	content = pass_column(&set, MESSAGE_CONTENT_HASH);
	hint = pass_null_column(&set, MESSAGE_HINT, &no_event);
	hash_by = hash_key(HASH_IDENTIFIER);
	for (int i = 0; i < corrected->rows.count; i++)
		message_key[i] = PointerGetDatum(pass->rows[corrected->rows.items[i]].message_key.data);
	marked = find_marked(pass, &key);
	for (int i = 0; i < corrected->rows.count; i++)
	{
		int row = (int) corrected->rows.items[i];

		batch_id[i] = Int64GetDatum(marked[i] ? -pass->batch_id : pass->batch_id);
		content[i] = Int64GetDatum((int64) pass->batch_rows[row].content);
		hint[i] = Int64GetDatum(pass_message_hint(&hash_by, &pass->batch_rows[row]));
		no_event[i] = pass->batch_rows[row].deletes;
	}
	store_update(pass_table(pass, TABLE_MESSAGE), corrected->rows.count, pass_columns(&key),
				 pass_columns(&set));
}

/* ---------------------------------------------------------------- statements */

/* Rows of cdp_data.statement. */
typedef struct Statements
{
	PassColumns key;
	PassColumns set;
	Datum *message_key;
	Datum *source_id;
	Datum *content;
	Datum *version;
	bool *no_version;
	Datum *event_id;
	Datum *anchor;
	Datum *at;
	bool *no_event[3];
	int count;
} Statements;

/* begin_statements makes room for so many. */
static void
begin_statements(Statements *statements, int rows)
{
	PassColumns *set = &statements->set;

	memset(statements, 0, sizeof(*statements));
	statements->key.rows = set->rows = rows;
	statements->message_key = pass_column(&statements->key, STATEMENT_KEY);
	statements->source_id = pass_column(set, STATEMENT_SOURCE_ID);
	statements->content = pass_column(set, STATEMENT_CONTENT_HASH);
	statements->version = pass_null_column(set, STATEMENT_VERSION, &statements->no_version);
	statements->event_id = pass_null_column(set, STATEMENT_EVENT_ID, &statements->no_event[0]);
	statements->anchor = pass_null_column(set, STATEMENT_IDENTIFIER_ID, &statements->no_event[1]);
	statements->at = pass_null_column(set, STATEMENT_AT, &statements->no_event[2]);
}

/* add_statement adds what a row says that became an event, or deletes. */
static void
add_statement(Pass *pass, Statements *statements, int row)
{
	const CdpkBatchJudged *judged = cdpk_batch_judged(pass->batch);
	bool deletes = judged[row].outcome == CDPK_BATCH_DELETED;
	Jsonb *version = pass_row_version(pass, row);
	int at = statements->count++;

	statements->message_key[at] = PointerGetDatum(pass->rows[row].message_key.data);
	statements->source_id[at] =
		Int32GetDatum(pass->sources[pass->batch_rows[row].source].source_id);
	statements->content[at] = Int64GetDatum((int64) pass->batch_rows[row].content);
	statements->version[at] = PointerGetDatum(version);
	statements->no_version[at] = version == NULL;
	for (int i = 0; i < lengthof(statements->no_event); i++)
		statements->no_event[i][at] = deletes;
	if (deletes)
		return;
	statements->event_id[at] = Int64GetDatum(judged[row].event_id);
	statements->anchor[at] = Int64GetDatum(cdpk_batch_anchors(pass->batch)[row]);
	statements->at[at] = TimestampTzGetDatum(pass->rows[row].at);
}

/* is_new tells whether a row holds whose message none has held before. */
static bool
is_new(const Pass *pass, int row)
{
	CdpkBatchOutcome outcome = cdpk_batch_judged(pass->batch)[row].outcome;

	/* one that replaces another has no key any more */
	return (outcome == CDPK_BATCH_ACCEPTED || outcome == CDPK_BATCH_DELETED) &&
		   pass->batch_rows[row].message_key != NULL &&
		   pass->sources[pass->batch_rows[row].source].is_mutable;
}

/* insert_statements writes those of messages that none has held before. */
static void
insert_statements(Pass *pass)
{
	Statements statements;
	PassColumns columns;
	int count = 0;

	for (int i = 0; i < pass->row_count; i++)
		count += is_new(pass, i);
	if (count == 0)
		return;
	begin_statements(&statements, count);
	for (int i = 0; i < pass->row_count; i++)
		if (is_new(pass, i))
			add_statement(pass, &statements, i);
	columns = statements.set;
	columns.column[columns.count++] = statements.key.column[0];
	store_insert(pass_table(pass, TABLE_STATEMENT), count, pass_columns(&columns));
}

/* pass_note_statements notes what holds of the messages of mutable sources, and where the events are. */
void
pass_note_statements(Pass *pass)
{
	const PassCorrected *corrected = &pass->corrected;
	Statements statements;

	if (!has_mutable(pass))
		return;
	insert_statements(pass);
	if (corrected->rows.count == 0)
		return;
	begin_statements(&statements, corrected->rows.count);
	for (int i = 0; i < corrected->rows.count; i++)
		add_statement(pass, &statements, (int) corrected->rows.items[i]);
	store_update(pass_table(pass, TABLE_STATEMENT), statements.count, pass_columns(&statements.key),
				 pass_columns(&statements.set));
}

/*
 * pass_move_statements notes the new anchors of events that are about to move; places: arrays of their numbers,
 * present and new anchors, and times.
 */
void
pass_move_statements(Pass *pass, const Datum *places)
{
	static const Oid types[] = {INT8ARRAYOID, INT8ARRAYOID, INT8ARRAYOID, TIMESTAMPTZARRAYOID};

	if (has_mutable(pass))
		pass_run(pass,
				 "UPDATE cdp_data.statement s SET identifier_id = r.new_id"
				 " FROM unnest($3, $4, $5, $6) AS r (event_id, old_id, new_id, \"timestamp\")"
				 " JOIN cdp_data.event e ON e.event_id = r.event_id AND e.identifier_id = r.old_id"
				 "  AND e.\"timestamp\" = r.\"timestamp\""
				 " WHERE s.message_key = cdp_internal.event_message_key(e.message_id, e.source)"
				 "  AND s.event_id = e.event_id",
				 4, types, places);
}
