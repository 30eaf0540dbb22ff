/*
 * meaningless.c
 *		Values that stand where an identifier should be and mean nothing.
 */
#include "core/identifier/meaningless.h"

#include <string.h>

#include "core/identifier/email.h"
#include "core/text/utf8.h"

/*
 * What programs send in place of an id: words that event collectors have met, names of the
 * field itself (a header line read as data), the errors of spreadsheets, and the MD5, SHA-1 and
 * SHA-256 of the empty string. Sorted by bytes. In the local part of an e-mail address only
 * words that cannot be a name count: id@, nil@ and true@ may be initials or a name.
 */
static const CdpkMeaningless words[] = {
	{"#div/0!", true},
	{"#n/a", true},
	{"#name?", true},
	{"#null!", true},
	{"#num!", true},
	{"#ref!", true},
	{"#value!", true},
	{"-1", true},
	{"\\n", false},
	{"anonymous", true},
	{"anonymous user", true},
	{"anonymous_id", true},
	{"anonymous_user", true},
	{"anonymousid", false},
	{"blank", false},
	{"customer_id", true},
	{"customerid", false},
	{"d41d8cd98f00b204e9800998ecf8427e", false},
	{"da39a3ee5e6b4b0d3255bfef95601890afd80709", false},
	{"device_id", true},
	{"deviceid", false},
	{"distinct_id", false},
	{"distinctid", false},
	{"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", false},
	{"email", false},
	{"empty", false},
	{"false", false},
	{"guest", true},
	{"guest_user", true},
	{"id", false},
	{"missing", false},
	{"n.a.", false},
	{"n/a", true},
	{"na", false},
	{"nan", true},
	{"nil", false},
	{"none", true},
	{"not available", true},
	{"not provided", true},
	{"not set", true},
	{"not_authenticated", true},
	{"not_available", true},
	{"not_provided", true},
	{"not_set", true},
	{"notset", false},
	{"null", true},
	{"true", false},
	{"undefined", true},
	{"unknown", true},
	{"unknown user", true},
	{"unknown_user", true},
	{"unset", false},
	{"user_id", true},
	{"userid", false},
	{NULL, false},
};

#define WORD_COUNT (sizeof(words) / sizeof(words[0]) - 1)
#define WORD_MAX 64 /* the longest one's bytes */

/* Delimiters of placeholders of template engines, ad servers and shells that were not filled in. */
typedef struct Template
{
	const char *open;
	const char *close;
	bool anywhere; /* also as a part of the value */
} Template;

static const Template templates[] = {
	{"{{", "}}", true},  {"${", "}", true},   {"#{", "}", false},       {"%{", "}", false},
	{"{!", "}", false},  {"$(", ")", false},  {"<%", "%>", false},      {"{%", "%}", false},
	{"%%", "%%", false}, {"*|", "|*", false}, {"[object ", "]", false},
};

#define TEMPLATE_COUNT (sizeof(templates) / sizeof(templates[0]))

/*
 * The rules of the code below, is_zeros(), says_nothing() and is_name_in_brackets() included,
 * as regular expressions.
 */
static const CdpkMeaningless patterns[] = {
	{"[0-]*", true},
	{"[ -/0:-@[-`{-~]*", false},
	{"(.*\\{\\{.*\\}\\}.*|.*\\$\\{.*\\}.*|#\\{.*\\}|%\\{.*\\}|\\{!.*\\}|\\$\\(.*\\)|<%.*%>|"
	 "\\{%.*%\\}|%%.*%%|\\*\\|.*\\|\\*|\\[object .*\\])",
	 true},
	{"(\\{[a-z_][a-z_. -]*\\}|<[a-z_][a-z_. -]*>|\\[[a-z_][a-z_. -]*\\]|%[a-z_][a-z_. -]*%)", true},
	{NULL, false},
};

const CdpkMeaningless *
cdpk_meaningless_words(void)
{
	return words;
}

const CdpkMeaningless *
cdpk_meaningless_patterns(void)
{
	return patterns;
}

