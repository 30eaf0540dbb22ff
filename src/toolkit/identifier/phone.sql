CREATE FUNCTION cdp.phone(value text, region text DEFAULT NULL) RETURNS text
	AS 'MODULE_PATHNAME', 'cdp_phone' LANGUAGE C STABLE PARALLEL SAFE COST 1000;
COMMENT ON FUNCTION cdp.phone(text, text) IS
	'Returns a phone number, typed in any usual way, in E.164 form (+442079460958); NULL for NULL. region: the '
	'country in which a number without a country code was typed, as two letters of ISO 3166. Errors: 22P02 for an '
	'invalid number or one with an extension, 22023 for an unknown region, 0A000 if the module cdp_phone is not '
	'installed and the number is not E.164 already.';

CREATE FUNCTION cdp.try_phone(value text, region text DEFAULT NULL) RETURNS text
	AS 'MODULE_PATHNAME', 'cdp_try_phone' LANGUAGE C STABLE PARALLEL SAFE COST 1000;
COMMENT ON FUNCTION cdp.try_phone(text, text) IS
	'Like cdp.phone(value, region), but returns NULL instead of raising an error.';
