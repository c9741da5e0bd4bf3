/*
 * test_conf_redirect.c: redirect elements: what they say, what they say when
 * they say nothing, and how each mistake in them is told.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "conf/conf.h"
#include "mcxgw/buf.h"
#include "support/tpki.h"

#define SCHEMAS	    GW_SOURCE_DIR "/conf/schema"
#define TEXT_MAX    8192
#define OWN_LINE    2
#define SYSTEM_LINE 4
#define DAY_US	    ((int64_t)86400 * 1000000)

/* The gateway's element, what else is in the system, the system's element. */
static const char form[] =
    "<mcxgw xmlns='urn:mcxgw:config:1' name='gw.bravo.example'>\n"
    "%s\n"
    "<system id='a' side='local'><domain name='a.example'/>%s\n"
    "%s\n"
    "<next-hop address='127.0.0.1:5080' transport='tcp'/></system>"
    "<listener id='l' transport='tcp' address='127.0.0.1' port='5060' "
    "system='a'/>"
    "<topology keys='pki/token.keys'/><policy agreements='agreements'/>\n"
    "</mcxgw>\n";

#define IDENTITIES "<identity tls='GW.a.example'/><identity tls='b.example'/>"
#define PAIR(name) "certificate='pki/" name ".pem' key='pki/" name ".key'"

struct loaded {
	struct gw_diag *d;
	struct conf *c;
	char dir[256];
};

static void
load_at(struct loaded *l, const char *dir, const char *own,
    const char *identities, const char *of_system, struct gw_now now)
{
	char text[TEXT_MAX], path[256];

	snprintf(l->dir, sizeof(l->dir), "%s", dir);
	snprintf(path, sizeof(path), "%s/mcxgw.xml", dir);
	int n = snprintf(text, sizeof(text), form, own, identities, of_system);
	assert_true(n > 0 && n < TEXT_MAX);
	l->d = gw_diag_new();
	assert_non_null(l->d);
	l->c = conf_parse(gw_span_of(text), path, SCHEMAS, now, l->d);
}

static void
load(struct loaded *l, const char *dir, const char *own, const char *of_system)
{
	load_at(l, dir, own, IDENTITIES, of_system, gw_now_read());
}

static void
unload(struct loaded *l)
{
	conf_free(l->c);
	gw_diag_free(l->d);
}

static void
fail_with(const struct loaded *l, const char *want)
{
	struct gw_buf b;

	gw_buf_init(&b, 1u << 16);
	gw_diag_print(l->d, &b);
	fail_msg("want %s: %.*s", want == NULL ? "nothing" : want, (int)b.len,
	    (const char *)b.p);
}

static void
loads_silently(const struct loaded *l)
{
	if (l->c == NULL || gw_diag_first(l->d) != NULL)
		fail_with(l, NULL);
}

static void
is_file(const struct loaded *l, const char *is, const char *name)
{
	char path[512];

	snprintf(path, sizeof(path), "%s/%s", l->dir, name);
	assert_string_equal(is, path);
}

static void
nothing_said_is_nothing_signed(void **state)
{
	struct loaded l;

	load(&l, *state, "", "");
	loads_silently(&l);
	const struct conf_redirect *d = &l.c->redirect;
	assert_string_equal(d->author, "sip:gw.bravo.example");
	assert_null(d->certificate);
	assert_null(d->key);
	assert_null(d->dialects);
	assert_int_equal(d->at.line, 1);
	const struct conf_krr *k = &l.c->systems[0].krr;
	assert_string_equal(k->dialect, "3gpp");
	assert_null(k->ca);
	assert_null(k->crl);
	assert_int_equal(k->n_authors, 2);
	assert_string_equal(k->authors[0], "gw.a.example");
	assert_int_equal(k->at.line, 3);
	unload(&l);
}

static void
all_of_it_can_be_said(void **state)
{
	struct loaded l;

	load(&l, *state,
	    "<redirect author='sips:border@GW.bravo.example:5061' "
	    "certificate='pki/bravo-krr.pem' key='pki/bravo-krr.key' "
	    "dialects='agreements'/>",
	    "<redirect dialect='vendor.2' ca='pki/ca.pem' crl='pki/ca.crl'>"
	    "<author name='KMS.a.example.'/><author name='gw2.a.example'/>"
	    "</redirect>");
	loads_silently(&l);
	const struct conf_redirect *d = &l.c->redirect;
	assert_string_equal(d->author, "sips:border@GW.bravo.example:5061");
	is_file(&l, d->certificate, "pki/bravo-krr.pem");
	is_file(&l, d->key, "pki/bravo-krr.key");
	is_file(&l, d->dialects, "agreements");
	assert_int_equal(d->at.line, OWN_LINE);
	assert_ptr_equal(d->at.file, l.c->path);
	const struct conf_krr *k = &l.c->systems[0].krr;
	assert_string_equal(k->dialect, "vendor.2");
	is_file(&l, k->ca, "pki/ca.pem");
	is_file(&l, k->crl, "pki/ca.crl");
	assert_int_equal(k->n_authors, 2);
	assert_string_equal(k->authors[0], "kms.a.example");
	assert_string_equal(k->authors[1], "gw2.a.example");
	assert_int_equal(k->at.line, SYSTEM_LINE);
	unload(&l);
}

