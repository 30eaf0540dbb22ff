/*
 * pass_identify.c
 *		The identifiers of the batch: what rules and verdicts say of them, and their numbers.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/snapmgr.h"

#include "platform/progress/progress.h"
#include "platform/refresh/pass.h"
#include "platform/refresh/pass_kin.h"
#include "toolkit/identifier/hashed.h"

/* ---------------------------------------------------------------- rules */

/* pass_read_rules reads the rules of namespaces as they are now. */
void
pass_read_rules(Pass *pass)
{
	MemoryContext caller = CurrentMemoryContext;

	CommandCounterIncrement();
	PushActiveSnapshot(GetTransactionSnapshot());
	pass->resolver = resolver_new();
	PopActiveSnapshot();
	MemoryContextSwitchTo(caller);
}

/* note_hashes notes that the tables have hashes from now on; false: they had, or the batch has none either. */
static bool
note_hashes(Pass *pass)
{
	size_t count;
	const CdpkBatchBytes *found = cdpk_batch_namespaces(pass->batch, &count);
	bool has = false;

	if (pass->resolver->has_hashed)
		return false;
	for (size_t i = 0; i < count; i++)
		has |= identifier_is_of_hashes((const char *) found[i].bytes, found[i].length);
	if (has)
		pass_run(pass,
				 "UPDATE cdp_data.namespace n SET batch_id = $1 WHERE n.batch_id IS NULL"
				 " AND n.namespace IN ('email_sha256', 'phone_sha256')",
				 0, NULL, NULL);
	return has;
}

/* add_namespaces lists the namespaces that the batch brings for the first time. */
static bool
add_namespaces(Pass *pass)
{
	static const Oid types[] = {TEXTARRAYOID};
	size_t count;
	const CdpkBatchBytes *found = cdpk_batch_namespaces(pass->batch, &count);
	Datum *names = pass_array(count, sizeof(Datum));
	int missing = 0;
	Datum argument;

	for (size_t i = 0; i < count; i++)
		if (!resolver_knows(pass->resolver, (const char *) found[i].bytes, found[i].length))
			names[missing++] = PointerGetDatum(
				cstring_to_text_with_len((const char *) found[i].bytes, (int) found[i].length));
	if (missing == 0)
		return false;
	argument = pass_value_array(names, missing, TEXTOID);
	pass_run(pass,
			 "INSERT INTO cdp_data.namespace (namespace, priority, max_links, batch_id)"
			 " SELECT n.namespace, d.priority, cdp_internal.default_max_links(n.namespace), $1"
			 " FROM unnest($3) AS n (namespace)"
			 " CROSS JOIN LATERAL cdp_internal.default_rule(n.namespace) d ORDER BY n.namespace",
			 1, types, &argument);
	return true;
}

/* set_rules gives the batch the rules, and marks what is blocked. */
static void
set_rules(Pass *pass)
{
	CdpkBatchRules rules;
	int32_t *trust = pass_array(pass->source_count, sizeof(int32_t));
	bool *believed = pass_array(pass->source_count, sizeof(bool));
	Jsonb *blocked = pass_ask_kept(pass, "SELECT cdp_internal.blocked_rules()", "namespace");

	pass_read_rules(pass);
	if (add_namespaces(pass) | note_hashes(pass))
		pass_read_rules(pass);
	pass->has_hashed = pass->resolver->has_hashed;
	for (int i = 0; i < pass->source_count; i++)
	{
		trust[i] = pass->sources[i].trust;
		believed[i] = pass->sources[i].believed;
		pass->has_believed |= believed[i];
	}
	memset(&rules, 0, sizeof(rules));
	rules.stitch = pass->resolver->rules;
	rules.trust = trust;
	rules.source_count = (uint32_t) pass->source_count;
	rules.believed = pass->has_believed ? believed : NULL;
	rules.alias_bound = resolver_alias_bound(pass->resolver);
	pass_check(cdpk_batch_set_rules(pass->batch, &rules));
	if (JB_ROOT_COUNT(blocked) > 0)
		pass->blocked = blocked_rules_read(blocked, pass->context);
	pass->has_verdicts = pass_ask(pass, "SELECT EXISTS (SELECT FROM cdp_data.verdict)");
	pass->has_same =
		pass->has_verdicts &&
		pass_ask(pass, "SELECT EXISTS (SELECT FROM cdp_data.verdict WHERE kind = 'same')");
}

