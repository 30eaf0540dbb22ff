/*
 * message_content.c
 *		The content hash of a message: what of it counts, in which order.  FORMAT.md has the whole of it.
 */
#include "postgres.h"

#include "core/text/content_hash.h"
#include "toolkit/bridge/jsonb_walk.h"
#include "toolkit/bridge/numeric_digits.h"
#include "platform/ingest/message_content.h"

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
	static const InboxColumn texts[] = {INBOX_ANONYMOUS_ID, INBOX_USER_ID, INBOX_GROUP_ID,
										INBOX_PREVIOUS_ID};
	static const InboxColumn documents[] = {INBOX_IDENTIFIERS, INBOX_PROPERTIES, INBOX_TRAITS};
	CdpkContentHash content = cdpk_content_begin(key);
	const char *type = onboard_call_name(event->type);

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
