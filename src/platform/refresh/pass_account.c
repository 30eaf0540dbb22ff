/*
 * pass_account.c
 *		Folds group calls into accounts, and into who belongs to them.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/datum.h"

#include "core/base/idmap.h"
#include "platform/refresh/pass.h"

/* ---------------------------------------------------------------- accounts */

/* What is written of accounts. */
typedef struct Accounts
{
	Pass *pass;
	const CdpkBatchAccount *accounts;
	PassColumns key;
	PassColumns set;
	Datum *group_id;
	Datum *first_seen;
	Datum *last_seen;
	Datum *events;
	Datum *traits;
	bool *no_traits;
	Datum *expires_at;
	bool *no_expiry;
	Datum *account_id; /* 0: it is new */
} Accounts;

/* merge_traits merges what the batch says of an account with what the table has. */
static Datum
merge_traits(Datum former, const CdpkBatchBytes *said)
{
	CdpkTraitsState state;
	CdpkTraitsView left = traits_open(DatumGetTraitsPP(former));
	CdpkTraitsView right = traits_open((Traits *) DatumGetPointer(pass_varlena(said)));

	traits_begin(&state, 0, left.size + right.size);
	traits_merge(&state, &left);
	traits_merge(&state, &right);
	return PointerGetDatum(traits_compact(&state.view));
}

/* add_former is the StoreRowFunction that adds what the table has of an account. */
static void
add_former(void *arg, int key, const Datum *values, const bool *nulls)
{
	Accounts *to = arg;
	const CdpkBatchAccount *account = &to->accounts[key];

	to->first_seen[key] =
		TimestampTzGetDatum(Min(account->first_at, DatumGetTimestampTz(values[0])));
	to->last_seen[key] = TimestampTzGetDatum(Max(account->last_at, DatumGetTimestampTz(values[1])));
	to->events[key] = Int64GetDatum(account->events + DatumGetInt64(values[2]));
	if (!nulls[3])
	{
		to->no_traits[key] = false;
		to->traits[key] = account->traits.bytes == NULL
							  ? PointerGetDatum(PG_DETOAST_DATUM_COPY(values[3]))
							  : merge_traits(values[3], &account->traits);
	}
	if (!nulls[4])
	{
		to->no_expiry[key] = false;
		to->expires_at[key] =
			TimestampTzGetDatum(Min(account->expires_at, DatumGetTimestampTz(values[4])));
	}
	to->account_id[key] = Int64GetDatum(DatumGetInt64(values[5]));
}

/* number_new gives new accounts their numbers. */
static void
number_new(Accounts *to, int count)
{
	static const Oid types[] = {INT8OID};
	int64 number = 0;
	uint64 given;
	uint64 taken = 0;
	Datum argument;
	SPITupleTable *rows;

	for (int i = 0; i < count; i++)
		number += to->account_id[i] == (Datum) 0;
	if (number == 0)
		return;
	argument = Int64GetDatum(number);
	rows = pass_query(to->pass,
					  "SELECT nextval(pg_get_serial_sequence('cdp_data.account', 'account_id'))"
					  " FROM generate_series(1, $3)",
					  1, types, &argument, &given);
	for (int i = 0; i < count; i++)
	{
		bool isnull;

		if (to->account_id[i] != (Datum) 0)
			continue;
		if (taken == given)
			elog(ERROR, "numbers of accounts are missing");
		to->account_id[i] = SPI_getbinval(rows->vals[taken++], rows->tupdesc, 1, &isnull);
	}
	SPI_freetuptable(rows);
}

/* write_accounts writes the accounts that the batch names. */
static void
write_accounts(Pass *pass, const CdpkBatchAccount *accounts, int count)
{
	static const int wanted[] = {ACCOUNT_FIRST_SEEN, ACCOUNT_LAST_SEEN,  ACCOUNT_EVENTS,
								 ACCOUNT_TRAITS,     ACCOUNT_EXPIRES_AT, ACCOUNT_ACCOUNT_ID};
	Accounts to = {pass, accounts, {count}, {count}};

	to.group_id = pass_column(&to.key, ACCOUNT_GROUP_ID);
	to.first_seen = pass_column(&to.set, ACCOUNT_FIRST_SEEN);
	to.last_seen = pass_column(&to.set, ACCOUNT_LAST_SEEN);
	to.events = pass_column(&to.set, ACCOUNT_EVENTS);
	to.traits = pass_null_column(&to.set, ACCOUNT_TRAITS, &to.no_traits);
	to.expires_at = pass_null_column(&to.set, ACCOUNT_EXPIRES_AT, &to.no_expiry);
	to.account_id = pass_column(&to.set, ACCOUNT_ACCOUNT_ID);
	for (int i = 0; i < count; i++)
	{
		const CdpkBatchAccount *account = &accounts[i];

		to.group_id[i] = pass_varlena(&account->account);
		to.first_seen[i] = TimestampTzGetDatum(account->first_at);
		to.last_seen[i] = TimestampTzGetDatum(account->last_at);
		to.events[i] = Int64GetDatum(account->events);
		to.no_traits[i] = account->traits.bytes == NULL;
		if (!to.no_traits[i])
			to.traits[i] = pass_varlena(&account->traits);
		to.no_expiry[i] = account->expires_at == CDPK_BATCH_NEVER;
		to.expires_at[i] = TimestampTzGetDatum(account->expires_at);
		to.account_id[i] = (Datum) 0;
	}
	store_find(pass_table(pass, TABLE_ACCOUNT), count, pass_columns(&to.key), lengthof(wanted),
			   wanted, add_former, &to);
	number_new(&to, count);
	store_upsert(pass_table(pass, TABLE_ACCOUNT), count, pass_columns(&to.key),
				 pass_columns(&to.set));
}

