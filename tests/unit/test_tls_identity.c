/*
 * test_tls_identity.c: which names of a certificate count (RFC 5922, 7), and
 * which system they name.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>
#include <openssl/evp.h>
#include <openssl/x509v3.h>

#include "conf/conf.h"
#include "net/tls_identity.h"
#include "support/tpki.h"

#define SCHEMAS GW_SOURCE_DIR "/conf/schema"

/* A certificate with these alternative names, as OpenSSL's configuration
 * writes them; NULL: none. */
static X509 *
make(const char *cn, const char *names)
{
	X509 *x = X509_new();
	EVP_PKEY *key = EVP_EC_gen("P-256");

	assert_non_null(x);
	assert_non_null(key);
	assert_int_equal(X509_set_pubkey(x, key), 1);
	if (cn != NULL)
		assert_int_equal(
		    X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN",
			MBSTRING_UTF8, (const unsigned char *)cn, -1, -1, 0),
		    1);
	if (names != NULL) {
		X509_EXTENSION *e = X509V3_EXT_conf_nid(
		    NULL, NULL, NID_subject_alt_name, names);
		assert_non_null(e);
		assert_int_equal(X509_add_ext(x, e, -1), 1);
		X509_EXTENSION_free(e);
	}
	EVP_PKEY_free(key);
	return x;
}

static const char *
names_of(const char *cn, const char *names)
{
	static char text[512];
	struct tls_identity id;
	X509 *x = make(cn, names);

	assert_int_equal(tls_identity_read(x, &id), GW_OK);
	tls_identity_text(&id, text, sizeof(text));
	X509_free(x);
	return text;
}

static void
uris_come_first_then_dns_then_the_common_name_alone(void **state)
{
	static const struct {
		const char *cn, *names, *want;
	} cases[] = {
		{ "cn.example", NULL, "cn.example" },
		{ NULL, NULL, "" },
		{ "cn.example", "DNS:dns.example", "dns.example" },
		{ "cn.example", "DNS:b.example,URI:sip:a.example",
		    "a.example b.example" },
		{ "cn.example", "email:x@y.example", "" },
		{ "cn.example", "IP:192.0.2.1", "" },
		/* Only the host of a sip URI without anything else. */
		{ "cn.example", "URI:sips:a.example", "" },
		{ "cn.example", "URI:sip:user@a.example", "" },
		{ "cn.example", "URI:sip:a.example:5061", "" },
		{ "cn.example", "URI:https://a.example/", "" },
		{ "cn.example", "URI:SIP:A.Example", "A.Example" },
	};
	(void)state;
	for (size_t i = 0; i < GW_COUNT(cases); i++)
		assert_string_equal(
		    names_of(cases[i].cn, cases[i].names), cases[i].want);
}

static void
names_compare_without_case_and_without_wildcards(void **state)
{
	struct tls_identity id;
	X509 *x = make(NULL, "DNS:GW.Bravo.example,DNS:*.alpha.example");

	(void)state;
	assert_int_equal(tls_identity_read(x, &id), GW_OK);
	assert_true(tls_identity_has(&id, GW_SPAN("gw.bravo.EXAMPLE")));
	assert_false(tls_identity_has(&id, GW_SPAN("gw.bravo.example.")));
	assert_false(tls_identity_has(&id, GW_SPAN("bravo.example")));
	assert_false(tls_identity_has(&id, GW_SPAN("gw.alpha.example")));
	assert_false(tls_identity_has(&id, GW_SPAN("")));
	X509_free(x);
}

/* The classic: "gw.bravo.example\0.evil.example". */
static void
a_name_with_a_nul_is_refused(void **state)
{
	static const char evil[] = "gw.bravo.example\0.evil.example";
	GENERAL_NAMES *list = sk_GENERAL_NAME_new_null();
	GENERAL_NAME *name = GENERAL_NAME_new();
	ASN1_IA5STRING *text = ASN1_IA5STRING_new();
	struct tls_identity id;
	X509 *x = make("gw.bravo.example", NULL);

	(void)state;
	assert_int_equal(ASN1_STRING_set(text, evil, sizeof(evil) - 1), 1);
	GENERAL_NAME_set0_value(name, GEN_DNS, text);
	assert_true(sk_GENERAL_NAME_push(list, name) > 0);
	assert_int_equal(
	    X509_add1_ext_i2d(x, NID_subject_alt_name, list, 0, 0), 1);
	assert_int_equal(tls_identity_read(x, &id), GW_EMALFORMED);
	GENERAL_NAMES_free(list);
	X509_free(x);
}

static void
names_that_cannot_be_read_never_fall_back_to_the_common_name(void **state)
{
	ASN1_OCTET_STRING *junk = ASN1_OCTET_STRING_new();
	struct tls_identity id;
	X509 *x = make("gw.bravo.example", NULL);
	X509_EXTENSION *e;

	(void)state;
	assert_int_equal(
	    ASN1_OCTET_STRING_set(junk, (const unsigned char *)"junk", 4), 1);
	e = X509_EXTENSION_create_by_NID(NULL, NID_subject_alt_name, 0, junk);
	assert_int_equal(X509_add_ext(x, e, -1), 1);
	assert_int_equal(tls_identity_read(x, &id), GW_EMALFORMED);
	/* Twice the extension: which one counts is not ours to guess. */
	X509_EXTENSION_free(e);
	X509_free(x);
	x = make("gw.bravo.example", "DNS:gw.bravo.example");
	e = X509V3_EXT_conf_nid(
	    NULL, NULL, NID_subject_alt_name, "DNS:gw.alpha.example");
	assert_int_equal(X509_add_ext(x, e, -1), 1);
	assert_int_equal(tls_identity_read(x, &id), GW_EMALFORMED);
	X509_EXTENSION_free(e);
	X509_free(x);
	ASN1_OCTET_STRING_free(junk);
}

