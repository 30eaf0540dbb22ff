-- What an identifier is by the rules of its namespace.

CREATE FUNCTION cdp_internal.mailbox(identifier cdp.identifier, rule text) RETURNS cdp.identifier
	AS 'MODULE_PATHNAME', 'cdp_mailbox' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION cdp_internal.mailbox(cdp.identifier, text) IS
	'Internal: returns the identifier of the mailbox that an e-mail address names, by a rule of cdp.set_rules(): '
	'exact, gmail or plus; another identifier as it is. Error: there is no such rule (22023).';

-- The planner replaces a call by the query: names with their schema, no search path.
CREATE FUNCTION cdp_internal.by_rules(identifier cdp.identifier) RETURNS cdp.identifier
	LANGUAGE sql STABLE PARALLEL SAFE
AS $function$
	SELECT cdp_internal.mailbox(by_rules.identifier, coalesce((
		SELECT n.mailbox FROM cdp_data.namespace n WHERE n.namespace OPERATOR(pg_catalog.=) 'email'), 'exact'))
$function$;
COMMENT ON FUNCTION cdp_internal.by_rules(cdp.identifier) IS
	'Internal: returns the identifier that the tables have for one that a person gives.';

CREATE FUNCTION cdp_internal.respelled(identifier cdp.identifier) RETURNS cdp.identifier
	LANGUAGE sql STABLE PARALLEL SAFE
AS $function$
	SELECT cdp_internal.by_rules(cdp.try_identifier(cdp.namespace(respelled.identifier),
		cdp.value(respelled.identifier)))
$function$;
COMMENT ON FUNCTION cdp_internal.respelled(cdp.identifier) IS
	'Internal: returns an identifier as the present normalisers and rules write it; NULL if they refuse it.';

REVOKE ALL ON FUNCTION cdp_internal.mailbox(cdp.identifier, text), cdp_internal.by_rules(cdp.identifier),
	cdp_internal.respelled(cdp.identifier) FROM PUBLIC;
