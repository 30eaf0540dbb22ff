/*
 * status.c
 *		What can be known of the worker of this database from outside: cdp_internal.worker_facts.
 *
 * The list of backends hides what they do from roles without rights to it; a steward has a right to know this.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "commands/dbcommands.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "postmaster/bgworker.h"
#include "storage/lock.h"
#include "utils/backend_status.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/timestamp.h"

#include "platform/worker/worker.h"

#define FACTS 10

/* lock_holder returns the process that holds the lock of this database's worker; 0: none. */
static int
lock_holder(void)
{
	LockData *locks = GetLockStatusData();
	LOCKTAG tag;

	worker_lock_tag(&tag, MyDatabaseId);
	for (int i = 0; i < locks->nelements; i++)
		if (memcmp(&locks->locks[i].locktag, &tag, sizeof(tag)) == 0 &&
			(locks->locks[i].holdMask & LOCKBIT_ON(ExclusiveLock)) != 0)
			return locks->locks[i].pid;
	return 0;
}

/* show_worker fills in what the worker shows of itself. */
static void
show_worker(const PgBackendStatus *status, Datum *values, bool *nulls)
{
	values[1] = TimestampTzGetDatum(status->st_proc_start_timestamp);
	values[2] = TimestampTzGetDatum(status->st_state_start_timestamp);
	values[3] = CStringGetTextDatum(pgstat_clip_activity(status->st_activity_raw));
	values[4] = BoolGetDatum(status->st_state == STATE_RUNNING);
	for (int i = 1; i <= 4; i++)
		nulls[i] = false;
}

/* cdp_worker_facts implements cdp_internal.worker_facts. */
CDP_FUNCTION(cdp_worker_facts);
Datum
cdp_worker_facts(PG_FUNCTION_ARGS)
{
	int holder = lock_holder();
	int launcher = 0;
	int used = 0;
	int count = pgstat_fetch_stat_numbackends();
	TupleDesc row;
	Datum values[FACTS] = {0};
	bool nulls[FACTS] = {true, true, true, true, true};

	if (get_call_result_type(fcinfo, NULL, &row) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	for (int i = 1; i <= count; i++)
	{
		const PgBackendStatus *status = cdp_backend_status(i);
		const char *type;

		if (status == NULL || status->st_backendType != B_BG_WORKER)
			continue;
		used++;
		type = GetBackgroundWorkerTypeByPid(status->st_procpid);
		if (type != NULL && strcmp(type, "cdp launcher") == 0)
			launcher = status->st_procpid;
		if (status->st_procpid == holder)
			show_worker(status, values, nulls);
	}
	values[0] = Int32GetDatum(holder);
	nulls[0] = holder == 0;
	values[5] = BoolGetDatum(launcher != 0);
	values[6] = BoolGetDatum(worker_preloaded);
	values[7] = BoolGetDatum(worker_is_listed(get_database_name(MyDatabaseId)));
	values[8] = Int32GetDatum(used);
	values[9] = Int32GetDatum(max_worker_processes);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(row), values, nulls)));
}
