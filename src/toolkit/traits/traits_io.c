/*
 * traits_io.c
 *		Text and binary form of cdp.traits.
 *
 * The text is a JSON object with a member for each key:
 *
 *   {"plan": {"value": "pro", "at": "2024-05-01T10:00:00Z", "source": "crm", "rule": "last"}}
 *
 * "trust" stands where it is not 0, "source" where there is one.  A removed key has
 * the value null.  A key whose rule has several values has a member "values", an
 * array of objects with value, at, source, trust and, of most_frequent, count.
 */
#include "postgres.h"

#include "libpq/pqformat.h"
#include "mb/pg_wchar.h"
#include "nodes/nodes.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"

#include "cdp.h"
#include "core/text/decimal.h"
#include "core/text/instant.h"
#include "toolkit/traits/traits.h"
#include "toolkit/bridge/jsonb_walk.h"
#include "toolkit/bridge/status.h"

/* ---- text out ---- */

/* the text form while it is written */
typedef struct TextOutput
{
	CdpkTraitsView view;
	StringInfoData text;
	int64 at; /* the time that was printed last; most of a row's values have the same */
	char at_text[CDPK_TIMESTAMP_TEXT_MAX];
} TextOutput;

/* Append the members that describe one value. */
static void
append_cell(TextOutput *output, const CdpkTrait *trait)
{
	CdpkValue source = {CDPK_VALUE_STRING, trait->source, trait->source_length};
	StringInfo text = &output->text;

	if (output->at_text[0] == '\0' || output->at != trait->at)
	{
		output->at = trait->at;
		cdpk_instant_print(trait->at, output->at_text);
	}
	appendStringInfoString(text, "\"value\": ");
	traits_value_append(text, &trait->value);
	appendStringInfoString(text, ", \"at\": \"");
	appendStringInfoString(text, output->at_text);
	appendStringInfoChar(text, '"');
	if (trait->source_length > 0)
	{
		appendStringInfoString(text, ", \"source\": ");
		traits_value_append(text, &source);
	}
	if (trait->trust != 0)
		appendStringInfo(text, ", \"trust\": %d", trait->trust);
	if ((trait->rule & CDPK_RULE_BASE) == CDPK_RULE_MOST_FREQUENT)
		appendStringInfo(text, ", \"count\": " UINT64_FORMAT, trait->count);
}

/* Append the cells of a key that has several. */
static void
append_values(TextOutput *output, uint32 first, uint32 end)
{
	StringInfo text = &output->text;

	appendStringInfoString(text, "\"values\": [");
	for (uint32 i = first; i < end; i++)
	{
		CdpkTrait trait;

		if (!cdpk_traits_get(&output->view, i, &trait))
			cdp_report_bytes(CDPK_CORRUPT, "cdp.traits");
		appendStringInfoString(text, i > first ? ", {" : "{");
		append_cell(output, &trait);
		appendStringInfoChar(text, '}');
	}
	appendStringInfoChar(text, ']');
}

/* Append a key and what is known of it. */
static void
append_key(TextOutput *output, uint32 first, uint32 end)
{
	StringInfo text = &output->text;
	char rule[CDPK_RULE_NAME_SIZE];
	CdpkTrait trait;
	CdpkValue key = {CDPK_VALUE_STRING, NULL, 0};

	if (!cdpk_traits_get(&output->view, first, &trait) || !cdpk_rule_valid(trait.rule))
		cdp_report_bytes(CDPK_CORRUPT, "cdp.traits");
	key.bytes = trait.key;
	key.length = trait.key_length;
	traits_value_append(text, &key);
	appendStringInfoString(text, ": {");
	if (cdpk_rule_many(trait.rule))
		append_values(output, first, end);
	else
		append_cell(output, &trait);
	cdpk_rule_name(trait.rule, rule);
	appendStringInfoString(text, ", \"rule\": \"");
	appendStringInfoString(text, rule);
	appendStringInfoString(text, "\"}");
}

CDP_FUNCTION(cdp_traits_out);

