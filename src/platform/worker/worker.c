/*
 * worker.c
 *		The loop of a worker: whether it may stay, what is due, and sleep.
 *
 * It sleeps outside of any transaction, without a snapshot and without a lock but its own, for which no
 * other session waits.  At least once a second it looks whether it is still wanted.  It ends with exit code 1 where the
 * postmaster should start it again, and else with 0, after which only cdp.start_worker() or the launcher does.
 */
#include "postgres.h"

#include <unistd.h>

#include "access/htup_details.h"
#include "access/xact.h"
#include "catalog/pg_database.h"
#include "commands/dbcommands.h"
#include "common/relpath.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "postmaster/bgworker.h"
#include "postmaster/interrupt.h"
#include "storage/fd.h"
#include "storage/ipc.h"
#include "storage/latch.h"
#include "storage/lmgr.h"
#include "tcop/tcopprot.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"
#include "utils/wait_event.h"

#include "platform/worker/worker.h"

/* how long it sleeps at most before it looks again whether it may stay */
#define LOOK_MS 1000

/* how long it waits for the end of another worker, in steps */
#define LOCK_STEPS 50
#define LOCK_STEP_MS 100

/* the extension and its version as this process found them first, and when start or stop was last called */
static char *first_version = NULL;
static TimestampTz changed_at = 0;

/* what a look tells */
typedef enum Look
{
	LOOK_STAY,
	LOOK_AGAIN, /* leave, and start again */
	LOOK_LEAVE
} Look;

/*
 * database_is_there looks for the database's directory, in whatever tablespace: a process that is not connected can
 * read no catalog, and one that connects to a database that was dropped fails, again and again.
 */
static bool
database_is_there(Oid database)
{
	DIR *spaces;
	struct dirent *space;
	bool found = access(psprintf("base/%u", database), F_OK) == 0;

	if (found)
		return true;
	spaces = AllocateDir("pg_tblspc");
	while (!found && (space = ReadDir(spaces, "pg_tblspc")) != NULL)
		found = access(psprintf("pg_tblspc/%s/%s/%u", space->d_name, TABLESPACE_VERSION_DIRECTORY,
								database),
					   F_OK) == 0;
	FreeDir(spaces);
	return found;
}

/* fix_settings gives the session the settings that its work needs, whatever its role and database say. */
static void
fix_settings(void)
{
	static const char *const settings[][2] = {
		/* the role that it is connected as */
		{"role", "none"},
		{"search_path", "pg_catalog, cdp, pg_temp"},
		{"default_transaction_isolation", "read committed"},
		{"default_transaction_read_only", "off"},
		{"default_transaction_deferrable", "off"},
		{"row_security", "on"},
		/* it has a limit of its own, after which the next refresh takes less */
		{"transaction_timeout", "0"},
		/* cdp.worker_status() reads it */
		{"track_activities", "on"},
		/* it only waits for others who hold locks on tables that a refresh writes */
		{"lock_timeout", "10s"},
	};

	for (int i = 0; i < lengthof(settings); i++)
		if (GetConfigOption(settings[i][0], true, false) != NULL)
			SetConfigOption(settings[i][0], settings[i][1], PGC_SUSET, PGC_S_OVERRIDE);
}

/* wait_for_starter waits until the transaction has ended that called cdp.start_worker(). */
static void
wait_for_starter(const WorkerStart *start)
{
	if (!VirtualTransactionIdIsValid(start->starter))
		return;
	StartTransactionCommand();
	VirtualXactLock(start->starter, true);
	CommitTransactionCommand();
}

/* sleep_for sleeps until a signal comes, at most some milliseconds. */
static void
sleep_for(long milliseconds)
{
	/* a cancel finds nothing to cancel */
	HOLD_CANCEL_INTERRUPTS();
	(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, milliseconds,
					 PG_WAIT_EXTENSION);
	ResetLatch(MyLatch);
	CHECK_FOR_INTERRUPTS();
	QueryCancelPending = false;
	RESUME_CANCEL_INTERRUPTS();
	if (ConfigReloadPending)
	{
		ConfigReloadPending = false;
		ProcessConfigFile(PGC_SIGHUP);
	}
}

/* release_lock releases the worker's lock when the process ends, which the server does only in a transaction. */
static void
release_lock(int code, Datum argument)
{
	AbortOutOfAnyTransaction();
	LockReleaseAll(DEFAULT_LOCKMETHOD, true);
}

/*
 * take_lock takes the lock of the worker of this database, if this process does not hold it; false: another runs.  A
 * transaction that aborts releases it.
 */
static bool
take_lock(void)
{
	LOCKTAG tag;

	worker_lock_tag(&tag, MyDatabaseId);
	if (cdp_lock_held(&tag, ExclusiveLock))
		return true;
	for (int i = 0; i < LOCK_STEPS; i++)
	{
		if (LockAcquire(&tag, ExclusiveLock, true, true) != LOCKACQUIRE_NOT_AVAIL)
			return true;
		sleep_for(LOCK_STEP_MS);
	}
	return false;
}

/*
 * database_is_wanted returns whether another session drops or renames the database, or copies it: all of
 * these hold a lock on it, and wait some seconds for the sessions in it to end.
 */
static bool
database_is_wanted(void)
{
	LOCKTAG tag;

	SET_LOCKTAG_OBJECT(tag, InvalidOid, DatabaseRelationId, MyDatabaseId, 0);
	if (LockAcquire(&tag, RowExclusiveLock, true, true) == LOCKACQUIRE_NOT_AVAIL)
		return true;
	LockRelease(&tag, RowExclusiveLock, true);
	return false;
}