static void
identities_serve_as_authors(void **state)
{
	struct loaded l;

	load(&l, *state, "", "<redirect ca='pki/ca.pem'/>");
	loads_silently(&l);
	const struct conf_krr *k = &l.c->systems[0].krr;
	assert_int_equal(k->n_authors, 2);
	assert_string_equal(k->authors[1], "b.example");
	assert_null(k->crl);
	unload(&l);
}

static void
a_pair_alone_signs_as_the_gateway(void **state)
{
	struct loaded l;

	/* No author: the certificate must name what the gateway is called. */
	load(&l, *state, "<redirect " PAIR("bravo-krr") "/>", "");
	loads_silently(&l);
	unload(&l);
	load(&l, *state, "<redirect " PAIR("krr") "/>", "");
	assert_non_null(l.c);
	assert_string_equal(gw_diag_first(l.d)->code, "conf.author-name");
	unload(&l);
}

struct row {
	const char *code, *own, *of_system;
	const char *text; /* part of the report */
};

static const struct row errors[] = {
	{ "conf.redirect-pair", "<redirect certificate='pki/bravo-krr.pem'/>",
	    "", "no key" },
	{ "conf.redirect-pair", "<redirect key='pki/bravo-krr.key'/>", "",
	    "no certificate" },
	{ "conf.empty", "<redirect certificate='' key='pki/bravo-krr.key'/>",
	    "", "certificate=\"\"" },
	{ "conf.author", "<redirect author='gw.bravo.example'/>", "",
	    "gw.bravo.example" },
	{ "conf.author", "<redirect author='tel:+4912345'/>", "", "tel:" },
	{ "conf.author", "<redirect author='https://gw.example'/>", "",
	    "https:" },
	{ "conf.author", "<redirect author='sip:anna@'/>", "", "anna" },
	{ "conf.author", "<redirect author='sip:[2001:db8::1]'/>", "", "db8" },
	{ "conf.empty", "<redirect author=''/>", "", "author=\"\"" },
	{ "conf.folder", "<redirect dialects='none'/>", "", "none" },
	{ "conf.folder", "<redirect dialects='pki/ca.pem'/>", "", "ca.pem" },
	{ "conf.file",
	    "<redirect certificate='pki/none.pem' key='pki/krr.key'/>", "",
	    "none.pem" },
	{ "conf.file",
	    "<redirect certificate='pki/bravo-krr.pem' key='pki/none.key'/>",
	    "", "none.key" },
	{ "conf.certificate",
	    "<redirect certificate='pki/bad/garbage.pem' key='pki/krr.key'/>",
	    "", "garbage.pem" },
	{ "conf.key",
	    "<redirect certificate='pki/bravo.pem' key='pki/bravo.pem'/>", "",
	    "bravo.pem" },
	{ "conf.key-mismatch",
	    "<redirect certificate='pki/bravo-krr.pem' key='pki/krr.key'/>", "",
	    "krr.key" },
	{ "conf.key-encrypted",
	    "<redirect certificate='pki/bravo.pem' "
	    "key='pki/bad/encrypted.key'/>",
	    "", "encrypted.key" },
	{ "conf.key-curve", "<redirect " PAIR("bad/p384") "/>", "",
	    "p384.key" },
	{ "conf.key-curve", "<redirect " PAIR("bad/weak") "/>", "",
	    "weak.key" },
	{ "conf.certificate-expired", "<redirect " PAIR("bad/expired") "/>", "",
	    "2021-01-01T00:00:00Z" },
	{ "conf.certificate-early", "<redirect " PAIR("bad/early") "/>", "",
	    "2090-01-01T00:00:00Z" },
	{ "conf.redirect-ca", "", "<redirect crl='pki/ca.crl'/>", "a crl" },
	{ "conf.redirect-ca", "", "<redirect><author name='x'/></redirect>",
	    "an author" },
	{ "conf.ca", "", "<redirect ca='pki/bravo.pem'/>",
	    "no CA certificate" },
	{ "conf.ca", "", "<redirect ca='pki/bad/garbage.pem'/>", "not PEM" },
	{ "conf.file", "", "<redirect ca='pki/none.pem'/>", "none.pem" },
	{ "conf.empty", "", "<redirect ca=''/>", "ca=\"\"" },
	{ "conf.crl", "", "<redirect ca='pki/ca.pem' crl='pki/ca.pem'/>",
	    "ca.pem" },
	{ "conf.crl-lapsed", "",
	    "<redirect ca='pki/ca.pem' crl='pki/bad/lapsed.crl'/>",
	    "2020-02-01T00:00:00Z" },
	{ "conf.crl-early", "",
	    "<redirect ca='pki/ca.pem' crl='pki/bad/early.crl'/>",
	    "2090-01-01T00:00:00Z" },
	{ "conf.crl-signer", "",
	    "<redirect ca='pki/ca.pem' crl='pki/bad/other.crl'/>", "other CA" },
	{ "conf.id", "", "<redirect dialect='3 gpp'/>", "3 gpp" },
	{ "conf.host", "",
	    "<redirect ca='pki/ca.pem'><author name='*.a.example'/></redirect>",
	    "*.a.example" },
};

