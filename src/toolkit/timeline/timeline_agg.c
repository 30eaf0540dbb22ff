/*
 * timeline_agg.c
 *		Building timelines from rows, and merging them.
 *
 * The state of the aggregates is a timeline in its open form.  It is changed in place; where it
 * must grow, the larger copy is made in the per-row memory context, and the executor takes it over
 * and frees the former one.
 */
#include "postgres.h"

#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/timestamp.h"

#include "cdp.h"
#include "core/timeline/timeline_merge.h"
#include "toolkit/bridge/huge.h"
#include "toolkit/bridge/status.h"
#include "toolkit/timeline/timeline.h"

CDP_FUNCTION(cdp_timeline_agg_trans);
CDP_FUNCTION(cdp_timeline_agg_trans_numbers);
CDP_FUNCTION(cdp_timeline_combine);
CDP_FUNCTION(cdp_timeline_final);
CDP_FUNCTION(cdp_timeline_concat);
CDP_FUNCTION(cdp_timeline_whole);

/*
 * Return the log of the state, argument 0: itself where it is in the open form, else a
 * new log with its events.
 */
static CdpkTimelineLog *
get_state(FunctionCallInfo fcinfo)
{
	CdpkTimelineLog *log;
	Timeline *state = NULL;

	if (!AggCheckCallContext(fcinfo, NULL))
		elog(ERROR, "transition function of cdp.timeline called outside of an aggregate");
	if (!PG_ARGISNULL(0))
	{
		state = (Timeline *) PG_DETOAST_DATUM(PG_GETARG_DATUM(0));
		if (VARSIZE(state) >= sizeof(CdpkTimelineLog) &&
			((CdpkTimelineLog *) state)->form == CDPK_TIMELINE_OPEN)
			return (CdpkTimelineLog *) state;
	}
	cdpk_log_new(&cdp_state_allocator, &log);
	if (state != NULL)
		timeline_append(&log, &cdp_state_allocator, state);
	return log;
}

/* Append one event to the state. */
static void
add_event(CdpkTimelineLog **log, TimestampTz at, text *event, const CdpkNumber *numbers,
		  unsigned count)
{
	const char *name = VARDATA_ANY(event);
	size_t length = VARSIZE_ANY_EXHDR(event);
	uint32_t place;
	CdpkStatus status = cdpk_log_name(log, &cdp_state_allocator, name, length, &place);

	if (status == CDPK_OK)
		status = cdpk_log_event(log, &cdp_state_allocator, place, at, numbers, count);
	if (status != CDPK_OK)
		timeline_refuse_event(status, name, length);
}

/* timeline_agg_trans(state, at, event): skip rows without a time or an event. */
Datum
cdp_timeline_agg_trans(PG_FUNCTION_ARGS)
{
	CdpkTimelineLog *log;

	if (PG_ARGISNULL(1) || PG_ARGISNULL(2))
	{
		if (PG_ARGISNULL(0))
			PG_RETURN_NULL();
		PG_RETURN_DATUM(PG_GETARG_DATUM(0));
	}
	log = get_state(fcinfo);
	add_event(&log, PG_GETARG_TIMESTAMPTZ(1), PG_GETARG_TEXT_PP(2), NULL, 0);
	return cdp_varlena(log, log->size);
}

/* Raise the error for a number that a timeline cannot carry. */
static void
refuse_number(const JsonbValue *key, const char *detail)
{
	ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					errmsg("numbers: value of \"%.*s\" cannot be carried",
						   pg_mbcliplen(key->val.string.val, key->val.string.len, 128),
						   key->val.string.val),
					errdetail_internal("%s", detail)));
}

/* Read the value of a number. */
static CdpkDecimal
read_number(const JsonbValue *key, const JsonbValue *value)
{
	CdpkDecimal decimal = {0, 0};
	char *text;

	if (value->type != jbvNumeric)
		refuse_number(key, "It is not a number.");
	text = DatumGetCString(DirectFunctionCall1(numeric_out, NumericGetDatum(value->val.numeric)));
	if (cdpk_decimal_parse(text, strlen(text), &decimal) != CDPK_OK)
		refuse_number(key, "A number has at most 18 digits, and at most 18 after the point.");
	pfree(text);
	return decimal;
}

/* Read an object of numbers; JSON nulls count as absent. */
static unsigned
read_numbers(CdpkTimelineLog **log, Jsonb *object, CdpkNumber *numbers)
{
	JsonbIterator *iterator = JsonbIteratorInit(&object->root);
	JsonbValue key;
	JsonbValue value;
	unsigned count = 0;

	if (!JB_ROOT_IS_OBJECT(object))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("numbers must be a JSON object"),
				 errdetail("Its keys are the names of the numbers.")));
	JsonbIteratorNext(&iterator, &value, true);
	while (JsonbIteratorNext(&iterator, &key, true) == WJB_KEY)
	{
		CdpkStatus status;

		JsonbIteratorNext(&iterator, &value, true);
		if (value.type == jbvNull)
			continue;
		if (count == CDPK_NUMBERS_MAX)
			ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
							errmsg("numbers has more than %d numbers", CDPK_NUMBERS_MAX)));
		numbers[count].value = read_number(&key, &value);
		status = cdpk_log_name(log, &cdp_state_allocator, key.val.string.val, key.val.string.len,
							   &numbers[count].name);
		if (status == CDPK_EMPTY)
			refuse_number(&key, "A number has a name.");
		if (status != CDPK_OK)
			timeline_refuse_event(status, key.val.string.val, key.val.string.len);
		count++;
	}
	return count;
}

