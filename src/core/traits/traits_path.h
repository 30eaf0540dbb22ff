/*
 * traits_path.h
 *		The path of a value of the rule "merge".
 *
 * Such a value says what stands at one place in the object of its key: it is an object with one member, whose value may
 * be another such object, and so on to the leaf, which is no object: {"home": {"city": "Graz"}}.  A value that is no
 * object stands in place of the whole object; its path is empty.
 */
#ifndef CDPK_TRAITS_PATH_H
#define CDPK_TRAITS_PATH_H

#include "core/text/value.h"

/* Return the bytes of a value's text before its leaf, which are its path. */
extern size_t cdpk_path_length(const CdpkValue *value);

/* Return whether a canonical value is one of the rule "merge". */
extern bool cdpk_path_valid(const CdpkValue *value);

/* Return the order by path: a path comes before those that lead on from it, and these stand together. */
extern int cdpk_path_compare(const CdpkValue *a, const CdpkValue *b);

/* Return whether a path leads on from another, or is the same. */
extern bool cdpk_path_leads_on(const CdpkValue *from, const CdpkValue *to);

#endif /* CDPK_TRAITS_PATH_H */
