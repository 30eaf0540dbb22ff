/*
 * pass_touched.c
 *		Whom the batch touched, and why: a value of type cdp_internal.touched.
 *
 * reads: what core/batch says of profiles and accounts, the profiles and accounts whose traits were folded anew after
 *		it, the accounts that calls left with their anchors, and the profiles of which only consent changes
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "funcapi.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/typcache.h"

#include "platform/batch/batch.h"
#include "platform/refresh/pass.h"

/* the columns of the type, which are arrays */
enum
{
	TOUCHED_PROFILE_IDS,
	TOUCHED_CAUSES,
	TOUCHED_FORMER_PROFILE_IDS,
	TOUCHED_GROUP_IDS,
	TOUCHED_EVENT_IDS,
	TOUCHED_COLUMNS
};

/* in the order of CdpkBatchCause */
static const char *const cause_names[] = {"event",   "merged", "split",
										  "rebuilt", "gained", "identity"};

#define CAUSE_EVENT 0
#define CAUSE_IDENTITY (lengthof(cause_names) - 1)
#define CAUSE_LAPSED lengthof(cause_names)
#define CAUSE_CONSENT (CAUSE_LAPSED + 1)
#define CAUSES (CAUSE_CONSENT + 1)

typedef struct Touched
{
	int capacity;
	int count;
	Datum *values[TOUCHED_COLUMNS];
	bool *nulls[TOUCHED_COLUMNS];
	Datum causes[CAUSES];
} Touched;

/* init_touched makes room for so many rows. */
static void
init_touched(Touched *touched, int capacity)
{
	touched->capacity = capacity;
	touched->count = 0;
	for (int i = 0; i < TOUCHED_COLUMNS; i++)
	{
		touched->values[i] = pass_array(capacity, sizeof(Datum));
		touched->nulls[i] = pass_array(capacity, sizeof(bool));
	}
	for (size_t i = 0; i < lengthof(cause_names); i++)
		touched->causes[i] = CStringGetTextDatum(cause_names[i]);
	touched->causes[CAUSE_LAPSED] = CStringGetTextDatum("lapsed");
	touched->causes[CAUSE_CONSENT] = CStringGetTextDatum("consent");
}

/* set_id sets a number; 0: null. */
static void
set_id(Touched *touched, int column, int64 id)
{
	touched->values[column][touched->count] = Int64GetDatum(id);
	touched->nulls[column][touched->count] = id == 0;
}

/* add_row adds a row; group_id 0: null. */
static void
add_row(Touched *touched, const CdpkBatchTouched *said, size_t cause, Datum group_id)
{
	int row = touched->count;

	Assert(row < touched->capacity);
	set_id(touched, TOUCHED_PROFILE_IDS, said->profile_id);
	touched->values[TOUCHED_CAUSES][row] = touched->causes[cause];
	touched->nulls[TOUCHED_CAUSES][row] = false;
	set_id(touched, TOUCHED_FORMER_PROFILE_IDS, said->former_profile_id);
	touched->values[TOUCHED_GROUP_IDS][row] = group_id;
	touched->nulls[TOUCHED_GROUP_IDS][row] = group_id == (Datum) 0;
	set_id(touched, TOUCHED_EVENT_IDS, said->event_id);
	touched->count++;
}

/* read_batch adds what core/batch says. */
static void
read_batch(Pass *pass, Touched *touched)
{
	size_t account_count;
	const CdpkBatchAccount *accounts = cdpk_batch_accounts(pass->batch, &account_count);
	Datum *group_ids = pass_array((int64) account_count, sizeof(Datum));
	bool *listed = pass_array((int64) account_count, sizeof(bool));
	CdpkBatchPosition position = {0, 0, 0};
	CdpkBatchTouched said;

	for (size_t i = 0; i < account_count; i++)
	{
		group_ids[i] = pass_varlena(&accounts[i].account);
		listed[i] = false;
	}
	while (cdpk_batch_next_touched(pass->batch, &position, &said))
	{
		add_row(touched, &said, (size_t) said.cause,
				said.account < account_count ? group_ids[said.account] : (Datum) 0);
		if (said.account < account_count)
			listed[said.account] = true;
	}
	/* the calls that name it have no anchor */
	said = (CdpkBatchTouched){.profile_id = 0};
	for (size_t i = 0; i < account_count; i++)
		if (!listed[i])
			add_row(touched, &said, CAUSE_EVENT, group_ids[i]);
}

