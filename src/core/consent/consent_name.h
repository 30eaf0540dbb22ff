/*
 * consent_name.h
 *		Where consent signals stand in what libraries and consent tools send: the names of members, and what their
 *		values say.
 */
#ifndef CDPK_CONSENT_NAME_H
#define CDPK_CONSENT_NAME_H

#include "core/base/cdpk.h"

/* What a member of a context is by its name. */
typedef enum CdpkConsentMember
{
	CDPK_MEMBER_OTHER,
	CDPK_MEMBER_INSIDE,     /* an object with members to be looked at */
	CDPK_MEMBER_CATEGORIES, /* an object of category to true or false */
	CDPK_MEMBER_ALLOWED,    /* an array of categories */
	CDPK_MEMBER_DENIED,
	CDPK_MEMBER_TCF, /* strings */
	CDPK_MEMBER_GPP,
	CDPK_MEMBER_US_PRIVACY,
	CDPK_MEMBER_GPC,
	CDPK_MEMBER_GOOGLE /* granted or denied; *key is the name that Google has for it */
} CdpkConsentMember;

/* how deep members stand in others at most: context, request, headers, sec-gpc */
#define CDPK_MEMBER_DEPTH 4

/*
 * Tell what a member is, whatever the case of its name, the dashes and underscores in it: tcString is tc_string.
 * Strings and the Global Privacy Control may also stand inside of an object of their name.
 */
extern CdpkConsentMember cdpk_consent_member(const char *name, size_t length, const char **key);

/* Tell whether a name has a word that begins with "consent": the properties of such an event are looked at, too. */
extern bool cdpk_is_consent_event(const char *name, size_t length);

/* A value of JSON that is no object or array. */
typedef enum CdpkConsentForm
{
	CDPK_FORM_NULL,
	CDPK_FORM_FALSE,
	CDPK_FORM_TRUE,
	CDPK_FORM_TEXT, /* of a number its digits */
	CDPK_FORM_OTHER /* an object, an array */
} CdpkConsentForm;

typedef struct CdpkConsentValue
{
	CdpkConsentForm form;
	const char *text;
	size_t length;
} CdpkConsentValue;

typedef enum CdpkSignalAnswer
{
	CDPK_SAYS_NONE,
	CDPK_SAYS_YES,
	CDPK_SAYS_NO,
	CDPK_SAYS_INVALID
} CdpkSignalAnswer;

/* Tell what a value says: of a category true or false, of Google's granted or denied, of the privacy control true. */
extern CdpkSignalAnswer cdpk_category_answer(const CdpkConsentValue *value);
extern CdpkSignalAnswer cdpk_google_answer(const CdpkConsentValue *value);
extern CdpkSignalAnswer cdpk_gpc_answer(const CdpkConsentValue *value);

/* Return Google's name at a place, from 0; NULL after the last. */
extern const char *cdpk_google_name_at(size_t place);

#endif /* CDPK_CONSENT_NAME_H */
