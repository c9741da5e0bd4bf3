/*
 * stream_peer.c: see stream_peer.h.
 */
#include "net/stream_peer.h"

#include <stdio.h>

#include <openssl/x509.h>

#include "mcxgw/log.h"
#include "net/act.h"
#include "net/conns.h"
#include "net/sock.h"
#include "net/tls_identity.h"
#include "net/worker.h"

#define EXPECTED_MAX 512
/* Chains that are verified again in one turn: some 200 us each. */
#define CHECKS_MAX 8

static const struct conf_system *
system_of(const struct stream *s)
{
	return s->system == GW_SYSTEM_NONE ? NULL :
					     &s->snap->conf->systems[s->system];
}

/* ---- what is logged ---- */

static void
join_names(const struct conf_system *sys, char *out, size_t len)
{
	size_t at = 0;

	out[0] = '\0';
	for (size_t i = 0; i < sys->base.n_identities && at < len; i++) {
		int n = snprintf(out + at, len - at, "%s%s", i == 0 ? "" : " ",
		    sys->base.identities[i]);
		at += n < 0 ? len : (size_t)n;
	}
}

static void
expected_text(const struct stream *s, char *out, size_t len)
{
	const struct conf_system *sys = system_of(s);

	if (s->tls_name != NULL)
		(void)snprintf(out, len, "%s", s->tls_name);
	else if (sys != NULL)
		join_names(sys, out, len);
	else
		(void)snprintf(out, len, "an identity of one system");
}

void
stream_peer_refused(
    struct stream *s, enum stream_refusal reason, const char *why)
{
	const struct conf_system *sys = system_of(s);
	uint16_t whose = GW_SYSTEM_NONE;
	const char *listener =
	    s->class->listener(s->snap->conf, s->listener, &whose);
	const struct tls *t = s->io.tls;
	char peer[CONF_ADDR_TEXT], expected[EXPECTED_MAX];

	conf_addr_text(&s->peer, peer);
	expected_text(s, expected, sizeof(expected));
	metrics_one(&s->w->metrics, s->class->refused[reason]);
	LOG_WARN(s->class->http ? "http.refused" : "stream.refused",
	    kv_text("peer", peer),
	    kv_text("transport", conf_transport_name(s->transport)),
	    kv_text("side", s->outbound ? "client" : "server"),
	    kv_text("listener", listener == NULL ? "-" : listener),
	    kv_text("system", sys == NULL ? "-" : sys->base.id),
	    kv_text("why", why),
	    kv_text("subject", t == NULL ? "" : t->subject),
	    kv_text("names", t == NULL ? "" : t->names),
	    kv_text("expected", t == NULL ? "" : expected));
}

static void
log_open(const struct stream *s)
{
	const struct tls *t = s->io.tls;
	char peer[CONF_ADDR_TEXT];

	conf_addr_text(&s->peer, peer);
	LOG_INFO(s->class->http ? "http.open" : "stream.open",
	    kv_text("peer", peer),
	    kv_text("transport", conf_transport_name(s->transport)),
	    kv_text("side", s->outbound ? "client" : "server"),
	    kv_text("system", system_of(s)->base.id),
	    kv_text("tls", t == NULL ? "-" : tls_version(t)),
	    kv_text("suite", t == NULL ? "-" : tls_suite(t)),
	    kv_text("names", t == NULL ? "" : t->names));
}

/* ---- identity ---- */

bool
stream_peer_same_name(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL &&
			     gw_span_ieq(gw_span_of(a), gw_span_of(b)));
}

bool
stream_peer_same_tls(
    const struct stream *s, const struct conf *to, uint16_t tls)
{
	if (s->tls == UINT16_MAX || tls == UINT16_MAX)
		return s->tls == tls;
	return strcmp(s->snap->conf->tls[s->tls].id, to->tls[tls].id) == 0;
}

/* The system that an accepted peer's certificate names; NULL or why not. */
static const char *
accepted_system(
    const struct stream *s, const struct tls_identity *id, uint16_t *system)
{
	uint16_t only = GW_SYSTEM_NONE;

	if (s->class->listener(s->snap->conf, s->listener, &only) == NULL)
		return "its listener is gone";
	switch ((int)tls_identity_system(id, s->snap->conf, system)) {
	case GW_OK: break;
	case GW_EAUTH: return "the certificate names more than one system";
	default: return "no system may show this certificate's names";
	}
	if (only != GW_SYSTEM_NONE && *system != only)
		return "the listener is for another system";
	return NULL;
}

static const char *
dialled_system(const struct stream *s, const struct tls_identity *id)
{
	if (s->tls_name != NULL)
		return tls_identity_has(id, gw_span_of(s->tls_name)) ?
			   NULL :
			   "the certificate lacks the next hop's name";
	return tls_identity_is(id, system_of(s)) ?
		   NULL :
		   "the certificate has no name of the system";
}

/* Settle *system from the certificate; NULL or why it is refused. */
static const char *
identify(const struct stream *s, uint16_t *system)
{
	const X509 *leaf = tls_peer(s->io.tls);
	struct tls_identity id;

	if (leaf == NULL)
		return "no certificate";
	switch ((int)tls_identity_read(leaf, &id)) {
	case GW_OK: break;
	case GW_ELIMIT: return "the certificate has too many names";
	default: return "the certificate's names cannot be read";
	}
	return s->outbound ? dialled_system(s, &id) :
			     accepted_system(s, &id, system);
}

static const struct tls_ctx *
tls_of(const struct stream *s)
{
	const struct netset *set = netset_of(s->snap);

	return s->tls < set->n_tls ? &set->tls[s->tls] : NULL;
}

