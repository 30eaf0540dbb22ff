/* ecma_regex_test.c: patterns are rewritten, or refused where they are wrong */
#include "core/schema/ecma_regex.h"
#include "unit.h"

#define DOT "[^\\u000a\\u000d\\u2028-\\u2029]"
#define SPACE \
	"\\u0009-\\u000d\\u0020\\u00a0\\u1680\\u2000-\\u200a\\u2028-\\u2029\\u202f\\u205f\\u3000\\ufeff"

static CdpkStatus
rewrite(const char *pattern, char *result, size_t room, size_t *position)
{
	const char *problem = NULL;
	size_t length = 0;
	size_t checked;
	CdpkStatus status =
		cdpk_ecma_regex(pattern, strlen(pattern), result, room - 1, &length, &problem, position);

	CHECK((status == CDPK_OK) == (problem == NULL));
	CHECK(*position >= 1 && *position <= strlen(pattern) + 1);
	/* without a result the answer is the same, but for the room */
	if (status != CDPK_TOO_LONG)
		CHECK(cdpk_ecma_regex(pattern, strlen(pattern), NULL, 0, &checked, &problem, position) ==
			  status);
	result[length] = '\0';
	return status;
}

static void
rewritten(void)
{
	static const struct
	{
		const char *pattern;
		const char *result;
	} cases[] = {
		{"", ""},
		{"^abc$", "^abc$"},
		{"a.b", "a" DOT "b"},
		{"\\d\\D", "[0-9][\\u0001-\\/\\:-\\U0010ffff]"},
		{"\\w+", "[0-9A-Z_a-z]+"},
		{"\\s", "[" SPACE "]"},
		{"[^\\s]", "[^" SPACE "]"},
		{"[a-c\\d-]", "[\\-0-9a-c]"},
		{"[\\w-.]", "[\\--\\.0-9A-Z_a-z]"},
		{"[c-za-d]", "[a-z]"},
		{"[\\b]", "[\\u0008]"},
		{"[]", "(?!)"},
		{"[^]", "."},
		{"[\\d\\D]", "."},
		{"[^\\0]", "."},
		{"(a|b)c(?:d)(?<name>e)", "(?:a|b)c(?:d)(?:e)"},
		{"(?=a)(?!b)(?<=c)(?<!d)", "(?=a)(?!b)(?<=c)(?<!d)"},
		{"a*?b+?c??d{2}?e{2,}f{0,3}", "a*b+c{0,1}d{2,2}e{2,}f{0,3}"},
		{"a{", "a\\{"},
		{"a{,3}", "a\\{\\,3\\}"},
		{"]}", "\\]\\}"},
		{"\\bx\\B", "\\yx\\Y"},
		{"\\t\\n\\v\\f\\r\\cJ\\x41\\u0042\\u{1F600}",
		 "\\u0009\\u000a\\u000b\\u000c\\u000d\\u000aAB\\U0001f600"},
		{"\\ud83d\\ude00\\ud83d", "\\U0001f600\\ud83d"},
		{"\xc3\xa9\\/\\-\\.", "\\u00e9\\/\\-\\."},
		{"a{300}", "(?:(?:a{255}){1}a{45})"},
		{"(ab){2,600}", "(?:(?:ab){2}(?:(?:ab){0,255}){2}(?:ab){0,88})"},
		{"[x]{256,}", "(?:(?:[x]{255}){1}[x]{1}[x]*)"},
		{"((a{300}){300})",
		 "(?:(?:(?:(?:(?:(?:a{255}){1}a{45})){255}){1}(?:(?:(?:a{255}){1}a{45})){45}))"},
	};
	char result[1000];
	size_t position;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		CHECK(rewrite(cases[i].pattern, result, sizeof(result), &position) == CDPK_OK);
		if (strcmp(result, cases[i].result) != 0)
		{
			printf("# %s: %s\n", cases[i].pattern, result);
			unit_failures++;
		}
	}
}

static void
refused(void)
{
	static const struct
	{
		const char *pattern;
		CdpkStatus status;
	} cases[] = {
		{"(", CDPK_INVALID},
		{")", CDPK_INVALID},
		{"a)(", CDPK_INVALID},
		{"[a", CDPK_INVALID},
		{"[b-a]", CDPK_INVALID},
		{"*", CDPK_INVALID},
		{"a**", CDPK_INVALID},
		{"a+*", CDPK_INVALID},
		{"^*", CDPK_INVALID},
		{"(|*)", CDPK_INVALID},
		{"(?=a)*", CDPK_INVALID},
		{"\\b+", CDPK_INVALID},
		{"a{3,2}", CDPK_INVALID},
		{"\\", CDPK_INVALID},
		{"[\\", CDPK_INVALID},
		{"\\a", CDPK_INVALID},
		{"\\Z", CDPK_INVALID},
		{"\\x4", CDPK_INVALID},
		{"\\u12", CDPK_INVALID},
		{"\\u{110000}", CDPK_INVALID},
		{"\\u{}", CDPK_INVALID},
		{"\\u{1", CDPK_INVALID},
		{"\\c1", CDPK_INVALID},
		{"(?i)a", CDPK_INVALID},
		{"(?<>a)", CDPK_INVALID},
		{"(?<a", CDPK_INVALID},
		{"(?#x)", CDPK_INVALID},
		{"\\1", CDPK_UNSUPPORTED},
		{"\\k<a>", CDPK_UNSUPPORTED},
		{"\\p{L}", CDPK_UNSUPPORTED},
		{"[\\P{L}]", CDPK_UNSUPPORTED},
		{"a{65001}", CDPK_TOO_LONG},
		{"a{99999999999999999999}", CDPK_TOO_LONG},
		{"\xff", CDPK_BAD_ENCODING},
	};
	char result[1000];
	char deep[3 * CDPK_REGEX_DEPTH_MAX];
	size_t position;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (rewrite(cases[i].pattern, result, sizeof(result), &position) != cases[i].status)
		{
			printf("# %s\n", cases[i].pattern);
			unit_failures++;
		}
	memset(deep, '(', sizeof(deep));
	memset(deep + CDPK_REGEX_DEPTH_MAX, ')', CDPK_REGEX_DEPTH_MAX);
	deep[2 * CDPK_REGEX_DEPTH_MAX] = '\0';
	CHECK(rewrite(deep, result, sizeof(result), &position) == CDPK_OK);
	memset(deep, '(', CDPK_REGEX_DEPTH_MAX + 1);
	CHECK(rewrite(deep, result, sizeof(result), &position) == CDPK_TOO_LONG);
}

/* whatever the room is, no byte is written beyond it */
static void
little_room(void)
{
	static const char pattern[] = "^(?:a{300}|[\\w\\s]{256,700}|\\u{1F600})*$";
	size_t whole = 0;

	for (size_t room = 0; whole == 0; room++)
	{
		char *result = malloc(room ? room : 1);
		const char *problem;
		size_t position;
		size_t length;
		CdpkStatus status =
			cdpk_ecma_regex(pattern, strlen(pattern), result, room, &length, &problem, &position);

		CHECK(length <= room && (status == CDPK_OK || status == CDPK_TOO_LONG));
		if (status == CDPK_OK)
			whole = length;
		free(result);
	}
	CHECK(whole > 100);
}

int
main(void)
{
	unit_use_all();
	TEST(rewritten);
	TEST(refused);
	TEST(little_room);
	UNIT_EXIT();
}
