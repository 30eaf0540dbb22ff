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
	Oid array_type = get_array_type(identifier_type_oid());
	Datum array = pass_value_array(found->values, found->count, identifier_type_oid());
	uint64 count;
	SPITupleTable *rows =
		pass_query(found->pass,
				   "SELECT n.place FROM unnest($3) WITH ORDINALITY AS n (identifier, place)"
				   " WHERE EXISTS (SELECT FROM cdp_data.verdict v"
				   " WHERE v.kind = 'forbid' AND (v.a = n.identifier OR v.b = n.identifier))",
				   1, &array_type, &array, &count);

	for (uint64 i = 0; i < count; i++)
		found->rows[resolver_int8(rows, i, 1) - 1].forbidden = true;
	SPI_freetuptable(rows);
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
	row->present = row->profile_id != 0;
	found->values[found->count++] = pass_identifier(&payload);
}

/* load_by adds identifiers by one of the columns identifier_id and profile_id; ids: theirs, or NULL. */
static void
load_by(Pass *pass, CdpkStitch *stitch, int column, const int64_t *keys, size_t count, PassIds *ids)
{
	static const int wanted[] = {IDENTIFIER_ID, IDENTIFIER_VALUE, IDENTIFIER_PROFILE_ID,
								 IDENTIFIER_SHARED};
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
} Giver;

/* give_links hands on the rows at hand. */
static void
give_links(Giver *giver)
{
	pass_check(cdpk_stitch_add_links(giver->stitch, giver->links, giver->count));
	giver->count = 0;
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
	if (++giver->count == PORTION)
		give_links(giver);
}

static CdpkStatus
load_links(void *context, CdpkStitch *stitch, const int64_t *ids, size_t count)
{
	static const int wanted[] = {LINK_A, LINK_B, LINK_SOURCE_ID, LINK_FIRST_AT, LINK_REFUSED};
	Giver *giver = palloc(sizeof(Giver));

	giver->pass = context;
	giver->stitch = stitch;
	giver->count = 0;
	pass_find_ids(context, TABLE_LINK, LINK_A, (const int64 *) ids, (int) count, lengthof(wanted),
				  wanted, note_link, giver);
	pass_find_ids(context, TABLE_LINK, LINK_B, (const int64 *) ids, (int) count, lengthof(wanted),
				  wanted, note_link, giver);
	give_links(giver);
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
	Giver *giver = palloc(sizeof(Giver));

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

/* read_number reads the number of an identifier that the tables know, or the batch; 0: neither does. */
static int64
read_number(Pass *pass, SPITupleTable *rows, uint64 row, int identifier, int number)
{
	bool isnull;
	CdpkBatchBytes name;
	uint32_t place;

	if (!resolver_isnull(rows, row, number))
		return resolver_int8(rows, row, number);
	name = pass_payload(SPI_getbinval(rows->vals[row], rows->tupdesc, identifier, &isnull));
	place = cdpk_batch_find(pass->batch, name.bytes, name.length);
	return place == CDPK_BATCH_NONE ? 0 : cdpk_batch_identifier(pass->batch, place)->identifier_id;
}

/*
 * The forbids of identifiers in these profiles, with these numbers or of these names: the rows of the
 * batch's new identifiers are not written yet.
 */
#define FORBID_QUERY(identifier, number_of_a, number_of_b)                              \
	"WITH near AS ("                                                                    \
	" SELECT i.identifier FROM " identifier " i WHERE i.profile_id = ANY ($3)"          \
	" UNION SELECT i.identifier FROM " identifier " i WHERE i.identifier_id = ANY ($4)" \
	" UNION SELECT n.identifier FROM unnest($5) AS n (identifier)), met AS ("           \
	" SELECT v.a, v.b FROM near n JOIN cdp_data.verdict v ON v.a = n.identifier"        \
	" WHERE v.kind = 'forbid'"                                                          \
	" UNION SELECT v.a, v.b FROM near n JOIN cdp_data.verdict v ON v.b = n.identifier"  \
	" WHERE v.kind = 'forbid')"                                                         \
	" SELECT m.a, (SELECT k.identifier_id FROM " number_of_a " k), m.b,"                \
	" (SELECT k.identifier_id FROM " number_of_b " k) FROM met m"

#define NUMBER_ANEW(name)                                                                    \
	"(SELECT i.identifier_id FROM cdp_data.identifier_map p CROSS JOIN LATERAL ("            \
	"  SELECT r.identifier_id, r.identifier FROM cdp_data.restitch_identifier r"             \
	"  WHERE r.identifier_id = p.identifier_id LIMIT 1) i"                                   \
	" WHERE p.hash = cdp_internal.map_hash(" name ") AND i.identifier OPERATOR(cdp.=) " name \
	" LIMIT 1)"

static const char known_forbids[] =
	FORBID_QUERY("cdp_data.identifier", "cdp_internal.known_identifier(m.a)",
				 "cdp_internal.known_identifier(m.b)");

static const char forbids_anew[] =
	FORBID_QUERY("cdp_data.restitch_identifier", NUMBER_ANEW("m.a"), NUMBER_ANEW("m.b"));

static CdpkStatus
load_forbids(void *context, CdpkStitch *stitch, const int64_t *profile_ids, size_t profile_count,
			 const int64_t *identifier_ids, size_t identifier_count)
{
	Pass *pass = context;
	Oid types[] = {INT8ARRAYOID, INT8ARRAYOID, get_array_type(identifier_type_oid())};
	Datum arguments[3];
	uint64 count;
	SPITupleTable *rows;
	CdpkStitchForbid *forbids;
	size_t found = 0;

	if (!pass->has_verdicts)
		return CDPK_OK;
	arguments[0] = pass_id_array((const int64 *) profile_ids, (int) profile_count);
	arguments[1] = pass_id_array((const int64 *) identifier_ids, (int) identifier_count);
	arguments[2] = batch_names(pass, identifier_ids, identifier_count);
	rows = pass_query(pass, pass->anew ? forbids_anew : known_forbids, 3, types, arguments, &count);
	forbids = pass_array((int64) count, sizeof(CdpkStitchForbid));
	for (uint64 i = 0; i < count; i++)
	{
		forbids[found].a = read_number(pass, rows, i, 1, 2);
		forbids[found].b = read_number(pass, rows, i, 3, 4);
		found += forbids[found].a != 0 && forbids[found].b != 0;
	}
	SPI_freetuptable(rows);
	pass_check(cdpk_stitch_add_forbids(stitch, forbids, found));
	pfree(forbids);
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
