/*
 * seen_by_all.c
 *		Whether every snapshot that can still be used sees what a transaction has written.
 */
#include "postgres.h"

#include "access/table.h"
#include "access/transam.h"
#include "access/xact.h"
#include "storage/procarray.h"
#include "utils/rel.h"
#include "utils/xid8.h"

#include "cdp.h"

CDP_FUNCTION(cdp_seen_by_all);

/*
 * cdp_seen_by_all implements cdp_internal.seen_by_all.  The horizon is that of vacuum for the table: snapshots of
 * this database, prepared transactions, standbys that give feedback and replication slots hold it back.  A transaction
 * that is still to come here was one of another cluster, by a dump.
 */
Datum
cdp_seen_by_all(PG_FUNCTION_ARGS)
{
	FullTransactionId written = PG_GETARG_FULLTRANSACTIONID(0);
	Relation relation = table_open(PG_GETARG_OID(1), AccessShareLock);
	TransactionId horizon = GetOldestNonRemovableTransactionId(relation);
	FullTransactionId next = ReadNextFullTransactionId();
	uint64 behind = XidFromFullTransactionId(next) - horizon;

	table_close(relation, AccessShareLock);
	if (FullTransactionIdFollowsOrEquals(written, next))
		PG_RETURN_BOOL(true);
	PG_RETURN_BOOL(!TransactionIdIsCurrentTransactionId(XidFromFullTransactionId(written)) &&
				   U64FromFullTransactionId(written) < U64FromFullTransactionId(next) - behind);
}
