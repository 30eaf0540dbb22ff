/*
 * visible.h
 *		Which people the current role may see.
 *
 * Memberships are read as the owner of the tables, whom row security does not concern; so who is handed out is asked of
 * the policies of cdp_data.profile, as the role that asked.
 */
#ifndef CDP_PROFILE_VISIBLE_H
#define CDP_PROFILE_VISIBLE_H

/* Tells whether a role sees everybody. */
extern bool visible_all(Oid role);

/*
 * Keeps those of some people whom the current role sees, in ascending order; returns how many.  Of those who are there
 * twice, one is kept.
 */
extern int64 visible_keep(int64 *ids, int64 count);

/* Tells whether a person is among these, which are in ascending order. */
extern bool visible_has(const int64 *ids, int64 count, int64 profile_id);

/* Returns all people whom the current role sees, in memory of the caller. */
extern int64 *visible_list(int64 *count);

#endif /* CDP_PROFILE_VISIBLE_H */
