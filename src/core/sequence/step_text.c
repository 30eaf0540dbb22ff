/*
 * step_text.c
 *		The text of a step.
 */
#include "core/sequence/step_parse.h"

#include <string.h>

#include "core/text/utf8.h"

/* what begins or ends a part of a step: a text without these is a name, or words with | between them */
#define MARKS "\"[]"

/* The alternatives that are read. */
typedef struct Alternatives
{
	CdpkParse parse;
	unsigned count;
	const char *bare; /* the first name that is neither quoted nor a word */
} Alternatives;

/* ---------------------------------------------------------------- names */

bool
cdpk_step_is_bare_name(const CdpkName *name)
{
	const char *end = name->text + name->length;

	if (cdpk_parse_is_blank(name->text[0]) || cdpk_parse_is_blank(end[-1]) ||
		(name->length == 1 && *name->text == '*'))
		return false;
	for (const char *at = name->text; at < end; at++)
		if (*at == '|' || strchr(MARKS, *at) != NULL)
			return false;
	return true;
}

bool
cdpk_step_is_word(const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (!((text[i] >= 'a' && text[i] <= 'z') || text[i] == '_' ||
			  (i > 0 && cdpk_is_ascii_digit(text[i]))))
			return false;
	return length > 0;
}

/* ---------------------------------------------------------------- alternatives */

/* Parse a name without quotes: up to a mark, without the blanks before it. */
static CdpkStatus
take_bare(Alternatives *a, CdpkName *name)
{
	CdpkParse *p = &a->parse;
	const char *start = p->at;

	while (p->at < p->end && *p->at != '|' && strchr(MARKS, *p->at) == NULL)
		p->at++;
	name->text = start;
	name->length = (size_t) (p->at - start);
	while (name->length > 0 && cdpk_parse_is_blank(start[name->length - 1]))
		name->length--;
	if (name->length == 0)
		return cdpk_parse_refuse(p, CDPK_INVALID, start, "no name of an event");
	if (a->bare == NULL && !cdpk_step_is_word(name->text, name->length))
		a->bare = start;
	return CDPK_OK;
}

/* Parse an alternative and write it. */
static CdpkStatus
take_alternative(Alternatives *a)
{
	CdpkParse *p = &a->parse;
	const char *start = p->at;
	CdpkName name = {NULL, 0};
	CdpkStatus status = CDPK_OK;

	if (a->count++ == CDPK_STEP_ALTERNATIVES_MAX)
		return cdpk_parse_refuse(p, CDPK_TOO_LONG, start, "more than 32 alternatives");
	if (p->at < p->end && *p->at == '"')
		status = cdpk_parse_quoted(p, &name);
	else
		status = take_bare(a, &name);
	if (status != CDPK_OK)
		return status;
	if (name.length == 0)
		return cdpk_parse_refuse(p, CDPK_INVALID, start, "an empty name of an event");
	if (*start != '*' || name.length != 1)
		return cdpk_parse_conditions(p, &name);
	/* a star is no name that | joins to another */
	a->bare = a->bare == start ? NULL : a->bare;
	return cdpk_parse_conditions(p, NULL);
}

/* Parse alternatives. */
static CdpkStatus
take_alternatives(Alternatives *a)
{
	CdpkParse *p = &a->parse;
	CdpkStatus status;

	cdpk_parse_skip_blanks(p);
	do
		status = take_alternative(a);
	while (status == CDPK_OK && cdpk_parse_take(p, "|"));
	if (status == CDPK_OK && p->at < p->end)
		return cdpk_parse_refuse(p, CDPK_INVALID, p->at, "neither |, [ nor the end");
	if (status == CDPK_OK && a->count > 1 && a->bare != NULL)
		return cdpk_parse_refuse(p, CDPK_INVALID, a->bare,
								 "a name that stands in double quotes where it is one of several");
	return status;
}

/* Return whether a text is words or stars with | between them. */
static bool
are_words(const char *text, size_t length)
{
	const char *end = text + length;
	unsigned count = 0;

	while (text <= end)
	{
		const char *bar = memchr(text, '|', (size_t) (end - text));
		const char *stop = bar != NULL ? bar : end;
		const char *last = stop;

		while (text < last && cdpk_parse_is_blank(*text))
			text++;
		while (last > text && cdpk_parse_is_blank(last[-1]))
			last--;
		if (!cdpk_step_is_word(text, (size_t) (last - text)) && !(last == text + 1 && *text == '*'))
			return false;
		count++;
		text = stop + 1;
	}
	return count > 1;
}

bool
cdpk_step_must_parse(const char *text, size_t length)
{
	size_t first = 0;

	for (size_t i = 0; i < length; i++)
		if (strchr(MARKS, text[i]) != NULL)
			return true;
	while (first < length && cdpk_parse_is_blank(text[first]))
		first++;
	while (length > first && cdpk_parse_is_blank(text[length - 1]))
		length--;
	return (length == first + 1 && text[first] == '*') || are_words(text, length);
}

/* Parse a text, or take it as a name. */
static CdpkStatus
make_step(const char *text, size_t length, bool parse, const CdpkAllocator *allocator, size_t head,
		  uint8_t **bytes, size_t *bytes_length, CdpkTextProblem *problem)
{
	Alternatives a = {{text, text, text + length, NULL, NULL, 0, 0, NULL, problem}, 0, NULL};
	CdpkParse *p = &a.parse;
	CdpkName name = {text, length};
	char *scratch;
	bool ascii;
	CdpkStatus status = cdpk_utf8_check(text, length, &ascii);

	if (status != CDPK_OK)
		return status;
	if (length == 0)
		return cdpk_parse_refuse(p, CDPK_EMPTY, text, "no name of an event");
	if (length > CDPK_STEP_TEXT_MAX)
		return cdpk_parse_refuse(p, CDPK_TOO_LONG, text + CDPK_STEP_TEXT_MAX, "more than 8 MB");
	*bytes = cdpk_allocate(allocator, head + CDPK_PARSE_ROOM(length));
	scratch = cdpk_allocate(allocator, length + 1);
	if (*bytes == NULL || scratch == NULL)
	{
		cdpk_release(allocator, *bytes);
		cdpk_release(allocator, scratch);
		return CDPK_OUT_OF_MEMORY;
	}
	p->scratch = scratch;
	p->to = *bytes + head;
	*p->to++ = CDPK_STEP_VERSION;
	if (!parse)
		p->at = p->end;
	status = parse ? take_alternatives(&a) : cdpk_parse_conditions(p, &name);
	*bytes_length = (size_t) (p->to - (*bytes + head));
	if (status == CDPK_OK && *bytes_length > CDPK_STEP_SIZE_MAX)
		status = cdpk_parse_refuse(p, CDPK_TOO_LONG, text, "more than 1 MB of names and values");
	cdpk_release(allocator, scratch);
	if (status != CDPK_OK)
		cdpk_release(allocator, *bytes);
	return status;
}

CdpkStatus
cdpk_step_parse(const char *text, size_t length, const CdpkAllocator *allocator, size_t head,
				uint8_t **bytes, size_t *bytes_length, CdpkTextProblem *problem)
{
	return make_step(text, length, length > 0 && cdpk_step_must_parse(text, length), allocator,
					 head, bytes, bytes_length, problem);
}

CdpkStatus
cdpk_step_of_name(const char *name, size_t length, const CdpkAllocator *allocator, size_t head,
				  uint8_t **bytes, size_t *bytes_length, CdpkTextProblem *problem)
{
	return make_step(name, length, false, allocator, head, bytes, bytes_length, problem);
}
