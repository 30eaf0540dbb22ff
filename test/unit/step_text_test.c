/* step_text_test.c: the text of a step, and its stored form */
#include "core/sequence/step.h"
#include "unit.h"

/* Reads a text and prints it again; NULL where it is refused. */
static char *
again(const char *text, CdpkStepProblem *problem, CdpkStatus *status)
{
	uint8_t *bytes;
	size_t length;
	char *printed = NULL;

	problem->position = 0;
	*status = cdpk_step_parse(text, strlen(text), &unit_allocator, 0, &bytes, &length, problem);
	if (*status != CDPK_OK)
		return NULL;
	CHECK(cdpk_step_print(bytes, length, &unit_allocator, &printed) == CDPK_OK);
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
		{"Product Viewed", "Product Viewed"},
		{" padded ", " padded "},
		{"Pricing | Acme", "Pricing | Acme"},
		{"a | Acme", "a | Acme"},
		{"|", "|"},
		{"a |", "a |"},
		{"not exists", "not exists"},
		{"a, b (c) = d > e", "a, b (c) = d > e"},
		{"K\xc3\xa4ufe", "K\xc3\xa4ufe"},
		{"*|a", "* | a"},
		{"* | A", "* | A"},
		{"*|*|\"an\"", "* | * | an"},
		{"\"* | a\"", "\"* | a\""},
		{"**", "**"},
		{"*", "*"},
		{" * ", "*"},
		{"\"*\"", "\"*\""},
		{"view|cart_2", "view | cart_2"},
		{" a | b |c ", "a | b | c"},
		{"\"a | b\"", "\"a | b\""},
		{"\"view\"", "view"},
		{"\" x\"", " x"},
		{"\"say \"\"hi\"\"\"", "\"say \"\"hi\"\"\""},
		{"\"a[1]\"", "\"a[1]\""},
		{"\"Order Completed\" | \"view\" | cart", "\"Order Completed\" | view | cart"},
		{"Product Viewed[category=\"shoes\",price>50]",
		 "Product Viewed[category = \"shoes\", price > 50]"},
		{"Product Viewed [ category <> \"a \"\"b\"\"\" ]",
		 "Product Viewed[category <> \"a \"\"b\"\"\"]"},
		{"* [price >= 1e2]", "*[price >= 100]"},
		{"*[a exists] | view[b not exists]", "*[a exists] | view[b not exists]"},
		{"a[b IN (1,2.50 , \"x\",TRUE,-0.5)]", "a[b in (1, 2.5, \"x\", true, -0.5)]"},
		{"a[b Not In (\"\")]", "a[b not in (\"\")]"},
		{"a[b like \"%\\%_\\\\\"]", "a[b like \"%\\%_\\\\\"]"},
		{"a[b contains \"]|[\"]", "a[b contains \"]|[\"]"},
		{"a[b != 1, b < 2, b <= 3, b = false]", "a[b <> 1, b < 2, b <= 3, b = false]"},
		{"a[\"in\" = 1, \"not\" exists, \"Page path\" = \"/\", products.sku-1 = \"s\"]",
		 "a[\"in\" = 1, \"not\" exists, \"Page path\" = \"/\", products.sku-1 = \"s\"]"},
		{"a[true = true, \"\xc3\xa4\" = 1]", "a[true = true, \"\xc3\xa4\" = 1]"},
		{"\"Pricing | Acme\"[x = 1]", "\"Pricing | Acme\"[x = 1]"},
		{"a[x = 9223372036854775807]", "a[x = 9223372036854775807]"},
	};
	CdpkStepProblem problem;
	CdpkStatus status;

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
	{
		char *printed = again(cases[i].text, &problem, &status);
		char *twice;

		if (printed == NULL || strcmp(printed, cases[i].printed) != 0)
			printf("# %s -> %s\n", cases[i].text, printed == NULL ? problem.words : printed);
		CHECK(printed != NULL && strcmp(printed, cases[i].printed) == 0);
		if (printed == NULL)
			continue;
		twice = again(printed, &problem, &status);
		CHECK(twice != NULL && strcmp(twice, printed) == 0);
		free(printed);
		free(twice);
	}
}

