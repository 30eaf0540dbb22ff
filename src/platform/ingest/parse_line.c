/*
 * parse_line.c
 *		A line, or a call of a batch, becomes the columns of the inbox, or a refusal.
 *
 * What the columns do not give back as it was sent is kept in the context: see sent_message.h.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "funcapi.h"
#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "cdp.h"
#include "compat.h"
#include "core/text/sent_time.h"
#include "platform/ingest/parse_line.h"
#include "platform/ingest/line_snowplow.h"
#include "platform/ingest/parse_line_field.h"

/* The results of cdp_internal.parse_line behind the columns, in the order of parse_line.sql. */
enum
{
	OUT_REASON = PARSED_COLUMNS,
	OUT_DETAIL,
	OUT_COUNT
};

CDP_FUNCTION(cdp_parse_line);

/* Return the field with a key, or -1, and how it is spelled. */
static int
find_field(CdpkSpan key, int *spelling)
{
	for (int i = 0; i < FIELD_COUNT; i++)
	{
		bool is_name = line_is_key(key, line_fields[i].name);

		if (!is_name && (line_fields[i].camel == NULL || !line_is_key(key, line_fields[i].camel)))
			continue;
		*spelling = is_name && line_fields[i].camel != NULL ? SPELLED_SNAKE : SPELLED_USUAL;
		return i;
	}
	return -1;
}

/* Decide where a member of the line goes. */
static bool
place_member(Line *line, const LineMember *member, Refusal *refusal)
{
	int spelling;
	int field = find_field(member->key, &spelling);

	if (field >= 0)
	{
		/* a repeated key replaces it, as usual in JSON */
		line->spelled[field][spelling].is_there = true;
		line->spelled[field][spelling].member = *member;
		return true;
	}
	if (line_is_key(member->key, "batch") && member->token == CDPK_JSON_ARRAY)
		return ingest_refuse(refusal, "invalid_field", "batch: a call holds no batch");
	line_append(&line->extra, member);
	return true;
}

/* Return whether a member was given, and not as null. */
static bool
is_given(const Spelled *spelled)
{
	return spelled->is_there && spelled->member.token != CDPK_JSON_NULL;
}

/* Choose the spelling of each field that counts; two that differ are refused. */
static bool
choose_spellings(Line *line, Refusal *refusal)
{
	for (int i = 0; i < FIELD_COUNT; i++)
	{
		Spelled *usual = &line->spelled[i][SPELLED_USUAL];
		Spelled *snake = &line->spelled[i][SPELLED_SNAKE];

		if (is_given(usual) && is_given(snake) && !line_is_same(&usual->member, &snake->member))
			return ingest_refuse(refusal, "invalid_field", "%s: given in two spellings that differ",
								 line_fields[i].name);
		line->given[i] = is_given(usual) ? &usual->member : is_given(snake) ? &snake->member : NULL;
		/* the other spelling, or a null */
		if (snake->is_there && line->given[i] != &snake->member)
		{
			line_keep_extra(line, &snake->member);
			if (line->given[i] != NULL)
				line_add_note(line, usual->member.key, "true");
		}
		if (usual->is_there && line->given[i] != &usual->member)
			line_add_note(line, usual->member.key, "null");
	}
	return true;
}

/* Hand a member of a batch down to the call, where that does not have it. */
static void
hand_down(Line *line, const LineMember *member, LineMembers *rest)
{
	int spelling;
	int field = find_field(member->key, &spelling);

	if (field >= 0 && line->given[field] == NULL &&
		(line->spelled[field][SPELLED_USUAL].is_there ||
		 line->spelled[field][SPELLED_SNAKE].is_there))
		return; /* the call says null */
	if (field == INBOX_CONTEXT || field == FOLDED_INTEGRATIONS)
	{
		LineMember *merged = &line->merged[field == INBOX_CONTEXT ? 0 : 1];

		if (line->given[field] == NULL)
			*merged = *member;
		else if (line->given[field]->token == CDPK_JSON_OBJECT && member->token == CDPK_JSON_OBJECT)
			*merged = line_merge(line->given[field], member);
		else
			return;
		line->given[field] = merged;
	}
	else if (field == INBOX_SENT_AT || field == INBOX_RECEIVED_AT)
	{
		if (line->given[field] == NULL)
		{
			line->spelled[field][spelling].is_there = true;
			line->spelled[field][spelling].member = *member;
			line->given[field] = &line->spelled[field][spelling].member;
		}
	}
	else if (field >= 0)
		line_append(rest, member);
	else
	{
		for (int i = 0; i < line->extra.count; i++)
			if (line->extra.members[i].key.length == member->key.length &&
				memcmp(line->extra.members[i].key.text, member->key.text, member->key.length) == 0)
				return;
		line_keep_extra(line, member);
	}
}

