/*
 * cdp.c
 *		The module's magic block; each room brings its own functions.
 */
#include "postgres.h"

#include "cdp.h"

PG_MODULE_MAGIC;
