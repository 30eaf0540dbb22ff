/*
 * format.h
 *		The formats of strings that a JSON Schema can ask for.
 */
#ifndef CDPK_FORMAT_H
#define CDPK_FORMAT_H

#include "core/base/cdpk.h"

typedef enum CdpkFormat
{
	CDPK_FORMAT_DATE_TIME, /* RFC 3339 */
	CDPK_FORMAT_DATE,
	CDPK_FORMAT_TIME, /* with its zone */
	CDPK_FORMAT_EMAIL,
	CDPK_FORMAT_IDN_EMAIL,
	CDPK_FORMAT_HOSTNAME,
	CDPK_FORMAT_IDN_HOSTNAME,
	CDPK_FORMAT_IPV4,
	CDPK_FORMAT_IPV6,
	CDPK_FORMAT_URI,
	CDPK_FORMAT_URI_REFERENCE,
	CDPK_FORMAT_IRI,
	CDPK_FORMAT_IRI_REFERENCE,
	CDPK_FORMAT_URI_TEMPLATE,
	CDPK_FORMAT_JSON_POINTER,
	CDPK_FORMAT_RELATIVE_JSON_POINTER,
	CDPK_FORMAT_REGEX,
	CDPK_FORMAT_UUID,
	CDPK_FORMATS
} CdpkFormat;

/* Find a format by its name; false for one that is not known. */
extern bool cdpk_format_find(const char *name, size_t length, CdpkFormat *format);

/* Return its name. */
extern const char *cdpk_format_name(CdpkFormat format);

/* Return whether a text, which is UTF-8, has the format. */
extern bool cdpk_format_matches(CdpkFormat format, const char *text, size_t length);

#endif /* CDPK_FORMAT_H */
