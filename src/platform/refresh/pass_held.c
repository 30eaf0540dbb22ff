/*
 * pass_held.c
 *		The identifiers of a profile as columns of its row, in the order of their bytes.
 *
 * A row has up to HELD_MAX identifiers.  Those of a profile with more stand in slices of so many, all full but the last
 * (cdp_data.profile_identifier): so one that is added later is one small row, however many there are.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/datum.h"

#include "core/base/sort.h"
#include "platform/refresh/pass.h"
#include "platform/refresh/pass_fold.h"
#include "toolkit/identifier/identifier.h"

/* ---------------------------------------------------------------- who comes and goes */

/* add_item notes that an identifier comes to a profile, or leaves it. */
static void
add_item(PassFold *fold, int64 profile_id, int64 identifier_id, const CdpkBatchBytes *payload,
		 bool leaves)
{
	PassHeldItem *item = &fold->items[fold->item_count];

	if (profile_id == 0)
		return;
	item->profile_id = profile_id;
	item->identifier_id = identifier_id;
	item->payload = *payload;
	item->leaves = leaves;
	item->next = cdpk_idmap_get(&fold->held, (uint64_t) profile_id);
	pass_check(cdpk_idmap_put(&fold->held, (uint64_t) profile_id, (uint32_t) fold->item_count++));
}

void
pass_note_held(PassFold *fold)
{
	Pass *pass = fold->pass;
	size_t fresh_count;
	const uint32_t *fresh = cdpk_batch_fresh(pass->batch, &fresh_count);

	fold->items = pass_array((int64) fresh_count + 2 * pass->place_count, sizeof(*fold->items));
	for (int i = 0; i < pass->place_count; i++)
	{
		const PassPlace *place = &pass->places[i];

		add_item(fold, place->from, place->identifier_id, &place->payload, true);
		add_item(fold, place->to, place->identifier_id, &place->payload, false);
	}
	for (size_t i = 0; i < fresh_count; i++)
	{
		const CdpkBatchIdentifier *made = cdpk_batch_identifier(pass->batch, fresh[i]);

		add_item(fold, made->profile_after, made->identifier_id, &made->payload, false);
	}
}

/* ---------------------------------------------------------------- lists */

/* Identifiers, in the order of their bytes. */
typedef struct HeldList
{
	int count;
	int capacity;
	int64 *ids;
	CdpkBatchBytes *payloads; /* before each stands a header of 4 bytes */
	bool broken;              /* what was read are not two arrays of one length without nulls */
	int slice_count;          /* read, … */
	int last_slice;           /* … the greatest of them, … */
	bool uneven;              /* … and another one than that is not full */
	int last_length;
} HeldList;

/* add_held adds an identifier at the end. */
static void
add_held(HeldList *list, int64 identifier_id, const CdpkBatchBytes *payload)
{
	if (list->count == list->capacity)
	{
		list->capacity = Max(4, list->capacity * 2);
		list->ids = list->ids == NULL ? palloc(sizeof(int64) * list->capacity)
									  : repalloc_huge(list->ids, sizeof(int64) * list->capacity);
		list->payloads =
			list->payloads == NULL
				? palloc(sizeof(CdpkBatchBytes) * list->capacity)
				: repalloc_huge(list->payloads, sizeof(CdpkBatchBytes) * list->capacity);
	}
	list->ids[list->count] = identifier_id;
	list->payloads[list->count++] = *payload;
}

/* compare_held compares two by the bytes of their identifiers, as cdpk_sort wants it. */
static int
compare_held(const CdpkTimed *a, const CdpkTimed *b, const void *context)
{
	const CdpkBatchBytes *x = (const CdpkBatchBytes *) context + a->value;
	const CdpkBatchBytes *y = (const CdpkBatchBytes *) context + b->value;

	return cdpk_identifier_compare(x->bytes, x->length, y->bytes, y->length);
}

/* sort_few sorts the identifiers of a row: what is stored is in order, so few of them move. */
static void
sort_few(HeldList *list)
{
	for (int i = 1; i < list->count; i++)
	{
		int64 identifier_id = list->ids[i];
		CdpkBatchBytes payload = list->payloads[i];
		int to = i;

		while (to > 0 &&
			   cdpk_identifier_compare(payload.bytes, payload.length, list->payloads[to - 1].bytes,
									   list->payloads[to - 1].length) < 0)
		{
			list->ids[to] = list->ids[to - 1];
			list->payloads[to] = list->payloads[to - 1];
			to--;
		}
		list->ids[to] = identifier_id;
		list->payloads[to] = payload;
	}
}

