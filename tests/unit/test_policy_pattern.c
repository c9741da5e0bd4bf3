/*
 * test_policy_pattern.c: identities and the patterns that mean them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "policy/policy_pattern.h"

static bool
parse(const char *text, struct policy_uri *out)
{
	return policy_uri_parse(gw_span_of(text), out);
}

static void
spellings_of_an_identity_are_one(void **state)
{
	static const char *const same[][2] = {
		{ "sip:anna@alpha.example", "sips:anna@ALPHA.example" },
		{ "sip:anna@alpha.example", "SIP:an%6Ea@alpha.example:5061" },
		{ "sip:anna@alpha.example", "sip:anna:pw@alpha.example;x?y=z" },
		{ "sip:anna@[::1]", "sip:anna@[::1]:5060;lr" },
		{ "sip:alpha.example", "sips:Alpha.example;transport=tcp" },
		{ "tel:+358-40-123", "TEL:+35840123;phone-context=x.example" },
		{ "tel:123;phone-context=A.example",
		    "tel:1(2)3;a=b;phone-context=a.example" },
	};
	(void)state;
	for (size_t i = 0; i < GW_COUNT(same); i++) {
		struct policy_uri a, b;
		assert_true(parse(same[i][0], &a));
		assert_true(parse(same[i][1], &b));
		if (policy_uri_hash(&a) != policy_uri_hash(&b))
			fail_msg("%s, %s", same[i][0], same[i][1]);
	}
}

static void
other_identities_are_others(void **state)
{
	static const char *const uris[] = { "sip:anna@alpha.example",
		"sip:Anna@alpha.example", "sip:anna@bravo.example",
		"sip:alpha.example", "sip:anna%20@alpha.example", "tel:+123",
		"tel:123;phone-context=a.example",
		"tel:123;phone-context=b.example", "sip:+123@a.example" };
	(void)state;
	for (size_t i = 0; i < GW_COUNT(uris); i++)
		for (size_t k = 0; k < i; k++) {
			struct policy_uri a, b;
			assert_true(parse(uris[i], &a));
			assert_true(parse(uris[k], &b));
			assert_int_not_equal(
			    policy_uri_hash(&a), policy_uri_hash(&b));
		}
}

static void
what_is_no_identity_is_refused(void **state)
{
	static const char *const bad[] = { "", "sip:", "sip:@a.example",
		"anna@a.example", "http://a.example", "sip:a@b@c.example",
		"sip:a@", "sip:a@ b.example", "sip:a b@c.example",
		"sip:a%@c.example", "sip:a%4@c.example", "sip:a%0g@c.example",
		"sip:a%00@c.example", "sip:a@b..example", "sip:a@.example",
		"sip:a@b.example:", "sip:a@b.example:99999",
		"sip:a@b.example:1x", "sip:a@b.example>", "sip:a@[::1",
		"sip:a@[]", "sip:a@[zz::]", "sip:<a@b.example",
		"tel:", "tel:12g", "tel:1+2", "tel:12;phone-context=a b",
		"tel:1;phone-context=a;phone-context=b", "sip:a\x80@b.example",
		"sip:a@b.example." };
	(void)state;
	for (size_t i = 0; i < GW_COUNT(bad); i++) {
		struct policy_uri u;
		if (parse(bad[i], &u))
			fail_msg("\"%s\" was read", bad[i]);
	}
	char text[400] = "sip:";
	memset(text + 4, 'a', POLICY_USER_MAX + 1);
	memcpy(text + 4 + POLICY_USER_MAX + 1, "@b.example", 11);
	struct policy_uri u;
	assert_false(parse(text, &u));
	assert_true(parse(memcpy(text + 1, "sip:", 4), &u));
	assert_int_equal(u.user_len, POLICY_USER_MAX);
}

static const struct {
	const char *pattern, *uri;
	bool match;
} matches[] = {
	{ "sip:anna@alpha.example", "sips:anna@Alpha.example;a=b", true },
	{ "sip:anna@alpha.example", "sip:Anna@alpha.example", false },
	{ "sip:an%6Ea@ALPHA.example", "sip:%61nna@alpha.example", true },
	{ "sip:*@alpha.example", "sip:anna@alpha.example", true },
	{ "sip:*@alpha.example", "sip:alpha.example", true },
	{ "sip:*@alpha.example", "sip:anna@x.alpha.example", false },
	{ "sip:*@alpha.example", "tel:+1", false },
	{ "sip:alpha.example", "sip:alpha.example:5061", true },
	{ "sip:alpha.example", "sip:anna@alpha.example", false },
	{ "sip:ops-*@alpha.example", "sip:ops-1@alpha.example", true },
	{ "sip:ops-*@alpha.example", "sip:ops-@alpha.example", true },
	{ "sip:ops-*@alpha.example", "sip:ops@alpha.example", false },
	{ "sip:*-desk@alpha.example", "sip:a-desk@alpha.example", true },
	{ "sip:*-desk@alpha.example", "sip:a-desk2@alpha.example", false },
	{ "sip:*-desk@alpha.example", "sip:desk@alpha.example", false },
	{ "sip:*@*.example", "sip:a@b.c.EXAMPLE", true },
	{ "sip:*@*.example", "sip:a@example", false },
	{ "sip:*@*.example", "sip:a@badexample", false },
	{ "sip:a@*.b.example", "sip:a@x.b.example", true },
	{ "sip:a@*.b.example", "sip:a@xb.example", false },
	{ "sip:%2A@alpha.example", "sip:*@alpha.example", true },
	{ "sip:%2A@alpha.example", "sip:x@alpha.example", false },
	{ "tel:+44*", "tel:+44-20", true },
	{ "tel:+44*", "tel:+4", false },
	{ "tel:*", "tel:+4", true },
	{ "tel:+44", "tel:+44;x=y", true },
};

static void
patterns_mean_what_they_say(void **state)
{
	struct gw_arena *a = gw_arena_new(65536);
	(void)state;

	for (size_t i = 0; i < GW_COUNT(matches); i++) {
		struct policy_pattern p;
		struct policy_uri u;
		const char *why;
		assert_int_equal(
		    policy_pattern_parse(a, matches[i].pattern, &p, &why),
		    GW_OK);
		assert_true(parse(matches[i].uri, &u));
		if (policy_pattern_matches(&p, &u) != matches[i].match)
			fail_msg("%s, %s", matches[i].pattern, matches[i].uri);
		if (policy_pattern_is_exact(&p) && matches[i].match)
			assert_true(p.hash == policy_uri_hash(&u));
	}
	gw_arena_free(a);
}

static void
patterns_that_are_none_say_why(void **state)
{
	static const char *const bad[] = { "", "*", "sip:*", "sip:**@a.example",
		"sip:a*b@a.example", "sip:a@*", "sip:a@b*.example", "sip:a@*.",
		"sip:a@b.*.example", "sip:a:p@b.example",
		"sip:a@b.example:5060", "sip:a@b.example;x", "sip:a@b@c",
		"tel:+4*4", "tel:x*", "http:*@a.example", "sip:@a.example",
		"sip:a@[::1]" };
	struct gw_arena *a = gw_arena_new(65536);
	(void)state;

	for (size_t i = 0; i < GW_COUNT(bad); i++) {
		struct policy_pattern p;
		const char *why = NULL;
		if (policy_pattern_parse(a, bad[i], &p, &why) != GW_EMALFORMED)
			fail_msg("\"%s\" was read", bad[i]);
		assert_non_null(why);
	}
	gw_arena_free(a);
}

/* Whatever b means, a means too: on every identity of the table. */
static void
covering_is_true_of_every_identity(void **state)
{
	struct gw_arena *a = gw_arena_new(1 << 20);
	unsigned covers = 0;
	(void)state;

	for (size_t i = 0; i < GW_COUNT(matches); i++)
		for (size_t k = 0; k < GW_COUNT(matches); k++) {
			struct policy_pattern x, y;
			const char *why;
			assert_int_equal(policy_pattern_parse(
					     a, matches[i].pattern, &x, &why),
			    GW_OK);
			assert_int_equal(policy_pattern_parse(
					     a, matches[k].pattern, &y, &why),
			    GW_OK);
			if (!policy_pattern_covers(&x, &y))
				continue;
			covers++;
			for (size_t n = 0; n < GW_COUNT(matches); n++) {
				struct policy_uri u;
				assert_true(parse(matches[n].uri, &u));
				assert_true(!policy_pattern_matches(&y, &u) ||
					    policy_pattern_matches(&x, &u));
			}
		}
	assert_true(covers > GW_COUNT(matches));
	gw_arena_free(a);
}

