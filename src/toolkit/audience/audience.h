/*
 * audience.h
 *		The type cdp.audience for the functions that read it: the server's side of core/audience.
 */
#ifndef CDP_AUDIENCE_H
#define CDP_AUDIENCE_H

#include "fmgr.h"

#include "compat.h"
#include "core/audience/audience.h"

/* a varlena whose content is the bytes of core/audience/audience.h */
typedef struct varlena Audience;

#define PG_GETARG_AUDIENCE_PP(n) ((Audience *) PG_DETOAST_DATUM_PACKED(PG_GETARG_DATUM(n)))

/* Raise the error for bytes that are not an audience, or an audience of more than the allowed size. */
extern void audience_check(CdpkStatus status);

/* Start reading; raises an error where the bytes are corrupt. */
extern CdpkAudience audience_open(Audience *audience);

/* Return the value of what core/ wrote behind room for the header of a varlena. */
extern Datum audience_datum(CdpkStatus status, uint8_t *bytes, size_t length);

/* Let a cancelled query interrupt a loop over chunks. */
extern void audience_pause(void);

#endif /* CDP_AUDIENCE_H */
