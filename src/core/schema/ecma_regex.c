/*
 * ecma_regex.c
 *		Regular expressions of ECMA-262 rewritten as PostgreSQL's advanced ones.
 */
#include "core/schema/ecma_regex.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/text/utf8.h"

#define CHARACTER_MAX 0x10ffff
#define ENGINE_REPEAT_MAX 255 /* of {m,n} in an ARE */
#define REPEAT_OPEN UINT32_MAX
#define PIECE_MAX 16 /* bytes that one character takes in the result */

/* Characters from one to another. */
typedef struct Range
{
	uint32_t first;
	uint32_t last;
} Range;

/* A set of characters. */
typedef struct Set
{
	Range ranges[CDPK_REGEX_RANGES_MAX];
	int count;
} Set;

/* A parenthesis that is open. */
typedef struct Group
{
	size_t start; /* in the result */
	bool look;    /* it looks ahead or behind */
} Group;

typedef struct Rewrite
{
	const char *start;
	const char *at;
	const char *end;
	char *result; /* NULL: only check the pattern */
	size_t length;
	size_t room;
	size_t atom;     /* where what a quantifier repeats begins in the result */
	bool repeatable; /* there is such a thing */
	Group groups[CDPK_REGEX_DEPTH_MAX];
	int depth;
	CdpkStatus status;
	const char *problem;
	Set set;
} Rewrite;

static const Range digit_ranges[] = {{'0', '9'}};
static const Range word_ranges[] = {{'0', '9'}, {'A', 'Z'}, {'_', '_'}, {'a', 'z'}};
static const Range space_ranges[] = {
	{0x09, 0x0d},     {0x20, 0x20},     {0xa0, 0xa0},     {0x1680, 0x1680}, {0x2000, 0x200a},
	{0x2028, 0x2029}, {0x202f, 0x202f}, {0x205f, 0x205f}, {0x3000, 0x3000}, {0xfeff, 0xfeff}};
static const Range line_ends[] = {{'\n', '\n'}, {'\r', '\r'}, {0x2028, 0x2029}};

/* ---------------------------------------------------------------- problems and output */

static bool
refuse(Rewrite *rewrite, CdpkStatus status, const char *problem)
{
	if (rewrite->status == CDPK_OK)
	{
		rewrite->status = status;
		rewrite->problem = problem;
	}
	return false;
}

static bool
put(Rewrite *rewrite, const char *bytes, size_t length)
{
	if (rewrite->result != NULL)
	{
		if (length > rewrite->room - rewrite->length)
			return refuse(rewrite, CDPK_TOO_LONG, "a pattern that is too long");
		memcpy(rewrite->result + rewrite->length, bytes, length);
	}
	rewrite->length += length;
	return true;
}

static bool
put_text(Rewrite *rewrite, const char *text)
{
	return put(rewrite, text, strlen(text));
}

/* Write a character by itself: as it is, or with a backslash. */
static bool
put_character(Rewrite *rewrite, uint32_t character)
{
	char piece[PIECE_MAX];

	if (character < 0x80 && (cdpk_is_ascii_letter((char) character) ||
							 cdpk_is_ascii_digit((char) character) || character == '_'))
	{
		piece[0] = (char) character;
		return put(rewrite, piece, 1);
	}
	if (character > 0x20 && character < 0x7f)
	{
		piece[0] = '\\';
		piece[1] = (char) character;
		return put(rewrite, piece, 2);
	}
	return put(rewrite, piece,
			   (size_t) snprintf(piece, sizeof(piece), character > 0xffff ? "\\U%08x" : "\\u%04x",
								 (unsigned) character));
}

/* ---------------------------------------------------------------- sets of characters */

static bool
add_range(Rewrite *rewrite, uint32_t first, uint32_t last)
{
	Set *set = &rewrite->set;

	if (set->count == CDPK_REGEX_RANGES_MAX)
		return refuse(rewrite, CDPK_TOO_LONG, "a class of too many characters");
	set->ranges[set->count].first = first;
	set->ranges[set->count++].last = last;
	return true;
}

