/*
 * kms_fetch.c: the one worker that watches asks each KMS for its certificate
 * at the start and every so often, and compares.
 */
#include "core/kms_fetch.h"

#include <stdlib.h>

#include "codec/mikey/kms_cut.h"
#include "core/engine.h"
#include "core/kms_request.h"

#define FIRST_MS   1000 /* the first questions are spread over that */
#define BODY_MAX   4096
#define REPORT_MAX 4096

struct fetch {
	struct wheel_node due; /* first: kms_fetch_due() is given it */
	uint64_t ticket; /* 0: nothing is asked */
	const struct kms_watch_entry *of; /* lives in the core's snapshot */
};

struct fetches {
	size_t n;
	struct fetch at[];
};

static void
arm(struct core *c, struct fetch *f, uint64_t ms)
{
	f->due.kind = CORE_TIMER_WATCH;
	wheel_arm(&c->wheel, &f->due, c->now.mono_us + ms * 1000);
}

bool
kms_fetch_start(struct core *c)
{
	const struct kms_watch *w = c->snap->kms_watch;
	size_t n = c->setup.probes ? w->n : 0;
	struct fetches *all =
	    calloc(1, sizeof(*all) + n * sizeof(struct fetch));

	if (all == NULL)
		return false;
	c->fetches = all;
	for (; all->n < n; all->n++) {
		all->at[all->n].of = &w->at[all->n];
		arm(c, &all->at[all->n], core_random(c) % FIRST_MS);
	}
	return true;
}

void
kms_fetch_stop(struct core *c)
{
	if (c->fetches == NULL)
		return;
	for (size_t i = 0; i < c->fetches->n; i++)
		wheel_stop(&c->wheel, &c->fetches->at[i].due);
	free(c->fetches);
	c->fetches = NULL;
}

/* ---- the question ---- */

static void
put_xml(struct gw_buf *out, struct gw_span text)
{
	for (size_t i = 0; i < text.len; i++)
		switch (text.p[i]) {
		case '&': gw_buf_text(out, "&amp;"); break;
		case '<': gw_buf_text(out, "&lt;"); break;
		case '>': gw_buf_text(out, "&gt;"); break;
		default: gw_buf_add(out, gw_span_sub(text, i, 1)); break;
		}
}

static void
put_element(struct gw_buf *out, const char *name, struct gw_span text)
{
	gw_buf_fmt(out, "<%s>", name);
	put_xml(out, text);
	gw_buf_fmt(out, "</%s>", name);
}

static void
put_path(struct gw_buf *out, const struct conf_service *s)
{
	gw_buf_text(out, s->prefix);
	gw_buf_text(out, KMS_REQUEST_ROOT "cert/");
	gw_lookup_escape(out, gw_span_of(s->kms));
}

/* A KmsRequest (TS 33.180 D.3.4); not every KMS takes an empty body. */
static void
put_body(struct gw_buf *out, const struct core *c, const struct conf_service *s)
{
	char time[GW_TIME_TEXT_LEN];
	struct gw_buf url;

	gw_time_text(c->now.wall_us, time);
	gw_buf_init(&url, GW_HTTP_PATH_MAX + GW_HTTP_FIELD_MAX);
	gw_buf_fmt(&url, "https://%s", s->authority);
	put_path(&url, s);
	gw_buf_text(out,
	    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<KmsRequest "
	    "xmlns=\"urn:3gpp:ns:mcsecKMSInterface:1.0\" Id=\"xmldoc\" "
	    "Version=\"1.1.0\">");
	put_element(out, "UserUri", gw_span_of(c->snap->conf->redirect.author));
	put_element(out, "KmsUri", gw_span_of(s->kms));
	put_element(out, "Time", gw_span_of(time));
	put_element(out, "ClientReqUrl", gw_buf_span(&url));
	gw_buf_text(out, "</KmsRequest>");
	out->bad = out->bad || !gw_buf_ok(&url);
	gw_buf_clear(&url);
}

/* What one of them writes, in the call's arena.  False: no room. */
static bool
keep(struct core *c, struct gw_buf *b, struct gw_span *out)
{
	bool ok = gw_buf_ok(b) && gw_arena_copy(c->arena, gw_buf_span(b), out);

	gw_buf_clear(b);
	return ok;
}

static struct gw_http_request *
request_of(struct core *c, const struct conf_service *s)
{
	struct gw_http_request *r = gw_arena_alloc(c->arena, 1, sizeof(*r));
	struct gw_buf path, body;

	if (r == NULL)
		return NULL;
	*r = (struct gw_http_request){ .method = GW_HTTP_POST,
		.authority = gw_span_of(s->authority),
		.content_type = GW_SPAN("application/xml"),
		.accept = GW_SPAN("application/xml") };
	gw_buf_init(&path, GW_HTTP_PATH_MAX);
	put_path(&path, s);
	gw_buf_init(&body, BODY_MAX);
	put_body(&body, c, s);
	bool ok = keep(c, &path, &r->path);
	ok = keep(c, &body, &r->body) && ok;
	ok = service_token(s, c->arena, &r->authorization) && ok;
	return ok ? r : NULL;
}

