/*
 * test_kms_cut.c: certificates leave a message of a KMS whole; all else stays
 * octet for octet.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "codec/mikey/kms_cut.h"
#include "mcxgw/buf.h"

#define NS " xmlns=\"urn:3gpp:ns:mcsecKMSInterface:1.0\""
#define HEAD                                                                   \
	"<?xml version=\"1.0\"?>\n<KmsResponse" NS ">\n <KmsUri>home</KmsUri>"
#define CERT(uri)                                                              \
	"<KmsCertificate Role=\"External\"><KmsUri>" uri                       \
	"</KmsUri><PubAuthKey>04</PubAuthKey></KmsCertificate>"
#define SIGNED(uri)                                                            \
	"<SignedKmsCertificate>" CERT(uri) "<Signature>x</Signature>"          \
					   "</SignedKmsCertificate>"
#define CACHE(certs)                                                           \
	HEAD "<KmsMessage><KmsCertCache CacheNum=\"7\">" certs                 \
	     "</KmsCertCache></KmsMessage></KmsResponse>\n"

static struct gw_arena *arena;

/* Everything of "good" may be kept, and "Good&Co" of the escaped one. */
static bool
is_good(const void *arg, struct gw_span kms)
{
	(void)arg;
	return gw_span_istarts(kms, GW_SPAN("good"));
}

static const struct {
	const char *name, *in, *out; /* out NULL: refused with err */
	enum gw_err err;
	size_t kept, removed;
} rows[] = {
	{ "nothing to cut", CACHE(CERT("good.a") "\n" SIGNED("good.b")),
	    CACHE(CERT("good.a") "\n" SIGNED("good.b")), GW_OK, 2, 0 },
	{ "no certificate at all", CACHE(""), CACHE(""), GW_OK, 0, 0 },
	{ "one of two", CACHE(CERT("good.a") " " CERT("bad")),
	    CACHE(CERT("good.a") " "), GW_OK, 1, 1 },
	{ "the first and the last",
	    CACHE(CERT("bad") "<!-- - -->" CERT("good.a") "\t" SIGNED("bad")),
	    CACHE("<!-- - -->" CERT("good.a") "\t"), GW_OK, 1, 2 },
	{ "a signed one goes with its signature",
	    CACHE(SIGNED("bad") SIGNED("good.a")), CACHE(SIGNED("good.a")),
	    GW_OK, 1, 1 },
	{ "an escaped name is read", CACHE(CERT("&#x67;ood&amp;Co")),
	    CACHE(CERT("&#x67;ood&amp;Co")), GW_OK, 1, 0 },
	{ "an escaped name hides nothing", CACHE(CERT("&#98;ad")), CACHE(""),
	    GW_OK, 0, 1 },
	{ "another namespace hides nothing",
	    CACHE("<v:KmsCertificate xmlns:v=\"urn:v\"><v:KmsUri>bad"
		  "</v:KmsUri></v:KmsCertificate>"),
	    CACHE(""), GW_OK, 0, 1 },
	{ "nor does depth", CACHE("<a><b><c>" CERT("bad") "</c></b></a>"),
	    CACHE("<a><b><c></c></b></a>"), GW_OK, 0, 1 },
	{ "nobody's is nobody's",
	    CACHE("<KmsCertificate><PubAuthKey/>"
		  "</KmsCertificate>"),
	    CACHE(""), GW_OK, 0, 1 },
	{ "an empty one", CACHE("<SignedKmsCertificate/>"), CACHE(""), GW_OK, 0,
	    1 },
	{ "two names",
	    CACHE("<KmsCertificate><KmsUri>good.a</KmsUri><KmsUri>good.b"
		  "</KmsUri></KmsCertificate>"),
	    CACHE(""), GW_OK, 0, 1 },
	{ "a name in pieces",
	    CACHE("<KmsCertificate><KmsUri>good<!-- -->.bad</KmsUri>"
		  "</KmsCertificate>"),
	    CACHE(""), GW_OK, 0, 1 },
	{ "an element in the name",
	    CACHE("<KmsCertificate><KmsUri>good<x/></KmsUri>"
		  "</KmsCertificate>"),
	    CACHE(""), GW_OK, 0, 1 },
	{ "a name that is deeper is none",
	    CACHE("<KmsCertificate><x><KmsUri>good.a</KmsUri></x>"
		  "</KmsCertificate>"),
	    CACHE(""), GW_OK, 0, 1 },
	{ "one in another goes with it",
	    CACHE("<KmsCertificate><KmsUri>good.a</KmsUri>" CERT(
		"good.b") "</KmsCertificate>"),
	    CACHE(""), GW_OK, 0, 1 },
	{ "two signed together, one of them bad",
	    CACHE("<SignedKmsCertificate>" CERT("good.a")
		    CERT("bad") "</SignedKmsCertificate>"),
	    CACHE(""), GW_OK, 0, 1 },
	{ "text that looks like one",
	    CACHE("<x><![CDATA[" CERT("bad") "]]></x>"),
	    CACHE("<x><![CDATA[" CERT("bad") "]]></x>"), GW_OK, 0, 0 },
	{ "a signed response that needs no cut",
	    "<SignedKmsResponse" NS ">" CERT("good.a") "<Signature/>"
						       "</SignedKmsResponse>",
	    "<SignedKmsResponse" NS ">" CERT("good.a") "<Signature/>"
						       "</SignedKmsResponse>",
	    GW_OK, 1, 0 },
	{ "one that does",
	    "<SignedKmsResponse" NS ">" CERT("bad") "<Signature/>"
						    "</SignedKmsResponse>",
	    NULL, GW_EAUTH, 0, 0 },
	{ "its signature may come first",
	    "<SignedKmsResponse" NS
	    "><d:Signature xmlns:d=\"d\"/>" CERT("bad") "</SignedKmsResponse>",
	    NULL, GW_EAUTH, 0, 0 },
	{ "alone, and bad",
	    "<KmsCertificate" NS "><KmsUri>bad</KmsUri>"
	    "</KmsCertificate>",
	    NULL, GW_ENOTFOUND, 0, 0 },
	{ "what tells domains of users", CACHE("<KmsLookup/>"), NULL,
	    GW_EUNSUPPORTED, 0, 0 },
	{ "no end", HEAD CERT("good.a"), NULL, GW_EMALFORMED, 0, 0 },
	{ "no document", "<html><br></html>", NULL, GW_EMALFORMED, 0, 0 },
	{ "entities", "<!DOCTYPE x [<!ENTITY e \"bad\">]><x/>", NULL,
	    GW_EMALFORMED, 0, 0 },
};

