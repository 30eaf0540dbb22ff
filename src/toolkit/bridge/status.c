/*
 * status.c
 *		The bridge from core/ to the server: palloc for its allocator, ereport for
 *		its status codes.
 */
#include "postgres.h"

#include "toolkit/bridge/status.h"

static void *
palloc_allocate(void *context, size_t size)
{
	return palloc(size);
}

static void *
huge_palloc_allocate(void *context, size_t size)
{
	return MemoryContextAllocHuge(CurrentMemoryContext, size);
}

static void
palloc_release(void *context, void *pointer)
{
	pfree(pointer);
}

const CdpkAllocator cdp_palloc_allocator = {palloc_allocate, palloc_release, NULL};
const CdpkAllocator cdp_huge_palloc_allocator = {huge_palloc_allocate, palloc_release, NULL};
const CdpkAllocator cdp_state_allocator = {palloc_allocate, NULL, NULL};

/* Find the SQLSTATE that fits a status. */
int
cdp_status_errcode(CdpkStatus status)
{
	switch (status)
	{
		case CDPK_OUT_OF_MEMORY:
			return ERRCODE_OUT_OF_MEMORY;
		case CDPK_CORRUPT:
		case CDPK_UNKNOWN_VERSION:
			return ERRCODE_DATA_CORRUPTED;
		case CDPK_TOO_LONG:
			return ERRCODE_PROGRAM_LIMIT_EXCEEDED;
		case CDPK_OUT_OF_RANGE:
			return ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE;
		case CDPK_BAD_ENCODING:
			return ERRCODE_CHARACTER_NOT_IN_REPERTOIRE;
		case CDPK_UNSUPPORTED:
			return ERRCODE_FEATURE_NOT_SUPPORTED;
		default:
			return ERRCODE_INVALID_TEXT_REPRESENTATION;
	}
}

/* Raise the error for bytes that are not a value of one of our types. */
void
cdp_report_bytes(CdpkStatus status, const char *type_name)
{
	if (status == CDPK_UNKNOWN_VERSION)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_CORRUPTED),
				 errmsg("value of type %s has a format that this release does not know", type_name),
				 errhint("Install the release of cdp that wrote it, or a later one.")));
	if (status == CDPK_TOO_LONG)
		ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
						errmsg("value of type %s is too large", type_name)));
	ereport(ERROR, (errcode(cdp_status_errcode(status)),
					errmsg("invalid bytes in a value of type %s", type_name)));
}
