/*
 * conf_listener.c: where the gateway listens, and with what it shows who it
 * is.
 */
#include "conf/conf_listener.h"

#include "conf/conf_addr.h"
#include "conf/conf_ids.h"

void
conf_listener_read_tls(struct conf_reader *r, const xmlNode *root)
{
	uint16_t i = 0;

	for (const xmlNode *n = gw_xml_child(root, "tls");
	     n != NULL && i < r->tls_ids.n; n = gw_xml_next(n, "tls"), i++) {
		struct conf_tls *t = &r->tls[i];
		t->at = conf_set_where(r, n);
		t->id = r->tls_ids.id[i];
		t->certificate = conf_set_text(r, n, CONF_SET_TLS_CERTIFICATE);
		t->key = conf_set_text(r, n, CONF_SET_TLS_KEY);
		t->ca = conf_set_text(r, n, CONF_SET_TLS_CA);
		t->crl = conf_set_text(r, n, CONF_SET_TLS_CRL);
		t->tls13_only =
		    conf_set_is(r, n, CONF_SET_TLS_MIN_VERSION, "1.3");
	}
}

void
conf_listener_read_address(struct conf_reader *r, const xmlNode *n,
    enum conf_set address, enum conf_set port, struct conf_addr *out)
{
	const struct conf_setting *s = &conf_settings[address];
	const char *text = conf_set_text(r, n, address);
	uint32_t number = conf_set_num(r, n, port);

	if (text == NULL)
		return;
	if (conf_addr_parse(gw_span_of(text), out) && out->port == 0) {
		out->port = (uint16_t)number;
		return;
	}
	struct gw_where at = conf_set_where(r, n);
	gw_diag_error(r->d, &at, conf_codes[CONF_E_ADDRESS].code, s->want,
	    "%s address=\"%s\" is not an IP address%s", s->element, text,
	    out->port != 0 ? " alone; port= has the port" : "");
	out->port = 0;
}

/* The name to show: as written, else the address. */
static void
read_advertise(struct conf_reader *r, const xmlNode *n, struct conf_listener *l)
{
	char text[CONF_ADDR_TEXT];
	struct gw_span host;
	uint16_t port;

	l->advertise = conf_set_text(r, n, CONF_SET_LISTENER_ADVERTISE);
	if (l->advertise != NULL &&
	    !conf_addr_split(gw_span_of(l->advertise), &host, &port))
		CONF_ERROR(r, &l->at, HOST,
		    "listener advertise=\"%s\" is not a host and port",
		    l->advertise);
	if (l->advertise != NULL)
		return;
	conf_addr_text(&l->addr, text);
	if (l->addr.port != 0 && conf_addr_is_any(&l->addr))
		CONF_ERROR(r, &l->at, LISTENER_ANY,
		    "listener on %s lacks advertise=", text);
	l->advertise = conf_set_copy(r, gw_span_of(text));
}

static void
read_links(struct conf_reader *r, const xmlNode *n, struct conf_listener *l)
{
	bool has_tls = gw_xml_attr(n, "tls", r->a) != NULL;
	bool has_system = gw_xml_attr(n, "system", r->a) != NULL;
	bool is_tls = l->transport == CONF_TLS;

	l->system = conf_ids_find(r, n, CONF_SET_LISTENER_SYSTEM,
	    &r->system_ids, CONF_E_UNKNOWN_SYSTEM);
	l->tls = conf_ids_find(
	    r, n, CONF_SET_LISTENER_TLS, &r->tls_ids, CONF_E_UNKNOWN_TLS);
	if (l->transport == CONF_TRANSPORT_N)
		return;
	if (is_tls != has_tls)
		CONF_ERROR(r, &l->at, LISTENER_TLS,
		    "listener transport=\"%s\" %s tls=",
		    conf_transport_name(l->transport),
		    is_tls ? "lacks" : "has");
	if (!is_tls && !has_system)
		CONF_ERROR(r, &l->at, LISTENER_SYSTEM,
		    "listener transport=\"%s\" lacks system=",
		    conf_transport_name(l->transport));
	if (l->tls != UINT16_MAX)
		r->tls_roles[l->tls] |= CONF_ROLE_SERVER;
}

