/*
 * timeline_merge.c
 *		Two timelines in their compact form as one.
 *
 * The names of both are walked in their order.  A column that only one has is copied; of one that
 * both have the times are merged, and when one side is at its end the rest of the other is copied
 * as bytes.  Properties follow where the one side's events are all later than the other's; else the
 * column goes through the open form, which knows how to order events of one time.
 */
#include "core/timeline/property_merge.h"
#include "core/timeline/timeline_compact.h"
#include "core/timeline/timeline_merge.h"

typedef struct Merge
{
	const CdpkAllocator *allocator; /* of scratch memory */
	CdpkBuffer directory;
	CdpkBuffer columns;
	CdpkPropertyMerge properties;
	uint64_t names;
	uint64_t base; /* microseconds */
} Merge;

/* a reader of one of the two timelines */
typedef struct Side
{
	CdpkTimeline timeline;
	CdpkColumn column;
	bool there; /* whether column is one */
} Side;

/* Copy what is left of a column's times, of which the last one written is "newer". */
static void
put_rest(CdpkBuffer *buffer, CdpkColumn *column, uint64_t unit, uint64_t newer)
{
	int64_t at;

	if (column->unit == unit)
	{
		cdpk_put_bytes(buffer, column->times.at, cdpk_left(&column->times));
		return;
	}
	while (cdpk_column_next(column, &at))
	{
		cdpk_put_varint(buffer, (newer - (uint64_t) at) / unit);
		newer = (uint64_t) at;
	}
}

/*
 * Write the times of two columns; true if all events of "a" are later than those
 * of "b".
 */
static bool
merge_times(Merge *merge, CdpkColumn *a, CdpkColumn *b, uint64_t unit)
{
	CdpkBuffer *buffer = &merge->columns;
	uint64_t newer = merge->base;
	bool apart = true;
	int64_t a_at = 0;
	int64_t b_at = 0;
	bool a_there = cdpk_column_next(a, &a_at);
	bool b_there = cdpk_column_next(b, &b_at);

	while (a_there && b_there)
	{
		int64_t at = a_at >= b_at ? a_at : b_at;

		apart = apart && a_at > b_at;
		cdpk_put_varint(buffer, (newer - (uint64_t) at) / unit);
		newer = (uint64_t) at;
		if (a_at >= b_at)
			a_there = cdpk_column_next(a, &a_at);
		else
			b_there = cdpk_column_next(b, &b_at);
	}
	if (a_there || b_there)
	{
		uint64_t at = (uint64_t) (a_there ? a_at : b_at);

		cdpk_put_varint(buffer, (newer - at) / unit);
		put_rest(buffer, a_there ? a : b, unit, at);
	}
	if (a->times.failed || b->times.failed)
		buffer->status = CDPK_CORRUPT;
	return apart;
}

/* Copy the times of a column; its distances begin at the result's base. */
static void
copy_times(Merge *merge, uint64_t base, CdpkColumn *column)
{
	CdpkBuffer *buffer = &merge->columns;
	unsigned unit = 0;

	while (cdpk_timeline_unit[unit] != column->unit)
		unit++;
	cdpk_put_varint(buffer,
					column->count << CDPK_COLUMN_COUNT_SHIFT | unit << CDPK_COLUMN_UNIT_SHIFT);
	cdpk_put_varint(buffer, cdpk_read_varint(&column->times) + (merge->base - base) / column->unit);
	cdpk_put_bytes(buffer, column->times.at, cdpk_left(&column->times));
	if (column->times.failed)
		buffer->status = CDPK_CORRUPT;
}

/* Copy a column that only one side has. */
static void
copy_column(Merge *merge, unsigned side, Side *from)
{
	copy_times(merge, from->timeline.base, &from->column);
	if (cdpk_property_merge_any(&merge->properties))
		cdpk_property_merge_copy(&merge->properties, side, &from->column);
}

/* Append a column to a log. */
static CdpkStatus
append_column(Merge *merge, const Side *side, CdpkTimelineLog **log)
{
	CdpkColumn column = side->column;
	CdpkLogSource source;
	CdpkStatus status = cdpk_log_source_open(&source, &side->timeline, merge->allocator);

	if (status == CDPK_OK)
		status = cdpk_log_column(log, &source, &column, INT64_MIN);
	cdpk_log_source_close(&source);
	return status;
}

