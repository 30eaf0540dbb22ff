/*
 * pass_same_content.c
 *		Rows that say the same as an event with another message id: double loads, by two pipelines.
 *
 * A row of a source with a span (same_content_within) is a duplicate if an event of the log, or an accepted row
 * before it in the batch, says the same within that span, and one identifier that is not blocked is in common.
 * Rows whose message id is known are not looked at: they are duplicates already, or reused.  Whether a message id
 * is known depends on the rows before, so the rows are gone through in their order.  It is as if each row were a
 * batch of its own.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/lsyscache.h"

#include "core/text/timestamp.h"
#include "platform/identity/blocked.h"
#include "platform/ingest/message_content.h"
#include "platform/refresh/pass.h"
#include "toolkit/identifier/identifier.h"

/*
 * How far the clock of a row may have been corrected.  Events are found by their corrected times, and compared by
 * those of the sender.
 */
#define CORRECTED_MAX CDPK_DAY

/* Identifiers, and between which times their events are looked for, in one query. */
#define ASKED_AT_ONCE 1000

/* An identifier of which the log is to be read, between two times by the sender. */
typedef struct Asked
{
	CdpkBatchBytes identifier;
	TimestampTz since;
	TimestampTz until;
} Asked;

typedef struct Comparison
{
	Pass *pass;
	CdpkSipHashKey content_key;
	BlockedRules *blocked; /* or NULL */
	PassSpans *spans;
	int *ids;      /* of each row with a message id: which of the ids, by number; else -1 */
	bool *is_used; /* of each message id: whether it is known */
	int id_count;
	Asked *asked;
	int asked_count;
	int asked_capacity;
} Comparison;

/* ---------------------------------------------------------------- what is said */

/* sent_time returns the time by the sender. */
static TimestampTz
sent_time(const InboxRow *columns, TimestampTz at)
{
	return columns->nulls[INBOX_ORIGINAL_TIMESTAMP]
			   ? at
			   : DatumGetTimestampTz(columns->values[INBOX_ORIGINAL_TIMESTAMP]);
}

/* is_near tells whether the clock was right, by a day. */
static bool
is_near(TimestampTz at, TimestampTz sent)
{
	return sent >= at - CORRECTED_MAX && sent <= at + CORRECTED_MAX;
}

/* is_compared tells whether a row of the batch is compared with others, if its message id is new. */
static bool
is_compared(const Comparison *comparison, int number)
{
	const Pass *pass = comparison->pass;
	const CdpkBatchRow *row = &pass->batch_rows[number];

	return !row->quarantined && !row->deletes && row->identifier_count > 0 &&
		   !pass->sources[row->source].is_mutable &&
		   is_near(row->at, sent_time(&pass->rows[number].columns, row->at));
}

/* keep_unblocked keeps those of identifiers that are not blocked, and returns their number. */
static int
keep_unblocked(const Comparison *comparison, const CdpkBatchBytes *identifiers, int count,
			   CdpkBatchBytes *kept)
{
	int kept_count = 0;

	for (int i = 0; i < count; i++)
		if (comparison->blocked == NULL ||
			!blocked_rules_match(comparison->blocked, identifiers[i].bytes, identifiers[i].length))
			kept[kept_count++] = identifiers[i];
	return kept_count;
}

/* ---------------------------------------------------------------- message ids */

static int
compare_keys(const void *a, const void *b, void *arg)
{
	const CdpkBatchRow *rows = arg;

	return memcmp(rows[*(const int *) a].message_key, rows[*(const int *) b].message_key,
				  CDPK_BATCH_KEY_SIZE);
}

/* note_used is the StoreRowFunction that notes that a message was accepted. */
static void
note_used(void *arg, int key, const Datum *values, const bool *nulls)
{
	Comparison *comparison = arg;

	comparison->is_used[key] = true;
}

/* number_ids numbers the message ids of the rows; of each number *keys has the key. */
static void
number_ids(Comparison *comparison, Datum **keys)
{
	Pass *pass = comparison->pass;
	int *order = pass_array(pass->row_count, sizeof(int));
	int count = 0;

	for (int i = 0; i < pass->row_count; i++)
	{
		comparison->ids[i] = -1;
		if (pass->batch_rows[i].message_key != NULL && !pass->batch_rows[i].quarantined)
			order[count++] = i;
	}
	if (count > 0)
		qsort_arg(order, count, sizeof(int), compare_keys, pass->batch_rows);
	*keys = pass_array(count, sizeof(Datum));
	for (int i = 0; i < count; i++)
	{
		if (i == 0 || compare_keys(&order[i - 1], &order[i], pass->batch_rows) != 0)
			(*keys)[comparison->id_count++] =
				PointerGetDatum(pass->batch_rows[order[i]].message_key);
		comparison->ids[order[i]] = comparison->id_count - 1;
	}
	pfree(order);
}

