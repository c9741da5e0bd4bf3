/*
 * asked.c: "which security domains serve this user?", asked from outside.
 *
 * What tells something leaves at once.  What tells nothing leaves at a fixed
 * time after the question, in the same octets: whether the user is unknown or
 * not for this asker cannot be seen from outside.  For that, what is known of a
 * user of whom nothing may be told counts no longer than that there is none:
 * else a service that fails would tell the two apart.
 */
#include "core/asked.h"

#include "core/kms_pass.h"
#include "core/lookup_ask.h"

static const struct gw_http_response no_memory = { .status = 503,
	.retry_after_s = CORE_RETRY_S };

static const char *const result_names[ASKED_RESULT_N] = {
	[ASKED_ANSWERED] = "answered",
	[ASKED_NOTHING] = "nothing",
	[ASKED_UNAVAILABLE] = "unavailable",
	[ASKED_MALFORMED] = "malformed",
	[ASKED_NOT_FOUND] = "not-found",
	[ASKED_FORBIDDEN] = "forbidden",
	[ASKED_LIMITED] = "limited",
	[ASKED_GONE] = "gone",
};

/* Rows of metrics.def: results of each dialect, in the order of the enum. */
static const struct {
	struct gw_span name;
	enum metric first;
} dialects[] = {
	{ GW_LIT("kms"), METRIC_ASKED_KMS_ANSWERED },
	{ GW_LIT("domain-lookup"), METRIC_ASKED_XML_ANSWERED },
	{ GW_LIT("domain-lookup-json"), METRIC_ASKED_JSON_ANSWERED },
};

void
core_answer(struct core *c, uint64_t stream, const struct gw_http_response *r)
{
	struct core_action *a = core_act(c, CORE_ANSWER);
	struct gw_http_response *copy =
	    gw_arena_alloc(c->arena, 1, sizeof(*copy));

	if (a == NULL)
		return;
	a->stream = stream;
	a->http.response = &no_memory;
	if (copy == NULL)
		return;
	*copy = *r;
	a->http.response = copy;
}

static void
count(struct core *c, const struct asked_done *d)
{
	enum metric first = METRIC_ASKED_OTHER_ANSWERED;
	struct gw_span name =
	    d->adapter == NULL ? GW_SPAN("") : gw_span_of(d->adapter->name);

	for (size_t i = 0; i < GW_COUNT(dialects); i++)
		if (gw_span_eq(name, dialects[i].name))
			first = dialects[i].first;
	metrics_one(&c->metrics, (enum metric)((unsigned)first + d->result));
}

void
asked_log(struct core *c, const struct asked_done *d)
{
	count(c, d);
	/* Who asks too often shall not fill the log beside. */
	LOG_(d->result == ASKED_LIMITED ? GW_LOG_DEBUG : GW_LOG_INFO,
	    "lookup.asked", kv_span("asker", core_system_id(c->snap, d->asker)),
	    kv_text("dialect", d->adapter == NULL ? "" : d->adapter->name),
	    kv_span("user", d->user),
	    kv_span("system", core_system_id(c->snap, d->of)),
	    kv_text("result", result_names[d->result]),
	    kv_num("domains", d->domains),
	    kv_text("source", d->cached ? "cache" : "service"),
	    kv_text("why", d->why == NULL ? "" : d->why),
	    kv_num("us", c->now.mono_us - d->came_us));
}

struct gw_lookup_ends
asked_ends(
    const struct core *c, uint16_t asker, const struct gw_http_request *in)
{
	const struct snapshot *s = c->snap;
	struct gw_lookup_ends e = { .self =
					gw_span_of(s->conf->redirect.author),
		.authority = in->authority,
		.prefix = GW_SPAN(""),
		.names = &gw_lookup_names_3gpp,
		.wall_us = c->now.wall_us };

	if (asker < s->redirects->n)
		e.names = s->redirects->peers[asker].dialect->lookup;
	return e;
}

uint16_t
asked_today(const struct core *c, const struct asked *a, uint16_t system)
{
	if (a->snap == c->snap || system == GW_SYSTEM_NONE)
		return system;
	return conf_system_by_id(
	    c->snap->conf, core_system_id(a->snap, system));
}

/* Of a request that none has read: the spelling that its sender will most
 * likely read. */
static const struct gw_lookup_adapter *
likely_adapter(const struct gw_http_request *r)
{
	static const struct gw_span kms = GW_LIT("/keymanagement/");
	static const struct gw_span json = GW_LIT("json");
	const char *name = "domain-lookup";

	if (gw_span_istarts(r->path, kms))
		name = "kms";
	else if (gw_span_search(r->accept, json) < r->accept.len ||
		 gw_span_search(r->content_type, json) < r->content_type.len)
		name = "domain-lookup-json";
	return gw_lookup_adapter(gw_span_of(name));
}

