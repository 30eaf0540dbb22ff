/*
 * window.h
 *		Windows of time as arguments: intervals of an exact length.
 */
#ifndef CDP_UTIL_WINDOW_H
#define CDP_UTIL_WINDOW_H

#include "datatype/timestamp.h"

/*
 * Return the length of a window in microseconds, a day being 24 hours.  Raises an error that names the
 * argument for months and years, for what is infinite or out of range, and for less than
 * "smallest" (0 or 1).
 */
extern int64 cdp_window_microseconds(const Interval *window, const char *argument, int64 smallest);

#endif /* CDP_UTIL_WINDOW_H */
