/*
 * json_fuzz.c
 *		cdpk_json_check, and the readers that build on a document it has taken.
 */
#include <stdlib.h>

#include "core/text/json.h"
#include "core/text/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
require(bool condition)
{
	if (!condition)
		abort();
}

/* A key or string loses its escapes, does not grow, and is UTF-8 without a NUL. */
static void
unescape(CdpkSpan string, bool escaped)
{
	char *result = malloc(string.length ? string.length : 1);
	size_t length = cdpk_json_unescape(string, result);
	bool ascii;

	require(length <= string.length && (escaped || length == string.length));
	require(cdpk_utf8_check(result, length, &ascii) == CDPK_OK);
	free(result);
}

/* Walks the members of the value that the text holds, each again as a text of its own. */
static void
walk(CdpkSpan text, int levels)
{
	CdpkJson json = cdpk_json(text.text, text.length);
	CdpkJsonToken token = cdpk_json_next(&json);
	CdpkSpan member;
	CdpkSpan whole;
	int64_t integer;

	if (token == CDPK_JSON_STRING)
		unescape(json.string, json.escaped);
	if (token == CDPK_JSON_NUMBER)
		cdpk_json_small_integer(text, &integer);
	if ((token != CDPK_JSON_OBJECT && token != CDPK_JSON_ARRAY) || levels == 0)
		return;
	while (json.at < json.end)
	{
		CdpkJson before = json;

		token = cdpk_json_next(&json);
		if (token == CDPK_JSON_OBJECT_END || token == CDPK_JSON_ARRAY_END)
			break;
		if (token == CDPK_JSON_KEY)
			unescape(json.string, json.escaped);
		else
			json = before;
		require(cdpk_json_value(&json, &member) != CDPK_JSON_INVALID);
		walk(member, levels - 1);
	}
	require(cdpk_json_next(&json) == CDPK_JSON_END);
	json = cdpk_json(text.text, text.length);
	require(cdpk_json_value(&json, &whole) != CDPK_JSON_INVALID &&
			cdpk_json_next(&json) == CDPK_JSON_END);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *problem = NULL;
	size_t position = 0;
	CdpkSpan text = {(const char *) data, size};
	CdpkJson json = cdpk_json(text.text, size);
	CdpkJsonToken token;
	CdpkStatus status = cdpk_json_check(text.text, size, &problem, &position);
	char *result = malloc(size ? size : 1);

	/* the scanner alone ends, and stays within any bytes; so does what reads a string */
	do
		token = cdpk_json_next(&json);
	while (token != CDPK_JSON_END && token != CDPK_JSON_INVALID);
	require(cdpk_json_unescape(text, result) <= size);
	free(result);

	if (status == CDPK_OK)
	{
		require(token == CDPK_JSON_END);
		walk(text, 3);
	}
	else
		require(problem != NULL && position >= 1 && position <= size + 1);
	return 0;
}
