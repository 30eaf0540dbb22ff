/* timeline_text_fuzz.c: any text as a timeline; what is taken is printed and read again */
#include <stdlib.h>

#include "core/timeline/timeline_check.h"
#include "core/timeline/timeline_compact.h"
#include "core/timeline/timeline_text.h"

#include "fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CdpkTimelineLog *log;
	CdpkTimelineLog *log_again;
	CdpkTextProblem problem;
	uint8_t *bytes;
	uint8_t *again;
	char *text;
	size_t length;
	size_t text_length;
	size_t again_length;

	if (cdpk_log_new(&fuzz_allocator, &log) != CDPK_OK)
		abort();
	if (cdpk_timeline_parse((const char *) data, size, &fuzz_allocator, &log, &problem) ==
			CDPK_OK &&
		cdpk_log_compact(log, &fuzz_allocator, 0, &bytes, &length) == CDPK_OK)
	{
		if (cdpk_timeline_check(bytes, length, &fuzz_allocator) != CDPK_OK ||
			cdpk_timeline_print(bytes, length, &fuzz_allocator, &text, &text_length) != CDPK_OK ||
			cdpk_log_new(&fuzz_allocator, &log_again) != CDPK_OK ||
			cdpk_timeline_parse(text, text_length, &fuzz_allocator, &log_again, &problem) !=
				CDPK_OK ||
			cdpk_log_compact(log_again, &fuzz_allocator, 0, &again, &again_length) != CDPK_OK ||
			length != again_length || memcmp(again, bytes, length) != 0)
			abort();
		free(again);
		free(log_again);
		free(text);
		free(bytes);
	}
	free(log);
	return 0;
}