/* sort_held sorts identifiers, however many. */
static void
sort_held(HeldList *list)
{
	CdpkTimed *order;
	CdpkTimed *scratch;
	int64 *ids;
	CdpkBatchBytes *payloads;

	CHECK_FOR_INTERRUPTS();
	if (list->count <= HELD_MAX)
	{
		sort_few(list);
		return;
	}
	order = pass_array(list->count, sizeof(CdpkTimed));
	scratch = pass_array(list->count, sizeof(CdpkTimed));
	ids = pass_array(list->count, sizeof(int64));
	payloads = pass_array(list->count, sizeof(CdpkBatchBytes));
	for (int i = 0; i < list->count; i++)
	{
		order[i].at = 0;
		order[i].value = (uint32_t) i;
	}
	cdpk_sort(order, (size_t) list->count, scratch, compare_held, list->payloads);
	for (int i = 0; i < list->count; i++)
	{
		ids[i] = list->ids[order[i].value];
		payloads[i] = list->payloads[order[i].value];
	}
	pfree(order);
	pfree(scratch);
	pfree(list->ids);
	pfree(list->payloads);
	list->ids = ids;
	list->payloads = payloads;
	list->capacity = list->count;
}

/* is_list tells whether an array is one as they are written: without nulls, of one dimension, from 1 on. */
static bool
is_list(const ArrayType *array)
{
	return !ARR_HASNULL(array) && ARR_NDIM(array) == 1 && ARR_LBOUND(array)[0] == 1;
}

/* read_held adds the identifiers of two arrays, one beside the other; no numbers: it is the profile's own alone. */
static void
read_held(HeldList *list, Datum identifiers, Datum ids, bool no_ids, int64 profile_id)
{
	ArrayType *array = DatumGetArrayTypeP(identifiers);
	int count = ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array));
	const int64 *numbers = &profile_id;
	char *at = ARR_DATA_PTR(array);
	int number_count = 1;

	if (!no_ids)
	{
		ArrayType *number_array = DatumGetArrayTypeP(ids);

		number_count = ArrayGetNItems(ARR_NDIM(number_array), ARR_DIMS(number_array));
		numbers = (const int64 *) ARR_DATA_PTR(number_array);
		list->broken |= !is_list(number_array);
	}
	list->broken |= !is_list(array) || number_count != count;
	if (list->broken)
		return;
	for (int i = 0; i < count; i++)
	{
		CdpkBatchBytes payload = pass_payload(PointerGetDatum(at));

		add_held(list, numbers[i], &payload);
		at += VARSIZE_ANY(at);
		at = (char *) att_align_nominal(at, TYPALIGN_INT);
	}
}

/* drop_held drops the identifiers whose numbers are in a map. */
static void
drop_held(HeldList *list, const CdpkIdMap *leavers)
{
	int kept = 0;

	for (int i = 0; i < list->count; i++)
		if (cdpk_idmap_get(leavers, (uint64_t) list->ids[i]) == CDPK_IDMAP_NONE)
		{
			list->ids[kept] = list->ids[i];
			list->payloads[kept++] = list->payloads[i];
		}
	list->count = kept;
}

/* make_identifiers makes an array of some of them. */
static Datum
make_identifiers(const HeldList *list, int first, int count)
{
	Size size = ARR_OVERHEAD_NONULLS(1);
	ArrayType *array;
	char *at;

	for (int i = first; i < first + count; i++)
		size += INTALIGN(VARHDRSZ + list->payloads[i].length);
	array = palloc0(size);
	SET_VARSIZE(array, size);
	array->ndim = 1;
	array->elemtype = identifier_type_oid();
	ARR_DIMS(array)[0] = count;
	ARR_LBOUND(array)[0] = 1;
	at = ARR_DATA_PTR(array);
	for (int i = first; i < first + count; i++)
	{
		SET_VARSIZE(at, VARHDRSZ + list->payloads[i].length);
		memcpy(VARDATA(at), list->payloads[i].bytes, list->payloads[i].length);
		at += INTALIGN(VARHDRSZ + list->payloads[i].length);
	}
	return PointerGetDatum(array);
}