/* ---------------------------------------------------------------- verdicts */

/* mark_verdicts tells what people decided about single identifiers. */
static void
mark_verdicts(Pass *pass, Datum array)
{
	static const CdpkBatchMark marks[] = {CDPK_BATCH_FORBIDDEN, CDPK_BATCH_SHARED,
										  CDPK_BATCH_NOT_SHARED};
	uint64 count;
	PassJudged *judged = pass_find_judged(pass, array, &count);

	for (uint64 i = 0; i < count; i++)
		pass_check(
			cdpk_batch_mark(pass->batch, (uint32_t) judged[i].place, marks[judged[i].verdict]));
	pfree(judged);
}

/* add_voids tells which evidence is void: that up to an unlink's time, whenever it arrives. */
static void
add_voids(Pass *pass, Oid array_type, Datum array)
{
	uint64 count;
	SPITupleTable *rows =
		pass_query(pass,
				   "SELECT x.place, y.place, v.until_at FROM cdp_data.verdict v"
				   " JOIN unnest($3) WITH ORDINALITY AS x (identifier, place) ON x.identifier = v.a"
				   " JOIN unnest($3) WITH ORDINALITY AS y (identifier, place) ON y.identifier = v.b"
				   " WHERE v.kind = 'unlink'",
				   1, &array_type, &array, &count);
	CdpkBatchVoid *voids = pass_array((int64) count, sizeof(CdpkBatchVoid));

	for (uint64 i = 0; i < count; i++)
	{
		voids[i].a = (uint32_t) (resolver_int8(rows, i, 1) - 1);
		voids[i].b = (uint32_t) (resolver_int8(rows, i, 2) - 1);
		voids[i].until_at = resolver_int8(rows, i, 3);
	}
	pass_check(cdpk_batch_add_voids(pass->batch, voids, count));
	SPI_freetuptable(rows);
}

/* pass_find_voids tells which evidence of the names is void. */
void
pass_find_voids(Pass *pass)
{
	const CdpkBatchBytes *names;
	size_t count;

	if (!pass_ask(pass, "SELECT EXISTS (SELECT FROM cdp_data.verdict WHERE kind = 'unlink')"))
		return;
	names = cdpk_batch_names(pass->batch, &count);
	add_voids(pass, get_array_type(identifier_type_oid()), pass_name_array(names, count));
}

static void
look_up_verdicts(Pass *pass)
{
	Oid array_type = get_array_type(identifier_type_oid());
	const CdpkBatchBytes *names;
	size_t count;
	Datum array;

	if (!pass->has_verdicts)
		return;
	names = cdpk_batch_names(pass->batch, &count);
	array = pass_name_array(names, count);
	mark_verdicts(pass, array);
	add_voids(pass, array_type, array);
	pfree(DatumGetPointer(array));
}

/* ---------------------------------------------------------------- others */

/* What takes the rows of identifiers that only changes name. */
typedef struct Others
{
	Pass *pass;
	CdpkBatchOther *rows;
	int count;
} Others;

/* note_other is its StoreRowFunction. */
static void
note_other(void *arg, int key, const Datum *values, const bool *nulls)
{
	Others *others = arg;
	CdpkBatchOther *row = &others->rows[others->count++];

	memset(row, 0, sizeof(*row));
	row->identifier_id = DatumGetInt64(values[0]);
	row->payload = pass_payload(PointerGetDatum(PG_DETOAST_DATUM_COPY(values[1])));
	row->profile_id = DatumGetInt64(values[2]);
	row->shared = DatumGetBool(values[3]);
	row->present = !DatumGetBool(values[4]) && row->profile_id != 0;
	row->counts = pass_read_link_counts(others->pass, values[5], &row->count_length);
	row->class_id = DatumGetInt64(values[6]);
}

