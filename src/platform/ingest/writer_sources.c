/*
 * writer_sources.c
 *		The sources that the writers of a batch's rows may name.
 *
 * Each writer is looked up once a batch, all by one query.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/hsearch.h"
#include "utils/memutils.h"

#include "cdp.h"
#include "compat.h"
#include "platform/ingest/writer_sources.h"

struct Writers
{
	MemoryContext context;
	HTAB *by_name;
	Writer *last; /* the one that was added last, most rows in a row having the same */
	Writer none;  /* for names that no role can have */
};

Writers *
writers_new(void)
{
	Writers *writers = palloc0(sizeof(Writers));
	HASHCTL control = {.keysize = NAMEDATALEN, .entrysize = sizeof(Writer)};

	writers->context = control.hcxt = CurrentMemoryContext;
	writers->by_name =
		hash_create("cdp writers", 16, &control, HASH_ELEM | HASH_STRINGS | HASH_CONTEXT);
	return writers;
}

Writer *
writers_add(Writers *writers, CdpkSpan name)
{
	char key[NAMEDATALEN];
	bool found;

	if (name.length >= NAMEDATALEN)
		return &writers->none;
	memcpy(key, name.text, name.length);
	key[name.length] = '\0';
	if (writers->last != NULL && strcmp(writers->last->name, key) == 0)
		return writers->last;
	writers->last = hash_search(writers->by_name, key, HASH_ENTER, &found);
	if (!found)
	{
		writers->last->any = false;
		writers->last->count = 0;
		writers->last->sources = NULL;
	}
	return writers->last;
}

/* name_array makes a text[] of the names of all writers. */
static Datum
name_array(Writers *writers)
{
	int count = (int) hash_get_num_entries(writers->by_name);
	Datum *names = palloc(sizeof(Datum) * Max(count, 1));
	HASH_SEQ_STATUS scan;
	Writer *writer;

	count = 0;
	hash_seq_init(&scan, writers->by_name);
	while ((writer = hash_seq_search(&scan)) != NULL)
		names[count++] = CStringGetTextDatum(writer->name);
	return PointerGetDatum(construct_array(names, count, TEXTOID, -1, false, TYPALIGN_INT));
}

/* set_sources gives a writer its sources. */
static void
set_sources(Writers *writers, Writer *writer, Datum sources)
{
	MemoryContext caller = MemoryContextSwitchTo(writers->context);
	Datum *elements;

	deconstruct_array(DatumGetArrayTypePCopy(sources), TEXTOID, -1, false, TYPALIGN_INT, &elements,
					  NULL, &writer->count);
	writer->sources = palloc(sizeof(CdpkSpan) * Max(writer->count, 1));
	for (int i = 0; i < writer->count; i++)
		writer->sources[i] = ingest_text(elements[i]);
	MemoryContextSwitchTo(caller);
}

/* read_writer reads a row (role, sources); sources NULL: any. */
static void
read_writer(Writers *writers, HeapTuple row, TupleDesc descriptor)
{
	bool isnull;
	Datum role = SPI_getbinval(row, descriptor, 1, &isnull);
	Datum sources = SPI_getbinval(row, descriptor, 2, &isnull);
	Writer *writer = hash_search(writers->by_name, TextDatumGetCString(role), HASH_FIND, NULL);

	if (writer == NULL)
		elog(ERROR, "a role was found that was not asked for");
	writer->any = isnull;
	if (!isnull)
		set_sources(writers, writer, sources);
}

/*
 * Roles and the sources that their rows may name; NULL: any; empty: the role does not exist or is not a writer.
 * Rights add up: a role may name the sources of all writers that it is a member of.  A writer counts as long
 * as it may insert, so that the name of a dropped role gives nothing to the next role of that name.  Roles
 * that may set written_by (superusers, stewards, the owner) could name any role, and so are not bound.
 */
static const char sources_query[] =
	"SELECT a.role, CASE WHEN r.oid IS NULL THEN '{}'"
	" WHEN NOT has_column_privilege(r.oid, 'cdp.inbox', 'written_by', 'INSERT')"
	"  AND NOT has_column_privilege(r.oid, 'cdp.inbox_raw', 'written_by', 'INSERT') THEN ("
	"   SELECT CASE WHEN NOT coalesce(bool_or(w.sources IS NULL), false)"
	"   THEN coalesce(array_agg(s.source::text) FILTER (WHERE s.source IS NOT NULL), '{}') END"
	"   FROM cdp_data.writer w JOIN pg_catalog.pg_roles m ON m.rolname = w.role"
	"   LEFT JOIN LATERAL unnest(w.sources) AS s (source) ON true"
	"   WHERE pg_has_role(r.oid, m.oid, 'USAGE')"
	"   AND has_any_column_privilege(m.oid, 'cdp.inbox', 'INSERT')) END"
	" FROM unnest($1) AS a (role) LEFT JOIN pg_catalog.pg_roles r ON r.rolname = a.role";

/* look_up_plan gives the plan of the query, which is made once a session. */
static SPIPlanPtr
look_up_plan(void)
{
	static SPIPlanPtr plan = NULL;
	Oid types[] = {TEXTARRAYOID};

	if (plan == NULL)
	{
		SPIPlanPtr made = SPI_prepare(sources_query, 1, types);

		if (made == NULL)
			elog(ERROR, "SPI_prepare failed: %s", SPI_result_code_string(SPI_result));
		SPI_keepplan(made);
		plan = made;
	}
	return plan;
}

void
writers_look_up(Writers *writers)
{
	Datum names[] = {name_array(writers)};

	if (hash_get_num_entries(writers->by_name) == 0)
		return;
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	if (SPI_execute_plan(look_up_plan(), names, NULL, true, 0) != SPI_OK_SELECT)
		elog(ERROR, "could not look up the writers");
	for (uint64 i = 0; i < SPI_processed; i++)
		read_writer(writers, SPI_tuptable->vals[i], SPI_tuptable->tupdesc);
	SPI_finish();
}

CdpkSpan
writer_source(const Writer *writer, CdpkSpan given)
{
	return !writer->any && writer->count == 1 && ingest_trim(given).length == 0 ? writer->sources[0]
																				: given;
}

const char *
writer_problem(const Writer *writer, CdpkSpan source)
{
	if (writer->any)
		return NULL;
	for (int i = 0; i < writer->count; i++)
		if (writer->sources[i].length == source.length &&
			memcmp(writer->sources[i].text, source.text, source.length) == 0)
			return NULL;
	return writer->count == 0 ? "written_by: no such writer" : "source: not a source of the writer";
}
