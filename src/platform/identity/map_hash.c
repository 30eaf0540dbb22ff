/*
 * map_hash.c
 *		cdp_internal.map_hash: the hash by which cdp_data.identifier_map finds identifiers.
 *
 * It is keyed, because who knew it could send identifiers of one hash, each of which is compared
 * with all others.
 */
#include "postgres.h"

#include "cdp.h"
#include "platform/catalogue/hash_key.h"
#include "platform/identity/map_hash.h"
#include "toolkit/identifier/identifier.h"

/* hash_identifier hashes an argument of type cdp.identifier. */
static int64
hash_identifier(const CdpkSipHashKey *key, Datum argument)
{
	Identifier *identifier = DatumGetIdentifierPP(argument);
	int64 hash = map_hash(key, IdentifierPayload(identifier), IdentifierLength(identifier));

	if ((Pointer) identifier != DatumGetPointer(argument))
		pfree(identifier);
	return hash;
}

CDP_FUNCTION(cdp_map_hash);
CDP_FUNCTION(cdp_map_hash_by);

/* cdp_map_hash implements cdp_internal.map_hash(cdp.identifier). */
Datum
cdp_map_hash(PG_FUNCTION_ARGS)
{
	CdpkSipHashKey key = hash_key(HASH_IDENTIFIER);

	PG_RETURN_INT64(hash_identifier(&key, PG_GETARG_DATUM(0)));
}

/* cdp_map_hash_by implements cdp_internal.map_hash(cdp.identifier, bytea). */
Datum
cdp_map_hash_by(PG_FUNCTION_ARGS)
{
	CdpkSipHashKey key = hash_key_of(PG_GETARG_DATUM(1), HASH_IDENTIFIER);

	PG_RETURN_INT64(hash_identifier(&key, PG_GETARG_DATUM(0)));
}
