-- Making and dropping consumers of the feed.

CREATE FUNCTION cdp_internal.segment_numbers(names text[], is_trait boolean) RETURNS integer[]
	LANGUAGE plpgsql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	kind text := CASE WHEN is_trait THEN 'computed trait' ELSE 'segment' END;
	list text := 'cdp.segment lists the segments and computed traits.';
	missing text;
	found_ids integer[];
BEGIN
	IF array_position(names, NULL) IS NOT NULL THEN
		RAISE EXCEPTION 'the name of a % is NULL', kind USING ERRCODE = 'invalid_parameter_value', HINT = list;
	END IF;
	missing := (SELECT min(n.name) FROM unnest(names) AS n (name)
				WHERE NOT EXISTS (SELECT FROM cdp_data.segment s WHERE s.name = n.name));
	IF missing IS NOT NULL THEN
		RAISE EXCEPTION '% "%" does not exist', kind, missing USING ERRCODE = 'undefined_object', HINT = list;
	END IF;
	missing := (SELECT min(s.name) FROM cdp_data.segment s
				WHERE s.name = ANY (names) AND (s.value_type IS NOT NULL) <> is_trait);
	IF missing IS NOT NULL AND is_trait THEN
		RAISE EXCEPTION '"%" is a segment, not a computed trait', missing USING ERRCODE = 'wrong_object_type',
			HINT = list;
	ELSIF missing IS NOT NULL THEN
		RAISE EXCEPTION '"%" is a computed trait, not a segment', missing USING ERRCODE = 'wrong_object_type',
			HINT = list;
	END IF;
	found_ids := ARRAY(SELECT s.segment_id FROM cdp_data.segment s WHERE s.name = ANY (names) ORDER BY s.name);
	PERFORM cdp_internal.check_readable(found_ids);
	RETURN found_ids;
END
$function$;
COMMENT ON FUNCTION cdp_internal.segment_numbers(text[], boolean) IS
	'Internal: returns the numbers of these segments, or computed traits; raises an error if one does not exist or the '
	'current role may not read its view.';

CREATE FUNCTION cdp_internal.check_readable(segments integer[]) RETURNS void
	LANGUAGE plpgsql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	missing record;
BEGIN
	SELECT u.segment_id, s.name INTO missing
	FROM unnest(segments) AS u (segment_id)
	LEFT JOIN cdp_data.segment s ON s.segment_id = u.segment_id
	WHERE NOT EXISTS (SELECT FROM cdp_data.readable_segment r WHERE r.segment_id = u.segment_id)
	ORDER BY s.name LIMIT 1;
	IF FOUND AND missing.name IS NULL THEN
		RAISE EXCEPTION 'a segment of the consumer, number %, does not exist any more', missing.segment_id
			USING ERRCODE = 'undefined_object',
			HINT = 'Make the consumer again without it: cdp.create_consumer(…, replace => true).';
	ELSIF FOUND THEN
		RAISE EXCEPTION 'permission denied for segment "%"', missing.name USING ERRCODE = 'insufficient_privilege',
			DETAIL = format('The current role may not read the view cdp_segment.%I.', missing.name);
	END IF;
END
$function$;
COMMENT ON FUNCTION cdp_internal.check_readable(integer[]) IS
	'Internal: raises an error unless the current role may read the views of all these segments.';

CREATE FUNCTION cdp_internal.take_snapshot(consumer_id integer, segments integer[]) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	last bigint;
	number bigint;
BEGIN
	-- in one statement, so that memberships and the number of the last change are of one instant
	WITH taken AS (
		INSERT INTO cdp_data.own_consumer_snapshot AS n (consumer_id, number, profile_id, segment_id, since, value,
			group_id)
		SELECT take_snapshot.consumer_id,
			row_number() OVER (ORDER BY m.profile_id, m.segment_id) - count(*) OVER () - 1,
			m.profile_id, m.segment_id, m.since, m.value, m.group_id
		FROM cdp_data.readable_membership m
		WHERE m.segment_id = ANY (segments)
		RETURNING 1)
	SELECT s.change_id, (SELECT count(*) FROM taken) INTO STRICT last, number FROM cdp_data.state s;
	UPDATE cdp_data.own_consumer AS c SET position = -number - 1, snapshot_change_id = last
	WHERE c.consumer_id = take_snapshot.consumer_id;
