/*
 * components.h
 *		The parts of cdp.components: the columns of the caller's query, and the
 *		collector that turns its rows into a partition of identifiers.
 */
#ifndef CDP_IDENTITY_COMPONENTS_H
#define CDP_IDENTITY_COMPONENTS_H

#include "access/detoast.h"
#include "access/tupdesc.h"
#include "fmgr.h"
#include "tcop/dest.h"

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

/* Describes the columns of a query's result; raises an error for one that holds no identifiers. */
extern ComponentsColumn *components_columns(TupleDesc result);

/* The bytes of a varlena, in place unless it is compressed or lies elsewhere. */
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

/* A receiver of rows whose values become identifiers, those of one row joined. */
typedef struct ComponentsCollector ComponentsCollector;

/* All of a collector's memory lies in one context below the current one. */
extern ComponentsCollector *components_collector(void);
extern DestReceiver *components_receiver(ComponentsCollector *collector);

/* After the last row: how many distinct identifiers there are. */
extern uint32 components_count(ComponentsCollector *collector);

/* Numbers the components from 0 on, labels[n] for identifier n; returns how many there are. */
extern uint32 components_labels(ComponentsCollector *collector, uint32 *labels);

/* One identifier after the other, in the order of their numbers: begin with position 0. */
typedef struct ComponentsIdentifier
{
	uint64_t position;
	uint32 number;
	union
	{
		Identifier varlena;
		char bytes[VARHDRSZ + CDPK_IDENTIFIER_PAYLOAD_MAX];
	};
} ComponentsIdentifier;

extern bool components_next(ComponentsCollector *collector, ComponentsIdentifier *identifier);

/* Ends the collecting: what only it needed is given back. */
extern void components_seal(ComponentsCollector *collector);

/* Gives all memory back. */
extern void components_free(ComponentsCollector *collector);

#endif /* CDP_IDENTITY_COMPONENTS_H */
