/*
 * batch_value.c
 *		Traits and timelines, each built once of all that is folded into it.
 */
#include "core/batch/batch_state.h"

#include "core/timeline/timeline_compact.h"
#include "core/timeline/timeline_merge.h"
#include "core/traits/traits_merge.h"
#include "core/traits/traits_page.h"
#include "core/traits/traits_view.h"

/* ---------------------------------------------------------------- traits */

/* Merge a value into a state. */
static CdpkStatus
merge_traits(CdpkTraitsState *state, const CdpkBatchBytes *traits)
{
	CdpkTraitsView view;

	STITCH_TRY(cdpk_traits_open(&view, traits->bytes, traits->length));
	return cdpk_traits_merge(state, &view, 0, view.count);
}

/* Make the compact form of a state. */
static CdpkStatus
compact_traits(CdpkBatch *batch, const CdpkTraitsState *state, CdpkBatchBytes *result)
{
	size_t size = cdpk_traits_compact_size(&state->view);
	uint8_t *bytes;

	if (size == 0)
		return CDPK_CORRUPT;
	bytes = cdpk_allocate(&batch->values.allocator, size);
	if (bytes == NULL)
		return CDPK_OUT_OF_MEMORY;
	cdpk_traits_compact(&state->view, size, bytes);
	result->bytes = bytes;
	result->length = (uint32_t) size;
	return CDPK_OK;
}

/* Merge the traits of parts and of rows; those of one alone are what they are. */
CdpkStatus
batch_merge_traits(CdpkBatch *batch, const CdpkBatchRow *const *rows, uint32_t row_count,
				   const CdpkBatchBytes *parts, uint32_t part_count, CdpkBatchBytes *result)
{
	uint32_t found = 0;
	size_t length = 0;
	CdpkTraitsState state;

	result->bytes = NULL;
	result->length = 0;
	for (uint32_t i = 0; i < part_count + row_count; i++)
	{
		const CdpkBatchBytes *traits = i < part_count ? &parts[i] : &rows[i - part_count]->traits;

		if (traits->bytes == NULL)
			continue;
		*result = *traits;
		length += traits->length;
		found++;
	}
	if (found < 2)
		return CDPK_OK;
	batch_arena_reset(&batch->scratch);
	STITCH_TRY(cdpk_traits_begin(&state, &batch->scratch.allocator, 0, length));
	for (uint32_t i = 0; i < part_count + row_count; i++)
	{
		const CdpkBatchBytes *traits = i < part_count ? &parts[i] : &rows[i - part_count]->traits;

		batch_tick(batch);
		if (traits->bytes != NULL)
			STITCH_TRY(merge_traits(&state, traits));
	}
	return compact_traits(batch, &state, result);
}

/* ---------------------------------------------------------------- timelines */

/* Append an event with the values of its properties to a log. */
static CdpkStatus
append_values(CdpkTimelineLog **log, const CdpkAllocator *allocator, const CdpkBatchRow *row,
			  uint32_t name, CdpkLogValue *values)
{
	for (uint32_t i = 0; i < row->value_count; i++)
	{
		const CdpkBatchValue *value = &row->values[i];

		values[i].value = value->value;
		if (i > 0 && value->name.bytes == row->values[i - 1].name.bytes)
			values[i].name = values[i - 1].name;
		else
			STITCH_TRY(cdpk_log_name(log, allocator, (const char *) value->name.bytes,
									 value->name.length, &values[i].name));
		if (value->value.kind == CDPK_TEXT)
			STITCH_TRY(cdpk_log_text(log, allocator, (const char *) value->text.bytes,
									 value->text.length, &values[i].value.text));
	}
	return cdpk_log_event(log, allocator, name, row->at, values, row->value_count);
}

