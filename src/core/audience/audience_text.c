/*
 * audience_text.c
 *		The text form of an audience: its ids, ascending, as {-3,1,5..9}.
 *
 * Three ids or more in a row are written as a range.
 */
#include "core/audience/audience_text.h"

#include <stdlib.h>

#include "core/audience/audience_write.h"

/* chunks after which a cancelled query gets a chance */
#define PAUSE_EVERY 1024

typedef struct Range
{
	int64_t first;
	int64_t last;
} Range;

typedef struct Parse
{
	const char *start;
	const char *at;
	const char *end;
	CdpkBuffer ranges; /* of Range */
	CdpkTextProblem *problem;
} Parse;

/* Note what is wrong at the present place; always returns false. */
static bool
refuse(Parse *parse, const char *words)
{
	parse->problem->words = words;
	parse->problem->position = (size_t) (parse->at - parse->start) + 1;
	return false;
}

static void
skip_blanks(Parse *parse)
{
	while (parse->at < parse->end &&
		   (*parse->at == ' ' || *parse->at == '\t' || *parse->at == '\r' || *parse->at == '\n'))
		parse->at++;
}

/* Take a word if it comes next. */
static bool
take(Parse *parse, const char *word)
{
	size_t length = strlen(word);

	skip_blanks(parse);
	if ((size_t) (parse->end - parse->at) < length || memcmp(parse->at, word, length) != 0)
		return false;
	parse->at += length;
	return true;
}

/* Read an id. */
static bool
parse_id(Parse *parse, int64_t *id)
{
	const char *digits;
	bool negative = take(parse, "-");
	uint64_t most = (uint64_t) INT64_MAX + negative;
	uint64_t value = 0;

	for (digits = parse->at; parse->at < parse->end && *parse->at >= '0' && *parse->at <= '9';
		 parse->at++)
	{
		unsigned digit = (unsigned) (*parse->at - '0');

		if (value > (most - digit) / 10)
			return refuse(parse, "an id is out of range for type bigint");
		value = 10 * value + digit;
	}
	if (parse->at == digits)
		return refuse(parse, "an id is expected");
	*id = negative ? (int64_t) (0 - value) : (int64_t) value;
	return true;
}

/* Read an id or a range. */
static bool
parse_range(Parse *parse)
{
	Range range;

	if (!parse_id(parse, &range.first))
		return false;
	range.last = range.first;
	if (take(parse, "..") && !parse_id(parse, &range.last))
		return false;
	if (range.last < range.first)
		return refuse(parse, "a range ends before it begins");
	cdpk_put_bytes(&parse->ranges, &range, sizeof(range));
	return true;
}

/* Read all ranges. */
static bool
parse_all(Parse *parse)
{
	if (!take(parse, "{"))
		return refuse(parse, "an opening brace is expected");
	if (!take(parse, "}"))
	{
		do
			if (!parse_range(parse))
				return false;
		while (take(parse, ","));
		if (!take(parse, "}"))
			return refuse(parse, "a comma or a closing brace is expected");
	}
	skip_blanks(parse);
	return parse->at == parse->end || refuse(parse, "nothing may follow the closing brace");
}

static int
compare_ranges(const void *a, const void *b)
{
	int64_t x = ((const Range *) a)->first;
	int64_t y = ((const Range *) b)->first;

	return (x > y) - (x < y);
}

/* Sort ranges and join those that touch; returns how many are left. */
static size_t
join_ranges(Range *ranges, size_t count)
{
	size_t sorted = 1;
	size_t kept = 0;

	while (sorted < count && ranges[sorted - 1].first <= ranges[sorted].first)
		sorted++;
	if (sorted < count)
		qsort(ranges, count, sizeof(Range), compare_ranges);
	for (size_t i = 0; i < count; i++)
	{
		Range *before = kept > 0 ? &ranges[kept - 1] : NULL;

		if (before == NULL || (before->last != INT64_MAX && before->last + 1 < ranges[i].first))
			ranges[kept++] = ranges[i];
		else if (before->last < ranges[i].last)
			before->last = ranges[i].last;
	}
	return kept;
}

/* runs of the chunk that is collected */
typedef struct Collected
{
	uint64_t key;
	uint32_t number;
	CdpkRun runs[CDPK_CHUNK_IDS / 2];
} Collected;

static void
put_collected(CdpkAudienceWriter *writer, Collected *collected)
{
	cdpk_audience_put_runs(writer, collected->key, collected->runs, collected->number);
	collected->number = 0;
}

