/*
 * personal_key.c
 *		What keys of members say of their values: see personal.h.
 *
 * A key is taken apart into words, where its letters change their case and at what is no letter or digit.  A rule has
 * the last words of a key, so "billing_email" is an e-mail address and "email_opened" is not.  Rules of words that
 * have other meanings (a name, a state) ask for a word of a person before them, or for a place where a person is
 * described.
 */
#include <string.h>

#include "core/personal/personal.h"
#include "core/text/utf8.h"

#define KEY_MAX 128

typedef enum Where
{
	ANYWHERE, /* at the end of a key */
	ALONE,    /* the whole key, or behind a word of a person */
	OF_PERSON /* behind a word of a person, or the whole key where a person is described */
} Where;

typedef struct Rule
{
	const char *words;
	size_t length;
	CdpkPersonal kind;
	Where where;
} Rule;

#define RULE(words, kind, where)                  \
	{                                             \
		(words), sizeof(words) - 1, (kind), where \
	}

/* the first rule that a key fits holds */
static const Rule rules[] = {
	RULE("email sha256", CDPK_PERSONAL_PSEUDONYM, ANYWHERE),
	RULE("email md5", CDPK_PERSONAL_PSEUDONYM, ANYWHERE),
	RULE("email sha1", CDPK_PERSONAL_PSEUDONYM, ANYWHERE),
	RULE("email hash", CDPK_PERSONAL_PSEUDONYM, ANYWHERE),
	RULE("hashed email", CDPK_PERSONAL_PSEUDONYM, ANYWHERE),
	RULE("email hashed", CDPK_PERSONAL_PSEUDONYM, ANYWHERE),
	RULE("phone hash", CDPK_PERSONAL_PSEUDONYM, ANYWHERE),
	RULE("phone sha256", CDPK_PERSONAL_PSEUDONYM, ANYWHERE),
	RULE("hashed phone", CDPK_PERSONAL_PSEUDONYM, ANYWHERE),
	RULE("email", CDPK_PERSONAL_EMAIL, ANYWHERE),
	RULE("e mail", CDPK_PERSONAL_EMAIL, ANYWHERE),
	RULE("mail address", CDPK_PERSONAL_EMAIL, ANYWHERE),
	RULE("email address", CDPK_PERSONAL_EMAIL, ANYWHERE),
	RULE("emailaddress", CDPK_PERSONAL_EMAIL, ANYWHERE),
	RULE("emails", CDPK_PERSONAL_EMAIL, ANYWHERE),
	RULE("phone", CDPK_PERSONAL_PHONE, ANYWHERE),
	RULE("phone number", CDPK_PERSONAL_PHONE, ANYWHERE),
	RULE("phonenumber", CDPK_PERSONAL_PHONE, ANYWHERE),
	RULE("telephone", CDPK_PERSONAL_PHONE, ANYWHERE),
	RULE("mobile number", CDPK_PERSONAL_PHONE, ANYWHERE),
	RULE("msisdn", CDPK_PERSONAL_PHONE, ANYWHERE),
	RULE("whatsapp", CDPK_PERSONAL_PHONE, ANYWHERE),
	RULE("mobile", CDPK_PERSONAL_PHONE, OF_PERSON),
	RULE("tel", CDPK_PERSONAL_PHONE, ALONE),
	RULE("fax", CDPK_PERSONAL_FAX, ANYWHERE),
	RULE("fax number", CDPK_PERSONAL_FAX, ANYWHERE),
	RULE("card number", CDPK_PERSONAL_CARD, ANYWHERE),
	RULE("credit card", CDPK_PERSONAL_CARD, ANYWHERE),
	RULE("creditcard", CDPK_PERSONAL_CARD, ANYWHERE),
	RULE("cc number", CDPK_PERSONAL_CARD, ANYWHERE),
	RULE("cardnumber", CDPK_PERSONAL_CARD, ANYWHERE),
	RULE("pan", CDPK_PERSONAL_CARD, ALONE),
	RULE("cvv", CDPK_PERSONAL_CARD, ANYWHERE),
	RULE("cvc", CDPK_PERSONAL_CARD, ANYWHERE),
	RULE("iban", CDPK_PERSONAL_IBAN, ANYWHERE),
	RULE("bank account", CDPK_PERSONAL_BANK_ACCOUNT, ANYWHERE),
	RULE("bank account number", CDPK_PERSONAL_BANK_ACCOUNT, ANYWHERE),
	RULE("account number", CDPK_PERSONAL_BANK_ACCOUNT, ANYWHERE),
	RULE("sort code", CDPK_PERSONAL_BANK_ACCOUNT, ANYWHERE),
	RULE("routing number", CDPK_PERSONAL_BANK_ACCOUNT, ANYWHERE),
	RULE("salary", CDPK_PERSONAL_FINANCIAL, ANYWHERE),
	RULE("income", CDPK_PERSONAL_FINANCIAL, ALONE),
	RULE("annual income", CDPK_PERSONAL_FINANCIAL, ANYWHERE),
	RULE("household income", CDPK_PERSONAL_FINANCIAL, ANYWHERE),
	RULE("credit score", CDPK_PERSONAL_FINANCIAL, ANYWHERE),
	RULE("ssn", CDPK_PERSONAL_NATIONAL_ID, ANYWHERE),
	RULE("social security number", CDPK_PERSONAL_NATIONAL_ID, ANYWHERE),
	RULE("social security", CDPK_PERSONAL_NATIONAL_ID, ANYWHERE),
	RULE("national id", CDPK_PERSONAL_NATIONAL_ID, ANYWHERE),
	RULE("national identification number", CDPK_PERSONAL_NATIONAL_ID, ANYWHERE),
	RULE("national insurance number", CDPK_PERSONAL_NATIONAL_ID, ANYWHERE),
	RULE("nino", CDPK_PERSONAL_NATIONAL_ID, ALONE),
	RULE("tax id", CDPK_PERSONAL_NATIONAL_ID, ANYWHERE),
	RULE("steuer id", CDPK_PERSONAL_NATIONAL_ID, ANYWHERE),
	RULE("tin", CDPK_PERSONAL_NATIONAL_ID, ALONE),
	RULE("cpf", CDPK_PERSONAL_NATIONAL_ID, ANYWHERE),
	RULE("dni", CDPK_PERSONAL_NATIONAL_ID, ALONE),
	RULE("nif", CDPK_PERSONAL_NATIONAL_ID, ALONE),
	RULE("nir", CDPK_PERSONAL_NATIONAL_ID, ALONE),
	RULE("bsn", CDPK_PERSONAL_NATIONAL_ID, ANYWHERE),
	RULE("pesel", CDPK_PERSONAL_NATIONAL_ID, ANYWHERE),
	RULE("personnummer", CDPK_PERSONAL_NATIONAL_ID, ANYWHERE),
	RULE("codice fiscale", CDPK_PERSONAL_NATIONAL_ID, ANYWHERE),
	RULE("aadhaar", CDPK_PERSONAL_NATIONAL_ID, ANYWHERE),
	RULE("identity number", CDPK_PERSONAL_NATIONAL_ID, ANYWHERE),
	RULE("passport", CDPK_PERSONAL_PASSPORT, ANYWHERE),
	RULE("passport number", CDPK_PERSONAL_PASSPORT, ANYWHERE),
	RULE("passport no", CDPK_PERSONAL_PASSPORT, ANYWHERE),
	RULE("drivers license", CDPK_PERSONAL_DRIVERS_LICENSE, ANYWHERE),
	RULE("driver license", CDPK_PERSONAL_DRIVERS_LICENSE, ANYWHERE),
	RULE("driving licence", CDPK_PERSONAL_DRIVERS_LICENSE, ANYWHERE),
	RULE("drivers license number", CDPK_PERSONAL_DRIVERS_LICENSE, ANYWHERE),
	RULE("license plate", CDPK_PERSONAL_VEHICLE, ANYWHERE),
	RULE("licence plate", CDPK_PERSONAL_VEHICLE, ANYWHERE),
	RULE("vin", CDPK_PERSONAL_VEHICLE, ALONE),
	RULE("ip", CDPK_PERSONAL_IP_ADDRESS, ANYWHERE),
	RULE("ip address", CDPK_PERSONAL_IP_ADDRESS, ANYWHERE),
	RULE("ipaddress", CDPK_PERSONAL_IP_ADDRESS, ANYWHERE),
	RULE("remote addr", CDPK_PERSONAL_IP_ADDRESS, ANYWHERE),
	RULE("birthday", CDPK_PERSONAL_BIRTH_DATE, ANYWHERE),
	RULE("birth date", CDPK_PERSONAL_BIRTH_DATE, ANYWHERE),
	RULE("birthdate", CDPK_PERSONAL_BIRTH_DATE, ANYWHERE),
	RULE("date of birth", CDPK_PERSONAL_BIRTH_DATE, ANYWHERE),
	RULE("birth day", CDPK_PERSONAL_BIRTH_DATE, ANYWHERE),
	RULE("birth year", CDPK_PERSONAL_BIRTH_DATE, ANYWHERE),
	RULE("year of birth", CDPK_PERSONAL_BIRTH_DATE, ANYWHERE),
	RULE("dob", CDPK_PERSONAL_BIRTH_DATE, ANYWHERE),
	RULE("born", CDPK_PERSONAL_BIRTH_DATE, ALONE),
	RULE("first name", CDPK_PERSONAL_FIRST_NAME, ANYWHERE),
	RULE("firstname", CDPK_PERSONAL_FIRST_NAME, ANYWHERE),
	RULE("given name", CDPK_PERSONAL_FIRST_NAME, ANYWHERE),
	RULE("forename", CDPK_PERSONAL_FIRST_NAME, ANYWHERE),
	RULE("middle name", CDPK_PERSONAL_FIRST_NAME, ANYWHERE),
	RULE("fname", CDPK_PERSONAL_FIRST_NAME, ALONE),
	RULE("last name", CDPK_PERSONAL_LAST_NAME, ANYWHERE),
	RULE("lastname", CDPK_PERSONAL_LAST_NAME, ANYWHERE),
	RULE("family name", CDPK_PERSONAL_LAST_NAME, ANYWHERE),
	RULE("surname", CDPK_PERSONAL_LAST_NAME, ANYWHERE),
	RULE("maiden name", CDPK_PERSONAL_LAST_NAME, ANYWHERE),
	RULE("lname", CDPK_PERSONAL_LAST_NAME, ALONE),
	RULE("full name", CDPK_PERSONAL_NAME, ANYWHERE),
	RULE("fullname", CDPK_PERSONAL_NAME, ANYWHERE),
	RULE("display name", CDPK_PERSONAL_NAME, OF_PERSON),
	RULE("cardholder", CDPK_PERSONAL_NAME, ANYWHERE),
	RULE("card holder", CDPK_PERSONAL_NAME, ANYWHERE),
	RULE("user name", CDPK_PERSONAL_USERNAME, ANYWHERE),
	RULE("username", CDPK_PERSONAL_USERNAME, ANYWHERE),
	RULE("nickname", CDPK_PERSONAL_USERNAME, ANYWHERE),
	RULE("screen name", CDPK_PERSONAL_USERNAME, OF_PERSON),
	RULE("login", CDPK_PERSONAL_USERNAME, OF_PERSON),
	RULE("name", CDPK_PERSONAL_NAME, OF_PERSON),
	RULE("password", CDPK_PERSONAL_PASSWORD, ANYWHERE),
	RULE("passwd", CDPK_PERSONAL_PASSWORD, ANYWHERE),
	RULE("passcode", CDPK_PERSONAL_PASSWORD, ANYWHERE),
	RULE("pwd", CDPK_PERSONAL_PASSWORD, ALONE),
	RULE("access token", CDPK_PERSONAL_CREDENTIALS, ANYWHERE),
	RULE("refresh token", CDPK_PERSONAL_CREDENTIALS, ANYWHERE),
	RULE("auth token", CDPK_PERSONAL_CREDENTIALS, ANYWHERE),
	RULE("authorization", CDPK_PERSONAL_CREDENTIALS, ALONE),
	RULE("api key", CDPK_PERSONAL_CREDENTIALS, ANYWHERE),
	RULE("secret", CDPK_PERSONAL_CREDENTIALS, ALONE),
	RULE("security answer", CDPK_PERSONAL_CREDENTIALS, ANYWHERE),
	RULE("street", CDPK_PERSONAL_STREET, ANYWHERE),
	RULE("street address", CDPK_PERSONAL_STREET, ANYWHERE),
	RULE("street name", CDPK_PERSONAL_STREET, ANYWHERE),
	RULE("house number", CDPK_PERSONAL_STREET, ANYWHERE),
	RULE("address line", CDPK_PERSONAL_STREET, ANYWHERE),
	RULE("address1", CDPK_PERSONAL_STREET, ANYWHERE),
	RULE("address2", CDPK_PERSONAL_STREET, ANYWHERE),
	RULE("address line 1", CDPK_PERSONAL_STREET, ANYWHERE),
	RULE("address line 2", CDPK_PERSONAL_STREET, ANYWHERE),
	RULE("address line1", CDPK_PERSONAL_STREET, ANYWHERE),
	RULE("address line2", CDPK_PERSONAL_STREET, ANYWHERE),
	RULE("address 1", CDPK_PERSONAL_STREET, ANYWHERE),
	RULE("address 2", CDPK_PERSONAL_STREET, ANYWHERE),
	RULE("address", CDPK_PERSONAL_ADDRESS, ALONE),
	RULE("home address", CDPK_PERSONAL_ADDRESS, ANYWHERE),
	RULE("postal address", CDPK_PERSONAL_ADDRESS, ANYWHERE),
	RULE("delivery address", CDPK_PERSONAL_ADDRESS, ANYWHERE),
	RULE("postcode", CDPK_PERSONAL_POSTAL_CODE, ANYWHERE),
	RULE("post code", CDPK_PERSONAL_POSTAL_CODE, ANYWHERE),
	RULE("postal code", CDPK_PERSONAL_POSTAL_CODE, ANYWHERE),
	RULE("postalcode", CDPK_PERSONAL_POSTAL_CODE, ANYWHERE),
	RULE("zip", CDPK_PERSONAL_POSTAL_CODE, ALONE),
	RULE("zip code", CDPK_PERSONAL_POSTAL_CODE, ANYWHERE),
	RULE("zipcode", CDPK_PERSONAL_POSTAL_CODE, ANYWHERE),
	RULE("city", CDPK_PERSONAL_CITY, OF_PERSON),
	RULE("state", CDPK_PERSONAL_STATE, OF_PERSON),
	RULE("country", CDPK_PERSONAL_COUNTRY, OF_PERSON),
	RULE("latitude", CDPK_PERSONAL_LOCATION, ANYWHERE),
	RULE("longitude", CDPK_PERSONAL_LOCATION, ANYWHERE),
	RULE("lat", CDPK_PERSONAL_LOCATION, ALONE),
	RULE("lng", CDPK_PERSONAL_LOCATION, ALONE),
	RULE("lon", CDPK_PERSONAL_LOCATION, ALONE),
	RULE("coordinates", CDPK_PERSONAL_LOCATION, ANYWHERE),
	RULE("gps", CDPK_PERSONAL_LOCATION, ALONE),
	RULE("age", CDPK_PERSONAL_AGE, OF_PERSON),
	RULE("age range", CDPK_PERSONAL_AGE, ANYWHERE),
	RULE("age group", CDPK_PERSONAL_AGE, ANYWHERE),
	RULE("gender", CDPK_PERSONAL_GENDER, ANYWHERE),
	RULE("sex", CDPK_PERSONAL_GENDER, ALONE),
	RULE("salutation", CDPK_PERSONAL_GENDER, ANYWHERE),
	RULE("marital status", CDPK_PERSONAL_MARITAL_STATUS, ANYWHERE),
	RULE("ethnicity", CDPK_PERSONAL_ETHNICITY, ANYWHERE),
	RULE("race", CDPK_PERSONAL_ETHNICITY, OF_PERSON),
	RULE("religion", CDPK_PERSONAL_RELIGION, ANYWHERE),
	RULE("political opinion", CDPK_PERSONAL_POLITICS, ANYWHERE),
	RULE("political party", CDPK_PERSONAL_POLITICS, ANYWHERE),
	RULE("sexual orientation", CDPK_PERSONAL_SEXUAL_ORIENTATION, ANYWHERE),
	RULE("sexuality", CDPK_PERSONAL_SEXUAL_ORIENTATION, ANYWHERE),
	RULE("nationality", CDPK_PERSONAL_NATIONALITY, ANYWHERE),
	RULE("citizenship", CDPK_PERSONAL_NATIONALITY, ANYWHERE),
	RULE("immigration status", CDPK_PERSONAL_NATIONALITY, ANYWHERE),
	RULE("union membership", CDPK_PERSONAL_UNION, ANYWHERE),
	RULE("diagnosis", CDPK_PERSONAL_HEALTH, ANYWHERE),
	RULE("medication", CDPK_PERSONAL_HEALTH, ANYWHERE),
	RULE("medications", CDPK_PERSONAL_HEALTH, ANYWHERE),
	RULE("blood type", CDPK_PERSONAL_HEALTH, ANYWHERE),
	RULE("disability", CDPK_PERSONAL_HEALTH, ANYWHERE),
	RULE("medical condition", CDPK_PERSONAL_HEALTH, ANYWHERE),
	RULE("allergies", CDPK_PERSONAL_HEALTH, ANYWHERE),
	RULE("insurance number", CDPK_PERSONAL_HEALTH_INSURANCE, ANYWHERE),
	RULE("nhs number", CDPK_PERSONAL_HEALTH_INSURANCE, ANYWHERE),
	RULE("dna", CDPK_PERSONAL_GENETIC, ALONE),
	RULE("face id", CDPK_PERSONAL_BIOMETRICS, ANYWHERE),
	RULE("biometrics", CDPK_PERSONAL_BIOMETRICS, ANYWHERE),
	RULE("criminal record", CDPK_PERSONAL_CRIMINAL, ANYWHERE),
	RULE("job title", CDPK_PERSONAL_JOB_TITLE, ANYWHERE),
	RULE("occupation", CDPK_PERSONAL_JOB_TITLE, ANYWHERE),
	RULE("title", CDPK_PERSONAL_JOB_TITLE, OF_PERSON),
	RULE("employer", CDPK_PERSONAL_EMPLOYER, ANYWHERE),
	RULE("company", CDPK_PERSONAL_EMPLOYER, OF_PERSON),
	RULE("avatar", CDPK_PERSONAL_PHOTO, ANYWHERE),
	RULE("photo", CDPK_PERSONAL_PHOTO, OF_PERSON),
	RULE("profile picture", CDPK_PERSONAL_PHOTO, ANYWHERE),
	RULE("facebook", CDPK_PERSONAL_SOCIAL_URL, OF_PERSON),
	RULE("linkedin", CDPK_PERSONAL_SOCIAL_URL, OF_PERSON),
	RULE("twitter", CDPK_PERSONAL_SOCIAL_URL, OF_PERSON),
	RULE("instagram", CDPK_PERSONAL_SOCIAL_URL, OF_PERSON),
	RULE("website", CDPK_PERSONAL_SOCIAL_URL, OF_PERSON),
	RULE("idfa", CDPK_PERSONAL_DEVICE_ID, ANYWHERE),
	RULE("idfv", CDPK_PERSONAL_DEVICE_ID, ANYWHERE),
	RULE("gaid", CDPK_PERSONAL_DEVICE_ID, ANYWHERE),
	RULE("aaid", CDPK_PERSONAL_DEVICE_ID, ANYWHERE),
	RULE("imei", CDPK_PERSONAL_DEVICE_ID, ANYWHERE),
	RULE("advertising id", CDPK_PERSONAL_DEVICE_ID, ANYWHERE),
	RULE("mac address", CDPK_PERSONAL_DEVICE_ID, ANYWHERE),
	RULE("device id", CDPK_PERSONAL_DEVICE_ID, ANYWHERE),
	RULE("cookie id", CDPK_PERSONAL_COOKIE_ID, ANYWHERE),
	RULE("fbp", CDPK_PERSONAL_COOKIE_ID, ALONE),
	RULE("fingerprint", CDPK_PERSONAL_PSEUDONYM, ANYWHERE),
};

