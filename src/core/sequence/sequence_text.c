/*
 * sequence_text.c
 *		The text of a sequence.
 */
#include "core/sequence/sequence_form.h"

#include <string.h>

#include "core/sequence/sequence_words.h"
#include "core/sequence/step_parse.h"
#include "core/text/timestamp.h"
#include "core/text/utf8.h"

/* words that are no names unless they are quoted */
static const char *const words[] = {"not", "after", "within", "in"};

const CdpkSequenceUnit cdpk_sequence_units[CDPK_SEQUENCE_UNITS] = {{"week", 7 * CDPK_DAY},
																   {"day", CDPK_DAY},
																   {"hour", 3600 * CDPK_SECOND},
																   {"minute", 60 * CDPK_SECOND},
																   {"second", CDPK_SECOND},
																   {"millisecond", 1000},
																   {"microsecond", 1}};

/* The sequence that is read. */
typedef struct Reading
{
	CdpkParse parse;
	CdpkSequence *sequence;
	/* of all alternatives so far */
	unsigned conditions;
	unsigned literals;
	CdpkPrevious previous; /* of the present item */
} Reading;

/* ---------------------------------------------------------------- tokens */

/* Return the bytes of a character that a name without quotes can have, or 0. */
static size_t
bare_character(const char *at, const char *end, bool first)
{
	uint32_t character;
	size_t length;

	if (cdpk_is_ascii_letter(*at) || *at == '_')
		return 1;
	if ((unsigned char) *at < 0x80)
		return !first && (cdpk_is_ascii_digit(*at) || *at == '.' || *at == ':' || *at == '/' ||
						  *at == '$' || (*at == '-' && (at + 1 == end || at[1] != '>')));
	length = cdpk_utf8_decode(at, end, &character);
	return cdpk_is_blank(character) || cdpk_is_control(character) ? 0 : length;
}

size_t
cdpk_sequence_bare_length(const char *at, const char *end)
{
	const char *start = at;

	while (at < end)
	{
		size_t length = bare_character(at, end, at == start);

		if (length == 0)
			break;
		at += length;
	}
	return (size_t) (at - start);
}

bool
cdpk_sequence_is_reserved(const char *text, size_t length)
{
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (cdpk_parse_is(text, length, words[i]))
			return true;
	return false;
}

/* Accept a word if it comes next. */
static bool
take_word(CdpkParse *p, const char *word)
{
	size_t length = cdpk_sequence_bare_length(p->at, p->end);

	if (!cdpk_parse_is(p->at, length, word))
		return false;
	p->at += length;
	cdpk_parse_skip_blanks(p);
	return true;
}

/* Parse a whole number from 1 on. */
static CdpkStatus
take_number(CdpkParse *p, int64_t most, int64_t *number)
{
	const char *start = p->at;

	for (*number = 0; p->at < p->end && cdpk_is_ascii_digit(*p->at); p->at++)
	{
		int digit = *p->at - '0';

		if (*number > (most - digit) / 10)
			return cdpk_parse_refuse(p, CDPK_OUT_OF_RANGE, start, "a number out of range");
		*number = *number * 10 + digit;
	}
	if (p->at == start || *number == 0)
		return cdpk_parse_refuse(p, CDPK_INVALID, start, "no whole number from 1 on");
	cdpk_parse_skip_blanks(p);
	return CDPK_OK;
}

/* ---------------------------------------------------------------- parts */

/* Parse an event's name, or a star (*name is NULL then). */
static CdpkStatus
take_name(CdpkParse *p, CdpkName *room, const CdpkName **name)
{
	const char *start = p->at;
	CdpkStatus status = CDPK_OK;

	*name = NULL;
	if (cdpk_parse_take(p, "*"))
		return CDPK_OK;
	room->text = p->at;
	room->length = cdpk_sequence_bare_length(p->at, p->end);
	*name = room;
	if (room->length == 0 && (p->at == p->end || *p->at != '"'))
		return cdpk_parse_refuse(p, CDPK_INVALID, start, "no name of an event");
	if (room->length == 0)
	{
		status = cdpk_parse_quoted(p, room);
		if (status == CDPK_OK && room->length == 0)
			return cdpk_parse_refuse(p, CDPK_INVALID, start, "an empty name");
		return status;
	}
	if (cdpk_sequence_is_reserved(room->text, room->length))
		return cdpk_parse_refuse(
			p, CDPK_INVALID, start,
			"no name of an event; write a name that is such a word in double quotes");
	p->at += room->length;
	cdpk_parse_skip_blanks(p);
	return status;
}

