/*
 * test_token.c: what was sealed opens for whom it was sealed, and nothing
 * else opens; keys rotate; mistakes in a key file are told with their line.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "codec/token/token.h"

#define KEY_A "000102030405060708090a0b0c0d0e0f101112131415161718191A1B1C1D1E1F"
#define KEY_B "f0f1f2f3f4f5f6f7f8f9fafbfcfdfefff0f1f2f3f4f5f6f7f8f9fafbfcfdfeff"

static const struct gw_now now = { 0, INT64_C(1767225600000000) }; /* 2026 */
static const struct gw_now later = { 0, INT64_C(1798761600000000) }; /* 2027 */
static struct token_sealer *sealer;
static uint8_t plain[TOKEN_PLAIN_MAX + 1], back[TOKEN_PLAIN_MAX];
static uint8_t text[TOKEN_TEXT_MAX], other[TOKEN_TEXT_MAX];

static struct token_ring *
ring_of(const char *file)
{
	struct gw_diag *d = gw_diag_new();
	struct token_ring *r =
	    token_ring_parse(gw_span_of(file), "keys", now, d);

	assert_non_null(r);
	assert_int_equal(gw_diag_errors(d), 0);
	gw_diag_free(d);
	return r;
}

static void
use(const struct token_ring *r)
{
	assert_int_equal(token_sealer_use(sealer, r), GW_OK);
}

static struct token_bind
bound_to(enum token_kind kind, const char *bearer)
{
	return (struct token_bind){ kind, gw_span_of(bearer) };
}

static struct gw_span
sealed(const struct token_bind *b, uint8_t key_id, size_t len, uint8_t *out)
{
	struct gw_span s = { plain, len };

	assert_int_equal(token_seal(sealer, key_id, b, s, out), GW_OK);
	return (struct gw_span){ out, TOKEN_TEXT_LEN(len) };
}

static enum gw_err
opened(struct gw_now at, const struct token_bind *b, struct gw_span t)
{
	size_t len = 0;
	uint8_t key = 0;

	return token_open(sealer, at, b, t, back, &len, &key);
}

static int
set_up(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(plain); i++)
		plain[i] = (uint8_t)(i * 7 + i / 256);
	sealer = token_sealer_new();
	return sealer == NULL;
}

static int
tear_down(void **state)
{
	(void)state;
	token_sealer_free(sealer);
	return 0;
}

static void
every_length_comes_back(void **state)
{
	struct token_ring *r = ring_of("7 " KEY_A "\n");
	struct token_bind b = bound_to(TOKEN_VIA, "alpha");

	(void)state;
	use(r);
	for (size_t n = 0; n <= TOKEN_PLAIN_MAX; n++) {
		struct gw_span t = sealed(&b, 0, n, text);
		size_t len = SIZE_MAX;
		uint8_t key = 0;
		assert_true(token_looks_like(t));
		assert_int_equal(token_key_id(t), 7);
		assert_int_equal(
		    token_open(sealer, now, &b, t, back, &len, &key), GW_OK);
		assert_int_equal(len, n);
		assert_int_equal(key, 7);
		assert_memory_equal(back, plain, n);
	}
	struct gw_span long_one = { plain, TOKEN_PLAIN_MAX + 1 };
	assert_int_equal(token_seal(sealer, 0, &b, long_one, text), GW_ELIMIT);
	/* The longest token, as stated. */
	assert_int_equal(TOKEN_TEXT_MAX, 4136);
	token_ring_free(r);
}

/* Nodes of two versions share tokens: its form is for ever. */
static void
a_token_of_long_ago_is_made_and_opens(void **state)
{
	static const struct gw_span was =
	    GW_LIT("A.fxPMG.0yNmyLi6kJ2Xsl~TDN1rVx_4R6fIA3dgoAiY4OOWh8kvAgpdIZ"
		   "jy1UsCigDRP8wi6Rrbo2I4MzrDJMZahw");
	struct gw_span uri = GW_LIT("sip:alice@10.0.0.7:5070;transport=tls");
	struct token_ring *r = ring_of("7 " KEY_A "\n");
	struct token_bind b = bound_to(TOKEN_URI, "alpha");
	size_t len = 0;
	uint8_t key = 0;

	(void)state;
	use(r);
	/* Twice, and after one that does not open. */
	for (int i = 0; i < 2; i++) {
		assert_int_equal(token_seal(sealer, 0, &b, uri, text), GW_OK);
		assert_int_equal(was.len, TOKEN_TEXT_LEN(uri.len));
		assert_memory_equal(text, was.p, was.len);
		assert_int_equal(
		    token_open(sealer, now, &b, was, back, &len, &key), GW_OK);
		assert_true(gw_span_eq((struct gw_span){ back, len }, uri));
		text[40] ^= 1;
		assert_int_equal(
		    opened(now, &b, (struct gw_span){ text, was.len }),
		    GW_EAUTH);
	}
	token_ring_free(r);
}

