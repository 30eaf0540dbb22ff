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

#endif /* CDP_COMPAT_H */