static int64_t
expiry(const struct stream *s)
{
	ASN1_TIME *now =
	    ASN1_TIME_set(NULL, (time_t)(s->w->now.wall_us / 1000000));
	int days = 0, seconds = 0;

	if (now == NULL || ASN1_TIME_diff(&days, &seconds, now,
			       X509_get0_notAfter(tls_peer(s->io.tls))) != 1)
		days = seconds = 0;
	ASN1_TIME_free(now);
	return s->w->now.wall_us +
	       ((int64_t)days * 86400 + seconds) * INT64_C(1000000);
}

static const char *
over_limit(const struct stream *s)
{
	const struct conf_system *sys = system_of(s);
	uint32_t max = sys->max_connections != 0 ?
			   sys->max_connections :
			   s->snap->conf->limits.system_connections;

	if (s->class->http)
		max = conns_http_share(s->snap->conf, max);
	return !s->outbound && s->conns->per_system[s->system] >= max ?
		   "the system has too many connections" :
		   NULL;
}

bool
stream_peer_admit(struct stream *s)
{
	uint16_t system = s->system;
	const char *why = NULL;
	enum stream_refusal reason = STREAM_REFUSED_NAME;

	if (s->io.tls != NULL) {
		if (s->verify && (tls_of(s) == NULL ||
				     !tls_verify_again(s->io.tls, tls_of(s))))
			why = "the certificate does not hold any more";
		if (why == NULL)
			why = identify(s, &system);
		s->check = s->verify = false;
	}
	if (why == NULL && system == GW_SYSTEM_NONE)
		why = "nobody is behind this listener";
	s->system = system;
	if (why == NULL && (why = over_limit(s)) != NULL)
		reason = STREAM_REFUSED_LIMIT;
	if (why != NULL) {
		stream_peer_refused(s, reason, why);
		return false;
	}
	s->admitted = true;
	s->conns->opening--;
	s->conns->per_system[s->system]++;
	if (s->io.tls != NULL)
		s->expires_us = expiry(s);
	log_open(s);
	return true;
}

/* ---- new settings ---- */

static void
withdraw(struct stream *s, const char *why)
{
	stream_peer_refused(s, STREAM_REFUSED_SETTINGS, why);
	stream_close(s, why);
}

static uint16_t
next_tls(const struct stream *s, const struct conf *c)
{
	if (s->io.tls == NULL)
		return UINT16_MAX;
	const char *id = s->snap->conf->tls[s->tls].id;
	for (size_t i = 0; i < c->n_tls; i++)
		if (strcmp(c->tls[i].id, id) == 0)
			return (uint16_t)i;
	return UINT16_MAX;
}

/* What s is under `to`; NULL, or why it must go. */
static const char *
move_to(struct stream *s, struct snapshot *to)
{
	const struct conf *c = to->conf;
	bool known = s->system != GW_SYSTEM_NONE;
	uint16_t system =
	    known ? act_system(s->snap, s->system, to) : GW_SYSTEM_NONE;
	uint16_t whose = GW_SYSTEM_NONE;
	const char *why;

	if (known && system == GW_SYSTEM_NONE)
		return "the system is not configured any more";
	uint16_t tls = next_tls(s, c);
	if (s->io.tls != NULL && tls == UINT16_MAX)
		return "its TLS settings are gone";
	s->verify =
	    s->verify ||
	    (tls != UINT16_MAX &&
		memcmp(netset_of(s->snap)->tls[s->tls].trust,
		    netset_of(to)->tls[tls].trust, TLS_CTX_DIGEST_LEN) != 0);
	why = s->class->move(s, to, system);
	s->system = system; /* an index of `to` from here on */
	struct snapshot *old = s->snap;
	s->snap = snapshot_ref(to);
	snapshot_unref(old);
	s->tls = tls;
	s->check = s->io.tls != NULL;
	if (why == NULL && s->io.tls == NULL && !s->outbound &&
	    (s->class->listener(c, s->listener, &whose) == NULL ||
		whose != system))
		why = "its listener is for another system now";
	return why;
}

void
stream_peer_use(struct conns *c, struct snapshot *to)
{
	struct stream *s = c->all, *next;

	/* Counted anew, as the indices of systems may have changed. */
	memset(c->per_system, 0, CONF_SYSTEMS_MAX * sizeof(*c->per_system));
	for (; s != NULL; s = next) {
		next = s->next;
		const char *why = move_to(s, to);
		if (s->admitted)
			c->per_system[s->system]++;
		if (why != NULL)
			withdraw(s, why);
	}
	c->check = c->all;
}

void
stream_peer_more(struct conns *c)
{
	for (int i = 0; i < CHECKS_MAX && c->check != NULL; i++) {
		struct stream *s = c->check;
		c->check = s->next;
		if (s->state == STREAM_OPEN || s->state == STREAM_ENDING)
			(void)stream_peer_check(s);
	}
}

bool
stream_peer_check(struct stream *s)
{
	uint16_t system = s->system;
	const char *why = NULL;

	if (!s->check)
		return true;
	if (s->state == STREAM_CONNECTING || s->state == STREAM_SECURING)
		return true; /* looked at when it opens */
	if (s->verify &&
	    (tls_of(s) == NULL || !tls_verify_again(s->io.tls, tls_of(s))))
		why = s->io.tls->why;
	else if ((why = identify(s, &system)) == NULL && system != s->system)
		why = "the certificate is that of another system now";
	s->check = s->verify = false;
	if (why != NULL)
		withdraw(s, why);
	return why == NULL;
}