static void
more_names_than_we_look_at_are_refused(void **state)
{
	struct gw_buf text;
	struct tls_identity id;

	(void)state;
	gw_buf_init(&text, 65536);
	for (int i = 0; i <= TLS_IDENTITY_MAX; i++)
		gw_buf_fmt(&text, "%sDNS:h%d.example", i == 0 ? "" : ",", i);
	gw_buf_add(&text, (struct gw_span){ (const uint8_t *)"", 1 });
	X509 *x = make(NULL, (const char *)text.p);
	assert_int_equal(tls_identity_read(x, &id), GW_ELIMIT);
	X509_free(x);
	gw_buf_clear(&text);
}

static const char doc[] =
    "<mcxgw xmlns='urn:mcxgw:config:1' name='gw.border.example'>\n"
    "<tls id='border' certificate='pki/gateway.pem' key='pki/gateway.key' "
    "ca='pki/ca.pem' crl='pki/ca.crl'/>\n"
    "<listener id='b' transport='tls' address='127.0.0.1' port='5061' "
    "tls='border' advertise='gw.border.example:5061'/>\n"
    "<system id='alpha' side='local'>\n"
    "<domain name='mcptt.alpha.example'/>\n"
    "<identity tls='gw.alpha.example'/>\n"
    "<next-hop address='127.0.0.1:5080' transport='tls' tls='border'/>\n"
    "</system>\n"
    "<system id='bravo' side='partner'>\n"
    "<domain name='mcptt.bravo.example'/>\n"
    "<identity tls='GW.bravo.example'/><identity tls='gw2.bravo.example'/>\n"
    "<next-hop address='127.0.0.1:5091' transport='tls' tls='border'/>\n"
    "</system>\n"
    "<topology keys='pki/token.keys'/>\n"
    "<policy file='policy.xml' agreements='agreements'/>\n"
    "</mcxgw>\n";

static void
one_system_or_none(void **state)
{
	static const struct {
		const char *names;
		enum gw_err err;
		const char *system;
	} cases[] = {
		{ "DNS:gw.bravo.example", GW_OK, "bravo" },
		{ "DNS:GW2.BRAVO.EXAMPLE", GW_OK, "bravo" },
		{ "DNS:other.example,URI:sip:gw2.bravo.example", GW_OK,
		    "bravo" },
		{ "DNS:gw.bravo.example,DNS:gw2.bravo.example", GW_OK,
		    "bravo" },
		{ "URI:sip:gw.alpha.example", GW_OK, "alpha" },
		{ "DNS:gw.bravo.example,DNS:gw.alpha.example", GW_EAUTH, NULL },
		{ "DNS:other.example", GW_ENOTFOUND, NULL },
		{ "DNS:*.bravo.example", GW_ENOTFOUND, NULL },
		{ "DNS:mcptt.bravo.example", GW_ENOTFOUND, NULL },
	};
	const char *dir = *state;
	char path[512];
	struct gw_diag *d = gw_diag_new();

	snprintf(path, sizeof(path), "%s/mcxgw.xml", dir);
	struct conf *c =
	    conf_parse(gw_span_of(doc), path, SCHEMAS, gw_now_read(), d);
	assert_non_null(c);
	for (size_t i = 0; i < GW_COUNT(cases); i++) {
		X509 *x = make("gw.alpha.example", cases[i].names);
		struct tls_identity id;
		uint16_t system = GW_SYSTEM_NONE;
		assert_int_equal(tls_identity_read(x, &id), GW_OK);
		assert_int_equal(
		    tls_identity_system(&id, c, &system), cases[i].err);
		if (cases[i].system == NULL) {
			assert_int_equal(system, GW_SYSTEM_NONE);
		} else {
			assert_string_equal(
			    c->systems[system].base.id, cases[i].system);
			assert_true(tls_identity_is(&id, &c->systems[system]));
			assert_false(
			    tls_identity_is(&id, &c->systems[1 - system]));
		}
		X509_free(x);
	}
	conf_free(c);
	gw_diag_free(d);
}

static int
set_up(void **state)
{
	*state = tpki_new();
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
		cmocka_unit_test(
		    uris_come_first_then_dns_then_the_common_name_alone),
		cmocka_unit_test(
		    names_compare_without_case_and_without_wildcards),
		cmocka_unit_test(a_name_with_a_nul_is_refused),
		cmocka_unit_test(
		    names_that_cannot_be_read_never_fall_back_to_the_common_name),
		cmocka_unit_test(more_names_than_we_look_at_are_refused),
		cmocka_unit_test(one_system_or_none),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
