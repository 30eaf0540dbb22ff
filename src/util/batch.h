/*
 * batch.h
 *		The batch in hand, for C code that reads what its statements kept.
 */
#ifndef CDP_UTIL_BATCH_H
#define CDP_UTIL_BATCH_H

/* Opens an SPI connection in which the relations of the batch can be named. */
extern void batch_connect(void);

#endif /* CDP_UTIL_BATCH_H */
