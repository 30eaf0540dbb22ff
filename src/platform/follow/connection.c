/*
 * connection.c
 *		Runs what a connection asks for, as its owner.
 */
#include "postgres.h"

#include "access/detoast.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/plancache.h"
#include "utils/syscache.h"

#include "compat.h"
#include "platform/follow/connection.h"
#include "platform/segment/function_owner.h"
#include "platform/segment/restrict.h"

#define CONNECTION_PATH "pg_catalog, cdp, pg_temp"

/* bytes of a message that are kept */
#define MESSAGE_MAX 500

/* the setting cdp.connection_timeout, in milliseconds */
static int connection_timeout = 60000;

void
connection_define_settings(void)
{
	DefineCustomIntVariable(
		"cdp.connection_timeout",
		"How long reading, or mapping, one part of a connected table may take.",
		"A part has up to 10,000 rows. A connection that takes longer is too_slow; 0: no limit.",
		&connection_timeout, 60000, 0, INT_MAX, PGC_USERSET, GUC_UNIT_MS, NULL, NULL, NULL);
}

/* owns_tables tells whether the caller is the owner of cdp's tables. */
static bool
owns_tables(void)
{
	Oid schema = get_namespace_oid("cdp_data", true);
	HeapTuple tuple;
	Oid table = OidIsValid(schema) ? get_relname_relid("connected_table", schema) : InvalidOid;
	Oid owner = InvalidOid;

	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(table));
	if (HeapTupleIsValid(tuple))
	{
		owner = ((Form_pg_class) GETSTRUCT(tuple))->relowner;
		ReleaseSysCache(tuple);
	}
	return owner == GetUserId();
}

/* check_can_run raises an error unless the caller may run what a role has connected. */
static void
check_can_run(Oid owner)
{
	if (!SearchSysCacheExists1(AUTHOID, ObjectIdGetDatum(owner)))
		ereport(ERROR, (errcode(ERRCODE_UNDEFINED_OBJECT),
						errmsg("the owner of the connection does not exist any more")));
	if (!has_privs_of_role(GetUserId(), owner) && !owns_tables())
		ereport(ERROR, (errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
						errmsg("must be a member of role \"%s\"", GetUserNameFromId(owner, false)),
						errdetail("A connection reads its table with the rights of its owner.")));
}

void
connection_load(const char *query, int parameters, Oid *types, Datum *values, const char *nulls,
				Connection *connection)
{
	MemoryContext caller = CurrentMemoryContext;
	MemoryContext inner;
	HeapTuple row;
	TupleDesc desc;
	bool isnull;

	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	if (SPI_execute_with_args(query, parameters, types, values, nulls, true, 1) != SPI_OK_SELECT)
		elog(ERROR, "could not look up a connection");
	if (SPI_processed == 0)
		ereport(ERROR, (errcode(ERRCODE_UNDEFINED_OBJECT), errmsg("the connection does not exist"),
						errhint("cdp.connection lists the connections.")));
	row = SPI_tuptable->vals[0];
	desc = SPI_tuptable->tupdesc;
	inner = MemoryContextSwitchTo(caller);
	connection->owner = DatumGetObjectId(SPI_getbinval(row, desc, 1, &isnull));
	connection->relation = DatumGetObjectId(SPI_getbinval(row, desc, 2, &isnull));
	connection->query = SPI_getvalue(row, desc, 3) ? pstrdup(SPI_getvalue(row, desc, 3)) : NULL;
	connection->time_zone = SPI_getvalue(row, desc, 4) ? pstrdup(SPI_getvalue(row, desc, 4)) : NULL;
	MemoryContextSwitchTo(inner);
	SPI_finish();
	if (connection->query == NULL)
		ereport(ERROR, (errcode(ERRCODE_UNDEFINED_TABLE),
						errmsg("the table of the connection does not exist")));
	check_can_run(connection->owner);
}

/* what connection_run runs */
typedef struct Task
{
	const Connection *connection;
	void (*work)(void *arg);
	void *arg;
} Task;

/* work_as_owner sets what texts of values depend on, and runs the task. */
static void
work_as_owner(void *arg)
{
	Task *task = arg;

	restrict_set("timezone", task->connection->time_zone ? task->connection->time_zone : "UTC");
	restrict_set("datestyle", "ISO, MDY");
	restrict_set("intervalstyle", "postgres");
	restrict_set("extra_float_digits", "1");
	restrict_set("bytea_output", "hex");
	restrict_set("lc_monetary", "C");
	restrict_set("jit", "off");
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	task->work(task->arg);
	SPI_finish();
}

char *
connection_run(const Connection *connection, void (*work)(void *arg), void *arg, bool *is_slow)
{
	Task task = {connection, work, arg};
	bool too_slow;
	ErrorData *error = restrict_run(connection->owner, CONNECTION_PATH, connection_timeout,
									work_as_owner, &task, &too_slow);
	char *text;

	if (is_slow != NULL)
		*is_slow = too_slow;
	if (error == NULL)
		return NULL;
	if (too_slow)
		return psprintf("%s: it takes longer than cdp.connection_timeout",
						unpack_sql_state(ERRCODE_QUERY_CANCELED));
	text = psprintf("%s: %s", unpack_sql_state(error->sqlerrcode),
					error->message ? error->message : "");
	text[pg_mbcliplen(text, (int) strlen(text), MESSAGE_MAX)] = '\0';
	FreeErrorData(error);
	return text;
}

SPIPlanPtr
connection_prepare(const Connection *connection, int parameters, Oid *types)
{
	SPIPlanPtr plan = SPI_prepare(connection->query, parameters, types);
	ListCell *source;

	if (plan == NULL)
		elog(ERROR, "could not prepare the query of a connection: %s",
			 SPI_result_code_string(SPI_result));
	/* as rewritten: with what views and row security add; their locks are held from here on */
	foreach (source, SPI_plan_get_plan_sources(plan))
	{
		ListCell *query;

		foreach (query, ((CachedPlanSource *) lfirst(source))->query_list)
			check_function_owners((Node *) lfirst(query), connection->owner);
	}
	return plan;
}

Datum
connection_flatten(Datum value, bool isnull, int16 length)
{
	if (isnull || length != -1)
		return value;
	if (VARATT_IS_EXTENDED(DatumGetPointer(value)))
		return PointerGetDatum(detoast_attr((struct varlena *) DatumGetPointer(value)));
	return value;
}
