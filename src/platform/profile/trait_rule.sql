-- How the pipeline merges traits: the rule of each trait, the trust of the source, and expiry.

CREATE FUNCTION cdp_internal.init_trait_rule() RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	CREATE VIEW cdp.refused_traits AS
		SELECT CASE WHEN e.type = 'identify' THEN i.profile_id END AS profile_id,
			CASE WHEN e.type = 'group' THEN e.group_id END AS group_id,
			e.event_id, e."timestamp", e.source, k.trait, coalesce(r.rules ->> k.trait, r.rules ->> '*') AS rule,
			e.traits -> k.trait AS value
		FROM (SELECT cdp.trait_rules() AS rules OFFSET 0) r
		CROSS JOIN cdp_data.event e
		CROSS JOIN LATERAL unnest(cdp.refused_keys(e.traits, r.rules)) AS k (trait)
		LEFT JOIN cdp_data.identifier i ON i.identifier_id = e.identifier_id
		WHERE e.type IN ('identify', 'group');
	COMMENT ON VIEW cdp.refused_traits IS
		'Values in the log that are left out because the present rule of their trait cannot take them: they arrived '
		'under another rule. Rows that bring such values later go to quarantine. Reads the whole log.';
	COMMENT ON COLUMN cdp.refused_traits.profile_id IS 'The person that the call is about; NULL: an account.';
	COMMENT ON COLUMN cdp.refused_traits.group_id IS 'The account that the call is about, as sent; NULL: a person.';
	COMMENT ON COLUMN cdp.refused_traits.event_id IS 'Number of the event in the log.';
	COMMENT ON COLUMN cdp.refused_traits."timestamp" IS 'Time of the event.';
	COMMENT ON COLUMN cdp.refused_traits.source IS 'The source that sent it.';
	COMMENT ON COLUMN cdp.refused_traits.trait IS 'Name of the trait.';
	COMMENT ON COLUMN cdp.refused_traits.rule IS 'Present rule of the trait.';
	COMMENT ON COLUMN cdp.refused_traits.value IS 'The value that is left out.';
END
$function$;
COMMENT ON FUNCTION cdp_internal.init_trait_rule() IS 'Internal: makes the view of values that trait rules refuse.';

-- What of a call's traits the rules can take.
CREATE FUNCTION cdp_internal.said_traits(traits jsonb, rules jsonb) RETURNS jsonb
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN CASE
		WHEN cdp.traits_problem(traits, rules) IS NULL THEN traits
		WHEN jsonb_typeof(traits) = 'object' THEN coalesce((
			SELECT jsonb_object_agg(v.key, v.value)
			FROM jsonb_each(traits) v
			WHERE cdp.traits_problem(jsonb_build_object(v.key, v.value), rules) IS NULL), '{}')
	END;
COMMENT ON FUNCTION cdp_internal.said_traits(jsonb, jsonb) IS
	'Internal: returns the traits of a call that their rules can take.';

-- All traits of people and accounts are merged by this query.
CREATE FUNCTION cdp_internal.merged_traits(said text, based text) RETURNS text
	LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	RETURN format($sql$
		SELECT a.subject, cdp.traits_union(a.traits) AS traits, min(a.expires_at) AS expires_at
		FROM (
			SELECT s.subject,
				cdp.traits_agg(coalesce(s.traits - cdp.refused_keys(s.traits, (SELECT cdp.trait_rules())), s.traits),
					s.at, s.source, (SELECT cdp.trait_rules()), f.trust) AS traits,
				min(s.at + f.expires_after) AS expires_at
			FROM (
				-- a sender's clock in the future must not hide later values
				SELECT o.subject, o.traits, least(o."timestamp", o.received_at) AS at, o.source
				FROM (%s) o) s
			LEFT JOIN cdp_data.source f ON f.source = s.source
			WHERE s.traits IS NOT NULL AND (f.expires_after IS NULL OR s.at + f.expires_after > $2)
			GROUP BY s.subject
			UNION ALL
			SELECT o.subject, r.traits, r.expires_at
			FROM (%s) o
			JOIN cdp_data.source f USING (source_id)
			CROSS JOIN LATERAL cdp_internal.renew_traits(o.traits, o.traits_at, f.trust, f.expires_after, $2) r
			WHERE r.traits IS NOT NULL) a
		GROUP BY a.subject
	$sql$, said, based);
END
$function$;
COMMENT ON FUNCTION cdp_internal.merged_traits(text, text) IS
	'Internal: returns a query of (subject, traits, expires_at) for the statements of a batch: the traits of each '
	'subject, merged by the trait rules and the trust of sources, without expired values; and when the first of them '
	'expires. said: a query of (subject, traits, "timestamp", received_at, source); '
	'based: of rows of the base (subject, traits, traits_at, source_id).';