/* Keep an alternative whose bytes were written, unless it is there, and return its number. */
static CdpkStatus
keep_alternative(Reading *r, const char *start, const CdpkName *form, const CdpkName *name,
				 unsigned *number)
{
	CdpkParse *p = &r->parse;
	CdpkSequence *sequence = r->sequence;
	unsigned i = 0;

	while (i < sequence->alternatives &&
		   (sequence->form[i].length != form->length ||
			memcmp(sequence->form[i].text, form->text, form->length) != 0))
		i++;
	*number = i;
	if (i < sequence->alternatives)
	{
		p->to -= form->length;
		return CDPK_OK;
	}
	r->conditions += p->conditions;
	r->literals += p->literals;
	if (i == CDPK_SEQUENCE_ALTERNATIVES_MAX)
		return cdpk_parse_refuse(p, CDPK_TOO_LONG, start, "more than 32 different events");
	if (r->conditions > CDPK_STEP_CONDITIONS_MAX)
		return cdpk_parse_refuse(p, CDPK_TOO_LONG, start, "more than 64 conditions");
	if (r->literals > CDPK_STEP_LITERALS_MAX)
		return cdpk_parse_refuse(p, CDPK_TOO_LONG, start, "more than 1,000 values");
	/* what is written needs no more of it than this */
	sequence->alternative[i] = cdpk_plain_step(NULL, 0);
	sequence->alternative[i].plain = name != NULL && p->conditions == 0;
	if (name != NULL)
		sequence->alternative[i].alone.name = *name;
	sequence->form[i] = *form;
	sequence->alternatives++;
	return CDPK_OK;
}

/* Parse an alternative and add it to a set. */
static CdpkStatus
take_alternative(Reading *r, uint32_t *any)
{
	CdpkParse *p = &r->parse;
	const char *start = p->at;
	CdpkName form = {(const char *) p->to, 0};
	CdpkName room;
	const CdpkName *name;
	unsigned number;
	CdpkStatus status = take_name(p, &room, &name);

	p->conditions = p->literals = 0;
	if (status == CDPK_OK)
		status = cdpk_parse_conditions(p, name);
	form.length = (size_t) ((const char *) p->to - form.text);
	if (status == CDPK_OK)
		status = keep_alternative(r, start, &form, name, &number);
	if (status == CDPK_OK)
		*any |= UINT32_C(1) << number;
	return status;
}

/* Parse an alternative, or several in parentheses. */
static CdpkStatus
take_any(Reading *r, uint32_t *any)
{
	CdpkParse *p = &r->parse;
	const char *start = p->at;
	CdpkStatus status;

	if (!cdpk_parse_take(p, "("))
		return take_alternative(r, any);
	p->previous = NULL;
	do
		status = take_alternative(r, any);
	while (status == CDPK_OK && cdpk_parse_take(p, "|"));
	if (status == CDPK_OK && !cdpk_parse_take(p, ")"))
		return cdpk_parse_refuse(p, CDPK_INVALID, p->at == p->end ? start : p->at,
								 p->at == p->end ? "a parenthesis that does not end"
												 : "neither | nor )");
	return status;
}

/* Parse a length of time. */
static CdpkStatus
take_length(CdpkParse *p, int64_t *length)
{
	const char *start = p->at;
	size_t word;
	int64_t number;
	CdpkStatus status = take_number(p, INT64_MAX, &number);

	if (status != CDPK_OK)
		return status;
	word = cdpk_sequence_bare_length(p->at, p->end);
	word -= word > 1 && cdpk_ascii_lower(p->at[word - 1]) == 's';
	for (size_t i = 0; i < CDPK_SEQUENCE_UNITS; i++)
	{
		if (!cdpk_parse_is(p->at, word, cdpk_sequence_units[i].name))
			continue;
		if (number > INT64_MAX / cdpk_sequence_units[i].length)
			return cdpk_parse_refuse(p, CDPK_OUT_OF_RANGE, start, "a length of time out of range");
		*length = number * cdpk_sequence_units[i].length;
		p->at += cdpk_sequence_bare_length(p->at, p->end);
		cdpk_parse_skip_blanks(p);
		return CDPK_OK;
	}
	if (cdpk_parse_is(p->at, word, "month") || cdpk_parse_is(p->at, word, "year"))
		return cdpk_parse_refuse(p, CDPK_INVALID, p->at,
								 "a unit without an exact length; days have 24 hours");
	return cdpk_parse_refuse(
		p, CDPK_INVALID, p->at,
		"no unit of time: weeks, days, hours, minutes, seconds, milliseconds or "
		"microseconds");
}

