/*
 * parse_line_note.c
 *		What of a line its columns do not give back as it was sent: see sent_message.h.
 */
#include "postgres.h"

#include "utils/timestamp.h"

#include "core/text/sent_time.h"
#include "platform/ingest/line_snowplow.h"
#include "platform/ingest/parse_line_field.h"
#include "platform/ingest/sent_message.h"

const LineField line_fields[FIELD_COUNT] = {
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
	[FOLDED_MERGE] = {"mergeProperties", NULL, FIELD_FOLDED},
};

void
line_add_note(Line *line, CdpkSpan key, const char *note)
{
	line->notes[line->note_count].key = key;
	line->notes[line->note_count++].note = note;
}

void
line_keep_extra(Line *line, const LineMember *member)
{
	line_append(&line->extra, member);
}

/* Return whether a field was given in snake_case. */
static bool
is_snake(const Line *line, int field)
{
	return line_fields[field].camel != NULL &&
		   line->given[field]->key.length == strlen(line_fields[field].name);
}

/* Return whether an object has no members. */
static bool
is_empty(const LineMember *object)
{
	CdpkSpan inside = {object->value.text + 1, object->value.length - 2};

	return object->token == CDPK_JSON_OBJECT && ingest_trim(inside).length == 0;
}

/* Keep an id as it was sent, unless it is a string. */
static void
note_id(Line *line, int field)
{
	if (line->given[field]->token != CDPK_JSON_STRING)
		line_keep_extra(line, line->given[field]);
	else if (is_snake(line, field))
		line_add_note(line, line->given[field]->key, "true");
}

/* Keep the type as it was sent, unless it is as the log has it. */
static void
note_type(Line *line)
{
	const LineMember *type = line->given[INBOX_TYPE];

	if (type == NULL && !line->spelled[INBOX_TYPE][SPELLED_USUAL].is_there)
		line_add_note(line, ingest_span("type"), "false");
	else if (type != NULL && !sent_is_plain_type(line_text(type)))
		line_keep_extra(line, type);
}

/* Keep the event of a call that has none, or that has blanks around it. */
static void
note_event(Line *line)
{
	const LineMember *type = line->given[INBOX_TYPE];
	CdpkSpan event;

	if (line->given[INBOX_EVENT] == NULL)
		return;
	event = line_text(line->given[INBOX_EVENT]);
	if ((type != NULL && !sent_is_track(line_text(type))) || event.length == 0 ||
		ingest_trim(event).length != event.length)
		line_keep_extra(line, line->given[INBOX_EVENT]);
}

/* Keep a time as it was sent, unless it reads back as it was written. */
static void
note_time(Line *line, int field, const InboxRow *row, bool is_usual)
{
	const LineMember *given = line->given[field];
	char text[CDPK_SENT_TIME_TEXT_MAX];
	CdpkSpan sent;

	if (given->token != CDPK_JSON_STRING || row->nulls[field])
	{
		line_keep_extra(line, given);
		return;
	}
	sent = line_text(given);
	if (sent.length != cdpk_sent_time_print(DatumGetTimestampTz(row->values[field]), text) ||
		memcmp(sent.text, text, sent.length) != 0)
		line_keep_extra(line, given);
	else if (!is_usual || is_snake(line, field))
		line_add_note(line, given->key, "true");
}

/* Keep the times as they were sent.  The log has one time of the sender, the times of sending and of arrival. */
static void
note_times(Line *line, const InboxRow *row)
{
	const LineMember **given = line->given;

	if (given[INBOX_ORIGINAL_TIMESTAMP] != NULL)
		note_time(line, INBOX_ORIGINAL_TIMESTAMP, row, false);
	if (given[INBOX_TIMESTAMP] == NULL)
	{
		if (!line->spelled[INBOX_TIMESTAMP][SPELLED_USUAL].is_there &&
			given[INBOX_ORIGINAL_TIMESTAMP] == NULL)
			line_add_note(line, ingest_span("timestamp"), "false");
	}
	else if (given[INBOX_ORIGINAL_TIMESTAMP] != NULL)
		line_keep_extra(line, given[INBOX_TIMESTAMP]);
	else
		note_time(line, INBOX_TIMESTAMP, row, true);
	if (given[INBOX_SENT_AT] != NULL)
		note_time(line, INBOX_SENT_AT, row, true);
	if (given[INBOX_RECEIVED_AT] != NULL)
		line_keep_extra(line, given[INBOX_RECEIVED_AT]);
}

/* Fold a name into the properties, where these do not have it. */
static void
fold_name(Line *line, int field)
{
	const LineMember *member = line->given[field];
	const LineMember *properties = line->given[INBOX_PROPERTIES];
	LineMember own;

	if (member == NULL)
		return;
	if (!line_find_key(properties, line_fields[field].name, &own))
	{
		line_append(&line->properties, member);
		line_add_note(line, member->key, "true");
		/* without the name they are not there, if this does not say so */
		if (properties != NULL && is_empty(properties))
			line_add_note(line, ingest_span("properties"), "true");
	}
	else if (line_is_same(member, &own))
		line_add_note(line, member->key, "\"copied\"");
	else
		line_keep_extra(line, member);
}

/* Fold a field into the context, where that does not have it. */
static void
fold_context(Line *line, int field, bool is_there)
{
	if (line->given[field] == NULL)
	{
		if (is_there && !line->spelled[field][SPELLED_USUAL].is_there)
			line_add_note(line, ingest_span(line_fields[field].name), "false");
	}
	else if (is_there)
		line_keep_extra(line, line->given[field]);
	else
		line_append(&line->context, line->given[field]);
}

void
line_note_all(Line *line, const InboxRow *row)
{
	static const int ids[] = {INBOX_MESSAGE_ID, INBOX_ANONYMOUS_ID, INBOX_USER_ID, INBOX_GROUP_ID,
							  INBOX_PREVIOUS_ID};
	const LineMember *context = line->given[INBOX_CONTEXT];

	if (line->is_snowplow)
	{
		/* what was sent is among the members without a column */
		line_add_note(line, ingest_span(SNOWPLOW_EVENT), "\"event\"");
		return;
	}
	for (int i = 0; i < lengthof(ids); i++)
		if (line->given[ids[i]] != NULL)
			note_id(line, ids[i]);
	note_type(line);
	note_event(line);
	note_times(line, row);
	if (line->given[INBOX_SOURCE] != NULL)
		line_keep_extra(line, line->given[INBOX_SOURCE]);
	if (line->has_traits && line->given[INBOX_TRAITS] != NULL)
		line_keep_extra(line, line->given[INBOX_TRAITS]);
	fold_name(line, FOLDED_NAME);
	fold_name(line, FOLDED_CATEGORY);
	fold_context(line, FOLDED_INTEGRATIONS, line->has_integrations);
	fold_context(line, FOLDED_MERGE, line->has_merge);
	if (line->has_ours)
		line_keep_extra(line, context);
	else if (context != NULL && is_empty(context))
		line_add_note(line, context->key, "true");
}
