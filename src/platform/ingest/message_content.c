/*
 * message_content.c
 *		The content of a message, as a hash and as a text: what of it counts, in which order.  FORMAT.md has the
 *		whole of the hash.  Members that were dropped from it count as if they were there.
 */
#include "postgres.h"

#include "fmgr.h"
#include "miscadmin.h"
#include "utils/fmgrprotos.h"
#include "utils/json.h"
#include "utils/numeric.h"

#include "core/text/content_hash.h"
#include "toolkit/bridge/jsonb_walk.h"
#include "toolkit/bridge/numeric_digits.h"
#include "platform/ingest/dropped.h"
#include "platform/ingest/message_content.h"

/* the columns of which all counts, in this order */
static const InboxColumn texts[] = {INBOX_ANONYMOUS_ID, INBOX_USER_ID, INBOX_GROUP_ID,
									INBOX_PREVIOUS_ID};
static const InboxColumn documents[] = {INBOX_IDENTIFIERS, INBOX_PROPERTIES, INBOX_TRAITS};

static void add_container(CdpkContentHash *content, JsonbContainer *container);

/* add_value adds a value of a document.  It calls itself for what is in it, which onboard_row() bounds. */
static void
add_value(CdpkContentHash *content, const JsonbValue *value)
{
	NumericDigits number;

	switch (value->type)
	{
		case jbvString:
			cdpk_content_add_text(content, value->val.string.val, value->val.string.len);
			break;
		case jbvNumeric:
			number = numeric_digits(value->val.numeric);
			cdpk_content_add_number(content, number.negative, number.weight, number.digits,
									number.count);
			break;
		case jbvBool:
			cdpk_content_add(content, value->val.boolean ? CDPK_CONTENT_TRUE : CDPK_CONTENT_FALSE,
							 0);
			break;
		case jbvBinary:
			add_container(content, value->val.binary.data);
			break;
		default:
			cdpk_content_add(content, CDPK_CONTENT_NULL, 0);
			break;
	}
}

/* add_container adds an object or an array.  jsonb keeps the members of an object in an order of their keys. */
static void
add_container(CdpkContentHash *content, JsonbContainer *container)
{
	JsonbWalk walk = jsonb_walk(container);
	JsonbValue key;
	JsonbValue value;

	if (JsonContainerIsObject(container))
	{
		cdpk_content_add(content, CDPK_CONTENT_OBJECT, walk.count);
		while (jsonb_walk_member(&walk, &key, &value))
		{
			cdpk_content_add_text(content, key.val.string.val, key.val.string.len);
			add_value(content, &value);
		}
	}
	else
	{
		cdpk_content_add(content, CDPK_CONTENT_ARRAY, walk.count);
		while (jsonb_walk_element(&walk, &value))
			add_value(content, &value);
	}
}

/* add_document adds a column that is an object, or absent: NULL or the null of JSON. */
static void
add_document(CdpkContentHash *content, const InboxRow *row, InboxColumn column)
{
	Jsonb *document;

	if (row->nulls[column])
	{
		cdpk_content_add(content, CDPK_CONTENT_ABSENT, 0);
		return;
	}
	document = DatumGetJsonbP(row->values[column]);
	if (JB_ROOT_IS_OBJECT(document))
		add_container(content, &document->root);
	else
		cdpk_content_add(content, CDPK_CONTENT_ABSENT, 0);
}

/* add_text adds a column that is a text. */
static void
add_text(CdpkContentHash *content, const InboxRow *row, InboxColumn column)
{
	CdpkSpan text;

	if (row->nulls[column])
	{
		cdpk_content_add(content, CDPK_CONTENT_ABSENT, 0);
		return;
	}
	text = ingest_text(row->values[column]);
	cdpk_content_add_text(content, text.text, text.length);
}

