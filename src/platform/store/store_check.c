/*
 * store_check.c
 *		Which tables the direct form serves, and whom.
 *
 * It does what an INSERT, UPDATE or DELETE does on a plain table, and nothing else.  All that others
 * may have put in the way of these must take effect, so that whatever is not known here means SQL.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/catalog.h"
#include "catalog/pg_class.h"
#include "catalog/pg_index.h"
#include "catalog/pg_type.h"
#include "commands/extension.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/rls.h"
#include "utils/syscache.h"

#include "compat.h"
#include "platform/store/store_internal.h"

/* unfit_column tells why values of a column cannot be stored as they are given. */
static const char *
unfit_column(const FormData_pg_attribute *attribute)
{
	if (attribute->attisdropped)
		return NULL;
	if (attribute->attgenerated != '\0')
		return "it has a generated column";
	if (attribute->attidentity != '\0')
		return "it has an identity column";
	if (attribute->atttypmod >= 0)
		return "a column's type has a modifier";
	if (get_typtype(attribute->atttypid) == TYPTYPE_DOMAIN)
		return "a column's type is a domain";
	return NULL;
}

/* unfit_index tells why an index cannot be filled after the rows are in the heap. */
static const char *
unfit_index(Oid index)
{
	HeapTuple tuple = SearchSysCache1(INDEXRELID, ObjectIdGetDatum(index));
	Form_pg_index form;
	const char *reason = NULL;

	if (!HeapTupleIsValid(tuple))
		return "an index is gone";
	form = (Form_pg_index) GETSTRUCT(tuple);
	if (form->indisexclusion)
		reason = "it has an exclusion constraint";
	else if (!form->indimmediate)
		reason = "it has a deferrable constraint";
	ReleaseSysCache(tuple);
	return reason;
}

/* unfit_write tells why rows cannot be written to a table or partition. */
static const char *
unfit_write(Relation relation)
{
	TupleDesc descriptor = RelationGetDescr(relation);
	List *indexes;
	ListCell *cell;
	const char *reason = NULL;

	/* these stand for foreign keys too, and for the tables that Citus distributes */
	if (relation->trigdesc != NULL)
		return "it has triggers";
	for (int i = 0; i < descriptor->natts && reason == NULL; i++)
		reason = unfit_column(TupleDescAttr(descriptor, i));
	indexes = RelationGetIndexList(relation);
	foreach (cell, indexes)
	{
		if (reason == NULL)
			reason = unfit_index(lfirst_oid(cell));
	}
	list_free(indexes);
	return reason;
}

/* store_unfit_partition tells why the direct form cannot serve a partition. */
const char *
store_unfit_partition(Relation relation, StoreAccess access)
{
	if (relation->rd_rel->relkind != RELKIND_RELATION)
		return "a partition is no plain table";
	if (relation->rd_tableam != GetHeapamTableAmRoutine())
		return "it is not stored as a heap";
	return access == STORE_WRITE ? unfit_write(relation) : NULL;
}

/* Whether Citus is there, as far as it is known since functions last changed: an extension brings some. */
static bool knows_citus = false;
static bool has_citus = false;

/* forget_citus is called back when functions have changed. */
static void
forget_citus(Datum arg, int cache, uint32 hash)
{
	knows_citus = false;
}

/* store_may_be_distributed: see the header.  Kept, since a refresh of one event opens a dozen tables. */
bool
store_may_be_distributed(void)
{
	static bool registered = false;

	if (!registered)
		CacheRegisterSyscacheCallback(PROCOID, forget_citus, (Datum) 0);
	registered = true;
	if (!knows_citus)
	{
		has_citus = OidIsValid(get_extension_oid("citus", true));
		knows_citus = true;
	}
	return has_citus;
}

/* store_unfit tells why the direct form cannot serve a table; NULL: it can. */
const char *
store_unfit(Relation relation, StoreAccess access)
{
	char kind = relation->rd_rel->relkind;

	if (store_may_be_distributed())
		return "tables may be distributed";
	if (ExecutorCheckPerms_hook != NULL)
		return "a module watches what statements may do";
	if (IsSystemRelation(relation))
		return "it is a system catalog";
	if (relation->rd_rel->relispartition)
		return "it is itself a partition";
	if (relation->rd_rules != NULL)
		return "it has rules";
	if (kind == RELKIND_RELATION && relation->rd_rel->relhassubclass)
		return "other tables inherit from it";
	if (kind == RELKIND_PARTITIONED_TABLE)
		return access == STORE_WRITE ? unfit_write(relation) : NULL;
	return store_unfit_partition(relation, access);
}

/*
 * store_may tells whether the direct form may do something for the current user.  If not, SQL decides:
 * it knows of rights on columns and of the policies of row security, or raises the server's error.
 */
bool
store_may(const Store *store, AclMode needed)
{
	Oid table = RelationGetRelid(store->relation);

	if (store->sql_reason != NULL ||
		pg_class_aclmask(table, GetUserId(), needed, ACLMASK_ALL) != needed ||
		check_enable_rls(table, InvalidOid, true) == RLS_ENABLED)
		return false;
	/* a read-only transaction refuses writes, but for temporary tables */
	return (needed & ~ACL_SELECT) == 0 || !(XactReadOnly || IsInParallelMode());
}
