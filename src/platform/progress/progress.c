/*
 * progress.c
 *		What a long run has come to, kept in sequences.
 *
 * A value of a sequence is seen by other sessions at once, survives the rollback of the transaction
 * and can be written by a role that has UPDATE on it: so this needs no shared memory and no superuser.
 * What a killed backend leaves stays; so the backend that runs also holds a lock on the first
 * sequence of its place, and the view shows only what was written by the transaction that holds it.
 */
#include "postgres.h"

#include "access/parallel.h"
#include "access/xact.h"
#include "access/xlog.h"
#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "storage/lock.h"
#include "utils/acl.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/lsyscache.h"
#include "utils/timestamp.h"

#include "cdp.h"
#include "platform/progress/progress.h"

CDP_FUNCTION(cdp_progress_begin);
CDP_FUNCTION(cdp_progress_part);
CDP_FUNCTION(cdp_progress_set);
CDP_FUNCTION(cdp_progress_row);
CDP_FUNCTION(cdp_progress_end);
CDP_FUNCTION(cdp_progress_words);

/* a run of so many rows is shown from its first stage on; a smaller one once it takes so long */
#define SHOWN_ROWS 10000
#define SHOWN_AFTER_MS 1000

/* least time between two values within a stage, and between two messages */
#define WRITE_EVERY_MS 500
#define NOTICE_EVERY_MS 10000

/* no estimate before this share of the work is done */
#define ESTIMATE_FROM 0.05

/* a stage; the stages of a work come in this order */
typedef struct Stage
{
	const char *name;
	int share; /* of the time, in percent */
	bool even; /* it counts what takes its time, so that the estimate can go by that */
} Stage;

/*
 * Shares are of CPU, on half a million events of test/bench: means of strangers, who bring many identifiers,
 * and of known people.
 */
static const Stage pass_stages[] = {
	{"take", 15, true}, {"judge", 16},   {"identify", 14}, {"link", 2},         {"stitch", 5},
	{"anchor", 1},      {"graph", 17},   {"log", 18},      {"reread", 0, true}, {"fold", 12},
	{"refold", 0},      {"segments", 0}, {"analyze", 0}};
static const Stage restitch_stages[] = {{"numbers", 5},  {"graph", 54, true}, {"compare", 9},
										{"anchor", 1},   {"fold", 28, true},  {"accounts", 2},
										{"contexts", 1}, {"segments", 0},     {"analyze", 0}};
static const Stage load_stages[] = {{"rows", 95, true}, {"indexes", 5}};
static const Stage pull_stages[] = {{"read", 100, true}};
static const Stage verify_stages[] = {
	{"log", 43, true},      {"identifiers", 13, true}, {"numbers", 3},
	{"profiles", 26, true}, {"partitions", 14, true},  {"members", 1},
	{"contexts", 0},        {"accounts", 0},           {"segments", 0}};

/* the places: one for the run that holds the lock of the tables, one for the first verify */
enum
{
	PLACE_BATCH,
	PLACE_VERIFY
};

/* of each place; runner has the lock */
enum
{
	RUNNER,     /* process and local transaction; 0: none */
	STARTED_AT, /* microseconds since 2000 */
	DONE,       /* stage, and rows */
	TOTAL,      /* the same stage, and rows + 1; 0: not known */
	ENDS_AT,    /* the estimate, in microseconds since 2000; 0: none */
	VALUES_OF_PLACE
};

static const char *const sequences[][VALUES_OF_PLACE] = {
	{"progress_batch_runner", "progress_batch_started_at", "progress_batch_done",
	 "progress_batch_total", "progress_batch_ends_at"},
	{"progress_verify_runner", "progress_verify_started_at", "progress_verify_done",
	 "progress_verify_total", "progress_verify_ends_at"},
};

typedef struct Work
{
	const char *name;
	int place;
	bool awaited;   /* by a person, who is sent messages */
	bool estimated; /* the shares of its stages are known */
	const Stage *stages;
	int stage_count;
} Work;

