/*
 * kms_pass.c: find the KMS, ask policy, pass on; cut what comes back.
 */
#include "core/kms_pass.h"

#include "codec/mikey/kms_cut.h"
#include "core/asked.h"
#include "core/kms_request.h"

enum passed { PASSED, REFUSED, FAILED };

/* Of bodies that cross, which were read as that. */
static const struct gw_span media_type = GW_LIT("application/xml");

/* Rows of metrics.def: outcomes of each kind, in the order of the enum. */
static const enum metric first_metric[POLICY_KMS_N] = {
	[POLICY_KMS_INIT] = METRIC_KMS_INIT_PASSED,
	[POLICY_KMS_KEYPROV] = METRIC_KMS_KEYPROV_PASSED,
	[POLICY_KMS_CERT] = METRIC_KMS_CERT_PASSED,
	[POLICY_KMS_CERTCACHE] = METRIC_KMS_CERTCACHE_PASSED,
	[POLICY_KMS_REDIRECT] = METRIC_KMS_REDIRECT_PASSED,
};

static void
count(struct core *c, enum policy_kms_request what, enum passed passed)
{
	metrics_one(
	    &c->metrics, (enum metric)((unsigned)first_metric[what] + passed));
}

static const struct gw_lookup_adapter *
kms_adapter(void)
{
	return gw_lookup_adapter(GW_SPAN("kms"));
}

/* ---- which KMS ---- */

struct pass {
	struct core *c;
	const struct core_asker *from;
	const struct gw_http_request *r;
	struct kms_request q;
	const struct conf_service *kms;
	const char *why; /* of a refusal; static */
};

/* The body and the authority name it; where neither does, the certificate
 * that is asked for.  Two names for two KMSs, or a name that two have, name
 * none. */
static bool
choose(struct pass *p)
{
	const struct gw_span names[] = { p->q.to, p->r->authority, p->q.kms };
	bool ambiguous = false;

	for (size_t i = 0; i < GW_COUNT(names); i++) {
		if (names[i].len == 0 || (i == 2 && p->kms != NULL))
			continue;
		const struct conf_service *k =
		    kms_index_find(p->c->snap->kms_index, names[i],
			p->from->system, &ambiguous);
		if (ambiguous || (k != NULL && p->kms != NULL && k != p->kms)) {
			p->why = "more than one KMS is meant";
			return false;
		}
		if (k != NULL)
			p->kms = k;
	}
	p->why = "no KMS of another system has that name";
	return p->kms != NULL;
}

/* The two systems, by the settings in force. */
struct view {
	struct core *c;
	uint16_t asker, of;
};

/* A KMS speaks in its own names, which cannot be changed in what it signs;
 * policy speaks in those of the agreement. */
static bool
permitted(const struct view *v, enum policy_kms_request what,
    struct gw_span kms, struct gw_span user, const char **why)
{
	const struct policy *policy = v->c->snap->policy;
	struct gw_arena *a = v->c->arena;
	struct gw_step step = { 0 };

	*why = "no memory";
	if (!policy_map_kms(policy, v->of, POLICY_MAP_IN, kms, a, &kms) ||
	    !policy_map_user(policy, v->of, POLICY_MAP_IN, user, a, &user))
		return false;
	bool may = policy_kms_may(
	    policy, v->asker, v->of, what, kms, user, v->c->now.wall_us, &step);
	*why = step.because;
	return may;
}

static bool
is_permitted(struct pass *p)
{
	const struct view v = { p->c, p->from->system, p->kms->system };

	return permitted(&v, p->q.what, p->q.kms, p->q.user, &p->why);
}

/* ---- the way there ---- */

static void
log_refused(const struct pass *p)
{
	const struct snapshot *s = p->c->snap;

	LOG_WARN("kms.refused",
	    kv_span("asker", core_system_id(s, p->from->system)),
	    kv_text("kind", policy_kms_request_name(p->q.what)),
	    kv_span("system",
		core_system_id(
		    s, p->kms == NULL ? GW_SYSTEM_NONE : p->kms->system)),
	    kv_span("kms", p->q.kms.len > 0 ? p->q.kms : p->q.to),
	    kv_text("why", p->why));
}

