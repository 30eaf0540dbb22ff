/*
 * judge.c
 *		Judges segments: evaluates their conditions, each as its owner.
 *
 * If a condition fails for a group of people, it is judged for each half of the group, and
 * so on.  That finds the people it fails for, and judges all others.
 */
#include "postgres.h"

#include "access/relation.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "nodes/params.h"
#include "optimizer/plancat.h"
#include "rewrite/rewriteHandler.h"
#include "storage/lmgr.h"
#include "tcop/dest.h"
#include "utils/acl.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"

#include "platform/segment/function_owner.h"
#include "platform/segment/judge.h"
#include "platform/segment/restrict.h"

#define SEGMENT_SCHEMA "cdp_segment"
#define JUDGE_PATH "pg_catalog, pg_temp"

/* how many people are judged in one statement, unless all are */
#define PAGE_PEOPLE 10000

/* plans cached by a backend */
#define PLANS_MAX 64

/* a query that is run as an owner */
typedef struct JudgeQuery
{
	const Segment *segments; /* their views are checked first */
	int segment_count;
	const char *text;
	bool by_person; /* force index scans on people */
	Oid type;       /* type of the parameter; InvalidOid: none */
	Datum value;
	JudgeTake take;
	void *arg;
} JudgeQuery;

/* passes the first column of each row to a callback */
typedef struct TakeReceiver
{
	DestReceiver receiver;
	JudgeTake take;
	void *arg;
} TakeReceiver;

typedef struct KeptPlan
{
	char *text;
	SPIPlanPtr plan;
} KeptPlan;

static KeptPlan kept_plans[PLANS_MAX];
static int kept_count;

/* numbers returned by a query, in memory that outlives it */
typedef struct NumberList
{
	MemoryContext context;
	int64 *numbers;
	int64 count;
	int64 allocated;
} NumberList;

static void
append_number(void *arg, int64 number)
{
	NumberList *list = arg;

	if (list->count == list->allocated)
	{
		list->allocated = list->allocated ? 2 * list->allocated : 64;
		list->numbers = list->numbers
							? repalloc_huge(list->numbers, list->allocated * sizeof(int64))
							: MemoryContextAlloc(list->context, list->allocated * sizeof(int64));
	}
	list->numbers[list->count++] = number;
}

static void
take_startup(DestReceiver *receiver, int operation, TupleDesc row)
{
}

static bool
take_row(TupleTableSlot *slot, DestReceiver *receiver)
{
	TakeReceiver *self = (TakeReceiver *) receiver;
	bool isnull;
	Datum number = slot_getattr(slot, 1, &isnull);

	if (!isnull)
		self->take(self->arg, DatumGetInt64(number));
	return true;
}

static void
take_end(DestReceiver *receiver)
{
}

/* prepare plans a query. */
static SPIPlanPtr
prepare(const char *text, int parameters, Oid *types, int options)
{
	SPIPlanPtr plan = SPI_prepare_cursor(text, parameters, types, options);

	if (plan == NULL)
		elog(ERROR, "could not prepare a condition: %s", SPI_result_code_string(SPI_result));
	return plan;
}

/*
 * keep_plan returns the plan of a query, cached by its text.  The caller holds locks
 * on its views; the plan cache replans it if they were replaced.
 */
static SPIPlanPtr
keep_plan(const char *text, Oid type)
{
	KeptPlan *kept;

	for (int i = 0; i < kept_count; i++)
		if (strcmp(kept_plans[i].text, text) == 0)
			return kept_plans[i].plan;
	while (kept_count == PLANS_MAX)
	{
		SPI_freeplan(kept_plans[0].plan);
		pfree(kept_plans[0].text);
		memmove(kept_plans, kept_plans + 1, (--kept_count) * sizeof(KeptPlan));
	}
	kept = &kept_plans[kept_count];
	kept->plan = prepare(text, 1, &type, CURSOR_OPT_GENERIC_PLAN);
	kept->text = MemoryContextStrdup(TopMemoryContext, text);
	if (SPI_keepplan(kept->plan) != 0)
		elog(ERROR, "could not keep a plan");
	kept_count++;
	return kept->plan;
}

/* execute_plan runs a plan and passes its rows to the query's callback. */
static void
execute_plan(SPIPlanPtr plan, const JudgeQuery *query)
{
	TakeReceiver receiver = {
		{take_row, take_startup, take_end, take_end, DestTuplestore}, query->take, query->arg};
	SPIExecuteOptions options = {.read_only = true, .dest = &receiver.receiver};
	int result;

	if (OidIsValid(query->type))
	{
		options.params = makeParamList(1);
		options.params->params[0].ptype = query->type;
		options.params->params[0].pflags = PARAM_FLAG_CONST;
		options.params->params[0].isnull = false;
		options.params->params[0].value = query->value;
	}
	result = SPI_execute_plan_extended(plan, &options);
	if (result != SPI_OK_SELECT)
		elog(ERROR, "could not judge a condition: %s", SPI_result_code_string(result));
}

