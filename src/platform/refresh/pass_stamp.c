/*
 * pass_stamp.c
 *		The purposes that people may be used for.
 *
 * Most people whom a batch touches do something, and nothing that decides a stamp changes: what they and others who are
 * on events with them said, who they are and since when that is known, and where they are.  New people have the stamp of
 * those who said nothing when their rows are written.
 *
 * reads: what core/batch says of profiles, identifiers and links; what other stages noted
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/array.h"

#include "platform/refresh/pass.h"

void
pass_read_purposes(Pass *pass)
{
	uint64 count;
	SPITupleTable *rows;

	pass->has_purposes = pass_ask(pass, "SELECT EXISTS (SELECT FROM cdp_data.purpose)");
	if (!pass->has_purposes)
		return;
	rows = pass_query(pass,
					  "SELECT sum(CASE cdp_internal.purpose_fallback(p.fallback, p.by_region, NULL)"
					  " WHEN 'opt_in' THEN 0 ELSE 1::bigint << p.purpose_id END)::bigint,"
					  " bool_or(p.by_region <> '{}') FROM cdp_data.purpose p",
					  0, NULL, NULL, &count);
	pass->fallback_purposes = resolver_int8(rows, 0, 1);
	pass->purposes_by_region = resolver_bool(rows, 0, 2);
	SPI_freetuptable(rows);
}

/* add_touched adds the profiles of which more changes than that something is done. */
static void
add_touched(Pass *pass, PassIds *stale)
{
	CdpkBatchPosition position = {0, 0, 0};
	CdpkBatchTouched said;

	pass_sort_ids(&pass->created);
	while (cdpk_batch_next_touched(pass->batch, &position, &said))
		if (said.cause != CDPK_BATCH_EVENT &&
			(said.cause != CDPK_BATCH_SUMMARY || !pass_has_id(&pass->created, said.profile_id)))
			pass_add_id(stale, said.profile_id);
	for (int i = 0; i < pass->lapsed.count && pass->purposes_by_region; i++)
		pass_add_id(stale, pass->lapsed.items[i]);
	for (int i = 0; i < pass->retraited.count; i++)
		pass_add_id(stale, pass->retraited.items[i]);
}

/* add_moved adds the profiles that known identifiers have come to, and notes where each identifier is. */
static void
add_moved(Pass *pass, PassIds *stale, CdpkIdMap *places)
{
	size_t count;

	cdpk_batch_names(pass->batch, &count);
	for (size_t i = 0; i < count; i++)
	{
		const CdpkBatchIdentifier *identifier = cdpk_batch_identifier(pass->batch, (uint32_t) i);

		if (identifier->identifier_id == 0)
			continue;
		pass_check(cdpk_idmap_put(places, (uint64_t) identifier->identifier_id, (uint32_t) i));
		if (!identifier->is_new && identifier->profile_after != 0 &&
			identifier->profile_after != identifier->profile_id)
			pass_add_id(stale, identifier->profile_after);
	}
}

/* profile_after returns the profile of an identifier of the batch after it; 0: it is in none, or not of the batch. */
static int64
profile_after(const Pass *pass, const CdpkIdMap *places, int64 identifier_id)
{
	uint32_t place = cdpk_idmap_get(places, (uint64_t) identifier_id);

	return place == CDPK_IDMAP_NONE ? 0 : cdpk_batch_identifier(pass->batch, place)->profile_after;
}

static int
compare_links(const void *a, const void *b)
{
	const CdpkBatchLink *x = a;
	const CdpkBatchLink *y = b;

	if (x->a != y->a)
		return x->a < y->a ? -1 : 1;
	if (x->b != y->b)
		return x->b < y->b ? -1 : 1;
	return (x->source > y->source) - (x->source < y->source);
}

/* was_known_then tells whether a link was known since the same time before the batch. */
static bool
was_known_then(const CdpkBatchLink *was, int count, const CdpkBatchLink *link)
{
	const CdpkBatchLink *found = bsearch(link, was, count, sizeof(CdpkBatchLink), compare_links);

	return found != NULL && found->first_at == link->first_at && found->refused == link->refused;
}

