/*
 * measure.c
 *		What the numbers of a column's events amount to in a time range.
 */
#include "core/timeline/measure.h"

/* Find the next number in the time range; false after the last, or on an error. */
static bool
next_value(CdpkTimeRange range, CdpkColumn *column, CdpkNumberColumn *number, CdpkDecimal *value,
		   CdpkStatus *status)
{
	uint64_t event = column->count - column->left;
	int64_t at;

	for (; cdpk_column_next(column, &at) && at >= range.first; event++)
	{
		bool present;

		*status = cdpk_number_next_as_stored(number, event, &present, value);
		if (*status != CDPK_OK)
			return false;
		if (present && at <= range.last)
			return true;
	}
	*status = column->times.failed ? CDPK_CORRUPT : CDPK_OK;
	return false;
}

CdpkStatus
cdpk_measure_sum(CdpkTimeRange range, CdpkColumn *column, CdpkNumberColumn *number, CdpkSum *sum)
{
	CdpkStatus status;
	CdpkDecimal value;

	memset(sum, 0, sizeof(*sum));
	while (next_value(range, column, number, &value, &status))
	{
		int64_t low = value.mantissa & INT64_C(0xffffffff);

		sum->count++;
		sum->scales |= UINT32_C(1) << value.scale;
		sum->high[value.scale] += (value.mantissa - low) / (INT64_C(1) << 32);
		sum->low[value.scale] += low;
	}
	return status;
}

CdpkStatus
cdpk_measure_extreme(CdpkTimeRange range, CdpkColumn *column, CdpkNumberColumn *number,
					 bool largest, bool *found, CdpkDecimal *extreme)
{
	CdpkStatus status;
	CdpkDecimal value;

	*found = false;
	while (next_value(range, column, number, &value, &status))
	{
		int order = *found ? cdpk_decimal_compare(value, *extreme) : 0;

		if (!*found || (largest ? order > 0 : order < 0))
			*extreme = value;
		*found = true;
	}
	if (*found)
		*extreme = cdpk_decimal(extreme->mantissa, extreme->scale);
	return status;
}

CdpkStatus
cdpk_measure_values(CdpkTimeRange range, CdpkColumn *column, CdpkNumberColumn *number,
					CdpkDecimal *values, size_t *count)
{
	CdpkStatus status;

	*count = 0;
	while (next_value(range, column, number, &values[*count], &status))
		(*count)++;
	return status;
}
