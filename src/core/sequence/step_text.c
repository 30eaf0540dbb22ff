/*
 * step_text.c
 *		The text of a step.
 *
 * The stored form has its parts in the order of the text, so it is written while the text is read.
 */
#include "core/sequence/step.h"

#include <string.h>

#include "core/base/bytes.h"
#include "core/text/utf8.h"

/* a byte of the text becomes at most so many of the stored form */
#define GROWTH 4
#define ROOM(length) ((length) *GROWTH + 16)

/* what begins or ends a part of a step: a text without these is a name, or words with | between them */
#define MARKS "\"[]"

static const struct
{
	const char *sign;
	CdpkStepOperator operation;
} signs[] = {{"<>", CDPK_STEP_NOT_EQUAL}, {"!=", CDPK_STEP_NOT_EQUAL}, {"<=", CDPK_STEP_AT_MOST},
			 {">=", CDPK_STEP_AT_LEAST},  {"=", CDPK_STEP_EQUAL},      {"<", CDPK_STEP_LESS},
			 {">", CDPK_STEP_GREATER}};

/* words that are no properties unless they are quoted */
static const struct
{
	const char *word;
	CdpkStepOperator operation;
	CdpkStepOperator denied; /* after not; the same where it takes no not */
} words[] = {{"in", CDPK_STEP_IN, CDPK_STEP_NOT_IN},
			 {"like", CDPK_STEP_LIKE, CDPK_STEP_LIKE},
			 {"contains", CDPK_STEP_CONTAINS, CDPK_STEP_CONTAINS},
			 {"exists", CDPK_STEP_EXISTS, CDPK_STEP_NOT_EXISTS}};

