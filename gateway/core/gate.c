/*
 * gate.c: message to facts, facts to verdict.
 */
#include "core/gate.h"

#include "codec/sip/sip_addr.h"
#include "mcxgw/siphash.h"

/* Layout of a memo: kind and service above, digest below; the top bit tells
 * a memo from none. */
#define MEMO_DIGEST  (((uint64_t)1 << 56) - 1)
#define MEMO_SERVICE 56
#define MEMO_KIND    58
#define MEMO_SET     ((uint64_t)1 << 63)

#define LEVEL_MAX 99 /* of a priority; what is higher counts as this */

static const enum gw_service services[] = {
	[MCX_NONE] = GW_SERVICE_NONE,
	[MCX_MCPTT] = GW_MCPTT,
	[MCX_MCVIDEO] = GW_MCVIDEO,
	[MCX_MCDATA] = GW_MCDATA,
};

/* The ICSI in a header field tells the service where no document does. */
static const struct {
	struct gw_span icsi;
	enum gw_service service;
} icsis[] = {
	{ GW_LIT("3gpp-service.ims.icsi.mcptt"), GW_MCPTT },
	{ GW_LIT("3gpp-service.ims.icsi.mcvideo"), GW_MCVIDEO },
	{ GW_LIT("3gpp-service.ims.icsi.mcdata"), GW_MCDATA },
};

static const enum sip_hdr_id icsi_fields[] = { SIP_HDR_P_ASSERTED_SERVICE,
	SIP_HDR_P_PREFERRED_SERVICE, SIP_HDR_ACCEPT_CONTACT, SIP_HDR_CONTACT };

static enum gw_service
service_of_fields(const struct sip_msg *m)
{
	for (size_t i = 0; i < GW_COUNT(icsi_fields); i++) {
		const struct sip_hdr *h = sip_msg_hdr(m, icsi_fields[i]);
		for (; h != NULL; h = sip_msg_next(m, h))
			for (size_t k = 0; k < GW_COUNT(icsis); k++)
				if (gw_span_search(h->value, icsis[k].icsi) <
				    h->value.len)
					return icsis[k].service;
	}
	return GW_SERVICE_NONE;
}

static const struct {
	struct gw_span session_type;
	enum gw_kind kind;
} session_types[] = {
	{ GW_LIT("private"), GW_KIND_PRIVATE },
	{ GW_LIT("first-to-answer"), GW_KIND_FIRST_TO_ANSWER },
	{ GW_LIT("ambient-listening"), GW_KIND_AMBIENT },
	{ GW_LIT("prearranged"), GW_KIND_GROUP },
	{ GW_LIT("chat"), GW_KIND_CHAT },
	{ GW_LIT("adhoc"), GW_KIND_ADHOC },
};

static const enum gw_kind method_kinds[SIP_METHOD_N] = {
	[SIP_METHOD_MESSAGE] = GW_KIND_MESSAGE,
	[SIP_METHOD_PUBLISH] = GW_KIND_PUBLISH,
	[SIP_METHOD_SUBSCRIBE] = GW_KIND_SUBSCRIBE,
	[SIP_METHOD_NOTIFY] = GW_KIND_SUBSCRIBE,
	[SIP_METHOD_REGISTER] = GW_KIND_REGISTER,
};

static enum gw_kind
kind_of(const struct sip_msg *m, const struct mcx_info *info)
{
	if (method_kinds[m->method] != GW_KIND_OTHER)
		return method_kinds[m->method];
	for (size_t i = 0; i < GW_COUNT(session_types); i++)
		if (gw_span_ieq(
			info->session_type, session_types[i].session_type))
			return session_types[i].kind;
	return GW_KIND_OTHER;
}

static struct gw_span
asserted_identity(const struct sip_msg *m)
{
	struct gw_fault fault;
	struct sip_addr addr;
	size_t pos = 0;

	if (sip_addr_next(sip_msg_value(m, SIP_HDR_P_ASSERTED_IDENTITY), &pos,
		&addr, &fault) != GW_OK)
		return (struct gw_span){ NULL, 0 };
	return addr.uri;
}

