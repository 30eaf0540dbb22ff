-- Who is who: identifiers, the links between them, and the profiles that follow.

CREATE FUNCTION cdp.init_graph() RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	CREATE TABLE cdp.namespace (namespace text PRIMARY KEY, priority integer NOT NULL DEFAULT 50, batch_id bigint);
	COMMENT ON TABLE cdp.namespace IS 'The kinds of identifiers, and how strong each is. A kind not listed is added when it is first seen.';
	COMMENT ON COLUMN cdp.namespace.priority IS 'Smaller is stronger: the strongest identifier of an event anchors it, that of a profile gives its id.';
	COMMENT ON COLUMN cdp.namespace.batch_id IS 'The refresh that first saw it; NULL: a default of cdp.init().';
	INSERT INTO cdp.namespace (namespace, priority) VALUES
		('user_id', 10), ('customer_no', 20), ('customer_id', 20), ('crm_id', 20), ('external_id', 20),
		('email', 30), ('email_sha256', 32), ('phone', 40), ('phone_sha256', 42),
		('device_id', 60), ('idfv', 60), ('idfa', 62), ('gaid', 62), ('advertising_id', 62), ('push_token', 65),
		('anonymous_id', 70), ('ga_client_id', 75);

	CREATE TABLE cdp.identifier_map (identifier cdp.identifier PRIMARY KEY, identity_id bigint NOT NULL);
	COMMENT ON TABLE cdp.identifier_map IS 'Identifier to identity. Distribution key: identifier.';

	CREATE TABLE cdp.identity (
		identity_id bigint PRIMARY KEY, identifier cdp.identifier NOT NULL, profile_id bigint NOT NULL,
		batch_id bigint NOT NULL, since_batch_id bigint NOT NULL);
	CREATE INDEX identity_profile_id ON cdp.identity (profile_id);
	COMMENT ON TABLE cdp.identity IS 'One row for each identifier ever seen, with the profile it is in now. Distribution key: identity_id.';
	COMMENT ON COLUMN cdp.identity.identity_id IS 'Handed out once, in the order of arrival, and never changed.';
	COMMENT ON COLUMN cdp.identity.profile_id IS 'The identity_id of the strongest identifier of the profile.';
	COMMENT ON COLUMN cdp.identity.batch_id IS 'The refresh that first saw the identifier.';
	COMMENT ON COLUMN cdp.identity.since_batch_id IS 'The refresh that put it into its present profile.';

	CREATE TABLE cdp.identity_history (
		identity_id bigint NOT NULL, from_batch_id bigint NOT NULL, until_batch_id bigint NOT NULL, profile_id bigint NOT NULL,
		PRIMARY KEY (identity_id, from_batch_id));
	COMMENT ON TABLE cdp.identity_history IS 'Profiles that an identity was in before, by batch: from inclusive, until exclusive. Distribution key: identity_id.';

	CREATE TABLE cdp.link (
		a bigint NOT NULL, b bigint NOT NULL, source text NOT NULL,
		first_at timestamptz NOT NULL, last_at timestamptz NOT NULL, events bigint NOT NULL, message_id text,
		batch_id bigint NOT NULL, last_batch_id bigint NOT NULL, refused boolean NOT NULL DEFAULT false,
		PRIMARY KEY (a, b, source), CHECK (a < b));
	CREATE INDEX link_b ON cdp.link (b, a);
	COMMENT ON TABLE cdp.link IS 'The evidence: two identities that stood on one event, for each source. Distribution key: a.';
	COMMENT ON COLUMN cdp.link.first_at IS 'Earliest least(timestamp, received_at) of its events.';
	COMMENT ON COLUMN cdp.link.message_id IS 'Message of the earliest event (the smallest, where several are).';
	COMMENT ON COLUMN cdp.link.refused IS 'Whether its ends are in two profiles.';
END
$function$;
COMMENT ON FUNCTION cdp.init_graph() IS 'Internal: makes the tables of the room identity.';

