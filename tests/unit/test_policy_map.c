/*
 * test_policy_map.c: names of a system's service and those of agreements.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "support/tpolicy.h"

#define TEXT_LEN 4096
#define MANY	 10000

#define PARTY_ALPHA                                                            \
	"<party system='alpha'><domain name='mcptt.alpha.example'/>"           \
	"<security-domain kms='kms.a0'/></party>"
#define PARTY_BRAVO                                                            \
	"<party system='bravo'><domain name='mcptt.bravo.example'/>"           \
	"<domain name='mcdata.bravo.example'/>"                                \
	"<security-domain kms='kms.b0'/><security-domain kms='kms.b1'/>"
#define PARTY_CHARLIE                                                          \
	"<party system='charlie'><domain name='mcptt.charlie.example'/>"       \
	"</party>"

static void
write_agreement(
    char *out, size_t size, const char *id, const char *other, const char *maps)
{
	snprintf(out, size,
	    "<agreement id='%s' serial='1' valid-from='2026-01-01T00:00:00Z'"
	    " valid-until='2028-01-01T00:00:00Z'>%s%s%s</party></agreement>",
	    id, other, PARTY_BRAVO, maps);
}

static struct policy *
make(const char *maps)
{
	char text[TEXT_LEN];

	write_agreement(text, sizeof(text), "ab", PARTY_ALPHA, maps);
	return tpolicy_need(NULL, text);
}

static const char maps[] =
    "<map user-domain='Bravo.Internal' as='mcptt.bravo.example'/>"
    "<map user='tel:+4912' as='sip:desk@mcptt.bravo.example'/>"
    "<map user='sip:Boss@bravo.internal' as='sip:chief@mcdata.bravo.example'/>"
    "<map kms='KMS-one' as='kms.b0'/>"
    /* Two that change places. */
    "<map user='sip:x@mcdata.bravo.example'"
    " as='sip:y@mcdata.bravo.example'/>"
    "<map user='sip:y@mcdata.bravo.example'"
    " as='sip:x@mcdata.bravo.example'/>";

struct row {
	const char *name, *as;
};

/* In one direction; a NULL stands for the name itself. */
static void
check_users(const struct policy *p, enum policy_map_way way,
    const struct row *rows, size_t n)
{
	struct gw_arena *a = gw_arena_new(1 << 20);

	for (size_t i = 0; i < n; i++) {
		const char *want =
		    rows[i].as == NULL ? rows[i].name : rows[i].as;
		struct gw_span out;
		assert_true(policy_map_user(
		    p, TPOLICY_BRAVO, way, gw_span_of(rows[i].name), a, &out));
		if (!gw_span_eq(out, gw_span_of(want)))
			fail_msg("%s became %.*s, not %s", rows[i].name,
			    GW_FMT(out), want);
	}
	gw_arena_free(a);
}

static void
users_are_mapped_both_ways(void **state)
{
	static const struct row in[] = {
		{ "sip:bert@bravo.internal", "sip:bert@mcptt.bravo.example" },
		{ "sips:b%41rt:pw@BRAVO.internal:5061;x=y?z=1",
		    "sips:b%41rt:pw@mcptt.bravo.example:5061;x=y?z=1" },
		{ "sip:bravo.internal", "sip:mcptt.bravo.example" },
		/* One user goes before its domain, however spelled. */
		{ "sip:Boss@bravo.internal", "sip:chief@mcdata.bravo.example" },
		{ "sips:B%6fss@bravo.INTERNAL;x=y",
		    "sip:chief@mcdata.bravo.example" },
		{ "sip:boss@bravo.internal", "sip:boss@mcptt.bravo.example" },
		{ "tel:+49-12", "sip:desk@mcptt.bravo.example" },
		{ "tel:+4913", NULL },
		{ "sip:x@mcdata.bravo.example", "sip:y@mcdata.bravo.example" },
		{ "sip:y@mcdata.bravo.example", "sip:x@mcdata.bravo.example" },
		{ "sip:bert@x.bravo.internal", NULL },
		{ "sip:bert@mcptt.bravo.example", NULL },
		{ "sip:bravo.internal@other.example", NULL },
		{ "sip:a@b@bravo.internal", NULL },
		{ "bravo.internal", NULL },
		{ "", NULL },
	};
	static const struct row out[] = {
		{ "sip:bert@mcptt.bravo.example", "sip:bert@bravo.internal" },
		{ "sip:desk@mcptt.bravo.example", "tel:+4912" },
		{ "sip:chief@mcdata.bravo.example", "sip:Boss@bravo.internal" },
		{ "sip:z@mcdata.bravo.example", NULL },
		{ "sip:y@mcdata.bravo.example", "sip:x@mcdata.bravo.example" },
		{ "tel:+4912", NULL },
	};
	struct policy *p = make(maps);
	(void)state;

	check_users(p, POLICY_MAP_IN, in, GW_COUNT(in));
	check_users(p, POLICY_MAP_OUT, out, GW_COUNT(out));
	policy_free(p);
}

