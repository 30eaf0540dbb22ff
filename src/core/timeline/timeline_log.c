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

/* a record without numbers: the name, the time */
#define RECORD_MAX (5 + 8)
/* a number in a record: its name, scale, mantissa */
#define NUMBER_MAX (5 + 1 + CDPK_VARINT_MAX)

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

	if (length == 0)
		return CDPK_EMPTY;
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
	memcpy(entry + 1, name, length);
	(*log)->heap_used += cdpk_log_name_room(length);
	return CDPK_OK;
}

CdpkStatus
cdpk_log_name(CdpkTimelineLog **log, const CdpkAllocator *allocator, const char *name,
			  size_t length, uint32_t *place)
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

/* Find what may not be in an event's numbers. */
static CdpkStatus
check_numbers(const CdpkNumber *numbers, unsigned count)
{
	if (count > CDPK_NUMBERS_MAX)
		return CDPK_TOO_LONG;
	for (unsigned i = 1; i < count; i++)
		for (unsigned j = 0; j < i; j++)
			if (numbers[i].name == numbers[j].name)
				return CDPK_INVALID;
	return CDPK_OK;
}

CdpkStatus
cdpk_log_event(CdpkTimelineLog **log, const CdpkAllocator *allocator, uint32_t name, int64_t at,
			   const CdpkNumber *numbers, unsigned count)
{
	CdpkStatus status = count > 0 ? check_numbers(numbers, count) : CDPK_OK;
	size_t room = RECORD_MAX + (count > 0 ? 1 + (size_t) count * NUMBER_MAX : 0);
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
		*end++ = (uint8_t) count;
	for (unsigned i = 0; i < count; i++)
	{
		end = cdpk_write_varint(end, numbers[i].name);
		*end++ = numbers[i].value.scale;
		end = cdpk_write_varint(end, cdpk_zigzag(numbers[i].value.mantissa));
	}
	(*log)->log_used = (uint32_t) (end - ((uint8_t *) *log + (*log)->log));
	(*log)->events++;
	return CDPK_OK;
}

/* Start reading the log's events. */
CdpkReader
cdpk_log_records(const CdpkTimelineLog *log)
{
	return cdpk_reader((const uint8_t *) log + log->log, log->log_used);
}

/* Read one number of an event. */
CdpkNumber
cdpk_read_number(CdpkReader *numbers)
{
	CdpkNumber number;

	number.name = (uint32_t) cdpk_read_varint(numbers);
	number.value.scale = cdpk_read_u8(numbers);
	number.value.mantissa = cdpk_unzigzag(cdpk_read_varint(numbers));
	return number;
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
	record->count = head & 1 ? cdpk_read_u8(reader) : 0;
	record->numbers = *reader;
	for (unsigned i = 0; i < record->count; i++)
		cdpk_read_number(reader);
}

/* the numbers of a column on their way into a log */
typedef struct ColumnNumbers
{
	CdpkNumberColumn columns[CDPK_NUMBERS_MAX];
	uint32_t places[CDPK_NUMBERS_MAX]; /* of their names in the log */
	unsigned count;
	/* what an event must satisfy, and which of the numbers is meant; or NULL */
	const CdpkNumberCondition *condition;
	unsigned conditional;
} ColumnNumbers;

/* Start reading a column's numbers, and return their names places in the log. */
static CdpkStatus
open_numbers(CdpkTimelineLog **log, const CdpkAllocator *allocator, const CdpkTimeline *timeline,
			 const CdpkColumn *column, ColumnNumbers *numbers)
{
	CdpkStatus status = cdpk_column_numbers(column, numbers->columns, &numbers->count);

	numbers->conditional = CDPK_NUMBERS_MAX;
	for (unsigned i = 0; status == CDPK_OK && i < numbers->count; i++)
	{
		size_t length;
		const char *name = cdpk_timeline_number_name(timeline, numbers->columns[i].name, &length);

		if (name == NULL)
			return CDPK_CORRUPT;
		if (numbers->condition != NULL && length == numbers->condition->length &&
			memcmp(name, numbers->condition->number, length) == 0)
			numbers->conditional = i;
		status = cdpk_log_name(log, allocator, name, length, &numbers->places[i]);
	}
	return status;
}

