/*
 * components_column.h
 *		The columns of the query of cdp.components: which hold identifiers, and the
 *		bytes of their values.
 */
#ifndef CDP_COMPONENTS_COLUMN_H
#define CDP_COMPONENTS_COLUMN_H

#include "access/detoast.h"
#include "access/tupdesc.h"
#include "fmgr.h"

#include "toolkit/identifier/identifier.h"

/* how a value of a column becomes bytes */
typedef enum ColumnForm
{
	COLUMN_IDENTIFIER, /* cdp.identifier: a payload already */
	COLUMN_TEXT,       /* text, varchar, char */
	COLUMN_INTEGER,    /* smallint, integer, bigint */
	COLUMN_NUMERIC,    /* numeric: as identifier_number writes it */
	COLUMN_OUTPUT      /* any other: by its output function */
} ColumnForm;

typedef struct ComponentsColumn
{
	ColumnForm form;
	FmgrInfo output; /* of COLUMN_OUTPUT */
	/* of the column's type, or of the elements where it is an array */
	bool is_array;
	int16 length;
	bool by_value;
	char align;
	/* how a payload of the column's namespace begins: version, length, namespace */
	size_t head_length;
	uint8_t head[CDPK_IDENTIFIER_HEADER + CDPK_NAMESPACE_MAX];
	uint32 space; /* the collector's number for it */
} ComponentsColumn;

/* Describe the columns of a query's result; raises an error for one that holds no identifiers. */
extern ComponentsColumn *components_columns(TupleDesc result);

/* Return the bytes of a varlena, in place unless it is compressed or lies elsewhere. */
static inline const char *
components_bytes(Datum value, size_t *length)
{
	struct varlena *bytes = (struct varlena *) DatumGetPointer(value);

	if (VARATT_IS_COMPRESSED(bytes) || VARATT_IS_EXTERNAL(bytes))
		bytes = detoast_attr(bytes);
	*length = VARSIZE_ANY_EXHDR(bytes);
	return VARDATA_ANY(bytes);
}

/*
 * The bytes of one value, and how many: a payload for COLUMN_IDENTIFIER, else
 * text.  They lie in the value itself, in the buffer, or in the current context.
 */
#define COMPONENTS_NUMBER_MAX 24
extern const char *components_value(ComponentsColumn *column, Datum value, char *buffer,
									size_t *length);

#endif /* CDP_COMPONENTS_COLUMN_H */
