/*
 * message_key.c
 *		cdp_internal.message_key: the key by which a repeated message is recognised.
 *
 * It is keyed, because a sender who found two message ids with the same key could make another message vanish as a
 * duplicate.
 */
#include "postgres.h"

#include "cdp.h"
#include "core/identifier/meaningless.h"
#include "platform/catalogue/hash_key.h"
#include "platform/ingest/ingest.h"

StaticAssertDecl(UUID_LEN == CDPK_SIPHASH_128_LENGTH, "a key of a message is a hash");

/* own_id writes a source's name, a zero byte, which no text has, and a message id. */
static CdpkSpan
own_id(CdpkSpan source, CdpkSpan message_id)
{
	char *text = palloc(source.length + 1 + message_id.length);
	CdpkSpan id = {text, source.length + 1 + message_id.length};

	memcpy(text, source.text, source.length);
	text[source.length] = '\0';
	memcpy(text + source.length + 1, message_id.text, message_id.length);
	return id;
}

/* ingest_message_key: see the header. */
bool
ingest_message_key(const CdpkSipHashKey *hash_by, const CdpkSpan *source, CdpkSpan message_id,
				   pg_uuid_t *key)
{
	message_id = ingest_trim(message_id);
	if (cdpk_value_meaningless(message_id.text, message_id.length))
		return false;
	if (source != NULL)
		message_id = own_id(*source, message_id);
	cdpk_siphash_128(hash_by, (const uint8_t *) message_id.text, message_id.length, key->data);
	return true;
}

CDP_FUNCTION(cdp_message_key);

/* cdp_message_key implements cdp_internal.message_key(text). */
Datum
cdp_message_key(PG_FUNCTION_ARGS)
{
	CdpkSipHashKey hash_by = hash_key(HASH_MESSAGE);
	pg_uuid_t *key = palloc(sizeof(pg_uuid_t));

	if (!ingest_message_key(&hash_by, NULL, ingest_text(PG_GETARG_DATUM(0)), key))
		PG_RETURN_NULL();
	PG_RETURN_UUID_P(key);
}

CDP_FUNCTION(cdp_own_message_key);

/* cdp_own_message_key implements cdp_internal.own_message_key. */
Datum
cdp_own_message_key(PG_FUNCTION_ARGS)
{
	CdpkSipHashKey hash_by = hash_key(HASH_MESSAGE);
	pg_uuid_t *key = palloc(sizeof(pg_uuid_t));
	CdpkSpan source = ingest_text(PG_GETARG_DATUM(1));

	if (!ingest_message_key(&hash_by, &source, ingest_text(PG_GETARG_DATUM(0)), key))
		PG_RETURN_NULL();
	PG_RETURN_UUID_P(key);
}
