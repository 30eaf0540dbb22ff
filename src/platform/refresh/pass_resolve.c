/*
 * pass_resolve.c
 *		The rows of the tables that core/stitch asks for.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "platform/refresh/pass.h"
#include "platform/refresh/pass_kin.h"
#include "toolkit/identifier/identifier.h"

/* links that are handed on at a time */
#define PORTION 256

/* ---------------------------------------------------------------- identifiers */

/* Rows of identifiers. */
typedef struct Identifiers
{
	Pass *pass;
	CdpkStitchIdentifier *rows;
	Datum *values;
	int count;
	int capacity;
} Identifiers;

/* find_forbidden tells which identifiers a forbid names. */
static void
find_forbidden(Identifiers *found)
{
	uint64 count;
	PassJudged *judged = pass_find_judged(
		found->pass, pass_value_array(found->values, found->count, identifier_type_oid()), &count);

	for (uint64 i = 0; i < count; i++)
		if (judged[i].verdict == PASS_FORBIDDEN)
			found->rows[judged[i].place].forbidden = true;
	pfree(judged);
}

/* note_identifier is the StoreRowFunction that takes the row of an identifier. */
static void
note_identifier(void *arg, int key, const Datum *values, const bool *nulls)
{
	Identifiers *found = arg;
	CdpkStitchIdentifier *row;
	CdpkBatchBytes payload = pass_payload(PointerGetDatum(PG_DETOAST_DATUM_COPY(values[1])));

	if (found->count == found->capacity)
	{
		found->capacity = Max(64, found->capacity * 2);
		found->rows =
			found->rows == NULL
				? pass_array(found->capacity, sizeof(CdpkStitchIdentifier))
				: repalloc_huge(found->rows, sizeof(CdpkStitchIdentifier) * found->capacity);
		found->values = found->values == NULL
							? pass_array(found->capacity, sizeof(Datum))
							: repalloc_huge(found->values, sizeof(Datum) * found->capacity);
	}
	row = &found->rows[found->count];
	memset(row, 0, sizeof(*row));
	row->identifier_id = DatumGetInt64(values[0]);
	row->profile_id = DatumGetInt64(values[2]);
	row->payload = payload.bytes;
	row->length = payload.length;
	row->name_space =
		resolver_namespace(found->pass->resolver, cdpk_identifier_namespace(payload.bytes),
						   cdpk_identifier_namespace_length(payload.bytes));
	row->shared = DatumGetBool(values[3]);
	row->present = !DatumGetBool(values[4]) && row->profile_id != 0;
	row->class_id = DatumGetInt64(values[5]);
	found->values[found->count++] = pass_identifier(&payload);
}

