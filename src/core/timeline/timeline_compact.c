/*
 * timeline_compact.c
 *		From the open form of a timeline to the compact one, which is the same for the same
 *		events whatever order they came in.
 */
#include "core/timeline/timeline_compact.h"

#include "core/base/sort.h"

/* a column without its events and numbers: head, size of the times */
#define COLUMN_HEAD_MAX (2 * CDPK_VARINT_MAX)
/* what one event or number can take in a column: a varint, a scale and a bit */
#define VALUE_MAX (CDPK_VARINT_MAX + 2)
/* a number column without its values: name, size, head */
#define NUMBER_HEAD_MAX (2 * CDPK_VARINT_MAX + 2)

#define NO_RANK UINT32_MAX

/* a name, with what compaction finds out about it */
typedef struct Name
{
	const char *text;
	uint32_t length;
	uint32_t place;       /* in the log */
	uint32_t events;      /* that have this name */
	uint32_t start;       /* of its events in the array of all */
	uint32_t number_rank; /* among the numbers' names, or NO_RANK */
	uint64_t column_size;
} Name;

typedef struct Compaction
{
	const CdpkTimelineLog *log;
	const CdpkAllocator *allocator; /* of scratch memory */
	Name *names;                    /* by place */
	uint32_t *order;                /* places in the order of the names */
	uint32_t *numbers;              /* of those, the ones that are names of numbers */
	uint32_t number_count;
	CdpkTimed *events; /* by name, newest first; value is where the record begins in the log */
	CdpkTimed *scratch;
	uint8_t *columns;    /* names and columns as they will follow the directory */
	int64_t base;        /* seconds */
	void (*check)(void); /* the caller's, or NULL */
	uint32_t *ticks;     /* until it is called */
} Compaction;

/* Let the caller interrupt a long loop; called for each step of one. */
static inline void
tick(const Compaction *c)
{
	if ((++*c->ticks & 0xffff) == 0 && c->check != NULL)
		c->check();
}

/* Order two names by their bytes, a prefix first. */
static int
compare_names(const Name *a, const Name *b)
{
	return cdpk_compare_bytes(a->text, a->length, b->text, b->length);
}

/* Restore the heap below a node: order[] is heap-sorted, for it has no order to use. */
static void
sift_down(const Name *names, uint32_t *order, uint32_t node, uint32_t count)
{
	for (uint32_t child = 2 * node + 1; child < count; child = 2 * node + 1)
	{
		uint32_t place = order[node];

		if (child + 1 < count && compare_names(&names[order[child]], &names[order[child + 1]]) < 0)
			child++;
		if (compare_names(&names[place], &names[order[child]]) >= 0)
			return;
		order[node] = order[child];
		order[child] = place;
		node = child;
	}
}

/* Put the places into the order of the names. */
static void
sort_names(Compaction *c)
{
	uint32_t count = c->log->names;

	for (uint32_t i = count / 2; i-- > 0;)
		sift_down(c->names, c->order, i, count);
	for (uint32_t end = count; end-- > 1;)
	{
		uint32_t last = c->order[end];

		c->order[end] = c->order[0];
		c->order[0] = last;
		sift_down(c->names, c->order, 0, end);
	}
}

/* Fill in the names as the log has them. */
static void
read_names(Compaction *c)
{
	const uint8_t *heap = (const uint8_t *) c->log + c->log->heap;
	uint32_t offset = sizeof(uint32_t);

	for (uint32_t i = 0; i < c->log->names; i++)
	{
		const CdpkLogName *entry = (const CdpkLogName *) (heap + offset);
		Name *name = &c->names[entry->place];

		memset(name, 0, sizeof(*name));
		name->text = (const char *) (entry + 1);
		name->length = entry->length;
		name->place = entry->place;
		name->number_rank = NO_RANK;
		c->order[i] = i;
		offset += cdpk_log_name_room(entry->length);
	}
}

/* Count the events of each name, find the names of numbers and the newest event. */
static void
count_events(Compaction *c)
{
	CdpkReader reader = cdpk_log_records(c->log);
	CdpkRecord record;
	int64_t newest = CDPK_TIME_MIN;

	while (cdpk_left(&reader) > 0)
	{
		tick(c);
		cdpk_read_record(&reader, &record);
		c->names[record.name].events++;
		for (unsigned i = 0; i < record.count; i++)
			c->names[cdpk_read_number(&record.numbers).name].number_rank = 0;
		if (record.at > newest)
			newest = record.at;
	}
	/* rounded up to a whole second */
	c->base = newest / 1000000 + (newest % 1000000 > 0);
}