static void
problems_have_a_place(void)
{
	static const struct
	{
		const char *text;
		CdpkStatus status;
		size_t position;
	} cases[] = {
		{"", CDPK_EMPTY, 1},
		{"Product [old]", CDPK_INVALID, 13},
		{"Product [old", CDPK_INVALID, 13},
		{"a]", CDPK_INVALID, 2},
		{"5\" disk", CDPK_INVALID, 2},
		{"\"a", CDPK_INVALID, 1},
		{"\"\"", CDPK_INVALID, 1},
		{"\"\"[a = 1]", CDPK_INVALID, 1},
		{"[a = 1]", CDPK_INVALID, 1},
		{"a[]", CDPK_INVALID, 3},
		{"a[b]", CDPK_INVALID, 4},
		{"a[b = ]", CDPK_INVALID, 7},
		{"a[b = shoes]", CDPK_INVALID, 7},
		{"a[b == 1]", CDPK_INVALID, 6},
		{"a[b = 1", CDPK_INVALID, 2},
		{"a[b = 1]]", CDPK_INVALID, 9},
		{"a[b = 1 c = 2]", CDPK_INVALID, 9},
		{"a[b = 1] b", CDPK_INVALID, 10},
		{"a[b = 1] |", CDPK_INVALID, 11},
		{"a[in = 1]", CDPK_INVALID, 3},
		{"a[1 = 1]", CDPK_INVALID, 3},
		{"a[\"\" = 1]", CDPK_INVALID, 3},
		{"a[b not like \"x\"]", CDPK_INVALID, 5},
		{"a[b in 1]", CDPK_INVALID, 8},
		{"a[b in ()]", CDPK_INVALID, 9},
		{"a[b in (1, 2]", CDPK_INVALID, 13},
		{"a[b like 5]", CDPK_INVALID, 10},
		{"a[b like \"x\\\"]", CDPK_INVALID, 10},
		{"a[b contains true]", CDPK_INVALID, 14},
		{"a[b < true]", CDPK_INVALID, 7},
		{"a[b = 1e19]", CDPK_OUT_OF_RANGE, 7},
		{"a[b = 5x]", CDPK_INVALID, 7},
		{"a[b = 0.0000000000000000001]", CDPK_OUT_OF_RANGE, 7},
		{"Pricing | Acme[x = 1]", CDPK_INVALID, 1},
		{"view | Product Viewed[x = 1]", CDPK_INVALID, 8},
	};
	CdpkStepProblem problem;
	CdpkStatus status;

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
	{
		char *printed = again(cases[i].text, &problem, &status);

		if (status != cases[i].status || problem.position != cases[i].position)
			printf("# %s: %d at %zu\n", cases[i].text, status, problem.position);
		CHECK(status == cases[i].status && problem.position == cases[i].position);
		free(printed);
	}
	CHECK(again("a\xff", &problem, &status) == NULL && status == CDPK_BAD_ENCODING);
}

/* Any name, whatever its bytes, is read as itself after it is printed. */
static void
names_stay_names(void)
{
	static const char letters[] = "ab|*\"[] =A";
	uint64_t state = 5;

	for (int i = 0; i < 100000; i++)
	{
		char name[8];
		size_t length = 1 + unit_random(&state) % sizeof(name);
		CdpkStepProblem problem;
		uint8_t *bytes;
		uint8_t *parsed;
		size_t bytes_length;
		size_t parsed_length;
		char *text;
		char *quoted;

		for (size_t j = 0; j < length; j++)
			name[j] = letters[unit_random(&state) % (sizeof(letters) - 1)];
		CHECK(cdpk_step_of_name(name, length, &unit_allocator, 3, &bytes, &bytes_length,
								&problem) == CDPK_OK);
		CHECK(cdpk_step_print(bytes + 3, bytes_length, &unit_allocator, &text) == CDPK_OK);
		CHECK(cdpk_step_parse(text, strlen(text), &unit_allocator, 0, &parsed, &parsed_length,
							  &problem) == CDPK_OK);
		CHECK(parsed_length == bytes_length && memcmp(parsed, bytes + 3, bytes_length) == 0);
		free(parsed);
		CHECK(cdpk_step_print_name(name, length, true, &unit_allocator, &quoted) == CDPK_OK);
		CHECK(cdpk_step_parse(quoted, strlen(quoted), &unit_allocator, 0, &parsed, &parsed_length,
							  &problem) == CDPK_OK);
		CHECK(parsed_length == bytes_length && memcmp(parsed, bytes + 3, bytes_length) == 0);
		free(parsed);
		free(quoted);
		free(text);
		free(bytes);
	}
}