-- The identities of the batch: batch_mention (row, identity), batch_identity; the anchor of each row.
CREATE FUNCTION cdp.refresh_identify(INOUT identity_id bigint, OUT identities bigint)
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	PERFORM cdp.batch_stage('batch_name', $sql$
		SELECT r.row_no, u.identifier FROM batch_row r JOIN batch_accepted USING (row_no) CROSS JOIN LATERAL unnest(r.ids) AS u(identifier)
	$sql$);
	-- look up first, then number only what is missing
	PERFORM cdp.batch_stage('batch_known', $sql$
		SELECT d.identifier, cdp.namespace(d.identifier) AS namespace, m.identity_id
		FROM (SELECT DISTINCT identifier FROM batch_name) d LEFT JOIN cdp.identifier_map m ON m.identifier = d.identifier
	$sql$);
	PERFORM cdp.batch_run($sql$
		INSERT INTO cdp.namespace (namespace, batch_id) SELECT DISTINCT namespace, $1 FROM batch_known k
		WHERE NOT EXISTS (SELECT FROM cdp.namespace n WHERE n.namespace = k.namespace) ORDER BY namespace
	$sql$);
	identities := cdp.batch_stage('batch_new', format($sql$
		SELECT identifier, %s + row_number() OVER (ORDER BY identifier) AS identity_id FROM batch_known WHERE identity_id IS NULL
	$sql$, identity_id));
	identity_id := identity_id + identities;
	PERFORM cdp.batch_run($sql$ INSERT INTO cdp.identifier_map (identifier, identity_id) SELECT identifier, identity_id FROM batch_new ORDER BY identifier $sql$);

	PERFORM cdp.batch_stage('batch_identity', $sql$
		SELECT k.identifier, i.identity_id, i.profile_id, i.is_new, row_number() OVER (ORDER BY n.priority, k.identifier) AS strength
		FROM batch_known k
		JOIN (SELECT o.identity_id, o.identifier, o.profile_id, false AS is_new FROM batch_known JOIN cdp.identity o USING (identity_id)
			  UNION ALL
			  SELECT identity_id, identifier, identity_id, true FROM batch_new) i ON i.identifier = k.identifier
		JOIN cdp.namespace n USING (namespace)
	$sql$);
	PERFORM cdp.batch_stage('batch_mention', $sql$
		SELECT n.row_no, i.identity_id, i.strength FROM batch_name n JOIN batch_identity i USING (identifier)
	$sql$);
	PERFORM cdp.batch_stage('batch_anchor', $sql$
		SELECT a.row_no, coalesce(i.identity_id, 0) AS identity_id
		FROM (SELECT row_no, min(strength) AS strength FROM batch_accepted LEFT JOIN batch_mention USING (row_no) GROUP BY row_no) a
		LEFT JOIN batch_identity i USING (strength)
	$sql$);
END
$function$;
COMMENT ON FUNCTION cdp.refresh_identify(bigint) IS 'Internal: numbers the identifiers of the batch and anchors its rows (batch_identity, batch_mention, batch_anchor).';

-- The evidence of the batch: batch_evidence; cdp.link is brought up to date.
CREATE FUNCTION cdp.refresh_link() RETURNS bigint
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	known bigint;
BEGIN
	PERFORM cdp.batch_stage('batch_pair', $sql$
		SELECT x.identity_id AS a, y.identity_id AS b, x.row_no
		FROM batch_mention x JOIN batch_mention y ON y.row_no = x.row_no AND x.identity_id < y.identity_id
	$sql$);
	PERFORM cdp.batch_stage('batch_evidence', $sql$
		SELECT DISTINCT ON (a, b, source) a, b, source, at AS first_at, max(at) OVER pair AS last_at, count(*) OVER pair AS events, message_id
		FROM (SELECT p.a, p.b, r.feed AS source, least(r.at, coalesce(r.received_at, $2)) AS at, r.message_id FROM batch_pair p JOIN batch_row r USING (row_no)) e
		WINDOW pair AS (PARTITION BY a, b, source)
		ORDER BY a, b, source, at, message_id
	$sql$);
	known := cdp.batch_run($sql$
		UPDATE cdp.link l SET first_at = least(l.first_at, e.first_at), last_at = greatest(l.last_at, e.last_at),
			events = l.events + e.events, last_batch_id = $1,
			message_id = CASE WHEN e.first_at < l.first_at THEN e.message_id
							  WHEN e.first_at = l.first_at THEN least(e.message_id, l.message_id) ELSE l.message_id END
		FROM batch_evidence e WHERE l.a = e.a AND l.b = e.b AND l.source = e.source
	$sql$);
	RETURN cdp.batch_run($sql$
		INSERT INTO cdp.link (a, b, source, first_at, last_at, events, message_id, batch_id, last_batch_id)
		SELECT e.a, e.b, e.source, e.first_at, e.last_at, e.events, e.message_id, $1, $1
		FROM batch_evidence e LEFT JOIN cdp.link l ON l.a = e.a AND l.b = e.b AND l.source = e.source AND l.batch_id < $1
		WHERE l.a IS NULL ORDER BY e.a, e.b, e.source
	$sql$);
