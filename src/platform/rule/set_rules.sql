-- The rules of who is who, as one document.  A changed rule acts on all history: what its change can concern goes
-- through the stages of a batch again, for all changes of a document at once.

CREATE FUNCTION cdp_internal.check_rules(rules jsonb) RETURNS void
	LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	PERFORM cdp_internal.check_object(rules, 'rules');
	PERFORM cdp_internal.check_namespaces(rules - '*');
	IF rules -> '*' <> 'null' THEN
		PERFORM cdp_internal.check_keys(rules -> '*', '{cap,max_identifiers,sources}', '"*"');
		IF rules -> '*' ? 'sources' THEN
			PERFORM cdp_internal.check_sources(rules -> '*' -> 'sources');
		END IF;
	END IF;
END
$function$;
COMMENT ON FUNCTION cdp_internal.check_rules(jsonb) IS
	'Internal: raises an error where a document of rules has a wrong name or shape; the values are read '
	'later, and no table is.';

CREATE FUNCTION cdp.set_rules(rules jsonb) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	limits jsonb;
	concerned jsonb;
BEGIN
	PERFORM cdp_internal.check_rules(rules);
	PERFORM cdp_internal.start_batch();
	limits := CASE rules -> '*' WHEN 'null' THEN '{"cap": null, "max_identifiers": null}' ELSE rules -> '*' END;
	concerned := (
		SELECT coalesce(jsonb_object_agg(k.kind, k.query), '{}') FROM (
			SELECT c.kind, string_agg(DISTINCT c.query, ' UNION ') AS query FROM (
				SELECT n.* FROM cdp_internal.change_namespaces(rules - '*') n
				UNION ALL
				SELECT l.* FROM cdp_internal.change_limits(limits) l
				UNION ALL
				SELECT s.* FROM cdp_internal.change_sources(limits -> 'sources') s) c
			GROUP BY c.kind) k);
	IF concerned ?| '{reread,reanchored,traits_changed}' THEN
		PERFORM cdp_internal.check_log();
	END IF;
	PERFORM cdp_internal.change_graph(unlinked => concerned ->> 'unlinked', blocked => concerned ->> 'blocked',
		retry => concerned ->> 'retry', checked => concerned ->> 'checked', judged => concerned ->> 'judged',
		reread => concerned ->> 'reread', reanchored => concerned ->> 'reanchored',
		traits_changed => concerned ->> 'traits_changed');
	PERFORM cdp_internal.drop_limited(rules - '*');
END
$function$;
COMMENT ON FUNCTION cdp.set_rules(jsonb) IS
$comment$Changes rules of who is who, for all history, as one batch: {"email": {"max_per_profile": 5, "max_links":
{"user_id": 5}}, "*": {"cap": 500}}. The keys are namespaces; one that is not known yet is added. What is absent
stays as it is, at each depth; null sets the default, of one rule, or of all rules of a namespace; cdp.rules() shows
all of them.
priority: an integer, smaller is stronger. max_per_profile: how many identifiers of the namespace one person can
have, or "unlimited".
max_links: an identifier is shared, and links no more, where it is linked to more than so many of another namespace:
an object of namespace to number, * for all others; or one number in place of all; "unlimited" for one, or in place
of all: never shared.
blocked: the list of values that mean nothing, exact in any case and normalised as the namespace does, or regular
expressions if they begin with ^, which see the normalised value. It replaces the former list. A value that is
blocked is taken off all events; one that is not any more is looked for in the whole log.
The key * has what is of no namespace. cap: how many identifiers one person can have, or "unlimited".
max_identifiers: how many one event can carry, 1 to 256; it acts on rows taken from now on, and cdp.replay() brings
back what a smaller number has kept out. sources: a document of cdp.set_sources(). null in place of these: the
default of cap and max_identifiers.
Errors: 22023, which names the key, for an unknown key (with the nearest), a value of another type or out of range,
an invalid regular expression; NULL (22004); the log lacks events (55000). Nothing is changed then.$comment$;

