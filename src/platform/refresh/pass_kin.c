/*
 * pass_kin.c
 *		Pairs of verdicts, of identifiers and their hashes, and of a user_id and an earlier one.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "platform/refresh/pass.h"
#include "platform/refresh/pass_kin.h"
#include "toolkit/identifier/identifier.h"

/* pass_name_array makes an array of identifiers. */
Datum
pass_name_array(const CdpkBatchBytes *names, size_t count)
{
	Datum *values = pass_array((int64) count, sizeof(Datum));
	Datum array;

	for (size_t i = 0; i < count; i++)
		values[i] = pass_identifier(&names[i]);
	array = pass_value_array(values, (int) count, identifier_type_oid());
	pfree(values);
	return array;
}

/* ---------------------------------------------------------------- verdicts about one identifier */

PassJudged *
pass_find_judged(Pass *pass, Datum identifiers, uint64 *count)
{
	Oid array_type = get_array_type(identifier_type_oid());
	/* not one condition on either end, for which no index serves */
	SPITupleTable *rows = pass_query(
		pass,
		"SELECT n.place, CASE v.kind WHEN 'shared' THEN 1 WHEN 'not_shared' THEN 2 ELSE 0 END"
		" FROM unnest($3) WITH ORDINALITY AS n (identifier, place)"
		" JOIN cdp_data.verdict v ON v.a = n.identifier WHERE v.kind IN ('forbid', 'shared', 'not_shared')"
		" UNION ALL"
		" SELECT n.place, 0 FROM unnest($3) WITH ORDINALITY AS n (identifier, place)"
		" JOIN cdp_data.verdict v ON v.b = n.identifier WHERE v.kind = 'forbid'",
		1, &array_type, &identifiers, count);
	PassJudged *judged = pass_array((int64) *count, sizeof(PassJudged));

	for (uint64 i = 0; i < *count; i++)
	{
		judged[i].place = resolver_int8(rows, i, 1) - 1;
		judged[i].verdict = (PassSingleVerdict) resolver_int4(rows, i, 2);
	}
	SPI_freetuptable(rows);
	return judged;
}

/* ---------------------------------------------------------------- verdicts about two identifiers */

/* identifiers in these profiles, with these numbers or of these names: rows of new ones are not written yet */
#define NEAR(identifier)                                                                \
	"near AS ("                                                                         \
	" SELECT i.identifier FROM " identifier " i WHERE i.profile_id = ANY ($3)"          \
	" UNION SELECT i.identifier FROM " identifier " i WHERE i.identifier_id = ANY ($4)" \
	" UNION SELECT n.identifier FROM unnest($5) AS n (identifier))"

/* the pairs, with the numbers and profiles of their ends */
#define ENDS(refused, row_of_a, row_of_b)                                             \
	" SELECT m.a, x.identifier_id, x.profile_id, m.b, y.identifier_id, y.profile_id," \
	" " refused " FROM met m"                                                         \
	" LEFT JOIN LATERAL " row_of_a " x ON true LEFT JOIN LATERAL " row_of_b " y ON true"

/* Verdicts of the kind $6. */
#define VERDICT_QUERY(verdict, identifier, row_of_a, row_of_b)                             \
	"WITH " NEAR(identifier) ", met AS ("                                                  \
							 " SELECT v.a, v.b, v.refused FROM near n JOIN " verdict       \
							 " v ON v.a = n.identifier"                                    \
							 " WHERE v.kind = $6"                                          \
							 " UNION SELECT v.a, v.b, v.refused FROM near n JOIN " verdict \
							 " v ON v.b = n.identifier"                                    \
							 " WHERE v.kind = $6)" ENDS("m.refused", row_of_a, row_of_b)

/* Those that have hashes, and the hashes; such a pair is refused wherever its ends are apart. */
#define HASHED_QUERY(identifier, row_of_a, row_of_b)                                                        \
	"WITH " NEAR(                                                                                           \
		identifier) ", met AS ("                                                                            \
					" SELECT n.identifier AS a, cdp.hashed(n.identifier) AS b FROM near n"                  \
					" WHERE cdp.hashed(n.identifier) <> n.identifier"                                       \
					" UNION SELECT k.identifier, n.identifier FROM near n CROSS JOIN LATERAL ("             \
					"  SELECT i.identifier FROM " identifier " i"                                           \
					"  WHERE cdp_internal.has_hash(i.identifier)"                                           \
					"  AND cdp.hashed(i.identifier) OPERATOR(cdp.=) n.identifier"                           \
					"  AND i.identifier OPERATOR(cdp.<>) n.identifier LIMIT 1) k)" ENDS(                    \
						"coalesce(x.profile_id <> 0 AND y.profile_id <> 0 AND x.profile_id <> y.profile_id" \
						" AND NOT x.shared AND NOT y.shared, false)",                                       \
						row_of_a, row_of_b)

