/* schema_test.c: schemas are compiled, stored and read, and documents judged, as draft-07 says */
#include "schema_judge.h"
#include "unit.h"

/* judge a document by a schema, both as text with ' for " */
static Judgement
judge(Judge *state, const char *schema_text, const char *document_text)
{
	char *schema = malloc(strlen(schema_text) + 1);
	char *document = malloc(strlen(document_text) + 1);
	uint8_t *bytes;
	CdpkSchemaProblem problem;
	Judgement result = JUDGED_NO_SCHEMA;

	strcpy(schema, schema_text);
	strcpy(document, document_text);
	for (char *at = schema; *at != '\0'; at++)
		*at = *at == '\'' ? '"' : *at;
	for (char *at = document; *at != '\0'; at++)
		*at = *at == '\'' ? '"' : *at;
	if (judge_begin(state, &unit_allocator, schema, strlen(schema), &bytes, &problem) == CDPK_OK)
		result = judge_text(state, document, strlen(document));
	judge_end(state, bytes);
	free(document);
	free(schema);
	return result;
}

typedef struct Case
{
	const char *schema;
	const char *valid;   /* documents, with a blank after each */
	const char *invalid; /* likewise */
} Case;

/* check each of the documents of a row */
static void
check_row(const char *schema, const char *documents, Judgement expected)
{
	char document[1000];
	Judge state;

	while (*documents != '\0')
	{
		size_t length = strcspn(documents, " ");

		memcpy(document, documents, length);
		document[length] = '\0';
		if (judge(&state, schema, document) != expected)
		{
			printf("# %s: %s\n", schema, document);
			unit_failures++;
		}
		documents += length + (documents[length] == ' ');
	}
}

static void
check_cases(const Case *cases, size_t count)
{
	for (size_t i = 0; i < count; i++)
	{
		check_row(cases[i].schema, cases[i].valid, JUDGED_VALID);
		check_row(cases[i].schema, cases[i].invalid, JUDGED_INVALID);
	}
}

#define CHECK_CASES(cases) check_cases(cases, sizeof(cases) / sizeof(cases[0]))

static void
values(void)
{
	static const Case cases[] = {
		{"true", "1 'a' null [] {}", ""},
		{"false", "", "1 'a' null [] {}"},
		{"{}", "1 'a' null [] {}", ""},
		{"{'type':'integer'}", "1 1.0 -0 1e3 10.00e-1 123456789012345678901234567890",
		 "1.5 1e-1 '1' null true"},
		{"{'type':['integer','null']}", "1 null", "1.5 'a'"},
		{"{'type':['integer','number']}", "1 1.5", "'a'"},
		{"{'type':'boolean'}", "true false", "0 'true'"},
		{"{'const':1}", "1 1.0 1e0 0.1e1", "1.1 '1' true"},
		{"{'const':{'a':[1,{'b':2}],'cc':null}}", "{'cc':null,'a':[1.0,{'b':2}]}",
		 "{'cc':null} {'a':[1,{'b':2}],'cc':0} {'a':[{'b':2},1],'cc':null}"},
		{"{'enum':[3,'a',[],{},null,false,1,2]}", "3 'a' [] {} null false 1.0 2",
		 "4 'b' [1] {'a':1} true 0"},
		{"{'enum':[]}", "", "null 1"},
	};

	CHECK_CASES(cases);
}

static void
numbers(void)
{
	static const Case cases[] = {
		{"{'multipleOf':0.01}", "19.99 0 -3.1 1e300 'a' 0.010", "19.999 0.001 1e-300"},
		{"{'multipleOf':1e-400}", "1e-400 1e400 0.3", "0.5e-400"},
		{"{'multipleOf':7}", "0 7 -49 7e100 49e-0", "8 1e100 0.7"},
		{"{'multipleOf':123456789012345678901234567891}",
		 "123456789012345678901234567891 1234567890123456789012345678910e20 0",
		 "123456789012345678901234567890 1e40 1"},
		{"{'multipleOf':0.0000000075}", "0.0075 1.5e-8", "0.00751e-6 1e-9"},
		{"{'maximum':10}", "10 10.0 9.99 -1e400", "10.0001 11 1e400"},
		{"{'exclusiveMaximum':10.5}", "10.49", "10.5 10.50 11"},
		{"{'minimum':-0.5}", "-0.5 0 1e-400 -5e-1", "-0.50001 -1"},
		{"{'exclusiveMinimum':0}", "1e-400 1", "0 -0 0e5 -1"},
		{"{'maximum':18446744073709551616}", "18446744073709551616 18446744073709551615.9",
		 "18446744073709551616.1 18446744073709551617"},
	};
	static const char *const twice[] = {"1",     "12",  "123",     "1234",
										"12345", "0.5", "0.00005", "50000e-4"};
	Judge state;
	char schema[100];

	CHECK_CASES(cases);
	/* a number beyond the scanner's limits is no document */
	CHECK(judge(&state, "{'maximum':10}", "1e1000") == JUDGED_NO_DOCUMENT);
	for (size_t i = 0; i < sizeof(twice) / sizeof(twice[0]); i++)
	{
		snprintf(schema, sizeof(schema), "{'minimum':%s,'maximum':%s}", twice[i], twice[i]);
		CHECK(judge(&state, schema, twice[i]) == JUDGED_VALID);
	}
}

