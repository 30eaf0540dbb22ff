/* email_test.c: which texts are addresses, and which of them are the same */
#include "core/identifier/email.h"
#include "core/text/utf8.h"
#include "unit.h"

/* The canonical form of an address, or the empty text where it is refused. */
static const char *
canonical(const char *text)
{
	static char result[CDPK_EMAIL_MAX + 1];
	size_t length = 0;
	bool ascii;

	result[0] = '\0';
	if (cdpk_utf8_check(text, strlen(text), &ascii) == CDPK_OK &&
		cdpk_email_normalize(text, strlen(text), ascii, result, &length) == CDPK_OK)
		result[length] = '\0';
	else
		result[0] = '\0';
	return result;
}

static bool
becomes(const char *text, const char *expected)
{
	const char *result = canonical(text);

	if (strcmp(result, expected) != 0)
		printf("# \"%s\" became \"%s\"\n", text, result);
	return strcmp(result, expected) == 0;
}

static void
ascii_addresses(void)
{
	CHECK(becomes("ann@example.com", "ann@example.com"));
	CHECK(becomes("Ann.O'Brien+News@EXAMPLE.Com", "ann.o'brien+news@example.com"));
	CHECK(becomes("a@b", "a@b"));
	CHECK(becomes("!#$%&'*+-/=?^_`{|}~@example.com", "!#$%&'*+-/=?^_`{|}~@example.com"));
	CHECK(becomes(".a..b.@docomo.example", ".a..b.@docomo.example"));
	CHECK(becomes("\"A b@c\"@example.com", "\"a b@c\"@example.com"));
	CHECK(becomes("\"a\\\"b\"@example.com", "\"a\\\"b\"@example.com"));
	CHECK(becomes("a@xn--BCHER-kva.example", "a@xn--bcher-kva.example"));
	CHECK(becomes("a@4u.example", "a@4u.example"));
	CHECK(becomes("a@r3---sn.example", "a@r3---sn.example"));
}

