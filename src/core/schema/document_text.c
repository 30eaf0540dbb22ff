/*
 * document_text.c
 *		Reads a document from text.
 *
 * Nodes are written as they come; where an object ends, its members are put in order.
 */
#include <stdlib.h>

#include "core/schema/document.h"
#include "core/text/json.h"
#include "core/text/utf8.h"

/* A member of an object that has just ended. */
typedef struct Member
{
	const CdpkNode *node;
	uint32_t place; /* in the text: the later of two with one key stays */
} Member;

typedef struct Reading
{
	CdpkJson json;
	CdpkNode *nodes;
	CdpkNode *scratch;
	Member *members;
	int16_t *limbs; /* the next free one */
	char *text;     /* the next free byte, for strings without their escapes */
	uint32_t count;
	const char *key; /* of the next value */
	uint32_t key_length;
	uint32_t open[CDPK_JSON_DEPTH_MAX]; /* the containers around */
} Reading;

/* ---------------------------------------------------------------- scalars */

/* Give a string's characters: as they stand, or without their escapes. */
static const char *
read_string(Reading *reading, uint32_t *length)
{
	const char *result = reading->json.string.text;

	*length = (uint32_t) reading->json.string.length;
	if (reading->json.escaped)
	{
		result = reading->text;
		*length = (uint32_t) cdpk_json_unescape(reading->json.string, reading->text);
		reading->text += *length;
	}
	return result;
}

/* Read a number's digits into limbs: *point is the place of the point among the digits. */
static uint32_t
read_digits(const char *at, const char *end, int64_t *point, char *digits)
{
	uint32_t count = 0;
	bool fraction = false;
	int64_t exponent = 0;

	*point = 0;
	for (; at < end && *at != 'e' && *at != 'E'; at++)
	{
		if (*at == '.')
			fraction = true;
		else
		{
			digits[count++] = *at;
			*point += !fraction;
		}
	}
	if (at < end)
	{
		bool negative = at[1] == '-';

		for (at += at[1] == '-' || at[1] == '+' ? 2 : 1; at < end; at++)
			exponent = exponent * 10 + (*at - '0');
		*point += negative ? -exponent : exponent;
	}
	return count;
}

/* Read the number that the last token is. */
static void
read_number(Reading *reading, CdpkNode *node)
{
	const char *at = reading->json.token;
	char digits[CDPK_JSON_DIGITS_MAX];
	int64_t point;
	int64_t first_limb;
	uint32_t first = 0;
	uint32_t last;

	node->negative = *at == '-';
	last = read_digits(at + node->negative, reading->json.at, &point, digits);
	while (first < last && digits[first] == '0')
		first++;
	while (last > first && digits[last - 1] == '0')
		last--;
	node->value.limbs = reading->limbs;
	if (first == last)
	{
		node->negative = false;
		return;
	}
	/* digit i counts 10^(point - 1 - i); limb w the four from 10^(4w + 3) on down; both rounded down */
	first_limb = point - 1 - first;
	first_limb = first_limb >= 0 ? first_limb / 4 : -((-first_limb + 3) / 4);
	node->weight = (int32_t) first_limb;
	for (int64_t place = point - 1 - first; first < last; first_limb--, node->count++)
	{
		int limb = 0;

		for (int64_t at_place = 4 * first_limb + 3; at_place >= 4 * first_limb; at_place--)
		{
			bool is_digit = at_place <= place && first < last;

			limb = limb * 10 + (is_digit ? digits[first] - '0' : 0);
			first += is_digit;
		}
		*reading->limbs++ = (int16_t) limb;
	}
}

/* ---------------------------------------------------------------- objects */

static int
compare_keys(const CdpkNode *a, const CdpkNode *b)
{
	return cdpk_key_compare(a->key, a->key_length, b->key, b->key_length);
}

static int
compare_members(const void *a, const void *b)
{
	const Member *left = a;
	const Member *right = b;
	int order = compare_keys(left->node, right->node);

	return order != 0 ? order : (left->place > right->place) - (left->place < right->place);
}

/* Put the members of the object that ends with the last node in order, of two with one key the last one. */
static void
order_members(Reading *reading, uint32_t object)
{
	CdpkNode *head = &reading->nodes[object];
	uint32_t count = 0;
	uint32_t written = 0;
	bool ordered = true;

	head->count = 0;
	for (uint32_t at = object + 1; at < reading->count; at += reading->nodes[at].size, count++)
	{
		reading->members[count].node = &reading->nodes[at];
		reading->members[count].place = at;
		ordered = ordered && (count == 0 || compare_keys(reading->members[count - 1].node,
														 &reading->nodes[at]) < 0);
	}
	if (ordered)
	{
		head->count = count;
		return;
	}
	qsort(reading->members, count, sizeof(Member), compare_members);
	for (uint32_t i = 0; i < count; i++)
	{
		const CdpkNode *node = reading->members[i].node;
		const CdpkNode *next = i + 1 < count ? reading->members[i + 1].node : NULL;

		if (next != NULL && compare_keys(node, next) == 0)
			continue;
		memcpy(reading->scratch + written, node, node->size * sizeof(CdpkNode));
		written += node->size;
		head->count++;
	}
	memcpy(head + 1, reading->scratch, written * sizeof(CdpkNode));
	reading->count = object + 1 + written;
}

