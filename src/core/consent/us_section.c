/*
 * us_section.c
 *		The sections of GPP strings for the United States.
 */
#include "core/consent/us_section.h"

#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* fields that several sections have */
#define FACT(name)            \
	{                         \
		name, 1, CDPK_US_FACT \
	}
#define OPT_OUT(name)            \
	{                            \
		name, 1, CDPK_US_OPT_OUT \
	}
#define CONSENT(name)            \
	{                            \
		name, 1, CDPK_US_CONSENT \
	}
#define SENSITIVE(count)                                  \
	{                                                     \
		"SensitiveDataProcessing", count, CDPK_US_CONSENT \
	}
#define SENSITIVE_OPT_OUT(count)                          \
	{                                                     \
		"SensitiveDataProcessing", count, CDPK_US_OPT_OUT \
	}
#define CHILD(count)                                              \
	{                                                             \
		"KnownChildSensitiveDataConsents", count, CDPK_US_CONSENT \
	}
#define SALE_NOTICE FACT("SaleOptOutNotice")
#define TARGETED_NOTICE FACT("TargetedAdvertisingOptOutNotice")
#define SALE OPT_OUT("SaleOptOut")
#define TARGETED OPT_OUT("TargetedAdvertisingOptOut")
#define ADDITIONAL CONSENT("AdditionalDataProcessingConsent")
#define MSPA                                                                                       \
	FACT("MspaCoveredTransaction"), FACT("MspaOptOutOptionMode"), FACT("MspaServiceProviderMode"), \
	{                                                                                              \
		NULL, 0, 0                                                                                 \
	}

/* the fields of the national section but for the numbers of values that differ between versions */
#define NATIONAL(sensitive, child)                                                            \
	{                                                                                         \
		FACT("SharingNotice"), SALE_NOTICE, FACT("SharingOptOutNotice"), TARGETED_NOTICE,     \
			FACT("SensitiveDataProcessingOptOutNotice"), FACT("SensitiveDataLimitUseNotice"), \
			SALE, OPT_OUT("SharingOptOut"), TARGETED, SENSITIVE(sensitive), CHILD(child),     \
			CONSENT("PersonalDataConsents"), MSPA                                             \
	}

/* those of the first states */
#define FIRST(sensitive, child)                                                                    \
	{                                                                                              \
		FACT("SharingNotice"), SALE_NOTICE, TARGETED_NOTICE, SALE, TARGETED, SENSITIVE(sensitive), \
			CHILD(child), MSPA                                                                     \
	}

/* those of most states since */
#define LATER(notice, sensitive, child)                                                   \
	{                                                                                     \
		FACT(notice), SALE_NOTICE, TARGETED_NOTICE, SALE, TARGETED, SENSITIVE(sensitive), \
			CHILD(child), ADDITIONAL, MSPA                                                \
	}

static const CdpkUsField nat1[] = NATIONAL(12, 2);
static const CdpkUsField nat2[] = NATIONAL(16, 3);
static const CdpkUsField california[] = {
	SALE_NOTICE, FACT("SharingOptOutNotice"),     FACT("SensitiveDataLimitUseNotice"),
	SALE,        OPT_OUT("SharingOptOut"),        SENSITIVE_OPT_OUT(9),
	CHILD(2),    CONSENT("PersonalDataConsents"), MSPA};
static const CdpkUsField virginia[] = FIRST(8, 1);
static const CdpkUsField colorado[] = FIRST(7, 1);
static const CdpkUsField utah[] = {FACT("SharingNotice"),
								   SALE_NOTICE,
								   TARGETED_NOTICE,
								   FACT("SensitiveDataProcessingOptOutNotice"),
								   SALE,
								   TARGETED,
								   SENSITIVE_OPT_OUT(8),
								   CHILD(1),
								   MSPA};
static const CdpkUsField connecticut[] = FIRST(8, 3);
static const CdpkUsField montana[] = LATER("SharingNotice", 8, 3);
static const CdpkUsField florida[] = LATER("ProcessingNotice", 8, 3); /* New Hampshire too */
static const CdpkUsField oregon[] = LATER("ProcessingNotice", 11, 3);
static const CdpkUsField texas[] = LATER("ProcessingNotice", 8, 1); /* and NE, TN, MN */
static const CdpkUsField delaware[] = LATER("ProcessingNotice", 9, 5);
static const CdpkUsField new_jersey[] = LATER("ProcessingNotice", 10, 5);
static const CdpkUsField iowa[] = {FACT("ProcessingNotice"),
								   SALE_NOTICE,
								   TARGETED_NOTICE,
								   FACT("SensitiveDataOptOutNotice"),
								   SALE,
								   TARGETED,
								   SENSITIVE_OPT_OUT(8),
								   CHILD(1),
								   MSPA};
static const CdpkUsField maryland[] = {FACT("MspaCoveredTransaction"),
									   FACT("MspaMode"),
									   FACT("ProcessingNotice"),
									   SALE_NOTICE,
									   TARGETED_NOTICE,
									   SALE,
									   TARGETED,
									   ADDITIONAL,
									   {NULL, 0, 0}};
