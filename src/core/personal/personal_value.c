/*
 * personal_value.c
 *		What values look like personal data: see personal.h.
 */
#include <string.h>

#include "core/personal/check_digit.h"
#include "core/personal/national_id.h"
#include "core/personal/personal.h"
#include "core/schema/format.h"
#include "core/text/utf8.h"

#define BIT(kind) (UINT32_C(1) << (kind))

#define CARD_DIGITS_MIN 13
#define CARD_DIGITS_MAX 19
#define IBAN_MAX 34
/* a value that is a number or date as a whole is no longer */
#define WHOLE_MAX 45

static bool
is_word(char byte)
{
	return cdpk_is_ascii_digit(byte) || cdpk_is_ascii_letter(byte) || (unsigned char) byte >= 0x80;
}

/* ---------------------------------------------------------------- e-mail addresses */

/* Return whether a byte can be in the local part of an address that stands in other text. */
static bool
is_local(char byte)
{
	return is_word(byte) || (byte != '\0' && strchr("._%+-'", byte) != NULL);
}

/* Return whether what stands where a top-level domain should be is the ending of a file's name. */
static bool
is_file(const char *text, size_t length)
{
	static const char *const endings[] = {"png", "jpg", "jpeg", "gif", "svg", "webp",
										  "css", "js",  "html", "php", "map", "json"};

	for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++)
	{
		size_t same = 0;

		while (same < length && cdpk_ascii_lower(text[same]) == endings[i][same])
			same++;
		if (same == length && endings[i][same] == '\0')
			return true;
	}
	return false;
}

/* Return whether a domain begins here: two labels at least, of which the last is of letters. */
static bool
is_domain(const char *text, const char *end)
{
	const char *label = text;
	bool letters = true;
	bool dotted = false;
	const char *at = text;

	for (; at < end && (is_word(*at) || *at == '-' || *at == '.'); at++)
	{
		if (*at == '.')
		{
			/* a dot that ends a sentence */
			if (at + 1 == end || !is_word(at[1]))
				break;
			if (at == label)
				return false;
			dotted = true;
			letters = true;
			label = at + 1;
		}
		else if (cdpk_is_ascii_digit(*at) || *at == '-')
			letters = false;
	}
	if (at - label >= 4 && memcmp(label, "xn--", 4) == 0)
		letters = true;
	return dotted && letters && at - label >= 2 && !is_file(label, (size_t) (at - label));
}

static bool
has_email(const char *text, size_t length)
{
	const char *end = text + length;

	for (const char *at = text; at < end; at++)
	{
		size_t sign = *at == '@' ? 1 : 0;

		if (*at == '%' && end - at > 3 && at[1] == '4' && at[2] == '0')
			sign = 3;
		if (sign > 0 && at > text && is_local(at[-1]) && at[-1] != '.' && is_domain(at + sign, end))
			return true;
	}
	return false;
}

/* ---------------------------------------------------------------- numbers within text */

/* Return whether numbers of cards begin and are as long so. */
static bool
is_card_range(const char *digits, size_t length)
{
	unsigned first = (unsigned) (digits[0] - '0') * 1000 + (unsigned) (digits[1] - '0') * 100 +
					 (unsigned) (digits[2] - '0') * 10 + (unsigned) (digits[3] - '0');

	if (digits[0] == '4')
		return length == 13 || length == 16 || length == 19;
	if ((first >= 5100 && first < 5600) || (first >= 2221 && first <= 2720))
		return length == 16;
	if (first / 100 == 34 || first / 100 == 37)
		return length == 15;
	if (first == 6011 || first / 100 == 65 || (first >= 6440 && first < 6500))
		return length == 16 || length == 19;
	if ((first >= 3528 && first < 3590) || first / 100 == 62)
		return length >= 16;
	return length == 14 && (first / 100 == 36 || first / 100 == 38 || first / 10 == 309 ||
							(first >= 3000 && first < 3060));
}

/* Read digits in groups, with one kind of separator; return the end. */
static const char *
read_groups(const char *at, const char *end, char digits[CARD_DIGITS_MAX + 1], size_t *count)
{
	char separator = '\0';

	*count = 0;
	for (; at < end; at++)
	{
		if (cdpk_is_ascii_digit(*at))
		{
			if (*count <= CARD_DIGITS_MAX)
				digits[(*count)++] = *at;
		}
		else if ((*at == ' ' || *at == '-') && at + 1 < end && cdpk_is_ascii_digit(at[1]) &&
				 (separator == '\0' || separator == *at))
			separator = *at;
		else
			break;
	}
	return at;
}

