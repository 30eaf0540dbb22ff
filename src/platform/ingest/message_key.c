/*
 * message_key.c
 *		cdp.message_key: the key by which a repeated message is recognised.
 *
 * The hash is cryptographic, because a sender who found two message ids with the same key could make
 * another message vanish as a duplicate.
 */
#include "postgres.h"

#include "common/cryptohash.h"
#include "common/sha2.h"

#include "cdp.h"
#include "compat.h"
#include "core/identifier/meaningless.h"
#include "platform/ingest/ingest.h"

/* sha256 hashes a source's name, if it is not NULL, a zero byte, which no text has, and a message id. */
static void
sha256(const CdpkSpan *source, CdpkSpan message_id, uint8 digest[PG_SHA256_DIGEST_LENGTH])
{
	pg_cryptohash_ctx *context = pg_cryptohash_create(PG_SHA256);

	if (pg_cryptohash_init(context) < 0 ||
		(source != NULL &&
		 (pg_cryptohash_update(context, (const uint8 *) source->text, source->length) < 0 ||
		  pg_cryptohash_update(context, (const uint8 *) "", 1) < 0)) ||
		pg_cryptohash_update(context, (const uint8 *) message_id.text, message_id.length) < 0 ||
		pg_cryptohash_final(context, digest, PG_SHA256_DIGEST_LENGTH) < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INTERNAL_ERROR),
				 errmsg("could not compute a SHA-256 hash: %s", pg_cryptohash_error(context))));
	pg_cryptohash_free(context);
}

/* ingest_message_key: see the header. */
bool
ingest_message_key(const CdpkSpan *source, CdpkSpan message_id, pg_uuid_t *key)
{
	uint8 digest[PG_SHA256_DIGEST_LENGTH];

	message_id = ingest_trim(message_id);
	if (cdpk_value_meaningless(message_id.text, message_id.length))
		return false;
	sha256(source, message_id, digest);
	memcpy(key->data, digest, UUID_LEN);
	return true;
}

CDP_FUNCTION(cdp_message_key);

/* cdp_message_key implements cdp.message_key(text). */
Datum
cdp_message_key(PG_FUNCTION_ARGS)
{
	pg_uuid_t *key = palloc(sizeof(pg_uuid_t));

	if (!ingest_message_key(NULL, ingest_text(PG_GETARG_DATUM(0)), key))
		PG_RETURN_NULL();
	PG_RETURN_UUID_P(key);
}

CDP_FUNCTION(cdp_own_message_key);

/* cdp_own_message_key implements cdp_internal.own_message_key. */
Datum
cdp_own_message_key(PG_FUNCTION_ARGS)
{
	pg_uuid_t *key = palloc(sizeof(pg_uuid_t));
	CdpkSpan source = ingest_text(PG_GETARG_DATUM(1));

	if (!ingest_message_key(&source, ingest_text(PG_GETARG_DATUM(0)), key))
		PG_RETURN_NULL();
	PG_RETURN_UUID_P(key);
}
