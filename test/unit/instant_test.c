/* instant_test.c: any timestamptz comes back from its text */
#include "core/text/instant.h"
#include "unit.h"

#define MIN (-INT64_C(211813488000000000))
#define END INT64_C(9223371331200000000)

static bool
comes_back(int64_t instant)
{
	char text[CDPK_TIMESTAMP_TEXT_MAX];
	int64_t again;

	cdpk_instant_print(instant, text);
	return cdpk_instant_parse(text, strlen(text), &again) == CDPK_OK && again == instant;
}

static void
every_instant_comes_back(void)
{
	uint64_t state = 5;

	CHECK(comes_back(MIN) && comes_back(END - 1) && comes_back(0));
	CHECK(comes_back(INT64_MIN) && comes_back(INT64_MAX));
	/* each day from 2 BC to 2 AD */
	for (int64_t day = -731215; day < -729754; day++)
		CHECK(comes_back(day * CDPK_DAY) && comes_back(day * CDPK_DAY - 1));
	for (int i = 0; i < 100000; i++)
		CHECK(comes_back(
			(int64_t) ((uint64_t) MIN + unit_random(&state) % ((uint64_t) END - (uint64_t) MIN))));
}

static void
refuses_what_timestamptz_cannot_hold(void)
{
	static const char *const texts[] = {"-4713-11-23T23:59:59.999999Z", "+294277-01-01T00:00:00Z",
										"+999999-01-01T00:00:00Z", "-9999-01-01T00:00:00Z"};
	int64_t instant;

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		CHECK(cdpk_instant_parse(texts[i], strlen(texts[i]), &instant) == CDPK_OUT_OF_RANGE);
}

/* What is valid has a text, and what has none is not. */
static void
valid_is_what_text_takes(void)
{
	CHECK(cdpk_instant_valid(INT64_MIN) && cdpk_instant_valid(INT64_MAX) && cdpk_instant_valid(0));
	CHECK(cdpk_instant_valid(MIN) && cdpk_instant_valid(END - 1));
	CHECK(!cdpk_instant_valid(MIN - 1) && !cdpk_instant_valid(END));
	CHECK(!cdpk_instant_valid(INT64_MIN + 1) && !cdpk_instant_valid(INT64_MAX - 1));
}

int
main(void)
{
	TEST(every_instant_comes_back);
	TEST(refuses_what_timestamptz_cannot_hold);
	TEST(valid_is_what_text_takes);
	UNIT_EXIT();
}
