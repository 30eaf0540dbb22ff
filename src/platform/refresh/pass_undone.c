/*
 * pass_undone.c
 *		Finds the profiles after the batch; what would take people apart of whom the log lacks events is
 *		left undone, or refused.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "platform/refresh/pass.h"
#include "toolkit/identifier/identifier.h"

/* Those that stay whole. */
typedef struct Frozen
{
	PassLacking *items;
	int count;
} Frozen;

/* ---------------------------------------------------------------- who is concerned */

/* pass_find_places lists the anchors of events that may have other ones after the batch, each once. */
void
pass_find_places(Pass *pass, PassIds *places)
{
	size_t count;
	const int64_t *ids = cdpk_batch_places(pass->batch, &count);

	places->count = 0;
	for (size_t i = 0; i < count; i++)
		pass_add_id(places, ids[i]);
	ids = cdpk_batch_carried(pass->batch, &count);
	pass_add_neighbours(pass, (const int64 *) ids, (int) count, places);
	pass_sort_ids(places);
}

/* ---------------------------------------------------------------- who lacks events */

/* add_taken adds the events that are taken back to those that the log has; who lacks none then is left out. */
static int
add_taken(Pass *pass, PassLacking *lacking, int count)
{
	PassIds anchors = {NULL};
	CdpkIdMap place;
	PassHomes homes;
	int kept = 0;

	if (count == 0 || pass->changes.taken_back_count == 0)
		return count;
	for (size_t i = 0; i < pass->changes.taken_back_count; i++)
		pass_add_id(&anchors, pass->changes.taken_back[i].anchor);
	pass_sort_ids(&anchors);
	homes = pass_find_homes(pass, anchors.items, anchors.count);
	cdpk_idmap_init(&place, &pass->allocator);
	for (int i = 0; i < count; i++)
		pass_check(cdpk_idmap_put(&place, (uint64_t) lacking[i].profile_id, (uint32_t) i));
	for (int i = 0; i < homes.count; i++)
	{
		uint32_t at = cdpk_idmap_get(&place, (uint64_t) homes.moves[i].from);

		if (at != CDPK_IDMAP_NONE)
			lacking[at].lacks -= cdpk_idmap_get(&pass->taken.anchors, (uint64_t) homes.moves[i].id);
	}
	for (int i = 0; i < count; i++)
		if (lacking[i].lacks > 0)
			lacking[kept++] = lacking[i];
	cdpk_idmap_free(&place);
	return kept;
}

/* find_lacking finds those of the profiles of whom the log holds fewer events than they have. */
static int
find_lacking(Pass *pass, const int64_t *profile_ids, size_t count, PassLacking **lacking)
{
	PassIds doubtful = {NULL};
	int found;

	*lacking = NULL;
	for (size_t i = 0; i < count; i++)
		if (cdpk_idmap_get(&pass->whole, (uint64_t) profile_ids[i]) == CDPK_IDMAP_NONE)
			pass_add_id(&doubtful, profile_ids[i]);
	found = pass_find_lacking(pass, &doubtful, lacking);
	return add_taken(pass, *lacking, found);
}

/* find_frozen finds a profile among those that stay whole, or gives NULL. */
static const PassLacking *
find_frozen(const Frozen *frozen, int64 profile_id)
{
	for (int i = 0; i < frozen->count; i++)
		if (frozen->items[i].profile_id == profile_id)
			return &frozen->items[i];
	return NULL;
}

/* freeze has profiles stay whole, unless that must not be, or was of no use before. */
static void
freeze(Pass *pass, Frozen *frozen, const PassLacking *lacking, int count)
{
	static const Oid types[] = {INT8OID, INT8OID};
	int64_t *ids = pass_array(count, sizeof(int64_t));

	for (int i = 0; i < count; i++)
	{
		Datum arguments[2] = {Int64GetDatum(lacking[i].profile_id),
							  Int64GetDatum(lacking[i].lacks)};

		if (!pass->leave_undone || find_frozen(frozen, lacking[i].profile_id) != NULL)
			pass_run(pass, "SELECT cdp_internal.refuse_missing($3, $4)", 2, types, arguments);
		ids[i] = lacking[i].profile_id;
	}
	frozen->items =
		frozen->items == NULL
			? pass_array(count, sizeof(PassLacking))
			: repalloc_huge(frozen->items, sizeof(PassLacking) * (frozen->count + count));
	memcpy(frozen->items + frozen->count, lacking, sizeof(PassLacking) * count);
	frozen->count += count;
	pass_check(cdpk_batch_freeze(pass->batch, ids, (size_t) count));
}

