/*
 * timeline_text.c
 *		The text form of a timeline.
 */
#include "core/text/instant.h"
#include "core/text/json.h"
#include "core/timeline/timeline_text.h"
#include "core/text/utf8.h"

/* ---------------------------------------------------------------- reading */

typedef struct Parse
{
	CdpkJson json;
	const CdpkAllocator *allocator;
	CdpkTimelineLog **log;
	CdpkTextProblem *problem;
	char *scratch; /* room for any string of the text without its escapes */
} Parse;

/* Report what is wrong with the last token. */
static CdpkStatus
refuse(Parse *p, CdpkStatus status, const char *words)
{
	p->problem->words = words;
	p->problem->position = (size_t) (p->json.token - p->json.start) + 1;
	return status;
}

/* Read a token; report invalid JSON. */
static CdpkStatus
next(Parse *p, CdpkJsonToken *token)
{
	*token = cdpk_json_next(&p->json);
	if (*token != CDPK_JSON_INVALID)
		return CDPK_OK;
	p->problem->words = p->json.problem;
	p->problem->position = (size_t) (p->json.at - p->json.start) + 1;
	return CDPK_INVALID;
}

/* Read a token that must be of one kind. */
static CdpkStatus
expect(Parse *p, CdpkJsonToken wanted, const char *words)
{
	CdpkJsonToken token;
	CdpkStatus status = next(p, &token);

	return status == CDPK_OK && token != wanted ? refuse(p, CDPK_INVALID, words) : status;
}

/* Return the place of the name that the last token is. */
static CdpkStatus
read_name(Parse *p, uint32_t *place)
{
	CdpkSpan name = p->json.string;
	CdpkStatus status;

	if (p->json.escaped)
	{
		name.length = cdpk_json_unescape(name, p->scratch);
		name.text = p->scratch;
	}
	status = cdpk_log_name(p->log, p->allocator, name.text, name.length, place);
	if (status == CDPK_EMPTY)
		return refuse(p, status, "an empty name");
	return status == CDPK_TOO_LONG ? refuse(p, status, "too many names") : status;
}

/* Read the time that the last token is. */
static CdpkStatus
read_time(Parse *p, int64_t *at)
{
	CdpkStatus status = cdpk_instant_parse(p->json.string.text, p->json.string.length, at);

	if (status == CDPK_OK && (*at < CDPK_TIME_MIN || *at >= CDPK_TIME_END))
		status = CDPK_OUT_OF_RANGE;
	if (status == CDPK_OUT_OF_RANGE)
		return refuse(p, status, "a time out of range");
	return status == CDPK_OK ? status : refuse(p, status, "no time in the form of ISO 8601");
}

/* Read the object of an event's numbers. */
static CdpkStatus
read_numbers(Parse *p, CdpkNumber *numbers, unsigned *count)
{
	CdpkStatus status = expect(p, CDPK_JSON_OBJECT, "no object of numbers after the time");
	CdpkJsonToken token;

	for (*count = 0; status == CDPK_OK; (*count)++)
	{
		status = next(p, &token);
		if (status != CDPK_OK || token == CDPK_JSON_OBJECT_END)
			break;
		if (*count == CDPK_NUMBERS_MAX)
			return refuse(p, CDPK_TOO_LONG, "too many numbers");
		status = read_name(p, &numbers[*count].name);
		for (unsigned i = 0; status == CDPK_OK && i < *count; i++)
			if (numbers[i].name == numbers[*count].name)
				status = refuse(p, CDPK_INVALID, "the same number again");
		if (status == CDPK_OK)
			status = expect(p, CDPK_JSON_NUMBER, "no number");
		if (status == CDPK_OK &&
			cdpk_decimal_parse(p->json.token, (size_t) (p->json.at - p->json.token),
							   &numbers[*count].value) != CDPK_OK)
			status = refuse(p, CDPK_OUT_OF_RANGE, "a number out of range");
	}
	return status == CDPK_OK && *count == 0 ? refuse(p, CDPK_INVALID, "an object without numbers")
											: status;
}

