/*
 * http_server.c: see http_server.h.
 */
#include "net/http/http_server.h"

#include <stdio.h>

#include "mcxgw/log.h"
#include "net/act.h"
#include "net/conns.h"
#include "net/http/http_conn.h"
#include "net/http/http_proto.h"
#include "net/stream.h"
#include "net/worker.h"

#define GENERATION_MASK 0xffff
#define PORT_TEXT	8

/* ---- whom a request is for ---- */

struct authority {
	struct gw_span host, port;
};

/* The port follows the last colon that is not inside of brackets. */
static struct authority
split(struct gw_span text)
{
	size_t at = gw_span_find(text, 0, ']');

	at = gw_span_find(text, at == text.len ? 0 : at, ':');
	return (struct authority){ gw_span_sub(text, 0, at),
		gw_span_sub(text, at + 1, text.len) };
}

static bool
is_named(struct authority got, struct gw_span host, struct gw_span port)
{
	return gw_span_ieq(got.host, host) &&
	       (got.port.len == 0 || port.len == 0 ||
		   gw_span_eq(got.port, port));
}

bool
http_server_is_ours(const struct conf *c, const struct conf_http_listener *l,
    struct gw_span sni, struct gw_span authority)
{
	struct authority got = split(authority), own;
	char addr[CONF_ADDR_TEXT], port[PORT_TEXT];

	if (got.host.len == 0)
		return false;
	if (gw_span_ieq(got.host, sni))
		return true;
	if (l->authority != NULL) {
		own = split(gw_span_of(l->authority));
		return is_named(got, own.host, own.port);
	}
	conf_addr_text(&l->addr, addr);
	own = split(gw_span_of(addr));
	(void)snprintf(port, sizeof(port), "%u", l->addr.port);
	return is_named(got, own.host, own.port) ||
	       is_named(got, gw_span_of(c->name), gw_span_of(port));
}

/* ---- requests ---- */

static uint64_t
handle_of(const struct stream *s, uint64_t stream)
{
	return (uint64_t)s->slot << 48 | (s->id & GENERATION_MASK) << 32 |
	       (uint32_t)stream;
}

static void
count_answer(struct worker *w, unsigned status)
{
	static const enum metric classes[] = { METRIC_HTTP_2XX, METRIC_HTTP_3XX,
		METRIC_HTTP_4XX, METRIC_HTTP_5XX };

	metrics_one(&w->metrics,
	    classes[status < 300 ? 0 : (status > 499 ? 3 : status / 100 - 2)]);
}

static void
answer(struct http_conn *c, uint64_t stream, const struct gw_http_response *r)
{
	struct worker *w = http_conn_stream(c)->w;
	enum gw_err err = http_conn_answer(c, stream, r);

	if (err != GW_OK)
		LOG_WARN("http.unanswered",
		    kv_id("conn", http_conn_stream(c)->id),
		    kv_num("stream", stream), kv_text("why", gw_strerror(err)));
	count_answer(w, r->status);
	metrics_set(&w->metrics, METRIC_HTTP_OPEN, --w->http_open);
}

static bool
is_ours(const struct stream *s, struct gw_span authority)
{
	const struct conf *c = s->snap->conf;
	struct gw_span sni = { NULL, 0 };

	if (s->io.tls != NULL)
		sni = tls_sni(s->io.tls);
	return http_server_is_ours(
	    c, &c->http_listeners[s->listener], sni, authority);
}

static void
on_request(void *arg, uint64_t stream, const struct gw_http_request *r)
{
	static const struct gw_http_response misdirected = { .status = 421 };
	struct http_conn *c = arg;
	struct stream *s = http_conn_stream(c);
	struct worker *w = s->w;
	const struct core_asker from = { handle_of(s, stream), s->system,
		s->listener, s->peer };
	bool h2 = strcmp(http_conn_protocol(c), "h2") == 0;

	metrics_one(
	    &w->metrics, h2 ? METRIC_HTTP_REQUESTS_2 : METRIC_HTTP_REQUESTS_1);
	metrics_set(&w->metrics, METRIC_HTTP_OPEN, ++w->http_open);
	if (!is_ours(s, r->authority)) {
		LOG_DEBUG("http.misdirected", kv_id("conn", s->id),
		    kv_span("authority", r->authority));
		answer(c, stream, &misdirected);
		return;
	}
	core_asked(w->core, &from, r, w->now);
	act(w);
}

static void
on_gone(void *arg, uint64_t stream)
{
	struct stream *s = http_conn_stream(arg);
	struct worker *w = s->w;

	metrics_one(&w->metrics, METRIC_HTTP_GONE);
	metrics_set(&w->metrics, METRIC_HTTP_OPEN, --w->http_open);
	core_asker_gone(w->core, handle_of(s, stream), w->now);
	act(w);
}

static const struct http_events events = { .request = on_request,
	.gone = on_gone };

bool
http_server_accept(struct worker *w, const struct stream_setup *setup)
{
	return http_conn_accept(w, setup, &events) != NULL;
}

void
http_server_answer(struct worker *w, const struct core_action *a)
{
	struct stream *s = w->http->slots[a->stream >> 48];

	if (s == NULL || s->outbound ||
	    (s->id & GENERATION_MASK) != (a->stream >> 32 & GENERATION_MASK))
		return; /* gone, of which core has been told */
	answer(http_conn_of(s), (uint32_t)a->stream, a->http.response);
}

void
http_server_drain(struct worker *w)
{
	struct stream *s = w->http->all, *next;

	for (; s != NULL; s = next) {
		next = s->next;
		if (!s->outbound)
			http_conn_end(http_conn_of(s));
	}
}
