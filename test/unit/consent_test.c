/* consent_test.c: TC strings, GPP strings and their sections, US Privacy strings, decoded and mutated */
#include "consent_dump.h"
#include "consent_vectors.h"
#include "unit.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static ConsentDump dump;

/* Return what a section says. */
static const char *
says(unsigned section, const char *text)
{
	dump.length = 0;
	dump.text[0] = '\0';
	consent_dump_section(&dump, section, text, strlen(text));
	return dump.text;
}

/* Return why a TC string is not valid. */
static const char *
tcf_problem(const char *text)
{
	CdpkTcf tcf;
	const char *problem;

	return cdpk_tcf_decode(text, strlen(text), &tcf, &problem) == CDPK_OK ? "" : problem;
}

static void
reference(void)
{
	for (size_t i = 0; i < COUNT(consent_vectors); i++)
		CHECK(strcmp(says(consent_vectors[i].section, consent_vectors[i].text),
					 consent_vectors[i].dump) == 0);
}

#define TCF_23 "CQSbk4AQSbk4ANwAAAENAwCgAAAAAAAAAAYgACPAAAAA.IDKQA4AAgAKAGQAygAAA"
#define TCF_20 "CPXxRfAPXxRfAAfKABENB-CgAAAAAAAAAAYgAAAAAAAA"

/* The strings of the specifications. */
static void
specified(void)
{
	CdpkTcf tcf;
	const char *problem;

	CHECK(cdpk_tcf_decode(TCF_23, strlen(TCF_23), &tcf, &problem) == CDPK_OK);
	CHECK(tcf.created == INT64_C(17489088000) && tcf.updated == tcf.created && tcf.cmp_id == 880);
	CHECK(tcf.list_version == 48 && tcf.policy_version == 2 && memcmp(tcf.language, "EN", 2) == 0);
	CHECK(memcmp(tcf.country, "DE", 2) == 0 && tcf.consent == 0 && tcf.interest == 0);
	CHECK(tcf.vendor_consent.max == 4 && tcf.has_disclosed && tcf.disclosed.max == 404);
	CHECK(!tcf.disclosed.as_bits && tcf.disclosed.count == 3 && !tcf.has_publisher);
	CHECK(strcmp(says(2, TCF_20), "tcf:2:16504920000:31:640:1:EN:126:2:0::::0:DE:::::::0::") == 0);
	CHECK(strcmp(says(6, "1YNN"), "usp:1YNN") == 0);
	CHECK(strcmp(says(7, "BVQqAAAAAgA.QA"),
				 "us:7:SharingNotice=1;SaleOptOutNotice=1;SharingOptOutNotice=1;"
				 "TargetedAdvertisingOptOutNotice=1;SensitiveDataProcessingOptOutNotice=0;"
				 "SensitiveDataLimitUseNotice=0;SaleOptOut=2;SharingOptOut=2;"
				 "TargetedAdvertisingOptOut=2;SensitiveDataProcessing=0,0,0,0,0,0,0,0,0,0,0,0;"
				 "KnownChildSensitiveDataConsents=0,0;PersonalDataConsents=0;"
				 "MspaCoveredTransaction=2;MspaOptOutOptionMode=0;MspaServiceProviderMode=0;"
				 "Gpc=0;") == 0);
}

/* A writer of bits, for what encoders do not write. */
typedef struct Writer
{
	char text[4096];
	size_t bits;
} Writer;

