/*
 * sequence_parts.c
 *		What a sequence asks for, as rows: its events, and what is said of all of them.
 */
#include "postgres.h"

#include "funcapi.h"
#include "utils/builtins.h"

#include "toolkit/sequence/sequence.h"
#include "cdp.h"
#include "compat.h"
#include "toolkit/bridge/status.h"

CDP_FUNCTION(cdp_sequence_events);
CDP_FUNCTION(cdp_sequence_common);

/* Read the argument. */
static void
read_sequence(FunctionCallInfo fcinfo, CdpkSequence *sequence)
{
	const struct varlena *value = PG_GETARG_VARLENA_PP(0);
	CdpkStatus status =
		cdpk_sequence_read((const uint8_t *) VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value),
						   &cdp_palloc_allocator, sequence);

	if (status != CDPK_OK)
		cdp_report_bytes(status, "cdp.sequence");
}

/* Make the step of some alternatives, which a step can have, too. */
static Datum
make_step(const CdpkSequence *sequence, uint32_t any)
{
	CdpkTextProblem problem;
	char *text;
	uint8_t *step;
	size_t length;
	CdpkStatus status = cdpk_sequence_print_step(sequence, any, &cdp_palloc_allocator, &text);

	if (status == CDPK_OK)
		status = cdpk_step_parse(text, strlen(text), &cdp_palloc_allocator, VARHDRSZ, &step,
								 &length, &problem);
	if (status != CDPK_OK)
		cdp_report_bytes(status, "cdp.sequence");
	SET_VARSIZE(step, VARHDRSZ + length);
	pfree(text);
	return PointerGetDatum(step);
}

/* Put a row: place (-1: NULL), step, which of a repetition, whether it is optional. */
static void
put_event(ReturnSetInfo *result, int place, Datum step, unsigned number, bool optional)
{
	Datum values[4] = {Int32GetDatum(place), step, Int32GetDatum((int32) number),
					   BoolGetDatum(optional)};
	bool nulls[4] = {place < 0, false, false, false};

	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

/* sequence_events(sequence) */
Datum
cdp_sequence_events(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	CdpkSequence sequence;
	uint32_t first = 0;
	int place = 0;

	InitMaterializedSRF(fcinfo, 0);
	read_sequence(fcinfo, &sequence);
	for (unsigned i = 0; i < (sequence.any_order ? sequence.items : 1); i++)
		first |= sequence.item[i].any;
	put_event(result, place, make_step(&sequence, first), 1, false);
	for (unsigned i = 0; i < sequence.items; i++)
	{
		const CdpkSequenceItem *item = &sequence.item[i];
		Datum step = make_step(&sequence, item->any);

		if (item->absent)
			put_event(result, -1, step, 1, false);
		for (unsigned number = 1; number <= item->times && !item->absent; number++)
			put_event(result, ++place, step, number, item->optional);
	}
	cdpk_sequence_free(&cdp_palloc_allocator, &sequence);
	return (Datum) 0;
}

/* Return a name as text; *null is set where there is none. */
static Datum
name_datum(const CdpkName *name, bool *null)
{
	*null = name->length == 0;
	return PointerGetDatum(cstring_to_text_with_len(*null ? "" : name->text, (int) name->length));
}

/* sequence_common(sequence) */
Datum
cdp_sequence_common(PG_FUNCTION_ARGS)
{
	CdpkSequence sequence;
	TupleDesc row;
	Datum values[4];
	bool nulls[4] = {false, false, false, false};
	Datum result;

	if (get_call_result_type(fcinfo, NULL, &row) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "sequence_common returns a row");
	read_sequence(fcinfo, &sequence);
	values[0] = name_datum(&sequence.same, &nulls[0]);
	values[1] = name_datum(&sequence.compared, &nulls[1]);
	values[2] = BoolGetDatum(sequence.session != 0);
	values[3] = BoolGetDatum(sequence.any_order);
	result = HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(row), values, nulls));
	cdpk_sequence_free(&cdp_palloc_allocator, &sequence);
	return result;
}
