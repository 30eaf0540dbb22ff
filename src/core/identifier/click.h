/*
 * click.h
 *		Click ids: what the platforms of ads add to the links of their ads, and the
 *		cookies that they set on a site.
 */
#ifndef CDPK_CLICK_H
#define CDPK_CLICK_H

#include "core/base/cdpk.h"

typedef enum CdpkClickKind
{
	CDPK_CLICK_LINK,    /* one value for each click; it goes on with a link that is passed on */
	CDPK_CLICK_BROWSER, /* one value for each browser */
	CDPK_CLICK_FACEBOOK /* the cookie _fbc, fb.1.1700000000000.VALUE: VALUE is the one of the link */
} CdpkClickKind;

typedef struct CdpkClickName
{
	const char *name;       /* of the parameter or member, in lower case */
	const char *name_space; /* of its identifiers */
	CdpkClickKind kind;
} CdpkClickName;

/*
 * Return the entry of a name, whatever its case; NULL: it is none.  What is not for each click or browser is none:
 * gbraid and wbraid stand for many clicks.
 */
extern const CdpkClickName *cdpk_click_find(const char *name, size_t length);

/* Return the entry at a place, from 0; NULL after the last. */
extern const CdpkClickName *cdpk_click_at(size_t place);

/*
 * Take the part of a cookie's value that is the click id; false: it is not of the
 * form.  The value of another kind is the click id itself.
 */
extern bool cdpk_click_value(const CdpkClickName *name, const char **value, size_t *length);

/* The parameters of an URL, or of its query with or without a question mark. */
typedef struct CdpkQuery
{
	const char *at;
	const char *end;
} CdpkQuery;

extern CdpkQuery cdpk_query_of_url(const char *url, size_t length);
extern CdpkQuery cdpk_query_of_search(const char *search, size_t length);

typedef struct CdpkParameter
{
	const char *name;
	size_t name_length;
	const char *value; /* encoded */
	size_t value_length;
} CdpkParameter;

/* Return the next parameter; false after the last.  Points into the query. */
extern bool cdpk_query_next(CdpkQuery *query, CdpkParameter *parameter);

/* Decode a value (%41, +) into a buffer of as many bytes as it has; returns the bytes written. */
extern size_t cdpk_query_decode(const char *value, size_t length, char *result);

#endif /* CDPK_CLICK_H */
