/*
 * raw_size.h
 *		How large values are, without reading them.
 */
#ifndef CDP_UTIL_RAW_SIZE_H
#define CDP_UTIL_RAW_SIZE_H

/* Return the uncompressed size of a value of a type of this length, without its header. */
extern int64 raw_size(Datum value, int16 length);

#endif /* CDP_UTIL_RAW_SIZE_H */
