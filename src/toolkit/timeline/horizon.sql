-- Each has the arguments of the function it is named for.

CREATE FUNCTION cdp.did_horizon(timeline cdp.timeline, event text, at_least bigint DEFAULT 1,
	at_most bigint DEFAULT NULL,
	within interval DEFAULT NULL, older_than interval DEFAULT NULL,
	since timestamptz DEFAULT NULL, until timestamptz DEFAULT NULL,
	as_of timestamptz DEFAULT pg_catalog.now()) RETURNS timestamptz
	AS 'MODULE_PATHNAME', 'cdp_did_horizon' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 50;
COMMENT ON FUNCTION cdp.did_horizon(cdp.timeline, text, bigint, bigint, interval, interval, timestamptz, timestamptz,
	timestamptz) IS
	'Returns the earliest time after as_of at which cdp.did with these arguments gives another answer, if the '
	'timeline stays as it is; infinity if it never does. Events later than as_of count from their time on. NULL for a '
	'NULL as_of; the errors of cdp.did.';

CREATE FUNCTION cdp.did_not_horizon(timeline cdp.timeline, event text, at_least bigint DEFAULT 1,
	at_most bigint DEFAULT NULL,
	within interval DEFAULT NULL, older_than interval DEFAULT NULL,
	since timestamptz DEFAULT NULL, until timestamptz DEFAULT NULL,
	as_of timestamptz DEFAULT pg_catalog.now()) RETURNS timestamptz
	AS 'MODULE_PATHNAME', 'cdp_did_not_horizon' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 50;
COMMENT ON FUNCTION cdp.did_not_horizon(cdp.timeline, text, bigint, bigint, interval, interval, timestamptz,
	timestamptz, timestamptz) IS
	'Returns the earliest time after as_of at which cdp.did_not with these arguments gives another answer, if the '
	'timeline stays as it is; infinity if it never does. Events later than as_of count from their time on. NULL for a '
	'NULL as_of; the errors of cdp.did_not.';

CREATE FUNCTION cdp.count_events_horizon(timeline cdp.timeline, event text,
	within interval DEFAULT NULL, older_than interval DEFAULT NULL,
	since timestamptz DEFAULT NULL, until timestamptz DEFAULT NULL,
	as_of timestamptz DEFAULT pg_catalog.now()) RETURNS timestamptz
	AS 'MODULE_PATHNAME', 'cdp_count_events_horizon' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 50;
COMMENT ON FUNCTION cdp.count_events_horizon(cdp.timeline, text, interval, interval, timestamptz, timestamptz,
	timestamptz) IS
	'Returns the earliest time after as_of at which cdp.count_events with these arguments gives another answer, if '
	'the timeline stays as it is; infinity if it never does. Events later than as_of count from their time on. NULL '
	'for a NULL as_of; the errors of cdp.count_events.';

CREATE FUNCTION cdp.first_time_horizon(timeline cdp.timeline, event text,
	within interval DEFAULT NULL, older_than interval DEFAULT NULL,
	since timestamptz DEFAULT NULL, until timestamptz DEFAULT NULL,
	as_of timestamptz DEFAULT pg_catalog.now()) RETURNS timestamptz
	AS 'MODULE_PATHNAME', 'cdp_first_time_horizon' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 50;
COMMENT ON FUNCTION cdp.first_time_horizon(cdp.timeline, text, interval, interval, timestamptz, timestamptz,
	timestamptz) IS
	'Returns the earliest time after as_of at which cdp.first_time with these arguments gives another answer, if the '
	'timeline stays as it is; infinity if it never does. Events later than as_of count from their time on. NULL for a '
	'NULL as_of; the errors of cdp.first_time.';

CREATE FUNCTION cdp.last_time_horizon(timeline cdp.timeline, event text,
	within interval DEFAULT NULL, older_than interval DEFAULT NULL,
	since timestamptz DEFAULT NULL, until timestamptz DEFAULT NULL,
	as_of timestamptz DEFAULT pg_catalog.now()) RETURNS timestamptz
	AS 'MODULE_PATHNAME', 'cdp_last_time_horizon' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 50;
COMMENT ON FUNCTION cdp.last_time_horizon(cdp.timeline, text, interval, interval, timestamptz, timestamptz,
	timestamptz) IS
	'Returns the earliest time after as_of at which cdp.last_time with these arguments gives another answer, if the '
	'timeline stays as it is; infinity if it never does. Events later than as_of count from their time on. NULL for a '
	'NULL as_of; the errors of cdp.last_time.';

CREATE FUNCTION cdp.sum_horizon(timeline cdp.timeline, event text, number text,
	within interval DEFAULT NULL, older_than interval DEFAULT NULL,
	since timestamptz DEFAULT NULL, until timestamptz DEFAULT NULL,
	as_of timestamptz DEFAULT pg_catalog.now()) RETURNS timestamptz
	AS 'MODULE_PATHNAME', 'cdp_sum_horizon' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 50;
COMMENT ON FUNCTION cdp.sum_horizon(cdp.timeline, text, text, interval, interval, timestamptz, timestamptz,
	timestamptz) IS
	'Returns a time after as_of before which cdp.sum with these arguments keeps its answer, if the timeline stays as '
	'it is: the next time at which an event enters or leaves the time range; infinity if none does. NULL for a NULL '
	'as_of; the errors of cdp.sum.';

