/*
 * measure.c
 *		What the numbers of a column's events amount to in a time range.
 */
#include "core/timeline/measure.h"

/* Move to the next event in the time range that has values; false after the last, or on an error. */
static bool
next_event(CdpkMeasured *measured, CdpkStatus *status)
{
	CdpkColumn *column = &measured->column;
	uint64_t event = column->count - column->left;

	for (; cdpk_column_next(column, &measured->at) && measured->at >= measured->range.first;
		 event++)
	{
		*status = cdpk_property_event(&measured->property, event, &measured->left);
		if (*status != CDPK_OK)
			return false;
		if (measured->left > 0 && measured->at <= measured->range.last)
		{
			bool selected = true;

			if (measured->selects != NULL)
				*status = measured->selects(measured->context, event, &selected);
			if (*status != CDPK_OK || selected)
				return *status == CDPK_OK;
		}
		measured->left = 0;
	}
	measured->left = 0;
	*status = column->times.failed ? CDPK_CORRUPT : CDPK_OK;
	return false;
}

/* Find the next number in the time range; false after the last, or on an error. */
static bool
next_value(CdpkMeasured *measured, CdpkDecimal *number, CdpkStatus *status)
{
	*status = CDPK_OK;
	while (measured->left > 0 || next_event(measured, status))
	{
		CdpkPropertyValue value;

		measured->left--;
		*status = cdpk_property_value(&measured->property, &value);
		if (*status != CDPK_OK)
			return false;
		if (cdpk_property_as_number(&value, measured->texts, number))
			return true;
	}
	return false;
}

CdpkStatus
cdpk_measure_sum(CdpkMeasured *measured, CdpkSum *sum)
{
	CdpkStatus status;
	CdpkDecimal value;

	while (next_value(measured, &value, &status))
		cdpk_sum_add(sum, value);
	return status;
}

CdpkStatus
cdpk_measure_extreme(CdpkMeasured *measured, bool largest, bool *found, CdpkDecimal *extreme)
{
	CdpkStatus status;
	CdpkDecimal value;

	while (next_value(measured, &value, &status))
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
cdpk_measure_values(CdpkMeasured *measured, CdpkBuffer *values)
{
	CdpkStatus status;
	CdpkDecimal value;

	while (next_value(measured, &value, &status))
		cdpk_put_bytes(values, &value, sizeof(value));
	return status != CDPK_OK ? status : values->status;
}
