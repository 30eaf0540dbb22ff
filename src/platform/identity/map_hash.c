/*
 * map_hash.c
 *		cdp_internal.map_hash: the hash by which cdp_data.identifier_map finds identifiers.
 *
 * It is keyed, because who knew it could send identifiers of one hash, each of which is compared
 * with all others.
 */
#include "postgres.h"

#include "access/table.h"
#include "access/tableam.h"
#include "executor/tuptable.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "utils/acl.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "cdp.h"
#include "platform/identity/map_hash.h"
#include "toolkit/identifier/identifier.h"

/* the columns of cdp_data.identifier_key */
enum
{
	KEY_SINGLETON = 1,
	KEY_KEY
};

/* key_of returns the key that a bytea is; raises an error if it is of another length. */
static CdpkSipHashKey
key_of(Datum key)
{
	bytea *bytes = DatumGetByteaPP(key);

	if (VARSIZE_ANY_EXHDR(bytes) != CDPK_SIPHASH_KEY_LENGTH)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("the key of a hash has %d bytes", (int) VARSIZE_ANY_EXHDR(bytes)),
						errdetail("It must have %d.", CDPK_SIPHASH_KEY_LENGTH)));
	return cdpk_siphash_key((const uint8_t *) VARDATA_ANY(bytes));
}

/* map_hash_key: see the header.  By a scan in C, since each look-up of a person asks for it. */
CdpkSipHashKey
map_hash_key(void)
{
	Relation relation =
		table_openrv(makeRangeVar("cdp_data", "identifier_key", -1), AccessShareLock);
	AclResult allowed = pg_class_aclcheck(RelationGetRelid(relation), GetUserId(), ACL_SELECT);
	TupleTableSlot *slot;
	TableScanDesc scan;
	CdpkSipHashKey key;

	if (allowed != ACLCHECK_OK)
		aclcheck_error(allowed, OBJECT_TABLE, RelationGetRelationName(relation));
	slot = table_slot_create(relation, NULL);
	scan = table_beginscan(relation, GetActiveSnapshot(), 0, NULL);
	if (!table_scan_getnextslot(scan, ForwardScanDirection, slot))
		ereport(ERROR, (errcode(ERRCODE_DATA_CORRUPTED),
						errmsg("table cdp_data.identifier_key has no row"),
						errdetail("Without its key no identifier is found."),
						errhint("Restore it from a dump.")));
	slot_getsomeattrs(slot, KEY_KEY);
	key = key_of(slot->tts_values[KEY_KEY - 1]);
	table_endscan(scan);
	ExecDropSingleTupleTableSlot(slot);
	table_close(relation, NoLock);
	return key;
}

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
	CdpkSipHashKey key = map_hash_key();

	PG_RETURN_INT64(hash_identifier(&key, PG_GETARG_DATUM(0)));
}

/* cdp_map_hash_by implements cdp_internal.map_hash(cdp.identifier, bytea). */
Datum
cdp_map_hash_by(PG_FUNCTION_ARGS)
{
	CdpkSipHashKey key = key_of(PG_GETARG_DATUM(1));

	PG_RETURN_INT64(hash_identifier(&key, PG_GETARG_DATUM(0)));
}