static void
refuse(struct pass *p, enum gw_lookup_error error, enum passed passed)
{
	count(p->c, p->q.what, passed);
	log_refused(p);
	asked_refuse(p->c, p->from->stream, kms_adapter(), p->r,
	    p->from->system, error,
	    error == GW_LOOKUP_E_UNAVAILABLE ? CORE_RETRY_S : 0);
}

/* The request as the KMS gets it; its texts are the asker's, but for the media
 * type: under another, or another character set, the body that was read here
 * might say something else there. */
static struct gw_http_request *
request_of(const struct pass *p)
{
	struct gw_arena *a = p->c->arena;
	struct gw_http_request *r = gw_arena_alloc(a, 1, sizeof(*r));
	struct gw_span prefix = gw_span_of(p->kms->prefix);
	uint8_t *path = gw_arena_bytes(a, prefix.len + p->r->path.len);

	if (r == NULL || path == NULL)
		return NULL;
	if (prefix.len > 0)
		memcpy(path, prefix.p, prefix.len);
	memcpy(path + prefix.len, p->r->path.p, p->r->path.len);
	*r = *p->r;
	r->path = (struct gw_span){ path, prefix.len + p->r->path.len };
	r->authority = gw_span_of(p->kms->authority);
	r->content_type = r->body.len > 0 ? media_type : GW_SPAN("");
	return r;
}

static bool
send_on(struct pass *p)
{
	struct core *c = p->c;
	uint64_t service = c->snap->services->at[p->kms->id].digest;
	struct gw_http_request *r = request_of(p);
	struct asked *a = NULL;

	p->why = "too many wait, or no memory";
	if (askers_held(c->askers, service) < core_share(c))
		a = askers_take(
		    c->askers, p->from->stream, c->snap->conf->lookups.waiting);
	if (a == NULL)
		return false;
	a->request = *p->r;
	a->question.user = p->q.user;
	a->certificate = p->q.kms;
	struct core_action *act =
	    r == NULL || !askers_keep(a) ? NULL : core_act(c, CORE_ASK);
	if (act == NULL) {
		askers_give(c->askers, a);
		return false;
	}
	a->snap = snapshot_ref(c->snap);
	a->came_us = c->now.mono_us;
	a->system = p->from->system;
	a->of = p->kms->system;
	a->kms = (uint8_t)p->q.what;
	a->adapter = kms_adapter();
	askers_await(c->askers, a,
	    core_ticket(CORE_OWNER_KMS, ++c->kms_tickets), service);
	a->due.kind = CORE_TIMER_ASKED;
	wheel_arm(&c->wheel, &a->due,
	    c->now.mono_us + (uint64_t)p->kms->deadline_ms * 1000);
	act->ticket = a->ticket;
	act->service = p->kms->id;
	act->deadline_ms = p->kms->deadline_ms;
	act->http.request = r;
	return true;
}

bool
kms_pass_asked(struct core *c, const struct core_asker *from,
    const struct gw_http_request *r)
{
	struct pass p = { .c = c, .from = from, .r = r };
	struct gw_fault fault = { 0, "no memory" };
	enum gw_err err = kms_request_read(c->arena, r, &p.q, &fault);

	if (err == GW_ENOTFOUND)
		return false;
	p.why = fault.why;
	if (err == GW_EUNSUPPORTED)
		refuse(&p, GW_LOOKUP_E_METHOD, REFUSED);
	else if (err == GW_ENOMEM)
		refuse(&p, GW_LOOKUP_E_UNAVAILABLE, FAILED);
	else if (err != GW_OK)
		refuse(&p, GW_LOOKUP_E_REQUEST, REFUSED);
	else if (!choose(&p) || !is_permitted(&p))
		refuse(&p, GW_LOOKUP_E_FORBIDDEN, REFUSED);
	else if (!send_on(&p))
		refuse(&p, GW_LOOKUP_E_UNAVAILABLE, FAILED);
	return true;
}

/* ---- and back ---- */

static bool
is_visible(const void *arg, struct gw_span kms)
{
	const struct view *v = arg;
	const struct policy *p = v->c->snap->policy;

	return policy_map_kms(
		   p, v->of, POLICY_MAP_IN, kms, v->c->arena, &kms) &&
	       policy_kms_visible(p, v->asker, v->of, kms, v->c->now.wall_us);
}

/* The name of an answer to a lookup in a system's dialect. */
static struct gw_span
lookup_root(const struct core *c, uint16_t system)
{
	return asked_ends(c, system, &(struct gw_http_request){ 0 })
	    .names->root;
}