/* check_view checks that a relation is the view of a segment, and the owners of its functions. */
static void
check_view(const Segment *segment)
{
	Relation view = relation_open(segment->view, NoLock);
	TupleDesc row = RelationGetDescr(view);
	Form_pg_attribute id = row->natts == 1 ? TupleDescAttr(row, 0) : NULL;

	if (view->rd_rel->relkind != RELKIND_VIEW || id == NULL || id->atttypid != INT8OID ||
		strcmp(NameStr(id->attname), "profile_id") != 0)
		ereport(ERROR, (errcode(ERRCODE_WRONG_OBJECT_TYPE),
						errmsg("\"%s.%s\" is not the view of a segment", SEGMENT_SCHEMA,
							   NameStr(segment->name)),
						errdetail("The view of a segment has one column, profile_id bigint."),
						errhint("Create the segment again with cdp.create_segment.")));
	check_function_owners((Node *) get_view_query(view), segment->owner);
	relation_close(view, NoLock);
}

/* execute_query runs a query; called in the restricted context. */
static void
execute_query(void *arg)
{
	JudgeQuery *query = arg;

	for (int i = 0; i < query->segment_count; i++)
		check_view(&query->segments[i]);
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	if (query->by_person)
	{
		/*
		 * A sequential scan, which the planner prefers for small tables, would
		 * evaluate the condition for all people, and fail for any of them.
		 */
		restrict_set("enable_seqscan", "off");
		restrict_set("jit", "off");
		execute_plan(keep_plan(query->text, query->type), query);
	}
	else
		execute_plan(prepare(query->text, 0, NULL, CURSOR_OPT_PARALLEL_OK), query);
	SPI_finish();
}

/* run_query runs a query as a role; returns its error, or NULL. */
static ErrorData *
run_query(Oid owner, int limit, JudgeQuery *query, bool *too_slow)
{
	return restrict_run(owner, JUDGE_PATH, limit, execute_query, query, too_slow);
}

/* check_readable notes whether the caller may read the view; called before it is locked. */
static void
check_readable(const RangeVar *relation, Oid view, Oid former, void *arg)
{
	bool *readable = arg;
	bool is_missing = false;

	/* if it was dropped meanwhile, the caller looks it up again */
	*readable = OidIsValid(view) &&
				pg_class_aclcheck_ext(view, GetUserId(), ACL_SELECT, &is_missing) == ACLCHECK_OK;
}

bool
judge_find(const char *name, int flags, Segment *segment)
{
	bool readable = false;
	Oid view = InvalidOid;

	/* a longer name would be truncated to that of another view */
	if (strlen(name) < NAMEDATALEN && OidIsValid(get_namespace_oid(SEGMENT_SCHEMA, true)))
		view = RangeVarGetRelidExtended(
			makeRangeVar(SEGMENT_SCHEMA, pstrdup(name), -1), AccessShareLock,
			RVR_MISSING_OK | (flags & JUDGE_NOWAIT ? RVR_SKIP_LOCKED : 0), check_readable,
			&readable);
	if (OidIsValid(view) && readable)
	{
		HeapTuple tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(view));

		if (HeapTupleIsValid(tuple))
		{
			namestrcpy(&segment->name, name);
			segment->view = view;
			segment->owner = ((Form_pg_class) GETSTRUCT(tuple))->relowner;
			ReleaseSysCache(tuple);
			return true;
		}
	}
	if (OidIsValid(view))
		UnlockRelationOid(view, AccessShareLock);
	if (flags & JUDGE_REQUIRED && OidIsValid(view) && !readable)
		aclcheck_error(ACLCHECK_NO_PRIV, OBJECT_VIEW, name);
	if (flags & JUDGE_REQUIRED)
		ereport(
			ERROR,
			(errcode(ERRCODE_UNDEFINED_OBJECT), errmsg("segment \"%s\" does not exist", name),
			 errdetail("There is no view of this name in the schema %s.", SEGMENT_SCHEMA),
			 errhint(
				 "cdp.segment lists the segments. If only the view was dropped, create the segment "
				 "again with replace => true, or drop it with cdp.drop_segment.")));
	return false;
}

bool
judge_exists(const char *name)
{
	Oid schema = get_namespace_oid(SEGMENT_SCHEMA, true);

	return strlen(name) < NAMEDATALEN && OidIsValid(schema) &&
		   OidIsValid(get_relname_relid(name, schema));
}

void
judge_release(const Segment *segment)
{
	UnlockRelationOid(segment->view, AccessShareLock);
}

