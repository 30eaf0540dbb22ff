/*
 * scan.c
 *		One scan that judges people, or accounts, by the conditions of segments, as their owner.  What is said of people
 *		here, and where scans are used, holds for accounts too.
 *
 * The scan returns the columns that the conditions use; each row is judged by all conditions as it comes.  It reads
 * cdp_data.judged_row, which shows what cdp.profile_row does of all people, whatever row security hides from the owner
 * of the segments, or cdp_data.judged_account.
 */
#include "postgres.h"

#include "access/sysattr.h"
#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "executor/spi.h"
#include "nodes/bitmapset.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "tcop/dest.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

#include "platform/segment/clock.h"
#include "platform/segment/computed.h"
#include "platform/segment/part.h"
#include "platform/segment/restrict.h"
#include "platform/segment/scan.h"

/* the longest value of a computed trait */
#define VALUE_BYTES_MAX 65536

#define SCAN_PATH "pg_catalog, pg_temp"

/* plans cached by a backend */
#define PLANS_MAX 64

typedef struct KeptPlan
{
	char *text;
	SPIPlanPtr plan;
} KeptPlan;

static KeptPlan kept_plans[PLANS_MAX];
static int kept_count;

/* what a running scan needs; the receiver comes first */
typedef struct ScanRun
{
	DestReceiver receiver;
	PersonScan *scan;
	Oid row_view;       /* what is scanned */
	Bitmapset *columns; /* that conditions use, by their numbers in that */
	Clock clock;
	Part **parts;
	FmgrInfo *outputs; /* of computed traits */
	Verdict *verdicts;
	MemoryContext values; /* of their texts */
	PartPerson person;
} ScanRun;

/* is_judged tells whether a scan judges a segment. */
static bool
is_judged(const PersonScan *scan, int segment)
{
	return scan->judged == NULL || scan->judged[segment];
}

/* note_columns is a walker that notes the columns that a condition uses. */
static bool
note_columns(Node *node, void *context)
{
	ScanRun *run = context;

	if (node == NULL)
		return false;
	if (IsA(node, Var) && ((Var *) node)->varattno <= 0)
		ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
						errmsg("a condition cannot contain a whole row")));
	if (IsA(node, Var))
	{
		run->columns = bms_add_member(run->columns, ((Var *) node)->varattno);
		return false;
	}
	return expression_tree_walker(node, note_columns, context);
}

/* place_columns is a walker that gives the columns their places in the rows of the scan, after the profile id. */
static bool
place_columns(Node *node, void *context)
{
	ScanRun *run = context;

	if (node == NULL)
		return false;
	if (IsA(node, Var))
	{
		((Var *) node)->varattno = 2 + bms_member_index(run->columns, ((Var *) node)->varattno);
		return false;
	}
	return expression_tree_walker(node, place_columns, context);
}

/* prepare_output prepares printing the values of a computed trait. */
static void
prepare_output(ScanRun *run, int segment)
{
	Oid function;
	bool is_varlena;

	if (!run->scan->segments[segment].is_trait)
		return;
	getTypeOutputInfo(run->scan->segments[segment].type, &function, &is_varlena);
	fmgr_info(function, &run->outputs[segment]);
}

/* read_definition returns the condition of a segment. */
static Node *
read_definition(ScanRun *run, int segment)
{
	const PersonScan *scan = run->scan;

	if (scan->condition == NULL)
		return definition_condition(&scan->segments[segment], &run->row_view);
	run->row_view = RangeVarGetRelid(makeRangeVar("cdp", "profile_row", -1), NoLock, false);
	return copyObject(scan->condition);
}

/* read_conditions reads the definitions and makes their parts. */
static void
read_conditions(ScanRun *run)
{
	PersonScan *scan = run->scan;
	Node **conditions = palloc0(scan->count * sizeof(Node *));
	List *leaves = NIL;

	scan->stage = SCAN_DEFINITION;
	for (scan->segment = 0; scan->segment < scan->count; scan->segment++)
	{
		if (!is_judged(scan, scan->segment))
			continue;
		conditions[scan->segment] = read_definition(run, scan->segment);
		note_columns(conditions[scan->segment], run);
	}
	for (scan->segment = 0; scan->segment < scan->count; scan->segment++)
	{
		if (!is_judged(scan, scan->segment))
			continue;
		place_columns(conditions[scan->segment], run);
		run->parts[scan->segment] = scan->segments[scan->segment].is_trait
										? part_make_value(&run->clock, conditions[scan->segment])
										: part_make(&run->clock, conditions[scan->segment]);
	}
	for (int i = 0; i < scan->count; i++)
		if (is_judged(scan, i))
			part_share(run->parts[i], &leaves);
	clock_start(&run->clock);
	for (scan->segment = 0; scan->segment < scan->count; scan->segment++)
		if (is_judged(scan, scan->segment))
		{
			part_prepare(&run->clock, run->parts[scan->segment]);
			prepare_output(run, scan->segment);
		}
	clock_set(&run->clock, scan->as_of);
	run->person.row->ecxt_param_list_info = run->clock.instants;
}