/* add_relinked adds the profiles inside of which links are new, or known since another time. */
static void
add_relinked(Pass *pass, PassIds *stale, const CdpkIdMap *places)
{
	const CdpkBatchLinks *links = cdpk_batch_links(pass->batch);
	int count = pass->was_link_count;
	CdpkBatchLink *was = pass_array(count, sizeof(CdpkBatchLink));

	memcpy(was, pass->was_links, count * sizeof(CdpkBatchLink));
	qsort(was, count, sizeof(CdpkBatchLink), compare_links);
	for (size_t i = 0; i < links->inserted_count + links->updated_count; i++)
	{
		const CdpkBatchLink *link = i < links->inserted_count
										? &links->inserted[i]
										: &links->updated[i - links->inserted_count];
		int64 profile_id = profile_after(pass, places, link->a);

		if (profile_id != 0 && profile_id == profile_after(pass, places, link->b) &&
			!pass_has_id(&pass->created, profile_id) && !was_known_then(was, count, link))
			pass_add_id(stale, profile_id);
	}
	for (size_t i = 0; i < links->deleted_count; i++)
	{
		pass_add_id(stale, profile_after(pass, places, links->deleted[i].a));
		pass_add_id(stale, profile_after(pass, places, links->deleted[i].b));
	}
}

/* add_homes adds the profiles of identifiers, of which some are not of the batch. */
static void
add_homes(Pass *pass, PassIds *stale)
{
	PassIds ids = {NULL};
	PassHomes homes;

	for (int i = 0; i < pass->consenting.count; i++)
		pass_add_id(&ids, pass->consenting.items[i]);
	for (size_t i = 0; i < pass->same_changed_count; i++)
	{
		pass_add_id(&ids, pass->same_changed[i].a);
		pass_add_id(&ids, pass->same_changed[i].b);
	}
	pass_sort_ids(&ids);
	if (ids.count == 0)
		return;
	homes = pass_find_homes(pass, ids.items, ids.count);
	for (int i = 0; i < homes.count; i++)
		pass_add_id(stale, homes.moves[i].from);
}

/* note_stamped notes those whose stamps change, and that are not touched otherwise. */
static void
note_stamped(Pass *pass, SPITupleTable *rows)
{
	CdpkBatchPosition position = {0, 0, 0};
	CdpkBatchTouched said;
	PassIds touched = {NULL};
	bool isnull;
	ArrayType *array = DatumGetArrayTypeP(SPI_getbinval(rows->vals[0], rows->tupdesc, 1, &isnull));
	const int64 *ids = (const int64 *) ARR_DATA_PTR(array);
	int count = ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array));

	if (count == 0)
		return;
	while (cdpk_batch_next_touched(pass->batch, &position, &said))
		pass_add_id(&touched, said.profile_id);
	pass_sort_ids(&touched);
	MemoryContextSwitchTo(pass->context);
	for (int i = 0; i < count; i++)
		if (!pass_has_id(&touched, ids[i]))
			pass_add_id(&pass->consented, ids[i]);
}

void
pass_stamp(Pass *pass)
{
	static const Oid types[] = {INT8ARRAYOID};
	PassIds stale = {NULL};
	CdpkIdMap places;
	SPITupleTable *rows;
	Datum argument;
	uint64 count;

	if (!pass->has_purposes)
		return;
	cdpk_idmap_init(&places, &pass->allocator);
	add_touched(pass, &stale);
	add_moved(pass, &stale, &places);
	add_relinked(pass, &stale, &places);
	add_homes(pass, &stale);
	pass_sort_ids(&stale);
	argument = pass_id_array(stale.items, stale.count);
	rows =
		pass_query(pass, "SELECT cdp_internal.stamp_touched($3, $2)", 1, types, &argument, &count);
	note_stamped(pass, rows);
	SPI_freetuptable(rows);
	cdpk_idmap_free(&places);
}
