/*
 * resolve.c
 *		The rules and rows of core/stitch/stitch.h, read from the tables.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/jsonb.h"
#include "utils/numeric.h"
#include "utils/timestamp.h"

#include "toolkit/identifier/hashed.h"
#include "platform/batch/batch.h"
#include "platform/batch/same_rows.h"
#include "platform/identity/resolve.h"
#include "toolkit/bridge/status.h"

/* the columns that resolver_identifier reads */
#define IDENTIFIER_COLUMNS                                                                        \
	"i.identifier_id, i.profile_id, i.identifier, NOT i.blocked AND i.profile_id <> 0, i.shared," \
	" EXISTS (SELECT FROM cdp_data.verdict v WHERE v.kind = 'forbid' AND v.a = i.identifier)"     \
	" OR EXISTS (SELECT FROM cdp_data.verdict v WHERE v.kind = 'forbid' AND v.b = i.identifier)," \
	" i.class_id"

StaticAssertDecl(CDPK_TRUST_SAME == 2147483647 && CDPK_TRUST_ALIAS == 2147483646,
				 "these are RESOLVER_TRUST_SAME and RESOLVER_TRUST_ALIAS");

/* aliases wait while an end is in no profile */
#define LINKS_BY(end)                                                          \
	"SELECT l.a, l.b, CASE WHEN l.believed THEN " RESOLVER_TRUST_ALIAS         \
	" ELSE s.trust END, l.first_at,"                                           \
	" l.refused FROM cdp_data.link l JOIN cdp_data.source s USING (source_id)" \
	" WHERE (l.aliases = 0 OR NOT EXISTS (SELECT FROM cdp_data.identifier w"   \
	" WHERE w.identifier_id IN (l.a, l.b) AND w.profile_id = 0)) AND l." end

#define SAME_BY(end, ids)                                                      \
	"SELECT x.identifier_id, y.identifier_id, " RESOLVER_TRUST_SAME            \
	", '2000-01-01 00:00Z'::timestamptz,"                                      \
	" v.refused FROM cdp_data.identifier i"                                    \
	" JOIN cdp_data.verdict v ON v." end " = i.identifier AND v.kind = 'same'" \
	" CROSS JOIN LATERAL cdp_internal.known_identifier(v.a) x"                 \
	" CROSS JOIN LATERAL cdp_internal.known_identifier(v.b) y"                 \
	" WHERE x.profile_id <> 0 AND y.profile_id <> 0 AND i.identifier_id " ids

#define HASHED_BY(ids)                                                \
	"SELECT i.identifier_id, k.identifier_id, " RESOLVER_TRUST_SAME   \
	", '2000-01-01 00:00Z'::timestamptz,"                             \
	" i.profile_id <> k.profile_id AND NOT i.shared AND NOT k.shared" \
	" FROM cdp_data.identifier i"                                     \
	" CROSS JOIN LATERAL cdp_internal.hashed_partner(i.identifier) k" \
	" WHERE cdp_internal.has_hashed() AND i.profile_id <> 0 AND k.profile_id <> 0 AND i.identifier_id " ids

#define LINK_QUERY(ids)                                                                         \
	LINKS_BY("a ")                                                                              \
	ids " UNION ALL " LINKS_BY("b ") ids " UNION ALL " SAME_BY("a", ids) " UNION ALL " SAME_BY( \
		"b", ids) " UNION ALL " HASHED_BY(ids)

void
resolver_check(CdpkStatus status)
{
	if (status == CDPK_OK)
		return;
	if (status == CDPK_CORRUPT)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_CORRUPTED), errmsg("the tables of cdp contradict each other"),
				 errdetail("A link, a summary or an identifier is not what the others imply."),
				 errhint("SELECT * FROM cdp.verify() lists what is wrong.")));
	ereport(ERROR, (errcode(cdp_status_errcode(status)),
					errmsg("identity resolution failed with status %d", (int) status)));
}

