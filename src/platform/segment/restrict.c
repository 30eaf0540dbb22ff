/*
 * restrict.c
 *		Runs code as another role, in a security-restricted context, in a
 *		subtransaction that is always rolled back, for a limited time.
 *
 * A security-restricted context alone still allows code to change settings, to NOTIFY,
 * to take locks and to sleep.  The rollback undoes the first two and all writes; a
 * timer limits the time; session-level advisory locks, which survive a rollback, are
 * released.  Functions of other roles are refused when they are about to run, also where they
 * came into the query, or its planning, after it was checked: by a new index, or a constraint of a
 * domain.  The caller's cursors, and the batch of a running refresh, are hidden.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/objectaccess.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "storage/lock.h"
#include "utils/fmgroids.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/plancache.h"
#include "utils/portal.h"
#include "utils/resowner.h"
#include "utils/timeout.h"

#include "compat.h"
#include "platform/segment/function_owner.h"
#include "platform/segment/restrict.h"

/* the limit is granted once, and again for this number of people */
#define LIMIT_PEOPLE 100000

/* interval at which the cancel is repeated after the limit, in case the code caught it */
#define LIMIT_REPEAT_MS 100

/* the setting cdp.segment_timeout, in milliseconds */
static int segment_timeout = 5000;

/* the open restricted context */
static struct
{
	bool open;
	Oid owner;                             /* the role as which the code runs */
	SubTransactionId subtransaction;       /* the context's subtransaction */
	volatile sig_atomic_t expired;         /* the limit has passed; set by the timer's handler */
	volatile sig_atomic_t others_canceled; /* the statement was already canceled then */
	bool statement_timeout;                /* a statement_timeout was active at the start */
	bool used_locks;                       /* session-level advisory locks may have been taken */
	bool session_locks;                    /* the session held advisory locks before that */
	Portal *cursors;                       /* the caller's cursors that are hidden */
	int cursor_count;
} context;

/* the transaction in which a function of session-level locks was last prepared for a call */
static LocalTransactionId locks_transaction = InvalidLocalTransactionId;

static TimeoutId limit_timeout = MAX_TIMEOUTS;
static object_access_hook_type previous_access_hook;
static needs_fmgr_hook_type previous_needs_hook;
static fmgr_hook_type previous_fmgr_hook;

void
restrict_define_settings(void)
{
	DefineCustomIntVariable(
		"cdp.segment_timeout", "How long the condition of one segment may be judged.",
		"The limit applies to up to 100,000 people, and is granted again for each 100,000 people. A "
		"segment that takes longer is marked too_slow; 0: no limit.",
		&segment_timeout, 5000, 0, INT_MAX, PGC_USERSET, GUC_UNIT_MS, NULL, NULL, NULL);
}

int
restrict_limit(double people)
{
	double times = 1 + people / LIMIT_PEOPLE;

	return (int) Min(segment_timeout * times, INT_MAX);
}

/* cancel makes the next check for interrupts raise a cancel. */
static void
cancel(void)
{
	QueryCancelPending = true;
	InterruptPending = true;
}

/* limit_passed is the timer's handler. */
static void
limit_passed(void)
{
	if (!context.open)
		return;
	if (!context.expired)
		context.others_canceled = QueryCancelPending;
	context.expired = true;
	cancel();
}

/* is_session_lock returns whether a function takes or releases session-level advisory locks. */
static bool
is_session_lock(Oid function)
{
	switch (function)
	{
		case F_PG_ADVISORY_LOCK_INT8:
		case F_PG_ADVISORY_LOCK_INT4_INT4:
		case F_PG_ADVISORY_LOCK_SHARED_INT8:
		case F_PG_ADVISORY_LOCK_SHARED_INT4_INT4:
		case F_PG_TRY_ADVISORY_LOCK_INT8:
		case F_PG_TRY_ADVISORY_LOCK_INT4_INT4:
		case F_PG_TRY_ADVISORY_LOCK_SHARED_INT8:
		case F_PG_TRY_ADVISORY_LOCK_SHARED_INT4_INT4:
		case F_PG_ADVISORY_UNLOCK_INT8:
		case F_PG_ADVISORY_UNLOCK_INT4_INT4:
		case F_PG_ADVISORY_UNLOCK_SHARED_INT8:
		case F_PG_ADVISORY_UNLOCK_SHARED_INT4_INT4:
		case F_PG_ADVISORY_UNLOCK_ALL:
			return true;
		default:
			return false;
	}
}

