-- cdp.export_person(): all that is kept of a person, to be handed to that person.

CREATE TYPE cdp_internal.export_subject AS (
	profile_id bigint, ids bigint[], own cdp.identifier[], former bigint[], quarantined bigint[],
	foreign_texts text[]);
COMMENT ON TYPE cdp_internal.export_subject IS
	'Internal: the person of an export: profile_id, numbers of the identifiers, the identifiers, all profile ids that '
	'these ever had, rows of the quarantine, and the texts of others that stand in what was said.';

CREATE FUNCTION cdp_internal.export_rows(subject cdp_internal.export_subject, list text) RETURNS SETOF jsonb
	LANGUAGE plpgsql STABLE STRICT PARALLEL UNSAFE ROWS 100
	SET search_path = pg_catalog, cdp, pg_temp
	SET jit = off
	-- as in the text of the document, whatever the session has set
	SET timezone = 'UTC'
	SET intervalstyle = 'iso_8601'
AS $function$
BEGIN
	RETURN QUERY EXECUTE format(CASE WHEN subject.foreign_texts = '{}' THEN 'SELECT to_jsonb(q) FROM (%s) q'
		ELSE 'SELECT cdp_internal.without_texts(to_jsonb(q), $6) FROM (%s) q' END, cdp_internal.export_query(list))
	USING subject.profile_id, subject.ids, subject.own, subject.former, subject.quarantined,
		subject.foreign_texts;
END
$function$;
COMMENT ON FUNCTION cdp_internal.export_rows(cdp_internal.export_subject, text) IS
	'Internal: returns the rows of a list of cdp.export_person(), in order, without identifiers of others.';

CREATE FUNCTION cdp_internal.export_subject(asked_id bigint, asked cdp.identifier) RETURNS cdp_internal.export_subject
	LANGUAGE plpgsql STABLE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	subject cdp_internal.export_subject;
	namespaces text[];
	list text;
BEGIN
	PERFORM cdp_internal.check_tables();
	PERFORM cdp_internal.check_sees_all();
	asked := cdp_internal.by_rules(asked);
	subject.profile_id := CASE WHEN asked IS NULL THEN cdp.profile_of(asked_id) ELSE cdp.profile_of(asked) END;
	IF EXISTS (SELECT FROM cdp_data.profile p WHERE p.profile_id = subject.profile_id AND p.shared) THEN
		RAISE EXCEPTION 'profile % is a shared identifier, not a person', subject.profile_id
			USING ERRCODE = 'invalid_parameter_value',
			DETAIL = 'What it has said cannot be told apart by person.',
			HINT = 'Name the person by another identifier.';
	END IF;
	SELECT array_agg(i.identifier_id ORDER BY i.identifier_id), array_agg(i.identifier ORDER BY i.identifier_id)
	INTO subject.ids, subject.own
	FROM cdp_data.identifier i
	WHERE i.profile_id = subject.profile_id;
	IF subject.profile_id IS NULL THEN
		-- one whose events were all taken back is in no profile
		SELECT array_agg(i.identifier_id), array_agg(i.identifier) INTO subject.ids, subject.own
		FROM cdp_data.identifier i
		WHERE NOT i.blocked AND i.identifier_id = coalesce(
			(SELECT k.identifier_id FROM cdp_internal.known_identifier(asked) k), asked_id);
	END IF;
	subject.ids := coalesce(subject.ids, '{}');
	subject.own := coalesce(subject.own, '{}');
	-- one that was never seen can be in quarantine
	IF asked IS NOT NULL AND asked <> ALL (subject.own) THEN
		subject.own := subject.own || asked;
	END IF;
	subject.foreign_texts := '{}';
	subject.former := ARRAY(
		SELECT DISTINCT h.profile_id
		FROM cdp_data.identifier_history h
		WHERE h.identifier_id = ANY (subject.ids) AND h.profile_id <> 0
			AND h.profile_id IS DISTINCT FROM subject.profile_id
		ORDER BY h.profile_id);
	subject.quarantined := cdp_internal.find_quarantined(subject.own);
	IF subject.own = '{}' OR subject.ids = '{}' AND subject.quarantined = '{}' THEN
		RETURN NULL;
	END IF;
	namespaces := cdp_internal.other_namespaces(subject.ids, subject.own);
	FOREACH list IN ARRAY cdp_internal.export_lists() LOOP
		subject.foreign_texts := subject.foreign_texts || cdp_internal.said_of_others(
			ARRAY(SELECT s.said FROM cdp_internal.said_by_list(list, subject.profile_id, subject.ids, subject.own,
				subject.former, subject.quarantined) AS s (said)),
			-- what is in quarantine is linked to nothing
			CASE list WHEN 'quarantine' THEN ARRAY(SELECT n.namespace FROM cdp_data.namespace n) ELSE namespaces END,
			subject.own);
	END LOOP;
	RETURN subject;
