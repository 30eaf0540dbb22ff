/*
 * pass_event.c
 *		The names of events, each kept once: most rows of a batch have one of a few.
 *
 * Rows of one name point to the same bytes, which stay in the cache of the processor, and what the rules say of a name
 * is found once.  A name that has no place in the table is as it came, and found each time.
 */
#include "postgres.h"

#include "common/hashfn.h"

#include "platform/refresh/pass.h"

/* names of more bytes are not kept */
#define NAME_MAX_BYTES 64

/* places, and how many of them a name may have */
#define PLACES 256
#define PLACES_OF_NAME 4

struct PassEventName
{
	CdpkBatchBytes name; /* none: the place is free */
	bool has_rules;      /* they were found */
	CarriedRules rules;
};

/* find_name finds a name, or keeps it; NULL: it has no place. */
static PassEventName *
find_name(Pass *pass, const CdpkBatchBytes *name)
{
	uint32 hash;

	if (name->length > NAME_MAX_BYTES)
		return NULL;
	if (pass->event_names == NULL)
		pass->event_names = MemoryContextAllocZero(pass->context, sizeof(PassEventName) * PLACES);
	hash = hash_bytes(name->bytes, (int) name->length);
	for (uint32 i = 0; i < PLACES_OF_NAME; i++)
	{
		PassEventName *kept = &pass->event_names[(hash + i) % PLACES];

		if (kept->name.bytes == NULL)
		{
			uint8 *copy = MemoryContextAlloc(pass->context, Max(name->length, 1));

			memcpy(copy, name->bytes, name->length);
			kept->name.bytes = copy;
			kept->name.length = name->length;
			return kept;
		}
		if (kept->name.length == name->length &&
			memcmp(kept->name.bytes, name->bytes, name->length) == 0)
			return kept;
	}
	return NULL;
}

void
pass_share_event(Pass *pass, CdpkBatchBytes *name)
{
	const PassEventName *kept = find_name(pass, name);

	if (kept != NULL)
		*name = kept->name;
}

CarriedRules
pass_carried_rules(Pass *pass, const CdpkBatchBytes *name)
{
	PassEventName *kept = find_name(pass, name);
	MemoryContext caller;

	if (kept == NULL)
		return carried_rules_of(pass->carried_rules, (const char *) name->bytes,
								(int) name->length);
	if (!kept->has_rules)
	{
		caller = MemoryContextSwitchTo(pass->context);
		kept->rules =
			carried_rules_of(pass->carried_rules, (const char *) name->bytes, (int) name->length);
		kept->has_rules = true;
		MemoryContextSwitchTo(caller);
	}
	return kept->rules;
}
