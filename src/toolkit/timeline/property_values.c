/*
 * property_values.c
 *		From jsonb to the values that a timeline carries with an event, and back.
 */
#include "postgres.h"

#include "utils/builtins.h"
#include "utils/numeric.h"

#include "toolkit/bridge/jsonb_walk.h"
#include "toolkit/bridge/numeric_digits.h"
#include "toolkit/bridge/status.h"
#include "toolkit/timeline/property_values.h"

/* digits of a numeric that make up a decimal without a look at its text */
#define FEW_DIGITS 4
#define TEN_THOUSAND 10000
#define TEN_THOUSAND_SCALE 4

/* Read a numeric as a decimal; false if it has too many digits. */
static bool
read_decimal(Numeric numeric, CdpkDecimal *decimal)
{
	NumericDigits digits = numeric_digits(numeric);
	int after = digits.count - 1 - digits.weight; /* digits after the point */
	int64 mantissa = 0;
	char *text;
	bool fits;

	if (digits.count <= FEW_DIGITS && digits.weight < FEW_DIGITS && after <= FEW_DIGITS)
	{
		for (int i = 0; i < digits.count; i++)
			mantissa = mantissa * TEN_THOUSAND + digits.digits[i];
		for (; after < 0; after++)
			mantissa *= TEN_THOUSAND;
		*decimal = cdpk_decimal(digits.negative ? -mantissa : mantissa,
								(unsigned) Max(after, 0) * TEN_THOUSAND_SCALE);
		return true;
	}
	text = DatumGetCString(DirectFunctionCall1(numeric_out, NumericGetDatum(numeric)));
	fits = cdpk_decimal_parse(text, strlen(text), decimal) == CDPK_OK;
	pfree(text);
	return fits;
}

/* Add one value; what is no scalar is left out. */
static CdpkStatus
add_scalar(CdpkEventValues *values, uint32_t name, uint64_t element, const JsonbValue *value)
{
	CdpkDecimal decimal;

	switch (value->type)
	{
		case jbvNull:
			return CDPK_OK;
		case jbvBool:
			return cdpk_values_boolean(values, name, element, value->val.boolean);
		case jbvString:
			return cdpk_values_text(values, name, element, value->val.string.val,
									(size_t) value->val.string.len);
		case jbvNumeric:
			if (read_decimal(value->val.numeric, &decimal))
				return cdpk_values_number(values, name, element, decimal);
			break;
		default:
			break;
	}
	return cdpk_values_left_out(values, name, element);
}

CdpkStatus
property_values_add(CdpkEventValues *values, uint32_t name, uint64_t element,
					const JsonbValue *value)
{
	CdpkStatus status = CDPK_OK;
	JsonbValue item;
	JsonbWalk walk;

	if (value->type != jbvBinary || !JsonContainerIsArray(value->val.binary.data))
		return add_scalar(values, name, element, value);
	walk = jsonb_walk(value->val.binary.data);
	while (status == CDPK_OK && jsonb_walk_element(&walk, &item))
		status = add_scalar(values, name, element, &item);
	return status;
}

Jsonb *
property_jsonb(CdpkBuffer *buffer)
{
	Datum result;

	cdpk_put_byte(buffer, '\0');
	if (buffer->status != CDPK_OK)
		ereport(ERROR, (errcode(cdp_status_errcode(buffer->status)),
						errmsg("properties of an event are too large")));
	result = DirectFunctionCall1(jsonb_in, CStringGetDatum((char *) buffer->bytes));
	cdpk_buffer_free(buffer);
	return DatumGetJsonbP(result);
}
