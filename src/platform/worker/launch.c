/*
 * launch.c
 *		Registers workers: one by cdp.start_worker(); and, where the library is preloaded, those of the
 *		databases that cdp.worker_databases names, by a launcher.
 *
 * A worker connects as the owner of the tables, and never as a superuser who is not that: code in
 * the database could get back to the role that a session began with.  The launcher is connected to no
 * database, so it cannot know that role.  It starts a process that connects as the superuser of the
 * cluster, reads only the system's catalogs, registers the worker, and ends.
 *
 * cdp.start_worker() registers a worker that the postmaster starts again; those of the launcher are
 * started again by the launcher, which keeps off a database where that does not help.
 */
#include "postgres.h"

#include "access/heapam.h"
#include "access/htup_details.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/pg_authid.h"
#include "catalog/pg_class.h"
#include "catalog/pg_database.h"
#include "commands/dbcommands.h"
#include "commands/extension.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "postmaster/bgworker.h"
#include "postmaster/interrupt.h"
#include "storage/ipc.h"
#include "storage/latch.h"
#include "storage/lmgr.h"
#include "storage/proc.h"
#include "tcop/tcopprot.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/memutils.h"
#include "utils/syscache.h"
#include "utils/wait_event.h"

#include "platform/worker/worker.h"

/* after how long the launcher looks at a database again in which it has started a process in vain */
#define LAUNCH_AGAIN_MS 5000
#define LAUNCH_AGAIN_MAX_MS 300000

/* a database of the list in which no worker runs */
typedef struct Missing
{
	Oid database;
	int wait; /* milliseconds */
	TimestampTz next_at;
} Missing;

static List *missing = NIL;

/* fill_worker fills in what the launcher and the workers have in common. */
static void
fill_worker(BackgroundWorker *worker, const char *type, const char *entry, int restart)
{
	memset(worker, 0, sizeof(*worker));
	worker->bgw_flags = BGWORKER_SHMEM_ACCESS | BGWORKER_BACKEND_DATABASE_CONNECTION;
	/* on a standby, after its promotion */
	worker->bgw_start_time = BgWorkerStart_RecoveryFinished;
	worker->bgw_restart_time = restart;
	strlcpy(worker->bgw_library_name, "$libdir/cdp", sizeof(worker->bgw_library_name));
	strlcpy(worker->bgw_function_name, entry, sizeof(worker->bgw_function_name));
	strlcpy(worker->bgw_name, type, sizeof(worker->bgw_name));
	strlcpy(worker->bgw_type, type, sizeof(worker->bgw_type));
}

/* launch registers a worker; false: there is no free slot. */
static bool
launch(const WorkerStart *start, int restart)
{
	BackgroundWorker worker;

	fill_worker(&worker, "cdp worker", "cdp_worker_main", restart);
	StaticAssertStmt(sizeof(*start) <= sizeof(worker.bgw_extra), "WorkerStart is too large");
	memcpy(worker.bgw_extra, start, sizeof(*start));
	return RegisterDynamicBackgroundWorker(&worker, NULL);
}

/*
 * worker_lock_tag names the lock that a worker holds while it lives, so that two never run in one
 * database.  It is none of the locks that SQL can take or release, and no other session waits for it.
 */
void
worker_lock_tag(LOCKTAG *tag, Oid database)
{
	SET_LOCKTAG_OBJECT(*tag, database, DatabaseRelationId, database, 1);
}

/* worker_runs returns whether a worker runs in a database. */
static bool
worker_runs(Oid database)
{
	LOCKTAG tag;

	worker_lock_tag(&tag, database);
	if (LockAcquire(&tag, RowShareLock, true, true) == LOCKACQUIRE_NOT_AVAIL)
		return true;
	LockRelease(&tag, RowShareLock, true);
	return false;
}

/* table_owner returns the owner of a table. */
static Oid
table_owner(Oid table)
{
	HeapTuple tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(table));
	Oid owner = InvalidOid;

	if (HeapTupleIsValid(tuple))
	{
		owner = ((Form_pg_class) GETSTRUCT(tuple))->relowner;
		ReleaseSysCache(tuple);
	}
	return owner;
}

