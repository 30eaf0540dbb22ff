/*
 * property_names.h
 *		Names of properties that timelines store as a number, since nearly every timeline has them.
 *
 * The list is part of the format: FORMAT.md.
 */
#ifndef CDPK_PROPERTY_NAMES_H
#define CDPK_PROPERTY_NAMES_H

#include "core/timeline/timeline.h"

#define CDPK_KNOWN_NAMES 40

/* in the order of their bytes */
extern const CdpkName cdpk_known_names[CDPK_KNOWN_NAMES];

/* Return the place of a name in the list, or CDPK_KNOWN_NAMES. */
extern unsigned cdpk_known_name(const char *name, size_t length);

#endif /* CDPK_PROPERTY_NAMES_H */
