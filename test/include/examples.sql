-- small examples of identity: identifiers with short names, in numbered examples that do not meet
CREATE TABLE who (example int, short text, identifier cdp.identifier UNIQUE, PRIMARY KEY (example, short));
-- the identifier that a short name stands for in an example
CREATE FUNCTION id(n int, s text) RETURNS cdp.identifier LANGUAGE plpgsql AS $$
DECLARE
	made cdp.identifier := CASE left(s, 1) WHEN 'u' THEN cdp.identifier('user_id', n || s) WHEN 'e' THEN cdp.identifier('email', n || s || '@example.com')
		WHEN 'p' THEN cdp.identifier('phone', '+44770090' || lpad(n::text, 4, '0')) ELSE cdp.identifier('device_id', n || s) END;
BEGIN
	INSERT INTO who VALUES (n, s, made) ON CONFLICT DO NOTHING;
	RETURN made;
END
$$;
CREATE FUNCTION feed(n int, at numeric, ids text, source text DEFAULT NULL) RETURNS void LANGUAGE sql AS $$
	INSERT INTO cdp.inbox (type, event, message_id, identifiers, "timestamp", received_at, source)
	SELECT 'track', 'Event', concat_ws(' ', n, at, ids, source), jsonb_object_agg(namespace, v), timestamptz '2026-01-01' + at * interval '1 minute', '2026-06-01', source
	FROM (SELECT cdp.namespace(id(n, s)) AS namespace, jsonb_agg(cdp.value(id(n, s))) AS v FROM string_to_table(ids, ' ') s GROUP BY 1) g
$$;
-- the people of an example, each with its events; shared identifiers and those in no profile are marked
CREATE FUNCTION people(n int) RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(p.ids, ' ' ORDER BY p.ids) FROM (
		SELECT '{' || string_agg(w.short, ' ' ORDER BY w.short) || '}' || CASE WHEN bool_or(i.blocked) THEN ' blocked' WHEN bool_or(i.shared) THEN ' shared' ELSE '' END
			   || coalesce(':' || (SELECT r.events FROM cdp_data.profile r WHERE r.profile_id = i.profile_id), '') AS ids
		FROM who w JOIN cdp_data.identifier i USING (identifier) WHERE w.example = n GROUP BY i.profile_id) p
$$;
CREATE FUNCTION refused(n int) RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(pair, ' ' ORDER BY pair) FROM (
		SELECT DISTINCT least(x.short, y.short) || '-' || greatest(x.short, y.short) AS pair FROM cdp_data.link l
		JOIN cdp_data.identifier a ON a.identifier_id = l.a JOIN who x ON x.identifier = a.identifier JOIN cdp_data.identifier b ON b.identifier_id = l.b JOIN who y ON y.identifier = b.identifier
		WHERE l.refused AND x.example = n) p
$$;
-- rows of explain and unlink, in short names
CREATE FUNCTION short(e record) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	RETURN concat_ws(' ', e.step, coalesce((SELECT w.short FROM who w WHERE w.identifier::text = e.from_identifier), '?') || '-' || coalesce((SELECT w.short FROM who w WHERE w.identifier::text = e.to_identifier), '?'),
		to_char(e.at, 'MI'), e.source, CASE WHEN e.refused THEN 'refused' END, nullif(array_to_string(e.reasons, ', '), ''));
END
$$;
CREATE FUNCTION chain(n int, a text, b text) RETURNS SETOF text LANGUAGE sql AS $$ SELECT short(e) FROM cdp.explain(id(n, a), id(n, b)) e $$;
