/*
 * module.c
 *		The magic block of the module cdp_phone; all else is in normalize.cc, which
 *		sees no header of the server, so that no ereport can jump over C++ frames.
 */
#include "postgres.h"

#include "cdp.h"

/* as in CDP_FUNCTION: the first declaration decides a symbol's visibility */
extern CDP_EXPORT const Pg_magic_struct *PG_MAGIC_FUNCTION_NAME(void);

PG_MODULE_MAGIC;
