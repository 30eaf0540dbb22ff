/*
 * sequence.c
 *		The type cdp.sequence, and whether a timeline has one.
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "common/string.h"
#include "libpq/pqformat.h"
#include "mb/pg_wchar.h"
#include "utils/timestamp.h"

#include "toolkit/sequence/sequence.h"
#include "toolkit/sequence/sequence_horizon.h"
#include "toolkit/timeline/timeline_args.h"
#include "cdp.h"
#include "compat.h"
#include "core/sequence/sequence_timeline.h"
#include "toolkit/bridge/status.h"
#include "toolkit/bridge/window.h"

CDP_FUNCTION(cdp_sequence_in);
CDP_FUNCTION(cdp_sequence_out);
CDP_FUNCTION(cdp_sequence_recv);
CDP_FUNCTION(cdp_sequence_send);
CDP_FUNCTION(cdp_sequence_eq);
CDP_FUNCTION(cdp_sequence_ne);
CDP_FUNCTION(cdp_sequence_hash);
CDP_FUNCTION(cdp_sequence_hash_extended);
CDP_FUNCTION(cdp_matches);

/* after the sequence */
#define ARG_WITHIN 2

/* ---------------------------------------------------------------- the type */

/* Return the stored form of an argument. */
static const uint8_t *
get_form(FunctionCallInfo fcinfo, int argument, size_t *length)
{
	const struct varlena *value = PG_GETARG_VARLENA_PP(argument);

	*length = VARSIZE_ANY_EXHDR(value);
	return (const uint8_t *) VARDATA_ANY(value);
}

/* Read the text. */
Datum
cdp_sequence_in(PG_FUNCTION_ARGS)
{
	const char *text = PG_GETARG_CSTRING(0);
	uint8_t *result;
	size_t length;
	CdpkTextProblem problem;
	CdpkStatus status = cdpk_sequence_parse(text, strlen(text), &cdp_palloc_allocator, VARHDRSZ,
											&result, &length, &problem);

	if (status == CDPK_BAD_ENCODING)
		ereturn(fcinfo->context, (Datum) 0,
				(errcode(cdp_status_errcode(status)),
				 errmsg("invalid input syntax for type %s", "cdp.sequence"),
				 errdetail("Names of events are UTF-8; the encoding of this database is %s.",
						   GetDatabaseEncodingName())));
	if (status != CDPK_OK)
		ereturn(
			fcinfo->context, (Datum) 0,
			(errcode(cdp_status_errcode(status)),
			 errmsg("invalid input syntax for type %s: \"%s\"", "cdp.sequence",
					pnstrdup(text, pg_mbcliplen(text, (int) strlen(text), 1000))),
			 errdetail("At byte %zu: %s.", problem.position, problem.words),
			 errhint("A sequence is a row of events, as in view[price > 50] -> 2 x (cart | wish) "
					 "within 1 day -> not refund -> \"Order Completed\" after 1 hour in 7 days.")));
	SET_VARSIZE(result, VARHDRSZ + length);
	PG_RETURN_POINTER(result);
}

/* Write the text. */
Datum
cdp_sequence_out(PG_FUNCTION_ARGS)
{
	size_t length;
	const uint8_t *form = get_form(fcinfo, 0, &length);
	char *text;
	CdpkStatus status = cdpk_sequence_print(form, length, &cdp_palloc_allocator, &text);

	if (status != CDPK_OK)
		cdp_report_bytes(status, "cdp.sequence");
	PG_RETURN_CSTRING(text);
}

/* Read the stored form; all of it is checked. */
Datum
cdp_sequence_recv(PG_FUNCTION_ARGS)
{
	StringInfo message = (StringInfo) PG_GETARG_POINTER(0);
	int length = message->len - message->cursor;
	const char *bytes = pq_getmsgbytes(message, length);
	char *text;
	struct varlena *result;
	CdpkStatus status =
		cdpk_sequence_print((const uint8_t *) bytes, (size_t) length, &cdp_palloc_allocator, &text);

	if (status != CDPK_OK)
		cdp_report_bytes(status, "cdp.sequence");
	if (GetDatabaseEncoding() != PG_UTF8 && GetDatabaseEncoding() != PG_SQL_ASCII &&
		!pg_is_ascii(text))
		ereport(ERROR, (errcode(ERRCODE_UNTRANSLATABLE_CHARACTER),
						errmsg("sequence has names or values that are not ASCII"),
						errdetail("Names of events are UTF-8; the encoding of this database is %s.",
								  GetDatabaseEncodingName())));
	result = palloc(VARHDRSZ + length);
	SET_VARSIZE(result, VARHDRSZ + length);
	memcpy(VARDATA(result), bytes, length);
	PG_RETURN_POINTER(result);
}

