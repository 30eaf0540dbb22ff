/*
 * store_leaf.c
 *		Looks keys up in a B-tree from the leaf page on which the last one was found.
 *
 * Keys are looked up in the order of the index, so the next one is mostly on the same page: it is found without another
 * way down from the root.  What one page cannot answer is left to an index scan.  The page stays pinned between two
 * keys, and is locked only while it is read; rows are fetched after that, which an MVCC snapshot allows, as in any
 * index scan that does not hold its page.
 */
#include "postgres.h"

#include "access/nbtree.h"
#include "access/tableam.h"
#include "access/transam.h"
#include "access/xact.h"
#include "catalog/pg_am.h"
#include "storage/bufmgr.h"

#include "compat.h"
#include "platform/store/store_internal.h"

/* store_begin_leaf starts to look up keys of so many columns; not where a transaction's reads are tracked by page. */
void
store_begin_leaf(StoreLeaf *leaf, Relation index, int columns, Snapshot snapshot)
{
	memset(leaf, 0, sizeof(*leaf));
	if (index->rd_rel->relam != BTREE_AM_OID || IsolationIsSerializable() ||
		!IsMVCCSnapshot(snapshot) || index->rd_index->indnkeyatts < columns)
		return;
	leaf->index = index;
	leaf->snapshot = snapshot;
	leaf->sees_dead = TransactionStartedDuringRecovery();
	leaf->key = _bt_mkscankey(index, NULL);
	leaf->key->keysz = columns;
	leaf->key->anynullkeys = false;
	for (int i = 0; i < columns; i++)
		leaf->key->scankeys[i].sk_flags &= ~SK_ISNULL;
	leaf->capacity = 8;
	leaf->places = palloc(sizeof(ItemPointerData) * leaf->capacity);
}

void
store_end_leaf(StoreLeaf *leaf)
{
	if (leaf->index == NULL)
		return;
	if (BufferIsValid(leaf->buffer))
		ReleaseBuffer(leaf->buffer);
	pfree(leaf->key);
	pfree(leaf->places);
}

/*
 * store_lies_within tells whether rows with a key can be on a page, which is locked, and on no other.  The page may have
 * become another one since it was found, as a pin does not keep it from that.
 */
bool
store_lies_within(Relation index, BTScanInsert key, Buffer buffer)
{
	Page page = BufferGetPage(buffer);
	BTPageOpaque opaque = (BTPageOpaque) PageGetSpecialPointer(page);
	OffsetNumber first = P_FIRSTDATAKEY(opaque);

	return P_ISLEAF(opaque) && !P_IGNORE(opaque) && first <= PageGetMaxOffsetNumber(page) &&
		   (P_RIGHTMOST(opaque) || _bt_compare(index, key, page, P_HIKEY) < 0) &&
		   (P_LEFTMOST(opaque) || _bt_compare(index, key, page, first) > 0);
}

/* go_to locks the first page that may have rows with the key; false: the index is empty. */
static bool
go_to(StoreLeaf *leaf)
{
	if (BufferIsValid(leaf->buffer))
	{
		_bt_lockbuf(leaf->index, leaf->buffer, BT_READ);
		if (store_lies_within(leaf->index, leaf->key, leaf->buffer))
			return true;
		_bt_relbuf(leaf->index, leaf->buffer);
		leaf->buffer = InvalidBuffer;
	}
	_bt_freestack(
		cdp_bt_search(leaf->index, NULL, leaf->key, &leaf->buffer, BT_READ, leaf->snapshot));
	return BufferIsValid(leaf->buffer);
}

/* first_match finds the first item of the page that is not less than the key. */
static OffsetNumber
first_match(const StoreLeaf *leaf, Page page, OffsetNumber low, OffsetNumber end)
{
	while (low < end)
	{
		OffsetNumber middle = low + (end - low) / 2;

		if (_bt_compare(leaf->index, leaf->key, page, middle) > 0)
			low = middle + 1;
		else
			end = middle;
	}
	return low;
}

/* add_places adds the places that an item of the page has. */
static void
add_places(StoreLeaf *leaf, IndexTuple item)
{
	int count = BTreeTupleIsPosting(item) ? BTreeTupleGetNPosting(item) : 1;
	const ItemPointerData *places =
		BTreeTupleIsPosting(item) ? BTreeTupleGetPosting(item) : &item->t_tid;

	if (leaf->count + count > leaf->capacity)
	{
		leaf->capacity = 2 * (leaf->count + count);
		leaf->places = repalloc(leaf->places, sizeof(ItemPointerData) * leaf->capacity);
	}
	memcpy(leaf->places + leaf->count, places, sizeof(ItemPointerData) * count);
	leaf->count += count;
}

/* read_page notes the places of the rows with the key; false: there may be more on the next page. */
static bool
read_page(StoreLeaf *leaf)
{
	Page page = BufferGetPage(leaf->buffer);
	BTPageOpaque opaque = (BTPageOpaque) PageGetSpecialPointer(page);
	OffsetNumber end = PageGetMaxOffsetNumber(page) + 1;
	OffsetNumber at = first_match(leaf, page, P_FIRSTDATAKEY(opaque), end);

	for (; at < end && _bt_compare(leaf->index, leaf->key, page, at) == 0; at++)
	{
		ItemId item = PageGetItemId(page, at);

		/* an item that the primary found dead may be of a row that is alive to a snapshot of a standby */
		if (!ItemIdIsDead(item) || leaf->sees_dead)
			add_places(leaf, (IndexTuple) PageGetItem(page, item));
	}
	return at < end || P_RIGHTMOST(opaque) ||
		   _bt_compare(leaf->index, leaf->key, page, P_HIKEY) < 0;
}

/* store_look_up finds the places of rows that may have the key of these values; false: an index scan is needed. */
bool
store_look_up(StoreLeaf *leaf, const StoreColumn *arranged, int row)
{
	bool all;

	if (leaf->index == NULL)
		return false;
	leaf->count = 0;
	for (int i = 0; i < leaf->key->keysz; i++)
		leaf->key->scankeys[i].sk_argument = arranged[i].values[row];
	if (!go_to(leaf))
		return false;
	cdp_test_old_snapshot(leaf->snapshot, leaf->index, BufferGetPage(leaf->buffer));
	all = read_page(leaf);
	_bt_unlockbuf(leaf->index, leaf->buffer);
	return all;
}
