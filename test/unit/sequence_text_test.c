/* sequence_text_test.c: the text of a sequence, and its stored form */
#include "core/sequence/sequence_form.h"
#include "unit.h"

/* Reads a text and prints it again; NULL where it is refused. */
static char *
again(const char *text, CdpkTextProblem *problem, CdpkStatus *status)
{
	uint8_t *bytes;
	size_t length;
	char *printed = NULL;

	problem->position = 0;
	*status = cdpk_sequence_parse(text, strlen(text), &unit_allocator, 0, &bytes, &length, problem);
	if (*status != CDPK_OK)
		return NULL;
	CHECK(cdpk_sequence_print(bytes, length, &unit_allocator, &printed) == CDPK_OK);
	free(bytes);
	return printed;
}

static void
texts_have_one_form(void)
{
	static const struct
	{
		const char *text;
		const char *printed;
	} cases[] = {
		{"view", "view"},
		{" view->cart ", "view -> cart"},
		{"view -> cart within 1 day -> not refund -> order within 7 days in 30 days",
		 "view -> cart within 1 day -> not refund -> order within 7 days in 30 days"},
		{"VIEW -> View -> VIEW", "VIEW -> View -> VIEW"},
		{"\"view\" -> \"Order Completed\"", "view -> \"Order Completed\""},
		{"\"say \"\"hi\"\"\" -> a", "\"say \"\"hi\"\"\" -> a"},
		{"\"not\" -> \"In\" -> \"within\" -> \"after\" -> x",
		 "\"not\" -> \"In\" -> \"within\" -> \"after\" -> x"},
		{"add-to-cart -> a.b:c/d$e_1", "add-to-cart -> a.b:c/d$e_1"},
		{"\"1st\" -> \"-a\" -> \"a->b\"", "\"1st\" -> \"-a\" -> \"a->b\""},
		{"K\xc3\xa4ufe -> \"\xc2\xa0\"", "K\xc3\xa4ufe -> \"\xc2\xa0\""},
		{"(view|search) -> (search | view)", "(view | search) -> (view | search)"},
		{"(a | a) -> b", "a -> b"},
		{"1 x view -> 3 x (a|b)", "view -> 3 x (a | b)"},
		{"3 X x", "3 x x"},
		{"3x a", "3 x a"},
		{"2 x a within 1 hour", "2 x a within 1 hour"},
		{"a -> b WITHIN 2 Days AFTER 1 dAy", "a -> b after 1 day within 2 days"},
		{"a -> b after 24 hours within 1 day", "a -> b after 1 day within 1 day"},
		{"a -> b after 48 hours", "a -> b after 2 days"},
		{"a -> b after 36 hours", "a -> b after 36 hours"},
		{"a -> b after 90 minutes", "a -> b after 90 minutes"},
		{"a -> b after 2 weeks", "a -> b after 14 days"},
		{"a -> b after 1 week", "a -> b after 7 days"},
		{"a -> b after 60 seconds", "a -> b after 1 minute"},
		{"a -> b after 1500 milliseconds", "a -> b after 1500 milliseconds"},
		{"a -> b after 1000001 microseconds", "a -> b after 1000001 microseconds"},
		{"a -> b after 9223372036854775807 microseconds",
		 "a -> b after 9223372036854775807 microseconds"},
		{"a -> not b", "a -> not b"},
		{"a -> not (b|c) within 3 days", "a -> not (b | c) within 3 days"},
		{"a -> not b -> not c -> d", "a -> not (b | c) -> d"},
		{"a -> not a -> a", "a -> not a -> a"},
		{"a -> not b -> not c within 1 day", "a -> not (b | c) within 1 day"},
		{"a\t->\nb", "a -> b"},
		{"a -> !b -> ! not_c -> d", "a -> not (b | not_c) -> d"},
		{"*->!*->* ", "* -> not * -> *"},
		{"a -> b[category=\"x\"] -> !c -> \"D\" within 7 days",
		 "a -> b[category = \"x\"] -> not c -> D within 7 days"},
		{"\"Order Completed\" [ total>=1.50 ,coupon not exists] -> (*[a in (1,true)] | b ) after 1 day",
		 "\"Order Completed\"[total >= 1.5, coupon not exists] -> (*[a in (1, true)] | b) after 1 day"},
		{"3 x a[n = 1] within 1 hour -> a[n=1] -> a",
		 "3 x a[n = 1] within 1 hour -> a[n = 1] -> a"},
		{"a[n = 1] -> a[n != 1.0]", "a[n = 1] -> a[n <> 1]"},
		{"a -> b[price<previous] SAME Session same product_id in 48 hours",
		 "a -> b[price < previous] in 2 days same product_id same session"},
		{"a -> b[x=1,\"p q\" >= Previous,y=2] within 1 day -> 2 x *[\"p q\" > previous]",
		 "a -> b[x = 1, y = 2, \"p q\" >= previous] within 1 day -> 2 x *[\"p q\" > previous]"},
		{"a -> !b same \"session\"", "a -> not b same \"session\""},
		{"2 x a same \"product id\"", "2 x a same \"product id\""},
		{"a -> b same session gap 1800 seconds", "a -> b same session"},
		{"a -> b same session gap 1 hour", "a -> b same session gap 1 hour"},
		{"same -> gap -> previous -> session same gap",
		 "same -> gap -> previous -> session same gap"},
		{"a -> b ? within 1 day->c", "a -> b? within 1 day -> c"},
		{"a -> (b|c)? -> !d -> \"e?\"? after 1 hour same p",
		 "a -> (b | c)? -> not d -> \"e?\"? after 1 hour same p"},
		{"a -> b[x = 1, n < previous]?", "a -> b[x = 1, n < previous]?"},
		{"view&cart & 2 x (order|* [n=1]) in 24 hours same session",
		 "view & cart & 2 x (order | *[n = 1]) in 1 day same session"},
		{"(a[n = 1] | a[n=1]) -> \"in\"[\"in\" like \"%]\"\"->%\"]",
		 "a[n = 1] -> \"in\"[\"in\" like \"%]\"\"->%\"]"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
	{
		CdpkTextProblem problem;
		CdpkStatus status;
		char *printed = again(cases[i].text, &problem, &status);
		char *twice;

		if (printed == NULL || strcmp(printed, cases[i].printed) != 0)
			printf("# %s: %s\n", cases[i].text, printed != NULL ? printed : problem.words);
		CHECK(printed != NULL && strcmp(printed, cases[i].printed) == 0);
		if (printed == NULL)
			continue;
		twice = again(printed, &problem, &status);
		CHECK(twice != NULL && strcmp(twice, printed) == 0);
		free(twice);
		free(printed);
	}
}

static void
texts_are_refused_at_a_place(void)
{
	static const struct
	{
		const char *text;
		size_t position;
		CdpkStatus status;
	} cases[] = {{"", 1, CDPK_INVALID},
				 {"  ", 3, CDPK_INVALID},
				 {"->", 1, CDPK_INVALID},
				 {"a ->", 5, CDPK_INVALID},
				 {"a b", 3, CDPK_INVALID},
				 {"a -> -> b", 6, CDPK_INVALID},
				 {"a > b", 3, CDPK_INVALID},
				 {"a -> in", 6, CDPK_INVALID},
				 {"a -> \"\"", 6, CDPK_INVALID},
				 {"a -> \"b", 6, CDPK_INVALID},
				 {"a -> (b", 6, CDPK_INVALID},
				 {"a -> (b c)", 9, CDPK_INVALID},
				 {"a -> ()", 7, CDPK_INVALID},
				 {"a -> (b |)", 10, CDPK_INVALID},
				 {"a -> 3 b", 8, CDPK_INVALID},
				 {"a -> 0 x b", 6, CDPK_INVALID},
				 {"a -> 3 x", 9, CDPK_INVALID},
				 {"a -> 99999999999 x b", 6, CDPK_OUT_OF_RANGE},
				 {"a -> b within", 14, CDPK_INVALID},
				 {"a -> b within 1", 16, CDPK_INVALID},
				 {"a -> b within day", 15, CDPK_INVALID},
				 {"a -> b within 1 month", 17, CDPK_INVALID},
				 {"a -> b within 2 years", 17, CDPK_INVALID},
				 {"a -> b within 1 d", 17, CDPK_INVALID},
				 {"a -> b within 1.5 days", 16, CDPK_INVALID},
				 {"a -> b within -1 days", 15, CDPK_INVALID},
				 {"a -> b within 0 days", 15, CDPK_INVALID},
				 {"a -> b within 1 day 12 hours", 21, CDPK_INVALID},
				 {"a -> b within 106751992 days", 15, CDPK_OUT_OF_RANGE},
				 {"a -> b within 1 day within 2 days", 21, CDPK_INVALID},
				 {"a -> b after 2 days within 1 day", 6, CDPK_INVALID},
				 {"a within 1 day -> b", 1, CDPK_INVALID},
				 {"a after 1 day -> b", 1, CDPK_INVALID},
				 {"2 x a after 1 day -> b", 1, CDPK_INVALID},
				 {"not a -> b", 1, CDPK_INVALID},
				 {"not a", 1, CDPK_INVALID},
				 {"a -> not b within 1 day -> c", 6, CDPK_INVALID},
				 {"a -> not b after 1 day", 6, CDPK_INVALID},
				 {"a -> not 2 x b", 10, CDPK_INVALID},
				 {"a -> not not b", 10, CDPK_INVALID},
				 {"a in 1 day", 3, CDPK_INVALID},
				 {"a -> b in", 10, CDPK_INVALID},
				 {"((\"|\"))", 2, CDPK_INVALID},
				 {"a -> b in 1 day -> c", 17, CDPK_INVALID},
				 {"65 x a", 1, CDPK_TOO_LONG},
				 {"a -> 32 x b -> 32 x c", 16, CDPK_TOO_LONG},
				 {"a[", 3, CDPK_INVALID},
				 {"a[]", 3, CDPK_INVALID},
				 {"a[n]", 4, CDPK_INVALID},
				 {"a[n = ]", 7, CDPK_INVALID},
				 {"a[n = 1", 2, CDPK_INVALID},
				 {"a -> b[n = 1 -> c", 14, CDPK_INVALID},
				 {"a -> b[n < true]", 12, CDPK_INVALID},
				 {"!a", 1, CDPK_INVALID},
				 {"a -> !!b", 7, CDPK_INVALID},
				 {"a -> **", 7, CDPK_INVALID},
				 {"a same p", 3, CDPK_INVALID},
				 {"a -> b same", 12, CDPK_INVALID},
				 {"a -> b same in", 13, CDPK_INVALID},
				 {"a -> b same \"\"", 13, CDPK_INVALID},
				 {"a -> b same p same q", 15, CDPK_INVALID},
				 {"a -> b same session same session", 21, CDPK_INVALID},
				 {"a -> b same session gap", 24, CDPK_INVALID},
				 {"a -> b in 1 day in 1 day", 17, CDPK_INVALID},
				 {"a -> b same p -> c", 15, CDPK_INVALID},
				 {"a[n < previous] -> b", 1, CDPK_INVALID},
				 {"3 x a[n < previous]", 1, CDPK_INVALID},
				 {"a -> (b[n < previous] | c)", 9, CDPK_INVALID},
				 {"a -> b[n = previous]", 8, CDPK_INVALID},
				 {"a -> !b[n < previous]", 6, CDPK_INVALID},
				 {"a -> !b[n < previous] -> !c", 6, CDPK_INVALID},
				 {"a -> b[n < previous, m < previous]", 22, CDPK_INVALID},
				 {"a -> b[n < previous] -> c[m < previous]", 25, CDPK_INVALID},
				 {"a -> 2 x b[n < previous] within 1 hour", 6, CDPK_INVALID},
				 {"2 x a within 1 hour -> b[n < previous]", 1, CDPK_INVALID},
				 {"a? -> b", 1, CDPK_INVALID},
				 {"a -> !b? -> c", 6, CDPK_INVALID},
				 {"a -> 2 x b? -> c", 6, CDPK_INVALID},
				 {"a -> b within 1 day? -> c", 20, CDPK_INVALID},
				 {"a -> b? -> c? -> d? -> e? -> f?", 30, CDPK_TOO_LONG},
				 {"a -> ?", 6, CDPK_INVALID},
				 {"a &", 4, CDPK_INVALID},
				 {"a & b -> c", 7, CDPK_INVALID},
				 {"a -> b & c", 8, CDPK_INVALID},
				 {"a & !b", 5, CDPK_INVALID},
				 {"a & b?", 5, CDPK_INVALID},
				 {"a & b within 1 day", 5, CDPK_INVALID},
				 {"2 x a within 1 day & b", 1, CDPK_INVALID},
				 {"a & b after 1 day", 5, CDPK_INVALID},
				 {"a & b[n < previous]", 5, CDPK_INVALID},
				 {"33 x a & 32 x b", 10, CDPK_TOO_LONG},
				 {"a\xc2\xa0-> b", 2, CDPK_INVALID},
				 {"a -> \xff", 0, CDPK_BAD_ENCODING}};
	char many[500] = "a0";

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
	{
		CdpkTextProblem problem;
		CdpkStatus status;
		char *printed = again(cases[i].text, &problem, &status);

		if (status != cases[i].status || problem.position != cases[i].position)
			printf("# %s: %d, at %zu\n", cases[i].text, status, problem.position);
		CHECK(printed == NULL && status == cases[i].status &&
			  problem.position == cases[i].position);
		free(printed);
	}
	for (int i = 1; i <= 32; i++)
	{
		CdpkTextProblem problem;
		CdpkStatus status;
		char *printed = again(many, &problem, &status);

		CHECK(printed != NULL && strcmp(printed, many) == 0);
		free(printed);
		sprintf(many + strlen(many), " -> a%d", i);
		if (i == 32)
			CHECK(again(many, &problem, &status) == NULL && status == CDPK_TOO_LONG &&
				  problem.position == strlen(many) - 2);
	}
}

/* The stored form is one for each sequence: any byte changed or cut off is refused or another. */
static void
change_bytes(const char *text)
{
	CdpkTextProblem problem;
	uint8_t *bytes;
	size_t length;
	uint8_t former_version;
	unsigned taken = 0;
	CdpkSequence sequence;

	CHECK(cdpk_sequence_parse(text, strlen(text), &unit_allocator, 0, &bytes, &length, &problem) ==
		  CDPK_OK);
	for (size_t i = 0; i < length; i++)
	{
		uint8_t *cut = malloc(i + 1);

		memcpy(cut, bytes, i);
		CHECK(cdpk_sequence_read(cut, i, &unit_allocator, &sequence) == CDPK_CORRUPT);
		free(cut);
		for (int value = 0; value < 256; value++)
		{
			uint8_t former = bytes[i];
			char *printed;
			uint8_t *back;
			size_t back_length;

			bytes[i] = (uint8_t) value;
			if (cdpk_sequence_print(bytes, length, &unit_allocator, &printed) == CDPK_OK)
			{
				CHECK(cdpk_sequence_parse(printed, strlen(printed), &unit_allocator, 0, &back,
										  &back_length, &problem) == CDPK_OK);
				CHECK(back_length == length && memcmp(back, bytes, length) == 0);
				free(back);
				free(printed);
				taken++;
			}
			bytes[i] = former;
		}
	}
	CHECK(taken > 1000);
	/* each sequence has one version */
	former_version = bytes[0];
	for (bytes[0] = 1; bytes[0] <= 3; bytes[0]++)
		CHECK(bytes[0] == former_version ||
			  cdpk_sequence_read(bytes, length, &unit_allocator, &sequence) == CDPK_CORRUPT);
	CHECK(cdpk_sequence_read(bytes, length, &unit_allocator, &sequence) == CDPK_UNKNOWN_VERSION);
	free(bytes);
}

static void
other_bytes_are_refused_or_another_sequence(void)
{
	change_bytes(
		"view -> 3 x (cart | \"a b\") after 1 hour within 1 day -> not refund -> view in 30 days");
	change_bytes("view[n > 1.5] -> 2 x (* | \"a b\"[c in (\"x\", true), d exists]) within 1 day -> "
				 "not *[m like \"%y\"]");
	change_bytes("a -> b[n >= previous] in 1 hour same p same session");
	change_bytes("a -> b? within 1 day -> not c -> (d[x = 1] | e)? -> f");
	change_bytes("view & 2 x (cart | \"a b\") & view in 1 hour");
}

/* Limits count what is kept: an event that is written again is none more. */
static void
limits_count_different_conditions(void)
{
	char text[6000] = "a";
	CdpkTextProblem problem;
	CdpkStatus status;
	char *printed;

	for (int i = 0; i < 63; i++)
		sprintf(text + strlen(text), " -> b[n = %d, m = 1, k = 2]", i % 22);
	printed = again(text, &problem, &status);
	CHECK(printed == NULL && status == CDPK_TOO_LONG &&
		  problem.position == (size_t) (strstr(text, "b[n = 21") - text) + 1);
	strcpy(text, "a");
	for (int i = 0; i < 63; i++)
		sprintf(text + strlen(text), " -> b[n = %d, m = 1, k = 2]", i % 21);
	printed = again(text, &problem, &status);
	CHECK(printed != NULL && strcmp(printed, text) == 0);
	free(printed);
	strcpy(text, "a -> b[n = 1");
	for (int i = 0; i < 64; i++)
		strcat(text, ", n = 1");
	strcat(text, "]");
	CHECK(again(text, &problem, &status) == NULL && status == CDPK_TOO_LONG);
}

int
main(void)
{
	TEST(texts_have_one_form);
	TEST(texts_are_refused_at_a_place);
	TEST(other_bytes_are_refused_or_another_sequence);
	TEST(limits_count_different_conditions);
	UNIT_EXIT();
}
