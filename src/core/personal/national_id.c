/*
 * national_id.c
 *		Numbers by which states know people.
 *
 * Each kind has a form, in which 9 is a digit, A a letter, others are themselves; and a check of its characters without
 * what separates them.
 */
#include <string.h>

#include "core/personal/check_digit.h"
#include "core/personal/national_id.h"
#include "core/text/timestamp.h"
#include "core/text/utf8.h"

#define CHARACTERS_MAX 24

typedef struct NationalId
{
	const char *form;
	bool (*check)(const char *id);
} NationalId;

/* Return the number that some digits are. */
static unsigned
number(const char *digits, size_t length)
{
	unsigned result = 0;

	for (size_t i = 0; i < length; i++)
		result = result * 10 + (unsigned) (digits[i] - '0');
	return result;
}

/* Return whether there is such a day of a month in some year. */
static bool
is_day(unsigned month, unsigned day)
{
	return month >= 1 && month <= 12 && day >= 1 &&
		   day <= (unsigned) cdpk_month_days(2000, (int) month);
}

/* Return whether all digits are the same. */
static bool
is_uniform(const char *digits)
{
	return strspn(digits, (const char[]){digits[0], '\0'}) == strlen(digits);
}

/* Of Brazil: two check digits. */
static bool
check_cpf(const char *id)
{
	static const uint8_t weights[] = {11, 10, 9, 8, 7, 6, 5, 4, 3, 2};
	unsigned first = cdpk_weighted_sum(id, weights + 1, 9) * 10 % 11 % 10;
	unsigned second = cdpk_weighted_sum(id, weights, 10) * 10 % 11 % 10;

	return !is_uniform(id) && first == (unsigned) (id[9] - '0') &&
		   second == (unsigned) (id[10] - '0');
}

/* Of France: sex, year, month, department, and a remainder by 97; Corsica's departments have letters. */
static bool
check_nir(const char *id)
{
	char digits[14];
	unsigned month = number(id + 3, 2);
	unsigned offset = 0;

	memcpy(digits, id, 13);
	digits[13] = '\0';
	if (digits[6] == 'A' || digits[6] == 'B')
	{
		if (digits[5] != '2')
			return false;
		offset = digits[6] == 'A' ? 1000000 % 97 : 2000000 % 97;
		digits[6] = '0';
	}
	if ((id[0] != '1' && id[0] != '2') || (month > 12 && month < 20) || month == 0)
		return false;
	return 97 - (cdpk_mod97(digits, 13) + 97 - offset) % 97 == number(id + 13, 2);
}

/* Of Germany: of the first ten digits one comes twice or three times, and the others at most once. */
static bool
check_tax_id(const char *id)
{
	unsigned counts[10] = {0};
	unsigned repeated = 0;

	for (int i = 0; i < 10; i++)
		counts[id[i] - '0']++;
	for (int i = 0; i < 10; i++)
	{
		if (counts[i] > 3)
			return false;
		repeated += counts[i] > 1;
	}
	return id[0] != '0' && repeated == 1 && cdpk_mod11_10_valid(id, 11);
}

/* Of Italy: the month is a letter, and the last letter a sum, with values of their own for the odd places. */
static bool
check_codice_fiscale(const char *id)
{
	static const uint8_t odd[] = {1,  0,  5, 7, 9, 13, 15, 17, 19, 21, 2,  4,  18,
								  20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23};
	unsigned sum = 0;
	unsigned day = number(id + 9, 2);

	for (int i = 0; i < 15; i++)
	{
		unsigned value = (unsigned) (cdpk_is_ascii_digit(id[i]) ? id[i] - '0' : id[i] - 'A');

		sum += i % 2 == 0 ? odd[value] : value;
	}
	return strchr("ABCDEHLMPRST", id[8]) != NULL && day % 40 >= 1 && day % 40 <= 31 && day <= 71 &&
		   sum % 26 == (unsigned) (id[15] - 'A');
}

/* Of the Netherlands: a weighted sum by 11. */
static bool
check_bsn(const char *id)
{
	static const uint8_t weights[] = {9, 8, 7, 6, 5, 4, 3, 2};
	unsigned last = (unsigned) (id[8] - '0');

	return !is_uniform(id) && (cdpk_weighted_sum(id, weights, 8) + 10 * last) % 11 == 0;
}

