/*
 * sequence_pairs.c
 *		The events of a timeline, each once with each value that events must have in common.
 */
#include "core/sequence/sequence_pairs.h"

/* Append a number, and return its place, from 1 on. */
static uint32_t
put_number(CdpkBuffer *numbers, CdpkDecimal number)
{
	cdpk_put_bytes(numbers, &number, sizeof(number));
	return (uint32_t) (numbers->used / sizeof(number));
}

/* ---------------------------------------------------------------- an event */

/* Note the numbers of an event that belong to an element (0: to any), and to none. */
static void
note_numbers(CdpkPairReading *r, unsigned element, CdpkChainEvent *event, bool *unknown)
{
	const CdpkPropertyValue *values = cdpk_step_property_values(&r->compared);
	CdpkDecimal low = {0, 0};
	CdpkDecimal high = {0, 0};
	bool any = false;

	for (unsigned i = 0; i < r->compared.count; i++)
	{
		CdpkDecimal number;

		if (element != 0 && values[i].element != 0 && values[i].element != element)
			continue;
		*unknown |= values[i].kind == CDPK_LEFT_OUT;
		if (!cdpk_property_as_number(&values[i], r->set->texts, &number))
			continue;
		if (!any || cdpk_decimal_compare(number, low) < 0)
			low = number;
		if (!any || cdpk_decimal_compare(number, high) > 0)
			high = number;
		any = true;
	}
	if (any)
	{
		event->low = put_number(&r->numbers, low);
		event->high = put_number(&r->numbers, high);
	}
}

/*
 * Add an event with one value, if it satisfies any alternative; "pair" is the event without one.
 * *unknown is set where something is; set_unknown: whether it is so for the event as a whole.
 */
static void
add_pair(CdpkPairReading *r, const CdpkPropertyValue *value, CdpkPair pair, bool set_unknown,
		 bool *unknown)
{
	unsigned element = value != NULL ? value->element : 0;

	if (element != 0)
	{
		uint32_t unknown_set;

		cdpk_step_set_element(r->set, element, &pair.event.set, &unknown_set);
		*unknown |= unknown_set != 0;
	}
	else
		*unknown |= set_unknown;
	if (pair.event.set == 0 && !cdpk_asks_for_strangers(r->asked))
		return;
	if (value != NULL)
	{
		*unknown |= value->kind == CDPK_LEFT_OUT;
		pair.common = cdpk_common(value, r->set->texts);
	}
	if (r->sequence->compared.length > 0 && pair.event.set != 0)
		note_numbers(r, element, &pair.event, unknown);
	cdpk_put_bytes(&r->pairs, &pair, sizeof(pair));
}

static int
by_value(const CdpkTimed *a, const CdpkTimed *b, const void *context)
{
	const CdpkPair *pairs = context;

	return cdpk_pairs_compare(&pairs[a->value], &pairs[b->value]);
}

/* Make one pair of two with the same value, which several elements of an event have. */
static void
merge_pair(const CdpkPairReading *r, CdpkPair *to, const CdpkPair *from)
{
	CdpkChainEvent *event = &to->event;

	event->set |= from->event.set;
	if (from->event.low == 0)
		return;
	if (event->low == 0 || cdpk_decimal_compare(cdpk_number_at(&r->numbers, from->event.low),
												cdpk_number_at(&r->numbers, event->low)) < 0)
		event->low = from->event.low;
	if (event->high == 0 || cdpk_decimal_compare(cdpk_number_at(&r->numbers, from->event.high),
												 cdpk_number_at(&r->numbers, event->high)) > 0)
		event->high = from->event.high;
}

/* Make the values of an event, which are from "first" on, different. */
static void
merge_values(CdpkPairReading *r, size_t first)
{
	size_t count;
	CdpkPair *pairs = cdpk_pairs_of(r, &count);
	CdpkTimed sorted[2 * (CDPK_PROPERTY_VALUES_MAX + 1)];
	CdpkPair merged[CDPK_PROPERTY_VALUES_MAX + 1];
	size_t kept = 0;

	count -= first;
	if (count < 2 || r->pairs.status != CDPK_OK)
		return;
	pairs += first;
	for (size_t i = 0; i < count; i++)
	{
		sorted[i].at = 0;
		sorted[i].value = (uint32_t) i;
	}
	cdpk_sort(sorted, count, sorted + CDPK_PROPERTY_VALUES_MAX + 1, by_value, pairs);
	for (size_t i = 0; i < count; i++)
	{
		const CdpkPair *pair = &pairs[sorted[i].value];

		if (kept > 0 && cdpk_pairs_compare(&merged[kept - 1], pair) == 0)
			merge_pair(r, &merged[kept - 1], pair);
		else
			merged[kept++] = *pair;
	}
	memcpy(pairs, merged, kept * sizeof(CdpkPair));
	r->pairs.used = (first + kept) * sizeof(CdpkPair);
}

