/* link_counts_test.c: link counts as bytes */
#include "core/identifier/link_counts.h"
#include "unit.h"

static void
counts_are_these_bytes(void)
{
	static const uint8_t bytes[] = {1,    1,    6,    0xac, 0x02, 0x80, 0x01, 127,  0xff,
									0xff, 0xff, 0xff, 0x07, 0xff, 0xff, 0xff, 0xff, 0x0f};
	static const CdpkLinkCount said[] = {{1, 1}, {6, 300}, {128, 127}, {INT32_MAX, UINT32_MAX}};
	CdpkLinkCount counts[] = {{128, 127}, {INT32_MAX, UINT32_MAX}, {7, 0},
							  {1, 1},     {INT32_MAX - 1, 0},      {6, 300}};
	uint8_t written[sizeof(counts) / sizeof(counts[0]) * CDPK_LINK_COUNT_SIZE_MAX];
	size_t length = cdpk_link_counts_write(counts, sizeof(counts) / sizeof(counts[0]), written);
	CdpkReader reader = cdpk_reader(bytes, sizeof(bytes));
	CdpkLinkCount next = {0, 0};

	CHECK(length == sizeof(bytes) && memcmp(written, bytes, length) == 0);
	for (int i = 0; i < 4; i++)
	{
		CHECK(cdpk_link_counts_next(&reader, &next));
		CHECK(next.namespace_id == said[i].namespace_id && next.count == said[i].count);
	}
	CHECK(!cdpk_link_counts_next(&reader, &next) && !reader.failed);
	CHECK(cdpk_link_counts_write(counts, 0, written) == 0);
	reader = cdpk_reader(bytes, 0);
	CHECK(!cdpk_link_counts_next(&reader, &next) && !reader.failed);
}

static void
other_bytes_fail(void)
{
	static const struct
	{
		size_t length;
		uint8_t bytes[12];
		size_t good;                                        /* counts before what is wrong */
	} wrong[] = {{1, {1}, 0},                               /* no count */
				 {2, {0, 1}, 0},                            /* no namespace */
				 {2, {1, 0}, 0},                            /* none */
				 {4, {2, 1, 2, 1}, 1},                      /* a namespace twice */
				 {4, {2, 1, 1, 1}, 1},                      /* not in their order */
				 {3, {0x81, 0x00, 1}, 0},                   /* not the shortest form */
				 {3, {1, 1, 0x80}, 1},                      /* cut off */
				 {6, {0x80, 0x80, 0x80, 0x80, 0x08, 1}, 0}, /* over the greatest number */
				 {6, {1, 0x80, 0x80, 0x80, 0x80, 0x10}, 0}, /* too many */
				 {4, {1, 1, 0xff, 0xff}, 1}};

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
	{
		uint8_t *copy = malloc(wrong[i].length);
		CdpkReader reader;
		CdpkLinkCount next = {0, 0};
		size_t good = 0;

		memcpy(copy, wrong[i].bytes, wrong[i].length);
		reader = cdpk_reader(copy, wrong[i].length);
		while (cdpk_link_counts_next(&reader, &next))
			good++;
		CHECK(reader.failed && good == wrong[i].good);
		CHECK(!cdpk_link_counts_next(&reader, &next));
		free(copy);
	}
}

int
main(void)
{
	TEST(counts_are_these_bytes);
	TEST(other_bytes_fail);
	UNIT_EXIT();
}