/* Add ranges that ascend, or all characters that are in none of them. */
static bool
add_ranges(Rewrite *rewrite, const Range *ranges, size_t count, bool negated)
{
	uint32_t from = 1;

	for (size_t i = 0; i < count; i++)
	{
		if (!negated)
		{
			if (!add_range(rewrite, ranges[i].first, ranges[i].last))
				return false;
		}
		else if (from < ranges[i].first && !add_range(rewrite, from, ranges[i].first - 1))
			return false;
		from = ranges[i].last + 1;
	}
	return !negated || from > CHARACTER_MAX || add_range(rewrite, from, CHARACTER_MAX);
}

static int
compare_ranges(const void *a, const void *b)
{
	const Range *left = a;
	const Range *right = b;

	return (left->first > right->first) - (left->first < right->first);
}

/* Sort the set's ranges, and join those that touch. */
static void
join_ranges(Set *set)
{
	int kept = 0;

	qsort(set->ranges, (size_t) set->count, sizeof(Range), compare_ranges);
	for (int i = 0; i < set->count; i++)
	{
		if (kept > 0 && set->ranges[i].first <= set->ranges[kept - 1].last + 1)
		{
			if (set->ranges[i].last > set->ranges[kept - 1].last)
				set->ranges[kept - 1].last = set->ranges[i].last;
		}
		else
			set->ranges[kept++] = set->ranges[i];
	}
	set->count = kept;
}

/* Write the set, or what is not in it. */
static bool
put_set(Rewrite *rewrite, bool negated)
{
	Set *set = &rewrite->set;

	join_ranges(set);
	if (set->count == 0)
		return put_text(rewrite, negated ? "." : "(?!)");
	if (set->count == 1 && set->ranges[0].first <= 1 && set->ranges[0].last == CHARACTER_MAX)
		return put_text(rewrite, negated ? "(?!)" : ".");
	if (!put_text(rewrite, negated ? "[^" : "["))
		return false;
	for (int i = 0; i < set->count; i++)
	{
		if (!put_character(rewrite, set->ranges[i].first))
			return false;
		if (set->ranges[i].last > set->ranges[i].first &&
			(!put_text(rewrite, "-") || !put_character(rewrite, set->ranges[i].last)))
			return false;
	}
	return put_text(rewrite, "]");
}

/* Add what \d, \w, \s, \D, \W or \S stands for; false for another letter, without a problem. */
static bool
add_class(Rewrite *rewrite, char letter)
{
	bool negated = letter < 'a';

	switch (cdpk_ascii_lower(letter))
	{
		case 'd':
			return add_ranges(rewrite, digit_ranges, 1, negated);
		case 'w':
			return add_ranges(rewrite, word_ranges, 4, negated);
		case 's':
			return add_ranges(rewrite, space_ranges, sizeof(space_ranges) / sizeof(Range), negated);
		default:
			return false;
	}
}

static bool
is_class(char letter)
{
	return letter != '\0' && strchr("dwsDWS", letter) != NULL;
}

/* ---------------------------------------------------------------- characters and escapes */

/* Read so many hexadecimal digits. */
static bool
read_hexadecimal(Rewrite *rewrite, int digits, uint32_t *value)
{
	*value = 0;
	for (int i = 0; i < digits; i++)
	{
		char byte = rewrite->at < rewrite->end ? cdpk_ascii_lower(*rewrite->at) : '\0';

		if (cdpk_is_ascii_digit(byte))
			*value = *value * 16 + (uint32_t) (byte - '0');
		else if (byte >= 'a' && byte <= 'f')
			*value = *value * 16 + (uint32_t) (byte - 'a' + 10);
		else
			return refuse(rewrite, CDPK_INVALID, "an escape without its hexadecimal digits");
		rewrite->at++;
	}
	return true;
}

