/*
 * http_ask.c: see http_ask.h.
 */
#include "net/http/http_ask.h"

#include <stdlib.h>

#include <openssl/crypto.h>

static struct gw_span
put(struct http_ask *a, struct gw_span s)
{
	uint8_t *to = a->text + a->len;

	if (s.len > 0)
		memcpy(to, s.p, s.len);
	a->len += s.len;
	return (struct gw_span){ to, s.len };
}

struct http_ask *
http_ask_new(
    const struct core_action *a, const struct conf_service *v, uint64_t now_us)
{
	const struct gw_http_request *r = a->http.request;
	struct http_ask *q = calloc(1,
	    sizeof(*q) + r->path.len + r->authority.len + r->content_type.len +
		r->accept.len + r->authorization.len + r->body.len);

	if (q == NULL)
		return NULL;
	q->ticket = a->ticket;
	q->safe = a->safe;
	q->began_us = now_us;
	q->deadline_us = now_us + (uint64_t)a->deadline_ms * 1000;
	q->service = v == NULL ? HTTP_ASK_NO_SERVICE : v->id;
	q->request = (struct gw_http_request){ .method = r->method,
		.path = put(q, r->path),
		.authority = put(q, r->authority),
		.content_type = put(q, r->content_type),
		.accept = put(q, r->accept),
		.authorization = put(q, r->authorization),
		.body = put(q, r->body) };
	return q;
}

void
http_ask_free(struct http_ask *a)
{
	if (a == NULL)
		return;
	http_ask_move(a, NULL);
	OPENSSL_cleanse(a->text, a->len);
	free(a);
}

static void
leave(struct http_ask *a)
{
	struct http_ask_list *l = a->in;

	if (a->prev != NULL)
		a->prev->next = a->next;
	else
		l->first = a->next;
	if (a->next != NULL)
		a->next->prev = a->prev;
	else
		l->last = a->prev;
	l->n--;
}

void
http_ask_move(struct http_ask *a, struct http_ask_list *to)
{
	if (a->in != NULL)
		leave(a);
	a->next = NULL;
	a->prev = to == NULL ? NULL : to->last;
	a->in = to;
	if (to == NULL)
		return;
	if (to->last != NULL)
		to->last->next = a;
	else
		to->first = a;
	to->last = a;
	to->n++;
}
