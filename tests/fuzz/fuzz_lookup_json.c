/*
 * fuzz_lookup_json.c: any octets as the answer of a domain-lookup-json
 * service.
 *   1. the contract holds (support/tadapter.h)
 *   2. what is taken, jansson takes too, without a duplicate, and reads the
 *      same in it
 */
#include <stdlib.h>

#include <jansson.h>

#include "support/tadapter.h"

#define ARENA_CAP ((size_t)8 << 20)
#define CHECK(cond)                                                            \
	do {                                                                   \
		if (!(cond))                                                   \
			abort();                                               \
	} while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct gw_arena *arena;

static void
check_text(struct gw_span is, const json_t *want)
{
	CHECK(json_is_string(want));
	CHECK(gw_span_eq(
	    is, (struct gw_span){ (const uint8_t *)json_string_value(want),
		    json_string_length(want) }));
}

static void
check_domain(const struct gw_lookup_domain *d, const json_t *want)
{
	const json_t *list = json_object_get(want, "external");

	check_text(d->kms, json_object_get(want, "kms"));
	CHECK(d->lists_external == (list != NULL));
	CHECK(d->n_external <= json_array_size(list)); /* none twice */
	CHECK((d->n_external == 0) == (json_array_size(list) == 0));
	if (d->n_external != 0)
		check_text(d->external[0], json_array_get(list, 0));
}

static void
check_oracle(struct gw_span in, const struct gw_lookup_answer *a)
{
	json_error_t error;
	json_t *root = json_loadb(
	    (const char *)in.p, in.len, JSON_REJECT_DUPLICATES, &error);
	const json_t *domains = json_object_get(root, "domains");
	const json_t *ttl = json_object_get(root, "ttl");

	CHECK(root != NULL);
	CHECK(a->n_domains == json_array_size(domains));
	CHECK(a->ttl_ms == json_integer_value(ttl) * 1000);
	for (size_t i = 0; i < a->n_domains; i++)
		check_domain(&a->domains[i], json_array_get(domains, i));
	json_decref(root);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct gw_lookup_adapter *ad =
	    gw_lookup_adapter(GW_SPAN("domain-lookup-json"));
	struct gw_lookup_answer answer;
	uint8_t *copy = malloc(size); /* exact size, so ASan sees overreads */

	if (arena == NULL)
		arena = gw_arena_new(ARENA_CAP);
	if (size == 0 || copy == NULL || arena == NULL)
		goto out;
	struct gw_span in = { memcpy(copy, data, size), size };
	gw_arena_reset(arena);
	if (tadapter_take(arena, ad, 200, in, &answer))
		check_oracle(in, &answer);
out:
	free(copy);
	return 0;
}
