-- Checks of a segment's condition.
--
-- The operators of cdp's types lie in schema cdp, and a condition is written without OPERATOR(cdp.->>).  So
-- conditions are analysed (here and in cdp.create_segment) with cdp on the search path, behind pg_catalog.
-- The rest of the caller's search path is ignored, so that a condition means the same for every caller;
-- functions of other schemas need their schema.
CREATE FUNCTION cdp_internal.check_condition(condition text, owner oid DEFAULT NULL, is_trait boolean DEFAULT false,
	subject text DEFAULT 'person') RETURNS SETOF text
	LANGUAGE C STABLE PARALLEL SAFE ROWS 3
	SET search_path = pg_catalog, cdp, pg_temp
	AS 'MODULE_PATHNAME', 'cdp_check_condition';
COMMENT ON FUNCTION cdp_internal.check_condition(text, oid, boolean, text) IS
	'Internal: raises an error, with the position in the text, unless the text is a condition: one boolean expression '
	'(is_trait: one of a type that a computed trait can have) over the columns of cdp.profile_row, or of '
	'cdp.account_row for the subject account, '
	'without subqueries, aggregates, window, set-returning and volatile '
	'functions, parameters, other segments, and functions that belong neither to the owner (default: the caller) nor '
	'to a superuser. Returns the parts of the condition that AND, OR and NOT combine.';

CREATE FUNCTION cdp_internal.judge_expression(query text, person jsonb, owner oid) RETURNS void
	AS 'MODULE_PATHNAME', 'cdp_judge_expression' LANGUAGE C STABLE STRICT PARALLEL UNSAFE;
COMMENT ON FUNCTION cdp_internal.judge_expression(text, jsonb, oid) IS
	'Internal: runs a query with the parameter $1 as a role that the caller can act as, in a security-restricted '
	'context, for at most cdp.segment_timeout.';

-- Errors in the constants of a condition (within => '1 month') show only when it is evaluated.  There may be no
-- person yet to evaluate it for, or AND and OR may skip a part: so each part is evaluated for a sample person.
CREATE FUNCTION cdp_internal.try_condition(condition text, owner oid DEFAULT NULL, is_trait boolean DEFAULT false,
	subject text DEFAULT 'person') RETURNS void
	LANGUAGE plpgsql STABLE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	sample jsonb := jsonb_build_object('profile_id', 1, 'first_seen', now(), 'last_seen', now(), 'events', 1,
		'identifiers', '["user_id:sample"]'::jsonb, 'traits', cdp.traits('{"name": "Sample"}', now(), 'sample')::text,
		'timeline', (SELECT cdp.timeline_agg(t.at, 'Sample') FROM (VALUES (now())) t (at))::text,
		'accounts', '["sample"]'::jsonb, 'account_traits', cdp.traits('{"name": "Sample"}', now(), 'sample')::text,
		'account_id', 1, 'group_id', 'sample', 'members', 1);
	row_view text := CASE subject WHEN 'account' THEN 'account_row' ELSE 'profile_row' END;
	judge oid := coalesce(owner, (SELECT r.oid FROM pg_roles r WHERE r.rolname = current_user));
	part text;
BEGIN
	FOR part IN SELECT c.part FROM cdp_internal.check_condition(condition, judge, is_trait, subject) AS c (part) LOOP
		PERFORM cdp_internal.judge_expression(
			format('SELECT %s FROM jsonb_populate_record(NULL::cdp.%I, $1) AS %2$I', part, row_view), sample, judge);
	END LOOP;
END
$function$;
COMMENT ON FUNCTION cdp_internal.try_condition(text, oid, boolean, text) IS
	'Internal: checks a condition as cdp_internal.check_condition does, and evaluates each part of it for a sample '
	'person, so that errors in its constants show.';

REVOKE ALL ON FUNCTION cdp_internal.check_condition(text, oid, boolean, text),
	cdp_internal.judge_expression(text, jsonb, oid), cdp_internal.try_condition(text, oid, boolean, text) FROM PUBLIC;
