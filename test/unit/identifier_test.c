/* identifier_test.c: making, checking and comparing identifiers */
#include "core/identifier/identifier.h"
#include "unit.h"

/* A phone module of the test: "00" in front of the country code, anything else is refused. */
static CdpkStatus
double_zero(void *context, const char *value, size_t length, char *result, size_t *result_length)
{
	(void) context;
	if (length < 2 || value[0] != '0' || value[1] != '0' || length - 1 > *result_length)
		return CDPK_INVALID;
	result[0] = '+';
	memcpy(result + 1, value + 2, length - 2);
	*result_length = length - 1;
	return CDPK_OK;
}

static const CdpkPhone phone = {double_zero, NULL};

/* Make an identifier of "namespace:value". */
static CdpkStatus
make(const char *text, size_t text_length, const CdpkPhone *normaliser, uint8_t *payload,
	 size_t *length)
{
	const char *colon = memchr(text, ':', text_length);
	size_t namespace_length;

	if (colon == NULL)
		return CDPK_INVALID;
	namespace_length = (size_t) (colon - text);
	return cdpk_identifier_make(text, namespace_length, colon + 1,
								text_length - namespace_length - 1, normaliser, payload, length);
}

static CdpkStatus
parse(const char *text, uint8_t *payload, size_t *length)
{
	return make(text, strlen(text), &phone, payload, length);
}

/* Whether a text becomes "namespace:value", and that is accepted and stays as it is. */
static bool
becomes(const char *text, const char *expected)
{
	uint8_t payload[CDPK_IDENTIFIER_PAYLOAD_MAX];
	uint8_t again[CDPK_IDENTIFIER_PAYLOAD_MAX];
	size_t length;
	size_t again_length;
	const char *colon = strchr(expected, ':');
	size_t namespace_length = (size_t) (colon - expected);

	return parse(text, payload, &length) == CDPK_OK &&
		   cdpk_identifier_namespace_length(payload) == namespace_length &&
		   memcmp(cdpk_identifier_namespace(payload), expected, namespace_length) == 0 &&
		   cdpk_identifier_value_length(payload, length) == strlen(colon + 1) &&
		   memcmp(cdpk_identifier_value(payload), colon + 1, strlen(colon + 1)) == 0 &&
		   cdpk_identifier_check(payload, length) == CDPK_OK &&
		   parse(expected, again, &again_length) == CDPK_OK && again_length == length &&
		   memcmp(again, payload, length) == 0;
}

static CdpkStatus
status_of(const char *text)
{
	uint8_t payload[CDPK_IDENTIFIER_PAYLOAD_MAX];
	size_t length;

	return parse(text, payload, &length);
}

static void
canonical_forms(void)
{
	CHECK(becomes("user_id:u-7", "user_id:u-7"));
	CHECK(becomes("User_ID: U-7\n", "user_id:U-7"));
	CHECK(becomes("url:https://example.com/a:b", "url:https://example.com/a:b"));
	CHECK(becomes("ios.id:a b", "ios.id:a b"));
	CHECK(becomes("x:\xc3\x84", "x:\xc3\x84"));
	CHECK(becomes("x::", "x::"));
	CHECK(becomes("EMAIL: Ann@Example.COM ", "email:ann@example.com"));
	CHECK(becomes("email:\xc2\xa0"
				  "ann@ab--cd.example",
				  "email:ann@ab--cd.example"));
	CHECK(becomes("phone:+442079460958", "phone:+442079460958"));
	CHECK(becomes("phone: 00442079460958", "phone:+442079460958"));
	CHECK(becomes("phone:\xe2\x80\xaa+442079460958\xe2\x80\xac", "phone:+442079460958"));
	CHECK(becomes("emails:Ann", "emails:Ann")); /* no namespace of ours */
}

#define UUID "6d92078a-8246-4ba4-ae5b-76104861e7dc"
#define SHA256 "8f434346648f6b96df89dda901c5176b10a6d83961dd3c1ac88b59b2dc327aa4"

