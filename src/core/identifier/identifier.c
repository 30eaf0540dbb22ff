/*
 * identifier.c
 *		The canonical form of an identifier, and how raw text becomes one.
 */
#include "core/identifier/identifier.h"

#include <string.h>

#include "core/base/bytes.h"
#include "core/identifier/hexid.h"
#include "core/identifier/meaningless.h"
#include "core/text/utf8.h"

/* E.164: a plus sign and 7 to 15 digits, the first not a zero */
#define E164_MIN 8
#define E164_MAX 16

/*
 * Longer than any typed number, full-width digits included. Beyond it the regular expressions
 * of a phone library take superlinear time.
 */
#define PHONE_RAW_MAX 128

/* Check the form of a namespace and write it in lower case. */
CdpkStatus
cdpk_namespace_fold(const char *name_space, size_t length, char *result)
{
	if (length > CDPK_NAMESPACE_MAX)
		return CDPK_TOO_LONG;
	if (length == 0 || !cdpk_is_ascii_letter(name_space[0]))
		return CDPK_INVALID;
	for (size_t i = 0; i < length; i++)
	{
		char byte = name_space[i];

		if (!cdpk_is_ascii_letter(byte) && !cdpk_is_ascii_digit(byte) && byte != '_' &&
			byte != '.' && byte != '-')
			return CDPK_INVALID;
		result[i] = cdpk_ascii_lower(byte);
	}
	return CDPK_OK;
}

static bool
is_namespace(const char *name_space, size_t length, const char *name)
{
	return length == strlen(name) && memcmp(name_space, name, length) == 0;
}

static bool
is_e164(const char *value, size_t length)
{
	if (length < E164_MIN || length > E164_MAX || value[0] != '+' || value[1] == '0')
		return false;
	for (size_t i = 1; i < length; i++)
		if (!cdpk_is_ascii_digit(value[i]))
			return false;
	return true;
}

/* Find control characters in well-formed UTF-8. */
static bool
has_control(const char *value, size_t length)
{
	const char *end = value + length;

	while (value < end)
	{
		uint32_t character = (uint8_t) *value;

		value += character < 0x80 ? 1 : cdpk_utf8_decode(value, end, &character);
		if (cdpk_is_control(character))
			return true;
	}
	return false;
}

/*
 * Keep strict E.164 as it is, whatever libraries a machine has, so that dumps restore; pass
 * other numbers to the phone module.
 */
static CdpkStatus
normalize_phone(const char *value, size_t length, const CdpkPhone *phone, char *result,
				size_t *result_length)
{
	CdpkStatus status;

	if (is_e164(value, length))
	{
		memcpy(result, value, length);
		*result_length = length;
		return CDPK_OK;
	}
	if (length > PHONE_RAW_MAX)
		return CDPK_INVALID;
	if (phone == NULL)
		return CDPK_UNSUPPORTED;
	*result_length = E164_MAX;
	status = phone->normalize(phone->context, value, length, result, result_length);
	if (status == CDPK_OK && !is_e164(result, *result_length))
		return CDPK_INVALID;
	return status;
}

/*
 * Apply the namespace's normaliser to a trimmed value; result
 * has room for every normaliser's longest result and for "room" bytes.
 */
static CdpkStatus
normalize_value(const char *name_space, size_t namespace_length, const char *value, size_t length,
				bool ascii, const CdpkPhone *phone, char *result, size_t room,
				size_t *result_length)
{
	if (is_namespace(name_space, namespace_length, "email"))
		return cdpk_email_normalize(value, length, ascii, result, result_length);
	if (is_namespace(name_space, namespace_length, "phone"))
		return normalize_phone(value, length, phone, result, result_length);
	if (length > room)
		return CDPK_TOO_LONG;
	return cdpk_hex_normalize(cdpk_hex_kind(name_space, namespace_length), value, length, result,
							  result_length);
}

