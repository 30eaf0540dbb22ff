/*
 * email.c
 *		The canonical form of an e-mail address.
 *
 * An address is local@domain, where
 * - local is 1 to 64 bytes: letters, digits, !#$%&'*+-/=?^_`{|}~, dots anywhere
 *   (providers have handed out a..b and a.), any character beyond ASCII that is
 *   not blank; or a string in double quotes, in which blanks and '@' may stand
 *   and a backslash makes the next character literal;
 * - domain is labels of 1 to 63 letters, digits and inner hyphens with single
 *   dots between them, 253 bytes at most.  Address literals ([192.0.2.1])
 *   are refused: no person has one.
 */
#include "core/identifier/email.h"

#include <idn2.h>
#include <stdlib.h>
#include <string.h>
#include <uninorm.h>

#include "core/text/utf8.h"

/*
 * Beyond this an address cannot come out short enough: composing shrinks text to
 * a third at most (Hangul), mapping a domain even less.
 */
#define RAW_MAX (4 * CDPK_EMAIL_MAX)

static void
lower_ascii(char *text, size_t length)
{
	for (size_t i = 0; i < length; i++)
		text[i] = cdpk_ascii_lower(text[i]);
}

/* Replace text in a buffer of RAW_MAX bytes by its normalization form C. */
static CdpkStatus
compose(char *text, size_t *length)
{
	uint8_t buffer[RAW_MAX];
	size_t composed_length = sizeof(buffer);
	uint8_t *composed =
		u8_normalize(UNINORM_NFC, (const uint8_t *) text, *length, buffer, &composed_length);

	if (composed == NULL)
		return CDPK_OUT_OF_MEMORY;
	if (composed != buffer) /* did not fit: allocated */
	{
		free(composed);
		return CDPK_INVALID;
	}
	memcpy(text, composed, composed_length);
	*length = composed_length;
	return CDPK_OK;
}

/*
 * Bring text to NFC and the letters A to Z to lower case.  NFC comes twice:
 * before, because it makes a K of the kelvin sign; after, because some letters
 * have a composed form in lower case only (h with a line below).
 */
static CdpkStatus
fold(char *text, size_t *length)
{
	CdpkStatus status = compose(text, length);

	if (status != CDPK_OK)
		return status;
	lower_ascii(text, *length);
	return compose(text, length);
}

/* Return whether a byte may stand in a local part without quotes. */
static bool
is_atom(char byte)
{
	return cdpk_is_ascii_letter(byte) || cdpk_is_ascii_digit(byte) ||
		   (byte != '\0' && strchr("!#$%&'*+-/=?^_`{|}~.", byte) != NULL);
}

/* Return whether text is one string in double quotes. */
static bool
is_quoted(const char *text, size_t length)
{
	if (length < 3 || text[0] != '"' || text[length - 1] != '"')
		return false;
	for (size_t i = 1; i < length - 1; i++)
	{
		if (text[i] == '"')
			return false;
		if (text[i] == '\\' && ++i == length - 1)
			return false;
	}
	return true;
}

static bool
is_local(const char *text, size_t length)
{
	const char *end = text + length;

	if (length == 0 || length > CDPK_EMAIL_LOCAL_MAX)
		return false;
	if (is_quoted(text, length))
		return true;
	while (text < end)
	{
		uint32_t character;
		size_t size = cdpk_utf8_decode(text, end, &character);

		if (size == 0 || cdpk_is_blank(character) || (size == 1 && !is_atom(*text)))
			return false;
		text += size;
	}
	return true;
}

static bool
is_domain(const char *text, size_t length)
{
	size_t label = 0; /* bytes of the present label */

	if (length > CDPK_EMAIL_DOMAIN_MAX)
		return false;
	for (size_t i = 0; i <= length; i++)
	{
		if (i == length || text[i] == '.')
		{
			if (label == 0 || label > CDPK_EMAIL_LABEL_MAX || text[i - 1] == '-')
				return false;
			label = 0;
			continue;
		}
		if (!cdpk_is_ascii_letter(text[i]) && !cdpk_is_ascii_digit(text[i]) &&
			(text[i] != '-' || label == 0))
			return false;
		label++;
	}
	return true;
}

/* Return whether NUL-terminated text is ASCII. */
static bool
is_ascii(const char *text)
{
	while (*text != '\0')
		if ((unsigned char) *text++ >= 0x80)
			return false;
	return true;
}

/*
 * Convert a NUL-terminated domain to A-labels, in a buffer of CDPK_EMAIL_DOMAIN_MAX bytes. A
 * domain in ASCII stays as it is: the result must not depend on what stands before the '@'.
 */
