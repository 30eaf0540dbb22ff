/*
 * definition.c
 *		The definition of a segment: the view cdp_condition.<name>, whose column "holds" is the condition.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/relation.h"
#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "parser/parsetree.h"
#include "rewrite/rewriteHandler.h"
#include "rewrite/rewriteSupport.h"
#include "rewrite/rewriteManip.h"
#include "storage/lmgr.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"

#include "platform/segment/definition.h"
#include "platform/segment/function_owner.h"

/* the second column of the definition of a computed trait */
#define VALUE_COLUMN "value"

/* view_of returns the view of this name in a schema; InvalidOid: none. */
static Oid
view_of(const char *schema, const char *name)
{
	Oid name_space = get_namespace_oid(schema, true);

	/* a longer name would be truncated to that of another view */
	return strlen(name) < NAMEDATALEN && OidIsValid(name_space)
			   ? get_relname_relid(name, name_space)
			   : InvalidOid;
}

bool
definition_is_readable(const char *name, Oid role)
{
	Oid view = view_of(SEGMENT_SCHEMA, name);
	bool is_missing = false;

	return OidIsValid(view) &&
		   pg_class_aclcheck_ext(view, role, ACL_SELECT, &is_missing) == ACLCHECK_OK;
}

/* raise_missing raises the error for a segment without a definition. */
static void
raise_missing(const char *name)
{
	ereport(
		ERROR,
		(errcode(ERRCODE_UNDEFINED_OBJECT), errmsg("segment \"%s\" does not exist", name),
		 errdetail("There is no view of this name in each of the schemas %s and %s.",
				   DEFINITION_SCHEMA, SEGMENT_SCHEMA),
		 errhint("cdp.segment lists the segments. If only a view was dropped, create the segment "
				 "again with replace => true, or drop it with cdp.drop_segment.")));
}

/*
 * lock_view locks the view of a definition; returns it, or InvalidOid.  By its number, as a reader of segments
 * has no right to the schema.
 */
static Oid
lock_view(const char *name, bool wait)
{
	Oid view;

	while (OidIsValid(view = view_of(DEFINITION_SCHEMA, name)))
	{
		if (wait)
			LockRelationOid(view, AccessShareLock);
		else if (!ConditionalLockRelationOid(view, AccessShareLock))
			return InvalidOid;
		/* it may have been dropped before it was locked */
		if (view_of(DEFINITION_SCHEMA, name) == view)
			return view;
		UnlockRelationOid(view, AccessShareLock);
	}
	return InvalidOid;
}

/* find_type finds the subject, the type of the second column, and whether it is that of a computed trait. */
static void
find_type(Segment *segment)
{
	char *key = get_attname(segment->view, 1, true);
	char *column = get_attname(segment->view, 2, true);

	segment->subject = key != NULL && strcmp(key, subjects[SUBJECT_ACCOUNT].key) == 0
						   ? SUBJECT_ACCOUNT
						   : SUBJECT_PERSON;
	segment->is_trait = column != NULL && strcmp(column, VALUE_COLUMN) == 0;
	segment->type = column != NULL ? get_atttype(segment->view, 2) : InvalidOid;
}

bool
definition_find(const char *name, int flags, Segment *segment)
{
	bool is_required = (flags & DEFINITION_REQUIRED) != 0;
	Oid view = InvalidOid;
	HeapTuple tuple;

	/* no lock on what the caller may not read */
	if ((flags & DEFINITION_UNLOCKED) != 0)
		view = view_of(DEFINITION_SCHEMA, name);
	else if (definition_is_readable(name, GetUserId()))
		view = lock_view(name, (flags & DEFINITION_NOWAIT) == 0);
	else if (is_required && OidIsValid(view_of(SEGMENT_SCHEMA, name)))
		aclcheck_error(ACLCHECK_NO_PRIV, OBJECT_VIEW, name);
	tuple = OidIsValid(view) ? SearchSysCache1(RELOID, ObjectIdGetDatum(view)) : NULL;
	if (!HeapTupleIsValid(tuple))
	{
		if (is_required)
			raise_missing(name);
		return false;
	}
	namestrcpy(&segment->name, name);
	segment->view = view;
	segment->owner = ((Form_pg_class) GETSTRUCT(tuple))->relowner;
	find_type(segment);
	ReleaseSysCache(tuple);
	return true;
}

