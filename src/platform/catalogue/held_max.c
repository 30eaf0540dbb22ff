/*
 * held_max.c
 *		cdp_internal.held_max: HELD_MAX for SQL.
 */
#include "postgres.h"

#include "fmgr.h"

#include "cdp.h"
#include "platform/catalogue/held_max.h"

/* cdp_held_max returns how many identifiers, and how many accounts, a row of a profile holds at most. */
CDP_FUNCTION(cdp_held_max);
Datum
cdp_held_max(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT32(HELD_MAX);
}
