/*
 * fuzz_krr_reduce.c: for any KRR and any set of permitted domains
 *   1. what comes out is a subset of the list, in its order, and of what is
 *      permitted; never larger
 *   2. all, some and none mean what they say
 *   3. the new KRR reads, lists what was kept and nothing else, and holds the
 *      received one octet for octet
 *   4. what it does not hold is refused: too deep, or too large
 *
 * The first eight octets are the answers to "is this domain permitted", one
 * bit each by its hash.
 */
#include <stdlib.h>

#include "codec/krr/krr_reduce.h"
#include "support/tkrr.h"

#define CHECK(cond)                                                            \
	do {                                                                   \
		if (!(cond))                                                   \
			abort();                                               \
	} while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct gw_arena *arena;
static struct gw_buf out;

static bool
is_permitted(void *arg, struct gw_span domain)
{
	const uint8_t *bits = arg;
	unsigned hash = 0;

	for (size_t i = 0; i < domain.len; i++)
		hash = hash * 31 + domain.p[i];
	return (bits[hash / 8 % 8] >> (hash % 8) & 1) != 0;
}

static void
check_subset(const struct krr *k, uint8_t *bits, const struct krr_reduced *r)
{
	size_t at = 0;

	CHECK(r->n <= k->n_domains);
	for (size_t i = 0; i < r->n; i++, at++) {
		CHECK(is_permitted(bits, r->domains[i]));
		while (at < k->n_domains &&
		       !gw_span_eq(k->domains[at], r->domains[i]))
			at++;
		CHECK(at < k->n_domains);
	}
	CHECK((r->kept == KRR_KEPT_ALL) == (r->n == k->n_domains));
	CHECK((r->kept == KRR_KEPT_NONE) == (r->n == 0 && k->n_domains > 0));
}

static void
check_new(const struct krr *k, const struct krr_reduced *r)
{
	struct krr outer, got;
	struct krr_fault no;

	krr_rewrap(k, r, &outer);
	outer.id = GW_SPAN("outer.0f1e2d3c");
	outer.author = GW_SPAN("sip:gw.example");
	outer.time_us = 1;
	gw_buf_reset(&out);
	enum gw_err err = krr_build(&outer, &out, &no);
	if (err != GW_OK) {
		CHECK(no.why == KRR_NESTED || no.why == KRR_SIZE ||
		      no.why == KRR_MISSING || no.why == KRR_DUPLICATE_ID);
		CHECK(out.len == 0);
		return;
	}
	err = krr_read(gw_buf_span(&out), tkrr_dialects(), arena, &got, &no);
	if (err == GW_ELIMIT) /* what the received one needed already */
		return;
	CHECK(err == GW_OK);
	CHECK(gw_span_eq(got.embedded, k->element));
	CHECK(got.nested == k->nested + 1);
	CHECK(got.n_domains == r->n);
	for (size_t i = 0; i < r->n; i++)
		CHECK(gw_span_eq(got.domains[i], r->domains[i]));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct krr_reduced r;
	struct krr_fault no;
	uint8_t bits[8];
	struct krr k;

	if (size < sizeof(bits))
		return 0;
	if (arena == NULL) {
		arena = gw_arena_new(8u << 20);
		gw_buf_init(&out, 1u << 20);
	}
	gw_arena_reset(arena);
	memcpy(bits, data, sizeof(bits));
	struct gw_span doc = { data + sizeof(bits), size - sizeof(bits) };
	if (krr_read(doc, tkrr_dialects(), arena, &k, &no) != GW_OK)
		return 0;
	krr_reduce(&k, is_permitted, bits, &r);
	check_subset(&k, bits, &r);
	check_new(&k, &r);
	return 0;
}
