/*
 * kms_index.c: a sorted list of names.
 */
#include "core/kms_index.h"

#include <stdlib.h>

#include "core/names.h"

/* Its KMS URI, the host of that, its authority.  Not the host of the latter:
 * at another port may be the gateway. */
#define NAMES_OF_ONE 3

struct entry {
	struct gw_span name;
	const struct conf_service *service;
};

struct kms_index {
	size_t n;
	struct entry at[];
};

static int
compare_names(struct gw_span a, struct gw_span b)
{
	for (size_t i = 0; i < a.len && i < b.len; i++) {
		int diff = gw_lower(a.p[i]) - gw_lower(b.p[i]);
		if (diff != 0)
			return diff;
	}
	return a.len < b.len ? -1 : a.len > b.len;
}

static int
compare(const void *left, const void *right)
{
	const struct entry *a = left, *b = right;
	int diff = compare_names(a->name, b->name);

	if (diff != 0)
		return diff;
	return a->service->id < b->service->id ?
		   -1 :
		   a->service->id > b->service->id;
}

/* "https://kms.example:8443/x" is found as "kms.example:8443". */
static struct gw_span
bare(struct gw_span name)
{
	size_t at = gw_span_search(name, GW_SPAN("://"));

	if (at < name.len)
		name = gw_span_sub(name, at + 3, name.len);
	return gw_span_sub(name, 0, gw_span_find(name, 0, '/'));
}

static struct gw_span
host_of(struct gw_span name)
{
	struct gw_span host;
	uint16_t port;

	names_split(name, &host, &port);
	return port == 0 ? name : host;
}

static void
add(struct kms_index *x, const struct conf_service *s, struct gw_span name)
{
	for (size_t i = x->n; i > 0 && x->at[i - 1].service == s; i--)
		if (compare_names(x->at[i - 1].name, name) == 0)
			return;
	if (name.len > 0)
		x->at[x->n++] = (struct entry){ name, s };
}

struct kms_index *
kms_index_new(const struct conf *c)
{
	struct kms_index *x = calloc(
	    1, sizeof(*x) + c->n_services * NAMES_OF_ONE * sizeof(x->at[0]));

	if (x == NULL)
		return NULL;
	for (size_t i = 0; i < c->n_services; i++) {
		const struct conf_service *s = c->services[i];
		struct gw_span kms = bare(gw_span_of(s->kms));
		struct gw_span authority = bare(gw_span_of(s->authority));
		if (!s->is_kms)
			continue;
		add(x, s, kms);
		add(x, s, host_of(kms));
		add(x, s, authority);
	}
	qsort(x->at, x->n, sizeof(x->at[0]), compare);
	return x;
}

void
kms_index_free(struct kms_index *x)
{
	free(x);
}

static size_t
first_of(const struct kms_index *x, struct gw_span name)
{
	size_t low = 0, high = x->n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		if (compare_names(x->at[mid].name, name) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static const struct conf_service *
find(const struct kms_index *x, struct gw_span name, uint16_t except,
    bool *ambiguous)
{
	const struct conf_service *found = NULL;

	*ambiguous = false;
	for (size_t i = first_of(x, name);
	     i < x->n && compare_names(x->at[i].name, name) == 0; i++) {
		if (x->at[i].service->system == except)
			continue;
		if (found != NULL) {
			*ambiguous = true;
			return NULL;
		}
		found = x->at[i].service;
	}
	return found;
}

const struct conf_service *
kms_index_find(const struct kms_index *x, struct gw_span name, uint16_t except,
    bool *ambiguous)
{
	struct gw_span whole = bare(name), host = host_of(whole);
	const struct conf_service *found = find(x, whole, except, ambiguous);

	if (found != NULL || *ambiguous || host.len == whole.len)
		return found;
	return find(x, host, except, ambiguous);
}
