/*
 * format_fuzz.c
 *		The formats of strings, and references resolved against a base: no text is read beyond its end.
 */
#include <string.h>

#include "core/schema/format.h"
#include "core/schema/uri.h"
#include "core/text/utf8.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Resolve what stands behind the first blank against what stands before it. */
static void
resolve(const char *text, size_t length)
{
	const char *blank = memchr(text, ' ', length);
	CdpkSpan base = {text, blank != NULL ? (size_t) (blank - text) : 0};
	CdpkSpan reference = {text + base.length + 1, length - base.length - 1};
	char *result;

	if (blank == NULL || !cdpk_uri_valid(base, true) || !cdpk_uri_valid(reference, true))
		return;
	result = fuzz_allocate(NULL, base.length + reference.length + 2);
	if (cdpk_uri_resolve(base, reference, result) > base.length + reference.length + 2)
		abort();
	fuzz_release(NULL, result);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *) data;
	bool ascii;

	if (cdpk_utf8_check(text, size, &ascii) != CDPK_OK)
		return 0;
	for (int format = 0; format < CDPK_FORMATS; format++)
	{
		bool matches = cdpk_format_matches((CdpkFormat) format, text, size);

		/* what is international takes all that is not */
		if (matches && format == CDPK_FORMAT_URI &&
			!cdpk_format_matches(CDPK_FORMAT_IRI, text, size))
			abort();
		if (matches && format == CDPK_FORMAT_EMAIL &&
			!cdpk_format_matches(CDPK_FORMAT_IDN_EMAIL, text, size))
			abort();
	}
	if (size > 0)
		resolve(text, size);
	return 0;
}
