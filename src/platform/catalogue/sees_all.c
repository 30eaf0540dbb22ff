/*
 * sees_all.c
 *		Whether row security hides rows of a table from a role.
 *
 * A role that a policy admits without a condition, as cdp_all does, sees as much as one to whom row security does not
 * apply; so whatever works on all people works for both, at the same cost.
 */
#include "postgres.h"

#include "access/table.h"
#include "catalog/pg_authid.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "nodes/primnodes.h"
#include "rewrite/rowsecurity.h"
#include "utils/acl.h"
#include "utils/array.h"
#include "utils/rel.h"
#include "utils/rls.h"

#include "cdp.h"
#include "platform/catalogue/sees_all.h"

/* is_of_role tells whether a policy is for a role. */
static bool
is_of_role(const RowSecurityPolicy *policy, Oid role)
{
	const Oid *roles = (Oid *) ARR_DATA_PTR(policy->roles);

	for (int i = 0; i < ARR_DIMS(policy->roles)[0]; i++)
		if (roles[i] == ACL_ID_PUBLIC || has_privs_of_role(role, roles[i]))
			return true;
	return false;
}

/* is_true tells whether a policy has no condition on the row. */
static bool
is_true(const Expr *condition)
{
	const Const *constant = (const Const *) condition;

	return condition != NULL && IsA(condition, Const) && !constant->constisnull &&
		   DatumGetBool(constant->constvalue);
}

bool
sees_all(Oid table, Oid role)
{
	bool admitted = false;
	bool restricted = false;
	Relation relation;
	ListCell *cell;

	if (check_enable_rls(table, role, true) != RLS_ENABLED)
		return true;
	relation = table_open(table, AccessShareLock);
	if (relation->rd_rsdesc != NULL)
		foreach (cell, relation->rd_rsdesc->policies)
		{
			const RowSecurityPolicy *policy = lfirst(cell);

			if (!is_of_role(policy, role))
				continue;
			if (!policy->permissive)
				restricted |= !is_true(policy->qual);
			else
				admitted |= policy->polcmd == '*' && is_true(policy->qual);
		}
	table_close(relation, AccessShareLock);
	return admitted && !restricted;
}

/* cdp_sees_all implements cdp_internal.sees_all. */
CDP_FUNCTION(cdp_sees_all);
Datum
cdp_sees_all(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(sees_all(PG_GETARG_OID(0), GetUserId()));
}
