-- What is left of what people said who are erased: a proof under a keyed hash.

CREATE FUNCTION cdp_internal.anchored_consents(identifier_ids bigint[]) RETURNS bigint[]
	LANGUAGE plpgsql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	RETURN ARRAY(
		SELECT DISTINCT c.consent_id
		FROM unnest(identifier_ids) AS u (identifier_id)
		JOIN cdp_data.consent c USING (identifier_id)
		CROSS JOIN LATERAL (
			SELECT i.identifier_id
			FROM unnest(coalesce(c.ids, ARRAY[c.identifier_id])) AS o (identifier_id)
			JOIN cdp_data.identifier i USING (identifier_id)
			JOIN cdp_data.namespace n ON n.namespace = cdp.namespace(i.identifier)
			WHERE NOT i.shared AND NOT i.blocked
			ORDER BY n.priority, i.identifier
			LIMIT 1) anchor
		WHERE anchor.identifier_id = ANY (identifier_ids));
END
$function$;
COMMENT ON FUNCTION cdp_internal.anchored_consents(bigint[]) IS
	'Internal: returns the statements of the ledger whose strongest identifier, neither blocked nor shared, is one of '
	'these.';

CREATE FUNCTION cdp_internal.erase_consent(identifier_ids bigint[], keys bytea[], at timestamptz) RETURNS bigint
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
	SET enable_seqscan = off
AS $function$
#variable_conflict use_column
DECLARE
	named bigint[] := erase_consent.identifier_ids;
	-- an event goes with its anchor; one that is anchored at others loses these identifiers alone
	gone bigint[] := cdp_internal.anchored_consents(named);
	other record;
	erased bigint;
BEGIN
	INSERT INTO cdp_data.consent_proof (key, purpose, consent_id, answer, source, first_time, last_time, expires_at,
		erased_at)
	SELECT u.key, p.name, c.consent_id, c.answer, s.source, c.first_time, c.last_time, c.expires_at, erase_consent.at
	FROM unnest(named, erase_consent.keys) AS u (identifier_id, key)
	JOIN cdp_data.consent c USING (identifier_id)
	JOIN cdp_data.purpose p USING (purpose_id)
	LEFT JOIN cdp_data.source s USING (source_id)
	WHERE u.key IS NOT NULL
	ON CONFLICT DO NOTHING;
	FOR other IN
		SELECT DISTINCT o.identifier_id, c.purpose_id, c.consent_id, c.consent_id = ANY (gone) AS is_gone, r.rest
		FROM unnest(named) AS u (identifier_id)
		JOIN cdp_data.consent c USING (identifier_id)
		CROSS JOIN LATERAL unnest(c.ids) AS o (identifier_id)
		CROSS JOIN LATERAL (
			SELECT array_agg(k.id ORDER BY k.id) AS rest FROM unnest(c.ids) AS k (id) WHERE k.id <> ALL (named)) r
		WHERE o.identifier_id <> ALL (named)
	LOOP
		IF other.is_gone THEN
			DELETE FROM cdp_data.consent c
			WHERE c.identifier_id = other.identifier_id AND c.purpose_id = other.purpose_id
				AND c.consent_id = other.consent_id;
		ELSE
			UPDATE cdp_data.consent c
			SET ids = CASE WHEN cardinality(other.rest) > 1 THEN other.rest END
			WHERE c.identifier_id = other.identifier_id AND c.purpose_id = other.purpose_id
				AND c.consent_id = other.consent_id;
		END IF;
	END LOOP;
	DELETE FROM cdp_data.consent c WHERE c.identifier_id = ANY (named);
	GET DIAGNOSTICS erased = ROW_COUNT;
	RETURN erased;
END
$function$;
COMMENT ON FUNCTION cdp_internal.erase_consent(bigint[], bytea[], timestamptz) IS
	'Internal: deletes what these identifiers said, and takes them out of what others said; keeps the proof under the '
	'key of each (NULL: none). Returns the number of rows. To be called before their events are taken back, under the '
	'lock; others whose statements go with it must be stamped.';

REVOKE ALL ON FUNCTION cdp_internal.anchored_consents(bigint[]),
	cdp_internal.erase_consent(bigint[], bytea[], timestamptz) FROM PUBLIC;
