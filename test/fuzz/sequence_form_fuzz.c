/*
 * sequence_form_fuzz.c: any bytes as a stored sequence, and others as a timeline
 *
 * What is taken as a sequence is written again, printed, and evaluated over the timeline: the two
 * bytes in front are the length of the sequence's.
 */
#include <stdlib.h>
#include <string.h>

#include "core/sequence/sequence_timeline.h"

#include "ask_funnel.h"
#include "fuzz.h"

/* A stored sequence is the only one for its text. */
static void
check_form(const CdpkSequence *sequence, const uint8_t *form, size_t length)
{
	uint8_t *again = malloc(cdpk_sequence_room(sequence));
	uint8_t *parsed;
	size_t parsed_length;
	CdpkTextProblem problem;
	char *text;

	if (again == NULL || cdpk_sequence_write(sequence, again) != length ||
		memcmp(again, form, length) != 0 ||
		cdpk_sequence_print(form, length, &fuzz_allocator, &text) != CDPK_OK ||
		cdpk_sequence_parse(text, strlen(text), &fuzz_allocator, 0, &parsed, &parsed_length,
							&problem) != CDPK_OK ||
		parsed_length != length || memcmp(parsed, form, length) != 0)
		abort();
	free(again);
	free(parsed);
	free(text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t length = size < 2 ? 0 : data[0] | (size_t) data[1] << 8;
	static const int64_t instants[] = {0, 1000000, 820540800000000, CDPK_TIME_END - 1};
	CdpkSequence sequence;
	CdpkTimeline timeline;

	if (size < 2 || length > size - 2)
		return 0;
	if (cdpk_sequence_read(data + 2, length, &fuzz_allocator, &sequence) != CDPK_OK)
		return 0;
	check_form(&sequence, data + 2, length);
	if (cdpk_timeline_open(data + 2 + length, size - 2 - length, &timeline) != CDPK_OK)
	{
		cdpk_sequence_free(&fuzz_allocator, &sequence);
		return 0;
	}
	for (size_t i = 0; i < sizeof(instants) / sizeof(*instants); i++)
	{
		int64_t within = i % 2 == 0 ? 0 : INT64_C(86400000000) * 10;
		CdpkSequenceAnswer quick;
		CdpkSequenceAnswer full;
		CdpkStatus status = cdpk_sequence_evaluate(&sequence, &timeline, within, instants[i], true,
												   &fuzz_allocator, &full);

		if (status != CDPK_OK)
			continue;
		if (cdpk_sequence_evaluate(&sequence, &timeline, within, instants[i], false,
								   &fuzz_allocator, &quick) != CDPK_OK ||
			quick.matches != full.matches || quick.unknown != full.unknown ||
			full.horizon <= instants[i])
			abort();
	}
	ask_funnel(&sequence, &timeline, cdpk_time_range_until_now(instants[2]));
	cdpk_sequence_free(&fuzz_allocator, &sequence);
	return 0;
}
