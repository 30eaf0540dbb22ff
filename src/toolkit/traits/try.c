/*
 * try.c
 *		Casts that give NULL for what does not cast, without a subtransaction: so that
 *		one odd value among a million does not fail a report, not even a parallel one.
 */
#include "postgres.h"

#include <ctype.h>
#include <math.h>

#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/fmgrprotos.h"
#include "utils/jsonb.h"
#include "utils/numeric.h"
#include "utils/timestamp.h"

#include "cdp.h"
#include "compat.h"
#include "core/text/scalar.h"

CDP_FUNCTION(cdp_try_integer_jsonb);
CDP_FUNCTION(cdp_try_integer_text);
CDP_FUNCTION(cdp_try_bigint_jsonb);
CDP_FUNCTION(cdp_try_bigint_text);
CDP_FUNCTION(cdp_try_numeric_jsonb);
CDP_FUNCTION(cdp_try_numeric_text);
CDP_FUNCTION(cdp_try_double_jsonb);
CDP_FUNCTION(cdp_try_double_text);
CDP_FUNCTION(cdp_try_boolean_jsonb);
CDP_FUNCTION(cdp_try_boolean_text);
CDP_FUNCTION(cdp_try_date_jsonb);
CDP_FUNCTION(cdp_try_date_text);
CDP_FUNCTION(cdp_try_timestamptz_jsonb);
CDP_FUNCTION(cdp_try_timestamptz_text);

/* a value that is no object and no array, as text */
typedef struct Scalar
{
	const char *text;
	size_t length;
	Numeric number; /* the JSON number that the text was printed from, else NULL */
} Scalar;

/* reads a value as a type; false if it is not one */
typedef bool (*Reader)(const Scalar *scalar, Datum *result);

/* Return a jsonb's text; false for null, arrays and objects. */
static bool
scalar_of_jsonb(Jsonb *document, Scalar *scalar)
{
	JsonbValue value;

	if (!JsonbExtractScalar(&document->root, &value))
		return false;
	scalar->number = NULL;
	switch (value.type)
	{
		case jbvString:
			scalar->text = value.val.string.val;
			scalar->length = value.val.string.len;
			return true;
		case jbvNumeric:
			scalar->number = value.val.numeric;
			scalar->text = DatumGetCString(
				DirectFunctionCall1(numeric_out, NumericGetDatum(value.val.numeric)));
			break;
		case jbvBool:
			scalar->text = value.val.boolean ? "true" : "false";
			break;
		default:
			return false;
	}
	scalar->length = strlen(scalar->text);
	return true;
}

/* Read the called function's argument, a jsonb. */
static Datum
try_jsonb(FunctionCallInfo fcinfo, Reader read)
{
	Scalar scalar;
	Datum result;

	if (!scalar_of_jsonb(PG_GETARG_JSONB_P(0), &scalar) || !read(&scalar, &result))
		PG_RETURN_NULL();
	return result;
}

/* Read the called function's argument, a text. */
static Datum
try_text(FunctionCallInfo fcinfo, Reader read)
{
	text *argument = PG_GETARG_TEXT_PP(0);
	Scalar scalar = {VARDATA_ANY(argument), VARSIZE_ANY_EXHDR(argument), NULL};
	Datum result;

	if (!read(&scalar, &result))
		PG_RETURN_NULL();
	return result;
}

static bool
read_integer(const Scalar *scalar, Datum *result)
{
	int64_t value;

	if (!cdpk_scalar_integer(scalar->text, scalar->length, &value) || value < PG_INT32_MIN ||
		value > PG_INT32_MAX)
		return false;
	*result = Int32GetDatum((int32) value);
	return true;
}

static bool
read_bigint(const Scalar *scalar, Datum *result)
{
	int64_t value;

	if (!cdpk_scalar_integer(scalar->text, scalar->length, &value))
		return false;
	*result = Int64GetDatum(value);
	return true;
}

/* Call numeric_in, only for text that it cannot refuse. */
static bool
read_numeric(const Scalar *scalar, Datum *result)
{
	const char *number;
	size_t length;

	if (scalar->number != NULL)
	{
		*result = NumericGetDatum(DatumGetNumericCopy(NumericGetDatum(scalar->number)));
		return true;
	}
	if (!cdpk_scalar_number(scalar->text, scalar->length, &number, &length))
		return false;
	*result = DirectFunctionCall3(numeric_in, CStringGetDatum(pnstrdup(number, length)),
								  ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1));
	return true;
}

/* Round to the nearest double; false if it is too large. */
static bool
read_double(const Scalar *scalar, Datum *result)
{
	const char *number = scalar->text;
	size_t length = scalar->length;
	double value;

	if (scalar->number == NULL &&
		!cdpk_scalar_number(scalar->text, scalar->length, &number, &length))
		return false;
	value = strtod(pnstrdup(number, length), NULL);
	if (isinf(value))
		return false;
	*result = Float8GetDatum(value);
	return true;
}

/* Take the words that PostgreSQL takes, and the numbers 1 and 0. */
static bool
read_boolean(const Scalar *scalar, Datum *result)
{
	const char *start = scalar->text;
	const char *end = start + scalar->length;
	bool value;

	while (start < end && isspace((unsigned char) *start))
		start++;
	while (end > start && isspace((unsigned char) end[-1]))
		end--;
	/* parse_bool looks at the first two characters, which may not exist */
	if (start == end || !parse_bool_with_len(pnstrdup(start, end - start), end - start, &value))
		return false;
	*result = BoolGetDatum(value);
	return true;
}

static bool
read_timestamptz(const Scalar *scalar, Datum *result)
{
	int64_t time;

	if (scalar->number != NULL ? !cdpk_scalar_epoch(scalar->text, scalar->length, &time)
							   : !cdpk_scalar_time(scalar->text, scalar->length, &time))
		return false;
	*result = TimestampTzGetDatum(time);
	return true;
}

static bool
read_date(const Scalar *scalar, Datum *result)
{
	int64_t time;
	int32_t days;

	if (scalar->number == NULL)
	{
		if (!cdpk_scalar_date(scalar->text, scalar->length, &days))
			return false;
	}
	else
	{
		if (!cdpk_scalar_epoch(scalar->text, scalar->length, &time))
			return false;
		days = (int32_t) ((time - (time < 0 ? USECS_PER_DAY - 1 : 0)) / USECS_PER_DAY);
	}
	*result = DateADTGetDatum(days);
	return true;
}

/* The SQL functions of one type. */
#define TRY_CAST(type)                             \
	Datum cdp_try_##type##_jsonb(PG_FUNCTION_ARGS) \
	{                                              \
		return try_jsonb(fcinfo, read_##type);     \
	}                                              \
	Datum cdp_try_##type##_text(PG_FUNCTION_ARGS)  \
	{                                              \
		return try_text(fcinfo, read_##type);      \
	}

TRY_CAST(integer)
TRY_CAST(bigint)
TRY_CAST(numeric)
TRY_CAST(double)
TRY_CAST(boolean)
TRY_CAST(date)
TRY_CAST(timestamptz)
