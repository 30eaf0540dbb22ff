/*
 * components.c
 *		cdp.components: which identifiers in the rows of a query belong together.
 */
#include "postgres.h"

#include "executor/spi.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "nodes/parsenodes.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/plancache.h"

#include "cdp.h"
#include "toolkit/components/components_collect.h"

#define INTERRUPT_EVERY 8192

/* Return whether a query locks rows, in a part of it or as a whole. */
static bool
locks_rows(Node *node, void *context)
{
	if (node == NULL)
		return false;
	if (!IsA(node, Query))
		return expression_tree_walker(node, locks_rows, context);
	return ((Query *) node)->rowMarks != NIL ||
		   query_tree_walker((Query *) node, locks_rows, context, 0);
}

/* Raise an error unless the plan is that of one SELECT that only reads. */
static void
check_query(SPIPlanPtr plan)
{
	List *sources = SPI_plan_get_plan_sources(plan);
	CachedPlanSource *source;
	Query *query;

	if (list_length(sources) != 1)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("query is not one statement, but %d", list_length(sources)),
						errhint("Give one SELECT.")));
	source = (CachedPlanSource *) linitial(sources);
	query = list_length(source->query_list) == 1 ? linitial_node(Query, source->query_list) : NULL;
	if (query == NULL || query->commandType != CMD_SELECT)
		ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
						errmsg("query is not a SELECT, but %s",
							   source->commandTag == CMDTAG_SELECT
								   ? "SELECT INTO"
								   : GetCommandTagName(source->commandTag)),
						errhint("Give one SELECT.")));
	if (query->hasModifyingCTE || locks_rows((Node *) query, NULL))
		ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED), errmsg("query must only read"),
						query->hasModifyingCTE ? errdetail("It changes rows in a WITH clause.")
											   : errdetail("It locks rows."),
						errhint("Give a SELECT that neither changes nor locks rows.")));
}

/* Run the query; its rows go only to the receiver, one by one. A parallel plan is allowed. */
static void
run_query(const char *text, DestReceiver *receiver)
{
	SPIExecuteOptions options;
	SPIPlanPtr plan;
	int result;

	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	plan = SPI_prepare_cursor(text, 0, NULL, CURSOR_OPT_PARALLEL_OK);
	if (plan == NULL)
		elog(ERROR, "SPI_prepare_cursor failed: %s", SPI_result_code_string(SPI_result));
	check_query(plan);
	memset(&options, 0, sizeof(options));
	options.read_only = true;
	options.dest = receiver;
	result = SPI_execute_plan_extended(plan, &options);
	if (result < 0)
		elog(ERROR, "SPI_execute_plan_extended failed: %s", SPI_result_code_string(result));
	SPI_finish();
}

/* Return each identifier with the number of its component. */
static void
emit(ComponentsCollector *collector, ReturnSetInfo *result)
{
	uint32 *labels = MemoryContextAllocHuge(
		CurrentMemoryContext, sizeof(uint32) * ((Size) components_count(collector) + 1));
	ComponentsIdentifier identifier = {0};

	components_labels(collector, labels);
	while (components_next(collector, &identifier))
	{
		Datum values[2] = {PointerGetDatum(&identifier.varlena),
						   Int64GetDatum((int64) labels[identifier.number] + 1)};
		bool nulls[2] = {false, false};

		if (identifier.number % INTERRUPT_EVERY == 0)
			CHECK_FOR_INTERRUPTS();
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	pfree(labels);
}

CDP_FUNCTION(cdp_components);

/* Return the identifiers of a query's rows, those that rows link under one number. */
Datum
cdp_components(PG_FUNCTION_ARGS)
{
	char *query = text_to_cstring(PG_GETARG_TEXT_PP(0));
	ComponentsCollector *collector;

	InitMaterializedSRF(fcinfo, 0);
	collector = components_collector();
	run_query(query, components_receiver(collector));
	components_seal(collector);
	emit(collector, (ReturnSetInfo *) fcinfo->resultinfo);
	components_free(collector);
	return (Datum) 0;
}
