/*
 * line_batch.c
 *		The calls of a line that holds a batch, and what the batch hands down to them.
 *
 * The calls are found by brackets and quotes alone, and each is checked by itself, so that one that is not valid costs
 * only itself.
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "miscadmin.h"

#include "platform/ingest/line_batch.h"
#include "platform/ingest/line_snowplow.h"

/* the keys of the calls as they are written */
static const char batch_key[] = "\"batch\"";
static const char data_key[] = "\"data\"";

/* Return whether a text has something in it. */
static bool
has(CdpkSpan text, const char *part)
{
	return memmem(text.text, text.length, part, strlen(part)) != NULL;
}

/*
 * Find the value of the last member with a key of an object that may be anything, as JSON takes the last; false if there
 * is none that is an array, or if the object does not end where the text does.
 */
static bool
find_array(CdpkSpan text, const char *wanted, CdpkSpan *array)
{
	const char *end = text.text + text.length;
	const char *at = text.text;
	bool found = false;

	do
	{
		const char *key = cdpk_json_skip_space(at + 1, end);
		const char *value = cdpk_json_skip(key, end);
		bool is_wanted = value != NULL && value - key == strlen(wanted) &&
						 memcmp(key, wanted, strlen(wanted)) == 0;

		value = value != NULL ? cdpk_json_skip_space(value, end) : end;
		if (value == end || *value != ':')
			return false;
		value = cdpk_json_skip_space(value + 1, end);
		at = cdpk_json_skip(value, end);
		if (at == NULL)
			return false;
		if (is_wanted)
		{
			found = *value == '[';
			array->text = value;
			array->length = at - value;
		}
		at = cdpk_json_skip_space(at, end);
		CHECK_FOR_INTERRUPTS();
	} while (at < end && *at == ',');
	return found && at < end && *at == '}' && cdpk_json_skip_space(at + 1, end) == end;
}

/* Find the elements of an array that may be anything; false if there is no telling where they end. */
static bool
find_calls(LineBatch *batch, CdpkSpan array)
{
	const char *end = array.text + array.length;
	const char *at = cdpk_json_skip_space(array.text + 1, end);
	int capacity = 0;

	if (at < end && *at == ']')
		return at + 1 == end;
	for (; at != NULL && at < end; at = cdpk_json_skip_space(at + 1, end))
	{
		const char *start = at;

		at = cdpk_json_skip(start, end);
		if (at == NULL)
			return false;
		if (batch->count == LINE_BATCH_MAX)
		{
			batch->too_long = true;
			batch->count = 0;
			return true;
		}
		if (batch->count == capacity)
		{
			capacity = Max(2 * capacity, 128);
			batch->calls = batch->calls == NULL
							   ? palloc(sizeof(CdpkSpan) * capacity)
							   : repalloc(batch->calls, sizeof(CdpkSpan) * capacity);
		}
		batch->calls[batch->count].text = start;
		batch->calls[batch->count++].length = at - start;
		at = cdpk_json_skip_space(at, end);
		if (at < end && *at == ']')
			return at + 1 == end;
		if (at == end || *at != ',')
			return false;
		CHECK_FOR_INTERRUPTS();
	}
	return false;
}

/* Return whether a member is the schema of a body of Snowplow's trackers. */
static bool
is_payload(const LineMember *member)
{
	CdpkSpan schema;

	if (!line_is_key(member->key, "schema") || member->token != CDPK_JSON_STRING)
		return false;
	schema = line_text(member);
	return schema.length > strlen(SNOWPLOW_SCHEMA) &&
		   memcmp(schema.text, SNOWPLOW_SCHEMA, strlen(SNOWPLOW_SCHEMA)) == 0;
}

/* Read what is around the calls; false if it is no JSON, or not what has its calls under this key. */
static bool
read_members(LineBatch *batch, const char *key)
{
	CdpkSpan none = {"", 0};
	CdpkSpan around = line_batch_single(batch, none);
	const char *problem;
	size_t position;
	CdpkJson json;
	LineMember member;

	if (cdpk_json_check(around.text, around.length, &problem, &position) != CDPK_OK)
		return false;
	json = cdpk_json(around.text, around.length);
	cdpk_json_next(&json);
	while (line_next_member(&json, &member))
	{
		batch->is_snowplow |= key == data_key && is_payload(&member);
		if (!line_is_key(member.key, key == data_key ? "data" : "batch"))
			line_append(&batch->members, &member);
	}
	return key != data_key || batch->is_snowplow;
}

CdpkSpan
line_batch_single(const LineBatch *batch, CdpkSpan call)
{
	StringInfoData text;
	CdpkSpan result;

	initStringInfo(&text);
	appendBinaryStringInfo(&text, batch->before.text, batch->before.length);
	appendBinaryStringInfo(&text, call.text, call.length);
	appendBinaryStringInfo(&text, batch->after.text, batch->after.length);
	result.text = text.data;
	result.length = text.len;
	return result;
}

bool
line_may_be_batch(CdpkSpan text)
{
	text = ingest_trim(text);
	return text.length > 0 && text.length <= CDPK_JSON_SIZE_MAX &&
		   (text.text[0] == '[' ||
			(text.text[0] == '{' && (has(text, batch_key) || has(text, "payload_data"))));
}

LineBatch *
line_batch(CdpkSpan text)
{
	LineBatch *batch;
	CdpkSpan array;
	const char *key = batch_key;
	bool is_array;

	if (!line_may_be_batch(text))
		return NULL;
	text = ingest_trim(text);
	is_array = text.text[0] == '[';
	array = text;
	if (!is_array && !find_array(text, key, &array))
	{
		key = data_key;
		if (!find_array(text, key, &array))
			return NULL;
	}
	batch = palloc0(sizeof(LineBatch));
	if (!is_array)
	{
		batch->before.text = text.text;
		batch->before.length = array.text + 1 - text.text;
		batch->after.text = array.text + array.length - 1;
		batch->after.length = text.text + text.length - batch->after.text;
	}
	if (!find_calls(batch, array) || (!is_array && !read_members(batch, key)))
		return NULL;
	return batch;
}