/* Read one element of a name's array, whose first token has been read. */
static CdpkStatus
read_event(Parse *p, uint32_t name, CdpkJsonToken token)
{
	CdpkNumber numbers[CDPK_NUMBERS_MAX];
	unsigned count = 0;
	bool with_numbers = token == CDPK_JSON_ARRAY;
	int64_t at;
	CdpkStatus status = with_numbers ? next(p, &token) : CDPK_OK;

	if (status == CDPK_OK && token != CDPK_JSON_STRING)
		status = refuse(p, CDPK_INVALID, "neither a time nor an array of a time and numbers");
	if (status == CDPK_OK)
		status = read_time(p, &at);
	if (status == CDPK_OK && with_numbers)
		status = read_numbers(p, numbers, &count);
	if (status == CDPK_OK && with_numbers)
		status = expect(p, CDPK_JSON_ARRAY_END, "more than a time and numbers");
	if (status == CDPK_OK)
		status = cdpk_log_event(p->log, p->allocator, name, at, numbers, count);
	return status == CDPK_TOO_LONG && p->problem->words == NULL
			   ? refuse(p, status, "too many events")
			   : status;
}

/* Read the members of the outermost object. */
static CdpkStatus
read_names(Parse *p)
{
	CdpkStatus status = expect(p, CDPK_JSON_OBJECT, "no object");
	CdpkJsonToken token;

	while (status == CDPK_OK)
	{
		uint32_t name;

		status = next(p, &token);
		if (status != CDPK_OK || token == CDPK_JSON_OBJECT_END)
			break;
		status = read_name(p, &name);
		if (status == CDPK_OK)
			status = expect(p, CDPK_JSON_ARRAY, "no array of events");
		while (status == CDPK_OK)
		{
			status = next(p, &token);
			if (status != CDPK_OK || token == CDPK_JSON_ARRAY_END)
				break;
			status = read_event(p, name, token);
		}
	}
	return status == CDPK_OK ? expect(p, CDPK_JSON_END, "more than one object") : status;
}

CdpkStatus
cdpk_timeline_parse(const char *text, size_t length, const CdpkAllocator *allocator,
					CdpkTimelineLog **log, CdpkTextProblem *problem)
{
	Parse p;
	bool ascii;
	CdpkStatus status = cdpk_utf8_check(text, length, &ascii);

	problem->words = NULL;
	problem->position = 0;
	if (status != CDPK_OK)
		return status;
	p.json = cdpk_json(text, length);
	p.allocator = allocator;
	p.log = log;
	p.problem = problem;
	p.scratch = cdpk_allocate(allocator, length + 1);
	if (p.scratch == NULL)
		return CDPK_OUT_OF_MEMORY;
	status = read_names(&p);
	cdpk_release(allocator, p.scratch);
	return status;
}

/* ---------------------------------------------------------------- printing */

typedef struct Print
{
	const CdpkAllocator *allocator;
	char *text;
	size_t length;
	size_t capacity;
} Print;

/* Make room for "size" more bytes and a NUL. */
static CdpkStatus
room(Print *p, size_t size)
{
	size_t capacity = p->capacity;
	char *text;

	if (p->length + size < capacity)
		return CDPK_OK;
	if (p->length + size >= CDPK_TEXT_MAX)
		return CDPK_TOO_LONG;
	while (p->length + size >= capacity)
		capacity *= 2;
	if (capacity > CDPK_TEXT_MAX)
		capacity = CDPK_TEXT_MAX;
	text = cdpk_allocate(p->allocator, capacity);
	if (text == NULL)
		return CDPK_OUT_OF_MEMORY;
	memcpy(text, p->text, p->length);
	cdpk_release(p->allocator, p->text);
	p->text = text;
	p->capacity = capacity;
	return CDPK_OK;
}

/* Append bytes. */
static CdpkStatus
put(Print *p, const char *bytes, size_t length)
{
	CdpkStatus status = room(p, length);

	if (status != CDPK_OK)
		return status;
	memcpy(p->text + p->length, bytes, length);
	p->length += length;
	return CDPK_OK;
}

/* Append a JSON string and what follows it. */
static CdpkStatus
put_string(Print *p, const char *string, size_t length, const char *behind)
{
	static const char hex[] = "0123456789abcdef";
	CdpkStatus status = put(p, "\"", 1);

	for (size_t i = 0; status == CDPK_OK && i < length; i++)
	{
		unsigned char byte = (unsigned char) string[i];
		char escape[] = "\\u00";
		char digits[] = {hex[byte >> 4], hex[byte & 15]};

		if (byte == '"' || byte == '\\')
			status = put(p, "\\", 1);
		if (status == CDPK_OK && byte >= 0x20)
			status = put(p, string + i, 1);
		else if (status == CDPK_OK)
		{
			status = put(p, escape, 4);
			status = status == CDPK_OK ? put(p, digits, 2) : status;
		}
	}
	if (status == CDPK_OK)
		status = put(p, "\"", 1);
	return status == CDPK_OK ? put(p, behind, strlen(behind)) : status;
}

