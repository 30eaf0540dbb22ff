/*
 * step_form_fuzz.c: any bytes as a stored step, and others as a timeline
 *
 * What is taken as a step is printed and read again, and selects events of the timeline: the two bytes
 * in front are the length of the step's.
 */
#include <stdlib.h>
#include <string.h>

#include "core/sequence/step_events.h"

#include "fuzz.h"

/* A stored step is the only one for its text. */
static void
check_form(const uint8_t *form, size_t length)
{
	CdpkTextProblem problem;
	uint8_t *parsed;
	size_t parsed_length;
	char *text;

	if (cdpk_step_print(form, length, &fuzz_allocator, &text) != CDPK_OK ||
		cdpk_step_parse(text, strlen(text), &fuzz_allocator, 0, &parsed, &parsed_length,
						&problem) != CDPK_OK ||
		parsed_length != length || memcmp(parsed, form, length) != 0)
		abort();
	free(parsed);
	free(text);
}

/* Counts, the column and the extremes agree. */
static void
check_events(const CdpkStep *step, const CdpkTimeline *timeline)
{
	CdpkTimeRange ever = {INT64_MIN, INT64_MAX};
	CdpkStepCount count;
	CdpkStepCount needed;
	CdpkStepExtremes extremes;
	CdpkColumn column;
	bool unknown;
	void *memory;

	if (cdpk_step_count(step, timeline, ever, 0, UINT64_MAX, &fuzz_allocator, &count) != CDPK_OK)
		return;
	/* if there cannot be as many as are needed, only that is found */
	if (cdpk_step_count(step, timeline, ever, 2, UINT64_MAX, &fuzz_allocator, &needed) != CDPK_OK ||
		(needed.most < 2 ? count.most >= 2 : needed.most != count.most))
		abort();
	if (cdpk_step_extremes(step, timeline, ever, &fuzz_allocator, &extremes) != CDPK_OK ||
		extremes.found != (count.least > 0) || extremes.unknown != (count.most > count.least))
		abort();
	if (cdpk_step_column(step, timeline, ever, &fuzz_allocator, &column, &unknown, &memory) ==
			CDPK_OK &&
		!step->plain && (column.count != count.most || unknown != (count.most > count.least)))
		abort();
	free(memory);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t length = size < 2 ? 0 : data[0] | (size_t) data[1] << 8;
	CdpkStep step;
	CdpkTimeline timeline;

	if (size < 2 || length > size - 2)
		return 0;
	if (cdpk_step_read(data + 2, length, &fuzz_allocator, &step) != CDPK_OK)
		return 0;
	check_form(data + 2, length);
	if (cdpk_timeline_open(data + 2 + length, size - 2 - length, &timeline) == CDPK_OK)
		check_events(&step, &timeline);
	cdpk_step_free(&fuzz_allocator, &step);
	return 0;
}
