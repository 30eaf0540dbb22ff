/*
 * components_collect.h
 *		The collector of cdp.components: turns rows into a partition of the
 *		identifiers in them.
 */
#ifndef CDP_COMPONENTS_COLLECT_H
#define CDP_COMPONENTS_COLLECT_H

#include "tcop/dest.h"

#include "toolkit/identifier/identifier.h"

/* A receiver of rows whose values become identifiers, those of one row joined. */
typedef struct ComponentsCollector ComponentsCollector;

/* Make a collector, whose memory lies in one context below the current one. */
extern ComponentsCollector *components_collector(void);
extern DestReceiver *components_receiver(ComponentsCollector *collector);

/* Return, after the last row, how many distinct identifiers there are. */
extern uint32 components_count(ComponentsCollector *collector);

/* Number the components from 0 on, labels[n] for identifier n; returns how many there are. */
extern uint32 components_labels(ComponentsCollector *collector, uint32 *labels);

/* One identifier after the other, in the order of their numbers: begin with position 0. */
typedef struct ComponentsIdentifier
{
	uint64_t position;
	uint32 number;
	union
	{
		Identifier varlena;
		char bytes[VARHDRSZ + CDPK_IDENTIFIER_PAYLOAD_MAX];
	};
} ComponentsIdentifier;

extern bool components_next(ComponentsCollector *collector, ComponentsIdentifier *identifier);

/* End the collecting: what only it needed is given back. */
extern void components_seal(ComponentsCollector *collector);

/* Release all memory. */
extern void components_free(ComponentsCollector *collector);

#endif /* CDP_COMPONENTS_COLLECT_H */