/* Add an event with each of its values. */
static CdpkStatus
add_values(CdpkPairReading *r, uint64_t place, CdpkPair pair, bool set_unknown, bool *unknown)
{
	size_t first = r->pairs.used / sizeof(CdpkPair);
	CdpkStatus status = CDPK_OK;
	const CdpkPropertyValue *values;

	if (r->sequence->compared.length > 0)
		status = cdpk_step_property_read(&r->compared, place);
	if (status == CDPK_OK && r->sequence->same.length == 0)
	{
		add_pair(r, NULL, pair, set_unknown, unknown);
		return CDPK_OK;
	}
	if (status == CDPK_OK)
		status = cdpk_step_property_read(&r->same, place);
	values = cdpk_step_property_values(&r->same);
	for (unsigned i = 0; status == CDPK_OK && i < r->same.count; i++)
		add_pair(r, &values[i], pair, set_unknown, unknown);
	merge_values(r, first);
	return status;
}

/* Read an event, which is in the time range or later. */
static CdpkStatus
read_event(CdpkPairReading *r, uint64_t place, int64_t at)
{
	CdpkCorrelation *correlation = r->correlation;
	size_t before = r->pairs.used;
	CdpkPair pair = {{at, 0, 0, 0}, {0, 0}};
	uint32_t set_unknown;
	bool unknown = false;
	CdpkStatus status = cdpk_step_set_event(r->set, place, &pair.event.set, &set_unknown);

	if (status == CDPK_OK)
		status = add_values(r, place, pair, set_unknown != 0, &unknown);
	if (r->pairs.used == before && !unknown)
		return status;
	if (at > r->range.last)
	{
		correlation->due = at < correlation->due ? at : correlation->due;
		r->pairs.used = before;
		return status;
	}
	if (unknown && (!correlation->unknown || at > correlation->unknown_at))
		correlation->unknown_at = at;
	correlation->unknown |= unknown;
	return status;
}

/* ---------------------------------------------------------------- the timeline */

/* Start reading the properties of a column. */
static CdpkStatus
open_column(CdpkPairReading *r, const CdpkColumn *column)
{
	CdpkStepProperty *properties[] = {&r->same, &r->compared};
	CdpkStatus status = CDPK_OK;

	for (int i = 0; i < 2 && status == CDPK_OK; i++)
	{
		CdpkStepProperty *property = properties[i];

		if (property->name.length == 0)
			continue;
		status = cdpk_step_property(property, &r->properties, column, r->allocator);
		if (status == CDPK_OK && property->found && r->set->texts == NULL &&
			property->property.form != CDPK_FORM_NUMBERS)
			status = cdpk_property_texts(&r->properties, r->allocator, &r->set->texts);
	}
	return status;
}

static void
close_column(CdpkPairReading *r)
{
	cdpk_step_set_close_column(r->set);
	cdpk_release(r->allocator, r->same.several);
	cdpk_release(r->allocator, r->compared.several);
	r->same.several = r->compared.several = NULL;
}

/* Read the events of a column. */
static CdpkStatus
read_column(CdpkPairReading *r, CdpkColumn *column)
{
	CdpkStatus status = cdpk_step_set_column(r->set, column);
	int64_t at;

	if (status == CDPK_OK)
		status = open_column(r, column);
	if (status == CDPK_OK && column->count > cdpk_left(&column->times))
		status = CDPK_CORRUPT;
	while (status == CDPK_OK && cdpk_column_next(column, &at) && at >= r->range.first)
		status = read_event(r, column->count - column->left - 1, at);
	close_column(r);
	return status == CDPK_OK && column->times.failed ? CDPK_CORRUPT : status;
}

CdpkStatus
cdpk_pairs_read(CdpkPairReading *r, const CdpkSurvey *survey)
{
	CdpkSurveyPassage passage;
	CdpkColumn column;
	CdpkStatus status = cdpk_properties_open(&survey->timeline, &r->properties);

	cdpk_survey_start(survey, &passage);
	while (status == CDPK_OK && cdpk_survey_next(survey, &passage, r->set, &column))
		status = read_column(r, &column);
	if (status == CDPK_OK && cdpk_survey_failed(&passage))
		status = CDPK_CORRUPT;
	if (status == CDPK_OK)
		status = r->pairs.status != CDPK_OK ? r->pairs.status : r->numbers.status;
	return status;
}
