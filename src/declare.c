/*
 * declare.c
 *		Prints the SQL declarations of the predicates (toolkit/predicate/predicates.def) for the install script.
 *
 * make compiles and runs it; it is no part of the module.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct
{
	const char *name;
	const char *type;
	const char *otherwise;
} arguments[] = {
#define ARGUMENT(name, type, otherwise, sample) {name, type, otherwise},
#include "toolkit/predicate/predicates.def"
#undef ARGUMENT
};

static const struct
{
	const char *name;
	const char *arguments;
	const char *answer;
	int cost;
	const char *documentation;
} predicates[] = {
#define PREDICATE(name, arguments, answer, horizon, precision, reads, selectivity, cost, \
				  definition, documentation)                                             \
	{#name, arguments, answer, cost, documentation},
#include "toolkit/predicate/predicates.def"
#undef PREDICATE
};

#define LENGTH(array) (sizeof(array) / sizeof(*(array)))

/* Return the place of the argument with which a list begins. */
static size_t
find_argument(const char *list, size_t length)
{
	for (size_t i = 0; i < LENGTH(arguments); i++)
		if (strlen(arguments[i].name) == length && memcmp(arguments[i].name, list, length) == 0)
			return i;
	fprintf(stderr, "declare: no argument \"%.*s\" in predicates.def\n", (int) length, list);
	exit(1);
}

/* Print the arguments after the timeline, or only their types. */
static void
print_arguments(const char *list, int types_only)
{
	while (*list != '\0')
	{
		size_t length = strcspn(list, ",");
		size_t i = find_argument(list, length);

		if (types_only)
			printf(", %s", arguments[i].type);
		else
			printf(",\n\t%s %s", arguments[i].name, arguments[i].type);
		if (!types_only && arguments[i].otherwise != NULL)
			printf(" DEFAULT %s", arguments[i].otherwise);
		list += length;
		list += strspn(list, ", ");
	}
}

/* Print a text as a SQL literal. */
static void
print_literal(const char *text)
{
	putchar('\'');
	for (; *text != '\0'; text++)
	{
		if (*text == '\'')
			putchar('\'');
		putchar(*text);
	}
	putchar('\'');
}

int
main(void)
{
	printf("-- made by make from toolkit/predicate/predicates.def\n");
	for (size_t i = 0; i < LENGTH(predicates); i++)
	{
		printf("\nCREATE FUNCTION cdp.%s(timeline cdp.timeline", predicates[i].name);
		print_arguments(predicates[i].arguments, 0);
		printf(") RETURNS %s\n\tAS 'MODULE_PATHNAME', 'cdp_%s'\n", predicates[i].answer,
			   predicates[i].name);
		printf("\tLANGUAGE C IMMUTABLE PARALLEL SAFE COST %d SUPPORT "
			   "cdp_internal.predicate_support;\n",
			   predicates[i].cost);
		printf("COMMENT ON FUNCTION cdp.%s(cdp.timeline", predicates[i].name);
		print_arguments(predicates[i].arguments, 1);
		printf(") IS\n\t");
		print_literal(predicates[i].documentation);
		printf(";\n");
	}
	return 0;
}
