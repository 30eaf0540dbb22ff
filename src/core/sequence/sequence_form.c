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
#define ITEM_PREVIOUS 16
#define ITEM_OPTIONAL 32
/* those that a version has */
#define ITEM_NAMES_FLAGS 15
#define ITEM_STEPS_FLAGS 31
#define ITEM_FUNNEL_FLAGS 63

/* the byte at the end of any but a sequence of names, and what follows it */
#define END_SAME 1
#define END_SESSION 2
#define END_COMPARED 4
#define END_ANY_ORDER 8
#define END_STEPS_FLAGS 7
#define END_FUNNEL_FLAGS 15

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
	if (item->previous != 0)
		return refuse(problem, CDPK_INVALID, item->position, CDPK_SEQUENCE_ABSENT_PREVIOUS);
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
	if (i == 0 && item->previous != 0)
		return refuse(problem, CDPK_INVALID, item->position,
					  "\"previous\" means the event before, and there is none");
	if (sequence->compared.length > 0 && item->within != 0 && item->times > 1)
		return refuse(problem, CDPK_INVALID, item->position,
					  "a number with \"within\" does not go with \"previous\"");
	if (item->within != 0 && item->after > item->within)
		return refuse(problem, CDPK_INVALID, item->position, "\"after\" longer than \"within\"");
	return CDPK_OK;
}

/* Check the events that may be left out. */
static CdpkStatus
check_optional(const CdpkSequence *sequence, CdpkTextProblem *problem)
{
	unsigned optional = 0;

	for (unsigned i = 0; i < sequence->items; i++)
	{
		const CdpkSequenceItem *item = &sequence->item[i];

		if (!item->optional)
			continue;
		if (i == 0)
			return refuse(problem, CDPK_INVALID, item->position, "the first event is optional");
		if (item->absent)
			return refuse(problem, CDPK_INVALID, item->position, "\"not\" takes no \"?\"");
		if (item->times > 1)
			return refuse(problem, CDPK_INVALID, item->position, "a number takes no \"?\"");
		if (++optional > CDPK_SEQUENCE_OPTIONAL_MAX)
			return refuse(problem, CDPK_TOO_LONG, item->position, "more than 4 optional events");
	}
	return CDPK_OK;
}

/* Check events in any order: each is there, and only "in" says more of them. */
static CdpkStatus
check_any_order(const CdpkSequence *sequence, CdpkTextProblem *problem)
{
	for (unsigned i = 0; i < sequence->items; i++)
	{
		const CdpkSequenceItem *item = &sequence->item[i];

		if (item->absent || item->optional || item->previous != 0 || item->after != 0 ||
			item->within != 0)
			return refuse(problem, CDPK_INVALID, item->position,
						  "events in any order (&) take none of not, ?, previous, after, within; "
						  "\"in\" bounds the time of all");
	}
	return sequence->items > 1 ? CDPK_OK
							   : refuse(problem, CDPK_INVALID, 1, "\"&\" without a second event");
}

CdpkStatus
cdpk_sequence_check(const CdpkSequence *sequence, CdpkTextProblem *problem)
{
	uint64_t steps = 0;
	CdpkStatus order = sequence->any_order ? check_any_order(sequence, problem)
										   : check_optional(sequence, problem);

	if (order != CDPK_OK)
		return order;

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
	if ((sequence->same.length > 0 || sequence->session != 0) && sequence->items < 2 && steps < 2)
		return refuse(problem, CDPK_INVALID, sequence->same_position,
					  "\"same\" without a second event");
	return CDPK_OK;
}

/* ---------------------------------------------------------------- bytes */

void
cdpk_sequence_init(CdpkSequence *sequence)
{
	memset(sequence, 0, offsetof(CdpkSequence, alternative));
}

bool
cdpk_sequence_is_plain(const CdpkSequence *sequence)
{
	for (unsigned i = 0; i < sequence->alternatives; i++)
		if (!sequence->alternative[i].plain)
			return false;
	return true;
}

/* Return whether it is that of sequences of which a later version has more to say. */
static bool
has_funnel_form(const CdpkSequence *sequence)
{
	bool optional = false;

	for (unsigned i = 0; i < sequence->items; i++)
		optional = optional || sequence->item[i].optional;
	return optional || sequence->any_order;
}

