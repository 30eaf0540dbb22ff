/* audience_text_fuzz.c: any text as an audience, printed and read again */
#include <stdlib.h>
#include <string.h>

#include "core/audience/audience_text.h"

#include "fuzz.h"

/* Whether a range may be of so many chunks that writing them takes seconds. */
static bool
may_be_long(const uint8_t *text, size_t size)
{
	bool range = false;
	unsigned digits = 0;
	unsigned most = 0;

	for (size_t i = 0; i < size; i++)
	{
		digits = text[i] >= '0' && text[i] <= '9' ? digits + 1 : 0;
		most = digits > most ? digits : most;
		range = range || text[i] == '.';
	}
	return range && most > 10;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CdpkTextProblem problem;
	CdpkAudience audience;
	uint8_t *bytes;
	uint8_t *again;
	size_t length;
	size_t again_length;
	char *text;

	if (may_be_long(data, size))
		return 0;
	if (cdpk_audience_parse((const char *) data, size, &fuzz_allocator, 0, NULL, &bytes, &length,
							&problem) != CDPK_OK)
		return 0;
	if (cdpk_audience_check(bytes, length) != CDPK_OK ||
		cdpk_audience_open(bytes, length, &audience) != CDPK_OK ||
		cdpk_audience_print(&audience, &fuzz_allocator, &text) != CDPK_OK ||
		cdpk_audience_parse(text, strlen(text), &fuzz_allocator, 0, NULL, &again, &again_length,
							&problem) != CDPK_OK ||
		again_length != length || memcmp(again, bytes, length) != 0)
		abort();
	free(again);
	free(text);
	free(bytes);
	return 0;
}
