/*
 * traits_cell.c
 *		The bytes of traits: cells with long lengths.
 */
#include "core/traits/traits_cell.h"

bool
cdpk_cell_read_long(const uint8_t *at, const uint8_t *end, CdpkTrait *trait)
{
	CdpkReader reader = cdpk_reader(at, (size_t) (end - at));

	trait->count = cell_has_count(trait->rule) ? cdpk_read_varint(&reader) : 1;
	trait->value.length = (size_t) cdpk_read_varint(&reader);
	trait->value.bytes = cdpk_read_bytes(&reader, trait->value.length);
	return !reader.failed && cdpk_left(&reader) >= trait->slack &&
		   trait->value.type <= CDPK_VALUE_OBJECT;
}
