/*
 * schema_pattern.h
 *		PostgreSQL's regular expressions for core/schema.
 */
#ifndef CDP_SCHEMA_PATTERN_H
#define CDP_SCHEMA_PATTERN_H

#include "regex/regex.h"

/* Return NULL if the engine takes a pattern, else why not (in the current context). */
extern const char *schema_pattern_check(void *context, const char *pattern, size_t length);

/*
 * Compile a pattern that was checked.  What it takes goes with "context", though not all of it is allocated
 * there: its reset releases it.
 */
extern regex_t *schema_pattern_compile(MemoryContext context, const char *pattern, size_t length);

/* Return whether a text, in the encoding of the database, has a match. */
extern bool schema_pattern_matches(regex_t *regex, const char *text, size_t length);

#endif /* CDP_SCHEMA_PATTERN_H */