/* The first asserted identity that the peer must not assert. */
static struct gw_span
asserted_other(const struct policy *p, uint16_t from, const struct sip_msg *m)
{
	const struct sip_hdr *h = sip_msg_hdr(m, SIP_HDR_P_ASSERTED_IDENTITY);
	struct gw_fault fault;
	struct sip_addr addr;

	for (; h != NULL; h = sip_msg_next(m, h))
		for (size_t pos = 0;
		     sip_addr_next(h->value, &pos, &addr, &fault) == GW_OK;)
			if (!policy_may_assert(p, from, addr.uri))
				return addr.uri;
	return (struct gw_span){ NULL, 0 };
}

/* The highest level of a namespace ("mcpttp.") in Resource-Priority. */
static int8_t
priority_of(const struct sip_msg *m, struct gw_span prefix)
{
	const struct sip_hdr *h = sip_msg_hdr(m, SIP_HDR_RESOURCE_PRIORITY);
	int8_t best = -1;

	for (; h != NULL; h = sip_msg_next(m, h)) {
		for (size_t at = 0; at < h->value.len;) {
			size_t end = gw_span_find(h->value, at, ',');
			struct gw_span one =
			    gw_span_trim(gw_span_sub(h->value, at, end - at));
			uint64_t n = 0;
			at = end + 1;
			if (!gw_span_istarts(one, prefix))
				continue;
			enum gw_err err = gw_span_to_u64(
			    gw_span_sub(one, prefix.len, one.len), LEVEL_MAX,
			    &n);
			if (err == GW_ELIMIT)
				n = LEVEL_MAX;
			if ((err == GW_OK || err == GW_ELIMIT) &&
			    (int8_t)n > best)
				best = (int8_t)n;
		}
	}
	return best;
}

static int64_t
wall_of_ntp(const struct mikey_imsg *m)
{
	uint64_t s = m->ntp >> 32;
	uint64_t us = ((m->ntp & UINT32_MAX) * 1000000) >> 32;

	if (s < GW_NTP_UNIX)
		return 0;
	return (int64_t)((s - GW_NTP_UNIX) * 1000000 + us);
}

static struct mikey_compat
compat_of(const struct policy *p, const struct mikey_imsg *m)
{
	const struct policy_domain *d =
	    policy_domain_find(p, mikey_compat_kms_hint(m));
	uint32_t c = d == NULL ? 0 : d->compat;

	return (struct mikey_compat){
		.sign_header_excluded = (c & POLICY_COMPAT_SIGN_HEADER) != 0,
		.uid_as_hex = (c & POLICY_COMPAT_UID_HEX) != 0,
		.kms_uri_trailing_nul = (c & POLICY_COMPAT_TRAILING_NUL) != 0,
		.uid_in_role_1_2 = (c & POLICY_COMPAT_UID_IN_IDR) != 0,
		.kms_in_role_3 = (c & POLICY_COMPAT_KMS_IN_ROLE3) != 0,
	};
}

static void
fill_key(
    const struct policy *p, const struct mcx_key_msg *k, struct gw_key_fact *f)
{
	struct mikey_compat compat;
	struct mikey_names names;

	*f = (struct gw_key_fact){ .purpose = "unknown",
		.state = GW_KEY_MALFORMED,
		.why = k->fault.why,
		.at = k->fault.at };
	if (k->err != GW_OK)
		return;
	compat = compat_of(p, &k->imsg);
	f->purpose = mikey_purpose_name(k->imsg.purpose);
	f->csb_id = k->imsg.csb_id;
	if (mikey_compat_names(&k->imsg, &compat, &names, &f->why) != GW_OK)
		return;
	f->initiator = names.initiator;
	f->receiver = names.receiver;
	f->initiator_kms = names.initiator_kms;
	f->receiver_kms = names.receiver_kms;
	f->initiator_hidden = names.initiator.len == 0;
	f->made_wall_us = wall_of_ntp(&k->imsg);
	f->state = GW_KEY_UNCHECKED;
	f->why = NULL;
}