/* Write the stored form. */
Datum
cdp_sequence_send(PG_FUNCTION_ARGS)
{
	size_t length;
	const uint8_t *form = get_form(fcinfo, 0, &length);
	StringInfoData message;

	pq_begintypsend(&message);
	pq_sendbytes(&message, (const char *) form, (int) length);
	PG_RETURN_BYTEA_P(pq_endtypsend(&message));
}

/* Compare two sequences: equal ones are equal bytes. */
static bool
equal_forms(FunctionCallInfo fcinfo)
{
	size_t a_length;
	size_t b_length;
	const uint8_t *a = get_form(fcinfo, 0, &a_length);
	const uint8_t *b = get_form(fcinfo, 1, &b_length);

	return a_length == b_length && memcmp(a, b, a_length) == 0;
}

Datum
cdp_sequence_eq(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(equal_forms(fcinfo));
}

Datum
cdp_sequence_ne(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(!equal_forms(fcinfo));
}

Datum
cdp_sequence_hash(PG_FUNCTION_ARGS)
{
	size_t length;
	const uint8_t *form = get_form(fcinfo, 0, &length);

	PG_RETURN_UINT32(hash_bytes(form, (int) length));
}

Datum
cdp_sequence_hash_extended(PG_FUNCTION_ARGS)
{
	size_t length;
	const uint8_t *form = get_form(fcinfo, 0, &length);

	PG_RETURN_UINT64(hash_bytes_extended(form, (int) length, (uint64) PG_GETARG_INT64(1)));
}

/* ---------------------------------------------------------------- the predicate */

/* The arguments of a call. */
typedef struct MatchesCall
{
	ArgumentCache cache;
	CdpkSequence sequence;
	int64 within; /* 0: not given */
	int64 as_of;
} MatchesCall;

void
sequence_arg_read(FunctionCallInfo fcinfo, const ArgumentCache *cache, CdpkSequence *sequence)
{
	MemoryContext former = CurrentMemoryContext;
	size_t length;
	const uint8_t *form = get_form(fcinfo, ARG_SEQUENCE, &length);
	CdpkStatus status;

	if (cache->is_persistent)
	{
		MemoryContextSwitchTo(fcinfo->flinfo->fn_mcxt);
		cdpk_sequence_free(&cdp_palloc_allocator, sequence);
	}
	status = cdpk_sequence_read(form, length, &cdp_palloc_allocator, sequence);
	MemoryContextSwitchTo(former);
	if (status != CDPK_OK)
		cdp_report_bytes(status, "cdp.sequence");
}

/* Evaluate the sequence; as_of and the sequence are not NULL. */
static CdpkSequenceAnswer
evaluate(FunctionCallInfo fcinfo, bool want_horizon)
{
	MatchesCall own;
	MatchesCall *call = (MatchesCall *) argument_cache_get(fcinfo, &own.cache, sizeof(own));
	CdpkTimeline timeline;
	CdpkSequenceAnswer result;
	bool there;

	if (!argument_cache_is_valid(fcinfo, &call->cache))
	{
		call->as_of = timeline_arg_as_of(fcinfo);
		call->within = 0;
		if (!PG_ARGISNULL(ARG_WITHIN))
			call->within = cdp_window_microseconds(PG_GETARG_INTERVAL_P(ARG_WITHIN), "within", 1);
		sequence_arg_read(fcinfo, &call->cache, &call->sequence);
		argument_cache_fill(fcinfo, &call->cache);
	}
	there = timeline_arg_open(fcinfo, &timeline);
	timeline_check(cdpk_sequence_evaluate(&call->sequence, there ? &timeline : NULL, call->within,
										  call->as_of, want_horizon, &cdp_huge_palloc_allocator,
										  &result));
	return result;
}

/* matches(timeline, sequence, within, as_of) */
Datum
cdp_matches(PG_FUNCTION_ARGS)
{
	CdpkSequenceAnswer result;

	if (timeline_args_unknown(fcinfo, ARG_SEQUENCE))
		PG_RETURN_NULL();
	result = evaluate(fcinfo, false);
	if (result.unknown)
		PG_RETURN_NULL();
	PG_RETURN_BOOL(result.matches);
}

Datum
matches_horizon(PG_FUNCTION_ARGS)
{
	StaticAssertStmt(CDPK_NEVER == DT_NOEND, "never is infinity");

	PG_RETURN_TIMESTAMPTZ(evaluate(fcinfo, true).horizon);
}