/* Parse the bounds of an item. */
static CdpkStatus
take_windows(CdpkParse *p, CdpkSequenceItem *item)
{
	CdpkStatus status = CDPK_OK;

	while (status == CDPK_OK)
	{
		const char *start = p->at;
		bool within = take_word(p, "within");
		int64_t *length = within ? &item->within : &item->after;

		if (!within && !take_word(p, "after"))
			break;
		if (*length != 0)
			return cdpk_parse_refuse(p, CDPK_INVALID, start, "the same word again");
		status = take_length(p, length);
	}
	return status;
}

/* Keep what an item compares with the event before: one number in all items. */
static CdpkStatus
keep_previous(Reading *r, CdpkSequenceItem *item)
{
	const CdpkName *property = &r->previous.property;
	CdpkName *compared = &r->sequence->compared;

	if (property->length == 0)
		return CDPK_OK;
	/* before it becomes part of another absence */
	if (item->absent)
		return cdpk_parse_refuse(&r->parse, CDPK_INVALID, r->parse.start + item->position - 1,
								 CDPK_SEQUENCE_ABSENT_PREVIOUS);
	item->previous = (uint8_t) r->previous.operation;
	if (compared->length == 0)
		*compared = *property;
	if (compared->length == property->length &&
		memcmp(compared->text, property->text, property->length) == 0)
		return CDPK_OK;
	return cdpk_parse_refuse(&r->parse, CDPK_INVALID, r->parse.start + item->position - 1,
							 "previous of another property than before");
}

/* Parse an item, between two arrows. */
static CdpkStatus
take_item(Reading *r)
{
	CdpkParse *p = &r->parse;
	CdpkSequence *sequence = r->sequence;
	CdpkSequenceItem item = {0};
	CdpkStatus status = CDPK_OK;
	int64_t times = 1;

	item.position = (size_t) (p->at - p->start) + 1;
	item.absent = cdpk_parse_take(p, "!") || take_word(p, "not");
	if (!item.absent && p->at < p->end && cdpk_is_ascii_digit(*p->at))
	{
		status = take_number(p, INT32_MAX, &times);
		if (status == CDPK_OK && !take_word(p, "x"))
			return cdpk_parse_refuse(p, CDPK_INVALID, p->at,
									 "no x after the number, as in 3 x view");
	}
	item.times = (uint32_t) times;
	r->previous.property.length = 0;
	p->previous = &r->previous;
	if (status == CDPK_OK)
		status = take_any(r, &item.any);
	item.optional = status == CDPK_OK && cdpk_parse_take(p, "?");
	if (status == CDPK_OK)
		status = keep_previous(r, &item);
	if (status == CDPK_OK)
		status = take_windows(p, &item);
	if (status != CDPK_OK)
		return status;
	/* absence of one item and of the next is one absence of both */
	if (item.absent && !item.optional && sequence->items > 0 &&
		sequence->item[sequence->items - 1].absent &&
		sequence->item[sequence->items - 1].within == 0)
	{
		item.any |= sequence->item[sequence->items - 1].any;
		sequence->items--;
	}
	if (sequence->items == CDPK_SEQUENCE_ITEMS_MAX)
		return cdpk_parse_refuse(p, CDPK_TOO_LONG, p->start + item.position - 1,
								 "more than 64 events");
	sequence->item[sequence->items++] = item;
	return CDPK_OK;
}

/* Parse what all events have in common, after "same". */
static CdpkStatus
take_same(CdpkParse *p, const char *start, CdpkSequence *sequence)
{
	CdpkStatus status = CDPK_OK;

	sequence->same_position = (size_t) (start - p->start) + 1;
	if (take_word(p, "session"))
	{
		if (sequence->session != 0)
			return cdpk_parse_refuse(p, CDPK_INVALID, start, "the same word again");
		sequence->session = CDPK_SEQUENCE_SESSION;
		return take_word(p, "gap") ? take_length(p, &sequence->session) : CDPK_OK;
	}
	if (sequence->same.length > 0)
		return cdpk_parse_refuse(p, CDPK_INVALID, start, "the same word again");
	status = cdpk_parse_property(p, &sequence->same);
	return status;
}

