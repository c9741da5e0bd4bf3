/*
 * test_krr_sign.c: signing and verifying, against ourselves and against the
 * command xmlsec1, in both directions.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "codec/krr/krr_reduce.h"
#include "codec/krr/krr_verify.h"
#include "support/tfile.h"
#include "support/tkrr.h"
#include "support/tpki.h"

#define PATH_LEN 512
#define DOC_MAX	 65536
#define THREADS	 4
#define ROUNDS	 25

#define TGPP_ID	  "--id-attr:Id urn:3gpp:ns:mcsecKMSKRR:1.0:KmsRedirectResponse"
#define VENDOR_ID "--id-attr:id urn:example:vendor:redirect:2:Redirect"

static char *dir;
static char pki[PATH_LEN];
static struct gw_arena *arena;
static struct gw_buf out, outer_out;
static struct krr_fault no;
static int64_t now_us;

static int
set_up_group(void **state)
{
	(void)state;
	dir = tpki_new();
	snprintf(pki, sizeof(pki), "%s/pki", dir);
	arena = gw_arena_new(4u << 20);
	/* Some certificates are made only later. */
	now_us = ((int64_t)time(NULL) + 600) * 1000000;
	return krr_init() == GW_OK && arena != NULL ? 0 : 1;
}

static int
tear_down_group(void **state)
{
	(void)state;
	tpki_free(dir);
	gw_arena_free(arena);
	return 0;
}

static int
set_up(void **state)
{
	(void)state;
	gw_arena_reset(arena);
	gw_buf_init(&out, 1u << 20);
	gw_buf_init(&outer_out, 1u << 20);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	gw_buf_clear(&out);
	gw_buf_clear(&outer_out);
	return 0;
}

static void
sign_as(const char *name, const struct krr *k, struct gw_buf *to)
{
	struct krr_signer *s = tkrr_signer(pki, name);

	if (krr_sign(s, k, to, &no) != GW_OK)
		fail_msg("not signed: %s", no.fault.why);
	krr_signer_free(s);
}

static void
verify_ok(struct gw_span doc, const char *name, struct krr_verified *v)
{
	struct krr_trust *t = tkrr_trust(pki, "ca.crl", name);

	if (krr_verify(t, tkrr_dialects(), doc, now_us, arena, v, &no) != GW_OK)
		fail_msg(
		    "%.*s: %s at %zu", GW_FMT(doc), no.fault.why, no.fault.at);
	if (!gw_span_eq(v->name, gw_span_of(name)))
		fail_msg("by \"%.*s\"", GW_FMT(v->name));
	krr_trust_free(t);
}

static void
write_file(struct gw_span text)
{
	char path[PATH_LEN];

	snprintf(path, sizeof(path), "%s/krr.xml", dir);
	FILE *f = fopen(path, "wb");

	assert_non_null(f);
	assert_int_equal(fwrite(text.p, 1, text.len, f), text.len);
	assert_int_equal(fclose(f), 0);
}

/* The command xmlsec1 verifies the Signature at the path. */
static void
xmlsec1_ok(struct gw_span doc, const char *id, const char *path)
{
	write_file(doc);
	tpki_run("xmlsec1 --verify %s --trusted-pem %s/ca.pem --enabled-key-"
		 "data x509,raw-x509-cert --node-xpath '%s' %s/krr.xml 2>&1 | "
		 "grep -q '^OK'",
	    id, pki, path, dir);
}

#define CHILD "/*[local-name()=\"Signature\"]"

static void
what_is_signed_is_verified(void **state)
{
	struct krr k = tkrr_example(), got;
	struct krr_verified v;

	(void)state;
	sign_as("bravo", &k, &out);
	verify_ok(gw_buf_span(&out), "gw.bravo.example", &v);
	assert_true(gw_span_eq(v.krr.id, k.id));
	assert_int_equal(v.krr.n_domains, 2);
	assert_true(gw_span_eq(v.krr.domains[1], k.domains[1]));
	assert_int_equal(v.krr.signature.len, 0);
	assert_int_equal(
	    krr_read(gw_buf_span(&out), tkrr_dialects(), arena, &got, &no),
	    GW_OK);
	assert_true(gw_span_istarts(got.signature, GW_SPAN("<Signature")));
	xmlsec1_ok(gw_buf_span(&out), TGPP_ID, "/*" CHILD);
}

