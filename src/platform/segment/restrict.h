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

/* How many milliseconds judging so many people may take; 0: any number. */
extern int restrict_limit(double people);

/*
 * Runs work(arg) as the role "owner" with this search_path; returns NULL, or the error
 * it failed with, in the caller's memory context; *too_slow says that it took longer
 * than "limit" milliseconds.  What it leaves in the session and the database is
 * undone in either case.  The caller's own cancel, statement_timeout or end of
 * the session is raised, not returned.
 */
extern ErrorData *restrict_run(Oid owner, const char *search_path, int limit,
							   void (*work)(void *arg), void *arg, bool *too_slow);

/* Changes a setting until the restricted context ends. */
extern void restrict_set(const char *name, const char *value);

#endif /* CDP_SEGMENT_RESTRICT_H */
