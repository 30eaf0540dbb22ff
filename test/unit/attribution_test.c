/* attribution_test.c: models as text; rows, states and shares */
#include "core/attribution/attribution.h"
#include "unit.h"

#define DAY INT64_C(86400000000)

static void
reads_models(void)
{
	static const struct
	{
		const char *text;
		CdpkStatus status;
		CdpkAttributionModel model;
		unsigned first;
		unsigned last;
		int64_t half_life;
	} cases[] = {
		{"first", CDPK_OK, CDPK_FIRST_TOUCH, 0, 0, 0},
		{" last ", CDPK_OK, CDPK_LAST_TOUCH, 0, 0, 0},
		{"last_non_direct", CDPK_OK, CDPK_LAST_NON_DIRECT, 0, 0, 0},
		{"linear", CDPK_OK, CDPK_LINEAR, 0, 0, 0},
		{"shapley", CDPK_OK, CDPK_SHAPLEY, 0, 0, 0},
		{"shapley(1)", CDPK_INVALID, CDPK_SHAPLEY, 0, 0, 0},
		{"markov", CDPK_INVALID, CDPK_LINEAR, 0, 0, 0},
		{"time_decay", CDPK_OK, CDPK_TIME_DECAY, 0, 0, 7 * DAY},
		{"time_decay(1 day)", CDPK_OK, CDPK_TIME_DECAY, 0, 0, DAY},
		{"time_decay ( 48hours ) ", CDPK_OK, CDPK_TIME_DECAY, 0, 0, 2 * DAY},
		{"time_decay(90 minutes)", CDPK_OK, CDPK_TIME_DECAY, 0, 0, DAY / 16},
		{"time_decay(1 second)", CDPK_OK, CDPK_TIME_DECAY, 0, 0, 1000000},
		{"time_decay(36500 days)", CDPK_OK, CDPK_TIME_DECAY, 0, 0, 36500 * DAY},
		{"time_decay(36501 days)", CDPK_OUT_OF_RANGE, CDPK_TIME_DECAY, 0, 0, 0},
		{"time_decay(0 days)", CDPK_OUT_OF_RANGE, CDPK_TIME_DECAY, 0, 0, 0},
		{"time_decay(7)", CDPK_INVALID, CDPK_TIME_DECAY, 0, 0, 0},
		{"time_decay(days)", CDPK_INVALID, CDPK_TIME_DECAY, 0, 0, 0},
		{"time_decay(7 s)", CDPK_INVALID, CDPK_TIME_DECAY, 0, 0, 0},
		{"time_decay(7 days", CDPK_INVALID, CDPK_TIME_DECAY, 0, 0, 0},
		{"position_based", CDPK_OK, CDPK_POSITION_BASED, 40, 40, 0},
		{"position_based(100,0)", CDPK_OK, CDPK_POSITION_BASED, 100, 0, 0},
		{"position_based( 30 , 5 )", CDPK_OK, CDPK_POSITION_BASED, 30, 5, 0},
		{"position_based(51,50)", CDPK_OUT_OF_RANGE, CDPK_POSITION_BASED, 0, 0, 0},
		{"position_based(0,0)", CDPK_OUT_OF_RANGE, CDPK_POSITION_BASED, 0, 0, 0},
		{"position_based(40 40)", CDPK_INVALID, CDPK_POSITION_BASED, 0, 0, 0},
		{"position_based(40,)", CDPK_INVALID, CDPK_POSITION_BASED, 0, 0, 0},
		{"linear(1)", CDPK_INVALID, CDPK_LINEAR, 0, 0, 0},
		{"linear linear", CDPK_INVALID, CDPK_LINEAR, 0, 0, 0},
		{"lin", CDPK_INVALID, CDPK_LINEAR, 0, 0, 0},
		{"Linear", CDPK_INVALID, CDPK_LINEAR, 0, 0, 0},
		{"", CDPK_INVALID, CDPK_LINEAR, 0, 0, 0},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		CdpkAttributionSetup setup;
		CdpkStatus status = cdpk_attribution_model(cases[i].text, strlen(cases[i].text), &setup);

		CHECK(status == cases[i].status);
		if (status != CDPK_OK)
			continue;
		CHECK(setup.model == cases[i].model && setup.half_life == cases[i].half_life);
		CHECK(setup.first == cases[i].first && setup.last == cases[i].last && setup.lookback == 0);
	}
}

static CdpkAttributionSetup
random_setup(uint64_t *state)
{
	CdpkAttributionSetup setup = {(CdpkAttributionModel) (unit_random(state) % 7), 0, 0, 0, 0};

	if (setup.model == CDPK_TIME_DECAY)
		setup.half_life = 1 + (int64_t) (unit_random(state) % 20);
	if (setup.model == CDPK_POSITION_BASED)
	{
		setup.first = 1 + (unsigned) (unit_random(state) % 60);
		setup.last = (unsigned) (unit_random(state) % 40);
	}
	if (unit_random(state) % 2 == 0)
		setup.lookback = 1 + (int64_t) (unit_random(state) % 20);
	return setup;
}

