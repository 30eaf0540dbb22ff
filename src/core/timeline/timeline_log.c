/*
 * timeline_log.c
 *		The open form of a timeline: appending to it.
 */
#include "core/timeline/timeline_log.h"
#include "core/text/utf8.h"

/* a new block has room for three names of a dozen letters and eight events */
#define FIRST_SIZE 256
#define FIRST_SLOTS 8
#define FIRST_HEAP 64

/* room for as many names at most is made ahead, and of how many bytes they are expected to be */
#define NAMES_AHEAD 256
#define NAME_BYTES 32

/* a record without values: the name, the time */
#define RECORD_MAX (5 + 8)
/* how many values a record has */
#define COUNT_MAX 3
/* a value in a record: its name, element and kind, scale, mantissa */
#define VALUE_MAX (5 + 3 + 1 + CDPK_VARINT_MAX)
/* the kind's bits before the element */
#define KIND_BITS 3

typedef struct Slot
{
	uint32_t hash;
	uint32_t name; /* its offset in the heap, or 0: free */
} Slot;

static Slot *
slots_of(CdpkTimelineLog *log)
{
	return (Slot *) (log + 1);
}

static CdpkLogName *
name_at(CdpkTimelineLog *log, uint32_t offset)
{
	return (CdpkLogName *) ((uint8_t *) log + log->heap + offset);
}

/* Mix eight bytes at a time; it is never stored on disk. */
static uint32_t
hash_name(const char *name, size_t length)
{
	uint64_t hash = UINT64_C(0x9e3779b97f4a7c15) ^ length;
	uint64_t word;

	for (; length >= sizeof(word); name += sizeof(word), length -= sizeof(word))
	{
		memcpy(&word, name, sizeof(word));
		hash = (hash ^ word) * UINT64_C(0xff51afd7ed558ccd);
		hash ^= hash >> 32;
	}
	word = 0;
	if (length > 0)
		memcpy(&word, name, length);
	hash = (hash ^ word) * UINT64_C(0xc4ceb9fe1a85ec53);
	return (uint32_t) (hash ^ hash >> 32);
}

/* Put a name into the first free slot for its hash. */
static void
place_slot(CdpkTimelineLog *log, Slot slot)
{
	Slot *slots = slots_of(log);
	uint32_t i = slot.hash & (log->slots - 1);

	while (slots[i].name != 0)
		i = (i + 1) & (log->slots - 1);
	slots[i] = slot;
}

/* Lay out an empty block. */
static void
init_block(CdpkTimelineLog *log, uint32_t size, uint32_t slots, uint32_t heap_room)
{
	memset(log, 0, sizeof(*log) + slots * sizeof(Slot));
	log->form = CDPK_TIMELINE_OPEN;
	log->size = size;
	log->slots = slots;
	log->heap = (uint32_t) (sizeof(*log) + slots * sizeof(Slot));
	log->heap_used = sizeof(uint32_t); /* offset 0 means a free slot */
	log->log = log->heap + heap_room;
}

/* Make an empty log. */
CdpkStatus
cdpk_log_new(const CdpkAllocator *allocator, CdpkTimelineLog **log)
{
	*log = cdpk_allocate(allocator, FIRST_SIZE);
	if (*log == NULL)
		return CDPK_OUT_OF_MEMORY;
	init_block(*log, FIRST_SIZE, FIRST_SLOTS, FIRST_HEAP);
	return CDPK_OK;
}

CdpkStatus
cdpk_log_new_for(const CdpkAllocator *allocator, uint32_t names, CdpkTimelineLog **log)
{
	uint32_t slots = FIRST_SLOTS;
	uint32_t heap;
	uint32_t size;

	if (names > NAMES_AHEAD)
		names = NAMES_AHEAD;
	while (slots < 2 * names)
		slots *= 2;
	if (slots == FIRST_SLOTS)
		return cdpk_log_new(allocator, log);
	heap = names * NAME_BYTES;
	size = (uint32_t) (sizeof(**log) + slots * sizeof(Slot)) + 2 * heap;
	*log = cdpk_allocate(allocator, size);
	if (*log == NULL)
		return CDPK_OUT_OF_MEMORY;
	init_block(*log, size, slots, heap);
	return CDPK_OK;
}

/*
 * Replace the block by one with room for "names" more names of "heap" bytes in all and
 * "events" bytes more of events.  Whatever part must grow doubles, or the block does, so that
 * growing is linear in what is appended.
 */
