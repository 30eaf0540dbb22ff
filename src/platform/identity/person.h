/*
 * person.h
 *		What a person is asked for by: an identifier, or the digits of a profile id.
 */
#ifndef CDP_IDENTITY_PERSON_H
#define CDP_IDENTITY_PERSON_H

/*
 * Reads a text of digits, blanks around them aside, that are a bigint: a profile id,
 * present or former.  False for any other text; no identifier begins with a digit.
 */
extern bool person_read_id(const char *text, int64 *profile_id);

#endif /* CDP_IDENTITY_PERSON_H */
