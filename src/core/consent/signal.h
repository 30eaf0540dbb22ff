/*
 * signal.h
 *		Consent signals: what is asked for, and what an event answers.
 *
 * A list of signals is asked for; of each event all that was found is handed in, and each signal has then an answer.
 * Of several answers in one event a no counts.
 */
#ifndef CDPK_SIGNAL_H
#define CDPK_SIGNAL_H

#include "core/consent/consent_name.h"
#include "core/consent/gpp.h"

typedef enum CdpkSignalKind
{
	CDPK_SIGNAL_CATEGORY,  /* key: a category of a consent tool */
	CDPK_SIGNAL_TCF,       /* the number of a purpose, or 1/755: of a purpose and a vendor */
	CDPK_SIGNAL_OBJECTION, /* the same, to legitimate interest */
	CDPK_SIGNAL_GPP, /* usnat.SaleOptOut, usnat.SensitiveDataProcessing.3, tcfcav1.PurposesExpressConsent.1 */
	CDPK_SIGNAL_GOOGLE, /* ad_storage */
	CDPK_SIGNAL_GPC,    /* no key */
	CDPK_SIGNAL_KINDS
} CdpkSignalKind;

/* A signal that is asked for. */
typedef struct CdpkSignal
{
	CdpkSignalKind kind;
	const char *key; /* lives as long as the signal */
	size_t key_length;
	unsigned purpose; /* of TCF, of Canada's too */
	unsigned vendor;  /* 0: any */
	unsigned section; /* of GPP */
	const char *field;
	size_t field_length;
	unsigned place; /* of a value of the field, from 1; 0: of all */
} CdpkSignal;

/* Return the name of a kind. */
extern const char *cdpk_signal_kind_name(CdpkSignalKind kind);

/* Read a signal.  CDPK_INVALID: there is no such kind, or *kind_is_known, and no such key of it. */
extern CdpkStatus cdpk_signal_parse(const char *kind, size_t kind_length, const char *key,
									size_t key_length, CdpkSignal *signal, bool *kind_is_known);

/* What one event answers. */
typedef struct CdpkSignals
{
	const CdpkSignal *signals;
	size_t count;
	uint8_t *answers;                    /* of each: NONE, YES or NO of CdpkSignalAnswer */
	uint32_t invalid[CDPK_SIGNAL_KINDS]; /* what was found of a kind and is not valid */
	bool any;                            /* some signal has an answer */
} CdpkSignals;

/* Begin with the next event; answers has room for one of each signal. */
extern void cdpk_signals_begin(CdpkSignals *signals);

/* Take a category's value; and an object of categories that is empty: a no to each one that is asked for. */
extern void cdpk_signals_category(CdpkSignals *signals, const char *name, size_t length,
								  CdpkSignalAnswer answer);
extern void cdpk_signals_no_category(CdpkSignals *signals);

/* Take what stands in a member that is no object: TCF, GPP, US_PRIVACY, GPC, GOOGLE with its key. */
extern void cdpk_signals_value(CdpkSignals *signals, CdpkConsentMember member, const char *key,
							   const CdpkConsentValue *value);

#endif /* CDPK_SIGNAL_H */
