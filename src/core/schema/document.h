/*
 * document.h
 *		A JSON document as a flat array of nodes, each followed by what is in it.
 *
 * The members of an object stand in jsonb's order (by the length of the key, then by its bytes), no key twice.  So
 * two documents are equal exactly if their nodes are, one by one, and nothing here recurses, however deep a
 * document is.
 */
#ifndef CDPK_DOCUMENT_H
#define CDPK_DOCUMENT_H

#include "core/base/bytes.h"

typedef enum CdpkNodeKind
{
	CDPK_NODE_NULL,
	CDPK_NODE_BOOLEAN, /* count: 1 is true */
	CDPK_NODE_NUMBER,
	CDPK_NODE_STRING,
	CDPK_NODE_ARRAY,
	CDPK_NODE_OBJECT
} CdpkNodeKind;

#define CDPK_NODE_KINDS 6

/* no node has this place */
#define CDPK_NODE_NONE UINT32_MAX

/* The greatest distance of a number's first digit from its point, either way, in limbs: more than numeric has. */
#define CDPK_NUMBER_WEIGHT_MAX 100000

/*
 * One value.  A number is the sum of limbs[i] x 10000^(weight - i); its first and last limb are not zero, and zero has
 * none.
 */
typedef struct CdpkNode
{
	uint8_t kind;
	bool negative;       /* of a number */
	uint32_t key_length; /* of a member's key; 0 otherwise */
	const char *key;     /* UTF-8; NULL where the value is no member */
	int32_t weight;      /* of a number */
	uint32_t size;       /* nodes of the value, this one included */
	uint32_t count;      /* bytes of a string, limbs of a number, members or elements */
	union
	{
		const char *text;     /* of a string, UTF-8 */
		const int16_t *limbs; /* of a number, each 0 to 9999 */
	} value;
} CdpkNode;

/* Return whether two texts of one length are the same; most keys are short, and a call of memcmp takes longer. */
static inline bool
cdpk_same_text(const char *a, const char *b, uint32_t length)
{
	uint64_t left[2];
	uint64_t right[2];
	uint32_t half[4];

	if (length > 16)
		return memcmp(a, b, length) == 0;
	if (length >= 8)
	{
		memcpy(&left[0], a, 8);
		memcpy(&left[1], a + length - 8, 8);
		memcpy(&right[0], b, 8);
		memcpy(&right[1], b + length - 8, 8);
		return ((left[0] ^ right[0]) | (left[1] ^ right[1])) == 0;
	}
	if (length >= 4)
	{
		memcpy(&half[0], a, 4);
		memcpy(&half[1], a + length - 4, 4);
		memcpy(&half[2], b, 4);
		memcpy(&half[3], b + length - 4, 4);
		return ((half[0] ^ half[2]) | (half[1] ^ half[3])) == 0;
	}
	return length == 0 ||
		   (a[0] == b[0] && a[length / 2] == b[length / 2] && a[length - 1] == b[length - 1]);
}

/* Return whether a key stands before another in an object (less than 0), after it, or is the same (0). */
static inline int
cdpk_key_compare(const char *a, uint32_t a_length, const char *b, uint32_t b_length)
{
	if (a_length != b_length)
		return a_length < b_length ? -1 : 1;
	return cdpk_same_text(a, b, a_length) ? 0 : memcmp(a, b, a_length);
}

/* ---------------------------------------------------------------- values */

/* Return the order of two values, keys of their own aside: 0 only for equal ones; 1, 1.0 and 1e0 are equal. */
extern int cdpk_node_compare(const CdpkNode *a, const CdpkNode *b);

/* Return the order of two numbers by value. */
extern int cdpk_number_compare(const CdpkNode *a, const CdpkNode *b);

/* Return whether a number is whole. */
static inline bool
cdpk_number_whole(const CdpkNode *number)
{
	return number->count == 0 || (int64_t) number->count <= (int64_t) number->weight + 1;
}

#define CDPK_DIVISOR_MAX 256

/* Return whether a number is a multiple of another, which is above 0 and has at most CDPK_DIVISOR_MAX limbs. */
extern bool cdpk_number_multiple(const CdpkNode *number, const CdpkNode *divisor);

/* Return the member of an object with a key, or NULL. */
extern const CdpkNode *cdpk_node_member(const CdpkNode *object, const char *key, size_t length);

/* Return how many characters a text has that is UTF-8. */
extern uint32_t cdpk_count_characters(const char *text, uint32_t length);

/* ---------------------------------------------------------------- text */

/* A document that was read from text; its nodes point into the text and into "memory". */
typedef struct CdpkDocument
{
	CdpkNode *nodes;
	uint32_t count;
	void *memory;
} CdpkDocument;

/*
 * Read a document, of two members with the same key the last one.  The text must stay where it is.
 *
 * CDPK_INVALID, CDPK_TOO_LONG or CDPK_BAD_ENCODING: as cdpk_json_check, with *problem and *position (from 1).
 */
extern CdpkStatus cdpk_document_read(const char *text, size_t length,
									 const CdpkAllocator *allocator, CdpkDocument *document,
									 const char **problem, size_t *position);

/* Release the memory. */
extern void cdpk_document_free(CdpkDocument *document, const CdpkAllocator *allocator);

#endif /* CDPK_DOCUMENT_H */