static void
put(Writer *writer, uint64_t value, int count)
{
	static const char alphabet[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

	while (count-- > 0)
	{
		char *at = &writer->text[writer->bits / 6];
		size_t digit = writer->bits % 6 == 0 ? 0 : (size_t) (strchr(alphabet, *at) - alphabet);

		digit |= (value >> count & 1) << (5 - writer->bits % 6);
		*at = alphabet[digit];
		at[1] = '\0';
		writer->bits++;
	}
}

/* Write the core of a TC string up to the consents of vendors. */
static void
put_core(Writer *writer, int version, int policy, int specific)
{
	memset(writer, 0, sizeof(*writer));
	put(writer, (uint64_t) version, 6);
	put(writer, 16504920000, 36);
	put(writer, 16504920000, 36);
	put(writer, 31, 12);
	put(writer, 1, 12);
	put(writer, 1, 6);
	put(writer, 4, 6);
	put(writer, 13, 6);
	put(writer, 126, 12);
	put(writer, (uint64_t) policy, 6);
	put(writer, (uint64_t) specific, 1);
	put(writer, 0, 1);
	put(writer, 0, 12);
	put(writer, 0x800000, 24);
	put(writer, 0, 24);
	put(writer, 0, 1);
	put(writer, 3, 6);
	put(writer, 4, 6);
}

/* Write ranges: how many, and of each whether it is a group, and its ends. */
static void
put_ranges(Writer *writer, int max, int count, const int (*ranges)[2])
{
	if (max >= 0)
	{
		put(writer, (uint64_t) max, 16);
		put(writer, 1, 1);
	}
	put(writer, (uint64_t) count, 12);
	for (int i = 0; i < count; i++)
	{
		put(writer, ranges[i][1] != 0, 1);
		put(writer, (uint64_t) ranges[i][0], 16);
		if (ranges[i][1] != 0)
			put(writer, (uint64_t) ranges[i][1], 16);
	}
}

/* Return what is wrong with a string of one range of vendors, and one restriction. */
static const char *
range_problem(int max, int first, int last, int purpose, int restriction)
{
	static Writer writer;
	int ranges[1][2] = {{first, last}};
	int vendor[1][2] = {{7, 9}};

	put_core(&writer, 2, 2, 1);
	put_ranges(&writer, max, 1, (const int(*)[2]) ranges);
	put(&writer, 0, 17);
	put(&writer, 1, 12);
	put(&writer, (uint64_t) purpose, 6);
	put(&writer, (uint64_t) restriction, 2);
	put_ranges(&writer, -1, 1, (const int(*)[2]) vendor);
	return tcf_problem(writer.text);
}

static void
limits(void)
{
	static Writer writer;

	CHECK(strcmp(range_problem(10, 3, 10, 1, 0), "") == 0);
	CHECK(strcmp(range_problem(10, 10, 0, 24, 2), "") == 0);
	CHECK(strcmp(range_problem(65535, 1, 65535, 24, 2), "") == 0);
	CHECK(strcmp(range_problem(10, 3, 11, 1, 0), "its core segment is malformed") == 0);
	CHECK(strcmp(range_problem(10, 5, 4, 1, 0), "its core segment is malformed") == 0);
	CHECK(strcmp(range_problem(10, 0, 4, 1, 0), "its core segment is malformed") == 0);
	CHECK(strcmp(range_problem(10, 11, 0, 1, 0), "its core segment is malformed") == 0);
	CHECK(strcmp(range_problem(10, 3, 4, 0, 0), "its core segment is malformed") == 0);
	CHECK(strcmp(range_problem(10, 3, 4, 25, 0), "its core segment is malformed") == 0);
	CHECK(strcmp(range_problem(10, 3, 4, 1, 3), "its core segment is malformed") == 0);

	put_core(&writer, 1, 2, 1);
	CHECK(strcmp(tcf_problem(writer.text), "its version is not 2") == 0);
	put_core(&writer, 2, 2, 0);
	put(&writer, 0, 17);
	put(&writer, 0, 17);
	put(&writer, 0, 12);
	CHECK(strcmp(tcf_problem(writer.text), "it is not specific to a service") == 0);
	put_core(&writer, 2, 5, 1);
	put(&writer, 0, 17);
	put(&writer, 0, 17);
	put(&writer, 0, 12);
	CHECK(strcmp(tcf_problem(writer.text), "it has no segment of disclosed vendors") == 0);
	strcat(writer.text, ".IAAA");
	CHECK(strcmp(tcf_problem(writer.text), "") == 0);
	strcat(writer.text, ".IAAA");
	CHECK(strcmp(tcf_problem(writer.text), "two segments are of one type") == 0);
}

static void
refused(void)
{
	CHECK(strcmp(tcf_problem(""), "its core segment is malformed") == 0);
	CHECK(strcmp(tcf_problem("."), "its core segment is malformed") == 0);
	CHECK(strcmp(tcf_problem("C"), "its core segment is malformed") == 0);
	CHECK(strcmp(tcf_problem(TCF_20 "="), "its core segment is malformed") == 0);
	CHECK(strcmp(tcf_problem(" " TCF_20), "its core segment is malformed") == 0);
	CHECK(strcmp(tcf_problem("BOEFEAyOEFEAyAHABDENAI4AAAB9vABAASA"), "its version is not 2") == 0);
	CHECK(strcmp(tcf_problem(TCF_20 "."), "a segment is of no known type") == 0);
	CHECK(strcmp(tcf_problem(TCF_20 ".gAAA"), "a segment is of no known type") == 0);
	CHECK(strcmp(tcf_problem(TCF_20 ".I"), "a segment behind its core is malformed") == 0);
	CHECK(strcmp(tcf_problem(TCF_20 ".Y"), "a segment behind its core is malformed") == 0);
	/* what stands behind its end is padding: zeros, fewer than four characters of it */
	CHECK(strcmp(tcf_problem(TCF_20 "AAA"), "") == 0);
	CHECK(strcmp(tcf_problem(TCF_20 "AAAA"), "its core segment is malformed") == 0);
	CHECK(strcmp(tcf_problem(TCF_20 "B"), "its core segment is malformed") == 0);

	CHECK(strcmp(says(6, "1YN"), "invalid") == 0);
	CHECK(strcmp(says(6, "2YNN"), "invalid") == 0);
	CHECK(strcmp(says(6, "1YXN"), "invalid") == 0);
	CHECK(strcmp(says(6, "1YNNN"), "invalid") == 0);
	CHECK(strcmp(says(7, "DVQqAAAAAgA"), "invalid") == 0); /* version 3 */
	CHECK(strcmp(says(7, "BVQqAAAAAgA."), "invalid") == 0);
	CHECK(strcmp(says(7, "BVQqAAAAAgA.A"), "invalid") == 0); /* a segment of type 0 */
	CHECK(strcmp(says(7, "BVQqAAAAAgA.QA.QA"), "invalid") == 0);
	CHECK(strcmp(says(7, "BVQqAAAAAw"), "invalid") == 0);  /* a value of 3 */
	CHECK(strcmp(says(9, "BVVVVVVV.QA"), "invalid") == 0); /* Virginia has no such segment */
	CHECK(strcmp(says(25, "Zhki"), "invalid") == 0);       /* begins with its own number */
	CHECK(strcmp(says(99, "BVVV"), "invalid") == 0);
}

/* Return the sections of a GPP string, or what is wrong with it. */
static const char *
gpp_says(const char *text)
{
	CdpkGpp gpp;
	CdpkGppWalk walk;
	CdpkIdWalk ids;
	const char *problem;
	unsigned id;
	const char *body;
	size_t length;
	uint32_t first;
	uint32_t last;

	dump.length = 0;
	dump.text[0] = '\0';
	if (cdpk_gpp_decode(text, strlen(text), &gpp, &problem, &id) != CDPK_OK)
	{
		consent_print(&dump, "%u: %s", id, problem);
		return dump.text;
	}
	ids = cdpk_id_walk(&gpp.ids);
	while (gpp.header_only && cdpk_id_next(&ids, &first, &last))
		consent_print(&dump, "%u-%u;", first, last);
	walk = cdpk_gpp_walk(&gpp);
	while (cdpk_gpp_next(&walk, &id, &body, &length))
		consent_print(&dump, "%u=%.*s;", id, (int) length, body);
	return dump.text;
}

static void
containers(void)
{
	CHECK(strcmp(gpp_says("DBABM"), "2-2;") == 0);
	CHECK(strcmp(gpp_says("DBACNY"), "2-2;6-6;") == 0);
	CHECK(strcmp(gpp_says("DBACNYA"), "2-2;6-6;") == 0); /* filled up to whole bytes */
	CHECK(strcmp(gpp_says("DBABjw"), "5-6;") == 0);
	CHECK(strcmp(gpp_says("DBACNY~" TCF_20 "~1YNN"), "2=" TCF_20 ";6=1YNN;") == 0);
	CHECK(strcmp(gpp_says("DBACNYA~" TCF_23 "~1---"), "2=" TCF_23 ";6=1---;") == 0);
	CHECK(strcmp(gpp_says("DBABLA~BVQqAAAAAgA.QA"), "7=BVQqAAAAAgA.QA;") == 0);
	CHECK(strcmp(gpp_says("DBAA"), "") == 0);
	CHECK(strcmp(gpp_says("DBABL~!"), "7: it is malformed, or of a version that is not known") ==
		  0);
	CHECK(strcmp(gpp_says("DBABM~" TCF_20 "~1YNN"),
				 "0: its header names another number of sections than it has") == 0);
	CHECK(strcmp(gpp_says("DBACNY~" TCF_20),
				 "0: its header names another number of sections than it has") == 0);
	CHECK(strcmp(gpp_says("DBACNY~" TCF_20 "~"), "6: it is empty") == 0);
	CHECK(strcmp(gpp_says("DBACNY~" TCF_20 "~1YN"), "6: it is not of the form 1YNN") == 0);
	CHECK(strcmp(gpp_says("DBACNY~" TCF_20 ".~1YNN"), "2: a segment is of no known type") == 0);
	CHECK(strcmp(gpp_says(""), "0: it does not begin with a header") == 0);
	CHECK(strcmp(gpp_says(TCF_20), "0: it does not begin with a header") == 0);
	CHECK(strcmp(gpp_says("DCABM"), "0: the version of its header is not 1") == 0);
	CHECK(strcmp(gpp_says("DBABA"), "0: its header is malformed") == 0);
	CHECK(strcmp(gpp_says("DBAB"), "0: its header is malformed") == 0);
	CHECK(strcmp(gpp_says("DB____"), "0: its header is malformed") == 0);
}

/* Numbers of Fibonacci coding are what their sums say, up to the greatest. */
static void
fibonacci(void)
{
	static Writer writer;

	for (uint32_t number = 1; number <= CDPK_ID_MAX + 2; number += number < 300 ? 1 : 97)
	{
		uint32_t terms[32] = {1, 2};
		uint32_t rest = number;
		uint64_t code = 0;
		int count = 1;
		CdpkBits bits;

		while (terms[count - 1] + (count > 1 ? terms[count - 2] : 1) <= number)
		{
			terms[count] = count == 1 ? 2 : terms[count - 1] + terms[count - 2];
			count++;
		}
		for (int i = count; i-- > 0;)
			if (terms[i] <= rest)
			{
				rest -= terms[i];
				code |= UINT64_C(1) << (count - 1 - i);
			}
		memset(&writer, 0, sizeof(writer));
		put(&writer, code << 1 | 1, count + 1);
		bits = cdpk_bits(writer.text, strlen(writer.text));
		CHECK(cdpk_read_fibonacci(&bits) == (number <= CDPK_ID_MAX ? number : 0));
		CHECK(bits.failed == (number > CDPK_ID_MAX));
	}
}

/* What is cut off anywhere but in its padding, or has a character that is none, is not valid; nothing crashes. */
static void
mutations(void)
{
	static const char replacements[] = "AZ_-.~ \n\x80=+/";
	char text[2048];

	for (size_t i = 0; i < COUNT(consent_vectors); i++)
	{
		const ConsentVector *vector = &consent_vectors[i];
		size_t length = strlen(vector->text);

		if (length >= sizeof(text))
			continue;
		for (size_t cut = 0; cut < length; cut++)
		{
			memcpy(text, vector->text, cut);
			text[cut] = '\0';
			says(vector->section, text);
			if (length - cut > 3 && memchr(vector->text, '.', length) == NULL)
				CHECK(strcmp(dump.text, "invalid") == 0);
		}
		for (size_t at = 0; at < length; at++)
			for (size_t k = 0; k < sizeof(replacements) - 1; k++)
			{
				strcpy(text, vector->text);
				text[at] = replacements[k];
				says(vector->section, text);
				if (k >= 5 && (vector->section != 6))
					CHECK(strcmp(dump.text, "invalid") == 0);
			}
	}
}

int
main(void)
{
	unit_use_all();
	TEST(reference);
	TEST(specified);
	TEST(limits);
	TEST(refused);
	TEST(containers);
	TEST(fibonacci);
	TEST(mutations);
	UNIT_EXIT();
}