static void
prefixes_and_the_place_beside_are_signed_too(void **state)
{
	static const struct {
		const char *dialect, *prefix, *id;
	} rows[] = {
		{ "3gpp", "k", TGPP_ID },
		{ "vendor", "", VENDOR_ID },
		{ "vendor", "v", VENDOR_ID },
	};
	struct krr_verified v;

	(void)state;
	for (size_t i = 0; i < GW_COUNT(rows); i++) {
		struct krr k = tkrr_example();
		k.dialect = tkrr_dialect(rows[i].dialect);
		k.prefix = gw_span_of(rows[i].prefix);
		gw_buf_reset(&out);
		sign_as("bravo", &k, &out);
		verify_ok(gw_buf_span(&out), "gw.bravo.example", &v);
		assert_ptr_equal(v.krr.dialect, k.dialect);
		xmlsec1_ok(gw_buf_span(&out), rows[i].id, "/*" CHILD);
	}
}

static void
without_an_id_the_whole_document_is_signed(void **state)
{
	struct krr_dialect no_id = *tkrr_dialect("3gpp");
	struct krr_dialects set = { NULL, 1, &no_id };
	struct krr_trust *t = tkrr_trust(pki, NULL, "gw.bravo.example");
	struct krr k = tkrr_example();
	struct krr_verified v;

	(void)state;
	no_id.id_attr.len = 0;
	k.dialect = &no_id;
	k.id.len = 0;
	sign_as("bravo", &k, &out);
	assert_int_equal(
	    krr_verify(t, &set, gw_buf_span(&out), now_us, arena, &v, &no),
	    GW_OK);
	xmlsec1_ok(gw_buf_span(&out), "", "/*" CHILD);
	struct gw_arena *small = gw_arena_new(256);
	assert_int_equal(
	    krr_verify(t, &set, gw_buf_span(&out), now_us, small, &v, &no),
	    GW_ENOMEM);
	assert_int_equal(no.why, KRR_MEMORY);
	gw_arena_free(small);
	krr_trust_free(t);
}

static void
a_signature_is_appended_to_what_is_there(void **state)
{
	struct krr k = tkrr_example();
	struct krr_verified v;

	(void)state;
	gw_buf_text(&out, "before");
	sign_as("bravo", &k, &out);
	verify_ok(
	    gw_span_sub(gw_buf_span(&out), 6, out.len), "gw.bravo.example", &v);
}

static bool
is_first(void *arg, struct gw_span domain)
{
	(void)arg;
	return gw_span_eq(domain, GW_SPAN(TKRR_ONE));
}

/* Embed what is in out, signed by another; into out. */
static void
wrap(const char *by, const char *id)
{
	struct krr k, outer;
	struct krr_reduced r;

	assert_int_equal(
	    krr_read(gw_buf_span(&out), tkrr_dialects(), arena, &k, &no),
	    GW_OK);
	krr_reduce(&k, is_first, NULL, &r);
	krr_rewrap(&k, &r, &outer);
	outer.id = gw_span_of(id);
	outer.author = GW_SPAN("sip:gw.example");
	outer.time_us = now_us;
	gw_buf_reset(&outer_out);
	sign_as(by, &outer, &outer_out);
	gw_buf_reset(&out);
	gw_buf_add(&out, gw_buf_span(&outer_out));
}

/* In a chain of gateways each signature is good: that of the whole, and that
 * of each embedded KRR, taken out octet for octet and in its place. */
static void
chain_of_three(struct krr k, const char *id_attr)
{
	static const struct {
		const char *name, *path;
	} levels[] = {
		{ "gw.alpha.example", "/*" CHILD },
		{ "gw.border.example", "/*/*/*" CHILD },
		{ "gw.bravo.example", "/*/*/*/*/*" CHILD },
	};
	struct krr_verified v;

	gw_buf_reset(&out);
	sign_as("bravo", &k, &out);
	wrap("gateway", "krr-2");
	wrap("alpha", "krr-3");
	struct gw_span whole = gw_buf_span(&out), doc = whole;
	for (size_t i = 0; i < GW_COUNT(levels); i++) {
		struct krr got;
		xmlsec1_ok(whole, id_attr, levels[i].path);
		xmlsec1_ok(doc, id_attr, "/*" CHILD);
		verify_ok(doc, levels[i].name, &v);
		assert_int_equal(v.krr.nested, 2 - i);
		assert_int_equal(
		    krr_read(doc, tkrr_dialects(), arena, &got, &no), GW_OK);
		doc = got.embedded;
	}
	assert_int_equal(v.krr.n_domains, 2);
	assert_int_equal(doc.len, 0);
}