/* Give each name its part of the array, and rank the names of numbers. */
static void
place_events(Compaction *c)
{
	CdpkReader reader = cdpk_log_records(c->log);
	CdpkRecord record;
	uint32_t start = 0;

	for (uint32_t i = 0; i < c->log->names; i++)
	{
		Name *name = &c->names[c->order[i]];

		start += name->events;
		name->start = start; /* filled from the end: what came last is newest, as a rule */
		if (name->number_rank != NO_RANK)
		{
			name->number_rank = c->number_count;
			c->numbers[c->number_count++] = name->place;
		}
	}
	while (cdpk_left(&reader) > 0)
	{
		uint32_t record_start = c->log->log_used - (uint32_t) cdpk_left(&reader);
		CdpkTimed *event;

		tick(c);
		cdpk_read_record(&reader, &record);
		event = &c->events[--c->names[record.name].start];
		event->at = record.at;
		event->value = record_start;
	}
}

/* Read the record of an event. */
static CdpkRecord
read_event(const CdpkTimelineLog *log, const CdpkTimed *event)
{
	CdpkReader reader = cdpk_log_records(log);
	CdpkRecord record;

	reader.at += event->value;
	cdpk_read_record(&reader, &record);
	return record;
}

/* Find an event's number by the place of its name. */
static bool
find_number(CdpkRecord record, uint32_t place, CdpkDecimal *value)
{
	for (unsigned i = 0; i < record.count; i++)
	{
		CdpkNumber number = cdpk_read_number(&record.numbers);

		if (number.name == place)
		{
			*value = number.value;
			return true;
		}
	}
	return false;
}

/*
 * Order the events in a column: newest first, and at one time by their
 * numbers in the order of the numbers' names, none before any.
 */
static int
newest_first(const CdpkTimed *a, const CdpkTimed *b, const void *context)
{
	const Compaction *c = context;
	int order = (a->at < b->at) - (a->at > b->at);

	tick(c);
	if (order != 0 || c->number_count == 0)
		return order;
	for (uint32_t i = 0; order == 0 && i < c->number_count; i++)
	{
		CdpkDecimal left;
		CdpkDecimal right;
		bool has_left = find_number(read_event(c->log, a), c->numbers[i], &left);
		bool has_right = find_number(read_event(c->log, b), c->numbers[i], &right);

		if (has_left && has_right)
			order = cdpk_decimal_compare(left, right);
		else
			order = (int) has_left - (int) has_right;
	}
	return order;
}

/* Return the coarsest unit that holds all times. */
static unsigned
column_unit(const CdpkTimed *events, uint32_t count)
{
	unsigned unit = 0;

	for (uint32_t i = 0; i < count && unit < CDPK_TIMELINE_UNITS - 1; i++)
		while (events[i].at % cdpk_timeline_unit[unit] != 0)
			unit++;
	return unit;
}

/* Write the distances from each event to the next newer one. */
static uint8_t *
write_times(const Compaction *c, const CdpkTimed *events, uint32_t count, unsigned unit,
			uint8_t *end)
{
	uint64_t newer = (uint64_t) c->base * 1000000;

	for (uint32_t i = 0; i < count; i++)
	{
		end = cdpk_write_varint(end, (newer - (uint64_t) events[i].at) / cdpk_timeline_unit[unit]);
		newer = (uint64_t) events[i].at;
	}
	return end;
}

/* the common properties of one number's values */
typedef struct NumberForm
{
	uint32_t present; /* events that have it */
	unsigned scale;   /* of all values, or CDPK_NUMBER_SCALE_EACH */
} NumberForm;

/* Find out how the values of a number are written. */
static NumberForm
number_form(const Compaction *c, const Name *name, uint32_t place)
{
	const CdpkTimed *events = c->events + name->start;
	NumberForm form = {0, 0};
	CdpkDecimal value;
	int64_t mantissa;

	for (uint32_t i = 0; i < name->events; i++)
		if (find_number(read_event(c->log, &events[i]), place, &value))
		{
			form.present++;
			form.scale = value.scale > form.scale ? value.scale : form.scale;
		}
	for (uint32_t i = 0; i < name->events && form.scale <= CDPK_SCALE_MAX; i++)
		if (find_number(read_event(c->log, &events[i]), place, &value) &&
			!cdpk_decimal_rescale(value, form.scale, &mantissa))
			form.scale = CDPK_NUMBER_SCALE_EACH;
	return form;
}

