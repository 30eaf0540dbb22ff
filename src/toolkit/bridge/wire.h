/*
 * wire.h
 *		The text and binary forms of a type that is bytes to its users: hexadecimal
 *		digits, and the bytes themselves.
 */
#ifndef CDP_BRIDGE_WIRE_H
#define CDP_BRIDGE_WIRE_H

#include "fmgr.h"

typedef struct CdpWireType
{
	const char *name; /* as "cdp_internal.steps_state" */
	/* Make a value from bytes that may be anything; raise an error if they are corrupt. */
	Datum (*from_bytes)(const uint8_t *bytes, size_t length);
	/* Return the bytes of a value. */
	const uint8_t *(*to_bytes)(Datum value, size_t *length);
} CdpWireType;

/* Implement the input, output, receive and send functions of such a type. */
extern Datum cdp_wire_in(FunctionCallInfo fcinfo, const CdpWireType *type);
extern Datum cdp_wire_out(FunctionCallInfo fcinfo, const CdpWireType *type);
extern Datum cdp_wire_recv(FunctionCallInfo fcinfo, const CdpWireType *type);
extern Datum cdp_wire_send(FunctionCallInfo fcinfo, const CdpWireType *type);

#endif /* CDP_BRIDGE_WIRE_H */
