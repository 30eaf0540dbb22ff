/* meaningless_test.c: the list, and the forms in which its words come */
#include "core/meaningless.h"
#include "unit.h"

static bool
value(const char *text)
{
	return cdpk_value_meaningless(text, strlen(text));
}

static bool
email(const char *text)
{
	return cdpk_email_meaningless(text, strlen(text));
}

static void
every_word_is_found(void)
{
	int count = 0;

	for (const CdpkMeaningless *word = cdpk_meaningless_words(); word->word != NULL; word++)
	{
		char text[64];

		count++;
		CHECK(value(word->word));
		CHECK(word[1].word == NULL || strcmp(word->word, word[1].word) < 0);
		snprintf(text, sizeof(text), " \"%s\"\n", word->word);
		CHECK(value(text));
		snprintf(text, sizeof(text), "%sx", word->word);
		CHECK(!value(text));
		CHECK(strcmp(word->word, "-1") == 0 ||
			  !cdpk_value_meaningless(word->word, strlen(word->word) - 1));
		snprintf(text, sizeof(text), "%s@example.com", word->word);
		CHECK(email(text) == word->in_email);
	}
	CHECK(count == 16);
}

static void
forms(void)
{
	CHECK(value("") && value("  ") && value("\xe2\x80\x8b") && value("''") && value("\" \""));
	CHECK(value("NULL") && value("Undefined") && value("[object Object]") && value("NaN"));
	CHECK(value(" null") && value("'null'") && value("\"Null\"") && value("' null '"));
	CHECK(value("0") && value("000") && value("-") && value("--") && value("'0'"));
	CHECK(value("00000000-0000-0000-0000-000000000000"));
	CHECK(value("-1") && value("'-1'"));
}

static void
meaningful(void)
{
	CHECK(!value("1") && !value("-2") && !value("10") && !value("a"));
	CHECK(!value("00000000-0000-0000-0000-000000000001"));
	CHECK(!value("'null") && !value("null'") && !value("'null\"") && !value("\"'null'\"") &&
		  !value("'"));
	CHECK(!value("nullable") && !value("guest7") && !value("n\xc3\xbcll"));
	CHECK(!value("not_authenticated_at_all_but_long"));
}

static void
emails(void)
{
	CHECK(email("unknown@example.com") && email("null@example.com") && email("0@example.com"));
	CHECK(email("\"null\"@example.com") && email("-1@example.com"));
	CHECK(!email("ann@example.com") && !email("id@example.com") && !email("ann@null"));
}

int
main(void)
{
	TEST(every_word_is_found);
	TEST(forms);
	TEST(meaningful);
	TEST(emails);
	UNIT_EXIT();
}
