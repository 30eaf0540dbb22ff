-- Making lists and reading them at once: batches of their own.

CREATE FUNCTION cdp.create_segment_from_query(name text, query text, every interval DEFAULT '1 hour',
	description text DEFAULT NULL, replace boolean DEFAULT false) RETURNS bigint
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	number integer;
BEGIN
	PERFORM cdp_internal.check_tables();
	PERFORM cdp_internal.check_segment_name(create_segment_from_query.name, 'a list');
	IF every < interval '1 second' THEN
		RAISE EXCEPTION 'a list cannot be read every %', every USING ERRCODE = 'invalid_parameter_value',
			HINT = 'Give at least a second; NULL: it is read only by cdp.read_list().';
	END IF;
	PERFORM cdp_data.begin_definition();
	number := cdp_internal.define_list(create_segment_from_query.name, create_segment_from_query.query, every,
		create_segment_from_query.description, create_segment_from_query.replace);
	PERFORM cdp_data.end_definition(NULL, NULL);
	RETURN cdp_internal.report_definition(number);
END
$function$;
COMMENT ON FUNCTION cdp.create_segment_from_query(text, text, interval, text, boolean) IS
$comment$Creates a list: a segment of the people who have an identifier that a query returns. The query is one SELECT of
one column, of identifiers or text (namespace:value); names are written with their schema. It is read now and then again
by the first refresh after each "every" (NULL: only by cdp.read_list()), as the owner of the view cdp_condition.<name>,
who is the caller, in a security-restricted read-only context, for at most cdp.segment_timeout for each 100,000 people;
functions outside pg_catalog and cdp must belong to that owner or to a superuser. A query that reads memberships fails
when people must be judged for it: use cdp.in_segment() in the condition of another segment.
Identifiers stay in between, and are followed: who gets one of them, by an event or a merge, enters with that cause,
and who comes or goes because the query returns others does with the cause list. Rows that are no identifiers are left
out: cdp.list has their number. If the query fails, the list is failing, and its members stay, until it is read without
error. Otherwise a list is as the segments of cdp.create_segment(): for members, views, conditions, consumers,
hold-outs, and cdp.drop_segment(). Returns the number of members, as cdp.create_segment() does. replace => true replaces
query, interval and description. READ COMMITTED only. Errors: invalid_name, invalid_parameter_value, syntax_error,
datatype_mismatch, insufficient_privilege, duplicate_object, and the error of the query.$comment$;

CREATE FUNCTION cdp.read_list(name text) RETURNS bigint
	LANGUAGE plpgsql VOLATILE STRICT PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	number integer;
BEGIN
	PERFORM cdp_internal.check_tables();
	PERFORM cdp_data.begin_definition();
	UPDATE cdp_data.list l SET next_read_at = '-infinity'
	FROM cdp_data.segment s
	WHERE s.name = read_list.name AND s.segment_id = l.segment_id
	RETURNING l.segment_id INTO number;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'list "%" does not exist', name USING ERRCODE = 'undefined_object',
			HINT = 'cdp.segment lists the segments; those of kind list are lists.';
	END IF;
	PERFORM cdp_data.end_definition(NULL, NULL);
	RETURN (SELECT s.members FROM cdp_data.segment s WHERE s.segment_id = number AND s.built_until IS NULL);
END
$function$;
COMMENT ON FUNCTION cdp.read_list(text) IS
	'Reads a list now, whatever its interval, for stewards. Returns the number of members; NULL while it is being '
	'built. If its query fails, cdp.segment says so. READ COMMITTED only. Errors: undefined_object.';

REVOKE ALL ON FUNCTION cdp.create_segment_from_query(text, text, interval, text, boolean), cdp.read_list(text)
	FROM PUBLIC;
