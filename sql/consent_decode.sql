-- Consent strings of the IAB: what they say, and what is no such string
CREATE FUNCTION refused(query text) RETURNS text
	LANGUAGE plpgsql
AS $$
DECLARE
	detail text;
BEGIN
	EXECUTE query;
	RETURN 'no error';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
	RETURN format('%s: %s: %s', SQLSTATE, SQLERRM, detail);
END
$$;

-- the strings of the specifications
SELECT jsonb_pretty(cdp.tcf_decode('CQSbk4AQSbk4ANwAAAENAwCgAAAAAAAAAAYgACPAAAAA.IDKQA4AAgAKAGQAygAAA'));
SELECT cdp.tcf_decode('CPXxRfAPXxRfAAfKABENB-CgAAAAAAAAAAYgAAAAAAAA') ->> 'LastUpdated';
SELECT cdp.gpp_decode(s) FROM unnest('{DBABM,DBACNY,DBACNYA,DBABjw,DBAA}'::text[]) AS s;
SELECT jsonb_pretty(cdp.gpp_decode('DBACNY~CPXxRfAPXxRfAAfKABENB-CgAAAAAAAAAAYgAAAAAAAA~1YNN') - 'tcfeuv2');
SELECT cdp.gpp_decode('DBACNY~CPXxRfAPXxRfAAfKABENB-CgAAAAAAAAAAYgAAAAAAAA~1YNN') -> 'tcfeuv2'
	= cdp.tcf_decode('CPXxRfAPXxRfAAfKABENB-CgAAAAAAAAAAYgAAAAAAAA') AS same;

-- one with all that a string of Europe's can have
SELECT jsonb_pretty(cdp.tcf_decode('CQdjfYAQdjfYAAfABBENB-FgAP_AAEPAAAYgF5wAgAFALzAvOACAvMAIOACAV4AvMkABAXmA'
	'.IF6QAgAFQLzAvQAA.YAAAAAAAAAAA') - '{Created,LastUpdated,CmpId,CmpVersion}'::text[]);

-- sections of the United States: the first and second version of the national one, and one with a segment behind
SELECT jsonb_pretty(cdp.gpp_decode('DBABLA~BVQqAAAAAgA.QA') -> 'usnat');
SELECT cdp.gpp_decode('DBABLA~CAAYAAAAAGBA.YA') #>> '{usnat,SensitiveDataProcessing}' AS values,
	cdp.gpp_decode('DBABLA~CAAYAAAAAGBA.YA') #> '{usnat,Gpc}' AS gpc;
SELECT cdp.gpp_decode('DBABUY~Bohk.gVk') -> 'usin', cdp.gpp_decode('DBABUY~Bohk') -> 'usin' ? 'SensitiveDataProcessing';

-- Canada's, and a section that is not known
SELECT (cdp.gpp_decode('DBABDA~BQdjfYAQdjfYAAAAAAENAACAAQAAAEAAAAAAAAAAAA.YAAAAAAAAAA.IADgIA') -> 'tcfcav1')
	- '{Created,LastUpdated}'::text[];
SELECT cdp.gpp_decode('DBABKY~anything, at all.');

SELECT s AS string, refused(format('SELECT cdp.tcf_decode(%L)', s)) FROM unnest(ARRAY[
	'', 'C', 'CPXxRfAPXxRfAAfKABENB-CgAAAAAAAAAAYgAAAAAAA', 'CPXxRfAPXxRfAAfKABENB-CgAAAAAAAAAAYgAAAAAAAA.',
	'CPXxRfAPXxRfAAfKABENB-CgAAAAAAAAAAYgAAAAAAAA==', ' CPXxRfAPXxRfAAfKABENB-CgAAAAAAAAAAYgAAAAAAAA',
	'BOEFEAyOEFEAyAHABDENAI4AAAB9vABAASA', 'CPXxRfAPXxRfAAfKABENB-CAAAAAAAAAAAYgAAAAAAAA', '1YNN']) AS s;
