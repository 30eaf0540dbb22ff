/*
 * gpp.c
 *		Strings of the Global Privacy Platform.
 */
#include "core/consent/gpp.h"

#include <string.h>

#define HEADER_TYPE 3
#define HEADER_VERSION 1

CdpkGppWalk
cdpk_gpp_walk(const CdpkGpp *gpp)
{
	CdpkGppWalk walk = {cdpk_id_walk(&gpp->ids),           1,         0,
						gpp->header_only ? 0 : gpp->count, gpp->text, gpp->text + gpp->length};

	return walk;
}

bool
cdpk_gpp_next(CdpkGppWalk *walk, unsigned *id, const char **text, size_t *length)
{
	const char *end;

	if (walk->left == 0)
		return false;
	if (walk->id > walk->last && !cdpk_id_next(&walk->ids, &walk->id, &walk->last))
		return false;
	walk->left--;
	*id = walk->id++;
	end = walk->at < walk->end ? memchr(walk->at, '~', (size_t) (walk->end - walk->at)) : NULL;
	if (end == NULL)
		end = walk->end;
	*text = walk->at;
	*length = (size_t) (end - walk->at);
	walk->at = end < walk->end ? end + 1 : end;
	return true;
}

const char *
cdpk_gpp_name(unsigned id)
{
	const CdpkUsSection *section = cdpk_us_section(id);

	if (section != NULL)
		return section->name;
	return id == CDPK_GPP_TCF_EU       ? "tcfeuv2"
		   : id == CDPK_GPP_TCF_CANADA ? "tcfcav1"
		   : id == CDPK_GPP_US_PRIVACY ? "uspv1"
									   : NULL;
}

CdpkStatus
cdpk_us_privacy_decode(const char *text, size_t length, CdpkUsPrivacy *privacy)
{
	if (length != 4 || text[0] != '1')
		return CDPK_INVALID;
	for (int i = 1; i < 4; i++)
		if (text[i] != 'Y' && text[i] != 'N' && text[i] != '-')
			return CDPK_INVALID;
	privacy->notice = text[1];
	privacy->opt_out_sale = text[2];
	privacy->covered = text[3];
	return CDPK_OK;
}

/* Return what is wrong with the text of a section, or NULL. */
static const char *
check_section(unsigned id, const char *text, size_t length)
{
	union
	{
		CdpkTcf tcf;
		CdpkUs us;
		CdpkUsPrivacy privacy;
	} decoded;
	const char *problem = NULL;

	if (length == 0)
		return "it is empty";
	if (id == CDPK_GPP_TCF_EU)
		cdpk_tcf_decode(text, length, &decoded.tcf, &problem);
	else if (id == CDPK_GPP_TCF_CANADA)
		cdpk_tcf_decode_canadian(text, length, &decoded.tcf, &problem);
	else if (id == CDPK_GPP_US_PRIVACY)
	{
		if (cdpk_us_privacy_decode(text, length, &decoded.privacy) != CDPK_OK)
			problem = "it is not of the form 1YNN";
	}
	else if (cdpk_us_section(id) != NULL &&
			 cdpk_us_decode(id, text, length, &decoded.us) != CDPK_OK)
		problem = "it is malformed, or of a version that is not known";
	return problem;
}

/* Read the header; return what is wrong with it, or NULL. */
static const char *
read_header(const char *text, size_t length, CdpkGpp *gpp)
{
	CdpkBits bits = cdpk_bits(text, length);
	CdpkIdWalk walk;
	uint32_t first;
	uint32_t last;

	if (cdpk_read_bits(&bits, 6) != HEADER_TYPE)
		return "it does not begin with a header";
	if (cdpk_read_bits(&bits, 6) != HEADER_VERSION)
		return "the version of its header is not 1";
	gpp->ids = cdpk_read_id_set(&bits, CDPK_IDS_FIBONACCI_RANGES);
	if (!cdpk_bits_are_read(bits))
		return "its header is malformed";
	walk = cdpk_id_walk(&gpp->ids);
	gpp->count = 0;
	while (cdpk_id_next(&walk, &first, &last))
		gpp->count += last - first + 1;
	return NULL;
}

/* Return how many sections a text has. */
static size_t
count_sections(const CdpkGpp *gpp)
{
	size_t count = 1;

	for (size_t i = 0; i < gpp->length; i++)
		count += gpp->text[i] == '~';
	return count;
}

CdpkStatus
cdpk_gpp_decode(const char *text, size_t length, CdpkGpp *gpp, const char **problem,
				unsigned *section)
{
	const char *tilde = length > 0 ? memchr(text, '~', length) : NULL;
	size_t header = tilde != NULL ? (size_t) (tilde - text) : length;
	CdpkGppWalk walk;
	const char *body;
	size_t body_length;

	memset(gpp, 0, sizeof(*gpp));
	*section = 0;
	*problem = read_header(text, header, gpp);
	if (*problem != NULL)
		return CDPK_INVALID;
	gpp->header_only = tilde == NULL;
	gpp->text = text + header + !gpp->header_only;
	gpp->length = length - header - !gpp->header_only;
	if (!gpp->header_only && gpp->count != count_sections(gpp))
	{
		*problem = "its header names another number of sections than it has";
		return CDPK_INVALID;
	}
	walk = cdpk_gpp_walk(gpp);
	while (*problem == NULL && cdpk_gpp_next(&walk, section, &body, &body_length))
		*problem = check_section(*section, body, body_length);
	return *problem == NULL ? CDPK_OK : CDPK_INVALID;
}
