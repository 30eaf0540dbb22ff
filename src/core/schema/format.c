/*
 * format.c
 *		The formats of strings that a JSON Schema can ask for.
 */
#include "core/schema/format.h"

#include <idn2.h>
#include <string.h>

#include "core/identifier/email.h"
#include "core/schema/ecma_regex.h"
#include "core/schema/uri.h"
#include "core/text/utf8.h"

#define HOSTNAME_MAX 253
#define LABEL_MAX 63

static const char *const names[CDPK_FORMATS] = {
	[CDPK_FORMAT_DATE_TIME] = "date-time",
	[CDPK_FORMAT_DATE] = "date",
	[CDPK_FORMAT_TIME] = "time",
	[CDPK_FORMAT_EMAIL] = "email",
	[CDPK_FORMAT_IDN_EMAIL] = "idn-email",
	[CDPK_FORMAT_HOSTNAME] = "hostname",
	[CDPK_FORMAT_IDN_HOSTNAME] = "idn-hostname",
	[CDPK_FORMAT_IPV4] = "ipv4",
	[CDPK_FORMAT_IPV6] = "ipv6",
	[CDPK_FORMAT_URI] = "uri",
	[CDPK_FORMAT_URI_REFERENCE] = "uri-reference",
	[CDPK_FORMAT_IRI] = "iri",
	[CDPK_FORMAT_IRI_REFERENCE] = "iri-reference",
	[CDPK_FORMAT_URI_TEMPLATE] = "uri-template",
	[CDPK_FORMAT_JSON_POINTER] = "json-pointer",
	[CDPK_FORMAT_RELATIVE_JSON_POINTER] = "relative-json-pointer",
	[CDPK_FORMAT_REGEX] = "regex",
	[CDPK_FORMAT_UUID] = "uuid",
};

/* ---------------------------------------------------------------- reading pieces */

static bool
pass(CdpkSpan *rest, const char *bytes)
{
	if (rest->length == 0 || rest->text[0] == '\0' || strchr(bytes, rest->text[0]) == NULL)
		return false;
	rest->text++;
	rest->length--;
	return true;
}

/* Read a number of exactly so many digits. */
static bool
pass_digits(CdpkSpan *rest, int digits, int *value)
{
	*value = 0;
	for (int i = 0; i < digits; i++)
	{
		if (rest->length == 0 || !cdpk_is_ascii_digit(rest->text[0]))
			return false;
		*value = *value * 10 + (rest->text[0] - '0');
		rest->text++;
		rest->length--;
	}
	return true;
}

static bool
is_hexadecimal(char byte)
{
	char lower = cdpk_ascii_lower(byte);

	return cdpk_is_ascii_digit(byte) || (lower >= 'a' && lower <= 'f');
}

/* ---------------------------------------------------------------- times */