#define ROW_ANEW(name)                                                                                    \
	"(SELECT i.identifier_id, i.profile_id, i.shared FROM cdp_data.identifier_map p CROSS JOIN LATERAL (" \
	"  SELECT r.identifier_id, r.profile_id, r.shared, r.identifier FROM cdp_data.restitch_identifier r"  \
	"  WHERE r.identifier_id = p.identifier_id LIMIT 1) i"                                                \
	" WHERE p.hash = cdp_internal.map_hash(" name ") AND i.identifier OPERATOR(cdp.=) " name              \
	" LIMIT 1)"

/* of the graph as it is, and of the one that is built anew */
static const char *const verdict_queries[] = {
	VERDICT_QUERY("cdp_data.verdict", "cdp_data.identifier", "cdp_internal.known_identifier(m.a)",
				  "cdp_internal.known_identifier(m.b)"),
	VERDICT_QUERY("cdp_data.restitch_verdict", "cdp_data.restitch_identifier", ROW_ANEW("m.a"),
				  ROW_ANEW("m.b"))};

static const char *const hashed_queries[] = {
	HASHED_QUERY("cdp_data.identifier", "cdp_internal.known_identifier(m.a)",
				 "cdp_internal.known_identifier(m.b)"),
	HASHED_QUERY("cdp_data.restitch_identifier", ROW_ANEW("m.a"), ROW_ANEW("m.b"))};

/* read_end reads the number of an identifier, and its profile, that the tables know, or the batch; 0: none. */
static int64
read_end(Pass *pass, SPITupleTable *rows, uint64 row, int first, int64_t *profile_id)
{
	bool isnull;
	CdpkBatchBytes name;
	uint32_t place;

	*profile_id = 0;
	if (!resolver_isnull(rows, row, first + 1))
	{
		*profile_id = resolver_int8(rows, row, first + 2);
		return resolver_int8(rows, row, first + 1);
	}
	name = pass_payload(SPI_getbinval(rows->vals[row], rows->tupdesc, first, &isnull));
	place = cdpk_batch_find(pass->batch, name.bytes, name.length);
	return place == CDPK_BATCH_NONE ? 0 : cdpk_batch_identifier(pass->batch, place)->identifier_id;
}

/* add_pairs adds the pairs that a query gives of which both ends have numbers. */
static void
add_pairs(Pass *pass, const char *query, int argument_count, const Datum *arguments,
		  PassVerdict **verdicts, size_t *count)
{
	const Oid types[] = {INT8ARRAYOID, INT8ARRAYOID, get_array_type(identifier_type_oid()),
						 TEXTOID};
	uint64 found;
	SPITupleTable *rows = pass_query(pass, query, argument_count, types, arguments, &found);
	size_t size = sizeof(PassVerdict) * (*count + found + 1);

	*verdicts = *verdicts == NULL ? MemoryContextAllocHuge(CurrentMemoryContext, size)
								  : repalloc_huge(*verdicts, size);
	for (uint64 i = 0; i < found; i++)
	{
		PassVerdict *verdict = &(*verdicts)[*count];

		verdict->a = read_end(pass, rows, i, 1, &verdict->a_profile_id);
		verdict->b = read_end(pass, rows, i, 4, &verdict->b_profile_id);
		verdict->refused = resolver_bool(rows, i, 7);
		*count += verdict->a != 0 && verdict->b != 0;
	}
	SPI_freetuptable(rows);
}

/* pass_find_verdicts finds the forbids, or same pairs, of these identifiers of which both ends have numbers. */
PassVerdict *
pass_find_verdicts(Pass *pass, bool same, const int64_t *profile_ids, size_t profile_count,
				   const int64_t *identifier_ids, size_t identifier_count, Datum names,
				   size_t *count)
{
	Datum arguments[4];
	PassVerdict *verdicts = NULL;

	arguments[0] = pass_id_array((const int64 *) profile_ids, (int) profile_count);
	arguments[1] = pass_id_array((const int64 *) identifier_ids, (int) identifier_count);
	arguments[2] = names;
	arguments[3] = CStringGetTextDatum(same ? "same" : "forbid");
	*count = 0;
	if (!same || pass->has_same)
		add_pairs(pass, verdict_queries[pass->anew], 4, arguments, &verdicts, count);
	if (same && pass->has_hashed)
		add_pairs(pass, hashed_queries[pass->anew], 3, arguments, &verdicts, count);
	return verdicts;
}

/* ---------------------------------------------------------------- earlier user_ids */

/* Rows of links that have aliases. */
typedef struct Aliases
{
	Pass *pass;
	const int64 *ends; /* that are looked up */
	bool by_a;
	CdpkBatchAlias *rows;
	int count;
	int capacity;
} Aliases;

