/*
 * fuzz_kms_pass.c: a request for a KMS and what the KMS answers.  The input
 * is a path, a body and a response, each behind two octets of length.
 *   1. what crosses holds no certificate that is not permitted, and nothing
 *      to cut if it is read again
 *   2. nothing but whole pieces of the response is missing, and what was kept
 *      is where it was
 *   3. what cannot be read does not cross
 *   4. names that a request yields are ones that can be compared
 */
#include <stdlib.h>

#include "codec/mikey/kms_cut.h"
#include "core/kms_request.h"

#define CHECK(cond)                                                            \
	do {                                                                   \
		if (!(cond))                                                   \
			abort();                                               \
	} while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct gw_arena *arena;

/* Half of all names, by their hash. */
static bool
is_permitted(const void *arg, struct gw_span kms)
{
	unsigned hash = 5381;

	(void)arg;
	for (size_t i = 0; i < kms.len; i++)
		hash = hash * 33 + kms.p[i];
	return kms.len > 0 && hash % 2 == 0;
}

static struct gw_span
take(struct gw_span *in)
{
	size_t len = in->len < 2 ? 0 : (size_t)(in->p[0] << 8 | in->p[1]);
	struct gw_span out = gw_span_sub(*in, 2, len);

	*in = gw_span_sub(*in, 2 + out.len, in->len);
	return out;
}

static void
check_request(struct gw_span path, struct gw_span body)
{
	const struct gw_http_request r = {
		.method = GW_HTTP_POST, .path = path, .body = body
	};
	struct kms_request q = { 0 };
	struct gw_fault fault = { 0, NULL };

	if (kms_request_read(arena, &r, &q, &fault) != GW_OK)
		return;
	CHECK(q.what < POLICY_KMS_N);
	CHECK(gw_span_find(path, 0, '?') == path.len);
	CHECK(q.kms.len == 0 || q.what == POLICY_KMS_CERT);
	CHECK(q.kms.len > 0 || q.what != POLICY_KMS_CERT);
	for (size_t i = 0; i < q.kms.len; i++)
		CHECK(q.kms.p[i] > 0x20 && q.kms.p[i] < 0x7f);
}

/* Is out what is left of in, without some of its octets? */
static bool
is_rest_of(struct gw_span out, struct gw_span in)
{
	size_t at = 0;

	for (size_t i = 0; i < in.len && at < out.len; i++)
		at += in.p[i] == out.p[at];
	return at == out.len;
}

static void
check_response(struct gw_span in)
{
	static const struct gw_span never = GW_LIT("KmsLookup");
	const struct kms_cut_rules rules = { is_permitted, NULL, &never, 1 };
	struct kms_cut cut, again;
	struct gw_fault fault = { 0, NULL };

	if (kms_cut(arena, in, &rules, &cut, &fault) != GW_OK) {
		CHECK(fault.why != NULL);
		return;
	}
	CHECK(cut.removed > 0 || gw_span_eq(cut.out, in));
	CHECK(cut.removed == 0 || cut.out.len < in.len);
	CHECK(is_rest_of(cut.out, in));
	CHECK(cut.kept == 0 || gw_span_inside(cut.certificate, in));
	CHECK(kms_cut(arena, cut.out, &rules, &again, &fault) == GW_OK);
	CHECK(again.removed == 0 && again.kept == cut.kept);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct gw_span in = { data, size };

	if (arena == NULL && (arena = gw_arena_new(4u << 20)) == NULL)
		abort();
	struct gw_span path = take(&in);
	struct gw_span body = take(&in);
	gw_arena_reset(arena);
	check_request(path, body);
	gw_arena_reset(arena);
	check_response(in);
	return 0;
}
