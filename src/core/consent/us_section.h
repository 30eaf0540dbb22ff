/*
 * us_section.h
 *		The sections of GPP strings for the United States: the national one, and those of the states.
 *
 * A section is a version of 6 bits and then fields, of one or several values of 2 bits each; behind it may be a
 * segment with the Global Privacy Control, or with the values of SensitiveDataProcessing.
 */
#ifndef CDPK_US_SECTION_H
#define CDPK_US_SECTION_H

#include "core/consent/bits.h"

/* how many values a section has at most */
#define CDPK_US_VALUES_MAX 48

/* What a value of 1 and of 2 says; 0 is always "not applicable". */
typedef enum CdpkUsMeaning
{
	CDPK_US_FACT,    /* a notice was given, a mode is on: no choice of the person */
	CDPK_US_OPT_OUT, /* opted out; did not opt out */
	CDPK_US_CONSENT  /* no consent; consent */
} CdpkUsMeaning;

typedef struct CdpkUsField
{
	const char *name; /* as the specification has it; NULL: behind the last field */
	uint8_t count;    /* of values */
	uint8_t meaning;  /* a CdpkUsMeaning */
} CdpkUsField;

typedef struct CdpkUsSection
{
	uint8_t id;
	const char *name;
	uint8_t version;       /* 0: any, it is that of the agreement (MSPA) */
	bool has_gpc;          /* the segment */
	bool sensitive_behind; /* the last field is a segment of its own, which may be absent */
	const CdpkUsField *fields;
} CdpkUsSection;

/* What a string says. */
typedef struct CdpkUs
{
	const CdpkUsSection *section;
	unsigned version;
	bool has_sensitive; /* false: its last field is absent */
	bool has_gpc;
	bool gpc;
	uint8_t values[CDPK_US_VALUES_MAX]; /* of all fields, one after the other */
} CdpkUs;

/* Return a section, of the greatest version; NULL: there is none. */
extern const CdpkUsSection *cdpk_us_section(unsigned id);

/* Return the section at a place, from 0; NULL after the last.  The national one is there once for each version. */
extern const CdpkUsSection *cdpk_us_section_at(size_t place);

/* Decode the text of a section.  CDPK_INVALID: it is of no version that is known, or malformed. */
extern CdpkStatus cdpk_us_decode(unsigned id, const char *text, size_t length, CdpkUs *us);

#endif /* CDPK_US_SECTION_H */