/* words before others that say that these are of a person */
static const char *const persons[] = {
	"user",       "customer", "client",  "person",   "contact",  "recipient", "billing",
	"shipping",   "sender",   "guest",   "patient",  "employee", "owner",     "holder",
	"my",         "your",     "member",  "buyer",    "traveler", "passenger", "traveller",
	"subscriber", "author",   "friend",  "referrer", "address",  "invitee",   "home",
	"student",    "driver",   "visitor", "profile",  "lead"};

/* Write the words of a key in lower case, with a blank between them; 0: the key is too long, or not of ASCII. */
static size_t
split(const char *key, size_t length, char words[2 * KEY_MAX])
{
	size_t count = 0;

	if (length > KEY_MAX)
		return 0;
	for (size_t i = 0; i < length; i++)
	{
		char byte = key[i];
		bool is_upper = byte >= 'A' && byte <= 'Z';
		bool before_lower = i + 1 < length && key[i + 1] >= 'a' && key[i + 1] <= 'z';
		bool behind_lower =
			i > 0 && ((key[i - 1] >= 'a' && key[i - 1] <= 'z') || cdpk_is_ascii_digit(key[i - 1]));
		bool behind_upper = i > 0 && key[i - 1] >= 'A' && key[i - 1] <= 'Z';

		if ((unsigned char) byte >= 0x80)
			return 0;
		if (!cdpk_is_ascii_letter(byte) && !cdpk_is_ascii_digit(byte))
		{
			if (count > 0 && words[count - 1] != ' ')
				words[count++] = ' ';
			continue;
		}
		if (is_upper && (behind_lower || (behind_upper && before_lower)) && count > 0 &&
			words[count - 1] != ' ')
			words[count++] = ' ';
		words[count++] = cdpk_ascii_lower(byte);
	}
	while (count > 0 && words[count - 1] == ' ')
		count--;
	return count;
}

