/* steps_state_fuzz.c: any bytes as the state of a funnel or a sequence; what is taken is evaluated and written again */
#include <stdlib.h>
#include <string.h>

#include "core/sequence/funnel.h"
#include "core/sequence/sequence.h"

#include "fuzz.h"

/* A funnel's depth, or a sequence's matches: neither can be more than the rows allow. */
static void
evaluate(const CdpkStepsState *state)
{
	CdpkStepsSetup setup = cdpk_steps_state_setup(state);
	size_t places[CDPK_SEQUENCE_STEPS_MAX];
	unsigned depth;
	CdpkProgram program;
	CdpkTextProblem problem;
	CdpkMatcher matcher;
	CdpkTimed *rows;
	size_t count;
	uint64_t matches = 0;

	if (setup.use == CDPK_STEPS_FUNNEL)
	{
		if (cdpk_funnel_of_state(state, &fuzz_allocator, &depth) != CDPK_OK || depth > state->steps)
			abort();
		return;
	}
	if (cdpk_pattern_compile(setup.pattern, setup.pattern_length, setup.kind, setup.steps, &program,
							 &problem) != CDPK_OK ||
		cdpk_steps_state_rows(state, &fuzz_allocator, cdpk_history_order, &rows, &count) != CDPK_OK)
		abort();
	cdpk_matcher_init(&matcher, &program, &fuzz_allocator);
	if (cdpk_sequence_count(&matcher, rows, count, UINT64_MAX, &matches) != CDPK_OK ||
		cdpk_sequence_events(&program, &fuzz_allocator, rows, count, places, &depth) != CDPK_OK ||
		matches > count / program.count || (matches > 0) != (depth == program.count))
		abort();
	for (unsigned i = 1; i < depth; i++)
		if (places[i - 1] >= places[i])
			abort();
	cdpk_matcher_free(&matcher);
	free(rows);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CdpkStepsState *state;
	unsigned modes;
	const char *word;
	size_t length;
	uint8_t *again;

	cdpk_funnel_modes_parse((const char *) data, size, &modes, &word, &length);
	if (cdpk_steps_state_read(data, size, &fuzz_allocator, &state) != CDPK_OK)
		return 0;
	again = malloc(size);
	if (again == NULL || cdpk_steps_state_wire_size(state) != size)
		abort();
	cdpk_steps_state_write(state, again);
	if (memcmp(again, data, size) != 0)
		abort();
	evaluate(state);
	free(again);
	free(state);
	return 0;
}
