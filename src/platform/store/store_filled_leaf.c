/*
 * store_filled_leaf.c
 *		Inserts entries into a B-tree on the leaf page on which the last one was inserted.
 *
 * Entries are inserted in the order of the index, so the next one mostly goes on the same page: it gets there without
 * another way down from the root.  An entry is inserted here only where that is all there is to do: it lies strictly
 * within the page, the page has room, no row has its key where keys are unique, and it is not among the places of a
 * posting list.  The rest, as splits of pages, waits for other transactions and errors, is left to the access method.
 * What is written, and logged, is what it writes for such an entry.
 */
#include "postgres.h"

#include "access/nbtree.h"
#include "access/nbtxlog.h"
#include "access/xloginsert.h"
#include "catalog/pg_am.h"
#include "miscadmin.h"
#include "storage/bufmgr.h"
#include "storage/predicate.h"

#include "compat.h"
#include "platform/store/store_internal.h"

/* larger entries are left to the access method, which says what is too large */
#define ENTRY_BYTES_MAX 512

void
store_begin_filled_leaf(StoreFilledLeaf *leaf, Relation heap, Relation index)
{
	memset(leaf, 0, sizeof(*leaf));
	if (index->rd_rel->relam != BTREE_AM_OID)
		return;
	leaf->key = _bt_mkscankey(index, NULL);
	/* an index of before PostgreSQL 12 does not order entries of one key */
	if (!leaf->key->heapkeyspace)
		return;
	leaf->heap = heap;
	leaf->index = index;
	leaf->key->keysz = IndexRelationGetNumberOfKeyAttributes(index);
	leaf->key->anynullkeys = false;
}

void
store_end_filled_leaf(StoreFilledLeaf *leaf)
{
	if (BufferIsValid(leaf->buffer))
		ReleaseBuffer(leaf->buffer);
	if (leaf->key != NULL)
		pfree(leaf->key);
}

/* set_key makes an entry the key; false: it has a null. */
static bool
set_key(StoreFilledLeaf *leaf, IndexTuple entry)
{
	TupleDesc descriptor = RelationGetDescr(leaf->index);

	for (int i = 0; i < leaf->key->keysz; i++)
	{
		ScanKey part = &leaf->key->scankeys[i];
		bool isnull;

		part->sk_argument = index_getattr(entry, i + 1, descriptor, &isnull);
		if (isnull)
			return false;
		part->sk_flags &= ~SK_ISNULL;
	}
	/* where keys are unique any entry of the key is looked for, else its place in their order */
	leaf->key->scantid = leaf->index->rd_index->indisunique ? NULL : &entry->t_tid;
	return true;
}

/* is_usable tells whether the key lies on the page at hand, which is locked, and on no other. */
static bool
is_usable(const StoreFilledLeaf *leaf, bool was_searched)
{
	Page page = BufferGetPage(leaf->buffer);
	BTPageOpaque opaque = (BTPageOpaque) PageGetSpecialPointer(page);

	if (!P_ISLEAF(opaque) || P_IGNORE(opaque) || P_INCOMPLETE_SPLIT(opaque))
		return false;
	if (!was_searched)
		return store_lies_within(leaf->index, leaf->key, leaf->buffer);
	return P_RIGHTMOST(opaque) || _bt_compare(leaf->index, leaf->key, page, P_HIKEY) < 0;
}

/* go_to locks the page that the key lies on; false: it is not that simple. */
static bool
go_to(StoreFilledLeaf *leaf)
{
	if (BufferIsValid(leaf->buffer))
	{
		_bt_lockbuf(leaf->index, leaf->buffer, BT_WRITE);
		if (is_usable(leaf, false))
			return true;
		_bt_relbuf(leaf->index, leaf->buffer);
		leaf->buffer = InvalidBuffer;
	}
	_bt_freestack(cdp_bt_search(leaf->index, leaf->heap, leaf->key, &leaf->buffer, BT_WRITE, NULL));
	if (!BufferIsValid(leaf->buffer))
		return false;
	if (is_usable(leaf, true))
		return true;
	_bt_unlockbuf(leaf->index, leaf->buffer);
	return false;
}

/* find_offset finds where on the page an entry goes; InvalidOffsetNumber: it is not that simple. */
static OffsetNumber
find_offset(const StoreFilledLeaf *leaf, IndexTuple entry)
{
	Page page = BufferGetPage(leaf->buffer);
	BTInsertStateData state = {entry, MAXALIGN(IndexTupleSize(entry)), leaf->key};
	OffsetNumber offset;

	if (state.itemsz > ENTRY_BYTES_MAX || PageGetFreeSpace(page) < state.itemsz)
		return InvalidOffsetNumber;
	state.buf = leaf->buffer;
	offset = _bt_binsrch_insert(leaf->index, &state);
	if (state.postingoff != 0 ||
		(leaf->key->scantid == NULL && offset <= PageGetMaxOffsetNumber(page) &&
		 _bt_compare(leaf->index, leaf->key, page, offset) == 0))
		return InvalidOffsetNumber;
	return offset;
}

/* put puts an entry on the page, and logs it. */
static void
put(const StoreFilledLeaf *leaf, IndexTuple entry, OffsetNumber offset)
{
	Page page = BufferGetPage(leaf->buffer);

	CheckForSerializableConflictIn(leaf->index, NULL, BufferGetBlockNumber(leaf->buffer));
	START_CRIT_SECTION();
	if (PageAddItem(page, (Item) entry, IndexTupleSize(entry), offset, false, false) ==
		InvalidOffsetNumber)
		elog(PANIC, "could not add an entry to block %u of index \"%s\"",
			 BufferGetBlockNumber(leaf->buffer), RelationGetRelationName(leaf->index));
	MarkBufferDirty(leaf->buffer);
	if (RelationNeedsWAL(leaf->index))
	{
		xl_btree_insert record = {offset};
		XLogRecPtr logged;

		XLogBeginInsert();
		XLogRegisterData((char *) &record, SizeOfBtreeInsert);
		XLogRegisterBuffer(0, leaf->buffer, REGBUF_STANDARD);
		XLogRegisterBufData(0, (char *) entry, IndexTupleSize(entry));
		/* a macro may read it twice */
		logged = XLogInsert(RM_BTREE_ID, XLOG_BTREE_INSERT_LEAF);
		PageSetLSN(page, logged);
	}
	END_CRIT_SECTION();
}

/* store_fill_leaf inserts the entry of a row; false: the access method must. */
bool
store_fill_leaf(StoreFilledLeaf *leaf, const Datum *values, const bool *nulls, ItemPointer place)
{
	IndexTuple entry;
	OffsetNumber offset = InvalidOffsetNumber;

	if (leaf->index == NULL)
		return false;
	entry = index_form_tuple(RelationGetDescr(leaf->index), unconstify(Datum *, values),
							 unconstify(bool *, nulls));
	entry->t_tid = *place;
	if (set_key(leaf, entry) && go_to(leaf))
	{
		offset = find_offset(leaf, entry);
		if (offset != InvalidOffsetNumber)
			put(leaf, entry, offset);
		_bt_unlockbuf(leaf->index, leaf->buffer);
	}
	pfree(entry);
	return offset != InvalidOffsetNumber;
}
