/* personal_test.c: values and keys that are personal data, and those that only look like it */
#include "core/personal/check_digit.h"
#include "core/personal/national_id.h"
#include "core/personal/personal.h"
#include "unit.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

static CdpkPersonalFound
find(const char *text)
{
	return cdpk_personal_value(text, strlen(text), 2026);
}

/* Return whether a value is of this kind, and of no other. */
static bool
only(const char *text, CdpkPersonal kind)
{
	bool right = find(text).hits == UINT32_C(1) << kind;

	if (!right)
		printf("# %s: %x\n", text, (unsigned) find(text).hits);
	return right;
}

static bool
none(const char *text)
{
	if (find(text).hits != 0)
		printf("# %s: %x\n", text, (unsigned) find(text).hits);
	return find(text).hits == 0;
}

static bool
near(const char *text, CdpkPersonal kind)
{
	return find(text).hits == 0 && find(text).near == UINT32_C(1) << kind;
}

static void
emails(void)
{
	CHECK(only("ann@example.com", CDPK_PERSONAL_EMAIL));
	CHECK(only("  Ann.O'Neill+news@mail.example.co.uk ", CDPK_PERSONAL_EMAIL));
	CHECK(only("write to ann@example.com.", CDPK_PERSONAL_EMAIL));
	CHECK(only("https://example.com/?mail=ann%40example.com&x=1", CDPK_PERSONAL_EMAIL));
	CHECK(only("J\xc3\xb6rg@b\xc3\xbc"
			   "cher.example",
			   CDPK_PERSONAL_EMAIL));
	CHECK(only("ann@xn--bcher-kva.xn--p1ai", CDPK_PERSONAL_EMAIL));
	CHECK(none("@ann") && none("ann@") && none("ann@localhost") && none("ann@example.") &&
		  none("@"));
	CHECK(none("logo@2x.png") && none("a@1.2.3") && none("lodash@4.17.21") &&
		  none(".@example.com"));
	CHECK(none("ann@example..com") && none("3 @ 4.50") && none("x@.com"));
}

static void
cards(void)
{
	static const char *const right[] = {"4111111111111111",   "5555555555554444",
										"2223003122003222",   "378282246310005",
										"6011111111111117",   "3530111333300000",
										"30569309025904",     "4111 1111 1111 1111",
										"3782-822463-10005",  "card: 4111111111111111, exp 10/27",
										"(4111111111111111)", "6200000000000005"};
	static const char *const wrong[] = {"4111111111111112",     /* wrong check digit */
										"4111-1111 1111-1112",  /* mixed */
										"1772359200000000",     /* microseconds */
										"1772359200000",        /* milliseconds */
										"0.4111111111111111",   /* a fraction */
										"x4111111111111111",    /* a part of a word */
										"4111111111111111_1",   /* the same */
										"41111111111111111111", /* too long */
										"411111111111111",      /* too short */
										"0000000000000000",     /* Luhn's sum is right */
										"41111111-1111-1111-1111-111111111111", /* an id */
										"550e8400-e29b-41d4-a716-446655440000",
										"9411111111111111"};

	for (size_t i = 0; i < LENGTH(right); i++)
		CHECK(only(right[i], CDPK_PERSONAL_CARD));
	for (size_t i = 0; i < LENGTH(wrong); i++)
		CHECK(none(wrong[i]));
	CHECK(near("4111111111111112", CDPK_PERSONAL_CARD));
}

/* Of ten numbers that differ in the last digit, one is right: so an order number is one by chance only. */
static void
check_digits(void)
{
	char digits[17] = "4000000000000000";

	for (int n = 0; n < 1000; n++)
	{
		int right = 0;

		snprintf(digits + 8, 9, "%08d", n * 10);
		for (int last = 0; last < 10; last++)
		{
			digits[15] = (char) ('0' + last);
			right += cdpk_luhn_valid(digits, 16);
		}
		CHECK(right == 1);
	}
	CHECK(cdpk_mod97("3214282912345698765432161182", 28) == 1);
	CHECK(cdpk_mod97("WEST12345698765432GB82", 22) == 1);
	CHECK(cdpk_mod11_10_valid("86095742719", 11) && !cdpk_mod11_10_valid("86095742718", 11));
}

static void
ibans(void)
{
	CHECK(only("GB82WEST12345698765432", CDPK_PERSONAL_IBAN));
	CHECK(only("GB82 WEST 1234 5698 7654 32", CDPK_PERSONAL_IBAN));
	CHECK(only("de89370400440532013000", CDPK_PERSONAL_IBAN));
	CHECK(only("FR1420041010050500013M02606", CDPK_PERSONAL_IBAN));
	CHECK(only("NO9386011117947", CDPK_PERSONAL_IBAN));
	CHECK(only("pay to NL91ABNA0417164300 please", CDPK_PERSONAL_IBAN));
	CHECK(near("DE89370400440532013001", CDPK_PERSONAL_IBAN));
	CHECK(none("ZZ82WEST12345698765432") && none("GB82WEST1234569876543") &&
		  none("XGB82WEST12345698765432"));
	CHECK(none("DE89370400440532013000X") && none("GB82  WEST12345698765432") && none("GB82"));
}

