-- Which campaigns the conversions of people are due to, by several models, and what they cost.

-- Only the query itself is read under the caller's search path, as in cdp_internal.query_people().
CREATE FUNCTION cdp_internal.query_spend(query text, query_path text) RETURNS TABLE (channel text, spend numeric)
	LANGUAGE plpgsql STABLE STRICT PARALLEL UNSAFE ROWS 100
	SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	-- the line break ends a comment of the form "-- ..."
	statement text := format(E'SELECT q.channel::pg_catalog.text, pg_catalog.sum(q.spend::pg_catalog.numeric)
		FROM (\n%s\n) AS q(channel, spend)
		WHERE q.channel IS NOT NULL AND q.spend IS NOT NULL
		GROUP BY q.channel', regexp_replace(query, '[[:space:];]+$', ''));
BEGIN
	PERFORM set_config('search_path', query_path, true);
	RETURN QUERY EXECUTE statement;
END
$function$;
COMMENT ON FUNCTION cdp_internal.query_spend(text, text) IS
	'Internal: runs a query under a search path; returns the sum of its second column for each value of its first.';

CREATE FUNCTION cdp_internal.check_attribution(conversion cdp.step, number text, channel text[], touch cdp.step,
	lookback interval, models text[], since timestamptz, until timestamptz, spend text, by text[], as_of timestamptz)
	RETURNS void
	LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	IF conversion IS NULL OR channel IS NULL OR touch IS NULL OR models IS NULL OR as_of IS NULL THEN
		RAISE EXCEPTION '% must not be null', CASE WHEN conversion IS NULL THEN 'conversion'
			WHEN channel IS NULL THEN 'channel' WHEN touch IS NULL THEN 'touch' WHEN models IS NULL THEN 'models'
			ELSE 'as_of' END
			USING ERRCODE = 'null_value_not_allowed';
	ELSIF since >= until THEN
		RAISE EXCEPTION 'since must be before until' USING ERRCODE = 'invalid_parameter_value';
	ELSIF cdp_internal.breakdown_properties(by) IS NOT NULL THEN
		RAISE EXCEPTION 'by must not have properties'
			USING ERRCODE = 'invalid_parameter_value', HINT = 'The properties of touches are named by channel.';
	ELSIF spend IS NOT NULL AND by <> '{}' THEN
		RAISE EXCEPTION 'spend cannot be given together with by'
			USING ERRCODE = 'invalid_parameter_value', DETAIL = 'What was spent on a group of people is not known.';
	ELSIF regexp_replace(spend, '[[:space:];]+', '') = '' THEN
		RAISE EXCEPTION 'spend must not be empty' USING ERRCODE = 'invalid_parameter_value';
	END IF;
	-- raises the errors of the others
	PERFORM FROM cdp_internal.attribution_credits(NULL, conversion, number, touch, channel, models, lookback, since,
		until, as_of);
END
$function$;
COMMENT ON FUNCTION cdp_internal.check_attribution(cdp.step, text, text[], cdp.step, interval, text[], timestamptz,
	timestamptz, text, text[], timestamptz) IS
	'Internal: raises the errors of the arguments of cdp.attribution_table().';

CREATE FUNCTION cdp_internal.make_attribution_table(conversion cdp.step, number text, channel text[], touch cdp.step,
	lookback interval, models text[], since timestamptz, until timestamptz, spend text, by text[], top integer,
	segment text, query text, as_of timestamptz, query_path text)
	RETURNS TABLE (breakdown text, model text, channel_name text, touches bigint, people bigint, conversions numeric,
		share numeric, value numeric, spent numeric, cost_per_conversion numeric, return_on_spend numeric)
	LANGUAGE plpgsql STABLE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	PERFORM cdp_internal.check_attribution(conversion, number, channel, touch, lookback, models, since, until, spend,
		by, as_of);
	RETURN QUERY EXECUTE format($sql$
		WITH summed AS MATERIALIZED (
			SELECT h.breakdown, h.model, h.channel, h.target, h.converted, sum(h.touches)::bigint AS touches,
				   count(*) AS people, sum(h.conversions) AS conversions, sum(h.value) AS value
			FROM (%s) h
			GROUP BY h.breakdown, h.model, h.channel, h.target, h.converted
		), markov AS (
			-- what the chain gives of all that is due to a channel
			SELECT s.breakdown, $12 AS model, c.channel, s.conversions * c.share AS conversions,
				   s.value * c.share AS value
			FROM (
				SELECT s.breakdown, sum(s.conversions) AS conversions, sum(s.value) AS value
				FROM summed s WHERE s.model = $12 AND s.channel IS NOT NULL GROUP BY s.breakdown) s
			JOIN (
				SELECT s.breakdown, array_agg(s.channel) AS sources, array_agg(s.target) AS targets,
					   array_agg(s.converted) AS converted, array_agg(s.touches) AS counts
				FROM summed s WHERE s.model = -1 GROUP BY s.breakdown) m ON m.breakdown IS NOT DISTINCT FROM s.breakdown
			CROSS JOIN LATERAL cdp_internal.markov_shares(m.sources, m.targets, m.converted, m.counts) c
		), counted AS (
			SELECT s.breakdown, s.model, s.channel, s.touches, s.people, trim_scale(s.conversions) AS conversions,
				   trim_scale(s.value) AS value
			FROM summed s
			WHERE s.model >= 0 AND (s.model IS DISTINCT FROM $12 OR s.channel IS NULL)
			UNION ALL
			SELECT m.breakdown, m.model, m.channel, NULL, NULL, trim_scale(m.conversions), trim_scale(m.value)
			FROM markov m
		), spent AS (
			SELECT s.channel, trim_scale(s.spend) AS spend
			FROM cdp_internal.query_spend($10, $11) s
		), line AS (
			SELECT DISTINCT c.breakdown, c.channel FROM counted c
			UNION
			SELECT NULL, s.channel FROM spent s
		)
		SELECT l.breakdown, m.name, l.channel, coalesce(t.touches, 0), coalesce(t.people, 0),
			   coalesce(c.conversions, 0),
			   round(coalesce(c.conversions, 0)
					/ nullif(sum(c.conversions) OVER (PARTITION BY l.breakdown, m.place), 0), 4),
			   CASE WHEN $2 IS NOT NULL THEN coalesce(c.value, 0) END, s.spend,
			   round(s.spend / nullif(c.conversions, 0), 4),
			   CASE WHEN $2 IS NOT NULL THEN round(coalesce(c.value, 0) / nullif(s.spend, 0), 4) END
		FROM line l
		CROSS JOIN unnest($5) WITH ORDINALITY AS m (name, place)
		LEFT JOIN counted c ON c.model = m.place
			AND (c.breakdown IS NULL, coalesce(c.breakdown, ''), coalesce(c.channel, ''))
			= (l.breakdown IS NULL, coalesce(l.breakdown, ''), coalesce(l.channel, ''))
		LEFT JOIN counted t ON t.model = 0 AND (t.breakdown IS NULL, coalesce(t.breakdown, ''), t.channel)
			= (l.breakdown IS NULL, coalesce(l.breakdown, ''), l.channel)
		LEFT JOIN spent s ON s.channel = l.channel
		ORDER BY l.breakdown COLLATE "C", m.place, coalesce(c.conversions, 0) DESC, l.channel COLLATE "C"
	$sql$, cdp_internal.top_rows(format($sql$
		SELECT p.person, %s AS own, a.model, a.touchpoint AS channel, a.touches, a.conversions, a.value, a.target,
			   a.converted
		FROM (%s) p
		CROSS JOIN LATERAL cdp_internal.attribution_credits(p.timeline, $1, $2, $3, $4, $5, $6, $7, $8, $9) a
	$sql$, cdp_internal.breakdown_expression(by, NULL),
		cdp_internal.table_people(query, query_path, segment, by, ARRAY[touch, conversion],
			array_fill(touch, ARRAY[cardinality(channel)]) || conversion, channel || number)), top))
	USING conversion, number, touch, channel, models, lookback, since, until, as_of, spend, query_path,
		(SELECT m.place::integer FROM unnest(models) WITH ORDINALITY AS m (name, place) WHERE m.name = 'markov');
END
$function$;
COMMENT ON FUNCTION cdp_internal.make_attribution_table(cdp.step, text, text[], cdp.step, interval, text[], timestamptz,
	timestamptz, text, text[], integer, text, text, timestamptz, text) IS
	'Internal: implements cdp.attribution_table(); query_path: the search path for query and spend.';

CREATE FUNCTION cdp.attribution_table(conversion cdp.step, number text DEFAULT NULL,
	channel text[] DEFAULT '{campaign_name}', touch cdp.step DEFAULT '*', lookback interval DEFAULT '30 days',
	models text[] DEFAULT '{first,last,last_non_direct,linear,position_based,time_decay,shapley}',
	since timestamptz DEFAULT NULL, until timestamptz DEFAULT NULL, spend text DEFAULT NULL, by text[] DEFAULT NULL,
	top integer DEFAULT NULL, segment text DEFAULT NULL, query text DEFAULT NULL,
	as_of timestamptz DEFAULT pg_catalog.now())
	RETURNS TABLE (breakdown text, model text, channel_name text, touches bigint, people bigint, conversions numeric,
		share numeric, value numeric, spent numeric, cost_per_conversion numeric, return_on_spend numeric)
	LANGUAGE sql STABLE PARALLEL UNSAFE
BEGIN ATOMIC
	SELECT t.*
	FROM cdp_internal.make_attribution_table(attribution_table.conversion, attribution_table.number,
		attribution_table.channel, attribution_table.touch, attribution_table.lookback, attribution_table.models,
		attribution_table.since, attribution_table.until, attribution_table.spend, attribution_table.by,
		attribution_table.top, attribution_table.segment, attribution_table.query, attribution_table.as_of,
		current_setting('search_path')) t;
END;
COMMENT ON FUNCTION cdp.attribution_table(cdp.step, text, text[], cdp.step, interval, text[], timestamptz, timestamptz,
	text, text[], integer, text, text, timestamptz) IS
$comment$Returns which campaigns conversions are due to, by several models at once, over the whole history of each
person on all devices: SELECT * FROM cdp.attribution_table('Order Completed', 'total', spend => 'TABLE ad_spend').
conversion: the events that convert, those from since (included) until until (excluded); number: a number that they
carry, such as total, whose sum is value. touch: the events that may lead to a conversion, channel: the properties that
say of which campaign or other channel they are ({campaign_source,campaign_name} makes "google / spring"); an event
without any is no touch. A touch counts for a conversion if it is not later, and less than lookback earlier (NULL: at
any time before). models: any of those of cdp.attribution, and markov: a chain of moves from channel to channel over all
paths, also those that do not convert; a channel's share follows how many conversions would be lost without it.
A row for each model and channel: channel_name (NULL: conversions without a touch); how many touches there were from
since until until (touches) and of how many people, the same for all models; the shares of conversions, which add
up to their number (conversions), and these as a part of all (share); value.
spend: a query with the columns channel and spend, such as TABLE ad_spend; it runs as the caller, under the caller's
search path. spent is the sum for the channel, cost_per_conversion spent by conversions, return_on_spend value by spent.
by: separate rows for each value of traits (trait:country) and segments (segment:buyers); not together with spend. top:
only so many of these with most people, the rest as "(other)". segment: members of this segment only. query: people
from your own query, with the columns person, time and event, and further columns as properties, in place of the
platform's; it runs as spend does.
Reads the log, with a notice, where timelines do not carry a property; events of which left-out values decide do not
count. Errors: 22023, 22004, 22008; markov with more than 1,000 channels: 54000. Works on a hot standby.
Definition: DEFINITIONS.md.$comment$;

REVOKE ALL ON FUNCTION cdp_internal.query_spend(text, text),
	cdp_internal.check_attribution(cdp.step, text, text[], cdp.step, interval, text[], timestamptz, timestamptz, text,
		text[], timestamptz),
	cdp.attribution_table(cdp.step, text, text[], cdp.step, interval, text[], timestamptz, timestamptz, text, text[],
		integer, text, text, timestamptz),
	cdp_internal.make_attribution_table(cdp.step, text, text[], cdp.step, interval, text[], timestamptz, timestamptz,
		text, text[], integer, text, text, timestamptz, text) FROM PUBLIC;
