-- cdp.set_retention(): how long what was said is kept.

CREATE FUNCTION cdp_internal.check_retention_key(kind text, key text) RETURNS void
	LANGUAGE plpgsql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	kinds constant text[] := '{source,event,namespace,trait,quarantine}';
BEGIN
	IF (kind = ANY (kinds)) IS NOT TRUE THEN
		RAISE EXCEPTION 'there is no kind of retention "%"', coalesce(left(kind, 64), '')
			USING ERRCODE = 'invalid_parameter_value', HINT = cdp_internal.hint_at(coalesce(kind, ''), kinds);
	ELSIF key IS NULL AND kind <> 'quarantine' OR key = '' OR octet_length(key) > 255 THEN
		RAISE EXCEPTION 'retention of kind % needs a name', kind USING ERRCODE = 'invalid_parameter_value',
			DETAIL = 'A name has 1 to 255 bytes.';
	ELSIF kind = 'trait' AND key IN ('email', 'phone') THEN
		RAISE EXCEPTION 'trait "%" is an identifier too', key USING ERRCODE = 'invalid_parameter_value',
			DETAIL = 'Without it an event would be of someone else.',
			HINT = 'Set the retention of the sources that send it.';
	ELSIF kind = 'namespace' AND NOT EXISTS (SELECT FROM cdp_data.namespace n WHERE n.namespace = key) THEN
		RAISE EXCEPTION 'namespace "%" is unknown', left(key, 64) USING ERRCODE = 'undefined_object',
			HINT = cdp_internal.hint_at(key, ARRAY(SELECT n.namespace FROM cdp_data.namespace n ORDER BY 1));
	ELSIF kind = 'source' THEN
		PERFORM cdp_internal.check_source_name(key);
	END IF;
END
$function$;
COMMENT ON FUNCTION cdp_internal.check_retention_key(text, text) IS
	'Internal: raises an error for a wrong kind or key of cdp.set_retention().';

CREATE FUNCTION cdp.set_retention(kind text, key text, keep interval) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	PERFORM cdp_internal.check_tables();
	PERFORM cdp_internal.check_retention_key(kind, key);
	IF kind = 'quarantine' THEN
		PERFORM cdp.set_quarantine_retention(keep, key);
		RETURN;
	END IF;
	keep := cdp_internal.in_hours(keep, 'the time of retention', 'NULL: it is kept for ever.');
	IF keep IS NULL THEN
		DELETE FROM cdp_data.retention r WHERE r.kind = set_retention.kind AND r.key = set_retention.key;
		RETURN;
	END IF;
	INSERT INTO cdp_data.retention AS r (kind, key, keep)
	VALUES (set_retention.kind, set_retention.key, set_retention.keep)
	ON CONFLICT ON CONSTRAINT retention_pkey DO UPDATE
	SET keep = excluded.keep, done_until = '-infinity', begun_at = '-infinity', checked_at = '-infinity';
	IF kind <> 'namespace' THEN
		PERFORM cdp_internal.notice_unseen(kind, key);
	END IF;
END
$function$;
COMMENT ON FUNCTION cdp.set_retention(text, text, interval) IS
$comment$Sets how long what was said is kept; what is older is forgotten, as if it had never been said. keep: a day is
24 hours; NULL: for ever.
kind and key: source: events of this source; event: events of this name; namespace: events of people who are known by
nothing stronger than an identifier of this namespace, such as anonymous_id; trait: values of this trait, in events that
stay otherwise (not of mutable sources, which correct their rows themselves); quarantine: rows of this source in
quarantine, or with key NULL all of which the source has no time of its own (at first 30 days).
Time is that of the event. Where several are set, the shortest holds. The worker enforces them once an hour, and else
cdp.enforce_retention() does. cdp.retention_report() shows what is kept how long. Unlike keep_events of
cdp.set_sources() and cdp.drop_events(), which keep what events said when they let them go, nothing is left; and what
has left the log by these cannot be forgotten by a retention any more, so let months go later.
Events that are the proof of a consent stay as long as they prove it, and those of people on whom a hold is in force
until a week after it ended at the latest. Suppressions and holds are not touched. A name that was never seen is a
notice.
Errors: an unknown kind, no name, the traits email and phone (they are identifiers), a time with months or years, not
positive, or more than 100 years (22023); an unknown namespace (42704).$comment$;

REVOKE ALL ON FUNCTION cdp_internal.check_retention_key(text, text),
	cdp.set_retention(text, text, interval) FROM PUBLIC;
