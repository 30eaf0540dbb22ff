/*
 * cdp.c
 *		The module's magic block; each room brings its own functions.
 */
#include "postgres.h"

#include "cdp.h"

/* as in CDP_FUNCTION: the first declaration decides a symbol's visibility */
extern CDP_EXPORT const Pg_magic_struct *PG_MAGIC_FUNCTION_NAME(void);

PG_MODULE_MAGIC;
