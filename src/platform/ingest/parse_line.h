/*
 * parse_line.h
 *		A line becomes the columns of the inbox, or a refusal.
 */
#ifndef CDP_INGEST_PARSE_LINE_H
#define CDP_INGEST_PARSE_LINE_H

#include "platform/ingest/ingest.h"
#include "platform/ingest/line_batch.h"

/* Return a text without the byte order mark that some programs write at the start of a file. */
extern CdpkSpan line_without_mark(CdpkSpan text);

/*
 * Read a line of JSON, or a call of a batch, into the columns before INBOX_WRITTEN_BY, in the current memory context;
 * false with a refusal if it is none, with all columns NULL.  Raises an error only in a database that is not UTF-8,
 * whatever the line.
 */
extern bool parse_line(CdpkSpan text, const LineBatch *batch, InboxRow *row, Refusal *refusal);

#endif /* CDP_INGEST_PARSE_LINE_H */
