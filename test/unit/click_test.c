/* click_test.c: click ids in parameters of URLs and in cookies */
#include "core/identifier/click.h"
#include "unit.h"

/* Write "namespace=value;" of each click id of a query. */
static const char *
clicks(CdpkQuery query)
{
	static char found[1024];
	CdpkParameter parameter;
	size_t length = 0;

	found[0] = '\0';
	while (cdpk_query_next(&query, &parameter))
	{
		const CdpkClickName *name = cdpk_click_find(parameter.name, parameter.name_length);
		char value[256];
		const char *at = value;
		size_t value_length = cdpk_query_decode(parameter.value, parameter.value_length, value);

		if (name == NULL || !cdpk_click_value(name, &at, &value_length))
			continue;
		length += (size_t) snprintf(found + length, sizeof(found) - length, "%s=%.*s;",
									name->name_space, (int) value_length, at);
	}
	return found;
}

static bool
url_has(const char *url, const char *expected)
{
	return strcmp(clicks(cdpk_query_of_url(url, strlen(url))), expected) == 0;
}

static bool
search_has(const char *search, const char *expected)
{
	return strcmp(clicks(cdpk_query_of_search(search, strlen(search))), expected) == 0;
}

static void
urls(void)
{
	CHECK(url_has("https://shop.example/?gclid=Cj0K_-x", "gclid=Cj0K_-x;"));
	CHECK(url_has("https://shop.example/a?utm_source=x&GCLID=A%2Bb+c&ScCid=q#top",
				  "gclid=A+b c;sccid=q;"));
	CHECK(url_has("?fbclid=1&&=2&fbclid&ttclid=&twclid==x", "fbclid=1;fbclid=;ttclid=;twclid==x;"));
	CHECK(url_has("https://shop.example/#?gclid=1", ""));
	CHECK(url_has("https://shop.example/?a#gclid=1&?gclid=2", ""));
	CHECK(url_has("https://shop.example/gclid=1", ""));
	CHECK(url_has("", ""));
	CHECK(url_has("?", ""));
	CHECK(url_has("?gbraid=1&wbraid=2&xgclid=3&gclidx=4", ""));
	CHECK(search_has("?msclkid=1&yclid=2", "msclkid=1;yclid=2;"));
	CHECK(search_has("li_fat_id=1", "li_fat_id=1;"));
	CHECK(search_has("", ""));
}

static void
cookies(void)
{
	CHECK(search_has("fbc=fb.1.1554763741205.IwAR.x&_fbp=fb.1.1558571054389.1098115397",
					 "fbclid=IwAR.x;fbp=fb.1.1558571054389.1098115397;"));
	CHECK(search_has("fbc=+FB.0.1.x", "fbclid=x;"));
	CHECK(search_has(
		"fbc=fb.1.15.&fbc=fb.1.x.y&fbc=fb..1.y&fbc=fb.1&fbc=fb&fbc=&fbc=fc.1.1.x&fbc=fbx1.1.x",
		""));
}

static void
decoding(void)
{
	char out[16];

	CHECK(cdpk_query_decode("%41%", 4, out) == 2 && memcmp(out, "A%", 2) == 0);
	CHECK(cdpk_query_decode("%4", 2, out) == 2 && memcmp(out, "%4", 2) == 0);
	CHECK(cdpk_query_decode("%zz%0", 5, out) == 5 && memcmp(out, "%zz%0", 5) == 0);
	CHECK(cdpk_query_decode("%00%e2", 6, out) == 2 && memcmp(out, "\0\xe2", 2) == 0);
}

/* The list has no name twice, and all names are found. */
static void
names(void)
{
	const CdpkClickName *name;
	size_t count = 0;

	for (; (name = cdpk_click_at(count)) != NULL; count++)
		CHECK(cdpk_click_find(name->name, strlen(name->name)) == name);
	CHECK(count >= 14 && cdpk_click_at(count + 1) == NULL);
	CHECK(cdpk_click_find("gclid", 4) == NULL && cdpk_click_find("gclid", 3) == NULL);
	CHECK(cdpk_click_find("", 0) == NULL);
}

int
main(void)
{
	TEST(urls);
	TEST(cookies);
	TEST(decoding);
	TEST(names);
	UNIT_EXIT();
}