void
asked_refuse(struct core *c, uint64_t stream,
    const struct gw_lookup_adapter *adapter, const struct gw_http_request *in,
    uint16_t asker, enum gw_lookup_error error, uint32_t retry_after_s)
{
	struct gw_lookup_ends e = asked_ends(c, asker, in);
	struct gw_http_response r = no_memory;

	if (adapter == NULL)
		adapter = likely_adapter(in);
	if (adapter->refuse(c->arena, &e, in, error, &r) != GW_OK)
		r = no_memory;
	if (retry_after_s > 0)
		r.retry_after_s = retry_after_s;
	core_answer(c, stream, &r);
}

/* ---- an answer that tells something ---- */

/* False: nothing may be told, and nothing was. */
static bool
tell(struct core *c, const struct asked *a, const struct gw_lookup_answer *in,
    const struct lookup_source *source)
{
	uint16_t asker = asked_today(c, a, a->system);
	uint16_t of = asked_today(c, a, a->of);
	struct gw_lookup_answer out = { 0 };
	struct gw_http_response response;

	if (asker == GW_SYSTEM_NONE || of == GW_SYSTEM_NONE ||
	    !lookup_ask_told(
		c->snap, asker, of, in, c->now.wall_us, c->arena, &out) ||
	    out.n_domains == 0)
		return false;
	out.ttl_ms = source->left_ms;
	struct gw_lookup_ends e = asked_ends(c, asker, &a->request);
	if (a->adapter->answer(c->arena, &e, &a->question, &out, &response) !=
	    GW_OK)
		return false;
	core_answer(c, a->stream, &response);
	asked_log(c, &(struct asked_done){ asker, of, a->adapter,
			 ASKED_ANSWERED, a->question.user, NULL, out.n_domains,
			 source->cached, a->came_us });
	return true;
}

/* ---- one that tells nothing ---- */

/* At a time that depends on nothing but when the question came; where the
 * service took longer, at the next such time. */
static void
hold(struct core *c, struct asked *a)
{
	uint64_t step = (uint64_t)c->snap->conf->lookups.none_after_ms * 1000;
	uint64_t passed = c->now.mono_us - a->came_us;

	if (step == 0)
		step = WHEEL_TICK_US;
	a->due.kind = CORE_TIMER_ASKED;
	wheel_arm(&c->wheel, &a->due, a->came_us + (passed / step + 1) * step);
}

static bool
tell_nothing(struct core *c, const struct asked *a, uint16_t asker)
{
	static const struct gw_lookup_answer none = { 0 };
	struct gw_lookup_ends e = asked_ends(c, asker, &a->request);
	struct gw_http_response response;

	if (a->adapter->answer(c->arena, &e, &a->question, &none, &response) !=
	    GW_OK)
		return false;
	core_answer(c, a->stream, &response);
	return true;
}

/* Whether the service is well is the same for all users of a system, so that
 * telling it tells nothing of one; but only those hear of it whom it concerns.
 */
static bool
is_well(const struct core *c, uint16_t asker, uint16_t of)
{
	return of == GW_SYSTEM_NONE ||
	       !policy_discloses(c->snap->policy, asker, of, c->now.wall_us) ||
	       lookups_well(c, c->snap, of);
}

void
core_asked_due(struct core *c, struct wheel_node *n)
{
	struct asked *a = (struct asked *)(void *)n;
	uint16_t asker = asked_today(c, a, a->system);
	uint16_t of = asked_today(c, a, a->of);
	enum asked_result result = ASKED_NOTHING;

	if (a->kms != POLICY_KMS_N) {
		kms_pass_due(c, a);
		return;
	}
	if (asker == GW_SYSTEM_NONE) {
		asked_refuse(c, a->stream, a->adapter, &a->request, asker,
		    GW_LOOKUP_E_FORBIDDEN, 0);
		result = ASKED_FORBIDDEN;
	} else if (a->failed || !is_well(c, asker, of) ||
		   !tell_nothing(c, a, asker)) {
		asked_refuse(c, a->stream, a->adapter, &a->request, asker,
		    GW_LOOKUP_E_UNAVAILABLE, c->snap->conf->lookups.down_s);
		result = ASKED_UNAVAILABLE;
	}
	asked_log(c, &(struct asked_done){ asker, of, a->adapter, result,
			 a->question.user, NULL, 0, false, a->came_us });
	askers_give(c->askers, a);
}

/* ---- the question ---- */

static void
on_ready(struct core *c, struct lookup_waiter *w, enum lookup_found found,
    const struct gw_lookup_answer *answer, const struct lookup_source *source);

