/*
 * step_values.c
 *		The values that the events of a step have of a property: the first and the last one, and the
 *		different ones.
 */
#include "postgres.h"

#include "catalog/pg_collation.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "cdp.h"
#include "core/base/buffer.h"
#include "toolkit/bridge/status.h"
#include "toolkit/timeline/step_args.h"
#include "toolkit/timeline/step_values.h"

CDP_FUNCTION(cdp_first_value);
CDP_FUNCTION(cdp_last_value);
CDP_FUNCTION(cdp_most_frequent_value);
CDP_FUNCTION(cdp_unique_values);
CDP_FUNCTION(cdp_count_unique);

/* after the step */
#define ARG_PROPERTY 2

/* ---------------------------------------------------------------- the values of an event */

void
step_property_find(CdpkStepEvents *events, const CdpkName *name, StepProperty *property)
{
	property->found = false;
	property->next = 0;
	if (!events->filtered && !cdpk_step_open_filter(events))
		return;
	timeline_check(cdpk_property_find(&events->properties, &events->column, name->text,
									  name->length, &property->property, &property->found));
	if (property->found && property->property.form != CDPK_FORM_NUMBERS && events->texts == NULL)
		timeline_check(
			cdpk_property_texts(&events->properties, &cdp_palloc_allocator, &events->texts));
}

unsigned
step_property_read(StepProperty *property, uint64_t event, CdpkPropertyValue *values)
{
	unsigned count = 0;

	if (!property->found)
		return 0;
	for (; property->next <= event; property->next++)
		timeline_check(cdpk_property_event(&property->property, property->next, &count));
	for (unsigned i = 0; i < count; i++)
	{
		timeline_check(cdpk_property_value(&property->property, &values[i]));
		if (values[i].kind == CDPK_NUMBER)
		{
			CdpkDecimal number = cdpk_decimal(values[i].mantissa, values[i].scale);

			values[i].mantissa = number.mantissa;
			values[i].scale = number.scale;
		}
	}
	return count;
}

int
step_value_compare(const CdpkPropertyValue *a, const CdpkPropertyValue *b)
{
	if (a->kind != b->kind)
		return a->kind < b->kind ? -1 : 1;
	if (a->kind == CDPK_TEXT && a->text != b->text)
		return a->text < b->text ? -1 : 1;
	if (a->kind == CDPK_NUMBER)
		return cdpk_decimal_compare(cdpk_property_number(a), cdpk_property_number(b));
	return 0;
}

text *
step_value_text(const CdpkName *texts, const CdpkPropertyValue *value)
{
	char number[CDPK_DECIMAL_TEXT_MAX];

	switch (value->kind)
	{
		case CDPK_FALSE:
			return cstring_to_text("false");
		case CDPK_TRUE:
			return cstring_to_text("true");
		case CDPK_NUMBER:
			return cstring_to_text_with_len(
				number, (int) cdpk_decimal_print(cdpk_property_number(value), number));
		case CDPK_TEXT:
			return cstring_to_text_with_len(texts[value->text].text,
											(int) texts[value->text].length);
		default:
			return cstring_to_text("(left out)");
	}
}

/* ---------------------------------------------------------------- predicates */

/* A value and the time of its event; CDPK_LEFT_OUT where the event may not satisfy the step. */
typedef struct TimedValue
{
	int64_t at;
	CdpkPropertyValue value;
} TimedValue;

/* The arguments of a call. */
typedef struct ValueCall
{
	ArgumentCache cache;
	CdpkTimeRange range;
	CdpkStep step;
	CdpkName property;
} ValueCall;

/* The values of the events of a timeline. */
typedef struct Reading
{
	ValueCall own;
	const ValueCall *call;
	CdpkStepEvents events;
	CdpkBuffer found; /* of TimedValue */
	bool left_out;    /* whether there is one */
} Reading;

