/*
 * attribution_credits.c
 *		Which share of the conversions of one timeline each channel is given, by several models: what the
 *		attribution table adds up.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "cdp.h"
#include "compat.h"
#include "core/attribution/markov.h"
#include "toolkit/attribution/attribution_sum.h"
#include "toolkit/bridge/huge.h"
#include "toolkit/bridge/status.h"
#include "toolkit/bridge/window.h"
#include "toolkit/timeline/measures.h"
#include "toolkit/timeline/step_args.h"
#include "toolkit/timeline/step_combinations.h"

CDP_FUNCTION(cdp_attribution_credits);

#define MODELS_MAX 32

/* after the timeline */
enum
{
	ARG_CONVERSION = 1,
	ARG_NUMBER,
	ARG_TOUCH,
	ARG_CHANNEL,
	ARG_MODELS,
	ARG_LOOKBACK,
	ARG_SINCE,
	ARG_UNTIL,
	ARG_CREDITS_AS_OF
};

/* The arguments. */
typedef struct Question
{
	CdpkStep conversion;
	CdpkStep touch;
	CdpkName number; /* text NULL: not asked for */
	StepProperties channel;
	CdpkAttributionSetup models[MODELS_MAX];
	int model_count;
	int markov;            /* its place, or -1; it asks for the moves */
	CdpkTimeRange touches; /* up to as_of */
	CdpkTimeRange range;   /* of conversions, and of touches that are counted */
} Question;

/* What is returned of one timeline, and where that stands. */
typedef struct Credits
{
	CdpkJourneys journeys;
	int64 *touches; /* of each touchpoint, in the time range */
	AttributionSum *sums[MODELS_MAX];
	int model_count;
	CdpkMove *moves;
	size_t move_count;
	size_t move; /* the next to return; after them come the others */
	int model;   /* 0: the touches; from 1: the sums of a model */
	uint32 name; /* the touchpoint, or after all of them none */
} Credits;

/* Raise the error for a model that is given twice. */
static void
report_twice(text *model)
{
	ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					errmsg("model \"%s\" is given twice", text_to_cstring(model))));
}

/* Read the model at a place.  Until the chain of all people is known, markov is linear. */
static void
read_model(Question *question, int place, text *model, int64 lookback)
{
	static const char markov[] = "markov";
	CdpkAttributionSetup *setup = &question->models[place];

	if (VARSIZE_ANY_EXHDR(model) != strlen(markov) ||
		memcmp(VARDATA_ANY(model), markov, strlen(markov)) != 0)
		attribution_read_model(model, setup);
	else if (question->markov < 0)
	{
		question->markov = place;
		*setup = (CdpkAttributionSetup){.model = CDPK_LINEAR};
	}
	else
		report_twice(model);
	setup->lookback = lookback;
	for (int i = 0; i < place; i++)
		if (cdpk_attribution_same(setup, &question->models[i]) && question->markov != place &&
			question->markov != i)
			report_twice(model);
}

/* Read the models. */
static void
read_models(FunctionCallInfo fcinfo, Question *question)
{
	int64 lookback = 0;
	Datum *model;
	bool *is_null;

	if (!PG_ARGISNULL(ARG_LOOKBACK))
		lookback = cdp_window_microseconds(PG_GETARG_INTERVAL_P(ARG_LOOKBACK), "lookback", 1);
	deconstruct_array(PG_GETARG_ARRAYTYPE_P(ARG_MODELS), TEXTOID, -1, false, TYPALIGN_INT, &model,
					  &is_null, &question->model_count);
	if (question->model_count < 1 || question->model_count > MODELS_MAX)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("there must be 1 to %d models", MODELS_MAX)));
	for (int i = 0; i < question->model_count; i++)
	{
		if (is_null[i])
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("a model must not be null")));
		read_model(question, i, DatumGetTextPP(model[i]), lookback);
	}
}

/* Read the arguments but for the timeline. */
static Question *
read_question(FunctionCallInfo fcinfo)
{
	Question *question = palloc(sizeof(Question)); /* most of it is room */
	CdpkTimeRangeSpec spec = {timeline_arg_as_of(fcinfo), 0, 0, PG_INT64_MIN, PG_INT64_MAX};

	question->markov = -1;
	step_read(PG_GETARG_VARLENA_PP(ARG_CONVERSION), &question->conversion);
	step_read(PG_GETARG_VARLENA_PP(ARG_TOUCH), &question->touch);
	question->number.text = NULL;
	if (!PG_ARGISNULL(ARG_NUMBER))
	{
		const text *number = PG_GETARG_TEXT_PP(ARG_NUMBER);

		timeline_check_name(number, "number");
		question->number.text = VARDATA_ANY(number);
		question->number.length = VARSIZE_ANY_EXHDR(number);
	}
	step_properties_init(&question->channel, PG_GETARG_ARRAYTYPE_P(ARG_CHANNEL));
	if (question->channel.count == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("channel must not be empty"),
				 errhint("Name the property that tells the channel of a touch: "
						 "{campaign_name}.")));
	read_models(fcinfo, question);
	question->touches = cdpk_time_range_of(&spec);
	if (!PG_ARGISNULL(ARG_SINCE))
		spec.since = PG_GETARG_TIMESTAMPTZ(ARG_SINCE);
	if (!PG_ARGISNULL(ARG_UNTIL))
		spec.until = PG_GETARG_TIMESTAMPTZ(ARG_UNTIL);
	question->range = cdpk_time_range_of(&spec);
	return question;
}

