-- Consent strings of the IAB, decoded.

CREATE FUNCTION cdp.tcf_decode(string text) RETURNS jsonb
	AS 'MODULE_PATHNAME', 'cdp_tcf_decode' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 100;
COMMENT ON FUNCTION cdp.tcf_decode(text) IS
$comment$Decodes a TC string of the Transparency & Consent Framework of IAB Europe, 2.0 to 2.3, as an object whose keys
are the names of the specification: Version, Created and LastUpdated (UTC), CmpId, CmpVersion, ConsentScreen,
ConsentLanguage, VendorListVersion, TcfPolicyVersion, IsServiceSpecific, UseNonStandardTexts, SpecialFeatureOptIns,
PurposesConsent, PurposesLITransparency (arrays of the numbers whose bit is set), PurposeOneTreatment, PublisherCC,
VendorConsent, VendorLegitimateInterest (arrays of ids), PubRestrictions ({"PurposeId", "RestrictionType",
"VendorIds"}); and of the segments that are there DisclosedVendors, AllowedVendors, PubPurposesConsent,
PubPurposesLITransparency, NumCustomPurposes, CustomPurposesConsent, CustomPurposesLITransparency.
Errors: a string that is malformed, of another version or of global scope, or, since policy version 5, has no segment
of disclosed vendors (22P02); more than 1,000,000 ids (54000).$comment$;

CREATE FUNCTION cdp.gpp_decode(string text) RETURNS jsonb
	AS 'MODULE_PATHNAME', 'cdp_gpp_decode' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 100;
COMMENT ON FUNCTION cdp.gpp_decode(text) IS
$comment$Decodes a string of the Global Privacy Platform of the IAB: {"SectionIds": [2, 7], "tcfeuv2": {...}, "usnat":
{"Version": 1, "SaleOptOut": 2, ...}}, with the names of the specification for sections and fields. Sections: tcfeuv2
(as cdp.tcf_decode has it), tcfcav1, uspv1, usnat, and those of states, usca to usri. Of the sections of states and of
usnat the values are 0 not applicable, 1 and 2 as the field has it (opted out, did not opt out; no consent, consent),
arrays where a field has several. A section of another number is shown as it stands, "section_28": "...". Of a header
alone there are only the SectionIds.
Errors: a string that is malformed, or has a section that is, or of a version that is not known (22P02); more than
1,000,000 ids (54000).$comment$;
