/*
 * pass_correct.c
 *		Corrections: of all rows of a mutable source with one message id, the greatest holds.
 *
 * Rows are compared by their versions, then by the hashes of their contents; without versions the later one
 * is the greater.  Here it is decided which of them become events, before core/batch judges the rows: for it
 * a row that holds has no key, so that it is no duplicate, and one that does not has the content of the one
 * that holds.  The event that is replaced is taken back.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/jsonb.h"
#include "utils/numeric.h"

#include "platform/refresh/pass.h"

/* A row of a mutable source, and what holds of its message so far. */
typedef struct Statement
{
	int row;
	bool held;      /* a message with its key was accepted */
	bool found;     /* … and its event is in the log, of the same source */
	uint64 content; /* of that one */
	int64 event_id;
	int64 anchor;
	TimestampTz at;
	Jsonb *version; /* NULL: none */
} Statement;

typedef struct Corrections
{
	Pass *pass;
	Statement *statements; /* by message key and source */
	int count;
} Corrections;

/* ---------------------------------------------------------------- versions */

/* find_version finds the version in the properties of a row; NULL: it has none. */
static Jsonb *
find_version(const PassSource *source, Datum properties, bool isnull)
{
	Datum found;

	if (source->version == NULL || isnull)
		return NULL;
	{
		LOCAL_FCINFO(call, 2);

		InitFunctionCallInfoData(*call, NULL, 2, InvalidOid, NULL, NULL);
		call->args[0].value = properties;
		call->args[0].isnull = false;
		call->args[1].value = PointerGetDatum(source->version);
		call->args[1].isnull = false;
		found = jsonb_extract_path(call);
		return call->isnull ? NULL : DatumGetJsonbPCopy(found);
	}
}

/* get_scalar gets a number or a string; others are of type null. */
static void
get_scalar(Jsonb *version, JsonbValue *value)
{
	value->type = jbvNull;
	if (version != NULL && JB_ROOT_IS_SCALAR(version))
		JsonbExtractScalar(&version->root, value);
	if (value->type != jbvNumeric && value->type != jbvString)
		value->type = jbvNull;
}

/* compare_versions compares two: none, then numbers, then strings by their bytes. */
static int
compare_versions(Jsonb *a, Jsonb *b)
{
	JsonbValue x;
	JsonbValue y;
	int order;

	get_scalar(a, &x);
	get_scalar(b, &y);
	if (x.type != y.type)
		return x.type == jbvNull || y.type == jbvString ? -1 : 1;
	if (x.type == jbvNull)
		return 0;
	if (x.type == jbvNumeric)
		return DatumGetInt32(DirectFunctionCall2(numeric_cmp, NumericGetDatum(x.val.numeric),
												 NumericGetDatum(y.val.numeric)));
	order = memcmp(x.val.string.val, y.val.string.val, Min(x.val.string.len, y.val.string.len));
	return order != 0 ? order : x.val.string.len - y.val.string.len;
}

/* is_greater tells whether a row that comes later is greater than one that came before. */
static bool
is_greater(const PassSource *source, Jsonb *version, uint64 content, Jsonb *former_version,
		   uint64 former_content)
{
	int order;

	if (source->version == NULL)
		return true;
	order = compare_versions(version, former_version);
	return order != 0 ? order > 0 : content > former_content;
}

static Jsonb *
version_of(const Pass *pass, int row)
{
	const InboxRow *columns = &pass->rows[row].columns;

	return find_version(&pass->sources[pass->batch_rows[row].source],
						columns->values[INBOX_PROPERTIES], columns->nulls[INBOX_PROPERTIES]);
}

/* ---------------------------------------------------------------- rows of one message */

static int
compare_statements(const void *a, const void *b, void *arg)
{
	const Statement *x = a;
	const Statement *y = b;
	const CdpkBatchRow *rows = arg;
	int order = memcmp(rows[x->row].message_key, rows[y->row].message_key, CDPK_BATCH_KEY_SIZE);

	if (order != 0)
		return order;
	if (rows[x->row].source != rows[y->row].source)
		return rows[x->row].source < rows[y->row].source ? -1 : 1;
	return x->row - y->row;
}

/* list_statements lists the rows of mutable sources that have a message id, by it. */
static void
list_statements(Corrections *corrections)
{
	Pass *pass = corrections->pass;

	corrections->statements = pass_array(pass->row_count, sizeof(Statement));
	for (int i = 0; i < pass->row_count; i++)
	{
		const CdpkBatchRow *row = &pass->batch_rows[i];

		if (row->quarantined || row->message_key == NULL || !pass->sources[row->source].is_mutable)
			continue;
		memset(&corrections->statements[corrections->count], 0, sizeof(Statement));
		corrections->statements[corrections->count++].row = i;
	}
	if (corrections->count > 0)
		qsort_arg(corrections->statements, corrections->count, sizeof(Statement),
				  compare_statements, pass->batch_rows);
}