/* Return whether the last of some words is of a person. */
static bool
ends_with_person(const char *words, size_t length)
{
	size_t start = length;

	while (start > 0 && words[start - 1] != ' ')
		start--;
	for (size_t i = 0; i < sizeof(persons) / sizeof(persons[0]); i++)
		if (persons[i][0] == words[start] && strlen(persons[i]) == length - start &&
			memcmp(words + start, persons[i], length - start) == 0)
			return true;
	return false;
}

/* Return whether a rule holds for words. */
static bool
fits(const Rule *rule, const char *words, size_t length, bool of_person)
{
	size_t wanted = rule->length;
	size_t before;

	if (length < wanted || words[length - 1] != rule->words[wanted - 1] ||
		memcmp(words + length - wanted, rule->words, wanted) != 0)
		return false;
	before = length - wanted;
	if (before == 0)
		return rule->where != OF_PERSON || of_person;
	if (words[before - 1] != ' ')
		return false;
	return rule->where == ANYWHERE || ends_with_person(words, before - 1);
}

CdpkPersonal
cdpk_personal_key(const char *key, size_t length, bool of_person)
{
	char words[2 * KEY_MAX];
	size_t count = split(key, length, words);

	for (size_t i = 0; count > 0 && i < sizeof(rules) / sizeof(rules[0]); i++)
		if (fits(&rules[i], words, count, of_person))
			return rules[i].kind;
	return CDPK_PERSONAL_KINDS;
}

bool
cdpk_personal_of_person(const char *key, size_t length)
{
	char words[2 * KEY_MAX];
	size_t count = split(key, length, words);

	return count > 0 && ends_with_person(words, count);
}