/* multiples of random numbers are multiples, and their neighbours are not */
static void
random_multiples(void)
{
	uint64_t random = 5;
	Judge state;
	char schema[200];
	char document[200];

	for (int i = 0; i < 20000; i++)
	{
		uint64_t divisor = unit_random(&random) >> (unit_random(&random) % 40 + 24);
		uint64_t times = unit_random(&random) >> (unit_random(&random) % 40 + 24);
		uint64_t product =
			divisor * times; /* below 2^80, but the two shifts leave it below 2^64 mostly */
		int scale = (int) (unit_random(&random) % 12);

		if (divisor < 2 || times == 0 || product / times != divisor)
			continue;
		snprintf(schema, sizeof(schema), "{'multipleOf':%llue-%d}", (unsigned long long) divisor,
				 scale);
		snprintf(document, sizeof(document), "%llue-%d", (unsigned long long) product, scale);
		CHECK(judge(&state, schema, document) == JUDGED_VALID);
		snprintf(document, sizeof(document), "%llue-%d",
				 (unsigned long long) (product + 1 + times % (divisor - 1)), scale);
		CHECK(judge(&state, schema, document) == JUDGED_INVALID);
	}
}

/* the same with divisors of many digits: ones and zeros, whose product with 3 is threes and zeros */
static void
long_multiples(void)
{
	uint64_t random = 7;
	Judge state;

	for (int i = 0; i < 500; i++)
	{
		char schema[600] = "{'multipleOf':1";
		char document[600] = "3";
		size_t digits = 1 + unit_random(&random) % 400;

		for (size_t d = 0; d < digits; d++)
		{
			bool one = unit_random(&random) % 2;

			strcat(schema, one ? "1" : "0");
			strcat(document, one ? "3" : "0");
		}
		strcat(schema, "1}");
		strcat(document, "3");
		CHECK(judge(&state, schema, document) == JUDGED_VALID);
		strcat(document, "000");
		CHECK(judge(&state, schema, document) == JUDGED_VALID);
		document[strlen(document) - 1] = '3';
		CHECK(judge(&state, schema, document) == JUDGED_INVALID);
	}
}

