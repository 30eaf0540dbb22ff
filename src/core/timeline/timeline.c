/*
 * timeline.c
 *		Reading the compact form of a timeline.
 */
#include "core/timeline/timeline.h"

const uint32_t cdpk_timeline_unit[CDPK_TIMELINE_UNITS] = {1000000, 1000, 1};

/* Read the newest event's time; of a timeline of eight bytes or more all in one. */
static inline uint64_t
read_base(CdpkReader *reader, size_t length)
{
	uint64_t seconds =
		length >= sizeof(uint64_t) ? cdpk_read_long_varint(reader) : cdpk_read_varint(reader);

	return (uint64_t) cdpk_unzigzag(seconds) * cdpk_timeline_unit[0];
}

/* Open a timeline; inline, so that callers here keep it in registers. */
static inline CdpkStatus
open_timeline(const uint8_t *bytes, size_t length, CdpkTimeline *timeline)
{
	CdpkReader reader = cdpk_reader(bytes, length);
	uint8_t version = cdpk_read_u8(&reader);
	uint64_t head = cdpk_read_varint(&reader);
	const uint8_t *directory = NULL;
	uint64_t size = 0;

	if (!reader.failed && version != CDPK_TIMELINE_VERSION)
		return CDPK_UNKNOWN_VERSION;
	timeline->names = head >> 1;
	timeline->base = timeline->number_count = 0;
	timeline->number_names = cdpk_reader(reader.end, 0);
	if (timeline->names > 0)
	{
		timeline->base = read_base(&reader, length);
		size = cdpk_read_varint(&reader);
		directory = cdpk_read_bytes(&reader, size);
	}
	if (reader.failed || (timeline->names == 0 && (head != 0 || cdpk_left(&reader) > 0)))
		return CDPK_CORRUPT;
	timeline->directory = directory ? cdpk_reader(directory, size) : reader;
	if (head & 1)
	{
		timeline->number_count = cdpk_read_varint(&reader);
		timeline->number_names = reader;
		for (uint64_t i = 0; i < timeline->number_count && !reader.failed; i++)
			cdpk_read_bytes(&reader, cdpk_read_varint(&reader));
	}
	timeline->data = reader;
	return reader.failed ? CDPK_CORRUPT : CDPK_OK;
}

CdpkStatus
cdpk_timeline_open(const uint8_t *bytes, size_t length, CdpkTimeline *timeline)
{
	return open_timeline(bytes, length, timeline);
}

/* An entry of the directory: where its name stands, with the column after it. */
typedef struct Entry
{
	const uint8_t *name;
	uint64_t name_length;
	uint64_t size;
} Entry;

/* Read the sizes of an entry where they are not two small numbers. */
static bool
read_sizes(CdpkReader *directory, size_t left, Entry *entry)
{
	entry->name_length = cdpk_read_varint(directory);
	entry->size = cdpk_read_varint(directory);
	/* so that their sum is right */
	return !directory->failed && entry->name_length <= left && entry->size <= left;
}

/*
 * Pass over a name and its column; false at the end or where they are cut off.  Most
 * sizes are two small numbers.
 */
static inline bool
next_entry(CdpkTimeline *timeline, Entry *entry)
{
	const uint8_t *sizes = timeline->directory.at;
	size_t left = cdpk_left(&timeline->data);

	if (timeline->names == 0)
		return false;
	timeline->names--;
	entry->name = timeline->data.at;
	if (cdpk_left(&timeline->directory) >= 2 && ((sizes[0] | sizes[1]) & 0x80) == 0)
	{
		entry->name_length = sizes[0];
		entry->size = sizes[1];
		timeline->directory.at += 2;
	}
	else
	{
		/* not the timeline's own: that one may be kept in registers */
		CdpkReader directory = timeline->directory;
		Entry large = {timeline->data.at, 0, 0};

		timeline->data.failed = timeline->data.failed || !read_sizes(&directory, left, &large);
		timeline->directory = directory;
		*entry = large;
	}
	if (timeline->data.failed || entry->name_length + entry->size > left)
	{
		timeline->data.failed = true;
		return false;
	}
	timeline->data.at += entry->name_length + entry->size;
	return true;
}