/* Read an event's numbers; *wanted says whether it satisfies the condition. */
static CdpkStatus
read_numbers(ColumnNumbers *numbers, uint64_t event, CdpkNumber *values, unsigned *present,
			 bool *wanted)
{
	const CdpkNumberCondition *condition = numbers->condition;

	*present = 0;
	*wanted = condition == NULL;
	for (unsigned i = 0; i < numbers->count; i++)
	{
		CdpkNumber *value = &values[*present];
		bool has;
		CdpkStatus status = cdpk_number_next(&numbers->columns[i], event, &has, &value->value);

		if (status != CDPK_OK)
			return status;
		if (!has)
			continue;
		value->name = numbers->places[i];
		(*present)++;
		if (i == numbers->conditional)
			*wanted = cdpk_decimal_holds(value->value, condition->comparison, condition->value);
	}
	return CDPK_OK;
}

/* Append the events that are not older than "first" and satisfy the condition. */
static CdpkStatus
append_column(CdpkTimelineLog **log, const CdpkAllocator *allocator, const CdpkTimeline *timeline,
			  CdpkColumn *column, int64_t first, const CdpkNumberCondition *condition)
{
	ColumnNumbers numbers;
	uint32_t name;
	int64_t at;
	CdpkStatus status = cdpk_log_name(log, allocator, column->name, column->name_length, &name);

	numbers.condition = condition;
	if (status == CDPK_OK)
		status = open_numbers(log, allocator, timeline, column, &numbers);
	for (uint64_t event = 0; status == CDPK_OK && cdpk_column_next(column, &at) && at >= first;
		 event++)
	{
		CdpkNumber values[CDPK_NUMBERS_MAX];
		unsigned present;
		bool wanted;

		status = read_numbers(&numbers, event, values, &present, &wanted);
		if (status == CDPK_OK && wanted)
			status = cdpk_log_event(log, allocator, name, at, values, present);
	}
	return status == CDPK_OK && column->times.failed ? CDPK_CORRUPT : status;
}

CdpkStatus
cdpk_log_column(CdpkTimelineLog **log, const CdpkAllocator *allocator, const CdpkTimeline *timeline,
				CdpkColumn *column, int64_t first)
{
	return append_column(log, allocator, timeline, column, first, NULL);
}

CdpkStatus
cdpk_log_column_where(CdpkTimelineLog **log, const CdpkAllocator *allocator,
					  const CdpkTimeline *timeline, CdpkColumn *column,
					  const CdpkNumberCondition *condition)
{
	return append_column(log, allocator, timeline, column, INT64_MIN, condition);
}

/* Append all events of a timeline in its compact form. */
CdpkStatus
cdpk_log_compact_form(CdpkTimelineLog **log, const CdpkAllocator *allocator, const uint8_t *bytes,
					  size_t length)
{
	CdpkTimeline timeline;
	CdpkColumn column;
	CdpkStatus status = cdpk_timeline_open(bytes, length, &timeline);

	while (status == CDPK_OK && cdpk_timeline_next(&timeline, &column))
		status = cdpk_log_column(log, allocator, &timeline, &column, INT64_MIN);
	return status == CDPK_OK && cdpk_timeline_failed(&timeline) ? CDPK_CORRUPT : status;
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

		status = cdpk_log_name(log, allocator, (const char *) (entry + 1), entry->length,
							   &places[entry->place]);
		offset += cdpk_log_name_room(entry->length);
	}
	return status;
}

/* Append all events of another log. */
CdpkStatus
cdpk_log_open_form(CdpkTimelineLog **log, const CdpkAllocator *allocator,
				   const CdpkTimelineLog *other)
{
	uint32_t *places = cdpk_allocate(allocator, other->names * sizeof(uint32_t));
	CdpkReader reader = cdpk_log_records(other);
	CdpkRecord record;
	CdpkStatus status =
		places == NULL ? CDPK_OUT_OF_MEMORY : map_names(log, allocator, other, places);

	while (status == CDPK_OK && cdpk_left(&reader) > 0)
	{
		CdpkNumber numbers[CDPK_NUMBERS_MAX];

		cdpk_read_record(&reader, &record);
		for (unsigned i = 0; i < record.count; i++)
		{
			numbers[i] = cdpk_read_number(&record.numbers);
			numbers[i].name = places[numbers[i].name];
		}
		status =
			cdpk_log_event(log, allocator, places[record.name], record.at, numbers, record.count);
	}
	cdpk_release(allocator, places);
	return status;
}
