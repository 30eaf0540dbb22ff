-- cdp.message_key: the first half of the SHA-256 of a message's id
SELECT id, cdp.message_key(id), cdp.message_key(id) = encode(substr(sha256(convert_to(btrim(id), 'UTF8')), 1, 16), 'hex')::uuid AS right
FROM (VALUES (1, 'm-1'), (2, ' m-1 '), (3, 'M-1'), (4, 'm-10'), (5, 'é'), (6, 'd41d8cd9-8f00-b204-e980-0998ecf8427e'), (7, repeat('x', 64))) v (n, id) ORDER BY n;
-- a published test vector of SHA-256
SELECT cdp.message_key('abc');
-- no id, or what senders write for want of one (1 to 9; 10 and 11 are ids): never a duplicate
SELECT n FROM unnest(ARRAY[NULL, '', ' ', E'\t\n ', U&'\00A0', U&'\200B', 'null', ' Undefined ', '00000000-0000-0000-0000-000000000000', 'nulla', '1']) WITH ORDINALITY v (id, n) WHERE cdp.message_key(id) IS NULL;
-- long and compressed ids
SELECT count(*) FROM generate_series(0, 100000, 997) n
WHERE cdp.message_key(repeat('ab', n) || 'c') IS DISTINCT FROM encode(substr(sha256(convert_to(repeat('ab', n) || 'c', 'UTF8')), 1, 16), 'hex')::uuid;
-- as many keys as ids
SELECT count(DISTINCT cdp.message_key('m-' || n)) FROM generate_series(1, 100000) n;
SELECT provolatile, proisstrict, proparallel FROM pg_proc WHERE oid = 'cdp.message_key(text)'::regprocedure;
