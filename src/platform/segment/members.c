/*
 * members.c
 *		cdp.members(), cdp.is_member() and cdp.trait_values().
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "cdp.h"
#include "platform/segment/reader.h"

CDP_FUNCTION(cdp_members);
CDP_FUNCTION(cdp_members_at);
CDP_FUNCTION(cdp_held_out);
CDP_FUNCTION(cdp_is_member);
CDP_FUNCTION(cdp_memberships);
CDP_FUNCTION(cdp_trait_values);

CDP_FUNCTION(cdp_accounts_in);
CDP_FUNCTION(cdp_is_account_in);
CDP_FUNCTION(cdp_account_trait_values);
CDP_FUNCTION(cdp_account_memberships);

/* how many people are in memory at once, and how many accounts, each with its people */
#define PART_PEOPLE 10000
#define PART_ACCOUNTS 100

/* check_kind raises an error unless a segment is a computed trait, or is none. */
static void
check_kind(const KeptSegment *segment, bool is_trait)
{
	const char *name = NameStr(segment->segment.name);

	if (segment->segment.is_trait && !is_trait)
		ereport(ERROR, (errcode(ERRCODE_WRONG_OBJECT_TYPE),
						errmsg("\"%s\" is a computed trait, not a segment", name),
						errhint("Read the view cdp_segment.%s.", quote_identifier(name))));
	if (!segment->segment.is_trait && is_trait)
		ereport(ERROR, (errcode(ERRCODE_WRONG_OBJECT_TYPE),
						errmsg("\"%s\" is a segment, not a computed trait", name),
						errhint("Use cdp.members(name).")));
}

/* ask opens a reader and asks for a segment of a subject, which the caller must be allowed to read; returns its place. */
static int
ask(Reader *reader, const char *name, SubjectKind subject, bool is_trait)
{
	Segment readable;
	int place;

	reader_check_tables();
	definition_find(name, DEFINITION_REQUIRED, &readable);
	definition_check_subject(&readable, subject);
	reader_open(reader, subject);
	definition_release(&readable);
	if (subject == SUBJECT_ACCOUNT && !reader->sees_all)
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("permission denied for segments of accounts"),
				 errdetail("Accounts tell of people whom row security hides from the role.")));
	place = reader_segment(reader, name);
	if (place < 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT), errmsg("segment \"%s\" does not exist", name),
				 errhint("cdp.segment lists the segments.")));
	check_kind(&reader->segments->items[place], is_trait);
	kept_ask_with_needs(reader->segments, place);
	return place;
}

/* judged_at returns the instant for which the members of a segment, which alone was asked for, are exact. */
static TimestampTz
judged_at(const Reader *reader, int place)
{
	const KeptSegment *segment = &reader->segments->items[place];
	TimestampTz at = kept_stays(segment) ? Min(segment->failing_since, reader->at) : reader->at;

	for (int i = 0; i < reader->segments->count; i++)
		if (reader->segments->items[i].asked && !reader->segments->items[i].found)
			at = Min(at, reader->last);
	return at;
}

/*
 * put_member adds a row to the result of cdp_members, or of cdp_trait_values, which has a value besides.  id: the
 * profile_id or group_id.
 */
static void
put_member(ReturnSetInfo *result, Datum id, TimestampTz since, TimestampTz at, Datum value)
{
	Datum values[] = {id, TimestampTzGetDatum(since), TimestampTzGetDatum(at), value};
	bool nulls[] = {false, false, false, false};

	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

/* found_ids returns the people, or accounts, in the rows of the last result. */
static int64 *
found_ids(void)
{
	int64 *ids = palloc_extended(Max(SPI_processed, 1) * sizeof(int64), MCXT_ALLOC_HUGE);

	for (uint64 i = 0; i < SPI_processed; i++)
	{
		bool isnull;

		ids[i] =
			DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 1, &isnull));
	}
	return ids;
}