/* holds_advisory_locks returns whether the session holds advisory locks. */
static bool
holds_advisory_locks(void)
{
	LockData *locks = GetLockStatusData();

	for (int i = 0; i < locks->nelements; i++)
		if (locks->locks[i].pid == MyProcPid &&
			locks->locks[i].locktag.locktag_type == LOCKTAG_ADVISORY &&
			locks->locks[i].holdMask != 0)
			return true;
	return false;
}

/* note_locks notes that code in the context may take session-level locks. */
static void
note_locks(void)
{
	if (!context.used_locks)
		context.session_locks = holds_advisory_locks();
	context.used_locks = true;
}

/*
 * watch_access is called when a function is prepared for a call; PL/pgSQL keeps prepared expressions
 * for later calls in the same transaction.  When the context closes, all session-level locks are
 * released, because those taken in it cannot be told from older ones.  So the lock functions are
 * refused if the session already holds locks.
 */
static void
watch_access(ObjectAccessType access, Oid class_id, Oid object_id, int sub_id, void *arg)
{
	if (previous_access_hook)
		previous_access_hook(access, class_id, object_id, sub_id, arg);
	if (access != OAT_FUNCTION_EXECUTE || !is_session_lock(object_id))
		return;
	if (context.open)
		note_locks();
	if (context.open && context.session_locks)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_IN_USE),
				 errmsg("a condition cannot use session-level advisory locks while the session "
						"holds advisory locks of its own")));
	locks_transaction = cdp_local_transaction();
}

/* refuse_foreign refuses a function that is not the owner's nor the server's, if the owner's rights are those in use. */
static void
refuse_foreign(Oid function)
{
	if (context.open && GetUserId() == context.owner &&
		is_foreign_function(function, context.owner))
		ereport(ERROR, (errcode(ERRCODE_INSUFFICIENT_PRIVILEGE), foreign_function_error(function)));
}

/*
 * watch_function is called whenever a function that is not the server's is looked up to be called, or to be put in
 * place of its call; but for those that have settings of their own, or the rights of their owner.
 */
static bool
watch_function(Oid function)
{
	refuse_foreign(function);
	return previous_needs_hook != NULL && previous_needs_hook(function);
}

/* watch_call is called when one of those is called, with the rights that it has. */
static void
watch_call(FmgrHookEventType event, FmgrInfo *function, Datum *arg)
{
	if (event == FHET_START)
		refuse_foreign(function->fn_oid);
	if (previous_fmgr_hook != NULL)
		previous_fmgr_hook(event, function, arg);
}

/* follow_locks handles lock functions that were prepared before the context was opened. */
static void
follow_locks(void)
{
	if (locks_transaction != cdp_local_transaction())
		return;
	note_locks();
	/* prepare the kept expressions again: watch_access refuses them then */
	if (context.session_locks)
		ResetPlanCache();
}

/*
 * hold_cursors marks the caller's cursors, those of PL/pgSQL loops included, as active, so that the
 * condition cannot read, move or close them.
 */
static void
hold_cursors(void)
{
	if (ThereAreNoReadyPortals())
		return;
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	if (SPI_execute("SELECT c.name FROM pg_catalog.pg_cursor() c", true, 0) != SPI_OK_SELECT)
		elog(ERROR, "could not list the cursors");
	context.cursors =
		MemoryContextAlloc(TopTransactionContext, Max(SPI_processed, 1) * sizeof(Portal));
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		Portal cursor =
			GetPortalByName(SPI_getvalue(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 1));

		if (!PortalIsValid(cursor) || cursor->status != PORTAL_READY)
			continue;
		cursor->status = PORTAL_ACTIVE;
		context.cursors[context.cursor_count++] = cursor;
	}
	SPI_finish();
}

/* leave_context undoes what the rollback of the subtransaction does not. */
static void
leave_context(void)
{
	disable_timeout(limit_timeout, false);
	context.open = false;
	cdp_hold_transaction_timeout(false);
	for (int i = 0; i < context.cursor_count; i++)
		context.cursors[i]->status = PORTAL_READY;
	if (context.cursors != NULL)
		pfree(context.cursors);
	if (context.expired && !context.others_canceled)
		QueryCancelPending = false;
}

/* release_locks releases the session-level locks that were taken in the context. */
static void
release_locks(void)
{
	if (context.used_locks && !context.session_locks)
		LockReleaseSession(USER_LOCKMETHOD);
}

/*
 * follow_subtransaction repeats the cancel after the limit, when code in the context
 * has caught an error, which may have been the cancel.
 */
