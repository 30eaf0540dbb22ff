/*
 * without_texts.c
 *		Takes identifiers of other people out of what is handed to a person.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/numeric.h"

#include "cdp.h"

#define STAND_IN "[of another person]"

/* A value that is shorter, or a number that is, means something else where no identifier stands. */
#define LEAST_TEXT 3
#define LEAST_DIGITS 7

typedef struct Text
{
	const char *data;
	int size;
} Text;

/* The texts of others: sorted, so that one is found by its bytes. */
typedef struct Texts
{
	ArrayType *from; /* a copy of the argument that they are of */
	Text *texts;
	int count;
} Texts;

static int
compare_texts(const void *a, const void *b)
{
	const Text *x = a;
	const Text *y = b;
	int by_bytes = memcmp(x->data, y->data, Min(x->size, y->size));

	return by_bytes != 0 ? by_bytes : (x->size > y->size) - (x->size < y->size);
}

/* read_texts returns the texts of an argument, which calls of a query share. */
static const Texts *
read_texts(FunctionCallInfo fcinfo, ArrayType *argument)
{
	Texts *known = fcinfo->flinfo->fn_extra;
	MemoryContext before;
	Datum *elements;
	bool *nulls;

	if (known != NULL && VARSIZE(known->from) == VARSIZE(argument) &&
		memcmp(known->from, argument, VARSIZE(argument)) == 0)
		return known;
	before = MemoryContextSwitchTo(fcinfo->flinfo->fn_mcxt);
	known = palloc0(sizeof(Texts));
	known->from = palloc(VARSIZE(argument));
	memcpy(known->from, argument, VARSIZE(argument));
	deconstruct_array(known->from, TEXTOID, -1, false, TYPALIGN_INT, &elements, &nulls,
					  &known->count);
	known->texts = palloc(Max(known->count, 1) * sizeof(Text));
	for (int i = 0; i < known->count; i++)
	{
		if (nulls[i])
			ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("a text is NULL")));
		known->texts[i] = (Text){VARDATA_ANY(DatumGetPointer(elements[i])),
								 VARSIZE_ANY_EXHDR(DatumGetPointer(elements[i]))};
	}
	qsort(known->texts, known->count, sizeof(Text), compare_texts);
	MemoryContextSwitchTo(before);
	fcinfo->flinfo->fn_extra = known;
	return known;
}

static bool
is_known(const Texts *known, Text text)
{
	return bsearch(&text, known->texts, known->count, sizeof(Text), compare_texts) != NULL;
}

static bool
is_digits(Text text)
{
	for (int i = 0; i < text.size; i++)
	{
		if (text.data[i] < '0' || text.data[i] > '9')
			return false;
	}
	return true;
}

