/*
 * verify_base.c
 *		Rows of the base, which take part in verify_events as events do.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "platform/operate/verify_event.h"
#include "platform/progress/progress.h"

enum
{
	BASE_COLUMN_ID = 1,
	BASE_COLUMN_ANCHOR,
	BASE_COLUMN_EVENTS,
	BASE_COLUMN_FIRST,
	BASE_COLUMN_LAST,
	BASE_COLUMN_SOURCE,
	BASE_COLUMN_MESSAGE,
	BASE_COLUMN_IDS,
	BASE_COLUMN_EARLIER
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

/* add_numbers adds those of the present row. */
static void
add_numbers(Numbers *numbers, const LogCursor *cursor, VerifyEvent *event)
{
	bool isnull;
	ArrayType *array = DatumGetArrayTypeP(log_cursor_value(cursor, BASE_COLUMN_IDS, &isnull));
	Datum earlier = log_cursor_value(cursor, BASE_COLUMN_EARLIER, &isnull);
	Datum *ids;

	deconstruct_array(array, INT8OID, sizeof(int64), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE, &ids, NULL,
					  &event->mention_count);
	for (int i = 0; i < event->mention_count; i++)
		add_number(numbers, DatumGetInt64(ids[i]));
	event->is_alias = !isnull;
	if (event->is_alias)
		add_number(numbers, DatumGetInt64(earlier));
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
	Datum message = log_cursor_value(cursor, BASE_COLUMN_MESSAGE, &isnull);

	event->event_id = -log_cursor_int8(cursor, BASE_COLUMN_ID);
	event->anchor = log_cursor_int8(cursor, BASE_COLUMN_ANCHOR);
	event->events = log_cursor_int8(cursor, BASE_COLUMN_EVENTS);
	event->said_at = log_cursor_int8(cursor, BASE_COLUMN_FIRST);
	event->last_at = log_cursor_int8(cursor, BASE_COLUMN_LAST);
	event->source = find_source(
		check, DatumGetInt32(log_cursor_value(cursor, BASE_COLUMN_SOURCE, &(bool){false})));
	if (check->sources[event->source].name == NULL)
		verify_put_event(check, "source", event, check->sources[event->source].source_id, 0);
	if (!isnull)
		event->message_id = (text *) PG_DETOAST_DATUM_COPY(message);
	add_numbers(numbers, cursor, event);
	verify_end_event(check, event);
	return isnull ? 0 : VARSIZE_ANY(event->message_id);
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
			verify_put_event(check, "number", event, numbers->ids[first + i], 0);
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
