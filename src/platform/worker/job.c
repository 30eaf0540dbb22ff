/*
 * job.c
 *		What a worker runs: each job in a transaction of its own, every so many milliseconds.
 *
 * A job is a statement that returns one row: done, how much it has done, and waiting, how much waits still.  What has
 * done nothing is not recorded.  While no less waits than it has done it runs again at once.  After an error it pauses,
 * longer each time, and the other jobs go on.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_extension.h"
#include "catalog/pg_type.h"
#include "commands/extension.h"
#include "executor/spi.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "storage/lmgr.h"
#include "utils/builtins.h"
#include "utils/snapmgr.h"
#include "utils/timeout.h"
#include "utils/timestamp.h"

#include "platform/worker/worker.h"

/* the pause after the first error of a row of them, which doubles with each, and the longest */
#define PAUSE_MS 1000
#define PAUSE_MAX_MS 300000
/* a pause is so many thousandths of that, at random */
#define PAUSE_LEAST 750
#define PAUSE_MOST 1250

#define HOUR_MS 3600000

/* bytes of what a worker shows of itself */
#define SAYS_SIZE 512

typedef struct Job
{
	const char *name;
	const char *statement;
	int every_ms; /* 0: cdp.worker_interval */
	int failures; /* since it last worked */
	TimestampTz next_at;
} Job;

/*
 * The first is the refresh; work between refreshes follows, in this order.  A long work does one part in a run, and
 * says with "waiting" that there is more: so a refresh comes between two parts.
 */
static Job jobs[] = {
	{"refresh", "SELECT r.done, r.waiting FROM cdp_internal.worker_refresh() r", 0},
	{"build_segments", "SELECT r.done, r.waiting FROM cdp_internal.worker_build_segments() r", 0},
	{"drop_old_events", "SELECT r.done, r.waiting FROM cdp_internal.worker_drop_old_events() r",
	 HOUR_MS},
	{"enforce_retention", "SELECT r.done, r.waiting FROM cdp_internal.worker_enforce_retention() r",
	 HOUR_MS},
	{"carry_out_erasures",
	 "SELECT r.done, r.waiting FROM cdp_internal.worker_carry_out_erasures() r", HOUR_MS},
	{"forget_runs", "SELECT r.done, r.waiting FROM cdp_internal.worker_forget_runs() r", HOUR_MS},
};

/* the job that runs, and since when */
static Job *running = NULL;
static TimestampTz started_at;

/* what the worker shows of itself while it sleeps */
static char says[SAYS_SIZE];

/* record writes what a run did into cdp_data.worker_run, in the transaction at hand. */
static void
record(const Job *job, const char *state, const char *message, int64 done, int64 waiting)
{
	Oid types[] = {TEXTOID, TEXTOID, TEXTOID, INT8OID, INT8OID, TIMESTAMPTZOID};
	Datum values[] = {
		CStringGetTextDatum(job->name),
		CStringGetTextDatum(state),
		message == NULL ? (Datum) 0 : CStringGetTextDatum(message),
		Int64GetDatum(done),
		Int64GetDatum(waiting),
		TimestampTzGetDatum(started_at),
	};
	char nulls[] = {' ', ' ', message == NULL ? 'n' : ' ', ' ', ' ', ' '};

	if (SPI_execute_with_args("SELECT cdp_internal.worker_record($1, $2, $3, $4, $5, $6)",
							  lengthof(values), types, values, nulls, false, 0) != SPI_OK_SELECT)
		elog(ERROR, "could not record a run");
}

/*
 * extension_is_free locks the extension against being dropped until the transaction ends; false: another session is
 * dropping it, and neither must wait for the other.
 */
static bool
extension_is_free(void)
{
	LOCKTAG tag;

	SET_LOCKTAG_OBJECT(tag, MyDatabaseId, ExtensionRelationId, get_extension_oid("cdp", false), 0);
	return LockAcquire(&tag, AccessShareLock, false, true) != LOCKACQUIRE_NOT_AVAIL;
}

/* number returns a column of the row that a job returned. */
static int64
number(int column)
{
	bool null;
	Datum value = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, column, &null);

	return null ? 0 : DatumGetInt64(value);
}

/* run_statement runs the statement of a job, records what it did, and returns whether it is due again. */
static bool
run_statement(const Job *job)
{
	int64 done;
	int64 waiting;

	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	PushActiveSnapshot(GetTransactionSnapshot());
	if (SPI_execute(job->statement, false, 0) != SPI_OK_SELECT || SPI_processed != 1)
		elog(ERROR, "job %s returned no row", job->name);
	done = number(1);
	waiting = number(2);
	if (done > 0)
		record(job, "00000", NULL, done, waiting);
	PopActiveSnapshot();
	SPI_finish();
	return done > 0 && waiting >= done;
}

