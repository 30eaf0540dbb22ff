/* sequence_next_fuzz.c: any bytes as the state of a sequence_next; what is taken is evaluated and written again */
#include <stdlib.h>
#include <string.h>

#include "core/sequence/sequence_next.h"

#include "fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CdpkNextState *state;
	CdpkNextRow row;
	uint8_t *again;
	bool found;

	if (cdpk_next_read(data, size, &fuzz_allocator, &state) != CDPK_OK)
		return 0;
	again = malloc(size);
	if (again == NULL || cdpk_next_wire_size(state) != size)
		abort();
	cdpk_next_write(state, again);
	if (memcmp(again, data, size) != 0 ||
		cdpk_next_find(state, &fuzz_allocator, &found, &row) != CDPK_OK ||
		(found && state->rows <= state->steps))
		abort();
	free(again);
	free(state);
	return 0;
}