/* load_by adds identifiers by one of the columns identifier_id and profile_id; ids: theirs, or NULL. */
static void
load_by(Pass *pass, CdpkStitch *stitch, int column, const int64_t *keys, size_t count, PassIds *ids)
{
	static const int wanted[] = {IDENTIFIER_ID,     IDENTIFIER_VALUE,   IDENTIFIER_PROFILE_ID,
								 IDENTIFIER_SHARED, IDENTIFIER_BLOCKED, IDENTIFIER_CLASS_ID};
	MemoryContext work =
		AllocSetContextCreate(CurrentMemoryContext, "cdp pass load", ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(work);
	Identifiers found = {pass};

	pass_find_ids(pass, TABLE_IDENTIFIER, column, (const int64 *) keys, (int) count,
				  lengthof(wanted), wanted, note_identifier, &found);
	if (pass->has_verdicts && found.count > 0)
		find_forbidden(&found);
	MemoryContextSwitchTo(caller);
	pass_check(cdpk_stitch_add_identifiers(stitch, found.rows, (size_t) found.count));
	for (int i = 0; ids != NULL && i < found.count; i++)
		pass_add_id(ids, found.rows[i].identifier_id);
	MemoryContextDelete(work);
}

static CdpkStatus
load_identifiers(void *context, CdpkStitch *stitch, const int64_t *ids, size_t count)
{
	load_by(context, stitch, IDENTIFIER_ID, ids, count, NULL);
	return CDPK_OK;
}

/* ---------------------------------------------------------------- links */

/* What hands links to a stitch. */
typedef struct Giver
{
	Pass *pass;
	CdpkStitch *stitch;
	int count;
	CdpkStitchLink links[PORTION];
	CdpkStitchLink *waiting; /* those with aliases, of which an end may be in no profile */
	int waiting_count;
	int waiting_capacity;
} Giver;

/* give_links hands on the rows at hand. */
static void
give_links(Giver *giver)
{
	pass_check(cdpk_stitch_add_links(giver->stitch, giver->links, giver->count));
	giver->count = 0;
}

/* add_waiting keeps a row until it is known whether its ends are in profiles. */
static void
add_waiting(Giver *giver, const CdpkStitchLink *link)
{
	if (giver->waiting_count == giver->waiting_capacity)
	{
		giver->waiting_capacity = Max(64, giver->waiting_capacity * 2);
		giver->waiting =
			giver->waiting == NULL
				? pass_array(giver->waiting_capacity, sizeof(CdpkStitchLink))
				: repalloc_huge(giver->waiting, sizeof(CdpkStitchLink) * giver->waiting_capacity);
	}
	giver->waiting[giver->waiting_count++] = *link;
}

/* note_link is the StoreRowFunction that takes the row of a link. */
static void
note_link(void *arg, int key, const Datum *values, const bool *nulls)
{
	Giver *giver = arg;
	CdpkStitchLink *row = &giver->links[giver->count];

	row->a = DatumGetInt64(values[0]);
	row->b = DatumGetInt64(values[1]);
	row->evidence.trust = giver->pass->sources[pass_numbered_source(giver->pass, values[2])].trust;
	row->evidence.first_at = DatumGetTimestampTz(values[3]);
	row->refused = DatumGetBool(values[4]);
	if (DatumGetBool(values[5]))
		row->evidence.trust = CDPK_TRUST_ALIAS;
	if (DatumGetInt64(values[6]) > 0)
		add_waiting(giver, row);
	else if (++giver->count == PORTION)
		give_links(giver);
}

/* give_waiting hands on the rows with aliases of which both ends are in profiles. */
static void
give_waiting(Giver *giver)
{
	PassIds ends = {NULL};
	CdpkIdMap present;

	for (int i = 0; i < giver->waiting_count; i++)
	{
		pass_add_id(&ends, giver->waiting[i].a);
		pass_add_id(&ends, giver->waiting[i].b);
	}
	if (ends.count == 0)
		return;
	pass_find_present(giver->pass, &ends, &present);
	for (int i = 0; i < giver->waiting_count; i++)
		if (cdpk_idmap_get(&present, (uint64_t) giver->waiting[i].a) != CDPK_IDMAP_NONE &&
			cdpk_idmap_get(&present, (uint64_t) giver->waiting[i].b) != CDPK_IDMAP_NONE)
			pass_check(cdpk_stitch_add_links(giver->stitch, &giver->waiting[i], 1));
	cdpk_idmap_free(&present);
	pfree(ends.items);
	pfree(giver->waiting);
}

/* give_same hands on the pairs in which these are the same as others, all of them in profiles. */
static void
give_same(Giver *giver, const int64_t *ids, size_t count)
{
	size_t found;
	PassVerdict *verdicts = pass_find_verdicts(giver->pass, true, NULL, 0, ids, count,
											   pass_name_array(NULL, 0), &found);

	for (size_t i = 0; i < found; i++)
	{
		CdpkStitchLink link = {
			verdicts[i].a, verdicts[i].b, {CDPK_TRUST_SAME, 0}, verdicts[i].refused};

		if (verdicts[i].a_profile_id != 0 && verdicts[i].b_profile_id != 0)
			pass_check(cdpk_stitch_add_links(giver->stitch, &link, 1));
	}
	pfree(verdicts);
}

static CdpkStatus
load_links(void *context, CdpkStitch *stitch, const int64_t *ids, size_t count)
{
	static const int wanted[] = {LINK_A,       LINK_B,        LINK_SOURCE_ID, LINK_FIRST_AT,
								 LINK_REFUSED, LINK_BELIEVED, LINK_ALIASES};
	Giver *giver = palloc0(sizeof(Giver));

	giver->pass = context;
	giver->stitch = stitch;
	pass_find_ids(context, TABLE_LINK, LINK_A, (const int64 *) ids, (int) count, lengthof(wanted),
				  wanted, note_link, giver);
	pass_find_ids(context, TABLE_LINK, LINK_B, (const int64 *) ids, (int) count, lengthof(wanted),
				  wanted, note_link, giver);
	give_links(giver);
	give_waiting(giver);
	if (giver->pass->has_same || giver->pass->has_hashed)
		give_same(giver, ids, count);
	pfree(giver);
	return CDPK_OK;
}

/* ---------------------------------------------------------------- profiles */

static CdpkStatus
load_contents(void *context, CdpkStitch *stitch, const int64_t *profile_ids, size_t count)
{
	PassIds ids = {NULL};
	CdpkStatus status;

	load_by(context, stitch, IDENTIFIER_PROFILE_ID, profile_ids, count, &ids);
	status = load_links(context, stitch, ids.items, (size_t) ids.count);
	if (ids.items != NULL)
		pfree(ids.items);
	return status;
}

/* note_profile is the StoreRowFunction that takes the summary of a profile. */
static void
note_profile(void *arg, int key, const Datum *values, const bool *nulls)
{
	Giver *giver = arg;
	CdpkStitchProfile row;
	uint32_t length;

	memset(&row, 0, sizeof(row));
	row.profile_id = DatumGetInt64(values[0]);
	row.identifiers = (uint32_t) DatumGetInt32(values[1]);
	row.has_forbid = DatumGetBool(values[2]);
	row.shared = DatumGetBool(values[3]);
	row.last_known = !nulls[5];
	if (row.last_known)
	{
		row.last.trust = DatumGetInt32(values[4]);
		row.last.first_at = DatumGetTimestampTz(values[5]);
	}
	pass_read_counts(giver->pass, values[6], &row.counts, &length);
	row.count_length = length;
	pass_check(cdpk_stitch_add_profiles(giver->stitch, &row, 1));
}

static CdpkStatus
load_profiles(void *context, CdpkStitch *stitch, const int64_t *profile_ids, size_t count)
{
	static const int wanted[] = {PROFILE_ID,     PROFILE_IDENTIFIER_COUNT, PROFILE_HAS_FORBID,
								 PROFILE_SHARED, PROFILE_LAST_TRUST,       PROFILE_LAST_AT,
								 PROFILE_LIMITED};
	Giver *giver = palloc0(sizeof(Giver));

	giver->pass = context;
	giver->stitch = stitch;
	pass_find_ids(context, TABLE_PROFILE, PROFILE_ID, (const int64 *) profile_ids, (int) count,
				  lengthof(wanted), wanted, note_profile, giver);
	pfree(giver);
	/* with them the identifiers that have their numbers, which would be asked for next */
	load_by(context, stitch, IDENTIFIER_ID, profile_ids, count, NULL);
	return CDPK_OK;
}

/* ---------------------------------------------------------------- forbids */

/* batch_names makes an array of those identifiers of the batch that have these numbers. */
static Datum
batch_names(Pass *pass, const int64_t *ids, size_t count)
{
	Datum *values = pass_array((int64) count, sizeof(Datum));
	int found = 0;
	Datum array;

	for (size_t i = 0; i < count; i++)
	{
		uint32_t place = cdpk_batch_place(pass->batch, ids[i]);

		if (place != CDPK_BATCH_NONE)
			values[found++] = pass_identifier(&cdpk_batch_identifier(pass->batch, place)->payload);
	}
	array = pass_value_array(values, found, identifier_type_oid());
	pfree(values);
	return array;
}

static CdpkStatus
load_forbids(void *context, CdpkStitch *stitch, const int64_t *profile_ids, size_t profile_count,
			 const int64_t *identifier_ids, size_t identifier_count)
{
	Pass *pass = context;
	size_t count;
	PassVerdict *verdicts;

	if (!pass->has_verdicts)
		return CDPK_OK;
	verdicts = pass_find_verdicts(pass, false, profile_ids, profile_count, identifier_ids,
								  identifier_count,
								  batch_names(pass, identifier_ids, identifier_count), &count);
	for (size_t i = 0; i < count; i++)
	{
		CdpkStitchForbid forbid = {verdicts[i].a, verdicts[i].b};

		pass_check(cdpk_stitch_add_forbids(stitch, &forbid, 1));
	}
	pfree(verdicts);
	return CDPK_OK;
}

static void
check_interrupts(void *context)
{
	CHECK_FOR_INTERRUPTS();
}

void
pass_prepare_resolve(Pass *pass)
{
	pass->stitch_store.context = pass;
	pass->stitch_store.load_identifiers = load_identifiers;
	pass->stitch_store.load_profiles = load_profiles;
	pass->stitch_store.load_contents = load_contents;
	pass->stitch_store.load_links = load_links;
	pass->stitch_store.load_forbids = load_forbids;
	pass->stitch_store.check_interrupts = check_interrupts;
}
