/*
 * wire.c
 *		The text and binary forms of a type that is bytes to its users.
 */
#include "postgres.h"

#include "libpq/pqformat.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "toolkit/bridge/status.h"
#include "toolkit/bridge/wire.h"

/* cdp_wire_from_text: see the header. */
const uint8_t *
cdp_wire_from_text(FunctionCallInfo fcinfo, size_t *length)
{
	const char *text = PG_GETARG_CSTRING(0);
	size_t digits = strlen(text);
	uint8_t *bytes = palloc(digits / 2 + 1);

	*length = hex_decode(text, digits, (char *) bytes);
	return bytes;
}

/* cdp_wire_from_message: see the header. */
const uint8_t *
cdp_wire_from_message(FunctionCallInfo fcinfo, size_t *length)
{
	StringInfo message = (StringInfo) PG_GETARG_POINTER(0);

	*length = (size_t) (message->len - message->cursor);
	return (const uint8_t *) pq_getmsgbytes(message, (int) *length);
}

/* cdp_wire_to_text: see the header. */
Datum
cdp_wire_to_text(const uint8_t *bytes, size_t length, const char *type_name)
{
	char *text;

	if (length > (MaxAllocSize - 1) / 2)
		ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
						errmsg("value of type %s is too large for its text form", type_name),
						errhint("Use the binary form.")));
	text = palloc(2 * length + 1);
	text[hex_encode((const char *) bytes, length, text)] = '\0';
	return CStringGetDatum(text);
}

/* cdp_wire_to_message: see the header. */
Datum
cdp_wire_to_message(const uint8_t *bytes, size_t length)
{
	StringInfoData message;

	pq_begintypsend(&message);
	pq_sendbytes(&message, (const char *) bytes, (int) length);
	return PointerGetDatum(pq_endtypsend(&message));
}
