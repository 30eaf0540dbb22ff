/*
 * pass_finding.h
 *		What rows of a batch break of the tracking plan of their source.
 */
#ifndef CDP_REFRESH_PASS_FINDING_H
#define CDP_REFRESH_PASS_FINDING_H

#include "platform/ingest/take.h"

/* more of one row are not kept */
#define PASS_FINDINGS_MAX 20

/* One violation; each once in a row. */
typedef struct PassFinding
{
	const char *field; /* at most 200 bytes */
	const char *kind;  /* the keyword that is broken, or "unplanned" */
	const char *description;
	int version;
	bool is_dropped; /* what breaks it is dropped if the row is accepted */
} PassFinding;

struct TakeFindings
{
	int count;
	CallType type;
	const char *event; /* as the plan names it */
	PassFinding items[FLEXIBLE_ARRAY_MEMBER];
};

#endif /* CDP_REFRESH_PASS_FINDING_H */