/* Make the cheap checks first, then call the namespace's normaliser. */
CdpkStatus
cdpk_identifier_make(const char *name_space, size_t namespace_length, const char *value,
					 size_t value_length, const CdpkPhone *phone, uint8_t *payload,
					 size_t *payload_length)
{
	char *folded = (char *) payload + CDPK_IDENTIFIER_HEADER;
	size_t result_length = 0;
	bool ascii;
	CdpkStatus status;

	status = cdpk_namespace_fold(name_space, namespace_length, folded);
	if (status != CDPK_OK)
		return status;
	status = cdpk_utf8_check(value, value_length, &ascii);
	if (status != CDPK_OK)
		return status;
	cdpk_trim(&value, &value_length);
	if (value_length == 0)
		return CDPK_EMPTY;
	if (has_control(value, value_length))
		return CDPK_INVALID;
	status = normalize_value(folded, namespace_length, value, value_length, ascii, phone,
							 folded + namespace_length, CDPK_IDENTIFIER_MAX - 1 - namespace_length,
							 &result_length);
	if (status != CDPK_OK)
		return status;
	payload[0] = CDPK_IDENTIFIER_VERSION;
	payload[1] = (uint8_t) namespace_length;
	*payload_length = CDPK_IDENTIFIER_HEADER + namespace_length + result_length;
	return CDPK_OK;
}

/* Only e-mail addresses have mailboxes. */
size_t
cdpk_identifier_mailbox(const uint8_t *payload, size_t length, CdpkMailbox rule, uint8_t *result)
{
	size_t head = CDPK_IDENTIFIER_HEADER + payload[1];

	if (rule == CDPK_MAILBOX_EXACT ||
		!is_namespace(cdpk_identifier_namespace(payload), payload[1], "email"))
	{
		memcpy(result, payload, length);
		return length;
	}
	memcpy(result, payload, head);
	return head + cdpk_email_mailbox(cdpk_identifier_value(payload), length - head, rule,
									 (char *) result + head);
}

/* Check that making the payload again gives the same bytes. */
CdpkStatus
cdpk_identifier_check(const uint8_t *payload, size_t length)
{
	uint8_t again[CDPK_IDENTIFIER_PAYLOAD_MAX];
	size_t again_length;
	CdpkStatus status;

	if (length < CDPK_IDENTIFIER_HEADER)
		return CDPK_CORRUPT;
	if (payload[0] != CDPK_IDENTIFIER_VERSION)
		return CDPK_UNKNOWN_VERSION;
	if (length > CDPK_IDENTIFIER_PAYLOAD_MAX || length - CDPK_IDENTIFIER_HEADER < payload[1])
		return CDPK_CORRUPT;
	status = cdpk_identifier_make(
		cdpk_identifier_namespace(payload), payload[1], cdpk_identifier_value(payload),
		cdpk_identifier_value_length(payload, length), NULL, again, &again_length);
	if (status == CDPK_OUT_OF_MEMORY)
		return status;
	if (status != CDPK_OK || again_length != length || memcmp(again, payload, length) != 0)
		return CDPK_CORRUPT;
	return CDPK_OK;
}

/*
 * Compare the namespaces first, so that each is a range of an index. If they have the same
 * length, one comparison covers namespace and value.
 */
int
cdpk_identifier_compare(const uint8_t *a, size_t a_length, const uint8_t *b, size_t b_length)
{
	if (a[1] != b[1])
		return cdpk_compare_bytes(cdpk_identifier_namespace(a), a[1], cdpk_identifier_namespace(b),
								  b[1]);
	return cdpk_compare_bytes(cdpk_identifier_namespace(a), a_length - CDPK_IDENTIFIER_HEADER,
							  cdpk_identifier_namespace(b), b_length - CDPK_IDENTIFIER_HEADER);
}

/* Check the local part of an e-mail address, any other value as a whole. */
bool
cdpk_identifier_meaningless(const uint8_t *payload, size_t length)
{
	const char *value = cdpk_identifier_value(payload);
	size_t value_length = cdpk_identifier_value_length(payload, length);

	if (is_namespace(cdpk_identifier_namespace(payload), payload[1], "email"))
		return cdpk_email_meaningless(value, value_length);
	return cdpk_value_meaningless(value, value_length);
}