/* Return the channel of a combination of values; NULL or empty if it has none. */
static text *
make_channel(const Question *question, const CdpkName *texts, const CdpkPropertyValue *values)
{
	StringInfoData channel;
	bool any = false;

	if (question->channel.count == 1)
		return values->kind == STEP_NO_VALUE ? NULL : step_value_text(texts, values);
	initStringInfo(&channel);
	for (int i = 0; i < question->channel.count; i++)
	{
		if (i > 0)
			appendStringInfoString(&channel, " / ");
		if (values[i].kind == STEP_NO_VALUE)
			appendStringInfoString(&channel, "(none)");
		else
		{
			text *value = step_value_text(texts, &values[i]);

			any |= VARSIZE_ANY_EXHDR(value) > 0;
			appendBinaryStringInfo(&channel, VARDATA_ANY(value), (int) VARSIZE_ANY_EXHDR(value));
		}
	}
	return any ? cstring_to_text_with_len(channel.data, channel.len) : NULL;
}

/* Add the touches of an event: one for each of its different channels. */
static void
add_touches(Question *question, const CdpkStepEvents *events, int64 at,
			CdpkAttributionState **state)
{
	StepProperties *channel = &question->channel;
	size_t count = step_combinations_read(channel, events->event);

	for (size_t i = 0; i < count; i++)
	{
		const CdpkPropertyValue *values = step_combination(channel, i);
		CdpkAttributionRow row = {.at = at};
		text *name;

		CHECK_FOR_INTERRUPTS();
		if (i > 0 &&
			step_combination_compare(channel->count, values, step_combination(channel, i - 1)) == 0)
			continue;
		name = make_channel(question, events->texts, values);
		if (name == NULL || VARSIZE_ANY_EXHDR(name) == 0)
			continue;
		row.touchpoint = VARDATA_ANY(name);
		row.touchpoint_length = VARSIZE_ANY_EXHDR(name);
		attribution_check(cdpk_attribution_add(state, &cdp_state_allocator, &row));
		pfree(name);
	}
}

/* Add all touches. */
static void
read_touches(Question *question, const CdpkTimeline *timeline, CdpkAttributionState **state)
{
	CdpkStepEvents events;
	int64_t at;

	cdpk_step_events(&question->touch, timeline, question->touches, &cdp_palloc_allocator, &events);
	while (cdpk_step_next_column(&events))
	{
		bool opened = false;

		while (cdpk_step_next_event(&events, &at))
		{
			if (events.unknown)
				continue;
			if (!opened && !step_properties_find(&events, &question->channel))
				break;
			opened = true;
			add_touches(question, &events, at, state);
		}
	}
	timeline_check(cdpk_step_close(&events));
}

/* Return the sum of the numbers of an event as text. */
static char *
sum_numbers(StepProperty *number, const CdpkStepEvents *events, CdpkPropertyValue *values)
{
	unsigned count = step_property_read(number, events->event, values);
	CdpkSum sum = {0};

	for (unsigned i = 0; i < count; i++)
	{
		CdpkDecimal decimal;

		if (cdpk_property_as_number(&values[i], events->texts, &decimal))
			cdpk_sum_add(&sum, decimal);
	}
	if (sum.count == 0)
		return pstrdup("0");
	return DatumGetCString(DirectFunctionCall1(numeric_out, NumericGetDatum(sum_numeric(&sum))));
}

/* Add all conversions. */
static void
read_conversions(Question *question, const CdpkTimeline *timeline, CdpkAttributionState **state)
{
	CdpkPropertyValue values[STEP_VALUES_MAX];
	CdpkStepEvents events;
	int64_t at;

	cdpk_step_events(&question->conversion, timeline, question->range, &cdp_palloc_allocator,
					 &events);
	while (cdpk_step_next_column(&events))
	{
		StepProperty number = {false};
		bool opened = false;

		while (cdpk_step_next_event(&events, &at))
		{
			CdpkAttributionRow row = {.at = at};
			char *value;

			CHECK_FOR_INTERRUPTS();
			if (events.unknown)
				continue;
			if (!opened && question->number.text != NULL)
				step_property_find(&events, &question->number, &number);
			opened = true;
			value = sum_numbers(&number, &events, values);
			row.value = value;
			row.value_length = strlen(value);
			attribution_check(cdpk_attribution_add(state, &cdp_state_allocator, &row));
			pfree(value);
		}
	}
	timeline_check(cdpk_step_close(&events));
}