CREATE FUNCTION cdp.avg_horizon(timeline cdp.timeline, event text, number text,
	within interval DEFAULT NULL, older_than interval DEFAULT NULL,
	since timestamptz DEFAULT NULL, until timestamptz DEFAULT NULL,
	as_of timestamptz DEFAULT pg_catalog.now()) RETURNS timestamptz
	AS 'MODULE_PATHNAME', 'cdp_avg_horizon' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 50;
COMMENT ON FUNCTION cdp.avg_horizon(cdp.timeline, text, text, interval, interval, timestamptz, timestamptz,
	timestamptz) IS
	'Returns a time after as_of before which cdp.avg with these arguments keeps its answer, if the timeline stays as '
	'it is: the next time at which an event enters or leaves the time range; infinity if none does. NULL for a NULL '
	'as_of; the errors of cdp.avg.';

CREATE FUNCTION cdp.min_horizon(timeline cdp.timeline, event text, number text,
	within interval DEFAULT NULL, older_than interval DEFAULT NULL,
	since timestamptz DEFAULT NULL, until timestamptz DEFAULT NULL,
	as_of timestamptz DEFAULT pg_catalog.now()) RETURNS timestamptz
	AS 'MODULE_PATHNAME', 'cdp_min_horizon' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 50;
COMMENT ON FUNCTION cdp.min_horizon(cdp.timeline, text, text, interval, interval, timestamptz, timestamptz,
	timestamptz) IS
	'Returns a time after as_of before which cdp.min with these arguments keeps its answer, if the timeline stays as '
	'it is: the next time at which an event enters or leaves the time range; infinity if none does. NULL for a NULL '
	'as_of; the errors of cdp.min.';

CREATE FUNCTION cdp.max_horizon(timeline cdp.timeline, event text, number text,
	within interval DEFAULT NULL, older_than interval DEFAULT NULL,
	since timestamptz DEFAULT NULL, until timestamptz DEFAULT NULL,
	as_of timestamptz DEFAULT pg_catalog.now()) RETURNS timestamptz
	AS 'MODULE_PATHNAME', 'cdp_max_horizon' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 50;
COMMENT ON FUNCTION cdp.max_horizon(cdp.timeline, text, text, interval, interval, timestamptz, timestamptz,
	timestamptz) IS
	'Returns a time after as_of before which cdp.max with these arguments keeps its answer, if the timeline stays as '
	'it is: the next time at which an event enters or leaves the time range; infinity if none does. NULL for a NULL '
	'as_of; the errors of cdp.max.';

CREATE FUNCTION cdp.most_frequent_event_horizon(timeline cdp.timeline,
	within interval DEFAULT NULL, older_than interval DEFAULT NULL,
	since timestamptz DEFAULT NULL, until timestamptz DEFAULT NULL,
	as_of timestamptz DEFAULT pg_catalog.now()) RETURNS timestamptz
	AS 'MODULE_PATHNAME', 'cdp_most_frequent_event_horizon' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 50;
COMMENT ON FUNCTION cdp.most_frequent_event_horizon(cdp.timeline, interval, interval, timestamptz, timestamptz,
	timestamptz) IS
	'Returns a time after as_of before which cdp.most_frequent_event with these arguments keeps its answer, if the '
	'timeline stays as it is: the next time at which an event enters or leaves the time range; infinity if none does. '
	'NULL for a NULL as_of; the errors of cdp.most_frequent_event.';

CREATE FUNCTION cdp.sessions_horizon(timeline cdp.timeline, gap interval,
	within interval DEFAULT NULL, older_than interval DEFAULT NULL,
	since timestamptz DEFAULT NULL, until timestamptz DEFAULT NULL,
	as_of timestamptz DEFAULT pg_catalog.now()) RETURNS timestamptz
	AS 'MODULE_PATHNAME', 'cdp_sessions_horizon' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 50;
COMMENT ON FUNCTION cdp.sessions_horizon(cdp.timeline, interval, interval, interval, timestamptz, timestamptz,
	timestamptz) IS
	'Returns a time after as_of before which cdp.sessions with these arguments keeps its answer, if the timeline '
	'stays as it is: the next time at which an event enters or leaves the time range; infinity if none does. NULL for '
	'a NULL as_of; the errors of cdp.sessions.';

CREATE FUNCTION cdp.last_session_start_horizon(timeline cdp.timeline, gap interval,
	within interval DEFAULT NULL, older_than interval DEFAULT NULL,
	since timestamptz DEFAULT NULL, until timestamptz DEFAULT NULL,
	as_of timestamptz DEFAULT pg_catalog.now()) RETURNS timestamptz
	AS 'MODULE_PATHNAME', 'cdp_last_session_start_horizon' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 50;
COMMENT ON FUNCTION cdp.last_session_start_horizon(cdp.timeline, interval, interval, interval, timestamptz, timestamptz,
	timestamptz) IS
	'Returns a time after as_of before which cdp.last_session_start with these arguments keeps its answer, if the '
	'timeline stays as it is: the next time at which an event enters or leaves the time range; infinity if none does. '
	'NULL for a NULL as_of; the errors of cdp.last_session_start.';
