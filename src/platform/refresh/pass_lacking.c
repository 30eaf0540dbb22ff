/*
 * pass_lacking.c
 *		People of whom the log lacks events: these cannot be folded anew.
 */
#include "postgres.h"

#include "catalog/pg_type.h"

#include "platform/refresh/pass.h"

/* note_home is the StoreRowFunction that takes the profile of an identifier. */
static void
note_home(void *arg, int key, const Datum *values, const bool *nulls)
{
	PassHomes *homes = arg;
	CdpkStitchMove *move = &homes->moves[homes->count++];

	move->id = DatumGetInt64(values[0]);
	move->from = move->to = DatumGetInt64(values[1]);
}

PassHomes
pass_find_homes(Pass *pass, const int64 *ids, int count)
{
	static const int wanted[] = {IDENTIFIER_ID, IDENTIFIER_PROFILE_ID};
	PassHomes homes = {pass_array(count, sizeof(CdpkStitchMove))};

	pass_find_ids(pass, TABLE_IDENTIFIER, IDENTIFIER_ID, ids, count, lengthof(wanted), wanted,
				  note_home, &homes);
	return homes;
}

int
pass_find_lacking(Pass *pass, const PassIds *profile_ids, PassLacking **lacking)
{
	static const Oid types[] = {INT8ARRAYOID};
	Datum argument;
	uint64 found;
	char *query;
	SPITupleTable *rows;

	if (profile_ids->count == 0)
		return 0;
	pass_index_log(pass);
	argument = pass_id_array(profile_ids->items, profile_ids->count);
	query = pass_ask_text(
		pass,
		"SELECT cdp_internal.lacking_people('SELECT c.profile_id FROM unnest($3) AS c (profile_id)')");
	rows = pass_query_by_keys(pass, psprintf("%s ORDER BY 1", query), 1, types, &argument, &found);
	*lacking = pass_array((int64) found, sizeof(PassLacking));
	for (uint64 i = 0; i < found; i++)
	{
		(*lacking)[i].profile_id = resolver_int8(rows, i, 1);
		(*lacking)[i].lacks = resolver_int8(rows, i, 2);
	}
	SPI_freetuptable(rows);
	return (int) found;
}

void
pass_find_whole(Pass *pass, const PassIds *identifier_ids, CdpkIdMap *lacks)
{
	PassIds ids = {NULL};
	PassIds profile_ids = {NULL};
	PassLacking *lacking = NULL;
	CdpkIdMap lacking_profiles;
	PassHomes homes;
	int count;

	for (int i = 0; i < identifier_ids->count; i++)
		pass_add_id(&ids, identifier_ids->items[i]);
	pass_sort_ids(&ids);
	homes = pass_find_homes(pass, ids.items, ids.count);
	for (int i = 0; i < homes.count; i++)
		if (homes.moves[i].from != 0)
			pass_add_id(&profile_ids, homes.moves[i].from);
	pass_sort_ids(&profile_ids);
	count = pass_find_lacking(pass, &profile_ids, &lacking);
	cdpk_idmap_init(&lacking_profiles, &pass->allocator);
	for (int i = 0; i < count; i++)
		pass_check(cdpk_idmap_put(&lacking_profiles, (uint64_t) lacking[i].profile_id, 1));
	for (int i = 0; i < homes.count; i++)
	{
		uint64_t profile_id = (uint64_t) homes.moves[i].from;

		if (cdpk_idmap_get(&lacking_profiles, profile_id) != CDPK_IDMAP_NONE)
			pass_check(cdpk_idmap_put(lacks, (uint64_t) homes.moves[i].id, 1));
		else if (profile_id != 0)
			pass_check(cdpk_idmap_put(&pass->whole, profile_id, 1));
	}
	cdpk_idmap_free(&lacking_profiles);
}
