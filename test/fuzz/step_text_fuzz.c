/* step_text_fuzz.c: any bytes as the text of a step; what is taken is printed and read again */
#include <stdlib.h>
#include <string.h>

#include "core/sequence/step.h"

#include "fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CdpkStepProblem problem = {NULL, 0};
	uint8_t *bytes;
	uint8_t *again;
	size_t length;
	size_t again_length;
	char *text;
	CdpkStatus status =
		cdpk_step_parse((const char *) data, size, &fuzz_allocator, 0, &bytes, &length, &problem);

	if (status != CDPK_OK)
	{
		if (status != CDPK_BAD_ENCODING &&
			(problem.words == NULL || problem.position < 1 || problem.position > size + 1))
			abort();
		return 0;
	}
	if (cdpk_step_print(bytes, length, &fuzz_allocator, &text) != CDPK_OK ||
		cdpk_step_parse(text, strlen(text), &fuzz_allocator, 0, &again, &again_length, &problem) !=
			CDPK_OK ||
		again_length != length || memcmp(again, bytes, length) != 0)
		abort();
	free(bytes);
	free(again);
	free(text);
	return 0;
}
