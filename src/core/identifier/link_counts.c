/*
 * link_counts.c
 *		To how many identifiers of each namespace one is linked, as bytes: see the header.
 */
#include "core/identifier/link_counts.h"

/* Sort by namespace: mostly there are two or three. */
static void
sort_counts(CdpkLinkCount *counts, size_t count)
{
	for (size_t i = 1; i < count; i++)
	{
		CdpkLinkCount moved = counts[i];
		size_t place = i;

		for (; place > 0 && counts[place - 1].namespace_id > moved.namespace_id; place--)
			counts[place] = counts[place - 1];
		counts[place] = moved;
	}
}

size_t
cdpk_link_counts_write(CdpkLinkCount *counts, size_t count, uint8_t *bytes)
{
	uint8_t *at = bytes;

	sort_counts(counts, count);
	for (size_t i = 0; i < count; i++)
	{
		if (counts[i].count == 0)
			continue;
		at = cdpk_write_varint(at, counts[i].namespace_id);
		at = cdpk_write_varint(at, counts[i].count);
	}
	return (size_t) (at - bytes);
}

bool
cdpk_link_counts_next(CdpkReader *reader, CdpkLinkCount *count)
{
	uint64_t namespace_id;
	uint64_t number;

	if (reader->failed || cdpk_left(reader) == 0)
		return false;
	namespace_id = cdpk_read_varint(reader);
	number = cdpk_read_varint(reader);
	if (namespace_id <= count->namespace_id || namespace_id > CDPK_NAMESPACE_ID_MAX ||
		number == 0 || number > UINT32_MAX)
		reader->failed = true;
	if (reader->failed)
		return false;
	count->namespace_id = (uint32_t) namespace_id;
	count->count = (uint32_t) number;
	return true;
}
