/*
 * restrict.h
 *		Runs code as another role, in a security-restricted context, in a
 *		subtransaction that is always rolled back, for a limited time.
 */
#ifndef CDP_SEGMENT_RESTRICT_H
#define CDP_SEGMENT_RESTRICT_H

#include "utils/elog.h"

/* Defines the setting cdp.segment_timeout. */
extern void restrict_define_settings(void);

/* Returns how many milliseconds judging this number of people may take; 0: no limit. */
extern int restrict_limit(double people);

/*
 * Runs work(arg) as the role "owner" with this search_path; returns its error, in the
 * caller's memory context, or NULL.  Sets *too_slow if it took longer than "limit"
 * milliseconds (0: no limit).  Undoes its changes to the session and the database in
 * either case.  Raises, and does not return, a cancel, statement_timeout or
 * termination that is meant for the caller.
 */
extern ErrorData *restrict_run(Oid owner, const char *search_path, int limit,
							   void (*work)(void *arg), void *arg, bool *too_slow);

/* Changes a setting until the restricted context is closed. */
extern void restrict_set(const char *name, const char *value);

#endif /* CDP_SEGMENT_RESTRICT_H */