static void
kms_uris_are_mapped_both_ways(void **state)
{
	static const struct {
		enum policy_map_way way;
		const char *name, *as;
	} rows[] = {
		{ POLICY_MAP_IN, "kms-ONE", "kms.b0" },
		{ POLICY_MAP_IN, "kms.b1", "kms.b1" },
		{ POLICY_MAP_IN, "kms-one.x", "kms-one.x" },
		{ POLICY_MAP_OUT, "KMS.b0", "kms-one" },
		{ POLICY_MAP_OUT, "KMS.b1", "KMS.b1" },
		{ POLICY_MAP_OUT, "", "" },
	};
	struct gw_arena *a = gw_arena_new(1 << 20);
	struct policy *p = make(maps);
	struct gw_span out;
	(void)state;

	for (size_t i = 0; i < GW_COUNT(rows); i++) {
		assert_true(policy_map_kms(p, TPOLICY_BRAVO, rows[i].way,
		    gw_span_of(rows[i].name), a, &out));
		assert_true(gw_span_eq(out, gw_span_of(rows[i].as)));
	}
	policy_free(p);
	gw_arena_free(a);
}

static void
other_systems_have_other_names(void **state)
{
	static const uint16_t others[] = { TPOLICY_ALPHA, TPOLICY_CHARLIE,
		TPOLICY_SYSTEMS, GW_SYSTEM_NONE };
	struct gw_span user = GW_SPAN("sip:bert@bravo.internal");
	struct gw_span kms = GW_SPAN("kms-one"), out;
	struct gw_arena *a = gw_arena_new(1 << 20);
	struct policy *p = make(maps);
	(void)state;

	for (size_t i = 0; i < GW_COUNT(others); i++) {
		assert_true(policy_map_user(
		    p, others[i], POLICY_MAP_IN, user, a, &out));
		assert_true(gw_span_eq(out, user));
		assert_true(
		    policy_map_kms(p, others[i], POLICY_MAP_IN, kms, a, &out));
		assert_true(gw_span_eq(out, kms));
		assert_int_equal(policy_map_digest(p, others[i]), 0);
	}
	policy_free(p);
	gw_arena_free(a);
}

static void
without_memory_nothing_is_mapped(void **state)
{
	struct gw_arena *a = gw_arena_new(1);
	struct policy *p = make(maps);
	struct gw_span out;
	(void)state;

	assert_false(policy_map_user(p, TPOLICY_BRAVO, POLICY_MAP_IN,
	    GW_SPAN("sip:bert@bravo.internal"), a, &out));
	policy_free(p);
	gw_arena_free(a);
}

#define ONE_AND_TWO                                                            \
	"<map kms='kms-one' as='kms.b0'/><map kms='kms-two' as='kms.b1'/>"

static void
a_digest_changes_with_what_is_mapped(void **state)
{
	static const char *const others[] = {
		"",
		"<map kms='kms-one' as='kms.b0'/>",
		"<map kms='kms-one' as='kms.b1'/>",
		"<map kms='kms-two' as='kms.b0'/>",
		ONE_AND_TWO,
		"<map user-domain='kms-one' as='mcptt.bravo.example'/>",
		"<map user='sip:a@i.example' as='sip:b@mcptt.bravo.example'/>",
		"<map user='sip:A@i.example' as='sip:b@mcptt.bravo.example'/>",
		"<map user='sip:a@i.example' as='sip:B@mcptt.bravo.example'/>",
	};
	uint64_t seen[GW_COUNT(others)];
	(void)state;

	for (size_t i = 0; i < GW_COUNT(others); i++) {
		struct policy *p = make(others[i]);
		seen[i] = policy_map_digest(p, TPOLICY_BRAVO);
		assert_int_equal(policy_map_digest(p, TPOLICY_ALPHA), 0);
		policy_free(p);
		for (size_t k = 0; k < i; k++)
			assert_true(seen[i] != seen[k]);
	}
	/* Not with the order in which it is written. */
	struct policy *p = make("<map kms='kms-two' as='kms.b1'/>"
				"<map kms='kms-one' as='kms.b0'/>");
	assert_true(policy_map_digest(p, TPOLICY_BRAVO) == seen[4]);
	policy_free(p);
}

/* Two agreements of bravo; how many mistakes, and where the last one is. */
static size_t
load_two(const char *one, const char *two, uint64_t *digest)
{
	char first[TEXT_LEN], second[TEXT_LEN];
	const char *const texts[] = { first, second };
	struct gw_diag *d = gw_diag_new();

	write_agreement(first, sizeof(first), "ab", PARTY_ALPHA, one);
	write_agreement(second, sizeof(second), "cb", PARTY_CHARLIE, two);
	struct policy *p = tpolicy_make(NULL, texts, 2, d);
	if (p != NULL)
		*digest = policy_map_digest(p, TPOLICY_BRAVO);
	size_t n = gw_diag_errors(d);
	for (const struct gw_diag_entry *e = gw_diag_first(d); e != NULL;
	     e = e->next)
		if (e->level == GW_DIAG_ERROR)
			assert_string_equal(e->code, "agreement.map-twice");
	policy_free(p);
	gw_diag_free(d);
	return n;
}