static void
equal_input_gives_equal_tokens_and_no_other_does(void **state)
{
	static const struct {
		enum token_kind kind;
		const char *bearer;
		size_t len;
	} cases[] = {
		{ TOKEN_VIA, "alpha", 20 },
		{ TOKEN_ROUTE, "alpha", 20 },
		{ TOKEN_VIA, "alph", 20 },
		{ TOKEN_VIA, "alpha\001", 20 },
		{ TOKEN_VIA, "alpha", 21 },
	};
	struct token_ring *r = ring_of("7 " KEY_A "\n");
	struct token_bind b = bound_to(cases[0].kind, cases[0].bearer);

	(void)state;
	use(r);
	sealed(&b, 0, cases[0].len, text);
	sealed(&b, 0, cases[0].len, other);
	assert_memory_equal(text, other, TOKEN_TEXT_LEN(20));
	for (size_t i = 1; i < GW_COUNT(cases); i++) {
		struct token_bind c = bound_to(cases[i].kind, cases[i].bearer);
		sealed(&c, 0, cases[i].len, other);
		/* The nonce differs, and with it the whole. */
		assert_memory_not_equal(text + 3, other + 3, 15);
	}
	token_ring_free(r);
}

static void
no_flipped_bit_opens(void **state)
{
	struct token_ring *r = ring_of("7 " KEY_A "\n6 " KEY_B "\n");
	struct token_bind b = bound_to(TOKEN_URI, "alpha");
	struct gw_span t;

	(void)state;
	use(r);
	for (size_t len = 0; len <= 50; len++) {
		t = sealed(&b, 0, len, text);
		for (size_t bit = 0; bit < 8 * t.len; bit++) {
			text[bit / 8] ^= (uint8_t)(1u << bit % 8);
			assert_int_not_equal(opened(now, &b, t), GW_OK);
			text[bit / 8] ^= (uint8_t)(1u << bit % 8);
		}
		assert_int_equal(opened(now, &b, t), GW_OK);
	}
	token_ring_free(r);
}

static void
no_piece_opens(void **state)
{
	struct token_ring *r = ring_of("7 " KEY_A "\n");
	struct token_bind b = bound_to(TOKEN_URI, "alpha");
	struct gw_span t;

	(void)state;
	use(r);
	t = sealed(&b, 0, 50, text);
	for (size_t n = 0; n < t.len; n++) {
		assert_int_not_equal(
		    opened(now, &b, gw_span_sub(t, 0, n)), GW_OK);
		assert_int_not_equal(
		    opened(now, &b, gw_span_sub(t, t.len - n, n)), GW_OK);
	}
	memcpy(other, t.p, t.len);
	other[t.len] = 'A';
	assert_int_not_equal(
	    opened(now, &b, (struct gw_span){ other, t.len + 1 }), GW_OK);
	token_ring_free(r);
}

static void
nobody_else_can_bring_it(void **state)
{
	struct token_ring *r = ring_of("7 " KEY_A "\n");
	struct token_ring *foreign = ring_of("7 " KEY_B "\n");
	struct token_bind b = bound_to(TOKEN_ROUTE, "alpha");
	static const char *const bearers[] = { "", "alph", "alphaa", "Alpha",
		"bravo" };

	(void)state;
	use(r);
	struct gw_span t = sealed(&b, 0, 30, text);
	for (size_t i = 0; i < GW_COUNT(bearers); i++) {
		struct token_bind c = bound_to(TOKEN_ROUTE, bearers[i]);
		assert_int_equal(opened(now, &c, t), GW_EAUTH);
	}
	for (int kind = TOKEN_VIA; kind < TOKEN_KIND_N; kind++) {
		struct token_bind c = bound_to((enum token_kind)kind, "alpha");
		assert_int_equal(
		    opened(now, &c, t), kind == TOKEN_ROUTE ? GW_OK : GW_EAUTH);
	}
	use(foreign);
	assert_int_equal(opened(now, &b, t), GW_EAUTH);
	token_ring_free(r);
	token_ring_free(foreign);
}