/* put_rows adds the rows of the last result, but for people whom the caller may not see. */
static void
put_rows(ReturnSetInfo *result, const Reader *reader, TimestampTz at)
{
	SPITupleTable *rows = SPI_tuptable;
	uint64 count = SPI_processed;
	int64 *visible = found_ids();
	int64 left = reader_keep_visible(reader, visible, (int64) count);
	int64 next = 0;

	for (uint64 i = 0; i < count && next < left; i++)
	{
		bool isnull;
		HeapTuple row = rows->vals[i];
		int64 id = DatumGetInt64(SPI_getbinval(row, rows->tupdesc, 1, &isnull));

		if (id != visible[next])
			continue;
		next++;
		put_member(result, SPI_getbinval(row, rows->tupdesc, 4, &isnull),
				   DatumGetTimestampTz(SPI_getbinval(row, rows->tupdesc, 2, &isnull)), at,
				   SPI_getbinval(row, rows->tupdesc, 3, &isnull));
	}
	pfree(visible);
	SPI_freetuptable(rows);
}

/*
 * put_found adds the members that a query finds: their number, since, the value of a trait, and what is shown of them,
 * profile_id or group_id.
 */
static void
put_found(ReturnSetInfo *result, const Reader *reader, const char *query, int count, Oid *types,
		  Datum *values, TimestampTz at)
{
	Portal cursor;
	uint64 found;

	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	cursor = SPI_cursor_open_with_args(NULL, query, count, types, values, NULL, true, 0);
	do
	{
		SPI_cursor_fetch(cursor, true, PART_PEOPLE);
		found = SPI_processed;
		put_rows(result, reader, at);
	} while (found > 0);
	SPI_cursor_close(cursor);
	SPI_finish();
}

/* shown_id returns the column of what is kept that is shown of members. */
static const char *
shown_id(const Reader *reader)
{
	return reader->segments->subject == SUBJECT_ACCOUNT ? "group_id" : "profile_id";
}

/* put_settled adds the members that need not be judged again. */
static void
put_settled(ReturnSetInfo *result, const Reader *reader, int place, bool held_out)
{
	const Subject *subject = &subjects[reader->segments->subject];
	int32 number = reader->segments->items[place].segment_id;
	Oid types[] = {INT4OID, TIMESTAMPTZOID, INT8OID};
	Datum values[] = {Int32GetDatum(held_out ? -number : number), TimestampTzGetDatum(reader->at),
					  Int64GetDatum(kept_built_until(reader->segments))};

	put_found(
		result, reader,
		psprintf("SELECT m.%s, m.since[pg_catalog.array_position(m.segments, $1)], "
				 "m.computed[pg_catalog.array_position(m.segments, $1)], m.%s "
				 "FROM cdp_data.%s m WHERE m.segments OPERATOR(pg_catalog.@>) ARRAY[$1] "
				 "AND m.horizon OPERATOR(pg_catalog.>) $2 AND m.%s OPERATOR(pg_catalog.<=) $3",
				 subject->key, shown_id(reader), subject->membership, subject->key),
		3, types, values, judged_at(reader, place));
}

/* Takes a part of the people that a query finds; in memory that is reset after it. */
typedef void (*TakePart)(void *arg, int64 *ids, int64 count);

/* read_people hands out those whom a query finds and the caller may see; $1 is the reader's instant, $2 until whom segments are built. */
static void
read_people(const char *query, const Reader *reader, TakePart take, void *arg)
{
	Oid types[] = {TIMESTAMPTZOID, INT8OID};
	Datum values[] = {TimestampTzGetDatum(reader->at),
					  Int64GetDatum(kept_built_until(reader->segments))};
	MemoryContext caller = CurrentMemoryContext;
	MemoryContext part;
	int64 at_once = reader->segments->subject == SUBJECT_ACCOUNT ? PART_ACCOUNTS : PART_PEOPLE;
	Portal cursor;
	int64 count;

	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	part = AllocSetContextCreate(CurrentMemoryContext, "cdp members", ALLOCSET_DEFAULT_SIZES);
	cursor = SPI_cursor_open_with_args(NULL, query, 2, types, values, NULL, true, 0);
	do
	{
		int64 *ids;
		int64 visible;

		SPI_cursor_fetch(cursor, true, at_once);
		count = (int64) SPI_processed;
		MemoryContextSwitchTo(part);
		ids = found_ids();
		SPI_freetuptable(SPI_tuptable);
		visible = reader_keep_visible(reader, ids, count);
		if (visible > 0)
			take(arg, ids, visible);
		MemoryContextReset(part);
	} while (count > 0);
	SPI_cursor_close(cursor);
	SPI_finish();
	MemoryContextSwitchTo(caller);
}

