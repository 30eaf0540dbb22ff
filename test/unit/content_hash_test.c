/* content_hash_test.c: the content hash of a message is that of the bytes that FORMAT.md says */
#include "core/text/content_hash.h"
#include "unit.h"

static const CdpkSipHashKey key = {UINT64_C(0x0706050403020100), UINT64_C(0x0f0e0d0c0b0a0908)};

static void
values_are_these_bytes(void)
{
	/* "track", absent, -1 µs, {"a": [true, null, false], "longer than eight": -12345.6789} */
	static const char bytes[] = "\2\5\0\0\0\0\0\0"
								"track\0\0\0"
								"\1\0\0\0\0\0\0\0"
								"\3\0\0\0\0\0\0\0"
								"\377\377\377\377\377\377\377\377"
								"\4\2\0\0\0\0\0\0"
								"\2\1\0\0\0\0\0\0"
								"a\0\0\0\0\0\0\0"
								"\5\3\0\0\0\0\0\0"
								"\11\0\0\0\0\0\0\0"
								"\12\0\0\0\0\0\0\0"
								"\10\0\0\0\0\0\0\0"
								"\2\21\0\0\0\0\0\0"
								"longer t"
								"han eigh"
								"t\0\0\0\0\0\0\0"
								"\7\3\0\0\0\0\0\0"
								"\1\0\0\0\0\0\0\0"
								"\1\0\51\11\205\32\0\0";
	static const int16_t digits[] = {1, 2345, 6789};
	CdpkContentHash content = cdpk_content_begin(&key);

	cdpk_content_add_text(&content, "track", 5);
	cdpk_content_add(&content, CDPK_CONTENT_ABSENT, 0);
	cdpk_content_add_time(&content, -1);
	cdpk_content_add(&content, CDPK_CONTENT_OBJECT, 2);
	cdpk_content_add_text(&content, "a", 1);
	cdpk_content_add(&content, CDPK_CONTENT_ARRAY, 3);
	cdpk_content_add(&content, CDPK_CONTENT_TRUE, 0);
	cdpk_content_add(&content, CDPK_CONTENT_NULL, 0);
	cdpk_content_add(&content, CDPK_CONTENT_FALSE, 0);
	cdpk_content_add_text(&content, "longer than eight", 17);
	cdpk_content_add_number(&content, true, 1, digits, 3);
	CHECK(cdpk_content_end(&content) ==
		  cdpk_siphash(&key, (const uint8_t *) bytes, sizeof(bytes) - 1));
}

static void
numbers_of_many_digits(void)
{
	static const char bytes[] = "\6\6\0\0\0\0\0\0"
								"\376\377\377\377\377\377\377\377"
								"\1\0\2\0\3\0\4\0"
								"\5\0\17\47\0\0\0\0"
								"\6\0\0\0\0\0\0\0"
								"\0\0\0\0\0\0\0\0";
	static const int16_t digits[] = {1, 2, 3, 4, 5, 9999};
	CdpkContentHash content = cdpk_content_begin(&key);

	cdpk_content_add_number(&content, false, -2, digits, 6);
	cdpk_content_add_number(&content, false, 0, digits, 0);
	CHECK(cdpk_content_end(&content) ==
		  cdpk_siphash(&key, (const uint8_t *) bytes, sizeof(bytes) - 1));
}

/* A text and another, or none. */
static uint64_t
hash_of(const char *one, const char *other)
{
	CdpkContentHash content = cdpk_content_begin(&key);

	for (int i = 0; i < 2; i++)
	{
		const char *text = i == 0 ? one : other;

		if (text == NULL)
			cdpk_content_add(&content, CDPK_CONTENT_ABSENT, 0);
		else
			cdpk_content_add_text(&content, text, strlen(text));
	}
	return cdpk_content_end(&content);
}

static void
values_do_not_run_into_each_other(void)
{
	static const char *const texts[] = {NULL, "", "a", "ab", "abcdefgh", "abcdefghi"};
	const int count = sizeof(texts) / sizeof(texts[0]);
	uint64_t seen[36];

	for (int i = 0; i < count * count; i++)
	{
		seen[i] = hash_of(texts[i / count], texts[i % count]);
		for (int k = 0; k < i; k++)
			CHECK(seen[k] != seen[i]);
	}
	CHECK(hash_of("abcdefgh", "i") != hash_of("abcdefghi", ""));
}

static void
keys_of_purposes_differ(void)
{
	CdpkSipHashKey one = cdpk_siphash_derive(&key, "content");
	CdpkSipHashKey same = cdpk_siphash_derive(&key, "content");
	CdpkSipHashKey other = cdpk_siphash_derive(&key, "contents");

	CHECK(one.low == same.low && one.high == same.high);
	CHECK(one.low != one.high && one.low != key.low && one.high != key.high);
	CHECK(one.low != other.low && one.high != other.high);
	CHECK(cdpk_siphash(&one, (const uint8_t *) "x", 1) !=
		  cdpk_siphash(&key, (const uint8_t *) "x", 1));
}

int
main(void)
{
	TEST(values_are_these_bytes);
	TEST(numbers_of_many_digits);
	TEST(values_do_not_run_into_each_other);
	TEST(keys_of_purposes_differ);
	UNIT_EXIT();
}
