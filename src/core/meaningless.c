/*
 * meaningless.c
 *		Values that stand where an identifier should be and mean nothing.
 */
#include "core/meaningless.h"

#include <string.h>

#include "core/email.h"
#include "core/utf8.h"

/*
 * What programs send instead of an id, as event collectors have met it.  Sorted
 * by bytes.  As the local part of an e-mail only those words count that nobody
 * is called by: id@ and true@ may be somebody's initials or name.
 */
static const CdpkMeaningless words[] = {
	{"-1", true},          {"[object object]", false},
	{"anonymous", true},   {"distinct_id", false},
	{"distinctid", false}, {"email", false},
	{"false", false},      {"guest", true},
	{"id", false},         {"nan", true},
	{"none", true},        {"not_authenticated", true},
	{"null", true},        {"true", false},
	{"undefined", true},   {"unknown", true},
	{NULL, false},
};

#define WORD_COUNT (sizeof(words) / sizeof(words[0]) - 1)
#define WORD_MAX 17 /* the longest one's bytes */

/* cdpk_meaningless_words gives the list to whoever wants to show it. */
const CdpkMeaningless *
cdpk_meaningless_words(void)
{
	return words;
}

/* find_word looks up a trimmed value, whatever its case; NULL where it is no such word. */
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

/* is_zeros matches CDPK_MEANINGLESS_PATTERN, the UUID of zeros among others; nothing at all matches too. */
static bool
is_zeros(const char *value, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (value[i] != '0' && value[i] != '-')
			return false;
	return true;
}

/* unquote takes one pair of quotes off, and the blanks inside them. */
static void
unquote(const char **value, size_t *length)
{
	if (*length >= 2 && ((*value)[0] == '\'' || (*value)[0] == '"') &&
		(*value)[*length - 1] == (*value)[0])
	{
		(*value)++;
		*length -= 2;
		cdpk_trim(value, length);
	}
}

/* cdpk_value_meaningless: the order of the steps is that of what they see of the value. */
bool
cdpk_value_meaningless(const char *value, size_t length)
{
	cdpk_trim(&value, &length);
	unquote(&value, &length);
	return is_zeros(value, length) || find_word(value, length) != NULL;
}

/* cdpk_email_meaningless judges the local part, by the shorter list. */
bool
cdpk_email_meaningless(const char *email, size_t length)
{
	const CdpkMeaningless *word;

	length = cdpk_email_local_length(email, length);
	unquote(&email, &length);
	if (is_zeros(email, length))
		return true;
	word = find_word(email, length);
	return word != NULL && word->in_email;
}