static void
take_startup(DestReceiver *receiver, int operation, TupleDesc row)
{
}

static void
take_end(DestReceiver *receiver)
{
}

/* judge_part judges a person by a segment, up to the instant until which all others stay. */
static void
judge_part(ScanRun *run, Part *part, TimestampTz enough, Verdict *verdict)
{
	PartAnswer answer = part_evaluate(part, &run->person);

	verdict->known = answer != PART_UNKNOWN;
	verdict->holds = answer == PART_TRUE;
	verdict->failing = false;
	verdict->value = NULL;
	verdict->until = part_until(part, &run->person, enough);
}

/* compute_value evaluates a computed trait for a person, as judge_part() does a segment. */
static void
compute_value(ScanRun *run, int segment, TimestampTz enough, Verdict *verdict)
{
	Part *part = run->parts[segment];
	MemoryContext caller;
	char *text;
	Datum value;
	bool isnull;

	if (part->kind != PART_LEAF || run->scan->segments[segment].type == BOOLOID)
	{
		judge_part(run, part, enough, verdict);
		value = BoolGetDatum(verdict->holds);
		isnull = !verdict->known;
	}
	else
	{
		value = ExecEvalExprSwitchContext(part->same->state, run->person.row, &isnull);
		verdict->until = part_until(part, &run->person, enough);
	}
	verdict->failing = false;
	verdict->known = true;
	verdict->holds = !isnull;
	verdict->value = NULL;
	if (isnull)
		return;
	caller = MemoryContextSwitchTo(run->person.row->ecxt_per_tuple_memory);
	/* equal numbers have one text */
	if (run->scan->segments[segment].type == NUMERICOID)
		value = DirectFunctionCall1(numeric_trim_scale, value);
	text = OutputFunctionCall(&run->outputs[segment], value);
	MemoryContextSwitchTo(caller);
	if (strlen(text) > VALUE_BYTES_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("the value of a computed trait is longer than %d bytes", VALUE_BYTES_MAX)));
	verdict->value = MemoryContextStrdup(run->values, text);
}

/* detoast_row detoasts the columns of a row, which each function would do again. */
static void
detoast_row(TupleTableSlot *slot, MemoryContext context)
{
	TupleDesc row = slot->tts_tupleDescriptor;
	MemoryContext caller = MemoryContextSwitchTo(context);

	slot_getallattrs(slot);
	for (int i = 0; i < row->natts; i++)
		if (TupleDescAttr(row, i)->attlen == -1 && !slot->tts_isnull[i] &&
			(VARATT_IS_COMPRESSED(DatumGetPointer(slot->tts_values[i])) ||
			 VARATT_IS_EXTERNAL(DatumGetPointer(slot->tts_values[i]))))
			slot->tts_values[i] = PointerGetDatum(PG_DETOAST_DATUM(slot->tts_values[i]));
	MemoryContextSwitchTo(caller);
}

/* judge_row judges a person by the segments. */
static bool
judge_row(TupleTableSlot *slot, DestReceiver *receiver)
{
	ScanRun *run = (ScanRun *) receiver;
	PersonScan *scan = run->scan;
	PartPerson *person = &run->person;
	TimestampTz nearest = DT_NOEND;
	bool isnull;

	scan->profile_id = DatumGetInt64(slot_getattr(slot, 1, &isnull));
	person->profile_id = scan->profile_id;
	person->number++;
	detoast_row(slot, person->row->ecxt_per_tuple_memory);
	if (scan->instant != NULL)
	{
		person->as_of = scan->instant(scan->memory, scan->profile_id);
		clock_set(&run->clock, person->as_of);
	}
	scan->stage = SCAN_CONDITION;
	run->person.row->ecxt_scantuple = slot;
	for (scan->segment = 0; scan->segment < scan->count; scan->segment++)
	{
		Part *part = run->parts[scan->segment];

		if (part != NULL && scan->look != NULL)
			scan->look(scan->arg, part, person);
		else if (part != NULL)
		{
			Verdict *verdict = &run->verdicts[scan->segment];

			if (scan->segments[scan->segment].is_trait)
				compute_value(run, scan->segment, nearest, verdict);
			else
				judge_part(run, part, nearest, verdict);
			nearest = Min(nearest, verdict->until);
		}
	}
	ResetExprContext(person->row);
	scan->stage = SCAN_PEOPLE;
	if (scan->look == NULL)
		scan->take(scan->arg, scan->profile_id, run->verdicts);
	return true;
}

/* keep_plan returns the plan of a query, cached by its text. */
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
	kept->plan = SPI_prepare_cursor(text, 1, &type, CURSOR_OPT_GENERIC_PLAN);
	if (kept->plan == NULL)
		elog(ERROR, "could not prepare a scan: %s", SPI_result_code_string(SPI_result));
	kept->text = MemoryContextStrdup(TopMemoryContext, text);
	if (SPI_keepplan(kept->plan) != 0)
		elog(ERROR, "could not keep a plan");
	kept_count++;
	return kept->plan;
}

