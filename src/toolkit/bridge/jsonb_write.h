/*
 * jsonb_write.h
 *		An array or object of jsonb, written piece by piece as bytes.
 *
 * The server's pushJsonbValue() takes all that it is given apart, and needs up to thirty times as
 * much memory as the result has; here a piece is copied as it is.  The bytes are those that the
 * server would write.
 */
#ifndef CDP_UTIL_JSONB_WRITE_H
#define CDP_UTIL_JSONB_WRITE_H

#include "lib/stringinfo.h"
#include "utils/jsonb.h"

typedef struct JsonbWriter
{
	StringInfoData entries; /* of type JEntry */
	StringInfoData data;    /* what they lead to */
} JsonbWriter;

/* Begins an array or object. */
extern void jsonb_write_begin(JsonbWriter *writer);

/*
 * Append an element of an array; or of an object first all keys, in jsonb's order and none twice,
 * then the values in the order of their keys.  An array or object is one of type jbvBinary.
 */
extern void jsonb_write(JsonbWriter *writer, const JsonbValue *value);

/* Return the whole as a jsonb, an object or an array; what the writer has is freed. */
extern Jsonb *jsonb_write_end(JsonbWriter *writer, bool is_object);

/* Free what the writer has. */
extern void jsonb_write_drop(JsonbWriter *writer);

#endif /* CDP_UTIL_JSONB_WRITE_H */
