/*
 * person.h
 *		A person given as text: an identifier, or the digits of a profile id.
 */
#ifndef CDP_IDENTITY_PERSON_H
#define CDP_IDENTITY_PERSON_H

/*
 * Reads a profile id from its digits, with blanks around them allowed.  Returns false for any other
 * text; no identifier begins with a digit.
 */
extern bool person_read_id(const char *text, int64 *profile_id);

#endif /* CDP_IDENTITY_PERSON_H */
