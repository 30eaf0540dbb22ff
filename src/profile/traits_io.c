/*
 * traits_io.c
 *		Text and binary form of cdp.traits, and the memory of its values.
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
#include "miscadmin.h"
#include "nodes/nodes.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"

#include "cdp.h"
#include "core/decimal.h"
#include "core/instant.h"
#include "profile/traits.h"
#include "util/jsonb_walk.h"
#include "util/status.h"

/* ---- memory ---- */

/* allocate_with_header allocates with a varlena's header in front. */
static void *
allocate_with_header(void *context, size_t size)
{
	return (char *) palloc(size + VARHDRSZ) + VARHDRSZ;
}

/* release_with_header frees what allocate_with_header allocated. */
static void
release_with_header(void *context, void *pointer)
{
	pfree((char *) pointer - VARHDRSZ);
}

StaticAssertDecl(CDPK_TRAITS_FRONT == VARHDRSZ, "a state's memory begins with a varlena's header");

const CdpkAllocator traits_allocator = {allocate_with_header, release_with_header, NULL};

/* traits_open opens a value to read. */
CdpkTraitsView
traits_open(Traits *traits)
{
	CdpkTraitsView view;
	CdpkStatus status =
		cdpk_traits_open(&view, (const uint8 *) VARDATA_ANY(traits), VARSIZE_ANY_EXHDR(traits));

	if (status != CDPK_OK)
		cdp_report_bytes(status, "cdp.traits");
	return view;
}

/* traits_check_merge raises the error of a merge that did not end with CDPK_OK. */
void
traits_check_merge(CdpkStatus status)
{
	if (status == CDPK_OK)
		return;
	if (status == CDPK_TOO_LONG)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED), errmsg("too many traits for one value"),
				 errdetail("A value of type cdp.traits holds up to %d values and %d MB.",
						   CDPK_TRAITS_CELLS_MAX, (int) (CDPK_TRAITS_SIZE_MAX >> 20)),
				 errhint("Do not use identifiers or times as keys of traits.")));
	if (status == CDPK_OUT_OF_RANGE)
		ereport(ERROR, (errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
						errmsg("a sum of traits has too many digits")));
	cdp_report_bytes(status, "cdp.traits");
}

#define MERGE_SLICE 1024

/* traits_merge merges another value into a state. */
void
traits_merge(CdpkTraitsState *state, const CdpkTraitsView *other)
{
	for (uint32 first = 0; first < other->count; first += MERGE_SLICE)
	{
		CHECK_FOR_INTERRUPTS();
		traits_check_merge(cdpk_traits_merge(state, other, first, first + MERGE_SLICE));
	}
}

/* traits_begin begins a state to merge into. */
void
traits_begin(CdpkTraitsState *state, size_t cells, size_t bytes)
{
	traits_check_merge(cdpk_traits_begin(state, &traits_allocator, cells, bytes));
}

/* traits_loose gives a state as a value, which shares its memory. */
Traits *
traits_loose(const CdpkTraitsState *state)
{
	Traits *traits = (Traits *) (state->bytes - VARHDRSZ);

	SET_VARSIZE(traits, state->view.size + VARHDRSZ);
	return traits;
}

/* traits_compact makes a compact copy. */
Traits *
traits_compact(const CdpkTraitsView *view)
{
	size_t size = cdpk_traits_compact_size(view);
	Traits *traits;

	if (size == 0)
		cdp_report_bytes(CDPK_CORRUPT, "cdp.traits");
	traits = palloc(size + VARHDRSZ);
	SET_VARSIZE(traits, size + VARHDRSZ);
	cdpk_traits_compact(view, size, (uint8 *) VARDATA(traits));
	return traits;
}

/* ---- text out ---- */

