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
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/numeric.h"

#include "cdp.h"
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

/* bad_text raises the error for JSON that is not the text form. */
static void
bad_text(const char *detail)
{
	ereport(ERROR, (errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
					errmsg("invalid input syntax for type cdp.traits"), errdetail("%s", detail),
					errhint("The form is {\"key\": {\"value\": 1, \"at\": "
							"\"2024-05-01T10:00:00Z\", \"source\": \"crm\", \"rule\": \"last\"}}; "
							"plain traits become one by cdp.traits(jsonb, at, source).")));
}

/* member finds a member of an object, which must be of that type; false where there is none. */
static bool
member(JsonbContainer *object, const char *name, enum jbvType type, JsonbValue *value)
{
	if (getKeyJsonValueFromContainer(object, name, (int) strlen(name), value) == NULL)
		return false;
	if (value->type != type)
		bad_text(psprintf("The member \"%s\" has a value of another type.", name));
	return true;
}

/* integer_member reads a whole number of that range. */
static int64
integer_member(JsonbContainer *object, const char *name, int64 missing, int64 least, int64 most)
{
	JsonbValue value;
	Datum number;
	int64 result;

	if (!member(object, name, jbvNumeric, &value))
		return missing;
	number = NumericGetDatum(value.val.numeric);
	result = DatumGetInt64(DirectFunctionCall1(numeric_int8, number));
	if (result < least || result > most ||
		!DatumGetBool(DirectFunctionCall2(
			numeric_eq, number, DirectFunctionCall1(int8_numeric, Int64GetDatum(result)))))
		bad_text(psprintf("The member \"%s\" is out of range.", name));
	return result;
}

/* read_cell reads what describes one value. */
static void
read_cell(JsonbContainer *object, CdpkTrait *trait)
{
	JsonbValue value;

	if (getKeyJsonValueFromContainer(object, "value", 5, &value) == NULL)
		bad_text("The member \"value\" is missing.");
	trait->value = traits_value_read(&value);
	if (cdpk_value_depth(trait->value.bytes, trait->value.length) > CDPK_VALUE_DEPTH_MAX &&
		(trait->value.type == CDPK_VALUE_ARRAY || trait->value.type == CDPK_VALUE_OBJECT))
		bad_text("Arrays and objects stand in each other more than 256 deep.");
	if (trait->value.type == CDPK_VALUE_NULL && !cdpk_rule_removes(trait->rule))
		bad_text("Only the rules \"last\" and \"union\" have the value null.");
	if (!member(object, "at", jbvString, &value) ||
		cdpk_instant_parse(value.val.string.val, (size_t) value.val.string.len, &trait->at) !=
			CDPK_OK)
		bad_text("The member \"at\" is not a time such as \"2024-05-01T10:00:00.123456Z\".");
	trait->source_length = 0;
	if (member(object, "source", jbvString, &value))
	{
		if (value.val.string.len > CDPK_TRAITS_SOURCE_MAX)
			bad_text("The member \"source\" is longer than 255 bytes.");
		trait->source = (const uint8 *) value.val.string.val;
		trait->source_length = (uint8) value.val.string.len;
	}
	trait->trust = (int8) integer_member(object, "trust", 0, PG_INT8_MIN, PG_INT8_MAX);
	trait->count = (uint64) integer_member(object, "count", 1, 1, PG_INT64_MAX);
}

/* put_cell reads a value and merges it. */
static void
put_cell(CdpkTraitsState *state, CdpkTrait *trait, const JsonbValue *object, uint32 *hint)
{
	CdpkStatus status;

	if (object->type != jbvBinary || !JsonContainerIsObject(object->val.binary.data))
		bad_text("A value is not described by an object.");
	read_cell(object->val.binary.data, trait);
	status = cdpk_traits_put(state, trait, hint);
	if (status == CDPK_INVALID)
		bad_text("A value with the rule \"sum\" is not a number.");
	traits_check_merge(status);
}

/* put_key reads a key and what is known of it. */
static void
put_key(CdpkTraitsState *state, const JsonbValue *key, const JsonbValue *known, uint32 *hint)
{
	CdpkTrait trait = {.key = (const uint8 *) key->val.string.val};
	JsonbContainer *object = known->type == jbvBinary ? known->val.binary.data : NULL;
	JsonbValue value;
	JsonbWalk walk;

	if (key->val.string.len > CDPK_TRAITS_KEY_MAX)
		bad_text("A key is longer than 255 bytes.");
	trait.key_length = (uint8) key->val.string.len;
	if (object == NULL || !JsonContainerIsObject(object))
		bad_text("A key is not described by an object.");
	if (member(object, "rule", jbvString, &value) &&
		!cdpk_rule_parse(value.val.string.val, (size_t) value.val.string.len, &trait.rule))
		bad_text("The member \"rule\" names no rule.");
	if (!cdpk_rule_many(trait.rule))
	{
		put_cell(state, &trait, known, hint);
		return;
	}
	if (!member(object, "values", jbvBinary, &value) ||
		!JsonContainerIsArray(value.val.binary.data))
		bad_text("The member \"values\" is not an array.");
	walk = jsonb_walk(value.val.binary.data);
	while (jsonb_walk_next(&walk, NULL, &value))
		put_cell(state, &trait, &value, hint);
}

CDP_FUNCTION(cdp_traits_in);

/* cdp_traits_in reads the text form. */
Datum
cdp_traits_in(PG_FUNCTION_ARGS)
{
	Jsonb *object = DatumGetJsonbP(DirectFunctionCall1(jsonb_in, PG_GETARG_DATUM(0)));
	CdpkTraitsState state;
	JsonbWalk walk;
	JsonbValue key;
	JsonbValue known;
	uint32 hint = 0;

	if (!JB_ROOT_IS_OBJECT(object))
		bad_text("It is not a JSON object.");
	traits_begin(&state, 0, VARSIZE(object));
	walk = jsonb_walk(&object->root);
	while (jsonb_walk_next(&walk, &key, &known))
		put_key(&state, &key, &known, &hint);
	PG_RETURN_POINTER(traits_compact(&state.view));
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