END
$function$;
COMMENT ON FUNCTION cdp_internal.take_snapshot(integer, integer[]) IS
	'Internal: stores who is in these segments, and the values of these computed traits, as the snapshot of a '
	'consumer, and sets it to its beginning.';

CREATE FUNCTION cdp_internal.forget_consumer(consumer_id integer) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	DELETE FROM cdp_data.own_consumer_waiting w WHERE w.consumer_id = forget_consumer.consumer_id;
	DELETE FROM cdp_data.own_consumer_snapshot n WHERE n.consumer_id = forget_consumer.consumer_id;
	DELETE FROM cdp_data.own_consumer c WHERE c.consumer_id = forget_consumer.consumer_id;
END
$function$;
COMMENT ON FUNCTION cdp_internal.forget_consumer(integer) IS 'Internal: deletes a consumer and all that is its.';

CREATE FUNCTION cdp.create_consumer(name text, segments text[] DEFAULT '{}', start text DEFAULT 'now',
	replace boolean DEFAULT false, traits text[] DEFAULT '{}') RETURNS bigint
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
#variable_conflict use_column
DECLARE
	replaced integer;
	owner name := current_user;
	ids integer[];
	made integer;
BEGIN
	PERFORM cdp_internal.check_tables();
	IF coalesce(create_consumer.name, '') !~ '^[a-z][a-z0-9_]{0,62}$' THEN
		RAISE EXCEPTION '"%" cannot be the name of a consumer', coalesce(create_consumer.name, '')
			USING ERRCODE = 'invalid_name',
			HINT = 'A name is a lower-case letter followed by up to 62 lower-case letters, digits or underscores.';
	ELSIF create_consumer.start IS NULL OR create_consumer.start NOT IN ('now', 'snapshot') THEN
		RAISE EXCEPTION 'a consumer cannot start from "%"', create_consumer.start
			USING ERRCODE = 'invalid_parameter_value', HINT = 'It starts from now or snapshot.';
	ELSIF create_consumer.traits <> '{}' AND NOT cdp_internal.sees_all('cdp_data.profile') THEN
		-- nothing would tell of values when someone may be used again
		RAISE EXCEPTION 'a role that does not see all people cannot have a consumer of computed traits'
			USING ERRCODE = 'insufficient_privilege', HINT = 'Read cdp.trait_values(), or leave traits out.';
	END IF;
	ids := cdp_internal.segment_numbers(create_consumer.segments, false)
		|| cdp_internal.segment_numbers(create_consumer.traits, true);
	IF ids = '{}' THEN
		RAISE EXCEPTION 'a consumer needs the names of segments or computed traits'
			USING ERRCODE = 'invalid_parameter_value', HINT = 'cdp.segment lists the segments.';
	END IF;
	IF create_consumer.replace THEN
		SELECT c.consumer_id, c.role INTO replaced, owner FROM cdp_data.own_consumer c
		WHERE c.name = create_consumer.name FOR UPDATE;
		PERFORM cdp_internal.forget_consumer(replaced);
		owner := coalesce(owner, current_user);
	END IF;
	BEGIN
		INSERT INTO cdp_data.own_consumer AS c (name, role, segments, position, snapshot_change_id)
		SELECT create_consumer.name, owner, ids, s.change_id, s.change_id
		FROM cdp_data.state s
		RETURNING c.consumer_id INTO STRICT made;
	EXCEPTION WHEN unique_violation THEN
		RAISE EXCEPTION 'consumer "%" already exists', create_consumer.name USING ERRCODE = 'duplicate_object',
			HINT = 'Replace one of your own with replace => true, or drop it with cdp.drop_consumer.';
	END;
	IF create_consumer.start = 'snapshot' THEN
		PERFORM cdp_internal.take_snapshot(made, ids);
	END IF;
	RETURN (SELECT c.snapshot_change_id FROM cdp_data.own_consumer c WHERE c.consumer_id = made);
