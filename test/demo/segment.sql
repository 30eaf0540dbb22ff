-- A segment: at the checkout in the last 30 days, and no order since
\pset footer off
SELECT cdp.create_segment('undecided', $$
	cdp.did(timeline, 'Checkout Started', within => '30 days')
	AND NOT cdp.did(timeline, 'Order Completed', within => '30 days')
$$, 'At the checkout in the last 30 days, and no order since') AS members;

\echo 'Those with an e-mail address, latest first'
SELECT p.profile_id, p.traits->>'first_name' AS first_name, p.traits->>'last_name' AS last_name,
	btrim(p.traits->>'email') AS email, p.last_seen
FROM cdp_segment.undecided
JOIN cdp.profiles p USING (profile_id)
WHERE p.traits->>'email' IS NOT NULL
ORDER BY p.last_seen DESC, p.profile_id
LIMIT 5;
