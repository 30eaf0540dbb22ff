/*
 * step_periods.c
 *		How often the events of a step happened in each of several periods, by the values of
 *		properties: what the tables of reports count.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "cdp.h"
#include "core/base/buffer.h"
#include "toolkit/bridge/status.h"
#include "toolkit/timeline/measures.h"
#include "toolkit/timeline/step_args.h"
#include "toolkit/timeline/step_combinations.h"

CDP_FUNCTION(cdp_step_periods);

/* after the step */
#define ARG_BOUNDS 2
#define ARG_AFTER 3
#define ARG_PROPERTIES 4
#define ARG_NUMBER 5
#define ARG_PERIODS_AS_OF 6

/*
 * An event in a period, with one of its combinations of values and one of its numbers; or neighbours without either,
 * so that a long history takes no more memory than it has periods.
 */
typedef struct Hit
{
	uint32 period; /* from 1 */
	bool measured; /* whether there is a number */
	uint64 event;
	uint64 events; /* how many, from first_at to last_at */
	int64 first_at;
	int64 last_at;
	CdpkDecimal number;
	CdpkPropertyValue values[FLEXIBLE_ARRAY_MEMBER]; /* of each property */
} Hit;

/* What is read of one timeline. */
typedef struct Reading
{
	CdpkStepEvents events;
	const TimestampTz *bounds;
	uint32 bound_count;
	StepProperties properties;
	CdpkName number; /* text NULL: not asked for */
	StepProperty number_column;
	uint64 event; /* number of events so far */
	int64_t at;   /* of the present one */
	CdpkPropertyValue numbers[STEP_VALUES_MAX];
	unsigned number_count;
	size_t hit_size;
	CdpkBuffer hits;
} Reading;

/* What is left to return. */
typedef struct Rows
{
	const CdpkName *texts;
	int properties;
	size_t hit_size;
	const uint8_t *next;
	const uint8_t *end;
} Rows;

/* Read the bounds of the periods. */
static const TimestampTz *
read_bounds(FunctionCallInfo fcinfo, uint32 *count)
{
	ArrayType *array = PG_GETARG_ARRAYTYPE_P(ARG_BOUNDS);
	const TimestampTz *bounds = (const TimestampTz *) ARR_DATA_PTR(array);
	int length = ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array));

	if (ARR_NDIM(array) > 1 || array_contains_nulls(array))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("bounds must be a list of times without NULL")));
	for (int i = 1; i < length; i++)
		if (bounds[i - 1] > bounds[i])
			ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
							errmsg("bounds must be in ascending order")));
	*count = (uint32) length;
	return bounds;
}

