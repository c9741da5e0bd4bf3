/*
 * fuzz_token.c: for any input
 *   1. taken as a token, it does not open, whoever brings it
 *   2. taken as what is to be sealed, it opens to itself, is the same token
 *      when sealed again, and does not open once the input has changed a
 *      character of it
 *   3. taken as a key file, it gives a ring or a report, never neither
 */
#include <stdlib.h>

#include "codec/token/token.h"

#define CHECK(cond)                                                            \
	do {                                                                   \
		if (!(cond))                                                   \
			abort();                                               \
	} while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct gw_now now = { 0, INT64_C(1767225600000000) };
static uint8_t out[TOKEN_TEXT_MAX], again[TOKEN_TEXT_MAX];
static uint8_t back[TOKEN_PLAIN_MAX];

static struct token_sealer *
sealer_of_the_run(void)
{
	static struct token_sealer *s;

	if (s != NULL)
		return s;
	struct gw_diag *d = gw_diag_new();
	struct token_ring *r =
	    token_ring_parse(GW_SPAN("1 000102030405060708090a0b0c0d0e0f"
				     "101112131415161718191a1b1c1d1e1f"),
		"keys", now, d);
	s = token_sealer_new();
	CHECK(r != NULL && s != NULL && token_sealer_use(s, r) == GW_OK);
	gw_diag_free(d);
	return s;
}

static void
check_as_text(struct token_sealer *s, struct gw_span in)
{
	size_t len = 0;
	uint8_t key = 0;

	for (int kind = TOKEN_VIA; kind < TOKEN_KIND_N; kind++) {
		struct token_bind b = { (enum token_kind)kind,
			GW_SPAN("alpha") };
		enum gw_err err = token_open(s, now, &b, in, back, &len, &key);
		CHECK(err != GW_OK && len == 0 && key == 0);
		if (!token_looks_like(in))
			CHECK(err == GW_EMALFORMED);
	}
}

static void
check_as_plain(struct token_sealer *s, struct gw_span in)
{
	struct token_bind b = { TOKEN_URI, GW_SPAN("alpha") };
	size_t len = 0, text_len = TOKEN_TEXT_LEN(in.len);
	uint8_t key = 0;

	if (in.len > TOKEN_PLAIN_MAX) {
		CHECK(token_seal(s, 0, &b, in, out) == GW_ELIMIT);
		return;
	}
	CHECK(token_seal(s, 0, &b, in, out) == GW_OK);
	CHECK(token_seal(s, 0, &b, in, again) == GW_OK);
	CHECK(memcmp(out, again, text_len) == 0);
	struct gw_span text = { out, text_len };
	CHECK(token_open(s, now, &b, text, back, &len, &key) == GW_OK);
	CHECK(gw_span_eq((struct gw_span){ back, len }, in) && key == 1);
	if (in.len == 0)
		return;
	size_t at = in.p[0] * (size_t)37 % text_len;
	uint8_t c = in.p[in.len - 1];
	if (out[at] == c)
		return;
	out[at] = c;
	CHECK(token_open(s, now, &b, text, back, &len, &key) != GW_OK);
}

static void
check_as_file(struct gw_span in)
{
	struct gw_diag *d = gw_diag_new();
	struct token_ring *r = token_ring_parse(in, "keys", now, d);

	CHECK((r == NULL) == (gw_diag_errors(d) > 0));
	if (r != NULL)
		CHECK(token_ring_current(r) != 0);
	token_ring_free(r);
	gw_diag_free(d);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct token_sealer *s = sealer_of_the_run();
	uint8_t *copy = malloc(size == 0 ? 1 : size);

	CHECK(copy != NULL);
	if (size > 0)
		memcpy(copy, data, size);
	struct gw_span in = { copy, size };
	check_as_text(s, in);
	check_as_plain(s, in);
	check_as_file(in);
	free(copy);
	return 0;
}