static bool
same_message(const Corrections *corrections, int a, int b)
{
	const CdpkBatchRow *x = &corrections->pass->batch_rows[corrections->statements[a].row];
	const CdpkBatchRow *y = &corrections->pass->batch_rows[corrections->statements[b].row];

	return x->source == y->source &&
		   memcmp(x->message_key, y->message_key, CDPK_BATCH_KEY_SIZE) == 0;
}

/* swap_rows lets two rows change places: the first of a message in a batch is the one that is accepted. */
static void
swap_rows(Pass *pass, int a, int b)
{
	TakenRow taken = pass->rows[a];
	CdpkBatchRow row = pass->batch_rows[a];

	pass->rows[a] = pass->rows[b];
	pass->rows[b] = taken;
	pass->batch_rows[a] = pass->batch_rows[b];
	pass->batch_rows[b] = row;
	/* each points to its own key */
	pass->batch_rows[a].message_key = pass->rows[a].message_key.data;
	pass->batch_rows[b].message_key = pass->rows[b].message_key.data;
}

/* ---------------------------------------------------------------- what holds so far */

/* note_message is the StoreRowFunction that notes the content that was accepted. */
static void
note_message(void *arg, int key, const Datum *values, const bool *nulls)
{
	Statement *statement = (Statement *) arg + key;

	statement->held = true;
	statement->content = (uint64) DatumGetInt64(values[0]);
}

/* Rows whose messages hold another content. */
typedef struct Lookup
{
	Corrections *corrections;
	int *statements; /* of each key */
	int count;
} Lookup;

/* note_place is the StoreRowFunction that notes where the event is. */
static void
note_place(void *arg, int key, const Datum *values, const bool *nulls)
{
	Lookup *lookup = arg;
	Statement *statement = &lookup->corrections->statements[lookup->statements[key]];

	statement->event_id = DatumGetInt64(values[0]);
	statement->anchor = DatumGetInt64(values[1]);
	statement->at = DatumGetTimestampTz(values[2]);
}

/* note_event is the StoreRowFunction that takes the event that holds. */
static void
note_event(void *arg, int key, const Datum *values, const bool *nulls)
{
	Lookup *lookup = arg;
	Pass *pass = lookup->corrections->pass;
	Statement *statement = &lookup->corrections->statements[lookup->statements[key]];
	uint32 source = pass_known_source(pass, values[0]);

	if (source != pass->batch_rows[statement->row].source)
		return;
	statement->found = true;
	statement->version = find_version(&pass->sources[source], values[1], nulls[1]);
}

/* find_events finds the events of these messages. */
static void
find_events(Lookup *lookup)
{
	static const int wanted[] = {EVENT_LOGGED + LOGGED_SOURCE, EVENT_LOGGED + LOGGED_PROPERTIES};
	Pass *pass = lookup->corrections->pass;
	PassColumns key = {lookup->count};
	Datum *identifier_id = pass_column(&key, EVENT_IDENTIFIER_ID);
	Datum *at = pass_column(&key, EVENT_LOGGED + LOGGED_AT);
	Datum *event_id = pass_column(&key, EVENT_ID);

	for (int i = 0; i < lookup->count; i++)
	{
		const Statement *statement = &lookup->corrections->statements[lookup->statements[i]];

		/* of one whose place is not known this finds none: no event has number 0 */
		identifier_id[i] = Int64GetDatum(statement->anchor);
		at[i] = TimestampTzGetDatum(statement->at);
		event_id[i] = Int64GetDatum(statement->event_id);
	}
	store_find(pass_table(pass, TABLE_EVENT), key.rows, pass_columns(&key), lengthof(wanted),
			   wanted, note_event, lookup);
	/* this batch may add partitions */
	pass_close_table(pass, TABLE_EVENT);
}

/* find_held finds what holds of the messages; of one with the same content no more need be known. */
static void
find_held(Corrections *corrections)
{
	static const int content[] = {MESSAGE_CONTENT_HASH};
	static const int place[] = {STATEMENT_EVENT_ID, STATEMENT_IDENTIFIER_ID, STATEMENT_AT};
	Pass *pass = corrections->pass;
	PassColumns message = {corrections->count};
	PassColumns key = {corrections->count};
	Datum *message_key = pass_column(&message, MESSAGE_KEY);
	Datum *statement_key = pass_column(&key, STATEMENT_KEY);
	Lookup lookup = {corrections, pass_array(corrections->count, sizeof(int))};

	for (int i = 0; i < corrections->count; i++)
		message_key[i] =
			PointerGetDatum(pass->batch_rows[corrections->statements[i].row].message_key);
	store_find(pass_table(pass, TABLE_MESSAGE), corrections->count, pass_columns(&message),
			   lengthof(content), content, note_message, corrections->statements);
	for (int i = 0; i < corrections->count; i++)
	{
		const Statement *statement = &corrections->statements[i];

		if (!statement->held || pass->batch_rows[statement->row].content == statement->content)
			continue;
		statement_key[lookup.count] = message_key[i];
		lookup.statements[lookup.count++] = i;
	}
	key.rows = lookup.count;
	if (lookup.count == 0)
		return;
	store_find(pass_table(pass, TABLE_STATEMENT), lookup.count, pass_columns(&key), lengthof(place),
			   place, note_place, &lookup);
	find_events(&lookup);
}