/* Each namespace of UUIDs, and each ending of one of hashes. */
static void
hexadecimal_forms(void)
{
	static const char *const uuids[] = {"idfa", "idfv", "gaid", "advertising_id"};
	static const char *const typings[] = {UUID,
										  "6D92078A-8246-4BA4-AE5B-76104861E7DC",
										  " {6D92078A-8246-4BA4-AE5B-76104861E7DC} ",
										  "6D92078A82464BA4AE5B76104861E7DC",
										  "6d92078a82464ba4-ae5b76104861e7dc",
										  "6D92-078A-8246-4BA4-AE5B-7610-4861-E7DC",
										  "URN:UUID:6D92078A-8246-4BA4-AE5B-76104861E7DC"};
	char text[200];

	for (size_t i = 0; i < sizeof(uuids) / sizeof(uuids[0]); i++)
		for (size_t j = 0; j < sizeof(typings) / sizeof(typings[0]); j++)
		{
			char expected[200];

			snprintf(text, sizeof(text), "%s:%s", uuids[i], typings[j]);
			snprintf(expected, sizeof(expected), "%s:" UUID, uuids[i]);
			CHECK(becomes(text, expected));
		}
	CHECK(becomes("IDFA:8F434346648F6B96DF89DDA901C5176B10A6D83961DD3C1AC88B59B2DC327AA4",
				  "idfa:" SHA256));
	CHECK(becomes("email_sha256:8F434346648F6B96DF89DDA901C5176B10A6D83961DD3C1AC88B59B2DC327AA4",
				  "email_sha256:" SHA256));
	CHECK(becomes("phone_md5:6D92078A82464BA4AE5B76104861E7DC",
				  "phone_md5:6d92078a82464ba4ae5b76104861e7dc"));
	CHECK(becomes("my_sha1:DA39A3EE5E6B4B0D3255BFEF95601890AFD8070A",
				  "my_sha1:da39a3ee5e6b4b0d3255bfef95601890afd8070a"));
}

/* What is not of those forms keeps its case. */
static void
hexadecimal_strangers(void)
{
	CHECK(becomes("idfa:6D92078A-8246-4BA4-AE5B-76104861E7D",
				  "idfa:6D92078A-8246-4BA4-AE5B-76104861E7D"));
	CHECK(becomes("idfa:6D92078A--8246-4BA4-AE5B-76104861E7DC",
				  "idfa:6D92078A--8246-4BA4-AE5B-76104861E7DC"));
	CHECK(becomes("idfa:6D92078A-8246-4BA4-AE5B-76104861E7DC-",
				  "idfa:6D92078A-8246-4BA4-AE5B-76104861E7DC-"));
	CHECK(becomes("idfa:{6D92078A-8246-4BA4-AE5B-76104861E7DC",
				  "idfa:{6D92078A-8246-4BA4-AE5B-76104861E7DC"));
	CHECK(becomes("idfa:G", "idfa:G"));
	CHECK(becomes("user_sha256:X48E/qOjc2yoZdQUoHVNWNvUV2iIk3pLEnoM2tzOEEA=",
				  "user_sha256:X48E/qOjc2yoZdQUoHVNWNvUV2iIk3pLEnoM2tzOEEA="));
	CHECK(becomes("user_sha256:8F434346", "user_sha256:8F434346"));
	CHECK(becomes("user_id:6D92078A-8246-4BA4-AE5B-76104861E7DC",
				  "user_id:6D92078A-8246-4BA4-AE5B-76104861E7DC"));
	CHECK(becomes("_sha256x:8F", "_sha256x:8F") == false); /* no namespace */
	CHECK(becomes("x_sha256x:6D92078A82464BA4AE5B76104861E7DC",
				  "x_sha256x:6D92078A82464BA4AE5B76104861E7DC"));
}

