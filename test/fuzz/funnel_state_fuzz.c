/* funnel_state_fuzz.c: any bytes as the state of a funnel; what is taken is judged and written again */
#include <stdlib.h>
#include <string.h>

#include "core/funnel_state.h"

static void *
fuzz_allocate(void *context, size_t size)
{
	(void) context;
	return malloc(size);
}

static void
fuzz_release(void *context, void *pointer)
{
	(void) context;
	free(pointer);
}

static const CdpkAllocator fuzz_allocator = {fuzz_allocate, fuzz_release, NULL};

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CdpkFunnelState *state;
	unsigned depth;
	unsigned modes;
	const char *word;
	size_t length;
	uint8_t *again;

	cdpk_funnel_modes_parse((const char *) data, size, &modes, &word, &length);
	if (cdpk_funnel_state_read(data, size, &fuzz_allocator, &state) != CDPK_OK)
		return 0;
	again = malloc(size);
	if (again == NULL || cdpk_funnel_state_wire_size(state) != size)
		abort();
	cdpk_funnel_state_write(state, again);
	if (memcmp(again, data, size) != 0 ||
		cdpk_funnel_state_depth(state, &fuzz_allocator, &depth) != CDPK_OK || depth > state->steps)
		abort();
	free(again);
	free(state);
	return 0;
}