/* Append an event to a log. */
static CdpkStatus
append_event(CdpkTimelineLog **log, const CdpkAllocator *allocator, const CdpkBatchRow *row)
{
	CdpkLogValue some[CDPK_PROPERTIES_MAX];
	CdpkLogValue *values = some;
	uint32_t name;
	CdpkStatus status;

	STITCH_TRY(
		cdpk_log_name(log, allocator, (const char *) row->event.bytes, row->event.length, &name));
	if (row->value_count > CDPK_PROPERTIES_MAX)
		values = cdpk_allocate(allocator, row->value_count * sizeof(*values));
	if (values == NULL)
		return CDPK_OUT_OF_MEMORY;
	status = append_values(log, allocator, row, name, values);
	if (values != some)
		cdpk_release(allocator, values);
	return status;
}

/* Bring a log into the compact form, which is kept. */
static CdpkStatus
compact_log(CdpkBatch *batch, const CdpkTimelineLog *log, CdpkBatchBytes *result)
{
	uint8_t *bytes;
	size_t length;

	STITCH_TRY(cdpk_log_compact_checking(log, &batch->scratch.allocator, &batch->values.allocator,
										 NULL, 0, &bytes, &length));
	result->bytes = bytes;
	result->length = (uint32_t) length;
	return CDPK_OK;
}

/* Return how many names and texts rows have at most. */
static uint32_t
count_names(const CdpkBatchRow *const *rows, uint32_t row_count)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < row_count; i++)
		if (rows[i]->event.bytes != NULL)
			count += 1 + 2 * rows[i]->value_count;
	return count;
}

/* Append what rows show, and all of the parts, to a log. */
static CdpkStatus
fill_log(CdpkBatch *batch, const CdpkBatchRow *const *rows, uint32_t row_count,
		 const CdpkBatchBytes *parts, uint32_t part_count, CdpkTimelineLog **log)
{
	const CdpkAllocator *allocator = &batch->scratch.allocator;

	STITCH_TRY(cdpk_log_new_for(allocator, count_names(rows, row_count), log));
	for (uint32_t i = 0; i < part_count; i++)
	{
		batch_tick(batch);
		if (parts[i].bytes != NULL)
			STITCH_TRY(cdpk_log_compact_form(log, allocator, parts[i].bytes, parts[i].length));
	}
	for (uint32_t i = 0; i < row_count; i++)
	{
		batch_tick(batch);
		if (rows[i]->event.bytes != NULL)
			STITCH_TRY(append_event(log, allocator, rows[i]));
	}
	return CDPK_OK;
}

/*
 * Make one timeline of the events of rows and of parts.  To one part events are appended
 * as a timeline, which does not read all of it; several are put together event by event.
 */
CdpkStatus
batch_merge_timelines(CdpkBatch *batch, const CdpkBatchRow *const *rows, uint32_t row_count,
					  const CdpkBatchBytes *parts, uint32_t part_count, CdpkBatchBytes *result)
{
	CdpkBatchBytes only = {NULL, 0};
	uint32_t part_values = 0;
	uint32_t events = 0;
	CdpkTimelineLog *log;
	uint8_t *bytes;
	size_t length;

	for (uint32_t i = 0; i < part_count; i++)
		if (parts[i].bytes != NULL)
		{
			only = parts[i];
			part_values++;
		}
	for (uint32_t i = 0; i < row_count; i++)
		events += rows[i]->event.bytes != NULL;
	*result = only;
	if (part_values < 2 && events == 0)
		return CDPK_OK;
	batch_arena_reset(&batch->scratch);
	if (part_values != 1)
	{
		STITCH_TRY(fill_log(batch, rows, row_count, parts, part_count, &log));
		return compact_log(batch, log, result);
	}
	STITCH_TRY(fill_log(batch, rows, row_count, NULL, 0, &log));
	STITCH_TRY(cdpk_log_compact_checking(log, &batch->scratch.allocator, &batch->scratch.allocator,
										 NULL, 0, &bytes, &length));
	STITCH_TRY(cdpk_timeline_merge(only.bytes, only.length, bytes, length,
								   &batch->scratch.allocator, &batch->values.allocator, 0, &bytes,
								   &length));
	result->bytes = bytes;
	result->length = (uint32_t) length;
	return CDPK_OK;
}
