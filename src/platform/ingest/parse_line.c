/*
 * parse_line.c
 *		cdp_internal.parse_line: a line becomes the columns of the inbox, or a refusal.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "funcapi.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "cdp.h"
#include "compat.h"
#include "core/text/timestamp.h"
#include "platform/ingest/parse_line.h"
#include "platform/ingest/parse_line_json.h"

typedef enum FieldKind
{
	FIELD_ID,     /* a string, or a number, taken as its text */
	FIELD_TEXT,   /* a string */
	FIELD_OBJECT, /* an object */
	FIELD_TIME,   /* a string that is a time */
	FIELD_FOLDED, /* any type; it has no column */
} FieldKind;

/* The fields of a line: the columns that it gives, and those that are folded into others. */
enum
{
	PARSED_COLUMNS = INBOX_WRITTEN_BY,
	FOLDED_NAME = PARSED_COLUMNS,
	FOLDED_CATEGORY,
	FOLDED_INTEGRATIONS,
	FIELD_COUNT
};

/* The results of cdp_internal.parse_line behind the columns, in the order of parse_line.sql. */
enum
{
	OUT_REASON = PARSED_COLUMNS,
	OUT_DETAIL,
	OUT_COUNT
};

/* The names of a field in a line; camel is NULL if it is the same as name. */
static const struct
{
	const char *name;
	const char *camel;
	FieldKind kind;
} fields[FIELD_COUNT] = {
	[INBOX_MESSAGE_ID] = {"message_id", "messageId", FIELD_ID},
	[INBOX_TYPE] = {"type", NULL, FIELD_TEXT},
	[INBOX_EVENT] = {"event", NULL, FIELD_TEXT},
	[INBOX_ANONYMOUS_ID] = {"anonymous_id", "anonymousId", FIELD_ID},
	[INBOX_USER_ID] = {"user_id", "userId", FIELD_ID},
	[INBOX_GROUP_ID] = {"group_id", "groupId", FIELD_ID},
	[INBOX_PREVIOUS_ID] = {"previous_id", "previousId", FIELD_ID},
	[INBOX_IDENTIFIERS] = {"identifiers", NULL, FIELD_OBJECT},
	[INBOX_PROPERTIES] = {"properties", NULL, FIELD_OBJECT},
	[INBOX_TRAITS] = {"traits", NULL, FIELD_OBJECT},
	[INBOX_CONTEXT] = {"context", NULL, FIELD_OBJECT},
	[INBOX_TIMESTAMP] = {"timestamp", NULL, FIELD_TIME},
	[INBOX_SENT_AT] = {"sent_at", "sentAt", FIELD_TIME},
	[INBOX_ORIGINAL_TIMESTAMP] = {"original_timestamp", "originalTimestamp", FIELD_TIME},
	[INBOX_RECEIVED_AT] = {"received_at", "receivedAt", FIELD_TIME},
	[INBOX_SOURCE] = {"source", NULL, FIELD_TEXT},
	[FOLDED_NAME] = {"name", NULL, FIELD_FOLDED},
	[FOLDED_CATEGORY] = {"category", NULL, FIELD_FOLDED},
	[FOLDED_INTEGRATIONS] = {"integrations", NULL, FIELD_FOLDED},
};

/* The members of a line, by destination. */
typedef struct Line
{
	const LineMember *given[FIELD_COUNT]; /* NULL: missing or null */
	LineMember fields[FIELD_COUNT];
	LineMembers properties; /* folded into the properties */
	LineMembers context;    /* folded into the context */
	LineMembers extra;      /* kept in the context's "_extra" */
} Line;

CDP_FUNCTION(cdp_parse_line);

/* Return the field with a key, or -1. */
static int
find_field(CdpkSpan key)
{
	for (int i = 0; i < FIELD_COUNT; i++)
		if (line_is_key(key, fields[i].name) ||
			(fields[i].camel != NULL && line_is_key(key, fields[i].camel)))
			return i;
	return -1;
}

/*
 * Set the value of a field.  A repeated key replaces it, as usual in JSON; the other spelling of the
 * key, which differs in length, must have the same value.
 */
static bool
set_field(Line *line, int field, const LineMember *member, Refusal *refusal)
{
	const LineMember *before = line->given[field];
	bool respelled = before != NULL && before->key.length != member->key.length;

	if (respelled && (member->token == CDPK_JSON_NULL ||
					  (before->value.length == member->value.length &&
					   memcmp(before->value.text, member->value.text, before->value.length) == 0)))
		return true;
	if (respelled)
		return ingest_refuse(refusal, "invalid_field", "%s: given in two spellings that differ",
							 fields[field].name);
	line->fields[field] = *member;
	line->given[field] = member->token == CDPK_JSON_NULL ? NULL : &line->fields[field];
	return true;
}

/* Decide where a member of the line goes. */
static bool
place_member(Line *line, const LineMember *member, Refusal *refusal)
{
	int field = find_field(member->key);

	if (field >= 0)
		return set_field(line, field, member, refusal);
	if (line_is_key(member->key, "batch") && member->token == CDPK_JSON_ARRAY)
		return ingest_refuse(refusal, "invalid_field", "batch: a line holds one message");
	if (member->token != CDPK_JSON_NULL)
		line_append(&line->extra, member);
	return true;
}

/* Fold a field into an object, or into the extra members if the object already has it. */
static void
fold(Line *line, int field, int column, LineMembers *folded)
{
	const LineMember *member = line->given[field];

	if (member != NULL)
		line_append(line_has_key(line->given[column], fields[field].name) ? &line->extra : folded,
					member);
}

