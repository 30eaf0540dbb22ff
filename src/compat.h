/*
 * compat.h
 *		Every difference between PostgreSQL versions that the project meets.
 */
#ifndef CDP_COMPAT_H
#define CDP_COMPAT_H

#include "fmgr.h"

/* varatt.h left postgres.h in 16 */
#if PG_VERSION_NUM >= 160000
#include "varatt.h"
#endif

/* errors that an input function can hand back instead of raising came with 16 */
#if PG_VERSION_NUM < 160000
#define errsave(context, ...) ereport(ERROR, __VA_ARGS__)
#define ereturn(context, dummy, ...) ereport(ERROR, __VA_ARGS__)
#endif

/* infinite intervals came with 17 */
#if PG_VERSION_NUM < 170000
#define INTERVAL_NOT_FINITE(interval) false
#endif

#endif /* CDP_COMPAT_H */
