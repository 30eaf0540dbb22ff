/*
 * timeline_merge.c
 *		Two timelines in their compact form as one.
 *
 * The names of both are walked in their order.  A column that only one has is copied; of one that
 * both have the times are merged, and when one side is at its end the rest of the other is copied
 * as bytes.  Numbers follow where the one side's events are all later than the other's; else the
 * column goes through the open form, which knows how to order events of one time.
 */
#include "core/timeline/timeline_compact.h"
#include "core/timeline/timeline_merge.h"

/* bytes that grow */
typedef struct Buffer
{
	const CdpkAllocator *allocator;
	uint8_t *bytes;
	size_t used;
	size_t room;
	CdpkStatus status; /* the first error; nothing is written after it */
} Buffer;

typedef struct Merge
{
	const CdpkAllocator *allocator; /* of scratch memory */
	Buffer directory;
	Buffer columns;
	CdpkName *numbers; /* the names of numbers, in order */
	uint64_t number_count;
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

/* Make room for more bytes; false if there is none. */
static bool
reserve(Buffer *buffer, size_t more)
{
	size_t room = 2 * buffer->room;
	uint8_t *bytes;

	if (buffer->status != CDPK_OK || more <= buffer->room - buffer->used)
		return buffer->status == CDPK_OK;
	if (more > CDPK_LOG_MAX || buffer->used + more > CDPK_LOG_MAX)
	{
		buffer->status = CDPK_TOO_LONG;
		return false;
	}
	if (room < buffer->used + more)
		room = buffer->used + more;
	bytes = cdpk_allocate(buffer->allocator, room);
	if (bytes == NULL)
	{
		buffer->status = CDPK_OUT_OF_MEMORY;
		return false;
	}
	if (buffer->used > 0)
		memcpy(bytes, buffer->bytes, buffer->used);
	cdpk_release(buffer->allocator, buffer->bytes);
	buffer->bytes = bytes;
	buffer->room = room;
	return true;
}

static void
put_varint(Buffer *buffer, uint64_t value)
{
	if (reserve(buffer, CDPK_VARINT_MAX))
		buffer->used =
			(size_t) (cdpk_write_varint(buffer->bytes + buffer->used, value) - buffer->bytes);
}

static void
put_bytes(Buffer *buffer, const void *bytes, size_t length)
{
	if (length == 0 || !reserve(buffer, length))
		return;
	memcpy(buffer->bytes + buffer->used, bytes, length);
	buffer->used += length;
}

/* Write, before what was written from "start" on, how many bytes that is. */
static void
put_size(Buffer *buffer, size_t start)
{
	uint64_t size = buffer->used - start;
	size_t width = cdpk_varint_size(size);

	if (!reserve(buffer, width))
		return;
	memmove(buffer->bytes + start + width, buffer->bytes + start, size);
	cdpk_write_varint(buffer->bytes + start, size);
	buffer->used += width;
}

/* Copy what is left of a column's times, of which the last one written is "newer". */
static void
put_rest(Buffer *buffer, CdpkColumn *column, uint64_t unit, uint64_t newer)
{
	int64_t at;

	if (column->unit == unit)
	{
		put_bytes(buffer, column->times.at, cdpk_left(&column->times));
		return;
	}
	while (cdpk_column_next(column, &at))
	{
		put_varint(buffer, (newer - (uint64_t) at) / unit);
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
	Buffer *buffer = &merge->columns;
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
		put_varint(buffer, (newer - (uint64_t) at) / unit);
		newer = (uint64_t) at;
		if (a_at >= b_at)
			a_there = cdpk_column_next(a, &a_at);
		else
			b_there = cdpk_column_next(b, &b_at);
	}
	if (a_there || b_there)
	{
		uint64_t at = (uint64_t) (a_there ? a_at : b_at);

		put_varint(buffer, (newer - at) / unit);
		put_rest(buffer, a_there ? a : b, unit, at);
	}
	if (a->times.failed || b->times.failed)
		buffer->status = CDPK_CORRUPT;
	return apart;
}

/* Return the place of a number's name in the result. */
static uint64_t
number_rank(Merge *merge, const CdpkTimeline *timeline, const CdpkNumberColumn *number)
{
	size_t length = 0;
	const char *name = cdpk_timeline_number_name(timeline, number->name, &length);

	for (uint64_t i = 0; name != NULL && i < merge->number_count; i++)
		if (merge->numbers[i].length == length && memcmp(merge->numbers[i].text, name, length) == 0)
			return i;
	merge->columns.status = CDPK_CORRUPT;
	return 0;
}

/* Copy the numbers of a column that only one side has. */
static void
copy_numbers(Merge *merge, const CdpkTimeline *timeline, const CdpkColumn *column)
{
	CdpkReader reader = column->numbers;
	uint64_t count = cdpk_read_varint(&reader);

	put_varint(&merge->columns, count);
	for (uint64_t i = 0; i < count && !reader.failed && merge->columns.status == CDPK_OK; i++)
	{
		CdpkNumberColumn number;
		uint64_t size;
		const uint8_t *bytes;

		number.name = cdpk_read_varint(&reader);
		size = cdpk_read_varint(&reader);
		bytes = cdpk_read_bytes(&reader, size);
		if (bytes == NULL)
			break;
		put_varint(&merge->columns, number_rank(merge, timeline, &number));
		put_varint(&merge->columns, size);
		put_bytes(&merge->columns, bytes, size);
	}
	if (reader.failed || cdpk_left(&reader) > 0)
		merge->columns.status = CDPK_CORRUPT;
}

/* Copy a column; its distances begin at the result's base. */
static void
copy_column(Merge *merge, const CdpkTimeline *timeline, uint64_t base, CdpkColumn *column)
{
	Buffer *buffer = &merge->columns;
	bool numbers = cdpk_left(&column->numbers) > 0;
	size_t start;
	unsigned unit = 0;

	while (cdpk_timeline_unit[unit] != column->unit)
		unit++;
	put_varint(buffer, column->count << CDPK_COLUMN_COUNT_SHIFT | unit << CDPK_COLUMN_UNIT_SHIFT |
						   (numbers ? CDPK_COLUMN_NUMBERS : 0));
	start = buffer->used;
	put_varint(buffer, cdpk_read_varint(&column->times) + (merge->base - base) / column->unit);
	put_bytes(buffer, column->times.at, cdpk_left(&column->times));
	if (column->times.failed)
		buffer->status = CDPK_CORRUPT;
	if (!numbers)
		return;
	put_size(buffer, start);
	copy_numbers(merge, timeline, column);
}

/* Set the bits of the events that have a number, those of a column from "first" on. */
static void
put_present(uint8_t *bits, uint64_t first, uint64_t count, const CdpkNumberColumn *number)
{
	for (uint64_t i = 0; i < count; i++)
		if (number->present == NULL || (number->present[i / 8] >> i % 8 & 1))
			bits[(first + i) / 8] |= (uint8_t) (1 << (first + i) % 8);
}

/* Write the values of a number with another scale; false if one does not fit. */
static bool
put_values(Buffer *buffer, uint64_t count, CdpkNumberColumn *number, unsigned scale)
{
	if (number->scale == scale)
	{
		put_bytes(buffer, number->values.at, cdpk_left(&number->values));
		return true;
	}
	for (uint64_t i = 0; i < count; i++)
	{
		CdpkDecimal value;
		bool present;
		int64_t mantissa;

		if (cdpk_number_next_as_stored(number, i, &present, &value) != CDPK_OK)
		{
			buffer->status = CDPK_CORRUPT;
			return false;
		}
		if (!present)
			continue;
		if (!cdpk_decimal_rescale(value, scale, &mantissa))
			return false;
		put_varint(buffer, cdpk_zigzag(mantissa));
	}
	return true;
}

/*
 * Write a number of the events of "a", which are all later, and of "b"; either may be
 * NULL: its events have none.  False where this takes another form of the values.
 */
static bool
join_number(Merge *merge, const CdpkColumn *a, CdpkNumberColumn *a_number, const CdpkColumn *b,
			CdpkNumberColumn *b_number)
{
	Buffer *buffer = &merge->columns;
	bool sparse = a_number == NULL || b_number == NULL || a_number->present != NULL ||
				  b_number->present != NULL;
	unsigned scale = a_number != NULL ? a_number->scale : 0;
	uint64_t count = a->count + b->count;
	size_t bits = sparse ? count / 8 + (count % 8 > 0) : 0;
	size_t start = buffer->used;

	if (b_number != NULL && b_number->scale > scale)
		scale = b_number->scale;
	if (scale == CDPK_NUMBER_SCALE_EACH && a_number != NULL && b_number != NULL &&
		a_number->scale != b_number->scale)
		return false;
	if (!reserve(buffer, 1 + bits))
		return true;
	buffer->bytes[buffer->used++] = (uint8_t) (scale | (sparse ? CDPK_NUMBER_SPARSE : 0));
	memset(buffer->bytes + buffer->used, 0, bits);
	if (sparse && a_number != NULL)
		put_present(buffer->bytes + buffer->used, 0, a->count, a_number);
	if (sparse && b_number != NULL)
		put_present(buffer->bytes + buffer->used, a->count, b->count, b_number);
	buffer->used += bits;
	if ((a_number != NULL && !put_values(buffer, a->count, a_number, scale)) ||
		(b_number != NULL && !put_values(buffer, b->count, b_number, scale)))
		return false;
	put_size(buffer, start);
	return true;
}

/* Write the numbers of two columns of which "a" is all later; false as join_number. */
static bool
join_numbers(Merge *merge, const Side *a, const Side *b)
{
	CdpkNumberColumn numbers[2][CDPK_NUMBERS_MAX];
	uint64_t ranks[2][CDPK_NUMBERS_MAX];
	const Side *sides[2] = {a, b};
	unsigned counts[2];
	unsigned at[2] = {0, 0};
	size_t start = merge->columns.used;
	uint8_t joined = 0;

	for (unsigned s = 0; s < 2; s++)
	{
		if (cdpk_column_numbers(&sides[s]->column, numbers[s], &counts[s]) != CDPK_OK)
			merge->columns.status = CDPK_CORRUPT;
		for (unsigned i = 0; merge->columns.status == CDPK_OK && i < counts[s]; i++)
			ranks[s][i] = number_rank(merge, &sides[s]->timeline, &numbers[s][i]);
	}
	put_bytes(&merge->columns, &joined, 1);
	while (merge->columns.status == CDPK_OK && (at[0] < counts[0] || at[1] < counts[1]))
	{
		bool first =
			at[0] < counts[0] && (at[1] >= counts[1] || ranks[0][at[0]] <= ranks[1][at[1]]);
		bool second =
			at[1] < counts[1] && (at[0] >= counts[0] || ranks[1][at[1]] <= ranks[0][at[0]]);

		put_varint(&merge->columns, first ? ranks[0][at[0]] : ranks[1][at[1]]);
		if (!join_number(merge, &a->column, first ? &numbers[0][at[0]] : NULL, &b->column,
						 second ? &numbers[1][at[1]] : NULL))
			return false;
		at[0] += first;
		at[1] += second;
		if (++joined > CDPK_NUMBERS_MAX)
			merge->columns.status = CDPK_TOO_LONG;
	}
	if (merge->columns.status == CDPK_OK)
		merge->columns.bytes[start] = joined;
	return true;
}

/* Merge two columns by way of the open form. */
static void
merge_by_log(Merge *merge, Side *a, Side *b)
{
	CdpkTimelineLog *log = NULL;
	CdpkTimeline timeline;
	CdpkColumn column;
	uint8_t *bytes = NULL;
	size_t length = 0;
	CdpkStatus status = cdpk_log_new(merge->allocator, &log);

	if (status == CDPK_OK)
		status = cdpk_log_column(&log, merge->allocator, &a->timeline, &a->column, INT64_MIN);
	if (status == CDPK_OK)
		status = cdpk_log_column(&log, merge->allocator, &b->timeline, &b->column, INT64_MIN);
	if (status == CDPK_OK)
		status = cdpk_log_compact(log, merge->allocator, 0, &bytes, &length);
	if (status == CDPK_OK)
		status = cdpk_timeline_open(bytes, length, &timeline);
	if (status == CDPK_OK && !cdpk_timeline_next(&timeline, &column))
		status = CDPK_CORRUPT;
	if (status == CDPK_OK)
		copy_column(merge, &timeline, timeline.base, &column);
	else
		merge->columns.status = status;
	cdpk_release(merge->allocator, bytes);
	cdpk_release(merge->allocator, log);
}

/* Write the column of a name that both sides have. */
static void
merge_columns(Merge *merge, Side *a, Side *b)
{
	Buffer *buffer = &merge->columns;
	/* read on copies: the open form begins at the first event again */
	Side later = *a;
	Side earlier = *b;
	bool numbers = cdpk_left(&a->column.numbers) > 0 || cdpk_left(&b->column.numbers) > 0;
	uint64_t size = buffer->used;
	size_t start;
	unsigned unit = 0;
	int64_t a_newest;
	int64_t b_newest;

	if (cdpk_column_next(&later.column, &a_newest) &&
		cdpk_column_next(&earlier.column, &b_newest) && b_newest > a_newest)
	{
		Side *other = a;

		a = b;
		b = other;
	}
	later = *a;
	earlier = *b;
	while (cdpk_timeline_unit[unit] > later.column.unit ||
		   cdpk_timeline_unit[unit] > earlier.column.unit)
		unit++;
	put_varint(buffer, (later.column.count + earlier.column.count) << CDPK_COLUMN_COUNT_SHIFT |
						   unit << CDPK_COLUMN_UNIT_SHIFT | (numbers ? CDPK_COLUMN_NUMBERS : 0));
	start = buffer->used;
	if (merge_times(merge, &later.column, &earlier.column, cdpk_timeline_unit[unit]) && numbers)
	{
		put_size(buffer, start);
		if (join_numbers(merge, a, b) || buffer->status != CDPK_OK)
			return;
	}
	if (!numbers || buffer->status != CDPK_OK)
		return;
	buffer->used = size;
	merge_by_log(merge, a, b);
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
merge_names(Merge *merge, Side *a, Side *b)
{
	next_column(merge, a);
	next_column(merge, b);
	while (merge->columns.status == CDPK_OK && (a->there || b->there))
	{
		int order = !b->there ? -1 : 1;
		const CdpkColumn *column;
		size_t start;

		if (a->there && b->there)
			order = cdpk_compare_bytes(a->column.name, a->column.name_length, b->column.name,
									   b->column.name_length);
		column = order <= 0 ? &a->column : &b->column;
		put_bytes(&merge->columns, column->name, column->name_length);
		put_varint(&merge->directory, column->name_length);
		start = merge->columns.used;
		if (order == 0)
			merge_columns(merge, a, b);
		else if (order < 0)
			copy_column(merge, &a->timeline, a->timeline.base, &a->column);
		else
			copy_column(merge, &b->timeline, b->timeline.base, &b->column);
		put_varint(&merge->directory, merge->columns.used - start);
		merge->names++;
		if (order <= 0)
			next_column(merge, a);
		if (order >= 0)
			next_column(merge, b);
	}
}

/* Read the next name of a number; false after the last. */
static bool
next_number_name(CdpkReader *reader, uint64_t *left, CdpkName *name)
{
	if (*left == 0)
		return false;
	(*left)--;
	name->length = cdpk_read_varint(reader);
	name->text = (const char *) cdpk_read_bytes(reader, name->length);
	return !reader->failed;
}

/* Make the list of the names of numbers. */
static CdpkStatus
merge_number_names(Merge *merge, const CdpkTimeline *a, const CdpkTimeline *b)
{
	CdpkReader a_reader = a->number_names;
	CdpkReader b_reader = b->number_names;
	uint64_t a_left = a->number_count;
	uint64_t b_left = b->number_count;
	CdpkName a_name;
	CdpkName b_name;
	bool a_there = next_number_name(&a_reader, &a_left, &a_name);
	bool b_there = next_number_name(&b_reader, &b_left, &b_name);

	if (!a_there && !b_there)
		return CDPK_OK;
	/* each name takes at least a byte, so this is bounded by what there is */
	merge->numbers =
		cdpk_allocate(merge->allocator, (a->number_count + b->number_count) * sizeof(CdpkName));
	if (merge->numbers == NULL)
		return CDPK_OUT_OF_MEMORY;
	while (a_there || b_there)
	{
		int order = !b_there ? -1 : 1;

		if (a_there && b_there)
			order = cdpk_compare_bytes(a_name.text, a_name.length, b_name.text, b_name.length);
		merge->numbers[merge->number_count++] = order <= 0 ? a_name : b_name;
		if (order <= 0)
			a_there = next_number_name(&a_reader, &a_left, &a_name);
		if (order >= 0)
			b_there = next_number_name(&b_reader, &b_left, &b_name);
	}
	return CDPK_OK;
}

/* Write the header and the directory, then the columns. */
static CdpkStatus
assemble(Merge *merge, const CdpkAllocator *allocator, size_t head, uint8_t **result,
		 size_t *length)
{
	Buffer start = {allocator, NULL, 0, 0, CDPK_OK};

	if (merge->columns.status != CDPK_OK || merge->directory.status != CDPK_OK)
		return merge->columns.status != CDPK_OK ? merge->columns.status : merge->directory.status;
	if (merge->directory.used + merge->columns.used > CDPK_TIMELINE_SIZE_MAX)
		return CDPK_TOO_LONG;
	if (!reserve(&start, head + 3 * CDPK_VARINT_MAX + merge->directory.used + merge->columns.used))
		return start.status;
	start.used = head;
	start.bytes[start.used++] = CDPK_TIMELINE_VERSION;
	put_varint(&start, merge->names << 1 | (merge->number_count > 0));
	if (merge->names > 0)
	{
		put_varint(&start, cdpk_zigzag((int64_t) merge->base / (int64_t) cdpk_timeline_unit[0]));
		put_varint(&start, merge->directory.used);
		put_bytes(&start, merge->directory.bytes, merge->directory.used);
		if (merge->number_count > 0)
			put_varint(&start, merge->number_count);
		for (uint64_t i = 0; i < merge->number_count; i++)
		{
			put_varint(&start, merge->numbers[i].length);
			put_bytes(&start, merge->numbers[i].text, merge->numbers[i].length);
		}
		put_bytes(&start, merge->columns.bytes, merge->columns.used);
	}
	if (start.status == CDPK_OK && start.used - head > CDPK_TIMELINE_SIZE_MAX)
		start.status = CDPK_TOO_LONG;
	if (start.status != CDPK_OK)
	{
		cdpk_release(allocator, start.bytes);
		return start.status;
	}
	*result = start.bytes;
	*length = start.used - head;
	return CDPK_OK;
}

CdpkStatus
cdpk_timeline_merge(const uint8_t *a, size_t a_length, const uint8_t *b, size_t b_length,
					const CdpkAllocator *scratch, const CdpkAllocator *allocator, size_t head,
					uint8_t **result, size_t *length)
{
	Merge merge = {
		scratch, {scratch, NULL, 0, 0, CDPK_OK}, {scratch, NULL, 0, 0, CDPK_OK}, NULL, 0, 0, 0};
	Side sides[2];
	CdpkStatus status = cdpk_timeline_open(a, a_length, &sides[0].timeline);

	if (status == CDPK_OK)
		status = cdpk_timeline_open(b, b_length, &sides[1].timeline);
	if (status != CDPK_OK)
		return status;
	for (unsigned s = 0; s < 2; s++)
		if (sides[s].timeline.names > 0 &&
			(sides[1 - s].timeline.names == 0 ||
			 (int64_t) sides[s].timeline.base >= (int64_t) sides[1 - s].timeline.base))
			merge.base = sides[s].timeline.base;
	status = merge_number_names(&merge, &sides[0].timeline, &sides[1].timeline);
	if (status == CDPK_OK)
	{
		/* one allocation in the common case; bytes are added where distances are split */
		reserve(&merge.columns, a_length + b_length + 1024);
		reserve(&merge.directory, 256);
		merge_names(&merge, &sides[0], &sides[1]);
		status = assemble(&merge, allocator, head, result, length);
	}
	cdpk_release(scratch, merge.numbers);
	cdpk_release(scratch, merge.directory.bytes);
	cdpk_release(scratch, merge.columns.bytes);
	return status;
}
