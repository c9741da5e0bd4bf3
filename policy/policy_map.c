/*
 * policy_map.c: names of a system's service, and what agreements call them.
 *
 * Maps of all agreements are found by hash, each by its system and by either
 * of its names.  They are one to one, so that what goes out comes back.
 */
#include "policy/policy_agreement.h"
#include "policy/policy_code.h"
#include "policy/policy_compile.h"

#include "mcxgw/host.h"
#include "mcxgw/siphash.h"

static const uint8_t digest_key[GW_SIPHASH_KEY_LEN] = "mcxgw.maps.v1..";

/* The attribute that names the service's side. */
static const char *const sides[POLICY_MAP_N] = {
	[POLICY_MAP_DOMAIN] = "user-domain",
	[POLICY_MAP_USER] = "user",
	[POLICY_MAP_KMS] = "kms",
};

/* What the map is about; N: not just one thing (reported). */
static enum policy_map_what
read_what(struct policy_reader *r, const xmlNode *node,
    const struct gw_where *at, struct gw_span *name)
{
	enum policy_map_what what = POLICY_MAP_N;
	size_t n = 0;

	for (int i = 0; i < POLICY_MAP_N; i++) {
		const char *text = policy_read_attr(r, node, sides[i]);
		if (text == NULL)
			continue;
		*name = gw_span_of(text);
		what = (enum policy_map_what)i;
		n++;
	}
	if (n == 1)
		return what;
	POLICY_ERROR(r->d, at, MAP, "<map> maps %s",
	    n == 0 ? "nothing" : "more than one thing");
	return POLICY_MAP_N;
}

/* A name of a domain or a KMS; NULL: it is none (reported). */
static const char *
read_name(struct policy_reader *r, const struct gw_where *at,
    enum policy_map_what what, struct gw_span text)
{
	if (what == POLICY_MAP_KMS || gw_host_is_name(text))
		return policy_read_kms(r, at, text);
	POLICY_ERROR(
	    r->d, at, DOMAIN, "\"%.*s\" is no domain name", GW_FMT(text));
	return NULL;
}

static bool
read_user(struct policy_reader *r, const struct gw_where *at, struct gw_span in,
    struct policy_pattern *out)
{
	const char *text = gw_arena_str(r->a, in);

	if (text == NULL) {
		r->no_memory = true;
		return false;
	}
	if (!policy_read_pattern(r, at, text, out))
		return false;
	if (policy_pattern_is_exact(out))
		return true;
	POLICY_ERROR(r->d, at, MAP, "\"%s\" means more than one user", text);
	return false;
}

static bool
read_names(struct policy_reader *r, struct gw_span name, struct gw_span as,
    struct policy_map *out)
{
	if (out->what != POLICY_MAP_USER) {
		out->name = read_name(r, &out->at, out->what, name);
		out->as = read_name(r, &out->at, out->what, as);
		return out->name != NULL && out->as != NULL;
	}
	bool good = read_user(r, &out->at, name, &out->name_user);
	if (!read_user(r, &out->at, as, &out->as_user) || !good)
		return false;
	out->name = out->name_user.text;
	out->as = out->as_user.text;
	return true;
}

static bool
is_of_party(const struct policy_party *party, const struct policy_map *m)
{
	struct gw_span domain =
	    m->what == POLICY_MAP_USER ? m->as_user.host : gw_span_of(m->as);

	if (m->what == POLICY_MAP_USER && m->as_user.scheme != POLICY_SIP)
		return false;
	if (m->what == POLICY_MAP_KMS) {
		for (size_t i = 0; i < party->n_kms; i++)
			if (strcmp(party->kms[i].kms, m->as) == 0)
				return true;
		return false;
	}
	for (size_t i = 0; i < party->n_domains; i++)
		if (gw_span_ieq(gw_span_of(party->domains[i]), domain))
			return true;
	return false;
}

static bool
read_map(struct policy_reader *r, const xmlNode *node,
    const struct policy_party *party, struct policy_map *out)
{
	const char *as = policy_read_need(r, node, "as");
	struct gw_span name;

	out->at = policy_read_where(r, node);
	out->what = read_what(r, node, &out->at, &name);
	if (as == NULL || out->what == POLICY_MAP_N ||
	    !read_names(r, name, gw_span_of(as), out))
		return false;
	if (!is_of_party(party, out))
		POLICY_ERROR(r->d, &out->at, MAP_AS,
		    "as=\"%s\" is of no %s of party \"%s\"", as,
		    out->what == POLICY_MAP_KMS ? "security domain" : "domain",
		    party->id == NULL ? "" : party->id);
	return true;
}

void
policy_maps_read(
    struct policy_reader *r, const xmlNode *node, struct policy_party *out)
{
	size_t n = policy_read_count(r, node, "map", POLICY_MAPS_MAX);
	const xmlNode *c = gw_xml_child(node, "map");

