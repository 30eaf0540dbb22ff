/*
 * step_parse.c
 *		Tokens, and the conditions of an alternative.
 */
#include "core/sequence/step_parse.h"

#include <string.h>

#include "core/base/bytes.h"
#include "core/text/utf8.h"

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

/* ---------------------------------------------------------------- tokens */

CdpkStatus
cdpk_parse_refuse(CdpkParse *p, CdpkStatus status, const char *at, const char *what)
{
	p->problem->words = what;
	p->problem->position = (size_t) (at - p->start) + 1;
	return status;
}

void
cdpk_parse_skip_blanks(CdpkParse *p)
{
	while (p->at < p->end && cdpk_parse_is_blank(*p->at))
		p->at++;
}

bool
cdpk_parse_take(CdpkParse *p, const char *mark)
{
	size_t length = strlen(mark);

	if ((size_t) (p->end - p->at) < length || memcmp(p->at, mark, length) != 0)
		return false;
	p->at += length;
	cdpk_parse_skip_blanks(p);
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

bool
cdpk_parse_is(const char *text, size_t length, const char *word)
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
take_word(CdpkParse *p, const char *word)
{
	size_t length = bare_length(p->at, p->end);

	if (!cdpk_parse_is(p->at, length, word))
		return false;
	p->at += length;
	cdpk_parse_skip_blanks(p);
	return true;
}

/* Return whether a property must be quoted because it is one of the words. */
static bool
is_reserved(const char *text, size_t length)
{
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (cdpk_parse_is(text, length, words[i].word))
			return true;
	return cdpk_parse_is(text, length, "not");
}

bool
cdpk_step_is_property(const char *text, size_t length)
{
	return bare_length(text, text + length) == length && !is_reserved(text, length);
}

CdpkStatus
cdpk_parse_quoted(CdpkParse *p, CdpkName *text)
{
	const char *start = p->at++;
	char *to = p->scratch;

	text->text = to;
	for (;; p->at++)
	{
		if (p->at == p->end)
			return cdpk_parse_refuse(p, CDPK_INVALID, start, "a quote that does not end");
		if (*p->at == '"' && (p->at + 1 == p->end || p->at[1] != '"'))
			break;
		*to++ = *p->at;
		p->at += *p->at == '"';
	}
	p->at++;
	p->scratch = to;
	text->length = (size_t) (to - text->text);
	cdpk_parse_skip_blanks(p);
	return CDPK_OK;
}

/* ---------------------------------------------------------------- the stored form */

static void
put_name(CdpkParse *p, CdpkName text)
{
	p->to = cdpk_write_varint(p->to, text.length);
	memcpy(p->to, text.text, text.length);
	p->to += text.length;
}

static void
put_literal(CdpkParse *p, const CdpkLiteral *literal)
{
	*p->to++ = (uint8_t) literal->kind;
	if (literal->kind == CDPK_LITERAL_TEXT)
		put_name(p, literal->text);
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
take_literal(CdpkParse *p, CdpkStepOperator operation)
{
	static const char missing[] = "no value: a text in double quotes, a number, true or false";
	const char *start = p->at;
	CdpkLiteral literal = {CDPK_LITERAL_TEXT, {0, 0}, {NULL, 0}};
	CdpkStatus status = CDPK_OK;
	const char *wrong;

	if (p->literals++ == CDPK_STEP_LITERALS_MAX)
		return cdpk_parse_refuse(p, CDPK_TOO_LONG, start, "more than 1,000 values");
	if (p->at < p->end && *p->at == '"')
		status = cdpk_parse_quoted(p, &literal.text);
	else if (take_word(p, "true"))
		literal.kind = CDPK_LITERAL_TRUE;
	else if (take_word(p, "false"))
		literal.kind = CDPK_LITERAL_FALSE;
	else
	{
		size_t length = number_length(p->at, p->end);

		if (length == 0 || !(cdpk_is_ascii_digit(*p->at) || *p->at == '-'))
			return cdpk_parse_refuse(p, CDPK_INVALID, start, missing);
		literal.kind = CDPK_LITERAL_NUMBER;
		status = cdpk_decimal_parse(p->at, length, &literal.number);
		if (status == CDPK_OUT_OF_RANGE)
			return cdpk_parse_refuse(p, status, start, "a number of more than 18 digits");
		if (status != CDPK_OK)
			return cdpk_parse_refuse(p, CDPK_INVALID, start, missing);
		p->at += length;
		cdpk_parse_skip_blanks(p);
	}
	if (status != CDPK_OK)
		return status;
	wrong = cdpk_step_check(operation, &literal);
	if (wrong != NULL)
		return cdpk_parse_refuse(p, CDPK_INVALID, start, wrong);
	put_literal(p, &literal);
	return CDPK_OK;
}

/* Parse a list of literals in parentheses and write it. */
static CdpkStatus
take_literals(CdpkParse *p, CdpkStepOperator operation)
{
	CdpkStatus status;

	if (!cdpk_parse_take(p, "("))
		return cdpk_parse_refuse(p, CDPK_INVALID, p->at, "no ( after in");
	do
		status = take_literal(p, operation);
	while (status == CDPK_OK && cdpk_parse_take(p, ","));
	if (status == CDPK_OK && !cdpk_parse_take(p, ")"))
		return cdpk_parse_refuse(p, CDPK_INVALID, p->at, "neither , nor )");
	*p->to++ = CDPK_STEP_TAG_END;
	return status;
}

/* Parse an operator. */
static CdpkStatus
take_operator(CdpkParse *p, CdpkStepOperator *operation)
{
	const char *start = p->at;
	bool denied;

	for (size_t i = 0; i < sizeof(signs) / sizeof(*signs); i++)
		if (cdpk_parse_take(p, signs[i].sign))
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
	return cdpk_parse_refuse(
		p, CDPK_INVALID, start,
		"no operator: =, <>, <, <=, >, >=, in, not in, like, contains, exists or not "
		"exists");
}

CdpkStatus
cdpk_parse_property(CdpkParse *p, CdpkName *property)
{
	const char *start = p->at;

	if (p->at < p->end && *p->at == '"')
	{
		CdpkStatus status = cdpk_parse_quoted(p, property);

		if (status == CDPK_OK && property->length == 0)
			return cdpk_parse_refuse(p, CDPK_INVALID, start, "an empty name of a property");
		return status;
	}
	property->text = p->at;
	property->length = bare_length(p->at, p->end);
	if (property->length == 0 || is_reserved(property->text, property->length))
		return cdpk_parse_refuse(p, CDPK_INVALID, start,
								 property->length == 0
									 ? "no name of a property"
									 : "no name of a property; write a name that is such a "
									   "word in double quotes");
	p->at += property->length;
	cdpk_parse_skip_blanks(p);
	return CDPK_OK;
}

/* Note a condition that compares with the event before. */
static CdpkStatus
note_previous(CdpkParse *p, const char *start, CdpkName property, CdpkStepOperator operation)
{
	if (p->previous == NULL)
		return cdpk_parse_refuse(
			p, CDPK_INVALID, start,
			"previous, which only an event takes that stands alone in a sequence");
	if (operation < CDPK_STEP_LESS || operation > CDPK_STEP_AT_LEAST)
		return cdpk_parse_refuse(p, CDPK_INVALID, start,
								 "previous after another operator than <, <=, > or >=");
	if (p->previous->property.length > 0)
		return cdpk_parse_refuse(p, CDPK_INVALID, start, "previous a second time");
	p->previous->property = property;
	p->previous->operation = operation;
	return CDPK_OK;
}

/* Parse a condition and write it. */
static CdpkStatus
take_condition(CdpkParse *p)
{
	CdpkName property;
	CdpkStepOperator operation;
	const char *start = p->at;
	CdpkStatus status = cdpk_parse_property(p, &property);

	if (status == CDPK_OK)
		status = take_operator(p, &operation);
	if (status != CDPK_OK)
		return status;
	if (take_word(p, "previous"))
		return note_previous(p, start, property, operation);
	if (p->conditions++ == CDPK_STEP_CONDITIONS_MAX)
		return cdpk_parse_refuse(p, CDPK_TOO_LONG, start, "more than 64 conditions");
	*p->to++ = (uint8_t) (operation + 1);
	put_name(p, property);
	if (operation == CDPK_STEP_IN || operation == CDPK_STEP_NOT_IN)
		return take_literals(p, operation);
	if (operation == CDPK_STEP_EXISTS || operation == CDPK_STEP_NOT_EXISTS)
		return CDPK_OK;
	return take_literal(p, operation);
}

/* Parse the conditions in brackets. */
static CdpkStatus
take_conditions(CdpkParse *p)
{
	const char *start = p->at;
	CdpkStatus status;

	if (!cdpk_parse_take(p, "["))
		return CDPK_OK;
	do
		status = take_condition(p);
	while (status == CDPK_OK && cdpk_parse_take(p, ","));
	if (status == CDPK_OK && !cdpk_parse_take(p, "]"))
		return cdpk_parse_refuse(p, CDPK_INVALID, p->at == p->end ? start : p->at,
								 p->at == p->end ? "a bracket that does not end"
												 : "neither , nor ]");
	return status;
}

CdpkStatus
cdpk_parse_conditions(CdpkParse *p, const CdpkName *name)
{
	CdpkStatus status;

	*p->to++ = name == NULL ? CDPK_STEP_TAG_ANY : CDPK_STEP_TAG_NAME;
	if (name != NULL)
		put_name(p, *name);
	status = take_conditions(p);
	*p->to++ = CDPK_STEP_TAG_END;
	return status;
}
