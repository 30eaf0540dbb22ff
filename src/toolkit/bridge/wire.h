/*
 * wire.h
 *		The text and binary forms of a type that is bytes to its users: hexadecimal
 *		digits, and the bytes themselves.
 */
#ifndef CDP_UTIL_WIRE_H
#define CDP_UTIL_WIRE_H

#include "fmgr.h"

/* The bytes of the text form, argument 0 of an input function. */
extern const uint8_t *cdp_wire_from_text(FunctionCallInfo fcinfo, size_t *length);

/* The rest of the message, argument 0 of a receive function. */
extern const uint8_t *cdp_wire_from_message(FunctionCallInfo fcinfo, size_t *length);

/* The text form; type_name as "cdp.timeline". */
extern Datum cdp_wire_to_text(const uint8_t *bytes, size_t length, const char *type_name);

/* The binary form. */
extern Datum cdp_wire_to_message(const uint8_t *bytes, size_t length);

#endif /* CDP_UTIL_WIRE_H */
