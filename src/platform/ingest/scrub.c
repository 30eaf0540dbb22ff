/*
 * scrub.c
 *		Takes suppressed identifiers out of a row.
 *
 * A value, or a key, that is one as a whole is taken out.  Of a text, such as the address of a page, each word that is
 * one is.  A number or a short text is only where identifiers are expected: 7 may be a user, and mostly is a quantity.
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/numeric.h"

#include "cdp.h"
#include "compat.h"
#include "core/text/json.h"
#include "platform/ingest/dropped.h"
#include "platform/ingest/scrub.h"

/* a shorter text is an identifier only where identifiers are expected */
#define SHORT_MAX 3

typedef struct Scrub
{
	const Suppressed *suppressed;
	const char *region;
	bool found;
} Scrub;

bool
scrub_is_needed(const Suppressed *suppressed, const OnboardedRow *event)
{
	for (int i = 0; i < event->identifiers.count; i++)
		if (suppressed_has(suppressed, event->identifiers.members[i]))
			return true;
	return event->earlier != NULL && suppressed_has(suppressed, event->earlier);
}

/* ---------------------------------------------------------------- texts */

/* is_word tells whether a byte may be part of an identifier in a text. */
static bool
is_word(unsigned char c)
{
	return c >= 0x80 || isalnum(c) || (c != '\0' && strchr("@._+%-", c) != NULL);
}

/* is_inner tells whether a byte is part of an identifier in a text only where another follows. */
static bool
is_inner(unsigned char c)
{
	return c == '.' || c == '-' || c == '_' || c == '%';
}

/* decode writes a word without its percent-encoding, and returns its length. */
static size_t
decode(CdpkSpan word, char *result)
{
	size_t length = 0;

	for (size_t i = 0; i < word.length; i++)
	{
		char byte;

		if (word.text[i] == '%' && i + 2 < word.length &&
			isxdigit((unsigned char) word.text[i + 1]) &&
			isxdigit((unsigned char) word.text[i + 2]))
		{
			hex_decode(word.text + i + 1, 2, &byte);
			result[length++] = byte;
			i += 2;
		}
		else
			result[length++] = word.text[i];
	}
	return length;
}

/* is_quoted tells whether a word of a text stands in quotes, as a value of JSON does. */
static bool
is_quoted(CdpkSpan text, CdpkSpan word)
{
	return word.text > text.text && word.text[-1] == '"' &&
		   word.text + word.length < text.text + text.length && word.text[word.length] == '"';
}

/* is_suppressed_word tells whether a word is suppressed, as it is or without its percent-encoding. */
static bool
is_suppressed_word(const Scrub *scrub, CdpkSpan word, bool expected)
{
	char decoded[CDPK_IDENTIFIER_MAX];
	CdpkSpan plain = {decoded, 0};

	if ((word.length <= SHORT_MAX && !expected) || word.length > CDPK_IDENTIFIER_MAX)
		return false;
	if (suppressed_has_text(scrub->suppressed, word, scrub->region))
		return true;
	if (memchr(word.text, '%', word.length) == NULL)
		return false;
	plain.length = decode(word, decoded);
	return suppressed_has_text(scrub->suppressed, plain, scrub->region);
}

/* keep_words appends a text without the words that are suppressed; returns whether there was any. */
static bool
keep_words(const Scrub *scrub, CdpkSpan from, StringInfo kept)
{
	size_t copied = 0;
	bool found = false;

	for (size_t i = 0; i < from.length;)
	{
		CdpkSpan word = {from.text + i, 0};

		while (i + word.length < from.length && is_word((unsigned char) word.text[word.length]))
			word.length++;
		if (word.length == 0)
		{
			i++;
			continue;
		}
		i += word.length;
		while (word.length > 0 && is_inner((unsigned char) word.text[0]))
		{
			word.text++;
			word.length--;
		}
		while (word.length > 0 && is_inner((unsigned char) word.text[word.length - 1]))
			word.length--;
		if (!is_suppressed_word(scrub, word, is_quoted(from, word)))
			continue;
		appendBinaryStringInfo(kept, from.text + copied, (int) (word.text - from.text - copied));
		copied = (size_t) (word.text - from.text) + word.length;
		found = true;
	}
	if (found)
		appendBinaryStringInfo(kept, from.text + copied, (int) (from.length - copied));
	return found;
}