static void
national_ids(void)
{
	static const char *const right[] = {
		"529.982.247-25", "52998224725",    "255081416802538",  "2 55 08 14 168 025 38",
		"86095742719",    "86 095 742 719", "RSSMRA85T10A562S", "111222333",
		"44051401359",    "12345678Z",      "12345678-z",       "X1234567L",
		"811228-9874",    "19811228-9874",  "AB123456C",        "ab 12 34 56 c",
		"078-05-1120"};
	static const char *const wrong[] = {
		"529.982.247-26", "11111111111", "255081416802539", "86095742718", "RSSMRA85T10A562T",
		"111222334",      "44051401358", "12345678A",       "X1234567M",   "811228-9875",
		"GB123456C",      "AB123456E",   "000-12-3456",     "666-12-3456", "900-12-3456",
		"123-00-4567",    "123-45-0000", "123456789012345", "44951401359", "RSSMRA85Z10A562S"};
	bool form;

	for (size_t i = 0; i < LENGTH(right); i++)
		CHECK(only(right[i], CDPK_PERSONAL_NATIONAL_ID));
	for (size_t i = 0; i < LENGTH(wrong); i++)
	{
		CHECK(none(wrong[i]));
		CHECK(!cdpk_national_id(wrong[i], strlen(wrong[i]), &form) && form);
	}
	/* Corsica: 2A counts as 19 */
	CHECK(only("1 85 05 2A 004 123 56", CDPK_PERSONAL_NATIONAL_ID));
	CHECK(only("185052A00412356", CDPK_PERSONAL_NATIONAL_ID) && none("185052B00412356"));
	CHECK(!cdpk_national_id("1234567890", 10, &form) && !form);
}

static void
phones(void)
{
	static const char *const right[] = {"+12015550123",   "+44 20 7946 0958", "+49 (0)30 123456-7",
										"(201) 555-0123", "201-555-0123",     "201.555.0123",
										"020 7946 0958",  "030/12345678"};
	static const char *const wrong[] = {"2026-03-01",   "01.02.2026",       "1.2.3.4.5",
										"12015550123",  "+0123456789",      "+1 201 CALL",
										"101-555-0123", "2026-03-01 10:00", "0.123456789",
										"+123",         "10 000 000 000"};

	for (size_t i = 0; i < LENGTH(right); i++)
		CHECK(only(right[i], CDPK_PERSONAL_PHONE));
	for (size_t i = 0; i < LENGTH(wrong); i++)
		CHECK((find(wrong[i]).hits & (UINT32_C(1) << CDPK_PERSONAL_PHONE)) == 0);
}

static void
addresses_and_dates(void)
{
	CHECK(only("192.0.2.1", CDPK_PERSONAL_IP_ADDRESS) &&
		  only("2001:db8::1", CDPK_PERSONAL_IP_ADDRESS));
	CHECK(none("1.2.3") && none("1.2.3.400") && none("0.0.0.0") && none("127.0.0.1") &&
		  none("10:30:00"));
	CHECK(only("1990-12-31", CDPK_PERSONAL_BIRTH_DATE) &&
		  only("31.12.1990", CDPK_PERSONAL_BIRTH_DATE));
	CHECK(only("12/31/1990", CDPK_PERSONAL_BIRTH_DATE));
	CHECK(near("2026-03-01", CDPK_PERSONAL_BIRTH_DATE) &&
		  near("1812-03-01", CDPK_PERSONAL_BIRTH_DATE));
	CHECK(none("1990-12-31T10:00:00Z") && none("1990-13-32") && none("1990-00-01") &&
		  none("19901231"));
	CHECK(none("") && none(" ") && none("hello") && none("SKU-12345") && none("EUR"));
}

