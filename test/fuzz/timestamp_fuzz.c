/*
 * timestamp_fuzz.c
 *		cdpk_timestamp_parse and cdpk_timestamp_print: what is taken is printed so that it reads back;
 *		any number is printed.
 */
#include <stdlib.h>
#include <string.h>

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
	char text[CDPK_TIMESTAMP_TEXT_MAX];
	int64_t time = 0;
	int64_t again;
	size_t length;

	if (cdpk_timestamp_parse((const char *) data, size, &time) == CDPK_OK)
	{
		length = cdpk_timestamp_print(time, text);
		/* with a zone the first and last years reach beyond those that can be read */
		if (text[0] != '+' && strncmp(text, "0000", 4) != 0)
			require(cdpk_timestamp_parse(text, length, &again) == CDPK_OK && again == time);
	}
	if (size >= sizeof(time))
	{
		memcpy(&time, data, sizeof(time));
		require(cdpk_timestamp_print(time, text) < CDPK_TIMESTAMP_TEXT_MAX);
	}
	return 0;
}
