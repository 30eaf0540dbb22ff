/*
 * schema_run.c
 *		Judges a document by a schema.
 *
 * A rule that looks at other rules is a frame on a stack of our own; each step of it asks for one other rule and
 * waits for the answer.  What a rule that several others lead to has said of a value is remembered, so that no rule
 * judges a value more than twice, whatever the references between rules are.
 */
#include "core/schema/schema_machine.h"

/* what is known of a shared rule and a value */
enum
{
	UNKNOWN,
	VALID,
	INVALID, /* its violations were not reported */
	REPORTED
};

/* What a frame asks next. */
typedef struct Call
{
	uint32_t rule;
	const CdpkNode *node;
	bool quiet;
} Call;

/* Return whether all violations are wanted that a frame finds. */
static bool
is_collecting(const CdpkMachine *machine, const CdpkFrame *frame)
{
	return !frame->quiet && machine->run->report != NULL;
}

/* Note that a frame's value does not follow its rule, and report what is wrong with a node. */
static void
fail(CdpkMachine *machine, CdpkFrame *frame, CdpkKeyword keyword, const CdpkNode *node)
{
	frame->valid = false;
	if (!frame->quiet)
		cdpk_machine_report(machine, keyword, node, NULL, 0, 0,
							&machine->schema->checks[frame->rule->first + frame->check]);
}

/* ---------------------------------------------------------------- what is known */

/* Return the number of a node, or of a key. */
static uint32_t
number_of(const CdpkMachine *machine, const CdpkNode *node)
{
	return node == &machine->key ? machine->document->size + machine->key_of
								 : (uint32_t) (node - machine->document);
}

static unsigned
known_of(const CdpkMachine *machine, const CdpkSchemaRule *rule, const CdpkNode *node)
{
	const uint8_t *known = machine->known[rule->shared];
	uint32_t number = number_of(machine, node);

	return known == NULL ? UNKNOWN : known[number / 4] >> (number % 4 * 2) & 3;
}

static void
remember(CdpkMachine *machine, const CdpkSchemaRule *rule, const CdpkNode *node, unsigned answer)
{
	uint8_t **known = &machine->known[rule->shared];
	uint32_t number = number_of(machine, node);
	size_t size = ((size_t) machine->document->size * 2 + 3) / 4;

	if (*known == NULL)
	{
		*known = cdpk_allocate(machine->run->scratch, size);
		if (*known == NULL)
		{
			machine->status = CDPK_OUT_OF_MEMORY;
			return;
		}
		memset(*known, UNKNOWN, size);
	}
	(*known)[number / 4] =
		(uint8_t) (((*known)[number / 4] & ~(3u << (number % 4 * 2))) | answer << (number % 4 * 2));
}

/* ---------------------------------------------------------------- frames */

/* Make room for another frame. */
static bool
grow(CdpkMachine *machine)
{
	CdpkFrame *frames =
		cdpk_allocate(machine->run->scratch, 2 * (size_t) machine->room * sizeof(CdpkFrame));

	if (frames == NULL)
	{
		machine->status = CDPK_OUT_OF_MEMORY;
		return false;
	}
	memcpy(frames, machine->frames, machine->depth * sizeof(CdpkFrame));
	if (machine->frames != machine->at_hand)
		cdpk_release(machine->run->scratch, machine->frames);
	machine->frames = frames;
	machine->room *= 2;
	return true;
}

/* Begin to judge a value by a rule; return whether the answer has to be waited for. */
static bool
begin(CdpkMachine *machine, uint32_t number, const CdpkNode *node, bool quiet)
{
	const CdpkSchemaRule *rule = &machine->schema->rules[number];
	bool collecting = !quiet && machine->run->report != NULL;

	machine->answer = cdpk_machine_judge(machine, rule, node, quiet);
	if (!machine->answer || rule->simple)
		return false;
	if (rule->shared != CDPK_RULE_NONE)
	{
		unsigned known = known_of(machine, rule, node);

		machine->answer = known == VALID;
		if (known == VALID || known == REPORTED || (known == INVALID && !collecting))
			return false;
	}
	if (machine->depth == machine->room && !grow(machine))
		return false;
	memset(&machine->frames[machine->depth], 0, sizeof(CdpkFrame));
	machine->frames[machine->depth].rule = rule;
	machine->frames[machine->depth].node = node;
	machine->frames[machine->depth].valid = true;
	machine->frames[machine->depth++].quiet = quiet;
	return true;
}

/* ---------------------------------------------------------------- members */

