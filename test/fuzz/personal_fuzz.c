/*
 * personal_fuzz.c
 *		What looks like personal data, in any bytes: a hit has no near of its kind, a mask has no letter or digit of
 *		the value but x and 9, and a found value is found behind blanks, too.
 */
#include <stdlib.h>
#include <string.h>

#include "core/personal/personal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
require(bool condition)
{
	if (!condition)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *) data;
	CdpkPersonalFound found = cdpk_personal_value(text, size, 2026);
	char mask[CDPK_PERSONAL_MASK_MAX + 1];
	size_t length = cdpk_personal_mask(text, size, mask);

	require((found.hits & found.near) == 0);
	require((found.hits | found.near) >> CDPK_PERSONAL_VALUE_KINDS == 0);
	require(length <= CDPK_PERSONAL_MASK_MAX && mask[length] == '\0');
	for (size_t i = 0; i < length; i++)
		require(mask[i] == 'x' || mask[i] == '9' ||
				((mask[i] < '0' || mask[i] > '9') && (mask[i] < 'A' || mask[i] > 'Z') &&
				 (mask[i] < 'a' || mask[i] > 'z')));
	require(cdpk_personal_key(text, size, true) <= CDPK_PERSONAL_KINDS);
	require(cdpk_personal_key(text, size, false) <= CDPK_PERSONAL_KINDS);
	cdpk_personal_key_is_value(text, size);
	if (size < 100)
	{
		char padded[102] = " ";
		CdpkPersonalFound again;

		memcpy(padded + 1, text, size);
		padded[size + 1] = ' ';
		again = cdpk_personal_value(padded, size + 2, 2026);
		require(again.hits == found.hits && again.near == found.near);
	}
	return 0;
}