CREATE FUNCTION cdp.rules() RETURNS jsonb
	LANGUAGE plpgsql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	PERFORM cdp_internal.check_tables();
	RETURN (
		SELECT coalesce(jsonb_object_agg(n.namespace, jsonb_build_object('priority', n.priority,
			'max_per_profile', coalesce(to_jsonb(n.max_per_profile), '"unlimited"'),
			'max_links', cdp_internal.show_max_links(n.namespace, n.max_links),
			'blocked', coalesce(to_jsonb(n.blocked), '[]'))), '{}')
		FROM cdp_data.namespace n)
		|| (SELECT jsonb_build_object('*', jsonb_build_object('cap', coalesce(to_jsonb(s.cap), '"unlimited"'),
				'max_identifiers', s.max_identifiers, 'sources', cdp_internal.show_sources()))
			FROM cdp_data.state s);
END
$function$;
COMMENT ON FUNCTION cdp.rules() IS
	'All rules of who is who that are in force, those of sources included, as the document that '
	'cdp.set_rules() takes: given to it, here or in another database, it makes these rules.';

-- Numbers that the default has for a namespace are written out, as what is absent from a document stays.
CREATE FUNCTION cdp_internal.show_max_links(namespace text, max_links jsonb) RETURNS jsonb
	LANGUAGE sql STABLE PARALLEL SAFE
	RETURN CASE
		WHEN max_links IS NULL THEN '"unlimited"'
		WHEN max_links - '*' = '{}' THEN coalesce(to_jsonb(cdp_internal.max_links_to(max_links, '*')), '"unlimited"')
		ELSE (SELECT jsonb_object_agg(k.key, coalesce(to_jsonb(cdp_internal.max_links_to(max_links, k.key)), '"unlimited"'))
			  FROM (SELECT jsonb_object_keys(max_links || cdp_internal.default_max_links(namespace) || '{"*": 0}')) AS k (key))
	END;
COMMENT ON FUNCTION cdp_internal.show_max_links(text, jsonb) IS 'Internal: numbers of links as a document of rules says them.';

CREATE FUNCTION cdp_internal.show_sources() RETURNS jsonb
	LANGUAGE plpgsql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
	-- so that the same rules are the same document
	SET intervalstyle = postgres
AS $function$
BEGIN
	RETURN (
		SELECT coalesce(jsonb_object_agg(s.source, jsonb_build_object('party', s.party, 'trust', s.trust,
			'expires_after', justify_hours(s.expires_after), 'licence', s.licence)), '{}')
		FROM cdp_data.source s);
END
$function$;
COMMENT ON FUNCTION cdp_internal.show_sources() IS
	'Internal: what is said of sources, as the document that cdp.set_sources() takes.';

CREATE FUNCTION cdp.set_sources(sources jsonb) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	PERFORM cdp_internal.check_object(sources, 'sources');
	PERFORM cdp.set_rules(jsonb_build_object('*', jsonb_build_object('sources', sources)));
END
$function$;
COMMENT ON FUNCTION cdp.set_sources(jsonb) IS
$comment$Says what sources are, for all history, as one batch: {"crm": {"party": "first", "trust": 5}, "list": {"party":
"third", "expires_after": "90 days", "licence": "…"}}. What is absent stays as it is; null sets the default, of one
key, or of all that is said of a source. A source that has sent nothing yet is listed, and needs party or trust. The
view cdp.sources shows them.
party: first (the default), second or third. trust, -128 to 127, more is better: where a rule allows only one of
several links, that of the most trusted source counts, and of several values of a trait the most trusted source's,
unless the trait's rule says otherwise. The default follows the party: first 3, second 2, third 1; a party without a
trust sets it.
expires_after: how long what the source says of a person counts after it was said; then other evidence shows again,
from the next refresh on, which needs no rows for it. A string, "90 days"; a day in it is 24 hours; the default: it
does not lapse. licence: a note on what the data may be used for.
Errors: 22023, which names the key, for an unknown key (with the nearest), an invalid name, a trust out of range,
another party, neither trust nor party for a source not known yet, an expires_after of months, of nothing or less,
or of more than 100 years; NULL (22004); the log lacks events (55000). Nothing is changed then.$comment$;

REVOKE ALL ON FUNCTION cdp_internal.check_rules(jsonb), cdp.set_rules(jsonb), cdp.rules(), cdp_internal.show_max_links(text, jsonb),
	cdp_internal.show_sources(), cdp.set_sources(jsonb) FROM PUBLIC;