/* Report a property that is required and not there. */
static void
miss(CdpkMachine *machine, CdpkFrame *frame, const CdpkSchemaProperty *property)
{
	frame->valid = false;
	if (!frame->quiet)
		cdpk_machine_report(machine, CDPK_KEYWORD_REQUIRED, frame->node, property->key,
							property->key_length, 0, NULL);
}

/* Find the property of a member, by walking through both in order; what is passed over is missing. */
static inline uint32_t
property_rule(CdpkMachine *machine, CdpkFrame *frame, const CdpkSchemaMembers *members,
			  const CdpkNode *member, CdpkProgress *now)
{
	const CdpkSchemaProperty *properties = machine->schema->properties + members->first;

	for (; now->at < members->properties; now->at++)
	{
		const CdpkSchemaProperty *property = &properties[now->at];
		int order =
			cdpk_key_compare(property->key, property->key_length, member->key, member->key_length);

		if (order == 0)
			return properties[now->at++].rule;
		if (order > 0)
			break;
		if (property->required)
			miss(machine, frame, property);
	}
	return CDPK_RULE_NONE;
}

/* Give the rules of a member that its key has patterns for, one after the other. */
static bool
pattern_rule(CdpkMachine *machine, const CdpkSchemaMembers *members, const CdpkNode *member,
			 CdpkProgress *now, uint32_t *rule)
{
	const uint32_t *pairs = machine->schema->lists + members->list;

	while (now->pattern <= members->patterns)
	{
		const uint32_t *pair = pairs + 2 * (now->pattern++ - 1);

		if (cdpk_machine_matches(machine, pair[0], member->key, member->key_length))
		{
			*rule = pair[1];
			return true;
		}
	}
	return false;
}

/* Give the next rule for a member; false where all have judged it.  Its stages: property, patterns, additional. */
static inline bool
member_rule(CdpkMachine *machine, CdpkFrame *frame, const CdpkSchemaMembers *members,
			const CdpkNode *member, CdpkProgress *now, uint32_t *rule)
{
	if (now->pattern == 0)
	{
		now->pattern = 1;
		*rule = property_rule(machine, frame, members, member, now);
		now->matched = *rule != CDPK_RULE_NONE;
		if (now->matched)
			return true;
	}
	if (members->patterns > 0 && pattern_rule(machine, members, member, now, rule))
		return now->matched = true;
	if (now->matched || members->additional == CDPK_RULE_NONE)
		return false;
	now->matched = true;
	*rule = members->additional;
	if (machine->schema->rules[*rule].types != 0)
		return true;
	fail(machine, frame, CDPK_KEYWORD_ADDITIONAL_PROPERTIES, member);
	return false;
}

/* Judge members by simple rules up to one that is not, which is the call. */
static bool
next_of_members(CdpkMachine *machine, CdpkFrame *frame, const CdpkSchemaMembers *members,
				CdpkProgress *progress, Call *call)
{
	CdpkProgress now = *progress; /* a copy, which nothing else can change */
	const CdpkSchemaRule *rules = machine->schema->rules;
	const CdpkNode *member = frame->node + now.place;
	uint32_t count = frame->node->count;
	bool collecting = is_collecting(machine, frame);
	bool more = false;

	while (now.count < count && (frame->valid || collecting) && !more)
	{
		if (!member_rule(machine, frame, members, member, &now, &call->rule))
		{
			cdpk_machine_tick(machine);
			member += member->size;
			now.count++;
			now.pattern = 0;
		}
		else if (rules[call->rule].simple)
			frame->valid &= cdpk_machine_judge(machine, &rules[call->rule], member, frame->quiet);
		else
			more = true;
	}
	call->node = member;
	now.place = (uint32_t) (member - frame->node);
	*progress = now;
	return more;
}

/* Give the next member and its next rule; at the end report what is missing. */
static bool
next_member(CdpkMachine *machine, CdpkFrame *frame, const CdpkSchemaMembers *members, Call *call)
{
	const CdpkSchemaProperty *properties = machine->schema->properties + members->first;
	bool collecting = is_collecting(machine, frame);

	if (next_of_members(machine, frame, members, &frame->now, call))
		return true;
	for (; frame->now.at < members->properties && (frame->valid || collecting); frame->now.at++)
		if (properties[frame->now.at].required)
			miss(machine, frame, &properties[frame->now.at]);
	return false;
}

/* ---------------------------------------------------------------- elements, names */

