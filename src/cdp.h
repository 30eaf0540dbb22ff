/*
 * cdp.h
 *		What every SQL-callable function of the module needs.
 *
 * The module is built with hidden symbols; CDP_FUNCTION exports exactly one.
 */
#ifndef CDP_H
#define CDP_H

#include "compat.h"
#include "fmgr.h"

#define CDP_EXPORT __attribute__((visibility("default")))

/*
 * PG_FUNCTION_INFO_V1 declares the function before it defines the info record;
 * the first declaration decides a symbol's visibility.
 */
#define CDP_FUNCTION(name)                                          \
	extern CDP_EXPORT Datum name(PG_FUNCTION_ARGS);                 \
	extern CDP_EXPORT const Pg_finfo_record *pg_finfo_##name(void); \
	PG_FUNCTION_INFO_V1(name)

#endif /* CDP_H */
