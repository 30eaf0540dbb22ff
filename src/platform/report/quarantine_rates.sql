-- Rates of quarantine over time.

CREATE FUNCTION cdp.quarantine_rates(per text DEFAULT 'day', since timestamptz DEFAULT NULL,
	until timestamptz DEFAULT NULL, source text DEFAULT NULL)
	RETURNS TABLE (period timestamptz, source_name text, reason text, quarantined bigint, taken bigint, share numeric)
	LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 100
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
#variable_conflict use_column
BEGIN
	PERFORM cdp_internal.check_tables();
	IF per IS NULL OR per NOT IN ('hour', 'day') THEN
		RAISE EXCEPTION 'per is "%"', left(per, 64) USING ERRCODE = 'invalid_parameter_value',
			HINT = 'Use hour or day.';
	END IF;
	RETURN QUERY
		WITH known AS (
			-- how many rows a source had sent by the end of an hour; the last hour of each is in its own row
			SELECT h.source, h.hour, h.rows FROM cdp_data.source_hour h
			UNION ALL
			SELECT s.source, date_trunc('hour', s.last_at, 'UTC'),
				s.accepted + s.duplicate + s.quarantined + s.deletions + s.suppressed
			FROM cdp_data.source s
			WHERE s.last_at > '-infinity'),
		sent AS (
			SELECT k.source, k.hour,
				k.rows - coalesce(lag(k.rows) OVER (PARTITION BY k.source ORDER BY k.hour), 0) AS rows
			FROM known k
			WHERE quarantine_rates.source IS NULL OR k.source = quarantine_rates.source),
		taken AS (
			SELECT s.source, date_trunc(per, s.hour, 'UTC') AS period, sum(s.rows)::bigint AS rows
			FROM sent s
			WHERE (since IS NULL OR s.hour >= date_trunc(per, since, 'UTC')) AND (until IS NULL OR s.hour < until)
			GROUP BY 1, 2),
		refused AS (
			SELECT h.source, date_trunc(per, h.hour, 'UTC') AS period, h.reason, sum(h.rows)::bigint AS rows
			FROM cdp_data.quarantine_hour h
			WHERE (since IS NULL OR h.hour >= date_trunc(per, since, 'UTC')) AND (until IS NULL OR h.hour < until)
				AND (quarantine_rates.source IS NULL OR h.source = quarantine_rates.source)
			GROUP BY 1, 2, 3)
		SELECT t.period, t.source, r.reason, coalesce(r.rows, 0), t.rows,
			round(coalesce(r.rows, 0)::numeric / nullif(t.rows, 0), 6)
		FROM taken t
		LEFT JOIN refused r ON r.source = t.source AND r.period = t.period
		ORDER BY 1, 2, 3;
END
$function$;
COMMENT ON FUNCTION cdp.quarantine_rates(text, timestamptz, timestamptz, text) IS
$comment$Returns how many rows of each source went to quarantine, by reason and hour or day (UTC) of their batch, of the
last 400 days: SELECT * FROM cdp.quarantine_rates('hour', since => now() - interval '1 day'). since (included, with its
whole hour or day) and until (excluded) bound the time of the batch; source: NULL, all. taken: all rows of the source
that were taken then; share: quarantined / taken; reason: NULL, with quarantined 0, where none was quarantined. It
counts what went there, whatever became of it since; a row that is replayed counts again. It reads no row of the
quarantine. Error: per is neither hour nor day (22023).$comment$;

REVOKE ALL ON FUNCTION cdp.quarantine_rates(text, timestamptz, timestamptz, text) FROM PUBLIC;
