/*
 * held_max.h
 *		How many identifiers, and how many accounts, a row of cdp_data.profile holds at most.
 */
#ifndef CDP_HELD_MAX_H
#define CDP_HELD_MAX_H

#define HELD_MAX 64

#endif /* CDP_HELD_MAX_H */
