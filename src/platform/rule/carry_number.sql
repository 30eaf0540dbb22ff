-- Which numbers timelines carry.  A change acts on all history: it is a batch of its own.

CREATE FUNCTION cdp_internal.read_path(event text, property text, name text) RETURNS text[]
	LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	path text[] := ARRAY(
		SELECT replace(k.key, '\.', '.')
		FROM regexp_split_to_table(property, '(?<!\\)\.') WITH ORDINALITY AS k (key, place)
		ORDER BY k.place);
BEGIN
	IF coalesce(event, '') = '' THEN
		RAISE EXCEPTION 'event must not be empty'
			USING ERRCODE = 'invalid_parameter_value', HINT = '* stands for all events.';
	END IF;
	IF path = '{}' OR '' = ANY (path) THEN
		RAISE EXCEPTION 'property "%" is invalid', property
			USING ERRCODE = 'invalid_parameter_value',
				DETAIL = 'A property is a key, or a path of keys and array indexes separated by dots.',
				HINT = 'Write a dot in a key as \. (backslash, dot).';
	END IF;
	IF name = '' OR octet_length(coalesce(name, property)) > 255 THEN
		RAISE EXCEPTION 'name "%" is invalid', left(coalesce(name, property), 64)
			USING ERRCODE = 'invalid_parameter_value', DETAIL = 'The name of a number has 1 to 255 bytes.';
	END IF;
	RETURN path;
END
$function$;
COMMENT ON FUNCTION cdp_internal.read_path(text, text, text) IS
	'Internal: checks the arguments of cdp.carry_number() and returns the path of the property.';

CREATE FUNCTION cdp_internal.numbers_changed(was jsonb) RETURNS bigint
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	crowded text := (
		SELECT e.key
		FROM jsonb_each(cdp_internal.carried_rules()) e
		WHERE (SELECT count(*) FROM jsonb_object_keys(e.value)) > 32
		ORDER BY e.key
		LIMIT 1);
	done cdp_internal.batch_counts;
BEGIN
	IF crowded IS NOT NULL THEN
		RAISE EXCEPTION 'event "%" would carry more than 32 numbers', crowded
			USING ERRCODE = 'program_limit_exceeded',
				DETAIL = 'The numbers of * count for each event.', HINT = 'Remove one with cdp.drop_number().';
	END IF;
	IF was IS NOT DISTINCT FROM cdp_internal.carried_rules() THEN
		PERFORM cdp_internal.change_graph();
		RETURN 0;
	END IF;
	PERFORM cdp_internal.start_whole_change();
	UPDATE cdp_data.carried_number SET left_out = 0 WHERE left_out <> 0;
	PERFORM cdp_internal.count_left_out($sql$
		SELECT l.event, l.properties
		FROM cdp_data.event l
		WHERE l.event IS NOT NULL AND l.properties IS NOT NULL
	$sql$);
	done := cdp_internal.change_graph(refolded => format($sql$
		SELECT DISTINCT i.profile_id
		FROM cdp_data.event e
		JOIN cdp_data.identifier i USING (identifier_id)
		WHERE i.profile_id <> 0 AND cdp_internal.carried(e.event, e.properties, %L)
			IS DISTINCT FROM cdp_internal.carried(e.event, e.properties, (SELECT cdp_internal.carried_rules()))
	$sql$, was));
	RETURN done.profiles_touched;
END
$function$;
COMMENT ON FUNCTION cdp_internal.numbers_changed(jsonb) IS
	'Internal: folds timelines again after a change of cdp.carried_number, and ends the batch. Returns the number of '
	'people whose timelines changed. was: cdp_internal.carried_rules() before the change.';

CREATE FUNCTION cdp.carry_number(event text, property text, name text DEFAULT NULL) RETURNS bigint
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	path text[] := cdp_internal.read_path(event, property, name);
	was jsonb;
BEGIN
	PERFORM cdp_internal.start_batch();
	PERFORM cdp_internal.notice_unseen('event', event);
	was := cdp_internal.carried_rules();
	INSERT INTO cdp_data.carried_number AS c (event, name, path)
	VALUES (carry_number.event, coalesce(carry_number.name, property), path)
	ON CONFLICT ON CONSTRAINT carried_number_pkey DO UPDATE
	SET path = excluded.path;
	IF was IS DISTINCT FROM cdp_internal.carried_rules() THEN
		UPDATE cdp_data.carried_number c
		SET folded = (
			SELECT count(*)
			FROM cdp_data.base b
			CROSS JOIN LATERAL cdp.events(b.timeline) e
			WHERE carry_number.event IN (e.event, '*'))
		WHERE c.event = carry_number.event AND c.name = coalesce(carry_number.name, property);
	END IF;
	RETURN cdp_internal.numbers_changed(was);
END
$function$;
COMMENT ON FUNCTION cdp.carry_number(text, text, text) IS
$comment$Makes timelines carry a property of an event (*: of all events) as a number, for all history; returns the
number of people whose timelines changed.
property: a key, or a path such as products.0.price; a dot in a key is written \. (backslash, dot).
name: name of the number; NULL: property. If the event has a number of that name, it is read from the new path. If * and
the event have a number of the same name, that of the event counts.
Carries JSON numbers, and strings that are numbers. Values that are something else or have more than 18 digits are left
out and counted in cdp.carried_number.left_out.
Events that have left the log lack the number: cdp.carried_number.folded says how many, and cdp.verify() names it.
Errors: empty event, invalid property or name (22023); more than 32 numbers for an event (54000); the log lacks events
(55000).$comment$;

CREATE FUNCTION cdp.drop_number(event text, name text) RETURNS bigint
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	was jsonb;
BEGIN
	PERFORM cdp_internal.start_batch();
	was := cdp_internal.carried_rules();
	DELETE FROM cdp_data.carried_number c WHERE c.event = drop_number.event AND c.name = drop_number.name;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'event "%" carries no number "%"', event, name
			USING ERRCODE = 'undefined_object',
				HINT = 'cdp.carried_number lists the numbers; * stands for all events.';
	END IF;
	RETURN cdp_internal.numbers_changed(was);
END
$function$;
COMMENT ON FUNCTION cdp.drop_number(text, text) IS
	'Stops timelines from carrying a number, for all history; returns the number of people whose timelines changed. '
	'Errors: the event carries no such number (42704); the log lacks events (55000).';

REVOKE ALL ON FUNCTION cdp_internal.read_path(text, text, text), cdp_internal.numbers_changed(jsonb),
	cdp.carry_number(text, text, text), cdp.drop_number(text, text) FROM PUBLIC;