/* get_value returns a value after checking its type, as relations of a batch can have any. */
static Datum
get_value(SPITupleTable *rows, uint64 row, int column, Oid type)
{
	bool isnull;
	Datum value = SPI_getbinval(rows->vals[row], rows->tupdesc, column, &isnull);
	Oid found = SPI_gettypeid(rows->tupdesc, column);

	/* a timestamptz is an int64 of microseconds */
	if (found != type && !(found == TIMESTAMPTZOID && type == INT8OID))
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("column \"%s\" is of type %s, not %s", SPI_fname(rows->tupdesc, column),
						format_type_be(found), format_type_be(type))));
	if (isnull)
		ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
						errmsg("column \"%s\" of the tables of cdp is NULL",
							   SPI_fname(rows->tupdesc, column))));
	return value;
}

bool
resolver_isnull(SPITupleTable *rows, uint64_t row, int column)
{
	bool isnull;

	SPI_getbinval(rows->vals[row], rows->tupdesc, column, &isnull);
	return isnull;
}

int64_t
resolver_int8(SPITupleTable *rows, uint64_t row, int column)
{
	return DatumGetInt64(get_value(rows, row, column, INT8OID));
}

int32_t
resolver_int4(SPITupleTable *rows, uint64_t row, int column)
{
	return DatumGetInt32(get_value(rows, row, column, INT4OID));
}

bool
resolver_bool(SPITupleTable *rows, uint64_t row, int column)
{
	return DatumGetBool(get_value(rows, row, column, BOOLOID));
}

text *
resolver_text(SPITupleTable *rows, uint64_t row, int column)
{
	return DatumGetTextPP(get_value(rows, row, column, TEXTOID));
}

/* resolver_rows runs a constant query over the open connection; *count is the number of rows. */
SPITupleTable *
resolver_rows(const char *query, int argument_count, Datum *arguments, uint64 *count)
{
	Oid types[2] = {INT8ARRAYOID, INT8ARRAYOID};
	Datum none[2] = {0, 0};
	int result;

	if (argument_count > 0)
		result = SPI_execute_with_args(query, argument_count, types, arguments, NULL, true, 0);
	else
		result = SPI_execute_plan(batch_plan(query), none, "nn", true, 0);
	if (result != SPI_OK_SELECT)
		elog(ERROR, "a query failed: %s", SPI_result_code_string(result));
	*count = SPI_processed;
	return SPI_tuptable;
}

