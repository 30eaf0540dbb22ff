/*
 * take_clean.c
 *		One row that was taken: it is cleaned, or cut and set aside.
 */
#include "postgres.h"

#include "access/heaptoast.h"
#include "access/toast_internals.h"
#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/memutils.h"

#include "cdp.h"
#include "compat.h"
#include "toolkit/bridge/raw_size.h"
#include "toolkit/bridge/shown_size.h"
#include "platform/ingest/dropped.h"
#include "platform/ingest/message_content.h"
#include "platform/ingest/parse_line.h"
#include "platform/ingest/scrub.h"
#include "platform/ingest/take_clean.h"

/* a row that is smaller has no document that is large as text: one of 4 kB has at most 40 MB */
#define SMALL_ROW 4096

/* of a row that is cut: a larger text or document is not kept, … */
#define CUT_MAX 4096

/* … of a text but these characters */
#define CUT_CHARACTERS 1000

/* is_document returns whether a column is a jsonb. */
static bool
is_document(InboxColumn column)
{
	return take_inbox.columns[column].type == JSONBOID;
}

/* is_time returns whether a column is a time. */
static bool
is_time(InboxColumn column)
{
	return take_inbox.columns[column].type == TIMESTAMPTZOID;
}

/* row_size sums the raw sizes of the columns of the table that the row is from, as a claim counts them. */
static int64
row_size(const TakenRow *row)
{
	int64 size = row->line != NULL ? raw_size(PointerGetDatum(row->line), -1) : 0;

	for (int i = 0; i < INBOX_COLUMNS; i++)
		if (!row->columns.nulls[i])
			size += is_time(i) ? sizeof(TimestampTz) : raw_size(row->columns.values[i], -1);
	return size;
}

bool
take_is_too_large(const TakenRow *row, int64 max)
{
	int64 size = row_size(row);

	if (size > max || size <= SMALL_ROW || row->is_line)
		return size > max;
	size = 0;
	for (int i = 0; i < INBOX_COLUMNS; i++)
		if (is_document(i) && !row->columns.nulls[i])
			size += shown_size(row->columns.values[i]);
	return size > max;
}

/* keep_value copies a value to the memory of the rows. */
static Datum
keep_value(const Take *take, Datum value)
{
	MemoryContext caller = MemoryContextSwitchTo(take->taken->context);
	Datum copy = datumCopy(value, false, -1);

	MemoryContextSwitchTo(caller);
	return copy;
}

/* keep_text copies a string to the memory of the rows. */
static const char *
keep_text(const Take *take, const char *string)
{
	return MemoryContextStrdup(take->taken->context, string);
}

/* cut_text keeps the first characters of a text, where it is long; no more of it is read. */
static Datum
cut_text(const Take *take, Datum value)
{
	if (raw_size(value, -1) <= CUT_MAX)
		return value;
	return keep_value(take, DirectFunctionCall2(text_left, value, Int32GetDatum(CUT_CHARACTERS)));
}

/* push_size adds a column's size to an object in the making. */
static void
push_size(JsonbParseState **state, const char *column, int64 size)
{
	JsonbValue value;

	value.type = jbvString;
	value.val.string.val = unconstify(char *, column);
	value.val.string.len = (int) strlen(column);
	pushJsonbValue(state, WJB_KEY, &value);
	value.type = jbvNumeric;
	value.val.numeric = int64_to_numeric(size);
	pushJsonbValue(state, WJB_VALUE, &value);
}

/* measure makes the sizes of a row that is cut: of a line, or of each text and document that is not empty. */
static void
measure(const Take *take, TakenRow *row)
{
	JsonbParseState *state = NULL;
	Jsonb *sizes;

	pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
	if (row->is_line)
		push_size(&state, "line", row->line != NULL ? raw_size(PointerGetDatum(row->line), -1) : 0);
	for (int i = 0; i < INBOX_WRITTEN_BY && !row->is_line; i++)
	{
		int64 size = 0;

		if (!row->columns.nulls[i] && !is_time(i))
			size = is_document(i) ? shown_size(row->columns.values[i])
								  : raw_size(row->columns.values[i], -1);
		if (size > 0)
			push_size(&state, take_inbox.columns[i].name, size);
	}
	sizes = JsonbValueToJsonb(pushJsonbValue(&state, WJB_END_OBJECT, NULL));
	row->sizes = (Jsonb *) DatumGetPointer(keep_value(take, JsonbPGetDatum(sizes)));
}

