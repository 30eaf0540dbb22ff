-- The members that a condition would have had at an instant of the past.

-- The planner must not avoid scans of the log, as the evaluator of conditions has it do.
CREATE FUNCTION cdp_internal.profile_row_at(then_batch bigint)
	RETURNS TABLE (profile_id bigint, first_seen timestamptz, last_seen timestamptz, events bigint,
		identifiers cdp.identifier[], traits cdp.traits, timeline cdp.timeline, accounts text[],
		account_traits cdp.traits)
	LANGUAGE plpgsql STABLE PARALLEL UNSAFE ROWS 100000
	SET search_path = pg_catalog, cdp, pg_temp
	SET enable_seqscan = on
AS $function$
#variable_conflict use_column
DECLARE
	rules jsonb := cdp.trait_rules();
	carried jsonb := cdp_internal.carried_rules();
	as_of timestamptz := (SELECT b.as_of FROM cdp_data.batch b WHERE b.batch_id = then_batch);
BEGIN
	RETURN QUERY
		WITH known AS MATERIALIZED (
			SELECT i.identifier_id, i.identifier, i.shared AND i.since_batch_id <= then_batch AS shared,
				   CASE WHEN i.since_batch_id <= then_batch THEN i.profile_id ELSE h.profile_id END AS profile_id
			FROM cdp_data.identifier i
			LEFT JOIN cdp_data.identifier_history h ON h.identifier_id = i.identifier_id
				AND h.from_batch_id <= then_batch AND then_batch < h.until_batch_id
		), person AS MATERIALIZED (
			SELECT k.profile_id, array_agg(k.identifier ORDER BY k.identifier) AS identifiers
			FROM known k
			WHERE k.profile_id <> 0
			GROUP BY k.profile_id
			HAVING NOT bool_or(k.shared)
		), anchored AS MATERIALIZED (
			SELECT DISTINCT ON (o.event_id) o.event_id, o.identifier_id
			FROM cdp_data.anchor_history o
			WHERE o.until_batch_id > then_batch
			ORDER BY o.event_id, o.until_batch_id
		), logged AS NOT MATERIALIZED (
			SELECT coalesce(a.identifier_id, e.identifier_id) AS identifier_id, e."timestamp" AS at, e.event, e.type,
				   e.source, e.properties, e.context, e.context_hash, e.group_id, o.trust, s.said_at,
				   CASE WHEN e.type IN ('identify', 'group') AND e.traits IS NOT NULL
					AND (o.expires_after IS NULL OR s.said_at + o.expires_after > as_of)
					THEN cdp_internal.said_traits(e.traits, rules) END AS traits
			FROM cdp_data.event e
			LEFT JOIN anchored a ON a.event_id = e.event_id
			LEFT JOIN cdp_data.source o ON o.source = e.source
			CROSS JOIN LATERAL (SELECT least(e."timestamp", e.received_at) AS said_at) s
			WHERE e.batch_id <= then_batch
		), folded AS (
			SELECT k.profile_id, count(*) AS events, min(l.at) AS first_seen, max(l.at) AS last_seen,
				   cdp.traits_agg(l.traits, l.said_at, l.source, rules, l.trust)
					FILTER (WHERE l.type = 'identify' AND l.traits IS NOT NULL) AS traits,
				   cdp.timeline_agg(l.at, l.event, cdp_internal.carried(l.event, l.properties,
					cdp_internal.whole_context(l.context, x.context), carried)) AS timeline
			FROM logged l
			JOIN known k ON k.identifier_id = l.identifier_id
			LEFT JOIN cdp_data.shared_context x ON x.context_hash = l.context_hash
			WHERE k.profile_id <> 0
			GROUP BY k.profile_id
		), called AS MATERIALIZED (
			SELECT l.identifier_id, cdp_internal.account_id(l.group_id) COLLATE "C" AS group_id, l.at, l.traits,
				   l.said_at, l.source, l.trust,
				   cdp_internal.leaves_account(cdp_internal.whole_context(l.context, x.context)) AS leaves
			FROM logged l
			LEFT JOIN cdp_data.shared_context x ON x.context_hash = l.context_hash
			WHERE l.type = 'group'
		), account AS MATERIALIZED (
			SELECT c.group_id, cdp.traits_agg(c.traits, c.said_at, c.source, rules, c.trust)
					FILTER (WHERE c.traits IS NOT NULL) AS traits
			FROM called c
			GROUP BY c.group_id
		), member AS (
			SELECT k.profile_id, c.group_id
			FROM called c
			JOIN known k ON k.identifier_id = c.identifier_id
			GROUP BY k.profile_id, c.group_id
			HAVING cdp_internal.is_member(max(c.at), max(c.at) FILTER (WHERE c.leaves))
		), belonging AS (
			SELECT m.profile_id, array_agg(m.group_id::text ORDER BY m.group_id) AS accounts,
				   cdp.traits_union(a.traits) AS traits
			FROM member m
			JOIN account a ON a.group_id = m.group_id
			GROUP BY m.profile_id)
		SELECT p.profile_id, f.first_seen, f.last_seen, coalesce(f.events, 0), p.identifiers, f.traits,
			   coalesce(f.timeline, '{}'), coalesce(b.accounts, '{}'), b.traits
		FROM person p
		LEFT JOIN folded f ON f.profile_id = p.profile_id
		LEFT JOIN belonging b ON b.profile_id = p.profile_id;