/* Give the rule of the next element of an array that has one for each of the first. */
static bool
next_of_tuple(CdpkMachine *machine, CdpkFrame *frame, const CdpkSchemaCheck *check, Call *call)
{
	const uint32_t *rules = machine->schema->lists + check->a;

	if (frame->now.count >= frame->node->count)
		return false;
	call->rule = rules[frame->now.count < check->b ? frame->now.count : check->b];
	if (call->rule == CDPK_RULE_NONE)
		return false;
	if (frame->now.count < check->b || machine->schema->rules[call->rule].types != 0)
		return true;
	fail(machine, frame, CDPK_KEYWORD_ADDITIONAL_ITEMS, call->node);
	return false;
}

/* Give the next member's key as a value. */
static void
take_key(CdpkMachine *machine, const CdpkNode *member)
{
	memset(&machine->key, 0, sizeof(machine->key));
	machine->key.kind = CDPK_NODE_STRING;
	machine->key.size = 1;
	machine->key.count = member->key_length;
	machine->key.value.text = member->key;
	machine->key_of = (uint32_t) (member - machine->document);
}

/* ---------------------------------------------------------------- steps */

/* Give what a frame's check asks next of other rules; where there is nothing more, conclude, and return false. */
static bool
ask(CdpkMachine *machine, CdpkFrame *frame, const CdpkSchemaCheck *check, Call *call)
{
	const uint32_t *list = machine->schema->lists + check->a;
	const CdpkSpan *key;

	call->node = frame->node;
	call->quiet = frame->quiet;
	switch (check->keyword)
	{
		case CDPK_KEYWORD_REF:
			call->rule = check->a;
			return frame->now.at == 0;
		case CDPK_KEYWORD_ALL_OF:
			call->rule = frame->now.at < check->b ? list[frame->now.at] : CDPK_RULE_NONE;
			return frame->now.at < check->b;
		case CDPK_KEYWORD_ANY_OF:
		case CDPK_KEYWORD_ONE_OF:
			call->quiet = true;
			call->rule = frame->now.at < check->b ? list[frame->now.at] : CDPK_RULE_NONE;
			if (frame->now.at < check->b)
				return true;
			if (frame->now.count != 1)
				fail(machine, frame, (CdpkKeyword) check->keyword, frame->node);
			return false;
		case CDPK_KEYWORD_NOT:
			call->quiet = true;
			call->rule = check->a;
			if (frame->now.at == 1 && frame->now.count > 0)
				fail(machine, frame, CDPK_KEYWORD_NOT, frame->node);
			return frame->now.at == 0;
		case CDPK_KEYWORD_IF:
			call->quiet = frame->quiet || frame->now.at == 0;
			call->rule = list[frame->now.at == 0 ? 0 : frame->now.count > 0 ? 1 : 2];
			return frame->now.at < 2 && call->rule != CDPK_RULE_NONE;
		case CDPK_KEYWORD_DEPENDENT_RULE:
			key = &machine->schema->keys[check->a];
			call->rule = check->b;
			return frame->now.at == 0 &&
				   cdpk_node_member(frame->node, key->text, key->length) != NULL;
		case CDPK_KEYWORD_PROPERTIES:
			return next_member(machine, frame, &machine->schema->members[check->a], call);
		default:
			break;
	}
	/* those that go through an array's elements or an object's keys */
	call->node = frame->node + frame->now.place;
	call->rule = check->a;
	if (check->keyword == CDPK_KEYWORD_TUPLE)
		return next_of_tuple(machine, frame, check, call);
	if (check->keyword == CDPK_KEYWORD_CONTAINS || check->keyword == CDPK_KEYWORD_PROPERTY_NAMES)
		call->quiet = true;
	if (check->keyword == CDPK_KEYWORD_CONTAINS && frame->now.count == frame->node->count)
		fail(machine, frame, CDPK_KEYWORD_CONTAINS, frame->node);
	if (frame->now.count >= frame->node->count)
		return false;
	if (check->keyword == CDPK_KEYWORD_PROPERTY_NAMES)
	{
		take_key(machine, call->node);
		call->node = &machine->key;
	}
	return true;
}

