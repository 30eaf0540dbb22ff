-- UUIDs and hashes: one identifier, whatever the case and the typing
SET search_path = cdp, public;
CREATE TEMP TABLE typed AS SELECT * FROM (VALUES
	('6D92078A-8246-4BA4-AE5B-76104861E7DC'), ('6d92078a-8246-4ba4-ae5b-76104861e7dc'), (' {6D92078a-8246-4ba4-ae5b-76104861e7dc} '),
	('6D92078A82464BA4AE5B76104861E7DC'), ('urn:uuid:6D92078A-8246-4BA4-AE5B-76104861E7DC')) v(value);
SELECT n.namespace, count(*) AS typings, count(DISTINCT cdp.identifier(n.namespace, value)) AS identifiers, min(cdp.identifier(n.namespace, value)::text)
FROM typed CROSS JOIN (VALUES ('idfa'), ('IDFV'), ('gaid'), ('advertising_id'), ('device_id'), ('user_id')) n(namespace) GROUP BY n.namespace ORDER BY n.namespace COLLATE "C";
SELECT h.name, cdp.identifier('email_' || h.name, h.digest) = cdp.identifier('email_' || h.name, upper(h.digest)) AS same, cdp.value(cdp.identifier('email_' || h.name, upper(h.digest))) = h.digest AS is_lower
FROM (VALUES ('md5', md5('a')), ('sha256', encode(sha256('a'), 'hex')), ('sha384', encode(sha384('a'), 'hex')), ('sha512', encode(sha512('a'), 'hex'))) h(name, digest);
-- base64 keeps its case, and so does what has another length
SELECT cdp.identifier('user_sha256', encode(sha256('a'), 'base64')), cdp.identifier('phone_md5', 'ABCDEF0123'), cdp.identifier('idfa', 'Not-A-UUID');
-- but what is compared with hashes of ours is a SHA-256, also in base64
SELECT bool_and(cdp.identifier(n, v) = cdp.hashed(cdp.identifier(replace(n, '_sha256', ''), p))) AS same FROM (VALUES ('email_sha256', 'ann@example.com'), ('phone_sha256', '+14155550123')) i (n, p),
	LATERAL (VALUES (encode(sha256(p::bytea), 'hex')), (encode(sha256(p::bytea), 'base64')), (rtrim(encode(sha256(p::bytea), 'base64'), '=')), (translate(encode(sha256(p::bytea), 'base64'), '+/', '-_'))) t (v);
SELECT cdp.identifier('email_sha256', 'ABCDEF0123');
SELECT cdp.identifier('phone_sha256', md5('a'));
SELECT cdp.try_identifier('email_sha256', 'ann@example.com') IS NULL AS none;
-- the canonical form reads back, in text and in binary
SELECT count(*) AS reads_back FROM typed WHERE cdp.identifier('idfa', value)::text::cdp.identifier = cdp.identifier('idfa', value);
-- zeros mean nothing in every typing
SELECT value, cdp.is_meaningless(cdp.identifier('gaid', value)) FROM (VALUES ('00000000-0000-0000-0000-000000000000'), ('{00000000-0000-0000-0000-000000000000}'),
	('00000000000000000000000000000000'), ('00000000-0000-0000-0000-000000000001')) v(value);
-- nor does a hash of nothing
SELECT n, cdp.is_meaningless(cdp.identifier('email_' || n, upper(h))) AS of_nothing, cdp.is_meaningless(cdp.identifier('email_' || n, a)) AS of_a
FROM (VALUES ('md5', md5(''), md5('a')), ('sha256', encode(sha256(''), 'hex'), encode(sha256('a'), 'hex'))) v(n, h, a);

SELECT count(*) FILTER (WHERE NOT cdp.is_meaningless(cdp.identifier(n || '_sha256', encode(sha256(convert_to(w, 'UTF8')), 'hex')))) AS not_of_words, count(*) > 300 AS words
FROM (SELECT v.w FROM cdp.meaningless_values() m, LATERAL (VALUES (m.value), (upper(m.value)), (upper(left(m.value, 1)) || substr(m.value, 2))) v (w) WHERE NOT m.is_pattern UNION ALL VALUES (''), ('0')) x (w), unnest(ARRAY['email', 'phone']) n;
SELECT cdp.is_meaningless(cdp.hashed('email:ann@example.com')) AS email, cdp.is_meaningless(cdp.identifier('user_sha256', encode(sha256('null'), 'hex'))) AS other;

-- the rules and the regular expressions that show them are the same, over texts of all that matters to them
SELECT count(*) > 20000 AS texts, count(DISTINCT t.meaningless) AS answers,
	count(*) FILTER (WHERE t.meaningless <> (t.value = '' OR EXISTS (SELECT FROM cdp.meaningless_values() m
		WHERE CASE WHEN m.is_pattern THEN lower(t.value) ~ ('^' || m.value || '$') ELSE lower(t.value) = m.value END))) AS differ
FROM (SELECT DISTINCT v.value, cdp.is_meaningless_value(v.value) AS meaningless
	  FROM unnest(ARRAY['', '{{', '{', '${', '#{', '%{', '{!', '$(', '<%', '{%', '%%', '*|', '[object ', '<', '[', 'u']) a(t),
		   unnest(ARRAY['', 'u', '_', '7', '0', 'Null', ' x', '.', '-', 'é', 'x-Y', '}}', 'N/A']) b(t),
		   unnest(ARRAY['', '}}', '}', ')', '%>', '%}', '%%', '%', '|*', ']', '>', 'u', '{{', '-1']) c(t),
		   unnest(ARRAY['', '}', 'u', ']', '0', '%', 'Il', '>', '}}', '/a']) d(t),
		   LATERAL (SELECT a.t || b.t || c.t || d.t AS value) v
	  -- quotes and parentheses around the value are taken off first, blanks trimmed
	  WHERE v.value !~ '^[''"`(\s].*[''"`)\s]$' AND v.value = trim(v.value)) t;
SELECT value, cdp.is_meaningless_value(value) FROM (VALUES ('n/a'), ('nil'), ('(null)'), ('{{user_id}}'), ('${userId}'), ('[object Object]'), ('N/A'), ('NaN'), ('#N/A'),
	('%%USER_ID%%'), ('<user_id>'), ('{user_id}'), ('[USER_ID]'), ('\N'), ('-'), ('--'), ('?'), ('user_id'), ('(not set)'), ('00:00:00:00:00:00'),
	('nilsson'), ('[u7]'), ('(u-7)'), ('u-7'), ('{6d92078a-8246-4ba4-ae5b-76104861e7dc}'), ('$2y$10$abc')) v(value);
