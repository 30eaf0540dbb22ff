/* simple_pattern_test.c: what is simple, and that it matches as a search through all ways does */
#include "core/schema/ecma_regex.h"
#include "core/schema/simple_pattern.h"
#include "unit.h"

static bool
read_pattern(const char *pattern, CdpkSimplePattern *simple)
{
	char are[2000];
	const char *problem;
	size_t position;
	size_t length = 0;

	CHECK(cdpk_ecma_regex(pattern, strlen(pattern), are, sizeof(are), &length, &problem,
						  &position) == CDPK_OK);
	return cdpk_simple_pattern_read(are, length, simple);
}

static void
which_are_simple(void)
{
	static const char *const simple[] = {"^",
										 "^$",
										 "^a",
										 "^abc$",
										 "^[a-z]+$",
										 "^\\d{3}-\\d{4}$",
										 "^[A-Z]{2,}\\d*$",
										 "^a*b?c+d{0,200}",
										 "^\\w+@\\W",
										 "^.{1,200}$",
										 "^\\s*\\S",

										 "^\\u{1F600}+\xc3\xa9$",
										 "^\\.\\*\\$$"};
	static const char *const others[] = {"",
										 "a",
										 "a$",
										 "^a|b",
										 "^(?:a)$",
										 "^(a)",
										 "^a*a",
										 "^a?b?a",
										 "^a{1,2}b*[a-c]",
										 "^\\bfoo",
										 "^a$b",
										 "^^a",
										 "^a(?=b)",
										 "^[]a",
										 "^.*\\d",
										 "^\xc3\xa9?[^a]",
										 "^a{300}$",
										 "^[^]$",
										 "\\d"};
	CdpkSimplePattern pattern;

	for (size_t i = 0; i < sizeof(simple) / sizeof(simple[0]); i++)
		if (!read_pattern(simple[i], &pattern))
		{
			printf("# %s is not simple\n", simple[i]);
			unit_failures++;
		}
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (read_pattern(others[i], &pattern))
		{
			printf("# %s is simple\n", others[i]);
			unit_failures++;
		}
}

/* a set of the alphabet a, b, c and an e with an accent, as a class and as bits */
static const struct
{
	const char *class;
	unsigned set;
} sets[] = {{"a", 1},          {"b", 2},        {"[ab]", 3},       {"[^a]", 14},
			{"[a\\u00e9]", 9}, {"\xc3\xa9", 8}, {"[^\\u00e9]", 7}, {"[bc]", 6}};
static const char *const quantifiers[] = {"", "*", "+", "{0,1}", "{2}", "{1,2}", "{2,}"};
static const unsigned bounds[][2] = {{1, 1}, {0, 99}, {1, 99}, {0, 1}, {2, 2}, {1, 2}, {2, 99}};

/* whether some way leads through items from i on and letters from at on */
static bool
any_way(const int (*items)[2], int count, int i, const int *letters, int length, int at, bool whole)
{
	unsigned least;

	if (i == count)
		return !whole || at == length;
	least = bounds[items[i][1]][0];
	for (unsigned n = 0; n <= bounds[items[i][1]][1]; n++)
	{
		if (n >= least && any_way(items, count, i + 1, letters, length, at + (int) n, whole))
			return true;
		if (at + (int) n >= length || (sets[items[i][0]].set >> letters[at + (int) n] & 1) == 0)
			break;
	}
	return false;
}

static void
as_a_search(void)
{
	static const char *const alphabet[] = {"a", "b", "c", "\xc3\xa9"};
	uint64_t random = 9;
	int taken = 0;
	int matched = 0;

	for (int round = 0; round < 60000; round++)
	{
		char pattern[200] = "^";
		char text[40] = "";
		int items[4][2];
		int letters[8];
		int count = 1 + (int) (unit_random(&random) % 4);
		int length = (int) (unit_random(&random) % 8);
		bool whole = unit_random(&random) % 2;
		CdpkSimplePattern simple;
		bool expected;

		for (int i = 0; i < count; i++)
		{
			items[i][0] = (int) (unit_random(&random) % 8);
			items[i][1] = (int) (unit_random(&random) % 7);
			strcat(pattern, sets[items[i][0]].class);
			strcat(pattern, quantifiers[items[i][1]]);
		}
		strcat(pattern, whole ? "$" : "");
		for (int i = 0; i < length; i++)
		{
			letters[i] = (int) (unit_random(&random) % 4);
			strcat(text, alphabet[letters[i]]);
		}
		if (!read_pattern(pattern, &simple))
			continue;
		taken++;
		expected = any_way((const int(*)[2]) items, count, 0, letters, length, 0, whole);
		matched += expected;
		if (cdpk_simple_pattern_matches(&simple, text, strlen(text)) != expected)
		{
			printf("# %s: %s\n", pattern, text);
			unit_failures++;
		}
	}
	CHECK(taken > 10000 && matched > 2000);
}

int
main(void)
{
	unit_use_all();
	TEST(which_are_simple);
	TEST(as_a_search);
	UNIT_EXIT();
}