/*
 * scrub_span takes out what is suppressed of a text; returns whether the text stays, perhaps changed.  expected: an
 * identifier may stand there.
 */
static bool
scrub_span(Scrub *scrub, CdpkSpan *span, bool expected)
{
	StringInfoData kept;

	if ((expected || span->length > SHORT_MAX) &&
		suppressed_has_text(scrub->suppressed, *span, scrub->region))
	{
		scrub->found = true;
		return false;
	}
	initStringInfo(&kept);
	if (!keep_words(scrub, *span, &kept))
	{
		pfree(kept.data);
		return true;
	}
	scrub->found = true;
	span->text = kept.data;
	span->length = (size_t) kept.len;
	return kept.len > 0;
}

text *
scrub_text(const Suppressed *suppressed, const char *region, text *from)
{
	Scrub scrub = {suppressed, region, false};
	CdpkSpan span = ingest_text(PointerGetDatum(from));

	if (!scrub_span(&scrub, &span, true))
		span.length = 0;
	return scrub.found ? cstring_to_text_with_len(span.text, (int) span.length) : from;
}

/* ---------------------------------------------------------------- documents */

/* names_identifier tells whether identifiers are expected at a key. */
static bool
names_identifier(CdpkSpan key)
{
	static const char *const keys[] = {
		"id",           "value",         "email",          "phone",
		"token",        "advertisingId", "advertising_id", "clientId",
		"client_id",    "userId",        "user_id",        "anonymousId",
		"anonymous_id", "previousId",    "previous_id"};

	for (int i = 0; i < lengthof(keys); i++)
		if (key.length == strlen(keys[i]) && memcmp(key.text, keys[i], key.length) == 0)
			return true;
	return false;
}

/* keep_scalar takes out what is suppressed of a scalar; returns whether it stays. */
static bool
keep_scalar(Scrub *scrub, JsonbValue *value, bool expected)
{
	CdpkSpan span;

	if (value->type == jbvString)
	{
		span.text = value->val.string.val;
		span.length = (size_t) value->val.string.len;
		if (!scrub_span(scrub, &span, expected))
			return false;
		value->val.string.val = unconstify(char *, span.text);
		value->val.string.len = (int) span.length;
	}
	else if (value->type == jbvNumeric)
	{
		span = ingest_span(identifier_number(value->val.numeric));
		if ((expected || span.length > SHORT_MAX) &&
			suppressed_has_text(scrub->suppressed, span, scrub->region))
		{
			scrub->found = true;
			return false;
		}
	}
	return true;
}

/* is_deep tells whether a document is deeper than one of an event can be: to build it anew recurses. */
static bool
is_deep(Jsonb *document)
{
	JsonbIterator *iterator = JsonbIteratorInit(&document->root);
	JsonbIteratorToken token;
	JsonbValue value;
	int depth = 0;

	while ((token = JsonbIteratorNext(&iterator, &value, false)) != WJB_DONE)
		if (token == WJB_END_ARRAY || token == WJB_END_OBJECT)
			depth--;
		else if ((token == WJB_BEGIN_ARRAY || token == WJB_BEGIN_OBJECT) &&
				 ++depth > CDPK_JSON_DEPTH_MAX + DROPPED_LEVELS)
			return true;
	return false;
}

/* scrub_whole takes out a document as a whole that is too deep, or a scalar; NULL: nothing is left. */
static Jsonb *
scrub_whole(Scrub *scrub, Jsonb *document)
{
	JsonbValue value;
	StringInfoData text;
	CdpkSpan span;

	if (JB_ROOT_IS_SCALAR(document))
	{
		(void) JsonbExtractScalar(&document->root, &value);
		return keep_scalar(scrub, &value, true) ? JsonbValueToJsonb(&value) : NULL;
	}
	initStringInfo(&text);
	(void) JsonbToCString(&text, &document->root, (int) VARSIZE(document));
	span.text = text.data;
	span.length = (size_t) text.len;
	(void) scrub_span(scrub, &span, true);
	return scrub->found ? NULL : document;
}