/* note_alias is the StoreRowFunction that takes the row of a link, if it has aliases. */
static void
note_alias(void *arg, int key, const Datum *values, const bool *nulls)
{
	Aliases *aliases = arg;
	CdpkBatchAlias *row;

	CHECK_FOR_INTERRUPTS();
	if (DatumGetInt64(values[3]) == 0)
		return;
	if (aliases->count == aliases->capacity)
	{
		aliases->capacity = Max(64, aliases->capacity * 2);
		aliases->rows =
			aliases->rows == NULL
				? pass_array(aliases->capacity, sizeof(CdpkBatchAlias))
				: repalloc_huge(aliases->rows, sizeof(CdpkBatchAlias) * aliases->capacity);
	}
	row = &aliases->rows[aliases->count++];
	memset(row, 0, sizeof(*row));
	row->end = aliases->ends[key];
	row->other = DatumGetInt64(values[aliases->by_a ? 1 : 0]);
	row->source = pass_numbered_source(aliases->pass, values[2]);
	row->believed = DatumGetBool(values[4]);
}

/* note_present is the StoreRowFunction that notes an identifier that is in a profile. */
static void
note_present(void *arg, int key, const Datum *values, const bool *nulls)
{
	if (DatumGetInt64(values[1]) != 0)
		pass_check(cdpk_idmap_put(arg, (uint64_t) DatumGetInt64(values[0]), 0));
}

/* pass_is_claimed tells whether an identifier has a number, and no row yet in the graph that is built anew. */
bool
pass_is_claimed(const Pass *pass, int64 identifier_id)
{
	return pass->anew &&
		   cdpk_idmap_get(&pass->claimed, (uint64_t) identifier_id) != CDPK_IDMAP_NONE;
}

/* pass_find_present finds which of these identifiers are in a profile; ids: sorted by it. */
void
pass_find_present(Pass *pass, PassIds *ids, CdpkIdMap *present)
{
	static const int wanted[] = {IDENTIFIER_ID, IDENTIFIER_PROFILE_ID};

	pass_sort_ids(ids);
	cdpk_idmap_init(present, &pass->allocator);
	pass_find_ids(pass, TABLE_IDENTIFIER, IDENTIFIER_ID, ids->items, ids->count, lengthof(wanted),
				  wanted, note_present, present);
}

/* set_present tells of which pairs the other end is in a profile. */
static void
set_present(Pass *pass, Aliases *aliases)
{
	PassIds others = {NULL};
	CdpkIdMap present;

	for (int i = 0; i < aliases->count; i++)
		pass_add_id(&others, aliases->rows[i].other);
	pass_find_present(pass, &others, &present);
	for (int i = 0; i < aliases->count; i++)
		aliases->rows[i].present =
			cdpk_idmap_get(&present, (uint64_t) aliases->rows[i].other) != CDPK_IDMAP_NONE;
	cdpk_idmap_free(&present);
}

/* look_up_aliases tells what the tables know of the aliases of these. */
static void
look_up_aliases(Pass *pass, const int64_t *ids, size_t count)
{
	static const int wanted[] = {LINK_A, LINK_B, LINK_SOURCE_ID, LINK_ALIASES, LINK_BELIEVED};
	PassIds ends = {NULL};
	Aliases aliases = {pass};

	/* what has no row in a graph that is built anew has no links either */
	for (size_t i = 0; i < count; i++)
		if (!pass_is_claimed(pass, ids[i]))
			pass_add_id(&ends, ids[i]);
	aliases.ends = ends.items;
	aliases.by_a = true;
	pass_find_ids(pass, TABLE_LINK, LINK_A, ends.items, ends.count, lengthof(wanted), wanted,
				  note_alias, &aliases);
	aliases.by_a = false;
	pass_find_ids(pass, TABLE_LINK, LINK_B, ends.items, ends.count, lengthof(wanted), wanted,
				  note_alias, &aliases);
	set_present(pass, &aliases);
	pass_check(cdpk_batch_add_aliases(pass->batch, aliases.rows, (size_t) aliases.count));
}

/* find_aliases tells of the aliases of all of which one may come, go, or count otherwise. */
static void
find_aliases(Pass *pass)
{
	const int64_t *ids;
	size_t count;

	do
	{
		pass_check(cdpk_batch_alias_ends(pass->batch, &ids, &count));
		if (count > 0)
			look_up_aliases(pass, ids, count);
	} while (count > 0);
}

/* ---------------------------------------------------------------- same and forbidden pairs of the batch */

/* add_changed tells of the verdicts that are given or withdrawn. */
static void
add_changed(Pass *pass)
{
	for (size_t i = 0; i < pass->same_changed_count; i++)
	{
		const CdpkBatchForbid *changed = &pass->same_changed[i];
		CdpkBatchSame same = {changed->a, changed->b, !changed->in_force, changed->in_force};

		pass_check(cdpk_batch_add_same(pass->batch, &same, 1));
	}
}

