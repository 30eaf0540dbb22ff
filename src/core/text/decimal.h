/*
 * decimal.h
 *		Exact decimal numbers that fit into a machine word: mantissa / 10^scale.
 *
 * A decimal is canonical: the scale is the smallest that holds the value, so equal
 * numbers are equal structs.
 */
#ifndef CDPK_DECIMAL_H
#define CDPK_DECIMAL_H

#include "core/base/cdpk.h"

#define CDPK_SCALE_MAX 18
/* sign, 19 digits, point, leading zero, NUL */
#define CDPK_DECIMAL_TEXT_MAX 24

typedef struct CdpkDecimal
{
	int64_t mantissa; /* INT64_MIN is not used */
	uint8_t scale;    /* digits after the point, 0 to CDPK_SCALE_MAX */
} CdpkDecimal;

/* Return the canonical decimal for a mantissa and a scale. */
extern CdpkDecimal cdpk_decimal(int64_t mantissa, unsigned scale);

/*
 * Read a number as JSON and numeric_out write it: digits, a point, an exponent.
 *
 * CDPK_INVALID: no number.  CDPK_OUT_OF_RANGE: more digits than a word holds, or
 * more than CDPK_SCALE_MAX after the point.
 */
extern CdpkStatus cdpk_decimal_parse(const char *text, size_t length, CdpkDecimal *decimal);

/* Write it without an exponent and without superfluous zeros; returns the length. */
extern size_t cdpk_decimal_print(CdpkDecimal decimal, char text[CDPK_DECIMAL_TEXT_MAX]);

extern int cdpk_decimal_compare(CdpkDecimal a, CdpkDecimal b);

/* Return the mantissa at a larger or equal scale; false if it does not fit. */
extern bool cdpk_decimal_rescale(CdpkDecimal decimal, unsigned scale, int64_t *mantissa);

typedef enum CdpkComparison
{
	CDPK_EQUAL,
	CDPK_NOT_EQUAL,
	CDPK_LESS,
	CDPK_AT_MOST,
	CDPK_GREATER,
	CDPK_AT_LEAST
} CdpkComparison;

/* Read =, <>, !=, <, <=, > or >=; false for anything else. */
extern bool cdpk_comparison_parse(const char *text, size_t length, CdpkComparison *comparison);

/* Return whether a compares so with b. */
extern bool cdpk_decimal_holds(CdpkDecimal a, CdpkComparison comparison, CdpkDecimal b);

#endif /* CDPK_DECIMAL_H */