	if ((out->maps = policy_read_alloc(r, n, sizeof(*out->maps))) == NULL)
		return;
	for (size_t i = 0; i < n && c != NULL; i++, c = gw_xml_next(c, "map"))
		if (read_map(r, c, out, &out->maps[out->n_maps]))
			out->n_maps++;
}

static struct gw_span
side_of(const struct policy_map *m, enum policy_map_way way)
{
	return gw_span_of(way == POLICY_MAP_IN ? m->name : m->as);
}

static uint64_t
hash_of(uint64_t name, enum policy_map_what what, uint16_t system)
{
	return policy_hash_mix(name, (uint64_t)system * POLICY_MAP_N + what);
}

static uint64_t
hash_side(const struct policy_map *m, enum policy_map_way way)
{
	uint64_t name = m->what != POLICY_MAP_USER ?
			    policy_hash_name(side_of(m, way)) :
			way == POLICY_MAP_IN ? m->name_user.hash :
					       m->as_user.hash;

	return hash_of(name, m->what, m->system);
}

/* The map of a domain or KMS of that name, or NULL. */
static const struct policy_map *
find_name(const struct policy *p, uint16_t system, enum policy_map_what what,
    enum policy_map_way way, struct gw_span name)
{
	uint32_t at = 0, i;

	if (p->by_map[way].n == 0)
		return NULL;
	uint64_t h = hash_of(policy_hash_name(name), what, system);
	while (policy_table_next(&p->by_map[way], h, &at, &i)) {
		const struct policy_map *m = p->maps[i];
		if (m->system == system && m->what == what &&
		    gw_span_ieq(side_of(m, way), name))
			return m;
	}
	return NULL;
}

static const struct policy_map *
find_user(const struct policy *p, uint16_t system, enum policy_map_way way,
    const struct policy_uri *user)
{
	uint64_t h = hash_of(policy_uri_hash(user), POLICY_MAP_USER, system);
	uint32_t at = 0, i;

	while (policy_table_next(&p->by_map[way], h, &at, &i)) {
		const struct policy_map *m = p->maps[i];
		if (m->system == system && m->what == POLICY_MAP_USER &&
		    policy_pattern_matches(
			way == POLICY_MAP_IN ? &m->name_user : &m->as_user,
			user))
			return m;
	}
	return NULL;
}

static const struct policy_map *
find_alike(
    const struct policy *p, const struct policy_map *m, enum policy_map_way way)
{
	struct policy_uri user;

	if (m->what != POLICY_MAP_USER)
		return find_name(p, m->system, m->what, way, side_of(m, way));
	return policy_uri_parse(side_of(m, way), &user) ?
		   find_user(p, m->system, way, &user) :
		   NULL;
}

/* Is the service's name one of another system? */
static bool
is_foreign(const struct policy *p, const struct policy_map *m)
{
	uint16_t system = GW_SYSTEM_NONE;

	if (m->what == POLICY_MAP_KMS) {
		const struct policy_domain *d =
		    policy_domain_find(p, gw_span_of(m->name));
		system = d == NULL ? GW_SYSTEM_NONE : d->system;
	} else if (m->what == POLICY_MAP_DOMAIN) {
		system = policy_system_of_host(p, gw_span_of(m->name));
	} else {
		system = policy_system_of(p, gw_span_of(m->name));
	}
	return system != GW_SYSTEM_NONE && system != m->system;
}

static void
add_digest(struct policy *p, const struct policy_map *m)
{
	uint64_t h = gw_siphash(digest_key, gw_span_of(m->name));

	h = policy_hash_mix(h, gw_siphash(digest_key, gw_span_of(m->as)));
	/* A sum: the order in which files are read is of no matter. */
	p->map_digests[m->system] += policy_hash_mix(h, m->what);
}

static void
add_map(struct policy *p, struct policy_map *m, struct gw_diag *d)
{
	const struct policy_map *in = find_alike(p, m, POLICY_MAP_IN);
	const struct policy_map *out = find_alike(p, m, POLICY_MAP_OUT);
	const struct policy_map *first = in != NULL ? in : out;

	if (is_foreign(p, m))
		POLICY_ERROR(d, &m->at, MAP_FOREIGN,
		    "%s=\"%s\" is a name of another system", sides[m->what],
		    m->name);
	/* Another agreement may say the same. */
	if (in != NULL && in == out && in->at.file != m->at.file)
		return;
	if (first != NULL) {
		POLICY_ERROR(d, &m->at, MAP_TWICE,
		    "%s\"%s\" is mapped twice, first in %s:%u",
		    in != NULL ? "" : "as=", in != NULL ? m->name : m->as,
		    first->at.file, first->at.line);
		return;
	}
	policy_table_add(&p->by_map[POLICY_MAP_IN], hash_side(m, POLICY_MAP_IN),
	    (uint32_t)p->n_maps);
	policy_table_add(&p->by_map[POLICY_MAP_OUT],
	    hash_side(m, POLICY_MAP_OUT), (uint32_t)p->n_maps);
	p->maps[p->n_maps++] = m;
	p->maps_kms[m->system] |= m->what == POLICY_MAP_KMS;
	add_digest(p, m);
}