static void
chains_of_gateways_verify_at_each_level(void **state)
{
	struct krr k = tkrr_example();

	(void)state;
	chain_of_three(k, TGPP_ID);
	k.prefix = GW_SPAN("k");
	chain_of_three(k, TGPP_ID);
}

static void
a_vendors_krr_is_embedded_in_another_dialect(void **state)
{
	struct krr k = tkrr_example(), got, outer;
	struct krr_reduced r;
	struct krr_verified v;

	(void)state;
	k.dialect = tkrr_dialect("vendor");
	k.prefix = GW_SPAN("v");
	sign_as("bravo", &k, &out);
	assert_int_equal(
	    krr_read(gw_buf_span(&out), tkrr_dialects(), arena, &got, &no),
	    GW_OK);
	krr_reduce(&got, is_first, NULL, &r);
	krr_rewrap(&got, &r, &outer);
	outer.id = GW_SPAN("outer");
	outer.dialect = tkrr_dialect("3gpp");
	sign_as("gateway", &outer, &outer_out);
	verify_ok(gw_buf_span(&outer_out), "gw.border.example", &v);
	assert_ptr_equal(v.krr.dialect, outer.dialect);
	assert_int_equal(v.krr.nested, 1);
	xmlsec1_ok(gw_buf_span(&outer_out), TGPP_ID, "/*" CHILD);
	xmlsec1_ok(gw_buf_span(&outer_out), VENDOR_ID, "/*/*/*" CHILD);
}

#define TEMPLATE(uri, transforms, key_info)                                    \
	"<ds:Signature xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\">\n "    \
	"<ds:SignedInfo><ds:CanonicalizationMethod Algorithm="                 \
	"\"http://www.w3.org/TR/2001/REC-xml-c14n-20010315\"/>\n "             \
	"<ds:SignatureMethod Algorithm="                                       \
	"\"http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256\"/>"            \
	"<ds:Reference URI=\"" uri "\"><ds:Transforms>" transforms             \
	"</ds:Transforms><ds:DigestMethod Algorithm="                          \
	"\"http://www.w3.org/2001/04/xmlenc#sha256\"/><ds:DigestValue/>"       \
	"</ds:Reference></ds:SignedInfo><ds:SignatureValue/>"                  \
	"<ds:KeyInfo><ds:X509Data>" key_info                                   \
	"</ds:X509Data></ds:KeyInfo></ds:Signature>"
#define ENVELOPED                                                              \
	"<ds:Transform Algorithm="                                             \
	"\"http://www.w3.org/2000/09/xmldsig#enveloped-signature\"/>"
#define C14N                                                                   \
	"<ds:Transform Algorithm="                                             \
	"\"http://www.w3.org/TR/2001/REC-xml-c14n-20010315\"/>"

static void
what_xmlsec1_signs_is_verified(void **state)
{
	static const char *const templates[] = {
		TEMPLATE("", ENVELOPED, "<ds:X509Certificate/>"),
		TEMPLATE("#krr-1", ENVELOPED C14N, "<ds:X509Certificate/>"),
		TEMPLATE("", ENVELOPED C14N,
		    "<ds:X509SubjectName/><ds:X509IssuerSerial/>"
		    "<ds:X509Certificate/>"),
	};
	static uint8_t doc[DOC_MAX];
	struct krr k = tkrr_example();
	struct krr_verified v;
	char path[PATH_LEN];

	(void)state;
	for (size_t i = 0; i < GW_COUNT(templates); i++) {
		gw_buf_reset(&out);
		assert_int_equal(krr_build(&k, &out, &no), GW_OK);
		struct gw_span t = tkrr_replace(
		    gw_buf_span(&out), "</KmsRedirectResponse>", templates[i]);
		gw_buf_reset(&out);
		gw_buf_text(&out, "<?xml version=\"1.0\"?>\n<!-- one -->\n");
		gw_buf_add(&out, t);
		gw_buf_text(&out, "\n<!-- two --></KmsRedirectResponse>\n");
		write_file(gw_buf_span(&out));
		tpki_run("xmlsec1 --sign " TGPP_ID " --output "
			 "%s/signed.xml --privkey-pem %s/bravo.key,"
			 "%s/bravo.pem %s/krr.xml 2>&1",
		    dir, pki, pki, dir);
		snprintf(path, sizeof(path), "%s/signed.xml", dir);
		struct gw_span s = { doc, tfile_read(path, doc, sizeof(doc)) };
		verify_ok(s, "gw.bravo.example", &v);
		assert_int_equal(v.krr.n_domains, 2);
	}
}

