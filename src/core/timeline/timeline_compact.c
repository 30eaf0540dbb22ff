/*
 * timeline_compact.c
 *		From the open form of a timeline to the compact one, which is the same for the same
 *		events whatever order they came in.
 */
#include "core/timeline/timeline_compact.h"

#include "core/base/sort.h"
#include "core/timeline/name_order.h"
#include "core/timeline/property_write.h"

#define NO_RANK UINT32_MAX

/* a name, with what compaction finds out about it */
typedef struct Name
{
	CdpkName name;
	uint32_t place;         /* in the log */
	uint32_t events;        /* that have this name */
	uint32_t start;         /* of its events in the array of all */
	uint32_t property_rank; /* among the properties' names, or NO_RANK */
	uint32_t text_rank;     /* among the texts, or NO_RANK */
	uint64_t values;        /* of its events */
	uint64_t column_size;
} Name;

/* a value, with the rank of its property */
typedef struct Ranked
{
	uint32_t rank;
	CdpkPropertyValue value;
} Ranked;

typedef struct Compaction
{
	const CdpkTimelineLog *log;
	const CdpkAllocator *allocator; /* of scratch memory */
	Name *names;                    /* by place */
	uint32_t *order;                /* places in the order of the names */
	CdpkName *properties;           /* their names, by rank */
	uint32_t property_count;
	CdpkName *texts;
	uint32_t text_count;
	CdpkTimed *events; /* by name, newest first; value is where the record begins in the log */
	CdpkTimed *scratch;
	uint8_t *columns;        /* names and columns as they will follow the directory */
	CdpkBuffer blocks;       /* of properties */
	CdpkBuffer block_sizes;  /* one for each event name */
	CdpkPropertyItem *items; /* the values of one name, by property */
	uint64_t *item_starts;   /* by the rank of the property */
	uint64_t *item_ends;
	Ranked *compared[2];  /* the values of two events */
	unsigned most_values; /* of an event */
	uint64_t most_items;  /* of a name */
	int64_t base;         /* seconds */
	void (*check)(void);  /* the caller's, or NULL */
	uint32_t *ticks;      /* until it is called */
} Compaction;

/* Let the caller interrupt a long loop; called for each step of one. */
static inline void
tick(const Compaction *c)
{
	if ((++*c->ticks & 0xffff) == 0 && c->check != NULL)
		c->check();
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
		name->name.text = (const char *) (entry + 1);
		name->name.length = entry->length;
		name->place = entry->place;
		name->property_rank = name->text_rank = NO_RANK;
		c->order[i] = i;
		offset += cdpk_log_name_room(entry->length);
	}
}

/* Count the events of each name, find the names of properties, the texts and the newest event. */
static void
count_events(Compaction *c)
{
	CdpkReader reader = cdpk_log_records(c->log);
	CdpkRecord record;
	int64_t newest = CDPK_TIME_MIN;

	while (cdpk_left(&reader) > 0)
	{
		Name *name;

		tick(c);
		cdpk_read_record(&reader, &record);
		name = &c->names[record.name];
		name->events++;
		name->values += record.count;
		if (record.count > c->most_values)
			c->most_values = record.count;
		if (name->values > c->most_items)
			c->most_items = name->values;
		for (unsigned i = 0; i < record.count; i++)
		{
			CdpkLogValue value = cdpk_read_value(&record.values);

			c->names[value.name].property_rank = 0;
			if (value.value.kind == CDPK_TEXT)
				c->names[value.value.text].text_rank = 0;
		}
		if (record.at > newest)
			newest = record.at;
	}
	/* rounded up to a whole second */
	c->base = newest / 1000000 + (newest % 1000000 > 0);
}

/* Append a name to a list, and return its place there. */
static uint32_t
rank_name(const Name *name, CdpkName *list, uint32_t *count)
{
	list[*count] = name->name;
	return (*count)++;
}

/* Give each name its part of the array, and rank the names of properties and the texts. */
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
		if (name->property_rank != NO_RANK)
			name->property_rank = rank_name(name, c->properties, &c->property_count);
		if (name->text_rank != NO_RANK)
			name->text_rank = rank_name(name, c->texts, &c->text_count);
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

