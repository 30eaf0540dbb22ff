/*
 * step.c
 *		The type cdp.step.
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "common/string.h"
#include "funcapi.h"
#include "libpq/pqformat.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"

#include "toolkit/timeline/step.h"
#include "cdp.h"
#include "toolkit/bridge/status.h"

CDP_FUNCTION(cdp_step_in);
CDP_FUNCTION(cdp_step_out);
CDP_FUNCTION(cdp_step_recv);
CDP_FUNCTION(cdp_step_send);
CDP_FUNCTION(cdp_step_eq);
CDP_FUNCTION(cdp_step_ne);
CDP_FUNCTION(cdp_step_hash);
CDP_FUNCTION(cdp_step_hash_extended);
CDP_FUNCTION(cdp_quote_step);
CDP_FUNCTION(cdp_step_parts);

/* bytes of a text that an error shows */
#define SHOWN 1000

void
step_read(const struct varlena *value, CdpkStep *step)
{
	CdpkStatus status = cdpk_step_read((const uint8_t *) VARDATA_ANY(value),
									   VARSIZE_ANY_EXHDR(value), &cdp_palloc_allocator, step);

	if (status != CDPK_OK)
		cdp_report_bytes(status, "cdp.step");
}

void
step_free(CdpkStep *step)
{
	cdpk_step_free(&cdp_palloc_allocator, step);
}

/* Return the beginning of a text. */
static char *
clip(const char *text, size_t length)
{
	return pnstrdup(text, pg_mbcliplen(text, (int) length, SHOWN));
}

/* Return a hint that shows how a text is written as a name. */
static int
hint_quoted(const char *text, size_t length)
{
	char *quoted;

	if (length == 0)
		return errhint("A step is the name of an event, or * for any.");
	if (length > SHOWN)
		return errhint("A name as it stands is written in double quotes.");
	cdpk_step_print_name(text, length, true, &cdp_palloc_allocator, &quoted);
	return errhint("The event of this name is %s; conditions are written as in "
				   "Product Viewed[category = \"shoes\", price > 50].",
				   quoted);
}

/* Report that a text is no step. */
static Datum
refuse(struct Node *context, CdpkStatus status, const char *text, size_t length,
	   const CdpkStepProblem *problem)
{
	if (status == CDPK_BAD_ENCODING)
		ereturn(context, (Datum) 0,
				(errcode(cdp_status_errcode(status)),
				 errmsg("invalid input syntax for type %s", "cdp.step"),
				 errdetail("Names of events are UTF-8; the encoding of this database is %s.",
						   GetDatabaseEncodingName())));
	ereturn(context, (Datum) 0,
			(errcode(cdp_status_errcode(status)),
			 errmsg("invalid input syntax for type %s: \"%s\"", "cdp.step", clip(text, length)),
			 errdetail("At byte %zu: %s.", problem->position, problem->words),
			 hint_quoted(text, length)));
}

/* Read the text. */
Datum
cdp_step_in(PG_FUNCTION_ARGS)
{
	const char *text = PG_GETARG_CSTRING(0);
	uint8_t *result;
	size_t length;
	CdpkStepProblem problem;
	CdpkStatus status = cdpk_step_parse(text, strlen(text), &cdp_palloc_allocator, VARHDRSZ,
										&result, &length, &problem);

	if (status != CDPK_OK)
		return refuse(fcinfo->context, status, text, strlen(text), &problem);
	return cdp_varlena(result, VARHDRSZ + length);
}

/* quote_step(name): the step that asks for the events of a name. */
Datum
cdp_quote_step(PG_FUNCTION_ARGS)
{
	const text *name = PG_GETARG_TEXT_PP(0);
	uint8_t *result;
	size_t length;
	CdpkStepProblem problem;
	CdpkStatus status =
		cdpk_step_of_name(VARDATA_ANY(name), VARSIZE_ANY_EXHDR(name), &cdp_palloc_allocator,
						  VARHDRSZ, &result, &length, &problem);

	if (status == CDPK_EMPTY)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("name must not be empty")));
	if (status != CDPK_OK)
		return refuse(NULL, status, VARDATA_ANY(name), VARSIZE_ANY_EXHDR(name), &problem);
	return cdp_varlena(result, VARHDRSZ + length);
}

/* Return the text of a stored form. */
static char *
print(const void *form, size_t length)
{
	char *text;
	CdpkStatus status = cdpk_step_print(form, length, &cdp_palloc_allocator, &text);

	if (status != CDPK_OK)
		cdp_report_bytes(status, "cdp.step");
	return text;
}

