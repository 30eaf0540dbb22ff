/*
 * normalize.cc
 *		Phone numbers to E.164 by libphonenumber.
 *
 * A number counts if its country code exists and it has one of the lengths in use
 * there.  Whether its block of numbers is handed out is not asked: the answer
 * changes with every release of the library, and identifiers must not.
 */
#include <new>
#include <set>
#include <string>

#include <phonenumbers/phonenumberutil.h>

extern "C"
{
#include "identifier/phone/normalize.h"

__attribute__((visibility("default"))) CdpPhoneNormalize cdp_phone_normalize;
}

using i18n::phonenumbers::PhoneNumber;
using i18n::phonenumbers::PhoneNumberUtil;

/* what the library calls a number without a region */
static const char unknown_region[] = "ZZ";

/*
 * Letters stand in no customer's number, but the library reads them as keys
 * ("1-800-FLOWERS") or skips them in front; only a tel: URI may hold some.
 */
static bool
has_letters(const std::string &value)
{
	if (value.compare(0, 4, "tel:") == 0)
		return false;
	for (char byte : value)
		if ((byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z'))
			return true;
	return false;
}

static bool
is_region(const PhoneNumberUtil &util, const std::string &region)
{
	std::set<std::string> regions;

	util.GetSupportedRegions(&regions);
	return regions.count(region) > 0;
}

static CdpkStatus
normalize(const std::string &value, const char *region, std::string *result)
{
	const PhoneNumberUtil &util = *PhoneNumberUtil::GetInstance();
	PhoneNumber number;

	if (region != NULL && !is_region(util, region))
		return CDPK_OUT_OF_RANGE;
	if (has_letters(value) ||
		util.Parse(value, region != NULL ? region : unknown_region, &number) !=
			PhoneNumberUtil::NO_PARSING_ERROR ||
		number.has_extension() ||
		util.IsPossibleNumberWithReason(number) != PhoneNumberUtil::IS_POSSIBLE)
		return CDPK_INVALID;
	util.Format(number, PhoneNumberUtil::E164, result);
	return CDPK_OK;
}

/* cdp_phone_normalize keeps every exception of C++ on its own side. */
CdpkStatus
cdp_phone_normalize(const char *value, size_t length, const char *region, char *result,
					size_t *result_length)
{
	try
	{
		std::string e164;
		CdpkStatus status = normalize(std::string(value, length), region, &e164);

		if (status != CDPK_OK)
			return status;
		if (e164.size() > *result_length)
			return CDPK_INVALID;
		*result_length = e164.copy(result, e164.size());
		return CDPK_OK;
	}
	catch (const std::bad_alloc &)
	{
		return CDPK_OUT_OF_MEMORY;
	}
	catch (...)
	{
		return CDPK_INVALID;
	}
}
