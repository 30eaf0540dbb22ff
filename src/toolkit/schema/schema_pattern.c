/*
 * schema_pattern.c
 *		PostgreSQL's regular expressions for core/schema.
 *
 * Patterns hold neither back-references nor captures (core/schema/ecma_regex.h), so that the engine decides by its
 * automaton alone, in time linear in the text (those that look around aside), and it can be interrupted.
 */
#include "postgres.h"

#include "catalog/pg_collation.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/memutils.h"

#include "toolkit/schema/schema_pattern.h"

/* characters of a text that need no memory of their own */
#define WIDE_AT_HAND 256

/* Compile; returns the engine's code. */
static int
compile(regex_t *regex, const char *pattern, size_t length)
{
	pg_wchar *wide = palloc((length + 1) * sizeof(pg_wchar));
	int wide_length = pg_mb2wchar_with_len(pattern, wide, (int) length);
	int code =
		pg_regcomp(regex, wide, (size_t) wide_length, REG_ADVANCED | REG_NOSUB, C_COLLATION_OID);

	pfree(wide);
	return code;
}

/* Return what a code means. */
static const char *
words_of(int code, const regex_t *regex)
{
	char words[100];

	/* before 16 the engine returns where it was interrupted */
	CHECK_FOR_INTERRUPTS();
	pg_regerror(code, regex, words, sizeof(words));
	return pstrdup(words);
}

const char *
schema_pattern_check(void *context, const char *pattern, size_t length)
{
	regex_t regex;
	int code = compile(&regex, pattern, length);

	if (code != REG_OKAY)
		return words_of(code, &regex);
	pg_regfree(&regex);
	return NULL;
}

static void
release(void *regex)
{
	pg_regfree((regex_t *) regex);
}

regex_t *
schema_pattern_compile(MemoryContext context, const char *pattern, size_t length)
{
	MemoryContext caller = MemoryContextSwitchTo(context);
	regex_t *regex = palloc0(sizeof(regex_t));
	MemoryContextCallback *callback = palloc0(sizeof(MemoryContextCallback));
	int code = compile(regex, pattern, length);

	if (code != REG_OKAY)
		ereport(ERROR, (errcode(ERRCODE_INVALID_REGULAR_EXPRESSION),
						errmsg("invalid regular expression: %s", words_of(code, regex))));
	callback->func = release;
	callback->arg = regex;
	MemoryContextRegisterResetCallback(context, callback);
	MemoryContextSwitchTo(caller);
	return regex;
}

bool
schema_pattern_matches(regex_t *regex, const char *text, size_t length)
{
	pg_wchar at_hand[WIDE_AT_HAND];
	pg_wchar *wide = at_hand;
	int wide_length;
	int code;

	if (length >= WIDE_AT_HAND)
		wide = MemoryContextAllocHuge(CurrentMemoryContext, (length + 1) * sizeof(pg_wchar));
	wide_length = pg_mb2wchar_with_len(text, wide, (int) length);
	code = pg_regexec(regex, wide, (size_t) wide_length, 0, NULL, 0, NULL, 0);
	if (wide != at_hand)
		pfree(wide);
	if (code != REG_OKAY && code != REG_NOMATCH)
		ereport(ERROR, (errcode(ERRCODE_INVALID_REGULAR_EXPRESSION),
						errmsg("regular expression failed: %s", words_of(code, regex))));
	return code == REG_OKAY;
}
