/*
 * pass.c
 *		cdp_internal.refresh_pass: a batch through core/batch.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/typcache.h"

#include "cdp.h"
#include "platform/batch/batch.h"
#include "platform/progress/progress.h"
#include "platform/refresh/pass.h"
#include "platform/refresh/pass_kin.h"
#include "toolkit/bridge/huge.h"

/* the columns of the result */
enum
{
	OUT_EVENT_ID,
	OUT_IDENTIFIER_ID,
	OUT_QUARANTINE_ID,
	OUT_DONE,
	OUT_TOUCHED,
	OUT_COLUMNS
};

CDP_FUNCTION(cdp_refresh_pass);
CDP_FUNCTION(cdp_load_defer);
CDP_FUNCTION(cdp_load_relieve);
CDP_FUNCTION(cdp_load_index);

/* rows that a load finds by memory alone before a batch, at most; about 20 bytes each */
#define DEFERRED_MAX 30000000

static void
check_interrupts(void *context)
{
	CHECK_FOR_INTERRUPTS();
}

Pass *
pass_new(void)
{
	MemoryContext context =
		AllocSetContextCreate(CurrentMemoryContext, "cdp pass", ALLOCSET_DEFAULT_SIZES);
	Pass *pass = MemoryContextAllocZero(context, sizeof(Pass));

	pass->context = context;
	pass->scratch = AllocSetContextCreate(pass->context, "cdp pass row", ALLOCSET_DEFAULT_SIZES);
	pass->allocator = cdp_huge_scratch(pass->context);
	cdpk_idmap_init(&pass->claimed, &pass->allocator);
	cdpk_idmap_init(&pass->source_place, &pass->allocator);
	cdpk_idmap_init(&pass->shared_place, &pass->allocator);
	cdpk_idmap_init(&pass->whole, &pass->allocator);
	pass->batch_id = batch_number();
	pass->as_of = batch_as_of();
	return pass;
}

void
pass_new_batch(Pass *pass)
{
	CdpkBatchSetup setup = {&pass->allocator, check_interrupts, NULL, 0};

	if (!pg_strong_random(&setup.seed, sizeof(setup.seed)))
		ereport(ERROR, (errcode(ERRCODE_INTERNAL_ERROR), errmsg("there are no random numbers")));
	pass_check(cdpk_batch_new(&setup, &pass->batch));
}

void
pass_free(Pass *pass)
{
	pass_close_tables(pass);
	MemoryContextDelete(pass->context);
}

/* begin hands the rows and changes to core/batch. */
static void
begin(Pass *pass)
{
	pass_new_batch(pass);
	pass_read_value_rules(pass);
	pass_read_purposes(pass);
	pass_read_rows(pass);
	if (pass->failures == NULL)
	{
		if (pass_meets_mutable(pass))
		{
			pass_index_log(pass);
			pass_index_keys(pass);
		}
		pass_correct(pass);
		pass_read_changes(pass);
		pass_note_corrected(pass);
		pass_take_back(pass);
		pass_find_same_content(pass);
	}
	pass_check(
		cdpk_batch_begin(pass->batch, pass->batch_rows, (size_t) pass->row_count, &pass->changes));
}

/* note_lapsed is the BatchRowFunction that takes a profile whose traits were folded anew. */
static void
note_lapsed(void *arg, TupleDesc descriptor, const Datum *values, const bool *nulls)
{
	pass_add_id(arg, DatumGetInt64(values[0]));
}

/* fold_lapsed folds anew of what a part has lapsed, or whose rules or sources have changed. */
static void
fold_lapsed(Pass *pass)
{
	if (!pass->has_refold && !pass_ask(pass, "SELECT cdp_internal.has_lapsed($2)"))
		return;
	pass_index_log(pass);
	if (!batch_has("batch_refold"))
		pass_run(pass, "SELECT cdp_internal.stage_graph_changes()", 0, NULL, NULL);
	pass_run(pass, "SELECT cdp_internal.refresh_refold()", 0, NULL, NULL);
	pass_run(pass, "SELECT cdp_internal.refresh_refold_account()", 0, NULL, NULL);
	batch_read("batch_lapsed", note_lapsed, &pass->lapsed);
}

/* run_stage runs a stage that leaves nothing but what it puts into the tables, and into longer memory. */
static void
run_stage(Pass *pass, void (*stage)(Pass *pass))
{
	MemoryContext work =
		AllocSetContextCreate(pass->context, "cdp pass stage", ALLOCSET_DEFAULT_SIZES);

	MemoryContextSwitchTo(work);
	stage(pass);
	MemoryContextSwitchTo(pass->context);
	MemoryContextDelete(work);
}

