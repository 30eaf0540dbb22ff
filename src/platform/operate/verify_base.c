/*
 * verify_base.c
 *		Rows of the base, which take part in verify_events as events do.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "platform/catalogue/packed_row.h"
#include "platform/operate/verify_event.h"
#include "platform/progress/progress.h"

enum
{
	BASE_COLUMN_ANCHOR = 1,
	BASE_COLUMN_PACKED
};

/* Numbers of identifiers, of one row after the other; of an alias the earlier user_id is the last. */
typedef struct Numbers
{
	int64 *ids;
	int count;
	int capacity;
} Numbers;

/* add_number adds a number. */
static void
add_number(Numbers *numbers, int64 id)
{
	if (numbers->count == numbers->capacity)
	{
		numbers->capacity *= 2;
		numbers->ids = repalloc_huge(numbers->ids, sizeof(int64) * numbers->capacity);
	}
	numbers->ids[numbers->count++] = id;
}

/* add_numbers adds those of a row. */
static void
add_numbers(Numbers *numbers, const CdpkPacked *row)
{
	int64 *ids = packed_row_ids(row);

	for (uint32_t i = 0; i < row->id_count + row->is_alias; i++)
		add_number(numbers, ids[i]);
	pfree(ids);
}

/* find_source finds the place of a source by its number, and lists it if it is unknown. */
static int
find_source(VerifyCheck *check, int32 source_id)
{
	for (int i = 0; i < check->source_count; i++)
		if (check->sources[i].source_id == source_id)
			return i;
	return verify_add_source(check, NULL, source_id);
}

/* read_row adds the present row, and returns the bytes that it takes. */
static int64
read_row(VerifyCheck *check, const LogCursor *cursor, Numbers *numbers)
{
	VerifyEvent *event = verify_begin_event(check);
	bool isnull;
	Datum packed = log_cursor_value(cursor, BASE_COLUMN_PACKED, &isnull);
	CdpkPacked row;

	event->event_id = 0;
	event->anchor = log_cursor_int8(cursor, BASE_COLUMN_ANCHOR);
	packed_row_read(PointerGetDatum(PG_DETOAST_DATUM_PACKED(packed)), event->anchor, &row);
	event->events = row.events;
	event->said_at = row.first_said_at;
	event->last_at = row.last_said_at;
	event->source = find_source(check, row.source_id);
	if (check->sources[event->source].name == NULL)
		verify_put_event(check, "source", event, check->sources[event->source].source_id,
						 event->anchor);
	if (row.message_length > 0)
		event->message_id = packed_row_message(&row);
	add_numbers(numbers, &row);
	event->mention_count = (int) row.id_count;
	event->is_alias = row.is_alias;
	verify_end_event(check, event);
	return row.message_length;
}

/* name_event adds the names of an event; first: the place of the first of its numbers. */
static void
name_event(VerifyCheck *check, VerifyEvent *event, const Numbers *numbers, const uint32 *places,
		   int first)
{
	int count = event->mention_count;
	bool is_alias = event->is_alias;

	event->first_mention = check->mention_count;
	event->mention_count = 0;
	for (int i = 0; i < count + is_alias; i++)
	{
		uint32 place = places[first + i];

		if (place == VERIFY_NO_NAME)
		{
			verify_put_event(check, "number", event, numbers->ids[first + i], event->anchor);
			/* the user_id of an alias is its first identifier */
			if (i == 0 || i == count)
				event->is_alias = false;
			continue;
		}
		verify_mention(check, place);
		if (i == count)
			continue;
		verify_name(check->names, place)->is_carried = true;
		event->mention_count++;
	}
}

void
verify_read_base(VerifyCheck *check, LogCursor *cursor)
{
	Numbers numbers = {palloc(sizeof(int64) * 1024), 0, 1024};
	uint32 *places;
	int64 bytes = 0;
	int first = 0;

	while (verify_has_room(check, bytes) && log_cursor_look(cursor))
	{
		CHECK_FOR_INTERRUPTS();
		bytes += read_row(check, cursor, &numbers);
		log_cursor_skip(cursor);
		progress_step(check->done++);
	}
	places = palloc_extended(sizeof(uint32) * Max(numbers.count, 1), MCXT_ALLOC_HUGE);
	verify_names_add_ids(check->names, numbers.ids, numbers.count, places);
	for (int i = 0; i < check->event_count; i++)
	{
		VerifyEvent *event = &check->events[i];
		int next = first + event->mention_count + event->is_alias;

		name_event(check, event, &numbers, places, first);
		first = next;
	}
}
