/*
 * components_column.c
 *		The columns of the query of cdp.components: which hold identifiers, and the
 *		bytes of their values.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

#include "toolkit/components/components_column.h"

/* Raise the error for a column whose type holds no identifiers. */
static void
refuse_type(Form_pg_attribute attribute)
{
	Oid type = getBaseType(attribute->atttypid);
	bool is_json = type == JSONOID || type == JSONBOID;

	ereport(
		ERROR,
		(errcode(ERRCODE_DATATYPE_MISMATCH),
		 errmsg("column \"%s\" of the query has type %s, which cannot hold identifiers",
				NameStr(attribute->attname), format_type_be(attribute->atttypid)),
		 errdetail(
			 "A column holds strings, numbers, UUIDs, network addresses or cdp.identifier, or an array of these."),
		 is_json
			 ? errhint("Take single values out of it with ->> and name them with AS.")
			 : errhint("Leave the column out, or cast it to text if it does identify people.")));
}

/*
 * Return whether values of a type identify anything.  Booleans, dates and the like do
 * not, and would join all profiles; documents do not before they are taken apart.
 */
static bool
holds_identifiers(Oid type)
{
	char category;
	bool preferred;

	if (type == JSONOID || type == JSONBOID || type == XMLOID || type == BYTEAOID)
		return false;
	get_type_category_preferred(type, &category, &preferred);
	switch (category)
	{
		case TYPCATEGORY_STRING:
		case TYPCATEGORY_NUMERIC:
		case TYPCATEGORY_ENUM:
		case TYPCATEGORY_NETWORK:
			return true;
		case TYPCATEGORY_USER:
			return get_typtype(type) == TYPTYPE_BASE;
		default:
			return false;
	}
}

/* Find the form of a type's values. */
static ColumnForm
form_of(Oid type)
{
	if (type == identifier_type_oid())
		return COLUMN_IDENTIFIER;
	if (type == TEXTOID || type == VARCHAROID || type == BPCHAROID)
		return COLUMN_TEXT;
	if (type == INT2OID || type == INT4OID || type == INT8OID)
		return COLUMN_INTEGER;
	if (type == NUMERICOID)
		return COLUMN_NUMERIC;
	return COLUMN_OUTPUT;
}

/* Take the column's name as the namespace of its values. */
static void
set_head(ComponentsColumn *column, Form_pg_attribute attribute)
{
	const char *name = NameStr(attribute->attname);
	size_t length = strlen(name);
	char *folded = (char *) column->head + CDPK_IDENTIFIER_HEADER;

	if (cdpk_namespace_fold(name, length, folded) != CDPK_OK)
		ereport(
			ERROR,
			(errcode(ERRCODE_INVALID_NAME),
			 errmsg("column \"%s\" of the query has no name that can be a namespace", name),
			 errdetail(
				 "A column's name is the namespace of its values: a letter, followed by letters, "
				 "digits, \"_\", \".\" or \"-\"."),
			 errhint("Name it with AS, as in SELECT lower(mail) AS email.")));
	column->head[0] = CDPK_IDENTIFIER_VERSION;
	column->head[1] = (uint8_t) length;
	column->head_length = CDPK_IDENTIFIER_HEADER + length;
}

static void
describe_column(ComponentsColumn *column, Form_pg_attribute attribute)
{
	Oid type = getBaseType(attribute->atttypid);
	Oid element = get_element_type(type);

	column->is_array = OidIsValid(element);
	if (column->is_array)
		type = getBaseType(element);
	if (!holds_identifiers(type))
		refuse_type(attribute);
	get_typlenbyvalalign(type, &column->length, &column->by_value, &column->align);
	column->form = form_of(type);
	if (column->form == COLUMN_OUTPUT)
	{
		Oid function;
		bool is_varlena;

		getTypeOutputInfo(type, &function, &is_varlena);
		fmgr_info(function, &column->output);
	}
	if (column->form != COLUMN_IDENTIFIER)
		set_head(column, attribute);
}

/* Allocate the columns in the current context. */
ComponentsColumn *
components_columns(TupleDesc result)
{
	ComponentsColumn *columns = palloc0(sizeof(ComponentsColumn) * Max(result->natts, 1));

	if (result->natts == 0)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("query returns no column"),
						errhint("Select the columns that hold identifiers.")));
	for (int i = 0; i < result->natts; i++)
		describe_column(&columns[i], TupleDescAttr(result, i));
	return columns;
}

/* Write integers itself: the output function's copy would cost more than they do. */
const char *
components_value(ComponentsColumn *column, Datum value, char *buffer, size_t *length)
{
	switch (column->form)
	{
		case COLUMN_INTEGER:
			if (column->length == sizeof(int64))
				*length = pg_lltoa(DatumGetInt64(value), buffer);
			else
				*length = pg_ltoa(column->length == sizeof(int32) ? DatumGetInt32(value)
																  : DatumGetInt16(value),
								  buffer);
			return buffer;
		case COLUMN_NUMERIC:
			buffer = identifier_number(DatumGetNumeric(value));
			*length = strlen(buffer);
			return buffer;
		case COLUMN_OUTPUT:
			buffer = OutputFunctionCall(&column->output, value);
			*length = strlen(buffer);
			return buffer;
		default:
			return components_bytes(value, length);
	}
}
