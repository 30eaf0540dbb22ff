-- cdp_internal.message_key: SipHash-2-4 of 128 bits of a message's id, by a key that is made of that of the installation
SELECT current_database() AS origin \gset
CREATE DATABASE cdp_message_key ENCODING 'UTF8' TEMPLATE template0;
\c cdp_message_key
SET client_min_messages = warning;
CREATE EXTENSION cdp;
SELECT cdp.init();
SELECT cdp_internal.message_key('m-1') AS by_random_key \gset
UPDATE cdp_data.identifier_key SET key = '\x000102030405060708090a0b0c0d0e0f';
SELECT cdp_internal.message_key('m-1') <> :'by_random_key' AS by_another_key;
-- what openssl says: by the key of SipHash-2-4 of "message", and of it with a zero behind
SELECT v.id, cdp_internal.message_key(v.id) = v.key AS right
FROM (VALUES (1, 'm-1', '62386cce-8851-4962-9b68-96d2029efa82'::uuid),
	(2, 'M-1', 'fc51382f-2690-c0a4-ad91-c7ba408c6de2'::uuid),
	(3, 'm-10', '9192c31a-3984-9858-a40b-2402682ecb9e'::uuid),
	(4, 'é', 'fc506333-470c-31c7-4bac-55af250cf087'::uuid),
	(5, 'd41d8cd9-8f00-b204-e980-0998ecf8427e', 'c7b47e7b-32de-5aab-0e03-521fbdd2cff3'::uuid),
	(6, 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx', '3bf19efd-77ff-f29d-2833-03ea341cf3c5'::uuid)) v (n, id, key) ORDER BY n;
SELECT cdp_internal.message_key(v.id) = cdp_internal.message_key('m-1') AS same, v.id FROM (VALUES (' m-1 '), (E'\t\nm-1'), ('m- 1')) v (id);
-- no id, or what senders write for want of one (1 to 9; 10 and 11 are ids): never a duplicate
SELECT n FROM unnest(ARRAY[NULL, '', ' ', E'\t\n ', U&'\00A0', U&'\200B', 'null', ' Undefined ', '00000000-0000-0000-0000-000000000000', 'nulla', '1']) WITH ORDINALITY v (id, n) WHERE cdp_internal.message_key(id) IS NULL;
-- long and compressed ids
SELECT count(*), count(DISTINCT cdp_internal.message_key(repeat('ab', n) || 'c')) AS keys FROM generate_series(0, 100000, 997) n;
CREATE TABLE long_id AS SELECT repeat('ab', 100000) || 'c' AS id;
SELECT cdp_internal.message_key(l.id) = cdp_internal.message_key(repeat('ab', 100000) || 'c') AS same, pg_column_size(l.id) < 100000 AS compressed FROM long_id l;
-- as many keys as ids
SELECT count(DISTINCT cdp_internal.message_key('m-' || n)) FROM generate_series(1, 100000) n;
SELECT provolatile, proisstrict, proparallel FROM pg_proc WHERE oid = 'cdp_internal.message_key(text)'::regprocedure;
-- who may not read the key, cannot make keys of messages
CREATE ROLE regress_cdp_message_key;
GRANT USAGE ON SCHEMA cdp_internal, cdp_data TO regress_cdp_message_key;
GRANT EXECUTE ON FUNCTION cdp_internal.message_key(text) TO regress_cdp_message_key;
SET ROLE regress_cdp_message_key;
SELECT cdp_internal.message_key('m-1');
RESET ROLE;
\c :origin
DROP DATABASE cdp_message_key;
DROP ROLE regress_cdp_message_key;