/* add_time adds when it happened, by the sender. */
static void
add_time(CdpkContentHash *content, const InboxRow *row)
{
	if (!row->nulls[INBOX_ORIGINAL_TIMESTAMP])
		cdpk_content_add_time(content, DatumGetInt64(row->values[INBOX_ORIGINAL_TIMESTAMP]));
	else if (!row->nulls[INBOX_TIMESTAMP])
		cdpk_content_add_time(content, DatumGetInt64(row->values[INBOX_TIMESTAMP]));
	else
		cdpk_content_add(content, CDPK_CONTENT_ABSENT, 0);
}

/* message_content: see the header. */
uint64
message_content(const CdpkSipHashKey *key, const InboxRow *row, const OnboardedRow *event)
{
	CdpkContentHash content = cdpk_content_begin(key);
	const char *type = onboard_call_name(event->type);
	InboxRow sent;

	if (dropped_is_used(row))
	{
		sent = *row;
		dropped_put_back(&sent);
		row = &sent;
	}

	cdpk_content_add_text(&content, type, strlen(type));
	if (event->event.length > 0)
		cdpk_content_add_text(&content, event->event.text, event->event.length);
	else
		cdpk_content_add(&content, CDPK_CONTENT_ABSENT, 0);
	add_time(&content, row);
	for (int i = 0; i < lengthof(texts); i++)
		add_text(&content, row, texts[i]);
	for (int i = 0; i < lengthof(documents); i++)
		add_document(&content, row, documents[i]);
	return cdpk_content_end(&content);
}

/* add_said adds a column that is an object, or absent; one without members is absent. */
static void
add_said(CdpkContentHash *content, const InboxRow *row, InboxColumn column)
{
	if (!row->nulls[column] && JB_ROOT_COUNT(DatumGetJsonbP(row->values[column])) > 0)
		add_document(content, row, column);
	else
		cdpk_content_add(content, CDPK_CONTENT_ABSENT, 0);
}

/* add_evidence adds the identifiers of a call that says whose they are. */
static void
add_evidence(CdpkContentHash *content, Identifier *const *identifiers, int count,
			 const Identifier *earlier)
{
	cdpk_content_add(content, CDPK_CONTENT_ARRAY, count);
	for (int i = 0; i < count; i++)
		cdpk_content_add_text(content, IdentifierPayload(identifiers[i]),
							  IdentifierLength(identifiers[i]));
	if (earlier != NULL)
		cdpk_content_add_text(content, IdentifierPayload(earlier), IdentifierLength(earlier));
	else
		cdpk_content_add(content, CDPK_CONTENT_ABSENT, 0);
}

/* message_same_content: see the header. */
uint64
message_same_content(const CdpkSipHashKey *key, CallType type, CdpkSpan event, const InboxRow *row,
					 Identifier *const *identifiers, int count, const Identifier *earlier)
{
	CdpkContentHash content = cdpk_content_begin(key);
	CdpkSpan account = ingest_trim(ingest_column(row, INBOX_GROUP_ID));
	InboxRow sent;

	if (dropped_is_used(row))
	{
		sent = *row;
		dropped_put_back(&sent);
		row = &sent;
	}
	cdpk_content_add(&content, CDPK_CONTENT_ARRAY, type);
	cdpk_content_add_text(&content, event.text, event.length);
	cdpk_content_add_text(&content, account.text, account.length);
	add_said(&content, row, INBOX_PROPERTIES);
	add_said(&content, row, INBOX_TRAITS);
	if (type == CALL_GROUP &&
		onboard_leaves_account(row->values[INBOX_CONTEXT], row->nulls[INBOX_CONTEXT]))
		cdpk_content_add(&content, CDPK_CONTENT_TRUE, 0);
	if (type == CALL_IDENTIFY || type == CALL_ALIAS || type == CALL_MERGE)
		add_evidence(&content, identifiers, count, earlier);
	return cdpk_content_end(&content);
}

bool
message_may_lack_time(const InboxRow *row)
{
	TimestampTz at = DatumGetTimestampTz(row->values[INBOX_TIMESTAMP]);

	return row->nulls[INBOX_ORIGINAL_TIMESTAMP] &&
		   (at == DatumGetTimestampTz(row->values[INBOX_RECEIVED_AT]) ||
			(!row->nulls[INBOX_SENT_AT] && at == DatumGetTimestampTz(row->values[INBOX_SENT_AT])));
}

