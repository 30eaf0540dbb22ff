/*
 * decimal.c
 *		Exact decimal numbers that fit into a machine word.
 */
#include "core/base/bytes.h"
#include "core/text/decimal.h"

/* a parsed number; digits beyond a word set "lost" */
typedef struct Digits
{
	uint64_t value;
	int behind_point;
	int count;
	bool lost;
} Digits;

/* Make the canonical decimal for a mantissa and a scale. */
CdpkDecimal
cdpk_decimal(int64_t mantissa, unsigned scale)
{
	CdpkDecimal decimal;

	while (scale > 0 && mantissa % 10 == 0)
	{
		mantissa /= 10;
		scale--;
	}
	decimal.mantissa = mantissa;
	decimal.scale = (uint8_t) scale;
	return decimal;
}

/* Return the next byte, or 0 at the end. */
static char
peek(const CdpkReader *reader)
{
	return cdpk_left(reader) > 0 ? (char) *reader->at : 0;
}

/*
 * Read a run of digits into "digits".  Zeros are held back until another digit
 * follows, so that those at the end of a fraction cost no room.
 */
static void
read_digits(CdpkReader *reader, Digits *digits, bool fraction, int *zeros)
{
	while (peek(reader) >= '0' && peek(reader) <= '9')
	{
		unsigned digit = (unsigned) (cdpk_read_u8(reader) - '0');

		digits->count++;
		if (fraction && digit == 0)
		{
			(*zeros)++;
			continue;
		}
		for (int i = 0; i <= *zeros && !digits->lost; i++)
		{
			unsigned next = i == *zeros ? digit : 0;

			if (digits->value > ((uint64_t) INT64_MAX - next) / 10)
				digits->lost = true;
			else
				digits->value = digits->value * 10 + next;
		}
		if (fraction)
			digits->behind_point += *zeros + 1;
		*zeros = 0;
	}
}

/* Read "e[+-]digits" where there is one; larger exponents count as 10000. */
static int
read_exponent(CdpkReader *reader)
{
	int exponent = 0;
	bool negative;
	size_t start;

	if (peek(reader) != 'e' && peek(reader) != 'E')
		return 0;
	cdpk_read_u8(reader);
	negative = peek(reader) == '-';
	if (peek(reader) == '-' || peek(reader) == '+')
		cdpk_read_u8(reader);
	start = cdpk_left(reader);
	while (peek(reader) >= '0' && peek(reader) <= '9')
	{
		int digit = cdpk_read_u8(reader) - '0';

		exponent = exponent >= 1000 ? 10000 : exponent * 10 + digit;
	}
	if (cdpk_left(reader) == start)
		reader->failed = true;
	return negative ? -exponent : exponent;
}

/* Multiply by 10^count; false if that does not fit. */
static bool
scale_up(uint64_t *value, int count)
{
	for (; count > 0 && *value != 0; count--)
	{
		if (*value > INT64_MAX / 10)
			return false;
		*value *= 10;
	}
	return true;
}

CdpkStatus
cdpk_decimal_parse(const char *text, size_t length, CdpkDecimal *decimal)
{
	CdpkReader reader = cdpk_reader(text, length);
	Digits digits = {0, 0, 0, false};
	int zeros = 0;
	bool negative = peek(&reader) == '-';
	int scale;

	if (negative)
		cdpk_read_u8(&reader);
	read_digits(&reader, &digits, false, &zeros);
	if (digits.count > 0 && peek(&reader) == '.')
	{
		int whole = digits.count;

		cdpk_read_u8(&reader);
		read_digits(&reader, &digits, true, &zeros);
		if (digits.count == whole)
			return CDPK_INVALID;
	}
	scale = digits.behind_point - read_exponent(&reader);
	if (digits.count == 0 || reader.failed || cdpk_left(&reader) > 0)
		return CDPK_INVALID;
	/* zeros before a negative exponent, as in 1000e-2 */
	for (; scale > CDPK_SCALE_MAX && digits.value != 0 && digits.value % 10 == 0; scale--)
		digits.value /= 10;
	if (digits.value == 0 && !digits.lost)
		scale = 0;
	if (digits.lost || scale > CDPK_SCALE_MAX || !scale_up(&digits.value, -scale))
		return CDPK_OUT_OF_RANGE;
	*decimal = cdpk_decimal(negative ? -(int64_t) digits.value : (int64_t) digits.value,
							scale > 0 ? (unsigned) scale : 0);
	return CDPK_OK;
}

