/*
 * step_set.c
 *		Which of several steps the events of a timeline satisfy.
 */
#include "core/sequence/step_set.h"

CdpkStatus
cdpk_step_set_open(CdpkStepSet *set, const CdpkStep *steps, unsigned count,
				   const CdpkTimeline *timeline, const CdpkAllocator *allocator)
{
	unsigned filters = 0;

	set->steps = steps;
	set->count = count;
	set->allocator = allocator;
	set->texts = NULL;
	set->filters = NULL;
	for (unsigned i = 0; i < count; i++)
	{
		set->filter_of[i] = (uint8_t) filters;
		filters += !steps[i].plain;
	}
	if (filters == 0)
		return CDPK_OK;
	set->filters = cdpk_allocate(allocator, filters * sizeof(CdpkStepFilter));
	if (set->filters == NULL)
		return CDPK_OUT_OF_MEMORY;
	for (unsigned i = 0; i < filters; i++)
		set->filters[i].property_count = 0;
	return cdpk_properties_open(timeline, &set->properties);
}

void
cdpk_step_set_close(CdpkStepSet *set)
{
	cdpk_release(set->allocator, set->texts);
	cdpk_release(set->allocator, set->filters);
}

uint32_t
cdpk_step_set_named(const CdpkStepSet *set, const char *name, size_t length)
{
	uint32_t named = 0;

	for (unsigned i = 0; i < set->count; i++)
		if (cdpk_step_names(&set->steps[i], name, length))
			named |= UINT32_C(1) << i;
	return named;
}

CdpkStatus
cdpk_step_set_column(CdpkStepSet *set, const CdpkColumn *column)
{
	uint32_t named = cdpk_step_set_named(set, column->name, column->name_length);

	set->always = set->maybe = 0;
	for (unsigned i = 0; i < set->count; i++)
	{
		const CdpkStep *step = &set->steps[i];
		CdpkStepFilter *filter;
		CdpkStatus status;

		if ((named >> i & 1) == 0)
			continue;
		if (step->plain)
		{
			set->always |= UINT32_C(1) << i;
			continue;
		}
		filter = &set->filters[set->filter_of[i]];
		status =
			cdpk_step_filter(step, &set->properties, column, set->allocator, &set->texts, filter);
		if (status != CDPK_OK)
			return status;
		*(filter->all ? &set->always : &set->maybe) |= UINT32_C(1) << i;
	}
	return CDPK_OK;
}

void
cdpk_step_set_close_column(CdpkStepSet *set)
{
	for (unsigned i = 0; i < set->count; i++)
		if (!set->steps[i].plain)
			cdpk_step_filter_free(&set->filters[set->filter_of[i]]);
}

CdpkStatus
cdpk_step_set_event(CdpkStepSet *set, uint64_t event, uint32_t *steps, uint32_t *unknown)
{
	*steps = set->always;
	*unknown = 0;
	for (unsigned i = 0; i < set->count; i++)
	{
		CdpkTruth truth;
		CdpkStatus status;

		if ((set->maybe >> i & 1) == 0)
			continue;
		status = cdpk_step_filter_event(&set->filters[set->filter_of[i]], event, &truth);
		if (status != CDPK_OK)
			return status;
		*steps |= (uint32_t) (truth == CDPK_YES) << i;
		*unknown |= (uint32_t) (truth == CDPK_UNKNOWN) << i;
	}
	return CDPK_OK;
}

void
cdpk_step_set_element(const CdpkStepSet *set, unsigned element, uint32_t *steps, uint32_t *unknown)
{
	*steps = set->always;
	*unknown = 0;
	for (unsigned i = 0; set->maybe >> i != 0; i++)
	{
		CdpkTruth truth;

		if ((set->maybe >> i & 1) == 0)
			continue;
		truth = cdpk_step_filter_element(&set->filters[set->filter_of[i]], element);
		*steps |= (uint32_t) (truth == CDPK_YES) << i;
		*unknown |= (uint32_t) (truth == CDPK_UNKNOWN) << i;
	}
}