static void
strings(void)
{
	static const Case cases[] = {
		{"{'maxLength':2}", "'' 'ab' '\xf0\x9f\x98\x80\xf0\x9f\x98\x80' '\\ud83d\\ude00x' 123",
		 "'abc' '\xc3\xa9\xc3\xa9\xc3\xa9'"},
		{"{'minLength':2.0}", "'ab' '\xc3\xa9\xc3\xa9' 1", "'' 'a' '\xf0\x9f\x98\x80'"},
		{"{'minLength':1e30}", "1", "'a'"},
		{"{'maxLength':1e30}", "'a'", ""},
		{"{'pattern':'b'}", "'abc' 1", "'ac'"},
		{"{'format':'date'}", "'2024-02-29' '2000-02-29' 1",
		 "'2023-02-29' '1900-02-29' '2024-13-01' '2024-00-01' '2024-1-01' '2024-01-32' '20240101'"},
		{"{'format':'date-time'}", "'2024-02-29T23:59:60Z' '2024-01-01t00:00:00.5-08:00'",
		 "'2024-01-01T22:59:60Z' '2024-01-01T24:00:00Z' '2024-01-01T00:00:00' '2024-01-01T00:00:00.Z'"},
		{"{'format':'time'}", "'01:59:60+02:00' '00:00:00Z'",
		 "'00:00Z' '00:00:00+24:00' '00:60:00Z'"},
		{"{'format':'email'}", "'a@b.co' '\\\"a\\\"@b.co'",
		 "'a' 'a@' '@b.co' '\xc3\xa9@b.co' 'a\\n@b.co'"},
		{"{'format':'uuid'}",
		 "'123e4567-e89b-12d3-a456-426614174000' '123E4567-E89B-12D3-A456-42661417400F'",
		 "'123e4567e89b12d3a456426614174000' '123e4567-e89b-12d3-a456-42661417400' '123e4567-e89b-12d3-a456-42661417400g'"},
		{"{'format':'ipv4'}", "'0.0.0.0' '255.1.2.3'", "'01.1.1.1' '1.1.1' '1.1.1.1.' '256.1.1.1'"},
		{"{'format':'ipv6'}",
		 "'::' '1::' '::1' '1:2:3:4:5:6:7:8' '1:2:3:4:5:6:1.2.3.4' '::ffff:1.2.3.4' '1::2:3'",
		 "':::' '1::2::3' '1:2:3:4:5:6:7' '1:2:3:4:5:6:7:8:9' '1:2:3:4:5:6:7::8' ':1' '1:' '12345::' '::1.2.3'"},
		{"{'format':'uri'}", "'a:' 'http://a.b:80/?q#f' 'mailto:a@b'",
		 "'//a' '/a' '' 'http://a:b/' '1a:b' 'http://a/%zz' 'http://[::1' 'a:b#c#d'"},
		{"{'format':'uri-reference'}", "'' 'a' '?' '#'", "'%' '1:b'"},
		{"{'format':'uri-template'}", "'{a}' '{?a,b*,c:3}' 'x{/id}'",
		 "'{}' '{a' 'a}' '{a:0}' '{a|b}'"},
		{"{'format':'regex'}", "'a(b)\\\\1' '[a-z]'", "'(' '\\\\Z'"},
		{"{'format':'unheard-of'}", "'x' 1", ""},
	};

	CHECK_CASES(cases);
}

static void
arrays(void)
{
	static const Case cases[] = {
		{"{'items':{'type':'integer'}}", "[] [1,2] {'a':'b'} 'x'", "[1,'a'] [[1]]"},
		{"{'items':[{'type':'integer'},{'type':'string'}]}", "[] [1] [1,'a',null]", "['a'] [1,1]"},
		{"{'items':[{},{}],'additionalItems':false}", "[] [1,2]", "[1,2,3]"},
		{"{'items':[{}],'additionalItems':{'type':'null'}}", "[1] [1,null,null]", "[1,null,2]"},
		{"{'additionalItems':false}", "[1,2]", ""},
		{"{'contains':{'minimum':5}}", "[1,5] {} 3", "[] [1,2]"},
		{"{'maxItems':1,'minItems':1}", "[1] 1 {}", "[] [1,2]"},
		{"{'uniqueItems':true}",
		 "[] [1] [1,2,'1',[1],{'a':1},null,true,false,0] [[1],[2],[[1]]] [{'a':1,'b':2},{'a':2,'b':1}]",
		 "[1,2,1.0] [[1],[1e0]] [{'a':1,'b':2},3,{'b':2,'a':1}] ['a','b','a'] [null,null]"},
		{"{'uniqueItems':false}", "[1,1]", ""},
	};

	CHECK_CASES(cases);
}

static void
objects(void)
{
	static const Case cases[] = {
		{"{'properties':{'a':{'type':'integer'},'bb':false}}", "{} {'a':1} {'c':'x'} []",
		 "{'a':'x'} {'bb':1}"},
		{"{'required':['a','long','']}", "{'':0,'a':null,'long':1} 1",
		 "{'a':1} {'long':1,'a':1} {}"},
		{"{'required':[]}", "{}", ""},
		{"{'properties':{'a':{},'c':{}},'required':['b'],'additionalProperties':false}", "",
		 "{'b':1} {'a':1} {} {'a':1,'b':2,'c':3}"},
		{"{'properties':{'a':{}},'patternProperties':{'x':{'type':'integer'}},'additionalProperties':{'type':'string'}}",
		 "{'a':1,'xx':1,'b':'s'} {}", "{'xx':'s'} {'b':1}"},
		{"{'patternProperties':{'a':{'minimum':2},'b':{'maximum':5}}}", "{'ab':3,'c':0}",
		 "{'ab':6} {'ab':1}"},
		{"{'maxProperties':2,'minProperties':1}", "{'a':1} {'a':1,'b':1}",
		 "{} {'a':1,'b':1,'c':1}"},
		{"{'propertyNames':{'maxLength':1}}", "{} {'a':1}", "{'ab':1}"},
		{"{'propertyNames':false}", "{}", "{'a':1}"},
		{"{'propertyNames':{'anyOf':[{'const':'a'},{'minLength':3}]}}", "{'a':1,'abc':1}",
		 "{'ab':1}"},
		{"{'dependencies':{'a':['b','c'],'x':{'required':['y']},'n':false}}",
		 "{} {'a':1,'b':1,'c':1} {'x':1,'y':1}", "{'a':1,'b':1} {'x':1} {'n':1}"},
	};

	CHECK_CASES(cases);
}

