-- The operators of cdp's types lie in schema cdp, and a condition is written without
-- "OPERATOR(cdp.->>)": so wherever a condition is analysed (here and in cdp.create_segment), cdp is on
-- the path; pg_catalog stands before it, and what else the caller has on the path does not
-- count, so that a condition means the same whoever creates it.  Functions of other schemas
-- are written with their schema.
CREATE FUNCTION cdp_internal.check_condition(condition text, owner oid DEFAULT NULL) RETURNS SETOF text
LANGUAGE c STABLE PARALLEL SAFE ROWS 3
SET search_path = pg_catalog, cdp, pg_temp
AS 'MODULE_PATHNAME', 'cdp_check_condition';
COMMENT ON FUNCTION cdp_internal.check_condition IS
'Internal: the parts that AND, OR and NOT combine, if the text is one boolean expression over the columns of '
'cdp.profile_row, without subqueries, aggregates, window, set-returning and volatile functions, parameters, other '
'segments, and functions that belong neither to the owner (the caller, if none is given) nor to a superuser; else an '
'error with the position in the text.';

CREATE FUNCTION cdp_internal.judge_expression(query text, person jsonb, owner oid) RETURNS void
	AS 'MODULE_PATHNAME', 'cdp_judge_expression' LANGUAGE C STABLE STRICT PARALLEL UNSAFE;
COMMENT ON FUNCTION cdp_internal.judge_expression(text, jsonb, oid) IS
'Internal: runs a query with the parameter $1 as a role that the caller can act as, in a security-restricted context, '
'for at most cdp.segment_timeout.';

-- What is wrong with the constants of a condition (within => '1 month') shows when it is evaluated; there
-- may be no person yet to evaluate it for, or a part may hide behind another one.
CREATE FUNCTION cdp_internal.try_condition(condition text, owner oid DEFAULT NULL) RETURNS void
LANGUAGE plpgsql STABLE PARALLEL UNSAFE
SET search_path = pg_catalog, cdp, pg_temp
AS $$
DECLARE
	made_up jsonb := jsonb_build_object('profile_id', 1, 'first_seen', now(), 'last_seen', now(), 'events', 1,
		'identifiers', '["user_id:made-up"]'::jsonb, 'traits', cdp.traits('{"name": "Made up"}', now(), 'made up')::text,
		'timeline', (SELECT cdp.timeline_agg(t.at, 'Made up') FROM (VALUES (now())) t (at))::text,
		'accounts', '["made up"]'::jsonb, 'account_traits', cdp.traits('{"name": "Made up"}', now(), 'made up')::text);
	judge oid := coalesce(owner, (SELECT r.oid FROM pg_roles r WHERE r.rolname = current_user));
	part text;
BEGIN
	FOR part IN SELECT c.part FROM cdp_internal.check_condition(condition, judge) AS c (part) LOOP
		PERFORM cdp_internal.judge_expression(
			format('SELECT %s FROM jsonb_populate_record(NULL::cdp.profile_row, $1) AS profile_row', part), made_up, judge);
	END LOOP;
END
$$;
COMMENT ON FUNCTION cdp_internal.try_condition IS
'Internal: checks a condition as cdp_internal.check_condition does, and evaluates each part of it for a person made up, so that errors in its constants show.';

REVOKE ALL ON FUNCTION cdp_internal.check_condition(text, oid), cdp_internal.judge_expression(text, jsonb, oid),
	cdp_internal.try_condition(text, oid) FROM PUBLIC;