/* find_used finds out which message ids are known. */
static void
find_used(Comparison *comparison)
{
	Pass *pass = comparison->pass;
	PassColumns key = {0};
	Datum *values;
	Datum *keys;

	comparison->ids = pass_array(pass->row_count, sizeof(int));
	number_ids(comparison, &keys);
	comparison->is_used =
		palloc_extended(Max(comparison->id_count, 1), MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	key.rows = comparison->id_count;
	if (key.rows == 0)
		return;
	values = pass_column(&key, MESSAGE_KEY);
	memcpy(values, keys, sizeof(Datum) * key.rows);
	store_find(pass_table(pass, TABLE_MESSAGE), key.rows, pass_columns(&key), 0, NULL, note_used,
			   comparison);
}

/* is_new tells whether no message with the id of a row was accepted. */
static bool
is_new(const Comparison *comparison, int number)
{
	int id = comparison->ids[number];

	return id < 0 || !comparison->is_used[id];
}

/* ---------------------------------------------------------------- the log */

/* ask asks for what the log has of the persons of a row, within the span of its source. */
static void
ask(Comparison *comparison, int number)
{
	const Pass *pass = comparison->pass;
	const CdpkBatchRow *row = &pass->batch_rows[number];
	TimestampTz sent = sent_time(&pass->rows[number].columns, row->at);
	int64 within = pass->sources[row->source].within;
	CdpkBatchBytes kept[INGEST_IDENTIFIERS_MAX];
	int count = keep_unblocked(comparison, row->identifiers, (int) row->identifier_count, kept);

	for (int i = 0; i < count; i++)
	{
		Asked asked = {kept[i], sent - within, sent + within};

		if (comparison->asked_count == comparison->asked_capacity)
		{
			comparison->asked_capacity = Max(1024, 2 * comparison->asked_capacity);
			comparison->asked =
				comparison->asked == NULL
					? pass_array(comparison->asked_capacity, sizeof(Asked))
					: repalloc_huge(comparison->asked, sizeof(Asked) * comparison->asked_capacity);
		}
		comparison->asked[comparison->asked_count++] = asked;
	}
}

static int
compare_identifiers(const CdpkBatchBytes *a, const CdpkBatchBytes *b)
{
	int order = memcmp(a->bytes, b->bytes, Min(a->length, b->length));

	return order != 0 ? order : (a->length > b->length) - (a->length < b->length);
}

static int
compare_asked(const void *a, const void *b)
{
	const Asked *x = a;
	const Asked *y = b;
	int order = compare_identifiers(&x->identifier, &y->identifier);

	return order != 0 ? order : (x->since > y->since) - (x->since < y->since);
}

/* join_asked joins what is asked of one identifier between times that are so near that the log would be read twice. */
static void
join_asked(Comparison *comparison)
{
	int count = 0;

	if (comparison->asked_count > 0)
		qsort(comparison->asked, comparison->asked_count, sizeof(Asked), compare_asked);
	for (int i = 0; i < comparison->asked_count; i++)
	{
		const Asked *asked = &comparison->asked[i];
		Asked *last = count > 0 ? &comparison->asked[count - 1] : NULL;

		if (last != NULL && compare_identifiers(&last->identifier, &asked->identifier) == 0 &&
			asked->since <= last->until + CORRECTED_MAX)
			last->until = Max(last->until, asked->until);
		else
			comparison->asked[count++] = *asked;
	}
	comparison->asked_count = count;
}

/* add_logged is the StoreRowFunction that adds an event of the log. */
static void
add_logged(void *arg, int key, const Datum *values, const bool *nulls)
{
	Comparison *comparison = arg;
	Pass *pass = comparison->pass;
	const Datum *logged = values + EVENT_LOGGED;
	OnboardOptions options = {pass->as_of, INGEST_IDENTIFIERS_MAX, true, pass->onboard_sources};
	MemoryContext caller = MemoryContextSwitchTo(pass->scratch);
	CdpkBatchBytes identifiers[INGEST_IDENTIFIERS_MAX];
	PassStatement said = {.identifiers = identifiers};
	Refusal refusal = {NULL, ""};
	InboxRow columns;
	OnboardedRow event;

	CHECK_FOR_INTERRUPTS();
	pass_inbox_row(logged, nulls + EVENT_LOGGED, &columns);
	said.at = sent_time(&columns, DatumGetTimestampTz(logged[LOGGED_AT]));
	if (!pass->sources[pass_known_source(pass, logged[LOGGED_SOURCE])].is_mutable &&
		is_near(DatumGetTimestampTz(logged[LOGGED_AT]), said.at) &&
		onboard_row(&columns, ingest_column(&columns, INBOX_SOURCE), options, &event, &refusal))
	{
		said.content =
			message_same_content(&comparison->content_key, event.type, event.event, &columns,
								 event.identifiers.members, event.identifiers.count, event.earlier);
		for (int i = 0; i < event.identifiers.count; i++)
			identifiers[i] = pass_payload(PointerGetDatum(event.identifiers.members[i]));
		said.count = keep_unblocked(comparison, identifiers, event.identifiers.count, identifiers);
		MemoryContextSwitchTo(caller);
		pass_add_said(comparison->spans, &said);
	}
	MemoryContextSwitchTo(caller);
	MemoryContextReset(pass->scratch);
}

/*
 * Find where events are that may have one of the identifiers: at it, or at a neighbour, see pass_add_neighbours().  An
 * unlinked pair has no link any more.
 */
#define FIND_EVENTS(more)                                                                          \
	"WITH asked AS MATERIALIZED (SELECT k.identifier_id, r.since, r.until"                         \
	" FROM unnest($3, $4, $5) AS r (identifier, since, until)"                                     \
	" CROSS JOIN LATERAL cdp_internal.known_identifier(r.identifier) k),"                          \
	" place AS MATERIALIZED (SELECT * FROM asked"                                                  \
	" UNION SELECT l.b, r.since, r.until FROM asked r JOIN cdp_data.link l"                        \
	"  ON l.a = r.identifier_id"                                                                   \
	" UNION SELECT l.a, r.since, r.until FROM asked r JOIN cdp_data.link l"                        \
	"  ON l.b = r.identifier_id" more ")"                                                          \
	" SELECT DISTINCT e.event_id, e.identifier_id, e.\"timestamp\" FROM place p"                   \
	" JOIN cdp_data.event e ON e.identifier_id = p.identifier_id"                                  \
	" AND e.\"timestamp\" BETWEEN p.since - interval '24 hours' AND p.until + interval '24 hours'" \
	" AND coalesce(e.original_timestamp, e.\"timestamp\") BETWEEN p.since AND p.until"

#define UNLINKED                                                                   \
	" UNION SELECT k.identifier_id, r.since, r.until FROM asked r"                 \
	" JOIN cdp_data.identifier i USING (identifier_id)"                            \
	" JOIN cdp_data.verdict v ON v.kind = 'unlink' AND i.identifier IN (v.a, v.b)" \
	" CROSS JOIN unnest(ARRAY[v.a, v.b]) AS n (identifier)"                        \
	" CROSS JOIN LATERAL cdp_internal.known_identifier(n.identifier) k"

/* find_places finds where events are of some of what is asked for. */
static SPITupleTable *
find_places(Comparison *comparison, int first, int count, uint64 *found)
{
	Pass *pass = comparison->pass;
	Oid types[] = {get_array_type(identifier_type_oid()), TIMESTAMPTZARRAYOID, TIMESTAMPTZARRAYOID};
	Datum *identifiers = pass_array(count, sizeof(Datum));
	Datum *since = pass_array(count, sizeof(Datum));
	Datum *until = pass_array(count, sizeof(Datum));
	Datum arguments[3];

	for (int i = 0; i < count; i++)
	{
		const Asked *asked = &comparison->asked[first + i];

		identifiers[i] = pass_identifier(&asked->identifier);
		since[i] = TimestampTzGetDatum(asked->since);
		until[i] = TimestampTzGetDatum(asked->until);
	}
	arguments[0] = pass_value_array(identifiers, count, identifier_type_oid());
	arguments[1] = PointerGetDatum(construct_array(
		since, count, TIMESTAMPTZOID, sizeof(TimestampTz), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
	arguments[2] = PointerGetDatum(construct_array(
		until, count, TIMESTAMPTZOID, sizeof(TimestampTz), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
	return pass_query_by_keys(pass, pass->has_verdicts ? FIND_EVENTS(UNLINKED) : FIND_EVENTS(""), 3,
							  types, arguments, found);
}

/* read_log adds the events of the log that rows may say the same as. */
static void
read_log(Comparison *comparison)
{
	Pass *pass = comparison->pass;

	join_asked(comparison);
	if (comparison->asked_count == 0)
		return;
	pass->has_verdicts = pass_ask(pass, "SELECT EXISTS (SELECT FROM cdp_data.verdict)");
	pass_index_log(pass);
	pass_index_keys(pass);
	for (int first = 0; first < comparison->asked_count; first += ASKED_AT_ONCE)
	{
		uint64 found;
		SPITupleTable *rows = find_places(
			comparison, first, Min(ASKED_AT_ONCE, comparison->asked_count - first), &found);
		PassColumns key = {(int) found};
		Datum *identifier_id = pass_column(&key, EVENT_IDENTIFIER_ID);
		Datum *at = pass_column(&key, EVENT_LOGGED + LOGGED_AT);
		Datum *event_id = pass_column(&key, EVENT_ID);

		for (uint64 i = 0; i < found; i++)
		{
			event_id[i] = Int64GetDatum(resolver_int8(rows, i, 1));
			identifier_id[i] = Int64GetDatum(resolver_int8(rows, i, 2));
			at[i] = Int64GetDatum(resolver_int8(rows, i, 3));
		}
		SPI_freetuptable(rows);
		pass_find_logged(pass, &key, add_logged, comparison);
	}
	/* this batch may add partitions */
	pass_close_table(pass, TABLE_EVENT);
}

/* ---------------------------------------------------------------- the rows */

/* compare_row compares a row whose message id is new with what was said before. */
static void
compare_row(Comparison *comparison, int number)
{
	Pass *pass = comparison->pass;
	const TakenRow *taken = &pass->rows[number];
	CdpkBatchRow *row = &pass->batch_rows[number];
	int64 within = pass->sources[row->source].within;
	CdpkBatchBytes identifiers[INGEST_IDENTIFIERS_MAX];
	PassStatement said = {.identifiers = identifiers};

	said.count =
		keep_unblocked(comparison, row->identifiers, (int) row->identifier_count, identifiers);
	said.at = sent_time(&taken->columns, row->at);
	said.content =
		message_same_content(&comparison->content_key, taken->call_type, taken->event,
							 &taken->columns, taken->identifiers, taken->identifier_count,
							 taken->is_alias ? taken->identifiers[taken->identifier_count] : NULL);
	row->same_content = within > 0 && pass_was_said(comparison->spans, within, &said);
	if (!row->same_content)
		pass_add_said(comparison->spans, &said);
}

/* compare_rows goes through the rows in their order. */
static void
compare_rows(Comparison *comparison)
{
	Pass *pass = comparison->pass;
	MemoryContext work =
		AllocSetContextCreate(CurrentMemoryContext, "cdp same content", ALLOCSET_DEFAULT_SIZES);

	for (int i = 0; i < pass->row_count; i++)
	{
		MemoryContext caller;

		CHECK_FOR_INTERRUPTS();
		if (pass->batch_rows[i].quarantined || !is_new(comparison, i))
			continue;
		caller = MemoryContextSwitchTo(work);
		if (is_compared(comparison, i))
			compare_row(comparison, i);
		MemoryContextSwitchTo(caller);
		MemoryContextReset(work);
		if (comparison->ids[i] >= 0 && !pass->batch_rows[i].same_content)
			comparison->is_used[comparison->ids[i]] = true;
	}
	MemoryContextDelete(work);
}

/* make_spans makes room for the spans of the sources of the batch; NULL: there are none. */
static PassSpans *
make_spans(Pass *pass)
{
	int64 *within = NULL;
	int count = 0;

	for (int i = 0; i < pass->source_count; i++)
	{
		const PassSource *source = &pass->sources[i];
		int k = 0;

		if (!source->met || source->within == 0)
			continue;
		if (within == NULL)
			within = palloc(sizeof(int64) * pass->source_count);
		while (k < count && within[k] != source->within)
			k++;
		if (k == count)
			within[count++] = source->within;
	}
	return count > 0 ? pass_new_spans(pass, within, count) : NULL;
}

void
pass_find_same_content(Pass *pass)
{
	Comparison comparison = {pass, hash_key(HASH_CONTENT)};
	MemoryContext caller = CurrentMemoryContext;
	MemoryContext work;
	Jsonb *blocked;

	work = AllocSetContextCreate(caller, "cdp same content", ALLOCSET_DEFAULT_SIZES);
	MemoryContextSwitchTo(work);
	comparison.spans = make_spans(pass);
	if (comparison.spans != NULL)
	{
		blocked = pass_ask_kept(pass, "SELECT cdp_internal.blocked_rules()", "namespace");
		if (JB_ROOT_COUNT(blocked) > 0)
			comparison.blocked = blocked_rules_read(blocked, work);
		find_used(&comparison);
		for (int i = 0; i < pass->row_count; i++)
			if (pass->sources[pass->batch_rows[i].source].within > 0 &&
				is_compared(&comparison, i) && is_new(&comparison, i))
				ask(&comparison, i);
		read_log(&comparison);
		compare_rows(&comparison);
		pass_free_spans(comparison.spans);
	}
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(work);
}
