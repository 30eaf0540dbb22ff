/*
 * timeline_text.c
 *		The text form of a timeline.
 */
#include "core/text/instant.h"
#include "core/text/json.h"
#include "core/text/utf8.h"
#include "core/timeline/property_text.h"
#include "core/timeline/timeline_text.h"

/* ---------------------------------------------------------------- reading */

typedef struct Parse
{
	CdpkJson json;
	const CdpkAllocator *allocator;
	CdpkTimelineLog **log;
	CdpkTextProblem *problem;
	char *scratch;          /* room for all strings of the text without their escapes */
	size_t scratch_used;    /* by the values of the present event */
	CdpkEventValues values; /* of the present event */
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

/* Return the string that the last token is, without escapes. */
static CdpkSpan
read_string(Parse *p)
{
	CdpkSpan string = p->json.string;

	if (p->json.escaped)
	{
		char *plain = p->scratch + p->scratch_used;

		string.length = cdpk_json_unescape(string, plain);
		string.text = plain;
		p->scratch_used += string.length;
	}
	return string;
}

/* Return the place of the name that the last token is. */
static CdpkStatus
read_name(Parse *p, uint32_t *place)
{
	CdpkSpan name = read_string(p);
	CdpkStatus status = cdpk_log_name(p->log, p->allocator, name.text, name.length, place);

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

/* Read the one value that begins with the last token. */
static CdpkStatus
read_value(Parse *p, uint32_t name, uint64_t element, CdpkJsonToken token)
{
	CdpkSpan number = {p->json.token, (size_t) (p->json.at - p->json.token)};
	CdpkSpan text;
	CdpkDecimal decimal;
	CdpkStatus status;

	switch (token)
	{
		case CDPK_JSON_TRUE:
		case CDPK_JSON_FALSE:
			return cdpk_values_boolean(&p->values, name, element, token == CDPK_JSON_TRUE);
		case CDPK_JSON_NUMBER:
			if (cdpk_decimal_parse(number.text, number.length, &decimal) != CDPK_OK)
				return refuse(p, CDPK_OUT_OF_RANGE, "a number out of range");
			return cdpk_values_number(&p->values, name, element, decimal);
		case CDPK_JSON_STRING:
			text = read_string(p);
			if (text.length > CDPK_PROPERTY_TEXT_MAX)
				return refuse(p, CDPK_TOO_LONG, "a text of more than 256 bytes");
			return cdpk_values_text(&p->values, name, element, text.text, text.length);
		case CDPK_JSON_OBJECT:
			status = expect(p, CDPK_JSON_OBJECT_END, "an object that is not empty");
			if (status != CDPK_OK)
				return status;
			return cdpk_values_left_out(&p->values, name, element);
		default:
			return refuse(p, CDPK_INVALID, "no number, text, boolean or empty object");
	}
}

/* Find out whether a value exceeded a limit, which a text form must not: it is exact. */
static CdpkStatus
check_limits(Parse *p, CdpkStatus status, unsigned left_out, CdpkJsonToken token)
{
	if (status == CDPK_TOO_LONG && p->problem->words == NULL)
		return refuse(p, status, "too many properties");
	if (status == CDPK_OK && p->values.left_out > left_out && token != CDPK_JSON_OBJECT)
		return refuse(p, CDPK_TOO_LONG, "too many values");
	return status;
}

/* Read the value or the values of a property. */
static CdpkStatus
read_values(Parse *p, uint32_t name, uint64_t element)
{
	CdpkJsonToken token;
	CdpkStatus status;
	bool several;

	for (unsigned i = p->values.count; i-- > 0;)
	{
		const CdpkEventValue *value = &p->values.items[i];

		if (value->name == name && value->value.element == element)
			return refuse(p, CDPK_INVALID, "the same property again");
		/* those of an element stand together */
		if (element > 0 && value->value.element != element)
			break;
	}
	status = next(p, &token);
	several = status == CDPK_OK && token == CDPK_JSON_ARRAY;
	while (status == CDPK_OK)
	{
		unsigned left_out = p->values.left_out;

		if (several)
			status = next(p, &token);
		if (status != CDPK_OK || (several && token == CDPK_JSON_ARRAY_END))
			break;
		status = read_value(p, name, element, token);
		status = check_limits(p, status, left_out, token);
		if (!several)
			break;
	}
	return status;
}

static CdpkStatus read_elements(Parse *p);

/* Read the members of an object of properties, which has begun. */
static CdpkStatus
read_properties(Parse *p, uint64_t element)
{
	CdpkStatus status = CDPK_OK;
	CdpkJsonToken token;

	while (status == CDPK_OK)
	{
		uint32_t name;

		status = next(p, &token);
		if (status != CDPK_OK || token == CDPK_JSON_OBJECT_END)
			break;
		if (p->json.string.length == CDPK_ELEMENTS_KEY_LENGTH &&
			memcmp(p->json.string.text, CDPK_ELEMENTS_KEY, CDPK_ELEMENTS_KEY_LENGTH) == 0)
		{
			status = element == 0 ? read_elements(p)
								  : refuse(p, CDPK_INVALID, "elements within an element");
			continue;
		}
		status = read_name(p, &name);
		if (status == CDPK_OK)
			status = read_values(p, name, element);
	}
	return status;
}

/* Read the array of elements. */
static CdpkStatus
read_elements(Parse *p)
{
	CdpkStatus status = expect(p, CDPK_JSON_ARRAY, "no array of elements");
	CdpkJsonToken token;

	for (uint64_t element = 1; status == CDPK_OK; element++)
	{
		status = next(p, &token);
		if (status != CDPK_OK || token == CDPK_JSON_ARRAY_END)
			break;
		if (token != CDPK_JSON_OBJECT)
			return refuse(p, CDPK_INVALID, "an element that is not an object");
		status = read_properties(p, element);
	}
	return status;
}

/* Read one element of a name's array, whose first token has been read. */
static CdpkStatus
read_event(Parse *p, uint32_t name, CdpkJsonToken token)
{
	bool with_properties = token == CDPK_JSON_ARRAY;
	int64_t at;
	CdpkStatus status = with_properties ? next(p, &token) : CDPK_OK;

	p->scratch_used = 0;
	cdpk_values_begin(&p->values);
	if (status == CDPK_OK && token != CDPK_JSON_STRING)
		status = refuse(p, CDPK_INVALID, "neither a time nor an array of a time and properties");
	if (status == CDPK_OK)
		status = read_time(p, &at);
	if (status == CDPK_OK && with_properties)
		status = expect(p, CDPK_JSON_OBJECT, "no object of properties after the time");
	if (status == CDPK_OK && with_properties)
		status = read_properties(p, 0);
	if (status == CDPK_OK && with_properties && p->values.count == 0)
		status = refuse(p, CDPK_INVALID, "an object without properties");
	if (status == CDPK_OK && with_properties)
		status = expect(p, CDPK_JSON_ARRAY_END, "more than a time and properties");
	if (status == CDPK_OK)
		status = cdpk_log_event_values(p->log, p->allocator, name, at, &p->values);
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
	p.scratch_used = 0;
	p.values = cdpk_values(allocator);
	p.scratch = cdpk_allocate(allocator, length + 1);
	if (p.scratch == NULL)
		return CDPK_OUT_OF_MEMORY;
	status = read_names(&p);
	cdpk_values_free(&p.values);
	cdpk_release(allocator, p.scratch);
	return status;
}

/* ---------------------------------------------------------------- printing */

/* Append an event: its time, or an array of it and its properties. */
static CdpkStatus
put_event(CdpkBuffer *buffer, CdpkPropertyPrint *print, uint64_t event, int64_t at)
{
	char time[CDPK_TIMESTAMP_TEXT_MAX];
	bool any;
	CdpkStatus status = cdpk_property_print_event(print, event, &any);

	if (status != CDPK_OK)
		return status;
	if (event > 0)
		cdpk_put_bytes(buffer, ", ", 2);
	if (any)
		cdpk_put_byte(buffer, '[');
	cdpk_instant_print(at, time);
	cdpk_put_json_string(buffer, time, strlen(time));
	if (any)
	{
		cdpk_put_bytes(buffer, ", ", 2);
		cdpk_property_print_object(print, buffer);
		cdpk_put_byte(buffer, ']');
	}
	return buffer->status;
}

/* Append a name and its events. */
static CdpkStatus
put_column(CdpkBuffer *buffer, CdpkPropertyPrint *print, CdpkColumn *column)
{
	int64_t at;
	CdpkStatus status = cdpk_property_print_column(print, column);

	if (status != CDPK_OK)
		return status;
	cdpk_put_json_string(buffer, column->name, column->name_length);
	cdpk_put_bytes(buffer, ": [", 3);
	for (uint64_t event = 0; status == CDPK_OK && cdpk_column_next(column, &at); event++)
		status = put_event(buffer, print, event, at);
	cdpk_put_byte(buffer, ']');
	return status == CDPK_OK && column->times.failed ? CDPK_CORRUPT : status;
}

CdpkStatus
cdpk_timeline_print(const uint8_t *bytes, size_t length, const CdpkAllocator *allocator,
					char **text, size_t *text_length)
{
	CdpkBuffer buffer = cdpk_buffer(allocator, CDPK_TEXT_MAX);
	CdpkPropertyPrint print;
	CdpkTimeline timeline;
	CdpkColumn column;
	CdpkStatus status = cdpk_timeline_open(bytes, length, &timeline);

	if (status != CDPK_OK)
		return status;
	status = cdpk_property_print_begin(&print, &timeline, allocator);
	cdpk_buffer_reserve(&buffer, 256);
	cdpk_put_byte(&buffer, '{');
	for (bool first = true; status == CDPK_OK && cdpk_timeline_next(&timeline, &column);
		 first = false)
	{
		cdpk_put_bytes(&buffer, ", ", first ? 0 : 2);
		status = put_column(&buffer, &print, &column);
	}
	if (status == CDPK_OK && cdpk_timeline_failed(&timeline))
		status = CDPK_CORRUPT;
	cdpk_put_byte(&buffer, '}');
	cdpk_put_byte(&buffer, '\0');
	if (status == CDPK_OK)
		status = buffer.status;
	cdpk_property_print_end(&print);
	if (status != CDPK_OK)
	{
		cdpk_buffer_free(&buffer);
		return status;
	}
	*text = (char *) buffer.bytes;
	*text_length = buffer.used - 1;
	return CDPK_OK;
}
