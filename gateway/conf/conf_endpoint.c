/*
 * conf_endpoint.c: where a service is asked, and who it must prove to be.
 */
#include "conf/conf_endpoint.h"

#include "conf/conf_addr.h"
#include "conf/conf_ids.h"
#include "conf/conf_listener.h"

#define HTTP_PORT  80
#define HTTPS_PORT 443

static void
read_address(struct conf_reader *r, const xmlNode *n, struct conf_endpoint *e)
{
	const struct conf_setting *s =
	    &conf_settings[CONF_SET_ENDPOINT_ADDRESS];
	const char *text = conf_set_text(r, n, CONF_SET_ENDPOINT_ADDRESS);
	char written[CONF_ADDR_TEXT];

	if (text == NULL)
		return;
	if (!conf_addr_parse(gw_span_of(text), &e->addr)) {
		gw_diag_error(r->d, &e->at, conf_codes[CONF_E_ADDRESS].code,
		    s->want,
		    "endpoint address=\"%s\" is not an IP address and port",
		    text);
		return;
	}
	if (e->addr.port == 0)
		e->addr.port = conf_set_written(r, n, CONF_SET_ENDPOINT_TLS) ?
				   HTTPS_PORT :
				   HTTP_PORT;
	conf_addr_text(&e->addr, written);
	e->text = conf_set_copy(r, gw_span_of(written));
	if (!conf_addr_is_unicast(&e->addr))
		CONF_ERROR(r, &e->at, ENDPOINT_ADDRESS,
		    "endpoint address=\"%s\" is not one host", text);
	else if (conf_listener_on(r, CONF_TCP, &e->addr))
		CONF_ERROR(r, &e->at, ENDPOINT_SELF,
		    "endpoint %s is a listener of this gateway", e->text);
}

static void
read_tls(struct conf_reader *r, const xmlNode *n, const struct conf_system *s,
    struct conf_endpoint *e)
{
	bool is_tls = conf_set_written(r, n, CONF_SET_ENDPOINT_TLS);
	bool named = conf_set_written(r, n, CONF_SET_ENDPOINT_TLS_NAME);

	e->tls = conf_ids_find(
	    r, n, CONF_SET_ENDPOINT_TLS, &r->tls_ids, CONF_E_UNKNOWN_TLS);
	e->tls_name = conf_set_text(r, n, CONF_SET_ENDPOINT_TLS_NAME);
	if (e->tls != UINT16_MAX)
		r->tls_roles[e->tls] |= CONF_ROLE_CLIENT;
	if (!is_tls && named)
		CONF_ERROR(r, &e->at, ENDPOINT_NAME,
		    "endpoint has tls-name= and no tls=");
	if (is_tls && !named && s->base.n_identities == 0)
		CONF_ERROR(r, &e->at, ENDPOINT_UNNAMED,
		    "endpoint lacks tls-name=, and system \"%s\" an identity",
		    s->base.id == NULL ? "" : s->base.id);
}

/* What is said in the clear should not leave this machine. */
static void
check_plain(struct conf_reader *r, const xmlNode *n,
    const struct conf_system *s, const struct conf_service *v,
    const struct conf_endpoint *e)
{
	if (conf_set_written(r, n, CONF_SET_ENDPOINT_TLS) || e->text == NULL ||
	    conf_addr_is_loopback(&e->addr))
		return;
	if (!s->base.local)
		CONF_ERROR(r, &e->at, ENDPOINT_PLAIN,
		    "endpoint %s of partner \"%s\" lacks tls=", e->text,
		    s->base.id == NULL ? "" : s->base.id);
	/* To a KMS the tokens of those who ask it through us go as well. */
	if (v->token_file != NULL || v->is_kms)
		CONF_ERROR(r, &e->at, TOKEN_PLAIN,
		    "endpoint %s lacks tls=, and tokens are sent to it",
		    e->text);
}

static void
check_twice(struct conf_reader *r, const struct conf_endpoint *all, size_t i)
{
	for (size_t j = 0; j < i; j++)
		if (all[i].text != NULL && all[j].text != NULL &&
		    conf_addr_eq(&all[i].addr, &all[j].addr)) {
			CONF_ERROR(r, &all[i].at, ENDPOINT_TWICE,
			    "endpoint %s stands twice in the service",
			    all[i].text);
			return;
		}
}

/* Insert the last of n by its priority. */
static void
sort_in(struct conf_endpoint *all, size_t n)
{
	struct conf_endpoint e = all[n - 1];
	size_t i = n - 1;

	for (; i > 0 && all[i - 1].priority > e.priority; i--)
		all[i] = all[i - 1];
	all[i] = e;
}

static void
read_one(struct conf_reader *r, const xmlNode *n, const struct conf_system *s,
    const struct conf_service *v, struct conf_endpoint *e)
{
	e->at = conf_set_where(r, n);
	e->service = v->id;
	e->id = r->n_endpoints++;
	e->priority = (uint16_t)conf_set_num(r, n, CONF_SET_ENDPOINT_PRIORITY);
	e->weight = (uint16_t)conf_set_num(r, n, CONF_SET_ENDPOINT_WEIGHT);
	read_address(r, n, e);
	read_tls(r, n, s, e);
	check_plain(r, n, s, v, e);
}

void
conf_endpoint_read(struct conf_reader *r, const xmlNode *n,
    const struct conf_system *s, struct conf_service *v)
{
	size_t max = conf_set_count(n, "endpoint"), i = 0;

	if (!conf_set_few(r, n, "endpoint", max, CONF_ENDPOINTS_MAX))
		max = CONF_ENDPOINTS_MAX;
	struct conf_endpoint *all = conf_set_alloc(r, max, sizeof(*all));
	if (all == NULL)
		return;
	for (const xmlNode *c = gw_xml_child(n, "endpoint");
	     c != NULL && i < max; c = gw_xml_next(c, "endpoint")) {
		read_one(r, c, s, v, &all[i]);
		check_twice(r, all, i);
		sort_in(all, ++i);
	}
	for (size_t j = 0; j < i; j++)
		r->endpoint_at[all[j].id] = &all[j];
	v->endpoints = all;
	v->n_endpoints = i;
}