/* make_ids makes an array of their numbers. */
static Datum
make_ids(const HeldList *list, int first, int count)
{
	Size size = ARR_OVERHEAD_NONULLS(1) + sizeof(int64) * count;
	ArrayType *array = palloc0(size);

	SET_VARSIZE(array, size);
	array->ndim = 1;
	array->elemtype = INT8OID;
	ARR_DIMS(array)[0] = count;
	ARR_LBOUND(array)[0] = 1;
	memcpy(ARR_DATA_PTR(array), list->ids + first, sizeof(int64) * count);
	return PointerGetDatum(array);
}

/* ---------------------------------------------------------------- slices */

/* What is written of slices. */
typedef struct Slices
{
	PassFold *fold;
	HeldList list; /* of the profile at hand */
	PassIds gone;  /* profiles all of whose slices go first */
	int count;
	int capacity;
	int64 *profile_ids;
	int32 *slices;
	Datum *identifiers;
	Datum *ids;
} Slices;

/* add_slices adds slices from one on, of all that is in a list. */
static void
add_slices(Slices *slices, int64 profile_id, int32 slice, const HeldList *list)
{
	for (int i = 0; i < list->count; i += HELD_MAX)
	{
		int length = Min(HELD_MAX, list->count - i);

		if (slices->count == slices->capacity)
		{
			bool first = slices->capacity == 0;
			Size capacity = slices->capacity = Max(64, slices->capacity * 2);

#define GROW(column, type) \
	column =               \
		first ? palloc(capacity * sizeof(type)) : repalloc_huge(column, capacity * sizeof(type))
			GROW(slices->profile_ids, int64);
			GROW(slices->slices, int32);
			GROW(slices->identifiers, Datum);
			GROW(slices->ids, Datum);
#undef GROW
		}
		slices->profile_ids[slices->count] = profile_id;
		slices->slices[slices->count] = slice++;
		slices->identifiers[slices->count] = make_identifiers(list, i, length);
		slices->ids[slices->count++] = make_ids(list, i, length);
	}
}

/* note_slice is the StoreRowFunction that reads a slice. */
static void
note_slice(void *arg, int key, const Datum *values, const bool *nulls)
{
	HeldList *list = arg;
	int before = list->count;
	int slice = DatumGetInt32(values[2]);
	int length;

	read_held(list, datumCopy(values[0], false, -1), datumCopy(values[1], false, -1), false, 0);
	length = list->count - before;
	if (list->slice_count++ == 0 || slice > list->last_slice)
	{
		list->uneven |= list->slice_count > 1 && list->last_length != HELD_MAX;
		list->last_slice = slice;
		list->last_length = length;
	}
	else
		list->uneven |= length != HELD_MAX;
}

/* read_slices reads one slice of a profile, or all (-1). */
static void
read_slices(Pass *pass, int64 profile_id, int32 slice, HeldList *list)
{
	static const int wanted[] = {SLICE_IDENTIFIERS, SLICE_IDENTIFIER_IDS, SLICE_SLICE};
	PassColumns key = {1};

	pass_column(&key, SLICE_PROFILE_ID)[0] = Int64GetDatum(profile_id);
	if (slice >= 0)
		pass_column(&key, SLICE_SLICE)[0] = Int32GetDatum(slice);
	store_find(pass_table(pass, TABLE_SLICE), 1, pass_columns(&key), lengthof(wanted), wanted,
			   note_slice, list);
}

/* write_slices writes what was noted. */
static void
write_slices(const Slices *slices)
{
	Pass *pass = slices->fold->pass;
	PassColumns gone = {slices->gone.count};
	PassColumns key = {slices->count};
	PassColumns set = {slices->count};
	Datum *profile_id;
	Datum *slice;
	Datum *identifiers;
	Datum *ids;

	if (slices->gone.count > 0)
	{
		profile_id = pass_column(&gone, SLICE_PROFILE_ID);
		for (int i = 0; i < slices->gone.count; i++)
			profile_id[i] = Int64GetDatum(slices->gone.items[i]);
		store_delete(pass_table(pass, TABLE_SLICE), slices->gone.count, pass_columns(&gone));
	}
	if (slices->count == 0)
		return;
	profile_id = pass_column(&key, SLICE_PROFILE_ID);
	slice = pass_column(&key, SLICE_SLICE);
	ids = pass_column(&set, SLICE_IDENTIFIER_IDS);
	identifiers = pass_column(&set, SLICE_IDENTIFIERS);
	for (int i = 0; i < slices->count; i++)
	{
		profile_id[i] = Int64GetDatum(slices->profile_ids[i]);
		slice[i] = Int32GetDatum(slices->slices[i]);
		ids[i] = slices->ids[i];
		identifiers[i] = slices->identifiers[i];
	}
	store_upsert(pass_table(pass, TABLE_SLICE), slices->count, pass_columns(&key),
				 pass_columns(&set));
}