/* append_cell appends the members that describe one value. */
static void
append_cell(StringInfo text, const CdpkTrait *trait)
{
	CdpkValue source = {CDPK_VALUE_STRING, trait->source, trait->source_length};
	char at[CDPK_TIMESTAMP_TEXT_MAX];

	cdpk_instant_print(trait->at, at);
	appendStringInfoString(text, "\"value\": ");
	traits_value_append(text, &trait->value);
	appendStringInfo(text, ", \"at\": \"%s\"", at);
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

/* append_values appends the cells of a key that has several. */
static void
append_values(StringInfo text, const CdpkTraitsView *view, uint32 first, uint32 end)
{
	appendStringInfoString(text, "\"values\": [");
	for (uint32 i = first; i < end; i++)
	{
		CdpkTrait trait;

		if (!cdpk_traits_get(view, i, &trait))
			cdp_report_bytes(CDPK_CORRUPT, "cdp.traits");
		appendStringInfoString(text, i > first ? ", {" : "{");
		append_cell(text, &trait);
		appendStringInfoChar(text, '}');
	}
	appendStringInfoChar(text, ']');
}

/* append_key appends a key and what is known of it. */
static void
append_key(StringInfo text, const CdpkTraitsView *view, uint32 first, uint32 end)
{
	char rule[CDPK_RULE_NAME_SIZE];
	CdpkTrait trait;
	CdpkValue key = {CDPK_VALUE_STRING, NULL, 0};

	if (!cdpk_traits_get(view, first, &trait) || !cdpk_rule_valid(trait.rule))
		cdp_report_bytes(CDPK_CORRUPT, "cdp.traits");
	key.bytes = trait.key;
	key.length = trait.key_length;
	traits_value_append(text, &key);
	appendStringInfoString(text, ": {");
	if (cdpk_rule_many(trait.rule))
		append_values(text, view, first, end);
	else
		append_cell(text, &trait);
	cdpk_rule_name(trait.rule, rule);
	appendStringInfo(text, ", \"rule\": \"%s\"}", rule);
}

CDP_FUNCTION(cdp_traits_out);

/* cdp_traits_out writes the text form. */
Datum
cdp_traits_out(PG_FUNCTION_ARGS)
{
	CdpkTraitsView view = traits_open(PG_GETARG_TRAITS_PP(0));
	StringInfoData text;

	initStringInfo(&text);
	appendStringInfoChar(&text, '{');
	for (uint32 first = 0, end; first < view.count; first = end)
	{
		end = cdpk_traits_end(&view, first);
		if (first > 0)
			appendStringInfoString(&text, ", ");
		append_key(&text, &view, first, end);
	}
	appendStringInfoChar(&text, '}');
	PG_RETURN_CSTRING(text.data);
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

/* bad_text reports JSON that is not the text form; always false. */
static bool
bad_text(TextInput *input, const char *detail)
{
	errsave(input->escontext,
			(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
			 errmsg("invalid input syntax for type cdp.traits"), errdetail("%s", detail),
			 errhint("The form is {\"key\": {\"value\": 1, \"at\": \"2024-05-01T10:00:00Z\", "
					 "\"source\": \"crm\", \"rule\": \"last\"}}; plain traits become one by "
					 "cdp.traits(jsonb, at, source).")));
	return false;
}

/*
 * read_member finds a member of an object; *found says whether there is one.
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

/* read_integer reads a member that is a whole number; *number stays where there is none. */
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

/* read_value reads the member "value". */
static bool
read_value(TextInput *input, JsonbContainer *object)
{
	CdpkValue *read = &input->trait.value;
	JsonbValue value;

	if (getKeyJsonValueFromContainer(object, "value", 5, &value) == NULL)
		return bad_text(input, "The member \"value\" is missing.");
	*read = traits_value_read(&value);
	if ((read->type == CDPK_VALUE_ARRAY || read->type == CDPK_VALUE_OBJECT) &&
		cdpk_value_depth(read->bytes, read->length) > CDPK_VALUE_DEPTH_MAX)
		return bad_text(input, "Arrays and objects stand in each other more than 256 deep.");
	if (read->type == CDPK_VALUE_NULL && !cdpk_rule_removes(input->trait.rule))
		return bad_text(input, "Only the rules \"last\" and \"union\" have the value null.");
	return true;
}

/* read_source reads the member "source". */
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

/* read_cell reads what describes one value. */
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

/* put_cell reads a value and merges it. */
static bool
put_cell(TextInput *input, const JsonbValue *object)
{
	CdpkStatus status;

	if (object->type != jbvBinary || !JsonContainerIsObject(object->val.binary.data))
		return bad_text(input, "A value is not described by an object.");
	if (!read_cell(input, object->val.binary.data))
		return false;
	status = cdpk_traits_put(&input->state, &input->trait, &input->hint);
	if (status == CDPK_INVALID)
		return bad_text(input, "A value with the rule \"sum\" is not a number.");
	if (status == CDPK_OUT_OF_RANGE)
		return bad_text(input, "A number has too many digits to be summed.");
	if (status == CDPK_TOO_LONG)
		return bad_text(input, "There are more than 65535 values, or more than 256 MB.");
	traits_check_merge(status);
	return true;
}

/* read_rule reads the member "rule". */
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

/* put_key reads a key and what is known of it. */
static bool
put_key(TextInput *input, const JsonbValue *key, const JsonbValue *known)
{
	JsonbContainer *object = known->type == jbvBinary ? known->val.binary.data : NULL;
	JsonbValue value;
	JsonbWalk walk;
	bool found;

	if (key->val.string.len > CDPK_TRAITS_KEY_MAX)
		return bad_text(input, "A key is longer than 255 bytes.");
	if (object == NULL || !JsonContainerIsObject(object))
		return bad_text(input, "A key is not described by an object.");
	input->trait.key = (const uint8 *) key->val.string.val;
	input->trait.key_length = (uint8) key->val.string.len;
	if (!read_rule(input, object))
		return false;
	if (!cdpk_rule_many(input->trait.rule))
		return put_cell(input, known);
	if (!read_member(input, object, "values", jbvBinary, &value, &found))
		return false;
	if (!found || !JsonContainerIsArray(value.val.binary.data))
		return bad_text(input, "The member \"values\" is not an array.");
	walk = jsonb_walk(value.val.binary.data);
	while (jsonb_walk_next(&walk, NULL, &value))
	{
		if (!put_cell(input, &value))
			return false;
	}
	return true;
}

CDP_FUNCTION(cdp_traits_in);

/* cdp_traits_in reads the text form. */
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
	while (jsonb_walk_next(&walk, &key, &known))
	{
		if (!put_key(&input, &key, &known))
			PG_RETURN_NULL();
	}
	PG_RETURN_POINTER(traits_compact(&input.state.view));
}

/* ---- binary ---- */

CDP_FUNCTION(cdp_traits_send);

/* cdp_traits_send sends the compact bytes, which begin with their version. */
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

/* cdp_traits_recv reads what cdp_traits_send sent, and looks at every byte of it. */
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
