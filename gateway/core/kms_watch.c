/*
 * kms_watch.c: what was seen of each KMS, from one snapshot to the next.
 */
#include "core/kms_watch.h"

#include <stdlib.h>

#include "core/snapshot.h"

const char *
kms_watch_word(enum kms_watch_state state)
{
	static const char *const words[KMS_WATCH_STATE_N] = {
		[KMS_WATCH_NOT_YET] = "not-yet",
		[KMS_WATCH_SAME] = "same",
		[KMS_WATCH_CHANGED] = "changed",
		[KMS_WATCH_UNPINNED] = "unpinned",
		[KMS_WATCH_FAILED] = "failed",
	};

	return (size_t)state < KMS_WATCH_STATE_N ? words[state] : "unknown";
}

static struct kms_watched *
watched_new(void)
{
	struct kms_watched *w = calloc(1, sizeof(*w));

	if (w != NULL)
		atomic_init(&w->refs, 1);
	return w;
}

static void
watched_unref(struct kms_watched *w)
{
	if (w == NULL ||
	    atomic_fetch_sub_explicit(&w->refs, 1, memory_order_acq_rel) != 1)
		return;
	kms_certs_free(atomic_load(&w->certs));
	free(w);
}

/* The name that the agreements have for it. */
static const char *
name_of(const struct kms_watch_entry *e)
{
	return e->domain != NULL ? e->domain->kms : e->service->kms;
}

static int
compare(const void *left, const void *right)
{
	const struct kms_watch_entry *a = left, *b = right;
	int diff = strcmp(name_of(a), name_of(b));

	return diff != 0 ? diff : a->service->id < b->service->id ? -1 : 1;
}

/* A KMS vouches for a domain of its own system alone. */
static const struct policy_domain *
domain_of(const struct snapshot *s, const struct conf_service *service)
{
	struct gw_arena *a = gw_arena_new(4096);
	const struct policy_domain *d = NULL;
	struct gw_span name;

	if (a != NULL && policy_map_kms(s->policy, service->system,
			     POLICY_MAP_IN, gw_span_of(service->kms), a, &name))
		d = policy_domain_find(s->policy, name);
	gw_arena_free(a);
	return d != NULL && d->system == service->system ? d : NULL;
}

static bool
same_pin(const struct policy_domain *a, const struct policy_domain *b)
{
	if (a == NULL || b == NULL)
		return a == b;
	return a->pinned == b->pinned &&
	       (a->certificate == NULL) == (b->certificate == NULL) &&
	       memcmp(a->sha256, b->sha256, sizeof(a->sha256)) == 0;
}

