/*
 * store_summary.c
 *		Fills an index that keeps of a range of blocks the smallest and the greatest values.
 *
 * Rows come into the heap block by block, and of all in one block only these count.  So such an index is told of two
 * rows for a block, one of the smallest values and one of the greatest, instead of all.
 */
#include "postgres.h"

#include "access/brin_internal.h"
#include "access/genam.h"
#include "access/stratnum.h"
#include "catalog/pg_am.h"
#include "miscadmin.h"
#include "utils/datum.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"

#include "platform/store/store_internal.h"

/* What the rows of a block come to. */
typedef struct Summary
{
	StoreIndex *index;
	FmgrInfo less[INDEX_MAX_KEYS];
	bool has_null[INDEX_MAX_KEYS];
	bool has_value[INDEX_MAX_KEYS];
	Datum least[INDEX_MAX_KEYS];
	Datum greatest[INDEX_MAX_KEYS];
} Summary;

/* find_order finds how a column is compared; false: it is not summarized by its smallest and greatest value. */
static bool
find_order(const StoreIndex *index, int column, FmgrInfo *less)
{
	Relation relation = index->relation;
	Oid type = relation->rd_opcintype[column];
	Oid operator;

	if (index_getprocid(relation, column + 1, BRIN_PROCNUM_OPCINFO) != F_BRIN_MINMAX_OPCINFO)
		return false;
	operator= get_opfamily_member(relation->rd_opfamily[column], type, type, BTLessStrategyNumber);
	if (!OidIsValid(operator))
		return false;
	fmgr_info(get_opcode(operator), less);
	return true;
}

/* add_row adds a row to the summary of its block. */
static void
add_row(Summary *summary, const Datum *values, const bool *nulls)
{
	const StoreIndex *index = summary->index;

	for (int i = 0; i < index->attributes; i++)
	{
		Oid collation = index->relation->rd_indcollation[i];
		Datum value = values[i];

		if (nulls[i])
		{
			summary->has_null[i] = true;
			continue;
		}
		if (!summary->has_value[i] ||
			DatumGetBool(FunctionCall2Coll(&summary->less[i], collation, value, summary->least[i])))
			summary->least[i] = value;
		if (!summary->has_value[i] || DatumGetBool(FunctionCall2Coll(&summary->less[i], collation,
																	 summary->greatest[i], value)))
			summary->greatest[i] = value;
		summary->has_value[i] = true;
	}
}

/* insert tells the index of a row that stands for others of its block. */
static void
insert(const Summary *summary, StoreHeap *heap, const Datum *values, bool *nulls,
	   ItemPointerData *place)
{
	StoreIndex *index = summary->index;

	index_insert(index->relation, unconstify(Datum *, values), nulls, place, heap->relation,
				 UNIQUE_CHECK_NO, index->unchanged, index->info);
}

/*
 * end_block tells the index of the rows of a block, by the places of the first and the last: told of the first of a
 * range, it asks for the range before to be summarized, which once is enough.
 */
static void
end_block(Summary *summary, StoreHeap *heap, ItemPointerData *first, ItemPointerData *last)
{
	const StoreIndex *index = summary->index;
	bool nulls[INDEX_MAX_KEYS];
	bool is_one = true; /* all rows are the same */
	bool any_null = false;

	for (int i = 0; i < index->attributes; i++)
	{
		nulls[i] = !summary->has_value[i];
		any_null |= summary->has_null[i] && summary->has_value[i];
		is_one &= nulls[i] || datumIsEqual(summary->least[i], summary->greatest[i],
										   index->by_value[i], index->lengths[i]);
	}
	insert(summary, heap, summary->least, nulls, first);
	if (!is_one)
		insert(summary, heap, summary->greatest, nulls, last);
	if (any_null)
		insert(summary, heap, summary->least, summary->has_null, last);
	memset(summary->has_null, false, sizeof(summary->has_null));
	memset(summary->has_value, false, sizeof(summary->has_value));
}

/* store_fill_summary fills an index of smallest and greatest values with all that was noted; false: it is no such. */
bool
store_fill_summary(StoreHeap *heap, StoreIndex *index)
{
	Summary summary = {index};

	if (index->relation->rd_rel->relam != BRIN_AM_OID)
		return false;
	for (int i = 0; i < index->attributes; i++)
		if (!find_order(index, i, &summary.less[i]))
			return false;
	for (int from = 0, to; from < index->count; from = to)
	{
		BlockNumber block = ItemPointerGetBlockNumber(&index->places[from]);

		CHECK_FOR_INTERRUPTS();
		for (to = from; to < index->count && ItemPointerGetBlockNumber(&index->places[to]) == block;
			 to++)
			add_row(&summary, index->values + (Size) to * index->attributes,
					index->nulls + (Size) to * index->attributes);
		end_block(&summary, heap, &index->places[from], &index->places[to - 1]);
	}
	return true;
}
