-- Whom a batch touched, and why
SELECT current_database() AS origin \gset
CREATE DATABASE cdp_touched ENCODING 'UTF8' TEMPLATE template0;
\c cdp_touched
CREATE EXTENSION cdp;
SELECT cdp.init();
CREATE SCHEMA try;

-- takes what waits, as a refresh does, and shows whom that touched
CREATE FUNCTION try.touched() RETURNS TABLE (profile text, cause text, former text, account text, event bigint)
	LANGUAGE plpgsql SET search_path = pg_catalog, cdp, pg_temp AS $$
DECLARE
	passed record;
	claimed record;
BEGIN
	SELECT c.* INTO claimed FROM cdp_internal.refresh_claim(100, 0) c;
	PERFORM cdp_internal.next_batch(claimed.places, claimed.line_places);
	SELECT p.* INTO passed FROM cdp_data.state s
	CROSS JOIN LATERAL cdp_internal.refresh_pass(s.event_id, s.identifier_id, s.quarantine_id) p;
	PERFORM cdp_internal.record_batch(passed.done, now(), passed.event_id, passed.identifier_id, passed.quarantine_id);
	PERFORM cdp_internal.batch_end();
	RETURN QUERY
	SELECT i.identifier::text, t.cause, f.identifier::text, t.group_id, t.event_id
	FROM unnest((passed.touched).profile_ids, (passed.touched).causes, (passed.touched).former_profile_ids,
		(passed.touched).group_ids, (passed.touched).event_ids)
		AS t (profile_id, cause, former_profile_id, group_id, event_id)
	JOIN cdp_data.identifier i ON i.identifier_id = t.profile_id
	LEFT JOIN cdp_data.identifier f ON f.identifier_id = t.former_profile_id
	ORDER BY 1, 2, 3, 5;
	-- each profile counts once
	ASSERT (passed.done).profiles_touched = (SELECT count(DISTINCT u.id) FROM unnest((passed.touched).profile_ids) u (id));
END
$$;

INSERT INTO cdp.inbox (type, event, anonymous_id, user_id, group_id, "timestamp") VALUES
	('track', 'Seen', 'a', NULL, NULL, '2026-01-01'), ('group', NULL, NULL, 'u1', 'acme', '2026-01-01'),
	('track', 'Seen', NULL, 'u2', NULL, '2026-01-01');
SELECT * FROM try.touched();
-- two people become one
INSERT INTO cdp.inbox (type, anonymous_id, user_id, "timestamp") VALUES ('identify', 'a', 'u1', '2026-01-02');
SELECT * FROM try.touched();
-- nothing waits
SELECT * FROM try.touched();

-- an earlier link of another customer takes the device away
INSERT INTO cdp.inbox (type, anonymous_id, user_id, "timestamp") VALUES ('identify', 'a', 'u2', '2025-12-01');
SELECT * FROM try.touched();

-- a mailbox that becomes shared gives its events back to whom they are of
SELECT cdp.set_rules('{"email": {"max_links": {"user_id": 1}}}') \g /dev/null
INSERT INTO cdp.inbox (type, event, user_id, identifiers, "timestamp") VALUES
	('track', 'Seen', NULL, '{"email": "x@example.com", "device_id": "d"}', '2026-01-03'), ('track', 'Seen', 'u1', '{"email": "x@example.com"}', '2026-01-03');
SELECT count(*) FROM try.touched();
INSERT INTO cdp.inbox (type, event, user_id, identifiers, "timestamp") VALUES ('track', 'Seen', 'u2', '{"email": "x@example.com"}', '2026-01-04');
SELECT * FROM try.touched();

-- traits that have expired
INSERT INTO cdp.inbox (type, user_id, traits, "timestamp") VALUES ('identify', 'u2', '{"plan": "free"}', '2026-01-05');
SELECT count(*) FROM try.touched();
UPDATE cdp_data.profile p SET expires_at = '2026-01-06' FROM cdp_data.identifier i WHERE i.profile_id = p.profile_id AND i.identifier::text = 'user_id:u2';
SELECT * FROM try.touched();

\c :origin
DROP DATABASE cdp_touched;