/* Write the text form. */
Datum
cdp_traits_out(PG_FUNCTION_ARGS)
{
	TextOutput output = {.view = traits_open(PG_GETARG_TRAITS_PP(0))};

	initStringInfo(&output.text);
	appendStringInfoChar(&output.text, '{');
	for (uint32 first = 0, end; first < output.view.count; first = end)
	{
		end = cdpk_traits_end(&output.view, first);
		if (first > 0)
			appendStringInfoString(&output.text, ", ");
		append_key(&output, first, end);
	}
	appendStringInfoChar(&output.text, '}');
	PG_RETURN_CSTRING(output.text.data);
}

/* ---- text in ---- */

/* where the text form is read to; errors go to escontext, if the caller gave one */
typedef struct TextInput
{
	CdpkTraitsState state;
	CdpkTrait trait; /* the one being read */
	uint32 hint;
	Node *escontext;
} TextInput;

/* Report JSON that is not the text form; always returns false. */
static bool
bad_text(TextInput *input, const char *detail)
{
	errsave(
		input->escontext,
		(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
		 errmsg("invalid input syntax for type cdp.traits"), errdetail("%s", detail),
		 errhint(
			 "The form is {\"key\": {\"value\": 1, \"at\": \"2024-05-01T10:00:00Z\", "
			 "\"source\": \"crm\", \"rule\": \"last\"}}; convert plain traits with cdp.traits(jsonb, at, source).")));
	return false;
}

/*
 * Find a member of an object; *found says whether there is one.
 * False where it is of another type.
 */
static bool
read_member(TextInput *input, JsonbContainer *object, const char *name, enum jbvType type,
			JsonbValue *value, bool *found)
{
	*found = getKeyJsonValueFromContainer(object, name, (int) strlen(name), value) != NULL;
	if (!*found || value->type == type)
		return true;
	return bad_text(input, psprintf("The member \"%s\" has a value of another type.", name));
}

/* Read a member that is a whole number; *number stays where there is none. */
static bool
read_integer(TextInput *input, JsonbContainer *object, const char *name, int64 least, int64 most,
			 int64 *number)
{
	JsonbValue value;
	CdpkValue text;
	CdpkDecimal decimal;
	bool found;

	if (!read_member(input, object, name, jbvNumeric, &value, &found))
		return false;
	if (!found)
		return true;
	text = traits_value_read(&value);
	if (cdpk_decimal_parse((const char *) text.bytes, text.length, &decimal) != CDPK_OK ||
		decimal.scale > 0 || decimal.mantissa < least || decimal.mantissa > most)
		return bad_text(input, psprintf("The member \"%s\" is out of range.", name));
	*number = decimal.mantissa;
	return true;
}

/*
 * Return whether an object has no members but those that are named; the
 * names end with NULL.
 */
static bool
check_names(TextInput *input, JsonbContainer *object, const char *const *names)
{
	JsonbWalk walk = jsonb_walk(object);
	JsonbValue key;
	JsonbValue value;

	while (jsonb_walk_member(&walk, &key, &value))
	{
		const char *const *name = names;

		while (*name && (strlen(*name) != (size_t) key.val.string.len ||
						 memcmp(*name, key.val.string.val, strlen(*name)) != 0))
			name++;
		if (*name == NULL)
			return bad_text(input,
							psprintf("There is no member \"%.*s\" here.",
									 pg_mbcliplen(key.val.string.val, key.val.string.len, 64),
									 key.val.string.val));
	}
	return true;
}

/* Read the member "value". */
static bool
read_value(TextInput *input, JsonbContainer *object)
{
	CdpkValue *read = &input->trait.value;
	JsonbValue value;

	if (getKeyJsonValueFromContainer(object, "value", 5, &value) == NULL)
		return bad_text(input, "The member \"value\" is missing.");
	*read = traits_value_read(&value);
	if (read->length > CDPK_TRAITS_VALUE_MAX)
		return bad_text(input, "A value is larger than its rule allows.");
	if ((read->type == CDPK_VALUE_ARRAY || read->type == CDPK_VALUE_OBJECT) &&
		cdpk_value_depth(read->bytes, read->length) > CDPK_VALUE_DEPTH_MAX)
		return bad_text(input, "Arrays and objects stand in each other more than 256 deep.");
	if (read->type == CDPK_VALUE_NULL && !cdpk_rule_removes(input->trait.rule))
		return bad_text(input,
						"Only the rules \"last\", \"union\" and \"merge\" have the value null.");
	return true;
}

