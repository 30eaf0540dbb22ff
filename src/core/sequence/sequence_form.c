/*
 * sequence_form.c
 *		The stored form of a sequence, which parts go together, and its program.
 */
#include "core/sequence/sequence_form.h"

#include <string.h>

#include "core/base/bytes.h"
#include "core/text/utf8.h"

/* an item's first byte */
#define ITEM_ABSENT 1
#define ITEM_REPEATED 2
#define ITEM_AFTER 4
#define ITEM_WITHIN 8
#define ITEM_FLAGS 15

/* ---------------------------------------------------------------- what goes together */

/* Report what is wrong with a part. */
static CdpkStatus
refuse(CdpkTextProblem *problem, CdpkStatus status, size_t position, const char *words)
{
	problem->words = words;
	problem->position = position;
	return status;
}

/* Check an item that asks for absence. */
static CdpkStatus
check_absence(const CdpkSequence *sequence, unsigned i, CdpkTextProblem *problem)
{
	const CdpkSequenceItem *item = &sequence->item[i];

	if (i == 0)
		return refuse(problem, CDPK_INVALID, item->position, "\"not\" without an event before it");
	if (sequence->item[i - 1].absent)
		return refuse(problem, CDPK_INVALID, item->position, "\"not\" after another");
	if (item->times != 1 || item->after != 0)
		return refuse(problem, CDPK_INVALID, item->position,
					  "\"not\" takes neither a number nor \"after\"");
	if (item->within != 0 && i + 1 < sequence->items)
		return refuse(problem, CDPK_INVALID, item->position,
					  "\"not\" takes \"within\" only at the end; before it belongs to the event "
					  "that follows");
	return CDPK_OK;
}

/* Check an item of events that must be there. */
static CdpkStatus
check_step(const CdpkSequence *sequence, unsigned i, CdpkTextProblem *problem)
{
	const CdpkSequenceItem *item = &sequence->item[i];

	if (i == 0 && item->after != 0)
		return refuse(problem, CDPK_INVALID, item->position,
					  "\"after\" counts from the event before, and there is none");
	if (i == 0 && item->within != 0 && item->times == 1)
		return refuse(problem, CDPK_INVALID, item->position,
					  "\"within\" counts from the event before, and there is none");
	if (item->within != 0 && item->after > item->within)
		return refuse(problem, CDPK_INVALID, item->position, "\"after\" longer than \"within\"");
	return CDPK_OK;
}

CdpkStatus
cdpk_sequence_check(const CdpkSequence *sequence, CdpkTextProblem *problem)
{
	uint64_t steps = 0;

	for (unsigned i = 0; i < sequence->items; i++)
	{
		const CdpkSequenceItem *item = &sequence->item[i];
		CdpkStatus status =
			item->absent ? check_absence(sequence, i, problem) : check_step(sequence, i, problem);

		if (status != CDPK_OK)
			return status;
		steps += item->absent ? 0 : item->times;
		if (steps > CDPK_SEQUENCE_STEPS_MAX)
			return refuse(problem, CDPK_TOO_LONG, item->position, "more than 64 events");
	}
	if (sequence->whole != 0 && steps < 2)
		return refuse(problem, CDPK_INVALID, sequence->whole_position,
					  "\"in\" without a second event");
	return CDPK_OK;
}

/* ---------------------------------------------------------------- bytes */

bool
cdpk_sequence_is_plain(const CdpkSequence *sequence)
{
	for (unsigned i = 0; i < sequence->alternatives; i++)
		if (!sequence->alternative[i].plain)
			return false;
	return true;
}

/* Return the maximum size of the stored form. */
size_t
cdpk_sequence_room(const CdpkSequence *sequence)
{
	size_t room = 1 + 3 * CDPK_VARINT_MAX + sequence->items * (1 + 4 * CDPK_VARINT_MAX);
	bool plain = cdpk_sequence_is_plain(sequence);

	for (unsigned i = 0; i < sequence->alternatives; i++)
		room += CDPK_VARINT_MAX +
				(plain ? sequence->alternative[i].alone.name.length : sequence->form[i].length);
	return room;
}

/* Write the alternatives: names, or what they are in a step. */
static uint8_t *
write_alternatives(const CdpkSequence *sequence, uint8_t *at)
{
	bool plain = cdpk_sequence_is_plain(sequence);

	*at++ = plain ? CDPK_SEQUENCE_NAMES : CDPK_SEQUENCE_STEPS;
	at = cdpk_write_varint(at, sequence->alternatives);
	for (unsigned i = 0; i < sequence->alternatives; i++)
	{
		const CdpkName *bytes = plain ? &sequence->alternative[i].alone.name : &sequence->form[i];

		if (plain)
			at = cdpk_write_varint(at, bytes->length);
		memcpy(at, bytes->text, bytes->length);
		at += bytes->length;
	}
	return at;
}

