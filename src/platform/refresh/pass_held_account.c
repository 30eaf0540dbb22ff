/*
 * pass_held_account.c
 *		The accounts that the identifiers of a profile belong to, as a column of its row.
 *
 * What group calls of the batch name is added; where identifiers or calls of the log came or left, or calls name
 * accounts that some have left, the accounts are read anew, after the members are written.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/datum.h"

#include "platform/refresh/pass.h"
#include "platform/refresh/pass_fold.h"

/* Accounts of a profile that are counted anew. */
typedef struct Recounted
{
	CdpkIdMap place; /* by profile */
	Datum *accounts; /* 0: none */
} Recounted;

/* any_accounts tells whether there are accounts, now or before. */
static bool
any_accounts(const PassFold *fold)
{
	for (int i = 0; i < fold->part_count; i++)
		if (!fold->formers[i].held.no_accounts)
			return true;
	return pass_ask(fold->pass, "SELECT EXISTS (SELECT FROM cdp_data.account_member)");
}

/* note_left notes the identifiers of group calls of the batch that name accounts which some have left. */
static void
note_left(Pass *pass, PassIds *identifiers)
{
	static const Oid types[] = {TEXTARRAYOID};
	size_t member_count;
	size_t account_count;
	const CdpkBatchMember *members = cdpk_batch_members(pass->batch, &member_count);
	const CdpkBatchAccount *accounts = cdpk_batch_accounts(pass->batch, &account_count);
	Datum *group_ids;
	bool *left;
	Datum argument;
	SPITupleTable *rows;
	uint64 count;

	if (member_count == 0)
		return;
	group_ids = pass_array((int64) account_count, sizeof(Datum));
	left = pass_array((int64) account_count, sizeof(bool));
	memset(left, 0, account_count * sizeof(bool));
	for (size_t i = 0; i < account_count; i++)
		group_ids[i] = pass_varlena(&accounts[i].account);
	argument = pass_value_array(group_ids, (int) account_count, TEXTOID);
	rows = pass_query(
		pass,
		"SELECT u.place FROM unnest($3) WITH ORDINALITY AS u (group_id, place) WHERE EXISTS ("
		"SELECT FROM cdp_data.account_member m WHERE m.group_id = u.group_id AND m.left_at IS NOT NULL)",
		1, types, &argument, &count);
	for (uint64 i = 0; i < count; i++)
		left[resolver_int8(rows, i, 1) - 1] = true;
	SPI_freetuptable(rows);
	for (size_t i = 0; i < member_count; i++)
		if (left[members[i].account])
			pass_add_id(identifiers, members[i].identifier_id);
}

/* recount_accounts reads anew the accounts of profiles whose accounts are not just more than they were. */
static Recounted
recount_accounts(PassFold *fold)
{
	static const Oid types[] = {INT8ARRAYOID, INT8ARRAYOID};
	Pass *pass = fold->pass;
	Recounted result = {.accounts = NULL};
	PassIds profiles = {NULL};
	PassIds identifiers = {NULL};
	Datum arguments[2];
	SPITupleTable *rows;
	uint64 count;

	cdpk_idmap_init(&result.place, &pass->allocator);
	for (int i = 0; i < pass->place_count; i++)
	{
		pass_add_id(&profiles, pass->places[i].from);
		pass_add_id(&profiles, pass->places[i].to);
	}
	for (size_t i = 0; i < pass->moved_count; i++)
		if (pass->strays[pass->moved[i].stray].row.call == CDPK_BATCH_GROUP)
		{
			pass_add_id(&identifiers, pass->moved[i].from);
			pass_add_id(&identifiers, pass->moved[i].to);
		}
	for (int i = 0; i < pass->taken.call_anchors.count; i++)
		pass_add_id(&identifiers, pass->taken.call_anchors.items[i]);
	note_left(pass, &identifiers);
	pass_sort_ids(&profiles);
	pass_sort_ids(&identifiers);
	if (profiles.count + identifiers.count == 0 || !any_accounts(fold))
		return result;
	arguments[0] = pass_id_array(profiles.items, profiles.count);
	arguments[1] = pass_id_array(identifiers.items, identifiers.count);
	rows = pass_query(
		pass,
		"SELECT c.profile_id, a.accounts FROM (SELECT unnest($3) AS profile_id UNION"
		" SELECT i.profile_id FROM cdp_data.identifier i WHERE i.identifier_id = ANY ($4)) c"
		" CROSS JOIN LATERAL (SELECT cdp_internal.held_accounts(array_agg(b.group_id)) AS accounts"
		"  FROM (SELECT m.group_id FROM cdp_data.identifier i"
		"   JOIN cdp_data.account_member m USING (identifier_id) WHERE i.profile_id = c.profile_id"
		"   GROUP BY m.group_id HAVING cdp_internal.is_member(max(m.last_at), max(m.left_at))) b) a"
		" WHERE c.profile_id <> 0",
		2, types, arguments, &count);
	result.accounts = pass_array((int64) count, sizeof(Datum));
	for (uint64 i = 0; i < count; i++)
	{
		bool isnull;
		Datum accounts = SPI_getbinval(rows->vals[i], rows->tupdesc, 2, &isnull);

		result.accounts[i] = isnull ? 0 : datumCopy(accounts, false, -1);
		pass_check(
			cdpk_idmap_put(&result.place, (uint64_t) resolver_int8(rows, i, 1), (uint32_t) i));
	}
	SPI_freetuptable(rows);
	return result;
}