/* Read the head of an entry's column; false if it is corrupt. */
static bool
open_column(Entry entry, uint64_t base, CdpkColumn *column)
{
	const uint8_t *end = entry.name + entry.name_length + entry.size;
	CdpkReader times = cdpk_reader(end - entry.size, entry.size);
	uint64_t head = cdpk_read_varint(&times);
	unsigned unit = (head >> CDPK_COLUMN_UNIT_SHIFT) & CDPK_COLUMN_UNIT_MASK;

	column->name = (const char *) entry.name;
	column->name_length = entry.name_length;
	column->count = head >> CDPK_COLUMN_COUNT_SHIFT;
	column->numbers = cdpk_reader(end, 0);
	if (head & CDPK_COLUMN_NUMBERS)
	{
		uint64_t size = cdpk_read_varint(&times);
		const uint8_t *bytes = cdpk_read_bytes(&times, size);

		column->numbers = times;
		if (bytes != NULL)
			times = cdpk_reader(bytes, size);
	}
	column->times = times;
	if (times.failed || unit >= CDPK_TIMELINE_UNITS || column->count == 0)
		return false;
	column->left = column->count;
	column->unit = cdpk_timeline_unit[unit];
	column->at = base;
	return true;
}

bool
cdpk_timeline_next(CdpkTimeline *timeline, CdpkColumn *column)
{
	Entry entry;

	if (!next_entry(timeline, &entry))
		return false;
	if (open_column(entry, timeline->base, column))
		return true;
	timeline->data.failed = true;
	return false;
}

/* Return whether an entry has a name. */
static inline bool
is_named(Entry entry, const char *name, size_t length)
{
	return entry.name_length == length && cdpk_same_bytes(entry.name, name, length);
}

/*
 * Find an entry where each size in the directory is one byte, which most are: *failed
 * where they are not, or go beyond the end.
 */
static inline bool
find_short(const CdpkTimeline *timeline, const char *name, size_t length, Entry *entry,
		   bool *failed)
{
	const uint8_t *sizes = timeline->directory.at;
	const uint8_t *end = timeline->directory.end;
	const uint8_t *data = timeline->data.at;
	size_t left = cdpk_left(&timeline->data);
	size_t offset = 0;
	unsigned any = 0;

	for (; sizes < end; sizes += 2)
	{
		any |= (unsigned) sizes[0] | sizes[1];
		if (sizes[0] == length && offset + length + sizes[1] <= left &&
			cdpk_same_bytes(data + offset, name, length))
			break;
		offset += (size_t) sizes[0] + sizes[1];
	}
	*failed = any > 0x7f || offset > left;
	if (*failed || sizes == end)
		return false;
	entry->name = data + offset;
	entry->name_length = length;
	entry->size = sizes[1];
	return true;
}

/* Find a name's entry; *failed says whether that is for sure. */
static inline bool
find_entry(const CdpkTimeline *timeline, const char *name, size_t length, Entry *entry,
		   bool *failed)
{
	CdpkTimeline passage = *timeline; /* of our own: may be kept in registers */

	if (cdpk_left(&timeline->directory) == 2 * timeline->names)
		return find_short(timeline, name, length, entry, failed);
	while (next_entry(&passage, entry))
		if (is_named(*entry, name, length))
			return true;
	*failed = cdpk_timeline_failed(&passage);
	return false;
}

bool
cdpk_timeline_find(CdpkTimeline *timeline, const char *name, size_t length, CdpkColumn *column)
{
	bool failed = false;
	Entry entry;

	if (find_entry(timeline, name, length, &entry, &failed) &&
		(failed = !open_column(entry, timeline->base, column)) == false)
		return true;
	timeline->data.failed = failed;
	return false;
}

CdpkStatus
cdpk_timeline_find_in(const uint8_t *bytes, size_t length, const CdpkName *name, CdpkColumn *column)
{
	CdpkTimeline timeline;
	CdpkStatus status = open_timeline(bytes, length, &timeline);
	bool failed = false;
	Entry entry;

	column->count = column->left = 0;
	column->times.failed = false;
	if (status != CDPK_OK)
		return status;
	if (find_entry(&timeline, name->text, name->length, &entry, &failed))
		failed = !open_column(entry, timeline.base, column);
	return failed ? CDPK_CORRUPT : CDPK_OK;
}

bool
cdpk_timeline_find_all(const CdpkTimeline *timeline, const CdpkName *names, unsigned count,
					   CdpkColumn *columns)
{
	CdpkTimeline passage = *timeline;
	uint64_t lengths = 0; /* bits: those that any name has, modulo 64 */
	unsigned missing = count;
	Entry entry;

	for (unsigned i = 0; i < count; i++)
	{
		columns[i].count = 0;
		lengths |= UINT64_C(1) << names[i].length % 64;
	}
	while (missing > 0 && next_entry(&passage, &entry))
	{
		if ((lengths >> entry.name_length % 64 & 1) == 0)
			continue;
		for (unsigned i = 0; i < count; i++)
			if (is_named(entry, names[i].text, names[i].length))
			{
				if (!open_column(entry, passage.base, &columns[i]))
					return false;
				missing--;
			}
	}
	return !cdpk_timeline_failed(&passage);
}