static void
find_cards(const char *text, size_t length, CdpkPersonalFound *found)
{
	char digits[CARD_DIGITS_MAX + 1];
	const char *end = text + length;
	const char *at = text;

	while (at < end)
	{
		const char *start = at;
		size_t count;

		if (!cdpk_is_ascii_digit(*at))
		{
			at++;
			continue;
		}
		at = read_groups(at, end, digits, &count);
		/* a part of a word or of a fraction */
		if (count < CARD_DIGITS_MIN || count > CARD_DIGITS_MAX ||
			(start > text && (is_word(start[-1]) || strchr("._-+", start[-1]) != NULL)) ||
			(at < end &&
			 (is_word(*at) || *at == '_' || (*at == '.' && at + 1 < end && is_word(at[1])))))
			continue;
		if (!is_card_range(digits, count))
			continue;
		found->near |= BIT(CDPK_PERSONAL_CARD);
		if (cdpk_luhn_valid(digits, count))
			found->hits |= BIT(CDPK_PERSONAL_CARD);
	}
}

/* Return how long an IBAN of a country is; 0: it has none. */
static size_t
iban_length(char first, char second)
{
	/* country and length, as SWIFT's registry has them */
	static const char countries[] =
		"AD24AE23AL28AT20AZ28BA20BE16BG22BH22BI27BR29BY28CH21CR22CY28CZ24DE22DJ27DK18DO28EE20EG29ES24"
		"FI18FK18FO18FR27GB22GE22GI23GL18GR27GT28HR21HU28IE22IL23IQ23IS26IT27JO30KW30KZ20LB28LC32LI21"
		"LT20LU20LV21LY25MC27MD24ME22MK19MN20MR27MT31MU30NI28NL18NO15OM23PK24PL28PS29PT25QA29RO24RS22"
		"RU33SA24SC31SD18SE24SI19SK24SM27SO23ST25SV28TL23TN24TR26UA29VA22VG24XK20YE30";

	for (size_t i = 0; i + 4 <= sizeof(countries) - 1; i += 4)
		if (countries[i] == first && countries[i + 1] == second)
			return (size_t) (countries[i + 2] - '0') * 10 + (size_t) (countries[i + 3] - '0');
	return 0;
}

/* Read an IBAN from here, with single blanks in it; return whether there are so many characters, and then an end. */
static bool
read_iban(const char *at, const char *end, size_t length, char *iban)
{
	size_t count = 0;

	for (; at < end && count < length; at++)
	{
		if (cdpk_is_ascii_digit(*at) || cdpk_is_ascii_letter(*at))
			iban[count++] = cdpk_ascii_upper(*at);
		else if (*at != ' ' || at + 1 == end || at[1] == ' ')
			return false;
	}
	return count == length && (at == end || !is_word(*at));
}

static void
find_ibans(const char *text, size_t length, CdpkPersonalFound *found)
{
	const char *end = text + length;
	char iban[IBAN_MAX];

	for (const char *at = text; end - at >= 15; at++)
	{
		char turned[IBAN_MAX];
		size_t size;

		if (!cdpk_is_ascii_letter(at[0]) || !cdpk_is_ascii_letter(at[1]) ||
			!cdpk_is_ascii_digit(at[2]) || !cdpk_is_ascii_digit(at[3]) ||
			(at > text && is_word(at[-1])))
			continue;
		size = iban_length(cdpk_ascii_upper(at[0]), cdpk_ascii_upper(at[1]));
		if (size == 0 || !read_iban(at, end, size, iban))
			continue;
		found->near |= BIT(CDPK_PERSONAL_IBAN);
		memcpy(turned, iban + 4, size - 4);
		memcpy(turned + size - 4, iban, 4);
		if (cdpk_mod97(turned, size) == 1)
			found->hits |= BIT(CDPK_PERSONAL_IBAN);
	}
}

/* ---------------------------------------------------------------- whole values */

/* Return whether a text is a phone number, written for people: with a plus, or parts as they are usual. */
static bool
is_phone(const char *text, size_t length)
{
	char digits[16];
	size_t count = 0;
	size_t parts = 0;
	bool plus = text[0] == '+';

	for (size_t i = plus ? 1 : 0; i < length; i++)
	{
		if (cdpk_is_ascii_digit(text[i]))
		{
			if (count == 15)
				return false;
			digits[count++] = text[i];
		}
		else if (strchr(" ()-./", text[i]) == NULL)
			return false;
		else
			parts++;
	}
	if (plus)
		return count >= 7 && digits[0] != '0';
	/* a number with a fraction */
	if (parts == 1 && memchr(text, '.', length) != NULL)
		return false;
	if (count >= 9 && parts > 0 && (digits[0] == '0' || text[0] == '('))
		return parts <= count / 2;
	/* of North America: 201-555-0123 */
	return count == 10 && length == 12 && text[3] == text[7] && strchr("-. ", text[3]) != NULL &&
		   parts == 2 && digits[0] >= '2' && digits[3] >= '2';
}

