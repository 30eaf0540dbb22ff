/*
 * reader.h
 *		Reads memberships, exact at now() or, if that is later, at the last batch.
 *
 * What is kept is read as the owner of the tables, and people whose horizon has passed are judged again; nothing is
 * written.  Which segments may be shown to the caller is the caller's affair; which people, reader_keep_visible() says.
 */
#ifndef CDP_SEGMENT_READER_H
#define CDP_SEGMENT_READER_H

#include "platform/segment/kept.h"

typedef struct Reader
{
	KeptSegments *segments;
	TimestampTz at;   /* for which all is exact */
	TimestampTz last; /* of the last batch */
	Oid user;         /* the caller */
	int security;
	bool sees_all; /* the caller sees everybody */
} Reader;

/* Raises an error unless the tables are there, and are what cdp.init() made; as the caller, and before all else. */
extern void reader_check_tables(void);

/* Becomes the owner of the tables, reads the segments of a subject.  None is asked, and no definition locked. */
extern void reader_open(Reader *reader, SubjectKind subject);

/* Becomes the caller again. */
extern void reader_close(Reader *reader);

/* Returns the place of the segment of a name, or -1. */
extern int reader_segment(const Reader *reader, const char *name);

/* Returns which segments the caller may read. */
extern bool *reader_readable(const Reader *reader);

/* Keeps those of some people whom the caller may see, in their order; returns how many. */
extern int64 reader_keep_visible(const Reader *reader, int64 *ids, int64 count);

/* Returns some people, with their memberships in the segments that are asked as they are at reader->at. */
extern Kept *reader_judge(Reader *reader, int64 *ids, int64 count);

#endif /* CDP_SEGMENT_READER_H */
