/*
 * compat.h
 *		Every difference between PostgreSQL versions that the project meets.
 */
#ifndef CDP_COMPAT_H
#define CDP_COMPAT_H

#include "access/genam.h"
#include "access/nbtree.h"
#include "access/tableam.h"
#include "catalog/index.h"
#include "catalog/pg_class.h"
#include "catalog/pg_database.h"
#include "catalog/pg_namespace.h"
#include "fmgr.h"
#include "storage/bufmgr.h"
#include "storage/lock.h"
#include "storage/proc.h"
#include "utils/acl.h"
#include "utils/backend_status.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/timeout.h"
#include "utils/timestamp.h"

/* varatt.h left postgres.h in 16 */
#if PG_VERSION_NUM >= 160000
#include "varatt.h"
#endif

#if PG_VERSION_NUM >= 170000
#include "utils/guc_tables.h"
#endif

/* errors that an input function can hand back instead of raising came with 16 */
#if PG_VERSION_NUM < 160000
#define errsave(context, ...) ereport(ERROR, __VA_ARGS__)
#define ereturn(context, dummy, ...) ereport(ERROR, __VA_ARGS__)
#endif

/*
 * cdp_input_call calls a type's input function; false where it handed an error to
 * escontext.
 */
static inline bool
cdp_input_call(PGFunction input, char *text, struct Node *escontext, Datum *result)
{
#if PG_VERSION_NUM >= 160000
	return DirectInputFunctionCallSafe(input, text, InvalidOid, -1, escontext, result);
#else
	*result = DirectFunctionCall3(input, CStringGetDatum(text), ObjectIdGetDatum(InvalidOid),
								  Int32GetDatum(-1));
	return true;
#endif
}

/* cdp_may_create_in says whether a role may create objects in a schema. */
static inline bool
cdp_may_create_in(Oid schema, Oid role)
{
#if PG_VERSION_NUM >= 160000
	return object_aclcheck(NamespaceRelationId, schema, role, ACL_CREATE) == ACLCHECK_OK;
#else
	return pg_namespace_aclcheck(schema, role, ACL_CREATE) == ACLCHECK_OK;
#endif
}

/* cdp_may_connect says whether a role may connect to a database. */
static inline bool
cdp_may_connect(Oid database, Oid role)
{
#if PG_VERSION_NUM >= 160000
	return object_aclcheck(DatabaseRelationId, database, role, ACL_CONNECT) == ACLCHECK_OK;
#else
	return pg_database_aclcheck(database, role, ACL_CONNECT) == ACLCHECK_OK;
#endif
}

/* infinite intervals came with 17 */
#if PG_VERSION_NUM < 170000
#define INTERVAL_NOT_FINITE(interval) false
#endif

/* cdp_enable_timeout_every starts a timer that fires again and again; in 14, once. */
static inline void
cdp_enable_timeout_every(TimeoutId id, int first_ms, int every_ms)
{
#if PG_VERSION_NUM >= 150000
	enable_timeout_every(id, TimestampTzPlusMilliseconds(GetCurrentTimestamp(), first_ms),
						 every_ms);
#else
	enable_timeout_after(id, first_ms);
#endif
}

/* cdp_index_beginscan starts a scan of an index; 18 asks what to count its work for. */
static inline struct IndexScanDescData *
cdp_index_beginscan(Relation table, Relation index, Snapshot snapshot, int keys)
{
#if PG_VERSION_NUM >= 180000
	return index_beginscan(table, index, snapshot, NULL, keys, 0);
#else
	return index_beginscan(table, index, snapshot, keys, 0);
#endif
}

/* cdp_index_insert_cleanup ends a number of inserts, for which 17 and later keep some things. */
static inline void
cdp_index_insert_cleanup(Relation index, struct IndexInfo *info)
{
#if PG_VERSION_NUM >= 170000
	index_insert_cleanup(index, info);
#endif
}

/*
 * From 16 on an update tells, beside whether the indexes need the new version, whether only those do
 * that summarize blocks.
 */