/* ---------------------------------------------------------------- what holds now */

/* beats tells whether a row is greater than one that came before it in the batch. */
static bool
beats(const Corrections *corrections, int row, int former)
{
	Pass *pass = corrections->pass;

	return is_greater(&pass->sources[pass->batch_rows[row].source], version_of(pass, row),
					  pass->batch_rows[row].content, version_of(pass, former),
					  pass->batch_rows[former].content);
}

/* replace has a row become an event in place of the one that holds. */
static void
replace(Corrections *corrections, const Statement *statement, int row)
{
	Pass *pass = corrections->pass;
	PassCorrected *corrected = &pass->corrected;

	pass->batch_rows[row].message_key = NULL;
	pass_add_id(&corrected->rows, row);
	pass_add_id(&corrected->event_ids, statement->event_id);
	pass_add_id(&corrected->anchors, statement->anchor);
	pass_add_id(&corrected->times, statement->at);
}

/* settle decides which of the rows of one message become an event: those from "start" to "end". */
static void
settle(Corrections *corrections, int start, int end)
{
	Pass *pass = corrections->pass;
	const Statement *held = NULL;
	int first = corrections->statements[start].row;
	int best = first;
	uint64 content;

	for (int i = start; i < end; i++)
	{
		const Statement *statement = &corrections->statements[i];

		if (i > start && beats(corrections, statement->row, best))
			best = statement->row;
		if (held == NULL || (statement->found && !held->found))
			held = statement;
	}
	/* what another source has said, or was taken back for good, is not corrected */
	if (held->held && !held->found && pass->batch_rows[best].content != held->content)
		return;
	content = held->held ? held->content : pass->batch_rows[best].content;
	if (held->held && pass->batch_rows[best].content != content &&
		is_greater(&pass->sources[pass->batch_rows[best].source], version_of(pass, best),
				   pass->batch_rows[best].content, held->version, content))
	{
		replace(corrections, held, best);
		content = pass->batch_rows[best].content;
	}
	if (!held->held && best != first)
		swap_rows(pass, first, best);
	for (int i = start; i < end; i++)
		if (pass->batch_rows[corrections->statements[i].row].message_key != NULL)
			pass->batch_rows[corrections->statements[i].row].content = content;
}

/* is_lacking tells whether an anchor is among those of people of whom the log lacks events. */
static bool
is_lacking(SPITupleTable *rows, uint64 count, int64 anchor)
{
	for (uint64 i = 0; i < count; i++)
		if (resolver_int8(rows, i, 1) == anchor)
			return true;
	return false;
}

/* refuse_lacking refuses corrections of events of people of whom the log lacks events: they cannot be folded anew. */
static void
refuse_lacking(Pass *pass)
{
	static const Oid types[] = {INT8ARRAYOID};
	PassCorrected *corrected = &pass->corrected;
	Datum argument = pass_id_array(corrected->anchors.items, corrected->anchors.count);
	char *query = pass_ask_text(
		pass, "SELECT format('SELECT i.identifier_id FROM (%s) l JOIN cdp_data.identifier i"
			  " USING (profile_id) WHERE i.identifier_id = ANY ($3)', cdp_internal.lacking_people("
			  "'SELECT DISTINCT o.profile_id FROM cdp_data.identifier o"
			  " WHERE o.identifier_id = ANY ($3) AND o.profile_id <> 0'))");
	uint64 count;
	SPITupleTable *rows = pass_query(pass, query, 1, types, &argument, &count);
	int kept = 0;

	for (int i = 0; i < corrected->rows.count; i++)
	{
		int row = (int) corrected->rows.items[i];

		if (is_lacking(rows, count, corrected->anchors.items[i]))
		{
			pass->rows[row].reason = "log_lacks_events";
			pass->rows[row].detail = "message_id: the event cannot be corrected, as the log lacks "
									 "others of the person";
			pass->batch_rows[row].quarantined = true;
			continue;
		}
		corrected->rows.items[kept] = corrected->rows.items[i];
		corrected->event_ids.items[kept] = corrected->event_ids.items[i];
		corrected->anchors.items[kept] = corrected->anchors.items[i];
		corrected->times.items[kept++] = corrected->times.items[i];
	}
	corrected->rows.count = corrected->event_ids.count = corrected->anchors.count =
		corrected->times.count = kept;
	SPI_freetuptable(rows);
}