#define BASE64_DIGITS "5f8f04fea3a3736ca865d414a0754d58dbd4576888937a4b127a0cdadcce1040"

/* Hashes that are compared with ours are a SHA-256, in digits or in base64, or nothing. */
static void
hashes_of_ours(void)
{
	static const char *const names[] = {"email_sha256", "phone_sha256"};
	static const char *const typings[] = {
		"X48E/qOjc2yoZdQUoHVNWNvUV2iIk3pLEnoM2tzOEEA=",
		"X48E/qOjc2yoZdQUoHVNWNvUV2iIk3pLEnoM2tzOEEA",
		" X48E_qOjc2yoZdQUoHVNWNvUV2iIk3pLEnoM2tzOEEA= ",
		"5F8F04FEA3A3736CA865D414A0754D58DBD4576888937A4B127A0CDADCCE1040"};
	static const char *const others[] = {
		"8F434346",
		"x",
		"X48E/qOjc2yoZdQUoHVNWNvUV2iIk3pLEnoM2tzOEEB=", /* bits behind the 32 bytes */
		"X48E/qOjc2yoZdQUoHVNWNvUV2iIk3pLEnoM2tzOEE=",
		"X48E/qOjc2yoZdQUoHVNWNvUV2iIk3pLEnoM2tzOEEA==",
		"=48E/qOjc2yoZdQUoHVNWNvUV2iIk3pLEnoM2tzOEEA",
		"X48E/qOjc2yoZdQUoHVNWNvUV2iIk3pLEnoM2tzOEEAA",
		"X48E.qOjc2yoZdQUoHVNWNvUV2iIk3pLEnoM2tzOEEA=",
		"6d92078a82464ba4ae5b76104861e7dc", /* an MD5 */
		"g434346648f6b96df89dda901c5176b10a6d83961dd3c1ac88b59b2dc327aa4f"};
	char text[200];
	char expected[200];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
	{
		for (size_t j = 0; j < sizeof(typings) / sizeof(typings[0]); j++)
		{
			snprintf(text, sizeof(text), "%s:%s", names[i], typings[j]);
			snprintf(expected, sizeof(expected), "%s:" BASE64_DIGITS, names[i]);
			CHECK(becomes(text, expected));
		}
		for (size_t j = 0; j < sizeof(others) / sizeof(others[0]); j++)
		{
			snprintf(text, sizeof(text), "%s:%s", names[i], others[j]);
			CHECK(status_of(text) == CDPK_INVALID);
		}
	}
}

static void
refusals(void)
{
	CHECK(status_of("") == CDPK_INVALID);
	CHECK(status_of("ann") == CDPK_INVALID);
	CHECK(status_of(":x") == CDPK_INVALID);
	CHECK(status_of("1a:x") == CDPK_INVALID);
	CHECK(status_of(" a:x") == CDPK_INVALID);
	CHECK(status_of("a b:x") == CDPK_INVALID);
	CHECK(status_of("\xc3\xa4:x") == CDPK_INVALID);
	CHECK(status_of("x:") == CDPK_EMPTY);
	CHECK(status_of("x: \t\xe2\x80\x8b") == CDPK_EMPTY);
	CHECK(status_of("x:a\tb") == CDPK_INVALID);
	CHECK(status_of("x:a\x7f") == CDPK_INVALID);
	CHECK(status_of("x:a\xc2\x80"
					"b") == CDPK_INVALID);
	CHECK(status_of("x:\xff") == CDPK_BAD_ENCODING);
	CHECK(status_of("email:ann") == CDPK_INVALID);
	CHECK(status_of("phone:+012345678") == CDPK_INVALID);
	CHECK(status_of("phone:12345678") == CDPK_INVALID);
	CHECK(status_of("phone:0012") == CDPK_INVALID); /* what the module gives is checked */
}

