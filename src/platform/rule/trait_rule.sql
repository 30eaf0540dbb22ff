-- The rules of traits, as one document.  A changed one acts on all history.

CREATE FUNCTION cdp_internal.refold_query(concerned text) RETURNS text
	LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	RETURN format($sql$
		SELECT DISTINCT e.type, CASE WHEN e.type = 'identify' THEN e.identifier_id ELSE 0 END AS identifier_id,
			CASE WHEN e.type = 'group' THEN e.group_id END AS group_id
		FROM cdp_data.event e WHERE e.type IN ('identify', 'group') AND e.traits IS NOT NULL AND (%s)
	$sql$, concerned);
END
$function$;
COMMENT ON FUNCTION cdp_internal.refold_query(text) IS
	'Internal: whose traits are to be folded anew, as a query for cdp_internal.change_graph(); concerned: which events '
	'a change concerns, as a condition on cdp_data.event e.';

CREATE FUNCTION cdp_internal.check_trait_rules(rules jsonb) RETURNS void
	LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	wrong record;
BEGIN
	PERFORM cdp_internal.check_object(rules, 'rules');
	SELECT r.key AS trait, r.value AS rule INTO wrong FROM jsonb_each(rules) r
	WHERE r.key = '' OR octet_length(r.key) > 255 ORDER BY r.key COLLATE "C" LIMIT 1;
	IF FOUND THEN
		RAISE EXCEPTION 'trait "%" is invalid', left(wrong.trait, 64) USING ERRCODE = 'invalid_parameter_value',
			DETAIL = 'The name of a trait has 1 to 255 bytes.',
			HINT = '* is all traits that have no rule of their own.';
	END IF;
	SELECT r.key AS trait, r.value AS rule INTO wrong FROM jsonb_each(rules) r
	WHERE CASE jsonb_typeof(r.value) WHEN 'string' THEN NOT cdp_internal.is_trait_rule(r.value #>> '{}')
		ELSE r.value <> 'null' END
	ORDER BY r.key COLLATE "C" LIMIT 1;
	IF FOUND THEN
		RAISE EXCEPTION 'rule % of trait "%" is unknown', left(wrong.rule::text, 64), left(wrong.trait, 64)
			USING ERRCODE = 'invalid_parameter_value',
			DETAIL = 'Rules are last, first, min, max, sum, union and most_frequent, with trusted_ before them where the '
				'trust of the source comes first, and keep_ before last, first, min or max (keep_trusted_last) where each '
				'source''s own value is kept.',
			HINT = coalesce('The nearest is "' || cdp_internal.nearest_name(wrong.rule #>> '{}', ARRAY(
				SELECT k.keep || t.trusted || r.rule
				FROM unnest('{"",keep_}'::text[]) WITH ORDINALITY AS k (keep, place),
					unnest('{"",trusted_}'::text[]) AS t (trusted),
					unnest('{last,first,min,max,sum,union,most_frequent}'::text[]) AS r (rule)
				WHERE cdp_internal.is_trait_rule(k.keep || t.trusted || r.rule) ORDER BY k.place, t.trusted, r.rule)) || '".',
				'A rule is a string, or null for the default.');
	END IF;
END
$function$;
COMMENT ON FUNCTION cdp_internal.check_trait_rules(jsonb) IS
	'Internal: raises an error where a document of the rules of traits has a name that no trait, or no rule, has.';

CREATE FUNCTION cdp.set_trait_rules(rules jsonb) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	changed text[];
BEGIN
	PERFORM cdp_internal.check_trait_rules(rules);
	PERFORM cdp_internal.start_batch();
	PERFORM cdp_internal.notice_unseen('trait', k.key) FROM (SELECT r.key FROM jsonb_object_keys(rules) AS r (key) ORDER BY 1) k;
	changed := ARRAY(SELECT g.key FROM jsonb_each_text(rules) g LEFT JOIN cdp_data.trait_rule r ON r.trait = g.key
					 CROSS JOIN LATERAL cdp_internal.default_trait_rule(g.key) d (rule)
					 WHERE coalesce(r.rule, d.rule) IS DISTINCT FROM coalesce(g.value, d.rule) ORDER BY g.key);
	DELETE FROM cdp_data.trait_rule r WHERE r.trait = ANY (changed);
	INSERT INTO cdp_data.trait_rule (trait, rule)
	SELECT g.key, g.value FROM jsonb_each_text(rules) g WHERE g.key = ANY (changed) AND g.value IS NOT NULL;
	IF changed <> '{}' THEN
		PERFORM cdp_internal.check_log();
	END IF;
	PERFORM cdp_internal.change_graph(traits_changed => CASE WHEN changed <> '{}' THEN cdp_internal.refold_query(
		CASE WHEN '*' = ANY (changed) THEN 'true' ELSE format('e.traits ?| %L::text[]', changed) END) END);
END
$function$;
COMMENT ON FUNCTION cdp.set_trait_rules(jsonb) IS
$comment$Sets by which rule the values of traits become one, for all history, as one batch: {"plan": "last", "tags": "union",
"*": null}. The keys are names of traits, and * for all that have no rule of their own. What is absent stays as it
is; null withdraws a rule: the trait has that of *, and * is trusted_last. cdp.trait_rules() shows them.
Rules: last, first, min, max, sum, union, most_frequent (see cdp.traits_agg); trusted_ before it: only the values of
the most trusted source count; keep_ before last, first, min, max and their trusted_ forms: what was outdone stays
visible in cdp.provenance(). The plain rules ignore trust.
Values in the log that the new rule cannot take (sum: text) are left out and listed in cdp.refused_traits; rows that
bring such values later go to quarantine.
Errors: 22023, which names the trait, for an empty name or one of more than 255 bytes, or an unknown rule (with the
nearest); NULL (22004); the log lacks events (55000). Nothing is changed then.$comment$;

REVOKE ALL ON FUNCTION cdp_internal.refold_query(text), cdp_internal.check_trait_rules(jsonb), cdp.set_trait_rules(jsonb) FROM PUBLIC;
