/*
 * fuzz_sdp_keymgmt.c: for any description
 *   1. all spans lie in the line, the line in the description, and lines come
 *      in order
 *   2. a line begins as RFC 4567 says, at the start of a line
 *   3. reading the lines that were found, on their own, gives the same lines
 *   4. no description that was read to its end hides a key-mgmt line from a
 *      reader that knows LF only
 */
#include <stdlib.h>

#include "codec/sdp/sdp_keymgmt.h"

#define CHECK(cond)                                                            \
	do {                                                                   \
		if (!(cond))                                                   \
			abort();                                               \
	} while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool
is_inside(struct gw_span s, struct gw_span of)
{
	return s.p >= of.p && s.p + s.len <= of.p + of.len;
}

static void
check_line(struct gw_span in, const struct sdp_keymgmt *l)
{
	struct sdp_scan again;
	struct sdp_keymgmt same;
	struct gw_fault fault;

	CHECK(is_inside(l->line, in));
	CHECK(l->line.p == in.p || l->line.p[-1] == '\n');
	CHECK(l->line.len > 11 && memcmp(l->line.p, "a=key-mgmt:", 11) == 0);
	CHECK(l->protocol.len > 0 && is_inside(l->protocol, l->line));
	CHECK(l->data.len == 0 || is_inside(l->data, l->line));
	CHECK(gw_span_find(l->line, 0, '\r') == l->line.len);
	CHECK(l->in_media || l->media.len == 0);
	CHECK(l->media.len == 0 ||
	      (is_inside(l->media, in) && l->media.p < l->line.p));
	sdp_scan_init(&again, l->line);
	CHECK(sdp_keymgmt_next(&again, &same, &fault) == GW_OK);
	CHECK(gw_span_eq(same.data, l->data));
	CHECK(gw_span_eq(same.protocol, l->protocol));
	CHECK(sdp_keymgmt_next(&again, &same, &fault) == GW_ENOTFOUND);
}

static size_t
count_plainly(struct gw_span in)
{
	size_t n = 0;

	for (size_t at = 0; at < in.len; at = gw_span_find(in, at, '\n') + 1)
		n += gw_span_istarts(
		    gw_span_sub(in, at, in.len), GW_SPAN("a=key-mgmt:"));
	return n;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct gw_span in = { data, size };
	struct sdp_scan s;
	struct sdp_keymgmt l;
	struct gw_fault fault = { 0, NULL };
	const uint8_t *last = NULL;
	enum gw_err err;
	size_t n = 0;

	sdp_scan_init(&s, in);
	while ((err = sdp_keymgmt_next(&s, &l, &fault)) == GW_OK) {
		check_line(in, &l);
		CHECK(last == NULL || l.line.p > last);
		last = l.line.p;
		n++;
	}
	if (err == GW_ENOTFOUND)
		CHECK(n == count_plainly(in));
	else
		CHECK(err == GW_EMALFORMED && fault.why != NULL &&
		      fault.at <= size);
	return 0;
}