static const Work works[] = {
	{"refresh", PLACE_BATCH, false, true, pass_stages, lengthof(pass_stages)},
	{"restitch", PLACE_BATCH, true, true, restitch_stages, lengthof(restitch_stages)},
	/* one reads the log anew, another folds it anew, a third moves events: no share fits all */
	{"change", PLACE_BATCH, true, false, pass_stages, lengthof(pass_stages)},
	/* how many rows a query gives is not known */
	{"load", PLACE_BATCH, true, true, load_stages, lengthof(load_stages)},
	{"verify", PLACE_VERIFY, true, true, verify_stages, lengthof(verify_stages)},
	/* of a refresh, from connected tables */
	{"pull", PLACE_BATCH, false, false, pull_stages, lengthof(pull_stages)},
};

/* a stage as a number: work * STAGES_OF_WORK + stage; with rows: above so many bits */
#define STAGES_OF_WORK 64
#define ROW_BITS 40
#define MOST_ROWS ((INT64CONST(1) << ROW_BITS) - 1)

/* the run of this backend */
static struct
{
	const Work *work;               /* NULL: none */
	LocalTransactionId transaction; /* whose end ends it */
	TimestampTz started_at;
	TimestampTz noticed_at;
	TimestampTz written_at;
	int64 rows;
	int64 part_done; /* rows of the parts before this one, … */
	int64 part_rows; /* … and of this one */
	int stage;       /* -1: none */
	TimestampTz entered_at;
	int64 done; /* of the stage */
	int64 total;
	bool shown;
	bool closed; /* stages and steps within the stage at hand are not said */
	Oid ids[VALUES_OF_PLACE];
} run;

/* store writes a value, if the user may, and unless parallel workers run: sequences are not set meanwhile. */
static void
store(int which, int64 value)
{
	if (!IsInParallelMode() &&
		pg_class_aclcheck(run.ids[which], GetUserId(), ACL_UPDATE) == ACLCHECK_OK)
		DirectFunctionCall2(setval_oid, ObjectIdGetDatum(run.ids[which]), Int64GetDatum(value));
}

/* is_shown says whether the lock is ours still: a rolled back subtransaction takes it away. */
static bool
is_shown(void)
{
	LOCKTAG tag;

	if (!run.shown)
		return false;
	SET_LOCKTAG_RELATION(tag, MyDatabaseId, run.ids[RUNNER]);
	return cdp_lock_held(&tag, ShareUpdateExclusiveLock);
}

/* show_run begins to show the run, if it can: false if not. */
static bool
show_run(void)
{
	Oid schema = get_namespace_oid("cdp_data", true);

	/* XactReadOnly is true on a standby too, but not for all that runs there */
	if (XactReadOnly || RecoveryInProgress() || IsInParallelMode() || !OidIsValid(schema))
		return false;
	for (int i = 0; i < VALUES_OF_PLACE; i++)
	{
		run.ids[i] = get_relname_relid(sequences[run.work->place][i], schema);
		if (!OidIsValid(run.ids[i]) || get_rel_relkind(run.ids[i]) != RELKIND_SEQUENCE ||
			pg_class_aclcheck(run.ids[i], GetUserId(), ACL_UPDATE) != ACLCHECK_OK)
			return false;
	}
	/* held until the transaction ends, as a place that is free too soon would show two runs as one */
	if (!ConditionalLockRelationOid(run.ids[RUNNER], ShareUpdateExclusiveLock))
		return false;
	run.shown = true;
	store(RUNNER, 0);
	store(STARTED_AT, run.started_at);
	return true;
}

