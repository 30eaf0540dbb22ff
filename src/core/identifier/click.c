/*
 * click.c
 *		Click ids: what the platforms of ads add to the links of their ads, and the
 *		cookies that they set on a site.
 */
#include "core/identifier/click.h"

#include <string.h>

#include "core/text/utf8.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* the only list of them */
static const CdpkClickName names[] = {
	{"gclid", "gclid", CDPK_CLICK_LINK},    /* Google Ads */
	{"dclid", "dclid", CDPK_CLICK_LINK},    /* Google Display & Video 360 */
	{"fbclid", "fbclid", CDPK_CLICK_LINK},  /* Meta */
	{"fbc", "fbclid", CDPK_CLICK_FACEBOOK}, /* Meta's cookie of the click */
	{"_fbc", "fbclid", CDPK_CLICK_FACEBOOK},
	{"msclkid", "msclkid", CDPK_CLICK_LINK},     /* Microsoft */
	{"ttclid", "ttclid", CDPK_CLICK_LINK},       /* TikTok */
	{"twclid", "twclid", CDPK_CLICK_LINK},       /* X */
	{"li_fat_id", "li_fat_id", CDPK_CLICK_LINK}, /* LinkedIn */
	{"sccid", "sccid", CDPK_CLICK_LINK},         /* Snapchat, ScCid */
	{"rdt_cid", "rdt_cid", CDPK_CLICK_LINK},     /* Reddit */
	{"epik", "epik", CDPK_CLICK_LINK},           /* Pinterest */
	{"yclid", "yclid", CDPK_CLICK_LINK},         /* Yandex */
	{"irclickid", "irclickid", CDPK_CLICK_LINK}, /* Impact */
	{"fbp", "fbp", CDPK_CLICK_BROWSER},          /* Meta's cookie of the browser */
	{"_fbp", "fbp", CDPK_CLICK_BROWSER},
	{"ttp", "ttp", CDPK_CLICK_BROWSER}, /* TikTok's */
	{"_ttp", "ttp", CDPK_CLICK_BROWSER}};

#define NAME_MIN 3
#define NAME_MAX 9

/* Tell whether a text is a word in lower case, whatever its own case. */
static bool
is_word(const char *text, size_t length, const char *word)
{
	for (size_t i = 0; i < length; i++)
		if (cdpk_ascii_lower(text[i]) != word[i])
			return false;
	return word[length] == '\0';
}

/* Tell whether a name can be listed by its end, since most are of something else. */
static bool
may_be_listed(const char *name, size_t length)
{
	char before = cdpk_ascii_lower(name[length - 2]);

	switch (cdpk_ascii_lower(name[length - 1]))
	{
		case 'd': /* gclid */
		case 'k': /* epik */
			return before == 'i';
		case 'c': /* fbc */
			return before == 'b';
		case 'p': /* fbp, ttp */
			return before == 'b' || before == 't';
		default:
			return false;
	}
}

const CdpkClickName *
cdpk_click_find(const char *name, size_t length)
{
	if (length < NAME_MIN || length > NAME_MAX || !may_be_listed(name, length))
		return NULL;
	for (size_t i = 0; i < COUNT(names); i++)
		if (cdpk_ascii_lower(name[0]) == names[i].name[0] && is_word(name, length, names[i].name))
			return &names[i];
	return NULL;
}

const CdpkClickName *
cdpk_click_at(size_t place)
{
	return place < COUNT(names) ? &names[place] : NULL;
}

/* Skip digits and the dot behind them. */
static bool
skip_number(const char **text, size_t *length)
{
	size_t digits = 0;

	while (digits < *length && cdpk_is_ascii_digit((*text)[digits]))
		digits++;
	if (digits == 0 || digits == *length || (*text)[digits] != '.')
		return false;
	*text += digits + 1;
	*length -= digits + 1;
	return true;
}

/* Read fb.SUBDOMAINS.MILLISECONDS.VALUE. */
bool
cdpk_click_value(const CdpkClickName *name, const char **value, size_t *length)
{
	if (name->kind != CDPK_CLICK_FACEBOOK)
		return true;
	cdpk_trim(value, length);
	if (*length < 3 || !is_word(*value, 2, "fb") || (*value)[2] != '.')
		return false;
	*value += 3;
	*length -= 3;
	return skip_number(value, length) && skip_number(value, length) && *length > 0;
}

/* Leave out what is before the question mark, and from the fragment on. */
CdpkQuery
cdpk_query_of_url(const char *url, size_t length)
{
	const char *start = memchr(url, '?', length);
	const char *fragment = memchr(url, '#', length);
	CdpkQuery query = {url, url};

	if (start == NULL || (fragment != NULL && fragment < start))
		return query;
	query.at = start + 1;
	query.end = fragment != NULL ? fragment : url + length;
	return query;
}

CdpkQuery
cdpk_query_of_search(const char *search, size_t length)
{
	CdpkQuery query = {search, search + length};

	if (length > 0 && search[0] == '?')
		query.at++;
	return query;
}

/* Take what is up to the next ampersand; a parameter without an equals sign has an empty value. */
bool
cdpk_query_next(CdpkQuery *query, CdpkParameter *parameter)
{
	const char *next;
	const char *equals;

	if (query->at >= query->end)
		return false;
	next = memchr(query->at, '&', (size_t) (query->end - query->at));
	if (next == NULL)
		next = query->end;
	equals = memchr(query->at, '=', (size_t) (next - query->at));
	parameter->name = query->at;
	parameter->name_length = (size_t) ((equals != NULL ? equals : next) - query->at);
	parameter->value = equals != NULL ? equals + 1 : next;
	parameter->value_length = (size_t) (next - parameter->value);
	query->at = next < query->end ? next + 1 : next;
	return true;
}

/* Return the value of a hexadecimal digit; -1: it is none. */
static int
hex_digit(char byte)
{
	byte = cdpk_ascii_lower(byte);
	if (cdpk_is_ascii_digit(byte))
		return byte - '0';
	return byte >= 'a' && byte <= 'f' ? byte - 'a' + 10 : -1;
}

/* Leave what is not well encoded as it is. */
size_t
cdpk_query_decode(const char *value, size_t length, char *result)
{
	size_t written = 0;

	for (size_t i = 0; i < length; i++)
	{
		int high = value[i] == '%' && i + 2 < length ? hex_digit(value[i + 1]) : -1;
		int low = high >= 0 ? hex_digit(value[i + 2]) : -1;

		if (low >= 0)
		{
			result[written++] = (char) (high * 16 + low);
			i += 2;
		}
		else
			result[written++] = value[i] == '+' ? ' ' : value[i];
	}
	return written;
}