/* timeline_agg_trans(state, at, event, numbers): the same with numbers, or NULL for none. */
Datum
cdp_timeline_agg_trans_numbers(PG_FUNCTION_ARGS)
{
	CdpkNumber numbers[CDPK_NUMBERS_MAX];
	unsigned count = 0;
	CdpkTimelineLog *log;

	if (PG_ARGISNULL(1) || PG_ARGISNULL(2))
	{
		if (PG_ARGISNULL(0))
			PG_RETURN_NULL();
		PG_RETURN_DATUM(PG_GETARG_DATUM(0));
	}
	log = get_state(fcinfo);
	if (!PG_ARGISNULL(3))
		count = read_numbers(&log, PG_GETARG_JSONB_P(3), numbers);
	add_event(&log, PG_GETARG_TIMESTAMPTZ(1), PG_GETARG_TEXT_PP(2), numbers, count);
	return cdp_varlena(log, log->size);
}

/* timeline_combine(state, timeline): add all events of the second to the first; strict. */
Datum
cdp_timeline_combine(PG_FUNCTION_ARGS)
{
	CdpkTimelineLog *log = get_state(fcinfo);

	timeline_append(&log, &cdp_state_allocator, (Timeline *) PG_DETOAST_DATUM(PG_GETARG_DATUM(1)));
	return cdp_varlena(log, log->size);
}

/* timeline_final(state): make the compact form, and leave the state as it is. */
Datum
cdp_timeline_final(PG_FUNCTION_ARGS)
{
	Timeline *state = (Timeline *) PG_DETOAST_DATUM(PG_GETARG_DATUM(0));
	const CdpkTimelineLog *log = (const CdpkTimelineLog *) state;

	if (VARSIZE(state) >= sizeof(CdpkTimelineLog) && log->form == CDPK_TIMELINE_OPEN)
		state = timeline_from_log(log);
	PG_RETURN_POINTER(state);
}

/* Make the timeline with the events of both. */
static Timeline *
merge_timelines(Timeline *a, Timeline *b)
{
	CdpkAllocator scratch = cdp_huge_scratch(CurrentMemoryContext);
	uint8_t *result;
	size_t a_length;
	size_t b_length;
	size_t length;
	const uint8_t *a_bytes = timeline_bytes(a, &a_length);
	const uint8_t *b_bytes = timeline_bytes(b, &b_length);
	CdpkStatus status = cdpk_timeline_merge(a_bytes, a_length, b_bytes, b_length, &scratch,
											&cdp_palloc_allocator, VARHDRSZ, &result, &length);

	timeline_check(status);
	return (Timeline *) DatumGetPointer(cdp_varlena(result, VARHDRSZ + length));
}

/* timeline_concat(a, b): the events of both; NULL is no events. */
Datum
cdp_timeline_concat(PG_FUNCTION_ARGS)
{
	if (PG_ARGISNULL(0) && PG_ARGISNULL(1))
		PG_RETURN_NULL();
	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		PG_RETURN_DATUM(PG_GETARG_DATUM(PG_ARGISNULL(0) ? 1 : 0));
	PG_RETURN_POINTER(merge_timelines(PG_GETARG_TIMELINE_PP(0), PG_GETARG_TIMELINE_PP(1)));
}

/*
 * One alone is not copied.  The cheapest order is from the smallest to the largest: each is copied
 * with all before it.
 */
Timeline *
timeline_whole(const Datum *parts, const bool *nulls, int count)
{
	Timeline *whole = NULL;
	bool empty = true; /* what whole is */

	for (int i = 0; i < count; i++)
	{
		Timeline *part;
		CdpkTimeline opened;

		if (nulls[i])
			continue;
		part = (Timeline *) PG_DETOAST_DATUM_PACKED(parts[i]);
		timeline_open(part, &opened);
		if (!empty && opened.names > 0)
			whole = merge_timelines(whole, part);
		else if (empty)
			whole = part;
		empty = empty && opened.names == 0;
	}
	return whole;
}

/* timeline_whole(a, b, c, d): the events of all; NULL is no events. */
Datum
cdp_timeline_whole(PG_FUNCTION_ARGS)
{
	Datum parts[4];
	bool nulls[4];
	Timeline *whole;

	for (int i = 0; i < lengthof(parts); i++)
	{
		parts[i] = PG_GETARG_DATUM(i);
		nulls[i] = PG_ARGISNULL(i);
	}
	whole = timeline_whole(parts, nulls, lengthof(parts));
	if (whole == NULL)
		PG_RETURN_NULL();
	PG_RETURN_POINTER(whole);
}
