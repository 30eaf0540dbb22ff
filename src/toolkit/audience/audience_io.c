/*
 * audience_io.c
 *		The type cdp.audience: text and binary form, equality, hash.
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "libpq/pqformat.h"

#include "cdp.h"
#include "core/audience/audience_text.h"
#include "toolkit/audience/audience.h"
#include "toolkit/bridge/status.h"

CDP_FUNCTION(cdp_audience_in);
CDP_FUNCTION(cdp_audience_out);
CDP_FUNCTION(cdp_audience_recv);
CDP_FUNCTION(cdp_audience_send);
CDP_FUNCTION(cdp_audience_eq);
CDP_FUNCTION(cdp_audience_ne);
CDP_FUNCTION(cdp_audience_hash);
CDP_FUNCTION(cdp_audience_hash_extended);

/* Read the text form. */
Datum
cdp_audience_in(PG_FUNCTION_ARGS)
{
	const char *text = PG_GETARG_CSTRING(0);
	CdpkTextProblem problem;
	uint8_t *bytes;
	size_t length;
	CdpkStatus status = cdpk_audience_parse(text, strlen(text), &cdp_huge_palloc_allocator,
											VARHDRSZ, audience_pause, &bytes, &length, &problem);

	if (status == CDPK_INVALID)
		ereturn(fcinfo->context, (Datum) 0,
				(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
				 errmsg("invalid input syntax for type %s", "cdp.audience"),
				 errdetail("At byte %zu: %s.", problem.position, problem.words),
				 errhint("An audience is ids and ranges of ids in braces, as {1,5..9}.")));
	return audience_datum(status, bytes, length);
}

/* Write the text form. */
Datum
cdp_audience_out(PG_FUNCTION_ARGS)
{
	CdpkAudience audience = audience_open(PG_GETARG_AUDIENCE_PP(0));
	char *text;
	CdpkStatus status = cdpk_audience_print(&audience, &cdp_palloc_allocator, &text);

	if (status == CDPK_TOO_LONG)
		ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
						errmsg("audience is too large for its text form"),
						errhint("Use the binary form, or cdp.ids(audience).")));
	audience_check(status);
	PG_RETURN_CSTRING(text);
}

/* Read the binary form: all bytes are checked. */
Datum
cdp_audience_recv(PG_FUNCTION_ARGS)
{
	StringInfo message = (StringInfo) PG_GETARG_POINTER(0);
	int length = message->len - message->cursor;
	const char *bytes = pq_getmsgbytes(message, length);
	Audience *result;

	audience_check(cdpk_audience_check((const uint8_t *) bytes, (size_t) length));
	result = palloc(VARHDRSZ + length);
	SET_VARSIZE(result, VARHDRSZ + length);
	memcpy(VARDATA(result), bytes, length);
	PG_RETURN_POINTER(result);
}

/* Write the binary form. */
Datum
cdp_audience_send(PG_FUNCTION_ARGS)
{
	Audience *audience = PG_GETARG_AUDIENCE_PP(0);
	StringInfoData message;

	pq_begintypsend(&message);
	pq_sendbytes(&message, VARDATA_ANY(audience), (int) VARSIZE_ANY_EXHDR(audience));
	PG_RETURN_BYTEA_P(pq_endtypsend(&message));
}

/* Compare two audiences: equal sets are equal bytes. */
static bool
is_equal(FunctionCallInfo fcinfo)
{
	Audience *a = PG_GETARG_AUDIENCE_PP(0);
	Audience *b = PG_GETARG_AUDIENCE_PP(1);

	return VARSIZE_ANY_EXHDR(a) == VARSIZE_ANY_EXHDR(b) &&
		   memcmp(VARDATA_ANY(a), VARDATA_ANY(b), VARSIZE_ANY_EXHDR(a)) == 0;
}

Datum
cdp_audience_eq(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(is_equal(fcinfo));
}

Datum
cdp_audience_ne(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(!is_equal(fcinfo));
}

Datum
cdp_audience_hash(PG_FUNCTION_ARGS)
{
	Audience *audience = PG_GETARG_AUDIENCE_PP(0);

	PG_RETURN_UINT32(hash_bytes((const unsigned char *) VARDATA_ANY(audience),
								(int) VARSIZE_ANY_EXHDR(audience)));
}

Datum
cdp_audience_hash_extended(PG_FUNCTION_ARGS)
{
	Audience *audience = PG_GETARG_AUDIENCE_PP(0);

	PG_RETURN_UINT64(hash_bytes_extended((const unsigned char *) VARDATA_ANY(audience),
										 (int) VARSIZE_ANY_EXHDR(audience),
										 (uint64) PG_GETARG_INT64(1)));
}
