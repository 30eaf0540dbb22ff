/*
 * uri.c
 *		URIs (RFC 3986) and IRIs (RFC 3987): their parts, and references resolved against a base.
 */
#include "core/schema/uri.h"

#include <string.h>

#include "core/text/utf8.h"

/* ---------------------------------------------------------------- parts */

/* Cut from the text what stands before the first of some bytes, the whole where there is none. */
static CdpkSpan
cut(CdpkSpan *rest, const char *stops)
{
	CdpkSpan part = {rest->text, 0};

	while (part.length < rest->length && strchr(stops, rest->text[part.length]) == NULL)
		part.length++;
	rest->text += part.length;
	rest->length -= part.length;
	return part;
}

/* Pass a byte if it is the next one. */
static bool
pass(CdpkSpan *rest, char byte)
{
	if (rest->length == 0 || rest->text[0] != byte)
		return false;
	rest->text++;
	rest->length--;
	return true;
}

CdpkUri
cdpk_uri_split(CdpkSpan text)
{
	CdpkUri uri = {0};
	CdpkSpan rest = text;
	CdpkSpan first = cut(&rest, ":/?#");

	if (pass(&rest, ':'))
		uri.scheme = first;
	else
		rest = text;
	if (rest.length >= 2 && rest.text[0] == '/' && rest.text[1] == '/')
	{
		rest.text += 2;
		rest.length -= 2;
		uri.authority = cut(&rest, "/?#");
	}
	uri.path = cut(&rest, "?#");
	if (pass(&rest, '?'))
		uri.query = cut(&rest, "#");
	if (pass(&rest, '#'))
		uri.fragment = rest;
	return uri;
}

/* ---------------------------------------------------------------- characters */

static bool
is_hexadecimal(char byte)
{
	char lower = cdpk_ascii_lower(byte);

	return cdpk_is_ascii_digit(byte) || (lower >= 'a' && lower <= 'f');
}

/* Return whether a part holds only letters, digits, -._~!$&'()*+,;= and %xx, "others", and maybe characters beyond ASCII. */
static bool
has_only(CdpkSpan part, const char *others, bool international)
{
	const char *end = part.length > 0 ? part.text + part.length : part.text;
	uint32_t character;

	for (const char *at = part.text; at < end;)
	{
		size_t size = 1;

		if (*at == '%')
		{
			if (end - at < 3 || !is_hexadecimal(at[1]) || !is_hexadecimal(at[2]))
				return false;
			size = 3;
		}
		else if ((uint8_t) *at >= 0x80)
		{
			size = cdpk_utf8_decode(at, end, &character);
			if (!international || size == 0 || character < 0xa0 || (character & 0xfffe) == 0xfffe)
				return false;
		}
		else if (*at == '\0' ||
				 (!cdpk_is_ascii_letter(*at) && !cdpk_is_ascii_digit(*at) &&
				  strchr("-._~!$&'()*+,;=", *at) == NULL && strchr(others, *at) == NULL))
			return false;
		at += size;
	}
	return true;
}

/* Return whether a scheme begins with a letter and goes on with letters, digits, + - . */
static bool
scheme_valid(CdpkSpan scheme)
{
	for (size_t i = 0; i < scheme.length; i++)
		if (!cdpk_is_ascii_letter(scheme.text[i]) &&
			(i == 0 ||
			 (!cdpk_is_ascii_digit(scheme.text[i]) && strchr("+-.", scheme.text[i]) == NULL)))
			return false;
	return scheme.length > 0;
}

/* Return whether an authority is [user@]host[:port], a host with colons in brackets. */
static bool
authority_valid(CdpkSpan authority, bool international)
{
	CdpkSpan rest = authority;
	CdpkSpan user = cut(&rest, "@");
	CdpkSpan host;

	if (!pass(&rest, '@'))
		rest = authority;
	else if (!has_only(user, ":", international))
		return false;
	if (pass(&rest, '['))
	{
		host = cut(&rest, "]");
		if (!pass(&rest, ']') || host.length == 0 || !has_only(host, ":", false))
			return false;
	}
	else if (!has_only(cut(&rest, ":"), "", international))
		return false;
	if (rest.length > 0 && !pass(&rest, ':'))
		return false;
	for (size_t i = 0; i < rest.length; i++)
		if (!cdpk_is_ascii_digit(rest.text[i]))
			return false;
	return true;
}

bool
cdpk_uri_valid(CdpkSpan text, bool international)
{
	CdpkUri uri = cdpk_uri_split(text);

	return (uri.scheme.text == NULL || scheme_valid(uri.scheme)) &&
		   (uri.authority.text == NULL || authority_valid(uri.authority, international)) &&
		   has_only(uri.path, ":@/", international) && has_only(uri.query, ":@/?", international) &&
		   has_only(uri.fragment, ":@/?", international);
}

/* ---------------------------------------------------------------- references */

static char *
append(char *at, CdpkSpan part)
{
	if (part.length > 0)
		memcpy(at, part.text, part.length);
	return at + part.length;
}

/* Take "." and ".." out of a path in place, and return its new end. */
static char *
remove_dots(char *path, char *end)
{
	char *out = path;

	for (char *at = path; at < end;)
	{
		char *segment = at + (*at == '/');
		char *next = memchr(segment, '/', (size_t) (end - segment));
		size_t length = (size_t) ((next != NULL ? next : end) - segment);
		bool up = length == 2 && segment[0] == '.' && segment[1] == '.';

		if (up)
			while (out > path && *--out != '/')
				;
		if (up || (length == 1 && segment[0] == '.'))
		{
			/* a path that ends so ends with a slash */
			if (next == NULL && segment > at)
				*out++ = '/';
		}
		else
		{
			memmove(out, at, (size_t) (segment - at) + length);
			out += (size_t) (segment - at) + length;
		}
		at = segment + length;
	}
	return out;
}

/* Write the path of a reference that has neither scheme nor authority, within the base's folder. */
static char *
append_path(char *at, const CdpkUri *base, const CdpkUri *reference)
{
	CdpkSpan folder = base->path;
	char *path = at;

	while (folder.length > 0 && folder.text[folder.length - 1] != '/')
		folder.length--;
	if (reference->path.length > 0 && reference->path.text[0] == '/')
		folder.length = 0;
	else if (base->authority.text != NULL && base->path.length == 0)
		*at++ = '/';
	at = append(append(at, folder), reference->path);
	return remove_dots(path, at);
}

/* By RFC 3986, 5.2.2. */
size_t
cdpk_uri_resolve(CdpkSpan base, CdpkSpan reference, char *result)
{
	CdpkUri b = cdpk_uri_split(base);
	CdpkUri r = cdpk_uri_split(reference);
	CdpkSpan scheme = r.scheme.text != NULL ? r.scheme : b.scheme;
	CdpkSpan authority =
		r.scheme.text != NULL || r.authority.text != NULL ? r.authority : b.authority;
	CdpkSpan query = r.query;
	char *at = result;

	if (scheme.text != NULL)
	{
		at = append(at, scheme);
		*at++ = ':';
	}
	if (authority.text != NULL)
	{
		*at++ = '/';
		*at++ = '/';
		at = append(at, authority);
	}
	if (r.scheme.text != NULL || r.authority.text != NULL)
	{
		char *path = at;

		at = remove_dots(path, append(at, r.path));
	}
	else if (r.path.length > 0)
		at = append_path(at, &b, &r);
	else
	{
		at = append(at, b.path);
		query = r.query.text != NULL ? r.query : b.query;
	}
	if (query.text != NULL)
	{
		*at++ = '?';
		at = append(at, query);
	}
	return (size_t) (at - result);
}