/* Hand down what a batch says.  What it says of itself, such as its own time, is kept as "batch". */
static void
hand_all_down(Line *line, const LineBatch *batch)
{
	LineMembers rest = {NULL, 0, 0};
	LineMember member = {.key = ingest_span("batch"), .token = CDPK_JSON_OBJECT};
	StringInfoData text;

	for (int i = 0; i < batch->members.count; i++)
		if (batch->members.members[i].token != CDPK_JSON_NULL)
			hand_down(line, &batch->members.members[i], &rest);
	if (rest.count == 0)
		return;
	initStringInfo(&text);
	for (int i = 0; i < rest.count; i++)
	{
		appendStringInfoString(&text, i > 0 ? ",\"" : "{\"");
		appendBinaryStringInfo(&text, rest.members[i].written.text, rest.members[i].written.length);
		appendStringInfoString(&text, "\":");
		appendBinaryStringInfo(&text, rest.members[i].value.text, rest.members[i].value.length);
	}
	appendStringInfoChar(&text, '}');
	member.value.text = text.data;
	member.value.length = text.len;
	line_keep_extra(line, &member);
}

/* Look at the names of the context's members. */
static void
look_at_context(Line *line)
{
	const LineMember *context = line->given[INBOX_CONTEXT];
	CdpkJson json;
	LineMember member;

	if (context == NULL || context->token != CDPK_JSON_OBJECT)
		return;
	json = cdpk_json(context->value.text, context->value.length);
	cdpk_json_next(&json);
	while (line_next_member(&json, &member))
	{
		line->has_traits |= line_is_key(member.key, "traits");
		line->has_integrations |= line_is_key(member.key, "integrations");
		line->has_merge |= line_is_key(member.key, "mergeProperties");
		line->has_ours |= line_is_key(member.key, "_extra") || line_is_key(member.key, "_sent");
	}
}

/*
 * Take ids that cannot be a text as not given, which onboard_row() notes, and refuse other fields of a JSON type that their column does not take.
 */
static bool
check_kinds(Line *line, Refusal *refusal)
{
	static const char *const wanted[] = {"", "not a string", "not an object",
										 "neither a string nor a number"};

	for (int i = 0; i < PARSED_COLUMNS; i++)
	{
		CdpkJsonToken token = line->given[i] != NULL ? line->given[i]->token : CDPK_JSON_NULL;
		FieldKind kind = line_fields[i].kind;

		if (token == CDPK_JSON_NULL || (token == CDPK_JSON_OBJECT && kind == FIELD_OBJECT) ||
			(token == CDPK_JSON_STRING && kind != FIELD_OBJECT) ||
			(token == CDPK_JSON_NUMBER && (kind == FIELD_ID || kind == FIELD_TIME)))
			continue;
		if (kind != FIELD_ID)
			return ingest_refuse(refusal, "invalid_field", "%s: %s", line_fields[i].name,
								 wanted[kind]);
		line_keep_extra(line, line->given[i]);
		line->given[i] = NULL;
	}
	return true;
}

CdpkSpan
line_without_mark(CdpkSpan text)
{
	if (text.length >= 3 && memcmp(text.text, "\xef\xbb\xbf", 3) == 0)
	{
		text.text += 3;
		text.length -= 3;
	}
	return text;
}

/* Refuse a text that is not one JSON value. */
static bool
check_line(CdpkSpan text, Refusal *refusal)
{
	const char *problem;
	size_t position;
	CdpkStatus status;

	if (ingest_trim(text).length == 0)
		return ingest_refuse(refusal, "empty_line", "nothing but white space");
	status = cdpk_json_check(text.text, text.length, &problem, &position);
	if (status == CDPK_TOO_LONG)
		return ingest_refuse(refusal, "line_too_long", "more than %d bytes", CDPK_JSON_SIZE_MAX);
	return status == CDPK_OK ||
		   ingest_refuse(refusal, "invalid_json", "byte %zu: %s", position, problem);
}

/* Make a call of an event of Snowplow. */
static bool
make_call(CdpkSpan *text, Refusal *refusal)
{
	CdpkJson json = cdpk_json(text->text, text->length);

	if (cdpk_json_next(&json) != CDPK_JSON_OBJECT)
		return ingest_refuse(refusal, "not_an_object", "JSON, but not an object");
	/* what was decoded can be nested deeper than a line may be */
	return line_snowplow(*text, text, refusal) && check_line(*text, refusal);
}

/* Split the line into its members, with those that its batch hands down. */
static bool
split_line(CdpkSpan text, const LineBatch *batch, Line *line, Refusal *refusal)
{
	CdpkJson json = cdpk_json(text.text, text.length);
	LineMember member;

	if (cdpk_json_next(&json) != CDPK_JSON_OBJECT)
		return ingest_refuse(refusal, "not_an_object", "JSON, but not an object");
	while (line_next_member(&json, &member))
		if (!place_member(line, &member, refusal))
			return false;
	if (!choose_spellings(line, refusal))
		return false;
	if (batch != NULL)
		hand_all_down(line, batch);
	look_at_context(line);
	return check_kinds(line, refusal);
}