/* fraction_done gives how much of the run is done, of 1; but if counted, what the stage at hand has done. */
static double
fraction_done(bool counted)
{
	double all = 0;
	double before = 0;

	for (int i = 0; i < run.work->stage_count; i++)
	{
		double share = run.work->stages[i].share;

		all += share;
		if (i < run.stage)
			before += share;
		else if (i == run.stage && counted)
			before += share * ((double) Min(run.done, run.total) / (double) run.total);
	}
	if (run.part_rows <= 0 || run.rows <= 0)
		return before / all;
	return ((double) run.part_done + (double) run.part_rows * (before / all)) / (double) run.rows;
}

/*
 * estimate_end gives when the run will end; 0: it cannot be said.  Within a stage that does not count what
 * takes its time, this is what was to be said when it began.
 */
static TimestampTz
estimate_end(TimestampTz now)
{
	bool counted = run.work->stages[run.stage].even && run.total > 0;
	double fraction = fraction_done(counted);
	TimestampTz known_at = counted ? now : run.entered_at;

	if (!run.work->estimated || fraction < ESTIMATE_FROM)
		return 0;
	return known_at +
		   (TimestampTz) ((double) (known_at - run.started_at) * (1 - fraction) / fraction);
}

/* tell sends a message to the person who waits. */
static void
tell(TimestampTz now)
{
	TimestampTz ends_at = estimate_end(now);
	StringInfoData rest;

	run.noticed_at = now;
	initStringInfo(&rest);
	if (run.total > 0)
		appendStringInfo(&rest, ", " INT64_FORMAT " of " INT64_FORMAT, run.done, run.total);
	else if (run.done > 0)
		appendStringInfo(&rest, ", " INT64_FORMAT, run.done);
	if (ends_at > now)
		appendStringInfo(&rest, ", about " INT64_FORMAT " seconds left",
						 (int64) ((ends_at - now + USECS_PER_SEC - 1) / USECS_PER_SEC));
	ereport(NOTICE,
			(errmsg("%s: %s (stage %d of %d)%s", run.work->name, run.work->stages[run.stage].name,
					run.stage + 1, run.work->stage_count, rest.data)));
	pfree(rest.data);
}

/* say tells the session that waits, and the others, what the run has come to. */
static void
say(TimestampTz now)
{
	int64 code = ((run.work - works) * STAGES_OF_WORK + run.stage) << ROW_BITS;

	run.written_at = now;
	if (run.work->awaited && now - run.noticed_at >= NOTICE_EVERY_MS * INT64CONST(1000))
		tell(now);
	if (!is_shown())
	{
		run.shown = false;
		if (Max(run.rows, run.done) < SHOWN_ROWS &&
			now - run.started_at < SHOWN_AFTER_MS * INT64CONST(1000))
			return;
		if (!show_run())
			return;
	}
	store(DONE, code + Min(run.done, MOST_ROWS));
	store(TOTAL, code + (run.total > 0 ? Min(run.total, MOST_ROWS - 1) + 1 : 0));
	store(ENDS_AT, estimate_end(now));
	/* last: from here on the view shows it */
	store(RUNNER, ((int64) MyProcPid << 32) + run.transaction);
}

/* is_running says whether this transaction has begun a run, and not ended it. */
static bool
is_running(void)
{
	return run.work != NULL && run.transaction == cdp_local_transaction();
}

/* look_up_stage gives the place of a stage in the work at hand, or -1. */
static int
look_up_stage(const char *stage)
{
	if (run.stage >= 0 && strcmp(run.work->stages[run.stage].name, stage) == 0)
		return run.stage;
	for (int i = 0; i < run.work->stage_count; i++)
	{
		if (strcmp(run.work->stages[i].name, stage) == 0)
			return i;
	}
	return -1;
}

/* find_stage gives the place of a stage in the work at hand, or raises an error. */
static int
find_stage(const char *stage)
{
	int found = look_up_stage(stage);

	if (found >= 0)
		return found;
	ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					errmsg("%s has no stage \"%s\"", run.work->name, stage)));
}