END
$function$;
COMMENT ON FUNCTION cdp_internal.profile_row_at(bigint) IS
	'Internal: returns people as cdp.profile_row had them after a batch, from the events of the log, with the anchors '
	'and the identities of then. As the caller may read these.';

CREATE FUNCTION cdp_internal.backtest(condition text, as_of timestamptz, then_batch bigint) RETURNS SETOF bigint
	LANGUAGE C STABLE STRICT PARALLEL UNSAFE COST 1000000 ROWS 10000
	SET search_path = pg_catalog, cdp, pg_temp
	AS 'MODULE_PATHNAME', 'cdp_backtest';
COMMENT ON FUNCTION cdp_internal.backtest(text, timestamptz, bigint) IS
	'Internal: returns for whom of cdp_internal.profile_row_at(then_batch) a condition holds at as_of; '
	'judged as the caller, in the restricted context.';

CREATE FUNCTION cdp_internal.backtest_limits(then_batch bigint) RETURNS text
	LANGUAGE plpgsql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	gone bigint := (SELECT sum(f.gone) FROM cdp_data.folded_month f);
	taken_back bigint := (SELECT sum(b.retracted) FROM cdp_data.batch b WHERE b.batch_id > then_batch);
BEGIN
	RETURN nullif(concat_ws(' ',
		CASE WHEN gone > 0 THEN format('%s events have left the log.', gone) END,
		CASE WHEN taken_back > 0 THEN format('%s events were taken back or corrected since.', taken_back) END), '');
END
$function$;
COMMENT ON FUNCTION cdp_internal.backtest_limits(bigint) IS
	'Internal: returns why a backtest after a batch is not exact, as far as that is known; NULL: nothing is known.';

CREATE FUNCTION cdp.backtest_segment(condition text, as_of timestamptz) RETURNS TABLE (profile_id bigint)
	LANGUAGE plpgsql STABLE STRICT PARALLEL UNSAFE ROWS 10000
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
#variable_conflict use_column
DECLARE
	last_batch bigint;
	limits text;
BEGIN
	PERFORM cdp_internal.check_tables();
	IF backtest_segment.as_of > greatest(now(), (SELECT s.as_of FROM cdp_data.state s)) THEN
		RAISE EXCEPTION 'as_of must not be in the future' USING ERRCODE = 'invalid_parameter_value',
			DETAIL = 'What will be known then is not known yet.';
	END IF;
	last_batch := coalesce((SELECT max(b.batch_id) FROM cdp_data.batch b WHERE b.as_of <= backtest_segment.as_of), 0);
	limits := cdp_internal.backtest_limits(last_batch);
	IF limits IS NOT NULL THEN
		RAISE NOTICE 'the answer can differ from what was known then' USING DETAIL = limits;
	END IF;
	RETURN QUERY
		SELECT m.profile_id
		FROM cdp_internal.backtest(condition, backtest_segment.as_of, last_batch) AS m (profile_id);
END
$function$;
COMMENT ON FUNCTION cdp.backtest_segment(text, timestamptz) IS
$comment$Returns whom a condition would have had as members at an instant, had it been a segment then: people and
profile ids as they were known then (by the time of batches), with the events that were in the log, their anchors, the
traits and accounts of then, and now() being that instant. The condition is as of cdp.create_segment(), but cannot use
other segments and computed traits. It is judged as the caller, who must be allowed to read the log, in a restricted context.
It folds the whole log, so it takes as long as reading that.
Not as it was then, but as it is now: the rules of traits, of sources and of carried properties, and which identifiers
are shared, where that changed no profile. Events that have left the log (cdp.drop_events(), keep_events), that
were taken back, corrected or deleted since are missing: a notice has their number. Where none of this happened, it is
cdp.members(name, as_of) of a segment with that condition, without its hold-outs; those for whom that failed aside.
Errors: those of a condition; that of the condition, for a person named in the detail; invalid_parameter_value: the
instant is in the future; feature_not_supported; insufficient_privilege. Works on a hot standby.$comment$;

REVOKE ALL ON FUNCTION cdp_internal.profile_row_at(bigint), cdp_internal.backtest(text, timestamptz, bigint),
	cdp_internal.backtest_limits(bigint), cdp.backtest_segment(text, timestamptz) FROM PUBLIC;
