/*
 * batch_packed.c
 *		A row of the base as bytes: see the header.
 *
 * What most rows share takes no bytes: one event, said when it happened, by the anchor alone.
 */
#include "core/batch/batch_packed.h"

#include "core/batch/batch_types.h"

#define VERSION 1

/* what a row has, that others lack */
enum
{
	HAS_SEVERAL = 1,   /* more than one event */
	HAS_SAID = 2,      /* times as evidence other than those at which they happened */
	HAS_AFTER = 4,     /* an unlink before it */
	HAS_TRAITS = 8,    /* traits, of a time */
	HAS_EARLIER = 16,  /* it is of aliases */
	HAS_IDS = 32,      /* other identifiers than the anchor alone */
	HAS_UUID = 64,     /* a message that is a UUID in its usual form */
	HAS_MESSAGE = 128, /* another message */
};

#define UUID_TEXT 36
#define UUID_BYTES 16

/* ---------------------------------------------------------------- UUIDs */

static bool
is_hyphen(size_t at)
{
	return at == 8 || at == 13 || at == 18 || at == 23;
}

/* Return the value of a hexadecimal digit in lower case, or -1. */
static int
digit_value(char digit)
{
	if (digit >= '0' && digit <= '9')
		return digit - '0';
	return digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
}

/* Read a UUID; false: the text is no UUID in the form that write_uuid gives it. */
static bool
read_uuid(const char *text, size_t length, uint8_t *bytes)
{
	size_t digits = 0;

	if (length != UUID_TEXT)
		return false;
	for (size_t i = 0; i < UUID_TEXT; i++)
	{
		int value = digit_value(text[i]);

		if (is_hyphen(i) ? text[i] != '-' : value < 0)
			return false;
		if (is_hyphen(i))
			continue;
		bytes[digits / 2] = (uint8_t) (digits % 2 == 0 ? value << 4 : bytes[digits / 2] | value);
		digits++;
	}
	return true;
}

static void
write_uuid(const uint8_t *bytes, char *text)
{
	size_t digits = 0;

	for (size_t i = 0; i < UUID_TEXT; i++)
	{
		if (is_hyphen(i))
		{
			text[i] = '-';
			continue;
		}
		text[i] = "0123456789abcdef"[bytes[digits / 2] >> (digits % 2 == 0 ? 4 : 0) & 15];
		digits++;
	}
}

/* ---------------------------------------------------------------- writing */

/* Write how much greater one number is than another, and return the place after it. */
static uint8_t *
write_distance(uint8_t *at, int64_t from, int64_t to)
{
	return cdpk_write_varint(at, cdpk_zigzag((int64_t) ((uint64_t) to - (uint64_t) from)));
}

/* Return whether the identifiers of a row are the anchor alone. */
static bool
is_alone(const CdpkPacked *row, const int64_t *ids)
{
	return !row->is_alias && row->id_count == 1 && ids[0] == row->anchor;
}

/* Return whether a row says a link. */
static bool
says_link(const CdpkPacked *row)
{
	return row->is_alias || row->id_count > 1;
}

size_t
cdpk_packed_size_max(const CdpkPacked *row)
{
	return 2 + CDPK_VARINT_MAX * (9 + (size_t) row->id_count + 1) + row->message_length +
		   UUID_BYTES;
}

/* Write the identifiers of a row, and return the place after them. */
static uint8_t *
write_ids(const CdpkPacked *row, uint8_t *at)
{
	int64_t last = row->anchor;

	at = cdpk_write_varint(at, row->id_count);
	for (uint32_t i = 0; i < row->id_count + row->is_alias; i++)
	{
		at = write_distance(at, last, row->ids[i]);
		last = row->ids[i];
	}
	return at;
}

/* Write the message of a row, and return the place after it. */
static uint8_t *
write_message(const CdpkPacked *row, uint8_t *at, uint8_t *flags)
{
	if (!says_link(row) || row->message_length == 0)
		return at;
	if (read_uuid(row->message_id, row->message_length, at))
	{
		*flags |= HAS_UUID;
		return at + UUID_BYTES;
	}
	*flags |= HAS_MESSAGE;
	memcpy(at, row->message_id, row->message_length);
	return at + row->message_length;
}

size_t
cdpk_packed_write(const CdpkPacked *row, uint8_t *bytes)
{
	uint8_t flags = row->is_alias ? HAS_EARLIER : 0;
	uint8_t *at = bytes + 2;

	at = cdpk_write_varint(at, (uint32_t) row->source_id);
	at = write_distance(at, 0, row->first_at);
	if (row->events != 1)
	{
		flags |= HAS_SEVERAL;
		at = cdpk_write_varint(at, (uint64_t) row->events);
		at = write_distance(at, row->first_at, row->last_at);
	}
	if (row->first_said_at != row->first_at || row->last_said_at != row->last_at)
	{
		flags |= HAS_SAID;
		at = write_distance(at, row->first_at, row->first_said_at);
		at = write_distance(at, row->last_at, row->last_said_at);
	}
	if (row->after != CDPK_BATCH_EVER)
	{
		flags |= HAS_AFTER;
		at = write_distance(at, row->first_at, row->after);
	}
	if (row->traits_at != CDPK_BATCH_NEVER)
	{
		flags |= HAS_TRAITS;
		at = write_distance(at, row->first_at, row->traits_at);
	}
	if (!is_alone(row, row->ids))
	{
		flags |= HAS_IDS;
		at = write_ids(row, at);
	}
	at = write_message(row, at, &flags);
	bytes[0] = VERSION;
	bytes[1] = flags;
	return (size_t) (at - bytes);
}

