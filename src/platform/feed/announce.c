/*
 * announce.c
 *		One notification for each transaction that recorded changes.
 *
 * A full queue of notifications fails a transaction when it commits, where nothing can catch the
 * error.  So the queue is looked at just before, and what does not fit is not sent: who listens polls
 * now and then anyway, and the next notification tells of everything before it.
 */
#include "postgres.h"

#include "access/xact.h"
#include "commands/async.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/memutils.h"

#include "cdp.h"

CDP_FUNCTION(cdp_announce_change);

/* the last change of a subtransaction, and of those that it is in */
typedef struct Announcement
{
	struct Announcement *outer;
	SubTransactionId subtransaction;
	int64 change_id;
	double max_usage;
} Announcement;

static Announcement *announced = NULL;

/* send_last notifies of the last change when the transaction is about to commit. */
static void
send_last(XactEvent event, void *arg)
{
	if (event == XACT_EVENT_PRE_COMMIT && announced != NULL)
	{
		char number[MAXINT8LEN + 1];

		if (DatumGetFloat8(OidFunctionCall0(F_PG_NOTIFICATION_QUEUE_USAGE)) <= announced->max_usage)
		{
			pg_lltoa(announced->change_id, number);
			Async_Notify("cdp_change", number);
		}
	}
	announced = NULL;
}

/* follow_subtransaction forgets the changes of a subtransaction that aborts, and hands on others. */
static void
follow_subtransaction(SubXactEvent event, SubTransactionId mine, SubTransactionId parent, void *arg)
{
	if (announced == NULL || announced->subtransaction != mine)
		return;
	if (event == SUBXACT_EVENT_ABORT_SUB)
		announced = announced->outer;
	else if (event == SUBXACT_EVENT_COMMIT_SUB)
	{
		announced->subtransaction = parent;
		if (announced->outer != NULL && announced->outer->subtransaction == parent)
			announced->outer = announced->outer->outer;
	}
}

/* cdp_announce_change implements cdp_internal.announce_change. */
Datum
cdp_announce_change(PG_FUNCTION_ARGS)
{
	static bool following = false;
	SubTransactionId mine = GetCurrentSubTransactionId();

	if (!following)
	{
		RegisterXactCallback(send_last, NULL);
		RegisterSubXactCallback(follow_subtransaction, NULL);
	}
	following = true;
	if (announced == NULL || announced->subtransaction != mine)
	{
		Announcement *inner = MemoryContextAlloc(TopTransactionContext, sizeof(Announcement));

		inner->outer = announced;
		inner->subtransaction = mine;
		announced = inner;
	}
	announced->change_id = PG_GETARG_INT64(0);
	announced->max_usage = PG_GETARG_FLOAT8(1);
	PG_RETURN_VOID();
}
