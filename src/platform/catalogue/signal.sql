-- The table of consent signals that are not valid.

CREATE FUNCTION cdp_internal.init_signal() RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	CREATE TABLE cdp_data.invalid_signal (
		source text COLLATE "C" NOT NULL,
		kind text COLLATE "C" NOT NULL,
		occurrences bigint NOT NULL,
		first_batch_id bigint NOT NULL,
		last_batch_id bigint NOT NULL,
		PRIMARY KEY (source, kind));
	COMMENT ON TABLE cdp_data.invalid_signal IS
		'What accepted events had in place of consent signals, and says nothing: strings that are malformed or of a '
		'version that is not known, words that are none. Counted while signals speak of purposes, see cdp.map_signal(); '
		'the events keep them: SELECT cdp.tcf_decode(…) says what is wrong with one.';
	COMMENT ON COLUMN cdp_data.invalid_signal.source IS 'The source that sent them.';
	COMMENT ON COLUMN cdp_data.invalid_signal.kind IS
		'The kind of signals: category, tcf, gpp (US Privacy strings, too), google or gpc.';
	COMMENT ON COLUMN cdp_data.invalid_signal.occurrences IS 'Number of such values.';
	COMMENT ON COLUMN cdp_data.invalid_signal.first_batch_id IS 'The first batch that had one.';
	COMMENT ON COLUMN cdp_data.invalid_signal.last_batch_id IS 'The last one.';
END
$function$;
COMMENT ON FUNCTION cdp_internal.init_signal() IS 'Internal: makes the table of consent signals that are not valid.';

REVOKE ALL ON FUNCTION cdp_internal.init_signal() FROM PUBLIC;