END
$function$;
COMMENT ON FUNCTION cdp.create_consumer(text, text[], text, boolean, text[]) IS
$comment$Makes a consumer of the feed, which reads the changes of some segments, and of some computed traits, with
cdp.next_changes() and acknowledges them. It belongs to the current role; members of that role use it too. Each who
reads it must be allowed to read the views of its segments and traits, also later.
start: now: it reads the changes that are recorded from now on; snapshot: before them it reads who is in the segments,
and the values of the traits, as last judged, in the order of profile_id. A snapshot is stored until it is acknowledged,
a row for each member and value.
replace => true replaces a consumer, which then forgets all that it had not acknowledged, and keeps its owner; end what
reads it first, as the numbers of snapshots repeat. Returns the last
change_id before those that it reads.
Changes stay in the feed as long as cdp.set_change_retention() says, acknowledged or not. cdp.consumer shows how far
each consumer is behind. Drop one that is no longer read with cdp.drop_consumer().
Errors: invalid_name; invalid_parameter_value; undefined_object, wrong_object_type, insufficient_privilege: of a
segment or trait; duplicate_object.$comment$;

CREATE FUNCTION cdp.drop_consumer(name text) RETURNS void
	LANGUAGE plpgsql VOLATILE STRICT PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	PERFORM cdp_internal.check_tables();
	PERFORM cdp_internal.forget_consumer((cdp_internal.lock_consumer(drop_consumer.name)).consumer_id);
END
$function$;
COMMENT ON FUNCTION cdp.drop_consumer(text) IS
	'Drops a consumer of the feed: its owner, members of that role, and stewards can. Errors: undefined_object, also '
	'for one of another role.';

CREATE FUNCTION cdp_internal.raise_no_consumer(name text) RETURNS void
	LANGUAGE plpgsql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	RAISE EXCEPTION 'consumer "%" does not exist, or belongs to another role', name
		USING ERRCODE = 'undefined_object', HINT = 'cdp.consumer lists those of your roles.';
END
$function$;
COMMENT ON FUNCTION cdp_internal.raise_no_consumer(text) IS
	'Internal: raises the error for a consumer that the current role does not have.';

CREATE TYPE cdp_internal.consumer_row AS (
	consumer_id integer, segments integer[], "position" bigint, snapshot_change_id bigint, held_until bigint);
COMMENT ON TYPE cdp_internal.consumer_row IS 'Internal: what the functions of a consumer need of it.';

CREATE FUNCTION cdp_internal.lock_consumer(name text) RETURNS cdp_internal.consumer_row
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	found_row cdp_internal.consumer_row;
BEGIN
	SELECT c.consumer_id, c.segments, c.position, c.snapshot_change_id, c.held_until INTO found_row
	FROM cdp_data.own_consumer c WHERE c.name = lock_consumer.name FOR UPDATE;
	IF NOT FOUND THEN
		PERFORM cdp_internal.raise_no_consumer(name);
	END IF;
	RETURN found_row;
END
$function$;
COMMENT ON FUNCTION cdp_internal.lock_consumer(text) IS
	'Internal: locks a consumer of the current role until the transaction ends, and returns it; one that does not '
	'exist is an error.';

-- Like views that use it, a consumer keeps a segment from being dropped: what it stands for elsewhere would never be
-- told of.
CREATE FUNCTION cdp_internal.check_unconsumed(segment_id integer) RETURNS void
	LANGUAGE plpgsql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	names text;
BEGIN
	SELECT string_agg(c.name, ', ' ORDER BY c.name) INTO names
	FROM cdp_data.segment_consumer c
	WHERE c.segment_id = check_unconsumed.segment_id;
	IF names IS NOT NULL THEN
		RAISE EXCEPTION 'consumers of the feed read this segment or computed trait'
			USING ERRCODE = 'dependent_objects_still_exist',
			DETAIL = format('Consumers: %s.', names),
			HINT = 'Drop them with cdp.drop_consumer, or make them again without it.';
	END IF;
END
$function$;
COMMENT ON FUNCTION cdp_internal.check_unconsumed(integer) IS
	'Internal: raises an error if a consumer reads this segment or computed trait.';

REVOKE ALL ON FUNCTION cdp_internal.segment_numbers(text[], boolean), cdp_internal.check_readable(integer[]),
	cdp_internal.take_snapshot(integer, integer[]), cdp_internal.forget_consumer(integer),
	cdp.create_consumer(text, text[], text, boolean, text[]), cdp.drop_consumer(text),
	cdp_internal.raise_no_consumer(text), cdp_internal.lock_consumer(text), cdp_internal.check_unconsumed(integer)
	FROM PUBLIC;
