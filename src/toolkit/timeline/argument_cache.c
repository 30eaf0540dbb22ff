/*
 * argument_cache.c
 *		Caches what a function read from its arguments, from call to call.
 */
#include "postgres.h"

#include "nodes/nodeFuncs.h"
#include "nodes/primnodes.h"
#include "utils/lsyscache.h"

#include "toolkit/timeline/argument_cache.h"
#include "compat.h"

/*
 * Check whether the same Datum of an argument means the same value: true of a constant, unless each
 * call copies it, and of every type that is passed by value.
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

ArgumentCache *
argument_cache_make(FunctionCallInfo fcinfo, Size size)
{
	const FuncExpr *call = (const FuncExpr *) fcinfo->flinfo->fn_expr;
	bool is_persistent = call != NULL && IsA(call, FuncExpr) &&
						 list_length(call->args) == fcinfo->nargs &&
						 fcinfo->nargs - 1 <= ARGUMENT_CACHE_MAX;
	ArgumentCache *cache;

	for (int i = 1; is_persistent && i < fcinfo->nargs; i++)
		is_persistent = is_comparable(list_nth(call->args, i));
	/* if nothing can be cached, only this fact is */
	cache = MemoryContextAllocZero(fcinfo->flinfo->fn_mcxt,
								   is_persistent ? size : sizeof(ArgumentCache));
	cache->is_persistent = is_persistent;
	fcinfo->flinfo->fn_extra = cache;
	return cache;
}
