/*
 * sequence_text.c
 *		The text of a sequence.
 */
#include "core/sequence/sequence_form.h"

#include <stdio.h>
#include <string.h>

#include "core/text/timestamp.h"
#include "core/text/utf8.h"

/* words that are no names unless they are quoted */
static const char *const words[] = {"not", "after", "within", "in"};

static const struct
{
	const char *name; /* without the s of the plural */
	int64_t length;
} units[] = {{"week", 7 * CDPK_DAY},
			 {"day", CDPK_DAY},
			 {"hour", 3600 * CDPK_SECOND},
			 {"minute", 60 * CDPK_SECOND},
			 {"second", CDPK_SECOND},
			 {"millisecond", 1000},
			 {"microsecond", 1}};

/* the first unit that is printed: a week is 7 days */
#define FIRST_PRINTED 1

typedef struct Parse
{
	const char *start;
	const char *at; /* at a token, or the end */
	const char *end;
	char *scratch; /* where quoted names go */
	CdpkSequence *sequence;
	CdpkSequenceProblem *problem;
} Parse;

/* ---------------------------------------------------------------- tokens */

/* Report what is wrong at a place of the text. */
static CdpkStatus
refuse(Parse *p, CdpkStatus status, const char *at, const char *what)
{
	p->problem->words = what;
	p->problem->position = (size_t) (at - p->start) + 1;
	return status;
}

/* Move to the next token. */
static void
skip_blanks(Parse *p)
{
	while (p->at < p->end && (*p->at == ' ' || (*p->at >= '\t' && *p->at <= '\r')))
		p->at++;
}

/* Accept a mark if it comes next. */
static bool
take(Parse *p, const char *mark)
{
	size_t length = strlen(mark);

	if ((size_t) (p->end - p->at) < length || memcmp(p->at, mark, length) != 0)
		return false;
	p->at += length;
	skip_blanks(p);
	return true;
}

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

/* Return the bytes from "at" on that can be a name without quotes, or 0. */
static size_t
bare_length(const char *at, const char *end)
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

/* Compare bytes with a word, whatever the case of the letters. */
static bool
is_word(const char *text, size_t length, const char *word)
{
	if (strlen(word) != length)
		return false;
	for (size_t i = 0; i < length; i++)
		if (cdpk_ascii_lower(text[i]) != word[i])
			return false;
	return true;
}

/* Return whether a bare name is one of the words. */
static bool
is_reserved(const char *text, size_t length)
{
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (is_word(text, length, words[i]))
			return true;
	return false;
}

/* Accept a word if it comes next. */
static bool
take_word(Parse *p, const char *word)
{
	size_t length = bare_length(p->at, p->end);

	if (!is_word(p->at, length, word))
		return false;
	p->at += length;
	skip_blanks(p);
	return true;
}

/* Parse a whole number from 1 on. */
static CdpkStatus
take_number(Parse *p, int64_t most, int64_t *number)
{
	const char *start = p->at;

	for (*number = 0; p->at < p->end && cdpk_is_ascii_digit(*p->at); p->at++)
	{
		int digit = *p->at - '0';

		if (*number > (most - digit) / 10)
			return refuse(p, CDPK_OUT_OF_RANGE, start, "a number out of range");
		*number = *number * 10 + digit;
	}
	if (p->at == start || *number == 0)
		return refuse(p, CDPK_INVALID, start, "no whole number from 1 on");
	skip_blanks(p);
	return CDPK_OK;
}

/* ---------------------------------------------------------------- parts */

/* Parse a name in quotes. */
static CdpkStatus
take_quoted(Parse *p, CdpkName *name)
{
	const char *start = p->at++;
	char *to = p->scratch;

	name->text = to;
	for (;; p->at++)
	{
		if (p->at == p->end)
			return refuse(p, CDPK_INVALID, start, "a quote that does not end");
		if (*p->at == '"' && (p->at + 1 == p->end || p->at[1] != '"'))
			break;
		*to++ = *p->at;
		p->at += *p->at == '"';
	}
	p->at++;
	p->scratch = to;
	name->length = (size_t) (to - name->text);
	return name->length > 0 ? CDPK_OK : refuse(p, CDPK_INVALID, start, "an empty name");
}

