/*
 * consent_vectors.h
 *		Consent strings that the reference encoder of the IAB wrote (@iabgpp/cmpapi 3.2.0, of random choices), and
 *		what they say, as consent_dump.h writes it.
 */
#ifndef CONSENT_VECTORS_H
#define CONSENT_VECTORS_H

typedef struct ConsentVector
{
	unsigned section;
	const char *text;
	const char *dump;
} ConsentVector;

static const ConsentVector consent_vectors[] = {
	{2,
	 "CQHNEgAQHNEgATSYIaILhDDkLWVMgUEdjg4AAAAL_gEgAZAEQAMcAcABOQC7QGgAbABfAC_wAxwAAMABAEoqgAAA.I"
	 "AAA.eMaF-79SAAAA",
	 "tcf:2:17300736000:1234:1544:26:IL:2115:3:0:2,7,9,10,12:2,3,6,8,10,13,14,17,24:2,8,12,13,14"
	 ",16,17,21,22,23:0:HA::25,136,199,224,313,374,416,417,418,419,420,421,422,423,424,425,426,4"
	 "27,428,429,430,431,432,760,767:7/0/|3/0/148|21/1/:d:1,2,6,7,11,12,14,19,21,22,23,24:1,2,4,"
	 "5,6,8,9,10,11,12,13,15,17,20:0::"},
	{2,
	 "CPRFFMAPRFFMAxpYGeQJd3F6acgMhQDc5aqYAAALMgFAAKACyAGMATMA8QD4AIyASEA9wCvAFmABHIAwAYQBBwFOAV"
	 "sA04Bz4EJgQsqAAAAA.IGhwBABkAETAQoA0MAAA.dtMyEuBRYAAA",
	 "tcf:2:16392672000:3177:1542:30:QJ:1911:5:1:1,3,6,7,9,12:1,2,5,13,14,17,22,24:9,10,12,13,14"
	 ",17,18,19,22,24:1:VT::10,89,99,153,241,242,243,244,245,246,247,248,281,289,494,700,716:14/"
	 "1/97,131,334,335,336,337,338,339,340,341,342,343,344,345,346,347,423,463,531,532,533,534|2"
	 "1/0/:d200,275,532,835:1,3,4,6,7,9,12,13,16,17,20:1,4,6,7,8,15,17,21,23,24:0::"},
	{2,
	 "CO6AhMAO6AhMAua5aRYL8WCxFoXI0wPx1jCQAAAIEgBQF8AYsBAgALAAEAB-BNYE5AAA.IHCQBwBLwD1APgAlQBoQE"
	 "GAIWgcEBwgA.bNPGM2W-wAAA",
	 "tcf:2:16005600000:2970:3674:17:YL:3862:2:1:4,8,10,11:1,6,8,9,10,13,17,18,20,23,24:7,8,9,10"
	 ",11,12,16,17,18,20,22,23:0:YS::380,381,382,383,384,385,386,387,388,389,390,391,392,393,394"
	 ",395,516:24/0/31,619,620,621,622,623,624,625,626:d151,245,246,247,248,298,417,524,534,898,"
	 "899,900:2,3,6,7,9,12,13,14,15,19,20,24:1,4,5,7,8,11,13,14,16,17,18,19,20,22,23:0::"},
	{2,
	 "CPFfgQAPFfgQA7K1k1UMabFzJ_DrMgFnbRxoEkwBAAJgBbAIaAkkDBoAwAPQAhQIsAjcBSUClAKXAYMACsgCAAzAF8"
	 "AjoBjY.IAAA.YQZqZFTeYAAA",
	 "tcf:2:16198272000:3786:3428:53:UM:1691:5:1:3,4,7,10,11,12:1,2,3,4,9,10,11,13,15,16,19,20,2"
	 "3:8,10,11,14,15,16,18,19,21,22,24:0:ON:19,91,269,585:61,66,556,557,558,559,560,561,562,563"
	 ",564,565,566,567,658,660,661,662,663,774:22/1/51,190,570,795:d:5,11,12,15,16,18,20,23,24:3"
	 ",7,9,11,14,15,17,18,19,20,23,24:0::"},
	{5,
	 "BPzOQwAPzOQwA71KxbRVRRExraO-bH-5QgC7ABUDAAAAEjAbNACJU0UWtANjACBBoUY.bL38LGR0QAA.IFCwBEUxIM"
	 "VGqGA",
	 "tcf:1:16965504000:3829:689:27:RV:1105:4:1:1,5,6,8,10,11:1,2,4,8,9,10,12,13,14,15,16,19,20,"
	 "22,23:3,4,5,6,7,8,9,10,12,13,14,17,19,24::93::17/2/319,870|22/2/152,433:d119,368,544,645:2"
	 ",3,6,8,9,10,11,13,14,15,16,17,18,19,24:2,3,7,8,11,15,16,17,19,23:0::"},
	{5,
	 "BPS1JEAPS1JEAm2jrvRX83DcFiu3ZCoxEgAAAVuAEUFhYAYKAAAcAAAnAT5AFUg0JiVlVoGA.fAH3-CBm4OA.IF4QB"
	 "FVlEYAwIsA",
	 "tcf:1:16422048000:2486:2283:47:RX:3895:3:0:1,2,3,9,11,12:4,6,8,9,10,12,13,15,16,17,19,20,2"
	 "3:4,6,8,12,13,17,21,24:::329,347:1/1/|7/0/|19/2/250,319,458,601,636:d88,362,417,752:1,2,3,"
	 "13,14,15,16,17,19,20,21,22,23,24:1,2,8,15,16,19,20,22,23,24:1:1:1"},
	{5, "BQGEj4AQGEj4Aw57-KPVY9FYwQoDZHV25gAAA1KAKQRqKwkahMMAFZAiqAEqkwBg.erKx-1qxIAA.IAXQAVTA",
	 "tcf:1:17281728000:3129:3838:10:PV:1597:5:0:1,2,6,7:1,6,8,16,17,19,20,23:3,4,5,7,9,11,12,13"
	 ",15,16,18,19,20,23,24:::269,493,663,845,850:22/1/499,554:d46:1,2,4,6,8,9,12,14,16,17,21,22"
	 ",23,24:1,2,4,5,7,9,10,12,14,16,17,21,24:0::"},
	{5,
	 "BQDL_YAQDL_YA7LkZoQIjTCJIPeXl2SqeAZdABCFMCa4AwETVkNA0WkYAaYArkAEJLOQAALIGdwAxWoDyQNM.YFyyB"
	 "k8nwAA.IGzQDkpqphQ0ky1kTEYCctpF56LM",
	 "tcf:1:17233344000:3787:2329:40:QI:2259:2:0:2,5,8:2,3,4,5,7,8,9,10,13,15,16,17,18,21,23,24:"
	 "1,3,4,7,10,12,14,16,19,20,21,22::814:479,491,514,549,579,619:19/0/348|14/1/|22/1/32,180,81"
	 "7,818,819,820,821,822,823,824,825,826,827:d74,196,358,474,481,485,555,579,689,700,701,702,"
	 "831,837,838,868,870:7,9,10,11,14,16,17,20:3,4,7,10,11,12,13,16,19,20,21,22,23:0::"},
	{6, "1NYY", "usp:1NYY"},
	{7, "CFCqlilQAGhI",
	 "us:7:SharingNotice=0;SaleOptOutNotice=1;SharingOptOutNotice=1;TargetedAdvertisingOptOutNot"
	 "ice=0;SensitiveDataProcessingOptOutNotice=0;SensitiveDataLimitUseNotice=2;SaleOptOut=2;Sha"
	 "ringOptOut=2;TargetedAdvertisingOptOut=2;SensitiveDataProcessing=2,1,1,2,0,2,2,1,1,1,0,0,0"
	 ",0,0,0;KnownChildSensitiveDataConsents=1,2,2;PersonalDataConsents=0;MspaCoveredTransaction"
	 "=1;MspaOptOutOptionMode=0;MspaServiceProviderMode=2;"},
	{7, "CBYKBikVBqBY.QA",
	 "us:7:SharingNotice=0;SaleOptOutNotice=0;SharingOptOutNotice=1;TargetedAdvertisingOptOutNot"
	 "ice=1;SensitiveDataProcessingOptOutNotice=2;SensitiveDataLimitUseNotice=0;SaleOptOut=0;Sha"
	 "ringOptOut=2;TargetedAdvertisingOptOut=2;SensitiveDataProcessing=0,0,1,2,0,2,2,1,0,1,1,1,0"
	 ",0,1,2;KnownChildSensitiveDataConsents=2,2,0;PersonalDataConsents=0;MspaCoveredTransaction"
	 "=1;MspaOptOutOptionMode=1;MspaServiceProviderMode=2;Gpc=0;"},
	{8, "BKhGaVZY.YA",
	 "us:8:SaleOptOutNotice=0;SharingOptOutNotice=2;SensitiveDataLimitUseNotice=2;SaleOptOut=2;S"
	 "haringOptOut=0;SensitiveDataProcessing=1,0,1,2,1,2,2,1,1;KnownChildSensitiveDataConsents=1"
	 ",1;PersonalDataConsents=2;MspaCoveredTransaction=1;MspaOptOutOptionMode=1;MspaServiceProvi"
	 "derMode=2;Gpc=1;"},
	{8, "BUIYKSWY",
	 "us:8:SaleOptOutNotice=1;SharingOptOutNotice=1;SensitiveDataLimitUseNotice=0;SaleOptOut=0;S"
	 "haringOptOut=2;SensitiveDataProcessing=0,1,2,0,0,2,2,1,0;KnownChildSensitiveDataConsents=2"
	 ",1;PersonalDataConsents=1;MspaCoveredTransaction=2;MspaOptOutOptionMode=1;MspaServiceProvi"
	 "derMode=2;"},
	{9, "BWhGKSA",
	 "us:9:SharingNotice=1;SaleOptOutNotice=1;TargetedAdvertisingOptOutNotice=2;SaleOptOut=2;Tar"
	 "getedAdvertisingOptOut=0;SensitiveDataProcessing=1,0,1,2,0,2,2,1;KnownChildSensitiveDataCo"
	 "nsents=0;MspaCoveredTransaction=2;MspaOptOutOptionMode=0;MspaServiceProviderMode=0;"},
	{9, "BqYWqqA",
	 "us:9:SharingNotice=2;SaleOptOutNotice=2;TargetedAdvertisingOptOutNotice=2;SaleOptOut=1;Tar"
	 "getedAdvertisingOptOut=2;SensitiveDataProcessing=0,1,1,2,2,2,2,2;KnownChildSensitiveDataCo"
	 "nsents=2;MspaCoveredTransaction=2;MspaOptOutOptionMode=0;MspaServiceProviderMode=0;"},
	{10, "BkQpWpg.QA",
	 "us:10:SharingNotice=2;SaleOptOutNotice=1;TargetedAdvertisingOptOutNotice=0;SaleOptOut=1;Ta"
	 "rgetedAdvertisingOptOut=0;SensitiveDataProcessing=0,2,2,1,1,1,2;KnownChildSensitiveDataCon"
	 "sents=2;MspaCoveredTransaction=2;MspaOptOutOptionMode=1;MspaServiceProviderMode=2;Gpc=0;"},
	{10, "BgghCUQ",
	 "us:10:SharingNotice=2;SaleOptOutNotice=0;TargetedAdvertisingOptOutNotice=0;SaleOptOut=2;Ta"
	 "rgetedAdvertisingOptOut=0;SensitiveDataProcessing=0,2,0,1,0,0,2;KnownChildSensitiveDataCon"
	 "sents=1;MspaCoveredTransaction=1;MspaOptOutOptionMode=0;MspaServiceProviderMode=1;"},
	{11, "BoWoRkkA",
	 "us:11:SharingNotice=2;SaleOptOutNotice=2;TargetedAdvertisingOptOutNotice=0;SensitiveDataPr"
	 "ocessingOptOutNotice=1;SaleOptOut=1;TargetedAdvertisingOptOut=2;SensitiveDataProcessing=2,"
	 "2,0,1,0,1,2,1;KnownChildSensitiveDataConsents=0;MspaCoveredTransaction=2;MspaOptOutOptionM"
	 "ode=1;MspaServiceProviderMode=0;"},
	{11, "BIhpaliA",
	 "us:11:SharingNotice=0;SaleOptOutNotice=2;TargetedAdvertisingOptOutNotice=0;SensitiveDataPr"
	 "ocessingOptOutNotice=2;SaleOptOut=0;TargetedAdvertisingOptOut=1;SensitiveDataProcessing=2,"
	 "2,1,1,2,2,2,1;KnownChildSensitiveDataConsents=1;MspaCoveredTransaction=2;MspaOptOutOptionM"
	 "ode=0;MspaServiceProviderMode=2;"},
	{12, "BKkhpoFA.YA",
	 "us:12:SharingNotice=0;SaleOptOutNotice=2;TargetedAdvertisingOptOutNotice=2;SaleOptOut=2;Ta"
	 "rgetedAdvertisingOptOut=1;SensitiveDataProcessing=0,2,0,1,2,2,1,2;KnownChildSensitiveDataC"
	 "onsents=2,0,0;MspaCoveredTransaction=1;MspaOptOutOptionMode=1;MspaServiceProviderMode=0;Gp"
	 "c=1;"},
	{12, "BgRlakKA",
	 "us:12:SharingNotice=2;SaleOptOutNotice=0;TargetedAdvertisingOptOutNotice=0;SaleOptOut=1;Ta"
	 "rgetedAdvertisingOptOut=0;SensitiveDataProcessing=1,2,1,1,1,2,2,2;KnownChildSensitiveDataC"
	 "onsents=1,0,0;MspaCoveredTransaction=2;MspaOptOutOptionMode=2;MspaServiceProviderMode=0;"},
	{13, "BkIoIhik",
	 "us:13:ProcessingNotice=2;SaleOptOutNotice=1;TargetedAdvertisingOptOutNotice=0;SaleOptOut=0"
	 ";TargetedAdvertisingOptOut=2;SensitiveDataProcessing=0,2,2,0,0,2,0,2;KnownChildSensitiveDa"
	 "taConsents=0,1,2;AdditionalDataProcessingConsent=0;MspaCoveredTransaction=2;MspaOptOutOpti"
	 "onMode=2;MspaServiceProviderMode=1;"},
	{13, "BUlQahSU",
	 "us:13:ProcessingNotice=1;SaleOptOutNotice=1;TargetedAdvertisingOptOutNotice=0;SaleOptOut=2"
	 ";TargetedAdvertisingOptOut=1;SensitiveDataProcessing=1,1,0,0,1,2,2,2;KnownChildSensitiveDa"
	 "taConsents=0,1,1;AdditionalDataProcessingConsent=0;MspaCoveredTransaction=2;MspaOptOutOpti"
	 "onMode=1;MspaServiceProviderMode=1;"},
	{14, "BFRiBhBA",
	 "us:14:SharingNotice=0;SaleOptOutNotice=1;TargetedAdvertisingOptOutNotice=1;SaleOptOut=1;Ta"
	 "rgetedAdvertisingOptOut=0;SensitiveDataProcessing=1,2,0,2,0,0,1,2;KnownChildSensitiveDataC"
	 "onsents=0,1,0;AdditionalDataProcessingConsent=0;MspaCoveredTransaction=1;MspaOptOutOptionM"
	 "ode=0;MspaServiceProviderMode=0;"},
	{14, "BYGoliFY",
	 "us:14:SharingNotice=1;SaleOptOutNotice=2;TargetedAdvertisingOptOutNotice=0;SaleOptOut=0;Ta"
	 "rgetedAdvertisingOptOut=1;SensitiveDataProcessing=2,2,2,0,2,1,1,2;KnownChildSensitiveDataC"
	 "onsents=0,2,0;AdditionalDataProcessingConsent=1;MspaCoveredTransaction=1;MspaOptOutOptionM"
	 "ode=1;MspaServiceProviderMode=2;"},
	{15, "BqEAqGWZoA",
	 "us:15:ProcessingNotice=2;SaleOptOutNotice=2;TargetedAdvertisingOptOutNotice=2;SaleOptOut=0"
	 ";TargetedAdvertisingOptOut=1;SensitiveDataProcessing=0,0,0,0,2,2,2,0,1,2,1;KnownChildSensi"
	 "tiveDataConsents=1,2,1;AdditionalDataProcessingConsent=2;MspaCoveredTransaction=1;MspaOptO"
	 "utOptionMode=2;MspaServiceProviderMode=2;"},
	{15, "BCWWgQIlQA.QA",
	 "us:15:ProcessingNotice=0;SaleOptOutNotice=0;TargetedAdvertisingOptOutNotice=2;SaleOptOut=1"
	 ";TargetedAdvertisingOptOut=1;SensitiveDataProcessing=2,1,1,2,2,0,0,1,0,0,0;KnownChildSensi"
	 "tiveDataConsents=2,0,2;AdditionalDataProcessingConsent=1;MspaCoveredTransaction=1;MspaOptO"
	 "utOptionMode=1;MspaServiceProviderMode=0;Gpc=0;"},
	{16, "BYkAiJUA.YA",
	 "us:16:ProcessingNotice=1;SaleOptOutNotice=2;TargetedAdvertisingOptOutNotice=0;SaleOptOut=2"
	 ";TargetedAdvertisingOptOut=1;SensitiveDataProcessing=0,0,0,0,2,0,2,0;KnownChildSensitiveDa"
	 "taConsents=2;AdditionalDataProcessingConsent=1;MspaCoveredTransaction=1;MspaOptOutOptionMo"
	 "de=1;MspaServiceProviderMode=0;Gpc=1;"},
	{16, "BJmJYZoA",
	 "us:16:ProcessingNotice=0;SaleOptOutNotice=2;TargetedAdvertisingOptOutNotice=1;SaleOptOut=2"
	 ";TargetedAdvertisingOptOut=1;SensitiveDataProcessing=2,0,2,1,1,2,0,1;KnownChildSensitiveDa"
	 "taConsents=2;AdditionalDataProcessingConsent=1;MspaCoveredTransaction=2;MspaOptOutOptionMo"
	 "de=2;MspaServiceProviderMode=0;"},
	{17, "BIGoqhImAA.QA",
	 "us:17:ProcessingNotice=0;SaleOptOutNotice=2;TargetedAdvertisingOptOutNotice=0;SaleOptOut=0"
	 ";TargetedAdvertisingOptOut=1;SensitiveDataProcessing=2,2,2,0,2,2,2,2,0;KnownChildSensitive"
	 "DataConsents=1,0,2,0,2;AdditionalDataProcessingConsent=1;MspaCoveredTransaction=2;MspaOptO"
	 "utOptionMode=0;MspaServiceProviderMode=0;Gpc=0;"},
	{17, "BFERARRqYA",
	 "us:17:ProcessingNotice=0;SaleOptOutNotice=1;TargetedAdvertisingOptOutNotice=1;SaleOptOut=0"
	 ";TargetedAdvertisingOptOut=1;SensitiveDataProcessing=0,1,0,1,0,0,0,1,0;KnownChildSensitive"
	 "DataConsents=1,1,0,1,2;AdditionalDataProcessingConsent=2;MspaCoveredTransaction=2;MspaOptO"
	 "utOptionMode=1;MspaServiceProviderMode=2;"},
	{18, "BJkVKEiA",
	 "us:18:ProcessingNotice=0;SaleOptOutNotice=2;TargetedAdvertisingOptOutNotice=1;SensitiveDat"
	 "aOptOutNotice=2;SaleOptOut=1;TargetedAdvertisingOptOut=0;SensitiveDataProcessing=1,1,1,0,2"
	 ",2,0,1;KnownChildSensitiveDataConsents=0;MspaCoveredTransaction=2;MspaOptOutOptionMode=0;M"
	 "spaServiceProviderMode=2;"},
	{18, "BVhpWaWA",
	 "us:18:ProcessingNotice=1;SaleOptOutNotice=1;TargetedAdvertisingOptOutNotice=1;SensitiveDat"
	 "aOptOutNotice=2;SaleOptOut=0;TargetedAdvertisingOptOut=1;SensitiveDataProcessing=2,2,1,1,1"
	 ",2,1,2;KnownChildSensitiveDataConsents=2;MspaCoveredTransaction=1;MspaOptOutOptionMode=1;M"
	 "spaServiceProviderMode=2;"},
	{19, "BlCRqmaA.QA",
	 "us:19:ProcessingNotice=2;SaleOptOutNotice=1;TargetedAdvertisingOptOutNotice=1;SaleOptOut=0"
	 ";TargetedAdvertisingOptOut=0;SensitiveDataProcessing=2,1,0,1,2,2,2,2;KnownChildSensitiveDa"
	 "taConsents=1;AdditionalDataProcessingConsent=2;MspaCoveredTransaction=1;MspaOptOutOptionMo"
	 "de=2;MspaServiceProviderMode=2;Gpc=0;"},
	{19, "BhKIRBYA",
	 "us:19:ProcessingNotice=2;SaleOptOutNotice=0;TargetedAdvertisingOptOutNotice=1;SaleOptOut=0"
	 ";TargetedAdvertisingOptOut=2;SensitiveDataProcessing=2,0,2,0,1,0,1,0;KnownChildSensitiveDa"
	 "taConsents=0;AdditionalDataProcessingConsent=1;MspaCoveredTransaction=1;MspaOptOutOptionMo"
	 "de=2;MspaServiceProviderMode=0;"},
	{20, "BKmKWgSA.QA",
	 "us:20:ProcessingNotice=0;SaleOptOutNotice=2;TargetedAdvertisingOptOutNotice=2;SaleOptOut=2"
	 ";TargetedAdvertisingOptOut=1;SensitiveDataProcessing=2,0,2,2,1,1,2,2;KnownChildSensitiveDa"
	 "taConsents=0,0,1;AdditionalDataProcessingConsent=0;MspaCoveredTransaction=2;MspaOptOutOpti"
	 "onMode=0;MspaServiceProviderMode=0;Gpc=0;"},
	{20, "BBCClaBA.YA",
	 "us:20:ProcessingNotice=0;SaleOptOutNotice=0;TargetedAdvertisingOptOutNotice=1;SaleOptOut=0"
	 ";TargetedAdvertisingOptOut=0;SensitiveDataProcessing=2,0,0,2,2,1,1,1;KnownChildSensitiveDa"
	 "taConsents=2,2,0;AdditionalDataProcessingConsent=0;MspaCoveredTransaction=1;MspaOptOutOpti"
	 "onMode=0;MspaServiceProviderMode=0;Gpc=1;"},
	{21, "BliKpaRBqA.QA",
	 "us:21:ProcessingNotice=2;SaleOptOutNotice=1;TargetedAdvertisingOptOutNotice=1;SaleOptOut=2"
	 ";TargetedAdvertisingOptOut=0;SensitiveDataProcessing=2,0,2,2,2,2,1,1,2,2;KnownChildSensiti"
	 "veDataConsents=1,0,1,0,0;AdditionalDataProcessingConsent=1;MspaCoveredTransaction=2;MspaOp"
	 "tOutOptionMode=2;MspaServiceProviderMode=2;Gpc=0;"},
	{21, "BIkqIEUiQA",
	 "us:21:ProcessingNotice=0;SaleOptOutNotice=2;TargetedAdvertisingOptOutNotice=0;SaleOptOut=2"
	 ";TargetedAdvertisingOptOut=1;SensitiveDataProcessing=0,2,2,2,0,2,0,0,1,0;KnownChildSensiti"
	 "veDataConsents=1,1,0,2,0;AdditionalDataProcessingConsent=2;MspaCoveredTransaction=1;MspaOp"
	 "tOutOptionMode=0;MspaServiceProviderMode=0;"},
	{22, "BYCQSJSA.YA",
	 "us:22:ProcessingNotice=1;SaleOptOutNotice=2;TargetedAdvertisingOptOutNotice=0;SaleOptOut=0"
	 ";TargetedAdvertisingOptOut=0;SensitiveDataProcessing=2,1,0,0,1,0,2,0;KnownChildSensitiveDa"
	 "taConsents=2;AdditionalDataProcessingConsent=1;MspaCoveredTransaction=1;MspaOptOutOptionMo"
	 "de=0;MspaServiceProviderMode=2;Gpc=1;"},
	{22, "BJiRZVqA",
	 "us:22:ProcessingNotice=0;SaleOptOutNotice=2;TargetedAdvertisingOptOutNotice=1;SaleOptOut=2"
	 ";TargetedAdvertisingOptOut=0;SensitiveDataProcessing=2,1,0,1,1,2,1,1;KnownChildSensitiveDa"
	 "taConsents=1;AdditionalDataProcessingConsent=1;MspaCoveredTransaction=2;MspaOptOutOptionMo"
	 "de=2;MspaServiceProviderMode=2;"},
	{23, "BYIilqhA.QA",
	 "us:23:ProcessingNotice=1;SaleOptOutNotice=2;TargetedAdvertisingOptOutNotice=0;SaleOptOut=0"
	 ";TargetedAdvertisingOptOut=2;SensitiveDataProcessing=0,2,0,2,2,1,1,2;KnownChildSensitiveDa"
	 "taConsents=2;AdditionalDataProcessingConsent=2;MspaCoveredTransaction=2;MspaOptOutOptionMo"
	 "de=0;MspaServiceProviderMode=1;Gpc=0;"},
	{23, "BKUhKkoA.QA",
	 "us:23:ProcessingNotice=0;SaleOptOutNotice=2;TargetedAdvertisingOptOutNotice=2;SaleOptOut=1"
	 ";TargetedAdvertisingOptOut=1;SensitiveDataProcessing=0,2,0,1,0,2,2,2;KnownChildSensitiveDa"
	 "taConsents=1;AdditionalDataProcessingConsent=0;MspaCoveredTransaction=2;MspaOptOutOptionMo"
	 "de=2;MspaServiceProviderMode=0;Gpc=0;"},
	{24, "BoVU",
	 "us:24:MspaCoveredTransaction=2;MspaMode=2;ProcessingNotice=0;SaleOptOutNotice=1;TargetedAd"
	 "vertisingOptOutNotice=1;SaleOptOut=1;TargetedAdvertisingOptOut=1;AdditionalDataProcessingC"
	 "onsent=1;"},
	{24, "Bmak.YA",
	 "us:24:MspaCoveredTransaction=2;MspaMode=1;ProcessingNotice=2;SaleOptOutNotice=1;TargetedAd"
	 "vertisingOptOutNotice=2;SaleOptOut=2;TargetedAdvertisingOptOut=2;AdditionalDataProcessingC"
	 "onsent=1;Gpc=1;"},
	{25, "BUiF",
	 "us:25:MspaCoveredTransaction=1;MspaMode=1;ProcessingNotice=0;SaleOptOutNotice=2;TargetedAd"
	 "vertisingOptOutNotice=0;SaleOptOut=2;TargetedAdvertisingOptOut=0;KnownChildSensitiveDataCo"
	 "nsents=1;AdditionalDataProcessingConsent=1;"},
	{25, "Bhik",
	 "us:25:MspaCoveredTransaction=2;MspaMode=0;ProcessingNotice=1;SaleOptOutNotice=2;TargetedAd"
	 "vertisingOptOutNotice=0;SaleOptOut=2;TargetedAdvertisingOptOut=2;KnownChildSensitiveDataCo"
	 "nsents=1;AdditionalDataProcessingConsent=0;"},
	{26, "BYhA",
	 "us:26:MspaCoveredTransaction=1;MspaMode=2;ProcessingNotice=0;SaleOptOutNotice=2;TargetedAd"
	 "vertisingOptOutNotice=0;SaleOptOut=1;TargetedAdvertisingOptOut=0;KnownChildSensitiveDataCo"
	 "nsents=0;AdditionalDataProcessingConsent=0;"},
	{26, "BkQm",
	 "us:26:MspaCoveredTransaction=2;MspaMode=1;ProcessingNotice=0;SaleOptOutNotice=1;TargetedAd"
	 "vertisingOptOutNotice=0;SaleOptOut=0;TargetedAdvertisingOptOut=2;KnownChildSensitiveDataCo"
	 "nsents=1;AdditionalDataProcessingConsent=2;"},
	{27, "BYaZ.ihg",
	 "us:27:MspaCoveredTransaction=1;MspaMode=2;ProcessingNotice=0;SaleOptOutNotice=1;TargetedAd"
	 "vertisingOptOutNotice=2;SaleOptOut=2;TargetedAdvertisingOptOut=1;KnownChildSensitiveDataCo"
	 "nsents=2;AdditionalDataProcessingConsent=1;SensitiveDataProcessing=2,0,2,2,0,1,2,0;"},
	{27, "BgGh",
	 "us:27:MspaCoveredTransaction=2;MspaMode=0;ProcessingNotice=0;SaleOptOutNotice=0;TargetedAd"
	 "vertisingOptOutNotice=1;SaleOptOut=2;TargetedAdvertisingOptOut=2;KnownChildSensitiveDataCo"
	 "nsents=0;AdditionalDataProcessingConsent=1;"},
};

#endif /* CONSENT_VECTORS_H */
