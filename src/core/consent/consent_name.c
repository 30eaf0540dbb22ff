/*
 * consent_name.c
 *		Where consent signals stand in what libraries and consent tools send.
 */
#include "core/consent/consent_name.h"

#include <string.h>

#include "core/text/utf8.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

typedef struct MemberName
{
	const char *name; /* letters and digits, in lower case */
	CdpkConsentMember member;
	const char *key; /* of Google's: its own name for it */
} MemberName;

/* the only list of them */
static const MemberName names[] = {
	{"consent", CDPK_MEMBER_INSIDE, NULL},
	{"consents", CDPK_MEMBER_INSIDE, NULL},
	{"consentmanagement", CDPK_MEMBER_INSIDE, NULL}, /* RudderStack's */
	{"consentmode", CDPK_MEMBER_INSIDE, NULL},
	{"googleconsent", CDPK_MEMBER_INSIDE, NULL},
	{"googleconsentmode", CDPK_MEMBER_INSIDE, NULL},
	{"update", CDPK_MEMBER_INSIDE, NULL}, /* of gtag; its "default" is no answer of a person */
	{"privacy", CDPK_MEMBER_INSIDE, NULL},
	{"integrations", CDPK_MEMBER_INSIDE,
	 NULL}, /* RudderStack has consents of Google's in GA4 there */
	{"ga4", CDPK_MEMBER_INSIDE, NULL},
	{"tcdata", CDPK_MEMBER_INSIDE, NULL},
	{"gppdata", CDPK_MEMBER_INSIDE, NULL},
	{"request", CDPK_MEMBER_INSIDE, NULL},
	{"headers", CDPK_MEMBER_INSIDE, NULL},
	{"requestheaders", CDPK_MEMBER_INSIDE, NULL},
	{"categorypreferences", CDPK_MEMBER_CATEGORIES, NULL}, /* Segment's */
	{"allowedconsentids", CDPK_MEMBER_ALLOWED, NULL},
	{"deniedconsentids", CDPK_MEMBER_DENIED, NULL},
	{"tcf", CDPK_MEMBER_TCF, NULL},
	{"tcstring", CDPK_MEMBER_TCF, NULL},
	{"tcfstring", CDPK_MEMBER_TCF, NULL},
	{"tcfconsentstring", CDPK_MEMBER_TCF, NULL},
	{"gdprconsent", CDPK_MEMBER_TCF, NULL},
	{"gdprconsentstring", CDPK_MEMBER_TCF, NULL},
	{"iabtcftcstring", CDPK_MEMBER_TCF, NULL},
	{"euconsentv2", CDPK_MEMBER_TCF, NULL},
	{"gpp", CDPK_MEMBER_GPP, NULL},
	{"gppstring", CDPK_MEMBER_GPP, NULL},
	{"gppconsent", CDPK_MEMBER_GPP, NULL},
	{"iabgpphdrgppstring", CDPK_MEMBER_GPP, NULL},
	{"usprivacy", CDPK_MEMBER_US_PRIVACY, NULL},
	{"usprivacystring", CDPK_MEMBER_US_PRIVACY, NULL},
	{"uspstring", CDPK_MEMBER_US_PRIVACY, NULL},
	{"iabusprivacystring", CDPK_MEMBER_US_PRIVACY, NULL},
	{"gpc", CDPK_MEMBER_GPC, NULL},
	{"secgpc", CDPK_MEMBER_GPC, NULL},
	{"globalprivacycontrol", CDPK_MEMBER_GPC, NULL},
	{"adstorage", CDPK_MEMBER_GOOGLE, "ad_storage"},
	{"aduserdata", CDPK_MEMBER_GOOGLE, "ad_user_data"},
	{"adpersonalization", CDPK_MEMBER_GOOGLE, "ad_personalization"},
	{"analyticsstorage", CDPK_MEMBER_GOOGLE, "analytics_storage"},
	{"functionalitystorage", CDPK_MEMBER_GOOGLE, "functionality_storage"},
	{"personalizationstorage", CDPK_MEMBER_GOOGLE, "personalization_storage"},
	{"securitystorage", CDPK_MEMBER_GOOGLE, "security_storage"}};

/* the longest of them, and names that are longer with their dashes */
#define NAME_MAX 64