/* Parse the name of an event and add it to a set. */
static CdpkStatus
take_name(Parse *p, uint32_t *any)
{
	CdpkSequence *sequence = p->sequence;
	const char *start = p->at;
	CdpkName name = {p->at, bare_length(p->at, p->end)};
	CdpkStatus status = CDPK_OK;
	unsigned i = 0;

	if (name.length == 0 && (p->at == p->end || *p->at != '"'))
		return refuse(p, CDPK_INVALID, start, "no name of an event");
	if (name.length == 0)
		status = take_quoted(p, &name);
	else if (is_reserved(name.text, name.length))
		return refuse(p, CDPK_INVALID, start,
					  "no name of an event; write a name that is such a word in double quotes");
	else
		p->at += name.length;
	if (status != CDPK_OK)
		return status;
	while (i < sequence->names && (sequence->name[i].length != name.length ||
								   memcmp(sequence->name[i].text, name.text, name.length) != 0))
		i++;
	if (i == CDPK_SEQUENCE_NAMES_MAX)
		return refuse(p, CDPK_TOO_LONG, start, "more than 32 names of events");
	if (i == sequence->names)
		sequence->name[sequence->names++] = name;
	*any |= UINT32_C(1) << i;
	skip_blanks(p);
	return CDPK_OK;
}

/* Parse a name, or several in parentheses. */
static CdpkStatus
take_any(Parse *p, uint32_t *any)
{
	const char *start = p->at;
	CdpkStatus status;

	if (!take(p, "("))
		return take_name(p, any);
	do
		status = take_name(p, any);
	while (status == CDPK_OK && take(p, "|"));
	if (status == CDPK_OK && !take(p, ")"))
		return refuse(p, CDPK_INVALID, p->at == p->end ? start : p->at,
					  p->at == p->end ? "a parenthesis that does not end" : "neither | nor )");
	return status;
}

/* Parse a length of time. */
static CdpkStatus
take_length(Parse *p, int64_t *length)
{
	const char *start = p->at;
	size_t word;
	int64_t number;
	CdpkStatus status = take_number(p, INT64_MAX, &number);

	if (status != CDPK_OK)
		return status;
	word = bare_length(p->at, p->end);
	word -= word > 1 && cdpk_ascii_lower(p->at[word - 1]) == 's';
	for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++)
	{
		if (!is_word(p->at, word, units[i].name))
			continue;
		if (number > INT64_MAX / units[i].length)
			return refuse(p, CDPK_OUT_OF_RANGE, start, "a length of time out of range");
		*length = number * units[i].length;
		p->at += bare_length(p->at, p->end);
		skip_blanks(p);
		return CDPK_OK;
	}
	if (is_word(p->at, word, "month") || is_word(p->at, word, "year"))
		return refuse(p, CDPK_INVALID, p->at, "a unit without an exact length; days have 24 hours");
	return refuse(p, CDPK_INVALID, p->at,
				  "no unit of time: weeks, days, hours, minutes, seconds, milliseconds or "
				  "microseconds");
}

/* Parse the bounds of an item. */
static CdpkStatus
take_windows(Parse *p, CdpkSequenceItem *item)
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
			return refuse(p, CDPK_INVALID, start, "the same word again");
		status = take_length(p, length);
	}
	return status;
}

/* Parse an item, between two arrows. */
static CdpkStatus
take_item(Parse *p)
{
	CdpkSequence *sequence = p->sequence;
	CdpkSequenceItem item = {0};
	CdpkStatus status = CDPK_OK;
	int64_t times = 1;

	item.position = (size_t) (p->at - p->start) + 1;
	item.absent = take_word(p, "not");
	if (!item.absent && p->at < p->end && cdpk_is_ascii_digit(*p->at))
	{
		status = take_number(p, INT32_MAX, &times);
		if (status == CDPK_OK && !take_word(p, "x"))
			return refuse(p, CDPK_INVALID, p->at, "no x after the number, as in 3 x view");
	}
	item.times = (uint32_t) times;
	if (status == CDPK_OK)
		status = take_any(p, &item.any);
	if (status == CDPK_OK)
		status = take_windows(p, &item);
	if (status != CDPK_OK)
		return status;
	/* absence of one item and of the next is one absence of both */
	if (item.absent && sequence->items > 0 && sequence->item[sequence->items - 1].absent &&
		sequence->item[sequence->items - 1].within == 0)
	{
		item.any |= sequence->item[sequence->items - 1].any;
		sequence->items--;
	}
	if (sequence->items == CDPK_SEQUENCE_ITEMS_MAX)
		return refuse(p, CDPK_TOO_LONG, p->start + item.position - 1, "more than 64 events");
	sequence->item[sequence->items++] = item;
	return CDPK_OK;
}

