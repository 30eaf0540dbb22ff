/*
 * kept.c
 *		What a function made of its arguments, kept from call to call.
 */
#include "postgres.h"

#include "nodes/nodeFuncs.h"
#include "nodes/primnodes.h"
#include "utils/lsyscache.h"

#include "toolkit/timeline/kept.h"
#include "compat.h"

/*
 * is_comparable says whether an argument that has the same Datum has the same value: a constant,
 * unless each call makes a copy of it, and everything that is passed by value.
 */
static bool
is_comparable(const Node *argument)
{
	if (IsA(argument, Const))
	{
		const Const *constant = (const Const *) argument;

		return constant->constisnull || constant->constlen != -1 ||
			   !VARATT_IS_EXTENDED(DatumGetPointer(constant->constvalue));
	}
	return get_typbyval(exprType(argument));
}

/* kept_call_make: see the header. */
KeptCall *
kept_call_make(FunctionCallInfo fcinfo, Size size)
{
	const FuncExpr *call = (const FuncExpr *) fcinfo->flinfo->fn_expr;
	bool is_kept = call != NULL && IsA(call, FuncExpr) &&
				   list_length(call->args) == fcinfo->nargs && fcinfo->nargs - 1 <= KEPT_ARGUMENTS;
	KeptCall *kept;

	for (int i = 1; is_kept && i < fcinfo->nargs; i++)
		is_kept = is_comparable(list_nth(call->args, i));
	/* where nothing is kept, just that is noted */
	kept = MemoryContextAllocZero(fcinfo->flinfo->fn_mcxt, is_kept ? size : sizeof(KeptCall));
	kept->is_kept = is_kept;
	fcinfo->flinfo->fn_extra = kept;
	return kept;
}