static void
limits(void)
{
	char text[2000];
	uint8_t payload[CDPK_IDENTIFIER_PAYLOAD_MAX];
	size_t length;

	memset(text, 'a', sizeof(text));
	text[63] = ':';
	CHECK(make(text, 512, NULL, payload, &length) == CDPK_OK);
	CHECK(length == CDPK_IDENTIFIER_PAYLOAD_MAX &&
		  cdpk_identifier_check(payload, length) == CDPK_OK);
	CHECK(make(text, 513, NULL, payload, &length) == CDPK_TOO_LONG);
	memset(text + 512, ' ', sizeof(text) - 512);
	CHECK(make(text, sizeof(text), NULL, payload, &length) == CDPK_OK);
	text[63] = 'a';
	text[64] = ':';
	CHECK(make(text, 70, NULL, payload, &length) == CDPK_TOO_LONG);
}

static void
phones_without_module(void)
{
	uint8_t payload[CDPK_IDENTIFIER_PAYLOAD_MAX];
	size_t length;

	CHECK(cdpk_identifier_make("phone", 5, "+1234567", 8, NULL, payload, &length) == CDPK_OK);
	CHECK(cdpk_identifier_make("phone", 5, "+123456789012345", 16, NULL, payload, &length) ==
		  CDPK_OK);
	CHECK(cdpk_identifier_make("phone", 5, "+123456", 7, NULL, payload, &length) ==
		  CDPK_UNSUPPORTED);
	CHECK(cdpk_identifier_make("phone", 5, "+1234567890123456", 17, NULL, payload, &length) ==
		  CDPK_UNSUPPORTED);
	CHECK(cdpk_identifier_make("phone", 5, "+44 20", 6, NULL, payload, &length) ==
		  CDPK_UNSUPPORTED);
}

/* A phone module of the test that must not be asked. */
static CdpkStatus
unwanted(void *context, const char *value, size_t length, char *result, size_t *result_length)
{
	(void) value;
	(void) length;
	(void) result;
	(void) result_length;
	*(int *) context += 1;
	return CDPK_INVALID;
}

static void
phones_reach_the_module(void)
{
	int asked = 0;
	CdpkPhone counting = {unwanted, &asked};
	uint8_t payload[CDPK_IDENTIFIER_PAYLOAD_MAX];
	size_t length;
	char text[200];

	memset(text, '1', sizeof(text));
	CHECK(cdpk_identifier_make("phone", 5, "+442079460958", 13, &counting, payload, &length) ==
		  CDPK_OK);
	CHECK(cdpk_identifier_make("phone", 5, text, 129, &counting, payload, &length) == CDPK_INVALID);
	CHECK(cdpk_identifier_make("user_id", 7, text, 129, &counting, payload, &length) == CDPK_OK);
	CHECK(asked == 0);
	CHECK(cdpk_identifier_make("phone", 5, text, 128, &counting, payload, &length) == CDPK_INVALID);
	CHECK(asked == 1);
}

