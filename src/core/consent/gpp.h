/*
 * gpp.h
 *		Strings of the Global Privacy Platform: a header that names sections, and these, each in a format of its
 *		own; and the US Privacy string, which is one of them and was one before.
 */
#ifndef CDPK_GPP_H
#define CDPK_GPP_H

#include "core/consent/tcf.h"
#include "core/consent/us_section.h"

/* sections that are not of the United States' form */
enum
{
	CDPK_GPP_TCF_EU = 2,
	CDPK_GPP_TCF_CANADA = 5,
	CDPK_GPP_US_PRIVACY = 6
};

typedef struct CdpkGpp
{
	CdpkIdSet ids;    /* of the sections, ascending */
	unsigned count;   /* of these */
	bool header_only; /* the sections that the header names are not there */
	const char *text; /* of the sections, with the tildes between them */
	size_t length;
} CdpkGpp;

/* Each a letter: Y, N or -. */
typedef struct CdpkUsPrivacy
{
	char notice;
	char opt_out_sale;
	char covered; /* by the Limited Service Provider Agreement */
} CdpkUsPrivacy;

/*
 * Decode a string.  CDPK_INVALID: *problem says why, a phrase, and *section which one is at fault, 0: the header.
 * Sections of numbers that are not known may hold anything, but not nothing.  A header alone is decoded, too.
 */
extern CdpkStatus cdpk_gpp_decode(const char *text, size_t length, CdpkGpp *gpp,
								  const char **problem, unsigned *section);

typedef struct CdpkGppWalk
{
	CdpkIdWalk ids;
	uint32_t id; /* of the next section */
	uint32_t last;
	unsigned left;
	const char *at;
	const char *end;
} CdpkGppWalk;

extern CdpkGppWalk cdpk_gpp_walk(const CdpkGpp *gpp);

/* Return the next section; false after the last. */
extern bool cdpk_gpp_next(CdpkGppWalk *walk, unsigned *id, const char **text, size_t *length);

/* Return the name of a section; NULL: it is not known. */
extern const char *cdpk_gpp_name(unsigned id);

/* Decode a US Privacy string, such as 1YNN. */
extern CdpkStatus cdpk_us_privacy_decode(const char *text, size_t length, CdpkUsPrivacy *privacy);

#endif /* CDPK_GPP_H */
