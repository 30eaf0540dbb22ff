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
	CdpkPersonal kind;
	Where where;
} Rule;

/* the first rule that a key fits holds */
static const Rule rules[] = {
	{"email sha256", CDPK_PERSONAL_PSEUDONYM, ANYWHERE},
	{"email md5", CDPK_PERSONAL_PSEUDONYM, ANYWHERE},
	{"email sha1", CDPK_PERSONAL_PSEUDONYM, ANYWHERE},
	{"email hash", CDPK_PERSONAL_PSEUDONYM, ANYWHERE},
	{"hashed email", CDPK_PERSONAL_PSEUDONYM, ANYWHERE},
	{"email hashed", CDPK_PERSONAL_PSEUDONYM, ANYWHERE},
	{"phone hash", CDPK_PERSONAL_PSEUDONYM, ANYWHERE},
	{"phone sha256", CDPK_PERSONAL_PSEUDONYM, ANYWHERE},
	{"hashed phone", CDPK_PERSONAL_PSEUDONYM, ANYWHERE},
	{"email", CDPK_PERSONAL_EMAIL, ANYWHERE},
	{"e mail", CDPK_PERSONAL_EMAIL, ANYWHERE},
	{"mail address", CDPK_PERSONAL_EMAIL, ANYWHERE},
	{"email address", CDPK_PERSONAL_EMAIL, ANYWHERE},
	{"emailaddress", CDPK_PERSONAL_EMAIL, ANYWHERE},
	{"emails", CDPK_PERSONAL_EMAIL, ANYWHERE},
	{"phone", CDPK_PERSONAL_PHONE, ANYWHERE},
	{"phone number", CDPK_PERSONAL_PHONE, ANYWHERE},
	{"phonenumber", CDPK_PERSONAL_PHONE, ANYWHERE},
	{"telephone", CDPK_PERSONAL_PHONE, ANYWHERE},
	{"mobile number", CDPK_PERSONAL_PHONE, ANYWHERE},
	{"msisdn", CDPK_PERSONAL_PHONE, ANYWHERE},
	{"whatsapp", CDPK_PERSONAL_PHONE, ANYWHERE},
	{"mobile", CDPK_PERSONAL_PHONE, OF_PERSON},
	{"tel", CDPK_PERSONAL_PHONE, ALONE},
	{"fax", CDPK_PERSONAL_FAX, ANYWHERE},
	{"fax number", CDPK_PERSONAL_FAX, ANYWHERE},
	{"card number", CDPK_PERSONAL_CARD, ANYWHERE},
	{"credit card", CDPK_PERSONAL_CARD, ANYWHERE},
	{"creditcard", CDPK_PERSONAL_CARD, ANYWHERE},
	{"cc number", CDPK_PERSONAL_CARD, ANYWHERE},
	{"cardnumber", CDPK_PERSONAL_CARD, ANYWHERE},
	{"pan", CDPK_PERSONAL_CARD, ALONE},
	{"cvv", CDPK_PERSONAL_CARD, ANYWHERE},
	{"cvc", CDPK_PERSONAL_CARD, ANYWHERE},
	{"iban", CDPK_PERSONAL_IBAN, ANYWHERE},
	{"bank account", CDPK_PERSONAL_BANK_ACCOUNT, ANYWHERE},
	{"bank account number", CDPK_PERSONAL_BANK_ACCOUNT, ANYWHERE},
	{"account number", CDPK_PERSONAL_BANK_ACCOUNT, ANYWHERE},
	{"sort code", CDPK_PERSONAL_BANK_ACCOUNT, ANYWHERE},
	{"routing number", CDPK_PERSONAL_BANK_ACCOUNT, ANYWHERE},
	{"salary", CDPK_PERSONAL_FINANCIAL, ANYWHERE},
	{"income", CDPK_PERSONAL_FINANCIAL, ALONE},
	{"annual income", CDPK_PERSONAL_FINANCIAL, ANYWHERE},
	{"household income", CDPK_PERSONAL_FINANCIAL, ANYWHERE},
	{"credit score", CDPK_PERSONAL_FINANCIAL, ANYWHERE},
	{"ssn", CDPK_PERSONAL_NATIONAL_ID, ANYWHERE},
	{"social security number", CDPK_PERSONAL_NATIONAL_ID, ANYWHERE},
	{"social security", CDPK_PERSONAL_NATIONAL_ID, ANYWHERE},
	{"national id", CDPK_PERSONAL_NATIONAL_ID, ANYWHERE},
	{"national identification number", CDPK_PERSONAL_NATIONAL_ID, ANYWHERE},
	{"national insurance number", CDPK_PERSONAL_NATIONAL_ID, ANYWHERE},
	{"nino", CDPK_PERSONAL_NATIONAL_ID, ALONE},
	{"tax id", CDPK_PERSONAL_NATIONAL_ID, ANYWHERE},
	{"steuer id", CDPK_PERSONAL_NATIONAL_ID, ANYWHERE},
	{"tin", CDPK_PERSONAL_NATIONAL_ID, ALONE},
	{"cpf", CDPK_PERSONAL_NATIONAL_ID, ANYWHERE},
	{"dni", CDPK_PERSONAL_NATIONAL_ID, ALONE},
	{"nif", CDPK_PERSONAL_NATIONAL_ID, ALONE},
	{"nir", CDPK_PERSONAL_NATIONAL_ID, ALONE},
	{"bsn", CDPK_PERSONAL_NATIONAL_ID, ANYWHERE},
	{"pesel", CDPK_PERSONAL_NATIONAL_ID, ANYWHERE},
	{"personnummer", CDPK_PERSONAL_NATIONAL_ID, ANYWHERE},
	{"codice fiscale", CDPK_PERSONAL_NATIONAL_ID, ANYWHERE},
	{"aadhaar", CDPK_PERSONAL_NATIONAL_ID, ANYWHERE},
	{"identity number", CDPK_PERSONAL_NATIONAL_ID, ANYWHERE},
	{"passport", CDPK_PERSONAL_PASSPORT, ANYWHERE},
	{"passport number", CDPK_PERSONAL_PASSPORT, ANYWHERE},
	{"passport no", CDPK_PERSONAL_PASSPORT, ANYWHERE},
	{"drivers license", CDPK_PERSONAL_DRIVERS_LICENSE, ANYWHERE},
	{"driver license", CDPK_PERSONAL_DRIVERS_LICENSE, ANYWHERE},
	{"driving licence", CDPK_PERSONAL_DRIVERS_LICENSE, ANYWHERE},
	{"drivers license number", CDPK_PERSONAL_DRIVERS_LICENSE, ANYWHERE},
	{"license plate", CDPK_PERSONAL_VEHICLE, ANYWHERE},
	{"licence plate", CDPK_PERSONAL_VEHICLE, ANYWHERE},
	{"vin", CDPK_PERSONAL_VEHICLE, ALONE},
	{"ip", CDPK_PERSONAL_IP_ADDRESS, ANYWHERE},
	{"ip address", CDPK_PERSONAL_IP_ADDRESS, ANYWHERE},
	{"ipaddress", CDPK_PERSONAL_IP_ADDRESS, ANYWHERE},
	{"remote addr", CDPK_PERSONAL_IP_ADDRESS, ANYWHERE},
	{"birthday", CDPK_PERSONAL_BIRTH_DATE, ANYWHERE},
	{"birth date", CDPK_PERSONAL_BIRTH_DATE, ANYWHERE},
	{"birthdate", CDPK_PERSONAL_BIRTH_DATE, ANYWHERE},
	{"date of birth", CDPK_PERSONAL_BIRTH_DATE, ANYWHERE},
	{"birth day", CDPK_PERSONAL_BIRTH_DATE, ANYWHERE},
	{"birth year", CDPK_PERSONAL_BIRTH_DATE, ANYWHERE},
	{"year of birth", CDPK_PERSONAL_BIRTH_DATE, ANYWHERE},
	{"dob", CDPK_PERSONAL_BIRTH_DATE, ANYWHERE},
	{"born", CDPK_PERSONAL_BIRTH_DATE, ALONE},
	{"first name", CDPK_PERSONAL_FIRST_NAME, ANYWHERE},
	{"firstname", CDPK_PERSONAL_FIRST_NAME, ANYWHERE},
	{"given name", CDPK_PERSONAL_FIRST_NAME, ANYWHERE},
	{"forename", CDPK_PERSONAL_FIRST_NAME, ANYWHERE},
	{"middle name", CDPK_PERSONAL_FIRST_NAME, ANYWHERE},
	{"fname", CDPK_PERSONAL_FIRST_NAME, ALONE},
	{"last name", CDPK_PERSONAL_LAST_NAME, ANYWHERE},
	{"lastname", CDPK_PERSONAL_LAST_NAME, ANYWHERE},
	{"family name", CDPK_PERSONAL_LAST_NAME, ANYWHERE},
	{"surname", CDPK_PERSONAL_LAST_NAME, ANYWHERE},
	{"maiden name", CDPK_PERSONAL_LAST_NAME, ANYWHERE},
	{"lname", CDPK_PERSONAL_LAST_NAME, ALONE},
	{"full name", CDPK_PERSONAL_NAME, ANYWHERE},
	{"fullname", CDPK_PERSONAL_NAME, ANYWHERE},
	{"display name", CDPK_PERSONAL_NAME, OF_PERSON},
	{"cardholder", CDPK_PERSONAL_NAME, ANYWHERE},
	{"card holder", CDPK_PERSONAL_NAME, ANYWHERE},
	{"user name", CDPK_PERSONAL_USERNAME, ANYWHERE},
	{"username", CDPK_PERSONAL_USERNAME, ANYWHERE},
	{"nickname", CDPK_PERSONAL_USERNAME, ANYWHERE},
	{"screen name", CDPK_PERSONAL_USERNAME, OF_PERSON},
	{"login", CDPK_PERSONAL_USERNAME, OF_PERSON},
	{"name", CDPK_PERSONAL_NAME, OF_PERSON},
	{"password", CDPK_PERSONAL_PASSWORD, ANYWHERE},
	{"passwd", CDPK_PERSONAL_PASSWORD, ANYWHERE},
	{"passcode", CDPK_PERSONAL_PASSWORD, ANYWHERE},
	{"pwd", CDPK_PERSONAL_PASSWORD, ALONE},
	{"access token", CDPK_PERSONAL_CREDENTIALS, ANYWHERE},
	{"refresh token", CDPK_PERSONAL_CREDENTIALS, ANYWHERE},
	{"auth token", CDPK_PERSONAL_CREDENTIALS, ANYWHERE},
	{"authorization", CDPK_PERSONAL_CREDENTIALS, ALONE},
	{"api key", CDPK_PERSONAL_CREDENTIALS, ANYWHERE},
	{"secret", CDPK_PERSONAL_CREDENTIALS, ALONE},
	{"security answer", CDPK_PERSONAL_CREDENTIALS, ANYWHERE},
	{"street", CDPK_PERSONAL_STREET, ANYWHERE},
	{"street address", CDPK_PERSONAL_STREET, ANYWHERE},
	{"street name", CDPK_PERSONAL_STREET, ANYWHERE},
	{"house number", CDPK_PERSONAL_STREET, ANYWHERE},
	{"address line", CDPK_PERSONAL_STREET, ANYWHERE},
	{"address1", CDPK_PERSONAL_STREET, ANYWHERE},
	{"address2", CDPK_PERSONAL_STREET, ANYWHERE},
	{"address line 1", CDPK_PERSONAL_STREET, ANYWHERE},
	{"address line 2", CDPK_PERSONAL_STREET, ANYWHERE},
	{"address line1", CDPK_PERSONAL_STREET, ANYWHERE},
	{"address line2", CDPK_PERSONAL_STREET, ANYWHERE},
	{"address 1", CDPK_PERSONAL_STREET, ANYWHERE},
	{"address 2", CDPK_PERSONAL_STREET, ANYWHERE},
	{"address", CDPK_PERSONAL_ADDRESS, ALONE},
	{"home address", CDPK_PERSONAL_ADDRESS, ANYWHERE},
	{"postal address", CDPK_PERSONAL_ADDRESS, ANYWHERE},
	{"delivery address", CDPK_PERSONAL_ADDRESS, ANYWHERE},
	{"postcode", CDPK_PERSONAL_POSTAL_CODE, ANYWHERE},
	{"post code", CDPK_PERSONAL_POSTAL_CODE, ANYWHERE},
	{"postal code", CDPK_PERSONAL_POSTAL_CODE, ANYWHERE},
	{"postalcode", CDPK_PERSONAL_POSTAL_CODE, ANYWHERE},
	{"zip", CDPK_PERSONAL_POSTAL_CODE, ALONE},
	{"zip code", CDPK_PERSONAL_POSTAL_CODE, ANYWHERE},
	{"zipcode", CDPK_PERSONAL_POSTAL_CODE, ANYWHERE},
	{"city", CDPK_PERSONAL_CITY, OF_PERSON},
	{"state", CDPK_PERSONAL_STATE, OF_PERSON},
	{"country", CDPK_PERSONAL_COUNTRY, OF_PERSON},
	{"latitude", CDPK_PERSONAL_LOCATION, ANYWHERE},
	{"longitude", CDPK_PERSONAL_LOCATION, ANYWHERE},
	{"lat", CDPK_PERSONAL_LOCATION, ALONE},
	{"lng", CDPK_PERSONAL_LOCATION, ALONE},
	{"lon", CDPK_PERSONAL_LOCATION, ALONE},
	{"coordinates", CDPK_PERSONAL_LOCATION, ANYWHERE},
	{"gps", CDPK_PERSONAL_LOCATION, ALONE},
	{"age", CDPK_PERSONAL_AGE, OF_PERSON},
	{"age range", CDPK_PERSONAL_AGE, ANYWHERE},
	{"age group", CDPK_PERSONAL_AGE, ANYWHERE},
	{"gender", CDPK_PERSONAL_GENDER, ANYWHERE},
	{"sex", CDPK_PERSONAL_GENDER, ALONE},
	{"salutation", CDPK_PERSONAL_GENDER, ANYWHERE},
	{"marital status", CDPK_PERSONAL_MARITAL_STATUS, ANYWHERE},
	{"ethnicity", CDPK_PERSONAL_ETHNICITY, ANYWHERE},
	{"race", CDPK_PERSONAL_ETHNICITY, OF_PERSON},
	{"religion", CDPK_PERSONAL_RELIGION, ANYWHERE},
	{"political opinion", CDPK_PERSONAL_POLITICS, ANYWHERE},
	{"political party", CDPK_PERSONAL_POLITICS, ANYWHERE},
	{"sexual orientation", CDPK_PERSONAL_SEXUAL_ORIENTATION, ANYWHERE},
	{"sexuality", CDPK_PERSONAL_SEXUAL_ORIENTATION, ANYWHERE},
	{"nationality", CDPK_PERSONAL_NATIONALITY, ANYWHERE},
	{"citizenship", CDPK_PERSONAL_NATIONALITY, ANYWHERE},
	{"immigration status", CDPK_PERSONAL_NATIONALITY, ANYWHERE},
	{"union membership", CDPK_PERSONAL_UNION, ANYWHERE},
	{"diagnosis", CDPK_PERSONAL_HEALTH, ANYWHERE},
	{"medication", CDPK_PERSONAL_HEALTH, ANYWHERE},
	{"medications", CDPK_PERSONAL_HEALTH, ANYWHERE},
	{"blood type", CDPK_PERSONAL_HEALTH, ANYWHERE},
	{"disability", CDPK_PERSONAL_HEALTH, ANYWHERE},
	{"medical condition", CDPK_PERSONAL_HEALTH, ANYWHERE},
	{"allergies", CDPK_PERSONAL_HEALTH, ANYWHERE},
	{"insurance number", CDPK_PERSONAL_HEALTH_INSURANCE, ANYWHERE},
	{"nhs number", CDPK_PERSONAL_HEALTH_INSURANCE, ANYWHERE},
	{"dna", CDPK_PERSONAL_GENETIC, ALONE},
	{"face id", CDPK_PERSONAL_BIOMETRICS, ANYWHERE},
	{"biometrics", CDPK_PERSONAL_BIOMETRICS, ANYWHERE},
	{"criminal record", CDPK_PERSONAL_CRIMINAL, ANYWHERE},
	{"job title", CDPK_PERSONAL_JOB_TITLE, ANYWHERE},
	{"occupation", CDPK_PERSONAL_JOB_TITLE, ANYWHERE},
	{"title", CDPK_PERSONAL_JOB_TITLE, OF_PERSON},
	{"employer", CDPK_PERSONAL_EMPLOYER, ANYWHERE},
	{"company", CDPK_PERSONAL_EMPLOYER, OF_PERSON},
	{"avatar", CDPK_PERSONAL_PHOTO, ANYWHERE},
	{"photo", CDPK_PERSONAL_PHOTO, OF_PERSON},
	{"profile picture", CDPK_PERSONAL_PHOTO, ANYWHERE},
	{"facebook", CDPK_PERSONAL_SOCIAL_URL, OF_PERSON},
	{"linkedin", CDPK_PERSONAL_SOCIAL_URL, OF_PERSON},
	{"twitter", CDPK_PERSONAL_SOCIAL_URL, OF_PERSON},
	{"instagram", CDPK_PERSONAL_SOCIAL_URL, OF_PERSON},
	{"website", CDPK_PERSONAL_SOCIAL_URL, OF_PERSON},
	{"idfa", CDPK_PERSONAL_DEVICE_ID, ANYWHERE},
	{"idfv", CDPK_PERSONAL_DEVICE_ID, ANYWHERE},
	{"gaid", CDPK_PERSONAL_DEVICE_ID, ANYWHERE},
	{"aaid", CDPK_PERSONAL_DEVICE_ID, ANYWHERE},
	{"imei", CDPK_PERSONAL_DEVICE_ID, ANYWHERE},
	{"advertising id", CDPK_PERSONAL_DEVICE_ID, ANYWHERE},
	{"mac address", CDPK_PERSONAL_DEVICE_ID, ANYWHERE},
	{"device id", CDPK_PERSONAL_DEVICE_ID, ANYWHERE},
	{"cookie id", CDPK_PERSONAL_COOKIE_ID, ANYWHERE},
	{"fbp", CDPK_PERSONAL_COOKIE_ID, ALONE},
	{"fingerprint", CDPK_PERSONAL_PSEUDONYM, ANYWHERE},
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
		if (strlen(persons[i]) == length - start &&
			memcmp(words + start, persons[i], length - start) == 0)
			return true;
	return false;
}

/* Return whether a rule holds for words. */
static bool
fits(const Rule *rule, const char *words, size_t length, bool of_person)
{
	size_t wanted = strlen(rule->words);
	size_t before;

	if (length < wanted || memcmp(words + length - wanted, rule->words, wanted) != 0)
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