static enum gw_err
cut(struct gw_span in, struct kms_cut *out)
{
	static const struct gw_span never = GW_LIT("KmsLookup");
	const struct kms_cut_rules rules = { is_good, NULL, &never, 1 };
	struct gw_fault fault;

	return kms_cut(arena, in, &rules, out, &fault);
}

static void
cuts_as_told(void **state)
{
	(void)state;
	for (size_t i = 0; i < GW_COUNT(rows); i++) {
		struct kms_cut got = { 0 }, again;
		gw_arena_reset(arena);
		enum gw_err err = cut(gw_span_of(rows[i].in), &got);
		bool ok = err == rows[i].err;
		if (ok && err == GW_OK)
			ok = gw_span_eq(got.out, gw_span_of(rows[i].out)) &&
			     got.kept == rows[i].kept &&
			     got.removed == rows[i].removed &&
			     cut(got.out, &again) == GW_OK &&
			     again.removed == 0;
		if (!ok)
			fail_msg("%s: %s, kept %zu, removed %zu: %.*s",
			    rows[i].name, gw_strerror(err), got.kept,
			    got.removed, GW_FMT(got.out));
	}
}

static void
tells_where_it_stands(void **state)
{
	const char *text = CACHE(SIGNED("good.a") CERT("bad"));
	struct kms_cut got;

	(void)state;
	gw_arena_reset(arena);
	assert_int_equal(cut(gw_span_of(text), &got), GW_OK);
	assert_true(gw_span_eq(got.certificate, GW_SPAN(CERT("good.a"))));
	assert_true(gw_span_eq(got.with_signature, GW_SPAN(SIGNED("good.a"))));
}

static void
bounds_their_number(void **state)
{
	struct gw_buf text;
	struct kms_cut got;

	(void)state;
	for (size_t extra = 0; extra < 2; extra++) {
		gw_arena_reset(arena);
		gw_buf_init(&text, 1u << 20);
		gw_buf_text(&text, "<x>");
		for (size_t i = 0; i < KMS_CUT_CERTS_MAX + extra; i++)
			gw_buf_text(
			    &text, i % 2 == 0 ? CERT("good") : CERT("bad"));
		gw_buf_text(&text, "</x>");
		assert_int_equal(cut(gw_buf_span(&text), &got),
		    extra == 0 ? GW_OK : GW_ELIMIT);
		gw_buf_clear(&text);
	}
	assert_int_equal(got.removed, KMS_CUT_CERTS_MAX / 2);
}

static void
fails_closed_without_memory(void **state)
{
	const char *text = CACHE(CERT("bad") CERT("&#103;ood"));
	bool done = false;

	(void)state;
	for (size_t cap = 1; !done && cap < 65536; cap += 64) {
		struct gw_arena *own = arena;
		struct kms_cut got;
		arena = gw_arena_new(cap);
		assert_non_null(arena);
		enum gw_err err = cut(gw_span_of(text), &got);
		assert_true(err == GW_OK || err == GW_ENOMEM);
		if (err == GW_OK)
			assert_int_equal(got.removed, 1);
		done = err == GW_OK;
		gw_arena_free(arena);
		arena = own;
	}
	assert_true(done);
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
		cmocka_unit_test(cuts_as_told),
		cmocka_unit_test(tells_where_it_stands),
		cmocka_unit_test(bounds_their_number),
		cmocka_unit_test(fails_closed_without_memory),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
