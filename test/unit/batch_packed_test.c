/* batch_packed_test.c: rows of the base as bytes */
#include "core/batch/batch_packed.h"

#include <stdlib.h>

#include "core/batch/batch_types.h"
#include "unit.h"

#define TEN_DAYS (INT64_C(10) * 86400 * 1000000)

/* One event of the anchor alone. */
static CdpkPacked
stranger(const int64_t *ids)
{
	CdpkPacked row = {.anchor = ids[0],
					  .events = 1,
					  .first_at = 5,
					  .last_at = 5,
					  .first_said_at = 5,
					  .last_said_at = 5,
					  .after = CDPK_BATCH_EVER,
					  .traits_at = CDPK_BATCH_NEVER,
					  .source_id = 3,
					  .id_count = 1,
					  .ids = ids};

	return row;
}

/* Return whether a row is written, and read from bytes of its exact size, as the same row. */
static bool
comes_back(const CdpkPacked *row, size_t *length)
{
	uint8_t *bytes = malloc(cdpk_packed_size_max(row));
	uint8_t *copy;
	int64_t *ids = malloc(sizeof(int64_t) * (row->id_count + 2));
	char *message_id = malloc(row->message_length + 1);
	bool has_message = row->message_length > 0 && (row->is_alias || row->id_count > 1);
	CdpkPacked read;
	bool same;

	*length = cdpk_packed_write(row, bytes);
	copy = malloc(*length);
	memcpy(copy, bytes, *length);
	same = *length <= cdpk_packed_size_max(row) &&
		   cdpk_packed_read(copy, *length, row->anchor, &read) == CDPK_OK &&
		   read.events == row->events && read.first_at == row->first_at &&
		   read.last_at == row->last_at && read.first_said_at == row->first_said_at &&
		   read.last_said_at == row->last_said_at && read.after == row->after &&
		   read.traits_at == row->traits_at && read.source_id == row->source_id &&
		   read.is_alias == row->is_alias && read.id_count == row->id_count &&
		   read.message_length == (has_message ? row->message_length : 0) &&
		   read.message_id == NULL;
	if (same)
	{
		cdpk_packed_ids(&read, ids);
		cdpk_packed_message(&read, message_id);
		for (uint32_t i = 0; i < row->id_count + row->is_alias; i++)
			same = same && ids[i] == row->ids[i];
		same =
			same && (!has_message || memcmp(message_id, row->message_id, row->message_length) == 0);
	}
	/* no beginning of it is a row but where the message is cut */
	for (size_t cut = 0; cut < *length; cut++)
	{
		uint8_t *part = malloc(cut + 1);

		memcpy(part, copy, cut);
		if (cdpk_packed_read(part, cut, row->anchor, &read) == CDPK_OK &&
			(!has_message || read.message_length == 0))
			same = false;
		free(part);
	}
	free(message_id);
	free(ids);
	free(copy);
	free(bytes);
	return same;
}

static void
strangers_are_short(void)
{
	static const int64_t ids[] = {200000000, 200000001};
	static const char uuid[] = "0f8fad5b-d9cb-469f-a165-70867728950e";
	CdpkPacked row = stranger(ids);
	size_t length;

	CHECK(comes_back(&row, &length) && length == 4);
	/* what one identifier says of no other needs no message */
	row.message_id = uuid;
	row.message_length = sizeof(uuid) - 1;
	CHECK(comes_back(&row, &length) && length == 4);
	row.id_count = 2;
	CHECK(comes_back(&row, &length) && length == 4 + 3 + 16);
	row.source_id = INT32_MAX;
	row.first_at = row.last_at = row.first_said_at = row.last_said_at = 2500 * TEN_DAYS;
	CHECK(comes_back(&row, &length) && length == 4 + 3 + 16 + 4 + 7);
}

