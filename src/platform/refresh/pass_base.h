/*
 * pass_base.h
 *		Rows of the base: how a pass finds and writes them.
 */
#ifndef CDP_REFRESH_PASS_BASE_H
#define CDP_REFRESH_PASS_BASE_H

#include "platform/refresh/pass.h"

/* Rows of the base that are to be written. */
typedef struct PassBaseWritten
{
	int count;
	PassColumns columns;
	Datum *values[BASE_COLUMNS];
	bool *nulls[BASE_COLUMNS];
} PassBaseWritten;

extern bool pass_has_expired(const Pass *pass, uint32 source, TimestampTz said_at);
extern void pass_find_base(Pass *pass, const int64 *anchors, int count, PassBase *base);
extern void pass_find_base_values(Pass *pass, const int64 *anchors, int count, PassBase *base);
extern void pass_take_base(Pass *pass, int key, const Datum *values, const bool *nulls,
						   PassBase *base);
extern void pass_name_base(Pass *pass, PassBase *base);
extern void pass_begin_base(PassBaseWritten *written, int rows);

/* in place of an anchor: the row goes */
#define PASS_BASE_GONE (-1)

extern void pass_write_base(Pass *pass, const PassBase *base, PassIds *anchors, const int64 *to,
							PassBaseWritten *written);
extern void pass_move_base(Pass *pass);

#endif /* CDP_REFRESH_PASS_BASE_H */