/* Parse the whole text. */
static CdpkStatus
take_sequence(Parse *p)
{
	const char *in;
	CdpkStatus status;

	skip_blanks(p);
	do
		status = take_item(p);
	while (status == CDPK_OK && take(p, "->"));
	if (status != CDPK_OK)
		return status;
	in = p->at;
	p->sequence->whole_position = (size_t) (in - p->start) + 1;
	if (take_word(p, "in"))
		status = take_length(p, &p->sequence->whole);
	if (status == CDPK_OK && p->at < p->end)
		return refuse(p, CDPK_INVALID, p->at, "neither -> nor the end");
	return status == CDPK_OK ? cdpk_sequence_check(p->sequence, p->problem) : status;
}

CdpkStatus
cdpk_sequence_parse(const char *text, size_t length, const CdpkAllocator *allocator, size_t head,
					uint8_t **bytes, size_t *bytes_length, CdpkSequenceProblem *problem)
{
	CdpkSequence sequence;
	Parse p = {text, text, text + length, NULL, &sequence, problem};
	char *scratch;
	bool ascii;
	CdpkStatus status = cdpk_utf8_check(text, length, &ascii);

	if (status != CDPK_OK)
		return status;
	scratch = cdpk_allocate(allocator, length + 1);
	if (scratch == NULL)
		return CDPK_OUT_OF_MEMORY;
	p.scratch = scratch;
	sequence.names = sequence.items = 0;
	sequence.whole = 0;
	status = take_sequence(&p);
	if (status == CDPK_OK)
	{
		*bytes = cdpk_allocate(allocator, head + cdpk_sequence_room(&sequence));
		if (*bytes == NULL)
			status = CDPK_OUT_OF_MEMORY;
		else
			*bytes_length = cdpk_sequence_write(&sequence, *bytes + head);
	}
	cdpk_release(allocator, scratch);
	return status;
}

/* ---------------------------------------------------------------- printing */

/* Print a name, in quotes where it needs them. */
static char *
print_name(char *to, const CdpkName *name)
{
	const char *end = name->text + name->length;

	if (bare_length(name->text, end) == name->length && !is_reserved(name->text, name->length))
	{
		memcpy(to, name->text, name->length);
		return to + name->length;
	}
	*to++ = '"';
	for (const char *at = name->text; at < end; at++)
	{
		if (*at == '"')
			*to++ = '"';
		*to++ = *at;
	}
	*to++ = '"';
	return to;
}

/* Print a set of names. */
static char *
print_any(char *to, const CdpkSequence *sequence, uint32_t any)
{
	bool several = (any & (any - 1)) != 0;

	if (several)
		*to++ = '(';
	for (unsigned i = 0; any != 0; i++, any >>= 1)
	{
		if ((any & 1) == 0)
			continue;
		to = print_name(to, &sequence->name[i]);
		if (any >> 1 != 0)
			to += sprintf(to, " | ");
	}
	if (several)
		*to++ = ')';
	return to;
}

/* Print a length of time after a word, in the largest unit that holds it whole. */
static char *
print_length(char *to, const char *word, int64_t length)
{
	size_t unit = FIRST_PRINTED;

	if (length == 0)
		return to;
	while (length % units[unit].length != 0)
		unit++;
	length /= units[unit].length;
	return to + sprintf(to, " %s %lld %s%s", word, (long long) length, units[unit].name,
						length == 1 ? "" : "s");
}

/* Return the maximum size of a text. */
static size_t
print_room(const CdpkSequence *sequence)
{
	/* a number and a word in front; two lengths of time after */
	size_t room = 100 + sequence->items * (size_t) 130;

	for (unsigned i = 0; i < sequence->items; i++)
		for (unsigned j = 0; j < sequence->names; j++)
			if (sequence->item[i].any >> j & 1)
				room += 2 * sequence->name[j].length + 5;
	return room;
}

CdpkStatus
cdpk_sequence_print(const uint8_t *bytes, size_t length, const CdpkAllocator *allocator,
					char **text)
{
	CdpkSequence sequence;
	CdpkStatus status = cdpk_sequence_read(bytes, length, &sequence);
	char *to;

	if (status != CDPK_OK)
		return status;
	*text = to = cdpk_allocate(allocator, print_room(&sequence));
	if (to == NULL)
		return CDPK_OUT_OF_MEMORY;
	for (unsigned i = 0; i < sequence.items; i++)
	{
		const CdpkSequenceItem *item = &sequence.item[i];

		if (i > 0)
			to += sprintf(to, " -> ");
		if (item->absent)
			to += sprintf(to, "not ");
		if (item->times > 1)
			to += sprintf(to, "%u x ", (unsigned) item->times);
		to = print_any(to, &sequence, item->any);
		to = print_length(to, "after", item->after);
		to = print_length(to, "within", item->within);
	}
	to = print_length(to, "in", sequence.whole);
	*to = '\0';
	return CDPK_OK;
}
