CREATE FUNCTION cdp.phone(value text, region text DEFAULT NULL) RETURNS text
AS 'MODULE_PATHNAME', 'cdp_phone' LANGUAGE C STABLE PARALLEL SAFE COST 1000;
COMMENT ON FUNCTION cdp.phone(text, text) IS 'A phone number, typed in any usual way, in E.164 form (+442079460958); NULL for NULL. region: the country in which a number without a country code was typed, as the two letters of ISO 3166. Error 22P02 for what is no number or has an extension, 22023 for an unknown region, 0A000 where the module cdp_phone is not installed and the number is not E.164 already.';

CREATE FUNCTION cdp.try_phone(value text, region text DEFAULT NULL) RETURNS text
AS 'MODULE_PATHNAME', 'cdp_try_phone' LANGUAGE C STABLE PARALLEL SAFE COST 1000;
COMMENT ON FUNCTION cdp.try_phone(text, text) IS 'Like cdp.phone(value, region), with NULL instead of an error.';