void
pass_correct(Pass *pass)
{
	Corrections corrections = {pass};
	bool any = false;

	for (int i = 0; i < pass->source_count; i++)
		any |= pass->sources[i].met && pass->sources[i].is_mutable;
	if (!any)
		return;
	list_statements(&corrections);
	if (corrections.count == 0)
		return;
	find_held(&corrections);
	for (int start = 0, end; start < corrections.count; start = end)
	{
		for (end = start + 1; end < corrections.count && same_message(&corrections, start, end);
			 end++)
			;
		settle(&corrections, start, end);
	}
	if (pass->corrected.rows.count > 0)
		refuse_lacking(pass);
}

/* ---------------------------------------------------------------- what is written */

/* keep keeps the events that are replaced of sources that ask for it, before they are taken back. */
static void
keep(Pass *pass)
{
	static const Oid types[] = {INT8ARRAYOID, INT8ARRAYOID, TIMESTAMPTZARRAYOID};
	const PassCorrected *corrected = &pass->corrected;
	int count = corrected->rows.count;
	Datum *times = pass_array(count, sizeof(Datum));
	Datum arguments[3];
	bool any = false;

	for (int i = 0; i < corrected->rows.count; i++)
		any |= pass->sources[pass->batch_rows[corrected->rows.items[i]].source].keeps;
	if (!any)
		return;
	for (int i = 0; i < count; i++)
		times[i] = TimestampTzGetDatum(corrected->times.items[i]);
	arguments[0] = pass_id_array(corrected->event_ids.items, count);
	arguments[1] = pass_id_array(corrected->anchors.items, count);
	arguments[2] = PointerGetDatum(construct_array(
		times, count, TIMESTAMPTZOID, sizeof(TimestampTz), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
	pass_run(pass,
			 "INSERT INTO cdp_data.correction (event_id, batch_id, source, message_id, event)"
			 " SELECT e.event_id, $1, e.source, e.message_id, to_jsonb(e)"
			 " FROM unnest($3, $4, $5) AS c (event_id, place, at)"
			 " JOIN cdp_data.event e ON e.identifier_id = c.place AND e.\"timestamp\" = c.at"
			 "  AND e.event_id = c.event_id"
			 " JOIN cdp_data.source s ON s.source = e.source AND s.keep_corrections",
			 3, types, arguments);
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

	if (corrected->rows.count == 0)
		return;
	keep(pass);
	message_key = pass_column(&key, MESSAGE_KEY);
	batch_id = pass_column(&set, MESSAGE_BATCH_ID);
	content = pass_column(&set, MESSAGE_CONTENT_HASH);
	for (int i = 0; i < corrected->rows.count; i++)
	{
		int row = (int) corrected->rows.items[i];

		message_key[i] = PointerGetDatum(pass->rows[row].message_key.data);
		batch_id[i] = Int64GetDatum(pass->batch_id);
		content[i] = Int64GetDatum((int64) pass->batch_rows[row].content);
	}
	store_update(pass_table(pass, TABLE_MESSAGE), corrected->rows.count, pass_columns(&key),
				 pass_columns(&set));
}

/* pass_note_statements notes where the events of mutable sources are. */
void
pass_note_statements(Pass *pass)
{
	const CdpkBatchJudged *judged = cdpk_batch_judged(pass->batch);
	const int64_t *anchors = cdpk_batch_anchors(pass->batch);
	PassColumns key = {pass->row_count};
	PassColumns set = {pass->row_count};
	Datum *message_key;
	Datum *event_id;
	Datum *anchor;
	Datum *at;
	int count = 0;

	message_key = pass_column(&key, STATEMENT_KEY);
	event_id = pass_column(&set, STATEMENT_EVENT_ID);
	anchor = pass_column(&set, STATEMENT_IDENTIFIER_ID);
	at = pass_column(&set, STATEMENT_AT);
	for (int i = 0; i < pass->row_count; i++)
	{
		if (judged[i].outcome != CDPK_BATCH_ACCEPTED || !pass->rows[i].has_key ||
			!pass->sources[pass->batch_rows[i].source].is_mutable)
			continue;
		message_key[count] = PointerGetDatum(pass->rows[i].message_key.data);
		event_id[count] = Int64GetDatum(judged[i].event_id);
		anchor[count] = Int64GetDatum(anchors[i]);
		at[count++] = TimestampTzGetDatum(pass->rows[i].at);
	}
	if (count > 0)
		store_upsert(pass_table(pass, TABLE_STATEMENT), count, pass_columns(&key),
					 pass_columns(&set));
}
