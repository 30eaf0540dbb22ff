-- The mapping of a connection: SQL expressions that make a call of each row of a table.

CREATE FUNCTION cdp_internal.mapping_keys() RETURNS text[]
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN '{type,event,at,identifiers,group_id,previous_id,properties,traits,context,key,message_id,version,deleted,'
		'condition,time_zone,sent_at,original_timestamp,received_at}'::text[];
COMMENT ON FUNCTION cdp_internal.mapping_keys() IS 'Internal: returns the keys that a mapping can have.';

CREATE FUNCTION cdp_internal.check_mapped_object(relation oid, given jsonb, what text) RETURNS void
	LANGUAGE plpgsql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	known text[] := ARRAY(
		SELECT a.attname::text FROM pg_attribute a
		WHERE a.attrelid = relation AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum);
	wrong text;
	member record;
BEGIN
	IF given IS NULL OR given = '"*"' THEN
		RETURN;
	ELSIF jsonb_typeof(given) = 'array' THEN
		wrong := (
			SELECT coalesce(e.value #>> '{}', 'null')
			FROM jsonb_array_elements(given) WITH ORDINALITY AS e (value, place)
			WHERE jsonb_typeof(e.value) <> 'string' OR e.value #>> '{}' <> ALL (known) ORDER BY e.place LIMIT 1);
		IF wrong IS NOT NULL THEN
			RAISE EXCEPTION '% of the mapping name column "%", which table % does not have', what, left(wrong, 64),
				relation::regclass USING ERRCODE = 'undefined_column', HINT = cdp_internal.hint_at(wrong, known);
		END IF;
		RETURN;
	ELSIF jsonb_typeof(given) <> 'object' THEN
		RAISE EXCEPTION '% of the mapping must be an object, a list of columns, or "*"', what
			USING ERRCODE = 'invalid_parameter_value', DETAIL = format('It is of type %s.', jsonb_typeof(given)),
			HINT = 'For example {"total": "amount / 100.0"}, ["total", "currency"], or "*" for all columns.';
	END IF;
	FOR member IN
		SELECT e.key, e.value FROM jsonb_each(given) e
		WHERE NOT (e.key = '*' AND jsonb_typeof(e.value) = 'array')
		ORDER BY e.key COLLATE "C"
	LOOP
		PERFORM cdp_internal.check_mapped(relation, member.value, 'anyelement'::regtype,
			format('%s "%s"', CASE what WHEN 'properties' THEN 'property' WHEN 'traits' THEN 'trait' ELSE what END,
				member.key));
	END LOOP;
END
$function$;
COMMENT ON FUNCTION cdp_internal.check_mapped_object(oid, jsonb, text) IS
	'Internal: raises an error unless a part of a mapping can make an object of the rows of a table.';

CREATE FUNCTION cdp_internal.check_mapped(relation oid, expression jsonb, needed oid, what text) RETURNS oid
	LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	IF jsonb_typeof(expression) <> 'string' THEN
		RAISE EXCEPTION '% of the mapping must be a text with an SQL expression', what
			USING ERRCODE = 'invalid_parameter_value', DETAIL = format('It is of type %s.', jsonb_typeof(expression));
	END IF;
	RETURN cdp_internal.check_expression(relation, expression #>> '{}', needed, what);
END
$function$;
COMMENT ON FUNCTION cdp_internal.check_mapped(oid, jsonb, oid, text) IS
	'Internal: returns the type of an expression of a mapping; raises an error if it is none.';

-- A single column is as it is; several make a text that says where each ends.
CREATE FUNCTION cdp_internal.default_key(relation oid) RETURNS text
	LANGUAGE plpgsql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	columns text[] := (
		SELECT array_agg(quote_ident(a.attname) ORDER BY k.place)
		FROM pg_index i
		CROSS JOIN LATERAL unnest(i.indkey::smallint[]) WITH ORDINALITY AS k (attnum, place)
		JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
		WHERE i.indrelid = relation AND i.indisprimary AND k.place <= i.indnkeyatts);
BEGIN
	IF columns IS NULL THEN
		RAISE EXCEPTION 'table % has no primary key', relation::regclass USING ERRCODE = 'invalid_parameter_value',
			DETAIL = 'A row must be known again when it is read again, is updated or deleted.',
			HINT = 'Give an expression that is another one for each row: key => ''order_no''.';
	END IF;
	RETURN CASE WHEN cardinality(columns) = 1 THEN columns[1]
		ELSE format('jsonb_build_array(%s)', array_to_string(columns, ', ')) END;
END
$function$;
COMMENT ON FUNCTION cdp_internal.default_key(oid) IS
	'Internal: returns the key of the rows of a table as an expression: its primary key.';

CREATE FUNCTION cdp_internal.check_mapping_parts(relation oid, mapping jsonb) RETURNS void
	LANGUAGE plpgsql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	types text[] := '{identify,track,page,screen,group,alias}';
BEGIN
	PERFORM cdp_internal.check_keys(mapping, cdp_internal.mapping_keys(), 'the mapping');
	IF mapping ? 'type' AND (jsonb_typeof(mapping -> 'type') <> 'string'
		OR mapping ->> 'type' ~ '^[a-z]+$' AND mapping ->> 'type' <> ALL (types)) THEN
		RAISE EXCEPTION 'type of the mapping is "%"', left(mapping ->> 'type', 64)
			USING ERRCODE = 'invalid_parameter_value', HINT = cdp_internal.hint_at(mapping ->> 'type', types);
	END IF;
	IF NOT mapping ?| '{type,event,traits,group_id,previous_id}' THEN
		RAISE EXCEPTION 'the mapping does not say what a row is' USING ERRCODE = 'invalid_parameter_value',
			HINT = 'Give event, for what happened, or traits, for what is known of someone: '
				'event => $$ ''Order Completed'' $$.';
	END IF;
	IF mapping ? 'time_zone' AND NOT EXISTS (
		SELECT FROM pg_timezone_names z WHERE lower(z.name) = lower(mapping ->> 'time_zone')) THEN
		RAISE EXCEPTION 'time zone "%" is unknown', left(mapping ->> 'time_zone', 64)
			USING ERRCODE = 'invalid_parameter_value', HINT = 'pg_timezone_names lists the time zones.';
	END IF;
	PERFORM cdp_internal.check_object(coalesce(mapping -> 'identifiers', '{}'), 'identifiers of the mapping');
	IF coalesce(mapping -> 'identifiers', '{}') = '{}' AND NOT mapping ? 'group_id' THEN
		RAISE EXCEPTION 'the mapping names no identifier' USING ERRCODE = 'invalid_parameter_value',
			DETAIL = 'An event without any identifier belongs to no one.',
			HINT = 'For example identifiers => ''{"user_id": "customer_id", "email": "email"}''.';
	END IF;
END
$function$;
COMMENT ON FUNCTION cdp_internal.check_mapping_parts(oid, jsonb) IS
	'Internal: raises an error if a mapping lacks what it needs, or has what it cannot have.';

CREATE FUNCTION cdp_internal.read_mapping(relation oid, given jsonb) RETURNS jsonb
	LANGUAGE plpgsql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	mapping jsonb := (SELECT coalesce(jsonb_object_agg(e.key, e.value), '{}') FROM jsonb_each(given) e
		WHERE e.value <> 'null');
	part text;
	kind oid;
BEGIN
	IF NOT mapping ?| '{key,message_id}' THEN
		mapping := mapping || jsonb_build_object('key', cdp_internal.default_key(relation));
	END IF;
	PERFORM cdp_internal.check_mapping_parts(relation, mapping);
	FOREACH part IN ARRAY '{event,group_id,previous_id,key,message_id}'::text[] LOOP
		PERFORM cdp_internal.check_mapped(relation, mapping -> part, 'text'::regtype, part);
	END LOOP;
	FOREACH part IN ARRAY '{at,sent_at,original_timestamp,received_at}'::text[] LOOP
		PERFORM cdp_internal.check_mapped(relation, mapping -> part, 'timestamptz'::regtype, part);
	END LOOP;
	FOREACH part IN ARRAY '{deleted,condition}'::text[] LOOP
		PERFORM cdp_internal.check_mapped(relation, mapping -> part, 'boolean'::regtype, part);
	END LOOP;
	IF mapping ->> 'type' !~ '^[a-z]+$' THEN
		PERFORM cdp_internal.check_mapped(relation, mapping -> 'type', 'text'::regtype, 'type');
	END IF;
	FOR part IN SELECT e.key FROM jsonb_each(mapping -> 'identifiers') e ORDER BY e.key COLLATE "C" LOOP
		kind := cdp_internal.check_mapped(relation, mapping #> ARRAY['identifiers', part], 'text'::regtype,
			format('identifier "%s"', part));
		IF kind = 'jsonb'::regtype AND part IN ('user_id', 'anonymous_id') THEN
			-- no text for the column, but a list of values
			mapping := jsonb_set(mapping, '{identifier_lists}', coalesce(mapping -> 'identifier_lists', '{}')
				|| jsonb_build_object(part, mapping #> ARRAY['identifiers', part]));
			mapping := mapping #- ARRAY['identifiers', part];
		END IF;
	END LOOP;
	PERFORM cdp_internal.check_mapped_object(relation, mapping -> 'properties', 'properties');
	PERFORM cdp_internal.check_mapped_object(relation, mapping -> 'traits', 'traits');
	PERFORM cdp_internal.check_mapped_object(relation, mapping -> 'context', 'context');
	kind := cdp_internal.check_mapped(relation, mapping -> 'version', 'text'::regtype, 'version');
	IF kind IN ('timestamptz'::regtype, 'timestamp'::regtype, 'date'::regtype) THEN
		-- a number: texts of times are compared by their bytes
		mapping := jsonb_set(mapping, '{version}',
			to_jsonb(format(E'extract(epoch FROM (%s\n))', mapping ->> 'version')));
	END IF;
	RETURN mapping;
END
$function$;
COMMENT ON FUNCTION cdp_internal.read_mapping(oid, jsonb) IS
	'Internal: checks a mapping for a table; returns it as it is stored, with a key.';

REVOKE ALL ON FUNCTION cdp_internal.mapping_keys(), cdp_internal.check_mapped_object(oid, jsonb, text),
	cdp_internal.check_mapped(oid, jsonb, oid, text), cdp_internal.default_key(oid),
	cdp_internal.check_mapping_parts(oid, jsonb), cdp_internal.read_mapping(oid, jsonb) FROM PUBLIC;
