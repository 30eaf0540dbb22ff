/*
 * renew_traits.h
 *		Traits of one source that were folded long ago.
 */
#ifndef CDP_PROFILE_RENEW_TRAITS_H
#define CDP_PROFILE_RENEW_TRAITS_H

#include "datatype/timestamp.h"

#include "toolkit/traits/traits.h"

/* What is to be known of the source. */
typedef struct TraitsRenewal
{
	int32 trust;
	const Interval *expires_after; /* NULL: what it says does not expire */
	TimestampTz as_of;             /* what expires until then is left out; DT_NOBEGIN: nothing is */
} TraitsRenewal;

/* Tells when what was said at a time expires; DT_NOEND: never. */
extern TimestampTz traits_expire_at(const TraitsRenewal *renewal, TimestampTz said_at);

/* Tells whether traits can stay as they are: none has expired, and the source is trusted as it was. */
extern bool traits_are_current(const TraitsRenewal *renewal, const CdpkTraitsView *view);

/* Makes traits anew, with the present trust, of what has not expired; NULL: nothing is left. */
extern Traits *traits_renew(const TraitsRenewal *renewal, const CdpkTraitsView *view);

/*
 * Tells when the first of what such traits were folded of expires.  traits_at: when the earliest was said that had
 * not expired then.
 */
extern TimestampTz traits_first_expiry(const TraitsRenewal *renewal, const CdpkTraitsView *view,
									   TimestampTz traits_at);

#endif /* CDP_PROFILE_RENEW_TRAITS_H */
