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

/* Find where the properties stand; the reader is behind the directory, and the columns follow. */
static void
open_properties(CdpkReader *reader, uint64_t columns_size, CdpkTimeline *timeline)
{
	const uint8_t *start = reader->at;

	if (timeline->old)
	{
		/* the names of numbers, then the columns */
		uint64_t count = cdpk_read_varint(reader);

		for (uint64_t i = 0; i < count && !reader->failed; i++)
			cdpk_read_bytes(reader, cdpk_read_varint(reader));
		timeline->properties = cdpk_reader(start, (size_t) (reader->at - start));
		timeline->data = *reader;
		return;
	}
	if (cdpk_read_bytes(reader, columns_size) == NULL)
		return;
	timeline->data = cdpk_reader(start, columns_size);
	timeline->properties = *reader;
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
	uint64_t columns_size = 0;

	if (!reader.failed && version != CDPK_TIMELINE_PLAIN &&
		version != CDPK_TIMELINE_WITH_PROPERTIES)
		return CDPK_UNKNOWN_VERSION;
	timeline->names = timeline->total = head >> 1;
	timeline->base = 0;
	timeline->old = false;
	timeline->properties = cdpk_reader(reader.end, 0);
	if (timeline->names > 0)
	{
		timeline->base = read_base(&reader, length);
		size = cdpk_read_varint(&reader);
		if (version == CDPK_TIMELINE_WITH_PROPERTIES)
			columns_size = cdpk_read_varint(&reader);
		directory = cdpk_read_bytes(&reader, size);
	}
	if (reader.failed || (timeline->names == 0 && (head != 0 || cdpk_left(&reader) > 0)) ||
		(version == CDPK_TIMELINE_WITH_PROPERTIES && (head & 1) == 0))
		return CDPK_CORRUPT;
	timeline->directory = directory ? cdpk_reader(directory, size) : reader;
	timeline->data = reader;
	if (head & 1)
	{
		timeline->old = version == CDPK_TIMELINE_PLAIN;
		open_properties(&reader, columns_size, timeline);
	}
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
	uint64_t place;
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
		Entry large = {timeline->data.at, 0, 0, 0};

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
	entry->place = timeline->total - timeline->names - 1;
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
	column->place = entry.place;
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
	entry->place =
		timeline->total - timeline->names + (uint64_t) (sizes - timeline->directory.at) / 2;
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