/* what cdp_members adds rows for */
typedef struct Members
{
	ReturnSetInfo *result;
	Reader reader;
	int place;
	bool held_out; /* wanted are those who are held out */
} Members;

/* put_judged judges some people and adds those who are members. */
static void
put_judged(void *arg, int64 *ids, int64 count)
{
	Members *members = arg;
	Kept *kept = reader_judge(&members->reader, ids, count);
	TimestampTz at = judged_at(&members->reader, members->place);

	for (int i = 0; i < kept->count; i++)
	{
		TimestampTz since = kept->since[(Size) i * kept->segments->count + members->place];
		const char *value = kept_value(kept, i, members->place);

		if (since != DT_NOBEGIN && kept_holds_out(kept->segments, members->place,
												  kept->people[i].profile_id) == members->held_out)
			put_member(members->result,
					   kept->people[i].group_id != NULL
						   ? CStringGetTextDatum(kept->people[i].group_id)
						   : Int64GetDatum(kept->people[i].profile_id),
					   since, at, value != NULL ? CStringGetTextDatum(value) : (Datum) 0);
	}
}

/* query_judged returns a query of those who must be judged: whose horizon has passed, and who are not built until. */
static char *
query_judged(const Reader *reader)
{
	const Subject *subject = &subjects[reader->segments->subject];
	char *lapsed =
		psprintf("SELECT m.%s FROM cdp_data.%s m WHERE m.horizon OPERATOR(pg_catalog.<=) $1 "
				 "AND m.horizon OPERATOR(pg_catalog.<) 'infinity'",
				 subject->key, subject->membership);

	if (kept_built_until(reader->segments) == PG_INT64_MAX)
		return lapsed;
	return psprintf("%s OR m.%s OPERATOR(pg_catalog.>) $2 UNION "
					"SELECT p.%s FROM cdp_data.%s p WHERE p.%s OPERATOR(pg_catalog.>) $2",
					lapsed, subject->key, subject->key, subject->table, subject->key);
}

/* put_present adds the members at the reader's instant, which is not before the last batch. */
static void
put_present(Members *members)
{
	put_settled(members->result, &members->reader, members->place, members->held_out);
	read_people(query_judged(&members->reader), &members->reader, put_judged, members);
}

/* put_members puts all members, or those who are held out, or the values of a computed trait. */
static void
put_members(FunctionCallInfo fcinfo, SubjectKind subject, bool is_trait, bool held_out)
{
	Members members = {(ReturnSetInfo *) fcinfo->resultinfo};

	InitMaterializedSRF(fcinfo, 0);
	members.held_out = held_out;
	members.place = ask(&members.reader, text_to_cstring(PG_GETARG_TEXT_PP(0)), subject, is_trait);
	put_present(&members);
	reader_close(&members.reader);
}

/* cdp_members returns who is in a segment, and since when. */
Datum
cdp_members(PG_FUNCTION_ARGS)
{
	put_members(fcinfo, SUBJECT_PERSON, false, false);
	return (Datum) 0;
}

/* cdp_held_out returns who is held out of a segment. */
Datum
cdp_held_out(PG_FUNCTION_ARGS)
{
	put_members(fcinfo, SUBJECT_PERSON, false, true);
	return (Datum) 0;
}

