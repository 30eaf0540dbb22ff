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

bool
identifier_has_hash(const char *name_space, size_t length)
{
	for (int i = 0; i < lengthof(namespaces); i++)
		if (is_name(name_space, length, namespaces[i].plain))
			return true;
	return identifier_is_of_hashes(name_space, length);
}

/* Write the hexadecimal digits of the SHA-256 of a text. */
static void
write_digits(const char *value, size_t length, char digits[DIGITS])
{
	pg_cryptohash_ctx *context = pg_cryptohash_create(PG_SHA256);
	uint8 digest[PG_SHA256_DIGEST_LENGTH];

	if (pg_cryptohash_init(context) < 0 ||
		pg_cryptohash_update(context, (const uint8 *) value, length) < 0 ||
		pg_cryptohash_final(context, digest, PG_SHA256_DIGEST_LENGTH) < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INTERNAL_ERROR),
				 errmsg("could not compute a SHA-256 hash: %s", pg_cryptohash_error(context))));
	pg_cryptohash_free(context);
	hex_encode((const char *) digest, PG_SHA256_DIGEST_LENGTH, digits);
}

Identifier *
identifier_hashed(const Identifier *identifier)
{
	const uint8_t *payload = IdentifierPayload(identifier);
	const char *name_space = cdpk_identifier_namespace(payload);
	size_t name_length = cdpk_identifier_namespace_length(payload);
	size_t length = cdpk_identifier_value_length(payload, IdentifierLength(identifier));
	char digits[DIGITS + 1] = "";
	CdpkStatus status;

	for (int i = 0; i < lengthof(namespaces); i++)
	{
		if (is_name(name_space, name_length, namespaces[i].plain))
			write_digits(cdpk_identifier_value(payload), length, digits);
		else if (is_name(name_space, name_length, namespaces[i].hashed))
		{
			if (length != DIGITS)
				return NULL;
			memcpy(digits, cdpk_identifier_value(payload), DIGITS);
			if (strspn(digits, "0123456789abcdef") != DIGITS)
				return NULL;
		}
		else
			continue;
		return identifier_make(namespaces[i].hashed, strlen(namespaces[i].hashed), digits, DIGITS,
							   &status);
	}
	return NULL;
}

CDP_FUNCTION(cdp_has_hash);

/* Return whether an identifier has a hash, or may be one, by its namespace. */
Datum
cdp_has_hash(PG_FUNCTION_ARGS)
{
	const uint8_t *payload = IdentifierPayload(PG_GETARG_IDENTIFIER_PP(0));

	PG_RETURN_BOOL(identifier_has_hash(cdpk_identifier_namespace(payload),
									   cdpk_identifier_namespace_length(payload)));
}

/* Return the identifier of the hash of an e-mail address or phone number. */
CDP_FUNCTION(cdp_hashed);
Datum
cdp_hashed(PG_FUNCTION_ARGS)
{
	Identifier *hashed = identifier_hashed(PG_GETARG_IDENTIFIER_PP(0));

	if (hashed == NULL)
		PG_RETURN_NULL();
	PG_RETURN_POINTER(hashed);
}
