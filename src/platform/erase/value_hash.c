/*
 * value_hash.c
 *		The hashes by which other systems know a person: of e-mail addresses, phone numbers and ids.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "common/cryptohash.h"
#include "common/md5.h"
#include "common/sha1.h"
#include "common/sha2.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "cdp.h"
#include "toolkit/identifier/hashed.h"
#include "toolkit/identifier/identifier.h"

CDP_FUNCTION(cdp_has_value_hash);

/* the algorithms, by the length of what they give */
static const struct
{
	pg_cryptohash_type type;
	int length;
} algorithms[] = {{PG_SHA256, PG_SHA256_DIGEST_LENGTH},
				  {PG_SHA1, SHA1_DIGEST_LENGTH},
				  {PG_MD5, MD5_DIGEST_LENGTH}};

/* What is looked for. */
typedef struct Wanted
{
	Datum *hashes;
	int count;
} Wanted;

/* is_wanted tells whether a hash is looked for. */
static bool
is_wanted(const Wanted *wanted, const uint8 *hash, int length)
{
	for (int i = 0; i < wanted->count; i++)
	{
		struct varlena *one = (struct varlena *) DatumGetPointer(wanted->hashes[i]);

		if (VARSIZE_ANY_EXHDR(one) == length && memcmp(VARDATA_ANY(one), hash, length) == 0)
			return true;
	}
	return false;
}

/* has_length tells whether a hash of so many bytes is looked for. */
static bool
has_length(const Wanted *wanted, int length)
{
	for (int i = 0; i < wanted->count; i++)
		if (VARSIZE_ANY_EXHDR(DatumGetPointer(wanted->hashes[i])) == length)
			return true;
	return false;
}

/* has_hash tells whether one of the hashes of a text is looked for. */
static bool
has_hash(const Wanted *wanted, const char *text, size_t length)
{
	uint8 hash[PG_SHA256_DIGEST_LENGTH];

	for (int i = 0; i < lengthof(algorithms); i++)
	{
		pg_cryptohash_ctx *context;

		if (!has_length(wanted, algorithms[i].length))
			continue;
		context = pg_cryptohash_create(algorithms[i].type);
		if (pg_cryptohash_init(context) < 0 ||
			pg_cryptohash_update(context, (const uint8 *) text, length) < 0 ||
			pg_cryptohash_final(context, hash, algorithms[i].length) < 0)
			ereport(ERROR, (errcode(ERRCODE_INTERNAL_ERROR),
							errmsg("could not compute a hash: %s", pg_cryptohash_error(context))));
		pg_cryptohash_free(context);
		if (is_wanted(wanted, hash, algorithms[i].length))
			return true;
	}
	return false;
}

/* is_of tells whether an identifier is of a namespace. */
static bool
is_of(const uint8_t *payload, const char *name)
{
	return cdpk_identifier_namespace_length(payload) == strlen(name) &&
		   memcmp(cdpk_identifier_namespace(payload), name, strlen(name)) == 0;
}

/* has_mailbox tells whether a hash of an address is looked for, in the forms that platforms hash. */
static bool
has_mailbox(const Wanted *wanted, const uint8_t *payload, size_t length)
{
	static const CdpkMailbox rules[] = {CDPK_MAILBOX_GMAIL, CDPK_MAILBOX_PLUS};
	uint8_t mailbox[CDPK_IDENTIFIER_PAYLOAD_MAX];

	for (int i = 0; i < lengthof(rules); i++)
	{
		size_t made = cdpk_identifier_mailbox(payload, length, rules[i], mailbox);

		if (has_hash(wanted, cdpk_identifier_value(mailbox),
					 cdpk_identifier_value_length(mailbox, made)))
			return true;
	}
	return false;
}

/* cdp_has_value_hash implements cdp_internal.has_value_hash. */
Datum
cdp_has_value_hash(PG_FUNCTION_ARGS)
{
	Identifier *identifier = PG_GETARG_IDENTIFIER_PP(0);
	const uint8_t *payload = IdentifierPayload(identifier);
	size_t length = IdentifierLength(identifier);
	const char *value = cdpk_identifier_value(payload);
	size_t value_length = cdpk_identifier_value_length(payload, length);
	Wanted wanted;
	bool *nulls;
	char digits[PG_SHA256_DIGEST_LENGTH * 2 + 1];
	char bytes[PG_SHA256_DIGEST_LENGTH];

	deconstruct_array(PG_GETARG_ARRAYTYPE_P(1), BYTEAOID, -1, false, TYPALIGN_INT, &wanted.hashes,
					  &nulls, &wanted.count);
	if (array_contains_nulls(PG_GETARG_ARRAYTYPE_P(1)))
		ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("a hash is NULL")));
	/* what came as a hash */
	if (identifier_is_of_hashes(cdpk_identifier_namespace(payload),
								cdpk_identifier_namespace_length(payload)) &&
		identifier_hash_digits(payload, length, digits))
	{
		hex_decode(digits, PG_SHA256_DIGEST_LENGTH * 2, bytes);
		PG_RETURN_BOOL(is_wanted(&wanted, (uint8 *) bytes, PG_SHA256_DIGEST_LENGTH));
	}
	if (has_hash(&wanted, value, value_length))
		PG_RETURN_BOOL(true);
	if (is_of(payload, "email"))
		PG_RETURN_BOOL(has_mailbox(&wanted, payload, length));
	/* some platforms hash the digits alone */
	PG_RETURN_BOOL(is_of(payload, "phone") && value_length > 1 && value[0] == '+' &&
				   has_hash(&wanted, value + 1, value_length - 1));
}