/* Read a value, with ranks instead of places. */
static Ranked
read_ranked(const Compaction *c, CdpkReader *values)
{
	CdpkLogValue value = cdpk_read_value(values);
	Ranked ranked = {c->names[value.name].property_rank, value.value};

	if (value.value.kind == CDPK_TEXT)
		ranked.value.text = c->names[value.value.text].text_rank;
	return ranked;
}

static int
compare_ranked(const Ranked *a, const Ranked *b)
{
	if (a->rank != b->rank)
		return a->rank < b->rank ? -1 : 1;
	return cdpk_property_compare(&a->value, &b->value);
}

/* Read an event's values, in order, into a list with room for them, and return how many there are. */
static unsigned
list_values(const Compaction *c, const CdpkTimed *event, Ranked *list)
{
	CdpkRecord record = read_event(c->log, event);

	for (unsigned i = 0; i < record.count; i++)
	{
		Ranked value = read_ranked(c, &record.values);
		unsigned at = i;

		/* mostly they come in order */
		for (; at > 0 && compare_ranked(&list[at - 1], &value) > 0; at--)
			list[at] = list[at - 1];
		list[at] = value;
	}
	return record.count;
}

/*
 * Order the events in a column: newest first, and at one time by their properties in the order
 * of the names, none before any.
 */
