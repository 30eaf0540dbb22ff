/*
 * traits_order.c
 *		Which of two cells wins, and which comes first within their key.
 */
#include "core/traits/traits_order.h"

#include "core/base/bytes.h"
#include "core/traits/traits_path.h"

/* Order the names of two cells' sources. */
static int
compare_sources(const CdpkTrait *a, const CdpkTrait *b)
{
	return cdpk_compare_bytes(a->source, a->source_length, b->source, b->source_length);
}

/* Order two cells by time, then by what makes the order total. */
int
cdpk_trait_compare_origins(const CdpkTrait *a, const CdpkTrait *b)
{
	if (a->at != b->at)
		return a->at < b->at ? -1 : 1;
	if (a->trust != b->trust)
		return a->trust < b->trust ? -1 : 1;
	return compare_sources(a, b);
}

/* Order two cells by time, then by the bytes of the value, then by origin. */
int
cdpk_trait_compare_latest(const CdpkTrait *a, const CdpkTrait *b)
{
	int order;

	if (a->at != b->at)
		return a->at < b->at ? -1 : 1;
	order = cdpk_value_compare_text(&a->value, &b->value);
	return order != 0 ? order : cdpk_trait_compare_origins(a, b);
}

int
cdpk_trait_prefer(const CdpkTrait *a, const CdpkTrait *b)
{
	int order = 0;

	if ((a->rule & CDPK_RULE_TRUSTED) && a->trust != b->trust)
		return a->trust < b->trust ? -1 : 1;
	switch (a->rule & CDPK_RULE_BASE)
	{
		case CDPK_RULE_FIRST:
			order = a->at == b->at ? 0 : (a->at < b->at ? 1 : -1);
			break;
		case CDPK_RULE_MIN:
			order = cdpk_value_compare(&b->value, &a->value);
			break;
		case CDPK_RULE_MAX:
			order = cdpk_value_compare(&a->value, &b->value);
			break;
		case CDPK_RULE_MOST_FREQUENT:
			order = a->count == b->count ? 0 : (a->count < b->count ? -1 : 1);
			break;
	}
	return order != 0 ? order : cdpk_trait_compare_latest(a, b);
}

int
cdpk_trait_compare_place(const CdpkTrait *a, const CdpkTrait *b)
{
	if (a->rule & CDPK_RULE_KEEP)
		return compare_sources(a, b);
	if ((a->rule & CDPK_RULE_BASE) == CDPK_RULE_MERGE)
		return cdpk_path_compare(&a->value, &b->value);
	return cdpk_value_compare(&a->value, &b->value);
}