/* accepts_connections returns whether the database may be connected to. */
static bool
accepts_connections(void)
{
	HeapTuple tuple = SearchSysCache1(DATABASEOID, ObjectIdGetDatum(MyDatabaseId));
	bool accepts = HeapTupleIsValid(tuple) && ((Form_pg_database) GETSTRUCT(tuple))->datallowconn;

	if (HeapTupleIsValid(tuple))
		ReleaseSysCache(tuple);
	return accepts;
}

/* column returns a column of the row that was read. */
static Datum
column(int number, bool *null)
{
	return SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, number, null);
}

/* look_at_version returns whether the extension is the one, and of the version, that this process began with. */
static bool
look_at_version(void)
{
	bool null;
	char *version = TextDatumGetCString(column(1, &null));

	if (first_version == NULL)
		first_version = MemoryContextStrdup(TopMemoryContext, version);
	return strcmp(first_version, version) == 0;
}

/* look_at_wish returns whether the worker is wanted here: by cdp.start_worker(), or by the configuration. */
static bool
look_at_wish(void)
{
	bool not_said;
	bool never;
	bool wanted = DatumGetBool(column(2, &not_said));
	TimestampTz at = DatumGetTimestampTz(column(3, &never));

	if (!never && changed_at != 0 && at != changed_at)
		job_resume();
	changed_at = never ? 1 : at;
	return not_said ? worker_is_listed(get_database_name(MyDatabaseId)) : wanted;
}

/* look_at_row reads the extension's version, and what was last said by start and stop. */
static Look
look_at_row(void)
{
	Look look = LOOK_LEAVE;

	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	PushActiveSnapshot(GetTransactionSnapshot());
	if (SPI_execute(
			"SELECT e.oid || ' ' || e.extversion, w.wanted, w.changed_at FROM pg_catalog.pg_extension e "
			"CROSS JOIN cdp_data.worker w WHERE e.extname = 'cdp'",
			true, 1) != SPI_OK_SELECT)
		elog(ERROR, "could not read cdp_data.worker");
	if (SPI_processed == 1)
	{
		if (!look_at_version())
			look = LOOK_AGAIN;
		else if (look_at_wish())
			look = LOOK_STAY;
	}
	PopActiveSnapshot();
	SPI_finish();
	return look;
}

/* look_around returns whether to stay. */
static Look
look_around(void)
{
	Look look = LOOK_LEAVE;

	StartTransactionCommand();
	if (!accepts_connections())
		ereport(LOG, (errmsg("cdp worker ends: the database accepts no connections")));
	else if (worker_tables_owner() != GetUserId())
		ereport(LOG, (errmsg("cdp worker ends: extension cdp or its tables are gone, or belong to "
							 "another role than \"%s\"",
							 GetUserNameFromId(GetUserId(), false))));
	else
		look = look_at_row();
	CommitTransactionCommand();
	return look;
}

/* leave_unless_wanted ends the process if it may not stay. */
static void
leave_unless_wanted(void)
{
	switch (look_around())
	{
		case LOOK_STAY:
			break;
		case LOOK_AGAIN:
			proc_exit(1);
		case LOOK_LEAVE:
			proc_exit(0);
	}
}

/* work leaves if it must, and runs what is due; an error is kept, and makes a pause. */
static void
work(void)
{
	MemoryContext caller = CurrentMemoryContext;

	PG_TRY();
	{
		leave_unless_wanted();
		job_run_due();
	}
	PG_CATCH();
	{
		ErrorData *error;

		MemoryContextSwitchTo(caller);
		error = CopyErrorData();
		HOLD_INTERRUPTS();
		disable_all_timeouts(false);
		QueryCancelPending = false;
		EmitErrorReport();
		AbortCurrentTransaction();
		FlushErrorState();
		RESUME_INTERRUPTS();
		MemoryContextSwitchTo(caller);
		if (!take_lock())
			proc_exit(0);
		job_failed(error);
	}
	PG_END_TRY();
	MemoryContextSwitchTo(caller);
}

/* time_to_sleep returns how many milliseconds there are until something is due. */
static long
time_to_sleep(void)
{
	return Min(TimestampDifferenceMilliseconds(GetCurrentTimestamp(), job_next()), LOOK_MS);
}

/* connect connects to the database as the owner of the tables. */
static void
connect_worker(const WorkerStart *start)
{
	uint32 flags = BGWORKER_BYPASS_ALLOWCONN;

#ifdef BGWORKER_BYPASS_ROLELOGINCHECK
	flags |= BGWORKER_BYPASS_ROLELOGINCHECK;
#endif
	BackgroundWorkerInitializeConnectionByOid(start->database, start->role, flags);
	fix_settings();
}

/* cdp_worker_main is the worker's main function. */
void
cdp_worker_main(Datum argument)
{
	MemoryContext context;
	WorkerStart start;

	memcpy(&start, MyBgworkerEntry->bgw_extra, sizeof(start));
	pqsignal(SIGHUP, SignalHandlerForConfigReload);
	pqsignal(SIGTERM, die);
	BackgroundWorkerUnblockSignals();
	if (!database_is_there(start.database))
		proc_exit(0);
	if (!OidIsValid(start.role))
		worker_find_role(start.database);
	connect_worker(&start);
	wait_for_starter(&start);
	leave_unless_wanted();
	before_shmem_exit(release_lock, 0);
	context = AllocSetContextCreate(TopMemoryContext, "cdp worker", ALLOCSET_DEFAULT_SIZES);
	for (;;)
	{
		MemoryContextSwitchTo(context);
		MemoryContextReset(context);
		if (!take_lock())
			proc_exit(0);
		if (database_is_wanted())
			proc_exit(1);
		work();
		sleep_for(time_to_sleep());
	}
}
