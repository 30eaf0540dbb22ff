/*
 * batch_account.c
 *		What the group calls of a batch say of accounts, and of who belongs to them.
 */
#include "core/batch/batch_state.h"

/* Sort the accepted group calls by account. */
static CdpkStatus
sort_groups(CdpkBatch *batch, BatchItem **items, uint32_t *count)
{
	CdpkBatchBytes *names;

	*count = 0;
	for (uint32_t i = 0; i < batch->log_order.count; i++)
	{
		const CdpkBatchRow *row = &batch->rows[batch->log_order.items[i]];

		*count += row->call == CDPK_BATCH_GROUP && row->account.bytes != NULL;
	}
	if (*count == 0)
		return CDPK_OK;
	*items = batch_items(batch, *count);
	names = batch_allocate(batch, batch->row_count, sizeof(CdpkBatchBytes));
	batch->account_of_row = batch_allocate(batch, batch->row_count, sizeof(uint32_t));
	if (*items == NULL || names == NULL || batch->account_of_row == NULL)
		return CDPK_OUT_OF_MEMORY;
	*count = 0;
	for (uint32_t i = 0; i < batch->row_count; i++)
		batch->account_of_row[i] = BATCH_NONE;
	for (uint32_t i = 0; i < batch->log_order.count; i++)
	{
		uint32_t number = batch->log_order.items[i];

		names[number] = batch->rows[number].account;
		if (batch->rows[number].call == CDPK_BATCH_GROUP && names[number].bytes != NULL)
			(*items)[(*count)++].value = number;
	}
	batch_sort_strings(*items, *items + *count, *count, names);
	stitch_release(&batch->memory, names);
	return CDPK_OK;
}

/* Add the calls of one account, which come sorted by anchor. */
static CdpkStatus
add_account(CdpkBatch *batch, const BatchItem *items, uint32_t count, const CdpkBatchRow **rows)
{
	CdpkBatchAccount account;

	memset(&account, 0, sizeof(account));
	account.account = batch->rows[items[0].value].account;
	account.first_at = INT64_MAX;
	account.last_at = INT64_MIN;
	account.expires_at = CDPK_BATCH_NEVER;
	for (uint32_t i = 0; i < count; i++)
	{
		const CdpkBatchRow *row = &batch->rows[items[i].value];
		int64_t anchor = batch->anchor_of_row[items[i].value];
		CdpkBatchMember *member = i > 0 ? &batch->members.items[batch->members.count - 1] : NULL;

		rows[i] = row;
		batch->account_of_row[items[i].value] = batch->accounts.count;
		account.first_at = row->at < account.first_at ? row->at : account.first_at;
		account.last_at =
			batch_last_at(row) > account.last_at ? batch_last_at(row) : account.last_at;
		account.events += batch_events(row);
		if (row->expires_at < account.expires_at)
			account.expires_at = row->expires_at;
		if (member == NULL || member->identifier_id != anchor)
		{
			CdpkBatchMember made = {
				anchor, batch->accounts.count, 0, row->at, batch_last_at(row), false, 0};

			STITCH_PUSH(batch, batch->members, made);
			member = &batch->members.items[batch->members.count - 1];
		}
		member->events += batch_events(row);
		member->first_at = row->at < member->first_at ? row->at : member->first_at;
		member->last_at =
			batch_last_at(row) > member->last_at ? batch_last_at(row) : member->last_at;
		batch_note_left(row->has_left, row->left_at, &member->has_left, &member->left_at);
	}
	STITCH_TRY(batch_merge_traits(batch, rows, count, NULL, 0, &account.traits));
	STITCH_PUSH(batch, batch->accounts, account);
	return CDPK_OK;
}

/* Sort members, which are in the order of accounts, by identifier. */
static CdpkStatus
sort_members(CdpkBatch *batch)
{
	uint32_t count = batch->members.count;
	CdpkBatchMember *former = batch->members.items;
	BatchItem *items = batch_items(batch, count);

	if (items == NULL)
		return CDPK_OUT_OF_MEMORY;
	for (uint32_t i = 0; i < count; i++)
	{
		items[i].key = (uint64_t) former[i].identifier_id;
		items[i].value = i;
	}
	batch_sort(items, items + count, count);
	memset(&batch->members, 0, sizeof(batch->members));
	STITCH_TRY(STITCH_RESERVE(batch, batch->members, count));
	for (uint32_t i = 0; i < count; i++)
		batch->members.items[i] = former[items[i].value];
	batch->members.count = count;
	stitch_release(&batch->memory, former);
	stitch_release(&batch->memory, items);
	return CDPK_OK;
}

CdpkStatus
batch_fold_accounts(CdpkBatch *batch)
{
	BatchItem *items = NULL;
	const CdpkBatchRow **rows;
	uint32_t count;

	STITCH_TRY(sort_groups(batch, &items, &count));
	if (count == 0)
		return CDPK_OK;
	rows = batch_allocate(batch, count, sizeof(*rows));
	if (rows == NULL)
		return CDPK_OUT_OF_MEMORY;
	for (uint32_t start = 0, end; start < count; start = end)
	{
		const CdpkBatchBytes *account = &batch->rows[items[start].value].account;

		for (end = start + 1;
			 end < count &&
			 batch_compare_bytes(account, &batch->rows[items[end].value].account) == 0;)
			end++;
		batch_tick(batch);
		STITCH_TRY(add_account(batch, items + start, end - start, rows));
	}
	stitch_release(&batch->memory, items);
	stitch_release(&batch->memory, rows);
	return sort_members(batch);
}

const CdpkBatchAccount *
cdpk_batch_accounts(const CdpkBatch *batch, size_t *count)
{
	*count = batch->accounts.count;
	return batch->accounts.items;
}

const CdpkBatchMember *
cdpk_batch_members(const CdpkBatch *batch, size_t *count)
{
	*count = batch->members.count;
	return batch->members.items;
}