/* view_name returns the qualified, quoted name of a segment's view. */
static const char *
view_name(const Segment *segment)
{
	return quote_qualified_identifier(SEGMENT_SCHEMA, NameStr(segment->name));
}

/* start_judgement initialises a judgement and sets its deadline for this number of people. */
static void
start_judgement(Judgement *result, double people)
{
	int limit = restrict_limit(people);

	memset(result, 0, sizeof(*result));
	result->context = CurrentMemoryContext;
	if (limit > 0)
		result->deadline = TimestampTzPlusMilliseconds(GetCurrentTimestamp(), limit);
}

/* time_left returns the milliseconds until the deadline; 0: no limit. */
static int
time_left(const Judgement *result)
{
	if (result->deadline == 0)
		return 0;
	return (int) Min(Max((result->deadline - GetCurrentTimestamp()) / 1000, 1), INT_MAX);
}

/* note_error records an error; a "query canceled" raised by the condition gets another code. */
static void
note_error(Judgement *result, const ErrorData *error, bool too_slow)
{
	bool cancel = ERRCODE_TO_CATEGORY(error->sqlerrcode) == ERRCODE_OPERATOR_INTERVENTION;
	const char *message = error->message != NULL ? error->message : "no message";

	result->too_slow = too_slow;
	result->sqlstate = too_slow ? ERRCODE_PROGRAM_LIMIT_EXCEEDED
					   : cancel ? ERRCODE_EXTERNAL_ROUTINE_EXCEPTION
								: error->sqlerrcode;
	if (too_slow)
		message = "it takes longer than cdp.segment_timeout allows";
	result->message = MemoryContextStrdup(result->context, message);
}

/* fail_whole notes that a segment fails as a whole. */
static void
fail_whole(Judgement *result, const ErrorData *error, bool too_slow)
{
	note_error(result, error, too_slow);
	result->profile_id = 0;
	result->whole = true;
}