/* Of Poland: date of birth, with the century in the month. */
static bool
check_pesel(const char *id)
{
	static const uint8_t weights[] = {1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1};

	return is_day(number(id + 2, 2) % 20, number(id + 4, 2)) &&
		   cdpk_weighted_sum(id, weights, 11) % 10 == 0;
}

/* Return the letter of Spain for a number. */
static char
spanish_letter(unsigned value)
{
	return "TRWAGMYFPDXBNJZSQVHLCKE"[value % 23];
}

/* Of Spain: a number of eight digits, and a letter. */
static bool
check_dni(const char *id)
{
	return spanish_letter(number(id, 8)) == id[8];
}

/* Of foreigners in Spain: X, Y or Z for the first digit. */
static bool
check_nie(const char *id)
{
	return id[0] >= 'X' && id[0] <= 'Z' &&
		   spanish_letter((unsigned) (id[0] - 'X') * 10000000 + number(id + 1, 7)) == id[8];
}

/* Of Sweden: a date of birth (a coordination number has 60 added to the day), and Luhn's sum of the last ten. */
static bool
check_personnummer(const char *id)
{
	const char *last = id + strlen(id) - 10;

	return is_day(number(last + 2, 2), number(last + 4, 2) % 60) && cdpk_luhn_valid(last, 10);
}

/* Of the United Kingdom: letters that are not given out. */
static bool
check_nino(const char *id)
{
	static const char *const unused[] = {"BG", "GB", "NK", "KN", "TN", "NT", "ZZ"};

	for (size_t i = 0; i < sizeof(unused) / sizeof(unused[0]); i++)
		if (memcmp(id, unused[i], 2) == 0)
			return false;
	return strchr("DFIQUV", id[0]) == NULL && strchr("DFIOQUV", id[1]) == NULL && id[8] >= 'A' &&
		   id[8] <= 'D';
}

/* Of the United States: parts that are not given out. */
static bool
check_ssn(const char *id)
{
	return number(id, 3) != 0 && number(id, 3) != 666 && id[0] != '9' && number(id + 3, 2) != 0 &&
		   number(id + 5, 4) != 0;
}

static const NationalId kinds[] = {{"999.999.999-99", check_cpf},
								   {"99999999999", check_cpf},
								   {"9 99 99 99 999 999 99", check_nir},
								   {"999999999999999", check_nir},
								   {"9 99 99 9A 999 999 99", check_nir},
								   {"999999A99999999", check_nir},
								   {"99 999 999 999", check_tax_id},
								   {"99999999999", check_tax_id},
								   {"AAAAAA99A99A999A", check_codice_fiscale},
								   {"999999999", check_bsn},
								   {"99999999999", check_pesel},
								   {"99999999A", check_dni},
								   {"99999999-A", check_dni},
								   {"A9999999A", check_nie},
								   {"A-9999999-A", check_nie},
								   {"999999-9999", check_personnummer},
								   {"999999+9999", check_personnummer},
								   {"99999999-9999", check_personnummer},
								   {"999999999999", check_personnummer},
								   {"AA999999A", check_nino},
								   {"AA 99 99 99 A", check_nino},
								   {"999-99-9999", check_ssn}};

/* Write the letters and digits of a text that has a form; false: it does not have it. */
static bool
has_form(const char *text, size_t length, const char *form, char *id)
{
	if (strlen(form) != length)
		return false;
	for (size_t i = 0; i < length; i++)
	{
		char upper = cdpk_ascii_upper(text[i]);

		if (form[i] == '9'   ? !cdpk_is_ascii_digit(upper)
			: form[i] == 'A' ? !cdpk_is_ascii_letter(upper)
							 : upper != form[i])
			return false;
		if (form[i] == '9' || form[i] == 'A')
			*id++ = upper;
	}
	*id = '\0';
	return true;
}

bool
cdpk_national_id(const char *text, size_t length, bool *near)
{
	char id[CHARACTERS_MAX + 1];

	*near = false;
	if (length > CHARACTERS_MAX)
		return false;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (has_form(text, length, kinds[i].form, id))
		{
			*near = true;
			if (kinds[i].check(id))
				return true;
		}
	return false;
}
