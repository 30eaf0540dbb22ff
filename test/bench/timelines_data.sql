-- :rows events of :people people in the 90 days before 2026-04-01, in order of time, no two at the same time.  A few people
-- have hundreds of times as many as most (Pareto, exponent 1.2, at most 500 times the minimum); 20 names, from 35 % down
-- to 0.15 %.
SET timezone = 'UTC';
CREATE UNLOGGED TABLE events AS
SELECT (ceil(CASE WHEN t < 0.28854 THEN t / 500 ELSE ((t - 0.28854) / 6 + 0.28854) ^ 6 END * :people)::bigint * 7919 % :people)::integer AS user_id,
	   timestamptz '2026-01-01' + (i * 1944000000 / (:rows + 1)) * interval '4 milliseconds' AS ts,
	   ('{page_viewed,product_viewed,product_list_viewed,search_performed,session_started,product_added,cart_viewed,email_opened,app_opened,push_received,product_removed,checkout_started,email_clicked,signed_in,coupon_applied,order_completed,video_played,support_ticket_opened,signed_up,order_refunded}'::text[])
		[1 + width_bucket(n, '{.35,.49,.59,.66,.73,.78,.82,.855,.885,.91,.928,.944,.957,.969,.978,.987,.993,.996,.9985}'::float8[])] AS name,
	   CASE WHEN n >= .985 THEN (500 + (i * 7919) % 20000) / 100.0::float8 END AS value
FROM (SELECT i, (hashint8extended(i, 1) & 1152921504606846975) / 1152921504606846976.0::float8 * 4.55740 AS t, (hashint8extended(i, 2) & 1152921504606846975) / 1152921504606846976.0::float8 AS n
	  FROM generate_series(1, :rows::bigint) i OFFSET 0) r;
VACUUM ANALYZE events;
CREATE INDEX events_by_name ON events (name, ts) INCLUDE (user_id);
CREATE INDEX events_by_user ON events (user_id, ts) INCLUDE (name);
CREATE INDEX events_by_step ON events (user_id, name, ts);

-- as the platform stores them: timelines of people with very many events are sealed, except for the latest events
SELECT cdp.init();
INSERT INTO cdp_data.profile (profile_id, timeline, level_1)
SELECT user_id, CASE WHEN heavy THEN after ELSE cdp.timeline_concat(before, after) END, CASE WHEN heavy THEN before END
FROM (SELECT b.*, pg_column_size(before) + pg_column_size(after) > 8000 AS heavy
	  FROM (SELECT user_id, cdp.timeline_agg(ts, name) FILTER (WHERE ts < '2026-03-28') AS before, cdp.timeline_agg(ts, name) FILTER (WHERE ts >= '2026-03-28') AS after
			FROM events GROUP BY user_id OFFSET 0) b OFFSET 0) t;
-- a row can be marked all-visible only after its commit is flushed to disk
CHECKPOINT;
VACUUM ANALYZE cdp_data.profile;
-- as conditions read them
CREATE VIEW person AS SELECT profile_id, timeline FROM cdp.profile_row;
SELECT pg_prewarm(c) FROM unnest('{events,events_by_name,events_by_user,events_by_step,cdp_data.profile,cdp_data.profile_pkey}'::regclass[]) c;
