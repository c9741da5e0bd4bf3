/*
 * names.c: three hash tables with open addressing, filled once.
 *
 * Their content is the operator's, not a stranger's: what a stranger looks up
 * cannot make a chain longer, so hosts need no keyed hash.  The hashes of ids
 * go into tokens and must be the same on every node.
 */
#include "core/names.h"

#include "mcxgw/siphash.h"

#define PORT_SIP  5060
#define PORT_SIPS 5061

struct slot {
	bool taken;
	uint64_t hash;
	struct gw_span host; /* own and open only */
	uint16_t index; /* systems and listeners; port of own */
};

struct table {
	size_t mask; /* slots - 1; at most half of them are taken */
	struct slot *slots;
};

struct names {
	struct gw_arena *arena;
	struct table own, open, systems, listeners;
	uint64_t *system_hash, *listener_hash;
};

static const uint8_t fixed_key[GW_SIPHASH_KEY_LEN] = "mcxgw names 1";

static struct gw_span
anonymous(void)
{
	return GW_SPAN("anonymous.invalid");
}

static size_t
slots_for(size_t n)
{
	size_t slots = 8;

	while (slots < 2 * n)
		slots *= 2;
	return slots;
}

static bool
make(struct gw_arena *a, size_t n, struct table *t)
{
	size_t slots = slots_for(n);

	t->mask = slots - 1;
	t->slots = gw_arena_alloc(a, slots, sizeof(*t->slots));
	return t->slots != NULL;
}

static bool
same(const struct slot *s, uint64_t hash, struct gw_span host, uint16_t port)
{
	return s->hash == hash && s->index == port &&
	       gw_span_ieq(s->host, host);
}

static void
put(struct table *t, uint64_t hash, struct gw_span host, uint16_t index)
{
	size_t i = hash & t->mask;

	while (t->slots[i].taken && !same(&t->slots[i], hash, host, index))
		i = (i + 1) & t->mask;
	t->slots[i] = (struct slot){ true, hash, host, index };
}

static bool
has(const struct table *t, uint64_t hash, struct gw_span host, uint16_t port)
{
	for (size_t i = hash & t->mask; t->slots[i].taken;
	     i = (i + 1) & t->mask)
		if (same(&t->slots[i], hash, host, port))
			return true;
	return false;
}

/* Index of the id with that hash, or UINT16_MAX. */
static uint16_t
find(const struct table *t, uint64_t hash)
{
	for (size_t i = hash & t->mask; t->slots[i].taken;
	     i = (i + 1) & t->mask)
		if (t->slots[i].hash == hash)
			return t->slots[i].index;
	return UINT16_MAX;
}

static uint64_t
hash_of(struct gw_span host, uint16_t port)
{
	return gw_span_ihash(host) + port;
}

static uint64_t
hash_of_id(const char *id)
{
	return gw_siphash(fixed_key, gw_span_of(id));
}

static void
put_own(struct table *t, struct gw_span host, uint16_t port)
{
	put(t, hash_of(host, port), host, port);
}

static void
add_listener(struct names *n, const struct conf_listener *l, uint16_t index)
{
	struct gw_span host;
	uint16_t port;

	names_split(gw_span_of(l->advertise), &host, &port);
	put_own(&n->own, host, 0);
	if (port != 0) {
		put_own(&n->own, host, port);
	} else {
		put_own(&n->own, host, PORT_SIP);
		put_own(&n->own, host, PORT_SIPS);
	}
	n->listener_hash[index] = hash_of_id(l->id);
	put(&n->listeners, n->listener_hash[index], GW_SPAN(""), index);
}

static void
add_system(struct names *n, const struct gw_system *s, uint16_t index)
{
	for (size_t i = 0; i < s->n_domains; i++) {
		struct gw_span domain = gw_span_of(s->domains[i]);
		put(&n->open, hash_of(domain, 0), domain, 0);
	}
	n->system_hash[index] = hash_of_id(s->id);
	put(&n->systems, n->system_hash[index], GW_SPAN(""), index);
}

static size_t
count_domains(const struct conf *c)
{
	size_t sum = 1; /* anonymous.invalid */

	for (size_t i = 0; i < c->n_systems; i++)
		sum += c->systems[i].base.n_domains;
	return sum;
}

static bool
fill(struct names *n, const struct conf *c, size_t domains)
{
	struct gw_arena *a = n->arena;

	n->system_hash = gw_arena_alloc(a, c->n_systems, sizeof(uint64_t));
	n->listener_hash = gw_arena_alloc(a, c->n_listeners, sizeof(uint64_t));
	if (n->system_hash == NULL || n->listener_hash == NULL ||
	    !make(a, 3 * c->n_listeners, &n->own) ||
	    !make(a, domains, &n->open) ||
	    !make(a, c->n_systems, &n->systems) ||
	    !make(a, c->n_listeners, &n->listeners))
		return false;
	for (size_t i = 0; i < c->n_listeners; i++)
		add_listener(n, &c->listeners[i], (uint16_t)i);
	for (size_t i = 0; i < c->n_systems; i++)
		add_system(n, &c->systems[i].base, (uint16_t)i);
	put(&n->open, hash_of(anonymous(), 0), anonymous(), 0);
	return true;
}

struct names *
names_new(const struct conf *c)
{
	size_t domains = count_domains(c);
	size_t slots = slots_for(3 * c->n_listeners) + slots_for(domains) +
		       slots_for(c->n_systems) + slots_for(c->n_listeners);
	size_t cap = sizeof(struct names) + slots * sizeof(struct slot) +
		     (c->n_systems + c->n_listeners) * sizeof(uint64_t) + 4096;
	struct gw_arena *a = gw_arena_new(cap);

	if (a == NULL)
		return NULL;
	struct names *n = gw_arena_alloc(a, 1, sizeof(*n));
	if (n != NULL)
		n->arena = a;
	if (n == NULL || !fill(n, c, domains)) {
		gw_arena_free(a);
		return NULL;
	}
	return n;
}

void
names_free(struct names *n)
{
	if (n != NULL)
		gw_arena_free(n->arena);
}

bool
names_is_own(const struct names *n, struct gw_span host, uint16_t port)
{
	return has(&n->own, hash_of(host, port), host, port);
}

bool
names_is_public(const struct names *n, struct gw_span host)
{
	return has(&n->open, hash_of(host, 0), host, 0);
}

uint64_t
names_system_hash(const struct names *n, uint16_t system)
{
	return n->system_hash[system];
}

uint16_t
names_system(const struct names *n, uint64_t hash)
{
	return find(&n->systems, hash);
}

uint64_t
names_listener_hash(const struct names *n, uint16_t listener)
{
	return n->listener_hash[listener];
}

uint16_t
names_listener(const struct names *n, uint64_t hash)
{
	return find(&n->listeners, hash);
}

void
names_split(struct gw_span text, struct gw_span *host, uint16_t *port)
{
	size_t end = text.len > 0 && text.p[0] == '[' ?
			 gw_span_find(text, 0, ']') :
			 gw_span_find(text, 0, ':');
	size_t from = end < text.len && text.p[end] == ']' ? 1 : 0;
	struct gw_span rest = gw_span_sub(text, end + from, text.len);
	uint64_t n = 0;

	*host = gw_span_sub(text, from, end - from);
	if (rest.len > 0 && rest.p[0] == ':' &&
	    gw_span_to_u64(gw_span_sub(rest, 1, rest.len), UINT16_MAX, &n) !=
		GW_OK)
		n = 0;
	*port = (uint16_t)n;
}