static const CdpkUsField indiana[] = {FACT("MspaCoveredTransaction"), /* Kentucky, Rhode Island */
									  FACT("MspaMode"),
									  FACT("ProcessingNotice"),
									  SALE_NOTICE,
									  TARGETED_NOTICE,
									  SALE,
									  TARGETED,
									  CHILD(1),
									  ADDITIONAL,
									  SENSITIVE(8),
									  {NULL, 0, 0}};

/* the greatest version of a section first */
static const CdpkUsSection sections[] = {
	{7, "usnat", 2, true, false, nat2},        {7, "usnat", 1, true, false, nat1},
	{8, "usca", 1, true, false, california},   {9, "usva", 1, false, false, virginia},
	{10, "usco", 1, true, false, colorado},    {11, "usut", 1, false, false, utah},
	{12, "usct", 1, true, false, connecticut}, {13, "usfl", 1, false, false, florida},
	{14, "usmt", 1, true, false, montana},     {15, "usor", 1, true, false, oregon},
	{16, "ustx", 1, true, false, texas},       {17, "usde", 1, true, false, delaware},
	{18, "usia", 1, true, false, iowa},        {19, "usne", 1, true, false, texas},
	{20, "usnh", 1, true, false, florida},     {21, "usnj", 1, true, false, new_jersey},
	{22, "ustn", 1, true, false, texas},       {23, "usmn", 1, true, false, texas},
	{24, "usmd", 0, true, false, maryland},    {25, "usin", 0, false, true, indiana},
	{26, "usky", 0, false, true, indiana},     {27, "usri", 0, false, true, indiana}};

#define VERSION_BITS 6
#define VALUE_BITS 2
#define VALUE_MAX 2

/* the type of the segment of the Global Privacy Control */
#define SEGMENT_GPC 1

const CdpkUsSection *
cdpk_us_section_at(size_t place)
{
	return place < COUNT(sections) ? &sections[place] : NULL;
}

const CdpkUsSection *
cdpk_us_section(unsigned id)
{
	for (size_t i = 0; i < COUNT(sections); i++)
		if (sections[i].id == id)
			return &sections[i];
	return NULL;
}

/* Return a section of a version; NULL: none is known. */
static const CdpkUsSection *
find_version(unsigned id, unsigned version)
{
	for (size_t i = 0; i < COUNT(sections); i++)
		if (sections[i].id == id && version > 0 &&
			(sections[i].version == version ||
			 /* a section that begins with its number has a header, of which no encoder is known */
			 (sections[i].version == 0 && version != id)))
			return &sections[i];
	return NULL;
}

/* Read values. */
static bool
read_values(CdpkBits *bits, uint8_t *values, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
	{
		values[i] = (uint8_t) cdpk_read_bits(bits, VALUE_BITS);
		if (values[i] > VALUE_MAX)
			return false;
	}
	return !bits->failed;
}

/* Read the fields of the core segment; *place is behind the last value. */
static bool
read_core(const char *text, size_t length, unsigned id, CdpkUs *us, unsigned *place)
{
	CdpkBits bits = cdpk_bits(text, length);

	us->version = (unsigned) cdpk_read_bits(&bits, VERSION_BITS);
	us->section = bits.failed ? NULL : find_version(id, us->version);
	if (us->section == NULL)
		return false;
	for (const CdpkUsField *field = us->section->fields; field->name != NULL; field++)
	{
		if (us->section->sensitive_behind && field[1].name == NULL)
			break;
		if (!read_values(&bits, us->values + *place, field->count))
			return false;
		*place += field->count;
	}
	return cdpk_bits_are_read(bits);
}

CdpkStatus
cdpk_us_decode(unsigned id, const char *text, size_t length, CdpkUs *us)
{
	const char *dot = length > 0 ? memchr(text, '.', length) : NULL;
	size_t core = dot != NULL ? (size_t) (dot - text) : length;
	unsigned place = 0;
	CdpkBits bits;

	memset(us, 0, sizeof(*us));
	if (!read_core(text, core, id, us, &place))
		return CDPK_INVALID;
	us->has_sensitive = !us->section->sensitive_behind;
	if (dot == NULL)
		return CDPK_OK;
	bits = cdpk_bits(dot + 1, length - core - 1);
	if (us->section->sensitive_behind)
	{
		const CdpkUsField *field = us->section->fields;

		while (field[1].name != NULL)
			field++;
		us->has_sensitive = true;
		if (!read_values(&bits, us->values + place, field->count))
			return CDPK_INVALID;
	}
	else
	{
		us->has_gpc = us->section->has_gpc && cdpk_read_bits(&bits, 2) == SEGMENT_GPC;
		us->gpc = cdpk_read_bits(&bits, 1) != 0;
		if (!us->has_gpc)
			return CDPK_INVALID;
	}
	return cdpk_bits_are_read(bits) ? CDPK_OK : CDPK_INVALID;
}