SELECT s AS string, refused(format('SELECT cdp.gpp_decode(%L)', s)) FROM unnest(ARRAY[
	'', 'DBACNY~', 'DBABM~x', 'DBABLA~BVQqAAAAAgA.QA~1YNN', 'DBACNY~CPXxRfAPXxRfAAfKABENB-CgAAAAAAAAAAYgAAAAAAAA~1YXN',
	'DBABLA~BVQqAAAAAgA.AA', 'DBABLA~DVQqAAAAAgA', '1YNN', 'DCABM', 'DBABLA~']) AS s;
SELECT cdp.tcf_decode(NULL) IS NULL AND cdp.gpp_decode(NULL) IS NULL AS strict;

-- a string whose restrictions name more vendors than a document takes
CREATE FUNCTION bits(value bigint, width integer) RETURNS text
	LANGUAGE sql
	RETURN right(value::bit(64)::text, width);
CREATE FUNCTION string(bits text) RETURNS text
	LANGUAGE sql
	RETURN (SELECT string_agg(substr('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_',
		substr(rpad(bits, (length(bits) + 5) / 6 * 6, '0'), i, 6)::bit(6)::integer + 1, 1), '' ORDER BY i)
		FROM generate_series(1, length(bits), 6) AS i);
CREATE FUNCTION restricted(restrictions integer) RETURNS text
	LANGUAGE sql
	RETURN string(bits(2, 6) || bits(16504920000, 36) || bits(16504920000, 36) || bits(31, 12) || bits(1, 12) || bits(1, 6)
		|| bits(4, 6) || bits(13, 6) || bits(126, 12) || bits(2, 6) || '10' || bits(0, 12) || bits(0, 24) || bits(0, 24)
		|| '0' || bits(3, 6) || bits(4, 6) || bits(0, 17) || bits(0, 17) || bits(restrictions, 12)
		|| repeat(bits(1, 6) || '00' || bits(1, 12) || '1' || bits(1, 16) || bits(65535, 16), restrictions));
SELECT jsonb_array_length(cdp.tcf_decode(restricted(15)) -> 'PubRestrictions') AS restrictions,
	jsonb_array_length(cdp.tcf_decode(restricted(15)) #> '{PubRestrictions,14,VendorIds}') AS vendors;
SELECT refused(format('SELECT cdp.tcf_decode(%L)', restricted(16)));

-- a range and the bits of the same vendors say the same
SELECT cdp.tcf_decode(string(core || bits(9, 16) || '1' || bits(2, 12) || '0' || bits(9, 16) || '1' || bits(2, 16)
		|| bits(4, 16) || bits(0, 17) || bits(0, 12))) -> 'VendorConsent' AS ranges,
	cdp.tcf_decode(string(core || bits(9, 16) || '0' || '011100001' || bits(0, 17) || bits(0, 12))) -> 'VendorConsent' AS bits
FROM (SELECT bits(2, 6) || bits(0, 36) || bits(0, 36) || bits(31, 12) || bits(1, 12) || bits(1, 6) || bits(4, 6)
	|| bits(13, 6) || bits(126, 12) || bits(2, 6) || '10' || bits(0, 12) || bits(0, 24) || bits(0, 24) || '0' || bits(3, 6)
	|| bits(4, 6)) AS c (core);

-- which signals there are
SELECT s.kind, s.key, cdp_internal.is_signal(s.kind, s.key)
FROM (VALUES ('category', 'Advertising'), ('category', ''), ('tcf', '1'), ('tcf', '1/755'), ('tcf', '25'),
	('tcf_objection', '2'), ('gpp', 'usnat.SaleOptOut'), ('gpp', 'usnat.SaleOptOutNotice'),
	('gpp', 'usnat.SensitiveDataProcessing.16'), ('gpp', 'usca.SensitiveDataProcessing.10'), ('gpp', 'usva.Gpc'),
	('google', 'ad_storage'), ('google', 'storage'), ('gpc', ''), ('gpc', '1'), ('ccpa', '')) AS s (kind, key);
