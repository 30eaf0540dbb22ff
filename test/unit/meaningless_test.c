/* meaningless_test.c: the list, and the forms in which its words come */
#include "core/identifier/meaningless.h"
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
		char text[128];

		count++;
		CHECK(value(word->word));
		CHECK(word[1].word == NULL || strcmp(word->word, word[1].word) < 0);
		snprintf(text, sizeof(text), " \"%s\"\n", word->word);
		CHECK(value(text));
		snprintf(text, sizeof(text), "%sx", word->word);
		CHECK(!value(text));
		snprintf(text, sizeof(text), "(%s)", word->word);
		CHECK(value(text));
		snprintf(text, sizeof(text), "%s@example.com", word->word);
		CHECK(email(text) == word->in_email);
	}
	CHECK(count == 54);
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
	CHECK(value("(null)") && value("( NULL )") && value("\"(nil)\"") && value("`null`"));
	CHECK(value("\\N") && value("N/A") && value("#N/A") && value("NA") && value("n.a."));
	CHECK(value("?") && value("..") && value("[]") && value("{ }") && value("()") && value("'"));
	CHECK(value("0.0") && value("0.0.0.0") && value("00:00:00:00:00:00") && value("0000-00-00"));
	CHECK(value("E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855"));
}

/* What should have been replaced by a value. */
static void
placeholders(void)
{
	CHECK(value("{{user_id}}") && value("{{ user.id | default: '7' }}") && value("{{}}"));
	CHECK(value("user-{{id}}") && value("{{a}}-7") && value("\"{{id}}\"") && value("{{{id}}}"));
	CHECK(value("${userId}") && value("u-${id}-7") && value("#{id}") && value("%{id}"));
	CHECK(value("$(USER_ID)") && value("<%= user.id %>") && value("{% raw 7 %}"));
	CHECK(value("%%USER_ID%%") && value("*|UNIQID|*") && value("{!User.Id}"));
	CHECK(value("[object Object]") && value("[Object Promise]") && value("[OBJECT Array 7]"));
	CHECK(value("<user_id>") && value("{User-Id}") && value("[USER ID]") && value("%user.id%"));
	CHECK(value("<NA>") && value("<nil>") && value("[null]") && value("{_}"));
	CHECK(email("{{email}}@example.com") && email("${user}@example.com"));
	CHECK(email("%%mail%%@example.com") && email("{user}@example.com"));
}

static void
meaningful(void)
{
	CHECK(!value("1") && !value("-2") && !value("10") && !value("a"));
	CHECK(!value("00000000-0000-0000-0000-000000000001"));
	CHECK(!value("'null") && !value("null'") && !value("'null\"") && !value("\"'null'\""));
	CHECK(!value("nullable") && !value("guest7") && !value("n\xc3\xbcll"));
	CHECK(!value("not_authenticated_at_all_but_long"));
	CHECK(!value("nilsson") && !value("nad") && !value("n/a/7") && !value("(u-7)"));
	CHECK(!value("{6d92078a-8246-4ba4-ae5b-76104861e7dc}") && !value("[u7]") && !value("<a7>"));
	CHECK(!value("{u") && !value("u}") && !value("{{u-7}") && !value("}}u{{"));
	CHECK(!value("$u") && !value("$u{7}") && !value("}${u") && !value("100%") && !value("%u"));
	CHECK(!value("{-a}") && !value("[a|b]") && !value("\xe2\x99\xa5") &&
		  !value("{\"a\":{\"b\":1}}"));
	CHECK(!value("$2y$10$abc/DEF.") && !value("7{!") && !value("[object x") && !value("<%7"));
}

static void
emails(void)
{
	CHECK(email("unknown@example.com") && email("null@example.com") && email("0@example.com"));
	CHECK(email("\"null\"@example.com") && email("-1@example.com"));
	CHECK(email("n/a@example.com") && email("user_id@example.com"));
	CHECK(!email("nil@example.com") && !email("na@example.com") && !email("_@example.com"));
	CHECK(!email("ann@example.com") && !email("id@example.com") && !email("ann@null"));
}

int
main(void)
{
	TEST(every_word_is_found);
	TEST(forms);
	TEST(placeholders);
	TEST(meaningful);
	TEST(emails);
	UNIT_EXIT();
}
