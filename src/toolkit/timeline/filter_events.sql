CREATE FUNCTION cdp.filter_events(timeline cdp.timeline, event text, number text, comparison text,
	value numeric) RETURNS cdp.timeline
	AS 'MODULE_PATHNAME', 'cdp_filter_events' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 100;
COMMENT ON FUNCTION cdp.filter_events(cdp.timeline, text, text, text, numeric) IS
	'Returns the events of one name that carry a number, or a text that is one, for which the comparison with value '
	'(=, <>, <, <=, >, >=) is true; of several values one is enough; no other events, of this name or another. For the '
	'functions on timelines: cdp.did(cdp.filter_events(timeline, ''Order Completed'', ''total'', ''>'', 100), '
	'''Order Completed'', within => ''30 days''). Apply it again for a further condition. Errors: an empty name, '
	'another comparison, a value that is not finite (22023).';
