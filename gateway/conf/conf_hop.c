/*
 * conf_hop.c: where a system is reached, and from which of our addresses.
 */
#include "conf/conf_hop.h"

#include "conf/conf_addr.h"
#include "conf/conf_ids.h"
#include "conf/conf_listener.h"

#define SIP_PORT  5060
#define SIPS_PORT 5061

static bool
has(struct conf_reader *r, const xmlNode *n, const char *attribute)
{
	return gw_xml_attr(n, attribute, r->a) != NULL;
}

static void
read_address(struct conf_reader *r, const xmlNode *n, struct conf_hop *h,
    const struct gw_where *at)
{
	const char *text = conf_set_text(r, n, CONF_SET_HOP_ADDRESS);
	char written[CONF_ADDR_TEXT];

	if (text == NULL)
		return;
	if (!conf_addr_parse(gw_span_of(text), &h->addr)) {
		gw_diag_error(r->d, at, conf_codes[CONF_E_ADDRESS].code,
		    conf_settings[CONF_SET_HOP_ADDRESS].want,
		    "next-hop address=\"%s\" is not an IP address and port",
		    text);
		return;
	}
	if (h->addr.port == 0)
		h->addr.port = h->transport == CONF_TLS ? SIPS_PORT : SIP_PORT;
	conf_addr_text(&h->addr, written);
	h->text = conf_set_copy(r, gw_span_of(written));
	if (!conf_addr_is_unicast(&h->addr))
		CONF_ERROR(r, at, HOP_ADDRESS,
		    "next-hop address=\"%s\" is not one host", text);
	else if (conf_listener_on(r, h->transport, &h->addr))
		CONF_ERROR(r, at, HOP_SELF,
		    "next-hop %s is a listener of this gateway", h->text);
}

/* The first listener that fits; one for this system alone comes first. */
static uint16_t
find_listener(const struct conf_reader *r, uint16_t system,
    enum conf_transport t, const struct conf_addr *to)
{
	uint16_t shared = UINT16_MAX;

	for (uint16_t i = 0; i < r->listener_ids.n; i++) {
		if (!conf_listener_fits(&r->listeners[i], system, t, to))
			continue;
		if (r->listeners[i].system == system)
			return i;
		if (shared == UINT16_MAX)
			shared = i;
	}
	return shared;
}

static void
choose_listener(struct conf_reader *r, const xmlNode *n, struct conf_hop *h,
    uint16_t system, const struct gw_where *at)
{
	if (h->transport == CONF_TRANSPORT_N || h->text == NULL)
		return;
	if (has(r, n, "listener")) {
		h->listener = conf_ids_find(r, n, CONF_SET_HOP_LISTENER,
		    &r->listener_ids, CONF_E_UNKNOWN_LISTENER);
		if (h->listener == UINT16_MAX)
			return;
		if (conf_listener_fits(&r->listeners[h->listener], system,
			h->transport, &h->addr))
			return;
		CONF_ERROR(r, at, HOP_LISTENER,
		    "next-hop %s %s cannot use listener \"%s\"",
		    conf_transport_name(h->transport), h->text,
		    r->listener_ids.id[h->listener]);
		return;
	}
	h->listener = find_listener(r, system, h->transport, &h->addr);
	if (h->listener == UINT16_MAX)
		CONF_ERROR(r, at, HOP_LISTENER,
		    "next-hop %s %s has no listener to use",
		    conf_transport_name(h->transport), h->text);
}

/* Large messages go over TCP, if they can. */
static void
choose_tcp(struct conf_reader *r, struct conf_hop *h, uint16_t system,
    const struct gw_where *at)
{
	if (h->transport != CONF_UDP || h->text == NULL)
		return;
	h->tcp_listener = find_listener(r, system, CONF_TCP, &h->addr);
	if (h->tcp_listener == UINT16_MAX &&
	    h->udp_limit < r->c->limits.message_max)
		CONF_WARN(r, at, HOP_TCP,
		    "next-hop %s has udp-limit %u and no TCP listener", h->text,
		    h->udp_limit);
}

static bool
is_identity(const struct gw_system *base, const char *name)
{
	for (size_t i = 0; i < base->n_identities; i++)
		if (base->identities[i] != NULL &&
		    strcmp(base->identities[i], name) == 0)
			return true;
	return false;
}

static void
read_tls(struct conf_reader *r, const xmlNode *n, struct conf_hop *h,
    const struct conf_system *s, const struct gw_where *at)
{
	bool is_tls = h->transport == CONF_TLS;

	h->tls = conf_ids_find(
	    r, n, CONF_SET_HOP_TLS, &r->tls_ids, CONF_E_UNKNOWN_TLS);
	h->tls_name = conf_set_text(r, n, CONF_SET_HOP_TLS_NAME);
	if (h->tls != UINT16_MAX)
		r->tls_roles[h->tls] |= CONF_ROLE_CLIENT;
	if (h->transport == CONF_TRANSPORT_N)
		return;
	if (is_tls != has(r, n, "tls"))
		CONF_ERROR(r, at, HOP_TLS, "next-hop transport=\"%s\" %s tls=",
		    conf_transport_name(h->transport),
		    is_tls ? "lacks" : "has");
	if (!is_tls && has(r, n, "tls-name"))
		CONF_ERROR(r, at, HOP_NAME,
		    "next-hop transport=\"%s\" has tls-name=",
		    conf_transport_name(h->transport));
	if (is_tls && s->base.n_identities == 0)
		CONF_ERROR(r, at, IDENTITY_MISSING,
		    "system \"%s\" has a TLS next hop and no identity",
		    s->base.id == NULL ? "" : s->base.id);
	else if (is_tls && h->tls_name != NULL &&
		 !is_identity(&s->base, h->tls_name))
		CONF_ERROR(r, at, HOP_NAME,
		    "next-hop tls-name=\"%s\" is no identity of the system",
		    h->tls_name);
}