static const struct row warnings[] = {
	{ NULL, "<redirect " PAIR("bravo-krr") "/>", "", "" },
	/* No extended key usage is asked for, nor does one hinder. */
	{ NULL, "<redirect " PAIR("bravo") "/>", "", "" },
	{ NULL, "<redirect " PAIR("bad/server-only") "/>", "", "" },
	{ NULL, "", "<redirect ca='pki/ca.pem' crl='pki/bad/revoked.crl'/>",
	    "" },
	{ "conf.author-name",
	    "<redirect author='sip:gw.border.example' " PAIR("bravo-krr") "/>",
	    "", "\"gw.border.example\"" },
	{ "conf.certificate-usage", "<redirect " PAIR("bad/no-signing") "/>",
	    "", "no-signing.pem" },
	{ "conf.crl-missing", "",
	    "<redirect ca='pki/both.pem' crl='pki/ca.crl'/>", "other CA" },
};

/* Is the only report of that level the row's, in its line? */
static void
check(const char *dir, const struct row *row, enum gw_diag_level level)
{
	struct loaded l;

	load(&l, dir, row->own, row->of_system);
	const struct gw_diag_entry *e = gw_diag_first(l.d);
	if (row->code == NULL) {
		loads_silently(&l);
		goto out;
	}
	while (e != NULL && e->level != level)
		e = e->next;
	size_t n = level == GW_DIAG_ERROR ? gw_diag_errors(l.d) :
					    gw_diag_warnings(l.d);
	if (e == NULL || n != 1 || strcmp(e->code, row->code) != 0 ||
	    strstr(e->text, row->text) == NULL)
		fail_with(&l, row->code);
	assert_int_equal(l.c == NULL, level == GW_DIAG_ERROR);
	assert_int_equal(
	    e->where.line, row->own[0] != '\0' ? OWN_LINE : SYSTEM_LINE);
	assert_true(e->want != NULL && e->want[0] != '\0');
out:
	unload(&l);
}

static void
each_mistake_is_told_with_its_place(void **state)
{
	for (size_t i = 0; i < GW_COUNT(errors); i++)
		check(*state, &errors[i], GW_DIAG_ERROR);
}

static void
what_partners_may_refuse_is_a_warning(void **state)
{
	for (size_t i = 0; i < GW_COUNT(warnings); i++)
		check(*state, &warnings[i], GW_DIAG_WARNING);
}

static void
a_second_one_is_told(void **state)
{
	struct loaded l;

	load(&l, *state, "<redirect/><redirect/>", "");
	assert_null(l.c);
	assert_string_equal(gw_diag_first(l.d)->code, "conf.twice");
	assert_int_equal(gw_diag_first(l.d)->where.line, OWN_LINE);
	unload(&l);
	load(&l, *state, "", "<redirect/><redirect/>");
	assert_null(l.c);
	assert_string_equal(gw_diag_first(l.d)->code, "conf.twice");
	assert_int_equal(gw_diag_first(l.d)->where.line, SYSTEM_LINE);
	unload(&l);
}

static void
each_has_its_own_attributes(void **state)
{
	static const char *const rows[][2] = {
		{ "<redirect ca='pki/ca.pem'/>", "" },
		{ "<redirect dialect='3gpp'/>", "" },
		{ "<redirect><author name='a'/></redirect>", "" },
		{ "", "<redirect key='pki/krr.key'/>" },
		{ "", "<redirect author='sip:a.example'/>" },
		{ "", "<redirect ca='pki/ca.pem'><author/></redirect>" },
		{ "", "<redirect ca='pki/ca.pem'><who/></redirect>" },
	};
	struct loaded l;

	for (size_t i = 0; i < GW_COUNT(rows); i++) {
		load(&l, *state, rows[i][0], rows[i][1]);
		assert_null(l.c);
		assert_string_equal(gw_diag_first(l.d)->code, "xml.schema");
		unload(&l);
	}
}