/* Every change of one byte of a payload is either refused or another canonical identifier. */
static void
check_knows_its_own(void)
{
	static const char *const texts[] = {"email:ann@example.com", "phone:+442079460958",
										"user_id:U 7",           "idfa:" UUID,
										"email_sha256:" SHA256,  "email:ren\xc3\xa9@example.com"};
	uint8_t payload[CDPK_IDENTIFIER_PAYLOAD_MAX];
	uint8_t again[CDPK_IDENTIFIER_PAYLOAD_MAX];
	size_t length;
	size_t again_length;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
	{
		CHECK(parse(texts[i], payload, &length) == CDPK_OK);
		for (size_t cut = 0; cut < length; cut++)
			if (cdpk_identifier_check(payload, cut) == CDPK_OK)
				CHECK(cut > (size_t) (CDPK_IDENTIFIER_HEADER + payload[1]));
		for (size_t at = 0; at < length; at++)
			for (int byte = 0; byte < 256; byte++)
			{
				uint8_t before = payload[at];

				payload[at] = (uint8_t) byte;
				if (cdpk_identifier_check(payload, length) == CDPK_OK)
				{
					CHECK(cdpk_identifier_make(cdpk_identifier_namespace(payload), payload[1],
											   cdpk_identifier_value(payload),
											   cdpk_identifier_value_length(payload, length), NULL,
											   again, &again_length) == CDPK_OK);
					CHECK(again_length == length && memcmp(again, payload, length) == 0);
				}
				payload[at] = before;
			}
	}
	payload[0] = CDPK_IDENTIFIER_VERSION + 1;
	CHECK(cdpk_identifier_check(payload, length) == CDPK_UNKNOWN_VERSION);
	CHECK(cdpk_identifier_check((const uint8_t *) "\001\005EMAILann@example.com", 22) ==
		  CDPK_CORRUPT);
	CHECK(cdpk_identifier_check((const uint8_t *) "\001\005emailAnn@example.com", 22) ==
		  CDPK_CORRUPT);
	CHECK(cdpk_identifier_check((const uint8_t *) "\001\001x a", 5) == CDPK_CORRUPT);
	CHECK(cdpk_identifier_check((const uint8_t *) "\001\377x", 3) == CDPK_CORRUPT);
}

/* The order is that of (namespace, value) as byte strings, and a total one. */
static void
order(void)
{
	static const char *const sorted[] = {"a:b",
										 "a:ba",
										 "a:c",
										 "a-b:a",
										 "a.b:a",
										 "a_b:a",
										 "aa:a",
										 "email:a@b.c",
										 "user_id:10",
										 "user_id:9",
										 "x:a:b",
										 "x:\xc3\xa9",
										 "x:\xf0\x9f\x98\x80"};
	uint8_t a[CDPK_IDENTIFIER_PAYLOAD_MAX];
	uint8_t b[CDPK_IDENTIFIER_PAYLOAD_MAX];
	size_t a_length;
	size_t b_length;
	int count = (int) (sizeof(sorted) / sizeof(sorted[0]));

	for (int i = 0; i < count; i++)
		for (int j = 0; j < count; j++)
		{
			int compared;

			CHECK(parse(sorted[i], a, &a_length) == CDPK_OK);
			CHECK(parse(sorted[j], b, &b_length) == CDPK_OK);
			compared = cdpk_identifier_compare(a, a_length, b, b_length);
			CHECK((compared > 0) - (compared < 0) == (i > j) - (i < j));
		}
}

static void
meaningless(void)
{
	static const struct
	{
		const char *text;
		bool expected;
	} cases[] = {{"user_id:null", true},
				 {"user_id: 'NULL' ", true},
				 {"user_id:u-7", false},
				 {"email:unknown@example.com", true},
				 {"email:ann@example.com", false},
				 {"emails:unknown@example.com", false},
				 {"idfa:{00000000-0000-0000-0000-000000000000}", true},
				 {"gaid:00000000000000000000000000000000", true},
				 {"email_sha256:"
				  "E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855",
				  true},
				 {"user_id:{{user_id}}", true},
				 {"email:${user}@example.com", true},
				 {"device:00000000-0000-0000-0000-000000000000", true}};
	uint8_t payload[CDPK_IDENTIFIER_PAYLOAD_MAX];
	size_t length;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		CHECK(parse(cases[i].text, payload, &length) == CDPK_OK);
		CHECK(cdpk_identifier_meaningless(payload, length) == cases[i].expected);
	}
}

int
main(void)
{
	TEST(canonical_forms);
	TEST(hexadecimal_forms);
	TEST(hexadecimal_strangers);
	TEST(hashes_of_ours);
	TEST(refusals);
	TEST(limits);
	TEST(phones_without_module);
	TEST(phones_reach_the_module);
	TEST(check_knows_its_own);
	TEST(order);
	TEST(meaningless);
	UNIT_EXIT();
}