/* Return the number of bounds that are not after a time: that of its period. */
static uint32
find_period(const Reading *reading, int64 at)
{
	uint32 low = 0;
	uint32 high = reading->bound_count;

	while (low < high)
	{
		uint32 middle = low + (high - low) / 2;

		if (reading->bounds[middle] <= at)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Read the name of a property, an argument that may be NULL. */
static CdpkName
read_name(FunctionCallInfo fcinfo, int argument)
{
	CdpkName name = {NULL, 0};

	if (!PG_ARGISNULL(argument))
	{
		const text *value = PG_GETARG_TEXT_PP(argument);

		name.text = VARDATA_ANY(value);
		name.length = VARSIZE_ANY_EXHDR(value);
	}
	return name;
}

/* Compare two hits, for qsort_arg: those of one period and combination are side by side, and so is an event's. */
static int
compare_hits(const void *a, const void *b, void *arg)
{
	const Hit *left = a;
	const Hit *right = b;
	int order;

	CHECK_FOR_INTERRUPTS();
	if (left->period != right->period)
		return left->period < right->period ? -1 : 1;
	order = step_combination_compare(*(const int *) arg, left->values, right->values);
	if (order != 0)
		return order;
	return left->event < right->event ? -1 : left->event > right->event;
}

/* Add a hit; "values" and "number" may be NULL. */
static void
add_hit(Reading *reading, uint32 period, const CdpkPropertyValue *values, const CdpkDecimal *number)
{
	Hit hit = {.period = period,
			   .event = reading->event,
			   .events = 1,
			   .first_at = reading->at,
			   .last_at = reading->at};

	hit.measured = number != NULL;
	if (number != NULL)
		hit.number = *number;
	cdpk_put_bytes(&reading->hits, &hit, offsetof(Hit, values));
	cdpk_put_bytes(&reading->hits, values, reading->hit_size - offsetof(Hit, values));
	timeline_check(reading->hits.status);
}

/* Add an event without a number, to the hit before if it can be. */
static void
add_plain(Reading *reading, uint32 period, const CdpkPropertyValue *values)
{
	Hit *last = reading->hits.used == 0
					? NULL
					: (Hit *) (reading->hits.bytes + reading->hits.used - reading->hit_size);

	if (last == NULL || last->period != period || last->measured ||
		step_combination_compare(reading->properties.count, last->values, values) != 0)
	{
		add_hit(reading, period, values, NULL);
		return;
	}
	last->events++;
	last->first_at = Min(last->first_at, reading->at);
	last->last_at = Max(last->last_at, reading->at);
}

/*
 * Return whether a number belongs to a combination of values: one of them is of the event as a whole, or both
 * are of the same element.  "same" are those of the event that have these values, by element.
 */
static bool
belongs(const Reading *reading, const CdpkPropertyValue *number, size_t same, size_t end)
{
	if (number->element == 0 || reading->properties.count == 0)
		return true;
	for (size_t i = same; i < end; i++)
	{
		unsigned element = step_combination(&reading->properties, i)->element;

		if (element == 0 || element == number->element)
			return true;
	}
	return false;
}

/* Add the hits of an event with a combination of values: those from "same" until "end" are equal. */
static void
add_combination(Reading *reading, uint32 period, size_t same, size_t end)
{
	const CdpkPropertyValue *values =
		reading->properties.count == 0 ? NULL : step_combination(&reading->properties, same);
	bool measured = false;

	CHECK_FOR_INTERRUPTS();
	for (unsigned i = 0; i < reading->number_count; i++)
	{
		CdpkDecimal number;

		if (belongs(reading, &reading->numbers[i], same, end) &&
			cdpk_property_as_number(&reading->numbers[i], reading->events.texts, &number))
		{
			add_hit(reading, period, values, &number);
			measured = true;
		}
	}
	if (!measured)
		add_plain(reading, period, values);
}

/* Add the hits of an event: for each of its different combinations of values. */
static void
add_event(Reading *reading, uint32 period)
{
	StepProperties *properties = &reading->properties;
	size_t count = step_combinations_read(properties, reading->events.event);

	for (size_t i = 0; i < count;)
	{
		size_t end = i + 1;

		while (end < count &&
			   step_combination_compare(properties->count, step_combination(properties, i),
										step_combination(properties, end)) == 0)
			end++;
		add_combination(reading, period, i, end);
		i = end;
	}
	reading->event++;
}

/* Read the events of the present column. */
static void
read_column(Reading *reading)
{
	CdpkStepEvents *events = &reading->events;
	bool opened = false;

	reading->number_column.found = false;
	while (cdpk_step_next_event(events, &reading->at))
	{
		if (events->unknown)
			continue;
		if (!opened)
			step_properties_find(events, &reading->properties);
		if (!opened && reading->number.text != NULL)
			step_property_find(events, &reading->number, &reading->number_column);
		opened = true;
		reading->number_count =
			step_property_read(&reading->number_column, events->event, reading->numbers);
		add_event(reading, find_period(reading, reading->at));
	}
}

/* Read the timeline; returns the hits in the order of rows. */
static Rows *
read_timeline(FunctionCallInfo fcinfo)
{
	Rows *rows = palloc0(sizeof(Rows));
	Reading *reading;
	CdpkTimeRange range = {PG_INT64_MIN, PG_INT64_MAX};
	CdpkTimeline timeline;
	CdpkStep step;

	for (int i = ARG_STEP; i <= ARG_PERIODS_AS_OF; i++)
		if (PG_ARGISNULL(i) && i != ARG_AFTER && i != ARG_PROPERTIES && i != ARG_NUMBER)
			return rows;
	if (PG_ARGISNULL(ARG_TIMELINE))
		return rows;
	reading = palloc(sizeof(Reading));
	reading->bounds = read_bounds(fcinfo, &reading->bound_count);
	if (reading->bound_count < 2)
		return rows;
	reading->event = 0;
	step_properties_init(&reading->properties, PG_ARGISNULL(ARG_PROPERTIES)
												   ? NULL
												   : PG_GETARG_ARRAYTYPE_P(ARG_PROPERTIES));
	reading->hit_size =
		offsetof(Hit, values) + (size_t) reading->properties.count * sizeof(CdpkPropertyValue);
	reading->number = read_name(fcinfo, ARG_NUMBER);
	reading->hits = cdpk_buffer(&cdp_huge_palloc_allocator, SIZE_MAX / 2);
	range.first = reading->bounds[0];
	if (!PG_ARGISNULL(ARG_AFTER) && PG_GETARG_TIMESTAMPTZ(ARG_AFTER) >= range.first)
		range.first = PG_GETARG_TIMESTAMPTZ(ARG_AFTER) + 1;
	range.last = Min(reading->bounds[reading->bound_count - 1] - 1,
					 PG_GETARG_TIMESTAMPTZ(ARG_PERIODS_AS_OF));
	step_arg_read(fcinfo, NULL, &step);
	timeline_open((Timeline *) PG_DETOAST_DATUM_COPY(PG_GETARG_DATUM(ARG_TIMELINE)), &timeline);
	cdpk_step_events(&step, &timeline, range, &cdp_palloc_allocator, &reading->events);
	while (cdpk_step_next_column(&reading->events))
		read_column(reading);
	rows->texts = reading->events.texts;
	reading->events.texts = NULL;
	timeline_check(cdpk_step_close(&reading->events));
	timeline_check(reading->hits.status);
	rows->properties = reading->properties.count;
	rows->hit_size = reading->hit_size;
	rows->next = reading->hits.bytes;
	rows->end = rows->next + reading->hits.used;
	qsort_arg(reading->hits.bytes, reading->hits.used / reading->hit_size, reading->hit_size,
			  compare_hits, &rows->properties);
	return rows;
}

/* Return the values of a hit as an array of texts. */
static Datum
make_values(const Rows *rows, const Hit *hit)
{
	Datum values[STEP_PROPERTIES_MAX];
	bool nulls[STEP_PROPERTIES_MAX];
	int dimension = rows->properties;
	int bound = 1;

	for (int i = 0; i < rows->properties; i++)
	{
		nulls[i] = hit->values[i].kind == STEP_NO_VALUE;
		values[i] =
			nulls[i] ? (Datum) 0 : PointerGetDatum(step_value_text(rows->texts, &hit->values[i]));
	}
	return PointerGetDatum(
		construct_md_array(values, nulls, 1, &dimension, &bound, TEXTOID, -1, false, TYPALIGN_INT));
}

/* Return the next row: the hits of one period and one combination of values. */
static Datum
next_row(FuncCallContext *context, Rows *rows)
{
	const Hit *first = (const Hit *) rows->next;
	const Hit *last = NULL;
	CdpkSum sum = {0};
	int64 events = 0;
	TimestampTz oldest = first->first_at;
	TimestampTz newest = first->last_at;
	bool nulls[6] = {false, rows->properties == 0, false, false, false, false};
	Datum values[6];

	for (; rows->next < rows->end; rows->next += rows->hit_size)
	{
		const Hit *hit = (const Hit *) rows->next;

		if (hit->period != first->period ||
			step_combination_compare(rows->properties, hit->values, first->values) != 0)
			break;
		if (last == NULL || hit->event != last->event)
			events += (int64) hit->events;
		oldest = Min(oldest, hit->first_at);
		newest = Max(newest, hit->last_at);
		if (hit->measured)
			cdpk_sum_add(&sum, hit->number);
		last = hit;
	}
	values[0] = Int32GetDatum((int32) first->period);
	values[1] = nulls[1] ? (Datum) 0 : make_values(rows, first);
	values[2] = Int64GetDatum(events);
	nulls[3] = sum.count == 0;
	values[3] = nulls[3] ? (Datum) 0 : NumericGetDatum(sum_numeric(&sum));
	values[4] = TimestampTzGetDatum(oldest);
	values[5] = TimestampTzGetDatum(newest);
	return HeapTupleGetDatum(heap_form_tuple(context->tuple_desc, values, nulls));
}

/* step_periods(timeline, step, bounds, after, properties, number, as_of) */
Datum
cdp_step_periods(PG_FUNCTION_ARGS)
{
	FuncCallContext *context;
	Rows *rows;

	if (SRF_IS_FIRSTCALL())
	{
		MemoryContext former;
		TupleDesc descriptor;

		context = SRF_FIRSTCALL_INIT();
		former = MemoryContextSwitchTo(context->multi_call_memory_ctx);
		if (get_call_result_type(fcinfo, NULL, &descriptor) != TYPEFUNC_COMPOSITE)
			ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
							errmsg("function returning a row called where none is accepted")));
		context->tuple_desc = BlessTupleDesc(descriptor);
		context->user_fctx = read_timeline(fcinfo);
		MemoryContextSwitchTo(former);
	}
	context = SRF_PERCALL_SETUP();
	rows = context->user_fctx;
	if (rows->next < rows->end)
		SRF_RETURN_NEXT(context, next_row(context, rows));
	SRF_RETURN_DONE(context);
}