void
take_cut(const Take *take, TakenRow *row)
{
	InboxRow *columns = &row->columns;

	row->cut = true;
	measure(take, row);
	if (row->line != NULL)
		row->line = (text *) DatumGetPointer(cut_text(take, PointerGetDatum(row->line)));
	for (int i = 0; i < INBOX_COLUMNS; i++)
	{
		if (columns->nulls[i] || is_time(i))
			continue;
		if (!is_document(i))
			columns->values[i] = cut_text(take, columns->values[i]);
		else
			columns->nulls[i] = shown_size(columns->values[i]) > CUT_MAX;
	}
}

void
take_refuse(const Take *take, TakenRow *row, const char *reason, const char *detail)
{
	row->reason = reason;
	row->detail = keep_text(take, detail);
}

/* read_line reads the columns of a line.  What the inbox says of source and time comes first and second. */
static void
read_line(const Take *take, TakenRow *row)
{
	InboxRow before = row->columns;
	CdpkSpan line = row->call;
	Refusal refusal;

	if (row->batch == NULL && row->line != NULL)
		line = line_without_mark(ingest_text(PointerGetDatum(row->line)));
	if (!parse_line(line, row->batch, &row->columns, &refusal))
		take_refuse(take, row, refusal.reason, refusal.detail);
	if (row->columns.nulls[INBOX_RECEIVED_AT])
	{
		row->columns.values[INBOX_RECEIVED_AT] = before.values[INBOX_RECEIVED_AT];
		row->columns.nulls[INBOX_RECEIVED_AT] = before.nulls[INBOX_RECEIVED_AT];
	}
	if (!before.nulls[INBOX_SOURCE])
	{
		row->columns.values[INBOX_SOURCE] = before.values[INBOX_SOURCE];
		row->columns.nulls[INBOX_SOURCE] = false;
	}
	row->columns.values[INBOX_WRITTEN_BY] = before.values[INBOX_WRITTEN_BY];
	row->columns.nulls[INBOX_WRITTEN_BY] = before.nulls[INBOX_WRITTEN_BY];
}

/* keep_document copies a document to the memory of the rows, compressed where the log would compress it. */
static Datum
keep_document(const Take *take, Datum document)
{
	Datum compressed = (Datum) 0;

	if (VARSIZE(DatumGetPointer(document)) > TOAST_TUPLE_THRESHOLD)
		compressed = toast_compress_datum(document, InvalidCompressionMethod);
	return keep_value(take, compressed != (Datum) 0 ? compressed : document);
}

/* keep_line copies what was read from a line to the memory of the rows. */
static void
keep_line(const Take *take, InboxRow *columns)
{
	for (int i = 0; i < INBOX_WRITTEN_BY; i++)
	{
		if (columns->nulls[i] || is_time(i))
			continue;
		if (is_document(i))
			columns->values[i] = keep_document(take, columns->values[i]);
		else
			columns->values[i] = keep_value(take, columns->values[i]);
	}
}

CdpkSpan
take_keep_bytes(const Take *take, CdpkSpan span)
{
	char *copy = MemoryContextAlloc(take->taken->context, Max(span.length, 1));

	memcpy(copy, span.text, span.length);
	span.text = copy;
	return span;
}

/* keep_span copies what may be a part of a column to the memory of the rows, unless it is there. */
static CdpkSpan
keep_span(const Take *take, const TakenRow *row, InboxColumn column, CdpkSpan span)
{
	const char *start;

	if (span.length == 0)
		return span;
	if (!row->is_line && !row->columns.nulls[column] &&
		!take_is_packed(row->columns.values[column]))
	{
		start = VARDATA_ANY(DatumGetPointer(row->columns.values[column]));
		if (span.text >= start &&
			span.text < start + VARSIZE_ANY_EXHDR(DatumGetPointer(row->columns.values[column])))
			return span;
	}
	return take_keep_bytes(take, span);
}

/* keep_identifier copies an identifier of a row. */
static Identifier *
keep_identifier(char **next, const Identifier *identifier)
{
	Identifier *copy = (Identifier *) *next;

	memcpy(copy, identifier, VARSIZE_ANY(identifier));
	*next += INTALIGN(VARSIZE_ANY(identifier));
	return copy;
}