/* Return the version of the stored form. */
static uint8_t
version_of(const CdpkSequence *sequence)
{
	if (has_funnel_form(sequence))
		return CDPK_SEQUENCE_FUNNEL;
	return cdpk_sequence_is_plain(sequence) && !cdpk_sequence_is_correlated(sequence)
			   ? CDPK_SEQUENCE_NAMES
			   : CDPK_SEQUENCE_STEPS;
}

/* Return the maximum size of the stored form. */
size_t
cdpk_sequence_room(const CdpkSequence *sequence)
{
	size_t room = 2 + 6 * CDPK_VARINT_MAX + sequence->items * (2 + 4 * CDPK_VARINT_MAX) +
				  sequence->same.length + sequence->compared.length;
	bool names = version_of(sequence) == CDPK_SEQUENCE_NAMES;

	for (unsigned i = 0; i < sequence->alternatives; i++)
		room += CDPK_VARINT_MAX +
				(names ? sequence->alternative[i].alone.name.length : sequence->form[i].length);
	return room;
}

/* Write the alternatives: names, or what they are in a step. */
static uint8_t *
write_alternatives(const CdpkSequence *sequence, uint8_t *at)
{
	uint8_t version = version_of(sequence);
	bool names = version == CDPK_SEQUENCE_NAMES;

	*at++ = version;
	at = cdpk_write_varint(at, sequence->alternatives);
	for (unsigned i = 0; i < sequence->alternatives; i++)
	{
		const CdpkName *bytes = names ? &sequence->alternative[i].alone.name : &sequence->form[i];

		if (names)
			at = cdpk_write_varint(at, bytes->length);
		memcpy(at, bytes->text, bytes->length);
		at += bytes->length;
	}
	return at;
}

/* Write what is said of all events. */
static uint8_t *
write_end(const CdpkSequence *sequence, uint8_t *at)
{
	const CdpkName *names[] = {&sequence->same, &sequence->compared};

	*at++ = (uint8_t) ((sequence->same.length > 0 ? END_SAME : 0) |
					   (sequence->session != 0 ? END_SESSION : 0) |
					   (sequence->compared.length > 0 ? END_COMPARED : 0) |
					   (sequence->any_order ? END_ANY_ORDER : 0));
	if (sequence->session != 0)
		at = cdpk_write_varint(at, (uint64_t) sequence->session);
	for (int i = 0; i < 2; i++)
	{
		if (names[i]->length == 0)
			continue;
		at = cdpk_write_varint(at, names[i]->length);
		memcpy(at, names[i]->text, names[i]->length);
		at += names[i]->length;
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
					   (item->after != 0 ? ITEM_AFTER : 0) | (item->within != 0 ? ITEM_WITHIN : 0) |
					   (item->previous != 0 ? ITEM_PREVIOUS : 0) |
					   (item->optional ? ITEM_OPTIONAL : 0));
		at = cdpk_write_varint(at, item->any);
		if (item->times > 1)
			at = cdpk_write_varint(at, item->times);
		if (item->after != 0)
			at = cdpk_write_varint(at, (uint64_t) item->after);
		if (item->within != 0)
			at = cdpk_write_varint(at, (uint64_t) item->within);
		if (item->previous != 0)
			*at++ = item->previous;
	}
	at = cdpk_write_varint(at, (uint64_t) sequence->whole);
	if (version_of(sequence) != CDPK_SEQUENCE_NAMES)
		at = write_end(sequence, at);
	return (size_t) (at - bytes);
}

/* Read a name. */
static bool
read_name(CdpkReader *reader, CdpkName *name)
{
	bool ascii;

	name->length = cdpk_read_varint(reader);
	name->text = (const char *) cdpk_read_bytes(reader, name->length);
	return name->text != NULL && name->length > 0 &&
		   cdpk_utf8_check(name->text, name->length, &ascii) == CDPK_OK;
}