size_t
cdpk_decimal_print(CdpkDecimal decimal, char text[CDPK_DECIMAL_TEXT_MAX])
{
	char reversed[CDPK_DECIMAL_TEXT_MAX];
	uint64_t rest =
		decimal.mantissa < 0 ? -(uint64_t) decimal.mantissa : (uint64_t) decimal.mantissa;
	size_t count = 0;
	size_t length = 0;

	for (unsigned digits = 0; rest > 0 || digits <= decimal.scale; digits++)
	{
		if (digits == decimal.scale && digits > 0)
			reversed[count++] = '.';
		reversed[count++] = (char) ('0' + rest % 10);
		rest /= 10;
	}
	if (decimal.mantissa < 0)
		text[length++] = '-';
	while (count > 0)
		text[length++] = reversed[--count];
	text[length] = '\0';
	return length;
}

bool
cdpk_decimal_rescale(CdpkDecimal decimal, unsigned scale, int64_t *mantissa)
{
	bool negative = decimal.mantissa < 0;
	uint64_t value = negative ? -(uint64_t) decimal.mantissa : (uint64_t) decimal.mantissa;

	if (!scale_up(&value, (int) scale - decimal.scale))
		return false;
	*mantissa = negative ? -(int64_t) value : (int64_t) value;
	return true;
}

/* Order two decimals by value. */
int
cdpk_decimal_compare(CdpkDecimal a, CdpkDecimal b)
{
	int64_t left = a.mantissa;
	int64_t right = b.mantissa;

	/* what does not fit at the other's scale is the one further from zero */
	if (a.scale < b.scale && !cdpk_decimal_rescale(a, b.scale, &left))
		return a.mantissa < 0 ? -1 : 1;
	if (b.scale < a.scale && !cdpk_decimal_rescale(b, a.scale, &right))
		return b.mantissa < 0 ? 1 : -1;
	return (left > right) - (left < right);
}

bool
cdpk_comparison_parse(const char *text, size_t length, CdpkComparison *comparison)
{
	static const struct
	{
		const char *text;
		CdpkComparison comparison;
	} comparisons[] = {{"=", CDPK_EQUAL},    {"<>", CDPK_NOT_EQUAL}, {"!=", CDPK_NOT_EQUAL},
					   {"<", CDPK_LESS},     {"<=", CDPK_AT_MOST},   {">", CDPK_GREATER},
					   {">=", CDPK_AT_LEAST}};

	for (size_t i = 0; i < sizeof(comparisons) / sizeof(*comparisons); i++)
		if (strlen(comparisons[i].text) == length && memcmp(comparisons[i].text, text, length) == 0)
		{
			*comparison = comparisons[i].comparison;
			return true;
		}
	return false;
}

/* Return whether a compares so with b. */
bool
cdpk_decimal_holds(CdpkDecimal a, CdpkComparison comparison, CdpkDecimal b)
{
	int order = cdpk_decimal_compare(a, b);

	switch (comparison)
	{
		case CDPK_EQUAL:
			return order == 0;
		case CDPK_NOT_EQUAL:
			return order != 0;
		case CDPK_LESS:
			return order < 0;
		case CDPK_AT_MOST:
			return order <= 0;
		case CDPK_GREATER:
			return order > 0;
		case CDPK_AT_LEAST:
			return order >= 0;
	}
	return false;
}
