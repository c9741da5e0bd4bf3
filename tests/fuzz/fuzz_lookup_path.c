/*
 * fuzz_lookup_path.c: any octets as a path, an Accept field (behind the first
 * line feed) and a user.
 *   1. at most one dialect claims a request, and hears what it asks itself
 *   2. the form of a user is a user, is its own form, and is short
 *   3. escapes come back as they were, and are unreserved
 */
#include <stdlib.h>

#include "mcxgw/buf.h"
#include "support/tadapter.h"

#define ARENA_CAP ((size_t)8 << 20)
#define CHECK(cond)                                                            \
	do {                                                                   \
		if (!(cond))                                                   \
			abort();                                               \
	} while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct gw_arena *arena;
static struct gw_buf buf;

static void
check_requests(struct gw_span in)
{
	size_t end = gw_span_find(in, 0, '\n');
	struct gw_http_request r = { .path = gw_span_sub(in, 0, end),
		.accept = gw_span_sub(in, end + 1, in.len) };

	for (int m = GW_HTTP_GET; m <= GW_HTTP_OTHER; m++) {
		r.method = (enum gw_http_method)m;
		tadapter_hear(arena, &r);
	}
}

static void
check_user(struct gw_span in)
{
	struct gw_span form, again;
	enum gw_err err = gw_lookup_user(arena, in, &form);

	CHECK(err == GW_OK || err == GW_EMALFORMED || err == GW_ELIMIT);
	if (err != GW_OK)
		return;
	CHECK(form.len > 4 && form.len <= GW_LOOKUP_USER_MAX);
	for (size_t i = 0; i < form.len; i++)
		CHECK(form.p[i] > 0x20 && form.p[i] < 0x7f &&
		      strchr("<>\"", form.p[i]) == NULL);
	CHECK(gw_lookup_user(arena, form, &again) == GW_OK);
	CHECK(gw_span_eq(form, again));
}

static void
check_escapes(struct gw_span in)
{
	static const char plain[] = "-._~%";
	struct gw_span back;

	gw_buf_reset(&buf);
	gw_lookup_escape(&buf, in);
	CHECK(gw_buf_ok(&buf));
	for (size_t i = 0; i < buf.len; i++) {
		uint8_t c = gw_lower(buf.p[i]);
		CHECK((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
		      (c != 0 && strchr(plain, c) != NULL));
	}
	enum gw_err err = gw_lookup_unescape(arena, gw_buf_span(&buf), &back);
	CHECK(
	    err == (gw_span_find(in, 0, 0) == in.len ? GW_OK : GW_EMALFORMED));
	CHECK(err != GW_OK || gw_span_eq(in, back));
	if (gw_lookup_unescape(arena, in, &back) == GW_OK)
		CHECK(back.len <= in.len);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(size); /* exact size, so ASan sees overreads */

	if (arena == NULL) {
		arena = gw_arena_new(ARENA_CAP);
		gw_buf_init(&buf, ARENA_CAP);
	}
	if (size == 0 || copy == NULL || arena == NULL)
		goto out;
	struct gw_span in = { memcpy(copy, data, size), size };
	gw_arena_reset(arena);
	check_requests(in);
	check_user(in);
	check_escapes(in);
out:
	free(copy);
	return 0;
}
