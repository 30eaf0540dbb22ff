/*
 * row_text.h
 *		Rows of followed tables as texts, as record_out() writes them.
 */
#ifndef CDP_FOLLOW_ROW_TEXT_H
#define CDP_FOLLOW_ROW_TEXT_H

#include "access/tupdesc.h"
#include "lib/stringinfo.h"
#include "nodes/bitmapset.h"

/*
 * Writes the text of a row, whose columns had these numbers in its table, with the columns that the table has
 * now: those that it did not have then are NULL.
 */
extern void row_text_reshape(const char *row, const int16 *columns, int count, TupleDesc now,
							 StringInfo text);

/*
 * Writes the row as a JSON object of its columns with the numbers "used" (0: all), with texts for values, for people to
 * read; a text that is malformed as it is.
 */
extern void row_text_as_json(const char *row, const int16 *columns, int count, TupleDesc now,
							 const Bitmapset *used, StringInfo text);

/* Tells whether these are the numbers of the columns that the table has now. */
extern bool row_text_fits(const int16 *columns, int count, TupleDesc now);

#endif /* CDP_FOLLOW_ROW_TEXT_H */
