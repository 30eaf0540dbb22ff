/*
 * expression.c
 *		A text that must be one SQL expression, as a condition or a mapping has it.
 */
#include "postgres.h"

#include "nodes/nodeFuncs.h"
#include "parser/parser.h"

#include "platform/segment/expression.h"

void
expression_error_position(void *arg)
{
	const ExpressionSource *source = arg;
	int position = geterrposition();

	if (position > 0)
	{
		errposition(0);
		internalerrposition(Max(position - source->prefix_length, 1));
		internalerrquery(source->text);
	}
}

/* Parses a text as PL/pgSQL parses an expression; accepts everything that can follow SELECT. */
static SelectStmt *
parse_select(const char *text)
{
	return (SelectStmt *) linitial_node(RawStmt, raw_parser(text, RAW_PARSE_PLPGSQL_EXPR))->stmt;
}

/* Raises the error for a clause of SELECT that an expression cannot have. */
static void
refuse_clause(ParseState *pstate, const ExpressionSource *source, const char *clause, Node *node)
{
	ereport(ERROR,
			(errcode(ERRCODE_SYNTAX_ERROR), errmsg("%s cannot have %s", source->subject, clause),
			 errdetail("%s", source->detail), parser_errposition(pstate, exprLocation(node))));
}

/* Refuses all clauses of SELECT but the list of expressions. */
static void
check_clauses(ParseState *pstate, const ExpressionSource *source, const SelectStmt *select)
{
	const struct
	{
		const char *name;
		void *node;
	} clauses[] = {
		{"DISTINCT", select->distinctClause},       {"a FROM clause", select->fromClause},
		{"a WHERE clause", select->whereClause},    {"a GROUP BY clause", select->groupClause},
		{"a HAVING clause", select->havingClause},  {"a WINDOW clause", select->windowClause},
		{"an ORDER BY clause", select->sortClause}, {"a LIMIT clause", select->limitCount},
		{"an OFFSET clause", select->limitOffset},  {"a locking clause", select->lockingClause},
	};

	for (int i = 0; i < lengthof(clauses); i++)
	{
		if (clauses[i].node)
			refuse_clause(pstate, source, clauses[i].name, clauses[i].node);
	}
}

Node *
expression_parse(ParseState *pstate, ExpressionSource *source)
{
	SelectStmt *select = parse_select(source->text);
	ResTarget *target;

	check_clauses(pstate, source, select);
	if (select->targetList == NIL)
		ereport(ERROR,
				(errcode(ERRCODE_SYNTAX_ERROR), errmsg("%s cannot be empty", source->subject),
				 errhint("%s", source->empty_hint)));
	if (list_length(select->targetList) > 1)
		ereport(ERROR, (errcode(ERRCODE_SYNTAX_ERROR),
						errmsg("%s must be one expression, not %d", source->subject,
							   list_length(select->targetList)),
						errhint("%s", source->list_hint),
						parser_errposition(pstate, exprLocation(lsecond(select->targetList)))));
	target = linitial_node(ResTarget, select->targetList);
	if (target->name)
		ereport(ERROR,
				(errcode(ERRCODE_SYNTAX_ERROR),
				 errmsg("unexpected \"%s\" behind the expression", target->name),
				 errhint("%s", source->rest_hint), parser_errposition(pstate, target->location)));

	/*
	 * Parse it again in parentheses, as a query has it.  That refuses what may follow SELECT
	 * without being an expression, and is not visible in the parse tree or cannot be analysed
	 * ("ALL true", "*").
	 */
	source->prefix_length = 1;
	parse_select(psprintf("(%s\n)", source->text));
	source->prefix_length = 0;
	return target->val;
}
