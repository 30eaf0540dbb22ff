/*
 * parse_line_json.c
 *		The members of a JSON object, and jsonb made of them.
 *
 * Nothing here raises an error for a text that passed cdpk_json_check (except out of memory).  Its
 * limits exclude what the server's functions would refuse:
 *
 * - pushJsonbValue and JsonbValueToJsonb refuse a string, object or array of 256 MB and more than
 *   some ten million members: a text of 4 MB makes at most 2 million values and 24 MB.
 * - JsonbValueToJsonb calls itself for each level and refuses to go deeper than the stack: there are
 *   at most CDPK_JSON_DEPTH_MAX levels and that of "_extra", some 20 kB of stack.
 * - numeric_in refuses what is not a number, more than 16383 decimals and more than 131072 digits
 *   before the point: a number is well formed, has at most CDPK_JSON_DIGITS_MAX digits and moves
 *   its point by at most CDPK_JSON_EXPONENT_MAX places.
 * - strings hold no NUL and are UTF-8, as is the database: cdp_parse_line checks that.
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/numeric.h"

#include "compat.h"
#include "toolkit/identifier/identifier.h"
#include "platform/ingest/parse_line_json.h"

/* Return the text of the key or string that the scanner has just read. */
static CdpkSpan
unescape(const CdpkJson *json)
{
	CdpkSpan result = json->string;
	char *text;

	if (json->escaped)
	{
		text = palloc(json->string.length);
		result.length = cdpk_json_unescape(json->string, text);
		result.text = text;
	}
	return result;
}

bool
line_next_member(CdpkJson *json, LineMember *member)
{
	CHECK_FOR_INTERRUPTS();
	if (cdpk_json_next(json) != CDPK_JSON_KEY)
		return false;
	member->key = unescape(json);
	member->written = json->string;
	member->token = cdpk_json_value(json, &member->value);
	return true;
}

void
line_append(LineMembers *list, const LineMember *member)
{
	if (list->count == list->capacity)
	{
		list->capacity = Max(2 * list->capacity, 8);
		list->members = list->count == 0
							? palloc(list->capacity * sizeof(LineMember))
							: repalloc(list->members, list->capacity * sizeof(LineMember));
	}
	list->members[list->count++] = *member;
}

/* Start reading the members of an object. */
static CdpkJson
open_object(const LineMember *object)
{
	CdpkJson json = cdpk_json(object->value.text, object->value.length);

	cdpk_json_next(&json);
	return json;
}

bool
line_find_key(const LineMember *object, const char *key, LineMember *found)
{
	CdpkJson json;
	LineMember member;
	bool is_found = false;

	if (object == NULL)
		return false;
	json = open_object(object);
	while (line_next_member(&json, &member))
		if (line_is_key(member.key, key))
		{
			*found = member;
			is_found = true;
		}
	return is_found;
}

/* Make a numeric of a number's text. */
static Numeric
make_number(CdpkSpan number)
{
	int64_t integer;

	if (cdpk_json_small_integer(number, &integer))
		return int64_to_numeric(integer);
	return DatumGetNumeric(
		DirectFunctionCall3(numeric_in, CStringGetDatum(pnstrdup(number.text, number.length)),
							ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1)));
}

CdpkSpan
line_text(const LineMember *member)
{
	CdpkJson json = cdpk_json(member->value.text, member->value.length);

	cdpk_json_next(&json);
	if (member->token == CDPK_JSON_STRING)
		return unescape(&json);
	return ingest_span(identifier_number(make_number(member->value)));
}

/* Push a key or string to the jsonb in the making. */
static void
push_string(JsonbParseState **state, JsonbIteratorToken place, CdpkSpan string)
{
	JsonbValue value;

	value.type = jbvString;
	value.val.string.val = unconstify(char *, string.text);
	value.val.string.len = string.length;
	pushJsonbValue(state, place, &value);
}

/* Push the scalar that the scanner has just read to the jsonb in the making. */
static void
push_scalar(JsonbParseState **state, const CdpkJson *json, CdpkJsonToken token)
{
	JsonbIteratorToken place = cdpk_json_in_array(json) ? WJB_ELEM : WJB_VALUE;
	CdpkSpan number = {json->token, json->at - json->token};
	JsonbValue value;

	switch (token)
	{
		case CDPK_JSON_STRING:
			push_string(state, place, unescape(json));
			return;
		case CDPK_JSON_NUMBER:
			value.type = jbvNumeric;
			value.val.numeric = make_number(number);
			break;
		case CDPK_JSON_NULL:
			value.type = jbvNull;
			break;
		default:
			value.type = jbvBool;
			value.val.boolean = token == CDPK_JSON_TRUE;
			break;
	}
	pushJsonbValue(state, place, &value);
}