static int
newest_first(const CdpkTimed *a, const CdpkTimed *b, const void *context)
{
	const Compaction *c = context;
	int order = (a->at < b->at) - (a->at > b->at);
	unsigned counts[2];

	tick(c);
	if (order != 0 || c->property_count == 0)
		return order;
	counts[0] = list_values(c, a, c->compared[0]);
	counts[1] = list_values(c, b, c->compared[1]);
	for (unsigned i = 0; i < counts[0] && i < counts[1]; i++)
	{
		const Ranked *left = &c->compared[0][i];
		const Ranked *right = &c->compared[1][i];

		/* the one with the later property lacks the earlier one */
		if (left->rank != right->rank)
			return left->rank < right->rank ? 1 : -1;
		order = compare_ranked(left, right);
		if (order != 0)
			return order;
	}
	return (counts[0] > counts[1]) - (counts[0] < counts[1]);
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

/* Find where the values of each property will begin. */
static void
place_items(Compaction *c, const Name *name)
{
	const CdpkTimed *events = c->events + name->start;
	uint64_t start = 0;

	memset(c->item_ends, 0, c->property_count * sizeof(*c->item_ends));
	for (uint32_t i = 0; i < name->events; i++)
	{
		CdpkRecord record = read_event(c->log, &events[i]);

		tick(c);
		for (unsigned j = 0; j < record.count; j++)
			c->item_ends[read_ranked(c, &record.values).rank]++;
	}
	for (uint32_t rank = 0; rank < c->property_count; rank++)
	{
		uint64_t count = c->item_ends[rank];

		c->item_starts[rank] = c->item_ends[rank] = start;
		start += count;
	}
}

/* Distribute the values of a name's events by property, those of one event in their order. */
static void
gather_items(Compaction *c, const Name *name)
{
	const CdpkTimed *events = c->events + name->start;
	CdpkPropertyItem *items = c->items;

	place_items(c, name);
	for (uint32_t i = 0; i < name->events; i++)
	{
		CdpkRecord record = read_event(c->log, &events[i]);

		tick(c);
		for (unsigned j = 0; j < record.count; j++)
		{
			Ranked value = read_ranked(c, &record.values);
			uint64_t at = c->item_ends[value.rank]++;

			for (; at > c->item_starts[value.rank] && items[at - 1].event == i &&
				   cdpk_property_compare(&items[at - 1].value, &value.value) > 0;
				 at--)
				items[at] = items[at - 1];
			items[at].event = i;
			items[at].value = value.value;
		}
	}
}

/* Write the values of one property of an event name. */
static void
write_property(Compaction *c, uint32_t rank, const CdpkPropertyItem *items, size_t count,
			   uint32_t events)
{
	size_t start;

	cdpk_put_varint(&c->blocks, rank);
	start = c->blocks.used;
	cdpk_property_write(&c->blocks, items, count, events);
	cdpk_put_size(&c->blocks, start);
}

/* Write the properties of a name with one event: its values, in order, are those of one property after the other. */
static void
write_one_event(Compaction *c, const Name *name)
{
	Ranked *list = c->compared[0];
	unsigned count = list_values(c, c->events + name->start, list);

	for (unsigned i = 0; i < count; i++)
	{
		c->items[i].event = 0;
		c->items[i].value = list[i].value;
	}
	for (unsigned from = 0, to; from < count; from = to)
	{
		for (to = from + 1; to < count && list[to].rank == list[from].rank;)
			to++;
		write_property(c, list[from].rank, c->items + from, to - from, 1);
	}
}

/* Write the properties of a name with several events. */
static void
write_events(Compaction *c, const Name *name)
{
	gather_items(c, name);
	for (uint32_t rank = 0; rank < c->property_count; rank++)
	{
		uint64_t items = c->item_ends[rank] - c->item_starts[rank];

		if (items > 0)
			write_property(c, rank, c->items + c->item_starts[rank], (size_t) items, name->events);
	}
}

/* Write the properties of one event name. */
static void
write_block(Compaction *c, const Name *name)
{
	size_t before = c->blocks.used;

	if (name->values > 0 && name->events == 1)
		write_one_event(c, name);
	else if (name->values > 0)
		write_events(c, name);
	cdpk_put_varint(&c->block_sizes, c->blocks.used - before);
}

/* Write a name and its column. */
static void
write_column(Compaction *c, Name *name, uint8_t **end)
{
	const CdpkTimed *events = c->events + name->start;
	unsigned unit = column_unit(events, name->events);
	uint8_t *start;

	memcpy(*end, name->name.text, name->name.length);
	*end += name->name.length;
	start = *end;
	*end = cdpk_write_varint(*end, (uint64_t) name->events << CDPK_COLUMN_COUNT_SHIFT |
									   unit << CDPK_COLUMN_UNIT_SHIFT);
	*end = write_times(c, events, name->events, unit, *end);
	name->column_size = (uint64_t) (*end - start);
}

/* Make room for what properties need on the way. */
static CdpkStatus
make_property_room(Compaction *c)
{
	if (c->property_count == 0)
		return CDPK_OK;
	c->items = cdpk_allocate(c->allocator, (size_t) c->most_items * sizeof(*c->items));
	c->item_starts = cdpk_allocate(c->allocator, 2 * c->property_count * sizeof(uint64_t));
	c->compared[0] = cdpk_allocate(c->allocator, 2 * c->most_values * sizeof(Ranked));
	if (c->items == NULL || c->item_starts == NULL || c->compared[0] == NULL)
		return CDPK_OUT_OF_MEMORY;
	c->item_ends = c->item_starts + c->property_count;
	c->compared[1] = c->compared[0] + c->most_values;
	return CDPK_OK;
}

/* Sort each name's events and write all columns; *size is what they take. */
static CdpkStatus
write_columns(Compaction *c, size_t *size)
{
	const CdpkTimelineLog *log = c->log;
	/* the names, and of each a head, of each event a distance */
	size_t room = log->heap_used + ((size_t) log->events + log->names) * CDPK_VARINT_MAX + 1;
	CdpkStatus status = make_property_room(c);
	uint8_t *end;

	if (status != CDPK_OK)
		return status;
	c->columns = cdpk_allocate(c->allocator, room);
	if (c->columns == NULL)
		return CDPK_OUT_OF_MEMORY;
	end = c->columns;
	for (uint32_t i = 0; i < log->names; i++)
	{
		Name *name = &c->names[c->order[i]];

		if (name->events == 0)
			continue;
		cdpk_sort(c->events + name->start, name->events, c->scratch, newest_first, c);
		write_column(c, name, &end);
		if (c->property_count > 0)
			write_block(c, name);
	}
	*size = (size_t) (end - c->columns);
	return c->blocks.status != CDPK_OK ? c->blocks.status : c->block_sizes.status;
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
			size += cdpk_varint_size(c->names[i].name.length) +
					cdpk_varint_size(c->names[i].column_size);
			(*names)++;
		}
	return size;
}

/* Write what stands before the blocks, and the texts after them. */
static CdpkStatus
write_lists(Compaction *c, CdpkBuffer *lists)
{
	uint64_t names;

	if (c->property_count == 0)
		return CDPK_OK;
	directory_size(c, &names);
	cdpk_property_put_names(lists, c->properties, c->property_count);
	cdpk_property_put_sizes(lists, &c->block_sizes, names);
	cdpk_property_put_texts(&c->blocks, c->texts, c->text_count);
	return lists->status != CDPK_OK ? lists->status : c->blocks.status;
}