/* make_array returns numbers as a bigint[]. */
static Datum
make_array(const int64 *numbers, int count)
{
	Datum *values = palloc(count * sizeof(Datum));

	for (int i = 0; i < count; i++)
		values[i] = Int64GetDatum(numbers[i]);
	return PointerGetDatum(
		construct_array(values, count, INT8OID, sizeof(int64), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
}

/* judge_ids judges a segment for these people in one statement; returns its error, or NULL. */
static ErrorData *
judge_ids(const Segment *segment, const int64 *ids, int count, NumberList *members,
		  const Judgement *result, bool *too_slow)
{
	JudgeQuery query = {segment,       1,      NULL, true, INT8ARRAYOID, make_array(ids, count),
						append_number, members};

	query.text =
		psprintf("SELECT s.profile_id FROM pg_catalog.unnest($1) i (profile_id) CROSS JOIN LATERAL "
				 "(SELECT v.profile_id FROM %s v WHERE v.profile_id = i.profile_id OFFSET 0) s",
				 view_name(segment));
	return run_query(segment->owner, time_left(result), &query, too_slow);
}

/* fail_person notes that a condition fails for a person, or as a whole if it fails for no people too. */
static void
fail_person(const Segment *segment, const ErrorData *error, int64 profile_id, int failing_max,
			Judgement *result)
{
	bool too_slow;

	if (result->failing == 0 && judge_ids(segment, NULL, 0, NULL, result, &too_slow) != NULL)
	{
		fail_whole(result, error, too_slow);
		return;
	}
	if (result->failing++ == 0)
	{
		note_error(result, error, false);
		result->profile_id = profile_id;
	}
	if (result->failing > failing_max)
		result->whole = true;
}

/* give_members counts the members found and passes them to the callback. */
static void
give_members(const NumberList *members, JudgeTake take, void *arg, Judgement *result)
{
	result->members += members->count;
	for (int64 i = 0; take != NULL && i < members->count; i++)
		take(arg, members->numbers[i]);
}

/* judge_group judges a segment for a group of people; if that fails, for each half of the group. */
static void
judge_group(const Segment *segment, const int64 *ids, int count, int failing_max, JudgeTake take,
			void *arg, Judgement *result)
{
	NumberList members = {CurrentMemoryContext};
	bool too_slow;
	ErrorData *error = judge_ids(segment, ids, count, &members, result, &too_slow);

	if (error == NULL)
	{
		result->judged += count;
		give_members(&members, take, arg, result);
	}
	else if (too_slow)
		fail_whole(result, error, true);
	else if (count == 1)
		fail_person(segment, error, ids[0], failing_max, result);
	else
	{
		judge_group(segment, ids, count / 2, failing_max, take, arg, result);
		if (!result->whole)
			judge_group(segment, ids + count / 2, count - count / 2, failing_max, take, arg,
						result);
	}
}

/* judge_page judges a segment for a page of people, in a memory context of its own. */
static void
judge_page(const Segment *segment, const int64 *ids, int count, int failing_max, JudgeTake take,
		   void *arg, Judgement *result)
{
	MemoryContext page =
		AllocSetContextCreate(CurrentMemoryContext, "cdp segment page", ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(page);

	CHECK_FOR_INTERRUPTS();
	judge_group(segment, ids, count, failing_max, take, arg, result);
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(page);
}

/* end_judgement: a condition that fails for all people it was judged for fails as a whole. */
static void
end_judgement(Judgement *result)
{
	if (result->failing > 0 && result->judged == 0)
		result->whole = true;
	if (result->whole)
		result->members = 0;
}

void
judge_people(const Segment *segment, const int64 *ids, int64 count, int failing_max, JudgeTake take,
			 void *arg, Judgement *result)
{
	start_judgement(result, (double) count);
	for (int64 i = 0; i < count && !result->whole; i += PAGE_PEOPLE)
		judge_page(segment, ids + i, (int) Min(count - i, PAGE_PEOPLE), failing_max, take, arg,
				   result);
	end_judgement(result);
}

/* judge_pages judges a segment for all people, page by page. */
static void
judge_pages(const Segment *segment, int failing_max, NumberList *members, Judgement *result)
{
	NumberList page = {CurrentMemoryContext};
	JudgeQuery query = {segment,
						1,
						"SELECT p.profile_id FROM cdp.profile_row p WHERE p.profile_id > $1 "
						"ORDER BY p.profile_id LIMIT " CppAsString2(PAGE_PEOPLE),
						true,
						INT8OID,
						Int64GetDatum(PG_INT64_MIN),
						append_number,
						&page};

	while (!result->whole)
	{
		bool too_slow;
		ErrorData *error;

		page.count = 0;
		error = run_query(segment->owner, time_left(result), &query, &too_slow);
		if (error != NULL)
			fail_whole(result, error, too_slow);
		if (error != NULL || page.count == 0)
			return;
		judge_page(segment, page.numbers, (int) page.count, failing_max, append_number, members,
				   result);
		query.value = Int64GetDatum(page.numbers[page.count - 1]);
	}
}

/* count_people estimates the number of people. */
static double
count_people(void)
{
	Relation profile =
		relation_openrv_extended(makeRangeVar("cdp_data", "profile", -1), AccessShareLock, true);
	BlockNumber pages;
	double people = 0;
	double visible;

	if (profile == NULL)
		return 0;
	if (RELKIND_HAS_STORAGE(profile->rd_rel->relkind))
		estimate_rel_size(profile, NULL, &pages, &people, &visible);
	relation_close(profile, AccessShareLock);
	return people;
}

void
judge_all(const Segment *segment, int failing_max, JudgeTake take, void *arg, Judgement *result)
{
	NumberList members = {CurrentMemoryContext};
	JudgeQuery query = {segment, 1, NULL, false, InvalidOid, (Datum) 0, append_number, &members};
	double people = count_people();
	ErrorData *error;
	bool too_slow;

	start_judgement(result, people);
	query.text = psprintf("SELECT v.profile_id FROM %s v", view_name(segment));
	error = run_query(segment->owner, time_left(result), &query, &too_slow);
	if (error != NULL && too_slow)
		fail_whole(result, error, true);
	else if (error != NULL)
	{
		members.count = 0;
		/* page by page it may succeed: only people are judged then, not shared identifiers */
		start_judgement(result, people);
		judge_pages(segment, failing_max, &members, result);
	}
	result->members = 0;
	end_judgement(result);
	if (!result->whole)
		give_members(&members, take, arg, result);
	if (members.numbers != NULL)
		pfree(members.numbers);
}

ErrorData *
judge_person(const Segment *segments, int count, int64 profile_id, int limit, JudgeTake take,
			 void *arg)
{
	JudgeQuery query = {segments, count, NULL, true, INT8OID, Int64GetDatum(profile_id), take, arg};
	StringInfoData text;
	bool too_slow;

	initStringInfo(&text);
	for (int i = 0; i < count; i++)
		appendStringInfo(&text, "%sSELECT %d::bigint FROM %s v WHERE v.profile_id = $1",
						 i > 0 ? " UNION ALL " : "", i, view_name(&segments[i]));
	query.text = text.data;
	return run_query(segments[0].owner, limit, &query, &too_slow);
}

void
judge_raise(const Segment *segment, const Judgement *result)
{
	ereport(ERROR,
			(errcode(result->sqlstate),
			 errmsg("the condition of segment \"%s\" cannot be judged", NameStr(segment->name)),
			 errdetail("%s", result->message),
			 result->failing == 0
				 ? 0
				 : errhint("It fails for %lld people, profile %lld among them.",
						   (long long) result->failing, (long long) result->profile_id)));
}
