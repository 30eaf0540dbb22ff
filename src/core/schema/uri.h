/*
 * uri.h
 *		URIs (RFC 3986) and IRIs (RFC 3987): their parts, and references resolved against a base.
 */
#ifndef CDPK_URI_H
#define CDPK_URI_H

#include "core/text/json.h"

/* A reference, split; a part that is not there has no text. */
typedef struct CdpkUri
{
	CdpkSpan scheme;
	CdpkSpan authority;
	CdpkSpan path; /* always there, maybe empty */
	CdpkSpan query;
	CdpkSpan fragment;
} CdpkUri;

/* Split any text. */
extern CdpkUri cdpk_uri_split(CdpkSpan text);

/* Return whether a text is a URI reference, or with "international" an IRI reference, by its characters and parts. */
extern bool cdpk_uri_valid(CdpkSpan text, bool international);

/*
 * Resolve a reference against a base, both valid, without fragments: write the result and return its length, which is
 * at most the sum of both and 2.
 */
extern size_t cdpk_uri_resolve(CdpkSpan base, CdpkSpan reference, char *result);

#endif /* CDPK_URI_H */