/* ---------------------------------------------------------------- as a text */

static void append_container(StringInfo text, JsonbContainer *container);

/* append_string appends a string of JSON. */
static void
append_string(StringInfo text, const char *bytes, size_t length)
{
	escape_json(text, pnstrdup(bytes, length));
}

/* append_number appends a number: 1.0 and 1.00 are 1. */
static void
append_number(StringInfo text, Numeric number)
{
	Datum trimmed = DirectFunctionCall1(numeric_trim_scale, NumericGetDatum(number));

	appendStringInfoString(text, DatumGetCString(DirectFunctionCall1(numeric_out, trimmed)));
}

/* append_value appends a value of a document. */
static void
append_value(StringInfo text, const JsonbValue *value)
{
	switch (value->type)
	{
		case jbvString:
			append_string(text, value->val.string.val, value->val.string.len);
			break;
		case jbvNumeric:
			append_number(text, value->val.numeric);
			break;
		case jbvBool:
			appendStringInfoString(text, value->val.boolean ? "true" : "false");
			break;
		case jbvBinary:
			append_container(text, value->val.binary.data);
			break;
		default:
			appendStringInfoString(text, "null");
			break;
	}
}

/* append_container appends an object or an array, which is not too deep in a row that was taken. */
static void
append_container(StringInfo text, JsonbContainer *container)
{
	JsonbWalk walk = jsonb_walk(container);
	JsonbValue key;
	JsonbValue value;
	const char *separator = "";

	check_stack_depth();
	if (JsonContainerIsObject(container))
	{
		appendStringInfoChar(text, '{');
		while (jsonb_walk_member(&walk, &key, &value))
		{
			appendStringInfoString(text, separator);
			append_string(text, key.val.string.val, key.val.string.len);
			appendStringInfoChar(text, ':');
			append_value(text, &value);
			separator = ",";
		}
		appendStringInfoChar(text, '}');
		return;
	}
	appendStringInfoChar(text, '[');
	while (jsonb_walk_element(&walk, &value))
	{
		appendStringInfoString(text, separator);
		append_value(text, &value);
		separator = ",";
	}
	appendStringInfoChar(text, ']');
}

/* append_document appends a column that is an object, or absent. */
static void
append_document(StringInfo text, const InboxRow *row, InboxColumn column)
{
	Jsonb *document = row->nulls[column] ? NULL : DatumGetJsonbP(row->values[column]);

	appendStringInfoChar(text, ',');
	if (document != NULL && JB_ROOT_IS_OBJECT(document))
		append_container(text, &document->root);
	else
		appendStringInfoString(text, "null");
}

/* append_text appends a column that is a text. */
static void
append_text(StringInfo text, const InboxRow *row, InboxColumn column)
{
	CdpkSpan span = ingest_column(row, column);

	appendStringInfoChar(text, ',');
	if (row->nulls[column])
		appendStringInfoString(text, "null");
	else
		append_string(text, span.text, span.length);
}

/* message_content_text: see the header. */
void
message_content_text(StringInfo text, CdpkSpan type, CdpkSpan event, TimestampTz at,
					 const InboxRow *row)
{
	InboxRow sent = *row;

	dropped_put_back(&sent);
	row = &sent;
	appendStringInfoChar(text, '[');
	append_string(text, type.text, type.length);
	appendStringInfoChar(text, ',');
	append_string(text, event.text, event.length);
	for (int i = 0; i < lengthof(texts); i++)
		append_text(text, row, texts[i]);
	for (int i = 0; i < lengthof(documents); i++)
		append_document(text, row, documents[i]);
	if (row->nulls[INBOX_ORIGINAL_TIMESTAMP])
		appendStringInfoString(text, ",null");
	else
		appendStringInfo(text, "," INT64_FORMAT,
						 DatumGetInt64(row->values[INBOX_ORIGINAL_TIMESTAMP]));
	appendStringInfo(text, "," INT64_FORMAT "]", at);
}