/* Write the stored form. */
size_t
cdpk_sequence_write(const CdpkSequence *sequence, uint8_t *bytes)
{
	uint8_t *at = write_alternatives(sequence, bytes);

	at = cdpk_write_varint(at, sequence->items);
	for (unsigned i = 0; i < sequence->items; i++)
	{
		const CdpkSequenceItem *item = &sequence->item[i];

		*at++ =
			(uint8_t) ((item->absent ? ITEM_ABSENT : 0) | (item->times > 1 ? ITEM_REPEATED : 0) |
					   (item->after != 0 ? ITEM_AFTER : 0) | (item->within != 0 ? ITEM_WITHIN : 0));
		at = cdpk_write_varint(at, item->any);
		if (item->times > 1)
			at = cdpk_write_varint(at, item->times);
		if (item->after != 0)
			at = cdpk_write_varint(at, (uint64_t) item->after);
		if (item->within != 0)
			at = cdpk_write_varint(at, (uint64_t) item->within);
	}
	at = cdpk_write_varint(at, (uint64_t) sequence->whole);
	return (size_t) (at - bytes);
}

/* Read an alternative that is a name. */
static CdpkStatus
read_name(CdpkReader *reader, CdpkStep *step)
{
	size_t length = cdpk_read_varint(reader);
	const char *text = (const char *) cdpk_read_bytes(reader, length);
	bool ascii;

	if (text == NULL || length == 0 || cdpk_utf8_check(text, length, &ascii) != CDPK_OK)
		return CDPK_CORRUPT;
	*step = cdpk_plain_step(text, length);
	return CDPK_OK;
}

/* Add up what the conditions of alternatives take: as many as in a step. */
static bool
within_limits(const CdpkSequence *sequence)
{
	unsigned conditions = 0;
	unsigned literals = 0;

	for (unsigned i = 0; i < sequence->alternatives; i++)
	{
		const CdpkAlternative *alternative = cdpk_step_alternatives(&sequence->alternative[i]);

		conditions += alternative->count;
		for (unsigned j = 0; j < alternative->count; j++)
			literals += alternative->conditions[j].count;
	}
	return conditions <= CDPK_STEP_CONDITIONS_MAX && literals <= CDPK_STEP_LITERALS_MAX;
}

/* Return whether an alternative has the bytes of one before it. */
static bool
is_repeated(const CdpkSequence *sequence, unsigned i)
{
	for (unsigned j = 0; j < i; j++)
		if (sequence->form[j].length == sequence->form[i].length &&
			memcmp(sequence->form[j].text, sequence->form[i].text, sequence->form[i].length) == 0)
			return true;
	return false;
}

/* Read the alternatives; they differ. */
static CdpkStatus
read_alternatives(CdpkReader *reader, uint8_t version, const CdpkAllocator *allocator,
				  CdpkSequence *sequence)
{
	uint64_t count = cdpk_read_varint(reader);

	if (count < 1 || count > CDPK_SEQUENCE_ALTERNATIVES_MAX)
		return CDPK_CORRUPT;
	while (sequence->alternatives < count)
	{
		unsigned i = sequence->alternatives;
		const uint8_t *start = reader->at;
		CdpkStatus status =
			version == CDPK_SEQUENCE_NAMES
				? read_name(reader, &sequence->alternative[i])
				: cdpk_alternative_read(reader, allocator, &sequence->alternative[i]);

		if (status != CDPK_OK)
			return status;
		sequence->alternatives++;
		sequence->form[i].text = (const char *) start;
		sequence->form[i].length = (size_t) (reader->at - start);
		if (is_repeated(sequence, i))
			return CDPK_CORRUPT;
	}
	/* each sequence has one form */
	if (cdpk_sequence_is_plain(sequence) != (version == CDPK_SEQUENCE_NAMES))
		return CDPK_CORRUPT;
	return within_limits(sequence) ? CDPK_OK : CDPK_CORRUPT;
}

/* Read a length of time, which is not 0. */
static bool
read_length(CdpkReader *reader, int64_t *length)
{
	uint64_t value = cdpk_read_varint(reader);

	*length = (int64_t) value;
	return value >= 1 && value <= INT64_MAX;
}