/* ---------------------------------------------------------------- members */

/* What is written of members. */
typedef struct Members
{
	const CdpkBatchMember *const *members;
	Datum *first_at;
	Datum *last_at;
	Datum *events;
	Datum *left_at;
	bool *not_left;
} Members;

/* add_former_member is the StoreRowFunction that adds what the table has of one. */
static void
add_former_member(void *arg, int key, const Datum *values, const bool *nulls)
{
	Members *to = arg;
	const CdpkBatchMember *member = to->members[key];

	to->first_at[key] = TimestampTzGetDatum(Min(member->first_at, DatumGetTimestampTz(values[0])));
	to->last_at[key] = TimestampTzGetDatum(Max(member->last_at, DatumGetTimestampTz(values[1])));
	to->events[key] = Int64GetDatum(member->events + DatumGetInt64(values[2]));
	if (!nulls[3] && (to->not_left[key] ||
					  DatumGetTimestampTz(values[3]) > DatumGetTimestampTz(to->left_at[key])))
	{
		to->not_left[key] = false;
		to->left_at[key] = values[3];
	}
}

/* write_members writes who belongs to accounts by calls of the batch, but for those counted anew. */
static void
write_members(Pass *pass, const CdpkBatchAccount *accounts, const CdpkIdMap *counted)
{
	static const int wanted[] = {MEMBER_FIRST_AT, MEMBER_LAST_AT, MEMBER_EVENTS, MEMBER_LEFT_AT};
	size_t total;
	const CdpkBatchMember *members = cdpk_batch_members(pass->batch, &total);
	const CdpkBatchMember **chosen = pass_array((int64) total, sizeof(*chosen));
	PassColumns key = {(int) total};
	PassColumns set = {(int) total};
	Datum *identifier_id = pass_column(&key, MEMBER_IDENTIFIER_ID);
	Datum *group_id = pass_column(&key, MEMBER_GROUP_ID);
	Members to = {chosen, pass_column(&set, MEMBER_FIRST_AT), pass_column(&set, MEMBER_LAST_AT),
				  pass_column(&set, MEMBER_EVENTS)};
	int count = 0;

	to.left_at = pass_null_column(&set, MEMBER_LEFT_AT, &to.not_left);

	for (size_t i = 0; i < total; i++)
	{
		const CdpkBatchMember *member = &members[i];

		if (cdpk_idmap_get(counted, (uint64_t) member->identifier_id) != CDPK_IDMAP_NONE)
			continue;
		chosen[count] = member;
		identifier_id[count] = Int64GetDatum(member->identifier_id);
		group_id[count] = pass_varlena(&accounts[member->account].account);
		to.first_at[count] = TimestampTzGetDatum(member->first_at);
		to.last_at[count] = TimestampTzGetDatum(member->last_at);
		to.not_left[count] = !member->has_left;
		to.left_at[count] = TimestampTzGetDatum(member->left_at);
		to.events[count++] = Int64GetDatum(member->events);
	}
	if (count == 0)
		return;
	store_find(pass_table(pass, TABLE_MEMBER), count, pass_columns(&key), lengthof(wanted), wanted,
			   add_former_member, &to);
	store_upsert(pass_table(pass, TABLE_MEMBER), count, pass_columns(&key), pass_columns(&set));
}

/* of an event of the log */
#define LEFT_AT "CASE WHEN cdp_internal.leaves_account(e.context) THEN e.\"timestamp\" END"

/* leave_member notes that a group call left an identifier. */
static void
leave_member(Pass *pass, CdpkIdMap *counted, PassIds *left, int64 identifier_id)
{
	if (cdpk_idmap_get(counted, (uint64_t) identifier_id) == CDPK_IDMAP_NONE)
		pass_add_id(left, identifier_id);
	pass_check(cdpk_idmap_put(counted, (uint64_t) identifier_id, 0));
}