/* keep_identifiers copies the identifiers of a row to the memory of the rows, in one piece. */
static void
keep_identifiers(const Take *take, TakenRow *row, const OnboardedRow *event)
{
	const IdentifierSet *set = &event->identifiers;
	Size pointers = MAXALIGN(sizeof(Identifier *) * (set->count + 1));
	Size size = pointers;
	char *next;

	for (int i = 0; i < set->count; i++)
		size += INTALIGN(VARSIZE_ANY(set->members[i]));
	row->is_alias = event->earlier != NULL;
	if (row->is_alias)
		size += INTALIGN(VARSIZE_ANY(event->earlier));
	row->identifiers = MemoryContextAlloc(take->taken->context, size);
	row->identifier_count = set->count;
	row->repeats = set->repeats;
	next = (char *) row->identifiers + pointers;
	for (int i = 0; i < set->count; i++)
		row->identifiers[i] = keep_identifier(&next, set->members[i]);
	if (row->is_alias)
		row->identifiers[set->count] = keep_identifier(&next, event->earlier);
}

/* check_traits refuses traits that their rules cannot take. */
static void
check_traits(const Take *take, TakenRow *row, const OnboardedRow *event)
{
	TraitsProblem problem;

	if ((event->type == CALL_IDENTIFY || event->type == CALL_GROUP) &&
		!row->columns.nulls[INBOX_TRAITS] &&
		!traits_row_check(DatumGetJsonbP(row->columns.values[INBOX_TRAITS]), take->rules, &problem))
		take_refuse(take, row, "invalid_traits",
					psprintf("traits: %s", traits_problem_text(&problem)));
}

/* incomplete_content computes the content hash of a row that lacks what an event needs. */
static uint64
incomplete_content(const Take *take, const TakenRow *row)
{
	OnboardedRow event = {.type = CALL_TRACK};

	return message_content(&take->options->content_key, &row->columns, &event);
}

/* keep_rejections copies what of a row cannot be an identifier: the beginning of each example. */
static void
keep_rejections(const Take *take, TakenRow *row, Rejections *rejections)
{
	if (rejections->count == 0)
		return;
	for (int i = 0; i < rejections->count; i++)
	{
		CdpkSpan *example = &rejections->items[i].example;

		example->length = onboard_example_length(&rejections->items[i]);
		*example = take_keep_bytes(take, *example);
		rejections->items[i].name_space = take_keep_bytes(take, rejections->items[i].name_space);
	}
	row->rejections = MemoryContextAlloc(take->taken->context, sizeof(Rejections));
	*row->rejections = *rejections;
}

/* keep_time keeps the sender's time where the event's is another: the clock was wrong. */
static void
keep_time(InboxRow *columns, TimestampTz at)
{
	if (columns->nulls[INBOX_TIMESTAMP] || !columns->nulls[INBOX_ORIGINAL_TIMESTAMP] ||
		DatumGetTimestampTz(columns->values[INBOX_TIMESTAMP]) == at)
		return;
	columns->values[INBOX_ORIGINAL_TIMESTAMP] = columns->values[INBOX_TIMESTAMP];
	columns->nulls[INBOX_ORIGINAL_TIMESTAMP] = false;
}

/* add_context_traits makes those that an identify call has in its context traits of it; its own come first. */
static void
add_context_traits(const Take *take, TakenRow *row, CallType type)
{
	InboxRow *columns = &row->columns;
	Jsonb *context;
	JsonbValue traits;
	Datum added;

	if (type != CALL_IDENTIFY || columns->nulls[INBOX_CONTEXT])
		return;
	context = DatumGetJsonbP(columns->values[INBOX_CONTEXT]);
	if (!JB_ROOT_IS_OBJECT(context) || !onboard_find_object(&context->root, "traits", &traits))
		return;
	added = JsonbPGetDatum(JsonbValueToJsonb(&traits));
	if (!columns->nulls[INBOX_TRAITS] &&
		JB_ROOT_IS_OBJECT(DatumGetJsonbP(columns->values[INBOX_TRAITS])))
		added = DirectFunctionCall2(jsonb_concat, added, columns->values[INBOX_TRAITS]);
	columns->values[INBOX_TRAITS] = row->is_line ? added : keep_document(take, added);
	columns->nulls[INBOX_TRAITS] = false;
}

/* keep_changed sets the documents of a row that are changed, but keeps those that came. */
static void
keep_changed(const Take *take, TakenRow *row, const InboxRow *changed)
{
	InboxRow *columns = &row->columns;

	if (row->is_line)
	{
		*columns = *changed;
		return;
	}
	if (row->sent == NULL)
	{
		InboxRow *sent = MemoryContextAlloc(take->taken->context, sizeof(InboxRow));

		*sent = *columns;
		row->sent = sent;
	}
	for (int i = 0; i < INBOX_COLUMNS; i++)
		if (is_document(i) && !changed->nulls[i] &&
			(columns->nulls[i] || changed->values[i] != columns->values[i]))
		{
			columns->values[i] = keep_document(take, changed->values[i]);
			columns->nulls[i] = false;
		}
}