/* Read an alternative that is a name. */
static CdpkStatus
read_plain(CdpkReader *reader, CdpkStep *step)
{
	CdpkName name;

	if (!read_name(reader, &name))
		return CDPK_CORRUPT;
	*step = cdpk_plain_step(name.text, name.length);
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
				? read_plain(reader, &sequence->alternative[i])
				: cdpk_alternative_read(reader, allocator, &sequence->alternative[i]);

		if (status != CDPK_OK)
			return status;
		sequence->alternatives++;
		sequence->form[i].text = (const char *) start;
		sequence->form[i].length = (size_t) (reader->at - start);
		if (is_repeated(sequence, i))
			return CDPK_CORRUPT;
	}
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
read_item(CdpkReader *reader, unsigned alternatives, uint8_t all_flags, CdpkSequenceItem *item,
		  uint64_t *named)
{
	uint8_t flags = cdpk_read_u8(reader);
	uint64_t any = cdpk_read_varint(reader);
	uint64_t times = flags & ITEM_REPEATED ? cdpk_read_varint(reader) : 1;

	memset(item, 0, sizeof(*item));
	item->absent = (flags & ITEM_ABSENT) != 0;
	item->optional = (flags & ITEM_OPTIONAL) != 0;
	item->any = (uint32_t) any;
	item->times = (uint32_t) times;
	*named |= any;
	/* they are numbered as they appear: the set has no gap */
	if ((flags & ~all_flags) != 0 || any == 0 || any >> alternatives != 0 ||
		(*named & (*named + 1)) != 0)
		return false;
	if (times < 1 || times > CDPK_SEQUENCE_STEPS_MAX || ((flags & ITEM_REPEATED) && times == 1))
		return false;
	if (((flags & ITEM_AFTER) && !read_length(reader, &item->after)) ||
		((flags & ITEM_WITHIN) && !read_length(reader, &item->within)))
		return false;
	if (flags & ITEM_PREVIOUS)
		item->previous = cdpk_read_u8(reader);
	return !(flags & ITEM_PREVIOUS) ||
		   (item->previous >= CDPK_STEP_LESS && item->previous <= CDPK_STEP_AT_LEAST &&
			(any & (any - 1)) == 0);
}

/* Read what is said of all events. */
static bool
read_end(CdpkReader *reader, uint8_t all_flags, CdpkSequence *sequence)
{
	uint8_t flags = cdpk_read_u8(reader);
	bool compares = false;

	for (unsigned i = 0; i < sequence->items; i++)
		compares = compares || sequence->item[i].previous != 0;
	sequence->any_order = (flags & END_ANY_ORDER) != 0;
	return (flags & ~all_flags) == 0 && compares == ((flags & END_COMPARED) != 0) &&
		   (!(flags & END_SESSION) || read_length(reader, &sequence->session)) &&
		   (!(flags & END_SAME) || read_name(reader, &sequence->same)) &&
		   (!compares || read_name(reader, &sequence->compared));
}

/* Read what follows the alternatives. */
static CdpkStatus
read_items(CdpkReader *reader, uint8_t version, CdpkSequence *sequence)
{
	static const uint8_t flags[] = {0, ITEM_NAMES_FLAGS, ITEM_STEPS_FLAGS, ITEM_FUNNEL_FLAGS};
	static const uint8_t end_flags[] = {0, 0, END_STEPS_FLAGS, END_FUNNEL_FLAGS};
	CdpkTextProblem problem;
	uint64_t named = 0;
	uint64_t items = cdpk_read_varint(reader);
	uint64_t whole;

	if (items < 1 || items > CDPK_SEQUENCE_ITEMS_MAX)
		return CDPK_CORRUPT;
	for (sequence->items = 0; sequence->items < items; sequence->items++)
		if (!read_item(reader, sequence->alternatives, flags[version],
					   &sequence->item[sequence->items], &named))
			return CDPK_CORRUPT;
	whole = cdpk_read_varint(reader);
	sequence->whole = (int64_t) whole;
	if (version != CDPK_SEQUENCE_NAMES && !read_end(reader, end_flags[version], sequence))
		return CDPK_CORRUPT;
	/* each sequence has one form */
	if (version_of(sequence) != version || reader->failed || cdpk_left(reader) > 0 ||
		whole > INT64_MAX || named + 1 != UINT64_C(1) << sequence->alternatives ||
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

	cdpk_sequence_init(sequence);
	if (!reader.failed && (version < CDPK_SEQUENCE_NAMES || version > CDPK_SEQUENCE_FUNNEL))
		return CDPK_UNKNOWN_VERSION;
	if (reader.failed || (version != CDPK_SEQUENCE_NAMES && length > CDPK_STEP_SIZE_MAX))
		return CDPK_CORRUPT;
	status = read_alternatives(&reader, version, allocator, sequence);
	if (status == CDPK_OK)
		status = read_items(&reader, version, sequence);
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
