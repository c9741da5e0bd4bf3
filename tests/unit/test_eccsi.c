/*
 * test_eccsi.c: the vectors of RFC 6507, appendix A, and what a verifier may
 * not be talked into.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include <openssl/err.h>

#include "codec/eccsi/eccsi.h"
#include "support/tjson.h"

#define VECTORS	 GW_TESTS_DIR "/corpus/vectors/rfc6507-appendix-a.json"
#define TEXT_MAX 256

struct text {
	uint8_t octets[TEXT_MAX];
	size_t len;
};

static struct tjson *vectors;
static struct text kpak, id, msg, sig;
static struct eccsi_kpak *key;

static struct gw_span
span(const struct text *t)
{
	return (struct gw_span){ t->octets, t->len };
}

static void
read_text(const struct tjson *v, const char *name, struct text *out)
{
	out->len = tjson_hex(v, name, out->octets, TEXT_MAX);
	assert_true(out->len > 0);
}

static int
set_up(void **state)
{
	(void)state;
	vectors = tjson_load(VECTORS);
	read_text(vectors, "KPAK", &kpak);
	read_text(vectors, "ID", &id);
	read_text(vectors, "M", &msg);
	read_text(vectors, "Signature", &sig);
	return eccsi_kpak_new(span(&kpak), &key) != GW_OK;
}

static int
tear_down(void **state)
{
	(void)state;
	eccsi_kpak_free(key);
	tjson_free(vectors);
	return 0;
}

static enum gw_err
verify(struct eccsi_verifier *v, const struct text *m, const struct text *s)
{
	return eccsi_verify(v, key, span(&id), span(m), span(s));
}

static void
the_vector_of_the_rfc_verifies_first_and_again(void **state)
{
	(void)state;
	for (size_t signers = 0; signers < 10; signers++) {
		struct eccsi_verifier *v = eccsi_verifier_new(signers);
		for (int i = 0; i < 3; i++)
			assert_int_equal(verify(v, &msg, &sig), GW_OK);
		eccsi_verifier_free(v);
	}
}

static void
each_variant_of_the_vector_gets_its_verdict(void **state)
{
	struct eccsi_verifier *v = eccsi_verifier_new(4);
	const struct tjson *c = tjson_get(vectors, "variants.0");
	size_t n = 0;

	(void)state;
	for (; c != NULL; c = c->next, n++) {
		struct text m, s;
		read_text(c, "M", &m);
		read_text(c, "Signature", &s);
		if ((verify(v, &m, &s) == GW_OK) !=
		    tjson_bool(c, "valid", false))
			fail_msg("variant: %s", tjson_str(c, "what"));
	}
	assert_true(n >= 4);
	eccsi_verifier_free(v);
}

/* Once the signer is known, the shorter way must be as strict. */
static void
no_flipped_bit_verifies_whether_the_signer_is_known_or_not(void **state)
{
	struct eccsi_verifier *known = eccsi_verifier_new(4);
	struct eccsi_verifier *none = eccsi_verifier_new(0);

	(void)state;
	assert_int_equal(verify(known, &msg, &sig), GW_OK);
	for (size_t bit = 0; bit < 8 * sig.len; bit++) {
		struct text s = sig;
		s.octets[bit / 8] ^= (uint8_t)(1u << bit % 8);
		assert_int_not_equal(verify(known, &msg, &s), GW_OK);
		assert_int_equal(
		    verify(known, &msg, &s), verify(none, &msg, &s));
	}
	for (size_t bit = 0; bit < 8 * id.len; bit++) {
		struct text i = id;
		i.octets[bit / 8] ^= (uint8_t)(1u << bit % 8);
		assert_int_equal(
		    eccsi_verify(known, key, span(&i), span(&msg), span(&sig)),
		    GW_EAUTH);
	}
	assert_int_equal(verify(known, &msg, &sig), GW_OK);
	eccsi_verifier_free(none);
	eccsi_verifier_free(known);
}

