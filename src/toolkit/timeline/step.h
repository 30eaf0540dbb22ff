/*
 * step.h
 *		The type cdp.step for the functions that take one.
 */
#ifndef CDP_STEP_H
#define CDP_STEP_H

#include "fmgr.h"

#include "core/sequence/step_events.h"

/*
 * Read the stored form of a value, which the step points into.  Raises an error where its bytes are
 * corrupt.  What is not plain takes memory of the current context.
 */
extern void step_read(const struct varlena *value, CdpkStep *step);

/* Free what step_read took; a step that is all zeros has nothing. */
extern void step_free(CdpkStep *step);

#endif /* CDP_STEP_H */
