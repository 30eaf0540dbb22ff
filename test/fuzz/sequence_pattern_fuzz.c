/* sequence_pattern_fuzz.c: any bytes as a pattern; what is taken is matched against a history */
#include <stdlib.h>
#include <string.h>

#include "core/sequence/sequence.h"

#include "fuzz.h"

#define EVENTS 40

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CdpkProgram program;
	CdpkTextProblem problem = {NULL, 0};
	CdpkMatcher matcher;
	CdpkTimed events[EVENTS];
	size_t places[CDPK_SEQUENCE_STEPS_MAX];
	unsigned depth;
	uint64_t matches = 0;
	CdpkTimeKind kind = size > 0 ? (CdpkTimeKind) (data[0] % 3) : CDPK_TIME_INTEGER;

	if (cdpk_pattern_compile((const char *) data + (size > 0), size - (size > 0), kind, 5, &program,
							 &problem) != CDPK_OK)
	{
		if (problem.words == NULL || problem.position < 1 || problem.position > size + 1)
			abort();
		return 0;
	}
	for (unsigned i = 0; i < EVENTS; i++)
	{
		int64_t at = (int64_t) (i / 3) * (kind == CDPK_TIME_INSTANT ? 1000000 : 1);

		events[i].at = kind == CDPK_TIME_DOUBLE ? cdpk_double_key((double) at) : at;
		events[i].value = 1 + i * 7 % 31;
	}
	cdpk_matcher_init(&matcher, &program, &fuzz_allocator);
	if (cdpk_sequence_count(&matcher, events, EVENTS, UINT64_MAX, &matches) != CDPK_OK ||
		cdpk_sequence_events(&program, &fuzz_allocator, events, EVENTS, places, &depth) !=
			CDPK_OK ||
		matches > EVENTS / program.count || (matches > 0) != (depth == program.count))
		abort();
	for (unsigned i = 0; i < depth; i++)
		if ((i > 0 && places[i - 1] >= places[i]) || places[i] >= EVENTS ||
			(program.steps[i].any != 0 && (program.steps[i].any & events[places[i]].value) == 0))
			abort();
	cdpk_matcher_free(&matcher);
	return 0;
}