CREATE FUNCTION cdp_internal.renew_traits(INOUT traits cdp.traits, traits_at timestamptz, trust integer,
	expires_after interval, as_of timestamptz, OUT expires_at timestamptz)
	AS 'MODULE_PATHNAME', 'cdp_renew_traits' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION cdp_internal.renew_traits(cdp.traits, timestamptz, integer, interval, timestamptz) IS
	'Internal: returns the traits of a row of the base, all of one source, by the present trust of the source, without '
	'those that expire until as_of, and when the first of the others does. traits_at: when the earliest were said that '
	'had not expired when they were folded.';

CREATE FUNCTION cdp_internal.refresh_refold() RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	PERFORM cdp_internal.batch_stage('batch_lapsing', $sql$
		SELECT p.profile_id
		FROM cdp_data.profile p
		WHERE p.expires_at <= $2
			AND NOT EXISTS (SELECT FROM cdp_data.undone u WHERE u.kind = 'expiry' AND u.profile_id = p.profile_id)
		UNION
		SELECT i.profile_id
		FROM batch_refold r
		JOIN cdp_data.identifier i ON i.identifier_id = r.identifier_id
		WHERE r.type = 'identify' AND i.profile_id <> 0
	$sql$);
	PERFORM cdp_internal.batch_stage('batch_lapsing_lacking',
		cdp_internal.lacking_people('SELECT profile_id FROM batch_lapsing'));
	PERFORM cdp_internal.batch_run($sql$
		INSERT INTO cdp_data.undone (kind, profile_id, lacks, batch_id)
		SELECT 'expiry', profile_id, lacks, $1
		FROM batch_lapsing_lacking
	$sql$);
	PERFORM cdp_internal.batch_stage('batch_lapsed', $sql$
		SELECT profile_id
		FROM batch_lapsing
		WHERE profile_id NOT IN (SELECT profile_id FROM batch_lapsing_lacking)
	$sql$);
	PERFORM cdp_internal.batch_stage('batch_lapsed_identifier', $sql$
		SELECT i.identifier_id, i.profile_id
		FROM batch_lapsed
		JOIN cdp_data.identifier i USING (profile_id)
	$sql$);
	PERFORM cdp_internal.batch_stage('batch_merged', cdp_internal.merged_traits(format($sql$
		SELECT i.profile_id AS subject, e.traits, e."timestamp", e.received_at, e.source
		FROM batch_lapsed_identifier i
		JOIN cdp_data.event e ON e.identifier_id = i.identifier_id
		WHERE e.type = 'identify' AND %s
	$sql$, cdp_internal.is_logged_condition()), $sql$
		SELECT i.profile_id AS subject, b.traits, b.traits_at, b.source_id
		FROM batch_lapsed_identifier i
		JOIN cdp_data.base_row b ON b.identifier_id = i.identifier_id
		WHERE b.group_id IS NULL
	$sql$));
	PERFORM cdp_internal.batch_run($sql$
		UPDATE cdp_data.profile p
		SET traits = f.traits, expires_at = f.expires_at
		FROM batch_lapsed l
		LEFT JOIN batch_merged f ON f.subject = l.profile_id
		WHERE p.profile_id = l.profile_id
	$sql$);
END
$function$;
COMMENT ON FUNCTION cdp_internal.refresh_refold() IS
	'Internal: folds the traits of profiles again if some have expired, or if a rule or source that concerns them has '
	'changed (batch_refold). Stages these profiles (batch_lapsed).';

CREATE FUNCTION cdp_internal.has_lapsed(as_of timestamptz) RETURNS boolean
	LANGUAGE plpgsql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
	-- mostly nothing has expired, which a plan that is kept cannot know: the indexes of expires_at tell at once
	SET enable_seqscan = off
	SET plan_cache_mode = force_generic_plan
AS $function$
BEGIN
	RETURN EXISTS (
			SELECT
			FROM cdp_data.profile p
			WHERE p.expires_at <= as_of
				AND NOT EXISTS (SELECT FROM cdp_data.undone u WHERE u.kind = 'expiry' AND u.profile_id = p.profile_id))
		OR EXISTS (
			SELECT
			FROM cdp_data.account a
			WHERE a.expires_at <= as_of
				AND NOT EXISTS (SELECT FROM cdp_data.undone u WHERE u.kind = 'expiry' AND u.group_id = a.group_id));
END
$function$;
COMMENT ON FUNCTION cdp_internal.has_lapsed(timestamptz) IS
	'Internal: returns whether traits of a person or an account have expired at that time, except where a refresh left '
	'that undone.';

REVOKE ALL ON FUNCTION cdp_internal.said_traits(jsonb, jsonb), cdp_internal.init_trait_rule(),
	cdp_internal.merged_traits(text, text),
	cdp_internal.renew_traits(cdp.traits, timestamptz, integer, interval, timestamptz), cdp_internal.refresh_refold(),
	cdp_internal.has_lapsed(timestamptz) FROM PUBLIC;
