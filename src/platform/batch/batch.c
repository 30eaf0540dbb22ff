/*
 * batch.c
 *		The intermediate results of one refresh, as named relations.
 *
 * A refresh is a sequence of set-based statements that use each other's results.  Temporary tables
 * would bloat the catalogs at every refresh, and arrays are limited to 1 GB.  Ephemeral named
 * relations, like the transition tables of triggers, have neither problem, and give the planner their
 * exact size.  Statements are prepared anew each time, because the size is fixed at parse analysis: a
 * plan for a batch of one row would be a nested loop over 100,000.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "executor/spi.h"
#include "catalog/pg_type.h"
#include "executor/tstoreReceiver.h"
#include "executor/tuptable.h"
#include "miscadmin.h"
#include "nodes/params.h"
#include "optimizer/optimizer.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/plancache.h"
#include "utils/queryenvironment.h"
#include "utils/timestamp.h"
#include "utils/tuplestore.h"

#include "cdp.h"
#include "platform/batch/batch.h"

CDP_FUNCTION(cdp_batch_begin);
CDP_FUNCTION(cdp_batch_number);
CDP_FUNCTION(cdp_batch_as_of);
CDP_FUNCTION(cdp_batch_stage);
CDP_FUNCTION(cdp_batch_run);
CDP_FUNCTION(cdp_batch_value);
CDP_FUNCTION(cdp_batch_end);

/* parameters of each statement: $1 batch_id, $2 as_of, $3 and $4 claims */
static Oid parameter_types[] = {INT8OID, TIMESTAMPTZOID, TIDARRAYOID, TIDARRAYOID};

/* least work_mem, in kB, for each relation of a batch, and each sort or hash table over them */
#define BATCH_WORK_MEM (64 * 1024)

/* upper bounds on random_page_cost: absolute, and relative to seq_page_cost */
#define BATCH_PAGE_COST 0.3
#define BATCH_PAGE_RATIO 1.1

typedef struct Batch
{
	MemoryContext context; /* of the batch, below the transaction's */
	int64 batch_id;
	TimestampTz as_of;
	Datum claims[2];                 /* tid[]: places of the rows that it takes */
	SubTransactionId subtransaction; /* whose abort ends it */
	Oid user;                        /* who began it, … */
	int security;                    /* … and the security context */
	List *relations;                 /* of Kept */
	int running;                     /* number of statements being run */
} Batch;

/* a relation, and the subtransaction whose abort ends it (which closes its temporary file) */
typedef struct Kept
{
	EphemeralNamedRelationData relation;
	SubTransactionId subtransaction;
} Kept;

static Batch *current_batch = NULL;

/* forget_batch runs when the memory of a batch is freed, at its end or on abort. */
static void
forget_batch(void *batch)
{
	if (current_batch == batch)
		current_batch = NULL;
}

/* follow_relations ends the relations of a subtransaction that aborts. */
static void
follow_relations(SubXactEvent event, SubTransactionId mine, SubTransactionId parent)
{
	ListCell *cell;

	foreach (cell, current_batch->relations)
	{
		Kept *kept = lfirst(cell);

		if (kept->subtransaction != mine)
			continue;
		kept->subtransaction = parent;
		if (event != SUBXACT_EVENT_ABORT_SUB)
			continue;
		current_batch->relations = foreach_delete_current(current_batch->relations, cell);
		tuplestore_end(kept->relation.reldata);
	}
}

/*
 * follow_subtransaction ends a batch, or a relation of it, when the subtransaction that began it
 * aborts: its temporary files are closed then, so it can no longer be read.
 */
static void
follow_subtransaction(SubXactEvent event, SubTransactionId mine, SubTransactionId parent, void *arg)
{
	if (current_batch == NULL ||
		(event != SUBXACT_EVENT_ABORT_SUB && event != SUBXACT_EVENT_COMMIT_SUB))
		return;
	if (current_batch->subtransaction != mine)
		follow_relations(event, mine, parent);
	else if (event == SUBXACT_EVENT_ABORT_SUB)
		MemoryContextDelete(current_batch->context);
	else
	{
		current_batch->subtransaction = parent;
		follow_relations(event, mine, parent);
	}
}

/*
 * get_batch returns the current batch.  Only the role that began it may use it, not code that runs
 * meanwhile as another role, such as a segment's condition.
 */
static Batch *
get_batch(void)
{
	Oid user;
	int security;

	GetUserIdAndSecContext(&user, &security);
	if (current_batch == NULL || current_batch->user != user || current_batch->security != security)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE), errmsg("no batch is active"),
				 errhint("This function serves cdp.refresh(); call that instead.")));
	return current_batch;
}

