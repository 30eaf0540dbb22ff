/*
 * scalar_fuzz.c
 *		Any bytes: whole numbers print back as numbers, numbers lie within the text, dates are those
 *		of their times give or take a day.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/text/scalar.h"
#include "core/text/timestamp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
require(bool condition)
{
	if (!condition)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *) data;
	const char *number;
	size_t length;
	char printed[32];
	int64_t integer;
	int64_t again;
	int64_t time;
	int32_t days;

	if (cdpk_scalar_integer(text, size, &integer))
	{
		snprintf(printed, sizeof(printed), "%lld", (long long) integer);
		require(cdpk_scalar_integer(printed, strlen(printed), &again) && again == integer);
	}
	if (cdpk_scalar_number(text, size, &number, &length))
		require(number >= text && number + length <= text + size && length > 0);
	if (cdpk_scalar_epoch(text, size, &time))
		require(time >= INT64_C(-846684800) * CDPK_SECOND &&
				time < INT64_C(99053315200) * CDPK_SECOND);
	require(cdpk_scalar_date(text, size, &days) == cdpk_scalar_time(text, size, &time));
	if (cdpk_scalar_date(text, size, &days))
		require(llabs(days * CDPK_DAY - time) <= 2 * CDPK_DAY);
	return 0;
}