static void
check_twice(struct conf_reader *r, const struct conf_hop *hops, size_t i,
    const struct gw_where *at)
{
	for (size_t j = 0; j < i; j++)
		if (hops[i].text != NULL && hops[j].text != NULL &&
		    hops[i].transport == hops[j].transport &&
		    conf_addr_eq(&hops[i].addr, &hops[j].addr)) {
			CONF_ERROR(r, at, HOP_TWICE,
			    "next-hop %s stands twice in the system",
			    hops[i].text);
			return;
		}
}

static void
read_hop(struct conf_reader *r, const xmlNode *n, struct conf_system *s,
    struct conf_hop *h, uint16_t system)
{
	struct gw_where at = conf_set_where(r, n);

	h->listener = h->tcp_listener = h->tls = UINT16_MAX;
	h->id = r->n_hops++;
	h->transport = conf_set_transport(r, n, CONF_SET_HOP_TRANSPORT);
	h->priority = (uint16_t)conf_set_num(r, n, CONF_SET_HOP_PRIORITY);
	h->weight = (uint16_t)conf_set_num(r, n, CONF_SET_HOP_WEIGHT);
	h->udp_limit = conf_set_num(r, n, CONF_SET_HOP_UDP_LIMIT);
	read_address(r, n, h, &at);
	choose_listener(r, n, h, system, &at);
	choose_tcp(r, h, system, &at);
	read_tls(r, n, h, s, &at);
}

/* By priority; the document's order within one. */
static void
sort_hops(struct conf_hop *hops, size_t n)
{
	for (size_t i = 1; i < n; i++) {
		struct conf_hop h = hops[i];
		size_t j = i;
		for (; j > 0 && hops[j - 1].priority > h.priority; j--)
			hops[j] = hops[j - 1];
		hops[j] = h;
	}
}

void
conf_hop_read(struct conf_reader *r, const xmlNode *n, struct conf_system *s,
    uint16_t index)
{
	size_t max = conf_set_count(n, "next-hop");
	uint32_t options_s =
	    conf_set_num(r, gw_xml_child(n, "health"), CONF_SET_HEALTH_OPTIONS);
	size_t i = 0;

	if (max == 0)
		CONF_WARN(r, &s->at, HOP_MISSING,
		    "system \"%s\" has no next hop",
		    s->base.id == NULL ? "" : s->base.id);
	if (!conf_set_few(r, n, "next-hop", max, CONF_HOPS_MAX))
		max = CONF_HOPS_MAX;
	struct conf_hop *hops = conf_set_alloc(r, max, sizeof(*hops));
	if (hops == NULL)
		return;
	for (const xmlNode *e = gw_xml_child(n, "next-hop");
	     e != NULL && i < max; e = gw_xml_next(e, "next-hop"), i++) {
		struct gw_where at = conf_set_where(r, e);
		read_hop(r, e, s, &hops[i], index);
		hops[i].options_s = options_s;
		check_twice(r, hops, i, &at);
	}
	sort_hops(hops, i);
	s->hops = hops;
	s->n_hops = i;
}

static void
read_range(struct conf_reader *r, const struct gw_where *at, const char *text,
    struct conf_reach *reach)
{
	enum gw_err err =
	    conf_addr_range(gw_span_of(text), reach->ip, &reach->prefix);
	const struct conf_setting *s = &conf_settings[CONF_SET_REACH_ADDRESS];
	bool v4 = strchr(text, ':') == NULL;

	if (err == GW_OK && reach->prefix <= (v4 ? 96 : 0))
		CONF_ERROR(r, at, REACH_ALL,
		    "reach address=\"%s\" is every address", text);
	else if (err != GW_OK)
		gw_diag_error(r->d, at, conf_codes[CONF_E_ADDRESS].code,
		    s->want, "reach address=\"%s\" %s", text,
		    err == GW_EUNSUPPORTED ? "has bits set behind its prefix" :
					     "is not a range of addresses");
}

static void
read_reach(struct conf_reader *r, const xmlNode *n, struct conf_reach *reach)
{
	struct gw_where at = conf_set_where(r, n);
	const char *address = conf_set_text(r, n, CONF_SET_REACH_ADDRESS);
	const char *ports = conf_set_text(r, n, CONF_SET_REACH_PORTS);

	if (address != NULL)
		read_range(r, &at, address, reach);
	if (ports == NULL)
		ports = conf_settings[CONF_SET_REACH_PORTS].value;
	if (!conf_addr_ports(
		gw_span_of(ports), &reach->port_from, &reach->port_to))
		CONF_ERROR(r, &at, PORTS,
		    "reach ports=\"%s\" is not a range of ports", ports);
}

void
conf_hop_read_reach(
    struct conf_reader *r, const xmlNode *n, struct conf_system *s)
{
	size_t max = conf_set_count(n, "reach"), i = 0;

	if (!conf_set_few(r, n, "reach", max, CONF_REACH_MAX))
		max = CONF_REACH_MAX;
	struct conf_reach *reach = conf_set_alloc(r, max, sizeof(*reach));
	if (reach == NULL)
		return;
	for (const xmlNode *e = gw_xml_child(n, "reach"); e != NULL && i < max;
	     e = gw_xml_next(e, "reach"), i++)
		read_reach(r, e, &reach[i]);
	s->reach = reach;
	s->n_reach = i;
}