static void
line_ends_of_other_writers_in_base64_are_read(void **state)
{
	struct krr k = tkrr_example();
	struct krr_verified v;

	(void)state;
	sign_as("bravo", &k, &out);
	struct gw_span doc = tkrr_replace(gw_buf_span(&out),
	    "<X509Certificate>", "<X509Certificate>&#13;\n\t ");
	doc = tkrr_replace(doc, "<SignatureValue>", "<SignatureValue>&#xD;\n");
	verify_ok(doc, "gw.bravo.example", &v);
}

static void
an_author_under_an_intermediate_is_verified(void **state)
{
	struct krr k = tkrr_example();
	struct krr_verified v;

	(void)state;
	tpki_run("cd %s && openssl genpkey -algorithm EC -pkeyopt "
		 "ec_paramgen_curve:P-256 -out sub.key 2>/dev/null && "
		 "openssl req -new -key sub.key -subj /CN=sub -out sub.csr && "
		 "printf 'basicConstraints=critical,CA:TRUE\\n' >sub.cnf && "
		 "openssl x509 -req -in sub.csr -CA ca.pem -CAkey ca.key "
		 "-days 30 -extfile sub.cnf -out sub.pem 2>/dev/null && "
		 "openssl genpkey -algorithm EC -pkeyopt "
		 "ec_paramgen_curve:P-256 -out leaf.key 2>/dev/null && "
		 "openssl req -new -key leaf.key -subj /CN=x -out leaf.csr && "
		 "printf 'subjectAltName=DNS:Leaf.example\\n' >leaf.cnf && "
		 "openssl x509 -req -in leaf.csr -CA sub.pem -CAkey sub.key "
		 "-days 30 -extfile leaf.cnf -out one.pem 2>/dev/null && "
		 "cat one.pem sub.pem >leaf.pem",
	    pki);
	sign_as("leaf", &k, &out);
	struct krr_trust *t = tkrr_trust(pki, NULL, "leaf.example");
	assert_int_equal(krr_verify(t, tkrr_dialects(), gw_buf_span(&out),
			     now_us, arena, &v, &no),
	    GW_OK);
	krr_trust_free(t);
}

static void
a_signer_needs_a_p256_key_and_its_certificate(void **state)
{
	static const struct {
		const char *certificate, *key;
		enum gw_err err;
	} rows[] = {
		{ "missing.pem", "bravo.key", GW_EIO },
		{ "bravo.pem", "missing.key", GW_EIO },
		{ "bad/garbage.pem", "bravo.key", GW_EIO },
		{ "bravo.pem", "bad/garbage.pem", GW_EIO },
		{ "bravo.pem", "bad/encrypted.key", GW_EIO },
		{ "bravo.pem", "alpha.key", GW_EMALFORMED },
		{ "bad/weak.pem", "bad/weak.key", GW_EMALFORMED },
		{ "p384.pem", "p384.key", GW_EMALFORMED },
		{ "five.pem", "bravo.key", GW_ELIMIT },
	};
	char certificate[PATH_LEN + 32], key[PATH_LEN + 32];
	struct krr_signer *s = NULL;
	struct gw_fault fault;

	(void)state;
	tpki_run("cd %s && openssl req -x509 -newkey ec -pkeyopt "
		 "ec_paramgen_curve:P-384 -nodes -keyout p384.key -subj /CN=x "
		 "-out p384.pem 2>/dev/null && "
		 "cat bravo.pem bravo.pem bravo.pem bravo.pem bravo.pem "
		 ">five.pem",
	    pki);
	for (size_t i = 0; i < GW_COUNT(rows); i++) {
		snprintf(certificate, sizeof(certificate), "%s/%s", pki,
		    rows[i].certificate);
		snprintf(key, sizeof(key), "%s/%s", pki, rows[i].key);
		fault.why = NULL;
		assert_int_equal(
		    krr_signer_new(certificate, key, &s, &fault), rows[i].err);
		assert_non_null(fault.why);
		assert_null(s);
	}
}

