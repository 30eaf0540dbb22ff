/*
 * batch.h
 *		The current batch, for C code that reads its relations.
 */
#ifndef CDP_BATCH_BATCH_H
#define CDP_BATCH_BATCH_H

#include "access/tupdesc.h"
#include "datatype/timestamp.h"
#include "executor/spi.h"
#include "storage/itemptr.h"

/* The number of the current batch, and its time. */
extern int64 batch_number(void);
extern TimestampTz batch_as_of(void);

/* The places that the current batch was begun with: those of the first table (0), or of the second (1). */
extern const ItemPointerData *batch_claim(int table, int64 *count);

/*
 * Returns the plan of a constant statement, of which $1 is the batch's number and $2 its time; it is made
 * once a session.  For statements whose plan does not depend on how much the batch has.
 */
extern SPIPlanPtr batch_plan(const char *statement);

/* Takes a row of a relation; the values are in the memory context in which it is read. */
typedef void (*BatchRowFunction)(void *arg, TupleDesc descriptor, const Datum *values,
								 const bool *nulls);

/* Tells whether the batch has a relation of that name. */
extern bool batch_has(const char *name);

/* Hands out copies of the rows of a relation, in their order; none where it is missing. */
extern void batch_read(const char *name, BatchRowFunction function, void *arg);

/* Opens an SPI connection in which the relations of the batch are visible. */
extern void batch_connect(void);

/* Sets planner options for its statements; undo with AtEOXact_GUC(true, result). */
extern int batch_enter_planner(void);

/*
 * Sets planner options for a statement that finds rows by their keys, however many are looked for and however many
 * of one key the statistics promise; undo as above.
 */
extern int batch_enter_keys(void);

#endif /* CDP_BATCH_BATCH_H */
