/*
 * audience_combine.h
 *		The set operations of audiences.
 */
#ifndef CDPK_AUDIENCE_COMBINE_H
#define CDPK_AUDIENCE_COMBINE_H

#include "core/audience/audience.h"

typedef enum CdpkSetOperation
{
	CDPK_SET_AND,
	CDPK_SET_OR,
	CDPK_SET_MINUS,
	CDPK_SET_XOR
} CdpkSetOperation;

/*
 * Make the audience that an operation gives, with "before" bytes in front of it; length is without
 * them.
 */
extern CdpkStatus cdpk_audience_combine(CdpkSetOperation operation, const CdpkAudience *a,
										const CdpkAudience *b, const CdpkAllocator *allocator,
										size_t before, CdpkPause pause, uint8_t **bytes,
										size_t *length);

#endif /* CDPK_AUDIENCE_COMBINE_H */
