-- The arguments from "within" on are those of cdp.did, and so is their meaning: DEFINITIONS.md.

CREATE FUNCTION cdp.sessions(timeline cdp.timeline, gap interval,
	within interval DEFAULT NULL, older_than interval DEFAULT NULL,
	since timestamptz DEFAULT NULL, until timestamptz DEFAULT NULL,
	as_of timestamptz DEFAULT pg_catalog.now()) RETURNS bigint
	AS 'MODULE_PATHNAME', 'cdp_sessions' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 50;
COMMENT ON FUNCTION cdp.sessions(cdp.timeline, interval, interval, interval, timestamptz, timestamptz, timestamptz) IS
	'Returns the number of sessions among all events in the time range, given as for cdp.did. A session begins at the '
	'first event and at each event that is more than gap later than the one before. NULL for a NULL gap or as_of. '
	'Errors (22023): a gap with months, or negative; those of cdp.did.';

CREATE FUNCTION cdp.last_session_start(timeline cdp.timeline, gap interval,
	within interval DEFAULT NULL, older_than interval DEFAULT NULL,
	since timestamptz DEFAULT NULL, until timestamptz DEFAULT NULL,
	as_of timestamptz DEFAULT pg_catalog.now()) RETURNS timestamptz
	AS 'MODULE_PATHNAME', 'cdp_last_session_start' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 50;
COMMENT ON FUNCTION cdp.last_session_start(cdp.timeline, interval, interval, interval, timestamptz, timestamptz,
	timestamptz) IS
	'Returns when the last of the sessions that cdp.sessions would count began; NULL if there is none.';
