/*
 * check_owner.c
 *		cdp_internal.check_owner: whether the current role owns all tables, and sees all of their rows.
 *
 * A function that works as its owner must not touch a table of another: triggers and the like on it
 * would run with the rights of the first.  And it must not compute from a part of the rows.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rls.h"
#include "utils/syscache.h"
#include "utils/varlena.h"

#include "cdp.h"

/* qualified_name returns the name of a table with its schema. */
static const char *
qualified_name(Oid table)
{
	return quote_qualified_identifier(get_namespace_name(get_rel_namespace(table)),
									  get_rel_name(table));
}

/* check_one checks the owner of a table, and returns whether it has partitions; false: it is not there. */
static bool
check_one(Oid table)
{
	HeapTuple tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(table));
	Form_pg_class form;
	Oid owner;
	bool divided;

	if (!HeapTupleIsValid(tuple))
		return false;
	form = (Form_pg_class) GETSTRUCT(tuple);
	owner = form->relowner;
	divided = form->relhassubclass;
	ReleaseSysCache(tuple);
	if (owner != GetUserId())
		ereport(
			ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("table %s belongs to role \"%s\", not to role \"%s\"", qualified_name(table),
					GetUserNameFromId(owner, false), GetUserNameFromId(GetUserId(), false)),
			 errdetail("The functions of schema cdp_data work as role \"%s\".",
					   GetUserNameFromId(GetUserId(), false)),
			 errhint("Give all tables of cdp, and the functions of schema cdp_data, to one role: "
					 "REASSIGN OWNED, or ALTER ... OWNER TO.")));
	return divided;
}

/* check_rows raises an error if row security hides rows of a table from its owner. */
static void
check_rows(Oid table)
{
	if (check_enable_rls(table, InvalidOid, true) == RLS_ENABLED)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("row security is forced on the owner of table %s", qualified_name(table)),
				 errdetail("What is computed from the rows that policies show would be wrong."),
				 errhint("ALTER TABLE %s NO FORCE ROW LEVEL SECURITY: policies then apply to all "
						 "other roles.",
						 qualified_name(table))));
}

/* check_table checks a table and all its partitions. */
static void
check_table(Oid table)
{
	ListCell *cell;

	if (check_one(table))
	{
		List *parts = find_all_inheritors(table, NoLock, NULL);

		foreach (cell, parts)
			check_one(lfirst_oid(cell));
		list_free(parts);
	}
	check_rows(table);
}

/* cdp_check_owner implements cdp_internal.check_owner. */
CDP_FUNCTION(cdp_check_owner);
Datum
cdp_check_owner(PG_FUNCTION_ARGS)
{
	Datum *names;
	bool *nulls;
	int count;

	deconstruct_array(PG_GETARG_ARRAYTYPE_P(0), TEXTOID, -1, false, TYPALIGN_INT, &names, &nulls,
					  &count);
	for (int i = 0; i < count; i++)
	{
		Oid table;

		if (nulls[i])
			continue;
		table = RangeVarGetRelid(
			makeRangeVarFromNameList(textToQualifiedNameList(DatumGetTextPP(names[i]))), NoLock,
			true);
		if (OidIsValid(table))
			check_table(table);
	}
	PG_RETURN_VOID();
}
