/*
 * claim.c
 *		cdp_internal.claim_rows: the next rows of an inbox from a block on, up to a number and a size;
 *		cdp_internal.count_rows: how many there are.
 *
 * This is in C because a scan must start at a given block (rows deleted by earlier claims stay in the
 * file while any snapshot is held, so a scan from block 0 would get slower with every batch) and stop
 * at a running sum.  It locks and changes nothing, and fetches no TOASTed value: the TOAST pointer has
 * the size.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/relscan.h"
#include "access/table.h"
#include "access/tableam.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "storage/bufmgr.h"
#include "utils/acl.h"
#include "utils/array.h"
#include "utils/rel.h"
#include "utils/rls.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "cdp.h"
#include "compat.h"
#include "platform/ingest/ingest.h"
#include "toolkit/bridge/raw_size.h"

/* the results of cdp_internal.claim_rows */
enum
{
	OUT_PLACES,
	OUT_BYTES,
	OUT_FIRST_BLOCK,
	OUT_LAST_BLOCK,
	OUT_BLOCKS,
	OUT_ENDED,
	OUT_ELAPSED,
	OUT_COUNT
};

/* the limits of a claim */
typedef struct ClaimLimits
{
	int64 rows;
	int64 bytes;
	int64 row_bytes; /* a larger row will be cut … */
	int64 cut_bytes; /* … and counts this many bytes */
} ClaimLimits;

typedef struct Claim
{
	ItemPointerData *places;
	int64 count;
	int64 capacity;
	int64 bytes;
	bool ended; /* no rows are left after the last place */
} Claim;

CDP_FUNCTION(cdp_claim_rows);
CDP_FUNCTION(cdp_count_rows);

/* row_size sums the raw sizes of all columns, as take.c does. */
static int64
row_size(TupleTableSlot *slot)
{
	TupleDesc descriptor = slot->tts_tupleDescriptor;
	int64 size = 0;

	slot_getallattrs(slot);
	for (int i = 0; i < descriptor->natts; i++)
		if (!slot->tts_isnull[i])
			size += raw_size(slot->tts_values[i], TupleDescAttr(descriptor, i)->attlen);
	return size;
}

/* append_place appends the place of a row. */
static void
append_place(Claim *claim, const ItemPointerData *place)
{
	if (claim->count == claim->capacity)
	{
		claim->capacity *= 2;
		claim->places = repalloc_huge(claim->places, sizeof(ItemPointerData) * claim->capacity);
	}
	claim->places[claim->count++] = *place;
}

/* place_array makes a tid[] of the places. */
static Datum
place_array(const Claim *claim)
{
	Datum *places = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(Datum) * claim->capacity);

	for (int64 i = 0; i < claim->count; i++)
		places[i] = PointerGetDatum(&claim->places[i]);
	return PointerGetDatum(construct_array(places, (int) claim->count, TIDOID,
										   sizeof(ItemPointerData), false, TYPALIGN_SHORT));
}

/* begin_scan begins a scan of the rows from a block on. */
static TableScanDesc
begin_scan(Relation inbox, BlockNumber first)
{
	ItemPointerData low;
	ItemPointerData high;

	ItemPointerSet(&low, first, FirstOffsetNumber);
	ItemPointerSet(&high, MaxBlockNumber, MaxOffsetNumber);
	return table_beginscan_tidrange(inbox, GetActiveSnapshot(), &low, &high);
}

/*
 * scan_rows claims rows from a block on.  It takes the first row whatever its size, so that no row
 * waits forever.
 */
static void
scan_rows(Relation inbox, BlockNumber first, const ClaimLimits *limits, Claim *claim)
{
	TupleTableSlot *slot = table_slot_create(inbox, NULL);
	TableScanDesc scan = begin_scan(inbox, first);

	claim->ended = true;
	while (table_scan_getnextslot_tidrange(scan, ForwardScanDirection, slot))
	{
		int64 size = row_size(slot);

		CHECK_FOR_INTERRUPTS();
		if (size > limits->row_bytes)
			size = limits->cut_bytes;
		size += SizeofHeapTupleHeader;
		if (claim->count > 0 && claim->bytes + size > limits->bytes)
		{
			claim->ended = false;
			break;
		}
		claim->bytes += size;
		append_place(claim, &slot->tts_tid);
		if (claim->count == limits->rows)
		{
			claim->ended = false;
			break;
		}
	}
	table_endscan(scan);
	ExecDropSingleTupleTableSlot(slot);
}

