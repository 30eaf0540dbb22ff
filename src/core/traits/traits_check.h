/*
 * traits_check.h
 *		Whether bytes from anywhere are traits.
 */
#ifndef CDPK_TRAITS_CHECK_H
#define CDPK_TRAITS_CHECK_H

#include "core/traits/traits.h"

/* Return whether bytes from anywhere are a compact value that merging could have made. */
extern CdpkStatus cdpk_traits_check(const uint8_t *bytes, size_t size);

#endif /* CDPK_TRAITS_CHECK_H */