/* Adds a random row; times are few, the ends of all time among them. */
static void
add_random_row(uint64_t *random, CdpkAttributionState **state)
{
	static const char *const names[] = {"a", "bb", "direct", "(DIRECT)", "directly", ""};
	static const char *const values[] = {"", "1", "-12.50"};
	CdpkAttributionRow row = {0};

	row.at = unit_random(random) % 20 == 0 ? (unit_random(random) % 2 == 0 ? INT64_MIN : INT64_MAX)
										   : (int64_t) (unit_random(random) % 30);
	row.touchpoint = names[unit_random(random) % 6];
	row.touchpoint_length = strlen(row.touchpoint);
	row.value = values[row.touchpoint_length == 0 ? 1 : unit_random(random) % 3];
	row.value_length = strlen(row.value);
	CHECK(cdpk_attribution_add(state, &unit_allocator, &row) == CDPK_OK);
}

/* The shares of each conversion add up to one; text of all of them, in the order of conversions. */
static void
write_shares(const CdpkAttributionState *state, char *text, size_t room)
{
	CdpkJourneys journeys;
	size_t used = 0;

	CHECK(cdpk_journeys_load(state, &unit_allocator, &journeys) == CDPK_OK);
	text[0] = '\0';
	for (size_t i = 0; i < journeys.conversion_count; i++)
	{
		uint32_t count = cdpk_journeys_credit(&journeys, &journeys.conversions[i]);
		int64_t sum = 0;

		for (uint32_t j = 0; j < count; j++)
		{
			CHECK(j == 0 || journeys.credits[j].name > journeys.credits[j - 1].name);
			CHECK(journeys.credits[j].share >= 0);
			sum += journeys.credits[j].share;
			used +=
				(size_t) snprintf(text + used, room - used, "%zu:%u=%lld ", i,
								  journeys.credits[j].name, (long long) journeys.credits[j].share);
		}
		CHECK(sum == (count > 0 ? CDPK_SHARE_ONE : 0));
		CHECK(used < room);
	}
	cdpk_journeys_release(&journeys, &unit_allocator);
}

static void
combines_reads_and_adds_up(void)
{
	uint64_t random = 11;

	for (int i = 0; i < 20000; i++)
	{
		CdpkAttributionSetup setup = random_setup(&random);
		CdpkAttributionSetup found;
		CdpkAttributionState *whole;
		CdpkAttributionState *parts[2];
		CdpkAttributionState *read;
		CdpkReader rows;
		uint64_t again;
		char text[4096];
		char other[4096];
		unsigned count = (unsigned) (unit_random(&random) % 15);

		CHECK(cdpk_attribution_new(&unit_allocator, &setup, 0, &whole) == CDPK_OK);
		for (int j = 0; j < 2; j++)
			CHECK(cdpk_attribution_new(&unit_allocator, &setup, 0, &parts[j]) == CDPK_OK);
		again = random;
		for (unsigned j = 0; j < count; j++)
			add_random_row(&random, &whole);
		for (unsigned j = 0; j < count; j++)
			add_random_row(&again, &parts[j < count / 2 ? 0 : 1]);
		CHECK(cdpk_attribution_combine(&parts[0], &unit_allocator, parts[1]) == CDPK_OK);
		CHECK(parts[0]->used == whole->used &&
			  memcmp(parts[0]->bytes, whole->bytes, whole->used) == 0);
		CHECK(cdpk_attribution_read(whole->bytes, whole->used, &unit_allocator, &read) == CDPK_OK);
		found = cdpk_attribution_open(read, &rows);
		CHECK(cdpk_attribution_same(&found, &setup));
		write_shares(whole, text, sizeof(text));
		write_shares(read, other, sizeof(other));
		CHECK(strcmp(text, other) == 0);
		free(whole);
		free(parts[0]);
		free(parts[1]);
		free(read);
	}
}

static void
refuses_what_is_too_long(void)
{
	CdpkAttributionSetup setup = {CDPK_LINEAR, 0, 0, 0, 0};
	CdpkAttributionRow row = {0, "x", CDPK_STATE_MAX, NULL, 0};
	CdpkAttributionState *state;

	CHECK(cdpk_attribution_new(&unit_allocator, &setup, CDPK_STATE_MAX, &state) == CDPK_TOO_LONG);
	CHECK(cdpk_attribution_new(&unit_allocator, &setup, 0, &state) == CDPK_OK);
	CHECK(cdpk_attribution_add(&state, &unit_allocator, &row) == CDPK_TOO_LONG);
	free(state);
}

int
main(void)
{
	TEST(reads_models);
	TEST(combines_reads_and_adds_up);
	TEST(refuses_what_is_too_long);
	UNIT_EXIT();
}