static void
refused(void)
{
	static const char *const texts[] = {
		"",
		"@",
		"ann",
		"ann@",
		"@example.com",
		"ann@@example.com",
		"ann@b@example.com",
		"ann bee@example.com",
		"ann@exam ple.com",
		"Ann <ann@example.com>",
		"mailto:ann@example.com",
		"a@b.com,c@d.com",
		"a@b.com;c@d.com",
		"a(comment)@example.com",
		"a\\b@example.com",
		"a@.example.com",
		"a@example..com",
		"a@example.com.",
		"a@-example.com",
		"a@example-.com",
		"a@exa_mple.com",
		"a@[192.0.2.1]",
		"a@example.com/x",
		"\"\"@example.com",
		"\"a@example.com",
		"\"a\\\"@example.com",
		"\"a\"b\"@example.com",
		"a\xe2\x80\x8b"
		"b@example.com", /* zero width inside */
		"a\xc2\xa0"
		"b@example.com",                          /* no-break space inside */
		"a@exa\xef\xbc\xa0mple.com",              /* a full-width @ is mapped to @ */
		"a@\xe2\x98\x83\xf0\x9f\x92\xa9.example", /* no letters of any script */
		"a@\xcc\x81"
		"b.example" /* a label that begins with a mark */
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		CHECK(becomes(texts[i], ""));
}

static void
limits(void)
{
	char text[1024];
	char label[64];

	memset(label, 'l', 63);
	label[63] = '\0';
	snprintf(text, sizeof(text), "%s%c@example.com", label, 'l');
	CHECK(becomes(text, text)); /* 64 bytes before the @ */
	snprintf(text, sizeof(text), "%s%s@example.com", label, "ll");
	CHECK(becomes(text, ""));
	snprintf(text, sizeof(text), "a@%s.%s.%s.%.61s", label, label, label, label);
	CHECK(becomes(text, text)); /* 253 bytes after it, in labels of 63 */
	snprintf(text, sizeof(text), "a@%s.%s.%s.%.62s", label, label, label, label);
	CHECK(becomes(text, ""));
	snprintf(text, sizeof(text), "a@l%s.example", label);
	CHECK(becomes(text, ""));
	snprintf(text, sizeof(text), "\xc3\xa9@%s.%s.%s.%.62s", label, label, label, label);
	CHECK(becomes(text, ""));
	memset(text, 'a', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	CHECK(becomes(text, ""));
}

static void
beyond_ascii(void)
{
	CHECK(becomes("Ann@B\xc3\xbc"
				  "cher.example",
				  "ann@xn--bcher-kva.example"));
	CHECK(becomes("ann@B\xc3\x9c"
				  "CHER.EXAMPLE",
				  "ann@xn--bcher-kva.example"));
	CHECK(becomes("ann@bu\xcc\x88"
				  "cher.example",
				  "ann@xn--bcher-kva.example"));
	/* non-transitional: ss is another domain */
	CHECK(becomes("ann@stra\xc3\x9f"
				  "e.example",
				  "ann@xn--strae-oqa.example"));
	/* the ideographic full stop separates labels, full-width letters are letters */
	CHECK(becomes("ann@\xef\xbd\x85xample\xe3\x80\x82"
				  "com",
				  "ann@example.com"));
	CHECK(becomes("ann@\xe4\xbe\x8b\xe3\x81\x88.\xe3\x83\x86\xe3\x82\xb9\xe3\x83\x88",
				  "ann@xn--r8jz45g.xn--zckzah"));
	/* the local part: NFC, and only A to Z in lower case */
	CHECK(becomes("Rene\xcc\x81@example.com", "ren\xc3\xa9@example.com"));
	CHECK(becomes("REN\xc3\x89@example.com", "ren\xc3\x89@example.com"));
	/* an h with a line below has a composed form in lower case only; the kelvin sign is a K */
	CHECK(becomes("H\xcc\xb1@example.com", "\xe1\xba\x96@example.com"));
	CHECK(becomes("\xe2\x84\xaa@example.com", "k@example.com"));
	/* what stands before the @ does not change how the domain is read */
	CHECK(becomes("\xc3\xa9@ab--cd.example", "\xc3\xa9@ab--cd.example"));
	CHECK(becomes("e@ab--cd.example", "e@ab--cd.example"));
}

/* Random texts over the characters that matter: a canonical form is its own canonical form. */
static void
canonical_stays(void)
{
	static const char *const parts[] = {"a",
										"B",
										"k",
										"K",
										"H",
										"z",
										"0",
										"9",
										".",
										"-",
										"_",
										"+",
										"\"",
										"\\",
										"'",
										"@",
										"@",
										"xn--",
										"example",
										".com",
										"\xcc\xb1",
										"\xcc\x81",
										"\xcc\x88",
										"\xcc\xa7",
										"\xe2\x84\xaa",
										"\xe2\x84\xab",
										"\xc3\xa9",
										"\xc3\x89",
										"\xc3\x9f",
										"\xc3\xbc",
										"\xce\xa3",
										"\xcf\x82",
										"\xe1\x84\x80",
										"\xe1\x85\xa1",
										"\xe4\xbe\x8b",
										"\xe3\x80\x82",
										"\xef\xbc\xa1",
										"\xc2\xad",
										"\xd7\x90",
										"\xd9\xa1",
										"\xe1\xbf\xaf"};
	uint64_t state = 7;
	int accepted = 0;

	for (int i = 0; i < 200000; i++)
	{
		char text[512] = "";
		char first[CDPK_EMAIL_MAX + 1];
		unsigned count = (unsigned) (unit_random(&state) % 12 + 1);

		for (unsigned j = 0; j < count; j++)
			strcat(text, parts[unit_random(&state) % (sizeof(parts) / sizeof(parts[0]))]);
		strcpy(first, canonical(text));
		if (first[0] == '\0')
			continue;
		accepted++;
		CHECK(becomes(first, first));
	}
	CHECK(accepted > 5000);
}

static void
local_part(void)
{
	CHECK(cdpk_email_local_length("ann@example.com", 15) == 3);
	CHECK(cdpk_email_local_length("\"a@b\"@c", 7) == 5);
	CHECK(cdpk_email_local_length("ann", 3) == 0);
}

/* The address of the mailbox by a rule, "" if it is not its own again. */
static bool
names(const char *email, CdpkMailbox rule, const char *expected)
{
	char result[CDPK_EMAIL_MAX];
	char again[CDPK_EMAIL_MAX];
	size_t length = cdpk_email_mailbox(email, strlen(email), rule, result);
	char normal[CDPK_EMAIL_MAX];
	size_t normal_length;

	return length == strlen(expected) && memcmp(result, expected, length) == 0 &&
		   cdpk_email_mailbox(result, length, rule, again) == length &&
		   memcmp(again, result, length) == 0 &&
		   cdpk_email_normalize(result, length, true, normal, &normal_length) == CDPK_OK &&
		   normal_length == length && memcmp(normal, result, length) == 0;
}

static void
mailboxes(void)
{
	CdpkMailbox rule;

	CHECK(names("a.nn+x@gmail.com", CDPK_MAILBOX_EXACT, "a.nn+x@gmail.com"));
	CHECK(names("a.nn+x+y@gmail.com", CDPK_MAILBOX_GMAIL, "ann@gmail.com"));
	CHECK(names("ann@googlemail.com", CDPK_MAILBOX_GMAIL, "ann@gmail.com"));
	CHECK(names("a.nn+x@googlemail.com", CDPK_MAILBOX_PLUS, "ann@gmail.com"));
	CHECK(names("a.nn+x@example.com", CDPK_MAILBOX_GMAIL, "a.nn+x@example.com"));
	CHECK(names("a.nn+x@example.com", CDPK_MAILBOX_PLUS, "a.nn@example.com"));
	CHECK(names("a.nn@gmailx.com", CDPK_MAILBOX_PLUS, "a.nn@gmailx.com"));
	CHECK(names("a.nn@mail.gmail.com", CDPK_MAILBOX_PLUS, "a.nn@mail.gmail.com"));
	CHECK(names("+x@example.com", CDPK_MAILBOX_PLUS, "+x@example.com"));
	CHECK(names("..+x@gmail.com", CDPK_MAILBOX_PLUS, "..+x@gmail.com"));
	CHECK(names("\"a.b+c\"@gmail.com", CDPK_MAILBOX_PLUS, "\"a.b+c\"@gmail.com"));
	CHECK(cdpk_mailbox_read("gmail", 5, &rule) && rule == CDPK_MAILBOX_GMAIL);
	CHECK(!cdpk_mailbox_read("gmail", 4, &rule) && !cdpk_mailbox_read("", 0, &rule));
}

int
main(void)
{
	TEST(ascii_addresses);
	TEST(refused);
	TEST(limits);
	TEST(beyond_ascii);
	TEST(canonical_stays);
	TEST(local_part);
	TEST(mailboxes);
	UNIT_EXIT();
}