/* Write ranges that ascend and do not touch. */
static void
put_ranges(CdpkAudienceWriter *writer, const Range *ranges, size_t count, CdpkPause pause,
		   Collected *collected)
{
	collected->number = 0;
	for (size_t i = 0; i < count; i++)
	{
		uint64_t last = cdpk_id_key(ranges[i].last);
		uint64_t key = cdpk_id_key(ranges[i].first);

		/* each chunk takes an entry and a run: too many are known without writing them */
		if (last - key >= CDPK_AUDIENCE_MAX / (CDPK_AUDIENCE_ENTRY + 4))
			writer->bytes.status = CDPK_TOO_LONG;
		for (; key <= last && writer->bytes.status == CDPK_OK; key++)
		{
			uint64_t first_key = cdpk_id_key(ranges[i].first);
			CdpkRun run = {0, UINT16_MAX};

			if (pause != NULL && key % PAUSE_EVERY == 0)
				pause();
			if (key == first_key)
				run.first = (uint16_t) ((uint64_t) ranges[i].first & 0xffff);
			if (key == last)
				run.last = (uint16_t) ((uint64_t) ranges[i].last & 0xffff);
			if (collected->number > 0 && collected->key != key)
				put_collected(writer, collected);
			collected->key = key;
			collected->runs[collected->number++] = run;
		}
	}
	put_collected(writer, collected);
}

CdpkStatus
cdpk_audience_parse(const char *text, size_t text_length, const CdpkAllocator *allocator,
					size_t before, CdpkPause pause, uint8_t **bytes, size_t *length,
					CdpkTextProblem *problem)
{
	Parse parse = {text, text, text + text_length, cdpk_buffer(allocator, CDPK_TEXT_MAX), problem};
	CdpkAudienceWriter writer;
	Collected *collected;
	size_t count;

	if (!parse_all(&parse) || parse.ranges.status != CDPK_OK)
	{
		CdpkStatus status = parse.ranges.status;

		cdpk_buffer_free(&parse.ranges);
		return status != CDPK_OK ? status : CDPK_INVALID;
	}
	collected = cdpk_allocate(allocator, sizeof(*collected));
	if (collected == NULL)
	{
		cdpk_buffer_free(&parse.ranges);
		return CDPK_OUT_OF_MEMORY;
	}
	count = join_ranges((Range *) (void *) parse.ranges.bytes, parse.ranges.used / sizeof(Range));
	cdpk_audience_begin(&writer, allocator, before, 0);
	put_ranges(&writer, (const Range *) (const void *) parse.ranges.bytes, count, pause, collected);
	cdpk_release(allocator, collected);
	cdpk_buffer_free(&parse.ranges);
	return cdpk_audience_finish(&writer, bytes, length);
}

static void
print_id(CdpkBuffer *buffer, int64_t id)
{
	uint64_t rest = id < 0 ? 0 - (uint64_t) id : (uint64_t) id;
	char digits[20];
	size_t at = sizeof(digits);

	do
		digits[--at] = (char) ('0' + rest % 10);
	while ((rest /= 10) > 0);
	if (id < 0)
		cdpk_put_byte(buffer, '-');
	cdpk_put_bytes(buffer, digits + at, sizeof(digits) - at);
}

/* Print a run that does not touch another. */
static void
print_range(CdpkBuffer *buffer, int64_t first, int64_t last)
{
	if (buffer->used > 1)
		cdpk_put_byte(buffer, ',');
	print_id(buffer, first);
	if (first == last)
		return;
	cdpk_put_bytes(buffer, "..", last == first + 1 ? 0 : 2);
	if (last == first + 1)
		cdpk_put_byte(buffer, ',');
	print_id(buffer, last);
}

CdpkStatus
cdpk_audience_print(const CdpkAudience *audience, const CdpkAllocator *allocator, char **text)
{
	CdpkBuffer buffer = cdpk_buffer(allocator, CDPK_TEXT_MAX);
	CdpkAudienceWalk walk;
	int64_t first;
	int64_t last;
	int64_t run_first = 0;
	int64_t run_last = 0;
	bool open = false; /* a run that the next chunk may go on with */

	cdpk_put_byte(&buffer, '{');
	cdpk_audience_walk(audience, &walk);
	while (cdpk_audience_next(&walk, &first, &last) && buffer.status == CDPK_OK)
	{
		if (open && run_last != INT64_MAX && run_last + 1 == first)
		{
			run_last = last;
			continue;
		}
		if (open)
			print_range(&buffer, run_first, run_last);
		open = true;
		run_first = first;
		run_last = last;
	}
	if (open)
		print_range(&buffer, run_first, run_last);
	cdpk_put_bytes(&buffer, "}", 2);
	if (walk.status != CDPK_OK || buffer.status != CDPK_OK)
	{
		cdpk_buffer_free(&buffer);
		return walk.status != CDPK_OK ? walk.status : buffer.status;
	}
	*text = (char *) buffer.bytes;
	return CDPK_OK;
}
