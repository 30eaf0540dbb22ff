/*
 * carried_number.h
 *		Which numbers a timeline carries of an event's properties, for C code.
 */
#ifndef CDP_TIMELINE_CARRIED_NUMBER_H
#define CDP_TIMELINE_CARRIED_NUMBER_H

#include "utils/jsonb.h"

#include "core/text/decimal.h"
#include "core/timeline/timeline.h"

typedef struct CarriedNumber
{
	const char *name; /* in the rules */
	int length;
	bool fits; /* false: what stands there cannot be carried */
	CdpkDecimal value;
} CarriedNumber;

/*
 * Read the numbers of an event into an array of CDPK_NUMBERS_MAX, and return how many there are.  rules:
 * event to name to path, as cdp_internal.carried_rules() gives them.
 */
extern int carried_numbers(Jsonb *rules, const char *event, int length, Jsonb *properties,
						   CarriedNumber *numbers);

#endif /* CDP_TIMELINE_CARRIED_NUMBER_H */
