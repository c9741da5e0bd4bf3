/*
 * conf_system.c: the systems, their names and what they may claim to be.
 */
#include "conf/conf_system.h"

#include "codec/sip/sip_uri.h"
#include "conf/conf_addr.h"
#include "conf/conf_hop.h"
#include "conf/conf_index.h"
#include "conf/conf_redirect.h"
#include "conf/conf_service.h"

/* A name that decides something may belong to one system only. */
static void
claim(struct conf_reader *r, const xmlNode *n, enum conf_set id,
    struct conf_index *index, const char *name, uint16_t system)
{
	bool is_domain = id == CONF_SET_DOMAIN_NAME;
	enum conf_code code =
	    is_domain ? CONF_E_DOMAIN_TWICE : CONF_E_IDENTITY_TWICE;
	uint16_t first = conf_index_find(index, gw_span_of(name));

	if (first == CONF_INDEX_NONE) {
		conf_index_add(index, gw_span_of(name), system);
		return;
	}
	struct gw_where at = conf_set_where(r, n);
	gw_diag_error(r->d, &at, conf_codes[code].code, conf_codes[code].want,
	    "%s \"%s\" stands twice, first in the system of line %u",
	    is_domain ? "domain" : "identity", name, r->system_ids.line[first]);
}

static void
check_user(struct conf_reader *r, const xmlNode *n, const char *user)
{
	struct gw_where at = conf_set_where(r, n);
	struct gw_fault fault = { 0 };
	struct sip_uri uri;

	if (sip_uri_parse(gw_span_of(user), &uri, &fault) == GW_OK &&
	    uri.scheme != SIP_SCHEME_OTHER && uri.user.len > 0)
		return;
	CONF_ERROR(r, &at, USER,
	    "migrated user=\"%s\" is not the URI of a user", user);
}

/* The names of one kind in a system; wrong ones are left out. */
static const char *const *
read_names(struct conf_reader *r, const xmlNode *n, enum conf_set id,
    uint16_t system, size_t *count)
{
	const char *element = conf_settings[id].element;
	size_t max = conf_set_count(n, element), i = 0;

	if (!conf_set_few(r, n, element, max, CONF_NAMES_MAX))
		max = CONF_NAMES_MAX;
	const char **names = conf_set_alloc(r, max, sizeof(*names));
	if (names == NULL)
		return NULL;
	for (const xmlNode *e = gw_xml_child(n, element); e != NULL && i < max;
	     e = gw_xml_next(e, element)) {
		const char *name = conf_set_text(r, e, id);
		if (name == NULL)
			continue;
		names[i++] = name;
		if (id == CONF_SET_DOMAIN_NAME)
			claim(r, e, id, r->by_domain, name, system);
		else if (id == CONF_SET_IDENTITY_TLS)
			claim(r, e, id, r->by_identity, name, system);
		else
			check_user(r, e, name);
	}
	*count = i;
	return names;
}

static void
read_base(struct conf_reader *r, const xmlNode *n, struct conf_system *s,
    uint16_t index)
{
	struct gw_system *b = &s->base;

	b->id = r->system_ids.id[index];
	b->local = conf_set_is(r, n, CONF_SET_SYSTEM_SIDE, "local");
	b->domains =
	    read_names(r, n, CONF_SET_DOMAIN_NAME, index, &b->n_domains);
	b->migrated =
	    read_names(r, n, CONF_SET_MIGRATED_USER, index, &b->n_migrated);
	b->identities =
	    read_names(r, n, CONF_SET_IDENTITY_TLS, index, &b->n_identities);
	if (gw_xml_child(n, "domain") == NULL)
		CONF_ERROR(r, &s->at, DOMAIN_MISSING,
		    "system \"%s\" has no domain", b->id == NULL ? "" : b->id);
}

static uint32_t
read_max(struct conf_reader *r, const xmlNode *n, enum conf_set id,
    uint32_t whole, const struct gw_where *at)
{
	uint32_t max = conf_set_num(r, n, id);

	if (max > whole)
		CONF_ERROR(r, at, LIMITS,
		    "system %s=\"%u\" is more than the whole gateway's %u",
		    conf_settings[id].attribute, max, whole);
	return max;
}

/* Can somebody outside this machine be taken for the partner? */
static void
check_plain(struct conf_reader *r, const struct conf_system *s, uint16_t index)
{
	const struct gw_where *at = NULL;

	if (s->base.local)
		return;
	for (size_t i = 0; i < r->listener_ids.n; i++) {
		const struct conf_listener *l = &r->listeners[i];
		if (l->system == index && l->transport != CONF_TLS &&
		    !conf_addr_is_loopback(&l->addr))
			at = &l->at;
	}
	for (size_t i = 0; i < s->n_hops; i++)
		if (s->hops[i].transport != CONF_TLS &&
		    !conf_addr_is_loopback(&s->hops[i].addr))
			at = &s->at;
	if (at != NULL)
		CONF_WARN(r, at, PARTNER_PLAIN,
		    "partner \"%s\" is reached without TLS",
		    s->base.id == NULL ? "" : s->base.id);
}

static void
check_once(struct conf_reader *r, const xmlNode *n, const char *name)
{
	const xmlNode *first = gw_xml_child(n, name);
	const xmlNode *more = first == NULL ? NULL : gw_xml_next(first, name);

	if (more == NULL)
		return;
	struct gw_where at = conf_set_where(r, more);
	CONF_ERROR(r, &at, TWICE, "%s stands twice in the system", name);
}

static void
read_system(struct conf_reader *r, const xmlNode *n, uint16_t index)
{
	struct conf_system *s = &r->systems[index];
	const struct conf_limits *l = &r->c->limits;

	s->at = conf_set_where(r, n);
	s->understands_krr = conf_set_is(r, n, CONF_SET_SYSTEM_KRR, "yes");
	s->warn_code = (uint16_t)conf_set_num(r, n, CONF_SET_SYSTEM_WARN_CODE);
	s->max_transactions = read_max(
	    r, n, CONF_SET_SYSTEM_TRANSACTIONS, l->transactions, &s->at);
	s->max_connections =
	    read_max(r, n, CONF_SET_SYSTEM_CONNECTIONS, l->connections, &s->at);
	read_base(r, n, s, index);
	check_once(r, n, "health");
	check_once(r, n, "redirect");
	check_once(r, n, "lookup");
	conf_redirect_read_system(r, gw_xml_child(n, "redirect"), s);
	conf_hop_read(r, n, s, index);
	conf_hop_read_reach(r, n, s);
	conf_service_read(r, n, s, index);
	check_plain(r, s, index);
	r->bases[index] = s->base;
}

void
conf_system_read(struct conf_reader *r, const xmlNode *root)
{
	bool any_local = false;
	uint16_t i = 0;

	for (const xmlNode *n = gw_xml_child(root, "system");
	     n != NULL && i < r->system_ids.n;
	     n = gw_xml_next(n, "system"), i++) {
		read_system(r, n, i);
		any_local |= r->bases[i].local;
	}
	if (i > 0 && !any_local) {
		struct gw_where at = conf_set_where(r, root);
		CONF_WARN(r, &at, NO_LOCAL, "no system is local");
	}
}
