/*
 * map_hash.c
 *		cdp_internal.map_hash: the hash by which cdp_data.identifier_map finds identifiers.
 *
 * It is keyed, because who knew it could send identifiers of one hash, each of which is compared
 * with all others.
 */
#include "postgres.h"

#include "cdp.h"
#include "platform/identity/map_hash.h"
#include "toolkit/identifier/identifier.h"

/* map_hash_key: see the header. */
CdpkSipHashKey
map_hash_key(Datum key)
{
	bytea *bytes = DatumGetByteaPP(key);

	if (VARSIZE_ANY_EXHDR(bytes) != CDPK_SIPHASH_KEY_LENGTH)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("the key of a hash has %d bytes", (int) VARSIZE_ANY_EXHDR(bytes)),
						errdetail("It must have %d.", CDPK_SIPHASH_KEY_LENGTH)));
	return cdpk_siphash_key((const uint8_t *) VARDATA_ANY(bytes));
}

CDP_FUNCTION(cdp_map_hash);

/* cdp_map_hash implements cdp_internal.map_hash(cdp.identifier, bytea). */
Datum
cdp_map_hash(PG_FUNCTION_ARGS)
{
	Identifier *identifier = PG_GETARG_IDENTIFIER_PP(0);
	CdpkSipHashKey key = map_hash_key(PG_GETARG_DATUM(1));
	int64 hash = map_hash(&key, IdentifierPayload(identifier), IdentifierLength(identifier));

	PG_FREE_IF_COPY(identifier, 0);
	PG_RETURN_INT64(hash);
}
