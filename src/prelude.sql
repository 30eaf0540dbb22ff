\echo Use "CREATE EXTENSION cdp" to load this file. \quit

COMMENT ON SCHEMA cdp IS 'Customer data platform: toolkit functions, and the tables that cdp.init() makes.';

