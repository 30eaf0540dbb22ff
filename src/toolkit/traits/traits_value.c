/*
 * traits_value.c
 *		Single values of traits: jsonb to the canonical form, and back.
 */
#include "postgres.h"

#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/numeric.h"

#include "toolkit/traits/traits.h"

/* a container up to this size is printed at once: its numbers, at 1e131071 each, take some megabytes */
#define PRINTED_AT_ONCE 1024

/*
 * Return whether a container is larger than any value may be, without printing it: a number
 * of few bytes may have 147,000 digits.
 */
static bool
is_long(JsonbContainer *container, int size)
{
	JsonbIterator *iterator;
	JsonbIteratorToken token;
	JsonbValue item;
	size_t length = 0;

	if (size > CDPK_TRAITS_VALUE_MAX)
		return true;
	if (size <= PRINTED_AT_ONCE)
		return false;
	iterator = JsonbIteratorInit(container);
	while ((token = JsonbIteratorNext(&iterator, &item, false)) != WJB_DONE)
	{
		char *digits;

		if ((token != WJB_ELEM && token != WJB_VALUE) || item.type != jbvNumeric)
			continue;
		digits =
			DatumGetCString(DirectFunctionCall1(numeric_out, NumericGetDatum(item.val.numeric)));
		length += strlen(digits);
		pfree(digits);
		if (length > CDPK_TRAITS_VALUE_MAX)
			return true;
	}
	return false;
}

/* Bring a jsonb value other than a string to canonical form. */
CdpkValue
traits_value_make(const JsonbValue *value)
{
	CdpkValue json = {CDPK_VALUE_NULL, NULL, 0};
	StringInfoData text;

	switch (value->type)
	{
		case jbvNull:
			break;
		case jbvBool:
			json.type = value->val.boolean ? CDPK_VALUE_TRUE : CDPK_VALUE_FALSE;
			break;
		case jbvNumeric:
			json.type = CDPK_VALUE_NUMBER;
			json.bytes = (const uint8 *) DatumGetCString(
				DirectFunctionCall1(numeric_out, NumericGetDatum(value->val.numeric)));
			json.length = strlen((const char *) json.bytes);
			break;
		case jbvBinary:
			json.type =
				JsonContainerIsArray(value->val.binary.data) ? CDPK_VALUE_ARRAY : CDPK_VALUE_OBJECT;
			if (is_long(value->val.binary.data, value->val.binary.len))
			{
				json.length = CDPK_TRAITS_VALUE_MAX + 1;
				break;
			}
			initStringInfo(&text);
			JsonbToCString(&text, value->val.binary.data, value->val.binary.len);
			json.bytes = (const uint8 *) text.data;
			json.length = (size_t) text.len;
			break;
		default:
			elog(ERROR, "unexpected jsonb value of type %d", (int) value->type);
	}
	return json;
}

/* Make a jsonb value; strings are not copied. */
JsonbValue
traits_value_jsonb(const CdpkValue *json)
{
	JsonbValue value = {.type = jbvNull};
	char *text;
	Jsonb *parsed;

	switch (json->type)
	{
		case CDPK_VALUE_NULL:
			break;
		case CDPK_VALUE_FALSE:
		case CDPK_VALUE_TRUE:
			value.type = jbvBool;
			value.val.boolean = json->type == CDPK_VALUE_TRUE;
			break;
		case CDPK_VALUE_STRING:
			value.type = jbvString;
			value.val.string.val = (char *) json->bytes;
			value.val.string.len = (int) json->length;
			break;
		case CDPK_VALUE_NUMBER:
			text = pnstrdup((const char *) json->bytes, json->length);
			value.type = jbvNumeric;
			value.val.numeric = DatumGetNumeric(
				DirectFunctionCall3(numeric_in, CStringGetDatum(text), ObjectIdGetDatum(InvalidOid),
									Int32GetDatum(-1)));
			break;
		case CDPK_VALUE_ARRAY:
		case CDPK_VALUE_OBJECT:
			text = pnstrdup((const char *) json->bytes, json->length);
			parsed = DatumGetJsonbP(DirectFunctionCall1(jsonb_in, CStringGetDatum(text)));
			value.type = jbvBinary;
			value.val.binary.data = &parsed->root;
			value.val.binary.len = (int) VARSIZE_ANY_EXHDR(parsed);
			break;
	}
	return value;
}

/* Append a JSON string, quoted and escaped. */
static void
append_string(StringInfo text, const uint8 *bytes, size_t length)
{
	size_t start = 0;

	appendStringInfoCharMacro(text, '"');
	for (size_t i = 0; i < length; i++)
	{
		uint8 escape[6];

		if (bytes[i] >= 0x20 && bytes[i] != '"' && bytes[i] != '\\')
			continue;
		appendBinaryStringInfo(text, (const char *) bytes + start, (int) (i - start));
		appendBinaryStringInfo(text, (char *) escape, (int) cdpk_value_escape(bytes[i], escape));
		start = i + 1;
	}
	appendBinaryStringInfo(text, (const char *) bytes + start, (int) (length - start));
	appendStringInfoCharMacro(text, '"');
}

/* Append the canonical text. */
void
traits_value_append(StringInfo text, const CdpkValue *value)
{
	switch (value->type)
	{
		case CDPK_VALUE_NULL:
			appendStringInfoString(text, "null");
			break;
		case CDPK_VALUE_FALSE:
			appendStringInfoString(text, "false");
			break;
		case CDPK_VALUE_TRUE:
			appendStringInfoString(text, "true");
			break;
		case CDPK_VALUE_STRING:
			append_string(text, value->bytes, value->length);
			break;
		default:
			appendBinaryStringInfo(text, (const char *) value->bytes, (int) value->length);
	}
}