/* A digest, to know the same key messages again; no secret and no proof. */
static uint64_t
digest(const struct mcx_body *b)
{
	static const uint8_t key[GW_SIPHASH_KEY_LEN];
	uint64_t sum = 0;

	for (unsigned i = 0; i < b->n_keys; i++)
		sum = sum * 31 + gw_siphash13(key, b->keys[i].raw);
	return sum & MEMO_DIGEST;
}

static uint64_t
memo_of(const struct gw_facts *f, uint64_t digest_of_keys)
{
	return MEMO_SET | (uint64_t)f->kind << MEMO_KIND |
	       (uint64_t)f->service << MEMO_SERVICE | digest_of_keys;
}

/* Key messages that their dialog has had before.  What only the target's token
 * knows is not stale, but may be that of another dialog: a replay. */
enum known { UNKNOWN, KNOWN_TARGET, KNOWN };

static bool
remembers(uint64_t memo, uint64_t digest_of_keys)
{
	return (memo & MEMO_SET) != 0 && (memo & MEMO_DIGEST) == digest_of_keys;
}

/* What the dialog was about, where this message does not say. */
static void
recall(struct gw_facts *f, uint64_t memo)
{
	if ((memo & MEMO_SET) == 0)
		return;
	if (f->service == GW_SERVICE_NONE)
		f->service = (enum gw_service)((memo >> MEMO_SERVICE) & 3);
	if (f->kind == GW_KIND_OTHER) {
		unsigned kind = (unsigned)(memo >> MEMO_KIND) & 15;
		if (kind < GW_KIND_N)
			f->kind = (enum gw_kind)kind;
	}
}

/* Does m begin a session in a dialog that was none: a subscription, say?  A
 * dialog stands for what it was permitted for only. */
static bool
begins_session(const struct sip_msg *m, uint64_t memo)
{
	unsigned kind = (unsigned)(memo >> MEMO_KIND) & 15;

	return m->method == SIP_METHOD_INVITE && (memo & MEMO_SET) != 0 &&
	       (kind == GW_KIND_MESSAGE || kind == GW_KIND_PUBLISH ||
		   kind == GW_KIND_SUBSCRIBE || kind == GW_KIND_REGISTER);
}

static void
fill_facts(const struct policy *p, const struct sip_msg *m,
    const struct gate_ask *ask, struct gate_case *out)
{
	const struct mcx_body *b = &out->body;
	const struct mcx_info *info = &b->info;
	struct gw_facts *f = &out->facts;

	f->info_present = b->info_part >= 0;
	f->service = services[info->service];
	if (f->service == GW_SERVICE_NONE)
		f->service = service_of_fields(m);
	f->kind = kind_of(m, info);
	f->urgency = info->emergency	  ? GW_EMERGENCY :
		     info->imminent_peril ? GW_IMMINENT_PERIL :
					    GW_ROUTINE;
	f->initiator_encrypted = info->calling_user_encrypted;
	f->initiator = info->calling_user;
	if (f->initiator.len == 0)
		f->initiator = asserted_identity(m);
	f->asserted_other = asserted_other(p, ask->from, m);
	if (!ask->to_us && ask->to == GW_SYSTEM_NONE)
		f->request_uri = m->uri;
	f->info_request_uri = info->request_uri;
	/* A private call names the called user in its recipient list. */
	if (f->info_request_uri.len == 0 && b->list_entries == 1)
		f->info_request_uri = b->list_target;
	f->group = info->calling_group;
	f->target_encrypted =
	    info->request_uri_encrypted || b->list_target_encrypted;
	f->has_media_offer = b->has_sdp || b->has_sealed || b->n_keys > 0;
	f->n_keys = b->n_keys;
	for (unsigned i = 0; i < b->n_keys; i++)
		fill_key(p, &b->keys[i], &f->keys[i]);
	f->priority_p = priority_of(m, GW_SPAN("mcpttp."));
	f->priority_q = priority_of(m, GW_SPAN("mcpttq."));
}

/* A certificate can lapse while it is loaded. */
static bool
is_in_force(const struct kms_cert *c, int64_t wall_us)
{
	return (c->valid_from_us == 0 || wall_us >= c->valid_from_us) &&
	       (c->valid_to_us == 0 || wall_us < c->valid_to_us);
}

