/*
 * test_policy_load.c: every mistake has its code and its place, all of them
 * come in one run, and none leaves a policy behind.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "policy/policy_code.h"
#include "policy/policy_compile.h"
#include "support/tpolicy.h"

#define SCHEMAS	 GW_SOURCE_DIR "/conf/schema"
#define TEXT_LEN 65536

#define PIN "3094f3301a0fd84a57aeb9c4f256ee5b11431ee5b101a6130367ebb156ccf7ea"

static const char good_agreement[] =
    "<?xml version='1.0'?>\n"
    "<agreement xmlns='urn:mcxgw:agreement:1' id='ab' serial='1'"
    " valid-from='2026-01-01T00:00:00Z'"
    " valid-until='2028-01-01T00:00:00Z'>\n"
    "<party system='alpha'>\n"
    "<domain name='mcptt.alpha.example'/>\n"
    "<security-domain kms='kms.alpha.example' certificate='a.xml'"
    " certificate-sha256='" PIN "' compat='uid-hex uid-in-idr'/>\n"
    "</party>\n"
    "<party system='bravo'>\n"
    "<domain name='mcptt.bravo.example'/>\n"
    "<security-domain kms='kms.bravo.example'/>\n"
    "<identity tls='gw.bravo.example'/>"
    "<map user-domain='bravo.internal' as='mcptt.bravo.example'/>"
    "<map user='tel:+4912' as='sip:desk@mcptt.bravo.example'/>"
    "<map kms='kms1' as='kms.bravo.example'/>\n"
    "</party>\n"
    "<permit from='alpha' to='bravo' id='calls' lookup='always'"
    " lookup-failure='agreement'>\n"
    "<communication service='mcptt' kind='private emergency'/>\n"
    "<initiator match='sip:*@mcptt.alpha.example'/>\n"
    "<target match='sip:*@mcptt.bravo.example'/>\n"
    "<domains initiator='kms.alpha.example'"
    " receiver='kms.bravo.example'/>\n"
    "<key-message presence='required' signature='require'/>\n"
    "<info opaque='refuse'/>\n"
    "<redirect empty='answer' embed='yes' signature='sign'"
    " author='exit entry'/>\n"
    "<limit rate='50/s' concurrent='5'/>\n"
    "<cap mcpttp='9'/>\n"
    "</permit>\n"
    "<handling from='alpha' to='bravo'>\n"
    "<allow headers='Subject'/>\n"
    "<asserted-identity uri='sip:gw@border.example'/>\n"
    "</handling>\n"
    "<lookup from='alpha' to='bravo' disclose='permitted'/>"
    "<kms from='bravo' to='alpha' cert='yes' certcache='no'"
    " redirect='yes'/>\n"
    "</agreement>\n";

static const char good_policy[] =
    "<policy xmlns='urn:mcxgw:policy:1'>\n"
    "<refuse id='one' from='alpha' kind='ambient'/>\n"
    "<refuse id='two' initiator='sip:x@mcptt.alpha.example'/>\n"
    "<cap from='bravo' mcpttp='5'/>\n"
    "<key-messages clock-tolerance='5min' replay-window='1h'/>\n"
    "<record decisions='all' identities='no'/>\n"
    "</policy>\n";

/* A folder of its own for each load. */
struct folder {
	char dir[64], agreements[80], policy[80];
};

static struct folder
make_folder(void)
{
	struct folder f = { .dir = "/tmp/mcxgw-policy-XXXXXX" };

	assert_non_null(mkdtemp(f.dir));
	snprintf(f.agreements, sizeof(f.agreements), "%s/agreements", f.dir);
	snprintf(f.policy, sizeof(f.policy), "%s/policy.xml", f.dir);
	assert_int_equal(mkdir(f.agreements, 0700), 0);
	return f;
}

