/*
 * json.h
 *		A strict scanner for JSON (RFC 8259) that may be anything.
 *
 * It takes nothing that PostgreSQL's jsonb would refuse.  Beyond RFC 8259 it refuses \u0000, halves
 * of surrogate pairs, and what passes the limits below; each of them is far beyond real
 * messages, and low enough that a document which is taken can always be stored, printed and dumped
 * again (jsonb prints 1e100000 with all its zeros).
 *
 * The scanner keeps one bit a level and calls nothing recursively.
 */
#ifndef CDPK_JSON_H
#define CDPK_JSON_H

#include "core/base/cdpk.h"

#define CDPK_JSON_SIZE_MAX (4 * 1024 * 1024) /* bytes of a document */
#define CDPK_JSON_DEPTH_MAX 64               /* objects and arrays within each other */
#define CDPK_JSON_DIGITS_MAX 1000            /* digits of a number as it is written */
#define CDPK_JSON_EXPONENT_MAX 400           /* a number's exponent, up or down */

typedef enum CdpkJsonToken
{
	CDPK_JSON_END, /* the document is complete, only white space follows */
	CDPK_JSON_INVALID,
	CDPK_JSON_OBJECT,
	CDPK_JSON_OBJECT_END,
	CDPK_JSON_ARRAY,
	CDPK_JSON_ARRAY_END,
	CDPK_JSON_KEY,
	CDPK_JSON_STRING,
	CDPK_JSON_NUMBER,
	CDPK_JSON_TRUE,
	CDPK_JSON_FALSE,
	CDPK_JSON_NULL
} CdpkJsonToken;

/* A piece of the text: a value as it is written, or the inside of a string's quotes. */
typedef struct CdpkSpan
{
	const char *text;
	size_t length;
} CdpkSpan;

typedef struct CdpkJson
{
	const char *start;
	const char *at; /* after the last token; where CDPK_JSON_INVALID was found */
	const char *end;
	const char *token; /* the first byte of the last token */
	CdpkSpan string;   /* of a key or string: what is between its quotes, escapes as they are */
	bool escaped;      /* whether that holds an escape */
	int expected;      /* what may come next: json.c */
	unsigned depth;
	uint64_t objects;    /* bit d: the container at depth d + 1 is an object */
	const char *problem; /* what is wrong, in words */
} CdpkJson;

/* Return a scanner at the start of a text that is UTF-8. */
extern CdpkJson cdpk_json(const char *text, size_t length);

/* Read the next token.  A key's colon belongs to it; commas are not shown. */
extern CdpkJsonToken cdpk_json_next(CdpkJson *json);

/* Return whether the last token stands directly within an array. */
static inline bool
cdpk_json_in_array(const CdpkJson *json)
{
	return json->depth > 0 && ((json->objects >> (json->depth - 1)) & 1) == 0;
}

/*
 * Read a whole value, whatever is in it, give its text, and return its first token:
 * CDPK_JSON_INVALID where it is not well formed or where the scanner is not before a value.
 */
extern CdpkJsonToken cdpk_json_value(CdpkJson *json, CdpkSpan *value);

/*
 * Write a key or string of a valid document without its escapes, and return the length, which
 * is never above the length with them.
 */
extern size_t cdpk_json_unescape(CdpkSpan string, char *result);

/* Read the text of a number of a valid document; return whether it is a plain integer of up to 18 digits. */
extern bool cdpk_json_small_integer(CdpkSpan number, int64_t *value);

/*
 * Return whether bytes are one JSON document within the limits.  Otherwise *problem says why not, in
 * words, and *position at which byte, from 1.
 *
 * CDPK_TOO_LONG: longer than CDPK_JSON_SIZE_MAX.  CDPK_BAD_ENCODING: not UTF-8, or with a NUL.
 * CDPK_INVALID: anything else.
 */
extern CdpkStatus cdpk_json_check(const char *text, size_t length, const char **problem,
								  size_t *position);

/*
 * Return where the value at "at" ends, looking at brackets and quotes only, so that of an array the elements are
 * found even if one of them is not valid; NULL: at the end of the text, or at what is no value.
 */
extern const char *cdpk_json_skip(const char *at, const char *end);

/* Return the first byte that is no white space, or the end. */
extern const char *cdpk_json_skip_space(const char *at, const char *end);

#endif /* CDPK_JSON_H */