/* What crosses of r, which answers a request of that kind; false, and why, if
 * nothing may.  What a KMS tells of a user's domains is answered as a lookup,
 * and keys go to those who asked for keys. */
static bool
cut(const struct view *v, enum policy_kms_request what,
    const struct gw_http_response *r, struct gw_http_response *out,
    struct kms_cut *cut, const char **why)
{
	const struct gw_span never[] = { gw_lookup_names_3gpp.root,
		lookup_root(v->c, v->asker), lookup_root(v->c, v->of),
		GW_SPAN("KmsKeySet"), GW_SPAN("NewTransportKey"),
		GW_SPAN("NewIntegrityKey") };
	bool keys = what == POLICY_KMS_INIT || what == POLICY_KMS_KEYPROV;
	const struct kms_cut_rules rules = { is_visible, v, never,
		keys ? 3 : GW_COUNT(never) };
	struct gw_fault fault = { 0, "" };

	*why = "its status is neither a success nor an error";
	if (r->status < 200 || (r->status >= 300 && r->status < 400))
		return false;
	*out = (struct gw_http_response){ .status = r->status,
		.allow = r->allow,
		.retry_after_s = r->retry_after_s };
	if (r->body.len == 0)
		return true;
	enum gw_err err = kms_cut(v->c->arena, r->body, &rules, cut, &fault);
	if (err == GW_OK) {
		out->content_type = media_type;
		out->body = cut->out;
		return true;
	}
	*why = fault.why;
	/* An error page is no message of a KMS: its status is enough. */
	return r->status >= 400 && (err == GW_EMALFORMED || err == GW_ELIMIT);
}

static void
log_passed(const struct view *v, const struct asked *a,
    const struct gw_http_response *r, const struct kms_cut *cut)
{
	const struct snapshot *s = v->c->snap;

	LOG_INFO("kms.passed", kv_span("asker", core_system_id(s, v->asker)),
	    kv_text("kind",
		policy_kms_request_name((enum policy_kms_request)a->kms)),
	    kv_span("system", core_system_id(s, v->of)),
	    kv_num("status", r->status), kv_num("kept", cut->kept),
	    kv_num("removed", cut->removed),
	    kv_num("us", v->c->now.mono_us - a->came_us));
}

static void
give_up(const struct view *v, const struct asked *a, const char *why)
{
	enum policy_kms_request what = (enum policy_kms_request)a->kms;
	const struct snapshot *s = v->c->snap;

	count(v->c, what, FAILED);
	LOG_WARN("kms.failed", kv_span("asker", core_system_id(s, v->asker)),
	    kv_text("kind", policy_kms_request_name(what)),
	    kv_span("system", core_system_id(s, v->of)), kv_text("why", why));
	asked_refuse(v->c, a->stream, a->adapter, &a->request, v->asker,
	    GW_LOOKUP_E_UNAVAILABLE, CORE_RETRY_S);
}

void
kms_pass_heard(struct core *c, uint64_t ticket,
    const struct gw_http_response *r, const char *why)
{
	struct asked *a = askers_by_ticket(c->askers, ticket);
	struct gw_http_response out;
	struct kms_cut what = { 0 };

	if (a == NULL)
		return;
	enum policy_kms_request kind = (enum policy_kms_request)a->kms;
	const struct view v = { c, asked_today(c, a, a->system),
		asked_today(c, a, a->of) };
	if (r == NULL ||
	    !permitted(&v, kind, a->certificate, a->question.user, &why) ||
	    !cut(&v, kind, r, &out, &what, &why)) {
		give_up(&v, a, why);
	} else {
		count(c, kind, PASSED);
		metrics_add(
		    &c->metrics, METRIC_KMS_CERTS_REMOVED, what.removed);
		log_passed(&v, a, &out, &what);
		core_answer(c, a->stream, &out);
	}
	wheel_stop(&c->wheel, &a->due);
	askers_give(c->askers, a);
}

void
kms_pass_due(struct core *c, struct asked *a)
{
	struct core_action *drop = core_act(c, CORE_ASK_DROP);

	if (drop != NULL)
		drop->ticket = a->ticket;
	kms_pass_heard(c, a->ticket, NULL, "no answer within the deadline");
}