/* end_run ends the run. */
static void
end_run(void)
{
	if (is_running() && is_shown())
		store(RUNNER, 0);
	run.work = NULL;
	run.shown = false;
}

/* begin_run begins a run of this many rows; 0: not known.  It ends one that was not ended. */
static void
begin_run(const char *work, int64 rows)
{
	end_run();
	for (size_t i = 0; i < lengthof(works) && run.work == NULL; i++)
	{
		if (strcmp(works[i].name, work) == 0)
			run.work = &works[i];
	}
	if (run.work == NULL)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("there is no progress of \"%s\"", work)));
	run.transaction = cdp_local_transaction();
	run.started_at = run.noticed_at = GetCurrentTimestamp();
	run.rows = rows;
	run.part_done = run.part_rows = 0;
	run.stage = -1;
	run.closed = false;
}

void
progress_set(const char *stage, int64 done, int64 total)
{
	int found;

	if (!is_running() || run.closed)
		return;
	found = find_stage(stage);
	run.total = Max(total, 0);
	if (found == run.stage)
	{
		progress_done(done);
		return;
	}
	run.stage = found;
	run.done = Max(done, 0);
	run.entered_at = GetCurrentTimestamp();
	say(run.entered_at);
}

void
progress_closed(const char *stage, int64 done, bool all)
{
	run.closed = false;
	progress_set(stage, done, all ? run.rows : 0);
	run.closed = true;
}

void
progress_done(int64 done)
{
	TimestampTz now;

	if (!is_running() || run.closed || run.stage < 0)
		return;
	run.done = Max(done, 0);
	now = GetCurrentTimestamp();
	if (now - run.written_at >= WRITE_EVERY_MS * INT64CONST(1000))
		say(now);
}

Datum
cdp_progress_begin(PG_FUNCTION_ARGS)
{
	char *work = text_to_cstring(PG_GETARG_TEXT_PP(0));

	begin_run(work, PG_GETARG_INT64(1));
	PG_RETURN_VOID();
}

Datum
cdp_progress_part(PG_FUNCTION_ARGS)
{
	if (!run.closed)
	{
		run.part_done = PG_GETARG_INT64(0);
		run.part_rows = PG_GETARG_INT64(1);
	}
	PG_RETURN_VOID();
}

Datum
cdp_progress_set(PG_FUNCTION_ARGS)
{
	char *stage = text_to_cstring(PG_GETARG_TEXT_PP(0));

	/* of a work within the stage at hand */
	if (is_running() && run.closed && look_up_stage(stage) < 0)
		PG_RETURN_VOID();
	run.closed = false;
	progress_set(stage, PG_GETARG_INT64(1), PG_GETARG_INT64(2));
	PG_RETURN_VOID();
}

/* cdp_progress_row counts a row of the stage. */
Datum
cdp_progress_row(PG_FUNCTION_ARGS)
{
	run.done++;
	progress_step(run.done);
	PG_RETURN_BOOL(true);
}

Datum
cdp_progress_end(PG_FUNCTION_ARGS)
{
	end_run();
	PG_RETURN_VOID();
}

/* cdp_progress_words gives the names of the work and of the stage that a number stands for. */
Datum
cdp_progress_words(PG_FUNCTION_ARGS)
{
	int64 code = PG_GETARG_INT64(0);
	Datum words[2];
	const Work *work;

	if (code < 0 || code >= (int64) lengthof(works) * STAGES_OF_WORK)
		PG_RETURN_NULL();
	work = &works[code / STAGES_OF_WORK];
	if (code % STAGES_OF_WORK >= work->stage_count)
		PG_RETURN_NULL();
	words[0] = CStringGetTextDatum(work->name);
	words[1] = CStringGetTextDatum(work->stages[code % STAGES_OF_WORK].name);
	PG_RETURN_ARRAYTYPE_P(
		construct_array(words, lengthof(words), TEXTOID, -1, false, TYPALIGN_INT));
}
