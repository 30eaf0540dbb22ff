
-- The rules of traits.  A changed one acts on all history.

CREATE FUNCTION cdp.refold_query(concerned text) RETURNS text
	LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	RETURN format($sql$
		SELECT DISTINCT e.type, CASE WHEN e.type = 'identify' THEN e.identity_id ELSE 0 END AS identity_id, CASE WHEN e.type = 'group' THEN e.group_id END AS group_id
		FROM cdp.event e WHERE e.type IN ('identify', 'group') AND e.traits IS NOT NULL AND (%s)
	$sql$, concerned);
END
$function$;
COMMENT ON FUNCTION cdp.refold_query(text) IS
	'Internal: whose traits are to be folded anew, as a query for cdp.change_graph(); concerned: which events a change concerns, as a condition on cdp.event e.';

CREATE FUNCTION cdp.set_trait_rule(trait text, rule text) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	was text;
BEGIN
	IF coalesce(trait, '') = '' OR octet_length(trait) > 255 THEN
		RAISE EXCEPTION 'trait "%" is invalid', trait USING ERRCODE = 'invalid_parameter_value',
			DETAIL = 'The name of a trait has 1 to 255 bytes.', HINT = '* is all traits that have no rule of their own.';
	END IF;
	IF NOT cdp.is_trait_rule(rule) THEN
		RAISE EXCEPTION 'rule "%" is unknown', rule USING ERRCODE = 'invalid_parameter_value',
			HINT = 'Rules are last, first, min, max, sum, union and most_frequent, with trusted_ before them where the trust of the source comes first, and keep_ before last, first, min or max (keep_trusted_last) where each source''s own value is kept.';
	END IF;
	PERFORM cdp.start_batch();
	PERFORM cdp.notice_unseen('trait', trait);
	was := (SELECT r.rule FROM cdp.trait_rule r WHERE r.trait = set_trait_rule.trait);
	DELETE FROM cdp.trait_rule r WHERE r.trait = set_trait_rule.trait;
	INSERT INTO cdp.trait_rule (trait, rule) SELECT set_trait_rule.trait, set_trait_rule.rule WHERE set_trait_rule.rule IS NOT NULL;
	IF was IS DISTINCT FROM set_trait_rule.rule THEN
		PERFORM cdp.check_log();
	END IF;
	PERFORM cdp.change_graph(traits_changed => CASE WHEN was IS DISTINCT FROM set_trait_rule.rule
		THEN cdp.refold_query(CASE WHEN trait = '*' THEN 'true' ELSE format('e.traits ? %L', trait) END) END);
END
$function$;
COMMENT ON FUNCTION cdp.set_trait_rule(text, text) IS
$comment$Sets by which rule the values of a trait become one, for all history; NULL withdraws it. trait: its name, or * for all that have no rule of their own (trusted_last unless set).
rule: last, first, min, max, sum, union, most_frequent (see cdp.traits_agg); trusted_ before it: only the values of the most trusted source count; keep_ before last, first, min, max and their trusted_ forms: what was outdone stays visible in cdp.provenance(). The plain rules take no account of trust.
Values in the log that the new rule cannot take (sum: text) are left out and listed in cdp.refused_traits; rows that bring such values later go to quarantine. Error 22023, which names the argument: an empty trait or one of more than 255 bytes, an unknown rule.$comment$;

REVOKE ALL ON FUNCTION cdp.refold_query(text), cdp.set_trait_rule(text, text) FROM PUBLIC;
