/*
 * conf_http.c: where the gateway listens for lookups and KMS traffic.
 */
#include "conf/conf_http.h"

#include "conf/conf_addr.h"
#include "conf/conf_ids.h"
#include "conf/conf_listener.h"

bool
conf_http_make_room(struct conf_reader *r, const xmlNode *root)
{
	size_t n = conf_set_count(root, "http-listener");

	if (n > CONF_LISTENERS_MAX)
		n = CONF_LISTENERS_MAX;
	r->https = conf_set_alloc(r, n, sizeof(*r->https));
	return r->https != NULL && conf_ids_read(r, root, "http-listener",
				       CONF_SET_HTTP_ID, n, &r->http_ids);
}

const char *
conf_http_authority(struct conf_reader *r, const xmlNode *n, enum conf_set id)
{
	const struct conf_setting *s = &conf_settings[id];
	const char *text = conf_set_text(r, n, id);
	struct gw_span host;
	uint16_t port;

	if (text == NULL)
		return NULL;
	if (conf_addr_split(gw_span_of(text), &host, &port))
		return conf_set_lower(r, gw_span_of(text));
	struct gw_where at = conf_set_where(r, n);
	CONF_ERROR(r, &at, AUTHORITY, "%s %s=\"%s\" is not a host and port",
	    s->element, s->attribute, text);
	return NULL;
}

/* A plain listener is a trusted link inside this machine. */
static void
check_plain(
    struct conf_reader *r, const xmlNode *n, const struct conf_http_listener *l)
{
	char text[CONF_ADDR_TEXT];

	if (conf_set_written(r, n, CONF_SET_HTTP_TLS) || l->addr.port == 0)
		return;
	conf_addr_text(&l->addr, text);
	if (!conf_addr_is_loopback(&l->addr))
		CONF_ERROR(r, &l->at, HTTP_PLAIN,
		    "http-listener on %s lacks tls=", text);
	if (!conf_set_written(r, n, CONF_SET_HTTP_SYSTEM))
		CONF_ERROR(r, &l->at, LISTENER_SYSTEM,
		    "http-listener on %s has neither tls= nor system=", text);
}

static void
read_one(struct conf_reader *r, const xmlNode *n, struct conf_http_listener *l)
{
	char text[CONF_ADDR_TEXT];

	l->at = conf_set_where(r, n);
	conf_listener_read_address(
	    r, n, CONF_SET_HTTP_ADDRESS, CONF_SET_HTTP_PORT, &l->addr);
	l->authority = conf_http_authority(r, n, CONF_SET_HTTP_AUTHORITY);
	l->system = conf_ids_find(
	    r, n, CONF_SET_HTTP_SYSTEM, &r->system_ids, CONF_E_UNKNOWN_SYSTEM);
	l->tls = conf_ids_find(
	    r, n, CONF_SET_HTTP_TLS, &r->tls_ids, CONF_E_UNKNOWN_TLS);
	if (l->tls != UINT16_MAX)
		r->tls_roles[l->tls] |= CONF_ROLE_SERVER;
	check_plain(r, n, l);
	if (l->addr.port == 0 || !conf_listener_on(r, CONF_TCP, &l->addr))
		return;
	conf_addr_text(&l->addr, text);
	CONF_ERROR(r, &l->at, LISTENER_TWICE,
	    "http-listener on %s collides with a listener before it", text);
}

void
conf_http_read(struct conf_reader *r, const xmlNode *root)
{
	for (const xmlNode *n = gw_xml_child(root, "http-listener");
	     n != NULL && r->n_https < r->http_ids.n;
	     n = gw_xml_next(n, "http-listener")) {
		struct conf_http_listener *l = &r->https[r->n_https];
		l->id = r->http_ids.id[r->n_https];
		read_one(r, n, l);
		r->n_https++; /* now it can collide with those after it */
	}
}