static void
unavailable(struct core *c, struct asked *a, const struct gw_http_request *r,
    const char *why)
{
	asked_refuse(c, a->stream, a->adapter, r, a->system,
	    GW_LOOKUP_E_UNAVAILABLE, CORE_RETRY_S);
	asked_log(c, &(struct asked_done){ a->system, a->of, a->adapter,
			 ASKED_UNAVAILABLE, a->question.user, why, 0, false,
			 a->came_us });
	askers_give(c->askers, a);
}

/* What the service says of user, who may be asked about; told: an answer that
 * is there was told. */
static enum lookup_found
find(struct core *c, struct asked *a, struct gw_span user, bool *told)
{
	uint32_t most = c->snap->conf->lookups.negative_s * 1000;
	struct lookup_source source = { 0 };
	struct gw_lookup_answer answer = { 0 };
	enum lookup_found found = lookups_find(
	    c, c->snap, a->of, user, c->arena, &a->waiter, &answer, &source);

	*told = found == LOOKUP_ANSWER && tell(c, a, &answer, &source);
	if (found == LOOKUP_ANSWER && !*told && source.age_ms >= most)
		found = lookups_renew(
		    c, c->snap, a->of, user, c->arena, &a->waiter, &source);
	return found;
}

/* The row stays only as long as somebody waits. */
static void
look_up(struct core *c, struct asked *a, const struct gw_lookup_question *q,
    const struct gw_http_request *r)
{
	const struct policy *p = c->snap->policy;
	enum lookup_found found = LOOKUP_NO_SERVICE;
	struct gw_span user, form;
	bool told = false;

	a->question = *q;
	a->failed = false;
	a->request = *r;
	if (!policy_map_user(
		p, a->system, POLICY_MAP_IN, q->user, c->arena, &user)) {
		unavailable(c, a, r, "no memory");
		return;
	}
	a->of = policy_system_of(p, user);
	a->waiter.ready = on_ready;
	/* Who may be told nothing is not worth a question. */
	if (a->of != GW_SYSTEM_NONE &&
	    policy_discloses(p, a->system, a->of, c->now.wall_us))
		found = find(c, a, user, &told);
	/* Nobody has a name that cannot be read: that is no failure. */
	a->failed = found == LOOKUP_FAILED &&
		    gw_lookup_user(c->arena, user, &form) == GW_OK;
	if (told) {
		askers_give(c->askers, a);
	} else if (a->arena == NULL && !askers_keep(a)) {
		if (found == LOOKUP_WAIT)
			lookups_leave(c, &a->waiter);
		unavailable(c, a, r, "no memory");
	} else if (found != LOOKUP_WAIT) {
		hold(c, a);
	}
}

/* Since a asked, a reload has put another service in place of the one that
 * answers, or changed what its names mean. */
static bool
is_outdated(const struct core *c, const struct asked *a)
{
	const struct service *asked, *now;

	if (a->snap == c->snap)
		return false;
	asked = lookup_ask_service(a->snap, a->of);
	now = lookup_ask_service(c->snap, asked_today(c, a, a->of));
	return now == NULL || now->digest != asked->digest;
}

static void
look_up_anew(struct core *c, struct asked *a)
{
	uint16_t asker = asked_today(c, a, a->system);

	if (asker == GW_SYSTEM_NONE) {
		hold(c, a);
		return;
	}
	snapshot_unref(a->snap);
	a->snap = snapshot_ref(c->snap);
	a->system = asker;
	look_up(c, a, &a->question, &a->request);
}

static void
on_ready(struct core *c, struct lookup_waiter *w, enum lookup_found found,
    const struct gw_lookup_answer *answer, const struct lookup_source *source)
{
	struct asked *a =
	    (struct asked *)(void *)((char *)w -
				     offsetof(struct asked, waiter));

	a->failed = found != LOOKUP_ANSWER;
	if (is_outdated(c, a))
		look_up_anew(c, a);
	else if (!a->failed && tell(c, a, answer, source))
		askers_give(c->askers, a);
	else
		hold(c, a);
}

static enum gw_err
hear(struct core *c, const struct core_asker *from,
    const struct gw_http_request *r, const struct gw_lookup_adapter **adapter,
    struct gw_lookup_question *q, struct gw_fault *fault)
{
	struct gw_lookup_ends e = asked_ends(c, from->system, r);
	enum gw_err err = GW_ENOTFOUND;
	size_t n;
	const struct gw_lookup_adapter *const *all = gw_lookup_adapters(&n);

	for (size_t i = 0; i < n && err == GW_ENOTFOUND; i++) {
		err = all[i]->hear(c->arena, &e, r, q, fault);
		if (err != GW_ENOTFOUND)
			*adapter = all[i];
	}
	return err;
}