static void
verify(struct gate *g, const struct snapshot *s, const struct mikey_imsg *m,
    struct gw_now now, struct gw_key_fact *f)
{
	struct mikey_compat compat = compat_of(s->policy, m);
	const struct kms_cert *cert = kms_certs_find(s->kms, f->initiator_kms);

	if (cert == NULL)
		cert = kms_watch_find(s->kms_watch, f->initiator_kms);
	f->state = GW_KEY_UNVERIFIABLE;
	f->why = "no certificate of the initiator's KMS";
	if (cert == NULL)
		return;
	f->why = "the certificate of the initiator's KMS is not in force";
	if (!is_in_force(cert, now.wall_us))
		return;
	enum gw_err err =
	    kms_cert_verify(cert, m, &compat, g->verifier, &f->why);
	if (err == GW_OK)
		f->state = GW_KEY_VALID;
	else if (err == GW_EAUTH)
		f->state = GW_KEY_INVALID;
}

/* One request between the halves of its decision. */
struct judging {
	struct gate *g;
	const struct snapshot *s;
	const struct sip_msg *m;
	const struct gate_ask *ask;
	struct gw_now now;
	enum known known;
	struct gw_arena *arena;
	struct gate_case *out;
};

static void
check_key(const struct judging *j, const struct mikey_imsg *imsg,
    struct gw_key_fact *f)
{
	struct replay *replay = j->g->replay;

	if (j->out->match.signature != POLICY_OFF)
		verify(j->g, j->s, imsg, j->now, f);
	/* A forged one must not use up the true one's name. */
	if (j->known != KNOWN && replay != NULL && f->state != GW_KEY_INVALID)
		f->replayed = replay_seen(replay, imsg,
		    sip_msg_value(j->m, SIP_HDR_CALL_ID), j->now,
		    policy_replay_window_us(j->s->policy));
}

static void
check_keys(const struct judging *j)
{
	const struct gate_checked *before = j->ask->checked;
	struct gate_case *out = j->out;

	for (unsigned i = 0; i < out->facts.n_keys; i++) {
		struct gw_key_fact *f = &out->facts.keys[i];
		if (f->state == GW_KEY_MALFORMED)
			continue;
		if (j->known != UNKNOWN)
			f->made_wall_us = j->now.wall_us;
		if (before == NULL || i >= before->n) {
			check_key(j, &out->body.keys[i].imsg, f);
			continue;
		}
		f->state = (enum gw_key_state)before->keys[i].state;
		f->why = before->keys[i].why;
		f->replayed = before->keys[i].replayed;
	}
}

void
gate_check_keep(const struct gate_case *judged, struct gate_checked *out)
{
	const struct gw_facts *f = &judged->facts;

	out->n = f->n_keys;
	for (unsigned i = 0; i < f->n_keys; i++) {
		out->keys[i].state = (uint8_t)f->keys[i].state;
		out->keys[i].replayed = f->keys[i].replayed;
		out->keys[i].why = f->keys[i].why;
	}
}

static void
refuse_unreadable(const struct gate_ask *ask, struct gate_case *out)
{
	struct gw_verdict *v = &out->verdict;

	out->unreadable = true;
	*v = (struct gw_verdict){ .outcome = GW_REFUSE,
		.reason = GW_REASON_BODY_MALFORMED,
		.status = 400,
		.from = ask->from,
		.to = GW_SYSTEM_NONE,
		.cap_p = -1,
		.cap_q = -1,
		.n_steps = 1 };
	v->steps[0] = (struct gw_step){ .check = GW_CHECK_INFO,
		.outcome = GW_STEP_FAIL,
		.because = out->fault.why };
}

/* The limits of the rule, asked last so that what is refused anyway uses
 * nothing up. */
static void
apply_limits(struct gate *g, const struct snapshot *s, struct gw_now now,
    struct gate_case *out)
{
	const struct gw_verdict *v = &out->verdict;