static CdpkStatus
grow(CdpkTimelineLog **log, const CdpkAllocator *allocator, unsigned names, size_t heap,
	 size_t events)
{
	CdpkTimelineLog *old = *log;
	CdpkTimelineLog *new;
	uint64_t slots = old->slots;
	uint64_t heap_room = old->log - old->heap;
	uint64_t need;
	uint64_t size = old->size;

	if (((uint64_t) old->names + names) * 2 > slots)
		slots *= 2;
	while (old->heap_used + heap > heap_room)
		heap_room *= 2;
	need = sizeof(*old) + slots * sizeof(Slot) + heap_room + old->log_used + events;
	while (size < need)
		size *= 2;
	if (size > CDPK_LOG_MAX)
		size = CDPK_LOG_MAX;
	if (size < need)
		return CDPK_TOO_LONG;
	new = cdpk_allocate(allocator, size);
	if (new == NULL)
		return CDPK_OUT_OF_MEMORY;
	init_block(new, (uint32_t) size, (uint32_t) slots, (uint32_t) heap_room);
	for (uint32_t i = 0; i < old->slots; i++)
		if (slots_of(old)[i].name != 0)
			place_slot(new, slots_of(old)[i]);
	memcpy((uint8_t *) new + new->heap, (uint8_t *) old + old->heap, old->heap_used);
	memcpy((uint8_t *) new + new->log, (uint8_t *) old + old->log, old->log_used);
	new->names = old->names;
	new->heap_used = old->heap_used;
	new->log_used = old->log_used;
	new->events = old->events;
	cdpk_release(allocator, old);
	*log = new;
	return CDPK_OK;
}

/* Add a name that is not there yet. */
static CdpkStatus
add_name(CdpkTimelineLog **log, const CdpkAllocator *allocator, const char *name, size_t length,
		 uint32_t hash, uint32_t *place)
{
	bool ascii;
	CdpkStatus status = CDPK_OK;
	Slot slot;
	CdpkLogName *entry;

	if (length > CDPK_LOG_MAX)
		return CDPK_TOO_LONG;
	if (cdpk_utf8_check(name, length, &ascii) != CDPK_OK)
		return CDPK_BAD_ENCODING;
	if (((uint64_t) (*log)->names + 1) * 2 > (*log)->slots ||
		(*log)->heap + (*log)->heap_used + cdpk_log_name_room(length) > (*log)->log)
		status = grow(log, allocator, 1, cdpk_log_name_room(length), 0);
	if (status != CDPK_OK)
		return status;
	slot.hash = hash;
	slot.name = (*log)->heap_used;
	place_slot(*log, slot);
	entry = name_at(*log, slot.name);
	entry->place = *place = (*log)->names++;
	entry->length = (uint32_t) length;
	if (length > 0)
		memcpy(entry + 1, name, length);
	(*log)->heap_used += cdpk_log_name_room(length);
	return CDPK_OK;
}

/* Return the place of a string. */
static inline CdpkStatus
intern(CdpkTimelineLog **log, const CdpkAllocator *allocator, const char *name, size_t length,
	   uint32_t *place)
{
	uint32_t hash = hash_name(name, length);
	Slot *slots = slots_of(*log);
	uint32_t mask = (*log)->slots - 1;

	for (uint32_t i = hash & mask; slots[i].name != 0; i = (i + 1) & mask)
	{
		CdpkLogName *entry;

		if (slots[i].hash != hash)
			continue;
		entry = name_at(*log, slots[i].name);
		if (entry->length == length && memcmp(entry + 1, name, length) == 0)
		{
			*place = entry->place;
			return CDPK_OK;
		}
	}
	return add_name(log, allocator, name, length, hash, place);
}

CdpkStatus
cdpk_log_text(CdpkTimelineLog **log, const CdpkAllocator *allocator, const char *text,
			  size_t length, uint32_t *place)
{
	return intern(log, allocator, text, length, place);
}

CdpkStatus
cdpk_log_name(CdpkTimelineLog **log, const CdpkAllocator *allocator, const char *name,
			  size_t length, uint32_t *place)
{
	return length == 0 ? CDPK_EMPTY : intern(log, allocator, name, length, place);
}

