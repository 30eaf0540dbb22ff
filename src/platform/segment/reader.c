/*
 * reader.c
 *		Reads memberships, exact at now() or, if that is later, at the last batch.
 */
#include "postgres.h"

#include "access/table.h"
#include "catalog/namespace.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "utils/acl.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/timestamp.h"

#include "platform/segment/reader.h"
#include "platform/profile/visible.h"

/* tables_owner returns the owner of the tables. */
static Oid
tables_owner(void)
{
	Relation membership = table_openrv(makeRangeVar("cdp_data", "membership", -1), AccessShareLock);
	Oid owner = membership->rd_rel->relowner;

	table_close(membership, NoLock);
	return owner;
}

/* last_batch returns the time of the last batch. */
static TimestampTz
last_batch(void)
{
	static SPIPlanPtr plan = NULL;
	bool isnull = true;
	Datum as_of = (Datum) 0;

	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	if (plan == NULL)
	{
		SPIPlanPtr made = SPI_prepare("SELECT s.as_of FROM cdp_data.state s", 0, NULL);

		if (made == NULL || SPI_keepplan(made) != 0)
			elog(ERROR, "could not prepare a query: %s", SPI_result_code_string(SPI_result));
		plan = made;
	}
	if (SPI_execute_plan(plan, NULL, NULL, true, 1) != SPI_OK_SELECT)
		elog(ERROR, "could not read the time of the last batch");
	if (SPI_processed == 1)
		as_of = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull);
	SPI_finish();
	return isnull ? DT_NOBEGIN : DatumGetTimestampTz(as_of);
}

void
reader_check_tables(void)
{
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	if (SPI_execute("SELECT cdp_internal.check_columns()", true, 1) != SPI_OK_SELECT)
		elog(ERROR, "could not check the tables");
	SPI_finish();
}

void
reader_open(Reader *reader, SubjectKind subject)
{
	GetUserIdAndSecContext(&reader->user, &reader->security);
	reader->sees_all = visible_all(reader->user);
	SetUserIdAndSecContext(tables_owner(), reader->security | SECURITY_LOCAL_USERID_CHANGE);
	reader->segments = kept_read_segments(subject, DEFINITION_UNLOCKED);
	reader->last = last_batch();
	reader->at = Max(GetCurrentTransactionStartTimestamp(), reader->last);
}

void
reader_close(Reader *reader)
{
	kept_release_segments(reader->segments);
	SetUserIdAndSecContext(reader->user, reader->security);
}

int
reader_segment(const Reader *reader, const char *name)
{
	for (int i = 0; i < reader->segments->count; i++)
		if (strcmp(NameStr(reader->segments->items[i].segment.name), name) == 0)
			return i;
	return -1;
}

int64
reader_keep_visible(const Reader *reader, int64 *ids, int64 count)
{
	Oid owner;
	int security;

	if (reader->sees_all)
		return count;
	/* what is known of an account is known of all its people */
	if (reader->segments->subject == SUBJECT_ACCOUNT)
		return 0;
	GetUserIdAndSecContext(&owner, &security);
	SetUserIdAndSecContext(reader->user, reader->security);
	count = visible_keep(ids, count);
	SetUserIdAndSecContext(owner, security);
	return count;
}

bool *
reader_readable(const Reader *reader)
{
	bool *readable = palloc0(Max(reader->segments->count, 1) * sizeof(bool));

	for (int i = 0; i < reader->segments->count; i++)
		readable[i] =
			definition_is_readable(NameStr(reader->segments->items[i].segment.name), reader->user);
	return readable;
}

/* ask_judgeable asks only for segments that can be judged, of those that are asked; returns which these were. */
static bool *
ask_judgeable(KeptSegments *segments)
{
	bool *asked = palloc(Max(segments->count, 1) * sizeof(bool));

	for (int i = 0; i < segments->count; i++)
	{
		asked[i] = segments->items[i].asked;
		segments->items[i].asked &= !kept_stays(&segments->items[i]);
	}
	return asked;
}

Kept *
reader_judge(Reader *reader, int64 *ids, int64 count)
{
	int64 until = kept_built_until(reader->segments);
	bool *asked = ask_judgeable(reader->segments);
	Kept *kept = kept_read(reader->segments, ids, count, STORE_READ);
	int *unbuilt = palloc_extended(Max(kept->count, 1) * sizeof(int), MCXT_ALLOC_HUGE);
	int unbuilt_count = 0;

	kept_judge_lapsed(kept, reader->at, NULL, NULL);
	for (int i = 0; i < kept->count; i++)
		if (kept->people[i].profile_id > until)
			unbuilt[unbuilt_count++] = i;
	kept_judge(kept, unbuilt, unbuilt_count, reader->at, false, NULL, NULL);
	for (int i = 0; i < reader->segments->count; i++)
		reader->segments->items[i].asked = asked[i];
	pfree(asked);
	pfree(unbuilt);
	return kept;
}