/* append_columns appends the columns that conditions use to a list that begins with the number of the person. */
static void
append_columns(StringInfo text, const ScanRun *run)
{
	int column = -1;

	appendStringInfo(text, "p.%s", subjects[run->scan->segments[0].subject].key);
	while ((column = bms_next_member(run->columns, column)) >= 0)
		appendStringInfo(text, ", p.%s",
						 quote_identifier(get_attname(run->row_view, column, false)));
}

/* make_query returns the query of a scan; its parameter is the ids, or the one after which it begins. */
static char *
make_query(const ScanRun *run)
{
	const Subject *subject = &subjects[run->scan->segments[0].subject];
	StringInfoData columns;

	initStringInfo(&columns);
	append_columns(&columns, run);
	if (run->scan->relation != NULL)
		return psprintf("SELECT %s FROM %s p WHERE p.profile_id > $1", columns.data,
						run->scan->relation);
	if (run->scan->ids == NULL)
		return psprintf("SELECT %s FROM cdp_data.%s p WHERE p.%s > $1 ORDER BY p.%s", columns.data,
						subject->judged_view, subject->key, subject->key);

	/*
	 * A sequential scan, which the planner prefers for small tables, and a join that is not by person, would read
	 * all people, and fail for any of them.
	 */
	return psprintf("SELECT s.* FROM pg_catalog.unnest($1) i (id) CROSS JOIN LATERAL "
					"(SELECT %s FROM cdp_data.%s p WHERE p.%s = i.id OFFSET 0) s",
					columns.data, subject->judged_view, subject->key);
}

/* make_ids returns the ids of a scan as a bigint[]. */
static Datum
make_ids(const PersonScan *scan)
{
	Datum *values = palloc_extended(scan->limit * sizeof(Datum), MCXT_ALLOC_HUGE);

	for (int64 i = 0; i < scan->limit; i++)
		values[i] = Int64GetDatum(scan->ids[i]);
	return PointerGetDatum(construct_array(values, (int) scan->limit, INT8OID, sizeof(int64),
										   FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
}

/* set_settings sets what plans, and the texts of values, depend on. */
static void
set_settings(void)
{
	static const char *const settings[][2] = {
		{"enable_seqscan", "off"},     {"jit", "off"},
		{"timezone", "UTC"},           {"datestyle", "ISO"},
		{"intervalstyle", "postgres"}, {"extra_float_digits", "1"},
		{"bytea_output", "hex"}};

	for (int i = 0; i < lengthof(settings); i++)
		restrict_set(settings[i][0], settings[i][1]);
}

/* run_scan runs a scan; called in the restricted context. */
static void
run_scan(void *arg)
{
	ScanRun *run = arg;
	PersonScan *scan = run->scan;
	SPIExecuteOptions options = {.read_only = true, .dest = &run->receiver};
	ParamExternData *parameter;
	int result;

	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	run->person = (PartPerson){CreateStandaloneExprContext(),
							   0,
							   0,
							   scan->as_of,
							   scan->kept_value,
							   scan->members,
							   scan->memory};
	read_conditions(run);
	scan->stage = SCAN_PEOPLE;
	set_settings();
	options.params = makeParamList(1);
	parameter = &options.params->params[0];
	parameter->ptype = scan->ids != NULL ? INT8ARRAYOID : INT8OID;
	parameter->pflags = PARAM_FLAG_CONST;
	parameter->isnull = false;
	parameter->value = scan->ids != NULL ? make_ids(scan) : Int64GetDatum(scan->after);
	if (scan->ids == NULL)
		options.tcount = scan->limit;
	result = SPI_execute_plan_extended(keep_plan(make_query(run), parameter->ptype), &options);
	if (result != SPI_OK_SELECT)
		elog(ERROR, "could not scan people: %s", SPI_result_code_string(result));
	FreeExprContext(run->person.row, true);
	SPI_finish();
}

ErrorData *
scan_run(PersonScan *scan, int milliseconds)
{
	ScanRun run = {{judge_row, take_startup, take_end, take_end, DestTuplestore}, scan};
	const PartPerson *before = computed_person();
	ErrorData *volatile error = NULL;

	run.parts = palloc0(Max(scan->count, 1) * sizeof(Part *));
	run.verdicts = palloc0(Max(scan->count, 1) * sizeof(Verdict));
	run.outputs = palloc0(Max(scan->count, 1) * sizeof(FmgrInfo));
	run.values = CurrentMemoryContext;
	computed_set_person(&run.person);
	PG_TRY();
	{
		error = restrict_run(scan->owner, SCAN_PATH, milliseconds, run_scan, &run, &scan->too_slow);
	}
	PG_FINALLY();
	{
		computed_set_person(before);
	}
	PG_END_TRY();
	pfree(run.parts);
	pfree(run.verdicts);
	pfree(run.outputs);
	return error;
}