/* Look up a trimmed value in any case; NULL if it is not a word of the list. */
static const CdpkMeaningless *
find_word(const char *value, size_t length)
{
	char folded[WORD_MAX + 1];
	size_t low = 0;
	size_t high = WORD_COUNT;

	if (length > WORD_MAX)
		return NULL;
	for (size_t i = 0; i < length; i++)
		folded[i] = cdpk_ascii_lower(value[i]);
	folded[length] = '\0';
	while (low < high)
	{
		size_t middle = (low + high) / 2;
		int order = strcmp(folded, words[middle].word);

		if (order == 0)
			return &words[middle];
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

/* Return whether a value is empty, or only zeros and dashes, such as the nil UUID. */
static bool
is_zeros(const char *value, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (value[i] != '0' && value[i] != '-')
			return false;
	return true;
}

/* Find values without a letter and without a digit but 0: "?", "[]", "0.0.0.0". */
static bool
says_nothing(const char *value, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (value[i] < ' ' || value[i] > '~' || cdpk_is_ascii_letter(value[i]) ||
			(value[i] >= '1' && value[i] <= '9'))
			return false;
	return true;
}

/* Find a text in a value; NULL if it is not in it. */
static const char *
find(const char *value, const char *end, const char *text)
{
	size_t length = strlen(text);

	for (; (size_t) (end - value) >= length; value++)
		if (memcmp(value, text, length) == 0)
			return value;
	return NULL;
}

/* Return whether a value starts with a text, whatever its case. */
static bool
starts(const char *value, const char *text)
{
	for (; *text != '\0'; text++, value++)
		if (cdpk_ascii_lower(*value) != *text)
			return false;
	return true;
}

/* Find a placeholder that was not filled in: one of those that begin the value, or close with a brace. */
static bool
is_template(const char *value, size_t length)
{
	const char *end = value + length;
	bool begins = length > 0 && !cdpk_is_ascii_letter(value[0]) && !cdpk_is_ascii_digit(value[0]);
	bool closes = length > 0 && memchr(value, '}', length) != NULL;

	for (size_t i = 0; (begins || closes) && i < TEMPLATE_COUNT; i++)
	{
		size_t open = strlen(templates[i].open);
		size_t close = strlen(templates[i].close);

		if (length < open + close)
			continue;
		if (templates[i].anywhere)
		{
			const char *at = find(value, end, templates[i].open);

			if (at != NULL && find(at + open, end, templates[i].close) != NULL)
				return true;
		}
		else if (starts(value, templates[i].open) &&
				 memcmp(end - close, templates[i].close, close) == 0)
			return true;
	}
	return false;
}

/*
 * Find {user_id}, <User Id>, [USER-ID] and %USER.ID%.  A name
 * has no digit: [u7] may be a list of one id, and {6d92…} is a UUID.
 */
static bool
is_name_in_brackets(const char *value, size_t length)
{
	static const char *const brackets[] = {"{}", "<>", "[]", "%%"};
	size_t i = 0;

	if (length < 3)
		return false;
	while (i < 4 && (value[0] != brackets[i][0] || value[length - 1] != brackets[i][1]))
		i++;
	if (i == 4 || !(cdpk_is_ascii_letter(value[1]) || value[1] == '_'))
		return false;
	for (size_t at = 2; at < length - 1; at++)
		if (!cdpk_is_ascii_letter(value[at]) &&
			(value[at] == '\0' || strchr("_. -", value[at]) == NULL))
			return false;
	return true;
}

static bool
is_unfilled(const char *value, size_t length)
{
	return is_template(value, length) || is_name_in_brackets(value, length);
}

/* Take one pair of quotes off, then one of parentheses, and the blanks inside them. */
static void
unwrap(const char **value, size_t *length)
{
	static const char *const pairs[] = {"''", "\"\"", "``", "()"};
	bool quoted = false;

	for (size_t i = 0; i < 4; i++)
		if (*length >= 2 && (*value)[0] == pairs[i][0] && (*value)[*length - 1] == pairs[i][1] &&
			!(quoted && pairs[i][0] == pairs[i][1]))
		{
			quoted = true;
			(*value)++;
			*length -= 2;
			cdpk_trim(value, length);
		}
}

/* Trim and unwrap the value, then look for blanks, words and placeholders. */
bool
cdpk_value_meaningless(const char *value, size_t length)
{
	cdpk_trim(&value, &length);
	unwrap(&value, &length);
	return says_nothing(value, length) || find_word(value, length) != NULL ||
		   is_unfilled(value, length);
}

/* Check the local part, by the shorter list. */
bool
cdpk_email_meaningless(const char *email, size_t length)
{
	const CdpkMeaningless *word;

	length = cdpk_email_local_length(email, length);
	unwrap(&email, &length);
	if (is_zeros(email, length) || is_unfilled(email, length))
		return true;
	word = find_word(email, length);
	return word != NULL && word->in_email;
}