/* escape_dropped makes sure that what the sender calls _dropped is not taken for what a plan has dropped. */
static void
escape_dropped(const Take *take, TakenRow *row)
{
	InboxRow escaped = row->columns;

	if (!dropped_is_used(&escaped))
		return;
	dropped_escape(&escaped);
	keep_changed(take, row, &escaped);
}

/* judge_row lets the judge refuse or change a row; what is changed says what is left in it. */
static void
judge_row(const Take *take, TakenRow *row, CdpkSpan source, OnboardedRow *event)
{
	const TakeOptions *options = take->options;
	OnboardOptions onboard = options->onboard;
	InboxRow changed = row->columns;
	OnboardedRow left;
	Refusal refusal;
	const char *reason = NULL;
	const char *detail = NULL;
	TakeJudgement judgement =
		options->judge(options->judge_arg, event, &changed, &row->findings, &reason, &detail);

	if (judgement == TAKE_CHANGED)
	{
		onboard.has_dropped = true;
		if (onboard_row(&changed, source, onboard, &left, &refusal))
		{
			event->identifiers = left.identifiers;
			event->rejections = left.rejections;
			event->earlier = left.earlier;
			keep_changed(take, row, &changed);
			return;
		}
		detail = psprintf("%s; without it: %s", detail, refusal.detail);
	}
	if (judgement != TAKE_ALLOWED)
	{
		take_refuse(take, row, reason, detail);
		/* a row of a mutable source that deletes need not follow a plan */
		row->incomplete = true;
	}
}

/* keep_scrubbed sets the columns of a row that suppressed identifiers were taken out of. */
static void
keep_scrubbed(const Take *take, TakenRow *row, const InboxRow *scrubbed)
{
	InboxRow *columns = &row->columns;

	row->scrubbed = true;
	/* what is kept of a line is what was read from it */
	row->line = NULL;
	row->batch = NULL;
	for (int i = 0; i < INBOX_COLUMNS; i++)
	{
		columns->nulls[i] = scrubbed->nulls[i];
		if (columns->nulls[i] || columns->values[i] == scrubbed->values[i])
			continue;
		columns->values[i] = row->is_line     ? scrubbed->values[i]
							 : is_document(i) ? keep_document(take, scrubbed->values[i])
											  : keep_value(take, scrubbed->values[i]);
	}
}

/* region_of returns where phone numbers of a source are that lack their country code. */
static const char *
region_of(const Take *take, CdpkSpan source)
{
	return onboard_source_rules(take->options->onboard.sources, source)->phone_region;
}

/*
 * scrub_event takes suppressed identifiers out of a row that can be an event, and reads it again; false with a refusal
 * if it can be none without them.
 */
static bool
scrub_event(const Take *take, TakenRow *row, CdpkSpan source, OnboardedRow *event, Refusal *refusal)
{
	const TakeOptions *options = take->options;
	InboxRow scrubbed = row->columns;
	bool is_event;

	(void) scrub_row(options->suppressed, region_of(take, event->source), &scrubbed);
	keep_scrubbed(take, row, &scrubbed);
	row->has_key = row->has_key && !row->columns.nulls[INBOX_MESSAGE_ID];
	is_event = onboard_row(&row->columns, source, options->onboard, event, refusal);
	/* also where it stands at a place that is not looked at */
	row->suppressed =
		is_event ? event->identifiers.count == 0 || scrub_is_needed(options->suppressed, event)
				 : strcmp(refusal->reason, "no_identifier") == 0;
	return is_event;
}

/* scrub_refused takes suppressed identifiers out of a row that is refused. */
static void
scrub_refused(const Take *take, TakenRow *row)
{
	const TakeOptions *options = take->options;
	InboxRow scrubbed = row->columns;
	const char *region = region_of(take, row->source);
	text *line;
	text *kept;

	row->scrubbed = scrub_row(options->suppressed, region, &scrubbed);
	row->suppressed = row->scrubbed && !row->cut &&
					  onboard_count_identifiers(&scrubbed, row->source, options->onboard) == 0;
	if (row->suppressed)
		return;
	if (!row->is_line)
	{
		if (row->scrubbed)
			keep_scrubbed(take, row, &scrubbed);
		return;
	}
	line = taken_line(row);
	if (line == NULL)
		return;
	kept = scrub_text(options->suppressed, region, line);
	if (kept == line)
		return;
	row->scrubbed = true;
	row->line = (text *) DatumGetPointer(keep_value(take, PointerGetDatum(kept)));
	row->batch = NULL;
}

