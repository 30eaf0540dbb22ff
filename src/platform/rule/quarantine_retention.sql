-- How long rows stay in quarantine.

CREATE FUNCTION cdp.set_quarantine_retention(keep interval, source text DEFAULT NULL) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
#variable_conflict use_column
DECLARE
	named text := coalesce(set_quarantine_retention.source, '');
BEGIN
	PERFORM cdp_internal.check_tables();
	IF set_quarantine_retention.source IS NOT NULL THEN
		PERFORM cdp_internal.check_source_name(named);
	END IF;
	set_quarantine_retention.keep :=
		cdp_internal.in_hours(set_quarantine_retention.keep, 'the time in quarantine', 'NULL: rows stay for ever.');
	IF set_quarantine_retention.keep IS NULL THEN
		DELETE FROM cdp_data.quarantine_retention r WHERE r.source = named;
	ELSE
		INSERT INTO cdp_data.quarantine_retention AS r (source, keep) VALUES (named, set_quarantine_retention.keep)
		ON CONFLICT ON CONSTRAINT quarantine_retention_pkey DO UPDATE
		SET keep = excluded.keep, checked_at = '-infinity';
		-- a source may have rows in quarantine alone
		IF named <> ''
			AND NOT EXISTS (SELECT FROM cdp_data.quarantine q WHERE cdp_internal.quarantine_source(q.source) = named)
		THEN
			PERFORM cdp_internal.notice_unseen('source', named);
		END IF;
	END IF;
END
$function$;
COMMENT ON FUNCTION cdp.set_quarantine_retention(interval, text) IS
$comment$Sets how long rows stay in quarantine, after which they are deleted for good: those of a source ("default" has
those that name none), or with NULL all of which the source has no time of its own. A day is 24 hours. NULL:
for ever; at first all rows stay for 30 days. Refreshes delete them, up to 100,000 at a time, within an hour
after their time; cdp.quarantine_retention shows the times, and how many were deleted. A source that was never
seen is a notice. Errors: the time has months or years, is not positive, or more than 100 years; an invalid
name of a source (22023).$comment$;

REVOKE ALL ON FUNCTION cdp.set_quarantine_retention(interval, text) FROM PUBLIC;