static void
keys(void)
{
	static const struct
	{
		const char *key;
		CdpkPersonal kind;
		bool of_person;
	} cases[] = {{"email", CDPK_PERSONAL_EMAIL, false},
				 {"billingEmail", CDPK_PERSONAL_EMAIL, false},
				 {"E-Mail", CDPK_PERSONAL_EMAIL, false},
				 {"EMAIL_ADDRESS", CDPK_PERSONAL_EMAIL, false},
				 {"email_opened", CDPK_PERSONAL_KINDS, true},
				 {"emailVerified", CDPK_PERSONAL_KINDS, true},
				 {"email_sha256", CDPK_PERSONAL_PSEUDONYM, false},
				 {"firstName", CDPK_PERSONAL_FIRST_NAME, false},
				 {"FIRST_NAME", CDPK_PERSONAL_FIRST_NAME, false},
				 {"lastname", CDPK_PERSONAL_LAST_NAME, false},
				 {"name", CDPK_PERSONAL_NAME, true},
				 {"name", CDPK_PERSONAL_KINDS, false},
				 {"customer name", CDPK_PERSONAL_NAME, false},
				 {"product_name", CDPK_PERSONAL_KINDS, true},
				 {"fileName", CDPK_PERSONAL_KINDS, true},
				 {"username", CDPK_PERSONAL_USERNAME, false},
				 {"phoneNumber", CDPK_PERSONAL_PHONE, false},
				 {"headphone", CDPK_PERSONAL_KINDS, false},
				 {"dateOfBirth", CDPK_PERSONAL_BIRTH_DATE, false},
				 {"DOB", CDPK_PERSONAL_BIRTH_DATE, false},
				 {"userDOB", CDPK_PERSONAL_BIRTH_DATE, false},
				 {"SSN", CDPK_PERSONAL_NATIONAL_ID, false},
				 {"zip", CDPK_PERSONAL_POSTAL_CODE, false},
				 {"unzip", CDPK_PERSONAL_KINDS, true},
				 {"state", CDPK_PERSONAL_KINDS, false},
				 {"shipping.state", CDPK_PERSONAL_STATE, false},
				 {"order_state", CDPK_PERSONAL_KINDS, true},
				 {"clientIP", CDPK_PERSONAL_IP_ADDRESS, false},
				 {"ip", CDPK_PERSONAL_IP_ADDRESS, false},
				 {"tip", CDPK_PERSONAL_KINDS, true},
				 {"zip_file", CDPK_PERSONAL_KINDS, true},
				 {"page", CDPK_PERSONAL_KINDS, true},
				 {"age", CDPK_PERSONAL_AGE, true},
				 {"language", CDPK_PERSONAL_KINDS, true},
				 {"addressLine1", CDPK_PERSONAL_STREET, false},
				 {"lat", CDPK_PERSONAL_LOCATION, false},
				 {"flat", CDPK_PERSONAL_KINDS, false},
				 {"advertisingId", CDPK_PERSONAL_DEVICE_ID, false},
				 {"password", CDPK_PERSONAL_PASSWORD, false},
				 {"", CDPK_PERSONAL_KINDS, true},
				 {"___", CDPK_PERSONAL_KINDS, true},
				 {"stra\xc3\x9f"
				  "e",
				  CDPK_PERSONAL_KINDS, true}};

	for (size_t i = 0; i < LENGTH(cases); i++)
	{
		CdpkPersonal kind =
			cdpk_personal_key(cases[i].key, strlen(cases[i].key), cases[i].of_person);

		if (kind != cases[i].kind)
			printf("# %s: %d\n", cases[i].key, (int) kind);
		CHECK(kind == cases[i].kind);
	}
	for (int kind = 0; kind < CDPK_PERSONAL_KINDS; kind++)
	{
		CHECK(cdpk_personal_name((CdpkPersonal) kind) != NULL);
		CHECK(strncmp(cdpk_personal_category((CdpkPersonal) kind), "user.", 5) == 0);
	}
	CHECK(cdpk_personal_of_person("customer", 8) && cdpk_personal_of_person("shippingAddress", 15));
	CHECK(!cdpk_personal_of_person("product", 7) && !cdpk_personal_of_person("", 0));
	CHECK(cdpk_personal_key_is_value("ann@example.com", 15) &&
		  cdpk_personal_key_is_value("1234567", 7));
	CHECK(cdpk_personal_key_is_value("550e8400-e29b-41d4-a716-446655440000", 36));
	CHECK(cdpk_personal_key_is_value("7", 1) && !cdpk_personal_key_is_value("address1", 8));
	CHECK(!cdpk_personal_key_is_value("", 0) && !cdpk_personal_key_is_value("order_id", 8));
}

static void
masks(void)
{
	char mask[CDPK_PERSONAL_MASK_MAX + 1];

	CHECK(cdpk_personal_mask("Ann.1@ex.de", 11, mask) == 11 && strcmp(mask, "xxx.9@xx.xx") == 0);
	CHECK(cdpk_personal_mask("J\xc3\xb6rg\n", 6, mask) == 5 && strcmp(mask, "xxxx ") == 0);
	CHECK(cdpk_personal_mask("0123456789012345678901234567890123456789012345", 46, mask) == 40);
	CHECK(cdpk_personal_mask("", 0, mask) == 0 && mask[0] == '\0');
}

int
main(void)
{
	TEST(emails);
	TEST(cards);
	TEST(check_digits);
	TEST(ibans);
	TEST(national_ids);
	TEST(phones);
	TEST(addresses_and_dates);
	TEST(keys);
	TEST(masks);
	UNIT_EXIT();
}
