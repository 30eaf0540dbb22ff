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
 * Hands in all signals in the context of an event (NULL: it has none), and in its properties, a jsonb, if its name tells of
 * consent; name NULL: it has none of the two.  Allocates in the current memory context what it must copy.
 */
extern void read_signals(CdpkSignals *signals, Jsonb *context, const char *name, size_t name_length,
						 Datum properties);

#endif /* CDP_CONSENT_READ_SIGNALS_H */