/* Add the values of the events of the present column. */
static void
read_column(Reading *reading)
{
	CdpkPropertyValue values[STEP_VALUES_MAX];
	StepProperty property = {false};
	bool opened = false;
	TimedValue timed;

	while (cdpk_step_next_event(&reading->events, &timed.at))
	{
		unsigned count;

		CHECK_FOR_INTERRUPTS();
		if (!opened)
			step_property_find(&reading->events, &reading->call->property, &property);
		opened = true;
		if (!property.found)
			return;
		count = step_property_read(&property, reading->events.event, values);
		for (unsigned i = 0; i < count; i++)
		{
			timed.value = values[i];
			if (reading->events.unknown)
				timed.value.kind = CDPK_LEFT_OUT;
			reading->left_out |= timed.value.kind == CDPK_LEFT_OUT;
			cdpk_put_bytes(&reading->found, &timed, sizeof(timed));
		}
	}
}

/* Read the arguments and all values; false if there are none, or an argument is NULL. */
static bool
read_values(FunctionCallInfo fcinfo, Reading *reading)
{
	ValueCall *call;
	CdpkTimeline timeline;

	if (timeline_args_unknown(fcinfo, ARG_PROPERTY))
		return false;
	call = (ValueCall *) argument_cache_get(fcinfo, &reading->own.cache, sizeof(reading->own));
	if (!argument_cache_is_valid(fcinfo, &call->cache))
	{
		const text *property = PG_GETARG_TEXT_PP(ARG_PROPERTY);

		call->range = timeline_arg_range(fcinfo);
		step_arg_read(fcinfo, &call->cache, &call->step);
		timeline_check_name(property, "property");
		call->property.text = VARDATA_ANY(property);
		call->property.length = VARSIZE_ANY_EXHDR(property);
		argument_cache_fill(fcinfo, &call->cache);
	}
	reading->call = call;
	reading->found = cdpk_buffer(&cdp_huge_palloc_allocator, SIZE_MAX / 2);
	reading->left_out = false;
	if (!timeline_arg_open(fcinfo, &timeline))
		return false;
	cdpk_step_events(&call->step, &timeline, call->range, &cdp_palloc_allocator, &reading->events);
	while (cdpk_step_next_column(&reading->events))
		read_column(reading);
	timeline_check(reading->events.status);
	timeline_check(reading->found.status);
	return reading->found.used > 0;
}

/* Return the value of the first or the last event that has one. */
static Datum
extreme_value(FunctionCallInfo fcinfo, bool last)
{
	Reading reading;
	const TimedValue *values;
	const TimedValue *end;
	int64_t at;
	text *best = NULL;

	if (!read_values(fcinfo, &reading))
		PG_RETURN_NULL();
	values = (const TimedValue *) reading.found.bytes;
	end = values + reading.found.used / sizeof(TimedValue);
	at = values->at;
	for (const TimedValue *value = values; value < end; value++)
		at = last ? Max(at, value->at) : Min(at, value->at);
	for (const TimedValue *value = values; value < end; value++)
	{
		text *shown;

		if (value->at != at)
			continue;
		if (value->value.kind == CDPK_LEFT_OUT)
			PG_RETURN_NULL();
		shown = step_value_text(reading.events.texts, &value->value);
		/* of several at one time, the smallest by its bytes */
		if (best == NULL ||
			DatumGetInt32(DirectFunctionCall2Coll(
				bttextcmp, C_COLLATION_OID, PointerGetDatum(shown), PointerGetDatum(best))) < 0)
			best = shown;
	}
	PG_RETURN_TEXT_P(best);
}

/* first_value(timeline, step, property, within, older_than, since, until, as_of) */
Datum
cdp_first_value(PG_FUNCTION_ARGS)
{
	return extreme_value(fcinfo, false);
}

/* last_value(timeline, step, property, within, older_than, since, until, as_of) */
Datum
cdp_last_value(PG_FUNCTION_ARGS)
{
	return extreme_value(fcinfo, true);
}

/* Compare two timed values by their values, for qsort. */
static int
compare_timed(const void *a, const void *b)
{
	CHECK_FOR_INTERRUPTS();
	return step_value_compare(&((const TimedValue *) a)->value, &((const TimedValue *) b)->value);
}