/* run takes the batch through every stage. */
static void
run(Pass *pass)
{
	begin(pass);
	progress_set("judge", 0, pass->row_count);
	pass_judge(pass);
	if (pass->failures != NULL)
		return;
	pass_identify(pass);
	progress_set("link", 0, 0);
	pass_link(pass);
	progress_set("stitch", 0, 0);
	pass_prepare_resolve(pass);
	pass_resolve(pass);
	progress_set("anchor", 0, 0);
	pass_anchor(pass);
	progress_set("graph", 0, 0);
	run_stage(pass, pass_write_links);
	run_stage(pass, pass_write_identifiers);
	run_stage(pass, pass_flag_same);
	run_stage(pass, pass_move_events);
	progress_set("log", 0, pass->counts[COUNT_ACCEPTED]);
	run_stage(pass, pass_log);
	run_stage(pass, pass_consent);
	run_stage(pass, pass_note_statements);
	run_stage(pass, pass_fold);
	run_stage(pass, pass_note_names);
	run_stage(pass, pass_note_rejected);
	run_stage(pass, pass_note_violations);
	progress_set("refold", 0, 0);
	fold_lapsed(pass);
	run_stage(pass, pass_stamp);
	run_stage(pass, pass_count_touched);
}

/* make_counts makes a value of type cdp_internal.batch_counts. */
static Datum
make_counts(const Pass *pass, Oid type)
{
	TupleDesc descriptor = lookup_rowtype_tupdesc(type, -1);
	Datum values[PASS_COUNTS];
	bool nulls[PASS_COUNTS] = {false};
	HeapTuple tuple;

	if (descriptor->natts != PASS_COUNTS)
		elog(ERROR, "cdp_internal.batch_counts has %d columns", descriptor->natts);
	for (int i = 0; i < PASS_COUNTS; i++)
		values[i] = Int64GetDatum(pass->counts[i]);
	tuple = heap_form_tuple(descriptor, values, nulls);
	ReleaseTupleDesc(descriptor);
	return HeapTupleGetDatum(tuple);
}

/* make_result makes the result of the function. */
static Datum
make_result(Pass *pass, TupleDesc descriptor)
{
	Datum values[OUT_COLUMNS];
	bool nulls[OUT_COLUMNS] = {false};

	values[OUT_EVENT_ID] = Int64GetDatum(pass->last_event_id);
	values[OUT_IDENTIFIER_ID] = Int64GetDatum(pass->last_identifier_id);
	values[OUT_QUARANTINE_ID] = Int64GetDatum(pass->last_quarantine_id);
	values[OUT_DONE] = make_counts(pass, TupleDescAttr(descriptor, OUT_DONE)->atttypid);
	values[OUT_TOUCHED] = pass_make_touched(pass, TupleDescAttr(descriptor, OUT_TOUCHED)->atttypid);
	return HeapTupleGetDatum(heap_form_tuple(descriptor, values, nulls));
}

/* read_failures reads the errors for which rows are set aside: one for each place that the batch was begun with. */
static void
read_failures(Pass *pass, ArrayType *failures)
{
	int64 count;
	int64 line_count;
	Datum *texts;
	bool *nulls;
	int found;

	batch_claim(0, &count);
	batch_claim(1, &line_count);
	deconstruct_array(failures, TEXTOID, -1, false, TYPALIGN_INT, &texts, &nulls, &found);
	if (array_contains_nulls(failures) || found != count + line_count)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("there must be one failure for each place of a row")));
	pass->failures = texts;
}

/* cdp_refresh_pass takes the batch in hand through every stage but those that look at people. */
Datum
cdp_refresh_pass(PG_FUNCTION_ARGS)
{
	MemoryContext caller = CurrentMemoryContext;
	TupleDesc descriptor;
	Pass *pass;
	Datum result;
	int nest_level;

	for (int i = 0; i < 6; i++)
		if (PG_ARGISNULL(i) && i != 4)
			ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
							errmsg("only the failures may be null")));
	if (get_call_result_type(fcinfo, NULL, &descriptor) != TYPEFUNC_COMPOSITE ||
		descriptor->natts != OUT_COLUMNS)
		elog(ERROR, "the result of refresh_pass has another form");
	descriptor = BlessTupleDesc(descriptor);
	batch_connect();
	nest_level = batch_enter_planner();
	MemoryContextSwitchTo(caller);
	pass = pass_new();
	MemoryContextSwitchTo(pass->context);
	pass->last_event_id = PG_GETARG_INT64(0);
	pass->last_identifier_id = PG_GETARG_INT64(1);
	pass->last_quarantine_id = PG_GETARG_INT64(2);
	pass->leave_undone = PG_GETARG_BOOL(3);
	if (!PG_ARGISNULL(4))
		read_failures(pass, PG_GETARG_ARRAYTYPE_P(4));
	pass->cut_all = PG_GETARG_BOOL(5);
	run(pass);
	pass_close_tables(pass);
	AtEOXact_GUC(true, nest_level);
	SPI_finish();
	MemoryContextSwitchTo(caller);
	result = make_result(pass, descriptor);
	MemoryContextDelete(pass->context);
	return result;
}

/* cdp_load_defer implements cdp_internal.load_defer. */
Datum
cdp_load_defer(PG_FUNCTION_ARGS)
{
	pass_defer_keys();
	PG_RETURN_VOID();
}

/* cdp_load_relieve implements cdp_internal.load_relieve. */
Datum
cdp_load_relieve(PG_FUNCTION_ARGS)
{
	if (pass_count_deferred() > DEFERRED_MAX)
		pass_build_keys(false);
	PG_RETURN_VOID();
}

/* cdp_load_index implements cdp_internal.load_index: last what readers may want meanwhile. */
Datum
cdp_load_index(PG_FUNCTION_ARGS)
{
	pass_build_log();
	pass_build_keys(true);
	PG_RETURN_VOID();
}
