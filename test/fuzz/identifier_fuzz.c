/*
 * identifier_fuzz.c
 *		Any bytes as the text form, as an e-mail address, and as the stored form of
 *		an identifier: whatever is accepted is canonical.
 */
#include <stdlib.h>
#include <string.h>

#include "core/identifier/identifier.h"
#include "core/identifier/meaningless.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
require(bool condition)
{
	if (!condition)
		abort();
}

/* canonical holds an accepted payload against what the interface promises of it. */
static void
canonical(const uint8_t *payload, size_t length)
{
	uint8_t again[CDPK_IDENTIFIER_PAYLOAD_MAX];
	size_t again_length;

	require(length <= CDPK_IDENTIFIER_PAYLOAD_MAX);
	require(cdpk_identifier_check(payload, length) == CDPK_OK);
	require(cdpk_identifier_make(
				cdpk_identifier_namespace(payload), cdpk_identifier_namespace_length(payload),
				cdpk_identifier_value(payload), cdpk_identifier_value_length(payload, length), NULL,
				again, &again_length) == CDPK_OK);
	require(again_length == length && memcmp(again, payload, length) == 0);
	require(cdpk_identifier_compare(payload, length, again, again_length) == 0);
	(void) cdpk_identifier_meaningless(payload, length);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *) data;
	const char *colon = size > 0 ? memchr(text, ':', size) : NULL;
	uint8_t payload[CDPK_IDENTIFIER_PAYLOAD_MAX];
	size_t length;

	if (size == 0)
		return 0;
	if (colon != NULL &&
		cdpk_identifier_make(text, (size_t) (colon - text), colon + 1,
							 size - (size_t) (colon - text) - 1, NULL, payload, &length) == CDPK_OK)
		canonical(payload, length);
	if (cdpk_identifier_make("email", 5, text, size, NULL, payload, &length) == CDPK_OK)
		canonical(payload, length);
	if (cdpk_identifier_make("idfa", 4, text, size, NULL, payload, &length) == CDPK_OK)
		canonical(payload, length);
	if (cdpk_identifier_make("email_sha256", 12, text, size, NULL, payload, &length) == CDPK_OK)
		canonical(payload, length);
	if (cdpk_identifier_check(data, size) == CDPK_OK)
		canonical(data, size);
	(void) cdpk_value_meaningless(text, size);
	return 0;
}
