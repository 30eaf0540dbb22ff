/*
 * members_in.c
 *		Segments of people in a condition of accounts: cdp.members_in('name'), kept as cdp_internal.members_in(number).
 *
 * The former only stands for the latter, which asks whoever judges accounts for the memberships of their people.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "parser/parse_func.h"
#include "utils/lsyscache.h"

#include "cdp.h"
#include "platform/segment/computed.h"
#include "platform/segment/function_owner.h"
#include "platform/segment/in_segment.h"
#include "platform/segment/members_in.h"

CDP_FUNCTION(cdp_members_in);
CDP_FUNCTION(cdp_members_in_number);

/* Is never called where a condition is evaluated. */
Datum
cdp_members_in(PG_FUNCTION_ARGS)
{
	ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
					errmsg("cdp.members_in is only for conditions and expressions of accounts"),
					errhint("Elsewhere join cdp.account_members with the view of the segment.")));
	PG_RETURN_NULL();
}

/* cdp_members_in_number returns how many people of the account that is judged are in a segment; NULL: unknown. */
Datum
cdp_members_in_number(PG_FUNCTION_ARGS)
{
	const PartPerson *account = computed_person();
	TimestampTz until = DT_NOEND;
	int64 count = -1;

	if (account != NULL && account->members != NULL)
		count = account->members(account->memory, account->profile_id, PG_GETARG_INT32(0),
								 account->as_of, &until);
	if (count < 0)
		PG_RETURN_NULL();
	PG_RETURN_INT64(count);
}

bool
members_in_is(Node *node)
{
	Oid function = IsA(node, FuncExpr) ? ((FuncExpr *) node)->funcid : InvalidOid;

	return is_cdp_function(function) && list_length(((FuncExpr *) node)->args) == 1 &&
		   strcmp(get_func_name(function), "members_in") == 0;
}

Node *
members_in_call(int32 number)
{
	Oid type = INT4OID;
	Oid function = LookupFuncName(list_make2(makeString("cdp_internal"), makeString("members_in")),
								  1, &type, false);

	return (Node *) makeFuncExpr(function, INT8OID,
								 list_make1(makeConst(INT4OID, -1, InvalidOid, sizeof(int32),
													  Int32GetDatum(number), false, true)),
								 InvalidOid, InvalidOid, COERCE_EXPLICIT_CALL);
}

/* note_numbers is a walker that notes the segments whose members are counted. */
static bool
note_numbers(Node *node, void *context)
{
	List **numbers = context;

	if (node == NULL)
		return false;
	if (members_in_is(node) && exprType(linitial(((FuncExpr *) node)->args)) == INT4OID)
	{
		*numbers = list_append_unique_int(*numbers, in_segment_number(node));
		return false;
	}
	return expression_tree_walker(node, note_numbers, context);
}

List *
members_in_numbers(Node *expression)
{
	List *numbers = NIL;

	note_numbers(expression, &numbers);
	return numbers;
}
