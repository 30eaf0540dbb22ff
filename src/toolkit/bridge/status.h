/*
 * status.h
 *		The bridge from core/ to the server: palloc for its allocator, ereport for
 *		its status codes.
 */
#ifndef CDP_UTIL_STATUS_H
#define CDP_UTIL_STATUS_H

#include "utils/memutils.h"

#include "compat.h"
#include "core/base/cdpk.h"

/* allocates in the current memory context; release is pfree */
extern const CdpkAllocator cdp_palloc_allocator;

/* the same without the limit of 1 GB */
extern const CdpkAllocator cdp_huge_palloc_allocator;

/* for the state of an aggregate: never releases, because the executor owns the state */
extern const CdpkAllocator cdp_state_allocator;

/*
 * Set the varlena header of memory that core/ filled: "size" bytes, the header included. It
 * must be the beginning of a palloc chunk, because the executor asks for its context.
 */
static inline Datum
cdp_varlena(void *value, size_t size)
{
	Assert(MemoryContextIsValid(GetMemoryChunkContext(value)));
	SET_VARSIZE(value, size);
	return PointerGetDatum(value);
}

/* Return the SQLSTATE that fits a status. */
extern int cdp_status_errcode(CdpkStatus status);

/*
 * Raise the error for bytes that are not a value of one of our types; type_name as
 * "cdp.timeline".
 */
extern void cdp_report_bytes(CdpkStatus status, const char *type_name) __attribute__((noreturn));

#endif /* CDP_UTIL_STATUS_H */