static void
combinations(void)
{
	static const Case cases[] = {
		{"{'allOf':[{'minimum':1},{'maximum':3}]}", "1 2 3 'a'", "0 4"},
		{"{'anyOf':[{'type':'string'},{'minimum':3}]}", "'a' 3 null", "2"},
		{"{'oneOf':[{'minimum':1},{'maximum':3}]}", "0 4", "2 'a'"},
		{"{'not':{'type':'string'}}", "1 null", "'a'"},
		{"{'not':{}}", "", "1"},
		{"{'if':{'minimum':5},'then':{'multipleOf':5},'else':{'const':1}}", "5 10 1", "6 2"},
		{"{'if':false,'else':{'type':'null'}}", "null", "1"},
		{"{'if':true,'then':{'type':'null'}}", "null", "1"},
		{"{'then':false,'else':false}", "1", ""},
	};

	CHECK_CASES(cases);
}

static void
references(void)
{
	static const Case cases[] = {
		{"{'properties':{'a':{'$ref':'#'}},'additionalProperties':false}", "{'a':{'a':{}}}",
		 "{'a':{'b':1}}"},
		{"{'definitions':{'x~y/z%':{'type':'null'}},'items':{'$ref':'#/definitions/x~0y~1z%25'}}",
		 "[null]", "[1]"},
		{"{'items':[{'type':'null'},{'$ref':'#/items/0'}]}", "[null,null]", "[null,1]"},
		{"{'definitions':{'d':{'$id':'#name','type':'null'}},'items':{'$ref':'#name'}}", "[null]",
		 "[1]"},
		{"{'$id':'http://a.b/c/d','definitions':{'d':{'$id':'e','definitions':{'f':{'$id':'../f','type':'null'}}}},"
		 "'items':{'$ref':'/f'}}",
		 "[null]", "[1]"},
		{"{'$id':'http://a.b/c','definitions':{'d':{'$id':'e','items':{'$ref':'#/definitions/f'},'definitions':{'f':{'type':'null'}}}},"
		 "'items':{'$ref':'e'}}",
		 "[[null]]", "[[1]]"},
		{"{'$ref':'#/definitions/a','minimum':100,'definitions':{'a':{'$ref':'#/definitions/b'},'b':{'type':'integer'}}}",
		 "1", "'a'"},
		{"{'$ref':'http://json-schema.org/draft-07/schema#'}",
		 "{} true {'minLength':1} {'type':['string']}",
		 "1 {'minLength':-1} {'type':'text'} {'required':['a','a']} {'pattern':'('} {'items':[1]}"},
		{"{'$ref':'http://json-schema.org/draft-07/schema#/definitions/size'}", "1", "-1"},
	};

	CHECK_CASES(cases);
}