/* Pass a day: YYYY-MM-DD. */
static bool
pass_date(CdpkSpan *rest)
{
	static const int days[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	int year;
	int month;
	int day;

	if (!pass_digits(rest, 4, &year) || !pass(rest, "-") || !pass_digits(rest, 2, &month) ||
		!pass(rest, "-") || !pass_digits(rest, 2, &day))
		return false;
	if (month < 1 || month > 12 || day < 1 || day > days[month - 1])
		return false;
	return month != 2 || day < 29 || (year % 4 == 0 && (year % 100 != 0 || year % 400 == 0));
}

/* Pass a time of day and its zone: HH:MM:SS[.f](Z|+HH:MM); second 60 is the last one of a day in UTC. */
static bool
pass_time(CdpkSpan *rest)
{
	int hour;
	int minute;
	int second;
	int zone_hour = 0;
	int zone_minute = 0;
	int utc;
	bool west;

	if (!pass_digits(rest, 2, &hour) || !pass(rest, ":") || !pass_digits(rest, 2, &minute) ||
		!pass(rest, ":") || !pass_digits(rest, 2, &second))
		return false;
	if (pass(rest, "."))
	{
		if (!pass(rest, "0123456789"))
			return false;
		while (pass(rest, "0123456789"))
			;
	}
	west = rest->length > 0 && rest->text[0] == '-';
	if (!pass(rest, "Zz") && (!pass(rest, "+-") || !pass_digits(rest, 2, &zone_hour) ||
							  !pass(rest, ":") || !pass_digits(rest, 2, &zone_minute)))
		return false;
	utc = hour * 60 + minute - (west ? -1 : 1) * (zone_hour * 60 + zone_minute);
	return hour <= 23 && minute <= 59 && zone_hour <= 23 && zone_minute <= 59 &&
		   (second <= 59 || (second == 60 && (utc + 1440) % 1440 == 1439));
}

/* ---------------------------------------------------------------- hosts */

/* Return whether a name is of labels of letters, digits and inner hyphens. */
static bool
is_hostname(CdpkSpan text)
{
	size_t label = 0;

	if (text.length > HOSTNAME_MAX)
		return false;
	for (size_t i = 0; i <= text.length; i++)
	{
		char byte = i < text.length ? text.text[i] : '.';

		if (byte == '.')
		{
			if (label == 0 || text.text[i - 1] == '-')
				return false;
			label = 0;
		}
		else if ((!cdpk_is_ascii_letter(byte) && !cdpk_is_ascii_digit(byte) &&
				  (byte != '-' || label == 0)) ||
				 ++label > LABEL_MAX)
			return false;
	}
	return true;
}

/* Return whether IDNA 2008 makes a host name of a text. */
static bool
is_idn_hostname(CdpkSpan text)
{
	uint8_t name[4 * HOSTNAME_MAX + 1];
	uint8_t *ascii = NULL;
	CdpkSpan span;
	bool result;

	if (text.length >= sizeof(name) || memchr(text.text, '\0', text.length) != NULL)
		return false;
	memcpy(name, text.text, text.length);
	name[text.length] = '\0';
	if (idn2_lookup_u8(name, &ascii, IDN2_NFC_INPUT | IDN2_NO_TR46) != IDN2_OK)
		return false;
	span.text = (const char *) ascii;
	span.length = strlen(span.text);
	result = is_hostname(span);
	idn2_free(ascii);
	return result;
}

/* Pass an address of four numbers up to 255, without zeros before them. */
static bool
pass_ipv4(CdpkSpan *rest)
{
	for (int i = 0; i < 4; i++)
	{
		int value = 0;
		int digits = 0;
		bool zero;

		if (i > 0 && !pass(rest, "."))
			return false;
		zero = rest->length > 0 && rest->text[0] == '0';
		while (digits < 3 && rest->length > 0 && cdpk_is_ascii_digit(rest->text[0]))
		{
			value = value * 10 + (rest->text[0] - '0');
			rest->text++;
			rest->length--;
			digits++;
		}
		if (digits == 0 || value > 255 || (zero && digits > 1))
			return false;
	}
	return true;
}

/* Return whether a text is eight groups of up to four hexadecimal digits, some left out by "::", the last two as IPv4. */
static bool
is_ipv6(CdpkSpan rest)
{
	int groups = 0;
	bool gap = false;

	if (rest.length >= 2 && rest.text[0] == ':' && rest.text[1] == ':')
	{
		gap = true;
		rest.text += 2;
		rest.length -= 2;
	}
	while (rest.length > 0)
	{
		CdpkSpan start = rest;
		int digits = 0;

		for (; digits < 5 && rest.length > 0 && is_hexadecimal(rest.text[0]); digits++)
		{
			rest.text++;
			rest.length--;
		}
		if (rest.length > 0 && rest.text[0] == '.')
		{
			groups += 2;
			if (!pass_ipv4(&start) || start.length > 0)
				return false;
			break;
		}
		if (digits == 0 || digits > 4)
			return false;
		groups++;
		if (rest.length == 0)
			break;
		if (!pass(&rest, ":") || rest.length == 0)
			return false;
		if (rest.text[0] == ':')
		{
			if (gap)
				return false;
			gap = true;
			rest.text++;
			rest.length--;
		}
	}
	return gap ? groups < 8 : groups == 8;
}

/* ---------------------------------------------------------------- pointers, templates, identifiers */

/* Return whether a text is empty or a row of /segments, in which a ~ is ~0 or ~1. */
static bool
is_pointer(CdpkSpan text)
{
	if (text.length > 0 && text.text[0] != '/')
		return false;
	for (size_t i = 0; i < text.length; i++)
		if (text.text[i] == '~' &&
			(i + 1 == text.length || (text.text[i + 1] != '0' && text.text[i + 1] != '1')))
			return false;
	return true;
}

/* Return whether a text is a number without zeros before it, and a pointer or #. */
static bool
is_relative_pointer(CdpkSpan rest)
{
	if (!pass(&rest, "0"))
	{
		if (!pass(&rest, "123456789"))
			return false;
		while (pass(&rest, "0123456789"))
			;
	}
	return (rest.length == 1 && rest.text[0] == '#') || is_pointer(rest);
}

/* Pass what stands in the braces of a template: operator, names, each with a length or *. */
static bool
pass_expression(CdpkSpan *rest)
{
	pass(rest, "+#./;?&=,!@|");
	do
	{
		size_t left = rest->length;

		while (rest->length > 0 &&
			   (cdpk_is_ascii_letter(rest->text[0]) || cdpk_is_ascii_digit(rest->text[0]) ||
				strchr("_%.", rest->text[0]) != NULL) &&
			   rest->text[0] != '\0')
		{
			rest->text++;
			rest->length--;
		}
		if (rest->length == left)
			return false;
		if (pass(rest, ":"))
		{
			if (!pass(rest, "123456789"))
				return false;
			for (int i = 0; i < 3 && pass(rest, "0123456789"); i++)
				;
		}
		else
			pass(rest, "*");
	} while (pass(rest, ","));
	return pass(rest, "}");
}

/* Return whether a text is a URI template (RFC 6570). */
static bool
is_template(CdpkSpan rest)
{
	while (rest.length > 0)
	{
		if (pass(&rest, "{"))
		{
			if (!pass_expression(&rest))
				return false;
		}
		else if ((uint8_t) rest.text[0] <= ' ' || strchr("\"'<>\\^`|}\x7f", rest.text[0]) != NULL)
			return false;
		else
		{
			rest.text++;
			rest.length--;
		}
	}
	return true;
}

/* Return whether a text is 8-4-4-4-12 hexadecimal digits. */
static bool
is_uuid(CdpkSpan text)
{
	for (size_t i = 0; i < text.length; i++)
	{
		bool hyphen = i == 8 || i == 13 || i == 18 || i == 23;

		if (hyphen ? text.text[i] != '-' : !is_hexadecimal(text.text[i]))
			return false;
	}
	return text.length == 36;
}

/* Return whether a text is what we take as an e-mail address. */
static bool
is_email(CdpkSpan text, bool international)
{
	char result[CDPK_EMAIL_MAX + 1];
	CdpkSpan trimmed = text;
	size_t length;
	bool ascii;

	/* C1 controls are refused by IDNA in the domain, and no more than odd before it */
	cdpk_trim(&trimmed.text, &trimmed.length);
	for (size_t i = 0; i < text.length; i++)
		if (cdpk_is_control((uint8_t) text.text[i]) && (uint8_t) text.text[i] < 0x80)
			return false;
	return trimmed.length == text.length &&
		   cdpk_utf8_check(text.text, text.length, &ascii) == CDPK_OK && (ascii || international) &&
		   cdpk_email_normalize(text.text, text.length, ascii, result, &length) == CDPK_OK;
}

/* Return whether a text is a regular expression; what only our engine cannot do is one. */
static bool
is_regex(CdpkSpan text)
{
	const char *problem;
	size_t position;
	size_t length;
	CdpkStatus status =
		cdpk_ecma_regex(text.text, text.length, NULL, 0, &length, &problem, &position);

	return status == CDPK_OK || status == CDPK_UNSUPPORTED;
}

/* ---------------------------------------------------------------- formats */

bool
cdpk_format_find(const char *name, size_t length, CdpkFormat *format)
{
	for (int i = 0; i < CDPK_FORMATS; i++)
		if (strlen(names[i]) == length && memcmp(names[i], name, length) == 0)
		{
			*format = (CdpkFormat) i;
			return true;
		}
	return false;
}

const char *
cdpk_format_name(CdpkFormat format)
{
	return names[format];
}

bool
cdpk_format_matches(CdpkFormat format, const char *text, size_t length)
{
	CdpkSpan span = {text, length};

	switch (format)
	{
		case CDPK_FORMAT_DATE_TIME:
			return pass_date(&span) && pass(&span, "Tt") && pass_time(&span) && span.length == 0;
		case CDPK_FORMAT_DATE:
			return pass_date(&span) && span.length == 0;
		case CDPK_FORMAT_TIME:
			return pass_time(&span) && span.length == 0;
		case CDPK_FORMAT_EMAIL:
		case CDPK_FORMAT_IDN_EMAIL:
			return is_email(span, format == CDPK_FORMAT_IDN_EMAIL);
		case CDPK_FORMAT_HOSTNAME:
			return is_hostname(span);
		case CDPK_FORMAT_IDN_HOSTNAME:
			return is_idn_hostname(span);
		case CDPK_FORMAT_IPV4:
			return pass_ipv4(&span) && span.length == 0;
		case CDPK_FORMAT_IPV6:
			return is_ipv6(span);
		case CDPK_FORMAT_URI:
		case CDPK_FORMAT_IRI:
			return cdpk_uri_split(span).scheme.text != NULL &&
				   cdpk_uri_valid(span, format == CDPK_FORMAT_IRI);
		case CDPK_FORMAT_URI_REFERENCE:
		case CDPK_FORMAT_IRI_REFERENCE:
			return cdpk_uri_valid(span, format == CDPK_FORMAT_IRI_REFERENCE);
		case CDPK_FORMAT_URI_TEMPLATE:
			return is_template(span);
		case CDPK_FORMAT_JSON_POINTER:
			return is_pointer(span);
		case CDPK_FORMAT_RELATIVE_JSON_POINTER:
			return is_relative_pointer(span);
		case CDPK_FORMAT_REGEX:
			return is_regex(span);
		case CDPK_FORMAT_UUID:
			return is_uuid(span);
		default:
			return true;
	}
}
