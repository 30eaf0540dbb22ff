/*
 * planned_name.h
 *		The name that a tracking plan has for an event.
 */
#ifndef CDP_INGEST_PLANNED_NAME_H
#define CDP_INGEST_PLANNED_NAME_H

#include "platform/ingest/ingest.h"

/* Return the name by which a plan knows an event: of a page or screen the page's, "Pricing" of "page: Pricing". */
extern CdpkSpan planned_name(CdpkSpan type, CdpkSpan event);

#endif /* CDP_INGEST_PLANNED_NAME_H */