END
$function$;
COMMENT ON FUNCTION cdp_internal.export_subject(bigint, cdp.identifier) IS
	'Internal: returns the person of an export, by a profile_id or by an identifier; NULL: there is none.';

CREATE FUNCTION cdp_internal.export_document(asked_id bigint, asked cdp.identifier) RETURNS jsonb
	LANGUAGE plpgsql STABLE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	subject cdp_internal.export_subject := cdp_internal.export_subject(asked_id, asked);
BEGIN
	IF subject.own IS NULL THEN
		RETURN NULL;
	END IF;
	RETURN jsonb_build_object('exported_at', to_jsonb(now() AT TIME ZONE 'UTC') #>> '{}' || 'Z',
		'as_of', (SELECT to_jsonb(s.as_of AT TIME ZONE 'UTC') #>> '{}' || 'Z' FROM cdp_data.state s)) || (
		SELECT jsonb_object_agg(l.list, CASE l.list WHEN 'profile' THEN o.rows -> 0 ELSE o.rows END)
		FROM unnest(cdp_internal.export_lists()) AS l (list)
		CROSS JOIN LATERAL (
			SELECT coalesce(jsonb_agg(r.document), '[]') AS rows
			FROM cdp_internal.export_rows(subject, l.list) AS r (document)) o);
EXCEPTION WHEN program_limit_exceeded THEN
	RAISE EXCEPTION 'the person is too large for one document' USING ERRCODE = 'program_limit_exceeded',
		DETAIL = SQLERRM, HINT = 'cdp.export_person_csv() returns a line for each row.';
END
$function$;
COMMENT ON FUNCTION cdp_internal.export_document(bigint, cdp.identifier) IS
	'Internal: what cdp.export_person() returns.';

CREATE FUNCTION cdp_internal.record_export(form text, person bigint) RETURNS bigint
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	PERFORM cdp_internal.check_tables();
	RETURN cdp_data.record_audit('export_person', array_remove(ARRAY[person], NULL),
		jsonb_build_object('format', form, 'found', person IS NOT NULL));
END
$function$;
COMMENT ON FUNCTION cdp_internal.record_export(text, bigint) IS
	'Internal: records in cdp.audit that a person is exported; person: profile_id, NULL: not found.';

CREATE FUNCTION cdp.export_person(identifier cdp.identifier) RETURNS jsonb
	LANGUAGE plpgsql VOLATILE STRICT PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	PERFORM cdp_internal.record_export('json', cdp.profile_of(identifier));
	RETURN cdp_internal.export_document(NULL, identifier);
END
$function$;
COMMENT ON FUNCTION cdp.export_person(cdp.identifier) IS
$comment$Returns all that is kept of a person as one JSON document, to be handed to that person; NULL if there is
nothing. Each call is recorded in cdp.audit, and is among the disclosures that it returns. Refresh before, so
that no row waits. The document has exported_at, as_of (time of the last batch), the object profile, and lists:
identifiers: with first_known and the sources that sent them; history: the profile_id of each identifier, since
and until when; traits: all values that are kept, with origin, see cdp.provenance(); computed_traits; accounts,
without what other members said of them; events: each as it came, of the whole log; folded: what events that
have left the log added up to, see cdp.drop_events(); corrections: events that their source replaced, if kept;
quarantine: rows that carry an identifier of the person (withheld: a line that cannot be read, and may be of
others); links: pairs of identifiers, what says so, and whether they count; verdicts; segments: those that the
person is in as last judged, since when, and why; changes: of the feed; purposes: what the person may be used
for, and why; consent: what was said of them, with evidence; disclosures: when the person was exported, erased
…; sources: with licence; retention: how long what is kept, see cdp.retention_report().
Nothing of other people is in it: the other end of a link that is not of the person is NULL, and identifiers that are
known to be of others (their e-mail addresses, phone numbers, and what stood on one event with an identifier of the
person) are replaced by "[of another person]" wherever they stand, names of members too. Identifiers that are shared
stay. Times are in UTC.
Errors: a shared identifier (22023); the lists have more than fits into a document, some 256 MB (54000):
cdp.export_person_csv(); row security applies to the caller (42501); a standby, which cannot record it
(25006).$comment$;

CREATE FUNCTION cdp.export_person(profile_id bigint) RETURNS jsonb
	LANGUAGE plpgsql VOLATILE STRICT PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	PERFORM cdp_internal.record_export('json', cdp.profile_of(export_person.profile_id));
	RETURN cdp_internal.export_document(export_person.profile_id, NULL);
END
$function$;
COMMENT ON FUNCTION cdp.export_person(bigint) IS
	'The same for a present or former profile_id; NULL if there is no such person now.';

CREATE FUNCTION cdp.export_person(person text) RETURNS jsonb
	LANGUAGE sql VOLATILE STRICT PARALLEL UNSAFE
	RETURN CASE WHEN cdp_internal.person_id(person) IS NULL THEN cdp.export_person(person::cdp.identifier)
		ELSE cdp.export_person(cdp_internal.person_id(person)) END;
COMMENT ON FUNCTION cdp.export_person(text) IS
	'The same for text: namespace:value, or the digits of a profile_id. Other text is an error (22P02).';

-- Numbers of a list's columns, in order; of one without rows too.
CREATE FUNCTION cdp_internal.export_columns(list text) RETURNS text[]
	LANGUAGE plpgsql STABLE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	columns text[];
BEGIN
	EXECUTE format($sql$
		SELECT ARRAY(SELECT json_object_keys(row_to_json(x)))
		FROM (SELECT q.* FROM (SELECT 1) AS one LEFT JOIN (%s) q ON false) x
	$sql$, cdp_internal.export_query(list)) INTO columns
	USING NULL::bigint, '{}'::bigint[], '{}'::cdp.identifier[], '{}'::bigint[], '{}'::bigint[];
	RETURN columns;
END
$function$;
COMMENT ON FUNCTION cdp_internal.export_columns(text) IS
	'Internal: returns the names of the columns of a list of cdp.export_person(), in order.';

CREATE FUNCTION cdp_internal.csv_line(fields text[]) RETURNS text
	LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
	RETURN (
		SELECT string_agg(coalesce('"' || replace(f.field, '"', '""') || '"', ''), ',' ORDER BY f.place)
		FROM unnest(fields) WITH ORDINALITY AS f (field, place));
COMMENT ON FUNCTION cdp_internal.csv_line(text[]) IS
	'Internal: returns a line of CSV: each field in quotes, but NULL, which is empty.';

CREATE FUNCTION cdp_internal.export_lines(asked_id bigint, asked cdp.identifier)
	RETURNS TABLE (list text, line text)
	LANGUAGE plpgsql STABLE PARALLEL UNSAFE ROWS 1000
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	subject cdp_internal.export_subject := cdp_internal.export_subject(asked_id, asked);
	columns text[];
BEGIN
	IF subject.own IS NULL THEN
		RETURN;
	END IF;
	FOREACH list IN ARRAY cdp_internal.export_lists() LOOP
		columns := cdp_internal.export_columns(list);
		line := cdp_internal.csv_line(columns);
		RETURN NEXT;
		RETURN QUERY
			SELECT export_lines.list, cdp_internal.csv_line(ARRAY(
				SELECT r.document ->> c.name
				FROM unnest(columns) WITH ORDINALITY AS c (name, place)
				ORDER BY c.place))
			FROM cdp_internal.export_rows(subject, export_lines.list) AS r (document);
	END LOOP;
END
$function$;
COMMENT ON FUNCTION cdp_internal.export_lines(bigint, cdp.identifier) IS
	'Internal: what cdp.export_person_csv() returns.';

CREATE FUNCTION cdp.export_person_csv(identifier cdp.identifier) RETURNS TABLE (list text, line text)
	LANGUAGE plpgsql VOLATILE STRICT PARALLEL UNSAFE ROWS 1000
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	PERFORM cdp_internal.record_export('csv', cdp.profile_of(identifier));
	RETURN QUERY SELECT l.list, l.line FROM cdp_internal.export_lines(NULL, identifier) l;
END
$function$;
COMMENT ON FUNCTION cdp.export_person_csv(cdp.identifier) IS
$comment$Returns the lists of cdp.export_person() as lines of CSV: for each list, in order, a header and a line for each
row. Each field is in quotes, but NULL, which is empty; documents are JSON; a field may have line ends. One
file for a list: psql -Atc "SELECT line FROM cdp.export_person_csv('email:ann@example.com') WHERE list =
'events'" > events.csv. No rows if there is nothing. It has no limit of size: rows beyond work_mem go to a
temporary file. Errors: as cdp.export_person(), without 54000.$comment$;

CREATE FUNCTION cdp.export_person_csv(profile_id bigint) RETURNS TABLE (list text, line text)
	LANGUAGE plpgsql VOLATILE STRICT PARALLEL UNSAFE ROWS 1000
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	PERFORM cdp_internal.record_export('csv', cdp.profile_of(export_person_csv.profile_id));
	RETURN QUERY SELECT l.list, l.line FROM cdp_internal.export_lines(export_person_csv.profile_id, NULL) l;
END
$function$;
COMMENT ON FUNCTION cdp.export_person_csv(bigint) IS
	'The same for a present or former profile_id; no rows if there is no such person now.';

CREATE FUNCTION cdp.export_person_csv(person text) RETURNS TABLE (list text, line text)
	LANGUAGE plpgsql VOLATILE STRICT PARALLEL UNSAFE ROWS 1000
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	IF cdp_internal.person_id(person) IS NULL THEN
		RETURN QUERY SELECT l.list, l.line FROM cdp.export_person_csv(person::cdp.identifier) l;
	ELSE
		RETURN QUERY SELECT l.list, l.line FROM cdp.export_person_csv(cdp_internal.person_id(person)) l;
	END IF;
END
$function$;
COMMENT ON FUNCTION cdp.export_person_csv(text) IS
	'The same for text: namespace:value, or the digits of a profile_id. Other text is an error (22P02).';

REVOKE ALL ON FUNCTION cdp_internal.export_subject(bigint, cdp.identifier),
	cdp_internal.export_rows(cdp_internal.export_subject, text),
	cdp_internal.export_document(bigint, cdp.identifier), cdp_internal.record_export(text, bigint),
	cdp_internal.export_columns(text), cdp_internal.csv_line(text[]),
	cdp_internal.export_lines(bigint, cdp.identifier), cdp.export_person(cdp.identifier), cdp.export_person(bigint),
	cdp.export_person(text), cdp.export_person_csv(cdp.identifier), cdp.export_person_csv(bigint),
	cdp.export_person_csv(text) FROM PUBLIC;