/* Merge two columns by way of the open form. */
static void
merge_by_log(Merge *merge, const Side *sides)
{
	CdpkTimelineLog *log = NULL;
	CdpkTimeline timeline;
	CdpkColumn column;
	uint8_t *bytes = NULL;
	size_t length = 0;
	CdpkStatus status = cdpk_log_new(merge->allocator, &log);

	if (status == CDPK_OK)
		status = append_column(merge, &sides[0], &log);
	if (status == CDPK_OK)
		status = append_column(merge, &sides[1], &log);
	if (status == CDPK_OK)
		status = cdpk_log_compact(log, merge->allocator, 0, &bytes, &length);
	if (status == CDPK_OK)
		status = cdpk_timeline_open(bytes, length, &timeline);
	if (status == CDPK_OK && !cdpk_timeline_next(&timeline, &column))
		status = CDPK_CORRUPT;
	if (status == CDPK_OK)
	{
		cdpk_property_merge_take(&merge->properties, &timeline, &column);
		copy_times(merge, timeline.base, &column);
	}
	else
		merge->columns.status = status;
	cdpk_release(merge->allocator, bytes);
	cdpk_release(merge->allocator, log);
}

/* Return which of two columns has the newest event. */
static unsigned
newest_side(const Side *sides)
{
	CdpkColumn a = sides[0].column;
	CdpkColumn b = sides[1].column;
	int64_t a_newest;
	int64_t b_newest;

	return cdpk_column_next(&a, &a_newest) && cdpk_column_next(&b, &b_newest) &&
		   b_newest > a_newest;
}

/* Write the column of a name that both sides have. */
static void
merge_columns(Merge *merge, const Side *sides)
{
	CdpkBuffer *buffer = &merge->columns;
	CdpkPropertyMerge *properties = &merge->properties;
	const CdpkColumn *columns[2] = {&sides[0].column, &sides[1].column};
	unsigned side = newest_side(sides);
	/* read on copies: the open form begins at the first event again */
	CdpkColumn later = sides[side].column;
	CdpkColumn earlier = sides[1 - side].column;
	bool carried = cdpk_property_merge_has(properties, 0, columns[0]) |
				   cdpk_property_merge_has(properties, 1, columns[1]);
	size_t start = buffer->used;
	unsigned unit = 0;
	bool apart;

	while (cdpk_timeline_unit[unit] > later.unit || cdpk_timeline_unit[unit] > earlier.unit)
		unit++;
	cdpk_put_varint(buffer, (later.count + earlier.count) << CDPK_COLUMN_COUNT_SHIFT |
								unit << CDPK_COLUMN_UNIT_SHIFT);
	apart = merge_times(merge, &later, &earlier, cdpk_timeline_unit[unit]);
	if (buffer->status != CDPK_OK || !cdpk_property_merge_any(properties))
		return;
	if (!carried)
		cdpk_put_varint(&properties->sizes, 0);
	else if (apart)
		cdpk_property_merge_join(properties, side, columns);
	else
	{
		buffer->used = start;
		merge_by_log(merge, sides);
	}
}

/* Move one side to its next name. */
static void
next_column(Merge *merge, Side *side)
{
	side->there = cdpk_timeline_next(&side->timeline, &side->column);
	/* an event takes at least a byte */
	if (cdpk_timeline_failed(&side->timeline) ||
		(side->there && side->column.count > cdpk_left(&side->column.times)))
		merge->columns.status = CDPK_CORRUPT;
}

/* Write all columns and the directory. */
static void
merge_names(Merge *merge, Side sides[2])
{
	Side *a = &sides[0];
	Side *b = &sides[1];

	next_column(merge, a);
	next_column(merge, b);
	while (merge->columns.status == CDPK_OK && merge->properties.status == CDPK_OK &&
		   (a->there || b->there))
	{
		int order = !b->there ? -1 : 1;
		const CdpkColumn *column;
		size_t start;

		if (a->there && b->there)
			order = cdpk_compare_bytes(a->column.name, a->column.name_length, b->column.name,
									   b->column.name_length);
		column = order <= 0 ? &a->column : &b->column;
		cdpk_put_bytes(&merge->columns, column->name, column->name_length);
		cdpk_put_varint(&merge->directory, column->name_length);
		start = merge->columns.used;
		if (order == 0)
			merge_columns(merge, sides);
		else
			copy_column(merge, order > 0, order > 0 ? b : a);
		cdpk_put_varint(&merge->directory, merge->columns.used - start);
		merge->names++;
		if (order <= 0)
			next_column(merge, a);
		if (order >= 0)
			next_column(merge, b);
	}
}

/* Return the first error of a merge. */
static CdpkStatus
merge_status(const Merge *merge)
{
	const CdpkStatus statuses[] = {merge->columns.status, merge->directory.status,
								   merge->properties.status, merge->properties.sizes.status,
								   merge->properties.blocks.status};

	for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++)
		if (statuses[i] != CDPK_OK)
			return statuses[i];
	return CDPK_OK;
}