/*
 * put_past adds the members at an instant before the last batch: of each person the first later change says what was
 * before it; a person who has none is in the segment or not as kept.
 */
static void
put_past(Members *members, TimestampTz as_of)
{
	Oid types[] = {INT4OID, TIMESTAMPTZOID};
	Datum values[] = {Int32GetDatum(members->reader.segments->items[members->place].segment_id),
					  TimestampTzGetDatum(as_of)};

	put_found(
		members->result, &members->reader,
		"WITH later AS MATERIALIZED (SELECT DISTINCT ON (l.profile_id) l.profile_id, l.since FROM ("
		"SELECT c.profile_id, c.since, c.change_id FROM cdp_data.change c "
		"WHERE c.segment_id OPERATOR(pg_catalog.=) $1 AND c.at OPERATOR(pg_catalog.>) $2 UNION ALL "
		"SELECT c.other_profile_id, c.other_since, c.change_id FROM cdp_data.change c "
		"WHERE c.segment_id OPERATOR(pg_catalog.=) $1 AND c.at OPERATOR(pg_catalog.>) $2 "
		"AND c.kind OPERATOR(pg_catalog.=) ANY ('{merged,split,renumbered}')) l "
		"ORDER BY l.profile_id, l.change_id) "
		"SELECT l.profile_id, l.since, NULL::pg_catalog.text, l.profile_id "
		"FROM later l WHERE l.since IS NOT NULL UNION ALL "
		"SELECT m.profile_id, m.since[pg_catalog.array_position(m.segments, $1)], NULL, m.profile_id "
		"FROM cdp_data.membership m WHERE m.segments OPERATOR(pg_catalog.@>) ARRAY[$1] "
		"AND NOT EXISTS (SELECT FROM later l WHERE l.profile_id OPERATOR(pg_catalog.=) m.profile_id)",
		2, types, values, as_of);
}

/* check_kept raises an error if changes after an instant have left the feed. */
static void
check_kept(TimestampTz as_of)
{
	bool isnull = true;
	TimestampTz trimmed = DT_NOBEGIN;

	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	if (SPI_execute("SELECT s.trimmed_at FROM cdp_data.state s", true, 1) != SPI_OK_SELECT)
		elog(ERROR, "could not read how far the feed is trimmed");
	if (SPI_processed == 1)
		trimmed = DatumGetTimestampTz(
			SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull));
	SPI_finish();
	if (as_of < trimmed)
		ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
						errmsg("the feed does not reach back to %s", timestamptz_to_str(as_of)),
						errdetail("Changes up to %s have left it.", timestamptz_to_str(trimmed)),
						errhint("cdp.set_change_retention() sets how long changes stay.")));
}

/* cdp_members_at returns who was in a segment at an instant, as was known then. */
Datum
cdp_members_at(PG_FUNCTION_ARGS)
{
	TimestampTz as_of = PG_GETARG_TIMESTAMPTZ(1);
	Members members = {(ReturnSetInfo *) fcinfo->resultinfo};

	InitMaterializedSRF(fcinfo, 0);
	members.place =
		ask(&members.reader, text_to_cstring(PG_GETARG_TEXT_PP(0)), SUBJECT_PERSON, false);
	if (as_of > members.reader.at)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("as_of must not be in the future"),
						errdetail("What will be known then is not known yet.")));
	if (as_of >= members.reader.last)
	{
		members.reader.at = as_of;
		put_present(&members);
	}
	else
	{
		check_kept(as_of);
		put_past(&members, as_of);
	}
	reader_close(&members.reader);
	return (Datum) 0;
}

/* cdp_trait_values returns the values of a computed trait. */
Datum
cdp_trait_values(PG_FUNCTION_ARGS)
{
	put_members(fcinfo, SUBJECT_PERSON, true, false);
	return (Datum) 0;
}

/* what cdp_memberships adds rows for */
typedef struct Listing
{
	ReturnSetInfo *result;
	Reader reader;
	bool *readable;
} Listing;