/* Tell whether a text is a word in lower case, but for dashes and underscores. */
static bool
is_name(const char *text, size_t length, const char *name)
{
	for (size_t i = 0; i < length; i++)
	{
		if (text[i] == '-' || text[i] == '_')
			continue;
		if (*name == '\0' || cdpk_ascii_lower(text[i]) != *name)
			return false;
		name++;
	}
	return *name == '\0';
}

CdpkConsentMember
cdpk_consent_member(const char *name, size_t length, const char **key)
{
	size_t first = 0;

	while (first < length && (name[first] == '-' || name[first] == '_'))
		first++;
	if (first == length || length > NAME_MAX)
		return CDPK_MEMBER_OTHER;
	for (size_t i = 0; i < COUNT(names); i++)
		if (names[i].name[0] == cdpk_ascii_lower(name[first]) &&
			is_name(name + first, length - first, names[i].name))
		{
			*key = names[i].key;
			return names[i].member;
		}
	return CDPK_MEMBER_OTHER;
}

const char *
cdpk_google_name_at(size_t place)
{
	for (size_t i = 0; i < COUNT(names); i++)
		if (names[i].key != NULL && place-- == 0)
			return names[i].key;
	return NULL;
}

/* Tell whether a text is a word in lower case, whatever its own case. */
static bool
is_word(const char *text, size_t length, const char *word)
{
	for (size_t i = 0; i < length; i++)
		if (word[i] == '\0' || cdpk_ascii_lower(text[i]) != word[i])
			return false;
	return word[length] == '\0';
}

bool
cdpk_is_consent_event(const char *name, size_t length)
{
	static const char word[] = "consent";
	size_t word_length = sizeof(word) - 1;

	for (size_t i = 0; i + word_length <= length; i++)
		if (is_word(name + i, word_length, word) && (i == 0 || !cdpk_is_ascii_letter(name[i - 1]) ||
													 /* cookieConsentGiven */
													 (name[i] == 'C' && name[i - 1] >= 'a')))
			return true;
	return false;
}

/* A word that says something. */
typedef struct Word
{
	const char *word;
	CdpkSignalAnswer answer;
} Word;

/* Tell what a value says by what true and false say, and a list of words that ends with NULL. */
static CdpkSignalAnswer
find_answer(const CdpkConsentValue *value, CdpkSignalAnswer on, CdpkSignalAnswer off,
			const Word *words)
{
	switch (value->form)
	{
		case CDPK_FORM_NULL:
			return CDPK_SAYS_NONE;
		case CDPK_FORM_TRUE:
			return on;
		case CDPK_FORM_FALSE:
			return off;
		case CDPK_FORM_TEXT:
			for (; words->word != NULL; words++)
				if (is_word(value->text, value->length, words->word))
					return words->answer;
			return CDPK_SAYS_INVALID;
		default:
			return CDPK_SAYS_INVALID;
	}
}

CdpkSignalAnswer
cdpk_category_answer(const CdpkConsentValue *value)
{
	static const Word words[] = {
		{"true", CDPK_SAYS_YES}, {"false", CDPK_SAYS_NO}, {NULL, CDPK_SAYS_NONE}};

	return find_answer(value, CDPK_SAYS_YES, CDPK_SAYS_NO, words);
}

CdpkSignalAnswer
cdpk_google_answer(const CdpkConsentValue *value)
{
	static const Word words[] = {{"granted", CDPK_SAYS_YES},
								 {"denied", CDPK_SAYS_NO},
								 {"", CDPK_SAYS_NONE},
								 {"unset", CDPK_SAYS_NONE},
								 {"unspecified", CDPK_SAYS_NONE},
								 {"consent_granted", CDPK_SAYS_YES}, /* of the upload APIs */
								 {"consent_denied", CDPK_SAYS_NO},
								 {"consent_status_unspecified", CDPK_SAYS_NONE},
								 {NULL, CDPK_SAYS_NONE}};

	return find_answer(value, CDPK_SAYS_YES, CDPK_SAYS_NO, words);
}

/* That it is off is no yes. */
CdpkSignalAnswer
cdpk_gpc_answer(const CdpkConsentValue *value)
{
	static const Word words[] = {{"1", CDPK_SAYS_NO},   {"true", CDPK_SAYS_NO},
								 {"0", CDPK_SAYS_NONE}, {"false", CDPK_SAYS_NONE},
								 {"", CDPK_SAYS_NONE},  {NULL, CDPK_SAYS_NONE}};

	return find_answer(value, CDPK_SAYS_NO, CDPK_SAYS_NONE, words);
}
