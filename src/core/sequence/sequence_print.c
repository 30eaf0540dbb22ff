/*
 * sequence_print.c
 *		Printing a sequence.
 */
#include "core/sequence/sequence_form.h"

#include <stdio.h>
#include <string.h>

#include "core/sequence/sequence_words.h"
#include "core/sequence/step_parse.h"

/* the first unit that is printed: a week is 7 days */
#define FIRST_PRINTED 1

/* Print an alternative. */
static char *
print_alternative(char *to, const CdpkAlternative *alternative)
{
	const CdpkName *name = &alternative->name;

	if (alternative->any)
		*to++ = '*';
	else if (cdpk_sequence_bare_length(name->text, name->text + name->length) == name->length &&
			 !cdpk_sequence_is_reserved(name->text, name->length))
	{
		memcpy(to, name->text, name->length);
		to += name->length;
	}
	else
		to = cdpk_print_quoted(to, name);
	return cdpk_print_conditions(to, alternative);
}

/* Print what an alternative compares with the event before, after its conditions. */
static char *
print_previous(char *to, const CdpkSequence *sequence, const CdpkSequenceItem *item)
{
	if (item->previous == 0)
		return to;
	/* an item that compares has one alternative */
	if (to[-1] == ']')
		to += sprintf(to - 1, ", ") - 1;
	else
		*to++ = '[';
	to = cdpk_print_property(to, &sequence->compared);
	to = cdpk_print_operator(to, (CdpkStepOperator) item->previous);
	return to + sprintf(to, " previous]");
}

/* Print a set of alternatives. */
static char *
print_any(char *to, const CdpkSequence *sequence, uint32_t any)
{
	bool several = (any & (any - 1)) != 0;

	if (several)
		*to++ = '(';
	for (unsigned i = 0; any != 0; i++, any >>= 1)
	{
		if ((any & 1) == 0)
			continue;
		to = print_alternative(to, cdpk_step_alternatives(&sequence->alternative[i]));
		if (any >> 1 != 0)
			to += sprintf(to, " | ");
	}
	if (several)
		*to++ = ')';
	return to;
}

/* Print a length of time after a word, in the largest unit that holds it whole. */
static char *
print_length(char *to, const char *word, int64_t length)
{
	size_t unit = FIRST_PRINTED;

	if (length == 0)
		return to;
	while (length % cdpk_sequence_units[unit].length != 0)
		unit++;
	length /= cdpk_sequence_units[unit].length;
	return to + sprintf(to, " %s %lld %s%s", word, (long long) length,
						cdpk_sequence_units[unit].name, length == 1 ? "" : "s");
}

/* Return the maximum size of a text. */
static size_t
print_room(const CdpkSequence *sequence)
{
	/* what is said of all; of each a number and a word in front, two lengths of time after */
	size_t room = 200 + 2 * sequence->same.length + sequence->items * (size_t) 130;

	for (unsigned i = 0; i < sequence->items; i++)
	{
		if (sequence->item[i].previous != 0)
			room += 2 * sequence->compared.length + 24;
		for (unsigned j = 0; j < sequence->alternatives; j++)
			if (sequence->item[i].any >> j & 1)
				room += cdpk_print_room(cdpk_step_alternatives(&sequence->alternative[j])) + 5;
	}
	return room;
}

/* Print what is said of all events. */
static char *
print_end(char *to, const CdpkSequence *sequence)
{
	const CdpkName *same = &sequence->same;

	to = print_length(to, "in", sequence->whole);
	if (same->length > 0)
	{
		to += sprintf(to, " same ");
		if (cdpk_parse_is(same->text, same->length, "session"))
			to = cdpk_print_quoted(to, same);
		else
			to = cdpk_print_property(to, same);
	}
	if (sequence->session != 0)
		to += sprintf(to, " same session");
	if (sequence->session != CDPK_SEQUENCE_SESSION)
		to = print_length(to, "gap", sequence->session);
	return to;
}

/* Print an item. */
static char *
print_item(char *to, const CdpkSequence *sequence, const CdpkSequenceItem *item)
{
	if (item->absent)
		to += sprintf(to, "not ");
	if (item->times > 1)
		to += sprintf(to, "%u x ", (unsigned) item->times);
	to = print_any(to, sequence, item->any);
	to = print_previous(to, sequence, item);
	if (item->optional)
		*to++ = '?';
	to = print_length(to, "after", item->after);
	return print_length(to, "within", item->within);
}

CdpkStatus
cdpk_sequence_print(const uint8_t *bytes, size_t length, const CdpkAllocator *allocator,
					char **text)
{
	CdpkSequence sequence;
	CdpkStatus status = cdpk_sequence_read(bytes, length, allocator, &sequence);
	char *to;

	if (status != CDPK_OK)
		return status;
	*text = to = cdpk_allocate(allocator, print_room(&sequence));
	for (unsigned i = 0; to != NULL && i < sequence.items; i++)
	{
		if (i > 0)
			to += sprintf(to, sequence.any_order ? " & " : " -> ");
		to = print_item(to, &sequence, &sequence.item[i]);
	}
	if (to != NULL)
	{
		to = print_end(to, &sequence);
		*to = '\0';
	}
	cdpk_sequence_free(allocator, &sequence);
	return to != NULL ? CDPK_OK : CDPK_OUT_OF_MEMORY;
}

CdpkStatus
cdpk_sequence_print_step(const CdpkSequence *sequence, uint32_t any, const CdpkAllocator *allocator,
						 char **text)
{
	size_t room = 1;
	char *to;

	for (unsigned i = 0; i < sequence->alternatives; i++)
		if (any >> i & 1)
			room += cdpk_print_room(cdpk_step_alternatives(&sequence->alternative[i])) + 5;
	*text = to = cdpk_allocate(allocator, room);
	if (to == NULL)
		return CDPK_OUT_OF_MEMORY;
	for (unsigned i = 0; i < sequence->alternatives; i++)
	{
		const CdpkAlternative *alternative = cdpk_step_alternatives(&sequence->alternative[i]);

		if ((any >> i & 1) == 0)
			continue;
		if (to > *text)
			to += sprintf(to, " | ");
		if (alternative->any)
			*to++ = '*';
		else
			to = cdpk_print_quoted(to, &alternative->name);
		to = cdpk_print_conditions(to, alternative);
	}
	*to = '\0';
	return CDPK_OK;
}
