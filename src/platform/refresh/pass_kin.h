/*
 * pass_kin.h
 *		Verdicts about identifiers, and user_ids and earlier ones: what a pass knows of them.
 */
#ifndef CDP_REFRESH_PASS_KIN_H
#define CDP_REFRESH_PASS_KIN_H

#include "platform/refresh/pass.h"

/* A verdict about one identifier; of those about two, that a forbid names it. */
typedef enum PassSingleVerdict
{
	PASS_FORBIDDEN,
	PASS_SHARED,
	PASS_NOT_SHARED
} PassSingleVerdict;

typedef struct PassJudged
{
	int64 place; /* of the identifier, from 0 */
	PassSingleVerdict verdict;
} PassJudged;

/* A verdict about two identifiers that have numbers, or that one is the hash of the other. */
typedef struct PassVerdict
{
	int64_t a;
	int64_t b;
	int64_t a_profile_id; /* as the tables have it */
	int64_t b_profile_id;
	bool refused;
} PassVerdict;

extern Datum pass_name_array(const CdpkBatchBytes *names, size_t count);
extern PassJudged *pass_find_judged(Pass *pass, Datum identifiers, uint64 *count);
extern PassVerdict *pass_find_verdicts(Pass *pass, bool same, const int64_t *profile_ids,
									   size_t profile_count, const int64_t *identifier_ids,
									   size_t identifier_count, Datum names, size_t *count);
extern void pass_find_present(Pass *pass, PassIds *ids, CdpkIdMap *present);
extern void pass_find_kin(Pass *pass);
extern void pass_flag_same(Pass *pass);
extern bool pass_is_claimed(const Pass *pass, int64 identifier_id);

#endif /* CDP_REFRESH_PASS_KIN_H */