/* Take the answer to what a frame's check has asked; return whether it may have more to ask. */
static bool
hear(CdpkMachine *machine, CdpkFrame *frame, const CdpkSchemaCheck *check)
{
	const CdpkNode *node =
		frame->node + frame->now.place; /* of what goes through members or elements */
	bool answer = machine->answer;

	switch (check->keyword)
	{
		case CDPK_KEYWORD_ANY_OF:
			frame->now.count = answer;
			frame->now.at++;
			return !answer;
		case CDPK_KEYWORD_ONE_OF:
			frame->now.count += answer;
			frame->now.at = frame->now.count == 2 ? check->b : frame->now.at + 1;
			return true;
		case CDPK_KEYWORD_NOT:
			frame->now.count = answer;
			frame->now.at++;
			return true;
		case CDPK_KEYWORD_IF:
			if (frame->now.at++ == 0)
			{
				frame->now.count = answer;
				return true;
			}
			break;
		case CDPK_KEYWORD_CONTAINS:
			frame->now.place += node->size;
			frame->now.count++;
			return !answer;
		case CDPK_KEYWORD_PROPERTY_NAMES:
			if (!answer)
				fail(machine, frame, CDPK_KEYWORD_PROPERTY_NAMES, node);
			/* fall through */
		case CDPK_KEYWORD_ITEMS:
		case CDPK_KEYWORD_TUPLE:
			frame->now.place += node->size;
			frame->now.count++;
			break;
		case CDPK_KEYWORD_PROPERTIES:
			break;
		default:
			frame->now.at++;
	}
	frame->valid &= answer;
	return frame->valid || is_collecting(machine, frame);
}

/* Return whether a check is for the kind of a value. */
static bool
concerns(const CdpkSchemaCheck *check, const CdpkNode *node)
{
	switch (check->keyword)
	{
		case CDPK_KEYWORD_ITEMS:
		case CDPK_KEYWORD_TUPLE:
		case CDPK_KEYWORD_CONTAINS:
			return node->kind == CDPK_NODE_ARRAY;
		case CDPK_KEYWORD_PROPERTIES:
		case CDPK_KEYWORD_PROPERTY_NAMES:
		case CDPK_KEYWORD_DEPENDENT_RULE:
			return node->kind == CDPK_NODE_OBJECT;
		default:
			return true;
	}
}

/* Go on with a frame's check as far as answers are at hand; return whether it waits for one. */
static bool
proceed(CdpkMachine *machine, CdpkFrame *frame, const CdpkSchemaCheck *check)
{
	Call call;

	if (!frame->waiting)
	{
		frame->now = (CdpkProgress){0, 0, 1, 0, false};
		if (!concerns(check, frame->node))
			return false;
	}
	for (;;)
	{
		if (frame->waiting && !hear(machine, frame, check))
			break;
		if (!ask(machine, frame, check, &call))
			break;
		frame->waiting = true;
		/* where the frame waits, it may stand elsewhere already */
		if (begin(machine, call.rule, call.node, call.quiet))
			return true;
	}
	frame->waiting = false;
	return false;
}

/* Go on with the last frame until it ends or another stands above it. */
static void
step(CdpkMachine *machine)
{
	CdpkFrame *frame = &machine->frames[machine->depth - 1];
	const CdpkSchemaRule *rule = frame->rule;

	for (; frame->check < rule->checks && (frame->valid || is_collecting(machine, frame));
		 frame->check++)
	{
		const CdpkSchemaCheck *check = &machine->schema->checks[rule->first + frame->check];

		if (check->keyword < CDPK_KEYWORD_RULES)
			frame->valid &= cdpk_machine_check(machine, check, frame->node, frame->quiet);
		else if (proceed(machine, frame, check))
			return;
	}
	if (rule->shared != CDPK_RULE_NONE)
		remember(machine, rule, frame->node,
				 frame->valid                    ? VALID
				 : is_collecting(machine, frame) ? REPORTED
												 : INVALID);
	machine->answer = frame->valid;
	machine->depth--;
}

CdpkStatus
cdpk_schema_run(const CdpkSchema *schema, const CdpkNode *document, const CdpkSchemaRun *run,
				bool *valid)
{
	CdpkMachine machine;
	const CdpkAllocator *scratch = run->scratch;

	memset(&machine, 0, offsetof(CdpkMachine, at_hand));
	machine.schema = schema;
	machine.run = run;
	machine.document = document;
	machine.frames = machine.at_hand;
	machine.room = CDPK_FRAMES_AT_HAND;
	if (schema->shared_count > 0)
	{
		machine.known = cdpk_allocate(scratch, schema->shared_count * sizeof(*machine.known));
		if (machine.known == NULL)
			return CDPK_OUT_OF_MEMORY;
		memset(machine.known, 0, schema->shared_count * sizeof(*machine.known));
	}
	begin(&machine, 0, document, false);
	while (machine.depth > 0 && machine.status == CDPK_OK)
		step(&machine);
	*valid = machine.answer;
	for (uint32_t i = 0; machine.known != NULL && i < schema->shared_count; i++)
		cdpk_release(scratch, machine.known[i]);
	cdpk_release(scratch, machine.known);
	if (machine.frames != machine.at_hand)
		cdpk_release(scratch, machine.frames);
	return machine.status;
}