/* scrub_object takes out what is suppressed of an object or array; everywhere: all its values may be identifiers. */
static Jsonb *
scrub_object(Scrub *scrub, Jsonb *document, bool everywhere)
{
	JsonbIterator *iterator = JsonbIteratorInit(&document->root);
	JsonbParseState *state = NULL;
	JsonbValue *made = NULL;
	JsonbValue key = {.type = jbvNull};
	JsonbValue value;
	JsonbIteratorToken token;
	bool expected = everywhere;

	while ((token = JsonbIteratorNext(&iterator, &value, false)) != WJB_DONE)
	{
		CHECK_FOR_INTERRUPTS();
		switch (token)
		{
			case WJB_KEY:
				key = value;
				expected = everywhere || names_identifier((CdpkSpan){key.val.string.val,
																	 (size_t) key.val.string.len});
				/* a key that is one as a whole: its value goes with it */
				if (!keep_scalar(scrub, &value, true))
				{
					token = JsonbIteratorNext(&iterator, &value, true);
					break;
				}
				key = value;
				token = JsonbIteratorNext(&iterator, &value, false);
				if (token == WJB_VALUE)
				{
					if (!keep_scalar(scrub, &value, expected))
						break;
					(void) pushJsonbValue(&state, WJB_KEY, &key);
					(void) pushJsonbValue(&state, WJB_VALUE, &value);
				}
				else
				{
					(void) pushJsonbValue(&state, WJB_KEY, &key);
					made = pushJsonbValue(&state, token, NULL);
				}
				break;
			case WJB_ELEM:
				if (keep_scalar(scrub, &value, expected))
					made = pushJsonbValue(&state, token, &value);
				break;
			default:
				made = pushJsonbValue(&state, token, NULL);
				break;
		}
	}
	return JsonbValueToJsonb(made);
}

/* scrub_document takes out what is suppressed of a document; NULL: nothing is left. */
static Jsonb *
scrub_document(Scrub *scrub, Jsonb *document, bool everywhere)
{
	if (JB_ROOT_IS_SCALAR(document) || is_deep(document))
		return scrub_whole(scrub, document);
	return scrub_object(scrub, document, everywhere);
}

Jsonb *
scrub_jsonb(const Suppressed *suppressed, const char *region, Jsonb *from)
{
	Scrub scrub = {suppressed, region, false};
	Jsonb *made = scrub_document(&scrub, from, false);

	return scrub.found ? made : from;
}

/* ---------------------------------------------------------------- rows */

/* scrub_column takes out what is suppressed of a column that is a text. */
static void
scrub_column(Scrub *scrub, InboxRow *row, InboxColumn column, bool expected)
{
	Scrub one = *scrub;
	CdpkSpan span;

	if (row->nulls[column])
		return;
	one.found = false;
	span = ingest_column(row, column);
	row->nulls[column] = !scrub_span(&one, &span, expected);
	if (!one.found)
		return;
	scrub->found = true;
	/* what is left of the id of a message may be that of another */
	if (column == INBOX_MESSAGE_ID)
		row->nulls[column] = true;
	if (!row->nulls[column])
		row->values[column] = ingest_text_datum(span);
}

bool
scrub_row(const Suppressed *suppressed, const char *region, InboxRow *row)
{
	static const struct
	{
		InboxColumn column;
		bool is_document;
		bool expected; /* identifiers stand there, at all places */
	} columns[] = {{INBOX_MESSAGE_ID, false, false},  {INBOX_EVENT, false, false},
				   {INBOX_ANONYMOUS_ID, false, true}, {INBOX_USER_ID, false, true},
				   {INBOX_GROUP_ID, false, false},    {INBOX_PREVIOUS_ID, false, true},
				   {INBOX_IDENTIFIERS, true, true},   {INBOX_PROPERTIES, true, false},
				   {INBOX_TRAITS, true, false},       {INBOX_CONTEXT, true, false}};
	Scrub scrub = {suppressed, region, false};

	for (int i = 0; i < lengthof(columns); i++)
	{
		InboxColumn column = columns[i].column;

		if (!columns[i].is_document)
			scrub_column(&scrub, row, column, columns[i].expected);
		else if (!row->nulls[column])
		{
			Scrub one = {suppressed, region, false};
			Jsonb *made =
				scrub_document(&one, DatumGetJsonbP(row->values[column]), columns[i].expected);

			if (one.found)
			{
				row->values[column] = JsonbPGetDatum(made);
				row->nulls[column] = made == NULL;
			}
			scrub.found |= one.found;
		}
	}
	return scrub.found;
}
