-- Identity resolution of a batch: its identifiers, its evidence, the resulting profiles, the anchors of its events.
-- A verdict or a rule stages its changes in the relations of cdp_internal.stage_graph_changes() and takes the same way.

CREATE FUNCTION cdp_internal.stage_graph_changes(unlinked text DEFAULT NULL, blocked text DEFAULT NULL,
	retry text DEFAULT NULL, checked text DEFAULT NULL, forbids text DEFAULT NULL, judged text DEFAULT NULL,
	reread text DEFAULT NULL, reanchored text DEFAULT NULL, refolded text DEFAULT NULL,
	traits_changed text DEFAULT NULL) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	PERFORM cdp_internal.batch_stage('batch_unlinked',
		coalesce(unlinked, 'SELECT 0::bigint AS a, 0::bigint AS b WHERE false'));
	PERFORM cdp_internal.batch_stage('batch_blocked',
		coalesce(blocked, 'SELECT 0::bigint AS identifier_id WHERE false'));
	PERFORM cdp_internal.batch_stage('batch_retry',
		coalesce(retry, 'SELECT 0::bigint AS a, 0::bigint AS b, 0 AS trust, now() AS first_at WHERE false'));
	PERFORM cdp_internal.batch_stage('batch_check', coalesce(checked, 'SELECT 0::bigint AS profile_id WHERE false'));
	PERFORM cdp_internal.batch_stage('batch_forbid_changed',
		coalesce(forbids, 'SELECT 0::bigint AS a, 0::bigint AS b, true AS in_force WHERE false'));
	PERFORM cdp_internal.batch_stage('batch_judged', coalesce(judged, 'SELECT 0::bigint AS identifier_id WHERE false'));
	PERFORM cdp_internal.batch_stage('batch_reread', coalesce(reread,
		$sql$
			SELECT 0::bigint AS event_id, 0::bigint AS place, ARRAY[]::cdp.identifier[] AS ids, '' AS source,
				   now() AS at, '' AS message_id
			WHERE false
		$sql$));
	PERFORM cdp_internal.batch_stage('batch_rank_changed',
		coalesce(reanchored, 'SELECT 0::bigint AS identifier_id WHERE false'));
	PERFORM cdp_internal.batch_stage('batch_refolded',
		coalesce(refolded, 'SELECT 0::bigint AS profile_id WHERE false'));
	PERFORM cdp_internal.batch_stage('batch_refold',
		coalesce(traits_changed, 'SELECT '''' AS type, 0::bigint AS identifier_id, '''' AS group_id WHERE false'));
END
$function$;
COMMENT ON FUNCTION cdp_internal.stage_graph_changes(text, text, text, text, text, text, text, text, text, text) IS
	'Internal: stages what a batch changes in the graph besides its events, as queries: unlinked: pairs whose evidence '
	'is void (a, b); blocked: identifiers that are blocked now; retry: refused links to try again; checked: profiles '
	'to check; forbids: forbids added or withdrawn; judged: identifiers to judge for sharing; reread: events of the '
	'log with identifiers that are no longer blocked (event_id, its anchor as place, ids, source, at, message_id); '
	'reanchored: identifiers whose events may get another anchor; refolded: profiles to fold from the log; '
	'traits_changed: identifiers (type identify) and accounts (type group) whose traits to fold from the log (type, '
	'identifier_id, group_id).';

CREATE FUNCTION cdp_internal.restitch_resolve()
	RETURNS TABLE (kind text, id bigint, other bigint, flag boolean, second_flag boolean, number bigint, trust integer,
		at timestamptz, counts jsonb)
	LANGUAGE C VOLATILE PARALLEL UNSAFE
	AS 'MODULE_PATHNAME', 'cdp_restitch_resolve';
COMMENT ON FUNCTION cdp_internal.restitch_resolve() IS
	'Internal: returns what the tables must become after the changes of the batch. kind: move (profile id becomes '
	'other), identifier (id moves from profile number to profile other; 0: none), ended (profile id ends), profile '
	'(summary: forbidden, shared, number of identifiers, upper bound on the rank of links inside, counts of limited '
	'namespaces), link (link id, other is refused or no longer), declined (link id, other is refused because of a '
	'frozen profile), sharing (id is shared or no longer), reanchor (events anchored at id, or with it, may get '
	'another anchor), reworks (id: their number, other: identifiers in the largest), reworked (id: identifiers, '
	'other: profiles split).';

REVOKE ALL ON FUNCTION cdp_internal.stage_graph_changes(text, text, text, text, text, text, text, text, text, text),
	cdp_internal.restitch_resolve() FROM PUBLIC;
