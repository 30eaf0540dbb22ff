-- Repair of rows in quarantine: edited by a JSON Patch or a JSON Merge Patch, and sent back.

CREATE FUNCTION cdp_internal.read_pointer(pointer text) RETURNS text[]
	LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
	RETURN CASE pointer WHEN '' THEN '{}' WHEN '/' THEN ARRAY[''] ELSE ARRAY(
		SELECT replace(replace(s.step, '~1', '/'), '~0', '~')
		FROM string_to_table(substr(pointer, 2), '/') WITH ORDINALITY AS s (step, place)
		ORDER BY s.place) END;
COMMENT ON FUNCTION cdp_internal.read_pointer(text) IS 'Internal: returns the steps of a JSON Pointer (RFC 6901).';

CREATE FUNCTION cdp_internal.pointed(document jsonb, steps text[]) RETURNS jsonb
	LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	step text;
BEGIN
	FOREACH step IN ARRAY steps LOOP
		IF jsonb_typeof(document) = 'array' THEN
			document := CASE WHEN step ~ '^(0|[1-9][0-9]{0,8})$' THEN document -> step::integer END;
		ELSE
			document := document -> step;
		END IF;
	END LOOP;
	RETURN document;
END
$function$;
COMMENT ON FUNCTION cdp_internal.pointed(jsonb, text[]) IS
	'Internal: returns what the steps of a JSON Pointer lead to in a document; NULL: nothing.';

CREATE FUNCTION cdp_internal.add_pointed(document jsonb, steps text[], value jsonb) RETURNS jsonb
	LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	way text[] := steps[:cardinality(steps) - 1];
	last text := steps[cardinality(steps)];
	parent jsonb := cdp_internal.pointed(document, way);
BEGIN
	IF steps = '{}' THEN
		RETURN value;
	END IF;
	CASE jsonb_typeof(parent)
		WHEN 'object' THEN
			RETURN jsonb_set(document, steps, value);
		WHEN 'array' THEN
			IF last = '-' OR last = jsonb_array_length(parent)::text THEN
				RETURN CASE way WHEN '{}' THEN parent || jsonb_build_array(value)
					ELSE jsonb_set(document, way, parent || jsonb_build_array(value)) END;
			END IF;
			RETURN CASE WHEN cdp_internal.pointed(document, steps) IS NOT NULL THEN
				jsonb_insert(document, steps, value) END;
		ELSE
			RETURN NULL;
	END CASE;
END
$function$;
COMMENT ON FUNCTION cdp_internal.add_pointed(jsonb, text[], jsonb) IS
	'Internal: returns a document to which a value is added as JSON Patch does; NULL: there is no place for it.';

