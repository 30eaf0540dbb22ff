/*
 * normalize.h
 *		What the module cdp_phone exports; nothing of the server, nothing of C++.
 */
#ifndef CDP_IDENTIFIER_PHONE_NORMALIZE_H
#define CDP_IDENTIFIER_PHONE_NORMALIZE_H

#include "core/base/cdpk.h"

/* the name by which cdp looks the function up */
#define CDP_PHONE_NORMALIZE "cdp_phone_normalize"

/*
 * Writes the E.164 form of a phone number into "result", which has
 * *result_length bytes, and sets that to what it wrote.  region is a two-letter
 * code (ISO 3166) in upper case, for numbers without a country code, or NULL.
 *
 * CDPK_INVALID: no phone number, or one with an extension.  CDPK_OUT_OF_RANGE: no
 * such region.  CDPK_OUT_OF_MEMORY: as it says.
 */
typedef CdpkStatus CdpPhoneNormalize(const char *value, size_t length, const char *region,
									 char *result, size_t *result_length);

#endif /* CDP_IDENTIFIER_PHONE_NORMALIZE_H */
