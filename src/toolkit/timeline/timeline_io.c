/*
 * timeline_io.c
 *		The type cdp.timeline: text and binary form, order, hash.
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "common/string.h"
#include "libpq/pqformat.h"
#include "mb/pg_wchar.h"

#include "cdp.h"
#include "core/timeline/timeline_check.h"
#include "core/timeline/timeline_text.h"
#include "toolkit/bridge/huge.h"
#include "toolkit/bridge/status.h"
#include "toolkit/timeline/timeline.h"

CDP_FUNCTION(cdp_timeline_in);
CDP_FUNCTION(cdp_timeline_out);
CDP_FUNCTION(cdp_timeline_recv);
CDP_FUNCTION(cdp_timeline_send);
CDP_FUNCTION(cdp_timeline_eq);
CDP_FUNCTION(cdp_timeline_ne);
CDP_FUNCTION(cdp_timeline_lt);
CDP_FUNCTION(cdp_timeline_le);
CDP_FUNCTION(cdp_timeline_gt);
CDP_FUNCTION(cdp_timeline_ge);
CDP_FUNCTION(cdp_timeline_cmp);
CDP_FUNCTION(cdp_timeline_hash);
CDP_FUNCTION(cdp_timeline_hash_extended);

/* Read the text form. */
Datum
cdp_timeline_in(PG_FUNCTION_ARGS)
{
	const char *text = PG_GETARG_CSTRING(0);
	CdpkTimelineLog *log = NULL;
	CdpkTextProblem problem;
	CdpkStatus status;

	cdpk_log_new(&cdp_palloc_allocator, &log);
	status = cdpk_timeline_parse(text, strlen(text), &cdp_palloc_allocator, &log, &problem);
	if (status == CDPK_BAD_ENCODING)
		ereturn(fcinfo->context, (Datum) 0,
				(errcode(cdp_status_errcode(status)),
				 errmsg("invalid input syntax for type %s", "cdp.timeline"),
				 errdetail("Names and texts are UTF-8; the encoding of this database is %s.",
						   GetDatabaseEncodingName())));
	if (status != CDPK_OK)
		ereturn(fcinfo->context, (Datum) 0,
				(errcode(cdp_status_errcode(status)),
				 errmsg("invalid input syntax for type %s", "cdp.timeline"),
				 errdetail("At byte %zu: %s.", problem.position, problem.words),
				 errhint("A timeline is a JSON object from names of events to arrays of their "
						 "times, as {\"view\": [\"2026-01-01T10:00:00Z\"]}; the time of an event "
						 "with properties is [\"2026-01-01T10:00:00Z\", {\"total\": 40.5}].")));
	PG_RETURN_POINTER(timeline_from_log(log));
}

/* Write the text form. */
Datum
cdp_timeline_out(PG_FUNCTION_ARGS)
{
	size_t length;
	const uint8_t *bytes = timeline_bytes(PG_GETARG_TIMELINE_PP(0), &length);
	char *text;
	CdpkStatus status = cdpk_timeline_print(bytes, length, &cdp_palloc_allocator, &text, &length);

	if (status == CDPK_TOO_LONG)
		ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
						errmsg("timeline is too large for its text form"),
						errhint("Use the binary form, or cdp.events(timeline).")));
	timeline_check(status);
	PG_RETURN_CSTRING(text);
}

/* Refuse names that a database of another encoding than UTF-8 cannot show. */
static void
refuse_encoding(const char *bytes, size_t length)
{
	char *text;

	if (GetDatabaseEncoding() == PG_UTF8 || GetDatabaseEncoding() == PG_SQL_ASCII)
		return;
	if (cdpk_timeline_print((const uint8_t *) bytes, length, &cdp_palloc_allocator, &text,
							&length) != CDPK_OK ||
		!pg_is_ascii(text))
		ereport(ERROR, (errcode(ERRCODE_UNTRANSLATABLE_CHARACTER),
						errmsg("timeline has names that are not ASCII"),
						errdetail("Names of events are UTF-8; the encoding of this database is %s.",
								  GetDatabaseEncodingName())));
}

