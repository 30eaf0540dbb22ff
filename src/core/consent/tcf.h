/*
 * tcf.h
 *		TC strings: what the Transparency & Consent Frameworks of IAB Europe (2.0 to 2.3) and of IAB Canada (1)
 *		write of the choices that a person made.
 *
 * Bit layouts: core segment, then for Europe the ones for disclosed vendors (type 1), allowed vendors (2, of
 * strings of former days) and the publisher (3), in any order, each at most once.
 */
#ifndef CDPK_TCF_H
#define CDPK_TCF_H

#include "core/consent/id_set.h"

#define CDPK_TCF_PURPOSES 24
#define CDPK_TCF_FEATURES 12

/* how a publisher restricts vendors for a purpose */
typedef enum CdpkTcfRestriction
{
	CDPK_TCF_NOT_ALLOWED,
	CDPK_TCF_REQUIRE_CONSENT,
	CDPK_TCF_REQUIRE_INTEREST
} CdpkTcfRestriction;

/* In masks of purposes and features the lowest bit is that of 1. */
typedef struct CdpkTcf
{
	bool canadian;    /* consent is express, legitimate interest is implied consent */
	unsigned version; /* 2 of Europe's, 1 of Canada's */
	int64_t created;  /* tenths of seconds since 1970 */
	int64_t updated;
	unsigned cmp_id;
	unsigned cmp_version;
	unsigned screen;
	char language[2];
	unsigned list_version;
	unsigned policy_version;
	bool non_standard; /* texts, of Canada's: stacks */
	uint32_t features;
	uint32_t consent;
	uint32_t interest;
	bool purpose_one; /* was not disclosed */
	char country[2];
	CdpkIdSet vendor_consent;
	CdpkIdSet vendor_interest;
	CdpkBits restrictions; /* at the first */
	CdpkIdForm restriction_form;
	unsigned restriction_count;

	bool has_disclosed; /* the segment, and those below */
	bool has_allowed;
	bool has_publisher;
	CdpkIdSet disclosed;
	CdpkIdSet allowed;
	uint32_t publisher_consent;
	uint32_t publisher_interest;
	unsigned custom_purposes;
	uint64_t custom_consent;
	uint64_t custom_interest;
} CdpkTcf;

/*
 * Decode a string of Europe's, or of Canada's.  CDPK_INVALID: *problem says why, a phrase; also of what the framework
 * calls invalid: other versions, global scope, and since policy version 5 no segment of disclosed vendors.
 */
extern CdpkStatus cdpk_tcf_decode(const char *text, size_t length, CdpkTcf *tcf,
								  const char **problem);
extern CdpkStatus cdpk_tcf_decode_canadian(const char *text, size_t length, CdpkTcf *tcf,
										   const char **problem);

typedef struct CdpkTcfWalk
{
	CdpkBits bits;
	CdpkIdForm form;
	unsigned left;
} CdpkTcfWalk;

extern CdpkTcfWalk cdpk_tcf_restrictions(const CdpkTcf *tcf);

/* Return the next restriction of vendors; false after the last. */
extern bool cdpk_tcf_next_restriction(CdpkTcfWalk *walk, unsigned *purpose,
									  CdpkTcfRestriction *restriction, CdpkIdSet *vendors);

#endif /* CDPK_TCF_H */
