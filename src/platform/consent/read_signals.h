/*
 * read_signals.h
 *		The consent signals in the documents of an event.
 */
#ifndef CDP_CONSENT_READ_SIGNALS_H
#define CDP_CONSENT_READ_SIGNALS_H

#include "postgres.h"

#include "utils/jsonb.h"

#include "core/consent/signal.h"

/*
 * Hands in all signals in a context, and of an event whose name tells of consent (cdpk_is_consent_event) those in its
 * properties; NULL: there is no such document.  Allocates in the current memory context what it must copy.
 */
extern void read_signals(CdpkSignals *signals, Jsonb *context, Jsonb *properties);

#endif /* CDP_CONSENT_READ_SIGNALS_H */