/* ---------------------------------------------------------------- cdp.undone */

/* Rows to be written. */
typedef struct Undone
{
	Datum *kinds;
	int64 *profile_ids;
	int64 *a;
	int64 *b;
	int64 *lacks;
	int count;
} Undone;

static void
add_undone(Undone *undone, const char *kind, const PassLacking *person, int64 a, int64 b)
{
	int at = undone->count;

	if (person == NULL)
		return;
	undone->kinds[at] = PointerGetDatum(cstring_to_text(kind));
	undone->profile_ids[at] = person->profile_id;
	undone->a[at] = a;
	undone->b[at] = b;
	undone->lacks[at] = person->lacks;
	undone->count++;
}

/* list_declined lists the links that are refused for the sake of people who stay whole. */
static void
list_declined(Pass *pass, const Frozen *frozen, Undone *undone)
{
	const CdpkStitchResult *result = cdpk_batch_result(pass->batch);
	int count = (int) result->declined_count;

	for (int i = 0; i < count; i++)
	{
		int64 ends[2] = {Min(result->declined[i].a, result->declined[i].b),
						 Max(result->declined[i].a, result->declined[i].b)};
		PassHomes homes = pass_find_homes(pass, ends, 2);

		for (int k = 0; k < homes.count; k++)
			if (k == 0 || homes.moves[k].from != homes.moves[0].from)
				add_undone(undone, "split", find_frozen(frozen, homes.moves[k].from), ends[0],
						   ends[1]);
	}
}

/* write_undone lists in cdp.undone what is left undone. */
static void
write_undone(Pass *pass, const Frozen *frozen)
{
	static const Oid types[] = {TEXTARRAYOID, INT8ARRAYOID, INT8ARRAYOID, INT8ARRAYOID,
								INT8ARRAYOID};
	size_t kept_count;
	const CdpkStitchMove *kept = cdpk_batch_kept(pass->batch, &kept_count);
	int most = (int) (2 * cdpk_batch_result(pass->batch)->declined_count + kept_count);
	Undone undone = {pass_array(most, sizeof(Datum)), pass_array(most, sizeof(int64)),
					 pass_array(most, sizeof(int64)), pass_array(most, sizeof(int64)),
					 pass_array(most, sizeof(int64))};
	Datum arguments[5];

	list_declined(pass, frozen, &undone);
	for (size_t i = 0; i < kept_count; i++)
		add_undone(&undone, "sharing", find_frozen(frozen, kept[i].from), kept[i].id, 0);
	if (undone.count == 0)
		return;
	arguments[0] = pass_value_array(undone.kinds, undone.count, TEXTOID);
	arguments[1] = pass_id_array(undone.profile_ids, undone.count);
	arguments[2] = pass_id_array(undone.a, undone.count);
	arguments[3] = pass_id_array(undone.b, undone.count);
	arguments[4] = pass_id_array(undone.lacks, undone.count);
	pass_run(pass,
			 "INSERT INTO cdp_data.undone (kind, profile_id, a, b, lacks, batch_id)"
			 " SELECT u.kind, u.profile_id, u.a, u.b, u.lacks, $1"
			 " FROM unnest($3, $4, $5, $6, $7) AS u (kind, profile_id, a, b, lacks)"
			 " ON CONFLICT DO NOTHING",
			 5, types, arguments);
}

/* ---------------------------------------------------------------- the profiles after the batch */

void
pass_resolve(Pass *pass)
{
	Frozen frozen = {NULL};
	PassIds places = {NULL};

	for (;;)
	{
		const int64_t *concerned;
		size_t concerned_count;
		PassHomes homes;
		PassLacking *lacking;
		int lacking_count;

		pass_check(cdpk_batch_stitch(pass->batch, &pass->stitch_store));
		pass_find_places(pass, &places);
		homes = pass_find_homes(pass, places.items, places.count);
		pass_check(cdpk_batch_concerned(pass->batch, homes.moves, (size_t) homes.count, &concerned,
										&concerned_count));
		if (concerned_count == 0)
			break;
		lacking_count = find_lacking(pass, concerned, concerned_count, &lacking);
		if (lacking_count == 0)
			break;
		freeze(pass, &frozen, lacking, lacking_count);
	}
	if (frozen.count > 0)
		write_undone(pass, &frozen);
}