/* The first entry of that name or behind it. */
static size_t
place_of(const struct kms_watch *w, const char *name)
{
	size_t low = 0, high = w->n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		if (strcmp(name_of(&w->at[mid]), name) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static struct kms_watched *
seen_before(const struct snapshot *s, const struct kms_watch_entry *e,
    const struct snapshot *old)
{
	const char *id = s->conf->systems[e->service->system].base.id;
	const struct kms_watch *w = old == NULL ? NULL : old->kms_watch;
	const char *name = name_of(e);

	for (size_t i = w == NULL ? 0 : place_of(w, name);
	     w != NULL && i < w->n && strcmp(name_of(&w->at[i]), name) == 0;
	     i++) {
		const struct kms_watch_entry *o = &w->at[i];
		const char *was =
		    old->conf->systems[o->service->system].base.id;
		if (strcmp(o->service->kms, e->service->kms) != 0 ||
		    strcmp(was, id) != 0 || !same_pin(o->domain, e->domain))
			continue;
		atomic_fetch_add_explicit(
		    &o->seen->refs, 1, memory_order_relaxed);
		return o->seen;
	}
	return watched_new();
}

struct kms_watch *
kms_watch_new(const struct snapshot *s, const struct snapshot *old)
{
	struct kms_watch *w = calloc(1, sizeof(*w));

	if (w == NULL)
		return NULL;
	w->at = calloc(s->conf->n_services + 1, sizeof(w->at[0]));
	bool ok = w->at != NULL;
	for (size_t i = 0; ok && i < s->conf->n_services; i++) {
		const struct conf_service *service = s->conf->services[i];
		struct kms_watch_entry *e = &w->at[w->n];
		if (!service->is_kms || service->watch_s == 0)
			continue;
		*e = (struct kms_watch_entry){ service, domain_of(s, service),
			NULL };
		e->seen = seen_before(s, e, old);
		ok = e->seen != NULL;
		w->n += ok;
	}
	if (!ok) {
		kms_watch_free(w);
		return NULL;
	}
	qsort(w->at, w->n, sizeof(w->at[0]), compare);
	return w;
}

void
kms_watch_free(struct kms_watch *w)
{
	if (w == NULL)
		return;
	for (size_t i = 0; i < w->n; i++)
		watched_unref(w->at[i].seen);
	free(w->at);
	free(w);
}

const struct kms_cert *
kms_watch_find(const struct kms_watch *w, struct gw_span kms)
{
	char name[GW_LOOKUP_KMS_MAX + 1];

	if (w->n == 0 || kms.len >= sizeof(name))
		return NULL;
	for (size_t i = 0; i < kms.len; i++)
		name[i] = (char)gw_lower(kms.p[i]);
	name[kms.len] = '\0';
	for (size_t i = place_of(w, name);
	     i < w->n && strcmp(name_of(&w->at[i]), name) == 0; i++) {
		const struct kms_certs *certs = atomic_load_explicit(
		    &w->at[i].seen->certs, memory_order_acquire);
		if (certs != NULL && w->at[i].domain != NULL)
			return kms_certs_find(
			    certs, gw_span_of(w->at[i].service->kms));
	}
	return NULL;
}

/* ---- for people ---- */

static void
print_of(const struct kms_watched *w, uint8_t out[KMS_SHA256_LEN])
{
	for (size_t i = 0; i < GW_COUNT(w->print); i++) {
		uint64_t part =
		    atomic_load_explicit(&w->print[i], memory_order_relaxed);
		memcpy(out + 8 * i, &part, sizeof(part));
	}
}

static bool
lapses_soon(const struct kms_watched *w, int64_t wall_us)
{
	int64_t to = atomic_load(&w->valid_to_us);

	return to != 0 && to - wall_us < KMS_WATCH_SOON_US;
}

void
kms_watch_text(const struct kms_watch *w, int64_t wall_us, struct gw_buf *out)
{
	uint8_t print[KMS_SHA256_LEN];

	for (size_t i = 0; i < w->n; i++) {
		const struct kms_watch_entry *e = &w->at[i];
		enum kms_watch_state state =
		    (enum kms_watch_state)atomic_load(&e->seen->state);
		bool bad =
		    state == KMS_WATCH_CHANGED || state == KMS_WATCH_FAILED;
		if (!bad && !lapses_soon(e->seen, wall_us))
			continue;
		gw_buf_fmt(out, "warning: certificate of %s: %s", name_of(e),
		    bad ? kms_watch_word(state) : "lapses soon");
		if (state == KMS_WATCH_CHANGED) {
			print_of(e->seen, print);
			gw_buf_text(out, ", now ");
			gw_buf_hex(
			    out, (struct gw_span){ print, sizeof(print) });
		}
		gw_buf_text(out, "\n");
	}
}

void
kms_watch_json(const struct kms_watch *w, int64_t wall_us, struct gw_json *j)
{
	static const uint8_t no_print[KMS_SHA256_LEN];
	uint8_t print[KMS_SHA256_LEN];

	gw_json_open(j, "kms", '[');
	for (size_t i = 0; i < w->n; i++) {
		const struct kms_watch_entry *e = &w->at[i];
		print_of(e->seen, print);
		gw_json_open(j, NULL, '{');
		gw_json_text(j, "domain", name_of(e));
		gw_json_text(j, "certificate",
		    kms_watch_word(
			(enum kms_watch_state)atomic_load(&e->seen->state)));
		/* Nothing has that hash: none was fetched. */
		if (memcmp(print, no_print, sizeof(print)) == 0)
			gw_json_null(j, "fingerprint");
		else
			gw_json_hex(j, "fingerprint",
			    (struct gw_span){ print, sizeof(print) });
		gw_json_bool(j, "lapses_soon", lapses_soon(e->seen, wall_us));
		gw_json_close(j, '}');
	}
	gw_json_close(j, ']');
}