static void
refused(void)
{
	static const struct
	{
		const char *schema;
		CdpkStatus status;
		size_t position;
	} cases[] = {
		{"", CDPK_INVALID, 1},
		{"{\"type\":\"string\"", CDPK_INVALID, 17},
		{"1", CDPK_INVALID, 0},
		{"[]", CDPK_INVALID, 0},
		{"{\"type\":\"text\"}", CDPK_INVALID, 3},
		{"{\"type\":[]}", CDPK_INVALID, 3},
		{"{\"type\":[\"string\",[]]}", CDPK_INVALID, 3},
		{"{\"enum\":1}", CDPK_INVALID, 3},
		{"{\"minLength\":-1}", CDPK_INVALID, 3},
		{"{\"minLength\":1.5}", CDPK_INVALID, 3},
		{"{\"exclusiveMinimum\":true}", CDPK_INVALID, 3},
		{"{\"multipleOf\":0}", CDPK_INVALID, 3},
		{"{\"multipleOf\":-1}", CDPK_INVALID, 3},
		{"{\"uniqueItems\":1}", CDPK_INVALID, 3},
		{"{\"pattern\":\"(\"}", CDPK_INVALID, 3},
		{"{\"patternProperties\":{\"[\":{}}}", CDPK_INVALID, 24},
		{"{\"pattern\":\"(a)\\\\1\"}", CDPK_UNSUPPORTED, 3},
		{"{\"allOf\":[]}", CDPK_INVALID, 3},
		{"{\"anyOf\":[1]}", CDPK_INVALID, 0},
		{"{\"properties\":{\"a\":1}}", CDPK_INVALID, 17},
		{"{\"properties\":[]}", CDPK_INVALID, 3},
		{"{\"required\":[1]}", CDPK_INVALID, 3},
		{"{\"required\":true}", CDPK_INVALID, 3},
		{"{\"dependencies\":{\"a\":[1]}}", CDPK_INVALID, 3},
		{"{\"definitions\":{\"a\":{\"type\":1}}}", CDPK_INVALID, 23},
		{"{\"then\":1}", CDPK_INVALID, 3},
		{"{\"$id\":1}", CDPK_INVALID, 3},
		{"{\"$id\":\"%\"}", CDPK_INVALID, 3},
		{"{\"$ref\":1}", CDPK_INVALID, 3},
		{"{\"$ref\":\"#/definitions/a\"}", CDPK_INVALID, 3},
		{"{\"$ref\":\"#a\"}", CDPK_INVALID, 3},
		{"{\"$ref\":\"http://a.b/c\"}", CDPK_UNSUPPORTED, 3},
		{"{\"$schema\":\"https://json-schema.org/draft/2020-12/schema\"}", CDPK_UNSUPPORTED, 3},
		{"{\"$schema\":\"http://json-schema.org/draft-07/schema#\"}", CDPK_OK, 0},
		{"{\"$schema\":\"https://json-schema.org/draft-06/schema\"}", CDPK_OK, 0},
		/* which would never end */
		{"{\"$ref\":\"#\"}", CDPK_INVALID, 0},
		{"{\"allOf\":[{\"$ref\":\"#\"}]}", CDPK_INVALID, 0},
		{"{\"definitions\":{\"a\":{\"not\":{\"$ref\":\"#/definitions/b\"}},\"b\":{\"if\":{\"$ref\":\"#/definitions/a\"}}}}",
		 CDPK_INVALID, 18},
		{"{\"items\":{\"$ref\":\"#\"}}", CDPK_OK, 0},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		Judge state;
		uint8_t *bytes;
		CdpkSchemaProblem problem = {"", 0};
		CdpkStatus status = judge_begin(&state, &unit_allocator, cases[i].schema,
										strlen(cases[i].schema), &bytes, &problem);

		if (status != cases[i].status ||
			(status != CDPK_OK && problem.position != cases[i].position))
		{
			printf("# %s: %d, %zu: %s\n", cases[i].schema, status, problem.position, problem.words);
			unit_failures++;
		}
		CHECK(status == CDPK_OK || strlen(problem.words) > 5);
		judge_end(&state, bytes);
	}
}

