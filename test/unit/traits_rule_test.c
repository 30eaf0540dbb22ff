/* traits_rule_test.c: the names of rules */
#include "core/traits/traits_rule.h"
#include "unit.h"

static void
names_are_read_back(void)
{
	int valid = 0;

	for (unsigned code = 0; code < 64; code++)
	{
		char name[CDPK_RULE_NAME_SIZE];
		uint8_t again;

		if (!cdpk_rule_valid(code))
			continue;
		valid++;
		cdpk_rule_name(code, name);
		CHECK(strlen(name) < sizeof(name));
		CHECK(cdpk_rule_parse(name, strlen(name), &again) && again == code);
	}
	/* eight, with and without trust; four of them kept, with and without trust */
	CHECK(valid == 24);
}

static void
other_names_are_refused(void)
{
	static const char *const bad[] = {"",
									  "Last",
									  "last ",
									  "trusted",
									  "trusted_",
									  "keep_",
									  "keep_sum",
									  "keep_trusted_union",
									  "kept_last",
									  "lastt",
									  "most frequent",
									  "trusted_keep_last",
									  "keep_keep_last"};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
	{
		uint8_t code;

		CHECK(!cdpk_rule_parse(bad[i], strlen(bad[i]), &code));
	}
}

/* The codes are stored, and decide which of two rules wins: they stay as they are. */
static void
codes_are_fixed(void)
{
	static const char *const names[] = {"last", "first", "min",           "max",
										"sum",  "union", "most_frequent", "merge"};
	uint8_t code;

	for (unsigned i = 0; i < CDPK_RULES; i++)
		CHECK(cdpk_rule_parse(names[i], strlen(names[i]), &code) && code == i);
	CHECK(cdpk_rule_parse("trusted_last", 12, &code) && code == 8);
	CHECK(cdpk_rule_parse("keep_trusted_max", 16, &code) && code == 27);
}

int
main(void)
{
	TEST(names_are_read_back);
	TEST(other_names_are_refused);
	TEST(codes_are_fixed);
	unit_use_all();
	UNIT_EXIT();
}