static bool
is_ip_address(const char *text, size_t length)
{
	if (memchr(text, ':', length) != NULL)
		return length > 3 && cdpk_format_matches(CDPK_FORMAT_IPV6, text, length);
	return cdpk_format_matches(CDPK_FORMAT_IPV4, text, length) && text[0] != '0' &&
		   strncmp(text, "127.", 4) != 0;
}

/* Read a number of so many digits; -1: there is none. */
static int
read_number(const char *text, size_t length)
{
	int number = 0;

	for (size_t i = 0; i < length; i++)
	{
		if (!cdpk_is_ascii_digit(text[i]))
			return -1;
		number = number * 10 + text[i] - '0';
	}
	return number;
}

/* Read a date without a time: 1990-12-31, 31.12.1990, 12/31/1990. */
static bool
read_date(const char *text, size_t length, int *year)
{
	int a;
	int b;

	if (length != 10)
		return false;
	if (text[4] == text[7] && strchr("-/.", text[4]) != NULL)
	{
		*year = read_number(text, 4);
		a = read_number(text + 5, 2);
		b = read_number(text + 8, 2);
	}
	else if (text[2] == text[5] && strchr("./-", text[2]) != NULL)
	{
		*year = read_number(text + 6, 4);
		a = read_number(text, 2);
		b = read_number(text + 3, 2);
	}
	else
		return false;
	return *year >= 0 && a >= 1 && b >= 1 && ((a <= 12 && b <= 31) || (a <= 31 && b <= 12));
}

static void
find_whole(const char *text, size_t length, int year, CdpkPersonalFound *found)
{
	bool near;
	int born;
	char copy[WHOLE_MAX + 1];

	if (length < 7 || length > WHOLE_MAX)
		return;
	memcpy(copy, text, length);
	copy[length] = '\0';
	if (memchr(copy, '\0', length) != NULL)
		return;
	if (is_ip_address(copy, length))
		found->hits |= BIT(CDPK_PERSONAL_IP_ADDRESS);
	else if (read_date(copy, length, &born))
	{
		found->near |= BIT(CDPK_PERSONAL_BIRTH_DATE);
		if (born >= 1900 && born <= year - 10)
			found->hits |= BIT(CDPK_PERSONAL_BIRTH_DATE);
	}
	else
	{
		if (cdpk_national_id(copy, length, &near))
			found->hits |= BIT(CDPK_PERSONAL_NATIONAL_ID);
		if (near)
			found->near |= BIT(CDPK_PERSONAL_NATIONAL_ID);
		if (found->hits == 0 && !near && is_phone(copy, length))
			found->hits |= BIT(CDPK_PERSONAL_PHONE);
	}
}

CdpkPersonalFound
cdpk_personal_value(const char *text, size_t length, int year)
{
	CdpkPersonalFound found = {0, 0};

	if (length > CDPK_PERSONAL_VALUE_MAX)
		length = CDPK_PERSONAL_VALUE_MAX;
	while (length > 0 && (*text == ' ' || *text == '\t'))
	{
		text++;
		length--;
	}
	while (length > 0 && (text[length - 1] == ' ' || text[length - 1] == '\t'))
		length--;
	if (has_email(text, length))
		found.hits |= BIT(CDPK_PERSONAL_EMAIL);
	find_cards(text, length, &found);
	find_ibans(text, length, &found);
	find_whole(text, length, year, &found);
	found.near &= ~found.hits;
	return found;
}

/* ---------------------------------------------------------------- what is shown */

size_t
cdpk_personal_mask(const char *text, size_t length, char mask[CDPK_PERSONAL_MASK_MAX + 1])
{
	size_t count = 0;

	for (size_t i = 0; i < length && count < CDPK_PERSONAL_MASK_MAX; i++)
	{
		unsigned char byte = (unsigned char) text[i];

		/* what continues a character */
		if (byte >= 0x80 && byte < 0xc0)
			continue;
		if (cdpk_is_ascii_digit(text[i]))
			mask[count++] = '9';
		else if (cdpk_is_ascii_letter(text[i]) || byte >= 0x80)
			mask[count++] = 'x';
		else
			mask[count++] = byte < 0x20 || byte == 0x7f ? ' ' : text[i];
	}
	mask[count] = '\0';
	return count;
}

bool
cdpk_personal_key_is_value(const char *key, size_t length)
{
	CdpkPersonalFound found = cdpk_personal_value(key, length, 2000);
	size_t digits = 0;

	for (size_t i = 0; i < length; i++)
		digits += cdpk_is_ascii_digit(key[i]);
	return length > 64 || (found.hits | found.near) != 0 || digits >= 6 ||
		   (length > 0 && digits == length);
}
