/*
 * schema_machine.h
 *		A document while it is judged: what schema_run.c and schema_check.c share.
 */
#ifndef CDPK_SCHEMA_MACHINE_H
#define CDPK_SCHEMA_MACHINE_H

#include "core/schema/schema.h"

/* frames that need no memory of their own */
#define CDPK_FRAMES_AT_HAND 16

/* How far a check is that asks for other rules. */
typedef struct CdpkProgress
{
	uint32_t at;      /* as the check counts itself; of members the next property */
	uint32_t count;   /* what it has counted; members or elements that are done */
	uint32_t place;   /* of the member or element that is next, from the node */
	uint32_t pattern; /* of the member that is next: the stage it is at */
	bool matched;     /* of that member: a property or a pattern has judged it */
} CdpkProgress;

/* A rule that is judging a value, and how far it is. */
typedef struct CdpkFrame
{
	const CdpkSchemaRule *rule;
	const CdpkNode *node;
	uint32_t check;   /* which of the rule's is next */
	CdpkProgress now; /* how far that is */
	bool waiting;     /* for the answer of another rule */
	bool valid;
	bool quiet; /* violations are not reported: they decide something else */
} CdpkFrame;

typedef struct CdpkMachine
{
	const CdpkSchema *schema;
	const CdpkSchemaRun *run;
	const CdpkNode *document;
	CdpkNode key; /* a member's key as a value, and the member's number */
	uint32_t key_of;
	bool answer; /* of the rule that has just ended */
	uint32_t steps;
	CdpkStatus status;
	uint8_t **known; /* of each shared rule: two bits for each node and each key; NULL: nothing */
	CdpkFrame *frames;
	uint32_t depth;
	uint32_t room;
	CdpkFrame at_hand[CDPK_FRAMES_AT_HAND];
} CdpkMachine;

/* Now and then let the caller break off. */
static inline void
cdpk_machine_tick(CdpkMachine *machine)
{
	if ((++machine->steps & 1023) == 0 && machine->run->interrupt != NULL)
		machine->run->interrupt(machine->run->context);
}

/* Return whether a value is of one of a rule's types. */
static inline bool
cdpk_type_matches(uint8_t types, const CdpkNode *node)
{
	return (types >> node->kind & 1) != 0 ||
		   ((types & CDPK_TYPE_INTEGER) != 0 && node->kind == CDPK_NODE_NUMBER &&
			cdpk_number_whole(node));
}

/* Return whether a text has a match of a pattern. */
static inline bool
cdpk_machine_matches(CdpkMachine *machine, uint32_t pattern, const char *text, size_t length)
{
	const CdpkSimplePattern *simple = machine->schema->simple[pattern];

	return simple != NULL ? cdpk_simple_pattern_matches(simple, text, length)
						  : machine->run->matches(machine->run->context, pattern, text, length);
}

/* Report a violation, of a member that is missing or of the node itself. */
extern void cdpk_machine_report(CdpkMachine *machine, CdpkKeyword keyword, const CdpkNode *node,
								const char *key, uint32_t key_length, uint8_t types,
								const CdpkSchemaCheck *check);

/* Judge a value by a check that looks at no other rule; report unless "quiet". */
extern bool cdpk_machine_check(CdpkMachine *machine, const CdpkSchemaCheck *check,
							   const CdpkNode *node, bool quiet);

/* Judge a value by a simple rule, or only by the types of another; report unless "quiet". */
extern bool cdpk_machine_judge(CdpkMachine *machine, const CdpkSchemaRule *rule,
							   const CdpkNode *node, bool quiet);

#endif /* CDPK_SCHEMA_MACHINE_H */
