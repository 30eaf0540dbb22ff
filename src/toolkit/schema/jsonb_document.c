/*
 * jsonb_document.c
 *		A jsonb as a document of core/schema: nodes that point into it.
 */
#include "postgres.h"

#include "miscadmin.h"

#include "compat.h"
#include "toolkit/bridge/numeric_digits.h"
#include "toolkit/schema/jsonb_document.h"

/* containers within each other that need no memory of their own */
#define DEPTH_AT_HAND 16

/* bytes of a document that are asked for ahead */
#define PREFETCH_MAX 2048

/* A container that is being read: its keys and values stand in two rows, each entry saying where its bytes end. */
typedef struct Open
{
	const JEntry *keys; /* NULL: an array */
	const JEntry *values;
	const char *data;
	uint32 next;
	uint32 count;
	uint32 key_end; /* where the key before ends in the data */
	uint32 value_end;
	uint32 place; /* of the node */
} Open;

typedef struct OpenStack
{
	Open *open;
	int depth;
	int room;
	Open at_hand[DEPTH_AT_HAND];
} OpenStack;

/* Return a larger copy of an array; what was allocated for it before is released. */
static void *
enlarge(void *array, const void *at_hand, Size used, Size size)
{
	void *result = MemoryContextAllocHuge(CurrentMemoryContext, size);

	memcpy(result, array, used);
	if (array != at_hand)
		pfree(array);
	return result;
}

/* Make room for so many nodes more. */
static void
reserve(JsonbDocument *document, uint32 more)
{
	if (document->room - document->count >= more)
		return;
	document->room = Max(2 * document->room, document->count + more);
	document->nodes =
		enlarge(document->nodes, document->at_hand, document->count * sizeof(CdpkNode),
				document->room * sizeof(CdpkNode));
}

/* Begin with a container, whose node is the last one. */
static void
push(JsonbDocument *document, OpenStack *stack, JsonbContainer *container)
{
	Open *open;

	if (stack->depth == stack->room)
	{
		stack->open = enlarge(stack->open, stack->at_hand, stack->room * sizeof(Open),
							  2 * stack->room * sizeof(Open));
		stack->room *= 2;
	}
	open = &stack->open[stack->depth++];
	open->count = JsonContainerSize(container);
	open->next = open->key_end = open->value_end = 0;
	open->keys = NULL;
	open->values = container->children;
	open->place = document->count - 1;
	if (JsonContainerIsObject(container))
	{
		open->keys = container->children;
		open->values = container->children + open->count;
		/* the bytes of the values follow those of the keys */
		open->value_end = getJsonbOffset(container, (int) open->count);
	}
	open->data = (const char *) (open->values + open->count);
}

/* Fill the node of a value whose bytes go from start to end; false for a container. */
static inline bool
fill(CdpkNode *node, JEntry entry, const char *data, uint32 start, uint32 end)
{
	NumericDigits digits;

	node->size = 1;
	node->negative = false;
	node->count = 0;
	switch (entry & JENTRY_TYPEMASK)
	{
		case JENTRY_ISSTRING:
			node->kind = CDPK_NODE_STRING;
			node->count = end - start;
			node->value.text = data + start;
			return true;
		case JENTRY_ISNUMERIC:
			digits = numeric_digits((Numeric) (data + INTALIGN(start)));
			node->kind = CDPK_NODE_NUMBER;
			node->negative = digits.negative;
			node->weight = digits.weight;
			node->count = (uint32) digits.count;
			node->value.limbs = digits.digits;
			return true;
		case JENTRY_ISBOOL_TRUE:
		case JENTRY_ISBOOL_FALSE:
			node->kind = CDPK_NODE_BOOLEAN;
			node->count = (entry & JENTRY_TYPEMASK) == JENTRY_ISBOOL_TRUE;
			return true;
		case JENTRY_ISNULL:
			node->kind = CDPK_NODE_NULL;
			return true;
		default:
			return false;
	}
}

/* Fill the node of a container, and begin with it. */
static void
fill_container(JsonbDocument *document, OpenStack *stack, JsonbContainer *container)
{
	CdpkNode *node = &document->nodes[document->count - 1];

	node->kind = JsonContainerIsObject(container) ? CDPK_NODE_OBJECT : CDPK_NODE_ARRAY;
	node->count = JsonContainerSize(container);
	push(document, stack, container);
}