static void
somebody_must_be_able_to_sign(void **state)
{
	struct loaded l;

	load_at(
	    &l, *state, "", "", "<redirect ca='pki/ca.pem'/>", gw_now_read());
	assert_null(l.c);
	assert_string_equal(gw_diag_first(l.d)->code, "conf.author-missing");
	assert_int_equal(gw_diag_first(l.d)->where.line, SYSTEM_LINE);
	unload(&l);
	load_at(&l, *state, "", "",
	    "<redirect ca='pki/ca.pem'><author name='x'/></redirect>",
	    gw_now_read());
	loads_silently(&l);
	unload(&l);
}

/* n elements with one attribute: the name "nI" in the i-th. */
static void
many(char out[TEXT_MAX / 2], const char *element, const char *attribute,
    unsigned n)
{
	size_t len = 0;

	for (unsigned i = 0; i < n; i++) {
		len += (size_t)snprintf(out + len, TEXT_MAX / 2 - len,
		    "<%s %s='n%u'/>", element, attribute, i);
		assert_true(len < TEXT_MAX / 2);
	}
}

static void
authors_are_bounded(void **state)
{
	static const char plain[] = "<redirect ca='pki/ca.pem'/>";
	char list[TEXT_MAX / 2], element[TEXT_MAX];
	struct loaded l;

	for (unsigned i = 0; i < 2; i++) {
		unsigned n = CONF_AUTHORS_MAX + i;
		many(list, "author", "name", n);
		snprintf(element, sizeof(element),
		    "<redirect ca='pki/ca.pem'>%s</redirect>", list);
		load(&l, *state, "", element);
		assert_int_equal(l.c != NULL, i == 0);
		if (i == 0)
			assert_int_equal(l.c->systems[0].krr.n_authors, n);
		else
			assert_string_equal(
			    gw_diag_first(l.d)->code, "conf.too-many");
		unload(&l);
		many(list, "identity", "tls", n);
		load_at(&l, *state, "", list, plain, gw_now_read());
		assert_int_equal(l.c != NULL, i == 0);
		if (i != 0)
			assert_string_equal(
			    gw_diag_first(l.d)->code, "conf.too-many");
		unload(&l);
	}
	/* Who verifies nothing needs no bound. */
	many(list, "identity", "tls", CONF_AUTHORS_MAX + 1);
	load_at(&l, *state, "", list, "", gw_now_read());
	loads_silently(&l);
	unload(&l);
}

static void
time_makes_good_files_bad(void **state)
{
	static const struct {
		int days;
		const char *code; /* the first */
		bool loads;
	} rows[] = {
		{ 334, NULL, true },
		{ 336, "conf.certificate-expires", true },
		{ 366, "conf.certificate-expired", false },
		{ -1, "conf.certificate-early", false },
	};

	for (size_t i = 0; i < GW_COUNT(rows); i++) {
		struct gw_now now = gw_now_read();
		struct loaded l;
		/* An hour aside, so that a slow run changes nothing. */
		now.wall_us += rows[i].days * DAY_US + DAY_US / 24;
		load_at(&l, *state, "<redirect " PAIR("bravo-krr") "/>",
		    IDENTITIES, "<redirect ca='pki/ca.pem'/>", now);
		assert_int_equal(l.c != NULL, rows[i].loads);
		if (rows[i].code == NULL)
			loads_silently(&l);
		else
			assert_string_equal(
			    gw_diag_first(l.d)->code, rows[i].code);
		unload(&l);
	}
}

static void
an_open_key_is_warned_of(void **state)
{
	const char *dir = *state;
	struct loaded l;

	tpki_run("chmod 640 %s/pki/bravo-krr.key", dir);
	load(&l, dir, "<redirect " PAIR("bravo-krr") "/>", "");
	tpki_run("chmod 600 %s/pki/bravo-krr.key", dir);
	assert_non_null(l.c);
	assert_string_equal(gw_diag_first(l.d)->code, "conf.secret-mode");
	unload(&l);
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
		cmocka_unit_test(nothing_said_is_nothing_signed),
		cmocka_unit_test(all_of_it_can_be_said),
		cmocka_unit_test(identities_serve_as_authors),
		cmocka_unit_test(a_pair_alone_signs_as_the_gateway),
		cmocka_unit_test(each_mistake_is_told_with_its_place),
		cmocka_unit_test(what_partners_may_refuse_is_a_warning),
		cmocka_unit_test(a_second_one_is_told),
		cmocka_unit_test(each_has_its_own_attributes),
		cmocka_unit_test(somebody_must_be_able_to_sign),
		cmocka_unit_test(authors_are_bounded),
		cmocka_unit_test(time_makes_good_files_bad),
		cmocka_unit_test(an_open_key_is_warned_of),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