/* Write a number column's head, its bits of presence and its values. */
static uint8_t *
write_values(const Compaction *c, const Name *name, uint32_t place, NumberForm form, uint8_t *end)
{
	const CdpkTimed *events = c->events + name->start;
	bool sparse = form.present < name->events;
	uint8_t *bits = end + 1;
	CdpkDecimal value;

	*end++ = (uint8_t) (form.scale | (sparse ? CDPK_NUMBER_SPARSE : 0));
	if (sparse)
	{
		memset(bits, 0, name->events / 8 + (name->events % 8 > 0));
		end += name->events / 8 + (name->events % 8 > 0);
	}
	for (uint32_t i = 0; i < name->events; i++)
	{
		int64_t mantissa;

		tick(c);
		if (!find_number(read_event(c->log, &events[i]), place, &value))
			continue;
		if (sparse)
			bits[i / 8] |= (uint8_t) (1 << i % 8);
		mantissa = value.mantissa;
		if (form.scale == CDPK_NUMBER_SCALE_EACH)
			*end++ = value.scale;
		else
			cdpk_decimal_rescale(value, form.scale, &mantissa);
		end = cdpk_write_varint(end, cdpk_zigzag(mantissa));
	}
	return end;
}

/* Write the number columns of one event name after its times. */
static CdpkStatus
write_numbers(const Compaction *c, const Name *name, uint8_t **end)
{
	uint8_t *count = (*end)++; /* at most CDPK_NUMBERS_MAX: one byte */

	*count = 0;
	for (uint32_t rank = 0; rank < c->number_count; rank++)
	{
		NumberForm form = number_form(c, name, c->numbers[rank]);
		uint8_t *values = *end + NUMBER_HEAD_MAX;
		size_t size;

		if (form.present == 0)
			continue;
		if (++*count > CDPK_NUMBERS_MAX)
			return CDPK_TOO_LONG;
		size = (size_t) (write_values(c, name, c->numbers[rank], form, values) - values);
		*end = cdpk_write_varint(*end, rank);
		*end = cdpk_write_varint(*end, size);
		memmove(*end, values, size);
		*end += size;
	}
	return CDPK_OK;
}

/* Return whether any event of a name has a number. */
static bool
has_numbers(const Compaction *c, const Name *name)
{
	for (uint32_t i = 0; c->number_count > 0 && i < name->events; i++)
		if (read_event(c->log, &c->events[name->start + i]).count > 0)
			return true;
	return false;
}

/* Write a name and its column. */
static CdpkStatus
write_column(Compaction *c, Name *name, uint8_t **end)
{
	const CdpkTimed *events = c->events + name->start;
	bool numbers = has_numbers(c, name);
	unsigned unit = column_unit(events, name->events);
	CdpkStatus status = CDPK_OK;
	uint8_t *start;

	memcpy(*end, name->text, name->length);
	*end += name->length;
	start = *end;
	*end = cdpk_write_varint(*end, (uint64_t) name->events << CDPK_COLUMN_COUNT_SHIFT |
									   unit << CDPK_COLUMN_UNIT_SHIFT |
									   (numbers ? CDPK_COLUMN_NUMBERS : 0));
	if (numbers)
	{
		uint8_t *times = *end + CDPK_VARINT_MAX;
		size_t size = (size_t) (write_times(c, events, name->events, unit, times) - times);

		*end = cdpk_write_varint(*end, size);
		memmove(*end, times, size);
		*end += size;
		status = write_numbers(c, name, end);
	}
	else
		*end = write_times(c, events, name->events, unit, *end);
	name->column_size = (uint64_t) (*end - start);
	return status;
}

/* Return an upper bound of the size of the names and columns. */
static size_t
columns_room(const Compaction *c)
{
	const CdpkTimelineLog *log = c->log;
	size_t events = (size_t) log->events * VALUE_MAX;

	if (c->number_count > 0)
	{
		/* a number takes at least three bytes of the log, and a column of them a bit an event */
		size_t numbers = log->log_used / 3;
		size_t heads = (size_t) log->names * (CDPK_NUMBERS_MAX + 1);

		events += numbers * VALUE_MAX + CDPK_NUMBERS_MAX * ((size_t) log->events / 8 + log->names);
		events += (heads < numbers ? heads : numbers) * NUMBER_HEAD_MAX + NUMBER_HEAD_MAX;
	}
	return log->heap_used + events + (size_t) log->names * (COLUMN_HEAD_MAX + 1) + 1;
}

/* Sort each name's events and write all columns; *size is what they take. */
static CdpkStatus
write_columns(Compaction *c, size_t *size)
{
	CdpkStatus status = CDPK_OK;
	uint8_t *end;

	c->columns = cdpk_allocate(c->allocator, columns_room(c));
	if (c->columns == NULL)
		return CDPK_OUT_OF_MEMORY;
	end = c->columns;
	for (uint32_t i = 0; status == CDPK_OK && i < c->log->names; i++)
	{
		Name *name = &c->names[c->order[i]];

		if (name->events == 0)
			continue;
		cdpk_sort(c->events + name->start, name->events, c->scratch, newest_first, c);
		status = write_column(c, name, &end);
	}
	*size = (size_t) (end - c->columns);
	return status;
}

