-- The rules of traits, as one document.  A change acts on all history.

CREATE FUNCTION cdp_internal.refold_query(concerned text, based text DEFAULT 'false') RETURNS text
	LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	RETURN format($sql$
		SELECT DISTINCT e.type, CASE WHEN e.type = 'identify' THEN e.identifier_id ELSE 0 END AS identifier_id,
			CASE WHEN e.type = 'group' THEN e.group_id END AS group_id
		FROM cdp_data.event e
		WHERE e.type IN ('identify', 'group') AND e.traits IS NOT NULL AND (%s)
		UNION
		SELECT CASE WHEN b.group_id IS NULL THEN 'identify' ELSE 'group' END,
			CASE WHEN b.group_id IS NULL THEN b.identifier_id ELSE 0 END, b.group_id
		FROM cdp_data.base_row b
		JOIN cdp_data.source s USING (source_id)
		WHERE b.traits IS NOT NULL AND (%s)
	$sql$, concerned, based);
END
$function$;
COMMENT ON FUNCTION cdp_internal.refold_query(text, text) IS
	'Internal: returns a query for the people and accounts whose traits must be folded again, for '
	'cdp_internal.change_graph(). concerned: a condition on cdp_data.event e for the events that a change concerns; '
	'based: on cdp_data.base_row b and cdp_data.source s.';

-- Of the values that were outdone none is left.
CREATE FUNCTION cdp_internal.check_unfolded_traits(changed text[]) RETURNS void
	LANGUAGE plpgsql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	trait text := (
		SELECT p.key
		FROM cdp_data.base b
		CROSS JOIN LATERAL cdp.provenance(b.traits) p
		WHERE p.key = ANY (changed)
			OR ('*' = ANY (changed) AND NOT EXISTS (SELECT FROM cdp_data.trait_rule r WHERE r.trait = p.key))
		ORDER BY p.key COLLATE "C" LIMIT 1);
BEGIN
	IF trait IS NOT NULL THEN
		RAISE EXCEPTION 'trait "%" has values in events that have left the log', left(trait, 64)
			USING ERRCODE = 'object_not_in_prerequisite_state',
			DETAIL = 'They are folded by the present rule, and what it left out is not known any more.',
			HINT = 'Leave its rule as it is, or have values that are to follow another one sent as another trait.';
	END IF;
END
$function$;
COMMENT ON FUNCTION cdp_internal.check_unfolded_traits(text[]) IS
	'Internal: raises an error if the base has values of traits whose rules are to be changed (*: of all without a '
	'rule of their own, before the change).';

CREATE FUNCTION cdp_internal.check_trait_rules(rules jsonb) RETURNS void
	LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	wrong record;
BEGIN
	PERFORM cdp_internal.check_object(rules, 'rules');
	SELECT r.key AS trait, r.value AS rule INTO wrong
	FROM jsonb_each(rules) r
	WHERE r.key = '' OR octet_length(r.key) > 255
	ORDER BY r.key COLLATE "C"
	LIMIT 1;
	IF FOUND THEN
		RAISE EXCEPTION 'trait "%" is invalid', left(wrong.trait, 64) USING ERRCODE = 'invalid_parameter_value',
			DETAIL = 'The name of a trait has 1 to 255 bytes.',
			HINT = '* stands for all traits that have no rule of their own.';
	END IF;
	SELECT r.key AS trait, r.value AS rule INTO wrong
	FROM jsonb_each(rules) r
	WHERE CASE jsonb_typeof(r.value)
		WHEN 'string' THEN NOT cdp_internal.is_trait_rule(r.value #>> '{}')
		ELSE r.value <> 'null' END
	ORDER BY r.key COLLATE "C"
	LIMIT 1;
	IF FOUND THEN
		RAISE EXCEPTION 'rule % of trait "%" is unknown', left(wrong.rule::text, 64), left(wrong.trait, 64)
			USING ERRCODE = 'invalid_parameter_value',
			DETAIL = 'Rules are last, first, min, max, sum, union, most_frequent and merge. Prefix trusted_: '
				'only values of the most trusted source count. Prefix keep_, for last, first, min, max and their '
				'trusted_ forms: values of other sources are kept too.',
			HINT = coalesce('The nearest is "' || cdp_internal.nearest_name(wrong.rule #>> '{}', ARRAY(
				SELECT k.keep || t.trusted || r.rule
				FROM unnest('{"",keep_}'::text[]) WITH ORDINALITY AS k (keep, place)
				CROSS JOIN unnest('{"",trusted_}'::text[]) AS t (trusted)
				CROSS JOIN unnest('{last,first,min,max,sum,union,most_frequent,merge}'::text[]) AS r (rule)
				WHERE cdp_internal.is_trait_rule(k.keep || t.trusted || r.rule)
				ORDER BY k.place, t.trusted, r.rule)) || '".',
				'A rule is a string, or null for the default.');
	END IF;
