/*
 * test_siphash.c: the vectors of the authors, and OpenSSL as a second opinion.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include <openssl/core_names.h>
#include <openssl/evp.h>

#include "mcxgw/siphash.h"

static uint8_t key[GW_SIPHASH_KEY_LEN], in[1024];

static int
fill(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(key); i++)
		key[i] = (uint8_t)i;
	for (size_t i = 0; i < sizeof(in); i++)
		in[i] = (uint8_t)i;
	return 0;
}

static void
the_vectors_of_the_paper_and_the_reference_hold(void **state)
{
	/* SipHash: a fast short-input PRF, appendix A, is the row of 15. */
	static const struct {
		size_t len;
		uint64_t hash;
	} cases[] = {
		{ 0, 0x726fdb47dd0e0e31 },
		{ 1, 0x74f839c593dc67fd },
		{ 2, 0x0d6c8009d9a94f5a },
		{ 3, 0x85676696d7fb7e2d },
		{ 4, 0xcf2794e0277187b7 },
		{ 5, 0x18765564cd99a68d },
		{ 6, 0xcbc9466e58fee3ce },
		{ 7, 0xab0200f58b01d137 },
		{ 8, 0x93f5f5799a932462 },
		{ 9, 0x9e0082df0ba9e4b0 },
		{ 15, 0xa129ca6149be45e5 },
		{ 63, 0x958a324ceb064572 },
	};
	static const uint8_t empty128[16] = { 0xa3, 0x81, 0x7f, 0x04, 0xba,
		0x25, 0xa8, 0xe6, 0x6d, 0xf6, 0x72, 0x14, 0xc7, 0x55, 0x02,
		0x93 };
	uint8_t out[16];

	(void)state;
	for (size_t i = 0; i < GW_COUNT(cases); i++)
		assert_true(
		    gw_siphash(key, (struct gw_span){ in, cases[i].len }) ==
		    cases[i].hash);
	gw_siphash128(key, (struct gw_span){ NULL, 0 }, out);
	assert_memory_equal(out, empty128, 16);
}

static void
openssl_hash(
    struct gw_span s, size_t size, unsigned word, unsigned end, uint8_t *out)
{
	EVP_MAC *mac = EVP_MAC_fetch(NULL, "SIPHASH", NULL);
	EVP_MAC_CTX *ctx = EVP_MAC_CTX_new(mac);
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_size_t(OSSL_MAC_PARAM_SIZE, &size),
		OSSL_PARAM_construct_uint(OSSL_MAC_PARAM_C_ROUNDS, &word),
		OSSL_PARAM_construct_uint(OSSL_MAC_PARAM_D_ROUNDS, &end),
		OSSL_PARAM_construct_end(),
	};
	size_t len = 0;

	assert_int_equal(EVP_MAC_init(ctx, key, sizeof(key), params), 1);
	assert_int_equal(EVP_MAC_update(ctx, s.p, s.len), 1);
	assert_int_equal(EVP_MAC_final(ctx, out, &len, size), 1);
	assert_int_equal(len, size);
	EVP_MAC_CTX_free(ctx);
	EVP_MAC_free(mac);
}

static void
assert_agrees(uint64_t hash, struct gw_span s, unsigned word, unsigned end)
{
	uint8_t want[8];

	openssl_hash(s, sizeof(want), word, end, want);
	for (size_t i = 0; i < sizeof(want); i++)
		assert_int_equal(want[i], hash >> (8 * i) & 0xff);
}

static void
every_length_agrees_with_openssl(void **state)
{
	uint8_t want[16], got[16];

	(void)state;
	for (size_t len = 0; len < 300; len++) {
		struct gw_span s = { in + len % 7, len }; /* unaligned too */
		assert_agrees(gw_siphash(key, s), s, 2, 4);
		assert_agrees(gw_siphash13(key, s), s, 1, 3);
		gw_siphash128(key, s, got);
		openssl_hash(s, 16, 2, 4, want);
		assert_memory_equal(got, want, 16);
	}
}

static void
case_is_folded_for_letters_and_nothing_else(void **state)
{
	uint8_t lower[sizeof(in)];

	(void)state;
	for (size_t i = 0; i < sizeof(in); i++)
		lower[i] = gw_lower(in[i]);
	for (size_t len = 0; len <= sizeof(in); len += len < 600 ? 1 : 53) {
		struct gw_span a = { in + sizeof(in) - len, len };
		struct gw_span b = { lower + sizeof(in) - len, len };
		assert_true(gw_siphash_i(key, a) == gw_siphash(key, b));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    the_vectors_of_the_paper_and_the_reference_hold),
		cmocka_unit_test(every_length_agrees_with_openssl),
		cmocka_unit_test(case_is_folded_for_letters_and_nothing_else),
	};
	return cmocka_run_group_tests(tests, fill, NULL);
}
