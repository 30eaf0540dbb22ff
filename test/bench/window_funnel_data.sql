-- :rows events of :people people in the 90 days before 2026-04-01, in order of time, no two at the same time.  Names and
-- people are distributed as in timelines_data.sql.
SET timezone = 'UTC';
CREATE UNLOGGED TABLE events AS
SELECT (ceil(CASE WHEN t < 0.28854 THEN t / 500 ELSE ((t - 0.28854) / 6 + 0.28854) ^ 6 END * :people)::bigint * 7919 % :people)::integer AS user_id,
	   timestamptz '2026-01-01' + (i * 1944000000 / (:rows + 1)) * interval '4 milliseconds' AS ts,
	   ('{page_viewed,product_viewed,product_list_viewed,search_performed,session_started,product_added,cart_viewed,email_opened,app_opened,push_received,product_removed,checkout_started,email_clicked,signed_in,coupon_applied,order_completed,video_played,support_ticket_opened,signed_up,order_refunded}'::text[])
		[1 + width_bucket(n, '{.35,.49,.59,.66,.73,.78,.82,.855,.885,.91,.928,.944,.957,.969,.978,.987,.993,.996,.9985}'::float8[])] AS name
FROM (SELECT i, (hashint8extended(i, 1) & 1152921504606846975) / 1152921504606846976.0::float8 * 4.55740 AS t, (hashint8extended(i, 2) & 1152921504606846975) / 1152921504606846976.0::float8 AS n
	  FROM generate_series(1, :rows::bigint) i OFFSET 0) r;
VACUUM ANALYZE events;
CREATE INDEX events_by_name ON events (name, user_id, ts);
CREATE INDEX events_by_user ON events (user_id, ts) INCLUDE (name);
SELECT pg_prewarm(c) FROM unnest('{events,events_by_name,events_by_user}'::regclass[]) c;