END
$function$;
COMMENT ON FUNCTION cdp.refresh_link() IS 'Internal: writes the links of the batch (batch_evidence). Returns the number of new ones.';

-- The profiles that grow together: batch_moved (old, new); cdp.identity is brought up to date.
CREATE FUNCTION cdp.refresh_stitch(OUT profiles_created bigint, OUT profiles_merged bigint)
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	PERFORM cdp.batch_stage('batch_bridge', $sql$
		SELECT DISTINCT x.profile_id AS a, y.profile_id AS b
		FROM batch_evidence e JOIN batch_identity x ON x.identity_id = e.a JOIN batch_identity y ON y.identity_id = e.b
		WHERE x.profile_id <> y.profile_id
	$sql$);
	PERFORM cdp.batch_stage('batch_group', $sql$
		SELECT c.node AS profile_id, c.component
		FROM (SELECT array_agg(a) AS a, array_agg(b) AS b FROM batch_bridge) g CROSS JOIN LATERAL cdp.connected(g.a, g.b) c
	$sql$);
	-- the strongest identifier of all gives the profile its id
	PERFORM cdp.batch_stage('batch_moved', $sql$
		SELECT profile_id AS old_id, new_id
		FROM (SELECT g.profile_id, first_value(g.profile_id) OVER (PARTITION BY g.component ORDER BY n.priority, i.identifier) AS new_id
			  FROM batch_group g
			  JOIN (SELECT identity_id, identifier FROM batch_new
					UNION ALL
					SELECT o.identity_id, o.identifier FROM batch_group k JOIN cdp.identity o ON o.identity_id = k.profile_id) i ON i.identity_id = g.profile_id
			  JOIN cdp.namespace n ON n.namespace = cdp.namespace(i.identifier)) s
		WHERE profile_id <> new_id
	$sql$);
	PERFORM cdp.batch_stage('batch_profile', $sql$
		SELECT coalesce(m.new_id, p.profile_id) AS profile_id, count(*) FILTER (WHERE NOT p.is_new) AS known
		FROM (SELECT profile_id, bool_and(is_new) AS is_new FROM batch_identity GROUP BY profile_id) p LEFT JOIN batch_moved m ON m.old_id = p.profile_id
		GROUP BY 1
	$sql$);
	PERFORM cdp.batch_run($sql$
		INSERT INTO cdp.identity_history (identity_id, from_batch_id, until_batch_id, profile_id)
		SELECT i.identity_id, i.since_batch_id, $1, i.profile_id FROM cdp.identity i JOIN batch_moved m ON m.old_id = i.profile_id
	$sql$);
	PERFORM cdp.batch_run($sql$
		UPDATE cdp.identity i SET profile_id = m.new_id, since_batch_id = $1 FROM batch_moved m WHERE i.profile_id = m.old_id
	$sql$);
	PERFORM cdp.batch_run($sql$
		INSERT INTO cdp.identity (identity_id, identifier, profile_id, batch_id, since_batch_id)
		SELECT n.identity_id, n.identifier, coalesce(m.new_id, n.identity_id), $1, $1
		FROM batch_new n LEFT JOIN batch_moved m ON m.old_id = n.identity_id ORDER BY n.identity_id
	$sql$);
	profiles_created := cdp.batch_run($sql$ SELECT FROM batch_profile WHERE known = 0 $sql$);
	profiles_merged := cdp.batch_run($sql$ SELECT FROM batch_profile CROSS JOIN generate_series(2, known) $sql$);
END
$function$;
COMMENT ON FUNCTION cdp.refresh_stitch() IS 'Internal: joins the profiles that the links of the batch connect (batch_moved, batch_profile).';

REVOKE ALL ON FUNCTION cdp.init_graph(), cdp.refresh_identify(bigint), cdp.refresh_link(), cdp.refresh_stitch() FROM PUBLIC;

