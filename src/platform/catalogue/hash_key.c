/*
 * hash_key.c
 *		The key of the installation: see the header.
 */
#include "postgres.h"

#include "access/table.h"
#include "access/tableam.h"
#include "executor/tuptable.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "utils/acl.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "platform/catalogue/hash_key.h"

/* the columns of cdp_data.identifier_key */
enum
{
	KEY_SINGLETON = 1,
	KEY_KEY
};

/* hash_key_of: see the header.  Identifiers begin with a version byte, which no name of a purpose does. */
CdpkSipHashKey
hash_key_of(Datum key, HashPurpose purpose)
{
	bytea *bytes = DatumGetByteaPP(key);
	CdpkSipHashKey made;

	if (VARSIZE_ANY_EXHDR(bytes) != CDPK_SIPHASH_KEY_LENGTH)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("the key of a hash has %d bytes", (int) VARSIZE_ANY_EXHDR(bytes)),
						errdetail("It must have %d.", CDPK_SIPHASH_KEY_LENGTH)));
	made = cdpk_siphash_key((const uint8_t *) VARDATA_ANY(bytes));
	switch (purpose)
	{
		case HASH_CONTENT:
			return cdpk_siphash_derive(&made, "content");
		case HASH_MESSAGE:
			return cdpk_siphash_derive(&made, "message");
		case HASH_SHARED_CONTEXT:
			return cdpk_siphash_derive(&made, "context");
		default:
			return made;
	}
}

/* hash_key: see the header.  By a scan in C, since each look-up of a person asks for it. */
CdpkSipHashKey
hash_key(HashPurpose purpose)
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
	key = hash_key_of(slot->tts_values[KEY_KEY - 1], purpose);
	table_endscan(scan);
	ExecDropSingleTupleTableSlot(slot);
	table_close(relation, NoLock);
	return key;
}