/* ---------------------------------------------------------------- identifiers */

/* any_leaves tells whether an identifier leaves the profile. */
static bool
any_leaves(const PassFold *fold, uint32_t first)
{
	for (uint32_t i = first; i != CDPK_IDMAP_NONE; i = fold->items[i].next)
		if (fold->items[i].leaves)
			return true;
	return false;
}

/* drop_leavers drops from a list what leaves. */
static void
drop_leavers(const PassFold *fold, uint32_t first, HeldList *list)
{
	CdpkIdMap leavers;

	cdpk_idmap_init(&leavers, &fold->pass->allocator);
	for (uint32_t i = first; i != CDPK_IDMAP_NONE; i = fold->items[i].next)
	{
		CHECK_FOR_INTERRUPTS();
		if (fold->items[i].leaves)
			pass_check(cdpk_idmap_put(&leavers, (uint64_t) fold->items[i].identifier_id, 0));
	}
	drop_held(list, &leavers);
	cdpk_idmap_free(&leavers);
}

/* apply_items brings a list to what it is after the batch. */
static void
apply_items(const PassFold *fold, uint32_t first, HeldList *list)
{
	if (list->broken)
		pass_check(CDPK_CORRUPT);
	if (any_leaves(fold, first))
		drop_leavers(fold, first, list);
	for (uint32_t i = first; i != CDPK_IDMAP_NONE; i = fold->items[i].next)
		if (!fold->items[i].leaves)
			add_held(list, fold->items[i].identifier_id, &fold->items[i].payload);
}

/* read_last reads the last slice of a profile of so many identifiers, which must say the same. */
static void
read_last(Pass *pass, int64 profile_id, int count, HeldList *list)
{
	HeldList after = {0};
	int32 last = (count - 1) / HELD_MAX;

	if (count <= HELD_MAX)
		pass_check(CDPK_CORRUPT);
	read_slices(pass, profile_id, last, list);
	read_slices(pass, profile_id, last + 1, &after);
	if (list->count != (count - 1) % HELD_MAX + 1 || after.count > 0)
		pass_check(CDPK_CORRUPT);
}

/* hold_many brings the slices of a profile that had more than a row holds to what it has after the batch. */
static void
hold_many(Slices *slices, int64 profile_id, uint32_t first, int count, HeldList *list)
{
	Pass *pass = slices->fold->pass;
	int32 last = count / HELD_MAX;

	if (!any_leaves(slices->fold, first))
	{
		read_last(pass, profile_id, count, list);
		if (count % HELD_MAX == 0)
			list->count = 0; /* it is full, and stays as it is */
		apply_items(slices->fold, first, list);
		add_slices(slices, profile_id, last, list);
		return;
	}
	read_slices(pass, profile_id, -1, list);
	if (list->count != count)
		pass_check(CDPK_CORRUPT);
	apply_items(slices->fold, first, list);
	pass_add_id(&slices->gone, profile_id);
	if (list->count > HELD_MAX)
		add_slices(slices, profile_id, 0, list);
}

/* same_held tells whether two lists, both in order, are the same. */
static bool
same_held(const HeldList *a, const HeldList *b)
{
	if (a->count != b->count)
		return false;
	for (int i = 0; i < a->count; i++)
		if (a->ids[i] != b->ids[i] || a->payloads[i].length != b->payloads[i].length ||
			memcmp(a->payloads[i].bytes, b->payloads[i].bytes, a->payloads[i].length) != 0)
			return false;
	return true;
}