/* What is answered to a request that is no question. */
static const struct {
	enum gw_err err;
	enum gw_lookup_error error;
	enum asked_result result;
} faults[] = {
	{ GW_EMALFORMED, GW_LOOKUP_E_REQUEST, ASKED_MALFORMED },
	{ GW_EUNSUPPORTED, GW_LOOKUP_E_METHOD, ASKED_MALFORMED },
	{ GW_ENOTFOUND, GW_LOOKUP_E_NOT_FOUND, ASKED_NOT_FOUND },
	{ GW_ENOMEM, GW_LOOKUP_E_UNAVAILABLE, ASKED_UNAVAILABLE },
};

static void
refuse_fault(struct core *c, const struct core_asker *from,
    const struct gw_http_request *r, const struct gw_lookup_adapter *adapter,
    enum gw_err err, const char *why)
{
	size_t i = 0;

	while (i + 1 < GW_COUNT(faults) && faults[i].err != err)
		i++;
	asked_refuse(
	    c, from->stream, adapter, r, from->system, faults[i].error, 0);
	asked_log(c,
	    &(struct asked_done){ from->system, GW_SYSTEM_NONE, adapter,
		faults[i].result, GW_SPAN(""), why, 0, false, c->now.mono_us });
}

static void
question(struct core *c, const struct core_asker *from,
    const struct gw_http_request *r)
{
	const struct gw_lookup_adapter *adapter = NULL;
	struct gw_lookup_question q = { 0 };
	struct gw_fault fault = { 0, "" };
	enum gw_err err = hear(c, from, r, &adapter, &q, &fault);

	if (err == GW_ENOTFOUND && kms_pass_asked(c, from, r))
		return;
	if (err != GW_OK) {
		refuse_fault(c, from, r, adapter, err, fault.why);
		return;
	}
	struct asked *a = askers_take(
	    c->askers, from->stream, c->snap->conf->lookups.waiting);
	if (a == NULL) {
		refuse_fault(c, from, r, adapter, GW_ENOMEM, "too many wait");
		return;
	}
	a->snap = snapshot_ref(c->snap);
	a->came_us = c->now.mono_us;
	a->system = from->system;
	a->of = GW_SYSTEM_NONE;
	a->kms = POLICY_KMS_N;
	a->adapter = adapter;
	look_up(c, a, &q, r);
}

void
core_asked(struct core *c, const struct core_asker *from,
    const struct gw_http_request *r, struct gw_now now)
{
	const struct policy_limit limit = { c->snap->conf->lookups.asks, 1, 0 };
	uint32_t retry_after_s = 0;

	core_begin(c, now);
	if (from->system >= c->snap->conf->n_systems) {
		asked_refuse(c, from->stream, NULL, r, from->system,
		    GW_LOOKUP_E_FORBIDDEN, 0);
		asked_log(c, &(struct asked_done){ from->system, GW_SYSTEM_NONE,
				 NULL, ASKED_FORBIDDEN, GW_SPAN(""), NULL, 0,
				 false, now.mono_us });
	} else if (!meter_rate(c->snap->meters->systems[from->system], &limit,
		       now.mono_us, &retry_after_s)) {
		asked_refuse(c, from->stream, NULL, r, from->system,
		    GW_LOOKUP_E_RATE, retry_after_s);
		asked_log(c, &(struct asked_done){ from->system, GW_SYSTEM_NONE,
				 NULL, ASKED_LIMITED, GW_SPAN(""), NULL, 0,
				 false, now.mono_us });
	} else {
		question(c, from, r);
	}
	core_finish(c);
}

/* ---- askers that go, and the end ---- */

static void
forget(struct core *c, struct asked *a)
{
	wheel_stop(&c->wheel, &a->due);
	lookups_leave(c, &a->waiter);
	if (a->back_ticket != NULL) {
		struct core_action *drop = core_act(c, CORE_ASK_DROP);
		if (drop != NULL)
			drop->ticket = a->ticket;
	}
	askers_give(c->askers, a);
}

void
core_asker_gone(struct core *c, uint64_t stream, struct gw_now now)
{
	core_begin(c, now);
	struct asked *a = askers_by_stream(c->askers, stream);
	if (a != NULL) {
		asked_log(
		    c, &(struct asked_done){ asked_today(c, a, a->system),
			   asked_today(c, a, a->of), a->adapter, ASKED_GONE,
			   a->question.user, NULL, 0, false, a->came_us });
		forget(c, a);
	}
	core_finish(c);
}

void
core_askers_stop(struct core *c)
{
	struct asked *a;

	while (c->askers != NULL && (a = askers_first(c->askers)) != NULL) {
		wheel_stop(&c->wheel, &a->due);
		lookups_leave(c, &a->waiter);
		askers_give(c->askers, a);
	}
	askers_free(c->askers);
	c->askers = NULL;
}
