/*
 * wire.c
 *		The text and binary forms of a type that is bytes to its users.
 */
#include "postgres.h"

#include "libpq/pqformat.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "toolkit/bridge/wire.h"

Datum
cdp_wire_in(FunctionCallInfo fcinfo, const CdpWireType *type)
{
	const char *text = PG_GETARG_CSTRING(0);
	size_t digits = strlen(text);
	uint8_t *bytes = palloc(digits / 2 + 1);
	size_t length = hex_decode(text, digits, (char *) bytes);

	return type->from_bytes(bytes, length);
}

Datum
cdp_wire_out(FunctionCallInfo fcinfo, const CdpWireType *type)
{
	size_t length;
	const uint8_t *bytes = type->to_bytes(PG_GETARG_DATUM(0), &length);
	char *text;

	if (length > (MaxAllocSize - 1) / 2)
		ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
						errmsg("value of type %s is too large for its text form", type->name),
						errhint("Use the binary form.")));
	text = palloc(2 * length + 1);
	text[hex_encode((const char *) bytes, length, text)] = '\0';
	PG_RETURN_CSTRING(text);
}

Datum
cdp_wire_recv(FunctionCallInfo fcinfo, const CdpWireType *type)
{
	StringInfo message = (StringInfo) PG_GETARG_POINTER(0);
	size_t length = (size_t) (message->len - message->cursor);

	return type->from_bytes((const uint8_t *) pq_getmsgbytes(message, (int) length), length);
}

Datum
cdp_wire_send(FunctionCallInfo fcinfo, const CdpWireType *type)
{
	size_t length;
	const uint8_t *bytes = type->to_bytes(PG_GETARG_DATUM(0), &length);
	StringInfoData message;

	pq_begintypsend(&message);
	pq_sendbytes(&message, (const char *) bytes, (int) length);
	PG_RETURN_BYTEA_P(pq_endtypsend(&message));
}