Datum
resolver_ids(const int64_t *ids, size_t count)
{
	Datum *values = palloc(sizeof(Datum) * Max(count, 1));

	for (size_t i = 0; i < count; i++)
		values[i] = Int64GetDatum(ids[i]);
	return PointerGetDatum(construct_array(values, (int) count, INT8OID, sizeof(int64),
										   FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
}

/* ---------------------------------------------------------------- rules */

/* read_limit reads a value of max_links; one that is missing or null is no limit. */
static uint32_t
read_limit(JsonbContainer *max_links, const char *name, size_t length, uint32_t otherwise)
{
	JsonbValue value;

	if (getKeyJsonValueFromContainer(max_links, name, (int) length, &value) == NULL)
		return otherwise;
	if (value.type == jbvNull)
		return CDPK_UNLIMITED;
	if (value.type != jbvNumeric)
		resolver_check(CDPK_CORRUPT);
	return (uint32_t) DatumGetInt32(
		DirectFunctionCall1(numeric_int4, NumericGetDatum(value.val.numeric)));
}

/* read_limits reads max_links as an array by namespace; * is all that are not named. */
static const uint32_t *
read_limits(const CdpkStitchNamespace *namespaces, uint64 count, Jsonb *max_links)
{
	uint32_t *limits = palloc(sizeof(uint32_t) * Max(count, 1));
	uint32_t others = read_limit(&max_links->root, "*", 1, CDPK_UNLIMITED);

	for (uint64 i = 0; i < count; i++)
		limits[i] =
			read_limit(&max_links->root, namespaces[i].name, namespaces[i].name_length, others);
	return limits;
}

/* share_limits reads the limits of each namespace, those that are equal once. */
static void
share_limits(CdpkStitchNamespace *namespaces, Jsonb **max_links, uint64 count)
{
	for (uint64 i = 0; i < count; i++)
	{
		uint64 same = 0;

		if (max_links[i] == NULL)
			continue;
		while (max_links[same] == NULL || VARSIZE(max_links[same]) != VARSIZE(max_links[i]) ||
			   memcmp(max_links[same], max_links[i], VARSIZE(max_links[i])) != 0)
			same++;
		namespaces[i].max_links =
			same < i ? namespaces[same].max_links : read_limits(namespaces, count, max_links[i]);
	}
}

/* What the session keeps of the table of namespaces. */
typedef struct Namespaces
{
	CdpkStitchNamespace *list;
	uint32_t *ids;
	ResolverNumber *by_number;
	uint32_t count;
	bool has_hashed;
} Namespaces;

static int
compare_numbers(const void *a, const void *b)
{
	uint32_t x = ((const ResolverNumber *) a)->namespace_id;
	uint32_t y = ((const ResolverNumber *) b)->namespace_id;

	return (x > y) - (x < y);
}

/* list_namespaces makes the list of the namespaces in the current memory context. */
static Namespaces
list_namespaces(void)
{
	MemoryContext caller = CurrentMemoryContext;
	uint64 count;
	SPITupleTable *rows = resolver_rows(
		"SELECT n.namespace, n.priority, coalesce(n.max_per_profile, -1), n.max_links,"
		" n.namespace_id::integer, n.batch_id IS NOT NULL FROM cdp_data.namespace n"
		" ORDER BY n.namespace COLLATE \"C\"",
		0, NULL, &count);
	CdpkStitchNamespace *namespaces;
	Jsonb **max_links;
	Namespaces made = {NULL};

	MemoryContextSwitchTo(caller); /* SPI has left another */
	namespaces = palloc0(sizeof(CdpkStitchNamespace) * Max(count, 1));
	made.ids = palloc(sizeof(uint32_t) * Max(count, 1));
	made.by_number = palloc(sizeof(ResolverNumber) * Max(count, 1));
	max_links = palloc0(sizeof(Jsonb *) * Max(count, 1));
	for (uint64 i = 0; i < count; i++)
	{
		namespaces[i].name = text_to_cstring(resolver_text(rows, i, 1));
		namespaces[i].name_length = strlen(namespaces[i].name);
		namespaces[i].priority = resolver_int4(rows, i, 2);
		namespaces[i].max_per_profile = (uint32_t) resolver_int4(rows, i, 3);
		if (!resolver_isnull(rows, i, 4))
			max_links[i] = DatumGetJsonbP(get_value(rows, i, 4, JSONBOID));
		made.ids[i] = (uint32_t) resolver_int4(rows, i, 5);
		made.by_number[i].namespace_id = made.ids[i];
		made.by_number[i].place = (uint32_t) i;
		made.has_hashed |= resolver_bool(rows, i, 6) &&
						   identifier_is_of_hashes(namespaces[i].name, namespaces[i].name_length);
	}
	share_limits(namespaces, max_links, count);
	SPI_freetuptable(rows);
	pfree(max_links);
	qsort(made.by_number, count, sizeof(ResolverNumber), compare_numbers);
	made.list = namespaces;
	made.count = (uint32_t) count;
	return made;
}

/* read_namespaces lists the namespaces anew if they are not what they were the last time in the session. */
static void
read_namespaces(Resolver *resolver)
{
	static SameRows rows;
	static MemoryContext context = NULL;
	static Namespaces namespaces;

	if (!same_rows(&rows, "namespace"))
	{
		MemoryContext caller;

		if (context == NULL)
			context =
				AllocSetContextCreate(TopMemoryContext, "cdp namespaces", ALLOCSET_SMALL_SIZES);
		MemoryContextReset(context);
		caller = MemoryContextSwitchTo(context);
		namespaces = list_namespaces();
		MemoryContextSwitchTo(caller);
		rows.valid = true;
	}
	resolver->rules.namespaces = namespaces.list;
	resolver->rules.namespace_count = namespaces.count;
	resolver->namespace_ids = namespaces.ids;
	resolver->by_number = namespaces.by_number;
	resolver->has_hashed = namespaces.has_hashed;
}

static void
read_cap(Resolver *resolver)
{
	uint64 count;
	SPITupleTable *rows =
		resolver_rows("SELECT coalesce(cap, -1) FROM cdp_data.state", 0, NULL, &count);

	if (count != 1)
		resolver_check(CDPK_CORRUPT);
	resolver->rules.cap = (uint32_t) resolver_int4(rows, 0, 1);
	SPI_freetuptable(rows);
}

/* find_namespace finds the place of a namespace, by bisection; CDPK_UNLIMITED: it is not listed. */
static uint32_t
find_namespace(const Resolver *resolver, const char *name, size_t length)
{
	uint32_t low = 0;
	uint32_t high = resolver->rules.namespace_count;

	while (low < high)
	{
		uint32_t middle = (low + high) / 2;
		const CdpkStitchNamespace *at = &resolver->rules.namespaces[middle];
		int order = memcmp(name, at->name, Min(length, at->name_length));

		if (order == 0)
			order = (length > at->name_length) - (length < at->name_length);
		if (order == 0)
			return middle;
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return CDPK_UNLIMITED;
}

bool
resolver_knows(const Resolver *resolver, const char *name, size_t length)
{
	return find_namespace(resolver, name, length) != CDPK_UNLIMITED;
}

uint32_t
resolver_namespace(const Resolver *resolver, const char *name, size_t length)
{
	uint32_t place = find_namespace(resolver, name, length);

	if (place == CDPK_UNLIMITED)
		ereport(ERROR, (errcode(ERRCODE_DATA_CORRUPTED),
						errmsg("namespace \"%.*s\" is not in cdp.namespace", (int) length, name)));
	return place;
}

uint32_t
resolver_user_id(const Resolver *resolver)
{
	return find_namespace(resolver, "user_id", strlen("user_id"));
}

uint32_t
resolver_alias_bound(const Resolver *resolver)
{
	uint32_t place = resolver_user_id(resolver);
	const uint32_t *max_links;

	if (place == CDPK_UNLIMITED)
		return CDPK_UNLIMITED;
	max_links = resolver->rules.namespaces[place].max_links;
	return max_links == NULL ? CDPK_UNLIMITED : max_links[place];
}

uint32_t
resolver_numbered_namespace(const Resolver *resolver, uint32_t namespace_id)
{
	ResolverNumber sought = {namespace_id};
	const ResolverNumber *found =
		bsearch(&sought, resolver->by_number, resolver->rules.namespace_count,
				sizeof(ResolverNumber), compare_numbers);

	if (found == NULL)
		ereport(ERROR, (errcode(ERRCODE_DATA_CORRUPTED),
						errmsg("namespace number %u is not in cdp.namespace", namespace_id)));
	return found->place;
}

/* ---------------------------------------------------------------- rows */

void
resolver_identifier(const Resolver *resolver, SPITupleTable *rows, uint64_t row,
					CdpkStitchIdentifier *identifier)
{
	Identifier *value = DatumGetIdentifierPP(get_value(rows, row, 3, identifier_type_oid()));
	const uint8_t *payload = IdentifierPayload(value);

	identifier->identifier_id = resolver_int8(rows, row, 1);
	identifier->profile_id = resolver_int8(rows, row, 2);
	identifier->payload = payload;
	identifier->length = IdentifierLength(value);
	identifier->name_space = resolver_namespace(resolver, cdpk_identifier_namespace(payload),
												cdpk_identifier_namespace_length(payload));
	identifier->present = resolver_bool(rows, row, 4);
	identifier->shared = resolver_bool(rows, row, 5);
	identifier->forbidden = resolver_bool(rows, row, 6);
	identifier->class_id = resolver_int8(rows, row, 7);
}

static CdpkStatus
add_identifiers(Resolver *resolver, CdpkStitch *stitch, const char *query, Datum ids)
{
	uint64 count;
	SPITupleTable *rows = resolver_rows(query, 1, &ids, &count);
	CdpkStitchIdentifier *identifiers = palloc(sizeof(CdpkStitchIdentifier) * Max(count, 1));
	CdpkStatus status;

	for (uint64 i = 0; i < count; i++)
		resolver_identifier(resolver, rows, i, &identifiers[i]);
	status = cdpk_stitch_add_identifiers(stitch, identifiers, count);
	pfree(identifiers);
	SPI_freetuptable(rows);
	return status;
}

static CdpkStatus
add_links(CdpkStitch *stitch, const char *query, Datum ids)
{
	uint64 count;
	SPITupleTable *rows = resolver_rows(query, 1, &ids, &count);
	CdpkStitchLink *links = palloc(sizeof(CdpkStitchLink) * Max(count, 1));
	CdpkStatus status;

	for (uint64 i = 0; i < count; i++)
	{
		links[i].a = resolver_int8(rows, i, 1);
		links[i].b = resolver_int8(rows, i, 2);
		links[i].evidence.trust = resolver_int4(rows, i, 3);
		links[i].evidence.first_at = resolver_int8(rows, i, 4);
		links[i].refused = resolver_bool(rows, i, 5);
	}
	status = cdpk_stitch_add_links(stitch, links, count);
	pfree(links);
	SPI_freetuptable(rows);
	return status;
}

static CdpkStatus
load_identifiers(void *context, CdpkStitch *stitch, const int64_t *ids, size_t count)
{
	return add_identifiers(context, stitch,
						   "SELECT " IDENTIFIER_COLUMNS
						   " FROM cdp_data.identifier i WHERE i.identifier_id = ANY ($1)",
						   resolver_ids(ids, count));
}

static CdpkStatus
load_contents(void *context, CdpkStitch *stitch, const int64_t *profile_ids, size_t count)
{
	Datum ids = resolver_ids(profile_ids, count);
	CdpkStatus status = add_identifiers(context, stitch,
										"SELECT " IDENTIFIER_COLUMNS
										" FROM cdp_data.identifier i WHERE i.profile_id = ANY ($1)",
										ids);

	if (status != CDPK_OK)
		return status;
	return add_links(
		stitch,
		LINK_QUERY(
			"IN (SELECT i.identifier_id FROM cdp_data.identifier i WHERE i.profile_id = ANY ($1))"),
		ids);
}

static CdpkStatus
load_links(void *context, CdpkStitch *stitch, const int64_t *ids, size_t count)
{
	return add_links(stitch, LINK_QUERY("= ANY ($1)"), resolver_ids(ids, count));
}

/* load_profiles reads the rows of one profile one after the other: one for each limited namespace. */
static CdpkStatus
load_profiles(void *context, CdpkStitch *stitch, const int64_t *profile_ids, size_t profile_count)
{
	Resolver *resolver = context;
	Datum ids = resolver_ids(profile_ids, profile_count);
	uint64 count;
	SPITupleTable *rows = resolver_rows(
		"SELECT p.profile_id, p.identifier_count, p.has_forbid, p.shared, p.last_trust, p.last_at, c.key, c.value::integer"
		" FROM cdp_data.profile p LEFT JOIN LATERAL jsonb_each_text(p.limited) c ON true"
		" WHERE p.profile_id = ANY ($1) ORDER BY p.profile_id",
		1, &ids, &count);
	CdpkStitchProfile *profiles = palloc0(sizeof(CdpkStitchProfile) * Max(count, 1));
	CdpkStitchCount *counts = palloc0(sizeof(CdpkStitchCount) * Max(count, 1));
	size_t found = 0;
	CdpkStatus status;

	for (uint64 i = 0; i < count; i++)
	{
		int64 profile_id = resolver_int8(rows, i, 1);
		CdpkStitchProfile *profile;

		if (found == 0 || profiles[found - 1].profile_id != profile_id)
		{
			profile = &profiles[found++];
			profile->profile_id = profile_id;
			profile->identifiers = (uint32_t) resolver_int4(rows, i, 2);
			profile->has_forbid = resolver_bool(rows, i, 3);
			profile->shared = resolver_bool(rows, i, 4);
			profile->counts = &counts[i];
			profile->last_known = !resolver_isnull(rows, i, 6);
			if (profile->last_known)
			{
				profile->last.trust = resolver_int4(rows, i, 5);
				profile->last.first_at = resolver_int8(rows, i, 6);
			}
		}
		profile = &profiles[found - 1];
		if (!resolver_isnull(rows, i, 7))
		{
			text *name = resolver_text(rows, i, 7);

			counts[i].name_space =
				resolver_namespace(resolver, VARDATA_ANY(name), VARSIZE_ANY_EXHDR(name));
			counts[i].count = (uint32_t) resolver_int4(rows, i, 8);
			profile->count_length++;
		}
	}
	status = cdpk_stitch_add_profiles(stitch, profiles, found);
	SPI_freetuptable(rows);
	pfree(profiles);
	pfree(counts);
	return status;
}

static CdpkStatus
load_forbids(void *context, CdpkStitch *stitch, const int64_t *profile_ids, size_t profile_count,
			 const int64_t *identifier_ids, size_t identifier_count)
{
	Datum arguments[2] = {resolver_ids(profile_ids, profile_count),
						  resolver_ids(identifier_ids, identifier_count)};
	uint64 count;
	SPITupleTable *rows = resolver_rows(
		"WITH near AS ("
		" SELECT i.identifier FROM cdp_data.identifier i WHERE i.profile_id = ANY ($1)"
		" UNION SELECT i.identifier FROM cdp_data.identifier i WHERE i.identifier_id = ANY ($2)), met AS ("
		" SELECT v.a, v.b FROM near n JOIN cdp_data.verdict v ON v.a = n.identifier"
		" WHERE v.kind = 'forbid'"
		" UNION SELECT v.a, v.b FROM near n JOIN cdp_data.verdict v ON v.b = n.identifier"
		" WHERE v.kind = 'forbid')"
		" SELECT x.identifier_id, y.identifier_id FROM met m"
		" CROSS JOIN LATERAL cdp_internal.known_identifier(m.a) x"
		" CROSS JOIN LATERAL cdp_internal.known_identifier(m.b) y",
		2, arguments, &count);
	CdpkStitchForbid *forbids = palloc(sizeof(CdpkStitchForbid) * Max(count, 1));
	CdpkStatus status;

	for (uint64 i = 0; i < count; i++)
	{
		forbids[i].a = resolver_int8(rows, i, 1);
		forbids[i].b = resolver_int8(rows, i, 2);
	}
	status = cdpk_stitch_add_forbids(stitch, forbids, count);
	pfree(forbids);
	SPI_freetuptable(rows);
	return status;
}

static void
check_interrupts(void *context)
{
	CHECK_FOR_INTERRUPTS();
}

/* resolver_new reads the rules over the open connection. */
Resolver *
resolver_new(void)
{
	Resolver *resolver = palloc0(sizeof(Resolver));

	read_namespaces(resolver);
	read_cap(resolver);
	resolver->store.context = resolver;
	resolver->store.load_identifiers = load_identifiers;
	resolver->store.load_profiles = load_profiles;
	resolver->store.load_contents = load_contents;
	resolver->store.load_links = load_links;
	resolver->store.load_forbids = load_forbids;
	resolver->store.check_interrupts = check_interrupts;
	return resolver;
}
