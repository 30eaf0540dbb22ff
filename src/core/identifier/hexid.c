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
static const char *const sha256_namespaces[] = {"email_sha256", "phone_sha256"};
static const char *const hash_endings[] = {"_md5", "_sha1", "_sha256", "_sha384", "_sha512"};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define BASE64_DIGITS 43 /* of a SHA-256, without the padding */

static bool
is_one_of(const char *name, size_t length, const char *const *names, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (length == strlen(names[i]) && memcmp(name, names[i], length) == 0)
			return true;
	return false;
}

/* Recognise the namespace: hashes have an ending of their own, as user_id_md5 has. */
CdpkHexKind
cdpk_hex_kind(const char *name_space, size_t length)
{
	if (is_one_of(name_space, length, uuid_namespaces, COUNT(uuid_namespaces)))
		return CDPK_HEX_UUID;
	if (is_one_of(name_space, length, sha256_namespaces, COUNT(sha256_namespaces)))
		return CDPK_HEX_SHA256;
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

/* Return the six bits of a digit of base64, of either alphabet; -1: it is none. */
static int
base64_bits(char digit)
{
	if (digit >= 'A' && digit <= 'Z')
		return digit - 'A';
	if (digit >= 'a' && digit <= 'z')
		return digit - 'a' + 26;
	if (cdpk_is_ascii_digit(digit))
		return digit - '0' + 52;
	if (digit == '+' || digit == '-')
		return 62;
	return digit == '/' || digit == '_' ? 63 : -1;
}

/* Write the hexadecimal digits of a SHA-256 in base64: 32 bytes, so the last two bits are none of it, and not set. */
static bool
read_base64(const char *value, size_t length, char *digits)
{
	uint32_t bits = 0;
	int bit_count = 0;

	if (length == BASE64_DIGITS + 1 && value[BASE64_DIGITS] == '=')
		length--;
	if (length != BASE64_DIGITS)
		return false;
	for (size_t i = 0; i < length; i++)
	{
		int next = base64_bits(value[i]);

		if (next < 0)
			return false;
		bits = bits << 6 | (uint32_t) next;
		for (bit_count += 6; bit_count >= 4; bit_count -= 4)
			*digits++ = "0123456789abcdef"[bits >> (bit_count - 4) & 0xf];
	}
	return (bits & 0x3) == 0;
}

static void
write_uuid(const char *digits, char *result, size_t *result_length)
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

/*
 * Normalise a value. Of a hash that is not compared with ours, a value of another form may be base64, whose case
 * matters, or of a length of its own: it stays as it is.
 */
CdpkStatus
cdpk_hex_normalize(CdpkHexKind kind, const char *value, size_t length, char *result,
				   size_t *result_length)
{
	char digits[UUID_DIGITS];

	*result_length = length;
	if (kind == CDPK_HEX_UUID && read_uuid(value, length, digits))
		write_uuid(digits, result, result_length);
	else if (kind == CDPK_HEX_SHA256 && length != CDPK_SHA256_DIGITS)
	{
		*result_length = CDPK_SHA256_DIGITS;
		return read_base64(value, length, result) ? CDPK_OK : CDPK_INVALID;
	}
	else if (kind != CDPK_HEX_NONE && is_hash(value, length))
		for (size_t i = 0; i < length; i++)
			result[i] = cdpk_ascii_lower(value[i]);
	else if (kind == CDPK_HEX_SHA256)
		return CDPK_INVALID;
	else
		memcpy(result, value, length);
	return CDPK_OK;
}
