/*
 * batch.h
 *		The current batch, for C code that reads its relations.
 */
#ifndef CDP_BATCH_BATCH_H
#define CDP_BATCH_BATCH_H

/* Opens an SPI connection in which the relations of the batch are visible. */
extern void batch_connect(void);

/* Sets planner options for its statements; undo with AtEOXact_GUC(true, result). */
extern int batch_enter_planner(void);

#endif /* CDP_BATCH_BATCH_H */