/* Append the object of an event's numbers, where it has any. */
static CdpkStatus
put_numbers(Print *p, const CdpkTimeline *timeline, CdpkNumberColumn *columns, unsigned count,
			uint64_t event, bool *any)
{
	CdpkStatus status = CDPK_OK;

	*any = false;
	for (unsigned i = 0; status == CDPK_OK && i < count; i++)
	{
		char digits[CDPK_DECIMAL_TEXT_MAX];
		CdpkDecimal value;
		bool present;
		size_t length = 0;
		const char *name = cdpk_timeline_number_name(timeline, columns[i].name, &length);

		status = cdpk_number_next(&columns[i], event, &present, &value);
		if (name == NULL)
			return CDPK_CORRUPT;
		if (status != CDPK_OK || !present)
			continue;
		status = put(p, *any ? ", " : ", {", *any ? 2 : 3);
		if (status == CDPK_OK)
			status = put_string(p, name, length, ": ");
		if (status == CDPK_OK)
			status = put(p, digits, cdpk_decimal_print(value, digits));
		*any = true;
	}
	return status == CDPK_OK && *any ? put(p, "}]", 2) : status;
}

/* Append an event; whether it is an array is known only after its numbers. */
static CdpkStatus
put_event(Print *p, const CdpkTimeline *timeline, CdpkNumberColumn *columns, unsigned count,
		  uint64_t event, int64_t at)
{
	char time[CDPK_TIMESTAMP_TEXT_MAX];
	CdpkStatus status = event > 0 ? put(p, ", ", 2) : CDPK_OK;
	size_t start = p->length;
	bool any = false;

	cdpk_instant_print(at, time);
	if (status == CDPK_OK)
		status = put_string(p, time, strlen(time), "");
	if (status == CDPK_OK && count > 0)
		status = put_numbers(p, timeline, columns, count, event, &any);
	if (status == CDPK_OK && any)
		status = room(p, 1);
	if (status == CDPK_OK && any)
	{
		memmove(p->text + start + 1, p->text + start, p->length - start);
		p->text[start] = '[';
		p->length++;
	}
	return status;
}

/* Append a name and its events. */
static CdpkStatus
put_column(Print *p, const CdpkTimeline *timeline, CdpkColumn *column)
{
	CdpkNumberColumn columns[CDPK_NUMBERS_MAX];
	unsigned count;
	int64_t at;
	CdpkStatus status = cdpk_column_numbers(column, columns, &count);

	if (status == CDPK_OK)
		status = put_string(p, column->name, column->name_length, ": [");
	for (uint64_t event = 0; status == CDPK_OK && cdpk_column_next(column, &at); event++)
		status = put_event(p, timeline, columns, count, event, at);
	if (status == CDPK_OK && column->times.failed)
		return CDPK_CORRUPT;
	return status == CDPK_OK ? put(p, "]", 1) : status;
}

CdpkStatus
cdpk_timeline_print(const uint8_t *bytes, size_t length, const CdpkAllocator *allocator,
					char **text, size_t *text_length)
{
	Print p = {allocator, cdpk_allocate(allocator, 256), 0, 256};
	CdpkTimeline timeline;
	CdpkColumn column;
	CdpkStatus status = cdpk_timeline_open(bytes, length, &timeline);

	if (p.text == NULL)
		return CDPK_OUT_OF_MEMORY;
	if (status == CDPK_OK)
		status = put(&p, "{", 1);
	for (bool first = true; status == CDPK_OK && cdpk_timeline_next(&timeline, &column);
		 first = false)
	{
		status = first ? CDPK_OK : put(&p, ", ", 2);
		if (status == CDPK_OK)
			status = put_column(&p, &timeline, &column);
	}
	if (status == CDPK_OK && cdpk_timeline_failed(&timeline))
		status = CDPK_CORRUPT;
	if (status == CDPK_OK)
		status = put(&p, "}", 1);
	if (status != CDPK_OK)
	{
		cdpk_release(allocator, p.text);
		return status;
	}
	p.text[p.length] = '\0';
	*text = p.text;
	*text_length = p.length;
	return CDPK_OK;
}
