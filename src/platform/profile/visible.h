/*
 * visible.h
 *		Which people, and which identifiers, the current role may see.
 *
 * Memberships are read as the owner of the tables, whom row security does not concern; so who is handed out is asked of
 * the policies of cdp_data.profile, as the role that asked.
 */
#ifndef CDP_PROFILE_VISIBLE_H
#define CDP_PROFILE_VISIBLE_H

/* Tells whether a role sees everybody. */
extern bool visible_all(Oid role);

/* Keeps those of some people whom the current role sees, in their order; returns how many. */
extern int64 visible_keep(int64 *ids, int64 count);

/* Returns all people whom the current role sees, in ascending order, in memory of the caller. */
extern int64 *visible_list(int64 *count);

#endif /* CDP_PROFILE_VISIBLE_H */