/* Return the bytes of the directory, and how many names it has. */
static size_t
directory_size(const Compaction *c, uint64_t *names)
{
	size_t size = 0;

	*names = 0;
	for (uint32_t i = 0; i < c->log->names; i++)
		if (c->names[i].events > 0)
		{
			size +=
				cdpk_varint_size(c->names[i].length) + cdpk_varint_size(c->names[i].column_size);
			(*names)++;
		}
	return size;
}

/* Return the bytes of the list of the numbers' names. */
static size_t
number_names_size(const Compaction *c)
{
	size_t size = c->number_count > 0 ? cdpk_varint_size(c->number_count) : 0;

	for (uint32_t i = 0; i < c->number_count; i++)
		size += cdpk_varint_size(c->names[c->numbers[i]].length) + c->names[c->numbers[i]].length;
	return size;
}

/* Write the header and the directory, then the columns. */
static CdpkStatus
assemble(Compaction *c, size_t columns_size, const CdpkAllocator *allocator, size_t head,
		 uint8_t **result, size_t *length)
{
	uint64_t names;
	size_t directory = directory_size(c, &names);
	uint64_t flagged = names << 1 | (c->number_count > 0);
	uint8_t *end;

	*length = 1 + cdpk_varint_size(flagged);
	if (names > 0)
		*length += cdpk_varint_size(cdpk_zigzag(c->base)) + cdpk_varint_size(directory) +
				   directory + number_names_size(c) + columns_size;
	if (*length > CDPK_TIMELINE_SIZE_MAX)
		return CDPK_TOO_LONG;
	*result = cdpk_allocate(allocator, head + *length);
	if (*result == NULL)
		return CDPK_OUT_OF_MEMORY;
	end = *result + head;
	*end++ = CDPK_TIMELINE_VERSION;
	end = cdpk_write_varint(end, flagged);
	if (names == 0)
		return CDPK_OK;
	end = cdpk_write_varint(end, cdpk_zigzag(c->base));
	end = cdpk_write_varint(end, directory);
	for (uint32_t i = 0; i < c->log->names; i++)
	{
		const Name *name = &c->names[c->order[i]];

		if (name->events == 0)
			continue;
		end = cdpk_write_varint(end, name->length);
		end = cdpk_write_varint(end, name->column_size);
	}
	if (c->number_count > 0)
		end = cdpk_write_varint(end, c->number_count);
	for (uint32_t i = 0; i < c->number_count; i++)
	{
		const Name *name = &c->names[c->numbers[i]];

		end = cdpk_write_varint(end, name->length);
		memcpy(end, name->text, name->length);
		end += name->length;
	}
	memcpy(end, c->columns, columns_size);
	return CDPK_OK;
}

CdpkStatus
cdpk_log_compact_checking(const CdpkTimelineLog *log, const CdpkAllocator *scratch,
						  const CdpkAllocator *allocator, void (*check)(void), size_t head,
						  uint8_t **result, size_t *length)
{
	uint32_t ticks = 0;
	Compaction c = {log, scratch, NULL, NULL, NULL, 0, NULL, NULL, NULL, 0, check, &ticks};
	size_t names_size = log->names * sizeof(Name);
	size_t events_size = log->events * sizeof(CdpkTimed);
	uint8_t *memory = cdpk_allocate(scratch, 2 * events_size + names_size +
												 2 * log->names * sizeof(uint32_t) + 1);
	CdpkStatus status = CDPK_OUT_OF_MEMORY;
	size_t columns_size;

	if (memory != NULL)
	{
		c.events = (CdpkTimed *) memory;
		c.scratch = c.events + log->events;
		c.names = (Name *) (memory + 2 * events_size);
		c.order = (uint32_t *) (memory + 2 * events_size + names_size);
		c.numbers = c.order + log->names;
		read_names(&c);
		sort_names(&c);
		count_events(&c);
		place_events(&c);
		status = write_columns(&c, &columns_size);
	}
	if (status == CDPK_OK)
		status = assemble(&c, columns_size, allocator, head, result, length);
	cdpk_release(scratch, c.columns);
	cdpk_release(scratch, memory);
	return status;
}

CdpkStatus
cdpk_log_compact(const CdpkTimelineLog *log, const CdpkAllocator *allocator, size_t head,
				 uint8_t **result, size_t *length)
{
	return cdpk_log_compact_checking(log, allocator, allocator, NULL, head, result, length);
}