/*
 * put_membership adds a row to the result of cdp_memberships, or of cdp_account_memberships, which has the value of a
 * computed trait, and its type, besides.
 */
static void
put_membership(Listing *listing, const Kept *kept, int person, int place, TimestampTz since)
{
	const KeptSegment *segment = &kept->segments->items[place];
	const char *group_id = kept->people[person].group_id;
	bool is_trait = segment->segment.is_trait;
	Datum values[] = {CStringGetTextDatum(NameStr(segment->segment.name)),
					  group_id != NULL ? CStringGetTextDatum(group_id)
									   : Int64GetDatum(kept->people[person].profile_id),
					  TimestampTzGetDatum(since),
					  is_trait ? CStringGetTextDatum(kept_value(kept, person, place)) : (Datum) 0,
					  is_trait ? CStringGetTextDatum(segment->value_type) : (Datum) 0};
	bool nulls[] = {false, false, false, !is_trait, !is_trait};

	tuplestore_putvalues(listing->result->setResult, listing->result->setDesc, values, nulls);
}

/* list_part adds the memberships of some people, of whom those who need it are judged. */
static void
list_part(void *arg, int64 *ids, int64 count)
{
	Listing *listing = arg;
	Kept *kept = reader_judge(&listing->reader, ids, count);

	for (int i = 0; i < kept->count; i++)
		for (int j = 0; j < kept->segments->count; j++)
		{
			TimestampTz since = kept_member_since(kept, i, j);

			if (since != DT_NOBEGIN && listing->readable[j])
				put_membership(listing, kept, i, j, since);
		}
}

/* open_listing opens a listing of the segments that the caller may read; of accounts with the computed traits. */
static void
open_listing(Listing *listing, FunctionCallInfo fcinfo, SubjectKind subject)
{
	KeptSegments *segments;

	listing->result = (ReturnSetInfo *) fcinfo->resultinfo;
	InitMaterializedSRF(fcinfo, 0);
	reader_check_tables();
	reader_open(&listing->reader, subject);
	segments = listing->reader.segments;
	listing->readable = reader_readable(&listing->reader);
	for (int i = 0; i < segments->count; i++)
		listing->readable[i] &= subject == SUBJECT_ACCOUNT ? listing->reader.sees_all
														   : !segments->items[i].segment.is_trait;
	for (int i = 0; i < segments->count; i++)
		if (listing->readable[i])
			kept_ask_with_needs(segments, i);
}

/* cdp_memberships returns who is in which of the segments that the caller may read. */
Datum
cdp_memberships(PG_FUNCTION_ARGS)
{
	Listing listing;

	open_listing(&listing, fcinfo, SUBJECT_PERSON);
	read_people("SELECT m.profile_id FROM cdp_data.membership m UNION "
				"SELECT p.profile_id FROM cdp_data.profile p "
				"WHERE p.profile_id OPERATOR(pg_catalog.>) $2",
				&listing.reader, list_part, &listing);
	reader_close(&listing.reader);
	return (Datum) 0;
}

/* find_profile returns the present id of a profile, or 0. */
static int64
find_profile(int64 profile_id)
{
	static SPIPlanPtr plan = NULL;
	Datum value = Int64GetDatum(profile_id);
	bool isnull = true;
	Datum found = (Datum) 0;

	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	if (plan == NULL)
	{
		Oid type = INT8OID;
		SPIPlanPtr made = SPI_prepare("SELECT cdp.profile_of($1)", 1, &type);

		if (made == NULL || SPI_keepplan(made) != 0)
			elog(ERROR, "could not prepare a query: %s", SPI_result_code_string(SPI_result));
		plan = made;
	}
	if (SPI_execute_plan(plan, &value, NULL, true, 1) != SPI_OK_SELECT)
		elog(ERROR, "could not find a profile");
	if (SPI_processed > 0)
		found = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull);
	SPI_finish();
	return isnull ? 0 : DatumGetInt64(found);
}

