/*
 * tcf.c
 *		TC strings of the Transparency & Consent Frameworks.
 */
#include "core/consent/tcf.h"

#include <string.h>

/* since this version of the policy, that of TCF 2.3, each string says which vendors were disclosed */
#define POLICY_DISCLOSES 5

/* the first bits of a segment that is not the core */
enum
{
	SEGMENT_DISCLOSED = 1,
	SEGMENT_ALLOWED = 2,
	SEGMENT_PUBLISHER = 3
};

#define SEGMENT_BITS 3

CdpkTcfWalk
cdpk_tcf_restrictions(const CdpkTcf *tcf)
{
	CdpkTcfWalk walk = {tcf->restrictions, tcf->restriction_form, tcf->restriction_count};

	return walk;
}

bool
cdpk_tcf_next_restriction(CdpkTcfWalk *walk, unsigned *purpose, CdpkTcfRestriction *restriction,
						  CdpkIdSet *vendors)
{
	if (walk->left == 0)
		return false;
	walk->left--;
	*purpose = (unsigned) cdpk_read_bits(&walk->bits, 6);
	*restriction = (CdpkTcfRestriction) cdpk_read_bits(&walk->bits, 2);
	*vendors = cdpk_read_id_set(&walk->bits, walk->form);
	if (*purpose == 0 || *purpose > CDPK_TCF_PURPOSES || *restriction > CDPK_TCF_REQUIRE_INTEREST)
		walk->bits.failed = true;
	return !walk->bits.failed;
}

/* Read the restrictions, behind which nothing may be. */
static bool
read_restrictions(CdpkBits *bits, CdpkTcf *tcf)
{
	CdpkTcfWalk walk;
	unsigned purpose;
	CdpkTcfRestriction restriction;
	CdpkIdSet vendors;

	tcf->restriction_count = (unsigned) cdpk_read_bits(bits, 12);
	tcf->restrictions = *bits;
	walk = cdpk_tcf_restrictions(tcf);
	while (cdpk_tcf_next_restriction(&walk, &purpose, &restriction, &vendors))
		;
	return cdpk_bits_are_read(walk.bits);
}

/* Read what both frameworks begin with, up to the version of the policy. */
static void
read_head(CdpkBits *bits, CdpkTcf *tcf)
{
	tcf->version = (unsigned) cdpk_read_bits(bits, 6);
	tcf->created = (int64_t) cdpk_read_bits(bits, 36);
	tcf->updated = (int64_t) cdpk_read_bits(bits, 36);
	tcf->cmp_id = (unsigned) cdpk_read_bits(bits, 12);
	tcf->cmp_version = (unsigned) cdpk_read_bits(bits, 12);
	tcf->screen = (unsigned) cdpk_read_bits(bits, 6);
	cdpk_read_letters(bits, tcf->language);
	tcf->list_version = (unsigned) cdpk_read_bits(bits, 12);
	tcf->policy_version = (unsigned) cdpk_read_bits(bits, 6);
}

/* Read the purposes. */
static void
read_purposes(CdpkBits *bits, CdpkTcf *tcf)
{
	tcf->features = (uint32_t) cdpk_read_mask(bits, CDPK_TCF_FEATURES);
	tcf->consent = (uint32_t) cdpk_read_mask(bits, CDPK_TCF_PURPOSES);
	tcf->interest = (uint32_t) cdpk_read_mask(bits, CDPK_TCF_PURPOSES);
}

/* Read the core segment of Europe's; return what is wrong with it, or NULL. */
static const char *
read_core(const char *text, size_t length, CdpkTcf *tcf)
{
	CdpkBits bits = cdpk_bits(text, length);
	bool service_specific;

	read_head(&bits, tcf);
	if (!bits.failed && tcf->version != 2)
		return "its version is not 2";
	service_specific = cdpk_read_bits(&bits, 1) != 0;
	tcf->non_standard = cdpk_read_bits(&bits, 1) != 0;
	read_purposes(&bits, tcf);
	tcf->purpose_one = cdpk_read_bits(&bits, 1) != 0;
	cdpk_read_letters(&bits, tcf->country);
	tcf->vendor_consent = cdpk_read_id_set(&bits, CDPK_IDS_FIXED);
	tcf->vendor_interest = cdpk_read_id_set(&bits, CDPK_IDS_FIXED);
	tcf->restriction_form = CDPK_IDS_RANGES;
	if (!read_restrictions(&bits, tcf))
		return "its core segment is malformed";
	return service_specific ? NULL : "it is not specific to a service";
}

/* Read the core segment of Canada's with its sets in one form. */
static bool
read_canadian_core(CdpkBits bits, CdpkIdForm form, CdpkTcf *tcf)
{
	tcf->vendor_consent = cdpk_read_id_set(&bits, form);
	tcf->vendor_interest = cdpk_read_id_set(&bits, form);
	tcf->restriction_form = form == CDPK_IDS_FIXED ? CDPK_IDS_RANGES : form;
	return read_restrictions(&bits, tcf);
}

