/*
 * signal_strings.h
 *		Consent strings that the reference encoder of the IAB wrote (@iabgpp/cmpapi 3.2.0), for tests of signals.
 */
#ifndef SIGNAL_STRINGS_H
#define SIGNAL_STRINGS_H

#define TCF_GRANTED                                                                              \
	"CQdjfYAQdjfYAAfABBENB-FgAP_AAEPAAAYgF5wAgAFALzAvOACAvMAIOACAV4AvMkABAXmA.IF6QAgAFQLzAvQAA." \
	"YAAAAAAAAAAA"
#define TCF_NOT_SHOWN "CQdjfYAQdjfYAAfABBENB-FgAAAAAAAAAAYgAAAAAAAA.IAAA.YAAAAAAAAAAA"
#define TCF_PURPOSE_ONE \
	"CQdjfYAQdjfYAAfABBENB-FgAEAAAEPAAIYgAFABAvOACAvMAAAA.IF5wAgAFALzA.YAAAAAAAAAAA"
#define GPP_OPTED_OUT "DBABLA~CAAYAAAAAGBA.YA"
#define GPP_CANADIAN "DBABDA~BQdjfYAQdjfYAAAAAAENAACAAQAAAEAAAAAAAAAAAA.YAAAAAAAAAA.IADgIA"

#endif /* SIGNAL_STRINGS_H */