/* open_inbox opens an inbox, after checking that the caller may read all of it. */
static Relation
open_inbox(Oid oid)
{
	Relation inbox = table_open(oid, AccessShareLock);
	AclResult allowed = pg_class_aclcheck(oid, GetUserId(), ACL_SELECT);

	if (allowed != ACLCHECK_OK)
		aclcheck_error(allowed, OBJECT_TABLE, RelationGetRelationName(inbox));
	if (inbox->rd_rel->relkind != RELKIND_RELATION || inbox->rd_tableam->scan_set_tidrange == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("\"%s\" is not a plain table", RelationGetRelationName(inbox)),
				 errhint("The inboxes stay what cdp.init() made them: plain, local tables.")));
	if (check_enable_rls(oid, InvalidOid, true) == RLS_ENABLED)
		ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
						errmsg("rows of \"%s\" cannot be claimed under row-level security",
							   RelationGetRelationName(inbox)),
						errhint("ALTER TABLE ... DISABLE ROW LEVEL SECURITY.")));
	return inbox;
}

/* cdp_claim_rows implements cdp_internal.claim_rows. */
Datum
cdp_claim_rows(PG_FUNCTION_ARGS)
{
	TimestampTz started = GetCurrentTimestamp();
	TupleDesc descriptor = ingest_result_descriptor(fcinfo, OUT_COUNT);
	Interval elapsed = {0};
	int64 first = PG_GETARG_INT64(1);
	ClaimLimits limits = {PG_GETARG_INT64(2), PG_GETARG_INT64(3), PG_GETARG_INT64(4),
						  PG_GETARG_INT64(5)};
	Claim claim = {palloc(sizeof(ItemPointerData) * 64), 0, 64, 0, false};
	Relation inbox = open_inbox(PG_GETARG_OID(0));
	BlockNumber blocks = RelationGetNumberOfBlocks(inbox);
	Datum values[OUT_COUNT];
	bool nulls[OUT_COUNT] = {false};

	/* the file was truncated or rewritten: rows may be anywhere */
	if (first < 0 || first >= blocks)
		first = 0;
	if (limits.rows > 0)
		scan_rows(inbox, (BlockNumber) first, &limits, &claim);
	table_close(inbox, NoLock);

	values[OUT_PLACES] = place_array(&claim);
	values[OUT_BYTES] = Int64GetDatum(claim.bytes);
	values[OUT_FIRST_BLOCK] = Int64GetDatum(first);
	values[OUT_LAST_BLOCK] = Int64GetDatum(0);
	nulls[OUT_LAST_BLOCK] = claim.count == 0;
	if (claim.count > 0)
		values[OUT_LAST_BLOCK] =
			Int64GetDatum(ItemPointerGetBlockNumber(&claim.places[claim.count - 1]));
	values[OUT_BLOCKS] = Int64GetDatum(blocks);
	values[OUT_ENDED] = BoolGetDatum(claim.ended);
	elapsed.time = GetCurrentTimestamp() - started;
	values[OUT_ELAPSED] = IntervalPGetDatum(&elapsed);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(descriptor, values, nulls)));
}

/* cdp_count_rows implements cdp_internal.count_rows. */
Datum
cdp_count_rows(PG_FUNCTION_ARGS)
{
	Relation inbox = open_inbox(PG_GETARG_OID(0));
	int64 first = PG_GETARG_INT64(1);
	int64 limit = PG_GETARG_INT64(2);
	int64 count = 0;

	if (first >= 0 && first < RelationGetNumberOfBlocks(inbox))
	{
		TupleTableSlot *slot = table_slot_create(inbox, NULL);
		TableScanDesc scan = begin_scan(inbox, (BlockNumber) first);

		while (count < limit && table_scan_getnextslot_tidrange(scan, ForwardScanDirection, slot))
		{
			CHECK_FOR_INTERRUPTS();
			count++;
		}
		table_endscan(scan);
		ExecDropSingleTupleTableSlot(slot);
	}
	table_close(inbox, NoLock);
	PG_RETURN_INT64(count);
}
