/*
 * message_key.c
 *		cdp.message_key: the key by which a repeated message is recognised.
 *
 * The hash is cryptographic, because a sender who found two message ids with the same key could make
 * another message vanish as a duplicate.
 */
#include "postgres.h"

#include "cdp.h"
#include "core/base/sha256.h"
#include "core/identifier/meaningless.h"
#include "platform/ingest/ingest.h"

/* ingest_message_key: see the header. */
bool
ingest_message_key(CdpkSpan message_id, pg_uuid_t *key)
{
	uint8 digest[CDPK_SHA256_LENGTH];

	message_id = ingest_trim(message_id);
	if (cdpk_value_meaningless(message_id.text, message_id.length))
		return false;
	cdpk_sha256((const uint8 *) message_id.text, message_id.length, digest);
	memcpy(key->data, digest, UUID_LEN);
	return true;
}

CDP_FUNCTION(cdp_message_key);

/* cdp_message_key implements cdp.message_key(text). */
Datum
cdp_message_key(PG_FUNCTION_ARGS)
{
	pg_uuid_t *key = palloc(sizeof(pg_uuid_t));

	if (!ingest_message_key(ingest_text(PG_GETARG_DATUM(0)), key))
		PG_RETURN_NULL();
	PG_RETURN_UUID_P(key);
}
