/* sha256_test.c: SHA-256, against published digests */
#include "core/base/sha256.h"
#include "unit.h"

/* is tells whether the digest of bytes is that in hexadecimal digits. */
static bool
is(const void *bytes, size_t length, const char *expected)
{
	uint8_t digest[CDPK_SHA256_LENGTH];
	char shown[2 * CDPK_SHA256_LENGTH + 1];

	cdpk_sha256(bytes, length, digest);
	for (size_t i = 0; i < CDPK_SHA256_LENGTH; i++)
		snprintf(shown + 2 * i, 3, "%02x", digest[i]);
	return strcmp(shown, expected) == 0;
}

static void
digests_are_the_published_ones(void)
{
	static const char *const texts[][2] = {
		{"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
		{"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
		{"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
		 "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
		{"abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqr"
		 "lmnopqrsmnopqrstnopqrstu",
		 "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1"}};
	char *million = malloc(1000000);

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		CHECK(is(texts[i][0], strlen(texts[i][0]), texts[i][1]));
	memset(million, 'a', 1000000);
	CHECK(is(million, 1000000, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"));
	free(million);
}

/* The digest of the digests of 0 to 299 bytes, each of them at the end of its memory, is that of another program. */
static void
every_length_counts(void)
{
	uint8_t digests[300][CDPK_SHA256_LENGTH];

	for (size_t length = 0; length < 300; length++)
	{
		uint8_t *bytes = malloc(length + 1);

		for (size_t i = 0; i < length; i++)
			bytes[i + 1] = (uint8_t) (i % 251);
		cdpk_sha256(bytes + 1, length, digests[length]);
		free(bytes);
	}
	CHECK(is(digests, sizeof(digests),
			 "fa70b867db0a30acb7218d62945db0df52eb393808b30675ea9aac6b058a9a9d"));
}

int
main(void)
{
	TEST(digests_are_the_published_ones);
	TEST(every_length_counts);
	UNIT_EXIT();
}