/*
 * Sort the values that were found and move the different ones to the front; returns their number.  A
 * number and the text that shows it are still two.
 */
static size_t
find_unique(Reading *reading)
{
	TimedValue *values = (TimedValue *) reading->found.bytes;
	size_t count = reading->found.used / sizeof(TimedValue);
	size_t unique = 1;

	qsort(values, count, sizeof(TimedValue), compare_timed);
	for (size_t i = 1; i < count; i++)
		if (step_value_compare(&values[i].value, &values[unique - 1].value) != 0)
			values[unique++] = values[i];
	return unique;
}

/* Compare two texts by their bytes, for qsort. */
static int
compare_texts(const void *a, const void *b)
{
	CHECK_FOR_INTERRUPTS();
	return DatumGetInt32(DirectFunctionCall2Coll(bttextcmp, C_COLLATION_OID, *(const Datum *) a,
												 *(const Datum *) b));
}

/* Return so many of the values that were found as texts, sorted by their bytes. */
static Datum *
sorted_texts(const Reading *reading, size_t count)
{
	const TimedValue *values = (const TimedValue *) reading->found.bytes;
	Datum *texts = palloc_extended(count * sizeof(Datum), MCXT_ALLOC_HUGE);

	for (size_t i = 0; i < count; i++)
		texts[i] = PointerGetDatum(step_value_text(reading->events.texts, &values[i].value));
	qsort(texts, count, sizeof(Datum), compare_texts);
	return texts;
}

/* Find the different values as texts, sorted by their bytes; returns their number. */
static int
unique_texts(Reading *reading, Datum **texts)
{
	size_t count = find_unique(reading);
	int unique = 1;

	*texts = sorted_texts(reading, count);
	for (size_t i = 1; i < count; i++)
		if (compare_texts(&(*texts)[i], &(*texts)[unique - 1]) != 0)
			(*texts)[unique++] = (*texts)[i];
	return unique;
}

/* most_frequent_value(timeline, step, property, within, older_than, since, until, as_of) */
Datum
cdp_most_frequent_value(PG_FUNCTION_ARGS)
{
	Reading reading;
	Datum *texts;
	size_t count;
	size_t start = 0;
	size_t best = 0;
	size_t most = 0;

	if (timeline_args_unknown(fcinfo, ARG_PROPERTY) || !read_values(fcinfo, &reading) ||
		reading.left_out)
		PG_RETURN_NULL();
	count = reading.found.used / sizeof(TimedValue);
	texts = sorted_texts(&reading, count);
	for (size_t i = 0; i < count; i++)
	{
		if (compare_texts(&texts[i], &texts[start]) != 0)
			start = i;
		/* of several, the smallest by its bytes */
		if (i - start + 1 > most)
		{
			most = i - start + 1;
			best = start;
		}
	}
	PG_RETURN_DATUM(texts[best]);
}

/* unique_values(timeline, step, property, within, older_than, since, until, as_of) */
Datum
cdp_unique_values(PG_FUNCTION_ARGS)
{
	Reading reading;
	Datum *texts;
	int count;

	if (timeline_args_unknown(fcinfo, ARG_PROPERTY))
		PG_RETURN_NULL();
	if (!read_values(fcinfo, &reading))
		PG_RETURN_ARRAYTYPE_P(construct_empty_array(TEXTOID));
	if (reading.left_out)
		PG_RETURN_NULL();
	count = unique_texts(&reading, &texts);
	PG_RETURN_ARRAYTYPE_P(construct_array(texts, count, TEXTOID, -1, false, TYPALIGN_INT));
}

/* count_unique(timeline, step, property, within, older_than, since, until, as_of) */
Datum
cdp_count_unique(PG_FUNCTION_ARGS)
{
	Reading reading;
	Datum *texts;

	if (timeline_args_unknown(fcinfo, ARG_PROPERTY))
		PG_RETURN_NULL();
	if (!read_values(fcinfo, &reading))
		PG_RETURN_INT64(0);
	if (reading.left_out)
		PG_RETURN_NULL();
	PG_RETURN_INT64(unique_texts(&reading, &texts));
}