#if PG_VERSION_NUM >= 160000
typedef TU_UpdateIndexes CdpUpdateIndexes;
#define CDP_UPDATES_INDEXES(update) ((update) != TU_None)
#define CDP_UPDATES_SUMMARIES(update) ((update) == TU_Summarizing)
#define cdp_index_summarizes(info) ((info)->ii_Summarizing)
#else
typedef bool CdpUpdateIndexes;
#define CDP_UPDATES_INDEXES(update) (update)
#define CDP_UPDATES_SUMMARIES(update) false
#define cdp_index_summarizes(info) false
#endif

/* cdp_local_transaction gives the number of the transaction in this backend. */
static inline LocalTransactionId
cdp_local_transaction(void)
{
#if PG_VERSION_NUM >= 170000
	return MyProc->vxid.lxid;
#else
	return MyProc->lxid;
#endif
}

/* cdp_backend_status gives what a backend shows of itself, by its place in the list; from 1. */
static inline const PgBackendStatus *
cdp_backend_status(int place)
{
#if PG_VERSION_NUM >= 160000
	LocalPgBackendStatus *status = pgstat_get_local_beentry_by_index(place);
#else
	LocalPgBackendStatus *status = pgstat_fetch_stat_local_beentry(place);
#endif

	return status == NULL ? NULL : &status->backendStatus;
}

/* cdp_lock_held says whether this transaction holds a lock in this mode. */
static inline bool
cdp_lock_held(const LOCKTAG *tag, LOCKMODE mode)
{
#if PG_VERSION_NUM >= 170000
	return LockHeldByMe(tag, mode, false);
#else
	return LockHeldByMe(tag, mode);
#endif
}

/*
 * cdp_hold_transaction_timeout keeps security-restricted code from setting transaction_timeout,
 * which came with 17: it works at once, and ends the session.
 */
static inline void
cdp_hold_transaction_timeout(bool hold)
{
#if PG_VERSION_NUM >= 170000
	struct config_generic *setting = find_option("transaction_timeout", false, false, ERROR);

	if (hold)
		setting->flags |= GUC_NOT_WHILE_SEC_REST;
	else
		setting->flags &= ~GUC_NOT_WHILE_SEC_REST;
#endif
}

/*
 * cdp_bt_search finds and locks the first leaf page of a B-tree that may have a key, and pins it.  To insert into it, as
 * access BT_WRITE says, the heap is needed, and no snapshot.
 */
static inline BTStack
cdp_bt_search(Relation index, Relation heap, BTScanInsert key, Buffer *buffer, int access,
			  Snapshot snapshot)
{
#if PG_VERSION_NUM >= 170000
	return _bt_search(index, heap, key, buffer, access);
#elif PG_VERSION_NUM >= 160000
	return _bt_search(index, heap, key, buffer, access, snapshot);
#else
	return _bt_search(index, key, buffer, access, snapshot);
#endif
}

/* cdp_test_old_snapshot raises an error for a page of which rows may be gone that a snapshot sees; until 16. */
static inline void
cdp_test_old_snapshot(Snapshot snapshot, Relation relation, Page page)
{
#if PG_VERSION_NUM < 170000
	TestForOldSnapshot(snapshot, relation, page);
#endif
}

/* cdp_build_index builds an index anew, which is ready and valid then. */
static inline void
cdp_build_index(Oid index)
{
	ReindexParams parameters = {0};

#if PG_VERSION_NUM >= 170000
	reindex_index(NULL, index, false, RELPERSISTENCE_PERMANENT, &parameters);
#else
	reindex_index(index, false, RELPERSISTENCE_PERMANENT, &parameters);
#endif
}

/* cdp_generation_context makes a memory context for what is freed all at once. */
static inline MemoryContext
cdp_generation_context(MemoryContext parent, const char *name)
{
#if PG_VERSION_NUM >= 150000
	return GenerationContextCreate(parent, name, ALLOCSET_DEFAULT_SIZES);
#else
	return GenerationContextCreate(parent, name, 1024 * 1024);
#endif
}

/* cdp_parse_analyze analyses a statement without parameters; 14 calls it otherwise. */
#if PG_VERSION_NUM >= 150000
#define cdp_parse_analyze(statement, text) parse_analyze_fixedparams(statement, text, NULL, 0, NULL)
#else
#define cdp_parse_analyze(statement, text) parse_analyze(statement, text, NULL, 0, NULL)
#endif

#endif /* CDP_COMPAT_H */
