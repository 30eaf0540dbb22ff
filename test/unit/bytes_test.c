/* bytes_test.c: the reader never passes its end, and takes each varint in one form only */
#include "core/base/bytes.h"
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

/* Any bytes are the same number, or none, whichever way they are read, and are passed over alike. */
static void
long_varint_is_the_same(void)
{
	uint64_t state = 2;
	int read = 0;

	for (int i = 0; i < 300000; i++)
	{
		uint8_t bytes[8 + 12];
		size_t length = unit_random(&state) % 13;
		size_t continued = unit_random(&state) % 12;
		CdpkReader plain;
		CdpkReader wide;
		uint64_t value;

		for (size_t j = 0; j < sizeof(bytes); j++)
			bytes[j] = (uint8_t) (unit_random(&state) % 3 > 0 ? unit_random(&state)
															  : unit_random(&state) % 2 * 0x80);
		for (size_t j = 0; j < continued; j++)
			bytes[8 + j] |= 0x80;
		plain = cdpk_reader(bytes + 8, length);
		wide = plain;
		value = cdpk_read_varint(&plain);
		CHECK(cdpk_read_long_varint(&wide) == value);
		CHECK(wide.failed == plain.failed && wide.at == plain.at);
		read += !plain.failed;
	}
	CHECK(read > 50000);
}

static void
compares_bytes(void)
{
	uint64_t state = 3;

	for (int i = 0; i < 100000; i++)
	{
		uint8_t a[40];
		uint8_t b[40];
		size_t length = unit_random(&state) % 41;

		for (size_t j = 0; j < length; j++)
			a[j] = b[j] = (uint8_t) unit_random(&state);
		CHECK(cdpk_same_bytes(a, b, length));
		if (length > 0)
		{
			a[unit_random(&state) % length] ^= (uint8_t) (1 << unit_random(&state) % 8);
			CHECK(!cdpk_same_bytes(a, b, length));
		}
	}
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
	TEST(long_varint_is_the_same);
	TEST(compares_bytes);
	TEST(reader_stops_at_the_end);
	UNIT_EXIT();
}
