/*
 * lookup_kept.c: packing, comparing, unpacking.
 *
 * Packed: the number of domains, that of all external ones in two octets; of
 * each domain its name, whether external domains are listed, their number and
 * their names.  A name is its length in one octet and its octets.
 */
#include "core/lookup_kept.h"

#include <stdlib.h>

#define HEAD	  3
#define NAME_MAX_ 255
/* More than any response can hold. */
#define PACKED_MAX (2 * (size_t)GW_HTTP_BODY_MAX)

struct lookup_kept {
	struct lookup_kept *next;
	uint64_t hash;
	uint32_t refs, len;
	uint8_t text[];
};

/* What it takes on the heap, as far as can be told. */
static size_t
size_of(const struct lookup_kept *k)
{
	return (sizeof(*k) + k->len + 23) / 16 * 16;
}

static struct lookup_kept **
buckets_new(size_t n)
{
	return calloc(n, sizeof(struct lookup_kept *));
}

bool
lookup_kepts_init(
    struct lookup_kepts *all, size_t n, const uint8_t key[GW_SIPHASH_KEY_LEN])
{
	size_t buckets = 64;

	while (buckets < n)
		buckets *= 2;
	*all = (struct lookup_kepts){ .mask = buckets - 1 };
	memcpy(all->key, key, sizeof(all->key));
	gw_buf_init(&all->text, PACKED_MAX);
	all->buckets = buckets_new(buckets);
	return all->buckets != NULL;
}

void
lookup_kepts_clear(struct lookup_kepts *all)
{
	free(all->buckets);
	all->buckets = NULL;
	gw_buf_clear(&all->text);
}

static void
put_octet(struct gw_buf *out, size_t n)
{
	uint8_t octet = (uint8_t)n;

	gw_buf_add(out, (struct gw_span){ &octet, 1 });
}

static bool
put_name(struct gw_buf *out, struct gw_span name)
{
	if (name.len > NAME_MAX_)
		return false;
	put_octet(out, name.len);
	gw_buf_add(out, name);
	return true;
}

static bool
put_domain(struct gw_buf *out, const struct gw_lookup_domain *d)
{
	bool ok =
	    d->n_external <= GW_LOOKUP_EXTERNAL_MAX && put_name(out, d->kms);

	put_octet(out, d->lists_external);
	put_octet(out, d->n_external);
	for (size_t i = 0; ok && i < d->n_external; i++)
		ok = put_name(out, d->external[i]);
	return ok;
}

static bool
pack(struct gw_buf *out, const struct gw_lookup_answer *a)
{
	bool ok = a->n_domains <= GW_LOOKUP_DOMAINS_MAX;
	size_t external = 0;

	for (size_t i = 0; ok && i < a->n_domains; i++)
		external += a->domains[i].n_external;
	put_octet(out, a->n_domains);
	put_octet(out, external >> 8);
	put_octet(out, external);
	for (size_t i = 0; ok && i < a->n_domains; i++)
		ok = put_domain(out, &a->domains[i]);
	return ok && gw_buf_ok(out);
}

static struct lookup_kept *
lookup_kept_new(struct lookup_kepts *all, uint64_t hash, struct gw_span text)
{
	struct lookup_kept *k = malloc(sizeof(*k) + text.len);

	if (k == NULL)
		return NULL;
	*k = (struct lookup_kept){ .next = all->buckets[hash & all->mask],
		.hash = hash,
		.len = (uint32_t)text.len };
	memcpy(k->text, text.p, text.len);
	all->buckets[hash & all->mask] = k;
	all->n++;
	all->octets += size_of(k);
	return k;
}

static struct lookup_kept *
find(const struct lookup_kepts *all, uint64_t hash, struct gw_span text)
{
	struct lookup_kept *k = all->buckets[hash & all->mask];

	while (k != NULL &&
	       (k->hash != hash ||
		   !gw_span_eq((struct gw_span){ k->text, k->len }, text)))
		k = k->next;
	return k;
}

struct lookup_kept *
lookup_kept_get(struct lookup_kepts *all, const struct gw_lookup_answer *a)
{
	struct lookup_kept *k;

	gw_buf_reset(&all->text);
	if (!pack(&all->text, a))
		return NULL;
	struct gw_span text = gw_buf_span(&all->text);
	uint64_t hash = gw_siphash13(all->key, text);
	k = find(all, hash, text);
	if (k == NULL)
		k = lookup_kept_new(all, hash, text);
	return k == NULL ? NULL : lookup_kept_ref(k);
}

struct lookup_kept *
lookup_kept_ref(struct lookup_kept *k)
{
	k->refs++;
	return k;
}

void
lookup_kept_unref(struct lookup_kepts *all, struct lookup_kept *k)
{
	if (k == NULL || --k->refs > 0)
		return;
	struct lookup_kept **at = &all->buckets[k->hash & all->mask];
	while (*at != k)
		at = &(*at)->next;
	*at = k->next;
	all->n--;
	all->octets -= size_of(k);
	free(k);
}

bool
lookup_kept_is_empty(const struct lookup_kept *k)
{
	return k->text[0] == 0;
}

static struct gw_span
take_name(const uint8_t **at)
{
	struct gw_span name = { *at + 1, **at };

	*at += 1 + name.len;
	return name;
}

/* Its external domains are written to external; how many those are. */
static size_t
read_domain(
    const uint8_t **at, struct gw_span *external, struct gw_lookup_domain *out)
{
	out->kms = take_name(at);
	out->lists_external = *(*at)++ != 0;
	out->n_external = *(*at)++;
	for (size_t i = 0; i < out->n_external; i++)
		external[i] = take_name(at);
	out->external = external;
	return out->n_external;
}

bool
lookup_kept_read(const struct lookup_kept *k, struct gw_arena *arena,
    struct gw_lookup_answer *out)
{
	size_t n = (size_t)(k->text[1] << 8 | k->text[2]);
	struct gw_span *external =
	    gw_arena_alloc(arena, n + 1, sizeof(*external));
	struct gw_span text;

	if (external == NULL ||
	    !gw_arena_copy(arena, (struct gw_span){ k->text, k->len }, &text))
		return false;
	const uint8_t *at = text.p + HEAD;
	out->n_domains = text.p[0];
	out->ttl_ms = 0;
	for (size_t i = 0; i < out->n_domains; i++)
		external += read_domain(&at, external, &out->domains[i]);
	return true;
}
