/*
 * connected.c
 *		cdp_internal.connected: the components of a graph of bigint nodes that is given as
 *		two arrays.
 */
#include "postgres.h"

#include "funcapi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/arrayaccess.h"
#include "utils/builtins.h"

#include "cdp.h"
#include "core/base/unionfind.h"
#include "toolkit/bridge/huge.h"
#include "toolkit/bridge/status.h"

#define INTERRUPT_EVERY 8192
#define FIRST_NODES 1024

/* one node of the graph: its number, and its place in the partition */
typedef struct GraphNode
{
	int64 number;
	uint32 index;
	char status; /* simplehash's */
} GraphNode;

/* Spreads the bits of a node's number: neighbouring numbers are the usual case. */
static inline uint32
node_hash(int64 number)
{
	uint64 hash = (uint64) number;

	hash = (hash ^ (hash >> 32)) * UINT64CONST(0xd6e8feb86659fd93);
	hash = (hash ^ (hash >> 32)) * UINT64CONST(0xd6e8feb86659fd93);
	return (uint32) (hash ^ (hash >> 32));
}

#define SH_PREFIX nodes
#define SH_ELEMENT_TYPE GraphNode
#define SH_KEY_TYPE int64
#define SH_KEY number
#define SH_HASH_KEY(table, key) node_hash(key)
#define SH_EQUAL(table, a, b) ((a) == (b))
#define SH_SCOPE static inline
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"

#define ST_SORT sort_nodes
#define ST_ELEMENT_TYPE GraphNode
#define ST_COMPARE(a, b) ((a)->number < (b)->number ? -1 : (a)->number > (b)->number)
#define ST_SCOPE static
#define ST_CHECK_FOR_INTERRUPTS
#define ST_DEFINE
#include "lib/sort_template.h"

typedef struct Graph
{
	nodes_hash *nodes;
	CdpkUnionFind partition;
} Graph;

/* Return the place of a node in the partition; add it if it is new. */
static uint32
graph_node(Graph *graph, int64 number)
{
	bool found;
	GraphNode *node = nodes_insert(graph->nodes, number, &found);

	if (!found)
	{
		node->index = graph->partition.count;
		if (node->index == CDPK_UNIONFIND_MAX ||
			cdpk_unionfind_extend(&graph->partition, node->index + 1) != CDPK_OK)
			ereport(ERROR,
					(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED), errmsg("too many distinct nodes")));
	}
	return node->index;
}

/* Add the pairs a[i] - b[i]; an element that is alone in its pair is a node without a link. */
static void
graph_add_pairs(Graph *graph, AnyArrayType *a, AnyArrayType *b, int pairs)
{
	array_iter a_iterator;
	array_iter b_iterator;

	array_iter_setup(&a_iterator, a);
	array_iter_setup(&b_iterator, b);
	for (int i = 0; i < pairs; i++)
	{
		bool a_null;
		bool b_null;
		int64 a_number = DatumGetInt64(array_iter_next(&a_iterator, &a_null, i, sizeof(int64),
													   FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
		int64 b_number = DatumGetInt64(array_iter_next(&b_iterator, &b_null, i, sizeof(int64),
													   FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));

		if (i % INTERRUPT_EVERY == 0)
			CHECK_FOR_INTERRUPTS();
		if (!a_null && !b_null)
		{
			uint32 a_index = graph_node(graph, a_number);

			cdpk_unionfind_join(&graph->partition, a_index, graph_node(graph, b_number));
		}
		else if (!a_null)
			graph_node(graph, a_number);
		else if (!b_null)
			graph_node(graph, b_number);
	}
}

/* Return the nodes in ascending order. */
static GraphNode *
graph_sorted_nodes(Graph *graph)
{
	GraphNode *sorted = MemoryContextAllocHuge(CurrentMemoryContext,
											   sizeof(GraphNode) * Max(graph->partition.count, 1));
	nodes_iterator iterator;
	GraphNode *node;
	size_t count = 0;

	nodes_start_iterate(graph->nodes, &iterator);
	while ((node = nodes_iterate(graph->nodes, &iterator)) != NULL)
		sorted[count++] = *node;
	sort_nodes(sorted, count);
	return sorted;
}

/* Return (node, smallest node of its component), in the order of the nodes. */
static void
graph_emit(Graph *graph, ReturnSetInfo *result)
{
	uint32 count = graph->partition.count;
	GraphNode *sorted = graph_sorted_nodes(graph);
	int64 *smallest = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(int64) * Max(count, 1));
	bool *met = MemoryContextAllocExtended(CurrentMemoryContext, Max(count, 1),
										   MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);

	for (uint32 i = 0; i < count; i++)
	{
		uint32 root = cdpk_unionfind_find(&graph->partition, sorted[i].index);
		Datum values[2];
		bool nulls[2] = {false, false};

		if (i % INTERRUPT_EVERY == 0)
			CHECK_FOR_INTERRUPTS();
		if (!met[root])
			smallest[root] = sorted[i].number;
		met[root] = true;
		values[0] = Int64GetDatum(sorted[i].number);
		values[1] = Int64GetDatum(smallest[root]);
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
}

CDP_FUNCTION(cdp_connected);

/* Return the component of every node of the pairs a[i] - b[i]. */
Datum
cdp_connected(PG_FUNCTION_ARGS)
{
	AnyArrayType *a = PG_GETARG_ANY_ARRAY_P(0);
	AnyArrayType *b = PG_GETARG_ANY_ARRAY_P(1);
	int pairs = ArrayGetNItems(AARR_NDIM(a), AARR_DIMS(a));
	int others = ArrayGetNItems(AARR_NDIM(b), AARR_DIMS(b));
	CdpkAllocator allocator = cdp_huge_scratch(CurrentMemoryContext);
	Graph graph;

	if (pairs != others)
		ereport(ERROR,
				(errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
				 errmsg("arrays of different lengths: %d and %d elements", pairs, others),
				 errdetail("Element i of the first array and element i of the second are a pair."),
				 errhint("Give NULL as the other element for a node without a partner.")));
	InitMaterializedSRF(fcinfo, 0);
	graph.nodes = nodes_create(CurrentMemoryContext, FIRST_NODES, NULL);
	cdpk_unionfind_init(&graph.partition, &allocator);
	graph_add_pairs(&graph, a, b, pairs);
	graph_emit(&graph, (ReturnSetInfo *) fcinfo->resultinfo);
	return (Datum) 0;
}
