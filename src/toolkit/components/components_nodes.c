/*
 * components_nodes.c
 *		The nodes of cdp.components: distinct identifiers, found by raw or canonical
 *		value.
 *
 * A raw value is looked up as if it were canonical, which is right for almost all:
 * normalising a canonical value changes nothing, so equal bytes are the same
 * identifier.  Where it is not found, a small cache of raw values that became
 * something else, or nothing, is asked; only then is the value normalised.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/memutils.h"

#include "core/identifier/meaningless.h"
#include "toolkit/components/components_nodes.h"
#include "toolkit/bridge/huge.h"
#include "toolkit/bridge/status.h"
#include "toolkit/identifier/hashed.h"
#include "toolkit/identifier/phone_module.h"

#define FIRST_SPACES 16

/* the cache of raw values: 64 KB, and beyond that 8 bytes an identifier */
#define FIRST_CACHE_BITS 10
#define LAST_CACHE_BITS 24
#define IDENTIFIERS_PER_PLACE 8

/* Raise the error of a status that is not about one value. */
static void
check_status(CdpkStatus status)
{
	if (status == CDPK_OK)
		return;
	if (status == CDPK_TOO_LONG)
		ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
						errmsg("query returns too many distinct identifiers"),
						errdetail("They take at most 32 GB."),
						errhint("Leave out columns whose values do not link rows.")));
	ereport(ERROR, (errcode(cdp_status_errcode(status)), errmsg("could not collect identifiers")));
}

void
nodes_init(ComponentsNodes *nodes, MemoryContext context)
{
	uint64 seed;

	memset(nodes, 0, sizeof(*nodes));
	nodes->allocator = cdp_huge_scratch(context);
	if (!pg_strong_random(&seed, sizeof(seed)))
		ereport(ERROR,
				(errcode(ERRCODE_INTERNAL_ERROR), errmsg("could not generate a random number")));
	nodes->spaces_capacity = FIRST_SPACES;
	nodes->spaces = MemoryContextAlloc(context, sizeof(NodeSpace) * FIRST_SPACES);
	check_status(cdpk_intern_init(&nodes->space_numbers, &nodes->allocator, seed));
	check_status(cdpk_intern_init(&nodes->identifiers, &nodes->allocator, ~seed));
	cdpk_unionfind_init(&nodes->partition, &nodes->allocator);
	nodes->unusual_bits = FIRST_CACHE_BITS;
	check_status(cdpk_textcache_init(&nodes->unusual, &nodes->allocator, nodes->unusual_bits));
}

void
nodes_seal(ComponentsNodes *nodes)
{
	cdpk_textcache_free(&nodes->unusual);
	cdpk_intern_seal(&nodes->identifiers);
}

uint32
nodes_space(ComponentsNodes *nodes, const uint8_t *head, size_t length)
{
	CdpkIntern *numbers = &nodes->space_numbers;
	uint32 hash = cdpk_intern_hash(numbers, cdpk_intern_hash_head(numbers, NULL, 0), head, length);
	uint32 reference = cdpk_intern_find(numbers, hash, head, length);
	NodeSpace *space;

	if (reference != CDPK_INTERN_NOTHING)
		return cdpk_intern_record(numbers, reference)->number;
	if (nodes->spaces_count == nodes->spaces_capacity)
	{
		nodes->spaces_capacity *= 2;
		nodes->spaces = repalloc_huge(nodes->spaces, sizeof(NodeSpace) * nodes->spaces_capacity);
	}
	check_status(cdpk_intern_add(numbers, hash, head, length));
	space = &nodes->spaces[nodes->spaces_count];
	space->hash = cdpk_intern_hash_head(&nodes->identifiers, head, length);
	space->length = length;
	memcpy(space->head, head, length);
	return nodes->spaces_count++;
}

/* Add a key that is not there; it is alone in its component at first. */
static uint32
add_key(ComponentsNodes *nodes, uint32 hash, const uint8_t *key, size_t length)
{
	CdpkIntern *identifiers = &nodes->identifiers;

	check_status(cdpk_intern_add(identifiers, hash, key, length));
	/* as many nodes as there may be identifiers before their table grows */
	check_status(cdpk_unionfind_reserve(&nodes->partition, identifiers->limit));
	check_status(cdpk_unionfind_extend(&nodes->partition, identifiers->count));
	return identifiers->count - 1;
}