/* Is the service's name one by which agreements know the same system? */
static bool
is_own(const struct policy *p, const struct policy_map *m)
{
	struct gw_span name = gw_span_of(m->name);

	switch (m->what) {
	case POLICY_MAP_KMS: return policy_domain_find(p, name) != NULL;
	case POLICY_MAP_DOMAIN:
		return policy_system_of_host(p, name) == m->system;
	case POLICY_MAP_USER:
	case POLICY_MAP_N: break;
	}
	return false;
}

/* A name must not stand for itself beside what it is mapped to. */
static void
check_shadows(const struct policy *p, struct gw_diag *d)
{
	for (size_t i = 0; i < p->n_maps; i++) {
		const struct policy_map *m = p->maps[i];
		if (is_own(p, m) &&
		    find_name(p, m->system, m->what, POLICY_MAP_OUT,
			gw_span_of(m->name)) == NULL)
			POLICY_ERROR(d, &m->at, MAP_TWICE,
			    "\"%s\" stands for itself and for \"%s\"", m->name,
			    m->as);
	}
}

static void
link_party(struct policy *p, struct policy_party *party, struct gw_diag *d)
{
	for (size_t i = 0; i < party->n_maps; i++) {
		party->maps[i].system = party->system;
		if (party->system != GW_SYSTEM_NONE)
			add_map(p, &party->maps[i], d);
	}
}

bool
policy_maps_link(struct policy *p, struct gw_diag *d)
{
	size_t n = 0;

	for (size_t i = 0; i < p->n_agreements; i++)
		n += p->agreements[i]->party[0].n_maps +
		     p->agreements[i]->party[1].n_maps;
	p->maps = gw_arena_alloc(p->arena, n + 1, sizeof(*p->maps));
	p->map_digests =
	    gw_arena_alloc(p->arena, p->n_systems + 1, sizeof(*p->map_digests));
	p->maps_kms =
	    gw_arena_alloc(p->arena, p->n_systems + 1, sizeof(*p->maps_kms));
	if (p->maps == NULL || p->map_digests == NULL || p->maps_kms == NULL ||
	    !policy_table_init(&p->by_map[POLICY_MAP_IN], p->arena, n) ||
	    !policy_table_init(&p->by_map[POLICY_MAP_OUT], p->arena, n))
		return false;
	for (size_t i = 0; i < p->n_agreements; i++) {
		link_party(p, &p->agreements[i]->party[0], d);
		link_party(p, &p->agreements[i]->party[1], d);
	}
	check_shadows(p, d);
	return true;
}

/* user with another host, which lies within it. */
static bool
change_host(struct gw_span user, struct gw_span old, struct gw_span host,
    struct gw_arena *a, struct gw_span *out)
{
	size_t at = (size_t)(old.p - user.p), len = user.len - old.len;
	uint8_t *text = gw_arena_bytes(a, len + host.len);

	if (text == NULL)
		return false;
	memcpy(text, user.p, at);
	memcpy(text + at, host.p, host.len);
	memcpy(text + at + host.len, old.p + old.len, len - at);
	*out = (struct gw_span){ text, len + host.len };
	return true;
}

bool
policy_map_user(const struct policy *p, uint16_t system,
    enum policy_map_way way, struct gw_span user, struct gw_arena *a,
    struct gw_span *out)
{
	enum policy_map_way other =
	    way == POLICY_MAP_IN ? POLICY_MAP_OUT : POLICY_MAP_IN;
	const struct policy_map *m;
	struct policy_uri uri;

	*out = user;
	if (p->n_maps == 0 || !policy_uri_parse(user, &uri))
		return true;
	if ((m = find_user(p, system, way, &uri)) != NULL) {
		*out = side_of(m, other);
		return true;
	}
	m = uri.scheme != POLICY_SIP ?
		NULL :
		find_name(p, system, POLICY_MAP_DOMAIN, way, uri.host);
	return m == NULL ||
	       change_host(user, uri.host, side_of(m, other), a, out);
}

bool
policy_map_kms(const struct policy *p, uint16_t system, enum policy_map_way way,
    struct gw_span kms, struct gw_arena *a, struct gw_span *out)
{
	const struct policy_map *m =
	    find_name(p, system, POLICY_MAP_KMS, way, kms);

	(void)a; /* names live as long as the policy */
	*out = m == NULL ? kms :
			   side_of(m, way == POLICY_MAP_IN ? POLICY_MAP_OUT :
							     POLICY_MAP_IN);
	return true;
}

bool
policy_maps_kms(const struct policy *p, uint16_t system)
{
	return system < p->n_systems && p->maps_kms[system];
}

uint64_t
policy_map_digest(const struct policy *p, uint16_t system)
{
	return system < p->n_systems ? p->map_digests[system] : 0;
}
