\set id random(1, :rows)
SELECT p.profile_id, p.shared, p.first_seen, p.last_seen, p.events, p.traits::jsonb
FROM cdp_data.identifier_map m
CROSS JOIN LATERAL (SELECT i.identifier, i.profile_id FROM cdp_data.identifier i WHERE i.identifier_id = m.identifier_id LIMIT 1) w
JOIN cdp_data.profile p USING (profile_id)
WHERE m.hash = cdp_internal.map_hash((concat('user_id', chr(58), 'u', :id::text))::cdp.identifier)
	AND w.identifier OPERATOR(cdp.=) (concat('user_id', chr(58), 'u', :id::text))::cdp.identifier
LIMIT 1;