/* Read the member "source". */
static bool
read_source(TextInput *input, JsonbContainer *object)
{
	JsonbValue value;
	bool found;

	if (!read_member(input, object, "source", jbvString, &value, &found))
		return false;
	if (found && value.val.string.len > CDPK_TRAITS_SOURCE_MAX)
		return bad_text(input, "The member \"source\" is longer than 255 bytes.");
	input->trait.source = found ? (const uint8 *) value.val.string.val : NULL;
	input->trait.source_length = found ? (uint8) value.val.string.len : 0;
	return true;
}

/* Read what describes one value. */
static bool
read_cell(TextInput *input, JsonbContainer *object)
{
	JsonbValue value;
	bool found;
	int64 trust = 0;
	int64 count = 1;

	if (!read_value(input, object) || !read_source(input, object) ||
		!read_member(input, object, "at", jbvString, &value, &found) ||
		!read_integer(input, object, "trust", PG_INT8_MIN, PG_INT8_MAX, &trust) ||
		!read_integer(input, object, "count", 1, PG_INT64_MAX, &count))
		return false;
	if (!found || cdpk_instant_parse(value.val.string.val, (size_t) value.val.string.len,
									 &input->trait.at) != CDPK_OK)
		return bad_text(input,
						"The member \"at\" is not a time such as \"2024-05-01T10:00:00.5Z\".");
	input->trait.trust = (int8) trust;
	input->trait.count = (uint64) count;
	return true;
}

/* Read a value and merge it. */
static bool
put_cell(TextInput *input, JsonbContainer *object)
{
	CdpkStatus status;

	if (!read_cell(input, object))
		return false;
	status = cdpk_traits_put(&input->state, &input->trait, &input->hint);
	if (status == CDPK_INVALID && (input->trait.rule & CDPK_RULE_BASE) == CDPK_RULE_MERGE)
		return bad_text(input,
						"An object with the rule \"merge\" has more than one member, or none.");
	if (status == CDPK_INVALID)
		return bad_text(input, "A value with the rule \"sum\" is not a number.");
	if (status == CDPK_OUT_OF_RANGE)
		return bad_text(input, "A number has too many digits to be summed.");
	if (status == CDPK_TOO_LONG)
		return bad_text(input, "A value is larger than its rule allows.");
	traits_check_merge(status);
	return true;
}

/* Read the member "rule". */
static bool
read_rule(TextInput *input, JsonbContainer *object)
{
	JsonbValue value;
	bool found;

	input->trait.rule = CDPK_RULE_LAST;
	if (!read_member(input, object, "rule", jbvString, &value, &found))
		return false;
	if (found &&
		!cdpk_rule_parse(value.val.string.val, (size_t) value.val.string.len, &input->trait.rule))
		return bad_text(input, "The member \"rule\" names no rule.");
	return true;
}

/* Return the object that a jsonb value is, or NULL with an error. */
static JsonbContainer *
as_object(TextInput *input, const JsonbValue *value, const char *otherwise)
{
	if (value->type == jbvBinary && JsonContainerIsObject(value->val.binary.data))
		return value->val.binary.data;
	bad_text(input, otherwise);
	return NULL;
}

