/*
 * kept.h
 *		What a function made of its arguments, kept from call to call.
 *
 * In a query over many timelines all arguments but the first are mostly the same from row to row,
 * and reading them takes longer than finding an event.  A function has a structure that begins
 * with a KeptCall and goes on with what it reads from its arguments:
 *
 *		Call own;
 *		Call *call = (Call *) kept_call(fcinfo, &own.kept, sizeof(own));
 *
 *		if (!kept_call_is_same(fcinfo, &call->kept))
 *			... read the arguments into *call, then kept_call_is_ready(fcinfo, &call->kept)
 */
#ifndef CDP_KEPT_H
#define CDP_KEPT_H

#include "fmgr.h"

/* arguments behind the timeline, at most */
#define KEPT_ARGUMENTS 8

typedef struct KeptCall
{
	bool is_kept;  /* whether it is there at the next call */
	bool is_ready; /* whether what follows was read from these: */
	NullableDatum arguments[KEPT_ARGUMENTS];
} KeptCall;

/* Internal: makes it for all calls of this expression. */
extern KeptCall *kept_call_make(FunctionCallInfo fcinfo, Size size);

/* What the expression's last call left, or "own" where its arguments cannot be compared cheaply. */
static inline KeptCall *
kept_call(FunctionCallInfo fcinfo, KeptCall *own, Size size)
{
	KeptCall *kept = fcinfo->flinfo != NULL ? fcinfo->flinfo->fn_extra : NULL;

	if (kept == NULL && fcinfo->flinfo != NULL)
		kept = kept_call_make(fcinfo, size);
	if (kept == NULL || !kept->is_kept)
	{
		own->is_kept = own->is_ready = false;
		return own;
	}
	return kept;
}

/*
 * Whether what was read is of the same arguments; what may change is compared by value.  If not, it
 * is not ready any more, also where reading the others ends in an error that is caught.
 */
static inline bool
kept_call_is_same(FunctionCallInfo fcinfo, KeptCall *kept)
{
	Datum different = 0;

	if (!kept->is_ready)
		return false;
	for (int i = 1; i < fcinfo->nargs; i++)
		different |= (kept->arguments[i - 1].value ^ fcinfo->args[i].value) |
					 (Datum) (kept->arguments[i - 1].isnull ^ fcinfo->args[i].isnull);
	kept->is_ready = different == 0;
	return kept->is_ready;
}

/* Notes that the arguments are read. */
static inline void
kept_call_is_ready(FunctionCallInfo fcinfo, KeptCall *kept)
{
	if (!kept->is_kept)
		return;
	for (int i = 1; i < fcinfo->nargs; i++)
		kept->arguments[i - 1] = fcinfo->args[i];
	kept->is_ready = true;
}

#endif /* CDP_KEPT_H */