/* judge_others tells what people decided about these. */
static void
judge_others(Pass *pass, Others *others)
{
	Datum *values = pass_array(others->count, sizeof(Datum));
	uint64 count;
	PassJudged *judged;

	for (int i = 0; i < others->count; i++)
		values[i] = pass_identifier(&others->rows[i].payload);
	judged = pass_find_judged(pass, pass_value_array(values, others->count, identifier_type_oid()),
							  &count);
	for (uint64 i = 0; i < count; i++)
	{
		CdpkBatchOther *row = &others->rows[judged[i].place];

		if (judged[i].verdict == PASS_FORBIDDEN)
			row->forbidden = true;
		else
			row->sharing =
				judged[i].verdict == PASS_SHARED ? CDPK_SHARING_ALWAYS : CDPK_SHARING_NEVER;
	}
	pfree(judged);
}

static void
look_up_others(Pass *pass)
{
	static const int wanted[] = {IDENTIFIER_ID,      IDENTIFIER_VALUE,   IDENTIFIER_PROFILE_ID,
								 IDENTIFIER_SHARED,  IDENTIFIER_BLOCKED, IDENTIFIER_LINK_COUNTS,
								 IDENTIFIER_CLASS_ID};
	size_t count;
	const int64_t *ids = cdpk_batch_wanted(pass->batch, &count);
	Others others = {pass};

	if (count == 0)
		return;
	others.rows = pass_array((int64) count, sizeof(CdpkBatchOther));
	pass_find_ids(pass, TABLE_IDENTIFIER, IDENTIFIER_ID, (const int64 *) ids, (int) count,
				  lengthof(wanted), wanted, note_other, &others);
	if (pass->has_verdicts)
		judge_others(pass, &others);
	pass_check(cdpk_batch_add_others(pass->batch, others.rows, (size_t) others.count));
}

/* A row of the map. */
typedef struct MapRow
{
	int64 hash;
	int64 identifier_id;
} MapRow;

#define ST_SORT sort_map_rows
#define ST_ELEMENT_TYPE MapRow
#define ST_COMPARE(a, b) ((a)->hash < (b)->hash ? -1 : (a)->hash > (b)->hash)
#define ST_SCOPE static
#define ST_DEFINE
#include "lib/sort_template.h"

/* write_map writes the numbers of new identifiers, in the order in which a batch looks them up. */
static void
write_map(Pass *pass)
{
	size_t count;
	const uint32_t *fresh = cdpk_batch_fresh(pass->batch, &count);
	MapRow *rows = pass_array((int64) count, sizeof(MapRow));
	PassColumns columns = {(int) count};
	Datum *hash = pass_column(&columns, MAP_HASH);
	Datum *identifier_id = pass_column(&columns, MAP_IDENTIFIER_ID);

	for (size_t i = 0; i < count; i++)
	{
		const CdpkBatchIdentifier *made = cdpk_batch_identifier(pass->batch, fresh[i]);

		rows[i].hash = pass->map_hashes[fresh[i]];
		rows[i].identifier_id = made->identifier_id;
	}
	sort_map_rows(rows, count);
	for (size_t i = 0; i < count; i++)
	{
		hash[i] = Int64GetDatum(rows[i].hash);
		identifier_id[i] = Int64GetDatum(rows[i].identifier_id);
	}
	pfree(rows);
	store_insert(pass_table(pass, TABLE_IDENTIFIER_MAP), (int) count, pass_columns(&columns));
	pfree(hash);
	pfree(identifier_id);
	pass->counts[COUNT_IDENTIFIERS] = (int64) count;
}

void
pass_identify(Pass *pass)
{
	size_t count;

	pass_check(cdpk_batch_identify(pass->batch));
	cdpk_batch_names(pass->batch, &count);
	progress_set("identify", 0, (int64) count);
	pass->map_key = hash_key(HASH_IDENTIFIER);
	set_rules(pass);
	/* statements look for the identifiers of verdicts and for those that have hashes */
	if (pass->has_verdicts || pass->has_hashed)
		pass_index_keys(pass);
	pass_look_up_names(pass, 0);
	look_up_verdicts(pass);
	pass_check(cdpk_batch_number(pass->batch, pass->last_identifier_id));
	pass_find_named(pass);
	pass_find_kin(pass);
	look_up_others(pass);
	write_map(pass);
	pass->last_identifier_id += pass->counts[COUNT_IDENTIFIERS];
}