/* is_of_address says whether a byte can be inside an address; those beyond ASCII can be text around it. */
static bool
is_of_address(char byte)
{
	return (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') ||
		   (byte >= 'A' && byte <= 'Z') || (byte != '\0' && strchr("._%+-", byte) != NULL);
}

/* stands_alone says whether what begins at "at" of a text is not a part of a longer address. */
static bool
stands_alone(Text text, int at, int size)
{
	int end = at + size;

	if (at > 0 && is_of_address(text.data[at - 1]))
		return false;
	/* a sentence ends with a dot */
	while (end < text.size && text.data[end] == '.')
		end++;
	return end == text.size || (end == at + size && text.data[end] == '%') ||
		   !is_of_address(text.data[end]);
}

/* find_address returns the address of others that begins at "at", the longest, or NULL. */
static const Text *
find_address(const Texts *known, Text text, int at)
{
	const Text *found = NULL;

	for (int i = 0; i < known->count; i++)
	{
		const Text *one = &known->texts[i];

		if (one->size <= text.size - at && memcmp(one->data, text.data + at, one->size) == 0 &&
			(found == NULL || one->size > found->size) &&
			memchr(one->data, '@', one->size) != NULL && stands_alone(text, at, one->size))
			found = one;
	}
	return found;
}

/* take_out changes a string or key that is a text of others, or has addresses of them in it. */
static void
take_out(const Texts *known, JsonbValue *value, bool is_identifier)
{
	Text text = {value->val.string.val, value->val.string.len};
	StringInfoData changed;
	int copied = 0;

	if (is_known(known, text))
	{
		if (is_identifier || text.size >= (is_digits(text) ? LEAST_DIGITS : LEAST_TEXT))
		{
			value->val.string.val = STAND_IN;
			value->val.string.len = strlen(STAND_IN);
		}
		return;
	}
	if (text.size == 0 || memchr(text.data, '@', text.size) == NULL)
		return;
	initStringInfo(&changed);
	for (int at = 0; at < text.size; at++)
	{
		/* an address begins where a word does */
		const Text *address =
			at > 0 && is_of_address(text.data[at - 1]) ? NULL : find_address(known, text, at);

		CHECK_FOR_INTERRUPTS();
		if (address != NULL)
		{
			appendBinaryStringInfo(&changed, text.data + copied, at - copied);
			appendStringInfoString(&changed, STAND_IN);
			copied = at + address->size;
			at = copied - 1;
		}
	}
	if (copied > 0)
	{
		appendBinaryStringInfo(&changed, text.data + copied, text.size - copied);
		value->val.string.val = changed.data;
		value->val.string.len = changed.len;
	}
}

static bool
is_known_number(const Texts *known, Numeric number)
{
	char *digits = DatumGetCString(DirectFunctionCall1(numeric_out, NumericGetDatum(number)));

	return is_known(known, (Text){digits, (int) strlen(digits)});
}

/* is_identifier_column says whether values in a column of a list are identifiers rather than, say, numbers of pieces. */
static bool
is_identifier_column(const JsonbValue *key)
{
	static const char *const names[] = {"user_id", "anonymous_id", "previous_id", "identifiers",
										"record"};

	for (int i = 0; i < lengthof(names); i++)
	{
		if ((size_t) key->val.string.len == strlen(names[i]) &&
			memcmp(key->val.string.val, names[i], key->val.string.len) == 0)
			return true;
	}
	return false;
}

CDP_FUNCTION(cdp_without_texts);

Datum
cdp_without_texts(PG_FUNCTION_ARGS)
{
	Jsonb *document = PG_GETARG_JSONB_P(0);
	const Texts *known = read_texts(fcinfo, PG_GETARG_ARRAYTYPE_P(1));
	JsonbIterator *place = JsonbIteratorInit(&document->root);
	JsonbParseState *state = NULL;
	JsonbValue *result = NULL;
	JsonbValue value;
	JsonbIteratorToken token;
	int depth = 0;
	bool is_identifier = false;

	while ((token = JsonbIteratorNext(&place, &value, false)) != WJB_DONE)
	{
		bool has_value =
			token < WJB_BEGIN_ARRAY || (token == WJB_BEGIN_ARRAY && value.val.array.rawScalar);

		CHECK_FOR_INTERRUPTS();
		if (token == WJB_BEGIN_ARRAY || token == WJB_BEGIN_OBJECT)
			depth++;
		else if (token == WJB_END_ARRAY || token == WJB_END_OBJECT)
			depth--;
		else if (token == WJB_KEY && depth == 1)
			is_identifier = is_identifier_column(&value);
		else if (value.type == jbvString)
			take_out(known, &value, is_identifier);
		else if (value.type == jbvNumeric && is_identifier &&
				 is_known_number(known, value.val.numeric))
		{
			value.type = jbvString;
			value.val.string.val = STAND_IN;
			value.val.string.len = strlen(STAND_IN);
		}
		result = pushJsonbValue(&state, token, has_value ? &value : NULL);
	}
	PG_RETURN_JSONB_P(JsonbValueToJsonb(result));
}