static void
trust_needs_its_files(void **state)
{
	char ca[PATH_LEN + 32], crl[PATH_LEN + 32];
	struct krr_trust *t = NULL;
	struct gw_span many[KRR_NAMES_MAX + 1] = { { NULL, 0 } };
	struct gw_fault fault;

	(void)state;
	snprintf(ca, sizeof(ca), "%s/bad/garbage.pem", pki);
	assert_int_equal(
	    krr_trust_new(&(struct krr_trust_source){ .ca = ca }, &t, &fault),
	    GW_EIO);
	assert_int_equal(
	    krr_trust_new(
		&(struct krr_trust_source){ .ca = "missing" }, &t, &fault),
	    GW_EIO);
	snprintf(ca, sizeof(ca), "%s/ca.pem", pki);
	snprintf(crl, sizeof(crl), "%s/bad/garbage.pem", pki);
	assert_int_equal(
	    krr_trust_new(
		&(struct krr_trust_source){ .ca = ca, .crl = crl }, &t, &fault),
	    GW_EIO);
	assert_int_equal(krr_trust_new(&(struct krr_trust_source){ .ca = ca,
					   .n_names = KRR_NAMES_MAX + 1,
					   .names = many },
			     &t, &fault),
	    GW_ELIMIT);
	assert_null(t);
}

static void
without_an_id_nothing_is_signed(void **state)
{
	struct krr_signer *s = tkrr_signer(pki, "bravo");
	struct krr k = tkrr_example();

	(void)state;
	gw_buf_text(&out, "before");
	k.id.len = 0;
	assert_int_equal(krr_sign(s, &k, &out, &no), GW_EMALFORMED);
	assert_int_equal(no.why, KRR_ID);
	k = tkrr_example();
	k.dialect = tkrr_dialect("vendor");
	k.author = GW_SPAN("a b");
	assert_int_equal(krr_sign(s, &k, &out, &no), GW_EMALFORMED);
	assert_int_equal(no.why, KRR_CHARACTER);
	assert_int_equal(out.len, 6);
	krr_signer_free(s);
}

/* What all threads use. */
struct shared {
	const struct krr_signer *signer;
	const struct krr_trust *trust;
};

static void *
sign_and_verify(void *arg)
{
	const struct shared *s = arg;
	struct gw_arena *a = gw_arena_new(1u << 20);
	struct krr k = tkrr_example();
	struct krr_verified v;
	struct krr_fault fault;
	uintptr_t good = 0;
	struct gw_buf b;

	gw_buf_init(&b, 1u << 20);
	for (int i = 0; i < ROUNDS; i++) {
		gw_buf_reset(&b);
		gw_arena_reset(a);
		if (krr_sign(s->signer, &k, &b, &fault) == GW_OK &&
		    krr_verify(s->trust, krr_dialects_builtin(),
			gw_buf_span(&b), now_us, a, &v, &fault) == GW_OK)
			good++;
	}
	gw_buf_clear(&b);
	gw_arena_free(a);
	return (void *)good;
}

static void
several_threads_sign_and_verify_at_once(void **state)
{
	struct krr_signer *signer = tkrr_signer(pki, "bravo");
	struct krr_trust *trust = tkrr_trust(pki, "ca.crl", "gw.bravo.example");
	struct shared shared = { signer, trust };
	pthread_t threads[THREADS];

	(void)state;
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(
		    pthread_create(&threads[i], NULL, sign_and_verify, &shared),
		    0);
	for (int i = 0; i < THREADS; i++) {
		void *good;
		assert_int_equal(pthread_join(threads[i], &good), 0);
		assert_int_equal((uintptr_t)good, ROUNDS);
	}
	krr_trust_free(trust);
	krr_signer_free(signer);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	static const struct CMUnitTest tests[] = {
		TEST(what_is_signed_is_verified),
		TEST(prefixes_and_the_place_beside_are_signed_too),
		TEST(without_an_id_the_whole_document_is_signed),
		TEST(a_signature_is_appended_to_what_is_there),
		TEST(chains_of_gateways_verify_at_each_level),
		TEST(a_vendors_krr_is_embedded_in_another_dialect),
		TEST(what_xmlsec1_signs_is_verified),
		TEST(line_ends_of_other_writers_in_base64_are_read),
		TEST(an_author_under_an_intermediate_is_verified),
		TEST(a_signer_needs_a_p256_key_and_its_certificate),
		TEST(trust_needs_its_files),
		TEST(without_an_id_nothing_is_signed),
		TEST(several_threads_sign_and_verify_at_once),
	};

	return cmocka_run_group_tests(tests, set_up_group, tear_down_group);
}
