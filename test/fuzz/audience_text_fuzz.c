/* audience_text_fuzz.c: any text as an audience, printed and read again */
#include <stdlib.h>
#include <string.h>

#include "core/audience/audience_text.h"

#include "fuzz.h"

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

	if (cdpk_audience_parse((const char *) data, size, &fuzz_allocator, 0, &bytes, &length,
							&problem) != CDPK_OK)
		return 0;
	/* a range of many digits is a large audience */
	if (length < 1000000 && (cdpk_audience_check(bytes, length) != CDPK_OK ||
							 cdpk_audience_open(bytes, length, &audience) != CDPK_OK ||
							 cdpk_audience_print(&audience, &fuzz_allocator, &text) != CDPK_OK))
		abort();
	if (length < 1000000)
	{
		if (cdpk_audience_parse(text, strlen(text), &fuzz_allocator, 0, &again, &again_length,
								&problem) != CDPK_OK ||
			again_length != length || memcmp(again, bytes, length) != 0)
			abort();
		free(again);
		free(text);
	}
	free(bytes);
	return 0;
}
