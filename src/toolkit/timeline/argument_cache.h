/*
 * argument_cache.h
 *		Caches what a function read from its arguments, from call to call.
 *
 * In a query over many timelines all arguments but the first are mostly the same from row to row,
 * and reading them takes longer than finding an event.  A function has a structure that begins
 * with an ArgumentCache and goes on with what it reads from its arguments:
 *
 *		Call own;
 *		Call *call = (Call *) argument_cache_get(fcinfo, &own.cache, sizeof(own));
 *
 *		if (!argument_cache_is_valid(fcinfo, &call->cache))
 *			... read the arguments into *call, then argument_cache_fill(fcinfo, &call->cache)
 */
#ifndef CDP_ARGUMENT_CACHE_H
#define CDP_ARGUMENT_CACHE_H

#include "fmgr.h"

/* arguments after the timeline, at most */
#define ARGUMENT_CACHE_MAX 8

typedef struct ArgumentCache
{
	bool is_persistent; /* the structure is there at the next call */
	bool is_filled;     /* what follows was read from these arguments */
	NullableDatum arguments[ARGUMENT_CACHE_MAX];
} ArgumentCache;

/* Make the cache for all calls of this expression; only argument_cache_get calls it. */
extern ArgumentCache *argument_cache_make(FunctionCallInfo fcinfo, Size size);

/* Return the expression's cache, or "own" if its arguments cannot be compared cheaply. */
static inline ArgumentCache *
argument_cache_get(FunctionCallInfo fcinfo, ArgumentCache *own, Size size)
{
	ArgumentCache *cache = fcinfo->flinfo != NULL ? fcinfo->flinfo->fn_extra : NULL;

	if (cache == NULL && fcinfo->flinfo != NULL)
		cache = argument_cache_make(fcinfo, size);
	if (cache == NULL || !cache->is_persistent)
	{
		own->is_persistent = own->is_filled = false;
		return own;
	}
	return cache;
}

/*
 * Check whether the cache was filled from the same arguments; those that may change are compared by
 * value.  If not, mark it as empty, so that it stays empty if reading the arguments raises an error.
 */
static inline bool
argument_cache_is_valid(FunctionCallInfo fcinfo, ArgumentCache *cache)
{
	Datum different = 0;

	if (!cache->is_filled)
		return false;
	for (int i = 1; i < fcinfo->nargs; i++)
		different |= (cache->arguments[i - 1].value ^ fcinfo->args[i].value) |
					 (Datum) (cache->arguments[i - 1].isnull ^ fcinfo->args[i].isnull);
	cache->is_filled = different == 0;
	return cache->is_filled;
}

/* Note the arguments that the cache was filled from. */
static inline void
argument_cache_fill(FunctionCallInfo fcinfo, ArgumentCache *cache)
{
	if (!cache->is_persistent)
		return;
	for (int i = 1; i < fcinfo->nargs; i++)
		cache->arguments[i - 1] = fcinfo->args[i];
	cache->is_filled = true;
}

#endif /* CDP_ARGUMENT_CACHE_H */
