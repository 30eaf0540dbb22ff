-- The changes of a verdict or a rule in the graph: staged as relations of the batch, which cdp_internal.refresh_pass()
-- reads beside the rows of the inboxes.

CREATE FUNCTION cdp_internal.stage_graph_changes(unlinked text DEFAULT NULL, blocked text DEFAULT NULL,
	retry text DEFAULT NULL, checked text DEFAULT NULL, forbids text DEFAULT NULL, judged text DEFAULT NULL,
	reread text DEFAULT NULL, reanchored text DEFAULT NULL, refolded text DEFAULT NULL,
	traits_changed text DEFAULT NULL, same text DEFAULT NULL, realiased text DEFAULT NULL, based text DEFAULT NULL)
	RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	change record;
BEGIN
	FOR change IN VALUES ('batch_unlinked', unlinked), ('batch_blocked', blocked), ('batch_retry', retry),
		('batch_check', checked), ('batch_forbid_changed', forbids), ('batch_judged', judged), ('batch_reread', reread),
		('batch_rank_changed', reanchored), ('batch_refolded', refolded), ('batch_same_changed', same),
		('batch_realiased', realiased), ('batch_based', based),
		('batch_refold', coalesce(traits_changed,
			'SELECT '''' AS type, 0::bigint AS identifier_id, '''' AS group_id WHERE false'))
	LOOP
		IF change.column2 IS NOT NULL THEN
			PERFORM cdp_internal.batch_stage(change.column1, change.column2);
		END IF;
	END LOOP;
END
$function$;
COMMENT ON FUNCTION cdp_internal.stage_graph_changes(text, text, text, text, text, text, text, text, text, text, text,
	text, text) IS
	'Internal: stages what a batch changes in the graph besides its events, as queries; NULL: nothing. unlinked: pairs '
	'whose evidence is void (a, b); blocked: identifiers that are blocked now; retry: refused links to try again; '
	'checked: profiles to check; forbids: forbids added or withdrawn; judged: identifiers to judge for sharing; '
	'reread: events of the log with identifiers, or an earlier user_id, that are no longer blocked (event_id, its '
	'anchor as place, ids, source, at, message_id, earlier); reanchored: identifiers whose events may get another '
	'anchor; refolded: profiles to fold from the log; traits_changed: identifiers (type identify) and accounts (type '
	'group) whose traits to fold from the log (type, identifier_id, group_id), staged even if it is NULL; same: '
	'verdicts given or withdrawn that two are the same (a, b, in_force); realiased: identifiers whose aliases may be '
	'believed now, or no longer; based: anchors of rows of the base to read again, as events are.';

REVOKE ALL ON FUNCTION cdp_internal.stage_graph_changes(text, text, text, text, text, text, text, text, text, text,
	text, text, text) FROM PUBLIC;