/* ---------------------------------------------------------------- documents */

/* Add the value that a token begins. */
static void
add_value(Reading *reading, CdpkJsonToken token)
{
	CdpkNode *node = &reading->nodes[reading->count++];

	memset(node, 0, sizeof(*node));
	node->size = 1;
	node->key = reading->key;
	node->key_length = reading->key_length;
	reading->key = NULL;
	reading->key_length = 0;
	switch (token)
	{
		case CDPK_JSON_TRUE:
		case CDPK_JSON_FALSE:
			node->kind = CDPK_NODE_BOOLEAN;
			node->count = token == CDPK_JSON_TRUE;
			break;
		case CDPK_JSON_NUMBER:
			node->kind = CDPK_NODE_NUMBER;
			read_number(reading, node);
			break;
		case CDPK_JSON_STRING:
			node->kind = CDPK_NODE_STRING;
			node->value.text = read_string(reading, &node->count);
			break;
		case CDPK_JSON_ARRAY:
		case CDPK_JSON_OBJECT:
			node->kind = token == CDPK_JSON_ARRAY ? CDPK_NODE_ARRAY : CDPK_NODE_OBJECT;
			reading->open[reading->json.depth - 1] = reading->count - 1;
			return;
		default:
			node->kind = CDPK_NODE_NULL;
	}
	if (cdpk_json_in_array(&reading->json))
		reading->nodes[reading->open[reading->json.depth - 1]].count++;
}

/* End the innermost container. */
static void
end_container(Reading *reading, CdpkJsonToken token)
{
	uint32_t place = reading->open[reading->json.depth];
	CdpkNode *node = &reading->nodes[place];

	if (token == CDPK_JSON_OBJECT_END)
		order_members(reading, place);
	node->size = reading->count - place;
	if (cdpk_json_in_array(&reading->json))
		reading->nodes[reading->open[reading->json.depth - 1]].count++;
}

/* Count the values of a text that is valid. */
static uint32_t
count_values(const char *text, size_t length)
{
	CdpkJson json = cdpk_json(text, length);
	uint32_t count = 0;
	CdpkJsonToken token;

	while ((token = cdpk_json_next(&json)) != CDPK_JSON_END)
		count +=
			token != CDPK_JSON_KEY && token != CDPK_JSON_OBJECT_END && token != CDPK_JSON_ARRAY_END;
	return count;
}

/* Read all tokens of a text that is valid. */
static void
read_values(Reading *reading)
{
	CdpkJsonToken token;

	while ((token = cdpk_json_next(&reading->json)) != CDPK_JSON_END)
	{
		if (token == CDPK_JSON_KEY)
			reading->key = read_string(reading, &reading->key_length);
		else if (token == CDPK_JSON_OBJECT_END || token == CDPK_JSON_ARRAY_END)
			end_container(reading, token);
		else
			add_value(reading, token);
	}
}

/* One piece of memory: nodes, as many to put in order, the members, limbs (no more than bytes), characters. */
CdpkStatus
cdpk_document_read(const char *text, size_t length, const CdpkAllocator *allocator,
				   CdpkDocument *document, const char **problem, size_t *position)
{
	CdpkStatus status = cdpk_json_check(text, length, problem, position);
	Reading reading = {0};
	size_t values;

	if (status != CDPK_OK)
		return status;
	values = count_values(text, length);
	reading.nodes = cdpk_allocate(allocator, values * (2 * sizeof(CdpkNode) + sizeof(Member)) +
												 length * (sizeof(int16_t) + 1));
	if (reading.nodes == NULL)
		return CDPK_OUT_OF_MEMORY;
	reading.scratch = reading.nodes + values;
	reading.members = (Member *) (reading.scratch + values);
	reading.limbs = (int16_t *) (reading.members + values);
	reading.text = (char *) (reading.limbs + length);
	reading.json = cdpk_json(text, length);
	read_values(&reading);
	document->memory = document->nodes = reading.nodes;
	document->count = reading.count;
	return CDPK_OK;
}

void
cdpk_document_free(CdpkDocument *document, const CdpkAllocator *allocator)
{
	cdpk_release(allocator, document->memory);
	document->memory = document->nodes = NULL;
}
