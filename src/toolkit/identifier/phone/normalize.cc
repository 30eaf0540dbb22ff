/*
 * normalize.cc
 *		Phone numbers to E.164 by libphonenumber.
 *
 * A number counts if its country code exists and it has one of the lengths in use
 * there.  Whether its block of numbers is handed out is not asked: the answer
 * changes with every release of the library, and identifiers must not.
 */
#include <strings.h>

#include <new>
#include <set>
#include <string>

#include <phonenumbers/phonenumberutil.h>

extern "C"
{
#include "toolkit/identifier/phone/normalize.h"

	__attribute__((visibility("default"))) CdpPhoneNormalize cdp_phone_normalize;
}

using i18n::phonenumbers::PhoneNumber;
using i18n::phonenumbers::PhoneNumberUtil;

/* what the library calls a number without a region */
static const char unknown_region[] = "ZZ";

/* The library knows the scheme of a tel: URI in lower case only. */
static bool
fold_scheme(std::string *value)
{
	static const char scheme[] = "tel:";

	if (value->size() < 4 || strncasecmp(value->c_str(), scheme, 4) != 0)
		return false;
	value->replace(0, 4, scheme);
	return true;
}

static bool
has_letters(const std::string &value)
{
	for (char byte : value)
		if ((byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z'))
			return true;
	return false;
}

static std::set<std::string>
supported_regions(const PhoneNumberUtil &util)
{
	std::set<std::string> regions;

	util.GetSupportedRegions(&regions);
	return regions;
}

/*
 * Customers' numbers have no letters, but the library reads them as keys ("1-800-FLOWERS") or
 * skips leading ones. So letters are allowed only in a tel: URI.
 */
static CdpkStatus
normalize(std::string value, const char *region, std::string *result)
{
	const PhoneNumberUtil &util = *PhoneNumberUtil::GetInstance();
	static const std::set<std::string> regions = supported_regions(util);
	PhoneNumber number;

	if (region != NULL && regions.count(region) == 0)
		return CDPK_OUT_OF_RANGE;
	if ((!fold_scheme(&value) && has_letters(value)) ||
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
