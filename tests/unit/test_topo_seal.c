/*
 * test_topo_seal.c: a URI of ours that is known as it was written is what
 * reading it finds, and so is what nearly looks like one.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "core/topo_seal.h"
#include "support/ttopo.h"

#define TOKEN "A.EAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA~"

static struct ttopo *x;

static int
set_up(void **state)
{
	(void)state;
	x = ttopo_new();
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	ttopo_free(x);
	return 0;
}

/* What it is without a short way. */
static void
assert_read_alike(uint16_t from, struct gw_span uri)
{
	struct topo t = ttopo_way(x, from, GW_SYSTEM_NONE);
	struct gw_span token = { NULL, 0 }, want = { NULL, 0 };
	struct gw_fault fault = { 0, NULL }, other = { 0, NULL };
	bool is_own = false, own = false;
	struct sip_uri u;
	enum gw_err err = sip_uri_parse(uri, &u, &other);

	if (err == GW_OK)
		own = topo_seal_is_own(x->snap.names, &u, &want);
	assert_int_equal(topo_seal_read(&t, uri, &is_own, &token, &fault), err);
	if (err != GW_OK) {
		assert_int_equal(fault.at, other.at);
		assert_ptr_equal(fault.why, other.why);
		return;
	}
	assert_int_equal(is_own, own);
	assert_int_equal(token.len, want.len);
	if (want.len > 0)
		assert_ptr_equal(token.p, want.p);
}

static const char *const uris[] = { "sip:" TOKEN "@gw.alpha.example:5060;lr",
	"sip:" TOKEN "@gw.alpha.example:5060",
	"sip:" TOKEN "@gw.border.example:5061;transport=tls;lr",
	"sip:" TOKEN "@gw.border.example:5061;transport=tls",
	"sips:" TOKEN "@gw.border.example:5061;lr",
	"sip:" TOKEN "@gw3.border.example;transport=tcp;lr",
	"sip:" TOKEN "@gw3.border.example:5060;transport=tcp", "sip:@", "@",
	"sip:", "sip", "", "sip:gw.alpha.example:5060;lr",
	"sip:alice@gw.alpha.example:5060;lr",
	"sip:" TOKEN "@gw.alpha.example:5060;lr?Subject=x" };

static void
what_is_known_is_what_is_read(void **state)
{
	struct gw_span token;
	struct gw_fault fault;
	bool is_own;

	(void)state;
	for (size_t i = 0; i < GW_COUNT(uris); i++)
		for (uint16_t from = 0; from < TTOPO_SYSTEMS; from++)
			assert_read_alike(from, gw_span_of(uris[i]));
	struct topo t = ttopo_way(x, BRAVO, GW_SYSTEM_NONE);
	assert_int_equal(
	    topo_seal_read(&t, gw_span_of(uris[2]), &is_own, &token, &fault),
	    GW_OK);
	assert_true(is_own);
	assert_true(gw_span_eq(token, GW_SPAN(TOKEN)));
}

/* Each octet changed, left out and put in twice. */
static void
one_octet_more_or_less_is_read_alike(void **state)
{
	static const uint8_t others[] = "qQA.~@:;<>% \"\0\xff";
	char text[128];

	(void)state;
	for (size_t i = 0; i < GW_COUNT(uris); i++) {
		uint16_t from = (uint16_t)(i < 2 ? ALPHA : i < 5 ? BRAVO : 2);
		size_t len = strlen(uris[i]);
		for (size_t at = 0; at < len; at++) {
			for (size_t k = 0; k < sizeof(others); k++) {
				memcpy(text, uris[i], len);
				text[at] = (char)others[k];
				assert_read_alike(from,
				    (struct gw_span){ (uint8_t *)text, len });
			}
			memmove(text + at, uris[i] + at + 1, len - at - 1);
			assert_read_alike(
			    from, (struct gw_span){ (uint8_t *)text, len - 1 });
			memcpy(text + at + 1, uris[i] + at, len - at);
			text[at] = uris[i][at];
			assert_read_alike(
			    from, (struct gw_span){ (uint8_t *)text, len + 1 });
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    what_is_known_is_what_is_read, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    one_octet_more_or_less_is_read_alike, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