/* Return an upper bound of what the properties take. */
static size_t
properties_room(const CdpkPropertyMerge *properties)
{
	/* a bit for each size is less than the size */
	size_t room = CDPK_VARINT_MAX + 2 * properties->sizes.used + properties->blocks.used;

	if (!cdpk_property_merge_any(properties))
		return 0;
	for (uint64_t i = 0; i < properties->name_count; i++)
		room += CDPK_VARINT_MAX + properties->names[i].length;
	for (uint64_t i = 0; i < properties->text_count; i++)
		room += CDPK_VARINT_MAX + properties->texts[i].length;
	return room;
}

/* Write the header and the directory, then the columns, then the properties. */
static CdpkStatus
assemble(Merge *merge, const CdpkAllocator *allocator, size_t head, uint8_t **result,
		 size_t *length)
{
	const CdpkPropertyMerge *properties = &merge->properties;
	CdpkBuffer whole = cdpk_buffer(allocator, CDPK_LOG_MAX);
	bool carried = cdpk_property_merge_any(properties);
	CdpkStatus status = merge_status(merge);

	if (status != CDPK_OK)
		return status;
	/* one allocation of about the right size */
	cdpk_buffer_reserve(&whole, head + 1 + 4 * CDPK_VARINT_MAX + merge->directory.used +
									merge->columns.used + properties_room(properties));
	cdpk_put_zeros(&whole, head);
	cdpk_put_byte(&whole, carried ? CDPK_TIMELINE_WITH_PROPERTIES : CDPK_TIMELINE_PLAIN);
	cdpk_put_varint(&whole, merge->names << 1 | carried);
	if (merge->names > 0)
	{
		cdpk_put_varint(&whole,
						cdpk_zigzag((int64_t) merge->base / (int64_t) cdpk_timeline_unit[0]));
		cdpk_put_varint(&whole, merge->directory.used);
		if (carried)
			cdpk_put_varint(&whole, merge->columns.used);
		cdpk_put_bytes(&whole, merge->directory.bytes, merge->directory.used);
		cdpk_put_bytes(&whole, merge->columns.bytes, merge->columns.used);
	}
	if (carried)
	{
		cdpk_property_put_names(&whole, properties->names, properties->name_count);
		cdpk_property_put_sizes(&whole, &properties->sizes, merge->names);
		cdpk_put_bytes(&whole, properties->blocks.bytes, properties->blocks.used);
		cdpk_property_put_texts(&whole, properties->texts, properties->text_count);
	}
	status = whole.status;
	if (status == CDPK_OK && whole.used - head > CDPK_TIMELINE_SIZE_MAX)
		status = CDPK_TOO_LONG;
	if (status != CDPK_OK)
	{
		cdpk_buffer_free(&whole);
		return status;
	}
	*result = whole.bytes;
	*length = whole.used - head;
	return CDPK_OK;
}

CdpkStatus
cdpk_timeline_merge(const uint8_t *a, size_t a_length, const uint8_t *b, size_t b_length,
					const CdpkAllocator *scratch, const CdpkAllocator *allocator, size_t head,
					uint8_t **result, size_t *length)
{
	Merge merge;
	Side sides[2];
	CdpkStatus status = cdpk_timeline_open(a, a_length, &sides[0].timeline);

	if (status == CDPK_OK)
		status = cdpk_timeline_open(b, b_length, &sides[1].timeline);
	if (status != CDPK_OK)
		return status;
	merge.allocator = scratch;
	merge.directory = merge.columns = cdpk_buffer(scratch, CDPK_LOG_MAX);
	merge.names = 0;
	merge.base = 0;
	for (unsigned s = 0; s < 2; s++)
		if (sides[s].timeline.names > 0 &&
			(sides[1 - s].timeline.names == 0 ||
			 (int64_t) sides[s].timeline.base >= (int64_t) sides[1 - s].timeline.base))
			merge.base = sides[s].timeline.base;
	status = cdpk_property_merge_begin(&merge.properties, &sides[0].timeline, &sides[1].timeline,
									   scratch);
	if (status == CDPK_OK)
	{
		/* one allocation in the common case; bytes are added where distances are split */
		cdpk_buffer_reserve(&merge.columns, a_length + b_length + 1024);
		cdpk_buffer_reserve(&merge.directory, 256);
		merge_names(&merge, sides);
		status = assemble(&merge, allocator, head, result, length);
	}
	cdpk_property_merge_end(&merge.properties);
	cdpk_buffer_free(&merge.directory);
	cdpk_buffer_free(&merge.columns);
	return status;
}