/* compare_texts compares two texts by their bytes. */
static int
compare_texts(const void *a, const void *b)
{
	text *x = DatumGetTextPP(*(const Datum *) a);
	text *y = DatumGetTextPP(*(const Datum *) b);
	int order =
		memcmp(VARDATA_ANY(x), VARDATA_ANY(y), Min(VARSIZE_ANY_EXHDR(x), VARSIZE_ANY_EXHDR(y)));

	if (order == 0)
		order = (int) VARSIZE_ANY_EXHDR(x) - (int) VARSIZE_ANY_EXHDR(y);
	return order;
}

/* An account that a group call of the batch names for a profile. */
typedef struct PassNamed
{
	Datum group_id;
	uint32_t next; /* of the same profile */
} PassNamed;

/* add_accounts makes the accounts of a profile of those that it had, and others. */
static Datum
add_accounts(const PassFormer *former, Datum *others, int other_count)
{
	Datum *all = NULL;
	int count = 0;
	int kept = 0;

	if (former != NULL && !former->held.no_accounts)
		deconstruct_array(DatumGetArrayTypeP(former->held.accounts), TEXTOID, -1, false,
						  TYPALIGN_INT, &all, NULL, &count);
	/* it had too many */
	if (all != NULL && count == 0)
		return former->held.accounts;
	all = all == NULL ? palloc(sizeof(Datum) * other_count)
					  : repalloc(all, sizeof(Datum) * (count + other_count));
	memcpy(all + count, others, sizeof(Datum) * other_count);
	count += other_count;
	qsort(all, count, sizeof(Datum), compare_texts);
	for (int i = 0; i < count; i++)
		if (kept == 0 || compare_texts(&all[i], &all[kept - 1]) != 0)
			all[kept++] = all[i];
	if (kept > HELD_MAX)
		return PointerGetDatum(construct_empty_array(TEXTOID));
	return pass_value_array(all, kept, TEXTOID);
}

/* note_members lists the accounts that group calls of the batch name, by profile. */
static PassNamed *
note_members(PassFold *fold, CdpkIdMap *first)
{
	Pass *pass = fold->pass;
	size_t count;
	size_t account_count;
	const CdpkBatchMember *members = cdpk_batch_members(pass->batch, &count);
	const CdpkBatchAccount *accounts = cdpk_batch_accounts(pass->batch, &account_count);
	PassNamed *named = pass_array((int64) count, sizeof(*named));

	for (size_t i = 0; i < count; i++)
	{
		uint32_t place = cdpk_batch_place(pass->batch, members[i].identifier_id);
		uint64_t profile_id;

		/* the anchor of an event of the batch is an identifier of it, or none */
		if (place == CDPK_BATCH_NONE)
			continue;
		profile_id = (uint64_t) cdpk_batch_identifier(pass->batch, place)->profile_after;
		named[i].group_id = pass_varlena(&accounts[members[i].account].account);
		named[i].next = cdpk_idmap_get(first, profile_id);
		pass_check(cdpk_idmap_put(first, profile_id, (uint32_t) i));
	}
	return named;
}

void
pass_hold_accounts(PassFold *fold, const CdpkBatchProfile *profiles, size_t count)
{
	Recounted recounted = recount_accounts(fold);
	CdpkIdMap first;
	PassNamed *named;

	cdpk_idmap_init(&first, &fold->pass->allocator);
	named = note_members(fold, &first);
	for (size_t i = 0; i < count && (recounted.accounts != NULL || first.used > 0); i++)
	{
		uint64_t profile_id = (uint64_t) profiles[i].profile_id;
		uint32_t part = cdpk_idmap_get(&fold->part, profile_id);
		uint32_t place = cdpk_idmap_get(&recounted.place, profile_id);
		PassHeld *held = &fold->helds[i];

		held->no_accounts = true;
		if (place != CDPK_IDMAP_NONE)
		{
			held->accounts_changed = true;
			held->no_accounts = recounted.accounts[place] == 0;
			held->accounts = recounted.accounts[place];
		}
		else if ((place = cdpk_idmap_get(&first, profile_id)) != CDPK_IDMAP_NONE)
		{
			Datum *others;
			int other_count = 0;

			for (uint32_t at = place; at != CDPK_IDMAP_NONE; at = named[at].next)
				other_count++;
			others = palloc(sizeof(Datum) * other_count);
			for (int at = 0; at < other_count; place = named[place].next)
				others[at++] = named[place].group_id;
			held->accounts_changed = true;
			held->no_accounts = false;
			held->accounts = add_accounts(part != CDPK_IDMAP_NONE ? &fold->formers[part] : NULL,
										  others, other_count);
		}
	}
	cdpk_idmap_free(&first);
	cdpk_idmap_free(&recounted.place);
}
