/*
 * ingest.c
 *		Functions shared by those that clean incoming rows.
 */
#include "postgres.h"

#include "funcapi.h"
#include "utils/builtins.h"

#include "compat.h"
#include "core/text/utf8.h"
#include "platform/ingest/ingest.h"

/* ingest_refuse: see the header. */
bool
ingest_refuse(Refusal *refusal, const char *reason, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	refusal->reason = reason;
	vsnprintf(refusal->detail, sizeof(refusal->detail), format, arguments);
	va_end(arguments);
	return false;
}

/* reject_value: see the header. */
void
reject_value(Rejections *rejections, CdpkSpan name_space, const char *reason, CdpkSpan value)
{
	Rejection *item = rejections->items;

	for (int i = 0; i < rejections->count; i++, item++)
		if (strcmp(item->reason, reason) == 0 && item->name_space.length == name_space.length &&
			memcmp(item->name_space.text, name_space.text, name_space.length) == 0)
		{
			item->count++;
			return;
		}
	if (rejections->count == REJECTIONS_MAX)
		return;
	rejections->count++;
	item->name_space = name_space;
	item->reason = reason;
	item->count = 1;
	item->example = value;
}

/* ingest_text: see the header. */
CdpkSpan
ingest_text(Datum value)
{
	text *packed = DatumGetTextPP(value);
	CdpkSpan span = {VARDATA_ANY(packed), VARSIZE_ANY_EXHDR(packed)};

	return span;
}

/* ingest_trim: see the header. */
CdpkSpan
ingest_trim(CdpkSpan text)
{
	cdpk_trim(&text.text, &text.length);
	return text;
}

/* ingest_text_datum: see the header. */
Datum
ingest_text_datum(CdpkSpan text)
{
	return PointerGetDatum(cstring_to_text_with_len(text.text, text.length));
}

/* ingest_result_descriptor: see the header. */
TupleDesc
ingest_result_descriptor(FunctionCallInfo fcinfo, int count)
{
	TupleDesc descriptor = fcinfo->flinfo->fn_extra;
	MemoryContext old;

	if (descriptor != NULL)
		return descriptor;
	old = MemoryContextSwitchTo(fcinfo->flinfo->fn_mcxt);
	if (get_call_result_type(fcinfo, NULL, &descriptor) != TYPEFUNC_COMPOSITE ||
		descriptor->natts != count)
		ereport(ERROR, (errcode(ERRCODE_DATATYPE_MISMATCH),
						errmsg("the function is not declared as this library expects"),
						errhint("Run ALTER EXTENSION cdp UPDATE.")));
	descriptor = BlessTupleDesc(descriptor);
	MemoryContextSwitchTo(old);
	fcinfo->flinfo->fn_extra = descriptor;
	return descriptor;
}
