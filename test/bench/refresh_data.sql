-- A stream of events of any length: the k-th event depends on k alone.  Visits of five events; one person per 20 events,
-- all equally likely to return; one to five devices, the first used most; 30 % of people stay anonymous; 20 kiosk devices
-- have 0.01 % of the visits; 1 % of events arrive up to a week late. Message ids are in no order, as clients make them.
SET client_min_messages = warning;
SELECT cdp.init();

-- a pseudo-random number from 0 to 1 that depends on n alone
CREATE FUNCTION chance(n bigint, salt int) RETURNS double precision LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN (hashint8extended(n, salt) & 4503599627370495) / 4503599627370496.0::double precision;

-- the n events after the first k
CREATE FUNCTION steady(k bigint, n bigint)
	RETURNS TABLE (type text, event text, message_id text, anonymous_id text, user_id text, identifiers jsonb, traits jsonb, properties jsonb,
				   "timestamp" timestamptz, received_at timestamptz, source text)
	LANGUAGE sql AS $$
	SELECT CASE WHEN e.is_known AND e.number % 5 = 0 THEN 'identify' ELSE 'track' END,
		   CASE WHEN e.is_known AND e.number % 5 = 0 THEN NULL ELSE 'event ' || floor(power(chance(e.number, 1), 2) * 20) END,
		   md5('message ' || e.number)::uuid::text,
		   CASE WHEN chance(e.visit, 2) < 0.0001 THEN 'kiosk ' || floor(chance(e.visit, 3) * 20)
				ELSE 'device ' || e.person || '-' || floor(chance(e.visit, 4) * chance(e.visit, 5) * (1 + floor(power(chance(e.person, 6), 2) * 5))) END,
		   CASE WHEN e.is_known THEN 'user ' || e.person END,
		   CASE WHEN e.is_known AND chance(e.visit, 7) < 0.25 THEN jsonb_build_object('email', 'person' || e.person || '@example.com') END,
		   CASE WHEN e.is_known AND e.number % 5 = 0 THEN jsonb_build_object('city', 'city ' || floor(chance(e.visit, 8) * 100), 'visits', e.number) END,
		   jsonb_build_object('page', e.number % 1000),
		   timestamptz '2025-01-01' + e.number * interval '3 seconds' - CASE WHEN chance(e.number, 9) < 0.01 THEN chance(e.number, 10) * interval '7 days' ELSE interval '0' END,
		   timestamptz '2025-01-01' + e.number * interval '3 seconds',
		   CASE WHEN e.person % 3 = 0 THEN 'app' ELSE 'web' END
	FROM (SELECT p.*, chance(p.person, 11) >= 0.3 AND chance(p.visit, 12) < 0.45 AS is_known
		  FROM (SELECT v.*, 1 + floor(chance(v.visit, 13) * (50 + v.number / 20))::bigint AS person
				FROM (SELECT i AS number, i / 5 AS visit FROM generate_series(k + 1, k + n) i OFFSET 0) v OFFSET 0) p OFFSET 0) e
$$;

-- writes these events to the inbox
CREATE FUNCTION arrive(k bigint, n bigint) RETURNS void LANGUAGE sql AS $$
	INSERT INTO cdp.inbox (type, event, message_id, anonymous_id, user_id, identifiers, traits, properties, "timestamp", received_at, source)
	SELECT * FROM steady(k, n)
$$;

-- brings the stream to its n-th event, in refreshes of this many events, each a transaction
CREATE PROCEDURE bring(n bigint, batch bigint DEFAULT 250000) LANGUAGE plpgsql AS $$
DECLARE
	k bigint := (SELECT s.event_id FROM cdp_data.state s);
BEGIN
	WHILE k < n LOOP
		PERFORM arrive(k, least(batch, n - k));
		PERFORM cdp.refresh(batch);
		k := k + least(batch, n - k);
		COMMIT;
	END LOOP;
END
$$;