/* Find what each model gives, and count the touches. */
static void
give_credits(const Question *question, Credits *credits)
{
	CdpkJourneys *journeys = &credits->journeys;

	credits->touches = MemoryContextAllocExtended(CurrentMemoryContext,
												  ((Size) journeys->name_count + 1) * sizeof(int64),
												  MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	for (size_t i = 0; i < journeys->touch_count; i++)
		if (journeys->touches[i].at >= question->range.first &&
			journeys->touches[i].at <= question->range.last)
			credits->touches[journeys->touches[i].value]++;
	credits->model_count = question->model_count;
	for (int i = 0; i < question->model_count; i++)
	{
		journeys->setup = question->models[i];
		credits->sums[i] = attribution_sums(journeys);
		attribution_give(journeys, credits->sums[i]);
	}
	if (question->markov >= 0)
	{
		CdpkAllocator scratch = cdp_huge_scratch(CurrentMemoryContext);

		attribution_check(cdpk_journeys_moves(journeys, question->range.first, question->range.last,
											  &scratch, &credits->moves, &credits->move_count));
	}
}

/* Read the timeline; returns NULL if there is nothing to return. */
static Credits *
read_timeline(FunctionCallInfo fcinfo)
{
	CdpkAllocator scratch = cdp_huge_scratch(CurrentMemoryContext);
	CdpkAttributionState *state;
	Question *question;
	CdpkTimeline timeline;
	Credits *credits;

	for (int i = ARG_CONVERSION; i <= ARG_CREDITS_AS_OF; i++)
		if (PG_ARGISNULL(i) && i != ARG_NUMBER && i != ARG_LOOKBACK && i != ARG_SINCE &&
			i != ARG_UNTIL)
			return NULL;
	question = read_question(fcinfo);
	if (PG_ARGISNULL(ARG_TIMELINE))
		return NULL;
	timeline_open((Timeline *) PG_DETOAST_DATUM_COPY(PG_GETARG_DATUM(ARG_TIMELINE)), &timeline);
	attribution_check(cdpk_attribution_new(&cdp_state_allocator, &question->models[0], 0, &state));
	read_conversions(question, &timeline, &state);
	read_touches(question, &timeline, &state);
	credits = palloc0(sizeof(Credits));
	attribution_check(cdpk_journeys_load(state, &scratch, &credits->journeys));
	give_credits(question, credits);
	return credits;
}

/* Move to the next row that has something, from the present place on; false after the last. */
static bool
find_row(Credits *credits)
{
	for (; credits->model <= credits->model_count; credits->model++, credits->name = 0)
		for (; credits->name <= credits->journeys.name_count; credits->name++)
			if (credits->model == 0
					? credits->touches[credits->name] > 0
					: credits->sums[credits->model - 1][credits->name].value != NULL)
				return true;
	return false;
}

/* Return a name of the journeys. */
static Datum
name_datum(const Credits *credits, uint32 name)
{
	const CdpkTouchpoint *touchpoint = &credits->journeys.names[name];

	return PointerGetDatum(cstring_to_text_with_len(touchpoint->name, (int) touchpoint->length));
}

/* Return the present move, and go on to the next. */
static Datum
make_move(FuncCallContext *context, Credits *credits)
{
	const CdpkMove *move = &credits->moves[credits->move++];
	bool ends = move->to == CDPK_MOVE_CONVERTED || move->to == CDPK_MOVE_LEFT;
	bool nulls[7] = {false, move->from == CDPK_MOVE_START, false, true, true, ends, false};
	Datum values[7] = {Int32GetDatum(-1), 0, Int64GetDatum(move->count)};

	if (move->from != CDPK_MOVE_START)
		values[1] = name_datum(credits, move->from);
	if (!ends)
		values[5] = name_datum(credits, move->to);
	values[6] = BoolGetDatum(move->to == CDPK_MOVE_CONVERTED);
	return HeapTupleGetDatum(heap_form_tuple(context->tuple_desc, values, nulls));
}

/* Return the present row, and move on. */
static Datum
make_row(FuncCallContext *context, Credits *credits)
{
	uint32 name = credits->name++;
	bool is_named = name < credits->journeys.name_count;
	bool is_touch = credits->model == 0;
	bool nulls[7] = {false, !is_named, !is_touch, is_touch, is_touch, true, true};
	Datum values[7] = {Int32GetDatum(credits->model)};

	if (is_named)
		values[1] = name_datum(credits, name);
	if (is_touch)
		values[2] = Int64GetDatum(credits->touches[name]);
	else
	{
		const AttributionSum *sum = &credits->sums[credits->model - 1][name];

		values[3] = NumericGetDatum(attribution_shares(sum->shares));
		values[4] = NumericGetDatum(sum->value);
	}
	return HeapTupleGetDatum(heap_form_tuple(context->tuple_desc, values, nulls));
}

/* attribution_credits(timeline, conversion, number, touch, channel, models, lookback, since, until, as_of) */
Datum
cdp_attribution_credits(PG_FUNCTION_ARGS)
{
	FuncCallContext *context;
	Credits *credits;

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
	credits = context->user_fctx;
	if (credits != NULL && credits->move < credits->move_count)
		SRF_RETURN_NEXT(context, make_move(context, credits));
	if (credits != NULL && find_row(credits))
		SRF_RETURN_NEXT(context, make_row(context, credits));
	SRF_RETURN_DONE(context);
}