/*
 * worker_tables_owner returns the role as which the worker of this database works; invalid: the
 * extension or its tables are not there, or are not those that cdp.init() made.
 */
Oid
worker_tables_owner(void)
{
	Oid shown = get_namespace_oid("cdp", true);
	Oid schema = get_namespace_oid("cdp_data", true);
	Oid table = OidIsValid(schema) ? get_relname_relid("worker", schema) : InvalidOid;
	Oid owner;

	if (!OidIsValid(get_extension_oid("cdp", true)) || !OidIsValid(shown) || !OidIsValid(table) ||
		get_rel_relkind(table) != RELKIND_RELATION)
		return InvalidOid;
	owner = table_owner(table);
	return OidIsValid(owner) && cdp_may_create_in(shown, owner) ? owner : InvalidOid;
}

/* check_connect raises an error if a role may not connect to this database. */
static void
check_connect(Oid role)
{
	if (!superuser_arg(role) && !cdp_may_connect(MyDatabaseId, role))
		ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
						errmsg("role \"%s\" may not connect to the database",
							   GetUserNameFromId(role, false)),
						errdetail("The worker connects as the owner of the tables."),
						errhint("GRANT CONNECT ON DATABASE %s TO %s.",
								quote_identifier(get_database_name(MyDatabaseId)),
								quote_identifier(GetUserNameFromId(role, false)))));
}

/* check_login raises an error if a role may not log in. */
static void
check_login(Oid role)
{
#ifndef BGWORKER_BYPASS_ROLELOGINCHECK
	HeapTuple tuple = SearchSysCache1(AUTHOID, ObjectIdGetDatum(role));
	bool can_login = HeapTupleIsValid(tuple) && ((Form_pg_authid) GETSTRUCT(tuple))->rolcanlogin;

	if (HeapTupleIsValid(tuple))
		ReleaseSysCache(tuple);
	if (!can_login)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("role \"%s\" may not log in", GetUserNameFromId(role, false)),
				 errdetail("The worker connects as the owner of the tables; before PostgreSQL 17 "
						   "that role must be able to log in."),
				 errhint("ALTER ROLE %s LOGIN: it needs no password.",
						 quote_identifier(GetUserNameFromId(role, false)))));
#endif
}

/* cdp_worker_launch implements cdp_internal.worker_launch. */
CDP_FUNCTION(cdp_worker_launch);
Datum
cdp_worker_launch(PG_FUNCTION_ARGS)
{
	bool runs = worker_runs(MyDatabaseId);
	WorkerStart start;

	memset(&start, 0, sizeof(start));
	PreventCommandDuringRecovery("cdp.start_worker()");
	start.database = MyDatabaseId;
	start.role = worker_tables_owner();
	if (!OidIsValid(start.role))
		ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
						errmsg("the tables of cdp are not there"),
						errhint("Make them once with SELECT cdp.init().")));
	check_connect(start.role);
	check_login(start.role);
	GET_VXID_FROM_PGPROC(start.starter, *MyProc);
	/* also where one runs: it may be about to leave; if it stays, the other leaves after a while */
	if (!launch(&start, WORKER_RESTART_SECONDS) && !runs)
		ereport(ERROR, (errcode(ERRCODE_CONFIGURATION_LIMIT_EXCEEDED),
						errmsg("there is no free slot for a background worker"),
						errhint("Raise max_worker_processes (now %d), which needs a restart.",
								max_worker_processes)));
	PG_RETURN_BOOL(!runs);
}

/* worker_find_role registers the worker of a database that the launcher has asked for, and ends. */
void
worker_find_role(Oid database)
{
	WorkerStart start;

	memset(&start, 0, sizeof(start));
	start.database = database;
	BackgroundWorkerInitializeConnectionByOid(database, InvalidOid, 0);
	StartTransactionCommand();
	start.role = worker_tables_owner();
	if (!OidIsValid(start.role))
		ereport(LOG, (errmsg("no cdp worker for database \"%s\": it has no tables of cdp",
							 get_database_name(MyDatabaseId))));
	else if (!launch(&start, BGW_NEVER_RESTART))
		ereport(LOG, (errmsg("no cdp worker for database \"%s\": no free slot for a background "
							 "worker",
							 get_database_name(MyDatabaseId)),
					  errhint("Raise max_worker_processes (now %d).", max_worker_processes)));
	CommitTransactionCommand();
	proc_exit(0);
}