/* cdp_is_member returns whether a present or former profile id is in a segment. */
Datum
cdp_is_member(PG_FUNCTION_ARGS)
{
	int64 profile_id = find_profile(PG_GETARG_INT64(1));
	Reader reader;
	Kept *kept;
	int place = ask(&reader, text_to_cstring(PG_GETARG_TEXT_PP(0)), SUBJECT_PERSON, false);
	bool is_member;

	kept = reader_judge(&reader, &profile_id, 1);
	is_member = kept_member_since(kept, 0, place) != DT_NOBEGIN &&
				reader_keep_visible(&reader, &profile_id, 1) == 1;
	reader_close(&reader);
	PG_RETURN_BOOL(is_member);
}

/* ---------------------------------------------------------------- accounts */

/* cdp_accounts_in returns which accounts are in a segment, and since when. */
Datum
cdp_accounts_in(PG_FUNCTION_ARGS)
{
	put_members(fcinfo, SUBJECT_ACCOUNT, false, false);
	return (Datum) 0;
}

/* cdp_account_trait_values returns the values of a computed trait of accounts. */
Datum
cdp_account_trait_values(PG_FUNCTION_ARGS)
{
	put_members(fcinfo, SUBJECT_ACCOUNT, true, false);
	return (Datum) 0;
}

/* find_account returns the number of an account, or 0; as the owner of the tables. */
static int64
find_account(Datum group_id)
{
	Oid type = TEXTOID;
	bool isnull = true;
	Datum found = (Datum) 0;

	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	if (SPI_execute_with_args("SELECT a.account_id FROM cdp_data.account a "
							  "WHERE a.group_id OPERATOR(pg_catalog.=) cdp_internal.account_id($1)",
							  1, &type, &group_id, NULL, true, 1) != SPI_OK_SELECT)
		elog(ERROR, "could not find an account");
	if (SPI_processed > 0)
		found = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull);
	SPI_finish();
	return isnull ? 0 : DatumGetInt64(found);
}

/* cdp_is_account_in returns whether an account is in a segment. */
Datum
cdp_is_account_in(PG_FUNCTION_ARGS)
{
	Reader reader;
	int place = ask(&reader, text_to_cstring(PG_GETARG_TEXT_PP(0)), SUBJECT_ACCOUNT, false);
	int64 account_id = find_account(PG_GETARG_DATUM(1));
	bool is_member = false;

	if (account_id != 0)
		is_member =
			kept_member_since(reader_judge(&reader, &account_id, 1), 0, place) != DT_NOBEGIN;
	reader_close(&reader);
	PG_RETURN_BOOL(is_member);
}

/* list_accounts adds the memberships of these accounts. */
static void
list_accounts(Listing *listing, ArrayType *group_ids)
{
	Datum *names;
	bool *nulls;
	int count;

	deconstruct_array(group_ids, TEXTOID, -1, false, TYPALIGN_INT, &names, &nulls, &count);
	for (int i = 0; i < count; i++)
	{
		int64 id = nulls[i] ? 0 : find_account(names[i]);

		if (id != 0)
			list_part(listing, &id, 1);
	}
}

/* cdp_account_memberships returns which accounts, or these, are in which segments, and their values. */
Datum
cdp_account_memberships(PG_FUNCTION_ARGS)
{
	Listing listing;

	open_listing(&listing, fcinfo, SUBJECT_ACCOUNT);
	if (PG_ARGISNULL(0))
		read_people("SELECT m.account_id FROM cdp_data.account_membership m UNION "
					"SELECT a.account_id FROM cdp_data.account a "
					"WHERE a.account_id OPERATOR(pg_catalog.>) $2",
					&listing.reader, list_part, &listing);
	else if (listing.reader.segments->count > 0)
		list_accounts(&listing, PG_GETARG_ARRAYTYPE_P(0));
	reader_close(&listing.reader);
	return (Datum) 0;
}