static void
violations(void)
{
	static const struct
	{
		const char *schema;
		const char *document;
		int count;
		const char *path; /* of the last one */
		const char *type;
		const char *description;
	} cases[] = {
		{"{'required':['b'],'properties':{'a':{'type':'string'}}}", "{'a':1}", 2, "/b", "required",
		 "is required"},
		{"{'properties':{'a':{'type':['string','null','integer']}}}", "{'a':1.5}", 1, "/a", "type",
		 "must be null, string or integer, not number"},
		{"{'properties':{'a':{'items':{'maximum':10}}}}", "{'z':[],'a':[11,1,12]}", 2, "/a/2",
		 "maximum", "must be at most 10"},
		{"{'exclusiveMinimum':-0.0012}", "-1", 1, "", "exclusiveMinimum",
		 "must be greater than -0.0012"},
		{"{'multipleOf':12345.678}", "1", 1, "", "multipleOf", "must be a multiple of 12345.678"},
		{"{'minimum':1e300}", "1", 1, "", "minimum", "must be at least a certain number"},
		{"{'minimum':1e8}", "1", 1, "", "minimum", "must be at least 100000000"},
		{"{'additionalProperties':false,'properties':{'a':{}}}", "{'a':1,'x':2,'yy':{'z':1}}", 2,
		 "/yy", "additionalProperties", "is not allowed"},
		{"{'items':[],'additionalItems':false}", "[1,2]", 1, "/0", "additionalItems",
		 "is not allowed"},
		{"{'properties':{'a':false}}", "{'a':1}", 1, "/a", "false", "is not allowed"},
		{"{'dependencies':{'a':['b','c']}}", "{'a':1}", 2, "/c", "dependencies",
		 "is required by another property"},
		{"{'propertyNames':{'maxLength':1}}", "{'ab':1,'a':1,'abc':1}", 2, "/abc", "propertyNames",
		 "has a name that is not allowed"},
		{"{'anyOf':[{'type':'null'},{'items':false}]}", "[1]", 1, "", "anyOf",
		 "follows none of the alternatives"},
		{"{'oneOf':[{},{},{}]}", "1", 1, "", "oneOf",
		 "must follow exactly one of the alternatives"},
		{"{'allOf':[{'minLength':3},{'maxLength':1}]}", "'ab'", 2, "", "maxLength",
		 "must have at most 1 character"},
		{"{'minProperties':2}", "{}", 1, "", "minProperties", "must have at least 2 properties"},
		{"{'minItems':1}", "[]", 1, "", "minItems", "must have at least 1 element"},
		{"{'format':'date'}", "'x'", 1, "", "format", "must be of the format date"},
		/* what two places share is reported where it is, once */
		{"{'definitions':{'a':{'items':{'type':'null'}}},'allOf':[{'$ref':'#/definitions/a'},{'$ref':'#/definitions/a'}]}",
		 "[1]", 1, "/0", "type", "must be null, not number"},
		{"{'definitions':{'a':{'items':{'type':'null'}}},'allOf':[{'not':{'$ref':'#/definitions/a'}},{'$ref':'#/definitions/a'}]}",
		 "[1]", 1, "/0", "type", "must be null, not number"},
	};
	Judge state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		CHECK(judge(&state, cases[i].schema, cases[i].document) == JUDGED_INVALID);
		if (state.violations != (uint64_t) cases[i].count ||
			strcmp(state.path, cases[i].path) != 0 ||
			strcmp(cdpk_keyword_name(state.last.keyword), cases[i].type) != 0 ||
			strcmp(state.description, cases[i].description) != 0)
		{
			printf("# %s: %d of %s at %s: %s\n", cases[i].schema, (int) state.violations,
				   cdpk_keyword_name(state.last.keyword), state.path, state.description);
			unit_failures++;
		}
	}
}

/* ---------------------------------------------------------------- limits */

#define DEEP 200000

/* arrays within each other, far deeper than a C stack */
static void
deep_documents(void)
{
	static const char *const schemas[] = {
		"{\"items\":{\"$ref\":\"#\"}}",
		"{\"anyOf\":[{\"type\":\"null\"},{\"items\":{\"$ref\":\"#\"}}]}",
		"{\"not\":{\"items\":{\"$ref\":\"#\"},\"uniqueItems\":true}}"};
	static const Judgement expected[] = {JUDGED_VALID, JUDGED_VALID, JUDGED_VALID};
	CdpkNode *nodes = calloc(DEEP, sizeof(CdpkNode));

	for (uint32_t i = 0; i < DEEP; i++)
	{
		nodes[i].kind = CDPK_NODE_ARRAY;
		nodes[i].size = DEEP - i;
		nodes[i].count = i + 1 < DEEP;
	}
	for (size_t i = 0; i < 3; i++)
	{
		Judge state;
		uint8_t *bytes;
		CdpkSchemaProblem problem;
		Judgement judgement;

		CHECK(judge_begin(&state, &unit_allocator, schemas[i], strlen(schemas[i]), &bytes,
						  &problem) == CDPK_OK);
		judgement = judge_nodes(&state, nodes);
		CHECK(judgement == expected[i]);
		judge_end(&state, bytes);
	}
	free(nodes);
}

/* rules that lead to one another twice each: 2^200 ways */
static void
many_ways(void)
{
	char *schema = malloc(100000);
	size_t length = (size_t) sprintf(
		schema,
		"{\"definitions\":{\"d200\":{\"items\":{\"$ref\":\"#/definitions/d0\"},\"type\":\"array\"}");
	Judge state;
	uint8_t *bytes;
	CdpkSchemaProblem problem;

	for (int i = 0; i < 200; i++)
		length += (size_t) sprintf(
			schema + length,
			",\"d%d\":{\"anyOf\":[{\"$ref\":\"#/definitions/d%d\"},{\"$ref\":\"#/definitions/d%d\"}]}",
			i, i + 1, i + 1);
	length += (size_t) sprintf(schema + length, "},\"$ref\":\"#/definitions/d0\"}");
	CHECK(judge_begin(&state, &unit_allocator, schema, length, &bytes, &problem) == CDPK_OK);
	CHECK(judge_text(&state, "[[[[],[]],[[]]]]", 16) == JUDGED_VALID);
	CHECK(judge_text(&state, "[[[[],[]],[1]]]", 15) == JUDGED_INVALID);
	judge_end(&state, bytes);
	free(schema);
}