void
kms_fetch_due(struct core *c, struct wheel_node *n)
{
	struct fetch *f = (struct fetch *)(void *)n;
	const struct conf_service *s = f->of->service;
	struct gw_http_request *r = request_of(c, s);
	struct core_action *a = r == NULL ? NULL : core_act(c, CORE_ASK);

	arm(c, f, (uint64_t)s->watch_s * 1000);
	if (a == NULL)
		return;
	f->ticket = core_ticket(CORE_OWNER_WATCH, ++c->kms_tickets);
	a->ticket = f->ticket;
	a->service = s->id;
	a->deadline_ms = s->deadline_ms;
	a->safe = true;
	a->http.request = r;
}

/* ---- the answer ---- */

struct print {
	uint8_t octets[KMS_SHA256_LEN];
	char hex[2 * KMS_SHA256_LEN + 1];
};

static void
write_hex(struct print *p)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < KMS_SHA256_LEN; i++) {
		p->hex[2 * i] = digits[p->octets[i] >> 4];
		p->hex[2 * i + 1] = digits[p->octets[i] & 15];
	}
	p->hex[2 * KMS_SHA256_LEN] = '\0';
}

static bool
hash(struct gw_span text, struct print *out)
{
	if (!kms_cert_sha256(text, out->octets))
		return false;
	write_hex(out);
	return true;
}

/* What came, and what can be said of it. */
struct got {
	struct kms_certs *certs;
	const struct kms_cert *cert; /* in certs */
	struct gw_span body;
	struct kms_cut parts;
	struct print print; /* of the KmsCertificate */
	char why[256];
};

static void
say(struct got *g, const char *why)
{
	struct gw_span s = gw_span_sub(gw_span_of(why), 0, sizeof(g->why) - 1);

	memcpy(g->why, s.p, s.len);
	g->why[s.len] = '\0';
}

static bool
is_its_own(const void *arg, struct gw_span kms)
{
	const struct conf_service *s = arg;

	return gw_span_ieq(kms, gw_span_of(s->kms));
}

/* Where its certificate stands: that of another KMS is of no interest. */
static bool
find_part(struct core *c, const struct conf_service *s, struct got *g)
{
	const struct kms_cut_rules rules = { .keep = is_its_own, .arg = s };
	struct gw_fault fault = { 0, "" };
	enum gw_err err = kms_cut(c->arena, g->body, &rules, &g->parts, &fault);

	if (err != GW_OK)
		say(g, fault.why);
	else if (g->parts.kept != 1)
		say(g, "not one certificate of that KMS in the answer");
	return err == GW_OK && g->parts.kept == 1;
}

/* Without what find_part() has put aside: two readers that do not agree whose
 * a certificate is must not read two. */
static bool
read_cert(struct core *c, const struct conf_service *s, struct got *g)
{
	struct gw_diag *d = gw_diag_new();
	bool ok = false;

	say(g, "out of memory");
	g->certs = kms_certs_new();
	if (d != NULL && g->certs != NULL &&
	    kms_certs_read(
		g->certs, g->parts.out, s->authority, NULL, c->now, d))
		g->cert = kms_certs_find(g->certs, gw_span_of(s->kms));
	if (g->cert != NULL && hash(g->parts.certificate, &g->print))
		ok = true;
	else if (d != NULL && gw_diag_first(d) != NULL)
		say(g, gw_diag_first(d)->text);
	gw_diag_free(d);
	return ok;
}

static bool
read_answer(struct core *c, const struct conf_service *s,
    const struct gw_http_response *r, struct got *g)
{
	g->body = r->body;
	if (r->status != 200 || r->body.len == 0) {
		say(g, "the KMS answers with another status, or nothing");
		return false;
	}
	return find_part(c, s, g) && read_cert(c, s, g);
}

/* A pin is that of a file.  The file may be what the KMS answered, or the
 * certificate alone, with its signature or without. */
static bool
is_pinned(const struct got *g, const uint8_t *pin)
{
	const struct gw_span all[] = { g->parts.certificate,
		g->parts.with_signature, g->body };
	struct print p;

	for (size_t i = 0; i < GW_COUNT(all); i++)
		if (hash(all[i], &p) &&
		    memcmp(p.octets, pin, KMS_SHA256_LEN) == 0)
			return true;
	return false;
}

