/*
 * hashed.c
 *		The hashes under which other systems know e-mail addresses and phone numbers.
 */
#include "postgres.h"

#include "common/cryptohash.h"
#include "common/sha2.h"
#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "cdp.h"
#include "compat.h"
#include "core/identifier/hexid.h"
#include "core/identifier/meaningless.h"
#include "toolkit/identifier/hashed.h"

#define DIGITS CDPK_SHA256_DIGITS

/* the namespaces whose values are hashed, and those of the hashes */
static const struct
{
	const char *plain;
	const char *hashed;
} namespaces[] = {{"email", "email_sha256"}, {"phone", "phone_sha256"}};

/* As sources write a word before they hash it. */
typedef enum Writing
{
	LOWER,
	UPPER,
	CAPITAL,
	WRITINGS
} Writing;

typedef struct Digest
{
	uint8 bytes[PG_SHA256_DIGEST_LENGTH];
} Digest;

static bool
is_name(const char *name_space, size_t length, const char *name)
{
	return length == strlen(name) && memcmp(name_space, name, length) == 0;
}

bool
identifier_is_of_hashes(const char *name_space, size_t length)
{
	for (int i = 0; i < lengthof(namespaces); i++)
		if (is_name(name_space, length, namespaces[i].hashed))
			return true;
	return false;
}

const char *
identifier_hash_partner(const char *name_space, size_t length)
{
	for (int i = 0; i < lengthof(namespaces); i++)
	{
		if (is_name(name_space, length, namespaces[i].plain))
			return namespaces[i].hashed;
		if (is_name(name_space, length, namespaces[i].hashed))
			return namespaces[i].plain;
	}
	return NULL;
}

/* Write the SHA-256 of a text. */
static void
write_digest(const char *value, size_t length, Digest *digest)
{
	pg_cryptohash_ctx *context = pg_cryptohash_create(PG_SHA256);

	if (pg_cryptohash_init(context) < 0 ||
		pg_cryptohash_update(context, (const uint8 *) value, length) < 0 ||
		pg_cryptohash_final(context, digest->bytes, PG_SHA256_DIGEST_LENGTH) < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INTERNAL_ERROR),
				 errmsg("could not compute a SHA-256 hash: %s", pg_cryptohash_error(context))));
	pg_cryptohash_free(context);
}

/*
 * Find the hash of an identifier: that of the value, or the digits that it is.  Returns the place of its namespace in
 * the list; -1: it has none.
 */
static int
find_hash(const uint8_t *payload, size_t length, Digest *digest)
{
	const char *name_space = cdpk_identifier_namespace(payload);
	size_t name_length = cdpk_identifier_namespace_length(payload);
	const char *value = cdpk_identifier_value(payload);
	size_t value_length = cdpk_identifier_value_length(payload, length);

	for (int i = 0; i < lengthof(namespaces); i++)
	{
		if (is_name(name_space, name_length, namespaces[i].plain))
			write_digest(value, value_length, digest);
		else if (is_name(name_space, name_length, namespaces[i].hashed) && value_length == DIGITS)
			hex_decode(value, value_length, (char *) digest->bytes);
		else
			continue;
		return i;
	}
	return -1;
}

bool
identifier_hash_digits(const uint8_t *payload, size_t length, char *digits)
{
	Digest digest;

	if (find_hash(payload, length, &digest) < 0)
		return false;
	hex_encode((const char *) digest.bytes, PG_SHA256_DIGEST_LENGTH, digits);
	return true;
}

/* Write a word as a source may have it before it is hashed. */
static void
write_word(const char *word, Writing writing, char *result)
{
	size_t i = 0;

	for (; word[i] != '\0'; i++)
		result[i] = (char) (writing == UPPER || (writing == CAPITAL && i == 0)
								? pg_ascii_toupper((unsigned char) word[i])
								: (unsigned char) word[i]);
	result[i] = '\0';
}