/* Read the head of one number column. */
static bool
open_number(CdpkReader *reader, uint64_t events, CdpkNumberColumn *number)
{
	uint64_t size;
	const uint8_t *bytes;
	uint8_t head;

	number->name = cdpk_read_varint(reader);
	size = cdpk_read_varint(reader);
	bytes = cdpk_read_bytes(reader, size);
	if (bytes == NULL)
		return false;
	number->values = cdpk_reader(bytes, size);
	head = cdpk_read_u8(&number->values);
	number->scale = head & CDPK_NUMBER_SCALE_MASK;
	number->present = NULL;
	if (head & CDPK_NUMBER_SPARSE)
		number->present = cdpk_read_bytes(&number->values, events / 8 + (events % 8 > 0));
	return !number->values.failed && (head & ~(CDPK_NUMBER_SCALE_MASK | CDPK_NUMBER_SPARSE)) == 0 &&
		   (number->scale <= CDPK_SCALE_MAX || number->scale == CDPK_NUMBER_SCALE_EACH);
}

CdpkStatus
cdpk_column_numbers(const CdpkColumn *column, CdpkNumberColumn numbers[CDPK_NUMBERS_MAX],
					unsigned *count)
{
	CdpkReader reader = column->numbers;
	uint64_t columns;

	*count = 0;
	if (cdpk_left(&reader) == 0)
		return CDPK_OK;
	columns = cdpk_read_varint(&reader);
	if (columns > CDPK_NUMBERS_MAX)
		return CDPK_CORRUPT;
	for (; *count < columns; (*count)++)
		if (!open_number(&reader, column->count, &numbers[*count]))
			return CDPK_CORRUPT;
	return reader.failed || cdpk_left(&reader) > 0 ? CDPK_CORRUPT : CDPK_OK;
}

/* Find the place of a number's name; false if no event has such a number. */
static bool
number_place(const CdpkTimeline *timeline, const char *name, size_t length, uint64_t *place)
{
	CdpkReader reader = timeline->number_names;

	for (*place = 0; *place < timeline->number_count && !reader.failed; (*place)++)
	{
		size_t name_length = cdpk_read_varint(&reader);
		const uint8_t *bytes = cdpk_read_bytes(&reader, name_length);

		if (bytes != NULL && name_length == length && memcmp(bytes, name, length) == 0)
			return true;
	}
	return false;
}

CdpkStatus
cdpk_column_number(const CdpkTimeline *timeline, const CdpkColumn *column, const char *name,
				   size_t length, CdpkNumberColumn *number, bool *found)
{
	CdpkReader reader = column->numbers;
	uint64_t place;
	uint64_t left;

	*found = false;
	if (cdpk_left(&reader) == 0 || !number_place(timeline, name, length, &place))
		return CDPK_OK;
	for (left = cdpk_read_varint(&reader); left > 0 && !*found; left--)
	{
		if (!open_number(&reader, column->count, number))
			return CDPK_CORRUPT;
		*found = number->name == place;
	}
	return reader.failed ? CDPK_CORRUPT : CDPK_OK;
}

CdpkStatus
cdpk_number_next_as_stored(CdpkNumberColumn *number, uint64_t event, bool *present,
						   CdpkDecimal *value)
{
	unsigned scale = number->scale;

	*present = number->present == NULL || (number->present[event / 8] >> (event % 8) & 1);
	if (!*present)
		return CDPK_OK;
	if (scale == CDPK_NUMBER_SCALE_EACH)
		scale = cdpk_read_u8(&number->values);
	value->scale = (uint8_t) scale;
	value->mantissa = cdpk_unzigzag(cdpk_read_long_varint(&number->values));
	if (number->values.failed || scale > CDPK_SCALE_MAX || value->mantissa == INT64_MIN)
		return CDPK_CORRUPT;
	return CDPK_OK;
}

CdpkStatus
cdpk_number_next(CdpkNumberColumn *number, uint64_t event, bool *present, CdpkDecimal *value)
{
	CdpkStatus status = cdpk_number_next_as_stored(number, event, present, value);

	if (status == CDPK_OK && *present)
		*value = cdpk_decimal(value->mantissa, value->scale);
	return status;
}

const char *
cdpk_timeline_number_name(const CdpkTimeline *timeline, uint64_t place, size_t *length)
{
	CdpkReader reader = timeline->number_names;
	const uint8_t *name = NULL;

	if (place >= timeline->number_count)
		return NULL;
	for (uint64_t i = 0; i <= place && !reader.failed; i++)
	{
		*length = cdpk_read_varint(&reader);
		name = cdpk_read_bytes(&reader, *length);
	}
	return (const char *) name;
}
