-- Which properties timelines carry.  A change acts on all history: it is a batch of its own.

CREATE FUNCTION cdp_internal.read_path(event text, property text, name text) RETURNS text[]
	LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	-- a key with [] after it is two: the array, and all its elements
	path text[] := ARRAY(
		SELECT replace(p.part, '\.', '.')
		FROM regexp_split_to_table(property, '(?<!\\)\.') WITH ORDINALITY AS k (key, place)
		CROSS JOIN LATERAL unnest(CASE WHEN k.key LIKE '%[]' THEN ARRAY[left(k.key, -2), '[]'] ELSE ARRAY[k.key] END)
			WITH ORDINALITY AS p (part, place)
		ORDER BY k.place, p.place);
BEGIN
	IF coalesce(event, '') = '' THEN
		RAISE EXCEPTION 'event must not be empty'
			USING ERRCODE = 'invalid_parameter_value', HINT = '* stands for all events.';
	END IF;
	IF path = '{}' OR '' = ANY (path) OR path = '{context}' THEN
		RAISE EXCEPTION 'property "%" is invalid', property
			USING ERRCODE = 'invalid_parameter_value',
				DETAIL = 'A property is a key, or a path of keys and array indexes separated by dots; [] after a key '
					'stands for all elements of an array, and context at first for the context of the event.',
				HINT = 'Write a dot in a key as \. (backslash, dot).';
	END IF;
	IF property ~ '\[\]\[\](\.|$)' THEN
		RAISE EXCEPTION 'property "%" has no values', property
			USING ERRCODE = 'invalid_parameter_value',
				DETAIL = '[] stands for the elements of the array that a key has; arrays within arrays have no keys.',
				HINT = 'Give the place of an inner array, as in a.0[].';
	END IF;
	IF name IN ('', '[]') OR octet_length(coalesce(name, property)) > 255 THEN
		RAISE EXCEPTION 'name "%" is invalid', left(coalesce(name, property), 64)
			USING ERRCODE = 'invalid_parameter_value',
				DETAIL = 'The name of a property has 1 to 255 bytes, and is not [].';
	END IF;
	RETURN path;
END
$function$;
COMMENT ON FUNCTION cdp_internal.read_path(text, text, text) IS
	'Internal: checks the arguments of cdp.carry_property() and returns the path of the property.';

CREATE FUNCTION cdp_internal.properties_changed(event text, was jsonb) RETURNS bigint
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
		RAISE EXCEPTION 'event "%" would carry more than 32 properties', crowded
			USING ERRCODE = 'program_limit_exceeded',
				DETAIL = 'The properties of * count for each event.', HINT = 'Remove one with cdp.drop_property().';
	END IF;
	IF was IS NOT DISTINCT FROM cdp_internal.carried_rules() THEN
		PERFORM cdp_internal.change_graph(cause => 'rule');
		RETURN 0;
	END IF;
	PERFORM cdp_internal.start_whole_change();
	UPDATE cdp_data.carried_property SET left_out = 0 WHERE left_out <> 0;
	PERFORM cdp_internal.count_left_out($sql$
		SELECT l.event, l.properties, cdp_internal.whole_context(l.context, c.context) AS context
		FROM cdp_data.event l
		LEFT JOIN cdp_data.shared_context c ON c.context_hash = l.context_hash
		WHERE l.event IS NOT NULL
	$sql$);
	done := cdp_internal.change_graph(cause => 'rule', refolded => format($sql$
		SELECT DISTINCT i.profile_id
		FROM cdp_data.event e
		JOIN cdp_data.identifier i USING (identifier_id)
		LEFT JOIN cdp_data.shared_context s ON s.context_hash = e.context_hash
		CROSS JOIN LATERAL cdp_internal.whole_context(e.context, s.context) AS c (context)
		WHERE i.profile_id <> 0 AND e.event IS NOT NULL AND %1$L IN (e.event, '*')
		  AND cdp_internal.carried(e.event, e.properties, c.context, %2$L)
			IS DISTINCT FROM
			cdp_internal.carried(e.event, e.properties, c.context, (SELECT cdp_internal.carried_rules()))
	$sql$, event, was));
	RETURN done.profiles_touched;
END
$function$;
COMMENT ON FUNCTION cdp_internal.properties_changed(text, jsonb) IS
	'Internal: folds timelines again after a change of cdp.carried_property for an event, and ends the batch. Returns '
	'the number of people whose timelines changed. was: cdp_internal.carried_rules() before the change.';

CREATE FUNCTION cdp.carry_property(event text, property text, name text DEFAULT NULL) RETURNS bigint
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
	INSERT INTO cdp_data.carried_property AS c (event, name, path)
	VALUES (carry_property.event, coalesce(carry_property.name, property), path)
	ON CONFLICT ON CONSTRAINT carried_property_pkey DO UPDATE
	SET path = excluded.path;
	IF was IS DISTINCT FROM cdp_internal.carried_rules() THEN
		UPDATE cdp_data.carried_property c
		SET folded = (
			SELECT count(*)
			FROM cdp_data.base b
			CROSS JOIN LATERAL cdp.events(b.timeline) e
			WHERE carry_property.event IN (e.event, '*'))
		WHERE c.event = carry_property.event AND c.name = coalesce(carry_property.name, property);
	END IF;
	RETURN cdp_internal.properties_changed(event, was);
END
$function$;
COMMENT ON FUNCTION cdp.carry_property(text, text, text) IS
$comment$Makes timelines carry a property of an event (*: of all events), for all history; returns the number of people
whose timelines changed.
property: a key, or a path: products.0.price; products[].price for the price of each product; context.campaign.name in
the context of the event. A dot in a key is written \. (backslash, dot).
name: name of the property in timelines; NULL: property. If the event has a property of that name, it is read from the
new path. If * and the event have one of the same name, that of the event counts.
Carries numbers, texts and booleans, as they are, and of an array each value. What several paths find in one element of
an array ([]) stays together. Objects, texts of more than 256 bytes, numbers of more than 18 digits, values of an event
after the first 255 and elements after the first 1,024 are left out: the timeline says so for that event, and
cdp.carried_property.left_out counts these events.
Events that have left the log lack the property: cdp.carried_property.folded says how many, and cdp.verify() names it.
Errors: empty event, invalid property or name (22023); more than 32 properties for an event (54000); the log lacks
events (55000).$comment$;

CREATE FUNCTION cdp.drop_property(event text, name text) RETURNS bigint
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	was jsonb;
BEGIN
	PERFORM cdp_internal.start_batch();
	was := cdp_internal.carried_rules();
	DELETE FROM cdp_data.carried_property c WHERE c.event = drop_property.event AND c.name = drop_property.name;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'event "%" carries no property "%"', event, name
			USING ERRCODE = 'undefined_object',
				HINT = 'cdp.carried_property lists the properties; * stands for all events.';
	END IF;
	RETURN cdp_internal.properties_changed(event, was);
END
$function$;
COMMENT ON FUNCTION cdp.drop_property(text, text) IS
	'Stops timelines from carrying a property, for all history; returns the number of people whose timelines changed. '
	'Errors: the event carries no such property (42704); the log lacks events (55000).';

REVOKE ALL ON FUNCTION cdp_internal.read_path(text, text, text), cdp_internal.properties_changed(text, jsonb),
	cdp.carry_property(text, text, text), cdp.drop_property(text, text) FROM PUBLIC;
