/*
 * personal.h
 *		What looks like personal data: by what a value is, and by what its key says.
 *
 * A value of which the form alone says little (sixteen digits) is a hit only if its check digits are right.  Chance
 * makes some right: one in ten of a card number's.  So a caller that has many values of one key also counts those that
 * only have the form, and believes hits where they are not the fewer.
 */
#ifndef CDPK_PERSONAL_H
#define CDPK_PERSONAL_H

#include "core/base/cdpk.h"

typedef enum CdpkPersonal
{
	/* found in values, too */
	CDPK_PERSONAL_EMAIL,
	CDPK_PERSONAL_PHONE,
	CDPK_PERSONAL_CARD,
	CDPK_PERSONAL_IBAN,
	CDPK_PERSONAL_NATIONAL_ID,
	CDPK_PERSONAL_IP_ADDRESS,
	CDPK_PERSONAL_BIRTH_DATE,
	/* found by keys alone */
	CDPK_PERSONAL_NAME,
	CDPK_PERSONAL_FIRST_NAME,
	CDPK_PERSONAL_LAST_NAME,
	CDPK_PERSONAL_USERNAME,
	CDPK_PERSONAL_PASSWORD,
	CDPK_PERSONAL_CREDENTIALS,
	CDPK_PERSONAL_ADDRESS,
	CDPK_PERSONAL_STREET,
	CDPK_PERSONAL_CITY,
	CDPK_PERSONAL_STATE,
	CDPK_PERSONAL_POSTAL_CODE,
	CDPK_PERSONAL_COUNTRY,
	CDPK_PERSONAL_LOCATION,
	CDPK_PERSONAL_BANK_ACCOUNT,
	CDPK_PERSONAL_FINANCIAL,
	CDPK_PERSONAL_PASSPORT,
	CDPK_PERSONAL_DRIVERS_LICENSE,
	CDPK_PERSONAL_VEHICLE,
	CDPK_PERSONAL_AGE,
	CDPK_PERSONAL_GENDER,
	CDPK_PERSONAL_MARITAL_STATUS,
	CDPK_PERSONAL_ETHNICITY,
	CDPK_PERSONAL_RELIGION,
	CDPK_PERSONAL_POLITICS,
	CDPK_PERSONAL_SEXUAL_ORIENTATION,
	CDPK_PERSONAL_NATIONALITY,
	CDPK_PERSONAL_UNION,
	CDPK_PERSONAL_HEALTH,
	CDPK_PERSONAL_HEALTH_INSURANCE,
	CDPK_PERSONAL_GENETIC,
	CDPK_PERSONAL_BIOMETRICS,
	CDPK_PERSONAL_CRIMINAL,
	CDPK_PERSONAL_JOB_TITLE,
	CDPK_PERSONAL_EMPLOYER,
	CDPK_PERSONAL_FAX,
	CDPK_PERSONAL_SOCIAL_URL,
	CDPK_PERSONAL_PHOTO,
	CDPK_PERSONAL_DEVICE_ID,
	CDPK_PERSONAL_COOKIE_ID,
	CDPK_PERSONAL_PSEUDONYM,
	CDPK_PERSONAL_KINDS
} CdpkPersonal;

/* kinds that are found in values come first */
#define CDPK_PERSONAL_VALUE_KINDS (CDPK_PERSONAL_BIRTH_DATE + 1)

/* Return the word for a kind, and its data category in the taxonomy of fides (fideslang 3.2). */
extern const char *cdpk_personal_name(CdpkPersonal kind);
extern const char *cdpk_personal_category(CdpkPersonal kind);

/* Kinds as bits: 1 << kind. */
typedef struct CdpkPersonalFound
{
	uint32_t hits;
	uint32_t
		near; /* it has the form, but its check digits are wrong, or the date is no likely date of birth */
} CdpkPersonalFound;

/* more of a value is not looked at */
#define CDPK_PERSONAL_VALUE_MAX 4096

/*
 * Find out what a text is or contains, which may be any bytes.  E-mail addresses, card numbers and IBANs are found
 * within other text, the rest as the whole of it.  year is the present one: dates of the last ten years are of no birth.
 */
extern CdpkPersonalFound cdpk_personal_value(const char *text, size_t length, int year);

/*
 * Find out what a key says: "billingEmail", "date-of-birth".  "name" alone says something only of a person.
 * CDPK_PERSONAL_KINDS: nothing.
 */
extern CdpkPersonal cdpk_personal_key(const char *key, size_t length, bool of_person);

/* Return whether a key is of an object that describes a person, or where one lives: "customer", "shippingAddress". */
extern bool cdpk_personal_of_person(const char *key, size_t length);

/* more of a masked text is not written */
#define CDPK_PERSONAL_MASK_MAX 40

/*
 * Write the form of a text without what it says: letters become x, digits 9, other characters of ASCII stay; so many
 * bytes at most, and a NUL.  Return the length.
 */
extern size_t cdpk_personal_mask(const char *text, size_t length,
								 char mask[CDPK_PERSONAL_MASK_MAX + 1]);

/* Return whether a key is itself a value (an id, a number, an address), so that it is not to be shown. */
extern bool cdpk_personal_key_is_value(const char *key, size_t length);

#endif /* CDPK_PERSONAL_H */