/* Compute the hashes of the words that mean nothing, once in a session, and of a zero, which is none of the words. */
static const Digest *
meaningless_digests(int *count)
{
	static Digest *digests = NULL;
	static int digest_count = 0;
	const CdpkMeaningless *words = cdpk_meaningless_words();
	char written[CDPK_IDENTIFIER_MAX];
	Digest *made;
	int word_count = 0;

	*count = digest_count;
	if (digests != NULL)
		return digests;
	while (words[word_count].word != NULL)
		word_count++;
	made = palloc((word_count * WRITINGS + 1) * sizeof(Digest));
	for (int i = 0; i < word_count * WRITINGS; i++)
	{
		write_word(words[i / WRITINGS].word, i % WRITINGS, written);
		write_digest(written, strlen(written), &made[i]);
	}
	write_digest("0", 1, &made[word_count * WRITINGS]);
	digests = MemoryContextAlloc(TopMemoryContext, (word_count * WRITINGS + 1) * sizeof(Digest));
	digest_count = *count = word_count * WRITINGS + 1;
	memcpy(digests, made, digest_count * sizeof(Digest));
	pfree(made);
	return digests;
}

bool
identifier_meaningless(const uint8_t *payload, size_t length)
{
	const Digest *digests;
	Digest digest;
	int count;

	if (cdpk_identifier_meaningless(payload, length))
		return true;
	if (!identifier_is_of_hashes(cdpk_identifier_namespace(payload),
								 cdpk_identifier_namespace_length(payload)))
		return false;
	if (find_hash(payload, length, &digest) < 0)
		return false;
	digests = meaningless_digests(&count);
	for (int i = 0; i < count; i++)
		if (memcmp(&digests[i], &digest, sizeof(Digest)) == 0)
			return true;
	return false;
}

/*
 * Return the identifier of the SHA-256 of an e-mail address or phone number in its normal form, in hexadecimal digits;
 * of such an identifier itself; NULL of all others.
 */
static Identifier *
make_hashed(const Identifier *identifier)
{
	Digest digest;
	char digits[DIGITS];
	int found = find_hash(IdentifierPayload(identifier), IdentifierLength(identifier), &digest);
	CdpkStatus status;

	if (found < 0)
		return NULL;
	hex_encode((const char *) digest.bytes, PG_SHA256_DIGEST_LENGTH, digits);
	return identifier_make(namespaces[found].hashed, strlen(namespaces[found].hashed), digits,
						   DIGITS, &status);
}

CDP_FUNCTION(cdp_has_hash);

/* Return whether an identifier has a hash, or is one, by its namespace. */
Datum
cdp_has_hash(PG_FUNCTION_ARGS)
{
	const uint8_t *payload = IdentifierPayload(PG_GETARG_IDENTIFIER_PP(0));

	PG_RETURN_BOOL(identifier_hash_partner(cdpk_identifier_namespace(payload),
										   cdpk_identifier_namespace_length(payload)) != NULL);
}

/* Return the identifier of the hash of an e-mail address or phone number. */
CDP_FUNCTION(cdp_hashed);
Datum
cdp_hashed(PG_FUNCTION_ARGS)
{
	Identifier *hashed = make_hashed(PG_GETARG_IDENTIFIER_PP(0));

	if (hashed == NULL)
		PG_RETURN_NULL();
	PG_RETURN_POINTER(hashed);
}

/* Return the first 64 bits of the hash, by which indexes find it. */
CDP_FUNCTION(cdp_hashed_key);
Datum
cdp_hashed_key(PG_FUNCTION_ARGS)
{
	Identifier *identifier = PG_GETARG_IDENTIFIER_PP(0);
	Digest digest;
	uint64 key = 0;

	if (find_hash(IdentifierPayload(identifier), IdentifierLength(identifier), &digest) < 0)
		PG_RETURN_NULL();
	for (int i = 0; i < (int) sizeof(key); i++)
		key = key << 8 | digest.bytes[i];
	PG_RETURN_INT64((int64) key);
}