/* get_idle_batch returns the current batch to a function that changes relations that its statements read. */
static Batch *
get_idle_batch(void)
{
	Batch *batch = get_batch();

	if (batch->running > 0)
		ereport(ERROR, (errcode(ERRCODE_OBJECT_IN_USE),
						errmsg("a statement of the batch cannot change its relations")));
	return batch;
}

/* cdp_batch_begin starts a batch. */
Datum
cdp_batch_begin(PG_FUNCTION_ARGS)
{
	MemoryContext context;
	MemoryContext caller;
	MemoryContextCallback *callback;
	static bool following = false;

	if (current_batch != NULL)
		ereport(ERROR, (errcode(ERRCODE_OBJECT_IN_USE), errmsg("a batch is already active"),
						errhint("A refresh cannot start another refresh.")));
	if (!following)
		RegisterSubXactCallback(follow_subtransaction, NULL);
	following = true;

	context = AllocSetContextCreate(TopTransactionContext, "cdp batch", ALLOCSET_DEFAULT_SIZES);
	current_batch = MemoryContextAllocZero(context, sizeof(Batch));
	current_batch->context = context;
	current_batch->batch_id = PG_GETARG_INT64(0);
	current_batch->as_of = PG_GETARG_TIMESTAMPTZ(1);
	current_batch->subtransaction = GetCurrentSubTransactionId();
	GetUserIdAndSecContext(&current_batch->user, &current_batch->security);
	caller = MemoryContextSwitchTo(context);
	for (int i = 0; i < lengthof(current_batch->claims); i++)
		current_batch->claims[i] = PointerGetDatum(PG_GETARG_ARRAYTYPE_P_COPY(2 + i));
	MemoryContextSwitchTo(caller);

	callback = MemoryContextAlloc(context, sizeof(MemoryContextCallback));
	callback->func = forget_batch;
	callback->arg = current_batch;
	MemoryContextRegisterResetCallback(context, callback);
	PG_RETURN_VOID();
}

/* batch_connect opens an SPI connection that knows the batch's relations. */
void
batch_connect(void)
{
	Batch *batch = get_batch();
	ListCell *cell;

	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	foreach (cell, batch->relations)
	{
		if (SPI_register_relation(&((Kept *) lfirst(cell))->relation) != SPI_OK_REL_REGISTER)
			elog(ERROR, "could not register a relation of the batch");
	}
}

/* set_planner changes one setting until the nest level that is open ends. */
static void
set_planner(const char *name, const char *value)
{
	set_config_option(name, value, PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
}

/*
 * batch_enter_planner sets planner options for relations of known size without statistics.  The
 * planner would assume many equal keys, and so prefer merge joins, which sort both sides, and JIT for
 * the many rows it expects.  A batch looks up some thousand rows in tables of millions, mostly cached;
 * with the default random_page_cost it would scan such tables, and its cost would grow with them.
 * Workers would be started for each of thousands of statements, if a setting of the caller asks for it.
 */
int
batch_enter_planner(void)
{
	int nest_level = NewGUCNestLevel();
	double page_cost = Min(BATCH_PAGE_COST, BATCH_PAGE_RATIO * seq_page_cost);

	set_planner("jit", "off");
	set_planner("enable_mergejoin", "off");
	set_planner("max_parallel_workers_per_gather", "0");
	if (random_page_cost > page_cost)
		set_planner("random_page_cost", psprintf("%g", page_cost));
	if (work_mem < BATCH_WORK_MEM)
		set_planner("work_mem", psprintf("%d", BATCH_WORK_MEM));
	return nest_level;
}

int
batch_enter_keys(void)
{
	int nest_level = batch_enter_planner();

	set_planner("enable_seqscan", "off");
	set_planner("enable_hashjoin", "off");
	/* a scan of an index alone could go through all of it */
	set_planner("enable_indexonlyscan", "off");
	return nest_level;
}

int64
batch_number(void)
{
	return get_batch()->batch_id;
}

TimestampTz
batch_as_of(void)
{
	return get_batch()->as_of;
}

/* cdp_batch_number implements cdp_internal.batch_number. */
Datum
cdp_batch_number(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT64(batch_number());
}

/* cdp_batch_as_of implements cdp_internal.batch_as_of. */
Datum
cdp_batch_as_of(PG_FUNCTION_ARGS)
{
	PG_RETURN_TIMESTAMPTZ(batch_as_of());
}

const ItemPointerData *
batch_claim(int table, int64 *count)
{
	ArrayType *places = DatumGetArrayTypeP(get_batch()->claims[table]);

	if (ARR_HASNULL(places))
		ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
						errmsg("a place of a row must not be null")));
	*count = ArrayGetNItems(ARR_NDIM(places), ARR_DIMS(places));
	return (const ItemPointerData *) ARR_DATA_PTR(places);
}