/* The cache goes by the key itself, not by where it lies in memory. */
static void
another_key_is_not_mistaken_for_the_known_one(void **state)
{
	struct eccsi_verifier *v = eccsi_verifier_new(4);
	struct eccsi_kpak *other = NULL, *same = NULL;
	struct gw_span pvt = gw_span_sub(span(&sig), 64, ECCSI_POINT_LEN);

	(void)state;
	assert_int_equal(eccsi_kpak_new(pvt, &other), GW_OK);
	assert_int_equal(eccsi_kpak_new(span(&kpak), &same), GW_OK);
	assert_int_equal(verify(v, &msg, &sig), GW_OK);
	assert_int_equal(
	    eccsi_verify(v, other, span(&id), span(&msg), span(&sig)),
	    GW_EAUTH);
	assert_int_equal(
	    eccsi_verify(v, same, span(&id), span(&msg), span(&sig)), GW_OK);
	eccsi_kpak_free(same);
	eccsi_kpak_free(other);
	eccsi_verifier_free(v);
}

/* Zero, and numbers that are not below the order of the group. */
static void
numbers_out_of_range_are_refused(void **state)
{
	struct eccsi_verifier *v = eccsi_verifier_new(4);
	static const struct {
		size_t at;
		uint8_t fill;
	} cases[] = { { 0, 0x00 }, { 0, 0xff }, { 32, 0x00 }, { 32, 0xff } };

	(void)state;
	assert_int_equal(verify(v, &msg, &sig), GW_OK);
	for (size_t i = 0; i < GW_COUNT(cases); i++) {
		struct text s = sig;
		memset(s.octets + cases[i].at, cases[i].fill, 32);
		assert_int_equal(verify(v, &msg, &s), GW_EAUTH);
	}
	eccsi_verifier_free(v);
}

static void
a_bad_pvt_is_malformed_and_leaves_no_error_behind(void **state)
{
	struct eccsi_verifier *v = eccsi_verifier_new(4);
	static const uint8_t forms[] = { 0, 2, 3, 5, 6, 7 };
	struct text s = sig;

	(void)state;
	s.octets[128] ^= 1;
	assert_int_equal(verify(v, &msg, &s), GW_EMALFORMED);
	for (size_t i = 0; i < GW_COUNT(forms); i++) {
		s = sig;
		s.octets[64] = forms[i];
		assert_int_equal(verify(v, &msg, &s), GW_EMALFORMED);
	}
	s = sig;
	s.len--;
	assert_int_equal(verify(v, &msg, &s), GW_EMALFORMED);
	assert_int_equal(ERR_peek_error(), 0);
	eccsi_verifier_free(v);
}

static void
a_kpak_must_be_an_uncompressed_point_of_the_curve(void **state)
{
	struct eccsi_kpak *k = NULL;
	struct text t = kpak;

	(void)state;
	t.octets[64] ^= 1;
	assert_int_equal(eccsi_kpak_new(span(&t), &k), GW_EMALFORMED);
	t = kpak;
	t.octets[0] = 6;
	assert_int_equal(eccsi_kpak_new(span(&t), &k), GW_EMALFORMED);
	t.octets[0] = 2;
	t.len = 33;
	assert_int_equal(eccsi_kpak_new(span(&t), &k), GW_EMALFORMED);
	t.octets[0] = 0;
	t.len = 1;
	assert_int_equal(eccsi_kpak_new(span(&t), &k), GW_EMALFORMED);
	assert_int_equal(
	    eccsi_kpak_new((struct gw_span){ NULL, 0 }, &k), GW_EMALFORMED);
	assert_null(k);
	assert_int_equal(ERR_peek_error(), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    the_vector_of_the_rfc_verifies_first_and_again),
		cmocka_unit_test(each_variant_of_the_vector_gets_its_verdict),
		cmocka_unit_test(
		    no_flipped_bit_verifies_whether_the_signer_is_known_or_not),
		cmocka_unit_test(another_key_is_not_mistaken_for_the_known_one),
		cmocka_unit_test(numbers_out_of_range_are_refused),
		cmocka_unit_test(
		    a_bad_pvt_is_malformed_and_leaves_no_error_behind),
		cmocka_unit_test(
		    a_kpak_must_be_an_uncompressed_point_of_the_curve),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