END
$function$;
COMMENT ON FUNCTION cdp_internal.check_trait_rules(jsonb) IS
	'Internal: raises an error if a document of trait rules has an invalid name of a trait or an unknown rule.';

CREATE FUNCTION cdp.set_trait_rules(rules jsonb) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	changed text[];
BEGIN
	PERFORM cdp_internal.check_trait_rules(rules);
	PERFORM cdp_internal.start_batch();
	PERFORM cdp_internal.notice_unseen('trait', k.key)
	FROM (SELECT r.key FROM jsonb_object_keys(rules) AS r (key) ORDER BY 1) k;
	changed := ARRAY(
		SELECT g.key
		FROM jsonb_each_text(rules) g
		LEFT JOIN cdp_data.trait_rule r ON r.trait = g.key
		CROSS JOIN LATERAL cdp_internal.default_trait_rule(g.key) d (rule)
		WHERE coalesce(r.rule, d.rule) IS DISTINCT FROM coalesce(g.value, d.rule)
		ORDER BY g.key);
	PERFORM cdp_internal.check_unfolded_traits(changed);
	DELETE FROM cdp_data.trait_rule r WHERE r.trait = ANY (changed);
	INSERT INTO cdp_data.trait_rule (trait, rule)
	SELECT g.key, g.value
	FROM jsonb_each_text(rules) g
	WHERE g.key = ANY (changed) AND g.value IS NOT NULL;
	IF changed <> '{}' THEN
		PERFORM cdp_internal.start_whole_change();
	END IF;
	PERFORM cdp_internal.change_graph(cause => 'rule',
		traits_changed => CASE WHEN changed <> '{}' THEN cdp_internal.refold_query(
			CASE WHEN '*' = ANY (changed) THEN 'true' ELSE format('e.traits ?| %L::text[]', changed) END) END);
END
$function$;
COMMENT ON FUNCTION cdp.set_trait_rules(jsonb) IS
$comment$Sets the rules by which the values of traits are merged, for all history, as one batch: {"plan": "last",
"tags": "union", "*": null}. The keys are names of traits, and * for all traits without a rule of their own. An absent
key leaves its rule unchanged. null withdraws a rule: the trait gets the rule of *, and * gets trusted_last.
cdp.trait_rules() returns the rules.
Rules: last, first, min, max, sum, union, most_frequent, merge (see cdp.traits_agg). Prefix trusted_: only values of
the most trusted source count; rules without it ignore trust. Prefix keep_, for last, first, min, max and their trusted_
forms: values of other sources stay visible in cdp.provenance().
Values in the log that the new rule cannot take (such as text with sum) are left out and listed in cdp.refused_traits;
rows that bring such values later go to quarantine.
Errors: empty name or one of more than 255 bytes, unknown rule (the hint names the nearest) (22023, each names the
trait); NULL (22004); the log lacks events (55000). On an error nothing changes.$comment$;

REVOKE ALL ON FUNCTION cdp_internal.refold_query(text, text),
	cdp_internal.check_unfolded_traits(text[]), cdp_internal.check_trait_rules(jsonb),
	cdp.set_trait_rules(jsonb) FROM PUBLIC;
