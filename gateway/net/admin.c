/*
 * admin.c: see admin.h.
 */
#include "net/admin.h"

#include <stdlib.h>

#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/http.h>

struct admin {
	struct evhttp *http;
	struct admin_view view;
};

static void
answer(
    struct evhttp_request *r, int status, const char *type, struct gw_span text)
{
	struct evbuffer *body = evbuffer_new();

	if (body == NULL || evbuffer_add(body, text.p, text.len) != 0)
		status = 500;
	(void)evhttp_add_header(
	    evhttp_request_get_output_headers(r), "Content-Type", type);
	evhttp_send_reply(r, status, NULL, body);
	if (body != NULL)
		evbuffer_free(body);
}

static void
on_metrics(struct evhttp_request *r, void *arg)
{
	struct admin *a = arg;
	struct gw_buf text;

	gw_buf_init(&text, ADMIN_ANSWER_MAX);
	a->view.metrics(a->view.arg, &text);
	if (gw_buf_ok(&text))
		answer(r, 200, "text/plain; version=0.0.4; charset=utf-8",
		    gw_buf_span(&text));
	else
		answer(r, 500, "text/plain", GW_SPAN("too much to tell\n"));
	gw_buf_clear(&text);
}

static void
yes_or_no(struct evhttp_request *r, bool yes)
{
	answer(r, yes ? 200 : 503, "text/plain",
	    yes ? GW_SPAN("yes\n") : GW_SPAN("no\n"));
}

static void
on_healthz(struct evhttp_request *r, void *arg)
{
	const struct admin *a = arg;

	yes_or_no(r, a->view.is_healthy(a->view.arg));
}

static void
on_readyz(struct evhttp_request *r, void *arg)
{
	const struct admin *a = arg;

	yes_or_no(r, a->view.is_ready(a->view.arg));
}

static void
on_other(struct evhttp_request *r, void *arg)
{
	(void)arg;
	answer(
	    r, 404, "text/plain", GW_SPAN("/metrics, /healthz or /readyz\n"));
}

static bool
is_loopback(const struct conf_addr *a)
{
	static const uint8_t v4[13] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff,
		0xff, 127 };
	static const uint8_t v6[16] = { [15] = 1 };

	return memcmp(a->ip, v4, sizeof(v4)) == 0 ||
	       memcmp(a->ip, v6, sizeof(v6)) == 0;
}

/* "127.0.0.1" or "::1": the text of addr without port and brackets. */
static bool
host_text(const struct conf_addr *addr, char out[CONF_ADDR_TEXT])
{
	conf_addr_text(addr, out);
	char *colon = strrchr(out, ':');
	if (colon == NULL)
		return false;
	*colon = '\0';
	size_t len = strlen(out);
	if (len > 2 && out[0] == '[') {
		memmove(out, out + 1, len - 2);
		out[len - 2] = '\0';
	}
	return true;
}

static bool
start(struct admin *a, struct event_base *base, const struct conf_addr *addr)
{
	char host[CONF_ADDR_TEXT];

	a->http = evhttp_new(base);
	if (a->http == NULL || !is_loopback(addr) || !host_text(addr, host))
		return false;
	evhttp_set_allowed_methods(a->http, EVHTTP_REQ_GET | EVHTTP_REQ_HEAD);
	evhttp_set_max_headers_size(a->http, ADMIN_HEADERS_MAX);
	evhttp_set_max_body_size(a->http, 0);
	evhttp_set_timeout(a->http, ADMIN_TIMEOUT_S);
	evhttp_set_gencb(a->http, on_other, a);
	return evhttp_set_cb(a->http, "/metrics", on_metrics, a) == 0 &&
	       evhttp_set_cb(a->http, "/healthz", on_healthz, a) == 0 &&
	       evhttp_set_cb(a->http, "/readyz", on_readyz, a) == 0 &&
	       evhttp_bind_socket(a->http, host, addr->port) == 0;
}

struct admin *
admin_new(struct event_base *base, const struct conf_addr *addr,
    const struct admin_view *view)
{
	struct admin *a = calloc(1, sizeof(*a));

	if (a == NULL)
		return NULL;
	a->view = *view;
	if (start(a, base, addr))
		return a;
	admin_free(a);
	return NULL;
}

void
admin_free(struct admin *a)
{
	if (a == NULL)
		return;
	if (a->http != NULL)
		evhttp_free(a->http);
	free(a);
}