/* ---------------------------------------------------------------- reading */

/* Read a number that write_distance wrote. */
static int64_t
read_distance(CdpkReader *reader, int64_t from)
{
	return (int64_t) ((uint64_t) from + (uint64_t) cdpk_unzigzag(cdpk_read_varint(reader)));
}

/* Read the times of a row; false: they would have been written otherwise. */
static bool
read_times(CdpkReader *reader, uint8_t flags, CdpkPacked *row)
{
	uint64_t source_id = cdpk_read_varint(reader);
	uint64_t events = 1;

	row->first_at = read_distance(reader, 0);
	row->last_at = row->first_at;
	if (flags & HAS_SEVERAL)
	{
		events = cdpk_read_varint(reader);
		row->last_at = read_distance(reader, row->first_at);
	}
	row->first_said_at = row->first_at;
	row->last_said_at = row->last_at;
	if (flags & HAS_SAID)
	{
		row->first_said_at = read_distance(reader, row->first_at);
		row->last_said_at = read_distance(reader, row->last_at);
	}
	row->after = flags & HAS_AFTER ? read_distance(reader, row->first_at) : CDPK_BATCH_EVER;
	row->traits_at = flags & HAS_TRAITS ? read_distance(reader, row->first_at) : CDPK_BATCH_NEVER;
	row->source_id = (int32_t) source_id;
	row->events = (int64_t) events;
	return source_id <= INT32_MAX && events > 0 && events <= CDPK_PACKED_EVENTS_MAX &&
		   (events > 1) == ((flags & HAS_SEVERAL) != 0) &&
		   ((flags & HAS_SAID) != 0) ==
			   (row->first_said_at != row->first_at || row->last_said_at != row->last_at) &&
		   ((flags & HAS_AFTER) != 0) == (row->after != CDPK_BATCH_EVER) &&
		   ((flags & HAS_TRAITS) != 0) == (row->traits_at != CDPK_BATCH_NEVER);
}

/* Pass over the identifiers of a row; false: they would have been written otherwise. */
static bool
read_ids(CdpkReader *reader, uint8_t flags, CdpkPacked *row)
{
	int64_t last = row->anchor;
	int64_t first = row->anchor;
	uint64_t count = 1;

	row->is_alias = (flags & HAS_EARLIER) != 0;
	row->id_count = 1;
	if (!(flags & HAS_IDS))
		return !row->is_alias && row->anchor > 0;
	count = cdpk_read_varint(reader);
	if (count > CDPK_PACKED_IDS_MAX)
		return false;
	row->id_count = (uint32_t) count;
	row->listed = reader->at;
	for (uint64_t i = 0; i < count + row->is_alias; i++)
	{
		last = read_distance(reader, last);
		if (i == 0)
			first = last;
		if (last <= 0 || reader->failed)
			return false;
	}
	return !is_alone(row, &first);
}

/* Read the message of a row, which is the rest; false: it would have been written otherwise. */
static bool
read_message(CdpkReader *reader, uint8_t flags, CdpkPacked *row)
{
	uint8_t unused[UUID_BYTES];
	size_t length = cdpk_left(reader);

	row->message = reader->at;
	if (length > UINT32_MAX)
		return false;
	row->message_size = (uint32_t) length;
	if (!(flags & (HAS_UUID | HAS_MESSAGE)))
		return length == 0;
	if (!says_link(row))
		return false;
	if (flags & HAS_UUID)
	{
		row->message_length = UUID_TEXT;
		return !(flags & HAS_MESSAGE) && length == UUID_BYTES;
	}
	row->message_length = (uint32_t) length;
	return length > 0 && !read_uuid((const char *) row->message, length, unused);
}

CdpkStatus
cdpk_packed_read(const void *bytes, size_t length, int64_t anchor, CdpkPacked *row)
{
	CdpkReader reader = cdpk_reader(bytes, length);
	uint8_t version = cdpk_read_u8(&reader);
	uint8_t flags = cdpk_read_u8(&reader);

	memset(row, 0, sizeof(*row));
	row->anchor = anchor;
	if (!reader.failed && version > VERSION)
		return CDPK_UNKNOWN_VERSION;
	if (version != VERSION || !read_times(&reader, flags, row) || !read_ids(&reader, flags, row) ||
		!read_message(&reader, flags, row) || reader.failed)
		return CDPK_CORRUPT;
	return CDPK_OK;
}

void
cdpk_packed_ids(const CdpkPacked *row, int64_t *ids)
{
	CdpkReader reader;
	int64_t last = row->anchor;

	if (row->listed == NULL)
	{
		ids[0] = last;
		return;
	}
	reader = cdpk_reader(row->listed, (size_t) (row->message - row->listed));
	for (uint32_t i = 0; i < row->id_count + row->is_alias; i++)
		ids[i] = last = read_distance(&reader, last);
}

void
cdpk_packed_message(const CdpkPacked *row, char *message_id)
{
	if (row->message_size == UUID_BYTES && row->message_length == UUID_TEXT)
		write_uuid(row->message, message_id);
	else
		memcpy(message_id, row->message, row->message_length);
}
