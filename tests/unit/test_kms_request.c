/*
 * test_kms_request.c: what a path and a body ask of a KMS, and by which names
 * a KMS is found.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "core/kms_index.h"
#include "core/kms_request.h"

#define ROOT	    "/keymanagement/identity/v1/"
#define NS	    " xmlns=\"urn:3gpp:ns:mcsecKMSInterface:1.0\""
#define BODY(inner) "<KmsRequest" NS ">" inner "</KmsRequest>"

static struct gw_arena *arena;

static const struct {
	const char *path, *body;
	enum gw_err err;
	enum policy_kms_request what;
	const char *kms, *user, *to;
} rows[] = {
	{ ROOT "init", "", GW_OK, POLICY_KMS_INIT, "", "", "" },
	{ ROOT "keyprov", "", GW_OK, POLICY_KMS_KEYPROV, "", "", "" },
	{ ROOT "keyprov/sip%3Auser%40x.example", "", GW_OK, POLICY_KMS_KEYPROV,
	    "", "sip:user@x.example", "" },
	{ ROOT "keyprov/sip%3Auser%40x.example/D6B4323200000000", "", GW_OK,
	    POLICY_KMS_KEYPROV, "", "sip:user@x.example", "" },
	{ ROOT "keyprov/sip%3Auser%40x.example/D6B43232", "", GW_EMALFORMED,
	    POLICY_KMS_KEYPROV, "", "", "" },
	{ ROOT "cert/kms.x.example", "", GW_OK, POLICY_KMS_CERT,
	    "kms.x.example", "", "" },
	{ ROOT "cert/kms%2Fx", "", GW_OK, POLICY_KMS_CERT, "kms/x", "", "" },
	{ ROOT "cert/kms/x", "", GW_EMALFORMED, POLICY_KMS_CERT, "", "", "" },
	{ ROOT "cert", "", GW_EMALFORMED, POLICY_KMS_CERT, "", "", "" },
	{ ROOT "cert/", "", GW_EMALFORMED, POLICY_KMS_CERT, "", "", "" },
	{ ROOT "cert/%2e%2e", "", GW_EMALFORMED, POLICY_KMS_CERT, "", "", "" },
	{ ROOT "cert/../init", "", GW_EMALFORMED, POLICY_KMS_CERT, "", "", "" },
	{ ROOT "cert/..%2Finit", "", GW_EMALFORMED, POLICY_KMS_CERT, "", "",
	    "" },
	{ ROOT "cert/kms.x%2f%2e%2e%2f%2e%2e%2finit", "", GW_EMALFORMED,
	    POLICY_KMS_CERT, "", "", "" },
	{ ROOT "keyprov/sip%3Au%40x%3Ba=%2F..%2Fsip%3Av%40x", "", GW_EMALFORMED,
	    POLICY_KMS_KEYPROV, "", "", "" },
	{ ROOT "cert/a%20b", "", GW_EMALFORMED, POLICY_KMS_CERT, "", "", "" },
	{ ROOT "cert/a%0d%0ab", "", GW_EMALFORMED, POLICY_KMS_CERT, "", "",
	    "" },
	{ ROOT "cert/a%zz", "", GW_EMALFORMED, POLICY_KMS_CERT, "", "", "" },
	{ ROOT "cert/a?b=c", "", GW_EMALFORMED, POLICY_KMS_CERT, "", "", "" },
	{ ROOT "certcache", "", GW_OK, POLICY_KMS_CERTCACHE, "", "", "" },
	{ ROOT "certcache/12", "", GW_OK, POLICY_KMS_CERTCACHE, "", "", "" },
	{ ROOT "certcache/x", "", GW_EMALFORMED, POLICY_KMS_CERTCACHE, "", "",
	    "" },
	{ ROOT "certcache/1/2", "", GW_EMALFORMED, POLICY_KMS_CERTCACHE, "", "",
	    "" },
	{ ROOT "redirect", "", GW_OK, POLICY_KMS_REDIRECT, "", "", "" },
	{ ROOT "redirect/x", "", GW_EMALFORMED, POLICY_KMS_REDIRECT, "", "",
	    "" },
	{ ROOT "lookup/sip%3Aa%40b", "", GW_ENOTFOUND, 0, "", "", "" },
	{ ROOT "initx", "", GW_ENOTFOUND, 0, "", "", "" },
	{ ROOT "Init", "", GW_ENOTFOUND, 0, "", "", "" },
	{ ROOT "init;x", "", GW_ENOTFOUND, 0, "", "", "" },
	{ ROOT "%69nit", "", GW_ENOTFOUND, 0, "", "", "" },
	{ ROOT "/init", "", GW_ENOTFOUND, 0, "", "", "" },
	{ ROOT "./init", "", GW_ENOTFOUND, 0, "", "", "" },
	{ ROOT "init/", "", GW_EMALFORMED, POLICY_KMS_INIT, "", "", "" },
	{ ROOT "init?x", "", GW_ENOTFOUND, 0, "", "", "" },
	{ ROOT, "", GW_ENOTFOUND, 0, "", "", "" },
	{ "/x" ROOT "init", "", GW_ENOTFOUND, 0, "", "", "" },
	{ ROOT "init",
	    BODY("<UserUri>sip:u@x.example</UserUri><KmsUri> kms.x </KmsUri>"),
	    GW_OK, POLICY_KMS_INIT, "", "sip:u@x.example", "kms.x" },
	{ ROOT "init",
	    "<SignedKmsRequest" NS "><KmsRequest><KmsUri>kms.x&amp;y</KmsUri>"
	    "</KmsRequest><Signature><KmsUri>other</KmsUri></Signature>"
	    "</SignedKmsRequest>",
	    GW_OK, POLICY_KMS_INIT, "", "", "kms.x&y" },
	{ ROOT "init", BODY("<a><KmsUri>kms.x</KmsUri></a>"), GW_OK,
	    POLICY_KMS_INIT, "", "", "" },
	{ ROOT "init", BODY("<KmsUri>a</KmsUri><KmsUri>b</KmsUri>"),
	    GW_EMALFORMED, POLICY_KMS_INIT, "", "", "" },
	{ ROOT "init", BODY("<KmsUri>a<!-- -->b</KmsUri>"), GW_EMALFORMED,
	    POLICY_KMS_INIT, "", "", "" },
	{ ROOT "init", BODY("<KmsUri>a<x/></KmsUri>"), GW_EMALFORMED,
	    POLICY_KMS_INIT, "", "", "" },
	{ ROOT "init",
	    "<SignedKmsRequest" NS "><KmsRequest/><KmsRequest/>"
	    "</SignedKmsRequest>",
	    GW_EMALFORMED, POLICY_KMS_INIT, "", "", "" },
	{ ROOT "init",
	    BODY("<x:UserUri xmlns:x=\"urn:x\">sip:u@x.example</x:UserUri>"),
	    GW_EMALFORMED, POLICY_KMS_INIT, "", "", "" },
	{ ROOT "init",
	    "<SignedKmsRequest" NS "><KmsRequest xmlns=\"urn:x\"><UserUri>"
	    "sip:u@x.example</UserUri></KmsRequest></SignedKmsRequest>",
	    GW_EMALFORMED, POLICY_KMS_INIT, "", "", "" },
	{ ROOT "init", "<html/>", GW_EMALFORMED, POLICY_KMS_INIT, "", "", "" },
	{ ROOT "init", "x", GW_EMALFORMED, POLICY_KMS_INIT, "", "", "" },
	{ ROOT "keyprov/sip%3Au%40x.example",
	    BODY("<UserUri>sip:u@X.example</UserUri>"), GW_OK,
	    POLICY_KMS_KEYPROV, "", "sip:u@x.example", "" },
	{ ROOT "keyprov/sip%3Au%40x.example",
	    BODY("<UserUri>sip:v@x.example</UserUri>"), GW_EMALFORMED,
	    POLICY_KMS_KEYPROV, "", "", "" },
};

static void
paths_and_bodies(void **state)
{
	(void)state;
	for (size_t i = 0; i < GW_COUNT(rows); i++) {
		const struct gw_http_request r = { .method = GW_HTTP_POST,
			.path = gw_span_of(rows[i].path),
			.body = gw_span_of(rows[i].body) };
		struct kms_request q = { 0 };
		struct gw_fault fault = { 0, NULL };
		enum gw_err err = kms_request_read(arena, &r, &q, &fault);
		bool ok = err == rows[i].err;
		if (ok && err != GW_ENOTFOUND)
			ok = q.what == rows[i].what;
		if (ok && err == GW_EMALFORMED)
			ok = fault.why != NULL;
		if (ok && err == GW_OK)
			ok = gw_span_eq(q.kms, gw_span_of(rows[i].kms)) &&
			     gw_span_eq(q.user, gw_span_of(rows[i].user)) &&
			     gw_span_eq(q.to, gw_span_of(rows[i].to));
		if (!ok)
			fail_msg("%s %s: %s", rows[i].path, rows[i].body,
			    gw_strerror(err));
	}
}

static void
post_alone(void **state)
{
	struct gw_http_request r = { .method = GW_HTTP_GET,
		.path = GW_SPAN(ROOT "init") };
	struct kms_request q;
	struct gw_fault fault;

	(void)state;
	assert_int_equal(
	    kms_request_read(arena, &r, &q, &fault), GW_EUNSUPPORTED);
	r.method = GW_HTTP_OTHER;
	assert_int_equal(
	    kms_request_read(arena, &r, &q, &fault), GW_EUNSUPPORTED);
	r.path = GW_SPAN("/x");
	assert_int_equal(kms_request_read(arena, &r, &q, &fault), GW_ENOTFOUND);
}

/* ---- the index ---- */