static void
everything_comes_back(void)
{
	static const int64_t ids[] = {INT64_MAX, 1, 7, INT64_MAX - 1, 5};
	static const int64_t times[] = {0, 1, -1, TEN_DAYS, -TEN_DAYS, INT64_MAX, INT64_MIN};
	static const char *const messages[] = {"",
										   "m",
										   "0F8FAD5B-D9CB-469F-A165-70867728950E",
										   "0f8fad5b-d9cb-469f-a165-70867728950e",
										   "0f8fad5b d9cb 469f a165 70867728950e",
										   "0f8fad5b-d9cb-469f-a165-70867728950g",
										   "0f8fad5b-d9cb-469f-a165-70867728950e0"};
	size_t length;

	for (uint32_t k = 0; k < 100000; k++)
	{
		CdpkPacked row = stranger(ids);
		uint32_t chance = k * UINT32_C(2654435761);

		row.anchor = (chance >> 3 & 7) == 0 ? 0 : ids[(chance >> 3) % 5];
		row.id_count = (chance >> 6) % 5;
		row.is_alias = (chance >> 9 & 3) == 0 && row.id_count > 0;
		row.first_at = times[(chance >> 11) % 7];
		row.events = chance >> 14 & 1 ? CDPK_PACKED_EVENTS_MAX - (chance >> 15 & 1) : 1;
		row.last_at = row.events == 1 ? row.first_at : times[(chance >> 15) % 7];
		row.first_said_at = chance >> 18 & 1 ? times[(chance >> 19) % 7] : row.first_at;
		row.last_said_at = chance >> 18 & 1 ? times[(chance >> 20) % 7] : row.last_at;
		row.after = times[(chance >> 21) % 7];
		row.traits_at = times[(chance >> 23) % 7];
		row.source_id = (int32_t) (chance >> 2 & INT32_MAX);
		row.message_id = messages[(chance >> 26) % 7];
		row.message_length = (uint32_t) strlen(row.message_id);
		CHECK(comes_back(&row, &length));
	}
}

static void
other_bytes_are_refused(void)
{
	/* the anchor is 9; the second byte tells what follows the source and the time */
	static const struct
	{
		size_t length;
		uint8_t bytes[24];
	} wrong[] = {{0, {0}},
				 {1, {1}},
				 {4, {0, 0, 3, 0}},                            /* version 0 */
				 {5, {1, 0, 3, 0, 0}},                         /* more than there is */
				 {5, {1, 0, 0x83, 0, 0}},                      /* not the shortest form */
				 {8, {1, 0, 0xff, 0xff, 0xff, 0xff, 0x0f, 0}}, /* a source over the greatest */
				 {6, {1, 1, 3, 0, 1, 0}},                      /* several that are one */
				 {6, {1, 1, 3, 0, 0, 0}},                      /* … or none */
				 {11, {1, 1, 3, 0, 0x81, 0x80, 0x80, 0x80, 0x80, 0x20, 0}}, /* … or too many */
				 {6, {1, 2, 3, 0, 0, 0}},           /* other times that are the same */
				 {4, {1, 16, 3, 0}},                /* an alias of nothing */
				 {6, {1, 32, 3, 0, 1, 0}},          /* the anchor alone, listed */
				 {6, {1, 32, 3, 0, 2, 0}},          /* fewer than it says */
				 {6, {1, 32, 3, 0, 1, 17}},         /* identifier 0 */
				 {6, {1, 32, 3, 0, 1, 19}},         /* … or -1 */
				 {5, {1, 128, 3, 0, 'm'}},          /* a message of one identifier */
				 {7, {1, 160, 3, 0, 2, 0, 2}},      /* a message without bytes */
				 {8, {1, 224, 3, 0, 2, 0, 2, 'm'}}, /* of two kinds */
				 {8, {1, 96, 3, 0, 2, 0, 2, 'm'}},  /* a UUID of one byte */
				 {9, {1, 32, 3, 0, 0xff, 0xff, 0xff, 0xff, 0x0f}}};
	static const uint8_t good[] = {1, 0, 3, 0};
	CdpkPacked row;

	CHECK(cdpk_packed_read(good, sizeof(good), 9, &row) == CDPK_OK);
	CHECK(cdpk_packed_read(good, sizeof(good), 0, &row) == CDPK_CORRUPT);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
	{
		uint8_t *copy = malloc(wrong[i].length + 1);

		memcpy(copy, wrong[i].bytes, wrong[i].length);
		CHECK(cdpk_packed_read(copy, wrong[i].length, 9, &row) == CDPK_CORRUPT);
		copy[0] = 2;
		CHECK(cdpk_packed_read(copy, wrong[i].length, 9, &row) ==
			  (wrong[i].length < 2 ? CDPK_CORRUPT : CDPK_UNKNOWN_VERSION));
		free(copy);
	}
}

int
main(void)
{
	TEST(strangers_are_short);
	TEST(everything_comes_back);
	TEST(other_bytes_are_refused);
	UNIT_EXIT();
}