static CdpkStatus
encode_domain(const char *domain, char *result, size_t *result_length)
{
	char *encoded = NULL;
	size_t length = strlen(domain);
	int code;

	if (is_ascii(domain))
	{
		if (length > CDPK_EMAIL_DOMAIN_MAX)
			return CDPK_INVALID;
		memcpy(result, domain, length);
		*result_length = length;
		return CDPK_OK;
	}
	code = idn2_to_ascii_8z(domain, &encoded, IDN2_NONTRANSITIONAL | IDN2_NFC_INPUT);
	if (code == IDN2_MALLOC)
		return CDPK_OUT_OF_MEMORY;
	if (code != IDN2_OK)
		return CDPK_INVALID;
	length = strlen(encoded);
	if (length <= CDPK_EMAIL_DOMAIN_MAX)
	{
		memcpy(result, encoded, length);
		lower_ascii(result, length);
	}
	idn2_free(encoded);
	*result_length = length;
	return length <= CDPK_EMAIL_DOMAIN_MAX ? CDPK_OK : CDPK_INVALID;
}

/* Find the last '@'. */
size_t
cdpk_email_local_length(const char *email, size_t length)
{
	while (length > 0 && email[length - 1] != '@')
		length--;
	return length > 0 ? length - 1 : 0;
}

/* Check local@domain, whose domain is ASCII by now, and write it. */
static CdpkStatus
join_parts(const char *local, size_t local_length, const char *domain, size_t domain_length,
		   char *result, size_t *result_length)
{
	if (!is_local(local, local_length) || !is_domain(domain, domain_length))
		return CDPK_INVALID;
	memcpy(result, local, local_length);
	result[local_length] = '@';
	memcpy(result + local_length + 1, domain, domain_length);
	*result_length = local_length + 1 + domain_length;
	return CDPK_OK;
}

/* Normalise an address beyond ASCII. */
static CdpkStatus
normalize_unicode(const char *value, size_t length, char *result, size_t *result_length)
{
	char text[RAW_MAX + 1];
	char encoded[CDPK_EMAIL_DOMAIN_MAX];
	const char *domain;
	size_t domain_length;
	size_t local_length;
	CdpkStatus status;

	memcpy(text, value, length);
	status = fold(text, &length);
	if (status != CDPK_OK)
		return status;
	text[length] = '\0';
	local_length = cdpk_email_local_length(text, length);
	if (local_length == 0)
		return CDPK_INVALID;
	domain = text + local_length + 1;
	status = encode_domain(domain, encoded, &domain_length);
	if (status != CDPK_OK)
		return status;
	return join_parts(text, local_length, encoded, domain_length, result, result_length);
}

bool
cdpk_mailbox_read(const char *name, size_t length, CdpkMailbox *rule)
{
	static const char *const names[] = {"exact", "gmail", "plus"};

	for (int i = 0; i <= CDPK_MAILBOX_PLUS; i++)
		if (length == strlen(names[i]) && memcmp(name, names[i], length) == 0)
		{
			*rule = (CdpkMailbox) i;
			return true;
		}
	return false;
}

/* Return whether a domain is Gmail's. */
static bool
is_gmail(const char *domain, size_t length)
{
	static const char *const domains[] = {"gmail.com", "googlemail.com"};

	for (size_t i = 0; i < sizeof(domains) / sizeof(domains[0]); i++)
		if (length == strlen(domains[i]) && memcmp(domain, domains[i], length) == 0)
			return true;
	return false;
}

/* Keep a local part of which nothing would be left, and one in quotes. */
size_t
cdpk_email_mailbox(const char *email, size_t length, CdpkMailbox rule, char *result)
{
	size_t local = cdpk_email_local_length(email, length);
	bool gmail = is_gmail(email + local + 1, length - local - 1);
	const char *plus = memchr(email, '+', local);
	size_t end = plus != NULL ? (size_t) (plus - email) : local;
	size_t written = 0;

	memcpy(result, email, length);
	if (rule == CDPK_MAILBOX_EXACT || (rule == CDPK_MAILBOX_GMAIL && !gmail) || email[0] == '"')
		return length;
	for (size_t i = 0; i < end; i++)
		if (!gmail || email[i] != '.')
			result[written++] = email[i];
	if (written == 0)
	{
		memcpy(result, email, length);
		return length;
	}
	result[written++] = '@';
	if (gmail)
	{
		memcpy(result + written, "gmail.com", strlen("gmail.com"));
		return written + strlen("gmail.com");
	}
	memcpy(result + written, email + local + 1, length - local - 1);
	return written + length - local - 1;
}

/* Normalise ASCII, which nearly all addresses are, without a library. */
CdpkStatus
cdpk_email_normalize(const char *value, size_t length, bool ascii, char *result,
					 size_t *result_length)
{
	size_t local_length;
	CdpkStatus status;

	if (length > RAW_MAX || (ascii && length > CDPK_EMAIL_MAX))
		return CDPK_INVALID;
	if (!ascii)
		return normalize_unicode(value, length, result, result_length);
	local_length = cdpk_email_local_length(value, length);
	if (local_length == 0)
		return CDPK_INVALID;
	status = join_parts(value, local_length, value + local_length + 1, length - local_length - 1,
						result, result_length);
	if (status == CDPK_OK)
		lower_ascii(result, *result_length);
	return status;
}