/* Short users are read by octets, longer ones by words. */
static void
each_octet_of_a_user(void **state)
{
	(void)state;
	for (size_t len = 1; len <= 20; len++)
		for (size_t at = 0; at < len; at++)
			for (unsigned c = 0; c < 256; c++) {
				uint8_t text[4 + 20 + 2];
				struct policy_uri u;
				bool good = c > 0x20 && c < 0x7f &&
					    strchr("<>\"%@", (int)c) == NULL;
				if (c == ':')
					continue; /* ends it */
				memcpy(text, "sip:", 4);
				memset(text + 4, 'u', len);
				text[4 + at] = (uint8_t)c;
				memcpy(text + 4 + len, "@h", 2);
				struct gw_span s = { text, 4 + len + 2 };
				assert_int_equal(policy_uri_parse(s, &u), good);
				if (good)
					assert_true(
					    gw_span_eq(policy_uri_user(&u),
						gw_span_sub(s, 4, len)));
			}
}

static void
behind_a_host(void **state)
{
	static const char *const good[] = { "sip:h", "sip:h:1", "sip:h:65535",
		"sip:h;a=b", "sip:h?a=b", "sip:h:5060;a", "sip:[::1]",
		"sip:[::1]:5060", "sip:[::1];a" };
	static const char *const bad[] = { "sip:", "sip::5060",
		"sip:h:", "sip:h:;a", "sip:h:65536", "sip:h:123456", "sip:h:1a",
		"sip:h/a", "sip:h.", "sip:.h", "sip:a..b", "sip:[::1",
		"sip:[::1]x", "sip:[::1]:", "sip:[g]", "sip:;a" };
	struct policy_uri u;

	(void)state;
	for (size_t i = 0; i < GW_COUNT(good); i++)
		assert_true(policy_uri_parse(gw_span_of(good[i]), &u));
	for (size_t i = 0; i < GW_COUNT(bad); i++)
		assert_false(policy_uri_parse(gw_span_of(bad[i]), &u));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(spellings_of_an_identity_are_one),
		cmocka_unit_test(other_identities_are_others),
		cmocka_unit_test(what_is_no_identity_is_refused),
		cmocka_unit_test(patterns_mean_what_they_say),
		cmocka_unit_test(patterns_that_are_none_say_why),
		cmocka_unit_test(covering_is_true_of_every_identity),
		cmocka_unit_test(each_octet_of_a_user),
		cmocka_unit_test(behind_a_host),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