static void
write_file(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

static void
write_agreement(const struct folder *f, const char *name, const char *text)
{
	char path[160];

	snprintf(path, sizeof(path), "%s/%s", f->agreements, name);
	write_file(path, text);
}

static void
remove_folder(const struct folder *f)
{
	static const char *const names[] = { "a.xml", "b.xml", ".c.xml",
		"d.txt" };
	char path[160];

	for (size_t i = 0; i < GW_COUNT(names); i++) {
		snprintf(path, sizeof(path), "%s/%s", f->agreements, names[i]);
		unlink(path);
	}
	unlink(f->policy);
	assert_int_equal(rmdir(f->agreements), 0);
	assert_int_equal(rmdir(f->dir), 0);
}

static struct policy *
load(const struct folder *f, struct gw_diag *d)
{
	struct policy_source src = { .policy_file = f->policy,
		.agreements_dir = f->agreements,
		.schema_dir = SCHEMAS,
		.systems = tpolicy_systems,
		.n_systems = TPOLICY_SYSTEMS,
		.wall_us = TPOLICY_NOW };
	struct policy *p = policy_load(&src, d);

	assert_int_equal(p == NULL, gw_diag_errors(d) > 0);
	return p;
}

/* Text with the first `find` replaced; *line is where it stood. */
static void
change(const char *text, const char *find, const char *put, char *out,
    unsigned *line)
{
	const char *hit = strstr(text, find);

	if (hit == NULL)
		fail_msg("\"%s\" is not in the text", find);
	*line = 1;
	for (const char *c = text; c < hit; c++)
		*line += *c == '\n';
	snprintf(out, TEXT_LEN, "%.*s%s%s", (int)(hit - text), text, put,
	    hit + strlen(find));
}

enum file { AGREEMENT, POLICY };

static const struct mistake {
	const char *code;
	enum gw_diag_level level;
	enum file file;
	const char *find, *put;
	int off; /* lines between the change and its report */
} mistakes[] = {
#define AGR(code, find, put, off)                                              \
	{                                                                      \
		code, GW_DIAG_ERROR, AGREEMENT, find, put, off                 \
	}
#define POL(code, find, put, off)                                              \
	{                                                                      \
		code, GW_DIAG_ERROR, POLICY, find, put, off                    \
	}
#define WARN(code, find, put, off)                                             \
	{                                                                      \
		code, GW_DIAG_WARNING, AGREEMENT, find, put, off               \
	}
	AGR("policy.id", "id='ab'", "id='a b'", 0),
	AGR("policy.id", "id='calls'", "id=''", 0),
	AGR("policy.number", "serial='1'", "serial='one'", 0),
	AGR("agreement.time", "2026-01-01T00:00:00Z", "2026-01-01T00:00:00", 0),
	AGR("agreement.validity", "2028", "2025", 0),
	AGR("agreement.parties", "system='bravo'", "system='alpha'", 0),
	AGR("agreement.parties", "</agreement>",
	    "<party system='charlie'>"
	    "<domain name='mcptt.charlie.example'/></party></agreement>",
	    -28),
	AGR("policy.system", "system='bravo'", "system='delta'", 0),
	AGR("policy.missing", "<domain name='mcptt.alpha.example'/>", "", -1),
	AGR("agreement.domain", "<domain name='mcptt.alpha",
	    "<domain name='mcptt.bravo", 0),
	AGR("agreement.domain", "<domain name='mcptt.alpha",
	    "<domain name='mc ptt.alpha", 0),
	WARN("agreement.identity", "tls='gw.bravo", "tls='gw2.bravo", -3),
	AGR("policy.kms", "kms='kms.bravo.example'", "kms=''", 0),
	AGR("agreement.kms-twice", "kms='kms.bravo.example'",
	    "kms='kms.alpha.example'", 0),
	AGR("agreement.pin", "certificate-sha256='30", "certificate-sha256='3",
	    0),
	AGR("agreement.pin", "certificate-sha256='30", "certificate-sha256='3x",
	    0),
	WARN("agreement.unpinned", " certificate-sha256='" PIN "'", "", 0),
	WARN("agreement.no-certificate",
	    " certificate='a.xml' certificate-sha256='" PIN "'", "", 11),
	AGR("policy.word", "compat='uid-hex", "compat='uid-hexa", 0),
	AGR("agreement.direction", "from='alpha' to='bravo' id",
	    "from='alpha' to='charlie' id", 0),
	AGR("policy.missing", "kind='private emergency'", "kind=''", 0),
	AGR("policy.word", "kind='private", "kind='privat", 0),
	AGR("policy.word", "service='mcptt'", "service='mcptt none'", 0),
	AGR("policy.any", " kind='private emergency'", "", 0),
	AGR("agreement.kind", "kind='private emergency'", "kind='emergency'",
	    0),
	AGR("policy.pattern", "sip:*@mcptt.alpha", "sip:a*b@mcptt.alpha", 0),
	AGR("policy.pattern", "sip:*@mcptt.alpha", "http://mcptt.alpha", 0),
	WARN("agreement.outside", "sip:*@mcptt.alpha", "sip:*@mcptt.bravo", -2),
	AGR("policy.any", "<initiator match='sip:*@mcptt.alpha.example'/>",
	    "<initiator/>", 0),
	AGR("policy.any", "<target match='sip:*@mcptt.bravo.example'/>",
	    "<target match='sip:*@mcptt.bravo.example'><any/></target>", 0),
	AGR("policy.missing", "<target match='sip:*@mcptt.bravo.example'/>", "",
	    -3),
	AGR("policy.any", " receiver='kms.bravo.example'/>",
	    "><any/></domains>", 0),
	AGR("policy.missing", " receiver='kms.bravo.example'", "", 0),
	AGR("agreement.kms-unlisted", "receiver='kms.bravo.example'",
	    "receiver='kms.alpha.example'", 0),
	AGR("agreement.domains",
	    "<domains initiator='kms.alpha.example'"
	    " receiver='kms.bravo.example'/>",
	    "", -4),
	AGR("policy.missing",
	    "<key-message presence='required' signature='require'/>", "", -5),
	AGR("policy.once", "<info opaque='refuse'/>",
	    "<info opaque='refuse'/>\n<info opaque='refuse'/>", 1),
	AGR("xml.schema", "signature='sign'", "signature='check'", 0),
	AGR("policy.word", "author='exit entry'", "author='exit both'", 0),
	AGR("policy.missing", "author='exit entry'", "author=''", 0),
	AGR("policy.once", "<redirect ", "<redirect/>\n<redirect ", 1),
	AGR("agreement.rate", "rate='50/s'", "rate='50/d'", 0),
	AGR("agreement.rate", "rate='50/s'", "rate='0/s'", 0),
	AGR("policy.number", "concurrent='5'", "concurrent='-5'", 0),
	AGR("policy.number", "mcpttp='9'", "mcpttp='16'", 0),
	AGR("policy.cap", " mcpttp='9'", "", 0),
	AGR("agreement.header", "'Subject'", "'Sub:ject'", 0),
	AGR("agreement.header-both", "<allow headers='Subject'/>",
	    "<allow headers='Subject'/><drop headers='subject'/>", 0),
	AGR("agreement.uri", "sip:gw@border.example", "tel:+44", 0),
	AGR("policy.once", "<lookup ",
	    "<lookup from='alpha' to='bravo' disclose='none'/>\n<lookup ", 1),
	AGR("xml.schema", "disclose='permitted'", "disclose='all'", 0),
	AGR("xml.schema", "lookup='always'", "lookup='sometimes'", 0),
	AGR("xml.schema", "failure='agreement'", "failure='permit'", 0),
	WARN(
	    "agreement.lookup-failure", "lookup='always'", "lookup='never'", 0),
	WARN("agreement.lookup-failure", " lookup='always'", "", 0),
	WARN("agreement.lookup-idle", "presence='required'",
	    "presence='forbidden'", -5),
	AGR("policy.once", "<kms ",
	    "<kms from='bravo' to='alpha' cert='no'/>\n<kms ", 1),
	AGR("agreement.direction", "<kms from='bravo'", "<kms from='alpha'", 0),
	AGR("xml.schema", " cert='yes'", " cert='perhaps'", 0),
	AGR("xml.schema", " cert='yes'", " init='yes'", 0),
	AGR("agreement.map", "user-domain='bravo.internal' ", "", 0),
	AGR("agreement.map", "<map kms='kms1' ",
	    "<map kms='kms1' user='tel:+1' ", 0),
	AGR("agreement.map", "tel:+4912", "tel:+49*", 0),
	AGR("agreement.map", "sip:desk@", "sip:*@", 0),
	AGR("policy.pattern", "tel:+4912", "desk", 0),
	AGR("xml.schema", " as='mcptt.bravo.example'", "", 0),
	AGR("policy.kms", "kms='kms1'", "kms=''", 0),
	AGR("agreement.domain", "'bravo.internal'", "'bravo internal'", 0),
	AGR("agreement.map-as", "as='mcptt.bravo.example'",
	    "as='mcdata.bravo.example'", 0),
	AGR("agreement.map-as", "sip:desk@mcptt.bravo.example",
	    "sip:desk@mcptt.alpha.example", 0),
	AGR("agreement.map-as", "sip:desk@mcptt.bravo.example", "tel:+4913", 0),
	AGR("agreement.map-as", "as='kms.bravo.example'",
	    "as='kms.alpha.example'", 0),
	AGR("agreement.map-foreign", "'bravo.internal'",
	    "'mcptt.charlie.example'", 0),
	AGR("agreement.map-foreign", "user='tel:+4912'",
	    "user='sip:anna@mcptt.alpha.example'", 0),
	AGR("agreement.map-foreign", "kms='kms1'", "kms='kms.alpha.example'",
	    0),
	AGR("agreement.map-twice", "<map kms",
	    "<map kms='KMS1' as='kms.bravo.example'/>\n<map kms", 1),
	AGR("agreement.map-twice", "<map kms",
	    "<map kms='kms2' as='kms.bravo.example'/>\n<map kms", 1),
	AGR("agreement.map-twice", "<map user='tel:+4912'",
	    "<map user='tel:+4-9.12' as='sip:x@mcptt.bravo.example'/>\n"
	    "<map user='tel:+4912'",
	    1),
	AGR("agreement.map-twice", "'bravo.internal'", "'mcdata.bravo.example'",
	    0),
	AGR("policy.once", "<handling ",
	    "<handling from='alpha' to='bravo'/>\n<handling ", 1),
	AGR("agreement.rule-twice", "</permit>\n",
	    "</permit>\n<permit from='alpha' to='bravo' id='calls'>"
	    "<communication service='mcdata' kind='message'/>"
	    "<initiator><any/></initiator><target><any/></target>"
	    "<key-message presence='forbidden'/></permit>\n",
	    1),
	WARN("agreement.unreachable", "</permit>\n",
	    "</permit>\n<permit from='alpha' to='bravo' id='again'>"
	    "<communication service='mcptt' kind='private'/>"
	    "<initiator match='sip:x@mcptt.alpha.example'/>"
	    "<target match='sip:y*@mcptt.bravo.example'/>"
	    "<key-message presence='forbidden'/></permit>\n",
	    1),
	WARN("agreement.lapses", "2028-01-01", "2026-06-10", 0),
	WARN("agreement.lapsed", "2028-01-01", "2026-05-10", 0),
	WARN("agreement.unverified", "</agreement>",
	    "<Signature xmlns='http://www.w3.org/2000/09/xmldsig#'/>"
	    "</agreement>",
	    -28),

	POL("policy.system", "from='alpha'", "from='delta'", 0),
	POL("policy.any", " from='alpha' kind='ambient'", "", 0),
	POL("policy.any", "kind='ambient'/>", "kind='ambient'><any/></refuse>",
	    0),
	POL("policy.word", "kind='ambient'", "kind='emergency'", 0),
	POL("policy.refuse-twice", "id='two'", "id='one'", 0),
	POL("policy.id", "id='two'", "id='-two'", 0),
	POL("policy.pattern", "sip:x@mcptt", "sip:x:y@mcptt", 0),
	POL("policy.cap", " mcpttp='5'", "", 0),
	POL("policy.any", "from='bravo' mcpttp", "mcpttp", 0),
	POL("policy.duration", "'5min'", "'5m'", 0),
	POL("policy.duration", "'5min'", "'0s'", 0),
	POL("policy.replay", "'1h'", "'9min'", 0),
	POL("policy.once", "<record ", "<record/>\n<record ", 1),
	POL("policy.kms", "<record ", "<revoked kms='a b'/><record ", 0),
	{ "policy.revoked", GW_DIAG_WARNING, POLICY, "<record ",
	    "<revoked kms='kms.x.example'/><record ", 0 },
	{ "policy.signed", GW_DIAG_WARNING, POLICY, "<record ",
	    "<signed agreement='ax'/><record ", 0 },
	POL("policy.any", "<record ", "<signed/><record ", 0),
};

static bool
has_entry(const struct gw_diag *d, enum gw_diag_level level, const char *code,
    unsigned line)
{
	for (const struct gw_diag_entry *e = gw_diag_first(d); e != NULL;
	     e = e->next)
		if (e->level == level && strcmp(e->code, code) == 0 &&
		    (line == 0 || e->where.line == line))
			return true;
	return false;
}

/* Codes that some test has seen. */
static void
see(const struct gw_diag *d, bool *seen)
{
	for (const struct gw_diag_entry *e = gw_diag_first(d); e != NULL;
	     e = e->next)
		for (int i = 0; i < POLICY_CODE_N; i++)
			if (strcmp(e->code, policy_codes[i].code) == 0)
				seen[i] = true;
}

static void
each_mistake_has_its_code_and_place(void **state)
{
	static char text[TEXT_LEN];
	bool *seen = *state;

	for (size_t i = 0; i < GW_COUNT(mistakes); i++) {
		const struct mistake *m = &mistakes[i];
		struct folder f = make_folder();
		struct gw_diag *d = gw_diag_new();
		unsigned line;
		change(m->file == POLICY ? good_policy : good_agreement,
		    m->find, m->put, text, &line);
		write_file(f.policy, m->file == POLICY ? text : good_policy);
		write_agreement(
		    &f, "a.xml", m->file == AGREEMENT ? text : good_agreement);
		struct policy *p = load(&f, d);
		line = (unsigned)((int)line + m->off);
		if (!has_entry(d, m->level, m->code, line)) {
			tpolicy_print(d);
			fail_msg("row %zu: no %s in line %u", i, m->code, line);
		}
		if (m->level == GW_DIAG_WARNING)
			assert_non_null(p);
		see(d, seen);
		policy_free(p);
		gw_diag_free(d);
		remove_folder(&f);
	}
}

static void
what_is_good_loads_in_silence(void **state)
{
	(void)state;
	struct folder f = make_folder();
	struct gw_diag *d = gw_diag_new();

	write_file(f.policy, good_policy);
	write_agreement(&f, "a.xml", good_agreement);
	/* Neither is an agreement. */
	write_agreement(&f, ".c.xml", "junk");
	write_agreement(&f, "d.txt", "junk");
	struct policy *p = load(&f, d);
	tpolicy_print(d);
	assert_non_null(p);
	assert_null(gw_diag_first(d));
	assert_int_equal(policy_record(p)->decisions, POLICY_RECORD_ALL);
	assert_false(policy_record(p)->identities);
	assert_int_equal(policy_clock_tolerance_us(p), 300 * 1000000);
	const struct policy_domain *k =
	    policy_domain_find(p, GW_SPAN("kms.alpha.example"));
	assert_true(k->pinned);
	assert_int_equal(k->sha256[0], 0x30);
	assert_int_equal(
	    k->compat, POLICY_COMPAT_UID_HEX | POLICY_COMPAT_UID_IN_IDR);
	assert_non_null(strstr(k->certificate, "/agreements/a.xml"));
	policy_free(p);
	gw_diag_free(d);
	remove_folder(&f);
}

static void
the_shipped_example_loads_in_silence(void **state)
{
	(void)state;
	struct policy_source src = { .policy_file =
					 GW_SOURCE_DIR "/conf/policy.xml",
		.agreements_dir = GW_SOURCE_DIR "/conf/agreements",
		.schema_dir = SCHEMAS,
		.systems = tpolicy_systems,
		.n_systems = TPOLICY_SYSTEMS,
		.wall_us = TPOLICY_NOW };
	struct gw_diag *d = gw_diag_new();
	struct policy *p = policy_load(&src, d);

	tpolicy_print(d);
	assert_non_null(p);
	assert_null(gw_diag_first(d));
	struct gw_facts f = tpolicy_call();
	struct gw_verdict v;
	policy_decide(p, &f, TPOLICY_NOW, &v);
	assert_int_equal(v.outcome, GW_PERMIT);
	f.keys[0].receiver_kms = GW_SPAN("kms.charlie.example");
	policy_decide(p, &f, TPOLICY_NOW, &v);
	assert_int_equal(v.reason, GW_REASON_LOOKUP_PENDING);
	f.lookup_state = GW_LOOKUP_NO_ANSWER;
	policy_decide(p, &f, TPOLICY_NOW, &v);
	assert_int_equal(v.outcome, GW_REDIRECT);
	assert_int_equal(v.n_domains, 2);
	for (size_t i = 0; i < policy_domains(p); i++) {
		const char *file = policy_domain_at(p, i)->certificate;
		assert_true(file == NULL || access(file, R_OK) == 0);
	}
	policy_free(p);
	gw_diag_free(d);
}

static void
one_run_shows_every_mistake(void **state)
{
	static char one[TEXT_LEN], two[TEXT_LEN], three[TEXT_LEN];
	unsigned line[4];
	(void)state;
	struct folder f = make_folder();
	struct gw_diag *d = gw_diag_new();

	/* The first is one that the schema finds. */
	change(good_agreement, "<info opaque='refuse'/>",
	    "<info opaque='perhaps'/>", one, &line[0]);
	change(one, "rate='50/s'", "rate='50'", two, &line[1]);
	change(two, "service='mcptt'", "service='mcppt'", three, &line[2]);
	change(good_policy, "kind='ambient'", "kind='ambiant'", one, &line[3]);
	write_agreement(&f, "a.xml", three);
	write_file(f.policy, one);
	write_agreement(&f, "b.xml", "<agreement");
	assert_null(load(&f, d));
	assert_true(gw_diag_errors(d) >= 5);
	assert_true(has_entry(d, GW_DIAG_ERROR, "agreement.rate", line[1]));
	assert_true(has_entry(d, GW_DIAG_ERROR, "policy.word", line[2]));
	assert_true(has_entry(d, GW_DIAG_ERROR, "policy.word", line[3]));
	assert_true(has_entry(d, GW_DIAG_ERROR, "xml.not-well-formed", 0));
	bool schema = false;
	for (const struct gw_diag_entry *e = gw_diag_first(d); e != NULL;
	     e = e->next) {
		schema = schema || e->where.line == line[0];
		assert_true(e->where.line == 0 || e->where.file != NULL);
		assert_non_null(e->want);
	}
	assert_true(schema);
	gw_diag_free(d);
	remove_folder(&f);
}

/* Two files that do not go together: the second is good_agreement changed. */
static const struct {
	const char *code;
	const char *changes[8][2];
} pairs[] = {
	{ "agreement.twice",
	    { { "2026-01", "2024-01" }, { "2028-01", "2026-01" } } },
	{ "agreement.overlap", { { "id='ab'", "id='ab2'" } } },
	{ "agreement.overlap",
	    { { "id='ab'", "id='ab2'" }, { "2026-01", "2027-12" } } },
	{ "agreement.kms-conflict",
	    { { "id='ab'", "id='ab2'" }, { "2026-01", "2028-01" },
		{ "2028-01-01T00:00:00Z'>", "2029-01-01T00:00:00Z'>" },
		{ "sha256='30", "sha256='31" } } },
	{ "agreement.kms-conflict",
	    { { "id='ab'", "id='ab2'" }, { "2026-01", "2028-01" },
		{ "2028-01-01T00:00:00Z'>", "2029-01-01T00:00:00Z'>" },
		{ "compat='uid-hex ", "compat='" } } },
	{ NULL, { { "id='ab'", "id='ab2'" }, { "2026-01", "2028-01" },
		    { "2028-01-01T00:00:00Z'>", "2029-01-01T00:00:00Z'>" } } },
	{ NULL, { { "id='ab'", "id='ab2' suspended='yes'" } } },
};

static void
agreements_must_go_together(void **state)
{
	static char old[TEXT_LEN], new[TEXT_LEN];
	bool *seen = *state;

	for (size_t i = 0; i < GW_COUNT(pairs); i++) {
		struct folder f = make_folder();
		struct gw_diag *d = gw_diag_new();
		unsigned line;
		int n = 0;
		snprintf(old, TEXT_LEN, "%s", good_agreement);
		for (; pairs[i].changes[n][0] != NULL; n++) {
			change(old, pairs[i].changes[n][0],
			    pairs[i].changes[n][1], new, &line);
			memcpy(old, new, TEXT_LEN);
		}
		write_file(f.policy, good_policy);
		write_agreement(&f, "a.xml", good_agreement);
		write_agreement(&f, "b.xml", old);
		struct policy *p = load(&f, d);
		if (pairs[i].code == NULL ?
			p == NULL :
			!has_entry(d, GW_DIAG_ERROR, pairs[i].code, 0)) {
			tpolicy_print(d);
			fail_msg("pair %zu", i);
		}
		see(d, seen);
		policy_free(p);
		gw_diag_free(d);
		remove_folder(&f);
	}
}

static void
what_needs_a_signature_is_not_used(void **state)
{
	static const char *const wants[] = { "<signed agreement='ab'/>",
		"<signed><any/></signed>" };
	static char text[TEXT_LEN];
	bool *seen = *state;
	unsigned line;

	for (size_t i = 0; i < GW_COUNT(wants); i++) {
		struct folder f = make_folder();
		struct gw_diag *d = gw_diag_new();
		change(good_policy, "<record decisions='all' identities='no'/>",
		    wants[i], text, &line);
		write_file(f.policy, text);
		write_agreement(&f, "a.xml", good_agreement);
		assert_null(load(&f, d));
		assert_true(
		    has_entry(d, GW_DIAG_ERROR, "agreement.unsigned", 2));
		see(d, seen);
		gw_diag_free(d);
		remove_folder(&f);
	}
}

static void
folders_and_roots_are_checked(void **state)
{
	static const char *const domains[] = { "mcptt.x.example" };
	static const char *const migrated[] = { "sip:*@x.example" };
	static const struct gw_system systems[] = {
		{ .id = "alpha", .n_domains = 1, .domains = domains },
		{ .id = "bravo",
		    .n_domains = 1,
		    .domains = domains,
		    .n_migrated = 1,
		    .migrated = migrated },
	};
	bool *seen = *state;
	struct folder f = make_folder();
	struct gw_diag *d = gw_diag_new();
	struct policy_source src = { .agreements_dir = f.agreements,
		.schema_dir = SCHEMAS,
		.systems = systems,
		.n_systems = 1 };

	struct policy *p = policy_load(&src, d);
	assert_non_null(p);
	assert_true(has_entry(d, GW_DIAG_WARNING, "policy.empty", 0));
	policy_free(p);
	src.n_systems = 2;
	assert_null(policy_load(&src, d));
	assert_true(has_entry(d, GW_DIAG_WARNING, "policy.domain-twice", 0));
	assert_true(has_entry(d, GW_DIAG_ERROR, "policy.migrated", 0));
	src.agreements_dir = "/nonexistent";
	assert_null(policy_load(&src, d));
	assert_true(has_entry(d, GW_DIAG_ERROR, "policy.directory", 0));
	const char *odd = "<treaty id='ab'/>";
	assert_null(tpolicy_make("<politics/>", &odd, 1, d));
	assert_true(has_entry(d, GW_DIAG_ERROR, "policy.root", 1));
	see(d, seen);
	gw_diag_free(d);
	remove_folder(&f);
}

static void
a_domain_of_two_systems_is_of_none(void **state)
{
	static const char *const domains[] = { "mcptt.x.example" };
	static const struct gw_system systems[] = {
		{ .id = "alpha", .n_domains = 1, .domains = domains },
		{ .id = "bravo", .n_domains = 1, .domains = domains },
	};
	(void)state;
	struct policy_source src = { .systems = systems, .n_systems = 2 };
	struct gw_diag *d = gw_diag_new();
	struct policy *p = policy_compile_begin(&src, 0, d);

	assert_true(policy_compile_end(p, TPOLICY_NOW, d));
	assert_int_equal(policy_system_of(p, GW_SPAN("sip:a@mcptt.x.example")),
	    GW_SYSTEM_NONE);
	policy_free(p);
	gw_diag_free(d);
}

static void
lists_have_their_caps(void **state)
{
	static char text[TEXT_LEN], more[TEXT_LEN / 2];
	bool *seen = *state;
	unsigned line;
	size_t len = 0;

	for (unsigned i = 0; i <= 64; i++)
		len += (size_t)snprintf(more + len, sizeof(more) - len,
		    "<initiator match='sip:u%u@mcptt.alpha.example'/>\n", i);
	change(good_agreement, "<initiator", more, text, &line);
	/* What is left of the element that was cut in two. */
	char *rest = strstr(text, " match='sip:*@mcptt.alpha.example'/>\n");
	memset(rest, ' ', strlen(" match='sip:*@mcptt.alpha.example'/>"));
	const char *agreement = text;
	struct gw_diag *d = gw_diag_new();
	assert_null(tpolicy_make(NULL, &agreement, 1, d));
	assert_true(has_entry(d, GW_DIAG_ERROR, "policy.too-many", line + 64));
	assert_int_equal(gw_diag_errors(d), 1);
	see(d, seen);
	gw_diag_free(d);
}

static void
no_code_is_left_unseen(void **state)
{
	const bool *seen = *state;

	for (int i = 0; i < POLICY_CODE_N; i++)
		if (!seen[i] && i != POLICY_CODE_MEMORY)
			fail_msg("%s was never reported", policy_codes[i].code);
}

int
main(void)
{
	static bool seen[POLICY_CODE_N];
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_prestate(
		    each_mistake_has_its_code_and_place, seen),
		cmocka_unit_test(what_is_good_loads_in_silence),
		cmocka_unit_test(the_shipped_example_loads_in_silence),
		cmocka_unit_test(one_run_shows_every_mistake),
		cmocka_unit_test_prestate(agreements_must_go_together, seen),
		cmocka_unit_test_prestate(
		    what_needs_a_signature_is_not_used, seen),
		cmocka_unit_test_prestate(folders_and_roots_are_checked, seen),
		cmocka_unit_test(a_domain_of_two_systems_is_of_none),
		cmocka_unit_test_prestate(lists_have_their_caps, seen),
		cmocka_unit_test_prestate(no_code_is_left_unseen, seen),
	};
	gw_xml_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
