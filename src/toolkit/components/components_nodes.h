/*
 * components_nodes.h
 *		The nodes of cdp.components: distinct identifiers, found by raw or canonical
 *		value, with the partition that rows make of them.
 */
#ifndef CDP_COMPONENTS_NODES_H
#define CDP_COMPONENTS_NODES_H

#include "core/base/intern.h"
#include "core/base/textcache.h"
#include "core/base/unionfind.h"
#include "toolkit/identifier/identifier.h"

/* the node of a value that is no identifier */
#define NO_NODE UINT32_MAX

/*
 * What is interned is a key: the number of the namespace, then the value.  It is
 * shorter than the payload, which matters where it is compared.
 */
#define KEY_HEAD sizeof(uint32)
#define KEY_MAX (KEY_HEAD + CDPK_IDENTIFIER_MAX)

/* a namespace: how a payload begins, and the state of a hash after it */
typedef struct NodeSpace
{
	uint64 hash;
	size_t length;
	uint8_t head[CDPK_IDENTIFIER_HEADER + CDPK_NAMESPACE_MAX];
} NodeSpace;

typedef struct ComponentsNodes
{
	CdpkAllocator allocator;
	CdpkIntern space_numbers; /* payload heads */
	NodeSpace *spaces;
	uint32 spaces_count;
	uint32 spaces_capacity;
	CdpkIntern identifiers; /* keys; a key's number is its node */
	CdpkUnionFind partition;
	CdpkTextCache unusual; /* raw keys that are not canonical, with their nodes */
	unsigned unusual_bits;
} ComponentsNodes;

/* Set up without nodes; all memory lies in the context.  The struct must stay where it is. */
extern void nodes_init(ComponentsNodes *nodes, MemoryContext context);

/* Keep the identifiers and the partition, and return the rest back. */
extern void nodes_seal(ComponentsNodes *nodes);

/* Return the number of a namespace, given as the head of its payloads. */
extern uint32 nodes_space(ComponentsNodes *nodes, const uint8_t *head, size_t length);

/* Make the payload of a raw value of a namespace; false if it is no identifier. */
extern bool nodes_normalize(const NodeSpace *space, const char *value, size_t value_length,
							uint8_t *payload, size_t *payload_length);

/*
 * Return the node of a key; it is added where it is new.  A raw value that is not canonical
 * has the node of its canonical form.
 */
extern uint32 nodes_resolve(ComponentsNodes *nodes, uint32 hash, const uint8_t *key, size_t length,
							bool is_canonical);

static inline uint32
nodes_hash(const ComponentsNodes *nodes, uint32 space, const char *value, size_t length)
{
	return cdpk_intern_hash(&nodes->identifiers, nodes->spaces[space].hash, (const uint8_t *) value,
							length);
}

#endif /* CDP_COMPONENTS_NODES_H */
