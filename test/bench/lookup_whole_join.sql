\set id random(1, :rows)
SELECT p.profile_id, p.shared, p.first_seen, p.last_seen, p.events, p.traits::jsonb,
	ARRAY(SELECT (n.namespace, cdp.value(i.identifier), b.as_of, i.shared)
		  FROM cdp_data.identifier i JOIN cdp.batch b USING (batch_id) JOIN cdp.namespace n ON n.namespace = cdp.namespace(i.identifier)
		  WHERE i.profile_id = p.profile_id ORDER BY n.priority, i.identifier USING OPERATOR(cdp.<)) AS identifiers,
	ARRAY(SELECT (e."timestamp", e.type, e.event, e.source, e.properties)
		  FROM cdp_data.identifier i CROSS JOIN LATERAL (
			  SELECT e.* FROM cdp_data.event e WHERE e.identifier_id = i.identifier_id ORDER BY e."timestamp" DESC, e.event_id DESC LIMIT 10) e
		  WHERE i.profile_id = p.profile_id ORDER BY e."timestamp" DESC, e.event_id DESC LIMIT 10) AS events,
	ARRAY(SELECT (t.kind, t.case_id, t.opened)
		  FROM (SELECT m.kind, e.properties ->> m.property AS case_id, max(e."timestamp") FILTER (WHERE m.opens) AS opened, max(e."timestamp") FILTER (WHERE NOT m.opens) AS closed
				FROM cdp_data.identifier i JOIN cdp_data.event e USING (identifier_id) JOIN cdp.case_event m ON m.event = e.event
				WHERE i.profile_id = p.profile_id GROUP BY 1, 2) t WHERE t.opened > coalesce(t.closed, '-infinity')) AS cases,
	ARRAY(SELECT 'viewers' WHERE EXISTS (SELECT FROM cdp_segment.viewers s WHERE s.profile_id = p.profile_id)
		  UNION ALL SELECT 'often' WHERE EXISTS (SELECT FROM cdp_segment.often s WHERE s.profile_id = p.profile_id)
		  UNION ALL SELECT 'best' WHERE EXISTS (SELECT FROM cdp_segment.best s WHERE s.profile_id = p.profile_id)
		  UNION ALL SELECT 'grown' WHERE EXISTS (SELECT FROM cdp_segment.grown s WHERE s.profile_id = p.profile_id)
		  UNION ALL SELECT 'reached' WHERE EXISTS (SELECT FROM cdp_segment.reached s WHERE s.profile_id = p.profile_id)) AS segments,
	ARRAY(SELECT (r.identifier, r.other_identifier, r.other_profile_id, r.reasons, r.last_at) FROM cdp.refused_links r WHERE r.profile_id = p.profile_id
		  UNION ALL
		  SELECT (r.other_identifier, r.identifier, r.profile_id, r.reasons, r.last_at) FROM cdp.refused_links r WHERE r.other_profile_id = p.profile_id) AS refused,
	ARRAY(SELECT (a.group_id, min(m.first_at), max(m.last_at), a.traits::jsonb)
		  FROM cdp_data.identifier i JOIN cdp_data.account_member m USING (identifier_id) JOIN cdp_data.account a USING (group_id)
		  WHERE i.profile_id = p.profile_id GROUP BY a.group_id ORDER BY a.group_id) AS accounts
FROM cdp_data.identifier_map m
CROSS JOIN LATERAL (SELECT i.identifier, i.profile_id FROM cdp_data.identifier i WHERE i.identifier_id = m.identifier_id LIMIT 1) w
JOIN cdp_data.profile p USING (profile_id)
WHERE m.hash = cdp_internal.map_hash((concat('user_id', chr(58), 'u', :id::text))::cdp.identifier)
	AND w.identifier OPERATOR(cdp.=) (concat('user_id', chr(58), 'u', :id::text))::cdp.identifier
LIMIT 1;