static void
a_bearer_may_be_long_but_not_longer(void **state)
{
	struct token_ring *r = ring_of("7 " KEY_A "\n");
	struct token_bind b = { TOKEN_URI, { plain, TOKEN_BEARER_MAX } };
	struct gw_span whole = { plain, TOKEN_PLAIN_MAX };

	(void)state;
	use(r);
	struct gw_span t = sealed(&b, 0, TOKEN_PLAIN_MAX, text);
	assert_int_equal(opened(now, &b, t), GW_OK);
	b.bearer.len++;
	assert_int_equal(token_seal(sealer, 0, &b, whole, text), GW_ELIMIT);
	assert_int_equal(opened(now, &b, t), GW_EAUTH);
	token_ring_free(r);
}

static void
keys_rotate_with_overlap(void **state)
{
	struct token_ring *old = ring_of("1 " KEY_A "\n");
	struct token_ring *both =
	    ring_of("2 " KEY_B "\n1 " KEY_A " until=2026-06-01T00:00:00Z\n");
	struct token_ring *only = ring_of("2 " KEY_B "\n");
	struct token_bind b = bound_to(TOKEN_CALL_ID, "alpha");

	(void)state;
	assert_int_equal(token_ring_current(old), 1);
	assert_int_equal(token_ring_current(both), 2);
	use(old);
	struct gw_span t = sealed(&b, 0, 40, text);
	use(both);
	assert_int_equal(opened(now, &b, t), GW_OK);
	assert_int_equal(opened(later, &b, t), GW_EAUTH);
	/* A dialog keeps its key; new tokens get the new one. */
	assert_memory_equal(sealed(&b, 1, 40, other).p, t.p, t.len);
	assert_int_equal(token_key_id(sealed(&b, 0, 40, other)), 2);
	assert_int_equal(token_key_id(sealed(&b, 9, 40, other)), 2);
	assert_int_equal(opened(later, &b, sealed(&b, 0, 40, other)), GW_OK);
	use(only);
	assert_int_equal(opened(now, &b, t), GW_EAUTH);
	token_ring_free(old);
	token_ring_free(both);
	token_ring_free(only);
}

static void
a_lapsed_key_does_not_seal(void **state)
{
	struct token_ring *r =
	    ring_of("2 " KEY_B "\n1 " KEY_A " until=2025-06-01T00:00:00Z\n");
	struct token_bind b = bound_to(TOKEN_CALL_ID, "alpha");

	(void)state;
	use(r);
	assert_int_equal(token_key_id(sealed(&b, 1, 10, text)), 2);
	token_ring_free(r);
}

static void
nodes_with_the_key_derive_the_same(void **state)
{
	struct token_ring *a = ring_of("1 " KEY_A "\n2 " KEY_B);
	struct token_ring *b = ring_of("# comment\n\n 1\t" KEY_A " # too\r\n");
	struct token_ring *c = ring_of("1 " KEY_B);
	uint8_t x[16], y[16];

	(void)state;
	token_ring_derive(a, "branch", x);
	token_ring_derive(b, "branch", y);
	assert_memory_equal(x, y, 16);
	token_ring_derive(a, "branches", y);
	assert_memory_not_equal(x, y, 16);
	token_ring_derive(c, "branch", y);
	assert_memory_not_equal(x, y, 16);
	token_ring_free(a);
	token_ring_free(b);
	token_ring_free(c);
}