/* Remember what became of a raw key that is not canonical; the cache grows with the identifiers. */
static void
remember_unusual(ComponentsNodes *nodes, uint32 hash, const uint8_t *key, size_t length,
				 uint32 node)
{
	CdpkTextCache *cache = &nodes->unusual;

	if (nodes->unusual_bits < LAST_CACHE_BITS &&
		nodes->identifiers.count / IDENTIFIERS_PER_PLACE >= 2 * cdpk_textcache_places(cache))
	{
		cdpk_textcache_free(cache);
		check_status(cdpk_textcache_init(cache, &nodes->allocator, ++nodes->unusual_bits));
	}
	cdpk_textcache_put(cache, hash, key, length, node);
}

/* Normalise a value; raise an error only for what is wrong with the installation. */
bool
nodes_normalize(const NodeSpace *space, const char *value, size_t value_length, uint8_t *payload,
				size_t *payload_length)
{
	const char *name_space = (const char *) space->head + CDPK_IDENTIFIER_HEADER;
	size_t namespace_length = space->length - CDPK_IDENTIFIER_HEADER;
	CdpkStatus status = cdpk_identifier_make(name_space, namespace_length, value, value_length,
											 phone_module_normalizer(), payload, payload_length);

	switch (status)
	{
		case CDPK_OK:
			return true;
		case CDPK_UNSUPPORTED:
			if (cdpk_value_meaningless(value, value_length))
				return false;
			break;
		case CDPK_BAD_ENCODING:
		case CDPK_OUT_OF_MEMORY:
			break;
		default:
			return false;
	}
	identifier_report(status, name_space, namespace_length, value, value_length);
}

/* Return the node of the canonical form of a raw key, which is another key. */
static uint32
node_of_payload(ComponentsNodes *nodes, uint32 space, const uint8_t *payload, size_t length)
{
	uint8_t key[KEY_MAX];
	const char *value = cdpk_identifier_value(payload);
	size_t value_length = cdpk_identifier_value_length(payload, length);
	uint32 hash = nodes_hash(nodes, space, value, value_length);
	uint32 reference;

	memcpy(key, &space, KEY_HEAD);
	memcpy(key + KEY_HEAD, value, value_length);
	length = KEY_HEAD + value_length;
	reference = cdpk_intern_find(&nodes->identifiers, hash, key, length);
	if (reference != CDPK_INTERN_NOTHING)
		return cdpk_intern_record(&nodes->identifiers, reference)->number;
	return add_key(nodes, hash, key, length);
}

/* Make the payload of a key's value; false if it is no identifier. */
static bool
make_payload(const NodeSpace *space, bool is_canonical, const char *value, size_t value_length,
			 uint8_t *payload, size_t *length)
{
	if (is_canonical)
	{
		memcpy(payload, space->head, space->length);
		memcpy(payload + space->length, value, value_length);
		*length = space->length + value_length;
	}
	else if (!nodes_normalize(space, value, value_length, payload, length))
		return false;
	return !identifier_meaningless(payload, *length);
}

/* Return the node of a key that is neither a known node nor in the cache. */
static uint32
node_of_new(ComponentsNodes *nodes, uint32 hash, const uint8_t *key, size_t length,
			bool is_canonical)
{
	const char *value = (const char *) key + KEY_HEAD;
	size_t value_length = length - KEY_HEAD;
	uint8_t payload[CDPK_IDENTIFIER_PAYLOAD_MAX];
	size_t payload_length;
	uint32 space;
	uint32 node = NO_NODE;

	memcpy(&space, key, KEY_HEAD);
	if (make_payload(&nodes->spaces[space], is_canonical, value, value_length, payload,
					 &payload_length))
	{
		if (cdpk_identifier_value_length(payload, payload_length) == value_length &&
			memcmp(cdpk_identifier_value(payload), value, value_length) == 0)
			return add_key(nodes, hash, key, length);
		node = node_of_payload(nodes, space, payload, payload_length);
	}
	remember_unusual(nodes, hash, key, length, node);
	return node;
}

uint32
nodes_resolve(ComponentsNodes *nodes, uint32 hash, const uint8_t *key, size_t length,
			  bool is_canonical)
{
	uint32 reference = cdpk_intern_find(&nodes->identifiers, hash, key, length);
	uint32 node;

	if (reference != CDPK_INTERN_NOTHING)
		return cdpk_intern_record(&nodes->identifiers, reference)->number;
	if (cdpk_textcache_get(&nodes->unusual, hash, key, length, &node))
		return node;
	return node_of_new(nodes, hash, key, length, is_canonical);
}
