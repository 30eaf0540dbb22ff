/*
 * shown_size.h
 *		How large a jsonb is as text.
 */
#ifndef CDP_BRIDGE_SHOWN_SIZE_H
#define CDP_BRIDGE_SHOWN_SIZE_H

/*
 * Return an upper bound of the bytes of a jsonb: the greater of its text and of itself, uncompressed.
 * One of more than 64 MB is not read.
 */
extern int64 shown_size(Datum document);

#endif /* CDP_BRIDGE_SHOWN_SIZE_H */