/* Return a timeline with the events of bytes that are of an earlier version, in the present form. */
static Timeline *
rewrite(const uint8_t *bytes, size_t length)
{
	CdpkAllocator scratch = cdp_huge_scratch(CurrentMemoryContext);
	uint8_t *result;
	CdpkStatus status = cdpk_timeline_rewrite(bytes, length, &scratch, &cdp_palloc_allocator,
											  VARHDRSZ, &result, &length);

	timeline_check(status);
	return (Timeline *) DatumGetPointer(cdp_varlena(result, VARHDRSZ + length));
}

/* Read the binary form: the bytes of the compact form, all of them checked. */
Datum
cdp_timeline_recv(PG_FUNCTION_ARGS)
{
	StringInfo message = (StringInfo) PG_GETARG_POINTER(0);
	int length = message->len - message->cursor;
	const char *bytes = pq_getmsgbytes(message, length);
	CdpkAllocator scratch = cdp_huge_scratch(CurrentMemoryContext);
	CdpkStatus status = cdpk_timeline_check((const uint8_t *) bytes, (size_t) length, &scratch);
	Timeline *result;

	timeline_check(status);
	refuse_encoding(bytes, (size_t) length);
	if (cdpk_timeline_is_old((const uint8_t *) bytes, (size_t) length))
		PG_RETURN_POINTER(rewrite((const uint8_t *) bytes, (size_t) length));
	result = palloc(VARHDRSZ + length);
	SET_VARSIZE(result, VARHDRSZ + length);
	memcpy(VARDATA(result), bytes, length);
	PG_RETURN_POINTER(result);
}

/* Write the binary form. */
Datum
cdp_timeline_send(PG_FUNCTION_ARGS)
{
	size_t length;
	const uint8_t *bytes = timeline_bytes(PG_GETARG_TIMELINE_PP(0), &length);
	StringInfoData message;

	pq_begintypsend(&message);
	pq_sendbytes(&message, (const char *) bytes, (int) length);
	PG_RETURN_BYTEA_P(pq_endtypsend(&message));
}

/* Return the bytes of an argument in the present form: those of equal timelines are equal. */
static const uint8_t *
present_bytes(FunctionCallInfo fcinfo, int argument, size_t *length)
{
	const uint8_t *bytes = timeline_bytes(PG_GETARG_TIMELINE_PP(argument), length);

	if (cdpk_timeline_is_old(bytes, *length))
		bytes = timeline_bytes(rewrite(bytes, *length), length);
	return bytes;
}

/*
 * Compare two timelines by their bytes, a prefix first: an order without a meaning, but equal
 * timelines are equal bytes.
 */
static int
compare(FunctionCallInfo fcinfo)
{
	size_t a_length;
	size_t b_length;
	const uint8_t *a = present_bytes(fcinfo, 0, &a_length);
	const uint8_t *b = present_bytes(fcinfo, 1, &b_length);
	int order = memcmp(a, b, Min(a_length, b_length));

	return order != 0 ? order : (a_length > b_length) - (a_length < b_length);
}

Datum
cdp_timeline_eq(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(compare(fcinfo) == 0);
}

Datum
cdp_timeline_ne(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(compare(fcinfo) != 0);
}

Datum
cdp_timeline_lt(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(compare(fcinfo) < 0);
}

Datum
cdp_timeline_le(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(compare(fcinfo) <= 0);
}

Datum
cdp_timeline_gt(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(compare(fcinfo) > 0);
}

Datum
cdp_timeline_ge(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(compare(fcinfo) >= 0);
}

Datum
cdp_timeline_cmp(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT32(compare(fcinfo));
}

Datum
cdp_timeline_hash(PG_FUNCTION_ARGS)
{
	size_t length;
	const uint8_t *bytes = present_bytes(fcinfo, 0, &length);

	PG_RETURN_UINT32(hash_bytes(bytes, (int) length));
}

Datum
cdp_timeline_hash_extended(PG_FUNCTION_ARGS)
{
	size_t length;
	const uint8_t *bytes = present_bytes(fcinfo, 0, &length);

	PG_RETURN_UINT64(hash_bytes_extended(bytes, (int) length, (uint64) PG_GETARG_INT64(1)));
}
