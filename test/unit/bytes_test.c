/* bytes_test.c: the reader never passes its end, and takes each varint in one form only */
#include "core/bytes.h"
#include "unit.h"

static void
varint_round_trip(void)
{
	uint64_t state = 1;
	uint8_t buffer[CDPK_VARINT_MAX];

	for (int i = 0; i < 100000; i++)
	{
		uint64_t value = unit_random(&state) >> (unit_random(&state) % 64);
		size_t size = (size_t) (cdpk_write_varint(buffer, value) - buffer);
		CdpkReader reader = cdpk_reader(buffer, size);

		CHECK(size == cdpk_varint_size(value));
		CHECK(cdpk_read_varint(&reader) == value && !reader.failed && cdpk_left(&reader) == 0);
		reader = cdpk_reader(buffer, size - 1);
		CHECK(cdpk_read_varint(&reader) == 0 && reader.failed);
		CHECK(cdpk_unzigzag(cdpk_zigzag((int64_t) value)) == (int64_t) value);
	}
}

static void
varint_refuses_other_forms(void)
{
	static const uint8_t overlong[] = {0x80, 0x00};
	static const uint8_t too_large[] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02};
	CdpkReader reader = cdpk_reader(overlong, sizeof(overlong));

	cdpk_read_varint(&reader);
	CHECK(reader.failed);
	reader = cdpk_reader(too_large, sizeof(too_large));
	cdpk_read_varint(&reader);
	CHECK(reader.failed);
}

static void
reader_stops_at_the_end(void)
{
	CdpkReader reader = cdpk_reader("abc", 3);

	CHECK(cdpk_read_bytes(&reader, 2) != NULL && cdpk_left(&reader) == 1);
	CHECK(cdpk_read_bytes(&reader, 2) == NULL && reader.failed);
	CHECK(cdpk_read_u8(&reader) == 0);
}

int
main(void)
{
	TEST(varint_round_trip);
	TEST(varint_refuses_other_forms);
	TEST(reader_stops_at_the_end);
	UNIT_EXIT();
}
