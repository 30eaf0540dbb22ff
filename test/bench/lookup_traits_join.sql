\set id random(1, :rows)
SELECT p.profile_id, p.shared, p.first_seen, p.last_seen, p.events, p.traits::jsonb
FROM cdp.identifier_map m JOIN cdp.identity i USING (identity_id) JOIN cdp.profile p USING (profile_id)
WHERE m.identifier OPERATOR(cdp.=) (concat('user_id', chr(58), 'u', :id::text))::cdp.identifier;
