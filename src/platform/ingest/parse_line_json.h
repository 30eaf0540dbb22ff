/*
 * parse_line_json.h
 *		The members of a JSON object, and jsonb made of them.
 *
 * All text must have passed cdpk_json_check.
 */
#ifndef CDP_INGEST_PARSE_LINE_JSON_H
#define CDP_INGEST_PARSE_LINE_JSON_H

#include "utils/jsonb.h"

#include "platform/ingest/ingest.h"

/* One member of an object. */
typedef struct LineMember
{
	CdpkSpan key;        /* without its escapes */
	CdpkSpan value;      /* as it is written */
	CdpkJsonToken token; /* the value's first token */
} LineMember;

typedef struct LineMembers
{
	LineMember *members;
	int count;
	int capacity;
} LineMembers;

/* Read the next member of an object whose opening bracket has been read; false at its end. */
extern bool line_next_member(CdpkJson *json, LineMember *member);

/* Append a copy of the member. */
extern void line_append(LineMembers *list, const LineMember *member);

/* Return whether an object has a member of this name; false if it is NULL. */
extern bool line_has_key(const LineMember *object, const char *key);

/* Return whether a key is equal to this name. */
static inline bool
line_is_key(CdpkSpan key, const char *name)
{
	return strlen(name) == key.length && memcmp(name, key.text, key.length) == 0;
}

/* Return the text of a string, or of a number as it stands in an identifier. */
extern CdpkSpan line_text(const LineMember *member);

/*
 * Return the jsonb of an object (NULL: an empty one) with the folded members, and with the extra ones
 * in its member "_extra" if there are any.
 */
extern Jsonb *line_object(const LineMember *object, const LineMembers *folded,
						  const LineMembers *extra);

#endif /* CDP_INGEST_PARSE_LINE_JSON_H */
