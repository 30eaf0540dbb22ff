/*
 * property_names.c
 *		Names of properties that timelines store as a number.
 */
#include "core/timeline/property_names.h"

#define NAME(text)             \
	{                          \
		text, sizeof(text) - 1 \
	}

const CdpkName cdpk_known_names[CDPK_KNOWN_NAMES] = {
	NAME("affiliation"),
	NAME("amount"),
	NAME("brand"),
	NAME("campaign_content"),
	NAME("campaign_medium"),
	NAME("campaign_name"),
	NAME("campaign_source"),
	NAME("campaign_term"),
	NAME("category"),
	NAME("coupon"),
	NAME("currency"),
	NAME("discount"),
	NAME("email"),
	NAME("label"),
	NAME("list_id"),
	NAME("medium"),
	NAME("method"),
	NAME("name"),
	NAME("order_id"),
	NAME("path"),
	NAME("plan"),
	NAME("position"),
	NAME("price"),
	NAME("product_id"),
	NAME("quantity"),
	NAME("query"),
	NAME("referrer"),
	NAME("revenue"),
	NAME("search"),
	NAME("shipping"),
	NAME("sku"),
	NAME("source"),
	NAME("status"),
	NAME("tax"),
	NAME("title"),
	NAME("total"),
	NAME("type"),
	NAME("url"),
	NAME("value"),
	NAME("variant"),
};

unsigned
cdpk_known_name(const char *name, size_t length)
{
	unsigned low = 0;
	unsigned high = CDPK_KNOWN_NAMES;

	while (low < high)
	{
		unsigned middle = (low + high) / 2;
		int order = cdpk_compare_bytes(name, length, cdpk_known_names[middle].text,
									   cdpk_known_names[middle].length);

		if (order == 0)
			return middle;
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return CDPK_KNOWN_NAMES;
}