/* Read what follows \u: four digits, maybe the other half of a pair, or digits in braces. */
static bool
read_unicode(Rewrite *rewrite, uint32_t *character)
{
	const char *low;
	uint32_t half;

	if (rewrite->at < rewrite->end && *rewrite->at == '{')
	{
		rewrite->at++;
		*character = 0;
		do
		{
			if (!read_hexadecimal(rewrite, 1, &half))
				return false;
			*character = *character * 16 + half;
			if (*character > CHARACTER_MAX)
				return refuse(rewrite, CDPK_INVALID, "an escape beyond U+10FFFF");
		} while (rewrite->at < rewrite->end && *rewrite->at != '}');
		if (rewrite->at == rewrite->end)
			return refuse(rewrite, CDPK_INVALID, "an escape without its closing brace");
		rewrite->at++;
		return true;
	}
	if (!read_hexadecimal(rewrite, 4, character))
		return false;
	low = rewrite->at;
	if (*character < 0xd800 || *character > 0xdbff || rewrite->end - low < 6 || low[0] != '\\' ||
		low[1] != 'u' || low[2] == '{')
		return true;
	rewrite->at += 2;
	if (!read_hexadecimal(rewrite, 4, &half))
		return false;
	if (half >= 0xdc00 && half <= 0xdfff)
		*character = 0x10000 + ((*character - 0xd800) << 10) + (half - 0xdc00);
	else
		rewrite->at = low;
	return true;
}

/* Read the escape of one character, whose letter is next. */
static bool
read_escape(Rewrite *rewrite, uint32_t *character)
{
	static const char names[] = "tnvfr";
	static const char characters[] = "\t\n\v\f\r";
	char letter = *rewrite->at++;
	const char *name = letter != '\0' ? strchr(names, letter) : NULL;

	if (name != NULL)
		*character = (uint32_t) characters[name - names];
	else if (letter == 'x')
		return read_hexadecimal(rewrite, 2, character);
	else if (letter == 'u')
		return read_unicode(rewrite, character);
	else if (letter == 'c')
	{
		if (rewrite->at == rewrite->end || !cdpk_is_ascii_letter(*rewrite->at))
			return refuse(rewrite, CDPK_INVALID, "\\c without a letter");
		*character = (uint32_t) *rewrite->at++ & 31;
	}
	else if (letter == '0' && (rewrite->at == rewrite->end || !cdpk_is_ascii_digit(*rewrite->at)))
		*character = 0;
	else if (cdpk_is_ascii_digit(letter) || letter == 'k')
		return refuse(rewrite, CDPK_UNSUPPORTED, "a back-reference");
	else if (letter == 'p' || letter == 'P')
		return refuse(rewrite, CDPK_UNSUPPORTED, "a property of Unicode (\\p)");
	else if (cdpk_is_ascii_letter(letter) || (uint8_t) letter >= 0x80 || letter == '_')
		return refuse(rewrite, CDPK_INVALID, "an escape that ECMA-262 does not have");
	else
		*character = (uint32_t) letter;
	return true;
}

/* Read the next character as it stands. */
static void
read_plain(Rewrite *rewrite, uint32_t *character)
{
	rewrite->at += cdpk_utf8_decode(rewrite->at, rewrite->end, character);
}

/* ---------------------------------------------------------------- classes in brackets */

/* Read one end of a range, or a class such as \d, which is added at once. */
static bool
read_member(Rewrite *rewrite, uint32_t *character, bool *is_set)
{
	*is_set = false;
	if (*rewrite->at != '\\')
	{
		read_plain(rewrite, character);
		return true;
	}
	if (++rewrite->at == rewrite->end)
		return refuse(rewrite, CDPK_INVALID, "a backslash at the end");
	if (is_class(*rewrite->at))
	{
		*is_set = true;
		return add_class(rewrite, *rewrite->at++);
	}
	if (*rewrite->at == 'b' || *rewrite->at == '-')
	{
		*character = *rewrite->at++ == 'b' ? '\b' : '-';
		return true;
	}
	return read_escape(rewrite, character);
}

