/*
 * writer_sources.h
 *		The sources that the writers of a batch's rows may name.
 */
#ifndef CDP_INGEST_WRITER_SOURCES_H
#define CDP_INGEST_WRITER_SOURCES_H

#include "platform/ingest/ingest.h"

typedef struct Writer
{
	char name[NAMEDATALEN]; /* key */
	bool any;               /* its rows may name any source */
	int count;              /* none: it is no writer, or gone */
	CdpkSpan *sources;
} Writer;

typedef struct Writers Writers;

/* Return an empty set of writers, in the current memory context. */
extern Writers *writers_new(void);

/* Return the writer of this name, which writers_look_up() will look up. */
extern Writer *writers_add(Writers *writers, CdpkSpan name);

/* Look up the sources of all writers. */
extern void writers_look_up(Writers *writers);

/* Return the source of a row: what it says, or where that is blank and its writer has only one, that. */
extern CdpkSpan writer_source(const Writer *writer, CdpkSpan given);

/* Return what is wrong with a source for a writer, or NULL. */
extern const char *writer_problem(const Writer *writer, CdpkSpan source);

#endif /* CDP_INGEST_WRITER_SOURCES_H */