/* Refuse two members of the name "_extra", which would collide in the context's "_extra". */
static bool
check_extra(const Line *line, Refusal *refusal)
{
	if (line->extra.count == 0 || !line_has_key(line->given[INBOX_CONTEXT], "_extra"))
		return true;
	for (int i = 0; i < line->extra.count; i++)
		if (line_is_key(line->extra.members[i].key, "_extra"))
			return ingest_refuse(refusal, "invalid_field", "_extra: given here and in context");
	return true;
}

/* Refuse a field of a JSON type that its column does not take. */
static bool
check_kinds(const Line *line, Refusal *refusal)
{
	static const char *const wanted[] = {"neither a string nor a number", "not a string",
										 "not an object", "not a string"};

	for (int i = 0; i < PARSED_COLUMNS; i++)
	{
		CdpkJsonToken token = line->given[i] != NULL ? line->given[i]->token : CDPK_JSON_NULL;
		FieldKind kind = fields[i].kind;

		if (token == CDPK_JSON_NULL || (token == CDPK_JSON_OBJECT && kind == FIELD_OBJECT) ||
			(token == CDPK_JSON_STRING && kind != FIELD_OBJECT) ||
			(token == CDPK_JSON_NUMBER && kind == FIELD_ID))
			continue;
		return ingest_refuse(refusal, "invalid_field", "%s: %s", fields[i].name, wanted[kind]);
	}
	return true;
}

/* Skip the byte order mark that some programs write at the start of a file. */
static CdpkSpan
without_mark(CdpkSpan text)
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

/* Split the line into its members. */
static bool
split_line(CdpkSpan text, Line *line, Refusal *refusal)
{
	CdpkJson json = cdpk_json(text.text, text.length);
	LineMember member;

	if (cdpk_json_next(&json) != CDPK_JSON_OBJECT)
		return ingest_refuse(refusal, "not_an_object", "JSON, but not an object");
	while (line_next_member(&json, &member))
		if (!place_member(line, &member, refusal))
			return false;
	if (!check_kinds(line, refusal))
		return false;
	fold(line, FOLDED_NAME, INBOX_PROPERTIES, &line->properties);
	fold(line, FOLDED_CATEGORY, INBOX_PROPERTIES, &line->properties);
	fold(line, FOLDED_INTEGRATIONS, INBOX_CONTEXT, &line->context);
	return check_extra(line, refusal);
}

/* Read a time; blank is NULL. */
static bool
time_value(const Line *line, int field, Datum *value, bool *null, Refusal *refusal)
{
	CdpkSpan text = ingest_trim(line_text(line->given[field]));
	int64_t time;

	*null = text.length == 0;
	if (*null)
		return true;
	if (cdpk_timestamp_parse(text.text, text.length, &time) != CDPK_OK)
		return ingest_refuse(refusal, "invalid_timestamp",
							 "%s: not a date and time in the form of ISO 8601", fields[field].name);
	*value = TimestampTzGetDatum(time);
	return true;
}

/* Make the jsonb of an object, with the fields that are folded into it. */
static Datum
object_value(const Line *line, int field, bool *null)
{
	static const LineMembers none = {NULL, 0, 0};
	const LineMembers *folded = &none;
	const LineMembers *extra = &none;

	if (field == INBOX_PROPERTIES)
		folded = &line->properties;
	else if (field == INBOX_CONTEXT)
	{
		folded = &line->context;
		extra = &line->extra;
	}
	*null = line->given[field] == NULL && folded->count == 0 && extra->count == 0;
	return *null ? (Datum) 0 : JsonbPGetDatum(line_object(line->given[field], folded, extra));
}

/* Make the values of the columns of the inbox. */
static bool
make_values(const Line *line, InboxRow *row, Refusal *refusal)
{
	Datum *values = row->values;
	bool *nulls = row->nulls;

	for (int i = 0; i < PARSED_COLUMNS; i++)
	{
		if (fields[i].kind == FIELD_OBJECT)
			values[i] = object_value(line, i, &nulls[i]);
		else if (line->given[i] == NULL)
			nulls[i] = true;
		else if (fields[i].kind != FIELD_TIME)
		{
			values[i] = ingest_text_datum(line_text(line->given[i]));
			nulls[i] = false;
		}
		else if (!time_value(line, i, &values[i], &nulls[i], refusal))
			return false;
	}
	return true;
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
parse_line(CdpkSpan text, InboxRow *row, Refusal *refusal)
{
	Line line = {{NULL}};

	require_utf8();
	text = without_mark(text);
	memset(row->nulls, true, sizeof(row->nulls));
	if (check_line(text, refusal) && split_line(text, &line, refusal) &&
		make_values(&line, row, refusal))
		return true;
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
		text = ingest_text(PG_GETARG_DATUM(0));
	if (!parse_line(text, &row, &refusal))
	{
		values[OUT_REASON] = CStringGetTextDatum(refusal.reason);
		values[OUT_DETAIL] = CStringGetTextDatum(refusal.detail);
	}
	nulls[OUT_REASON] = nulls[OUT_DETAIL] = refusal.reason == NULL;
	memcpy(values, row.values, sizeof(Datum) * PARSED_COLUMNS);
	memcpy(nulls, row.nulls, sizeof(bool) * PARSED_COLUMNS);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(descriptor, values, nulls)));
}