/* A constant statement, and its plan. */
typedef struct Planned
{
	const char *statement;
	SPIPlanPtr plan;
} Planned;

SPIPlanPtr
batch_plan(const char *statement)
{
	static List *plans = NIL; /* of Planned */
	MemoryContext caller;
	Planned *planned;
	SPIPlanPtr plan;
	ListCell *cell;

	foreach (cell, plans)
	{
		planned = lfirst(cell);
		if (planned->statement == statement)
			return planned->plan;
	}
	plan = SPI_prepare(statement, 2, parameter_types);
	if (plan == NULL)
		elog(ERROR, "SPI_prepare failed: %s", SPI_result_code_string(SPI_result));
	caller = MemoryContextSwitchTo(TopMemoryContext);
	planned = palloc(sizeof(Planned));
	planned->statement = statement;
	planned->plan = plan;
	plans = lappend(plans, planned);
	SPI_keepplan(plan);
	MemoryContextSwitchTo(caller);
	return plan;
}

/* find_relation gives the relation of a name; NULL: there is none. */
static EphemeralNamedRelation
find_relation(const Batch *batch, const char *name)
{
	ListCell *cell;

	foreach (cell, batch->relations)
	{
		EphemeralNamedRelation relation = &((Kept *) lfirst(cell))->relation;

		if (strcmp(relation->md.name, name) == 0)
			return relation;
	}
	return NULL;
}

bool
batch_has(const char *name)
{
	return find_relation(get_batch(), name) != NULL;
}

void
batch_read(const char *name, BatchRowFunction function, void *arg)
{
	EphemeralNamedRelation relation = find_relation(get_batch(), name);
	Tuplestorestate *rows;
	TupleDesc descriptor;
	TupleTableSlot *slot;

	if (relation == NULL)
		return;
	rows = relation->reldata;
	descriptor = relation->md.tupdesc;
	slot = MakeSingleTupleTableSlot(descriptor, &TTSOpsMinimalTuple);
	tuplestore_select_read_pointer(rows, 0);
	tuplestore_rescan(rows);
	while (tuplestore_gettupleslot(rows, true, false, slot))
	{
		MinimalTuple tuple = ExecCopySlotMinimalTuple(slot);
		HeapTupleData heap;
		Datum *values = palloc(sizeof(Datum) * Max(descriptor->natts, 1));
		bool *nulls = palloc(sizeof(bool) * Max(descriptor->natts, 1));

		heap.t_len = tuple->t_len + MINIMAL_TUPLE_OFFSET;
		heap.t_data = (HeapTupleHeader) ((char *) tuple - MINIMAL_TUPLE_OFFSET);
		heap_deform_tuple(&heap, descriptor, values, nulls);
		function(arg, descriptor, values, nulls);
		pfree(values);
		pfree(nulls);
	}
	ExecDropSingleTupleTableSlot(slot);
}

/* make_parameters makes the parameters of a statement; the planner knows only the first two. */
static ParamListInfo
make_parameters(const Batch *batch)
{
	ParamListInfo parameters = makeParamList(lengthof(parameter_types));

	for (int i = 0; i < lengthof(parameter_types); i++)
	{
		parameters->params[i].ptype = parameter_types[i];
		/* the planner would look at each member of a constant array */
		parameters->params[i].pflags = i < 2 ? PARAM_FLAG_CONST : 0;
		parameters->params[i].isnull = false;
	}
	parameters->params[0].value = Int64GetDatum(batch->batch_id);
	parameters->params[1].value = TimestampTzGetDatum(batch->as_of);
	parameters->params[2].value = batch->claims[0];
	parameters->params[3].value = batch->claims[1];
	return parameters;
}

/* execute plans and runs a statement with the parameters of the batch. */
static SPIPlanPtr
execute(Batch *batch, const char *statement, DestReceiver *receiver)
{
	int nest_level = batch_enter_planner();
	SPIPlanPtr plan = SPI_prepare(statement, lengthof(parameter_types), parameter_types);
	SPIExecuteOptions options = {0};
	int result;

	if (plan == NULL)
		elog(ERROR, "SPI_prepare failed: %s", SPI_result_code_string(SPI_result));

	options.params = make_parameters(batch);
	options.dest = receiver;

	batch->running++;
	PG_TRY();
	{
		result = SPI_execute_plan_extended(plan, &options);
	}
	PG_FINALLY();
	{
		batch->running--;
	}
	PG_END_TRY();
	if (result < 0)
		elog(ERROR, "SPI_execute_plan_extended failed: %s", SPI_result_code_string(result));
	AtEOXact_GUC(true, nest_level);
	return plan;
}

