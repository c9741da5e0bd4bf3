/*
 * test_conf_tls.c: certificates, keys, trust anchors and revocation lists
 * that would fail later are told when the configuration is loaded.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "conf/conf.h"
#include "mcxgw/buf.h"
#include "support/tpki.h"

#define SCHEMAS	 GW_SOURCE_DIR "/conf/schema"
#define TEXT_MAX 4096
#define TLS_LINE 2
#define DAY_US	 ((int64_t)86400 * 1000000)

/* certificate, key, ca, crl attribute, advertised host, bravo's next hop */
static const char form[] =
    "<mcxgw xmlns='urn:mcxgw:config:1' name='gw.border.example'>\n"
    "<tls id='t' certificate='pki/%s' key='pki/%s' ca='pki/%s' %s/>\n"
    "<listener id='l' transport='tls' address='127.0.0.1' port='5061' "
    "tls='t' advertise='%s:5061'/>\n"
    "<system id='a' side='local'><domain name='a.example'/>"
    "<identity tls='gw.a.example'/>%s</system>\n"
    "<topology keys='pki/token.keys'/><policy agreements='agreements'/>\n"
    "</mcxgw>\n";

static const char hop[] = "<next-hop address='127.0.0.1:5091' "
			  "transport='tls' tls='t'/>";

struct row {
	const char *code; /* NULL: nothing is wrong */
	const char *certificate, *key, *ca, *crl, *host;
	const char *text; /* part of the report */
};

#define GOOD_CERT "bravo.pem", "bravo.key"
#define GOOD_CA	  "ca.pem"
#define GOOD_CRL  "crl='pki/ca.crl'"
#define BRAVO	  "gw.bravo.example"
#define BAD(name) "bad/" name ".pem", "bad/" name ".key"

static const struct row errors[] = {
	{ "conf.file", "none.pem", "bravo.key", GOOD_CA, GOOD_CRL, BRAVO,
	    "none.pem" },
	{ "conf.certificate", "bad/garbage.pem", "bravo.key", GOOD_CA, GOOD_CRL,
	    BRAVO, "garbage.pem" },
	{ "conf.certificate", "bravo.key", "bravo.key", GOOD_CA, GOOD_CRL,
	    BRAVO, "bravo.key" },
	{ "conf.certificate-expired", BAD("expired"), GOOD_CA, GOOD_CRL, BRAVO,
	    "2021-01-01T00:00:00Z" },
	{ "conf.certificate-early", BAD("early"), GOOD_CA, GOOD_CRL, BRAVO,
	    "2090-01-01T00:00:00Z" },
	{ "conf.key", "bravo.pem", "bad/garbage.pem", GOOD_CA, GOOD_CRL, BRAVO,
	    "garbage.pem" },
	{ "conf.key", "bravo.pem", "bravo.pem", GOOD_CA, GOOD_CRL, BRAVO,
	    "bravo.pem" },
	{ "conf.key-encrypted", "bravo.pem", "bad/encrypted.key", GOOD_CA,
	    GOOD_CRL, BRAVO, "encrypted.key" },
	{ "conf.key-mismatch", "bravo.pem", "alpha.key", GOOD_CA, GOOD_CRL,
	    BRAVO, "alpha.key" },
	{ "conf.key-weak", BAD("weak"), GOOD_CA, GOOD_CRL, BRAVO, "80 bits" },
	{ "conf.ca", GOOD_CERT, "bravo.pem", "", BRAVO, "no CA certificate" },
	{ "conf.ca", GOOD_CERT, "bad/garbage.pem", "", BRAVO, "not PEM" },
	{ "conf.crl", GOOD_CERT, GOOD_CA, "crl='pki/bad/garbage.pem'", BRAVO,
	    "garbage.pem" },
	{ "conf.crl-lapsed", GOOD_CERT, GOOD_CA, "crl='pki/bad/lapsed.crl'",
	    BRAVO, "2020-02-01T00:00:00Z" },
	{ "conf.crl-early", GOOD_CERT, GOOD_CA, "crl='pki/bad/early.crl'",
	    BRAVO, "2090-01-01T00:00:00Z" },
	{ "conf.crl-signer", GOOD_CERT, GOOD_CA, "crl='pki/bad/other.crl'",
	    BRAVO, "other CA" },
};

static const struct row warnings[] = {
	{ NULL, GOOD_CERT, GOOD_CA, GOOD_CRL, BRAVO, NULL },
	{ NULL, GOOD_CERT, GOOD_CA, GOOD_CRL, "GW.Bravo.Example", NULL },
	{ NULL, GOOD_CERT, GOOD_CA, "crl='pki/bad/revoked.crl'", BRAVO, NULL },
	{ NULL, BAD("other-ca"), GOOD_CA, GOOD_CRL, BRAVO, NULL },
	{ "conf.certificate-name", BAD("wrong-name"), GOOD_CA, GOOD_CRL, BRAVO,
	    BRAVO },
	{ "conf.certificate-role", BAD("server-only"), GOOD_CA, GOOD_CRL, BRAVO,
	    "TLS client" },
	{ "conf.certificate-role", BAD("client-only"), GOOD_CA, GOOD_CRL, BRAVO,
	    "TLS server" },
	{ "conf.crl-missing", GOOD_CERT, "both.pem", GOOD_CRL, BRAVO,
	    "other CA" },
};

static struct conf *
load(const char *dir, const struct row *r, const char *next_hop,
    struct gw_now now, struct gw_diag **d)
{
	char text[TEXT_MAX], path[256];