static void
other_text_has_not_the_form(void **state)
{
	static const char *const cases[] = { "", "A", "alice",
		"A.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", /* one short */
		"A.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAQA", "=",
		"AQEAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", /* base64url */
		"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", /* version 0 */
		"C.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
		"A.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" };
	struct token_bind b = bound_to(TOKEN_URI, "alpha");
	struct token_ring *r = ring_of("1 " KEY_A);

	(void)state;
	use(r);
	for (size_t i = 0; i < GW_COUNT(cases); i++) {
		struct gw_span t = gw_span_of(cases[i]);
		assert_false(token_looks_like(t));
		assert_int_equal(opened(now, &b, t), GW_EMALFORMED);
	}
	struct gw_span form =
	    GW_LIT("A.EAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
	assert_true(token_looks_like(form));
	assert_int_equal(token_key_id(form), 1);
	assert_int_equal(opened(now, &b, form), GW_EAUTH);
	token_ring_free(r);
}

static void
mistakes_in_the_file_are_told(void **state)
{
	static const struct {
		const char *file, *code;
		unsigned line;
	} cases[] = {
		{ "", "token.none", 0 },
		{ "# nothing\n", "token.none", 0 },
		{ "\n0 " KEY_A "\n", "token.id", 2 },
		{ "256 " KEY_A "\n", "token.id", 1 },
		{ "x " KEY_A "\n", "token.id", 1 },
		{ "1\n", "token.key", 1 },
		{ "1 00112233\n", "token.key", 1 },
		{ "1 " KEY_A "00\n", "token.key", 1 },
		{ "1 zz0102030405060708090a0b0c0d0e0f1011121314151617"
		  "18191A1B1C1D1E1F\n",
		    "token.key", 1 },
		{ "1 " KEY_A "\n2 " KEY_B " until=soon", "token.until", 2 },
		{ "1 " KEY_A "\n2 " KEY_B " 2027", "token.until", 2 },
		{ "1 " KEY_A "\n2 " KEY_B " until=2027-01-01T00:00:00",
		    "token.until", 2 },
		{ "1 " KEY_A " until=2027-01-01T00:00:00Z x", "token.line", 1 },
		{ "1 " KEY_A " until=2020-01-01T00:00:00Z", "token.lapsed", 1 },
		{ "1 " KEY_A "\n\n1 " KEY_B "\n", "token.twice", 3 },
		{ "1 " KEY_A "\n2 " KEY_A "\n", "token.twice", 2 },
	};

	(void)state;
	for (size_t i = 0; i < GW_COUNT(cases); i++) {
		struct gw_diag *d = gw_diag_new();
		assert_null(token_ring_parse(
		    gw_span_of(cases[i].file), "keys", now, d));
		const struct gw_diag_entry *e = gw_diag_first(d);
		assert_non_null(e);
		assert_string_equal(e->code, cases[i].code);
		assert_int_equal(e->where.line, cases[i].line);
		/* A report never quotes a key. */
		assert_null(strstr(e->text, "0607"));
		gw_diag_free(d);
	}
}

static void
all_mistakes_come_in_one_run(void **state)
{
	struct gw_diag *d = gw_diag_new();

	(void)state;
	assert_null(token_ring_parse(
	    GW_SPAN("0 " KEY_A "\n1 00\n2 " KEY_B " x\n3 " KEY_B "\n"), "keys",
	    now, d));
	assert_int_equal(gw_diag_errors(d), 3);
	gw_diag_free(d);
}

static void
nine_keys_are_too_many(void **state)
{
	struct gw_diag *d = gw_diag_new();
	char file[9 * 80];
	int n = 0;

	(void)state;
	for (int i = 1; i <= 9; i++)
		n += snprintf(
		    file + n, sizeof(file) - (size_t)n, "%d %064d\n", i, i);
	assert_null(token_ring_parse(
	    (struct gw_span){ (uint8_t *)file, (size_t)n }, "keys", now, d));
	assert_string_equal(gw_diag_first(d)->code, "token.many");
	assert_int_equal(gw_diag_first(d)->where.line, 9);
	gw_diag_free(d);
}

static void
a_file_is_read_and_its_mode_looked_at(void **state)
{
	char path[] = "/tmp/test_token.XXXXXX";
	int fd = mkstemp(path);
	struct gw_diag *d = gw_diag_new();
	struct token_ring *r;

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(write(fd, "5 " KEY_A "\n", 67), 67);
	r = token_ring_load(path, now, d);
	assert_non_null(r);
	assert_int_equal(token_ring_current(r), 5);
	assert_null(gw_diag_first(d));
	token_ring_free(r);

	assert_int_equal(fchmod(fd, 0644), 0);
	r = token_ring_load(path, now, d);
	assert_non_null(r);
	assert_int_equal(gw_diag_warnings(d), 1);
	assert_string_equal(gw_diag_first(d)->code, "token.mode");
	token_ring_free(r);
	gw_diag_free(d);
	close(fd);
	unlink(path);

	d = gw_diag_new();
	assert_null(token_ring_load(path, now, d));
	assert_string_equal(gw_diag_first(d)->code, "token.file");
	gw_diag_free(d);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_length_comes_back),
		cmocka_unit_test(a_token_of_long_ago_is_made_and_opens),
		cmocka_unit_test(
		    equal_input_gives_equal_tokens_and_no_other_does),
		cmocka_unit_test(no_flipped_bit_opens),
		cmocka_unit_test(no_piece_opens),
		cmocka_unit_test(nobody_else_can_bring_it),
		cmocka_unit_test(a_bearer_may_be_long_but_not_longer),
		cmocka_unit_test(keys_rotate_with_overlap),
		cmocka_unit_test(a_lapsed_key_does_not_seal),
		cmocka_unit_test(nodes_with_the_key_derive_the_same),
		cmocka_unit_test(other_text_has_not_the_form),
		cmocka_unit_test(mistakes_in_the_file_are_told),
		cmocka_unit_test(all_mistakes_come_in_one_run),
		cmocka_unit_test(nine_keys_are_too_many),
		cmocka_unit_test(a_file_is_read_and_its_mode_looked_at),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
