\set id random(1, :rows)
SELECT p.profile_id, p.shared, p.first_seen, p.last_seen, p.events, p.traits::jsonb
FROM own_identifier i JOIN cdp_data.profile p USING (profile_id)
WHERE i.identifier = concat('user_id', chr(58), 'u', :id::text);
