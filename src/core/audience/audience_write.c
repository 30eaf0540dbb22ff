/*
 * audience_write.c
 *		Writes an audience, chunk by chunk in the order of their keys.
 */
#include "core/audience/audience_write.h"

void
cdpk_audience_begin(CdpkAudienceWriter *writer, const CdpkAllocator *allocator, size_t before,
					size_t expected)
{
	size_t first = before + CDPK_AUDIENCE_HEADER;

	writer->bytes = cdpk_buffer(allocator, before + CDPK_AUDIENCE_MAX);
	writer->directory = cdpk_buffer(allocator, CDPK_AUDIENCE_MAX);
	writer->before = before;
	writer->size = 0;
	if (expected > CDPK_AUDIENCE_MAX - CDPK_AUDIENCE_HEADER)
		expected = CDPK_AUDIENCE_MAX - CDPK_AUDIENCE_HEADER;
	if (cdpk_buffer_reserve(&writer->bytes, first + expected))
		cdpk_put_zeros(&writer->bytes, first);
}

/* Add a chunk to the directory, whose container was just written. */
static void
put_entry(CdpkAudienceWriter *writer, uint64_t key, uint32_t count)
{
	uint8_t entry[CDPK_AUDIENCE_ENTRY];
	size_t end = writer->bytes.used - writer->before - CDPK_AUDIENCE_HEADER;

	cdpk_write_fixed(entry, (int64_t) (key | (uint64_t) (count - 1) << 48));
	cdpk_put_le16(entry + 8, (uint16_t) (end & 0xffff));
	cdpk_put_le16(entry + 10, (uint16_t) (end >> 16));
	cdpk_put_bytes(&writer->directory, entry, sizeof(entry));
	writer->size += count;
}

void
cdpk_audience_put_container(CdpkAudienceWriter *writer, const CdpkContainer *container)
{
	size_t length = CDPK_BITMAP_SIZE;

	if (container->kind == CDPK_CONTAINER_ARRAY)
		length = 2 * (size_t) container->items;
	else if (container->kind == CDPK_CONTAINER_RUNS)
		length = 4 * (size_t) container->items;
	cdpk_put_bytes(&writer->bytes, container->bytes, length);
	put_entry(writer, container->key, container->count);
}

/* Write a chunk, given in any kind, in another one. */
static void
put_as(CdpkAudienceWriter *writer, const CdpkContainer *given, CdpkContainerKind kind)
{
	uint8_t bytes[CDPK_BITMAP_SIZE];
	CdpkContainer container = {given->key, kind, given->count, 0, bytes};
	CdpkRunWalk walk = cdpk_run_walk(given);
	CdpkRun run;

	if (kind == CDPK_CONTAINER_BITMAP)
	{
		memset(bytes, 0, sizeof(bytes));
		cdpk_set_container(bytes, given);
	}
	else
		while (cdpk_run_next(&walk, &run))
			if (kind == CDPK_CONTAINER_RUNS)
			{
				cdpk_put_le16(bytes + 4 * (size_t) container.items, run.first);
				cdpk_put_le16(bytes + 4 * (size_t) container.items++ + 2, run.last);
			}
			else
				for (uint32_t id = run.first; id <= run.last; id++)
					cdpk_put_le16(bytes + 2 * (size_t) container.items++, (uint16_t) id);
	cdpk_audience_put_container(writer, &container);
}

void
cdpk_audience_put_bitmap(CdpkAudienceWriter *writer, uint64_t key, const uint8_t *bitmap)
{
	CdpkContainer given = {key, CDPK_CONTAINER_BITMAP, 0, 0, bitmap};
	CdpkContainerKind kind;
	uint32_t runs;

	cdpk_bitmap_measure(bitmap, &given.count, &runs);
	kind = cdpk_container_kind(given.count, runs);
	if (given.count == 0)
		return;
	if (kind == CDPK_CONTAINER_BITMAP)
		cdpk_audience_put_container(writer, &given);
	else
		put_as(writer, &given, kind);
}

