/*
 * pass_lacking.c
 *		People of whom the log lacks events: these cannot be folded anew.
 */
#include "postgres.h"

#include "platform/catalogue/packed_row.h"
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

/* How many events the log and the base hold of people. */
typedef struct Counting
{
	Pass *pass;
	const PassIds *profile_ids;
	int64 *counted; /* of each: the events of its row, less those that are held */
	PassIds identifier_ids;
	PassIds places; /* the place of the person of each identifier */
} Counting;

/* note_row is the StoreRowFunction that takes the row of a person. */
static void
note_row(void *arg, int key, const Datum *values, const bool *nulls)
{
	Counting *counting = arg;

	counting->counted[key] += DatumGetInt64(values[0]);
}

/* note_identifier is the StoreRowFunction that takes an identifier of a person. */
static void
note_identifier(void *arg, int key, const Datum *values, const bool *nulls)
{
	Counting *counting = arg;

	pass_add_id(&counting->identifier_ids, DatumGetInt64(values[0]));
	pass_add_id(&counting->places, key);
}

/* note_event is the StoreRowFunction that counts an event of the log. */
static void
note_event(void *arg, int key, const Datum *values, const bool *nulls)
{
	Counting *counting = arg;

	if (!pass_is_folded(counting->pass, DatumGetInt64(values[0]), DatumGetTimestampTz(values[1])))
		counting->counted[counting->places.items[key]]--;
}

/* note_base is the StoreRowFunction that counts the events of a row of the base. */
static void
note_base(void *arg, int key, const Datum *values, const bool *nulls)
{
	Counting *counting = arg;
	Datum bytes = PointerGetDatum(PG_DETOAST_DATUM_PACKED(values[0]));
	CdpkPacked packed;

	packed_row_read(bytes, counting->identifier_ids.items[key], &packed);
	counting->counted[counting->places.items[key]] -= packed.events;
}

/* count_held counts what is held of the events of people. */
static void
count_held(Counting *counting)
{
	static const int events[] = {PROFILE_EVENTS};
	static const int identifier[] = {IDENTIFIER_ID};
	static const int event[] = {EVENT_ID, EVENT_LOGGED + LOGGED_AT};
	static const int base[] = {BASE_PACKED};
	Pass *pass = counting->pass;
	const PassIds *people = counting->profile_ids;
	PassIds *ids = &counting->identifier_ids;

	pass_find_ids(pass, TABLE_PROFILE, PROFILE_ID, people->items, people->count, lengthof(events),
				  events, note_row, counting);
	pass_find_ids(pass, TABLE_IDENTIFIER, IDENTIFIER_PROFILE_ID, people->items, people->count,
				  lengthof(identifier), identifier, note_identifier, counting);
	pass_find_ids(pass, TABLE_EVENT, EVENT_IDENTIFIER_ID, ids->items, ids->count, lengthof(event),
				  event, note_event, counting);
	if (pass->has_base)
		pass_find_ids(pass, TABLE_BASE, BASE_IDENTIFIER_ID, ids->items, ids->count, lengthof(base),
					  base, note_base, counting);
	/* this batch may add partitions */
	pass_close_table(pass, TABLE_EVENT);
}

int
pass_find_lacking(Pass *pass, const PassIds *profile_ids, PassLacking **lacking)
{
	int count = profile_ids->count;
	Counting counting = {pass, profile_ids};
	int found = 0;

	if (count == 0)
		return 0;
	pass_index_log(pass);
	counting.counted = palloc_extended(sizeof(int64) * count, MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	count_held(&counting);
	*lacking = pass_array(count, sizeof(PassLacking));
	for (int i = 0; i < count; i++)
	{
		if (counting.counted[i] <= 0)
			continue;
		(*lacking)[found].profile_id = profile_ids->items[i];
		(*lacking)[found++].lacks = counting.counted[i];
	}
	return found;
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