/* Push a whole value to the jsonb in the making. */
static void
push_value(JsonbParseState **state, CdpkSpan text)
{
	CdpkJson json = cdpk_json(text.text, text.length);
	CdpkJsonToken token;

	while ((token = cdpk_json_next(&json)) != CDPK_JSON_END)
	{
		CHECK_FOR_INTERRUPTS();
		switch (token)
		{
			case CDPK_JSON_INVALID:
				Assert(false); /* the whole line was found valid */
				return;
			case CDPK_JSON_OBJECT:
				pushJsonbValue(state, WJB_BEGIN_OBJECT, NULL);
				break;
			case CDPK_JSON_OBJECT_END:
				pushJsonbValue(state, WJB_END_OBJECT, NULL);
				break;
			case CDPK_JSON_ARRAY:
				pushJsonbValue(state, WJB_BEGIN_ARRAY, NULL);
				break;
			case CDPK_JSON_ARRAY_END:
				pushJsonbValue(state, WJB_END_ARRAY, NULL);
				break;
			case CDPK_JSON_KEY:
				push_string(state, WJB_KEY, unescape(&json));
				break;
			default:
				push_scalar(state, &json, token);
				break;
		}
	}
}

/* Push a key with its value to the object in the making. */
static void
push_member(JsonbParseState **state, const LineMember *member)
{
	push_string(state, WJB_KEY, member->key);
	push_value(state, member->value);
}

/* Push the member "_extra" to the object in the making. */
static void
push_extra(JsonbParseState **state, const LineMembers *extra)
{
	push_string(state, WJB_KEY, ingest_span("_extra"));
	pushJsonbValue(state, WJB_BEGIN_OBJECT, NULL);
	for (int i = 0; i < extra->count; i++)
		push_member(state, &extra->members[i]);
	pushJsonbValue(state, WJB_END_OBJECT, NULL);
}

/* Push the member "_sent" to the object in the making. */
static void
push_notes(JsonbParseState **state, const LineNote *notes, int count)
{
	push_string(state, WJB_KEY, ingest_span("_sent"));
	pushJsonbValue(state, WJB_BEGIN_OBJECT, NULL);
	for (int i = 0; i < count; i++)
	{
		push_string(state, WJB_KEY, notes[i].key);
		push_value(state, ingest_span(notes[i].note));
	}
	pushJsonbValue(state, WJB_END_OBJECT, NULL);
}

Jsonb *
line_object(const LineMember *object, const LineAdditions *additions)
{
	JsonbParseState *state = NULL;
	LineMember member;
	CdpkJson json;

	pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
	for (int i = 0; i < additions->folded->count; i++)
		push_member(&state, &additions->folded->members[i]);
	if (object != NULL)
	{
		json = open_object(object);
		while (line_next_member(&json, &member))
			if (!additions->replaces ||
				!(line_is_key(member.key, "_extra") || line_is_key(member.key, "_sent")))
				push_member(&state, &member);
	}
	if (additions->extra->count > 0)
		push_extra(&state, additions->extra);
	if (additions->note_count > 0)
		push_notes(&state, additions->notes, additions->note_count);
	return JsonbValueToJsonb(pushJsonbValue(&state, WJB_END_OBJECT, NULL));
}

/* Return what stands between the brackets of an object. */
static CdpkSpan
inside(const LineMember *object)
{
	CdpkSpan result = {object->value.text + 1, object->value.length - 2};

	return ingest_trim(result);
}

LineMember
line_merge(const LineMember *first, const LineMember *second)
{
	LineMember result = *first;
	CdpkSpan own = inside(first);
	CdpkJson json = open_object(second);
	StringInfoData text;
	LineMember member;
	LineMember found;

	initStringInfo(&text);
	appendStringInfoChar(&text, '{');
	appendBinaryStringInfo(&text, own.text, own.length);
	while (line_next_member(&json, &member))
	{
		char *key = pnstrdup(member.key.text, member.key.length);

		if (line_find_key(first, key, &found))
			continue;
		appendStringInfoString(&text, text.len > 1 ? ",\"" : "\"");
		appendBinaryStringInfo(&text, member.written.text, member.written.length);
		appendStringInfoString(&text, "\":");
		appendBinaryStringInfo(&text, member.value.text, member.value.length);
	}
	appendStringInfoChar(&text, '}');
	result.value.text = text.data;
	result.value.length = text.len;
	return result;
}
