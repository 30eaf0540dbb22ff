/*
 * property_write.h
 *		From the values of a property to the bytes of its column.
 */
#ifndef CDPK_PROPERTY_WRITE_H
#define CDPK_PROPERTY_WRITE_H

#include "core/base/buffer.h"
#include "core/timeline/property.h"

/* a value and the event that has it */
typedef struct CdpkPropertyItem
{
	uint32_t event; /* its place in the column */
	CdpkPropertyValue value;
} CdpkPropertyItem;

/* Order values as an event has them; texts by their codes, which are in the order of the bytes. */
extern int cdpk_property_compare(const CdpkPropertyValue *a, const CdpkPropertyValue *b);

/*
 * Write the column of a property: of so many events, items in the order of events and values,
 * numbers in their canonical form.
 */
extern void cdpk_property_write(CdpkBuffer *buffer, const CdpkPropertyItem *items, size_t count,
								uint64_t events);

/*
 * Write the head of a property's column, and return where its bits of presence begin, of which none
 * is set; NULL where every event has it, or where memory is lacking.
 */
extern uint8_t *cdpk_property_head(CdpkBuffer *buffer, unsigned head, uint64_t events);

/*
 * Write which of so many columns have a block, and their sizes.  sizes: a varint for each, 0 for
 * none.
 */
extern void cdpk_property_put_sizes(CdpkBuffer *buffer, const CdpkBuffer *sizes, uint64_t columns);

/* Write the texts. */
extern void cdpk_property_put_texts(CdpkBuffer *buffer, const CdpkName *texts, uint64_t count);

/* Write the list of names. */
extern void cdpk_property_put_names(CdpkBuffer *buffer, const CdpkName *names, uint64_t count);

#endif /* CDPK_PROPERTY_WRITE_H */
