-- Other segments in a condition.
CREATE FUNCTION cdp.in_segment(name text) RETURNS boolean
	AS 'MODULE_PATHNAME', 'cdp_in_segment' LANGUAGE C STABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION cdp.in_segment(text) IS
	'In the condition of a segment: whether the person is in another segment, which the owner of the segment must be '
	'allowed to read. It can be combined by AND, OR, NOT and IS. The other segment is known by its number, and can be '
	'renamed, but not dropped. Elsewhere it is an error (0A000): use cdp.is_member().';

CREATE FUNCTION cdp_internal.in_segment(segment_id integer) RETURNS boolean
	AS 'MODULE_PATHNAME', 'cdp_in_segment' LANGUAGE C STABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION cdp_internal.in_segment(integer) IS
	'Internal: stands for cdp.in_segment() in the definition of a segment.';

CREATE FUNCTION cdp.members_in(name text) RETURNS bigint
	AS 'MODULE_PATHNAME', 'cdp_members_in' LANGUAGE C STABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION cdp.members_in(text) IS
	'In the condition of a segment of accounts, or the expression of a trait of accounts: how many people who belong '
	'to the account are in a segment of people, which the owner must be allowed to read; NULL if more than 1,000 '
	'belong to it. The segment is known by its number, and can be renamed, but not dropped. Elsewhere it is an error '
	'(0A000): join cdp.account_members with the view of the segment.';

CREATE FUNCTION cdp_internal.members_in(segment_id integer) RETURNS bigint
	AS 'MODULE_PATHNAME', 'cdp_members_in_number' LANGUAGE C STABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION cdp_internal.members_in(integer) IS
	'Internal: stands for cdp.members_in() in the definition of a segment or trait of accounts: the number of people '
	'of the account that is judged; NULL where no account is.';

CREATE FUNCTION cdp_internal.read_condition(condition text, owner oid DEFAULT NULL, is_trait boolean DEFAULT false,
	subject text DEFAULT 'person', OUT definition text, OUT depends_on integer[], OUT value_type text)
	LANGUAGE C STABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
	AS 'MODULE_PATHNAME', 'cdp_read_condition';
COMMENT ON FUNCTION cdp_internal.read_condition(text, oid, boolean, text) IS
	'Internal: checks a condition as cdp_internal.check_condition does, and returns it as the server understood it, '
	'with the numbers of the segments that it uses in place of their names; these; and its type.';

CREATE FUNCTION cdp_internal.level_above(segments integer[], number integer) RETURNS integer
	LANGUAGE plpgsql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	-- those that it uses, those that they use, and so on
	IF EXISTS (
		WITH RECURSIVE used (segment_id) AS (
			SELECT unnest(segments)
			UNION
			SELECT unnest(s.depends_on)
			FROM used u
			JOIN cdp_data.segment s ON s.segment_id = u.segment_id)
		SELECT FROM used u WHERE u.segment_id = number)
	THEN
		RAISE EXCEPTION '% would use itself', (
				SELECT format('%s "%s"', CASE s.kind WHEN 'trait' THEN 'computed trait' ELSE 'segment' END, s.name)
				FROM cdp_data.segment s WHERE s.segment_id = number)
			USING ERRCODE = 'invalid_recursion', DETAIL = format('It is used by %s.', (
				SELECT string_agg(format('"%s"', s.name), ', ' ORDER BY s.name)
				FROM cdp_data.segment s
				WHERE number = ANY (s.depends_on))),
				HINT = 'Write the condition of the other segment in its place.';
	END IF;
	-- bounded, as rows written by hand can form a circle
	RETURN coalesce((
		SELECT max(least(s.level, 999999)) + 1
		FROM cdp_data.segment s
		WHERE s.segment_id = ANY (segments)), 0);
END
$function$;
COMMENT ON FUNCTION cdp_internal.level_above(integer[], integer) IS
	'Internal: returns the level of a segment (number; NULL: it is new) that uses these; raises an error if one of '
	'them uses it.';

-- Levels of those that use a segment follow it.
CREATE FUNCTION cdp_internal.raise_levels() RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	-- no more often than a level can rise, whatever rows were written by hand
	FOR round IN 1 .. (SELECT count(*) FROM cdp_data.segment) LOOP
		UPDATE cdp_data.segment s
		SET level = cdp_internal.level_above(s.depends_on, NULL)
		WHERE s.level <> cdp_internal.level_above(s.depends_on, NULL);
		EXIT WHEN NOT FOUND;
	END LOOP;
END
$function$;
COMMENT ON FUNCTION cdp_internal.raise_levels() IS
	'Internal: sets the levels of all segments from what they use.';

CREATE FUNCTION cdp_internal.check_unused(number integer) RETURNS void
	LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	IF EXISTS (SELECT FROM cdp_data.segment s WHERE number = ANY (s.depends_on)) THEN
		RAISE EXCEPTION '% is used by other segments', (
				SELECT format('%s "%s"', CASE s.kind WHEN 'trait' THEN 'computed trait' ELSE 'segment' END, s.name)
				FROM cdp_data.segment s WHERE s.segment_id = number)
			USING ERRCODE = 'dependent_objects_still_exist', DETAIL = format('It is used by %s.', (
				SELECT string_agg(format('"%s"', s.name), ', ' ORDER BY s.name)
				FROM cdp_data.segment s
				WHERE number = ANY (s.depends_on))),
				HINT = 'Replace their conditions, or drop them first.';
	END IF;
END
$function$;
COMMENT ON FUNCTION cdp_internal.check_unused(integer) IS
	'Internal: raises an error, which names the users, if the condition of another segment uses this one.';

CREATE FUNCTION cdp_internal.rename_in_condition(condition text, name text, new_name text) RETURNS text
	AS 'MODULE_PATHNAME', 'cdp_rename_in_condition' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION cdp_internal.rename_in_condition(text, text, text) IS
	'Internal: returns the text of a condition with a segment''s new name where it named that segment.';

REVOKE ALL ON FUNCTION cdp.in_segment(text), cdp_internal.in_segment(integer), cdp.members_in(text),
	cdp_internal.members_in(integer),
	cdp_internal.rename_in_condition(text, text, text),
	cdp_internal.read_condition(text, oid, boolean, text), cdp_internal.level_above(integer[], integer),
	cdp_internal.raise_levels(), cdp_internal.check_unused(integer) FROM PUBLIC;