/* has_held tells whether the row of a profile, and its slices, hold a list; slices hold it in any order. */
static bool
has_held(const Slices *slices, int64 profile_id, const PassFormer *former, const HeldList *list)
{
	HeldList stored = {0};

	if (former == NULL || former->held.no_identifiers != (list->count > HELD_MAX) ||
		(former->held.no_identifiers && !former->held.no_ids))
		return false;
	if (former->held.no_identifiers)
		read_slices(slices->fold->pass, profile_id, -1, &stored);
	else if (former->held.no_ids != (list->count == 1 && list->ids[0] == profile_id))
		return false;
	else
		read_held(&stored, former->held.identifiers, former->held.ids, former->held.no_ids,
				  profile_id);
	if (former->held.no_identifiers)
	{
		if (stored.uneven || stored.slice_count != stored.last_slice + 1 ||
			stored.last_slice != (list->count - 1) / HELD_MAX)
			return false;
		sort_held(&stored);
	}
	return !stored.broken && same_held(&stored, list);
}

/* hold_anew makes the columns of a profile whose items are all that it has; false: its row has them already. */
static bool
hold_anew(Slices *slices, int64 profile_id, uint32_t first, const PassFormer *former)
{
	HeldList *list = &slices->list;

	apply_items(slices->fold, first, list);
	sort_held(list);
	if (has_held(slices, profile_id, former, list))
		return false;
	if (former == NULL || former->held.no_identifiers || list->count > HELD_MAX)
		pass_add_id(&slices->gone, profile_id);
	if (list->count > HELD_MAX)
		add_slices(slices, profile_id, 0, list);
	return true;
}

/* set_held sets the columns of a profile to a list, which is in order. */
static void
set_held(const HeldList *list, int64 profile_id, PassHeld *held)
{
	held->no_identifiers = false;
	held->identifiers = make_identifiers(list, 0, list->count);
	held->no_ids = list->count == 1 && list->ids[0] == profile_id;
	if (!held->no_ids)
		held->ids = make_ids(list, 0, list->count);
}

/* hold makes the columns of a profile that an identifier comes to or leaves. */
static void
hold(Slices *slices, int64 profile_id, uint32_t first, PassHeld *held)
{
	PassFold *fold = slices->fold;
	uint32_t place = cdpk_idmap_get(&fold->part, (uint64_t) profile_id);
	const PassFormer *former = place != CDPK_IDMAP_NONE ? &fold->formers[place] : NULL;
	HeldList *list = &slices->list;

	list->count = 0;
	held->changed = true;
	held->no_identifiers = held->no_ids = true;
	if (fold->anew)
	{
		held->changed = hold_anew(slices, profile_id, first, former);
		if (held->changed && list->count <= HELD_MAX)
			set_held(list, profile_id, held);
		return;
	}
	if (former != NULL && former->held.no_identifiers)
	{
		hold_many(slices, profile_id, first, former->identifier_count, list);
		/* with none leaving, the list is not all of it */
		if (!any_leaves(fold, first) || list->count > HELD_MAX)
			return;
	}
	else
	{
		if (former != NULL)
			read_held(list, former->held.identifiers, former->held.ids, former->held.no_ids,
					  profile_id);
		apply_items(fold, first, list);
		if (list->count > HELD_MAX)
		{
			add_slices(slices, profile_id, 0, list);
			return;
		}
	}
	sort_held(list);
	set_held(list, profile_id, held);
}

void
pass_hold(PassFold *fold)
{
	Pass *pass = fold->pass;
	Slices slices = {fold};
	size_t count;
	const CdpkBatchProfile *profiles = cdpk_batch_profiles(pass->batch, &count);
	size_t ended_count;
	const int64_t *ended = cdpk_batch_ended(pass->batch, &ended_count);

	fold->helds =
		palloc_extended(Max(count, 1) * sizeof(PassHeld), MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	for (size_t i = 0; i < count; i++)
	{
		uint32_t first = cdpk_idmap_get(&fold->held, (uint64_t) profiles[i].profile_id);

		fold->helds[i].no_accounts = true;
		if (first != CDPK_IDMAP_NONE)
			hold(&slices, profiles[i].profile_id, first, &fold->helds[i]);
	}
	for (size_t i = 0; i < ended_count; i++)
	{
		uint32_t place = cdpk_idmap_get(&fold->part, (uint64_t) ended[i]);

		if (place == CDPK_IDMAP_NONE || fold->formers[place].held.no_identifiers)
			pass_add_id(&slices.gone, ended[i]);
	}
	write_slices(&slices);
	if (!fold->anew)
		pass_hold_accounts(fold, profiles, count);
}