/* Read a member, and the other end where it begins a range. */
static bool
read_range(Rewrite *rewrite)
{
	uint32_t first;
	uint32_t last;
	bool is_set;

	if (!read_member(rewrite, &first, &is_set))
		return false;
	if (is_set)
		return true;
	last = first;
	if (rewrite->end - rewrite->at >= 2 && rewrite->at[0] == '-' && rewrite->at[1] != ']')
	{
		rewrite->at++;
		if (!read_member(rewrite, &last, &is_set))
			return false;
		if (is_set) /* the hyphen stands for itself */
			return add_range(rewrite, first, first) && add_range(rewrite, '-', '-');
		if (last < first)
			return refuse(rewrite, CDPK_INVALID, "a range in the wrong order");
	}
	/* no text has the character 0 */
	if (last == 0)
		return true;
	return add_range(rewrite, first == 0 ? 1 : first, last);
}

/* Rewrite what follows an opening bracket. */
static bool
rewrite_class(Rewrite *rewrite)
{
	bool negated = rewrite->at < rewrite->end && *rewrite->at == '^';

	rewrite->at += negated;
	rewrite->set.count = 0;
	while (rewrite->at < rewrite->end && *rewrite->at != ']')
		if (!read_range(rewrite))
			return false;
	if (rewrite->at == rewrite->end)
		return refuse(rewrite, CDPK_INVALID, "a class without its closing bracket");
	rewrite->at++;
	return put_set(rewrite, negated);
}

/* ---------------------------------------------------------------- quantifiers */

/* Read {m}, {m,} or {m,n} from after the brace on; false, and nothing read, if it is none of them. */
static bool
read_braces(Rewrite *rewrite, uint32_t *least, uint32_t *most)
{
	const char *at = rewrite->at;
	uint32_t *numbers[] = {least, most};
	bool comma = false;

	*least = 0;
	*most = REPEAT_OPEN;
	for (int i = 0; i < 2; i++)
	{
		uint64_t value = 0;
		const char *digits = at;

		for (; at < rewrite->end && cdpk_is_ascii_digit(*at); at++)
			value = value < UINT32_MAX ? value * 10 + (uint64_t) (*at - '0') : value;
		if (at > digits)
			*numbers[i] = value < REPEAT_OPEN ? (uint32_t) value : REPEAT_OPEN - 1;
		else if (i == 0)
			return false;
		if (i == 0)
			comma = at < rewrite->end && *at == ',';
		at += i == 0 && comma;
		if (!comma)
		{
			*most = *least;
			break;
		}
	}
	if (at == rewrite->end || *at != '}')
		return false;
	rewrite->at = at + 1;
	return true;
}

/* Write so many repetitions of a piece, which stands apart from the result; exactly so many, or up to so many. */
static bool
put_repeated(Rewrite *rewrite, const char *piece, size_t length, uint32_t times, bool up_to)
{
	char count[32];
	uint32_t rounds = times / ENGINE_REPEAT_MAX;
	uint32_t rest = times % ENGINE_REPEAT_MAX;
	const char *zero = up_to ? "0," : "";

	if (rounds > 0)
	{
		snprintf(count, sizeof(count), "{%s%d}){%u}", zero, ENGINE_REPEAT_MAX, (unsigned) rounds);
		if (!put_text(rewrite, "(?:") || !put(rewrite, piece, length) || !put_text(rewrite, count))
			return false;
	}
	if (rest == 0)
		return true;
	snprintf(count, sizeof(count), "{%s%u}", zero, (unsigned) rest);
	return put(rewrite, piece, length) && put_text(rewrite, count);
}

