/*
 * check_schema.c
 *		cdp_internal.check_schema: whether cdp.init() made the schema cdp_data;
 *		cdp_internal.tables_are_whole: whether its tables have all their columns.
 *
 * The extension cannot own the schema, so until cdp.init() makes it any role with CREATE on the
 * database could: a view in it would run code as the role that calls a function of cdp.  The owner of the
 * tables needs CREATE on schema cdp to make them, and a role that has that right is trusted already.
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "catalog/pg_namespace.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

#include "cdp.h"

/* schema_owner returns the owner of a schema. */
static Oid
schema_owner(Oid schema)
{
	HeapTuple tuple = SearchSysCache1(NAMESPACEOID, ObjectIdGetDatum(schema));
	Oid owner;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for schema %u", schema);
	owner = ((Form_pg_namespace) GETSTRUCT(tuple))->nspowner;
	ReleaseSysCache(tuple);
	return owner;
}

/* cdp_check_schema raises an error if the tables are missing, or if it is not safe to use them. */
CDP_FUNCTION(cdp_check_schema);
Datum
cdp_check_schema(PG_FUNCTION_ARGS)
{
	Oid schema = get_namespace_oid("cdp_data", true);
	Oid owner;

	if (!OidIsValid(schema) || !OidIsValid(get_relname_relid("state", schema)))
		ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
						errmsg("the tables of cdp are not there"),
						errhint("Make them once with SELECT cdp.init().")));
	owner = schema_owner(schema);
	if (!cdp_may_create_in(get_namespace_oid("cdp", false), owner))
		ereport(
			ERROR,
			(errcode(ERRCODE_INVALID_SCHEMA_DEFINITION),
			 errmsg(
				 "schema cdp_data belongs to role \"%s\", which may not create objects in schema cdp",
				 GetUserNameFromId(owner, false)),
			 errdetail(
				 "So cdp.init() did not make it, and its owner could run code as any user of the extension."),
			 errhint(
				 "If that role is to own the tables, name it in cdp.init(owner). Otherwise drop the schema.")));
	PG_RETURN_VOID();
}

/*
 * cdp_tables_are_whole looks at one of the columns that DROP EXTENSION ... CASCADE drops: those of
 * the extension's types.
 */
CDP_FUNCTION(cdp_tables_are_whole);
Datum
cdp_tables_are_whole(PG_FUNCTION_ARGS)
{
	Oid schema = get_namespace_oid("cdp_data", true);
	Oid profile = OidIsValid(schema) ? get_relname_relid("profile", schema) : InvalidOid;

	PG_RETURN_BOOL(OidIsValid(profile) && get_attnum(profile, "traits") != InvalidAttrNumber);
}
