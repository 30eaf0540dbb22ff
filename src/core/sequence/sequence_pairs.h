/*
 * sequence_pairs.h
 *		The events of a timeline, each once with each value that events must have in common.
 */
#ifndef CDPK_SEQUENCE_PAIRS_H
#define CDPK_SEQUENCE_PAIRS_H

#include "core/base/buffer.h"
#include "core/sequence/sequence_correlated.h"

/* A value that events have in common: equal for equal values. */
typedef struct CdpkCommon
{
	uint32_t kind; /* and the scale of a number */
	int64_t value; /* its mantissa, or the code of a text */
} CdpkCommon;

/* Return a value as one that is compared; texts: of cdpk_property_texts. */
static inline CdpkCommon
cdpk_common(const CdpkPropertyValue *value, const CdpkName *texts)
{
	CdpkCommon common = {value->kind, value->kind == CDPK_TEXT ? (int64_t) value->text : 0};
	CdpkDecimal number;

	if (cdpk_property_as_number(value, texts, &number))
	{
		number = cdpk_decimal(number.mantissa, number.scale);
		common.kind = CDPK_NUMBER | (uint32_t) number.scale << 8;
		common.value = number.mantissa;
	}
	return common;
}

/* An event with one of the values that events must have in common. */
typedef struct CdpkPair
{
	CdpkChainEvent
		event; /* its numbers are places in "numbers", from 1 on, before they are ranks */
	CdpkCommon common;
} CdpkPair;

/* Reading the events of a timeline, each with each of its values. */
typedef struct CdpkPairReading
{
	const CdpkAsked *asked;
	const CdpkSequence *sequence;
	const CdpkAllocator *allocator;
	CdpkStepSet *set;
	CdpkProperties properties;
	CdpkStepProperty same;
	CdpkStepProperty compared;
	CdpkTimeRange range;
	CdpkBuffer pairs;   /* CdpkPair */
	CdpkBuffer numbers; /* CdpkDecimal: numbers that are compared */
	CdpkCorrelation *correlation;
} CdpkPairReading;

/* Return the pairs that were read. */
static inline CdpkPair *
cdpk_pairs_of(const CdpkPairReading *r, size_t *count)
{
	*count = r->pairs.used / sizeof(CdpkPair);
	return (CdpkPair *) r->pairs.bytes;
}

/* Put pairs of one value together; the order of the values means nothing. */
static inline int
cdpk_pairs_compare(const CdpkPair *a, const CdpkPair *b)
{
	if (a->common.kind != b->common.kind)
		return a->common.kind < b->common.kind ? -1 : 1;
	return (a->common.value > b->common.value) - (a->common.value < b->common.value);
}

/* Return the number at a place, from 1 on. */
static inline CdpkDecimal
cdpk_number_at(const CdpkBuffer *numbers, uint32_t place)
{
	return ((const CdpkDecimal *) numbers->bytes)[place - 1];
}

/* Read the events of a timeline that was surveyed. */
extern CdpkStatus cdpk_pairs_read(CdpkPairReading *r, const CdpkSurvey *survey);

#endif /* CDPK_SEQUENCE_PAIRS_H */