/* Write the text. */
Datum
cdp_step_out(PG_FUNCTION_ARGS)
{
	const struct varlena *value = PG_GETARG_VARLENA_PP(0);

	PG_RETURN_CSTRING(print(VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value)));
}

/* Read the stored form; all of it is checked. */
Datum
cdp_step_recv(PG_FUNCTION_ARGS)
{
	StringInfo message = (StringInfo) PG_GETARG_POINTER(0);
	int length = message->len - message->cursor;
	const char *bytes = pq_getmsgbytes(message, length);
	const char *text = print(bytes, (size_t) length);
	struct varlena *result;

	if (GetDatabaseEncoding() != PG_UTF8 && GetDatabaseEncoding() != PG_SQL_ASCII &&
		!pg_is_ascii(text))
		ereport(ERROR, (errcode(ERRCODE_UNTRANSLATABLE_CHARACTER),
						errmsg("step has names or values that are not ASCII"),
						errdetail("They are UTF-8; the encoding of this database is %s.",
								  GetDatabaseEncodingName())));
	result = palloc(VARHDRSZ + length);
	SET_VARSIZE(result, VARHDRSZ + length);
	memcpy(VARDATA(result), bytes, length);
	PG_RETURN_POINTER(result);
}

/* Write the stored form. */
Datum
cdp_step_send(PG_FUNCTION_ARGS)
{
	const struct varlena *value = PG_GETARG_VARLENA_PP(0);
	StringInfoData message;

	pq_begintypsend(&message);
	pq_sendbytes(&message, VARDATA_ANY(value), (int) VARSIZE_ANY_EXHDR(value));
	PG_RETURN_BYTEA_P(pq_endtypsend(&message));
}

/* Compare two steps: equal ones are equal bytes. */
static bool
equal_forms(FunctionCallInfo fcinfo)
{
	const struct varlena *a = PG_GETARG_VARLENA_PP(0);
	const struct varlena *b = PG_GETARG_VARLENA_PP(1);

	return VARSIZE_ANY_EXHDR(a) == VARSIZE_ANY_EXHDR(b) &&
		   memcmp(VARDATA_ANY(a), VARDATA_ANY(b), VARSIZE_ANY_EXHDR(a)) == 0;
}

Datum
cdp_step_eq(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(equal_forms(fcinfo));
}

Datum
cdp_step_ne(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(!equal_forms(fcinfo));
}

Datum
cdp_step_hash(PG_FUNCTION_ARGS)
{
	const struct varlena *value = PG_GETARG_VARLENA_PP(0);

	PG_RETURN_UINT32(
		hash_bytes((const uint8_t *) VARDATA_ANY(value), (int) VARSIZE_ANY_EXHDR(value)));
}

Datum
cdp_step_hash_extended(PG_FUNCTION_ARGS)
{
	const struct varlena *value = PG_GETARG_VARLENA_PP(0);

	PG_RETURN_UINT64(hash_bytes_extended((const uint8_t *) VARDATA_ANY(value),
										 (int) VARSIZE_ANY_EXHDR(value),
										 (uint64) PG_GETARG_INT64(1)));
}

/* Return a row for an event, NULL where any is asked for, and a property, or NULL. */
static void
put_part(ReturnSetInfo *result, const CdpkAlternative *alternative, const CdpkName *property)
{
	Datum values[2] = {0, 0};
	bool nulls[2] = {alternative->any, property == NULL};

	if (!nulls[0])
		values[0] = PointerGetDatum(
			cstring_to_text_with_len(alternative->name.text, (int) alternative->name.length));
	if (!nulls[1])
		values[1] =
			PointerGetDatum(cstring_to_text_with_len(property->text, (int) property->length));
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

/* step_parts(step): the events that it asks for, and the properties of their conditions. */
Datum
cdp_step_parts(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	const CdpkAlternative *alternatives;
	CdpkStep step;

	InitMaterializedSRF(fcinfo, 0);
	step_read(PG_GETARG_VARLENA_PP(0), &step);
	alternatives = cdpk_step_alternatives(&step);
	for (unsigned i = 0; i < step.count; i++)
	{
		put_part(result, &alternatives[i], NULL);
		for (unsigned j = 0; j < alternatives[i].count; j++)
			put_part(result, &alternatives[i], &alternatives[i].conditions[j].property);
	}
	step_free(&step);
	return (Datum) 0;
}