/* find_missing returns what is known of a database without a worker. */
static Missing *
find_missing(Oid database)
{
	MemoryContext caller;
	Missing *found;
	ListCell *cell;

	foreach (cell, missing)
		if (((Missing *) lfirst(cell))->database == database)
			return lfirst(cell);
	caller = MemoryContextSwitchTo(TopMemoryContext);
	found = palloc0(sizeof(*found));
	found->database = database;
	found->wait = LAUNCH_AGAIN_MS;
	missing = lappend(missing, found);
	MemoryContextSwitchTo(caller);
	return found;
}

/* launch_in starts a process in a database where no worker runs, unless that was done lately. */
static void
launch_in(Oid database)
{
	Missing *found = find_missing(database);
	TimestampTz now = GetCurrentTimestamp();
	WorkerStart start;

	if (worker_runs(database))
		found->wait = LAUNCH_AGAIN_MS;
	/* where the clock has been set back it is due too */
	else if (found->next_at <= now ||
			 found->next_at > TimestampTzPlusMilliseconds(now, LAUNCH_AGAIN_MAX_MS))
	{
		memset(&start, 0, sizeof(start));
		start.database = database;
		if (!launch(&start, BGW_NEVER_RESTART))
			ereport(LOG, (errmsg("no cdp worker: no free slot for a background worker"),
						  errhint("Raise max_worker_processes (now %d).", max_worker_processes)));
		found->next_at = TimestampTzPlusMilliseconds(now, found->wait);
		found->wait = Min(2 * found->wait, LAUNCH_AGAIN_MAX_MS);
	}
}

/*
 * launch_listed starts what is missing in the databases of the list; false: the list is empty.  A process that is
 * connected to no database can read pg_database only from end to end.
 */
static bool
launch_listed(void)
{
	Relation databases;
	TableScanDesc scan;
	HeapTuple tuple;

	StartTransactionCommand();
	if (worker_listed() == NIL)
	{
		CommitTransactionCommand();
		return false;
	}
	(void) GetTransactionSnapshot();
	databases = table_open(DatabaseRelationId, AccessShareLock);
	scan = table_beginscan_catalog(databases, 0, NULL);
	while ((tuple = heap_getnext(scan, ForwardScanDirection)) != NULL)
	{
		Form_pg_database form = (Form_pg_database) GETSTRUCT(tuple);

		if (form->datallowconn && worker_is_listed(NameStr(form->datname)))
			launch_in(form->oid);
	}
	table_endscan(scan);
	table_close(databases, AccessShareLock);
	CommitTransactionCommand();
	return true;
}

/* cdp_worker_launcher_main is the launcher's loop. */
void
cdp_worker_launcher_main(Datum argument)
{
	pqsignal(SIGHUP, SignalHandlerForConfigReload);
	pqsignal(SIGTERM, die);
	BackgroundWorkerUnblockSignals();
	BackgroundWorkerInitializeConnectionByOid(InvalidOid, InvalidOid, 0);
	for (;;)
	{
		bool listed = launch_listed();

		(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_EXIT_ON_PM_DEATH | (listed ? WL_TIMEOUT : 0),
						 LAUNCH_AGAIN_MS, PG_WAIT_EXTENSION);
		ResetLatch(MyLatch);
		CHECK_FOR_INTERRUPTS();
		if (ConfigReloadPending)
		{
			ConfigReloadPending = false;
			ProcessConfigFile(PGC_SIGHUP);
			/* the list may have changed, and is looked at anew, at once */
			list_free_deep(missing);
			missing = NIL;
		}
	}
}

/* worker_register_launcher registers the launcher, while the server loads the library. */
void
worker_register_launcher(void)
{
	BackgroundWorker worker;

	fill_worker(&worker, "cdp launcher", "cdp_worker_launcher_main", WORKER_RESTART_SECONDS);
	RegisterBackgroundWorker(&worker);
}
