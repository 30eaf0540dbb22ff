-- People, and fifty segments: used by segments.sh and sustained.sh.
SET client_min_messages = warning;
SELECT cdp.init();
SELECT cdp.carry_property('*', 'total');
-- people from one number on; each has ordered and looked at things in the last 90 days
CREATE PROCEDURE arrive(first bigint, last bigint) LANGUAGE plpgsql AS $$
BEGIN
	FOR k IN first / 50000 .. (last - 1) / 50000 LOOP
		INSERT INTO cdp.inbox (type, event, user_id, traits, properties, "timestamp")
		SELECT e.type, e.event, 'u' || i, CASE e.type WHEN 'identify' THEN jsonb_build_object('plan', (ARRAY['free', 'pro', 'team'])[1 + i % 3], 'size', i % 100) END,
			CASE e.type WHEN 'track' THEN jsonb_build_object('total', (i * e.n) % 97) END, now() - interval '90 days' * ((hashint8extended(i, e.n) & 1048575) / 1048576.0)
		FROM generate_series(k * 50000 + 1, (k + 1) * 50000) i,
			(VALUES (1, 'identify', NULL), (2, 'track', 'order'), (3, 'track', 'view'), (4, 'track', 'view'), (5, 'track', 'cart')) e (n, type, event);
		PERFORM cdp.refresh(250000);
		COMMIT;
	END LOOP;
END
$$;
-- the i-th of fifty segments; seven of ten have a window of time
CREATE FUNCTION condition(i integer) RETURNS text LANGUAGE sql AS $$
	SELECT CASE i % 10
		WHEN 0 THEN format('cdp.did(timeline, ''order'', within => ''%s days'')', 5 + i)
		WHEN 1 THEN format('cdp.count_events(timeline, ''view'', within => ''%s days'') >= 1', 3 + i)
		WHEN 2 THEN format('last_seen > now() - interval ''%s days''', 2 + i / 5)
		WHEN 3 THEN format('traits->>''plan'' = ''pro'' AND cdp.did_not(timeline, ''cart'', within => ''%s days'')', 10 + i)
		WHEN 4 THEN format('cdp.sum(timeline, ''order'', ''total'', within => ''%s days'') > %s', 20 + i, i)
		WHEN 5 THEN format('cdp.did(timeline, ''view'', at_least => 2, within => ''%s days'') OR NOT cdp.did(timeline, ''order'', within => ''60 days'')', 10 + i)
		WHEN 6 THEN format('traits->>''plan'' = ''team'' AND events > %s', i % 5)
		WHEN 7 THEN format('cdp.try_integer(traits->''size'') > %s', i)
		WHEN 8 THEN format('cdp.did(timeline, ''cart'') AND cdp.did(timeline, ''order[total > %s]'')', i)
		ELSE format('cdp.funnel(timeline, ''view -> cart -> order within %s days'') >= 2', 5 + i) END
$$;
CREATE PROCEDURE have(number integer) LANGUAGE plpgsql AS $$
BEGIN
	FOR i IN (SELECT count(*) FROM cdp.segment) + 1 .. number LOOP
		PERFORM cdp.create_segment('s' || i, condition(i));
	END LOOP;
	COMMIT;
	CALL cdp.build_segments();
END
$$;