/* every returns the milliseconds from one run of a job to the next. */
static int
every(const Job *job)
{
	return job->every_ms == 0 ? worker_interval : job->every_ms;
}

/* run_job runs a job in a transaction. */
static void
run_job(Job *job)
{
	bool again = false;
	bool free;

	running = job;
	started_at = GetCurrentTimestamp();
	SetCurrentStatementStartTimestamp();
	pgstat_report_activity(STATE_RUNNING, job->statement);
	/* a cancel that came after the run before was for nothing */
	QueryCancelPending = false;
	if (worker_timeout > 0)
		enable_timeout_after(STATEMENT_TIMEOUT, worker_timeout);
	StartTransactionCommand();
	free = extension_is_free();
	if (free)
		again = run_statement(job);
	CommitTransactionCommand();
	disable_timeout(STATEMENT_TIMEOUT, false);
	running = NULL;
	if (free)
		job->failures = 0;
	job->next_at = GetCurrentTimestamp();
	if (!again)
		job->next_at = TimestampTzPlusMilliseconds(job->next_at, every(job));
}

/* tell_idle shows that the worker sleeps, and why. */
static void
tell_idle(void)
{
	if (jobs[0].failures == 0)
		snprintf(says, sizeof(says), "waits until %s", timestamptz_to_str(jobs[0].next_at));
	pgstat_report_activity(STATE_IDLE, says);
	pgstat_report_stat(false);
}

void
job_run_due(void)
{
	TimestampTz now = GetCurrentTimestamp();
	bool ran = false;

	for (int i = 0; i < lengthof(jobs); i++)
		if (jobs[i].next_at <= now)
		{
			run_job(&jobs[i]);
			ran = true;
		}
	if (ran)
		tell_idle();
}

/* pause_for returns the milliseconds of the pause after so many errors in a row: so many thousandths of the doubled one. */
static int
pause_for(int failures, int thousandths)
{
	int64 pause = PAUSE_MS;

	for (int i = 1; i < failures && pause < PAUSE_MAX_MS; i++)
		pause *= 2;
	pause = Max(Min(pause, PAUSE_MAX_MS), worker_interval);
	return (int) Min(pause * thousandths / 1000, INT_MAX);
}

/* record_failure records an error, in a transaction of its own; one that cannot be recorded is in the log. */
static void
record_failure(const Job *job, const ErrorData *error)
{
	MemoryContext caller = CurrentMemoryContext;

	PG_TRY();
	{
		StartTransactionCommand();
		if (SPI_connect() != SPI_OK_CONNECT)
			elog(ERROR, "SPI_connect failed");
		PushActiveSnapshot(GetTransactionSnapshot());
		record(job, unpack_sql_state(error->sqlerrcode), error->message, 0, 0);
		PopActiveSnapshot();
		SPI_finish();
		CommitTransactionCommand();
	}
	PG_CATCH();
	{
		MemoryContextSwitchTo(caller);
		EmitErrorReport();
		AbortCurrentTransaction();
		FlushErrorState();
	}
	PG_END_TRY();
	MemoryContextSwitchTo(caller);
}

/* say_paused shows until when the refresh pauses, and why; of a long message, whole characters. */
static void
say_paused(const Job *job, const ErrorData *error)
{
	int length = snprintf(says, sizeof(says), "paused until %s after %d failures, the last %s: ",
						  timestamptz_to_str(job->next_at), job->failures,
						  unpack_sql_state(error->sqlerrcode));
	int room = sizeof(says) - 1 - length;

	strlcpy(says + length, error->message,
			pg_mbcliplen(error->message, strlen(error->message), room) + 1);
}

void
job_failed(ErrorData *error)
{
	Job *job = running != NULL ? running : &jobs[0];
	TimestampTz now = GetCurrentTimestamp();

	if (running == NULL)
		started_at = now;
	running = NULL;
	job->failures++;
	/* the microseconds of an error are as good as random */
	job->next_at = TimestampTzPlusMilliseconds(
		now, pause_for(job->failures, PAUSE_LEAST + now % (PAUSE_MOST - PAUSE_LEAST + 1)));
	if (job == &jobs[0])
		say_paused(job, error);
	record_failure(job, error);
	tell_idle();
}

void
job_resume(void)
{
	for (int i = 0; i < lengthof(jobs); i++)
	{
		jobs[i].failures = 0;
		jobs[i].next_at = 0;
	}
}

TimestampTz
job_next(void)
{
	TimestampTz now = GetCurrentTimestamp();
	TimestampTz next = DT_NOEND;

	for (int i = 0; i < lengthof(jobs); i++)
	{
		Job *job = &jobs[i];
		int most = job->failures == 0 ? every(job) : pause_for(job->failures, PAUSE_MOST);

		/* the interval may have become shorter, or the clock have been set back */
		job->next_at = Min(job->next_at, TimestampTzPlusMilliseconds(now, most));
		next = Min(next, job->next_at);
	}
	return next;
}
