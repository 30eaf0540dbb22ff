/*
 * document.c
 *		Values of a document: their order, their numbers, their members.
 */
#include "core/schema/document.h"

/* Return the order of the magnitudes of two numbers that are not zero. */
static int
compare_magnitudes(const CdpkNode *a, const CdpkNode *b)
{
	uint32_t common = a->count < b->count ? a->count : b->count;

	if (a->weight != b->weight)
		return a->weight < b->weight ? -1 : 1;
	for (uint32_t i = 0; i < common; i++)
		if (a->value.limbs[i] != b->value.limbs[i])
			return a->value.limbs[i] < b->value.limbs[i] ? -1 : 1;
	return (a->count > b->count) - (a->count < b->count);
}

/* Return -1, 0 or 1 as a number is below, at or above zero. */
static int
sign(const CdpkNode *number)
{
	return number->count == 0 ? 0 : number->negative ? -1 : 1;
}

int
cdpk_number_compare(const CdpkNode *a, const CdpkNode *b)
{
	int a_sign = sign(a);
	int b_sign = sign(b);

	if (a_sign != b_sign)
		return a_sign < b_sign ? -1 : 1;
	return a_sign == 0 ? 0 : a_sign * compare_magnitudes(a, b);
}

/* Return the order of two nodes by themselves, what is in them aside. */
static inline int
compare_single(const CdpkNode *a, const CdpkNode *b)
{
	if (a->kind != b->kind)
		return a->kind < b->kind ? -1 : 1;
	if (a->kind == CDPK_NODE_NUMBER)
		return cdpk_number_compare(a, b);
	if (a->kind == CDPK_NODE_STRING)
		return cdpk_key_compare(a->value.text, a->count, b->value.text, b->count);
	return (a->count > b->count) - (a->count < b->count);
}

int
cdpk_node_compare(const CdpkNode *a, const CdpkNode *b)
{
	int order = compare_single(a, b);

	/* as long as all before them are equal, the two have the same shape */
	for (uint32_t i = 1; order == 0 && i < a->size; i++)
	{
		order = cdpk_key_compare(a[i].key, a[i].key_length, b[i].key, b[i].key_length);
		if (order == 0)
			order = compare_single(&a[i], &b[i]);
	}
	return order;
}

/* ---------------------------------------------------------------- multiples */

#define BASE 10000

/* a remainder below a divisor of so many limbs, and one limb more, fit into 64 bits */
#define SHORT_DIVISOR 3

/* Return the number that a number's limbs are, as a short divisor. */
static uint64_t
short_divisor(const CdpkNode *number)
{
	uint64_t result = 0;

	for (uint32_t i = 0; i < number->count; i++)
		result = result * BASE + (uint64_t) number->value.limbs[i];
	return result;
}

/* Return about how large the first limbs are, up to five, as many as "width" and what it lacks to that as zeros. */
static double
leading(const uint32_t *limbs, uint32_t count, uint32_t width)
{
	double result = 0;

	for (uint32_t i = 0; i < width; i++)
		result = result * BASE + (i < count ? limbs[i] : 0);
	return result;
}

/* Take the divisor "times" times from the remainder, which has one limb more; return whether it goes below zero. */
static bool
subtract(uint32_t *rest, const uint32_t *divisor, uint32_t count, int64_t times)
{
	int64_t borrow = 0;

	for (uint32_t i = count; i-- > 0;)
	{
		int64_t limb = (int64_t) rest[i + 1] - times * divisor[i] - borrow;

		borrow = limb < 0 ? (-limb + BASE - 1) / BASE : 0;
		rest[i + 1] = (uint32_t) (limb + borrow * BASE);
	}
	/* what the first limb lacks stands there until the divisor is given back */
	rest[0] -= (uint32_t) borrow;
	return (int32_t) rest[0] < 0;
}

/* Give the divisor back once. */
static void
give_back(uint32_t *rest, const uint32_t *divisor, uint32_t count)
{
	uint32_t carry = 0;

	for (uint32_t i = count; i-- > 0;)
	{
		uint32_t sum = rest[i + 1] + divisor[i] + carry;

		rest[i + 1] = sum % BASE;
		carry = sum / BASE;
	}
	rest[0] += carry;
}

/*
 * Bring a remainder below the divisor x BASE to one below the divisor.  The quotient is guessed from the first limbs,
 * which tell it to within 1: it is below BASE, and their error is below 1 in BASE^3.
 */
static void
reduce(uint32_t *rest, const uint32_t *divisor, uint32_t count)
{
	double guess = leading(rest, count + 1, 5) / leading(divisor, count, 4);
	bool below = subtract(rest, divisor, count, (int64_t) guess);

	while (below)
	{
		give_back(rest, divisor, count);
		below = (int32_t) rest[0] < 0;
	}
	while (!below)
		below = subtract(rest, divisor, count, 1);
	give_back(rest, divisor, count);
}

/* Return whether "count" limbs and so many zeros are a multiple of a divisor of any length. */
static bool
long_multiple(const CdpkNode *number, uint64_t limbs, const CdpkNode *divisor)
{
	uint32_t by[CDPK_DIVISOR_MAX];
	uint32_t rest[CDPK_DIVISOR_MAX + 1] = {0};
	uint32_t any = 0;

	for (uint32_t i = 0; i < divisor->count; i++)
		by[i] = (uint32_t) divisor->value.limbs[i];
	for (uint64_t i = 0; i < limbs; i++)
	{
		memmove(rest, rest + 1, divisor->count * sizeof(rest[0]));
		rest[divisor->count] = i < number->count ? (uint32_t) number->value.limbs[i] : 0;
		reduce(rest, by, divisor->count);
	}
	for (uint32_t i = 0; i <= divisor->count; i++)
		any |= rest[i];
	return any == 0;
}

/* Both are divided as whole numbers of the divisor's last place. */
bool
cdpk_number_multiple(const CdpkNode *number, const CdpkNode *divisor)
{
	int64_t zeros =
		((int64_t) number->weight - number->count) - ((int64_t) divisor->weight - divisor->count);
	uint64_t limbs = number->count + (uint64_t) zeros;
	uint64_t by;
	uint64_t rest = 0;

	if (number->count == 0)
		return true;
	/* it has a place that no multiple has */
	if (zeros < 0)
		return false;
	if (divisor->count > SHORT_DIVISOR)
		return long_multiple(number, limbs, divisor);
	by = short_divisor(divisor);
	for (uint64_t i = 0; i < limbs; i++)
		rest = (rest * BASE + (i < number->count ? (uint64_t) number->value.limbs[i] : 0)) % by;
	return rest == 0;
}

/* ---------------------------------------------------------------- members, characters */

const CdpkNode *
cdpk_node_member(const CdpkNode *object, const char *key, size_t length)
{
	const CdpkNode *member = object + 1;

	for (uint32_t i = 0; object->kind == CDPK_NODE_OBJECT && i < object->count; i++)
	{
		if (member->key_length == length && memcmp(member->key, key, length) == 0)
			return member;
		member += member->size;
	}
	return NULL;
}

/* Every byte begins a character but those from 0x80 to 0xbf. */
uint32_t
cdpk_count_characters(const char *text, uint32_t length)
{
	uint32_t result = 0;

	for (uint32_t i = 0; i < length; i++)
		result += ((uint8_t) text[i] & 0xc0) != 0x80;
	return result;
}