/* two alternatives at each level that differ only at the bottom */
static void
many_ways_into_the_document(void)
{
	static const char schema[] =
		"{\"anyOf\":[{\"type\":\"null\"},{\"properties\":{\"a\":{\"$ref\":\"#\"},\"x\":false},\"required\":[\"a\"]},"
		"{\"properties\":{\"a\":{\"$ref\":\"#\"},\"y\":false},\"required\":[\"a\"]}]}";
	static const char *const bottoms[] = {"null", "{}", "1"};
	static const Judgement expected[] = {JUDGED_VALID, JUDGED_INVALID, JUDGED_VALID};
	Judge state;
	uint8_t *bytes;
	CdpkSchemaProblem problem;

	CHECK(judge_begin(&state, &unit_allocator, schema, strlen(schema), &bytes, &problem) ==
		  CDPK_OK);
	for (size_t i = 0; i < 3; i++)
	{
		char document[600] = "";

		for (int level = 0; level < 60; level++)
			strcat(document, "{\"a\":");
		strcat(document, bottoms[i]);
		for (int level = 0; level < 60; level++)
			strcat(document, "}");
		CHECK(judge_text(&state, document, strlen(document)) == expected[i]);
	}
	judge_end(&state, bytes);
}

static void
large_schemas(void)
{
	char *schema = malloc(CDPK_SCHEMA_TEXT_MAX + 100);
	size_t length = (size_t) sprintf(schema, "{\"properties\":{\"p\":{}");
	Judge state;
	uint8_t *bytes;
	CdpkSchemaProblem problem;

	for (int i = 0; length < CDPK_SCHEMA_TEXT_MAX - 40; i++)
		length += (size_t) sprintf(schema + length, ",\"p%d\":{\"type\":\"string\"}", i);
	strcpy(schema + length, "}}");
	CHECK(judge_begin(&state, &unit_allocator, schema, length + 2, &bytes, &problem) == CDPK_OK);
	CHECK(judge_text(&state, "{\"p1000\":\"a\"}", 13) == JUDGED_VALID);
	CHECK(judge_text(&state, "{\"p1000\":123}", 13) == JUDGED_INVALID);
	judge_end(&state, bytes);
	memset(schema, ' ', CDPK_SCHEMA_TEXT_MAX + 1);
	CHECK(judge_begin(&state, &unit_allocator, schema, CDPK_SCHEMA_TEXT_MAX + 1, &bytes,
					  &problem) == CDPK_TOO_LONG);
	/* more patterns than are allowed */
	length = (size_t) sprintf(schema, "{\"patternProperties\":{\"p\":{}");
	for (int i = 0; i < CDPK_SCHEMA_NAMES_MAX; i++)
		length += (size_t) sprintf(schema + length, ",\"p%d\":{}", i);
	strcpy(schema + length, "}}");
	CHECK(judge_begin(&state, &unit_allocator, schema, length + 2, &bytes, &problem) ==
		  CDPK_TOO_LONG);
	free(schema);
}

static const char whole[] =
	"{\"$id\":\"http://a/b\",\"definitions\":{\"d\":{\"$id\":\"#d\",\"type\":\"object\",\"properties\":{\"a\":{\"$ref\":\"#d\"}}}},"
	"\"properties\":{\"a\":{\"enum\":[1,[\"a\",{\"b\":-1.5}],null,true,1e50]},\"b\":{\"pattern\":\"^a+$\",\"format\":\"date\",\"maxLength\":3},"
	"\"c\":{\"items\":[{\"const\":1}],\"additionalItems\":{\"minimum\":2},\"uniqueItems\":true,\"contains\":{\"multipleOf\":2}},"
	"\"d\":{\"$ref\":\"#d\"},\"e\":{\"$ref\":\"http://json-schema.org/draft-07/schema\"}},\"required\":[\"a\"],"
	"\"patternProperties\":{\"x\":{\"not\":{\"type\":\"null\"}}},\"additionalProperties\":{\"oneOf\":[{},false]},"
	"\"dependencies\":{\"a\":[\"b\"],\"b\":{\"if\":{\"minProperties\":3},\"then\":{\"maxProperties\":9}}},\"propertyNames\":{\"minLength\":1}}";