void
definition_check_subject(const Segment *segment, SubjectKind subject)
{
	const char *name = NameStr(segment->name);
	const char *what = segment->is_trait ? "computed trait" : "segment";

	if (segment->subject == SUBJECT_ACCOUNT && subject != SUBJECT_ACCOUNT)
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("%s \"%s\" is one of accounts, not of people", what, name),
				 errhint("The view cdp_segment.%s has its accounts.", quote_identifier(name))));
	if (segment->subject != SUBJECT_ACCOUNT && subject == SUBJECT_ACCOUNT)
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("%s \"%s\" is one of people, not of accounts", what, name),
				 errhint("The view cdp_segment.%s has its people.", quote_identifier(name))));
}

bool
definition_is_newer(const Segment *segment, Snapshot snapshot)
{
	HeapTuple rule = SearchSysCache2(RULERELNAME, ObjectIdGetDatum(segment->view),
									 CStringGetDatum(ViewSelectRuleName));
	TransactionId made;

	if (!HeapTupleIsValid(rule))
		return false;
	made = HeapTupleHeaderGetXmin(rule->t_data);
	ReleaseSysCache(rule);
	return TransactionIdIsNormal(made) && !TransactionIdIsCurrentTransactionId(made) &&
		   XidInMVCCSnapshot(made, snapshot);
}

bool
definition_is_list(const Segment *segment)
{
	return get_attname(segment->view, 2, true) == NULL;
}

bool
definition_exists(const char *name)
{
	return OidIsValid(view_of(DEFINITION_SCHEMA, name));
}

void
definition_release(const Segment *segment)
{
	UnlockRelationOid(segment->view, AccessShareLock);
}

/* is_column tells whether a column has this name and type. */
static bool
is_column(TupleDesc row, int place, const char *name, Oid type)
{
	Form_pg_attribute column = TupleDescAttr(row, place);

	return strcmp(NameStr(column->attname), name) == 0 && getBaseType(column->atttypid) == type;
}

/* only_table returns the place of the only relation in FROM of a query without other clauses; 0: it is another. */
static int
only_table(const Query *query)
{
	const FromExpr *from = query->jointree;

	if (query->hasAggs || query->hasWindowFuncs || query->hasTargetSRFs || query->hasSubLinks ||
		query->groupClause != NIL || query->groupingSets != NIL || query->distinctClause != NIL ||
		query->havingQual != NULL || query->limitCount != NULL || query->limitOffset != NULL ||
		query->setOperations != NULL || query->cteList != NIL || from->quals != NULL ||
		list_length(from->fromlist) != 1 || !IsA(linitial(from->fromlist), RangeTblRef))
		return 0;
	return linitial_node(RangeTblRef, from->fromlist)->rtindex;
}

/* row_view_of returns the place of the subject's view in the query of a definition; 0: it is no definition. */
static int
row_view_of(const Segment *segment, Relation view, const Query *query)
{
	const Subject *subject = &subjects[segment->subject];
	TupleDesc row = RelationGetDescr(view);
	int place = only_table(query);

	if (place == 0 || row->natts != 2 || !is_column(row, 0, subject->key, INT8OID) ||
		!(segment->is_trait || is_column(row, 1, "holds", BOOLOID)) ||
		rt_fetch(place, query->rtable)->relid != view_of("cdp", subject->row_view))
		return 0;
	return place;
}

Node *
definition_condition(const Segment *segment, Oid *row_view)
{
	Relation view = relation_open(segment->view, NoLock);
	Query *query = view->rd_rel->relkind == RELKIND_VIEW ? get_view_query(view) : NULL;
	int place = query != NULL ? row_view_of(segment, view, query) : 0;
	Node *condition;

	if (place == 0)
		ereport(
			ERROR,
			(errcode(ERRCODE_WRONG_OBJECT_TYPE),
			 errmsg("\"%s.%s\" is not the definition of a segment", DEFINITION_SCHEMA,
					NameStr(segment->name)),
			 errdetail(
				 "It is a view of cdp.%s with the columns %s and holds (of a computed trait: value).",
				 subjects[segment->subject].row_view, subjects[segment->subject].key),
			 errhint("Create the segment again with cdp.create_segment.")));
	check_function_owners((Node *) query, segment->owner);
	*row_view = rt_fetch(place, query->rtable)->relid;
	condition = copyObject((Node *) lsecond_node(TargetEntry, query->targetList)->expr);
	ChangeVarNodes(condition, place, 1, 0);
	relation_close(view, NoLock);
	return condition;
}
