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
	CdpkSpan written;    /* the key as it is written, without its quotes */
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

/* Give the member of an object of this name, the last if there are several; false if it has none, or is NULL. */
extern bool line_find_key(const LineMember *object, const char *key, LineMember *found);

/* Return whether a key is equal to this name. */
static inline bool
line_is_key(CdpkSpan key, const char *name)
{
	return strlen(name) == key.length && memcmp(name, key.text, key.length) == 0;
}

/* Return the text of a string, or of a number as it stands in an identifier. */
extern CdpkSpan line_text(const LineMember *member);

/* What is true of a key of a message as it was sent: see sent_message.h. */
typedef struct LineNote
{
	CdpkSpan key;
	const char *note; /* JSON */
} LineNote;

/* What becomes part of an object. */
typedef struct LineAdditions
{
	const LineMembers *folded; /* further members */
	const LineMembers *extra;  /* what its member "_extra" has; none: it has no such member */
	const LineNote *notes;     /* what its member "_sent" has; none: it has no such member */
	int note_count;
	bool replaces; /* "_extra" and "_sent" of the object itself are left out */
} LineAdditions;

/* Return the jsonb of an object (NULL: an empty one) with what is added to it. */
extern Jsonb *line_object(const LineMember *object, const LineAdditions *additions);

/* Return an object with all members of the first, and those of the second that the first does not have. */
extern LineMember line_merge(const LineMember *first, const LineMember *second);

#endif /* CDP_INGEST_PARSE_LINE_JSON_H */