/* result_descriptor copies the row descriptor of a plan. */
static TupleDesc
result_descriptor(SPIPlanPtr plan)
{
	List *sources = SPI_plan_get_plan_sources(plan);
	TupleDesc row = NULL;

	if (list_length(sources) == 1)
		row = ((CachedPlanSource *) linitial(sources))->resultDesc;
	if (row == NULL)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("a relation of a batch must be the rows of one query")));
	return CreateTupleDescCopy(row);
}

/* forget_relation drops a relation, if it exists. */
static void
forget_relation(Batch *batch, const char *name)
{
	ListCell *cell;

	foreach (cell, batch->relations)
	{
		Kept *kept = lfirst(cell);

		if (strcmp(kept->relation.md.name, name) == 0)
		{
			batch->relations = foreach_delete_current(batch->relations, cell);
			tuplestore_end(kept->relation.reldata);
			return;
		}
	}
}

/*
 * cdp_batch_stage stores the rows of a query under a name.  It replaces a relation of that name, which
 * the query may still read.
 */
Datum
cdp_batch_stage(PG_FUNCTION_ARGS)
{
	Batch *batch = get_idle_batch();
	char *query = text_to_cstring(PG_GETARG_TEXT_PP(1));
	MemoryContext caller = MemoryContextSwitchTo(batch->context);
	char *name = text_to_cstring(PG_GETARG_TEXT_PP(0));
	Tuplestorestate *rows = tuplestore_begin_heap(true, false, Max(work_mem, BATCH_WORK_MEM));
	DestReceiver *receiver = CreateTuplestoreDestReceiver();
	EphemeralNamedRelation relation;
	Kept *kept;
	SPIPlanPtr plan;

	SetTuplestoreDestReceiverParams(receiver, rows, batch->context, false, NULL, NULL);
	batch_connect();
	plan = execute(batch, query, receiver);

	MemoryContextSwitchTo(batch->context);
	kept = palloc0(sizeof(Kept));
	kept->subtransaction = GetCurrentSubTransactionId();
	relation = &kept->relation;
	relation->md.name = name;
	relation->md.reliddesc = InvalidOid;
	relation->md.tupdesc = result_descriptor(plan);
	relation->md.enrtype = ENR_NAMED_TUPLESTORE;
	relation->md.enrtuples = tuplestore_tuple_count(rows);
	relation->reldata = rows;
	SPI_finish();
	forget_relation(batch, name);
	batch->relations = lappend(batch->relations, kept);
	MemoryContextSwitchTo(caller);
	PG_RETURN_INT64((int64) relation->md.enrtuples);
}

/* cdp_batch_run runs a statement that may name relations of the batch. */
Datum
cdp_batch_run(PG_FUNCTION_ARGS)
{
	Batch *batch = get_batch();
	char *statement = text_to_cstring(PG_GETARG_TEXT_PP(0));
	uint64 processed;

	batch_connect();
	execute(batch, statement, NULL);
	processed = SPI_processed;
	SPI_finish();
	PG_RETURN_INT64((int64) processed);
}

/* fetch_bigints runs a query of one column of type bigint. */
static void
fetch_bigints(Batch *batch, const char *query)
{
	execute(batch, query, NULL);
	if (SPI_tuptable == NULL || SPI_tuptable->tupdesc->natts != 1 ||
		SPI_gettypeid(SPI_tuptable->tupdesc, 1) != INT8OID)
		ereport(ERROR, (errcode(ERRCODE_DATATYPE_MISMATCH),
						errmsg("the query does not give one column of bigints")));
}

/* cdp_batch_value returns the bigint of a query of one row; NULL if it has none. */
Datum
cdp_batch_value(PG_FUNCTION_ARGS)
{
	Batch *batch = get_batch();
	char *query = text_to_cstring(PG_GETARG_TEXT_PP(0));
	bool isnull = true;
	int64 value = 0;

	batch_connect();
	fetch_bigints(batch, query);
	if (SPI_processed > 1)
		ereport(ERROR, (errcode(ERRCODE_CARDINALITY_VIOLATION),
						errmsg("the query does not give one bigint")));
	if (SPI_processed == 1)
		value =
			DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull));
	SPI_finish();
	if (isnull)
		PG_RETURN_NULL();
	PG_RETURN_INT64(value);
}

/* cdp_batch_end ends the batch and frees its relations. */
Datum
cdp_batch_end(PG_FUNCTION_ARGS)
{
	Batch *batch = get_idle_batch();
	ListCell *cell;

	foreach (cell, batch->relations)
		tuplestore_end(((Kept *) lfirst(cell))->relation.reldata);
	MemoryContextDelete(batch->context);
	PG_RETURN_VOID();
}
