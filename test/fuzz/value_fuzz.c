/* value_fuzz.c: any bytes as a canonical JSON value; the first byte says of which type */
#include <stdlib.h>
#include <string.h>

#include "core/text/digits.h"
#include "core/text/value_size.h"

/* A number plus itself is a number that is further from zero. */
static void
add(const CdpkValue *number)
{
	size_t room = 2 * number->length + 3;
	uint8_t *sum = malloc(room);
	size_t length =
		cdpk_digits_add(number->bytes, number->length, number->bytes, number->length, sum);
	int order = cdpk_digits_compare(sum, length, number->bytes, number->length);

	if (length > room || (order < 0) != (number->bytes[0] == '-'))
		abort();
	free(sum);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CdpkValue value;
	CdpkValue half;

	if (size < 1 || data[0] > CDPK_VALUE_OBJECT)
		return 0;
	value.type = (CdpkValueType) data[0];
	value.bytes = data + 1;
	value.length = size - 1;
	if (cdpk_value_check(&value) != CDPK_OK)
		return 0;
	if (cdpk_value_compare(&value, &value) != 0 || cdpk_value_compare_text(&value, &value) != 0)
		abort();
	if ((value.type == CDPK_VALUE_ARRAY || value.type == CDPK_VALUE_OBJECT) &&
		cdpk_value_depth(value.bytes, value.length) > CDPK_VALUE_DEPTH_MAX)
		abort();
	if (value.type == CDPK_VALUE_NUMBER)
		add(&value);
	if (cdpk_value_size(&value) < value.length ||
		cdpk_value_size(&value) > CDPK_VALUE_SIZE_FACTOR * value.length + 8)
		abort();
	half = value;
	half.length /= 2;
	if (value.type == CDPK_VALUE_STRING &&
		(cdpk_value_compare(&half, &value) > 0) != (half.length > value.length))
		abort();
	return 0;
}
