/*
 * email_key.c
 *		An e-mail address in canonical form, for indexes.
 */
#include "postgres.h"

#include "utils/builtins.h"

#include "cdp.h"
#include "compat.h"
#include "core/identifier/identifier.h"
#include "core/text/utf8.h"

/* Return whether none of the bytes is beyond ASCII. */
static bool
is_ascii(const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if ((unsigned char) text[i] >= 0x80)
			return false;
	return true;
}

CDP_FUNCTION(cdp_email_key);

/*
 * Return the canonical form of an ASCII address. NULL for characters beyond ASCII, whose form
 * comes from tables of libraries that a new release may change, which an index must not depend
 * on; and for what is not an address.
 */
Datum
cdp_email_key(PG_FUNCTION_ARGS)
{
	text *address = PG_GETARG_TEXT_PP(0);
	const char *value = VARDATA_ANY(address);
	size_t length = VARSIZE_ANY_EXHDR(address);
	uint8_t payload[CDPK_IDENTIFIER_PAYLOAD_MAX];
	size_t payload_length;
	bool ascii;

	if (cdpk_utf8_check(value, length, &ascii) != CDPK_OK)
		PG_RETURN_NULL();
	cdpk_trim(&value, &length); /* the blanks around it may be beyond ASCII */
	if (!is_ascii(value, length) ||
		cdpk_identifier_make("email", 5, value, length, NULL, payload, &payload_length) != CDPK_OK)
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(
		cstring_to_text_with_len(cdpk_identifier_value(payload),
								 (int) cdpk_identifier_value_length(payload, payload_length)));
}
