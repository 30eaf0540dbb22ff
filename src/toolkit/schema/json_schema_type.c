/*
 * json_schema_type.c
 *		The type cdp.json_schema.
 */
#include "postgres.h"

#include "libpq/pqformat.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"

#include "cdp.h"
#include "compat.h"
#include "core/schema/schema.h"
#include "toolkit/bridge/status.h"
#include "toolkit/schema/schema_pattern.h"

CDP_FUNCTION(cdp_json_schema_in);
CDP_FUNCTION(cdp_json_schema_out);
CDP_FUNCTION(cdp_json_schema_recv);
CDP_FUNCTION(cdp_json_schema_send);

/* Return SQLSTATE for a text that is refused. */
static int
errcode_of(CdpkStatus status)
{
	return status == CDPK_INVALID ? ERRCODE_INVALID_TEXT_REPRESENTATION
								  : cdp_status_errcode(status);
}

/* Make a value of a text. */
static Datum
from_text(const char *text, size_t length, struct Node *escontext)
{
	CdpkSchemaProblem problem;
	uint8_t *result;
	size_t result_length;
	CdpkStatus status;

	if (GetDatabaseEncoding() != PG_UTF8)
		ereturn(escontext, (Datum) 0,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("type %s needs a database in UTF-8", "cdp.json_schema")));
	status = cdpk_schema_compile(text, length, schema_pattern_check, NULL, &cdp_palloc_allocator,
								 VARHDRSZ, &result, &result_length, &problem);
	if (status != CDPK_OK && problem.position > 0)
		ereturn(escontext, (Datum) 0,
				(errcode(errcode_of(status)), errmsg("invalid JSON Schema"),
				 errdetail("At byte %zu: %s.", problem.position, problem.words)));
	if (status != CDPK_OK)
		ereturn(escontext, (Datum) 0,
				(errcode(errcode_of(status)), errmsg("invalid JSON Schema"),
				 errdetail("In the schema: %s.", problem.words)));
	return cdp_varlena(result, VARHDRSZ + result_length);
}

/* Return the text of a value. */
static CdpkSpan
text_of(FunctionCallInfo fcinfo)
{
	const struct varlena *value = PG_GETARG_VARLENA_PP(0);
	CdpkSpan text;
	CdpkStatus status =
		cdpk_schema_text((const uint8_t *) VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value), &text);

	if (status != CDPK_OK)
		cdp_report_bytes(status, "cdp.json_schema");
	return text;
}

/* Read the text. */
Datum
cdp_json_schema_in(PG_FUNCTION_ARGS)
{
	const char *text = PG_GETARG_CSTRING(0);

	return from_text(text, strlen(text), fcinfo->context);
}

/* Write the text as it was given. */
Datum
cdp_json_schema_out(PG_FUNCTION_ARGS)
{
	CdpkSpan text = text_of(fcinfo);

	PG_RETURN_CSTRING(pnstrdup(text.text, text.length));
}

/* Read the text from a message. */
Datum
cdp_json_schema_recv(PG_FUNCTION_ARGS)
{
	StringInfo message = (StringInfo) PG_GETARG_POINTER(0);
	int length;
	char *text = pq_getmsgtext(message, message->len - message->cursor, &length);

	return from_text(text, (size_t) length, NULL);
}

/* Write the text as a message. */
Datum
cdp_json_schema_send(PG_FUNCTION_ARGS)
{
	CdpkSpan text = text_of(fcinfo);
	StringInfoData message;

	pq_begintypsend(&message);
	pq_sendtext(&message, text.text, (int) text.length);
	PG_RETURN_BYTEA_P(pq_endtypsend(&message));
}