/* clean_event makes an event of a row, or refuses it. */
static void
clean_event(const Take *take, TakenRow *row, const Writer *writer)
{
	CdpkSpan source;
	Refusal refusal;
	OnboardedRow event;
	const char *foreign;

	if (row->is_line)
		read_line(take, row);
	source = writer_source(writer, ingest_column(&row->columns, INBOX_SOURCE));
	row->has_key =
		!row->columns.nulls[INBOX_MESSAGE_ID] &&
		onboard_message_key(take->options->onboard.sources, &take->options->message_by, source,
							ingest_column(&row->columns, INBOX_MESSAGE_ID), &row->message_key);
	if (row->reason != NULL)
		onboard_source(source, &event, &refusal);
	else if (!onboard_row(&row->columns, source, take->options->onboard, &event, &refusal) ||
			 (take->options->suppressed != NULL &&
			  scrub_is_needed(take->options->suppressed, &event) &&
			  !scrub_event(take, row, source, &event, &refusal)))
	{
		take_refuse(take, row, refusal.reason, refusal.detail);
		row->incomplete = onboard_lacks(&refusal) && writer_problem(writer, event.source) == NULL;
	}
	row->source = keep_span(take, row, INBOX_SOURCE, event.source);
	if (row->suppressed)
		return;
	if (row->reason == NULL || row->incomplete)
		escape_dropped(take, row);
	if (row->incomplete && row->has_key)
		row->content = incomplete_content(take, row);
	if (row->reason != NULL)
		return;

	foreign = writer_problem(writer, event.source);
	if (foreign != NULL)
		take_refuse(take, row, "foreign_source", foreign);
	else
	{
		add_context_traits(take, row, event.type);
		row->call_type = event.type;
		row->event = keep_span(take, row, INBOX_EVENT, event.event);
		row->at = event.at;
		if (row->has_key)
			row->content = message_content(&take->options->content_key, &row->columns, &event);
		if (take->options->judge != NULL)
			judge_row(take, row, source, &event);
	}
	if (row->reason == NULL)
		check_traits(take, row, &event);
	if (row->reason != NULL)
		return;
	keep_time(&row->columns, event.at);
	keep_identifiers(take, row, &event);
	keep_rejections(take, row, &event.rejections);
}

/* set_source sets what a refused row is counted for. */
static void
set_source(const Take *take, TakenRow *row, CdpkSpan source)
{
	Refusal refusal;
	OnboardedRow event;

	onboard_source(source, &event, &refusal);
	row->source = keep_span(take, row, INBOX_SOURCE, event.source);
}

/* set_aside refuses a row without a look at its content; but what it is counted for is its source. */
static void
set_aside(const Take *take, TakenRow *row, const Origin *origin)
{
	CdpkSpan source = ingest_column(&row->columns, INBOX_SOURCE);
	CdpkSpan none = {"", 0};

	if (origin->failure != NULL)
	{
		take_refuse(take, row, "failed", text_to_cstring(origin->failure));
		if (row->cut)
			source = none;
	}
	else
	{
		take_refuse(take, row, "row_too_large",
					psprintf("over " INT64_FORMAT " MB", take->options->max_row_bytes >> 20));
		source = writer_source(origin->writer, source);
	}
	set_source(take, row, source);
}

void
take_clean_row(const Take *take, TakenRow *row, const Origin *origin)
{
	if (row->cut || origin->failure != NULL)
		set_aside(take, row, origin);
	else
	{
		clean_event(take, row, origin->writer);
		if (row->is_line)
			keep_line(take, &row->columns);
	}
	if (take->options->suppressed != NULL && row->reason != NULL && !row->scrubbed)
		scrub_refused(take, row);
	/* a clock of the receiver that is wrong must not outrank true evidence */
	row->seen_at = onboard_received_at(&row->columns, take->options->onboard.as_of);
}

void
take_refuse_whole(const Take *take, TakenRow *row, const Origin *origin, const char *reason,
				  const char *detail)
{
	take_refuse(take, row, reason, detail);
	set_source(take, row,
			   writer_source(origin->writer, ingest_column(&row->columns, INBOX_SOURCE)));
	if (take->options->suppressed != NULL)
		scrub_refused(take, row);
	row->seen_at = onboard_received_at(&row->columns, take->options->onboard.as_of);
}