/* the forms in which encoders write Canada's sets: the present one, that of former days, and that of the document */
static const CdpkIdForm canadian_forms[] = {CDPK_IDS_FIBONACCI, CDPK_IDS_FIXED,
											CDPK_IDS_FIBONACCI_FIRST};

#define CANADIAN_FORMS (sizeof(canadian_forms) / sizeof(canadian_forms[0]))

/* Read the core segment of Canada's: the first form that it has as a whole is its form. */
static const char *
read_canadian(const char *text, size_t length, CdpkTcf *tcf)
{
	CdpkBits bits = cdpk_bits(text, length);

	read_head(&bits, tcf);
	if (!bits.failed && tcf->version != 1)
		return "its version is not 1";
	tcf->non_standard = cdpk_read_bits(&bits, 1) != 0;
	read_purposes(&bits, tcf);
	for (size_t i = 0; i < CANADIAN_FORMS; i++)
		if (read_canadian_core(bits, canadian_forms[i], tcf))
			return NULL;
	return "its core segment is malformed";
}

/* Read the segment of the publisher. */
static bool
read_publisher(CdpkBits bits, CdpkTcf *tcf)
{
	tcf->publisher_consent = (uint32_t) cdpk_read_mask(&bits, CDPK_TCF_PURPOSES);
	tcf->publisher_interest = (uint32_t) cdpk_read_mask(&bits, CDPK_TCF_PURPOSES);
	tcf->custom_purposes = (unsigned) cdpk_read_bits(&bits, 6);
	tcf->custom_consent = cdpk_read_mask(&bits, tcf->custom_purposes);
	tcf->custom_interest = cdpk_read_mask(&bits, tcf->custom_purposes);
	return cdpk_bits_are_read(bits);
}

/* Read a segment that is only a set of vendors. */
static bool
read_vendors(CdpkBits bits, bool canadian, CdpkIdSet *vendors)
{
	for (size_t i = 0; i < CANADIAN_FORMS; i++)
	{
		CdpkBits rest = bits;

		*vendors = cdpk_read_id_set(&rest, canadian ? canadian_forms[i] : CDPK_IDS_FIXED);
		if (cdpk_bits_are_read(rest))
			return true;
		if (!canadian)
			break;
	}
	return false;
}

/* Read a segment behind the core; return what is wrong with it, or NULL. */
static const char *
read_segment(const char *text, size_t length, CdpkTcf *tcf)
{
	CdpkBits bits = cdpk_bits(text, length);
	unsigned type = (unsigned) cdpk_read_bits(&bits, SEGMENT_BITS);
	bool *has = type == SEGMENT_DISCLOSED   ? &tcf->has_disclosed
				: type == SEGMENT_ALLOWED   ? &tcf->has_allowed
				: type == SEGMENT_PUBLISHER ? &tcf->has_publisher
											: NULL;

	if (bits.failed || has == NULL || (type == SEGMENT_ALLOWED && tcf->canadian))
		return "a segment is of no known type";
	if (*has)
		return "two segments are of one type";
	*has = true;
	if (type == SEGMENT_PUBLISHER
			? !read_publisher(bits, tcf)
			: !read_vendors(bits, tcf->canadian,
							type == SEGMENT_ALLOWED ? &tcf->allowed : &tcf->disclosed))
		return "a segment behind its core is malformed";
	return NULL;
}

/* Decode a string of either. */
static CdpkStatus
decode(const char *text, size_t length, CdpkTcf *tcf, const char **problem)
{
	const char *end = text + length;
	const char *dot = length > 0 ? memchr(text, '.', length) : NULL;
	size_t core = dot != NULL ? (size_t) (dot - text) : length;

	*problem = tcf->canadian ? read_canadian(text, core, tcf) : read_core(text, core, tcf);
	while (*problem == NULL && dot != NULL)
	{
		const char *start = dot + 1;

		dot = start < end ? memchr(start, '.', (size_t) (end - start)) : NULL;
		*problem = read_segment(start, (size_t) ((dot != NULL ? dot : end) - start), tcf);
	}
	if (*problem == NULL && !tcf->canadian && !tcf->has_disclosed &&
		tcf->policy_version >= POLICY_DISCLOSES)
		*problem = "it has no segment of disclosed vendors";
	return *problem == NULL ? CDPK_OK : CDPK_INVALID;
}

CdpkStatus
cdpk_tcf_decode(const char *text, size_t length, CdpkTcf *tcf, const char **problem)
{
	memset(tcf, 0, sizeof(*tcf));
	return decode(text, length, tcf, problem);
}

CdpkStatus
cdpk_tcf_decode_canadian(const char *text, size_t length, CdpkTcf *tcf, const char **problem)
{
	memset(tcf, 0, sizeof(*tcf));
	tcf->canadian = true;
	return decode(text, length, tcf, problem);
}