static void
follow_subtransaction(SubXactEvent event, SubTransactionId mine, SubTransactionId parent, void *arg)
{
	if (event != SUBXACT_EVENT_ABORT_SUB || !context.open)
		return;
	if (mine == context.subtransaction)
	{
		/* the subtransaction aborts while restrict_run handles an error */
		leave_context();
		release_locks();
	}
	else if (context.expired)
		cancel();
}

/* prepare_backend installs the timer and the hooks, once in a backend. */
static void
prepare_backend(void)
{
	if (limit_timeout != MAX_TIMEOUTS)
		return;
	limit_timeout = RegisterTimeout(USER_TIMEOUT, limit_passed);
	RegisterSubXactCallback(follow_subtransaction, NULL);
	previous_access_hook = object_access_hook;
	object_access_hook = watch_access;
	previous_needs_hook = needs_fmgr_hook;
	needs_fmgr_hook = watch_function;
	previous_fmgr_hook = fmgr_hook;
	fmgr_hook = watch_call;
	/* functions prepared so far were not watched */
	locks_transaction = cdp_local_transaction();
}

void
restrict_set(const char *name, const char *value)
{
	/* LOCAL: undone by the rollback; since 16 transaction_read_only cannot be saved */
	set_config_option(name, value, PGC_USERSET, PGC_S_SESSION, GUC_ACTION_LOCAL, true, 0, false);
}

/* open_context opens the context, in the subtransaction that was just begun. */
static void
open_context(Oid owner, const char *search_path, int limit)
{
	Oid user;
	int security;

	memset(&context, 0, sizeof(context));
	context.statement_timeout = get_timeout_active(STATEMENT_TIMEOUT);
	context.subtransaction = GetCurrentSubTransactionId();
	context.owner = owner;
	context.open = true;
	follow_locks();
	hold_cursors();
	cdp_hold_transaction_timeout(true);
	GetUserIdAndSecContext(&user, &security);
	SetUserIdAndSecContext(owner,
						   security | SECURITY_LOCAL_USERID_CHANGE | SECURITY_RESTRICTED_OPERATION);
	restrict_set("search_path", search_path);
	restrict_set("transaction_read_only", "on");
	restrict_set("row_security", "on");
	if (limit > 0)
		cdp_enable_timeout_every(limit_timeout, limit, LIMIT_REPEAT_MS);
}

/* close_context closes the context and rolls the subtransaction back. */
static void
close_context(void)
{
	leave_context();
	/* restores the user and the settings; undoes writes and notifications */
	RollbackAndReleaseCurrentSubTransaction();
	release_locks();
}

/* is_interrupt returns whether an error is a cancel or the like from outside the code that was run. */
static bool
is_interrupt(const ErrorData *error)
{
	int class = ERRCODE_TO_CATEGORY(error->sqlerrcode);

	/* the code can raise errors of these classes too, but not from postgres.c */
	return error->filename != NULL && strcmp(error->filename, "postgres.c") == 0 &&
		   (class == ERRCODE_TO_CATEGORY(ERRCODE_QUERY_CANCELED) ||
			class == ERRCODE_TO_CATEGORY(ERRCODE_T_R_SERIALIZATION_FAILURE));
}

/* is_limit returns whether an interrupt came from the limit. */
static bool
is_limit(const ErrorData *error)
{
	return context.expired && !context.others_canceled &&
		   error->sqlerrcode == ERRCODE_QUERY_CANCELED &&
		   !(context.statement_timeout && !get_timeout_active(STATEMENT_TIMEOUT));
}

ErrorData *
restrict_run(Oid owner, const char *search_path, int limit, void (*work)(void *arg), void *arg,
			 bool *too_slow)
{
	MemoryContext caller = CurrentMemoryContext;
	ResourceOwner resources = CurrentResourceOwner;
	ErrorData *volatile error = NULL;

	if (context.open)
		ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
						errmsg("the condition of a segment cannot judge a segment"),
						errhint("Write the condition of the other segment in its place.")));
	prepare_backend();
	*too_slow = false;
	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(caller);
	PG_TRY();
	{
		open_context(owner, search_path, limit);
		work(arg);
	}
	PG_CATCH();
	{
		MemoryContextSwitchTo(caller);
		error = CopyErrorData();
		FlushErrorState();
	}
	PG_END_TRY();

	if (error != NULL && is_interrupt(error))
	{
		*too_slow = is_limit(error);
		if (!*too_slow)
			context.others_canceled = true;
	}
	close_context();
	MemoryContextSwitchTo(caller);
	CurrentResourceOwner = resources;
	if (error != NULL && is_interrupt(error) && !*too_slow)
		ReThrowError(error);
	return error;
}