static const struct conf_service services[] = {
	{ .is_kms = true,
	    .kms = "kms.a.example",
	    .authority = "kms.a.example",
	    .system = 0,
	    .id = 0 },
	{ .is_kms = true,
	    .kms = "kms.b.example",
	    .authority = "keys.b.example:8443",
	    .system = 1,
	    .id = 1 },
	{ .is_kms = true,
	    .kms = "kms.two.example",
	    .authority = "one.example:1",
	    .system = 1,
	    .id = 2 },
	{ .is_kms = true,
	    .kms = "kms.three.example",
	    .authority = "one.example:1",
	    .system = 2,
	    .id = 3 },
	{ .is_kms = false,
	    .kms = "kms.lookup.example",
	    .authority = "lookup.example",
	    .system = 2,
	    .id = 4 },
	{ .is_kms = true,
	    .kms = "urn:kms:7",
	    .authority = "[::1]:9",
	    .system = 2,
	    .id = 5 },
};

static void
kmss_are_found_by_name(void **state)
{
	static const struct {
		const char *name;
		uint16_t except;
		int id; /* -1: none, -2: ambiguous */
	} asks[] = {
		{ "kms.b.example", 0, 1 },
		{ "KMS.b.Example", 0, 1 },
		{ "kms.b.example:77", 0, 1 },
		{ "https://kms.b.example:77/x", 0, 1 },
		{ "keys.b.example:8443", 0, 1 },
		{ "keys.b.example", 0, -1 },
		{ "kms.b.example", 1, -1 },
		{ "kms.a.example", 0, -1 },
		{ "kms.a.example", 1, 0 },
		{ "one.example:1", 0, -2 },
		{ "one.example:1", 1, 3 },
		{ "one.example", 0, -1 },
		{ "one.example:3", 0, -1 },
		{ "one.example:1", 2, 2 },
		{ "kms.lookup.example", 0, -1 },
		{ "lookup.example", 0, -1 },
		{ "urn:kms:7", 0, 5 },
		{ "urn", 0, -1 },
		{ "[::1]:9", 0, 5 },
		{ "", 0, -1 },
		{ "kms", 0, -1 },
	};
	const struct conf_service *all[GW_COUNT(services)];
	struct conf conf = { .n_services = GW_COUNT(services),
		.services = all };

	(void)state;
	for (size_t i = 0; i < GW_COUNT(services); i++)
		all[i] = &services[i];
	struct kms_index *x = kms_index_new(&conf);
	assert_non_null(x);
	for (size_t i = 0; i < GW_COUNT(asks); i++) {
		bool ambiguous = false;
		const struct conf_service *s = kms_index_find(
		    x, gw_span_of(asks[i].name), asks[i].except, &ambiguous);
		int got = ambiguous ? -2 : s == NULL ? -1 : (int)s->id;
		if (got != asks[i].id || (ambiguous && s != NULL))
			fail_msg("\"%s\" but %u: %d", asks[i].name,
			    asks[i].except, got);
	}
	kms_index_free(x);
}

static int
set_up(void **state)
{
	(void)state;
	return (arena = gw_arena_new(1u << 20)) == NULL;
}

static int
tear_down(void **state)
{
	(void)state;
	gw_arena_free(arena);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(paths_and_bodies),
		cmocka_unit_test(post_alone),
		cmocka_unit_test(kmss_are_found_by_name),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