/* Repeat the last atom more often than the engine counts. */
static bool
repeat_often(Rewrite *rewrite, uint32_t least, uint32_t most)
{
	size_t length = rewrite->length - rewrite->atom;
	char *piece;
	bool result;

	if (rewrite->result == NULL)
		return true;
	/* the atom goes to the end of the buffer, and what repeats it comes in its place */
	if (length > rewrite->room - rewrite->length)
		return refuse(rewrite, CDPK_TOO_LONG, "a pattern that is too long");
	rewrite->room -= length;
	piece = rewrite->result + rewrite->room;
	memmove(piece, rewrite->result + rewrite->atom, length);
	rewrite->length = rewrite->atom;
	result = put_text(rewrite, "(?:") && put_repeated(rewrite, piece, length, least, false);
	if (result && most == REPEAT_OPEN)
		result = put(rewrite, piece, length) && put_text(rewrite, "*");
	else if (result)
		result = put_repeated(rewrite, piece, length, most - least, true);
	result = result && put_text(rewrite, ")");
	rewrite->room += length;
	return result;
}

/* Rewrite a quantifier of the last atom; that it is lazy says nothing of whether a text matches. */
static bool
rewrite_quantifier(Rewrite *rewrite, uint32_t least, uint32_t most)
{
	char count[32];

	if (!rewrite->repeatable)
		return refuse(rewrite, CDPK_INVALID, "a quantifier with nothing to repeat");
	if (most != REPEAT_OPEN && least > most)
		return refuse(rewrite, CDPK_INVALID, "a quantifier whose numbers are in the wrong order");
	if (least > CDPK_REGEX_REPEAT_MAX || (most != REPEAT_OPEN && most > CDPK_REGEX_REPEAT_MAX))
		return refuse(rewrite, CDPK_TOO_LONG, "a quantifier of too large a number");
	rewrite->repeatable = false;
	if (rewrite->at < rewrite->end && *rewrite->at == '?')
		rewrite->at++;
	if (least > ENGINE_REPEAT_MAX || (most != REPEAT_OPEN && most > ENGINE_REPEAT_MAX))
		return repeat_often(rewrite, least, most);
	if (most == REPEAT_OPEN)
		snprintf(count, sizeof(count),
				 least == 0   ? "*"
				 : least == 1 ? "+"
							  : "{%u,}",
				 (unsigned) least);
	else
		snprintf(count, sizeof(count), "{%u,%u}", (unsigned) least, (unsigned) most);
	return put_text(rewrite, count);
}

/* ---------------------------------------------------------------- patterns */

/* Rewrite an opening parenthesis and what belongs to it. */
static bool
open_group(Rewrite *rewrite)
{
	static const char *const looks[] = {"?=", "?!", "?<=", "?<!"};
	size_t left = (size_t) (rewrite->end - rewrite->at);
	const char *opening = "(?:";
	Group *group;

	if (rewrite->depth == CDPK_REGEX_DEPTH_MAX)
		return refuse(rewrite, CDPK_TOO_LONG, "parentheses within each other too deeply");
	group = &rewrite->groups[rewrite->depth++];
	group->start = rewrite->length;
	group->look = false;
	for (int i = 0; i < 4; i++)
		if (left >= strlen(looks[i]) && memcmp(rewrite->at, looks[i], strlen(looks[i])) == 0)
		{
			group->look = true;
			rewrite->at += strlen(looks[i]);
			return put_text(rewrite, "(") && put_text(rewrite, looks[i]);
		}
	if (left >= 2 && rewrite->at[0] == '?' && rewrite->at[1] == ':')
		rewrite->at += 2;
	else if (left >= 2 && rewrite->at[0] == '?' && rewrite->at[1] == '<')
	{
		const char *name = rewrite->at + 2;

		rewrite->at = memchr(name, '>', left - 2);
		if (rewrite->at == NULL || rewrite->at == name)
		{
			rewrite->at = name;
			return refuse(rewrite, CDPK_INVALID, "a group without its name");
		}
		rewrite->at++;
	}
	else if (left >= 1 && rewrite->at[0] == '?')
		return refuse(rewrite, CDPK_INVALID, "a kind of group that ECMA-262 does not have");
	return put_text(rewrite, opening);
}