typedef struct Parse
{
	const char *start;
	const char *at; /* at a token, or the end */
	const char *end;
	uint8_t *to; /* where the stored form goes on */
	char *scratch;
	unsigned alternatives;
	unsigned conditions;
	unsigned literals;
	const char *bare; /* the first alternative's name that is neither quoted nor a word */
	CdpkStepProblem *problem;
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

static bool
is_blank(char byte)
{
	return byte == ' ' || (byte >= '\t' && byte <= '\r');
}

static void
skip_blanks(Parse *p)
{
	while (p->at < p->end && is_blank(*p->at))
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

/* Return the bytes from "at" on that can be a property without quotes, or 0. */
static size_t
bare_length(const char *at, const char *end)
{
	const char *start = at;

	while (at < end &&
		   (cdpk_is_ascii_letter(*at) || *at == '_' ||
			(at > start && (cdpk_is_ascii_digit(*at) || *at == '.' || *at == '$' || *at == '-'))))
		at++;
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

/* Return whether a property must be quoted because it is one of the words. */
static bool
is_reserved(const char *text, size_t length)
{
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (is_word(text, length, words[i].word))
			return true;
	return is_word(text, length, "not");
}

bool
cdpk_step_is_property(const char *text, size_t length)
{
	return bare_length(text, text + length) == length && !is_reserved(text, length);
}

bool
cdpk_step_is_bare_name(const CdpkName *name)
{
	const char *end = name->text + name->length;

	if (is_blank(name->text[0]) || is_blank(end[-1]) || (name->length == 1 && *name->text == '*'))
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

/* Take what stands in quotes. */
static CdpkStatus
take_quoted(Parse *p, CdpkName *text)
{
	const char *start = p->at++;
	char *to = p->scratch;

	text->text = to;
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
	text->length = (size_t) (to - text->text);
	skip_blanks(p);
	return CDPK_OK;
}

/* ---------------------------------------------------------------- the stored form */

static void
put_text(Parse *p, CdpkName text)
{
	p->to = cdpk_write_varint(p->to, text.length);
	memcpy(p->to, text.text, text.length);
	p->to += text.length;
}

static void
put_literal(Parse *p, const CdpkLiteral *literal)
{
	*p->to++ = (uint8_t) literal->kind;
	if (literal->kind == CDPK_LITERAL_TEXT)
		put_text(p, literal->text);
	if (literal->kind == CDPK_LITERAL_NUMBER)
	{
		*p->to++ = literal->number.scale;
		p->to = cdpk_write_varint(p->to, cdpk_zigzag(literal->number.mantissa));
	}
}

/* ---------------------------------------------------------------- conditions */

/* Return the bytes of a number. */
static size_t
number_length(const char *at, const char *end)
{
	const char *start = at;

	while (at < end &&
		   (cdpk_is_ascii_digit(*at) || cdpk_is_ascii_letter(*at) || *at == '.' ||
			((*at == '-' || *at == '+') && (at == start || at[-1] == 'e' || at[-1] == 'E'))))
		at++;
	return (size_t) (at - start);
}

/* Parse a literal and write it. */
static CdpkStatus
take_literal(Parse *p, CdpkStepOperator operation)
{
	static const char missing[] = "no value: a text in double quotes, a number, true or false";
	const char *start = p->at;
	CdpkLiteral literal = {CDPK_LITERAL_TEXT, {0, 0}, {NULL, 0}};
	CdpkStatus status = CDPK_OK;
	const char *wrong;

	if (p->literals++ == CDPK_STEP_LITERALS_MAX)
		return refuse(p, CDPK_TOO_LONG, start, "more than 1,000 values");
	if (p->at < p->end && *p->at == '"')
		status = take_quoted(p, &literal.text);
	else if (take_word(p, "true"))
		literal.kind = CDPK_LITERAL_TRUE;
	else if (take_word(p, "false"))
		literal.kind = CDPK_LITERAL_FALSE;
	else
	{
		size_t length = number_length(p->at, p->end);

		if (length == 0 || !(cdpk_is_ascii_digit(*p->at) || *p->at == '-'))
			return refuse(p, CDPK_INVALID, start, missing);
		literal.kind = CDPK_LITERAL_NUMBER;
		status = cdpk_decimal_parse(p->at, length, &literal.number);
		if (status == CDPK_OUT_OF_RANGE)
			return refuse(p, status, start, "a number of more than 18 digits");
		if (status != CDPK_OK)
			return refuse(p, CDPK_INVALID, start, missing);
		p->at += length;
		skip_blanks(p);
	}
	if (status != CDPK_OK)
		return status;
	wrong = cdpk_step_check(operation, &literal);
	if (wrong != NULL)
		return refuse(p, CDPK_INVALID, start, wrong);
	put_literal(p, &literal);
	return CDPK_OK;
}

/* Parse a list of literals in parentheses and write it. */
static CdpkStatus
take_literals(Parse *p, CdpkStepOperator operation)
{
	CdpkStatus status;

	if (!take(p, "("))
		return refuse(p, CDPK_INVALID, p->at, "no ( after in");
	do
		status = take_literal(p, operation);
	while (status == CDPK_OK && take(p, ","));
	if (status == CDPK_OK && !take(p, ")"))
		return refuse(p, CDPK_INVALID, p->at, "neither , nor )");
	*p->to++ = CDPK_STEP_TAG_END;
	return status;
}

/* Parse an operator. */
static CdpkStatus
take_operator(Parse *p, CdpkStepOperator *operation)
{
	const char *start = p->at;
	bool denied;

	for (size_t i = 0; i < sizeof(signs) / sizeof(*signs); i++)
		if (take(p, signs[i].sign))
		{
			*operation = signs[i].operation;
			return CDPK_OK;
		}
	denied = take_word(p, "not");
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
	{
		if ((denied && words[i].denied == words[i].operation) || !take_word(p, words[i].word))
			continue;
		*operation = denied ? words[i].denied : words[i].operation;
		return CDPK_OK;
	}
	return refuse(p, CDPK_INVALID, start,
				  "no operator: =, <>, <, <=, >, >=, in, not in, like, contains, exists or not "
				  "exists");
}

/* Parse a property. */
static CdpkStatus
take_property(Parse *p, CdpkName *property)
{
	const char *start = p->at;

	if (p->at < p->end && *p->at == '"')
	{
		CdpkStatus status = take_quoted(p, property);

		if (status == CDPK_OK && property->length == 0)
			return refuse(p, CDPK_INVALID, start, "an empty name of a property");
		return status;
	}
	property->text = p->at;
	property->length = bare_length(p->at, p->end);
	if (property->length == 0 || is_reserved(property->text, property->length))
		return refuse(p, CDPK_INVALID, start,
					  property->length == 0 ? "no name of a property"
											: "no name of a property; write a name that is such a "
											  "word in double quotes");
	p->at += property->length;
	skip_blanks(p);
	return CDPK_OK;
}

/* Parse a condition and write it. */
static CdpkStatus
take_condition(Parse *p)
{
	CdpkName property;
	CdpkStepOperator operation;
	const char *start = p->at;
	CdpkStatus status = take_property(p, &property);

	if (status == CDPK_OK)
		status = take_operator(p, &operation);
	if (status != CDPK_OK)
		return status;
	if (p->conditions++ == CDPK_STEP_CONDITIONS_MAX)
		return refuse(p, CDPK_TOO_LONG, start, "more than 64 conditions");
	*p->to++ = (uint8_t) (operation + 1);
	put_text(p, property);
	if (operation == CDPK_STEP_IN || operation == CDPK_STEP_NOT_IN)
		return take_literals(p, operation);
	if (operation == CDPK_STEP_EXISTS || operation == CDPK_STEP_NOT_EXISTS)
		return CDPK_OK;
	return take_literal(p, operation);
}

/* Parse the conditions in brackets. */
static CdpkStatus
take_conditions(Parse *p)
{
	const char *start = p->at;
	CdpkStatus status;

	if (!take(p, "["))
		return CDPK_OK;
	do
		status = take_condition(p);
	while (status == CDPK_OK && take(p, ","));
	if (status == CDPK_OK && !take(p, "]"))
		return refuse(p, CDPK_INVALID, p->at == p->end ? start : p->at,
					  p->at == p->end ? "a bracket that does not end" : "neither , nor ]");
	return status;
}

/* ---------------------------------------------------------------- alternatives */

/* Parse a name without quotes: up to a mark, without the blanks before it. */
static CdpkStatus
take_bare(Parse *p, CdpkName *name)
{
	const char *start = p->at;

	while (p->at < p->end && *p->at != '|' && strchr(MARKS, *p->at) == NULL)
		p->at++;
	name->text = start;
	name->length = (size_t) (p->at - start);
	while (name->length > 0 && is_blank(start[name->length - 1]))
		name->length--;
	if (name->length == 0)
		return refuse(p, CDPK_INVALID, start, "no name of an event");
	if (p->bare == NULL && !cdpk_step_is_word(name->text, name->length))
		p->bare = start;
	return CDPK_OK;
}

/* Parse an alternative and write it. */
static CdpkStatus
take_alternative(Parse *p)
{
	const char *start = p->at;
	CdpkName name = {NULL, 0};
	CdpkStatus status = CDPK_OK;

	if (p->alternatives++ == CDPK_STEP_ALTERNATIVES_MAX)
		return refuse(p, CDPK_TOO_LONG, start, "more than 32 alternatives");
	if (p->at < p->end && *p->at == '"')
		status = take_quoted(p, &name);
	else
		status = take_bare(p, &name);
	if (status != CDPK_OK)
		return status;
	if (name.length == 0)
		return refuse(p, CDPK_INVALID, start, "an empty name of an event");
	if (*start == '*' && name.length == 1)
	{
		/* a star is no name that | joins to another */
		p->bare = p->bare == start ? NULL : p->bare;
		*p->to++ = CDPK_STEP_TAG_ANY;
	}
	else
	{
		*p->to++ = CDPK_STEP_TAG_NAME;
		put_text(p, name);
	}
	status = take_conditions(p);
	*p->to++ = CDPK_STEP_TAG_END;
	return status;
}

/* Parse alternatives. */
static CdpkStatus
take_alternatives(Parse *p)
{
	CdpkStatus status;

	skip_blanks(p);
	do
		status = take_alternative(p);
	while (status == CDPK_OK && take(p, "|"));
	if (status == CDPK_OK && p->at < p->end)
		return refuse(p, CDPK_INVALID, p->at, "neither |, [ nor the end");
	if (status == CDPK_OK && p->alternatives > 1 && p->bare != NULL)
		return refuse(p, CDPK_INVALID, p->bare,
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

		while (text < last && is_blank(*text))
			text++;
		while (last > text && is_blank(last[-1]))
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
	while (first < length && is_blank(text[first]))
		first++;
	while (length > first && is_blank(text[length - 1]))
		length--;
	return (length == first + 1 && text[first] == '*') || are_words(text, length);
}

/* Parse a text, or take it as a name. */
static CdpkStatus
make_step(const char *text, size_t length, bool parse, const CdpkAllocator *allocator, size_t head,
		  uint8_t **bytes, size_t *bytes_length, CdpkStepProblem *problem)
{
	Parse p = {text, text, text + length, NULL, NULL, 0, 0, 0, NULL, problem};
	CdpkName name = {text, length};
	char *scratch;
	bool ascii;
	CdpkStatus status = cdpk_utf8_check(text, length, &ascii);

	if (status != CDPK_OK)
		return status;
	if (length == 0)
		return refuse(&p, CDPK_EMPTY, text, "no name of an event");
	if (length > CDPK_STEP_TEXT_MAX)
		return refuse(&p, CDPK_TOO_LONG, text + CDPK_STEP_TEXT_MAX, "more than 8 MB");
	*bytes = cdpk_allocate(allocator, head + ROOM(length));
	scratch = cdpk_allocate(allocator, length + 1);
	if (*bytes == NULL || scratch == NULL)
	{
		cdpk_release(allocator, *bytes);
		cdpk_release(allocator, scratch);
		return CDPK_OUT_OF_MEMORY;
	}
	p.scratch = scratch;
	p.to = *bytes + head;
	*p.to++ = CDPK_STEP_VERSION;
	if (parse)
		status = take_alternatives(&p);
	else
	{
		*p.to++ = CDPK_STEP_TAG_NAME;
		put_text(&p, name);
		*p.to++ = CDPK_STEP_TAG_END;
	}
	*bytes_length = (size_t) (p.to - (*bytes + head));
	if (status == CDPK_OK && *bytes_length > CDPK_STEP_SIZE_MAX)
		status = refuse(&p, CDPK_TOO_LONG, text, "more than 1 MB of names and values");
	cdpk_release(allocator, scratch);
	if (status != CDPK_OK)
		cdpk_release(allocator, *bytes);
	return status;
}

CdpkStatus
cdpk_step_parse(const char *text, size_t length, const CdpkAllocator *allocator, size_t head,
				uint8_t **bytes, size_t *bytes_length, CdpkStepProblem *problem)
{
	return make_step(text, length, length > 0 && cdpk_step_must_parse(text, length), allocator,
					 head, bytes, bytes_length, problem);
}

CdpkStatus
cdpk_step_of_name(const char *name, size_t length, const CdpkAllocator *allocator, size_t head,
				  uint8_t **bytes, size_t *bytes_length, CdpkStepProblem *problem)
{
	return make_step(name, length, false, allocator, head, bytes, bytes_length, problem);
}
