CREATE FUNCTION cdp.is_meaningless(identifier cdp.identifier) RETURNS boolean
	AS 'MODULE_PATHNAME', 'cdp_is_meaningless' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION cdp.is_meaningless(cdp.identifier) IS
	'Returns whether the value is one of cdp.meaningless_values(), in any case, also in quotes or parentheses. For an '
	'e-mail address: whether its local part is one of those with in_email. For email_sha256 and phone_sha256 also: '
	'whether it is the SHA-256 of one of the words (not of the patterns) in lower case, in capitals or with one '
	'capital, or of 0.';

CREATE FUNCTION cdp.is_meaningless_value(value text) RETURNS boolean
	AS 'MODULE_PATHNAME', 'cdp_is_meaningless_value' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION cdp.is_meaningless_value(text) IS
	'Returns whether a raw value is blank or one of cdp.meaningless_values(), after trimming, in any case, also in '
	'quotes or parentheses. For values that cannot become an identifier, such as the phone number "null".';

CREATE FUNCTION cdp.meaningless_values(OUT value text, OUT is_pattern boolean,
	OUT in_email boolean) RETURNS SETOF record
	AS 'MODULE_PATHNAME', 'cdp_meaningless_values' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE ROWS 60;
COMMENT ON FUNCTION cdp.meaningless_values() IS
	'Lists values that stand in place of an identifier and mean nothing. Besides words: values that hold neither a '
	'letter nor a digit other than 0; placeholders that were not filled in, such as {{user_id}}, ${userId}, '
	'%%USER_ID%%, <user_id>, [object Object]; the MD5, SHA-1 and SHA-256 of the empty string. value: in lower case, '
	'compared as a whole. is_pattern: value is a regular expression for the whole value in lower case. in_email: also '
	'as the local part of an e-mail address.';

CREATE FUNCTION cdp.normalizer_version() RETURNS text
	AS 'MODULE_PATHNAME', 'cdp_normalizer_version' LANGUAGE C STABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION cdp.normalizer_version() IS
	'Returns the versions that decide the canonical form of an identifier: of the stored form, of the rules of '
	'normalisation, and of the libraries in use. Phone numbers are stored as E.164, which no release changes.';