/* Read an item; *named is the set of alternatives so far, which grows in order. */
static bool
read_item(CdpkReader *reader, unsigned alternatives, CdpkSequenceItem *item, uint64_t *named)
{
	uint8_t flags = cdpk_read_u8(reader);
	uint64_t any = cdpk_read_varint(reader);
	uint64_t times = flags & ITEM_REPEATED ? cdpk_read_varint(reader) : 1;

	memset(item, 0, sizeof(*item));
	item->absent = (flags & ITEM_ABSENT) != 0;
	item->any = (uint32_t) any;
	item->times = (uint32_t) times;
	*named |= any;
	/* they are numbered as they appear: the set has no gap */
	if ((flags & ~ITEM_FLAGS) != 0 || any == 0 || any >> alternatives != 0 ||
		(*named & (*named + 1)) != 0)
		return false;
	if (times < 1 || times > CDPK_SEQUENCE_STEPS_MAX || ((flags & ITEM_REPEATED) && times == 1))
		return false;
	return (!(flags & ITEM_AFTER) || read_length(reader, &item->after)) &&
		   (!(flags & ITEM_WITHIN) || read_length(reader, &item->within));
}

/* Read what follows the alternatives. */
static CdpkStatus
read_items(CdpkReader *reader, CdpkSequence *sequence)
{
	CdpkTextProblem problem;
	uint64_t named = 0;
	uint64_t items = cdpk_read_varint(reader);
	uint64_t whole;

	if (items < 1 || items > CDPK_SEQUENCE_ITEMS_MAX)
		return CDPK_CORRUPT;
	for (sequence->items = 0; sequence->items < items; sequence->items++)
		if (!read_item(reader, sequence->alternatives, &sequence->item[sequence->items], &named))
			return CDPK_CORRUPT;
	whole = cdpk_read_varint(reader);
	sequence->whole = (int64_t) whole;
	sequence->whole_position = 0;
	if (reader->failed || cdpk_left(reader) > 0 || whole > INT64_MAX ||
		named + 1 != UINT64_C(1) << sequence->alternatives ||
		cdpk_sequence_check(sequence, &problem) != CDPK_OK)
		return CDPK_CORRUPT;
	return CDPK_OK;
}

CdpkStatus
cdpk_sequence_read(const uint8_t *bytes, size_t length, const CdpkAllocator *allocator,
				   CdpkSequence *sequence)
{
	CdpkReader reader = cdpk_reader(bytes, length);
	uint8_t version = cdpk_read_u8(&reader);
	CdpkStatus status;

	sequence->alternatives = 0;
	if (!reader.failed && version != CDPK_SEQUENCE_NAMES && version != CDPK_SEQUENCE_STEPS)
		return CDPK_UNKNOWN_VERSION;
	if (reader.failed || (version == CDPK_SEQUENCE_STEPS && length > CDPK_STEP_SIZE_MAX))
		return CDPK_CORRUPT;
	status = read_alternatives(&reader, version, allocator, sequence);
	if (status == CDPK_OK)
		status = read_items(&reader, sequence);
	if (status != CDPK_OK)
		cdpk_sequence_free(allocator, sequence);
	return status;
}

void
cdpk_sequence_free(const CdpkAllocator *allocator, CdpkSequence *sequence)
{
	for (unsigned i = 0; i < sequence->alternatives; i++)
		cdpk_step_free(allocator, &sequence->alternative[i]);
}

/* ---------------------------------------------------------------- the program */

/* Make a bound from a length; 0 means none. */
static CdpkSequenceBound
bound(int64_t length)
{
	CdpkSequenceBound result = {length != 0, false, length};

	return result;
}

/* Add the steps of an item after an absence. */
static void
add_steps(CdpkProgram *program, const CdpkSequenceItem *item, uint32_t absent)
{
	for (uint32_t i = 0; i < item->times; i++)
	{
		CdpkSequenceStep *step = &program->steps[program->count++];

		step->any = item->any;
		step->adjacent = false;
		step->absent = i == 0 ? absent : 0;
		step->least = bound(i == 0 ? item->after : 0);
		step->most = bound(item->within);
		/* all of the repetition lies within, from the event before it or from its own first */
		step->joined = i > 0 && item->within != 0;
	}
}

/* Make the program of a sequence. */
void
cdpk_sequence_compile(const CdpkSequence *sequence, CdpkProgram *program)
{
	uint32_t absent = 0;

	memset(program, 0, offsetof(CdpkProgram, steps));
	program->kind = CDPK_TIME_INSTANT;
	program->whole = bound(sequence->whole);
	for (unsigned i = 0; i < sequence->items; i++)
	{
		const CdpkSequenceItem *item = &sequence->item[i];

		if (!item->absent)
			add_steps(program, item, absent);
		absent = item->absent ? item->any : 0;
		if (item->absent && i + 1 == sequence->items)
		{
			program->absent_after = item->any;
			program->absent_for = bound(item->within);
		}
	}
}