/* is_changed tells whether a verdict is given by this batch: the tables have it already. */
static bool
is_changed(const Pass *pass, const PassVerdict *verdict)
{
	for (size_t i = 0; i < pass->same_changed_count; i++)
		if (Min(verdict->a, verdict->b) == Min(pass->same_changed[i].a, pass->same_changed[i].b) &&
			Max(verdict->a, verdict->b) == Max(pass->same_changed[i].a, pass->same_changed[i].b))
			return true;
	return false;
}

/* find_near finds the forbids, or same pairs, of identifiers of the batch, and of those that changes name. */
static PassVerdict *
find_near(Pass *pass, bool same, size_t *count)
{
	size_t name_count;
	size_t id_count;
	const CdpkBatchBytes *names = cdpk_batch_names(pass->batch, &name_count);
	const int64_t *ids = cdpk_batch_wanted(pass->batch, &id_count);

	return pass_find_verdicts(pass, same, NULL, 0, ids, id_count,
							  pass_name_array(names, name_count), count);
}

/* add_in_force tells of the same pairs in force. */
static void
add_in_force(Pass *pass)
{
	size_t count;
	PassVerdict *verdicts = find_near(pass, true, &count);

	for (size_t i = 0; i < count; i++)
	{
		CdpkBatchSame same = {verdicts[i].a, verdicts[i].b, !is_changed(pass, &verdicts[i]), true,
							  verdicts[i].refused};

		pass_check(cdpk_batch_add_same(pass->batch, &same, 1));
	}
}

/* add_forbidden tells which pairs no aliases make the same. */
static void
add_forbidden(Pass *pass)
{
	size_t count;
	PassVerdict *verdicts = find_near(pass, false, &count);

	for (size_t i = 0; i < count; i++)
	{
		CdpkBatchIdPair pair = {verdicts[i].a, verdicts[i].b};

		pass_check(cdpk_batch_add_forbidden(pass->batch, &pair, 1));
	}
}

/* pass_find_kin tells what the tables know of aliases, of same pairs, and of forbidden ones. */
void
pass_find_kin(Pass *pass)
{
	find_aliases(pass);
	add_changed(pass);
	if (pass->has_same || pass->has_hashed)
		add_in_force(pass);
	if (pass->has_verdicts && pass->has_believed)
		add_forbidden(pass);
}

/* ---------------------------------------------------------------- what becomes of verdicts */

static const char flag_known[] =
	"UPDATE cdp_data.verdict v SET refused = r.refused"
	" FROM unnest($3, $4, $5) AS r (x, y, refused)"
	" JOIN cdp_data.identifier i ON i.identifier_id = r.x"
	" JOIN cdp_data.identifier k ON k.identifier_id = r.y"
	" WHERE v.kind = 'same' AND v.refused <> r.refused"
	" AND (v.a = i.identifier AND v.b = k.identifier OR v.a = k.identifier AND v.b = i.identifier)";

static const char flag_anew[] =
	"UPDATE cdp_data.restitch_verdict v SET refused = r.refused"
	" FROM unnest($3, $4, $5) AS r (x, y, refused)"
	" JOIN cdp_data.restitch_identifier i ON i.identifier_id = r.x"
	" JOIN cdp_data.restitch_identifier k ON k.identifier_id = r.y"
	" WHERE v.kind = 'same' AND v.refused <> r.refused"
	" AND (v.a = i.identifier AND v.b = k.identifier OR v.a = k.identifier AND v.b = i.identifier)";

/*
 * pass_flag_same brings the verdicts about pairs that the stitch judged anew to what it said.  Identifiers
 * that are new in the batch must have their rows by then.
 */
void
pass_flag_same(Pass *pass)
{
	static const Oid types[] = {INT8ARRAYOID, INT8ARRAYOID, BOOLARRAYOID};
	const CdpkStitchResult *result = cdpk_batch_result(pass->batch);
	int count = (int) result->link_count;
	int64 *a;
	int64 *b;
	Datum *refused;
	Datum arguments[3];

	if (!pass->has_same || count == 0)
		return;
	a = pass_array(count, sizeof(int64));
	b = pass_array(count, sizeof(int64));
	refused = pass_array(count, sizeof(Datum));
	for (int i = 0; i < count; i++)
	{
		a[i] = result->links[i].a;
		b[i] = result->links[i].b;
		refused[i] = BoolGetDatum(result->links[i].refused);
	}
	arguments[0] = pass_id_array(a, count);
	arguments[1] = pass_id_array(b, count);
	arguments[2] =
		PointerGetDatum(construct_array(refused, count, BOOLOID, 1, true, TYPALIGN_CHAR));
	pass_run(pass, pass->anew ? flag_anew : flag_known, 3, types, arguments);
}
