/*
 * ecma_regex_fuzz.c
 *		A pattern, whatever it is: rewriting it stays within its room, and says the same without a result.
 */
#include <string.h>

#include "core/schema/ecma_regex.h"
#include "core/text/utf8.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t room = size > 0 ? (size_t) data[0] * 64 : 0;
	const char *pattern = (const char *) data + (size > 0);
	size_t length = size > 0 ? size - 1 : 0;
	char *result = fuzz_allocate(NULL, room + 1);
	const char *problem = NULL;
	size_t position = 0;
	size_t written = 0;
	size_t other;
	CdpkStatus status =
		cdpk_ecma_regex(pattern, length, result, room, &written, &problem, &position);
	bool ascii;

	if (written > room || position < 1 || position > length + 1)
		abort();
	if ((status == CDPK_OK) != (problem == NULL))
		abort();
	if (status == CDPK_OK && cdpk_utf8_check(result, written, &ascii) != CDPK_OK)
		abort();
	if (status != CDPK_TOO_LONG && status != CDPK_BAD_ENCODING &&
		cdpk_ecma_regex(pattern, length, NULL, 0, &other, &problem, &position) != status)
		abort();
	fuzz_release(NULL, result);
	return 0;
}