static bool
close_group(Rewrite *rewrite)
{
	if (rewrite->depth == 0)
		return refuse(rewrite, CDPK_INVALID, "a closing parenthesis without its opening one");
	rewrite->depth--;
	rewrite->atom = rewrite->groups[rewrite->depth].start;
	rewrite->repeatable = !rewrite->groups[rewrite->depth].look;
	return put_text(rewrite, ")");
}

/* Rewrite an escape outside brackets. */
static bool
rewrite_escape(Rewrite *rewrite)
{
	uint32_t character;

	if (rewrite->at == rewrite->end)
		return refuse(rewrite, CDPK_INVALID, "a backslash at the end");
	if (*rewrite->at == 'b' || *rewrite->at == 'B')
	{
		rewrite->repeatable = false;
		return put_text(rewrite, *rewrite->at++ == 'b' ? "\\y" : "\\Y");
	}
	rewrite->set.count = 0;
	if (is_class(*rewrite->at))
		return add_class(rewrite, *rewrite->at++) && put_set(rewrite, false);
	if (!read_escape(rewrite, &character))
		return false;
	return character == 0 ? put_set(rewrite, false) : put_character(rewrite, character);
}

/* Rewrite what the next bytes are. */
static bool
rewrite_next(Rewrite *rewrite)
{
	size_t start = rewrite->length;
	uint32_t character;
	uint32_t least;
	uint32_t most;

	read_plain(rewrite, &character);
	if (character == '*' || character == '+')
		return rewrite_quantifier(rewrite, character == '+', REPEAT_OPEN);
	if (character == '?')
		return rewrite_quantifier(rewrite, 0, 1);
	if (character == '{' && read_braces(rewrite, &least, &most))
		return rewrite_quantifier(rewrite, least, most);
	if (character == ')')
		return close_group(rewrite);
	if (character == '(' || character == '^' || character == '$' || character == '|')
	{
		rewrite->repeatable = false;
		if (character == '(')
			return open_group(rewrite);
		return put_text(rewrite, character == '^' ? "^" : character == '$' ? "$" : "|");
	}
	rewrite->atom = start;
	rewrite->repeatable = true;
	if (character == '[')
		return rewrite_class(rewrite);
	if (character == '\\')
		return rewrite_escape(rewrite);
	if (character != '.')
		return put_character(rewrite, character);
	rewrite->set.count = 0;
	return add_ranges(rewrite, line_ends, sizeof(line_ends) / sizeof(Range), false) &&
		   put_set(rewrite, true);
}

CdpkStatus
cdpk_ecma_regex(const char *pattern, size_t length, char *result, size_t room,
				size_t *result_length, const char **problem, size_t *position)
{
	Rewrite rewrite;
	bool ascii;

	*problem = "not UTF-8";
	*position = 1;
	if (cdpk_utf8_check(pattern, length, &ascii) != CDPK_OK)
		return CDPK_BAD_ENCODING;
	memset(&rewrite, 0, offsetof(Rewrite, set));
	rewrite.start = rewrite.at = pattern;
	rewrite.end = pattern + length;
	rewrite.result = result;
	rewrite.room = room;
	while (rewrite.at < rewrite.end && rewrite_next(&rewrite))
		;
	if (rewrite.status == CDPK_OK && rewrite.depth > 0)
		refuse(&rewrite, CDPK_INVALID, "an opening parenthesis without its closing one");
	*result_length = rewrite.length;
	*problem = rewrite.problem;
	*position = (size_t) (rewrite.at - pattern) + 1;
	return rewrite.status;
}