/* Would both want the same socket? */
static bool
collide(enum conf_transport ta, const struct conf_addr *a,
    enum conf_transport tb, const struct conf_addr *b)
{
	if ((ta == CONF_UDP) != (tb == CONF_UDP) || a->port != b->port ||
	    conf_addr_is_v4(a) != conf_addr_is_v4(b))
		return false;
	return conf_addr_is_any(a) || conf_addr_is_any(b) || conf_addr_eq(a, b);
}

static void
check_twice(struct conf_reader *r, size_t i)
{
	const struct conf_listener *l = &r->listeners[i];
	char text[CONF_ADDR_TEXT];

	if (l->addr.port == 0 || l->transport == CONF_TRANSPORT_N)
		return;
	for (size_t j = 0; j < i; j++) {
		const struct conf_listener *o = &r->listeners[j];
		if (o->transport == CONF_TRANSPORT_N ||
		    !collide(l->transport, &l->addr, o->transport, &o->addr))
			continue;
		conf_addr_text(&l->addr, text);
		CONF_ERROR(r, &l->at, LISTENER_TWICE,
		    "listener on %s %s collides with that of line %u",
		    conf_transport_name(l->transport), text, o->at.line);
		return;
	}
}

void
conf_listener_read(struct conf_reader *r, const xmlNode *root)
{
	size_t i = 0;

	for (const xmlNode *n = gw_xml_child(root, "listener");
	     n != NULL && i < r->listener_ids.n;
	     n = gw_xml_next(n, "listener"), i++) {
		struct conf_listener *l = &r->listeners[i];
		l->at = conf_set_where(r, n);
		l->id = r->listener_ids.id[i];
		l->transport =
		    conf_set_transport(r, n, CONF_SET_LISTENER_TRANSPORT);
		conf_listener_read_address(r, n, CONF_SET_LISTENER_ADDRESS,
		    CONF_SET_LISTENER_PORT, &l->addr);
		read_advertise(r, n, l);
		read_links(r, n, l);
		check_twice(r, i);
	}
}

/* Has the only system that may use it an identity, or any of all? */
static bool
is_usable(const struct conf_reader *r, uint16_t system)
{
	if (system != GW_SYSTEM_NONE)
		return r->bases[system].n_identities > 0;
	for (size_t i = 0; i < r->system_ids.n; i++)
		if (r->bases[i].n_identities > 0)
			return true;
	return false;
}

static void
report_unusable(
    struct conf_reader *r, const struct gw_where *at, const char *id)
{
	CONF_ERROR(r, at, LISTENER_IDENTITY,
	    "no system that may use listener \"%s\" has an identity",
	    id == NULL ? "" : id);
}

void
conf_listener_check(struct conf_reader *r)
{
	for (size_t i = 0; i < r->listener_ids.n; i++) {
		const struct conf_listener *l = &r->listeners[i];
		if (l->transport == CONF_TLS && !is_usable(r, l->system))
			report_unusable(r, &l->at, l->id);
	}
	for (size_t i = 0; i < r->n_https; i++) {
		const struct conf_http_listener *l = &r->https[i];
		if (l->tls != UINT16_MAX && !is_usable(r, l->system))
			report_unusable(r, &l->at, l->id);
	}
}

bool
conf_listener_on(const struct conf_reader *r, enum conf_transport t,
    const struct conf_addr *addr)
{
	for (size_t i = 0; i < r->listener_ids.n; i++)
		if (r->listeners[i].transport != CONF_TRANSPORT_N &&
		    collide(r->listeners[i].transport, &r->listeners[i].addr, t,
			addr))
			return true;
	for (size_t i = 0; i < r->n_https; i++)
		if (collide(CONF_TCP, &r->https[i].addr, t, addr))
			return true;
	return false;
}

bool
conf_listener_fits(const struct conf_listener *l, uint16_t system,
    enum conf_transport transport, const struct conf_addr *to)
{
	if (l->transport != transport ||
	    conf_addr_is_v4(&l->addr) != conf_addr_is_v4(to))
		return false;
	return l->system == system ||
	       (transport == CONF_TLS && l->system == GW_SYSTEM_NONE);
}
