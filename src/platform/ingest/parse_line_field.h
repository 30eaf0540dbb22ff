/*
 * parse_line_field.h
 *		The fields of a line, and what is noted of how they were sent.
 */
#ifndef CDP_INGEST_PARSE_LINE_FIELD_H
#define CDP_INGEST_PARSE_LINE_FIELD_H

#include "platform/ingest/parse_line_json.h"

typedef enum FieldKind
{
	FIELD_ID,     /* a string, or a number, taken as its text */
	FIELD_TEXT,   /* a string */
	FIELD_OBJECT, /* an object */
	FIELD_TIME,   /* a string or a number that is a time */
	FIELD_FOLDED, /* any type; it has no column */
} FieldKind;

/* The fields of a line: the columns that it gives, and those that are folded into others. */
enum
{
	PARSED_COLUMNS = INBOX_WRITTEN_BY,
	FOLDED_NAME = PARSED_COLUMNS,
	FOLDED_CATEGORY,
	FOLDED_INTEGRATIONS,
	FOLDED_MERGE,
	FIELD_COUNT
};

/* The names of a field in a line, and of its column; camel is NULL if it is the same as name. */
typedef struct LineField
{
	const char *name;
	const char *camel;
	FieldKind kind;
} LineField;

extern const LineField line_fields[FIELD_COUNT];

/* the spellings of a field */
enum
{
	SPELLED_USUAL, /* in camelCase */
	SPELLED_SNAKE,
	SPELLINGS
};

/* One member of the line that is a field. */
typedef struct Spelled
{
	bool is_there;
	LineMember member;
} Spelled;

/* more than one for each spelling of a field */
#define NOTES_MAX (SPELLINGS * FIELD_COUNT + 8)

/* The members of a line, by destination. */
typedef struct Line
{
	Spelled spelled[FIELD_COUNT][SPELLINGS];
	const LineMember *given[FIELD_COUNT]; /* of these the one that counts; NULL: missing or null */
	LineMember merged[2];                 /* where a batch gave a part of a field */
	LineMembers properties;               /* folded into the properties */
	LineMembers context;                  /* folded into the context */
	LineMembers extra;                    /* kept in the context's "_extra" */
	LineNote notes[NOTES_MAX];            /* kept in the context's "_sent" */
	int note_count;
	bool has_traits; /* the context has members of these names */
	bool has_integrations;
	bool has_merge;
	bool has_ours;    /* "_extra" or "_sent" */
	bool is_snowplow; /* it was made of an event of line_snowplow.h */
} Line;

/* Return whether two values are written alike. */
static inline bool
line_is_same(const LineMember *a, const LineMember *b)
{
	return a->value.length == b->value.length &&
		   memcmp(a->value.text, b->value.text, a->value.length) == 0;
}

/* Add a note of how a key was sent. */
extern void line_add_note(Line *line, CdpkSpan key, const char *note);

/* Keep a member as it was sent. */
extern void line_keep_extra(Line *line, const LineMember *member);

/* Fold what has no column, and keep what the columns do not give back; row has the times. */
extern void line_note_all(Line *line, const InboxRow *row);

#endif /* CDP_INGEST_PARSE_LINE_FIELD_H */