/* Find out whether an event has too many values; one mark of a property as a whole does not count. */
static CdpkStatus
check_values(const CdpkLogValue *values, unsigned count)
{
	uint32_t names[CDPK_PROPERTIES_MAX];
	unsigned counts[CDPK_PROPERTIES_MAX];
	bool marked[CDPK_PROPERTIES_MAX];
	unsigned found = 0;

	for (unsigned i = 0; i < count; i++)
	{
		const CdpkPropertyValue *value = &values[i].value;
		unsigned place = 0;

		while (place < found && names[place] != values[i].name)
			place++;
		if (place == CDPK_PROPERTIES_MAX)
			return CDPK_TOO_LONG;
		if (place == found)
		{
			names[found] = values[i].name;
			counts[found] = 0;
			marked[found++] = false;
		}
		if (value->kind == CDPK_LEFT_OUT && value->element == 0)
		{
			if (marked[place])
				return CDPK_INVALID;
			marked[place] = true;
		}
		else if (++counts[place] > CDPK_PROPERTY_VALUES_MAX)
			return CDPK_TOO_LONG;
	}
	return CDPK_OK;
}

/* Write a value, and return the place after it. */
static uint8_t *
write_value(uint8_t *end, const CdpkLogValue *value)
{
	end = cdpk_write_varint(end, value->name);
	end = cdpk_write_varint(end, (uint64_t) value->value.element << KIND_BITS | value->value.kind);
	if (value->value.kind == CDPK_NUMBER)
	{
		*end++ = value->value.scale;
		end = cdpk_write_varint(end, cdpk_zigzag(value->value.mantissa));
	}
	else if (value->value.kind == CDPK_TEXT)
		end = cdpk_write_varint(end, value->value.text);
	return end;
}

CdpkStatus
cdpk_log_event(CdpkTimelineLog **log, const CdpkAllocator *allocator, uint32_t name, int64_t at,
			   const CdpkLogValue *values, unsigned count)
{
	CdpkStatus status = count > 1 ? check_values(values, count) : CDPK_OK;
	size_t room = RECORD_MAX + (count > 0 ? COUNT_MAX + (size_t) count * VALUE_MAX : 0);
	uint8_t *end;

	if (at < CDPK_TIME_MIN || at >= CDPK_TIME_END)
		status = CDPK_OUT_OF_RANGE;
	if (status == CDPK_OK && (uint64_t) (*log)->log + (*log)->log_used + room > (*log)->size)
		status = grow(log, allocator, 0, 0, room);
	if (status != CDPK_OK)
		return status;
	end = (uint8_t *) *log + (*log)->log + (*log)->log_used;
	end = cdpk_write_varint(end, (uint64_t) name << 1 | (count > 0));
	memcpy(end, &at, sizeof(at));
	end += sizeof(at);
	if (count > 0)
		end = cdpk_write_varint(end, count);
	for (unsigned i = 0; i < count; i++)
		end = write_value(end, &values[i]);
	(*log)->log_used = (uint32_t) (end - ((uint8_t *) *log + (*log)->log));
	(*log)->events++;
	return CDPK_OK;
}

CdpkStatus
cdpk_log_event_values(CdpkTimelineLog **log, const CdpkAllocator *allocator, uint32_t name,
					  int64_t at, const CdpkEventValues *values)
{
	CdpkLogValue some[CDPK_PROPERTIES_MAX];
	CdpkLogValue *placed = some;
	CdpkStatus status = CDPK_OK;

	if (values->count > CDPK_PROPERTIES_MAX)
		placed = cdpk_allocate(allocator, values->count * sizeof(*placed));
	if (placed == NULL)
		return CDPK_OUT_OF_MEMORY;
	for (unsigned i = 0; status == CDPK_OK && i < values->count; i++)
	{
		const CdpkEventValue *value = &values->items[i];

		placed[i].name = value->name;
		placed[i].value = value->value;
		if (value->value.kind == CDPK_TEXT)
			status = cdpk_log_text(log, allocator, value->text.text, value->text.length,
								   &placed[i].value.text);
	}
	if (status == CDPK_OK)
		status = cdpk_log_event(log, allocator, name, at, placed, values->count);
	if (placed != some)
		cdpk_release(allocator, placed);
	return status;
}

/* Start reading the log's events. */
CdpkReader
cdpk_log_records(const CdpkTimelineLog *log)
{
	return cdpk_reader((const uint8_t *) log + log->log, log->log_used);
}

