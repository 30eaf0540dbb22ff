/*
 * hexid.c
 *		Identifiers written in hexadecimal digits: UUIDs and hashes.
 */
#include "core/identifier/hexid.h"

#include <string.h>

#include "core/text/utf8.h"

#define UUID_DIGITS 32
#define URN "urn:uuid:"

/* the digits of MD5, SHA-1, SHA-256, SHA-384 and SHA-512 */
static const size_t hash_digits[] = {32, 40, 64, 96, 128};

static const char *const uuid_namespaces[] = {"advertising_id", "gaid", "idfa", "idfv"};
static const char *const hash_endings[] = {"_md5", "_sha1", "_sha256", "_sha384", "_sha512"};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Recognise the namespace: hashes have an ending of their own, as email_sha256 has. */
CdpkHexKind
cdpk_hex_kind(const char *name_space, size_t length)
{
	for (size_t i = 0; i < COUNT(uuid_namespaces); i++)
		if (length == strlen(uuid_namespaces[i]) &&
			memcmp(name_space, uuid_namespaces[i], length) == 0)
			return CDPK_HEX_UUID;
	for (size_t i = 0; i < COUNT(hash_endings); i++)
	{
		size_t ending = strlen(hash_endings[i]);

		if (length > ending && memcmp(name_space + length - ending, hash_endings[i], ending) == 0)
			return CDPK_HEX_HASH;
	}
	return CDPK_HEX_NONE;
}

static bool
is_hex(char byte)
{
	byte = cdpk_ascii_lower(byte);
	return cdpk_is_ascii_digit(byte) || (byte >= 'a' && byte <= 'f');
}

/* Find as many digits as a hash has, and nothing else. */
static bool
is_hash(const char *value, size_t length)
{
	size_t i = 0;

	while (i < COUNT(hash_digits) && hash_digits[i] != length)
		i++;
	if (i == COUNT(hash_digits))
		return false;
	for (size_t at = 0; at < length; at++)
		if (!is_hex(value[at]))
			return false;
	return true;
}

/* Find "urn:uuid:", whatever its case. */
static bool
is_urn(const char *value, size_t length)
{
	if (length < strlen(URN))
		return false;
	for (size_t i = 0; i < strlen(URN); i++)
		if (cdpk_ascii_lower(value[i]) != URN[i])
			return false;
	return true;
}

/*
 * Take the 32 digits of a UUID, in lower case.  Hyphens may stand
 * after every fourth digit, as in PostgreSQL's own type.
 */
static bool
read_uuid(const char *value, size_t length, char *digits)
{
	size_t count = 0;
	bool hyphen = false; /* the last byte was one */

	if (is_urn(value, length))
	{
		value += strlen(URN);
		length -= strlen(URN);
	}
	else if (length > 2 && value[0] == '{' && value[length - 1] == '}')
	{
		value++;
		length -= 2;
	}
	for (size_t i = 0; i < length; i++)
	{
		if (value[i] == '-' && !hyphen && count > 0 && count < UUID_DIGITS && count % 4 == 0)
		{
			hyphen = true;
			continue;
		}
		if (!is_hex(value[i]) || count == UUID_DIGITS)
			return false;
		digits[count++] = cdpk_ascii_lower(value[i]);
		hyphen = false;
	}
	return count == UUID_DIGITS;
}

/*
 * Normalise a value. A value of neither form may be base64, whose case matters: it stays as it
 * is.
 */
void
cdpk_hex_normalize(CdpkHexKind kind, const char *value, size_t length, char *result,
				   size_t *result_length)
{
	char digits[UUID_DIGITS];

	*result_length = length;
	if (kind == CDPK_HEX_UUID && read_uuid(value, length, digits))
	{
		char *at = result;

		for (size_t i = 0; i < UUID_DIGITS; i++)
		{
			if (i == 8 || i == 12 || i == 16 || i == 20)
				*at++ = '-';
			*at++ = digits[i];
		}
		*result_length = (size_t) (at - result);
	}
	else if (kind != CDPK_HEX_NONE && is_hash(value, length))
		for (size_t i = 0; i < length; i++)
			result[i] = cdpk_ascii_lower(value[i]);
	else
		memcpy(result, value, length);
}