/* Write ids that are too many for an array, or of which runs are shorter. */
static void
put_many_ids(CdpkAudienceWriter *writer, uint64_t key, const uint16_t *ids, uint32_t count)
{
	uint8_t bitmap[CDPK_BITMAP_SIZE];

	memset(bitmap, 0, sizeof(bitmap));
	for (uint32_t i = 0; i < count; i++)
		cdpk_set_bit(bitmap, ids[i]);
	cdpk_audience_put_bitmap(writer, key, bitmap);
}

void
cdpk_audience_put_ids(CdpkAudienceWriter *writer, uint64_t key, const uint16_t *ids, uint32_t count)
{
	uint32_t runs = count > 0;

	for (uint32_t i = 1; i < count; i++)
		runs += ids[i] != ids[i - 1] + 1;
	if (count == 0)
		return;
	if (runs == 1)
	{
		CdpkRun run = {ids[0], ids[count - 1]};

		cdpk_audience_put_runs(writer, key, &run, 1);
	}
	else if (cdpk_container_kind(count, runs) != CDPK_CONTAINER_ARRAY)
		put_many_ids(writer, key, ids, count);
	else if (cdpk_buffer_reserve(&writer->bytes, 2 * (size_t) count))
	{
		uint8_t *array = writer->bytes.bytes + writer->bytes.used;

		for (uint32_t i = 0; i < count; i++)
			cdpk_put_le16(array + 2 * (size_t) i, ids[i]);
		writer->bytes.used += 2 * (size_t) count;
		put_entry(writer, key, count);
	}
}

void
cdpk_audience_put_runs(CdpkAudienceWriter *writer, uint64_t key, const CdpkRun *runs,
					   uint32_t number)
{
	uint8_t bytes[CDPK_BITMAP_SIZE];
	CdpkContainer given = {key, CDPK_CONTAINER_RUNS, 0, number, bytes};
	CdpkContainerKind kind;

	for (uint32_t i = 0; i < number; i++)
		given.count += (uint32_t) (runs[i].last - runs[i].first) + 1;
	if (number == 0)
		return;
	kind = cdpk_container_kind(given.count, number);
	if (number > CDPK_RUNS_MAX)
	{
		memset(bytes, 0, sizeof(bytes));
		for (uint32_t i = 0; i < number; i++)
			cdpk_set_run(bytes, runs[i]);
		cdpk_audience_put_bitmap(writer, key, bytes);
		return;
	}
	for (uint32_t i = 0; i < number; i++)
	{
		cdpk_put_le16(bytes + 4 * (size_t) i, runs[i].first);
		cdpk_put_le16(bytes + 4 * (size_t) i + 2, runs[i].last);
	}
	if (kind == CDPK_CONTAINER_RUNS)
		cdpk_audience_put_container(writer, &given);
	else
		put_as(writer, &given, kind);
}

CdpkStatus
cdpk_audience_finish(CdpkAudienceWriter *writer, uint8_t **bytes, size_t *length)
{
	uint32_t chunks = (uint32_t) (writer->directory.used / CDPK_AUDIENCE_ENTRY);
	uint8_t *header;

	cdpk_put_bytes(&writer->bytes, writer->directory.bytes, writer->directory.used);
	if (writer->bytes.status == CDPK_OK)
		writer->bytes.status = writer->directory.status;
	if (writer->bytes.status != CDPK_OK)
	{
		CdpkStatus status = writer->bytes.status;

		cdpk_audience_abandon(writer);
		return status;
	}
	header = writer->bytes.bytes + writer->before;
	header[0] = CDPK_AUDIENCE_VERSION;
	cdpk_put_le16(header + 1, (uint16_t) (chunks & 0xffff));
	cdpk_put_le16(header + 3, (uint16_t) (chunks >> 16));
	cdpk_write_fixed(header + 5, (int64_t) writer->size);
	cdpk_buffer_free(&writer->directory);
	*bytes = writer->bytes.bytes;
	*length = writer->bytes.used - writer->before;
	return CDPK_OK;
}

void
cdpk_audience_abandon(CdpkAudienceWriter *writer)
{
	cdpk_buffer_free(&writer->bytes);
	cdpk_buffer_free(&writer->directory);
}