/* whatever a byte of a stored form is changed to, it is refused, or judges without reading beyond it */
static void
damaged_forms(void)
{
	static const char document[] =
		"{\"a\":[\"a\",{\"b\":-1.5}],\"b\":\"aa\",\"c\":[1,2,4],\"d\":{\"a\":{\"a\":{}}},\"e\":{\"items\":{\"type\":\"string\"}},\"x\":1,\"zz\":[{}]}";
	CdpkSchemaProblem problem;
	uint8_t *bytes;
	size_t length;
	size_t start = strlen(whole);
	uint64_t random = 3;
	uint64_t taken = 0;

	CHECK(cdpk_schema_compile(whole, strlen(whole), NULL, NULL, &unit_allocator, 0, &bytes, &length,
							  &problem) == CDPK_OK);
	for (int i = 0; i < 60000; i++)
	{
		size_t at = i % 8 == 0 ? unit_random(&random) % length
							   : start + unit_random(&random) % (length - start);
		size_t cut = i % 50 == 0 ? unit_random(&random) % length : length;
		uint8_t *damaged = malloc(cut ? cut : 1);
		Judge state = {0};

		state.allocator = &unit_allocator;
		memcpy(damaged, bytes, cut);
		for (int times = 1 + i % 2; times > 0 && at < cut; times--)
			damaged[(at + (size_t) times) % cut] =
				(uint8_t) (unit_random(&random) % 3 ? unit_random(&random) % 20
													: unit_random(&random));
		if (cdpk_schema_read(damaged, cut, &unit_allocator, &state.schema) == CDPK_OK)
		{
			judge_text(&state, document, strlen(document));
			cdpk_schema_free(&state.schema, &unit_allocator);
			taken++;
		}
		free(damaged);
	}
	CHECK(taken > 1000);
	free(bytes);
}

/* memory that ends at any place leaves nothing behind */
static void
scarce_memory(void)
{
	static const char document[] =
		"{\"a\":null,\"c\":[1,2,3],\"d\":{\"a\":{\"a\":{}}},\"e\":{\"items\":{\"items\":{\"items\":{}}}}}";
	Judgement judgement = JUDGED_NO_MEMORY;
	int64_t room;

	for (room = 0; judgement != JUDGED_INVALID && room < 10000; room++)
	{
		UnitScarce scarce = {room};
		CdpkAllocator allocator = {unit_scarce_allocate, unit_release, &scarce};
		CdpkSchemaProblem problem;
		Judge state;
		uint8_t *bytes;
		CdpkStatus status = judge_begin(&state, &allocator, whole, strlen(whole), &bytes, &problem);

		CHECK(status == CDPK_OK || status == CDPK_OUT_OF_MEMORY);
		if (status == CDPK_OK)
			judgement = judge_text(&state, document, strlen(document));
		CHECK(judgement == JUDGED_NO_MEMORY || judgement == JUDGED_INVALID);
		judge_end(&state, bytes);
	}
	CHECK(room > 50 && room < 10000);
}

static void
text_is_kept(void)
{
	static const char text[] = " { \"title\" : \"\\u00e9\",\n\"type\":\"object\" } ";
	CdpkSchemaProblem problem;
	uint8_t *bytes;
	size_t length;
	CdpkSpan kept;

	CHECK(cdpk_schema_compile(text, strlen(text), NULL, NULL, &unit_allocator, 4, &bytes, &length,
							  &problem) == CDPK_OK);
	CHECK(cdpk_schema_text(bytes + 4, length, &kept) == CDPK_OK);
	CHECK(kept.length == strlen(text) && memcmp(kept.text, text, kept.length) == 0);
	bytes[4] = 2;
	CHECK(cdpk_schema_text(bytes + 4, length, &kept) == CDPK_UNKNOWN_VERSION);
	CHECK(cdpk_schema_text(bytes + 4, 0, &kept) == CDPK_CORRUPT);
	free(bytes);
}

int
main(void)
{
	TEST(values);
	TEST(numbers);
	TEST(random_multiples);
	TEST(long_multiples);
	TEST(strings);
	TEST(arrays);
	TEST(objects);
	TEST(combinations);
	TEST(references);
	TEST(refused);
	TEST(violations);
	TEST(deep_documents);
	TEST(many_ways);
	TEST(many_ways_into_the_document);
	TEST(large_schemas);
	TEST(damaged_forms);
	TEST(scarce_memory);
	TEST(text_is_kept);
	UNIT_EXIT();
}