/* Write the header and the directory, then the columns, then the properties. */
static CdpkStatus
assemble(Compaction *c, size_t columns_size, const CdpkBuffer *lists,
		 const CdpkAllocator *allocator, size_t head, uint8_t **result, size_t *length)
{
	uint64_t names;
	size_t directory = directory_size(c, &names);
	bool properties = c->property_count > 0;
	uint64_t flagged = names << 1 | properties;
	uint8_t *end;

	*length = 1 + cdpk_varint_size(flagged);
	if (names > 0)
		*length += cdpk_varint_size(cdpk_zigzag(c->base)) + cdpk_varint_size(directory) +
				   directory + columns_size;
	if (properties)
		*length += cdpk_varint_size(columns_size) + lists->used + c->blocks.used;
	if (*length > CDPK_TIMELINE_SIZE_MAX)
		return CDPK_TOO_LONG;
	*result = cdpk_allocate(allocator, head + *length);
	if (*result == NULL)
		return CDPK_OUT_OF_MEMORY;
	end = *result + head;
	*end++ = properties ? CDPK_TIMELINE_WITH_PROPERTIES : CDPK_TIMELINE_PLAIN;
	end = cdpk_write_varint(end, flagged);
	if (names == 0)
		return CDPK_OK;
	end = cdpk_write_varint(end, cdpk_zigzag(c->base));
	end = cdpk_write_varint(end, directory);
	if (properties)
		end = cdpk_write_varint(end, columns_size);
	for (uint32_t i = 0; i < c->log->names; i++)
	{
		const Name *name = &c->names[c->order[i]];

		if (name->events == 0)
			continue;
		end = cdpk_write_varint(end, name->name.length);
		end = cdpk_write_varint(end, name->column_size);
	}
	memcpy(end, c->columns, columns_size);
	if (properties)
	{
		memcpy(end + columns_size, lists->bytes, lists->used);
		memcpy(end + columns_size + lists->used, c->blocks.bytes, c->blocks.used);
	}
	return CDPK_OK;
}

/* Divide one piece of memory among the arrays, and fill them in. */
static void
lay_out(Compaction *c, uint8_t *memory)
{
	c->events = (CdpkTimed *) memory;
	c->scratch = c->events + c->log->events;
	c->names = (Name *) (c->scratch + c->log->events);
	c->properties = (CdpkName *) (c->names + c->log->names);
	c->texts = c->properties + c->log->names;
	c->order = (uint32_t *) (c->texts + c->log->names);
	read_names(c);
	cdpk_order_names(c->names, sizeof(Name), c->order, c->log->names);
	count_events(c);
	place_events(c);
}

CdpkStatus
cdpk_log_compact_checking(const CdpkTimelineLog *log, const CdpkAllocator *scratch,
						  const CdpkAllocator *allocator, void (*check)(void), size_t head,
						  uint8_t **result, size_t *length)
{
	uint32_t ticks = 0;
	Compaction c;
	CdpkBuffer lists = cdpk_buffer(scratch, CDPK_LOG_MAX);
	uint8_t *memory = cdpk_allocate(
		scratch, 2 * log->events * sizeof(CdpkTimed) +
					 log->names * (sizeof(Name) + 2 * sizeof(CdpkName) + sizeof(uint32_t)) + 1);
	CdpkStatus status = CDPK_OUT_OF_MEMORY;
	size_t columns_size;

	memset(&c, 0, sizeof(c));
	c.log = log;
	c.allocator = scratch;
	c.check = check;
	c.ticks = &ticks;
	c.blocks = c.block_sizes = lists;
	if (memory != NULL)
	{
		lay_out(&c, memory);
		status = write_columns(&c, &columns_size);
	}
	if (status == CDPK_OK)
		status = write_lists(&c, &lists);
	if (status == CDPK_OK)
		status = assemble(&c, columns_size, &lists, allocator, head, result, length);
	cdpk_buffer_free(&lists);
	cdpk_buffer_free(&c.block_sizes);
	cdpk_buffer_free(&c.blocks);
	cdpk_release(scratch, c.compared[0]);
	cdpk_release(scratch, c.item_starts);
	cdpk_release(scratch, c.items);
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
