/*
 * pass_correct.c
 *		Corrections: of all rows of a mutable source with one message id, the greatest holds.
 *
 * Rows are compared by their versions; of equal ones a deletion is the greater, and else the one of the greater
 * content, as a text.  Without versions the later one is the greater.  Here it is decided which of them become
 * events, or delete, before core/batch judges the rows: for it a row that takes the place of another has no key,
 * so that it is no duplicate, and one that does not hold has the content of the one that holds.  The event that is
 * replaced is taken back.
 */
#include "postgres.h"

#include "lib/stringinfo.h"

#include "platform/refresh/pass.h"

/* A row of a mutable source, and what holds of its message so far. */
typedef struct Statement
{
	int row;
	bool is_used; /* a message with its key was accepted, and nothing is known of it */
	bool is_held; /* something holds: of what source and content … */
	uint32 source;
	uint64 content;
	Jsonb *version; /* … NULL: none */
	int64 event_id; /* … of which event, 0: it deletes */
	int64 anchor;
	TimestampTz at;
	bool folded;
} Statement;

/* What is compared: a row of the batch, or what holds so far. */
typedef struct Said
{
	int row; /* -1: what holds so far */
	bool deletes;
	uint64 content;
	const Statement *held;
} Said;

typedef struct Corrections
{
	Pass *pass;
	Statement *statements; /* by message key and source */
	int count;
	PassIds starts; /* the first of the rows of each message that is corrected */
} Corrections;

/* ---------------------------------------------------------------- the greater one */

/* version_of returns the version. */
static Jsonb *
version_of(const Pass *pass, const Said *said)
{
	return said->row < 0 ? said->held->version : pass_row_version(pass, said->row);
}

/* append_content appends the content as a text; of an event that is gone there is none. */
static void
append_content(Pass *pass, const Said *said, StringInfo content)
{
	if (said->row >= 0)
		pass_row_content(pass, said->row, content);
	else
		pass_logged_content(pass, said->held->anchor, said->held->at, said->held->event_id,
							content);
}