static void
agreements_map_a_system_alike(void **state)
{
	const char one[] = "<map kms='kms-one' as='kms.b0'/>";
	uint64_t both = 0, alone = 0;
	(void)state;

	assert_int_equal(load_two(one, one, &both), 0);
	assert_int_equal(load_two(one, "", &alone), 0);
	assert_true(both == alone);
	assert_int_equal(
	    load_two(one, "<map kms='kms-one' as='kms.b1'/>", &both), 1);
	assert_int_equal(
	    load_two(one, "<map kms='kms-two' as='kms.b0'/>", &both), 1);
	assert_int_equal(
	    load_two(one, "<map kms='kms-two' as='kms.b1'/>", &both), 0);
	assert_true(both != alone);
	assert_int_equal(
	    load_two("<map user='tel:+1' as='sip:a@mcptt.bravo.example'/>",
		"<map user='tel:+1' as='sip:b@mcptt.bravo.example'/>", &both),
	    1);
}

/* Names that agreements know come back from a service as they went out. */
static void
what_goes_out_comes_back(void **state)
{
	static const char *const users[] = { "sip:bert@mcptt.bravo.example",
		"sip:desk@mcptt.bravo.example",
		"sip:chief@mcdata.bravo.example", "sip:x@mcdata.bravo.example",
		"sip:y@mcdata.bravo.example", "sip:z@mcdata.bravo.example" };
	static const char *const kms[] = { "kms.b0", "kms.b1" };
	struct gw_arena *a = gw_arena_new(1 << 20);
	struct policy *p = make(maps);
	struct gw_span out, back;
	(void)state;

	for (size_t i = 0; i < GW_COUNT(users); i++) {
		assert_true(policy_map_user(p, TPOLICY_BRAVO, POLICY_MAP_OUT,
		    gw_span_of(users[i]), a, &out));
		assert_true(policy_map_user(
		    p, TPOLICY_BRAVO, POLICY_MAP_IN, out, a, &back));
		assert_true(gw_span_eq(back, gw_span_of(users[i])));
	}
	for (size_t i = 0; i < GW_COUNT(kms); i++) {
		assert_true(policy_map_kms(p, TPOLICY_BRAVO, POLICY_MAP_OUT,
		    gw_span_of(kms[i]), a, &out));
		assert_true(policy_map_kms(
		    p, TPOLICY_BRAVO, POLICY_MAP_IN, out, a, &back));
		assert_true(gw_span_eq(back, gw_span_of(kms[i])));
	}
	policy_free(p);
	gw_arena_free(a);
}

static void
many_maps_are_found_like_one(void **state)
{
	enum { ROOM = 128 };
	char *all = malloc((size_t)MANY * ROOM), name[64];
	char *text = malloc((size_t)MANY * ROOM + TEXT_LEN);
	struct gw_arena *a = gw_arena_new(1 << 20);
	size_t len = 0;
	(void)state;

	assert_true(all != NULL && text != NULL);
	for (int i = 0; i < MANY; i++)
		len += (size_t)snprintf(all + len, ROOM,
		    "<map user='tel:+%d' as='sip:u%d@mcptt.bravo.example'/>",
		    100000 + i, i);
	write_agreement(
	    text, (size_t)MANY * ROOM + TEXT_LEN, "ab", PARTY_ALPHA, all);
	struct policy *p = tpolicy_need(NULL, text);
	for (int i = 0; i < MANY; i += 97) {
		struct gw_span out;
		snprintf(name, sizeof(name), "sip:u%d@MCPTT.bravo.example", i);
		assert_true(policy_map_user(p, TPOLICY_BRAVO, POLICY_MAP_OUT,
		    gw_span_of(name), a, &out));
		snprintf(name, sizeof(name), "tel:+%d", 100000 + i);
		assert_true(gw_span_eq(out, gw_span_of(name)));
	}
	policy_free(p);

	/* One more is too many. */
	snprintf(all + len, ROOM, "<map kms='kms-one' as='kms.b0'/>");
	write_agreement(
	    text, (size_t)MANY * ROOM + TEXT_LEN, "ab", PARTY_ALPHA, all);
	struct gw_diag *d = gw_diag_new();
	const char *const texts[] = { text };
	assert_null(tpolicy_make(NULL, texts, 1, d));
	assert_string_equal(gw_diag_first(d)->code, "policy.too-many");
	gw_diag_free(d);
	gw_arena_free(a);
	free(text);
	free(all);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(users_are_mapped_both_ways),
		cmocka_unit_test(kms_uris_are_mapped_both_ways),
		cmocka_unit_test(other_systems_have_other_names),
		cmocka_unit_test(without_memory_nothing_is_mapped),
		cmocka_unit_test(a_digest_changes_with_what_is_mapped),
		cmocka_unit_test(agreements_map_a_system_alike),
		cmocka_unit_test(what_goes_out_comes_back),
		cmocka_unit_test(many_maps_are_found_like_one),
	};
	gw_xml_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