/* The file is what counts where there is one; *pin says what was expected. */
static enum kms_watch_state
compare(const struct core *c, const struct kms_watch_entry *e,
    const struct got *g, struct print *pin)
{
	const struct policy_domain *d = e->domain;
	const struct kms_cert *file =
	    d == NULL ? NULL : kms_certs_find(c->snap->kms, gw_span_of(d->kms));

	pin->hex[0] = '\0';
	if (file != NULL)
		memcpy(pin->octets, file->sha256, KMS_SHA256_LEN);
	else if (d != NULL && d->pinned)
		memcpy(pin->octets, d->sha256, KMS_SHA256_LEN);
	else
		return KMS_WATCH_UNPINNED;
	write_hex(pin);
	bool same = file != NULL ? kms_cert_same(file, g->cert) :
				   is_pinned(g, d->sha256);
	return same ? KMS_WATCH_SAME : KMS_WATCH_CHANGED;
}

static const enum metric metric_of[KMS_WATCH_STATE_N] = {
	[KMS_WATCH_SAME] = METRIC_KMS_WATCH_SAME,
	[KMS_WATCH_CHANGED] = METRIC_KMS_WATCH_CHANGED,
	[KMS_WATCH_UNPINNED] = METRIC_KMS_WATCH_UNPINNED,
	[KMS_WATCH_FAILED] = METRIC_KMS_WATCH_FAILED,
};

static void
note(struct core *c, const struct fetch *f, enum kms_watch_state state)
{
	metrics_one(&c->metrics, metric_of[state]);
	atomic_store(&f->of->seen->state, (uint8_t)state);
}

static void
failed(struct core *c, const struct fetch *f, const char *why)
{
	note(c, f, KMS_WATCH_FAILED);
	LOG_WARN("kms.not-fetched", kv_text("kms", f->of->service->kms),
	    kv_span("system", core_system_id(c->snap, f->of->service->system)),
	    kv_text("why", why));
}

static void
log_seen(const struct fetch *f, enum kms_watch_state state,
    const struct print *pin, const struct got *g)
{
	const char *kms = f->of->service->kms;

	switch (state) {
	case KMS_WATCH_SAME:
		LOG_DEBUG("kms.same", kv_text("kms", kms),
		    kv_text("sha256", g->print.hex));
		break;
	case KMS_WATCH_CHANGED:
		LOG_ERROR("kms.changed", kv_text("kms", kms),
		    kv_text("pinned", pin->hex),
		    kv_text("sha256", g->print.hex));
		break;
	case KMS_WATCH_UNPINNED:
		LOG_INFO("kms.unpinned", kv_text("kms", kms),
		    kv_text("sha256", g->print.hex));
		break;
	case KMS_WATCH_NOT_YET:
	case KMS_WATCH_FAILED:
	case KMS_WATCH_STATE_N: break;
	}
}

static void
check_end(const struct core *c, const struct fetch *f, const struct kms_cert *k)
{
	char end[GW_TIME_TEXT_LEN];

	atomic_store(&f->of->seen->valid_to_us, k->valid_to_us);
	if (k->valid_to_us == 0 ||
	    k->valid_to_us - c->now.wall_us >= KMS_WATCH_SOON_US)
		return;
	gw_time_text(k->valid_to_us, end);
	LOG_WARN("kms.lapses", kv_text("kms", f->of->service->kms),
	    kv_text("valid_to", end));
}

/* It stands in for the file that is not there.  Others may read it from now
 * on, so it is never taken back. */
static void
stand_in(const struct fetch *f, struct got *g)
{
	const struct policy_domain *d = f->of->domain;
	struct kms_certs *none = NULL;

	if (d != NULL && d->pinned && d->certificate == NULL &&
	    atomic_compare_exchange_strong(
		&f->of->seen->certs, &none, g->certs)) {
		LOG_INFO("kms.taken", kv_text("kms", f->of->service->kms),
		    kv_text("sha256", g->print.hex));
		g->certs = NULL;
	}
}

static void
heard(struct core *c, struct fetch *f, const struct gw_http_response *r)
{
	struct got g = { 0 };
	struct print pin;

	if (!read_answer(c, f->of->service, r, &g)) {
		failed(c, f, g.why);
		kms_certs_free(g.certs);
		return;
	}
	enum kms_watch_state state = compare(c, f->of, &g, &pin);
	for (size_t i = 0; i < GW_COUNT(f->of->seen->print); i++) {
		uint64_t part;
		memcpy(&part, g.print.octets + 8 * i, sizeof(part));
		atomic_store(&f->of->seen->print[i], part);
	}
	log_seen(f, state, &pin, &g);
	check_end(c, f, g.cert);
	if (state == KMS_WATCH_SAME)
		stand_in(f, &g);
	note(c, f, state);
	kms_certs_free(g.certs);
}

void
kms_fetch_heard(struct core *c, uint64_t ticket,
    const struct gw_http_response *r, const char *why)
{
	for (size_t i = 0; c->fetches != NULL && i < c->fetches->n; i++) {
		struct fetch *f = &c->fetches->at[i];
		if (f->ticket != ticket)
			continue;
		f->ticket = 0;
		if (r != NULL)
			heard(c, f, r);
		else
			failed(c, f, why);
		return;
	}
}
