/*
 * hashed.c
 *		The hashes under which other systems know e-mail addresses and phone numbers.
 */
#include "postgres.h"

#include "common/cryptohash.h"
#include "common/sha2.h"
#include "fmgr.h"
#include "utils/builtins.h"

#include "cdp.h"
#include "compat.h"
#include "toolkit/identifier/hashed.h"

#define DIGITS (2 * PG_SHA256_DIGEST_LENGTH)

/* the namespaces whose values are hashed, and those of the hashes */
static const struct
{
	const char *plain;
	const char *hashed;
} namespaces[] = {{"email", "email_sha256"}, {"phone", "phone_sha256"}};

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

/* Return whether identifiers of a namespace have hashes, or are hashes. */
static bool
has_hash(const char *name_space, size_t length)
{
	for (int i = 0; i < lengthof(namespaces); i++)
		if (is_name(name_space, length, namespaces[i].plain))
			return true;
	return identifier_is_of_hashes(name_space, length);
}

/* Write the SHA-256 of a text. */
static void
write_digest(const char *value, size_t length, uint8 digest[PG_SHA256_DIGEST_LENGTH])
{
	pg_cryptohash_ctx *context = pg_cryptohash_create(PG_SHA256);

	if (pg_cryptohash_init(context) < 0 ||
		pg_cryptohash_update(context, (const uint8 *) value, length) < 0 ||
		pg_cryptohash_final(context, digest, PG_SHA256_DIGEST_LENGTH) < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INTERNAL_ERROR),
				 errmsg("could not compute a SHA-256 hash: %s", pg_cryptohash_error(context))));
	pg_cryptohash_free(context);
}

/* Tell whether a value is a hash as identifiers have it. */
static bool
is_digits(const char *value, size_t length)
{
	if (length != DIGITS)
		return false;
	for (size_t i = 0; i < length; i++)
		if (!(value[i] >= '0' && value[i] <= '9') && !(value[i] >= 'a' && value[i] <= 'f'))
			return false;
	return true;
}

/*
 * Find the hash of an identifier: that of the value, or the digits that it is.  Returns the place of its namespace in
 * the list; -1: it has none.
 */
static int
find_hash(const Identifier *identifier, uint8 digest[PG_SHA256_DIGEST_LENGTH])
{
	const uint8_t *payload = IdentifierPayload(identifier);
	const char *name_space = cdpk_identifier_namespace(payload);
	size_t name_length = cdpk_identifier_namespace_length(payload);
	const char *value = cdpk_identifier_value(payload);
	size_t length = cdpk_identifier_value_length(payload, IdentifierLength(identifier));

	for (int i = 0; i < lengthof(namespaces); i++)
	{
		if (is_name(name_space, name_length, namespaces[i].plain))
			write_digest(value, length, digest);
		else if (!is_name(name_space, name_length, namespaces[i].hashed))
			continue;
		else if (!is_digits(value, length))
			return -1;
		else
			hex_decode(value, DIGITS, (char *) digest);
		return i;
	}
	return -1;
}

/*
 * Return the identifier of the SHA-256 of an e-mail address or phone number in its normal form, in hexadecimal digits;
 * of such an identifier itself; NULL of all others.
 */
static Identifier *
make_hashed(const Identifier *identifier)
{
	uint8 digest[PG_SHA256_DIGEST_LENGTH];
	char digits[DIGITS];
	int found = find_hash(identifier, digest);
	CdpkStatus status;

	if (found < 0)
		return NULL;
	hex_encode((const char *) digest, PG_SHA256_DIGEST_LENGTH, digits);
	return identifier_make(namespaces[found].hashed, strlen(namespaces[found].hashed), digits,
						   DIGITS, &status);
}

CDP_FUNCTION(cdp_has_hash);

/* Return whether an identifier has a hash, or may be one, by its namespace. */
Datum
cdp_has_hash(PG_FUNCTION_ARGS)
{
	const uint8_t *payload = IdentifierPayload(PG_GETARG_IDENTIFIER_PP(0));

	PG_RETURN_BOOL(
		has_hash(cdpk_identifier_namespace(payload), cdpk_identifier_namespace_length(payload)));
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
	uint8 digest[PG_SHA256_DIGEST_LENGTH];
	uint64 key = 0;

	if (find_hash(PG_GETARG_IDENTIFIER_PP(0), digest) < 0)
		PG_RETURN_NULL();
	for (int i = 0; i < (int) sizeof(key); i++)
		key = key << 8 | digest[i];
	PG_RETURN_INT64((int64) key);
}