	if (!g->meter || v->outcome != GW_PERMIT || !out->match.matched ||
	    out->facts.in_dialog)
		return;
	uint32_t rule = out->match.rule;
	struct meter *m = s->meters->rules[rule];
	const struct policy_limit *limit = policy_rule_limit(s->policy, rule);
	uint32_t open = atomic_load_explicit(&m->open, memory_order_relaxed);
	if (limit->concurrent != 0 && open >= limit->concurrent) {
		out->facts.over_concurrent = true;
		out->facts.retry_after_s = 1;
	} else if (!meter_rate(
		       m, limit, now.mono_us, &out->facts.retry_after_s)) {
		out->facts.over_rate = true;
	}
	if (out->facts.over_rate || out->facts.over_concurrent)
		policy_decide(
		    s->policy, &out->facts, now.wall_us, &out->verdict);
}

struct gw_span
gate_target(const struct snapshot *s, const struct gate_case *judged)
{
	const struct gw_facts *f = &judged->facts;

	if (judged->match.target.len > 0 || f->n_keys == 0 ||
	    policy_system_of(s->policy, f->keys[0].receiver) !=
		judged->match.to)
		return judged->match.target;
	return f->keys[0].receiver;
}

static void
take_lookup(struct gw_facts *f, const struct gate_lookup *l)
{
	f->lookup_state = l->state;
	f->lookup = l->answer;
	f->lookup_why = l->why;
}

static void
recall_lookup(const struct judging *j)
{
	struct gate_case *out = j->out;
	struct gate_lookup known;

	if (j->g->known == NULL || out->match.lookup != POLICY_LOOKUP_ALWAYS ||
	    out->facts.n_keys == 0 ||
	    out->facts.lookup_state != GW_LOOKUP_NOT_ASKED)
		return;
	if (j->g->known(j->g->arg, j->s, out->match.to, gate_target(j->s, out),
		j->arena, &known))
		take_lookup(&out->facts, &known);
}

/* Costly facts, once a rule says that they matter. */
static void
find_costly(void *arg)
{
	const struct judging *j = arg;

	check_keys(j);
	recall_lookup(j);
}

void
gate_settle(struct gate *g, const struct snapshot *s,
    const struct gate_lookup *lookup, struct gw_now now,
    struct gate_case *inout)
{
	take_lookup(&inout->facts, lookup);
	policy_decide(s->policy, &inout->facts, now.wall_us, &inout->verdict);
	apply_limits(g, s, now, inout);
}

void
gate_judge(struct gate *g, const struct snapshot *s, const struct sip_msg *m,
    const struct gate_ask *ask, struct gw_now now, struct gw_arena *arena,
    struct gate_case *out)
{
	out->unreadable = false;
	out->memo = 0;
	out->match = (struct policy_match){ .matched = false };
	out->facts = (struct gw_facts){ .from = ask->from,
		.to = ask->to,
		.in_dialog = ask->in_dialog,
		.answering = ask->answering,
		.priority_p = -1,
		.priority_q = -1 };
	take_lookup(&out->facts, &ask->lookup);
	if (mcx_body_read(m, arena, &out->body, &out->fault) != GW_OK) {
		refuse_unreadable(ask, out);
		return;
	}
	fill_facts(s->policy, m, ask, out);
	if (begins_session(m, ask->memo))
		out->facts.in_dialog = out->facts.answering = false;
	else
		recall(&out->facts, ask->memo);
	uint64_t keys = digest(&out->body);
	struct judging j = { g, s, m, ask, now,
		remembers(ask->memo, keys)	 ? KNOWN :
		remembers(ask->newer_memo, keys) ? KNOWN_TARGET :
						   UNKNOWN,
		arena, out };
	const struct policy_finder finder = { &out->match, find_costly, &j };
	uint64_t last =
	    (ask->newer_memo & MEMO_SET) != 0 ? ask->newer_memo : ask->memo;
	if (out->body.n_keys == 0 && (last & MEMO_SET) != 0)
		keys = last & MEMO_DIGEST;
	out->memo = memo_of(&out->facts, keys);
	policy_judge(
	    s->policy, &out->facts, now.wall_us, &finder, &out->verdict);
	apply_limits(g, s, now, out);
}

bool
gate_wants(const struct sip_msg *m)
{
	return m->method == SIP_METHOD_INVITE ||
	       m->method == SIP_METHOD_REFER || mcx_body_wanted(m);
}