/* What is left of a stored form, or changed in it, is refused or is a stored form. */
static void
bytes_are_checked(void)
{
	static const char text[] = "a[b in (1.5, \"x\", true), c exists] | * | \"B\"[d like \"%\"]";
	CdpkStepProblem problem;
	CdpkStep step;
	uint8_t *bytes;
	size_t length;
	uint64_t state = 6;
	int taken = 0;

	CHECK(cdpk_step_parse(text, strlen(text), &unit_allocator, 0, &bytes, &length, &problem) ==
		  CDPK_OK);
	for (size_t i = 0; i < length; i++)
		/* each alternative ends, so that some prefixes are steps */
		if (cdpk_step_read(bytes, i, &unit_allocator, &step) == CDPK_OK)
		{
			cdpk_step_free(&unit_allocator, &step);
			taken++;
		}
	CHECK(taken == 2);
	for (int i = 0; i < 20000; i++)
	{
		size_t place = unit_random(&state) % length;
		uint8_t former = bytes[place];

		bytes[place] = (uint8_t) unit_random(&state);
		if (cdpk_step_read(bytes, length, &unit_allocator, &step) == CDPK_OK)
			cdpk_step_free(&unit_allocator, &step);
		bytes[place] = former;
	}
	bytes[0] = 2;
	CHECK(cdpk_step_read(bytes, length, &unit_allocator, &step) == CDPK_UNKNOWN_VERSION);
	CHECK(cdpk_step_read(bytes, 0, &unit_allocator, &step) == CDPK_CORRUPT);
	free(bytes);
}

/* Limits are errors. */
static void
limits_hold(void)
{
	char *text = malloc(CDPK_STEP_TEXT_MAX + 2);
	CdpkStepProblem problem;
	CdpkStatus status;
	char *printed;
	size_t length = 0;

	memset(text, 'a', CDPK_STEP_TEXT_MAX + 1);
	text[CDPK_STEP_TEXT_MAX + 1] = '\0';
	CHECK(again(text, &problem, &status) == NULL && status == CDPK_TOO_LONG);
	text[CDPK_STEP_TEXT_MAX] = '\0';
	CHECK(again(text, &problem, &status) == NULL && status == CDPK_TOO_LONG);
	/* version, tags, and three bytes for its length */
	text[CDPK_STEP_SIZE_MAX - 6] = '\0';
	printed = again(text, &problem, &status);
	CHECK(printed != NULL && strcmp(printed, text) == 0);
	free(printed);
	for (int i = 0; i < CDPK_STEP_ALTERNATIVES_MAX; i++)
		length += (size_t) sprintf(text + length, i == 0 ? "e%d" : "|e%d", i);
	printed = again(text, &problem, &status);
	CHECK(printed != NULL);
	free(printed);
	sprintf(text + length, "|x");
	CHECK(again(text, &problem, &status) == NULL && status == CDPK_TOO_LONG);
	length = (size_t) sprintf(text, "e[x in (0");
	for (int i = 1; i < CDPK_STEP_LITERALS_MAX; i++)
		length += (size_t) sprintf(text + length, ",%d", i);
	sprintf(text + length, ")]");
	printed = again(text, &problem, &status);
	CHECK(printed != NULL);
	free(printed);
	sprintf(text + length, ", 5)]");
	CHECK(again(text, &problem, &status) == NULL && status == CDPK_TOO_LONG);
	length = (size_t) sprintf(text, "e[x exists");
	for (int i = 1; i < CDPK_STEP_CONDITIONS_MAX; i++)
		length += (size_t) sprintf(text + length, ", x exists");
	sprintf(text + length, "]");
	printed = again(text, &problem, &status);
	CHECK(printed != NULL);
	free(printed);
	sprintf(text + length, ", y exists]");
	CHECK(again(text, &problem, &status) == NULL && status == CDPK_TOO_LONG);
	free(text);
}

int
main(void)
{
	TEST(texts_have_one_form);
	TEST(problems_have_a_place);
	TEST(names_stay_names);
	TEST(bytes_are_checked);
	TEST(limits_hold);
	UNIT_EXIT();
}
