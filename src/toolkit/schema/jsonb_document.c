/*
 * jsonb_document.c
 *		A jsonb as a document of core/schema: nodes that point into it.
 */
#include "postgres.h"

#include "miscadmin.h"

#include "compat.h"
#include "toolkit/bridge/jsonb_walk.h"
#include "toolkit/bridge/numeric_digits.h"
#include "toolkit/schema/jsonb_document.h"

/* containers within each other that need no memory of their own */
#define DEPTH_AT_HAND 16

/* A container that is being read. */
typedef struct Open
{
	JsonbWalk walk;
	uint32 place; /* of its node */
	bool object;
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
enlarge(void *array, const void *at_hand, Size size)
{
	void *result = MemoryContextAllocHuge(CurrentMemoryContext, 2 * size);

	memcpy(result, array, size);
	if (array != at_hand)
		pfree(array);
	return result;
}

/* Begin with a container, whose node is there. */
static void
push(OpenStack *stack, JsonbContainer *container, uint32 place)
{
	if (stack->depth == stack->room)
	{
		stack->open = enlarge(stack->open, stack->at_hand, stack->room * sizeof(Open));
		stack->room *= 2;
	}
	stack->open[stack->depth].walk = jsonb_walk(container);
	stack->open[stack->depth].place = place;
	stack->open[stack->depth++].object = JsonContainerIsObject(container);
}

/* Fill the node of a value; false for an array or object, whose content comes next. */
static bool
fill(CdpkNode *node, const JsonbValue *value)
{
	NumericDigits digits;

	node->size = 1;
	node->negative = false;
	switch (value->type)
	{
		case jbvString:
			node->kind = CDPK_NODE_STRING;
			node->count = (uint32) value->val.string.len;
			node->value.text = value->val.string.val;
			return true;
		case jbvNumeric:
			digits = numeric_digits(value->val.numeric);
			node->kind = CDPK_NODE_NUMBER;
			node->negative = digits.negative;
			node->weight = digits.weight;
			node->count = (uint32) digits.count;
			node->value.limbs = digits.digits;
			return true;
		case jbvBool:
			node->kind = CDPK_NODE_BOOLEAN;
			node->count = value->val.boolean;
			return true;
		case jbvNull:
			node->kind = CDPK_NODE_NULL;
			node->count = 0;
			return true;
		default:
			node->kind =
				JsonContainerIsObject(value->val.binary.data) ? CDPK_NODE_OBJECT : CDPK_NODE_ARRAY;
			node->count = JsonContainerSize(value->val.binary.data);
			return false;
	}
}

/* Add the node of a value; what is in it comes after it. */
static void
add(JsonbDocument *document, OpenStack *stack, const JsonbValue *key, const JsonbValue *value)
{
	CdpkNode *node;

	if (document->count == document->room)
	{
		document->nodes =
			enlarge(document->nodes, document->at_hand, document->room * sizeof(CdpkNode));
		document->room *= 2;
	}
	node = &document->nodes[document->count++];
	node->key = key != NULL ? key->val.string.val : NULL;
	node->key_length = key != NULL ? (uint32) key->val.string.len : 0;
	if (!fill(node, value))
		push(stack, value->val.binary.data, document->count - 1);
}

/* Read until all containers are done. */
static void
read_containers(JsonbDocument *document, OpenStack *stack)
{
	JsonbValue key;
	JsonbValue value;

	while (stack->depth > 0)
	{
		Open *open = &stack->open[stack->depth - 1];
		bool more = open->object ? jsonb_walk_member(&open->walk, &key, &value)
								 : jsonb_walk_element(&open->walk, &value);

		if (more)
			add(document, stack, open->object ? &key : NULL, &value);
		else
		{
			document->nodes[open->place].size = document->count - open->place;
			stack->depth--;
			CHECK_FOR_INTERRUPTS();
		}
	}
}

void
jsonb_document_read(JsonbDocument *document, Jsonb *jsonb)
{
	OpenStack stack;
	JsonbValue value;
	JsonbWalk walk;

	document->nodes = document->at_hand;
	document->count = 0;
	document->room = JSONB_NODES_AT_HAND;
	stack.open = stack.at_hand;
	stack.depth = 0;
	stack.room = DEPTH_AT_HAND;
	value.type = jbvBinary;
	value.val.binary.data = &jsonb->root;
	if (JB_ROOT_IS_SCALAR(jsonb))
	{
		walk = jsonb_walk(&jsonb->root);
		jsonb_walk_element(&walk, &value);
	}
	add(document, &stack, NULL, &value);
	read_containers(document, &stack);
	if (stack.open != stack.at_hand)
		pfree(stack.open);
}

void
jsonb_document_free(JsonbDocument *document)
{
	if (document->nodes != document->at_hand)
		pfree(document->nodes);
}