/* Read a time; blank is NULL. */
static bool
time_value(const Line *line, int field, Datum *value, bool *null, Refusal *refusal)
{
	const LineMember *given = line->given[field];
	bool is_number = given->token == CDPK_JSON_NUMBER;
	CdpkSpan text = is_number ? given->value : ingest_trim(line_text(given));
	CdpkStatus status;
	int64_t time;

	*null = text.length == 0;
	if (*null)
		return true;
	status = is_number ? cdpk_epoch_parse(text.text, text.length, &time)
					   : cdpk_sent_time_parse(text.text, text.length, &time);
	if (status != CDPK_OK)
		return ingest_refuse(refusal, "invalid_timestamp",
							 "%s: neither in a form of ISO 8601 nor a number since 1970",
							 line_fields[field].name);
	*value = TimestampTzGetDatum(time);
	return true;
}

/* Make the jsonb of an object, with what is folded into it. */
static Datum
object_value(const Line *line, int field, bool *null)
{
	static const LineMembers none = {NULL, 0, 0};
	LineAdditions additions = {&none, &none, line->notes, 0, false};

	if (field == INBOX_PROPERTIES)
		additions.folded = &line->properties;
	else if (field == INBOX_CONTEXT)
	{
		additions.folded = &line->context;
		additions.extra = &line->extra;
		additions.note_count = line->note_count;
		additions.replaces = line->has_ours;
	}
	*null = line->given[field] == NULL && additions.folded->count == 0 &&
			additions.extra->count == 0 && additions.note_count == 0;
	return *null ? (Datum) 0 : JsonbPGetDatum(line_object(line->given[field], &additions));
}

/* Read the times. */
static bool
make_times(const Line *line, InboxRow *row, Refusal *refusal)
{
	for (int i = 0; i < PARSED_COLUMNS; i++)
		if (line_fields[i].kind == FIELD_TIME && line->given[i] != NULL &&
			!time_value(line, i, &row->values[i], &row->nulls[i], refusal))
			return false;
	return true;
}

/* Make the values of the other columns of the inbox. */
static void
make_values(const Line *line, InboxRow *row)
{
	for (int i = 0; i < PARSED_COLUMNS; i++)
	{
		if (line_fields[i].kind == FIELD_OBJECT)
			row->values[i] = object_value(line, i, &row->nulls[i]);
		else if (line->given[i] != NULL && line_fields[i].kind != FIELD_TIME)
		{
			row->values[i] = ingest_text_datum(line_text(line->given[i]));
			row->nulls[i] = false;
		}
	}
}

/* Raise an error in another encoding, in which JSON's escapes may have no text. */
static void
require_utf8(void)
{
	if (GetDatabaseEncoding() != PG_UTF8)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("lines of JSON need a database in encoding UTF8"),
				 errdetail("The encoding of this database is %s.", GetDatabaseEncodingName()),
				 errhint("Make one with CREATE DATABASE ... ENCODING 'UTF8' TEMPLATE template0.")));
}

bool
parse_line(CdpkSpan text, const LineBatch *batch, InboxRow *row, Refusal *refusal)
{
	Line line;

	require_utf8();
	memset(&line, 0, sizeof(line));
	memset(row->nulls, true, sizeof(row->nulls));
	line.is_snowplow = batch != NULL && batch->is_snowplow;
	if (check_line(text, refusal) && (!line.is_snowplow || make_call(&text, refusal)) &&
		split_line(text, batch, &line, refusal) && make_times(&line, row, refusal))
	{
		line_note_all(&line, row);
		make_values(&line, row);
		return true;
	}
	memset(row->nulls, true, sizeof(row->nulls));
	return false;
}

/* Implement cdp_internal.parse_line. */
Datum
cdp_parse_line(PG_FUNCTION_ARGS)
{
	TupleDesc descriptor = ingest_result_descriptor(fcinfo, OUT_COUNT);
	CdpkSpan text = {"", 0};
	Refusal refusal = {NULL, ""};
	InboxRow row;
	Datum values[OUT_COUNT];
	bool nulls[OUT_COUNT];

	if (!PG_ARGISNULL(0))
		text = line_without_mark(ingest_text(PG_GETARG_DATUM(0)));
	if (!parse_line(text, NULL, &row, &refusal))
	{
		values[OUT_REASON] = CStringGetTextDatum(refusal.reason);
		values[OUT_DETAIL] = CStringGetTextDatum(refusal.detail);
	}
	nulls[OUT_REASON] = nulls[OUT_DETAIL] = refusal.reason == NULL;
	memcpy(values, row.values, sizeof(Datum) * PARSED_COLUMNS);
	memcpy(nulls, row.nulls, sizeof(bool) * PARSED_COLUMNS);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(descriptor, values, nulls)));
}
