/*
 * scrub.h
 *		Takes suppressed identifiers out of a row: out of each column, whatever its place in a document.
 */
#ifndef CDP_INGEST_SCRUB_H
#define CDP_INGEST_SCRUB_H

#include "platform/ingest/onboard.h"
#include "platform/suppression/suppression.h"

/* Tells whether one of the identifiers of an event is suppressed, or the earlier user_id of an alias. */
extern bool scrub_is_needed(const Suppressed *suppressed, const OnboardedRow *event);

/*
 * Takes what is suppressed out of the columns of a row; returns whether there was any.  What is changed is in the
 * current memory context.  region: as of identifier_make_in_region().
 */
extern bool scrub_row(const Suppressed *suppressed, const char *region, InboxRow *row);

/* Takes what is suppressed out of a text that is not read as JSON; returns the text itself if there is none. */
extern text *scrub_text(const Suppressed *suppressed, const char *region, text *from);

/* Takes what is suppressed out of a document; returns the document itself if there is none, and NULL if nothing is left. */
extern Jsonb *scrub_jsonb(const Suppressed *suppressed, const char *region, Jsonb *from);

#endif /* CDP_INGEST_SCRUB_H */
