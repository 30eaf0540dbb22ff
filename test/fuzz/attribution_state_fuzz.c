/* attribution_state_fuzz.c: any bytes as a model, and as the state of an attribution; the shares of
 * what is taken add up */
#include <stdlib.h>
#include <string.h>

#include "core/attribution/attribution.h"

#include "fuzz.h"

static void
check_shares(CdpkJourneys *journeys)
{
	for (size_t i = 0; i < journeys->conversion_count && i < 100; i++)
	{
		int64_t left = CDPK_SHARE_ONE;
		uint32_t count = cdpk_journeys_credit(journeys, &journeys->conversions[i]);

		for (uint32_t j = 0; j < count; j++)
		{
			if (journeys->credits[j].name >= journeys->name_count ||
				(j > 0 && journeys->credits[j].name <= journeys->credits[j - 1].name) ||
				journeys->credits[j].share < 0)
				abort();
			left -= journeys->credits[j].share;
		}
		if (count > 0 && left != 0)
			abort();
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CdpkAttributionSetup setup;
	CdpkAttributionState *state;
	CdpkJourneys journeys;

	if (cdpk_attribution_model((const char *) data, size, &setup) == CDPK_OK &&
		(setup.model > CDPK_SHAPLEY || setup.half_life < 0 || setup.first + setup.last > 100))
		abort();
	if (cdpk_attribution_read(data, size, &fuzz_allocator, &state) != CDPK_OK)
		return 0;
	if (state->used != size || memcmp(state->bytes, data, size) != 0 ||
		cdpk_journeys_load(state, &fuzz_allocator, &journeys) != CDPK_OK)
		abort();
	check_shares(&journeys);
	cdpk_journeys_release(&journeys, &fuzz_allocator);
	free(state);
	return 0;
}
