/*
 * fuzz_lookup_kms.c: any octets as a KMS's answer, and as a question to one.
 *   1. the contract holds (support/tadapter.h)
 *   2. a question's body never changes whom it is about
 */
#include <stdlib.h>

#include "support/tadapter.h"

#define ARENA_CAP ((size_t)8 << 20)
#define PATH	  "/keymanagement/identity/v1/lookup/sip%3Abob%40b.example"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct gw_arena *arena;

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct gw_lookup_adapter *kms = gw_lookup_adapter(GW_SPAN("kms"));
	struct gw_http_request in = { .method = GW_HTTP_POST,
		.path = GW_LIT(PATH) };
	struct gw_lookup_question q;
	struct gw_lookup_answer answer;
	struct gw_fault fault;
	uint8_t *copy = malloc(size); /* exact size, so ASan sees overreads */

	if (arena == NULL)
		arena = gw_arena_new(ARENA_CAP);
	if (size == 0 || copy == NULL || arena == NULL)
		goto out;
	in.body = (struct gw_span){ memcpy(copy, data, size), size };
	gw_arena_reset(arena);
	tadapter_take(arena, kms, 200, in.body, &answer);
	tadapter_take(arena, kms, 404, in.body, &answer);
	tadapter_hear(arena, &in);
	if (kms->hear(arena, &tadapter_ends, &in, &q, &fault) == GW_OK &&
	    !gw_span_eq(q.user, tadapter_bob.user))
		abort();
out:
	free(copy);
	return 0;
}