CdpkLogValue
cdpk_read_value(CdpkReader *values)
{
	CdpkLogValue result = {0, {0, 0, 0, 0, 0}};
	uint64_t kind;

	result.name = (uint32_t) cdpk_read_varint(values);
	kind = cdpk_read_varint(values);
	result.value.kind = kind & ((1 << KIND_BITS) - 1);
	result.value.element = (uint16_t) (kind >> KIND_BITS);
	if (result.value.kind == CDPK_NUMBER)
	{
		result.value.scale = cdpk_read_u8(values);
		result.value.mantissa = cdpk_unzigzag(cdpk_read_varint(values));
	}
	else if (result.value.kind == CDPK_TEXT)
		result.value.text = (uint32_t) cdpk_read_varint(values);
	return result;
}

/* Read an event and move on to the next. */
void
cdpk_read_record(CdpkReader *reader, CdpkRecord *record)
{
	uint64_t head = cdpk_read_varint(reader);
	const uint8_t *at = cdpk_read_bytes(reader, sizeof(record->at));

	record->name = (uint32_t) (head >> 1);
	record->at = 0;
	if (at != NULL)
		memcpy(&record->at, at, sizeof(record->at));
	record->count = head & 1 ? (unsigned) cdpk_read_varint(reader) : 0;
	record->values = *reader;
	for (unsigned i = 0; i < record->count; i++)
		cdpk_read_value(reader);
}

/* room for the values of an event */
typedef struct ValueRoom
{
	CdpkLogValue *items;
	unsigned capacity;
} ValueRoom;

/* Make room for so many values. */
static CdpkStatus
make_room(ValueRoom *values, const CdpkAllocator *allocator, unsigned count)
{
	if (count <= values->capacity)
		return CDPK_OK;
	cdpk_release(allocator, values->items);
	values->capacity = count > 32 ? 2 * count : 32;
	values->items = cdpk_allocate(allocator, values->capacity * sizeof(CdpkLogValue));
	return values->items == NULL ? CDPK_OUT_OF_MEMORY : CDPK_OK;
}

/* Give each name of "other" its place in *log. */
static CdpkStatus
map_names(CdpkTimelineLog **log, const CdpkAllocator *allocator, const CdpkTimelineLog *other,
		  uint32_t *places)
{
	CdpkStatus status = CDPK_OK;
	uint32_t offset = sizeof(uint32_t);

	for (uint32_t i = 0; status == CDPK_OK && i < other->names; i++)
	{
		const CdpkLogName *entry =
			(const CdpkLogName *) ((const uint8_t *) other + other->heap + offset);

		status = cdpk_log_text(log, allocator, (const char *) (entry + 1), entry->length,
							   &places[entry->place]);
		offset += cdpk_log_name_room(entry->length);
	}
	return status;
}

/* Append the next event of another log. */
static CdpkStatus
append_record(CdpkTimelineLog **log, const CdpkAllocator *allocator, CdpkReader *reader,
			  const uint32_t *places, ValueRoom *values)
{
	CdpkRecord record;
	CdpkStatus status;

	cdpk_read_record(reader, &record);
	status = make_room(values, allocator, record.count);
	for (unsigned i = 0; status == CDPK_OK && i < record.count; i++)
	{
		CdpkLogValue value = cdpk_read_value(&record.values);

		value.name = places[value.name];
		if (value.value.kind == CDPK_TEXT)
			value.value.text = places[value.value.text];
		values->items[i] = value;
	}
	if (status == CDPK_OK)
		status = cdpk_log_event(log, allocator, places[record.name], record.at, values->items,
								record.count);
	return status;
}

/* Append all events of another log. */
CdpkStatus
cdpk_log_open_form(CdpkTimelineLog **log, const CdpkAllocator *allocator,
				   const CdpkTimelineLog *other)
{
	uint32_t *places = cdpk_allocate(allocator, other->names * sizeof(uint32_t));
	CdpkReader reader = cdpk_log_records(other);
	ValueRoom values = {NULL, 0};
	CdpkStatus status =
		places == NULL ? CDPK_OUT_OF_MEMORY : map_names(log, allocator, other, places);

	while (status == CDPK_OK && cdpk_left(&reader) > 0)
		status = append_record(log, allocator, &reader, places, &values);
	cdpk_release(allocator, values.items);
	cdpk_release(allocator, places);
	return status;
}