CREATE FUNCTION cdp_internal.converted(value jsonb, wanted text) RETURNS jsonb
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN CASE
		WHEN jsonb_typeof(value) = wanted THEN value
		WHEN wanted = 'string' AND jsonb_typeof(value) IN ('number', 'boolean') THEN to_jsonb(value #>> '{}')
		WHEN jsonb_typeof(value) <> 'string' THEN NULL
		WHEN wanted = 'number' AND length(value #>> '{}') <= 100
			AND value #>> '{}' ~ '^\s*[-+]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][-+]?[0-9]{1,3})?\s*$'
			THEN to_jsonb((value #>> '{}')::numeric)
		WHEN wanted = 'boolean' AND lower(btrim(value #>> '{}')) IN ('true', 'false')
			THEN to_jsonb(lower(btrim(value #>> '{}')) = 'true') END;
COMMENT ON FUNCTION cdp_internal.converted(jsonb, text) IS
	'Internal: returns a value as another type of JSON: number, string or boolean; NULL: it cannot be one.';

CREATE FUNCTION cdp_internal.patch_step(document jsonb, step jsonb, OUT patched jsonb, OUT problem text)
	LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	op text := step ->> 'op';
	path text[] := cdp_internal.read_pointer(step ->> 'path');
	from_path text[] := cdp_internal.read_pointer(coalesce(step ->> 'from', step ->> 'path'));
	found jsonb := cdp_internal.pointed(document, from_path);
BEGIN
	IF op <> 'add' AND found IS NULL THEN
		problem := format('there is no %s', left(coalesce(step ->> 'from', step ->> 'path'), 64));
		RETURN;
	END IF;
	patched := CASE op
		WHEN 'add' THEN cdp_internal.add_pointed(document, path, step -> 'value')
		WHEN 'remove' THEN document #- path
		WHEN 'replace' THEN CASE path WHEN '{}' THEN step -> 'value' ELSE jsonb_set(document, path, step -> 'value') END
		WHEN 'copy' THEN cdp_internal.add_pointed(document, path, found)
		WHEN 'move' THEN CASE path WHEN from_path THEN document
			ELSE cdp_internal.add_pointed(document #- from_path, path, found) END
		WHEN 'test' THEN CASE WHEN found = step -> 'value' THEN document END
		WHEN 'convert' THEN CASE path WHEN '{}' THEN NULL
			ELSE jsonb_set(document, path, cdp_internal.converted(found, step ->> 'to')) END
		END;
	IF patched IS NULL THEN
		problem := CASE op
			WHEN 'test' THEN format('%s is another value', left(step ->> 'path', 64))
			WHEN 'convert' THEN format('%s cannot be a %s', left(step ->> 'path', 64), step ->> 'to')
			ELSE format('there is no place for %s', left(step ->> 'path', 64)) END;
	END IF;
END
$function$;
COMMENT ON FUNCTION cdp_internal.patch_step(jsonb, jsonb) IS
	'Internal: returns a document after one operation of a JSON Patch (RFC 6902), or why it cannot be done.';

CREATE FUNCTION cdp_internal.merge_patch(document jsonb, patch jsonb) RETURNS jsonb
	LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	IF jsonb_typeof(patch) <> 'object' THEN
		RETURN patch;
	END IF;
	document := CASE jsonb_typeof(document) WHEN 'object' THEN document ELSE '{}' END;
	RETURN (
		SELECT coalesce(jsonb_object_agg(m.key, m.value), '{}')
		FROM (
			SELECT d.key, d.value FROM jsonb_each(document) d WHERE NOT patch ? d.key
			UNION ALL
			SELECT p.key, cdp_internal.merge_patch(document -> p.key, p.value)
			FROM jsonb_each(patch) p
			WHERE p.value <> 'null') m);
END
$function$;
COMMENT ON FUNCTION cdp_internal.merge_patch(jsonb, jsonb) IS
	'Internal: returns a document after a JSON Merge Patch (RFC 7396).';

CREATE FUNCTION cdp_internal.check_changes(changes jsonb) RETURNS void
	LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	known jsonb := '{"add": ["path", "value"], "remove": ["path"], "replace": ["path", "value"],
		"move": ["from", "path"], "copy": ["from", "path"], "test": ["path", "value"], "convert": ["path", "to"],
		"substitute": ["text", "with"]}';
	step jsonb;
	key text;
	is_text boolean := true;
BEGIN
	IF changes IS NULL THEN
		RAISE EXCEPTION 'changes must not be NULL' USING ERRCODE = 'null_value_not_allowed';
	END IF;
	IF jsonb_path_exists(changes, '$.**{65}') THEN
		RAISE EXCEPTION 'changes are more than 64 levels deep' USING ERRCODE = 'invalid_parameter_value',
			DETAIL = 'What is deeper in a row would send it back to quarantine as too_deep.';
	END IF;
	IF jsonb_typeof(changes) NOT IN ('object', 'array') THEN
		RAISE EXCEPTION 'changes must be a JSON Patch or a JSON Merge Patch'
			USING ERRCODE = 'invalid_parameter_value',
				DETAIL = 'A patch is an array of operations, a merge patch an object.';
	END IF;
	FOR step IN SELECT e.value FROM jsonb_array_elements(CASE jsonb_typeof(changes) WHEN 'array' THEN changes END) e
	LOOP
		PERFORM cdp_internal.check_object(step, 'an operation');
		IF (known ? (step ->> 'op')) IS NOT TRUE THEN
			RAISE EXCEPTION 'operation "%" is unknown', left(step ->> 'op', 64)
				USING ERRCODE = 'invalid_parameter_value',
				HINT = cdp_internal.hint_at(step ->> 'op', ARRAY(SELECT jsonb_object_keys(known)));
		END IF;
		PERFORM cdp_internal.check_keys(step,
			ARRAY['op'] || ARRAY(SELECT jsonb_array_elements_text(known -> (step ->> 'op'))),
			format('operation "%s"', step ->> 'op'));
		FOR key IN SELECT jsonb_array_elements_text(known -> (step ->> 'op')) LOOP
			IF NOT step ? key THEN
				RAISE EXCEPTION 'operation "%" lacks "%"', step ->> 'op', key
					USING ERRCODE = 'invalid_parameter_value';
			END IF;
			IF key <> 'value' AND jsonb_typeof(step -> key) <> 'string' OR key IN ('path', 'from')
				AND step ->> key <> '' AND left(step ->> key, 1) <> '/'
			THEN
				RAISE EXCEPTION '"%" of operation "%" is %', key, step ->> 'op', left((step -> key)::text, 64)
					USING ERRCODE = 'invalid_parameter_value',
						HINT = 'A path is written "/properties/total".';
			END IF;
		END LOOP;
		IF step ->> 'op' = 'convert' AND step ->> 'to' NOT IN ('number', 'string', 'boolean') THEN
			RAISE EXCEPTION '"to" of operation "convert" is "%"', left(step ->> 'to', 64)
				USING ERRCODE = 'invalid_parameter_value',
					HINT = cdp_internal.hint_at(step ->> 'to', '{number,string,boolean}');
		END IF;
		IF step ->> 'op' = 'remove' AND step ->> 'path' = '' THEN
			RAISE EXCEPTION '"path" of operation "remove" is empty' USING ERRCODE = 'invalid_parameter_value',
				DETAIL = 'That is the whole row.', HINT = 'Delete it from cdp.quarantine.';
		END IF;
		IF step ->> 'op' = 'move' AND starts_with(step ->> 'path', (step ->> 'from') || '/') THEN
			RAISE EXCEPTION '"%" cannot be moved into itself', left(step ->> 'from', 64)
				USING ERRCODE = 'invalid_parameter_value';
		END IF;
		IF step ->> 'op' = 'substitute' AND (NOT is_text OR step ->> 'text' = '') THEN
			RAISE EXCEPTION 'operation "substitute" must come first, and its "text" must not be empty'
				USING ERRCODE = 'invalid_parameter_value';
		END IF;
		is_text := is_text AND step ->> 'op' = 'substitute';
	END LOOP;
END
$function$;
COMMENT ON FUNCTION cdp_internal.check_changes(jsonb) IS
	'Internal: raises an error unless the argument changes of cdp.repair() is valid.';

CREATE FUNCTION cdp_internal.read_json(document text) RETURNS jsonb
	LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	RETURN document::jsonb;
EXCEPTION WHEN data_exception OR statement_too_complex OR program_limit_exceeded THEN
	RETURN NULL;
END
$function$;
COMMENT ON FUNCTION cdp_internal.read_json(text) IS 'Internal: reads a document; NULL: it is no JSON, or too deep.';

CREATE FUNCTION cdp_internal.too_large_problem() RETURNS text
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN format('it would be over %s MB', cdp_internal.max_row_bytes() >> 20);
COMMENT ON FUNCTION cdp_internal.too_large_problem() IS
	'Internal: returns why a row is not repaired that a refresh would quarantine as row_too_large.';

CREATE FUNCTION cdp_internal.substituted(INOUT given text, changes jsonb, OUT problem text)
	LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	step jsonb;
	size bigint;
BEGIN
	FOR step IN
		SELECT e.value FROM jsonb_array_elements(CASE jsonb_typeof(changes) WHEN 'array' THEN changes END) e
		WHERE e.value ->> 'op' = 'substitute'
	LOOP
		size := octet_length(replace(given, step ->> 'text', ''));
		size := size + (octet_length(given) - size) / octet_length(step ->> 'text') * octet_length(step ->> 'with');
		IF size > greatest(cdp_internal.max_row_bytes(), octet_length(given)) THEN
			problem := cdp_internal.too_large_problem();
			RETURN;
		END IF;
		given := replace(given, step ->> 'text', step ->> 'with');
	END LOOP;
END
$function$;
COMMENT ON FUNCTION cdp_internal.substituted(text, jsonb) IS
	'Internal: returns a row as it is written after the substitutions of cdp.repair(), or why they are not made.';

CREATE FUNCTION cdp_internal.patch_document(INOUT document jsonb, changes jsonb, OUT problem text)
	LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	step jsonb;
	done record;
	is_single boolean := CASE WHEN jsonb_typeof(document) = 'object' AND jsonb_typeof(document -> 'batch') = 'array'
		THEN jsonb_array_length(document -> 'batch') = 1 ELSE false END;
	patched jsonb := CASE WHEN is_single THEN document #> '{batch,0}' ELSE document END;
BEGIN
	IF jsonb_typeof(changes) = 'object' THEN
		patched := cdp_internal.merge_patch(patched, changes);
	ELSE
		FOR step IN SELECT e.value FROM jsonb_array_elements(changes) e WHERE e.value ->> 'op' <> 'substitute' LOOP
			SELECT p.* INTO done FROM cdp_internal.patch_step(patched, step) p;
			patched := done.patched;
			-- before the next one makes more of it than the server can hold
			problem := coalesce(done.problem, CASE WHEN pg_column_size(patched) > cdp_internal.max_row_bytes()
				THEN cdp_internal.too_large_problem() END);
			EXIT WHEN problem IS NOT NULL;
		END LOOP;
	END IF;
	IF problem IS NULL THEN
		document := CASE WHEN is_single THEN jsonb_set(document, '{batch,0}', patched) ELSE patched END;
	END IF;
END
$function$;
COMMENT ON FUNCTION cdp_internal.patch_document(jsonb, jsonb) IS
	'Internal: returns a document, or the only call of a batch in it, after the changes of cdp.repair(), or why they '
	'cannot be made.';

CREATE FUNCTION cdp_internal.repaired(record jsonb, line text, changes jsonb, OUT before jsonb, OUT after jsonb,
	OUT problem text)
	LANGUAGE plpgsql STABLE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	given text := coalesce(line, record::text);
	substituted record;
BEGIN
	before := CASE WHEN line IS NULL THEN record ELSE cdp_internal.read_json(line) END;
	SELECT s.given, s.problem INTO substituted FROM cdp_internal.substituted(given, changes) s;
	problem := substituted.problem;
	IF problem IS NOT NULL THEN
		RETURN;
	END IF;
	after := CASE WHEN substituted.given = given THEN before ELSE cdp_internal.read_json(substituted.given) END;
	IF after IS NULL THEN
		problem := 'it is no JSON';
		RETURN;
	END IF;
	SELECT p.document, p.problem INTO after, problem FROM cdp_internal.patch_document(after, changes) p;
	IF problem IS NULL AND greatest(pg_column_size(after), octet_length(after::text))
			> cdp_internal.max_row_bytes() THEN
		problem := cdp_internal.too_large_problem();
	ELSIF problem IS NULL AND line IS NULL AND NOT cdp_internal.is_inbox_record(after) THEN
		problem := 'the columns of cdp.inbox do not take its values';
	END IF;
EXCEPTION WHEN program_limit_exceeded OR statement_too_complex OR out_of_memory THEN
	-- a text of the row, or a part of it, is more than the server can hold
	problem := SQLERRM;
END
$function$;
COMMENT ON FUNCTION cdp_internal.repaired(jsonb, text, jsonb) IS
	'Internal: returns what a row of the quarantine says before and after the changes of cdp.repair(), or why they '
	'cannot be made.';

CREATE FUNCTION cdp_internal.check_repair(changes jsonb, reason text, source text, quarantine_ids bigint[])
	RETURNS void
	LANGUAGE plpgsql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	PERFORM cdp_internal.check_tables();
	PERFORM cdp_internal.check_changes(changes);
	IF reason IS NULL AND source IS NULL AND quarantine_ids IS NULL THEN
		RAISE EXCEPTION 'reason, source or quarantine_ids must be given' USING ERRCODE = 'invalid_parameter_value',
			DETAIL = 'They say which rows are meant.';
	END IF;
END
$function$;
COMMENT ON FUNCTION cdp_internal.check_repair(jsonb, text, text, bigint[]) IS
	'Internal: raises an error unless the arguments of cdp.repair() are valid.';

CREATE FUNCTION cdp.repair(changes jsonb, reason text DEFAULT NULL, source text DEFAULT NULL,
	quarantine_ids bigint[] DEFAULT NULL, OUT repaired bigint, OUT unchanged bigint, OUT failed bigint)
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	quarantined record;
	done record;
	first_problem text;
	ids bigint[] := '{}';
BEGIN
	PERFORM cdp_internal.check_repair(changes, reason, source, quarantine_ids);
	repaired := 0; unchanged := 0; failed := 0;
	FOR quarantined IN
		SELECT q.quarantine_id, q.record, q.line FROM cdp_data.quarantine q
		WHERE NOT q.cut AND (repair.reason IS NULL OR q.reason = repair.reason)
			AND (repair.source IS NULL OR cdp_internal.quarantine_source(q.source) = repair.source)
			AND (quarantine_ids IS NULL OR q.quarantine_id = ANY (quarantine_ids))
		ORDER BY q.quarantine_id
		FOR UPDATE
	LOOP
		SELECT r.* INTO done FROM cdp_internal.repaired(quarantined.record, quarantined.line, changes) r;
		IF done.problem IS NOT NULL THEN
			first_problem := coalesce(first_problem,
				format('Number %s: %s.', quarantined.quarantine_id, done.problem));
			failed := failed + 1;
		ELSIF done.before IS NOT DISTINCT FROM done.after THEN
			unchanged := unchanged + 1;
		ELSE
			UPDATE cdp_data.quarantine q
			SET record = CASE WHEN q.line IS NULL THEN done.after END,
				line = CASE WHEN q.line IS NOT NULL THEN done.after::text END
			WHERE q.quarantine_id = quarantined.quarantine_id;
			ids := ids || quarantined.quarantine_id;
		END IF;
	END LOOP;
	IF failed > 0 THEN
		RAISE NOTICE '% rows cannot be changed so and stay in quarantine', failed USING DETAIL = first_problem;
	END IF;
	IF ids <> '{}' THEN
		repaired := cdp.replay(quarantine_ids => ids);
	END IF;
END
$function$;
COMMENT ON FUNCTION cdp.repair(jsonb, text, text, bigint[]) IS
$comment$Changes rows in quarantine and sends them back to their inboxes, for the next cdp.refresh(): those with a
reason, of a source ("default" has those that name none), with these numbers, or what is given of these:
SELECT * FROM cdp.repair('[{"op": "convert", "path": "/properties/total", "to": "number"}]', 'plan_violation', 'shop').
changes is a JSON Merge Patch (RFC 7396), an object such as {"event": "Order Completed", "properties": {"test": null}},
where null removes; or a JSON Patch (RFC 6902), an array of operations, of which all are done or none: add, replace and
test (with "path" and "value"), remove ("path"), move and copy ("from", "path"); a row for which one cannot be done, or
whose value is not the one of test, stays as it is. Two more: convert ("path", "to": number, string or boolean) turns
texts into numbers and the like; substitute ("text", "with") replaces a text throughout the row as it is written, before
it is read as JSON, and comes first: [{"op": "substitute", "text": ": NaN", "with": ": null"}].
Paths lead into the record, whose members are the columns of cdp.inbox, or into the line; of a call of a batch into that
call. Lines are written anew as jsonb prints them. cdp.preview_repair() shows what changes do.
repaired: rows that were sent back; unchanged: rows that the changes leave as they are, which stay; failed: rows for
which they cannot be made, or that would be over 64 MB, which stay, too, with a notice. Rows that are cut are passed
over. Repeated, it finds nothing more to do. For what changes cannot say, update record or line of cdp.quarantine, and
call cdp.replay().
Errors: changes that are not valid, or more than 64 levels deep, no rows named (22023).$comment$;

CREATE FUNCTION cdp.preview_repair(changes jsonb, reason text DEFAULT NULL, source text DEFAULT NULL,
	quarantine_ids bigint[] DEFAULT NULL, max_rows integer DEFAULT 10)
	RETURNS TABLE (quarantine_id bigint, before jsonb, after jsonb, problem text)
	LANGUAGE plpgsql STABLE PARALLEL UNSAFE ROWS 10
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
#variable_conflict use_column
BEGIN
	PERFORM cdp_internal.check_repair(changes, reason, source, quarantine_ids);
	RETURN QUERY
		SELECT q.quarantine_id, r.before, CASE WHEN r.problem IS NULL THEN r.after END, r.problem
		FROM (
			SELECT q.quarantine_id, q.record, q.line
			FROM cdp_data.quarantine q
			WHERE NOT q.cut AND (preview_repair.reason IS NULL OR q.reason = preview_repair.reason)
				AND (preview_repair.source IS NULL OR cdp_internal.quarantine_source(q.source) = preview_repair.source)
				AND (quarantine_ids IS NULL OR q.quarantine_id = ANY (quarantine_ids))
			ORDER BY q.quarantine_id
			LIMIT max_rows) q
		CROSS JOIN LATERAL cdp_internal.repaired(q.record, q.line, changes) r;
END
$function$;
COMMENT ON FUNCTION cdp.preview_repair(jsonb, text, text, bigint[], integer) IS
	'Shows the first max_rows rows in quarantine (NULL: all) before and after the changes of cdp.repair(), whose '
	'arguments it takes, and changes nothing. problem: why they cannot be made; NULL: they can.';

REVOKE ALL ON FUNCTION cdp_internal.read_pointer(text), cdp_internal.pointed(jsonb, text[]),
	cdp_internal.add_pointed(jsonb, text[], jsonb), cdp_internal.converted(jsonb, text),
	cdp_internal.patch_step(jsonb, jsonb), cdp_internal.merge_patch(jsonb, jsonb), cdp_internal.check_changes(jsonb),
	cdp_internal.read_json(text), cdp_internal.too_large_problem(), cdp_internal.substituted(text, jsonb),
	cdp_internal.patch_document(jsonb, jsonb),
	cdp_internal.repaired(jsonb, text, jsonb), cdp_internal.check_repair(jsonb, text, text, bigint[]),
	cdp.repair(jsonb, text, text, bigint[]), cdp.preview_repair(jsonb, text, text, bigint[], integer) FROM PUBLIC;