/* count_batch counts what core/batch says, at most. */
static int64
count_batch(const Pass *pass)
{
	CdpkBatchPosition position = {0, 0, 0};
	CdpkBatchTouched said;
	size_t accounts;
	int64 count = 0;

	cdpk_batch_accounts(pass->batch, &accounts);
	while (cdpk_batch_next_touched(pass->batch, &position, &said))
		count++;
	return count + (int64) accounts;
}

void
pass_count_touched(Pass *pass)
{
	CdpkBatchPosition position = {0, 0, 0};
	CdpkBatchTouched said;
	PassIds ids = {NULL, 0, 0};
	int64 last = 0;

	while (cdpk_batch_next_touched(pass->batch, &position, &said))
		if (said.profile_id != last)
			pass_add_id(&ids, last = said.profile_id);
	for (int i = 0; i < pass->lapsed.count; i++)
		pass_add_id(&ids, pass->lapsed.items[i]);
	for (int i = 0; i < pass->consented.count; i++)
		pass_add_id(&ids, pass->consented.items[i]);
	pass_sort_ids(&ids);
	pass->counts[COUNT_PROFILES_TOUCHED] = ids.count;
}

/* note_account is the BatchRowFunction that lists an account whose traits were folded anew. */
static void
note_account(void *arg, TupleDesc descriptor, const Datum *values, const bool *nulls)
{
	List **accounts = arg;

	*accounts = lappend(*accounts, DatumGetPointer(values[0]));
}

/*
 * add_lapsed adds the profiles and the accounts whose traits were folded anew, also as a call was taken back, and the
 * profiles of which consent changes.
 */
static void
add_lapsed(const Pass *pass, const List *accounts, Touched *touched)
{
	CdpkBatchTouched said = {.profile_id = 0};
	ListCell *cell;

	foreach (cell, accounts)
		add_row(touched, &said, CAUSE_LAPSED, PointerGetDatum(lfirst(cell)));
	foreach (cell, pass->left_accounts)
		add_row(touched, &said, CAUSE_IDENTITY, PointerGetDatum(lfirst(cell)));
	for (int i = 0; i < pass->lapsed.count; i++)
	{
		said.profile_id = pass->lapsed.items[i];
		add_row(touched, &said, CAUSE_LAPSED, (Datum) 0);
	}
	for (int i = 0; i < pass->consented.count; i++)
	{
		said.profile_id = pass->consented.items[i];
		add_row(touched, &said, CAUSE_CONSENT, (Datum) 0);
	}
}

Datum
pass_make_touched(Pass *pass, Oid type)
{
	static const Oid item_types[] = {INT8OID, TEXTOID, INT8OID, TEXTOID, INT8OID};
	TupleDesc descriptor = lookup_rowtype_tupdesc(type, -1);
	int64 capacity = pass->lapsed.count + pass->consented.count;
	List *accounts = NIL;
	Touched touched;
	Datum values[TOUCHED_COLUMNS];
	bool nulls[TOUCHED_COLUMNS] = {false};
	HeapTuple tuple;

	if (descriptor->natts != TOUCHED_COLUMNS)
		elog(ERROR, "cdp_internal.touched has %d columns", descriptor->natts);
	batch_read("batch_account_refold", note_account, &accounts);
	for (int i = 0; i < pass->taken.call_anchors.count; i++)
		accounts = lappend(accounts, DatumGetPointer(pass->taken.accounts[i]));
	capacity += list_length(accounts) + list_length(pass->left_accounts);
	if (pass->failures == NULL)
		capacity += count_batch(pass);
	init_touched(&touched, (int) capacity);
	if (pass->failures == NULL)
		read_batch(pass, &touched);
	add_lapsed(pass, accounts, &touched);
	for (int i = 0; i < TOUCHED_COLUMNS; i++)
	{
		int length[1] = {touched.count};
		int lower_bound[1] = {1};
		int16 typlen;
		bool typbyval;
		char typalign;

		get_typlenbyvalalign(item_types[i], &typlen, &typbyval, &typalign);
		values[i] = PointerGetDatum(construct_md_array(touched.values[i], touched.nulls[i], 1,
													   length, lower_bound, item_types[i], typlen,
													   typbyval, typalign));
	}
	tuple = heap_form_tuple(descriptor, values, nulls);
	ReleaseTupleDesc(descriptor);
	return HeapTupleGetDatum(tuple);
}