	snprintf(path, sizeof(path), "%s/mcxgw.xml", dir);
	snprintf(text, sizeof(text), form, r->certificate, r->key, r->ca,
	    r->crl, r->host, next_hop);
	*d = gw_diag_new();
	assert_non_null(*d);
	return conf_parse(gw_span_of(text), path, SCHEMAS, now, *d);
}

static void
fail_with(const struct gw_diag *d, const char *want)
{
	struct gw_buf b;

	gw_buf_init(&b, 1u << 16);
	gw_diag_print(d, &b);
	fail_msg("want %s: %.*s", want == NULL ? "nothing" : want, (int)b.len,
	    (const char *)b.p);
}

/* Is the only report of that level the row's? */
static void
check(const char *dir, const struct row *r, enum gw_diag_level level)
{
	struct gw_diag *d;
	struct conf *c = load(dir, r, hop, gw_now_read(), &d);
	const struct gw_diag_entry *e = gw_diag_first(d);

	assert_int_equal(c == NULL, level == GW_DIAG_ERROR);
	while (e != NULL && e->level != level)
		e = e->next;
	if (r->code == NULL && e == NULL)
		goto out;
	if (r->code == NULL || e == NULL || strcmp(e->code, r->code) != 0 ||
	    strstr(e->text, r->text) == NULL)
		fail_with(d, r->code);
	assert_int_equal(e->where.line, TLS_LINE);
	assert_true(e->want != NULL && e->want[0] != '\0');
	assert_int_equal(
	    level == GW_DIAG_ERROR ? gw_diag_errors(d) : gw_diag_warnings(d),
	    1);
out:
	conf_free(c);
	gw_diag_free(d);
}

static void
what_would_fail_is_an_error(void **state)
{
	for (size_t i = 0; i < GW_COUNT(errors); i++)
		check(*state, &errors[i], GW_DIAG_ERROR);
}

static void
what_peers_may_refuse_is_a_warning(void **state)
{
	for (size_t i = 0; i < GW_COUNT(warnings); i++)
		check(*state, &warnings[i], GW_DIAG_WARNING);
}

static size_t
count(const struct gw_diag *d, const char *code)
{
	size_t n = 0;

	for (const struct gw_diag_entry *e = gw_diag_first(d); e != NULL;
	     e = e->next)
		n += strcmp(e->code, code) == 0;
	return n;
}

static void
time_makes_good_files_bad(void **state)
{
	static const struct {
		int days;
		const char *code;
		bool loads;
	} rows[] = {
		{ 0, NULL, true },
		{ 29, "conf.crl-expires", true },
		{ 31, "conf.crl-lapsed", false },
		{ 334, "conf.certificate-expires", false },
		{ 336, "conf.certificate-expires", false },
		{ 366, "conf.certificate-expired", false },
		{ 3660, "conf.ca-expired", false },
		{ -1, "conf.certificate-early", false },
		{ -1, "conf.crl-early", false },
	};

	for (size_t i = 0; i < GW_COUNT(rows); i++) {
		struct gw_now now = gw_now_read();
		struct gw_diag *d;
		/* An hour aside, so that a slow run changes nothing. */
		now.wall_us += rows[i].days * DAY_US + DAY_US / 24;
		struct conf *c = load(*state, &warnings[0], hop, now, &d);
		assert_int_equal(c != NULL, rows[i].loads);
		if (rows[i].days == 334)
			assert_int_equal(count(d, rows[i].code), 0);
		else if (rows[i].code != NULL)
			assert_int_equal(count(d, rows[i].code), 1);
		conf_free(c);
		gw_diag_free(d);
	}
}

static void
a_role_counts_only_where_it_is_used(void **state)
{
	struct row r = warnings[5]; /* server-only */
	struct gw_diag *d;

	struct conf *c = load(*state, &r, "", gw_now_read(), &d);
	assert_non_null(c);
	assert_int_equal(count(d, "conf.certificate-role"), 0);
	conf_free(c);
	gw_diag_free(d);
}

static void
unused_material_is_told(void **state)
{
	struct row r = warnings[0];
	struct gw_diag *d;
	char crl[128];

	/* A second element that nothing refers to. */
	snprintf(crl, sizeof(crl),
	    "/><tls id='u' certificate='pki/bravo.pem' key='pki/bravo.key' "
	    "ca='pki/ca.pem'");
	r.crl = crl;
	struct conf *c = load(*state, &r, hop, gw_now_read(), &d);
	assert_non_null(c);
	assert_int_equal(count(d, "conf.tls-unused"), 1);
	conf_free(c);
	gw_diag_free(d);
}

static void
a_pipe_is_not_opened(void **state)
{
	struct row r = warnings[0];
	struct gw_diag *d;

	tpki_run("mkfifo %s/pki/pipe", (const char *)*state);
	r.certificate = "pipe";
	assert_null(load(*state, &r, hop, gw_now_read(), &d));
	assert_int_equal(count(d, "conf.file"), 1);
	gw_diag_free(d);
}

static int
set_up(void **state)
{
	char *dir = tpki_new();

	tpki_run("cat %s/pki/ca.pem %s/pki/bad/other-ca.ca.pem "
		 ">%s/pki/both.pem",
	    dir, dir, dir);
	*state = dir;
	return 0;
}

static int
tear_down(void **state)
{
	tpki_free(*state);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_would_fail_is_an_error),
		cmocka_unit_test(what_peers_may_refuse_is_a_warning),
		cmocka_unit_test(time_makes_good_files_bad),
		cmocka_unit_test(a_role_counts_only_where_it_is_used),
		cmocka_unit_test(unused_material_is_told),
		cmocka_unit_test(a_pipe_is_not_opened),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