/* compare_contents compares contents of which the hashes differ. */
static int
compare_contents(Pass *pass, const Said *a, const Said *b)
{
	MemoryContext work =
		AllocSetContextCreate(CurrentMemoryContext, "cdp contents", ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(work);
	StringInfoData x;
	StringInfoData y;
	int order;

	initStringInfo(&x);
	initStringInfo(&y);
	append_content(pass, a, &x);
	append_content(pass, b, &y);
	order = memcmp(x.data, y.data, Min(x.len, y.len));
	if (order == 0)
		order = x.len - y.len;
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(work);
	return order;
}

/* is_greater tells whether what comes later is greater than what came before, of one message. */
static bool
is_greater(Pass *pass, const PassSource *source, const Said *later, const Said *former)
{
	int order;

	if (source->version.count == 0)
		return true;
	order = pass_compare_versions(version_of(pass, later), version_of(pass, former));
	if (order != 0)
		return order > 0;
	if (later->deletes || former->deletes)
		return !former->deletes;
	return later->content != former->content && compare_contents(pass, later, former) > 0;
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

/* read_deletion finds out whether a row deletes; then it need not have what an event needs, but a message id. */
static void
read_deletion(Pass *pass, int number)
{
	TakenRow *taken = &pass->rows[number];
	CdpkBatchRow *row = &pass->batch_rows[number];

	if (pass->sources[row->source].deleted.count == 0 || (row->quarantined && !taken->incomplete) ||
		!pass_row_deletes(pass, number))
		return;
	row->deletes = true;
	row->quarantined = !taken->has_key;
	if (row->quarantined)
	{
		taken->reason = "missing_message_id";
		taken->detail = "message_id: a deletion needs the one of the message that it deletes";
		return;
	}
	taken->reason = taken->detail = NULL;
	row->message_key = taken->message_key.data;
	row->content = taken->content;
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

		if (!pass->sources[row->source].is_mutable)
			continue;
		read_deletion(pass, i);
		if (row->quarantined || row->message_key == NULL)
			continue;
		memset(&corrections->statements[corrections->count], 0, sizeof(Statement));
		corrections->statements[corrections->count++].row = i;
	}
	if (corrections->count > 0)
		qsort_arg(corrections->statements, corrections->count, sizeof(Statement),
				  compare_statements, pass->batch_rows);
}

/* same_message tells whether two rows are of one message of one source. */
static bool
same_message(const Corrections *corrections, int a, int b)
{
	const Pass *pass = corrections->pass;
	int x = corrections->statements[a].row;
	int y = corrections->statements[b].row;

	/* not the keys of batch_rows: one that takes the place of another has none */
	return pass->batch_rows[x].source == pass->batch_rows[y].source &&
		   memcmp(&pass->rows[x].message_key, &pass->rows[y].message_key, sizeof(pg_uuid_t)) == 0;
}

/* end_of returns where the rows of a message end that begin at "start". */
static int
end_of(const Corrections *corrections, int start)
{
	int end = start + 1;

	while (end < corrections->count && same_message(corrections, start, end))
		end++;
	return end;
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

/* note_held is the StoreRowFunction that notes what holds of a message. */
static void
note_held(void *arg, int key, const Datum *values, const bool *nulls)
{
	Corrections *corrections = arg;
	Statement *statement = &corrections->statements[key];

	statement->is_held = true;
	statement->source = pass_numbered_source(corrections->pass, values[0]);
	statement->content = (uint64) DatumGetInt64(values[1]);
	/* of what has not changed no more need be known */
	if (corrections->pass->batch_rows[statement->row].content != statement->content && !nulls[2])
		statement->version = DatumGetJsonbPCopy(values[2]);
	if (nulls[3])
		return;
	statement->event_id = DatumGetInt64(values[3]);
	statement->anchor = DatumGetInt64(values[4]);
	statement->at = DatumGetTimestampTz(values[5]);
	statement->folded = DatumGetBool(values[6]);
}

/* find_held finds what holds of the messages. */
static void
find_held(Corrections *corrections)
{
	static const int wanted[] = {STATEMENT_SOURCE_ID, STATEMENT_CONTENT_HASH,  STATEMENT_VERSION,
								 STATEMENT_EVENT_ID,  STATEMENT_IDENTIFIER_ID, STATEMENT_AT,
								 STATEMENT_FOLDED};
	Pass *pass = corrections->pass;
	PassColumns key = {corrections->count};
	Datum *keys = pass_column(&key, STATEMENT_KEY);

	for (int i = 0; i < corrections->count; i++)
		keys[i] = PointerGetDatum(pass->batch_rows[corrections->statements[i].row].message_key);
	store_find(pass_table(pass, TABLE_STATEMENT), corrections->count, pass_columns(&key),
			   lengthof(wanted), wanted, note_held, corrections);
	pfree(keys);
}

/* Messages of which nothing holds, and several rows are in the batch. */
typedef struct Lookup
{
	Statement *statements;
	int *starts; /* the first row of each */
	int count;
} Lookup;

/* note_used is the StoreRowFunction that notes that a message was accepted. */
static void
note_used(void *arg, int key, const Datum *values, const bool *nulls)
{
	Lookup *lookup = arg;

	lookup->statements[lookup->starts[key]].is_used = true;
}

/* find_used finds messages that another source has sent, or that are taken back for good: these rows stay as they are. */
static void
find_used(Corrections *corrections)
{
	Pass *pass = corrections->pass;
	Lookup lookup = {corrections->statements, pass_array(corrections->count, sizeof(int))};
	PassColumns key = {0};
	Datum *keys;

	for (int start = 0, end; start < corrections->count; start = end)
	{
		end = end_of(corrections, start);
		if (end - start > 1 && !corrections->statements[start].is_held)
			lookup.starts[lookup.count++] = start;
	}
	key.rows = lookup.count;
	if (lookup.count == 0)
		return;
	keys = pass_column(&key, MESSAGE_KEY);
	for (int i = 0; i < lookup.count; i++)
		keys[i] =
			PointerGetDatum(pass->batch_rows[lookup.statements[lookup.starts[i]].row].message_key);
	store_find(pass_table(pass, TABLE_MESSAGE), lookup.count, pass_columns(&key), 0, NULL,
			   note_used, &lookup);
}

/* ---------------------------------------------------------------- what holds now */

/* replace has a row become an event, or delete, in place of the one that holds. */
static void
replace(Corrections *corrections, int start, int row)
{
	const Statement *statement = &corrections->statements[start];
	Pass *pass = corrections->pass;
	PassCorrected *corrected = &pass->corrected;

	pass->batch_rows[row].message_key = NULL;
	pass_add_id(&corrections->starts, start);
	pass_add_id(&corrected->rows, row);
	pass_add_id(&corrected->event_ids, statement->event_id);
	pass_add_id(&corrected->anchors, statement->anchor);
	pass_add_id(&corrected->times, statement->at);
}

/* refuse_folded sets the rows of one message aside that say something else than its event, which is in the base. */
static void
refuse_folded(Corrections *corrections, int start, int end)
{
	Pass *pass = corrections->pass;

	for (int i = start; i < end; i++)
	{
		int row = corrections->statements[i].row;

		if (pass->batch_rows[row].content == corrections->statements[start].content)
			continue;
		pass->rows[row].reason = "folded";
		pass->rows[row].detail =
			"message_id: the event cannot be corrected, as it has left the log";
		pass->batch_rows[row].quarantined = true;
	}
}

/* say tells what a row says. */
static Said
say(const Pass *pass, int row)
{
	const CdpkBatchRow *batch_row = &pass->batch_rows[row];
	Said said = {row, batch_row->deletes, batch_row->content};

	return said;
}

/* find_best finds the greatest of the rows of one message. */
static Said
find_best(const Corrections *corrections, int start, int end)
{
	Pass *pass = corrections->pass;
	Said best = say(pass, corrections->statements[start].row);

	for (int i = start + 1; i < end; i++)
	{
		Said said = say(pass, corrections->statements[i].row);

		if (is_greater(pass, &pass->sources[pass->batch_rows[said.row].source], &said, &best))
			best = said;
	}
	return best;
}

/* set_contents makes duplicates of the rows of one message that do not hold. */
static void
set_contents(const Corrections *corrections, int start, int end, uint64 content)
{
	Pass *pass = corrections->pass;

	for (int i = start; i < end; i++)
		if (pass->batch_rows[corrections->statements[i].row].message_key != NULL)
			pass->batch_rows[corrections->statements[i].row].content = content;
}

/* settle decides which of the rows of one message holds: those from "start" to "end". */
static void
settle(Corrections *corrections, int start, int end)
{
	Pass *pass = corrections->pass;
	const Statement *held = &corrections->statements[start];
	const CdpkBatchRow *first = &pass->batch_rows[held->row];
	bool changed = !held->is_held;
	Said former = {-1, held->event_id == 0, held->content, held};
	Said best;

	/* what another source has said, or was taken back for good, is not corrected */
	if (held->is_used || (held->is_held && held->source != first->source))
		return;
	for (int i = start; i < end; i++)
		changed |= pass->batch_rows[corrections->statements[i].row].content != held->content;
	if (!changed || (!held->is_held && end - start == 1))
		return;
	if (held->folded)
	{
		refuse_folded(corrections, start, end);
		return;
	}
	best = find_best(corrections, start, end);
	if (!held->is_held)
	{
		if (best.row != held->row)
			swap_rows(pass, held->row, best.row);
		set_contents(corrections, start, end, best.content);
		return;
	}
	if (best.content == held->content ||
		!is_greater(pass, &pass->sources[first->source], &best, &former))
	{
		set_contents(corrections, start, end, held->content);
		return;
	}
	replace(corrections, start, best.row);
	set_contents(corrections, start, end, best.content);
}

/* ---------------------------------------------------------------- what cannot be corrected */

/* refuse refuses a row that would correct; of the others of the message those stay duplicates that repeat what holds. */
static void
refuse(const Corrections *corrections, int start, int row)
{
	Pass *pass = corrections->pass;
	int end;

	pass->rows[row].reason = "log_lacks_events";
	pass->rows[row].detail =
		"message_id: the event cannot be corrected, as the log lacks others of "
		"the person";
	pass->batch_rows[row].quarantined = true;
	pass->batch_rows[row].message_key = pass->rows[row].message_key.data;
	end = end_of(corrections, start);
	for (int i = start; i < end; i++)
	{
		int other = corrections->statements[i].row;

		pass->batch_rows[other].content = pass->rows[other].content;
	}
}

/* refuse_lacking refuses corrections of events of people of whom the log lacks events: they cannot be folded anew. */
static void
refuse_lacking(Corrections *corrections)
{
	Pass *pass = corrections->pass;
	PassCorrected *corrected = &pass->corrected;
	CdpkIdMap lacks;
	int kept = 0;

	cdpk_idmap_init(&lacks, &pass->allocator);
	pass_find_whole(pass, &corrected->anchors, &lacks);
	for (int i = 0; i < corrected->rows.count; i++)
	{
		if (cdpk_idmap_get(&lacks, (uint64_t) corrected->anchors.items[i]) != CDPK_IDMAP_NONE)
		{
			refuse(corrections, (int) corrections->starts.items[i], (int) corrected->rows.items[i]);
			continue;
		}
		corrected->rows.items[kept] = corrected->rows.items[i];
		corrected->event_ids.items[kept] = corrected->event_ids.items[i];
		corrected->anchors.items[kept] = corrected->anchors.items[i];
		corrected->times.items[kept++] = corrected->times.items[i];
	}
	corrected->rows.count = corrected->event_ids.count = corrected->anchors.count =
		corrected->times.count = kept;
	cdpk_idmap_free(&lacks);
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
	find_used(&corrections);
	for (int start = 0, end; start < corrections.count; start = end)
	{
		CHECK_FOR_INTERRUPTS();
		end = end_of(&corrections, start);
		settle(&corrections, start, end);
	}
	if (pass->corrected.rows.count > 0)
		refuse_lacking(&corrections);
}