/* Read what is left of the innermost container, up to the next container in it. */
static void
read_on(JsonbDocument *document, OpenStack *stack)
{
	Open open = stack->open[stack->depth - 1];

	reserve(document, open.count - open.next);
	while (open.next < open.count)
	{
		CdpkNode *node = &document->nodes[document->count++];
		JEntry entry = open.values[open.next];
		uint32 start = open.value_end;

		node->key = NULL;
		node->key_length = 0;
		if (open.keys != NULL)
		{
			node->key = open.data + open.key_end;
			node->key_length = open.key_end;
			JBE_ADVANCE_OFFSET(open.key_end, open.keys[open.next]);
			node->key_length = open.key_end - node->key_length;
		}
		JBE_ADVANCE_OFFSET(open.value_end, entry);
		open.next++;
		if (!fill(node, entry, open.data, start, open.value_end))
		{
			stack->open[stack->depth - 1] = open;
			fill_container(document, stack, (JsonbContainer *) (open.data + INTALIGN(start)));
			return;
		}
	}
	document->nodes[open.place].size = document->count - open.place;
	stack->depth--;
}

/* Ask for all of a small document at once: its lines are read one after the other, and each alone would be waited for. */
static inline void
prefetch(const Jsonb *jsonb)
{
	Size size = Min(VARSIZE(jsonb), PREFETCH_MAX);

	for (Size at = 64; at < size; at += 64)
		__builtin_prefetch((const char *) jsonb + at);
}

/* Begin without a node. */
static void
begin(JsonbDocument *document)
{
	document->nodes = document->at_hand;
	document->count = 0;
	document->room = JSONB_NODES_AT_HAND;
}

/* Append a node, and return it. */
static CdpkNode *
append(JsonbDocument *document, const char *key)
{
	CdpkNode *node;

	reserve(document, 1);
	node = &document->nodes[document->count++];
	node->key = key;
	node->key_length = key != NULL ? (uint32) strlen(key) : 0;
	node->negative = false;
	node->size = 1;
	return node;
}

/* Append the nodes of a jsonb, of which the first has the key. */
static void
append_jsonb(JsonbDocument *document, const char *key, Jsonb *jsonb)
{
	OpenStack stack;
	JsonbContainer *root = &jsonb->root;
	CdpkNode *node;

	prefetch(jsonb);
	node = append(document, key);
	/* a scalar stands alone in an array */
	if (JB_ROOT_IS_SCALAR(jsonb))
	{
		fill(node, root->children[0], (const char *) &root->children[1], 0,
			 JBE_OFFLENFLD(root->children[0]));
		return;
	}
	stack.open = stack.at_hand;
	stack.depth = 0;
	stack.room = DEPTH_AT_HAND;
	fill_container(document, &stack, root);
	while (stack.depth > 0)
	{
		read_on(document, &stack);
		CHECK_FOR_INTERRUPTS();
	}
	if (stack.open != stack.at_hand)
		pfree(stack.open);
}

void
jsonb_document_read(JsonbDocument *document, Jsonb *jsonb)
{
	begin(document);
	append_jsonb(document, NULL, jsonb);
}

void
jsonb_document_begin(JsonbDocument *document)
{
	CdpkNode *node;

	begin(document);
	node = append(document, NULL);
	node->kind = CDPK_NODE_OBJECT;
	node->count = 0;
}

/* Count the nodes of a member of the outermost object. */
static void
count_member(JsonbDocument *document, uint32 nodes_before)
{
	document->nodes[0].count++;
	document->nodes[0].size += document->count - nodes_before;
}

void
jsonb_document_add_text(JsonbDocument *document, const char *key, const char *text, uint32 length)
{
	uint32 before = document->count;
	CdpkNode *node = append(document, key);

	node->kind = CDPK_NODE_STRING;
	node->count = length;
	node->value.text = text;
	count_member(document, before);
}

void
jsonb_document_add(JsonbDocument *document, const char *key, Jsonb *jsonb)
{
	uint32 before = document->count;

	append_jsonb(document, key, jsonb);
	count_member(document, before);
}

void
jsonb_document_leave_out(JsonbDocument *document, const char *key)
{
	CdpkNode *object = &document->nodes[0];
	CdpkNode *member;
	uint32 size;

	for (CdpkNode *next = object + 1; next < document->nodes + document->count; next += next->size)
		object = next;
	member = unconstify(CdpkNode *, cdpk_node_member(object, key, strlen(key)));
	if (member == NULL)
		return;
	size = member->size;
	object->size -= size;
	object->count--;
	document->nodes[0].size -= size;
	memmove(member, member + size,
			sizeof(CdpkNode) * (document->nodes + document->count - (member + size)));
	document->count -= size;
}

void
jsonb_document_free(JsonbDocument *document)
{
	if (document->nodes != document->at_hand)
		pfree(document->nodes);
}
