/*
 * phone_module.h
 *		The module cdp_phone, which brings phone numbers to E.164 form.
 */
#ifndef CDP_PHONE_MODULE_H
#define CDP_PHONE_MODULE_H

#include "core/identifier/identifier.h"

/*
 * Write the E.164 form of a number; the first call loads the module.  region: see
 * CdpPhoneNormalize.  CDPK_UNSUPPORTED: the module is not installed.
 */
extern CdpkStatus phone_module_normalize(const char *value, size_t length, const char *region,
										 char *result, size_t *result_length);

/* Return the normaliser of numbers with a country code; its first call loads the module. */
extern const CdpkPhone *phone_module_normalizer(void);

/* Return the normaliser of numbers that may lack their country code; the region must stay. */
extern CdpkPhone phone_module_in_region(const char *region);

/* Return why the module could not be loaded; NULL if it was loaded, or not asked for. */
extern const char *phone_module_problem(void);

#endif /* CDP_PHONE_MODULE_H */