/* Read the values of a key that may have several. */
static bool
put_values(TextInput *input, JsonbContainer *known)
{
	static const char *const names[] = {"rule", "values", NULL};
	static const char *const counted[] = {"value", "at", "source", "trust", "count", NULL};
	static const char *const others[] = {"value", "at", "source", "trust", NULL};
	bool has_count = (input->trait.rule & CDPK_RULE_BASE) == CDPK_RULE_MOST_FREQUENT;
	JsonbValue value;
	JsonbWalk walk;
	bool found;

	if (!read_member(input, known, "values", jbvBinary, &value, &found))
		return false;
	if (!found || !JsonContainerIsArray(value.val.binary.data))
		return bad_text(input, "The member \"values\" is not an array.");
	if (!check_names(input, known, names))
		return false;
	walk = jsonb_walk(value.val.binary.data);
	while (jsonb_walk_element(&walk, &value))
	{
		JsonbContainer *object = as_object(input, &value, "A value is not described by an object.");

		if (object == NULL || !check_names(input, object, has_count ? counted : others) ||
			!put_cell(input, object))
			return false;
	}
	return true;
}

/* Read a key and what is known of it. */
static bool
put_key(TextInput *input, const JsonbValue *key, const JsonbValue *known)
{
	static const char *const names[] = {"value", "at", "source", "trust", "rule", NULL};
	JsonbContainer *object = as_object(input, known, "A key is not described by an object.");

	if (object == NULL)
		return false;
	if (key->val.string.len > CDPK_TRAITS_KEY_MAX)
		return bad_text(input, "A key is longer than 255 bytes.");
	input->trait.key = (const uint8 *) key->val.string.val;
	input->trait.key_length = (uint8) key->val.string.len;
	if (!read_rule(input, object))
		return false;
	if (cdpk_rule_many(input->trait.rule))
		return put_values(input, object);
	return check_names(input, object, names) && put_cell(input, object);
}

CDP_FUNCTION(cdp_traits_in);

/* Read the text form. */
Datum
cdp_traits_in(PG_FUNCTION_ARGS)
{
	TextInput input = {.escontext = fcinfo->context};
	Jsonb *object;
	JsonbWalk walk;
	JsonbValue key;
	JsonbValue known;
	Datum parsed;

	if (!cdp_input_call(jsonb_in, PG_GETARG_CSTRING(0), fcinfo->context, &parsed))
		PG_RETURN_NULL();
	object = DatumGetJsonbP(parsed);
	if (!JB_ROOT_IS_OBJECT(object))
	{
		bad_text(&input, "It is not a JSON object.");
		PG_RETURN_NULL();
	}
	traits_begin(&input.state, 0, VARSIZE(object));
	walk = jsonb_walk(&object->root);
	while (jsonb_walk_member(&walk, &key, &known))
	{
		if (!put_key(&input, &key, &known))
			PG_RETURN_NULL();
	}
	PG_RETURN_POINTER(traits_compact(&input.state.view));
}

/* ---- binary ---- */

CDP_FUNCTION(cdp_traits_send);

/* Send the compact bytes, which begin with their version. */
Datum
cdp_traits_send(PG_FUNCTION_ARGS)
{
	CdpkTraitsView view = traits_open(PG_GETARG_TRAITS_PP(0));
	Traits *compact = traits_compact(&view);
	StringInfoData buffer;

	pq_begintypsend(&buffer);
	pq_sendbytes(&buffer, VARDATA(compact), (int) (VARSIZE(compact) - VARHDRSZ));
	PG_RETURN_BYTEA_P(pq_endtypsend(&buffer));
}

CDP_FUNCTION(cdp_traits_recv);

/* Read what cdp_traits_send sent, and look at every byte of it. */
Datum
cdp_traits_recv(PG_FUNCTION_ARGS)
{
	StringInfo buffer = (StringInfo) PG_GETARG_POINTER(0);
	int length = buffer->len - buffer->cursor;
	const char *bytes = pq_getmsgbytes(buffer, length);
	CdpkStatus status;
	Traits *traits;

	if (GetDatabaseEncoding() != PG_UTF8)
		ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
						errmsg("binary input of type cdp.traits needs a database in UTF-8")));
	status = cdpk_traits_check((const uint8 *) bytes, (size_t) length);
	if (status != CDPK_OK)
		cdp_report_bytes(status, "cdp.traits");
	traits = palloc(length + VARHDRSZ);
	SET_VARSIZE(traits, length + VARHDRSZ);
	memcpy(VARDATA(traits), bytes, (size_t) length);
	PG_RETURN_POINTER(traits);
}