/* note_left notes the accounts that identifiers belong to, before these are counted anew. */
static void
note_left(Pass *pass, Datum identifiers)
{
	static const Oid types[] = {INT8ARRAYOID};
	uint64 count;
	SPITupleTable *rows =
		pass_query_by_keys(pass,
						   "SELECT DISTINCT m.group_id FROM unnest($3) AS l (identifier_id)"
						   " JOIN cdp_data.account_member m USING (identifier_id)",
						   1, types, &identifiers, &count);
	MemoryContext caller = MemoryContextSwitchTo(pass->context);

	for (uint64 i = 0; i < count; i++)
	{
		bool isnull;
		Datum group_id = SPI_getbinval(rows->vals[i], rows->tupdesc, 1, &isnull);

		pass->left_accounts =
			lappend(pass->left_accounts, DatumGetPointer(datumCopy(group_id, false, -1)));
	}
	MemoryContextSwitchTo(caller);
	SPI_freetuptable(rows);
}

/* move_members counts anew whom a group call left, and adds those calls to whom they came. */
static void
move_members(Pass *pass, CdpkIdMap *counted)
{
	static const Oid types[] = {INT8ARRAYOID, INT8ARRAYOID, INT8ARRAYOID};
	PassIds left = {NULL};
	PassIds events = {NULL};
	PassIds came = {NULL};
	Datum arguments[3];

	for (size_t i = 0; i < pass->moved_count; i++)
	{
		const CdpkBatchReanchored *moved = &pass->moved[i];

		if (pass->strays[moved->stray].row.call != CDPK_BATCH_GROUP)
			continue;
		leave_member(pass, counted, &left, moved->from);
		if (moved->event_id == 0)
		{
			leave_member(pass, counted, &left, moved->to);
			continue;
		}
		pass_add_id(&events, moved->event_id);
		pass_add_id(&came, moved->to);
	}
	for (int i = 0; i < pass->taken.call_anchors.count; i++)
		leave_member(pass, counted, &left, pass->taken.call_anchors.items[i]);
	if (left.count == 0)
		return;
	arguments[0] = pass_id_array(left.items, left.count);
	arguments[1] = pass_id_array(events.items, events.count);
	arguments[2] = pass_id_array(came.items, came.count);
	note_left(pass, arguments[0]);
	/* where a call left an identifier, nothing can be subtracted */
	pass_run(pass, "DELETE FROM cdp_data.account_member m WHERE m.identifier_id = ANY ($3)", 1,
			 types, arguments);
	pass_run(
		pass,
		"INSERT INTO cdp_data.account_member AS m (identifier_id, group_id, first_at, last_at, events,"
		"  left_at)"
		" SELECT c.identifier_id, c.group_id, min(c.first_at), max(c.last_at), sum(c.events), max(c.left_at)"
		" FROM (SELECT e.identifier_id, cdp_internal.account_id(e.group_id) AS group_id,"
		"  e.\"timestamp\" AS first_at, e.\"timestamp\" AS last_at, 1 AS events, " LEFT_AT
		" AS left_at"
		"  FROM unnest($3) AS l (identifier_id) JOIN cdp_data.event e USING (identifier_id)"
		"  WHERE e.type = 'group' AND " PASS_IS_LOGGED "  UNION ALL"
		"  SELECT b.identifier_id, b.group_id, b.first_at, b.last_at, b.events, b.left_at"
		"  FROM unnest($3) AS l (identifier_id) JOIN cdp_data.base_row b USING (identifier_id)"
		"  WHERE b.group_id IS NOT NULL"
		"  UNION ALL"
		"  SELECT e.identifier_id, cdp_internal.account_id(e.group_id), e.\"timestamp\", e.\"timestamp\", 1,"
		"   " LEFT_AT "  FROM unnest($4, $5) AS r (event_id, new_id)"
		"  JOIN cdp_data.event e ON e.identifier_id = r.new_id AND e.event_id = r.event_id"
		"  WHERE r.new_id <> ALL ($3)) c"
		" GROUP BY c.identifier_id, c.group_id ORDER BY c.identifier_id, c.group_id"
		" ON CONFLICT (identifier_id, group_id) DO UPDATE SET"
		"  first_at = least(m.first_at, excluded.first_at),"
		"  last_at = greatest(m.last_at, excluded.last_at), events = m.events + excluded.events,"
		"  left_at = greatest(m.left_at, excluded.left_at)",
		3, types, arguments);
}

/* ---------------------------------------------------------------- accounts that lost calls */

/* refold_accounts folds accounts anew that lost group calls, once all members are written; of some nothing is left. */
static void
refold_accounts(Pass *pass)
{
	static const Oid types[] = {TEXTARRAYOID};
	Datum argument;

	if (pass->taken.call_anchors.count == 0)
		return;
	argument = pass_value_array(pass->taken.accounts, pass->taken.call_anchors.count, TEXTOID);
	pass_run(pass, "SELECT cdp_internal.refresh_recount_account($3)", 1, types, &argument);
}

void
pass_fold_accounts(Pass *pass)
{
	size_t count;
	const CdpkBatchAccount *accounts = cdpk_batch_accounts(pass->batch, &count);
	CdpkIdMap counted;

	cdpk_idmap_init(&counted, &pass->allocator);
	move_members(pass, &counted);
	if (count > 0)
	{
		write_members(pass, accounts, &counted);
		write_accounts(pass, accounts, (int) count);
	}
	refold_accounts(pass);
	cdpk_idmap_free(&counted);
}