/* Parse what is said of all events, after the last of them. */
static CdpkStatus
take_end(Reading *r)
{
	CdpkParse *p = &r->parse;
	CdpkStatus status = CDPK_OK;

	while (status == CDPK_OK)
	{
		const char *start = p->at;

		if (take_word(p, "same"))
			status = take_same(p, start, r->sequence);
		else if (!take_word(p, "in"))
			break;
		else if (r->sequence->whole != 0)
			return cdpk_parse_refuse(p, CDPK_INVALID, start, "the same word again");
		else
		{
			r->sequence->whole_position = (size_t) (start - p->start) + 1;
			status = take_length(p, &r->sequence->whole);
		}
	}
	return status;
}

/* Parse the items: one after another, or with & in any order. */
static CdpkStatus
take_items(Reading *r)
{
	CdpkParse *p = &r->parse;
	CdpkStatus status = take_item(r);

	r->sequence->any_order = status == CDPK_OK && p->at < p->end && *p->at == '&';
	while (status == CDPK_OK && cdpk_parse_take(p, r->sequence->any_order ? "&" : "->"))
		status = take_item(r);
	return status;
}

/* Parse the whole text. */
static CdpkStatus
take_sequence(Reading *r)
{
	CdpkParse *p = &r->parse;
	CdpkStatus status;

	cdpk_parse_skip_blanks(p);
	status = take_items(r);
	if (status == CDPK_OK)
		status = take_end(r);
	if (status == CDPK_OK && p->at < p->end)
		return cdpk_parse_refuse(p, CDPK_INVALID, p->at,
								 r->sequence->any_order ? "neither & nor the end"
														: "neither -> nor the end");
	return status == CDPK_OK ? cdpk_sequence_check(r->sequence, p->problem) : status;
}

/* Make the stored form of a sequence that was read. */
static CdpkStatus
make_form(Reading *r, const CdpkAllocator *allocator, size_t head, uint8_t **bytes,
		  size_t *bytes_length)
{
	*bytes = cdpk_allocate(allocator, head + cdpk_sequence_room(r->sequence));
	if (*bytes == NULL)
		return CDPK_OUT_OF_MEMORY;
	*bytes_length = cdpk_sequence_write(r->sequence, *bytes + head);
	if (*bytes_length <= CDPK_STEP_SIZE_MAX || (*bytes)[head] == CDPK_SEQUENCE_NAMES)
		return CDPK_OK;
	cdpk_release(allocator, *bytes);
	return cdpk_parse_refuse(&r->parse, CDPK_TOO_LONG, r->parse.start,
							 "more than 1 MB of names and values");
}

CdpkStatus
cdpk_sequence_parse(const char *text, size_t length, const CdpkAllocator *allocator, size_t head,
					uint8_t **bytes, size_t *bytes_length, CdpkTextProblem *problem)
{
	CdpkSequence sequence;
	Reading r = {{text, text, text + length, NULL, NULL, 0, 0, NULL, problem},
				 &sequence,
				 0,
				 0,
				 {{NULL, 0}, CDPK_STEP_LESS}};
	char *scratch;
	uint8_t *forms;
	bool ascii;
	CdpkStatus status = cdpk_utf8_check(text, length, &ascii);

	if (status != CDPK_OK)
		return status;
	if (length > CDPK_STEP_TEXT_MAX)
		return cdpk_parse_refuse(&r.parse, CDPK_TOO_LONG, text + CDPK_STEP_TEXT_MAX,
								 "more than 8 MB");
	r.parse.scratch = scratch = cdpk_allocate(allocator, length + 1);
	r.parse.to = forms = cdpk_allocate(allocator, CDPK_PARSE_ROOM(length));
	cdpk_sequence_init(&sequence);
	status = scratch != NULL && forms != NULL ? take_sequence(&r) : CDPK_OUT_OF_MEMORY;
	if (status == CDPK_OK)
		status = make_form(&r, allocator, head, bytes, bytes_length);
	cdpk_release(allocator, scratch);
	cdpk_release(allocator, forms);
	return status;
}
