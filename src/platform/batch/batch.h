/*
 * batch.h
 *		The batch in hand, for C code that reads what its statements kept.
 */
#ifndef CDP_UTIL_BATCH_H
#define CDP_UTIL_BATCH_H

/* Opens an SPI connection in which the relations of the batch can be named. */
extern void batch_connect(void);

/* Sets the planner up for its statements, until AtEOXact_GUC(true, what this returns). */
extern int batch_enter_planner(void);

#endif /* CDP_UTIL_BATCH_H */
