/*
 * name_order.h
 *		The order of names.
 */
#ifndef CDPK_NAME_ORDER_H
#define CDPK_NAME_ORDER_H

#include "core/timeline/property.h"

/*
 * Put places of names into their order, by their bytes, a prefix first.  At each place, of so many bytes, something
 * begins with a CdpkName.
 */
extern void cdpk_order_names(const void *names, size_t bytes, uint32_t *order, uint32_t count);

#endif /* CDPK_NAME_ORDER_H */
