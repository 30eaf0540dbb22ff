/*
 * id_set.c
 *		Sets of ids in consent strings, as bits or as ranges.
 */
#include "core/consent/id_set.h"

#define ID_BITS 16
#define COUNT_BITS 12

CdpkIdWalk
cdpk_id_walk(const CdpkIdSet *set)
{
	CdpkIdWalk walk = {*set, 0, 0};

	return walk;
}

/* Return the next run of bits. */
static bool
next_run(CdpkIdWalk *walk, uint32_t *first, uint32_t *last)
{
	CdpkIdSet *set = &walk->set;
	bool found = false;

	while (walk->place < set->count)
	{
		bool bit = cdpk_read_bits(&set->bits, 1) != 0;

		if (set->bits.failed)
			return false;
		walk->place++;
		if (bit && !found)
			*first = walk->place;
		if (bit)
			*last = walk->place;
		else if (found)
			break;
		found |= bit;
	}
	return found;
}

/* Return the next range. */
static bool
next_range(CdpkIdWalk *walk, uint32_t *first, uint32_t *last)
{
	CdpkIdSet *set = &walk->set;
	bool is_group;

	if (walk->place >= set->count)
		return false;
	walk->place++;
	is_group = cdpk_read_bits(&set->bits, 1) != 0;
	*first = set->fibonacci ? walk->before + cdpk_read_fibonacci(&set->bits)
							: (uint32_t) cdpk_read_bits(&set->bits, ID_BITS);
	*last = !is_group        ? *first
			: set->fibonacci ? *first + cdpk_read_fibonacci(&set->bits)
							 : (uint32_t) cdpk_read_bits(&set->bits, ID_BITS);
	if (*first == 0 || *last < *first || *last > set->max)
		set->bits.failed = true;
	walk->before = *last;
	return !set->bits.failed;
}

bool
cdpk_id_next(CdpkIdWalk *walk, uint32_t *first, uint32_t *last)
{
	return walk->set.as_bits ? next_run(walk, first, last) : next_range(walk, first, last);
}

CdpkIdSet
cdpk_read_id_set(CdpkBits *bits, CdpkIdForm form)
{
	CdpkIdSet set = {.max = CDPK_ID_MAX};
	CdpkIdWalk walk;
	uint32_t first;
	uint32_t last;

	set.fibonacci = form != CDPK_IDS_FIXED && form != CDPK_IDS_RANGES;
	if (form == CDPK_IDS_FIXED || form == CDPK_IDS_FIBONACCI)
		set.max = (uint32_t) cdpk_read_bits(bits, ID_BITS);
	if (form != CDPK_IDS_RANGES && form != CDPK_IDS_FIBONACCI_RANGES)
		set.as_bits = cdpk_read_bits(bits, 1) == 0;
	if (set.as_bits && form == CDPK_IDS_FIBONACCI_FIRST)
		set.max = (uint32_t) cdpk_read_bits(bits, ID_BITS);
	set.count = set.as_bits ? set.max : (uint32_t) cdpk_read_bits(bits, COUNT_BITS);
	set.bits = *bits;
	if (set.as_bits)
	{
		if (bits->failed || bits->end - bits->at < set.count)
			bits->failed = true;
		else
			bits->at += set.count;
		return set;
	}
	walk = cdpk_id_walk(&set);
	while (cdpk_id_next(&walk, &first, &last))
		;
	*bits = walk.set.bits;
	return set;
}

bool
cdpk_id_set_has(const CdpkIdSet *set, uint32_t id)
{
	CdpkIdWalk walk = cdpk_id_walk(set);
	uint32_t first;
	uint32_t last;

	if (set->as_bits)
	{
		if (id == 0 || id > set->count)
			return false;
		walk.set.bits.at += id - 1;
		return cdpk_read_bits(&walk.set.bits, 1) != 0;
	}
	while (cdpk_id_next(&walk, &first, &last))
		if (id >= first && id <= last)
			return true;
	return false;
}

bool
cdpk_id_set_is_empty(const CdpkIdSet *set)
{
	CdpkIdWalk walk = cdpk_id_walk(set);
	uint32_t first;
	uint32_t last;

	return !cdpk_id_next(&walk, &first, &last);
}
