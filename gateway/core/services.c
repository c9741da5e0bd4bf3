/*
 * services.c: adapters, tables and digests of one snapshot.
 */
#include "core/services.h"

#include <stdio.h>
#include <stdlib.h>

#include "mcxgw/siphash.h"

#define CHUNK 16384

/* What was mixed before is the key of what follows, so that spans are told
 * apart.  Nothing of a peer enters, so the hash needs no secret. */
static void
mix(uint64_t *digest, struct gw_span s)
{
	uint8_t key[GW_SIPHASH_KEY_LEN] = { 0 };

	memcpy(key, digest, sizeof(*digest));
	*digest = gw_siphash(key, s);
}

static void
mix_text(uint64_t *digest, const char *text)
{
	mix(digest, gw_span_of(text));
}

static void
mix_number(uint64_t *digest, uint64_t n)
{
	mix(digest, (struct gw_span){ (const uint8_t *)&n, sizeof(n) });
}

static void
mix_names(uint64_t *digest, const struct gw_lookup_names *n)
{
	mix(digest, n->ns);
	mix(digest, n->root);
	mix(digest, n->user);
	mix(digest, n->domain);
}

static void
mix_endpoints(uint64_t *digest, const struct conf_service *v)
{
	mix_number(digest, v->n_endpoints);
	for (size_t i = 0; i < v->n_endpoints; i++) {
		const struct conf_endpoint *e = &v->endpoints[i];
		mix(digest, (struct gw_span){ e->addr.ip, sizeof(e->addr.ip) });
		mix_number(digest, e->addr.port);
		mix_number(digest, e->tls != UINT16_MAX);
		mix_text(digest, e->tls_name);
	}
}

/* A file that cannot be read is the table's to report. */
static void
mix_file(uint64_t *digest, const char *path)
{
	uint8_t chunk[CHUNK];
	FILE *f = path == NULL ? NULL : fopen(path, "rb");
	size_t n;

	if (f == NULL)
		return;
	while ((n = fread(chunk, 1, sizeof(chunk), f)) > 0)
		mix(digest, (struct gw_span){ chunk, n });
	fclose(f);
}

static bool
is_static(const struct conf_service *v)
{
	return strcmp(v->adapter, "static") == 0;
}

/* The file is read before its table is made of it: if it changes in between,
 * the next snapshot has another digest. */
static uint64_t
digest_of(const struct service *s, const struct policy *p)
{
	const struct conf_service *v = s->conf;
	uint64_t digest = 0;

	mix_number(&digest, v->is_kms);
	mix_text(&digest, v->adapter);
	mix_text(&digest, v->kms);
	mix_text(&digest, v->authority);
	mix_text(&digest, v->prefix);
	mix_endpoints(&digest, v);
	mix_names(&digest, s->names);
	mix_number(&digest, p == NULL ? 0 : policy_map_digest(p, v->system));
	mix_file(&digest, v->file);
	return digest;
}

static void
load_one(struct service *s, const struct conf_service *v,
    const struct policy *p, const struct redirects *r, const char *schema_dir,
    struct gw_diag *d)
{
	s->conf = v;
	s->names = r == NULL ? &gw_lookup_names_3gpp :
			       r->peers[v->system].dialect->lookup;
	s->digest = digest_of(s, p);
	if (is_static(v)) {
		s->table = gw_lookup_table_load(v->file, schema_dir, d);
		return;
	}
	s->adapter = gw_lookup_adapter(gw_span_of(v->adapter));
	if (s->adapter == NULL)
		gw_diag_error(d, &v->at, "lookup.adapter",
		    "static, or an adapter of mcxgw.xml(5)",
		    "there is no adapter \"%s\"", v->adapter);
}

static struct services *
services_new(size_t n)
{
	struct services *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return NULL;
	s->n = n;
	s->at = calloc(n + 1, sizeof(*s->at));
	if (s->at != NULL)
		return s;
	services_free(s);
	return NULL;
}

struct services *
services_load(const struct conf *c, const struct policy *p,
    const struct redirects *r, const char *schema_dir, struct gw_diag *d)
{
	struct services *s = services_new(c->n_services);

	if (s == NULL)
		return NULL;
	for (size_t i = 0; i < s->n; i++)
		load_one(&s->at[i], c->services[i], p, r, schema_dir, d);
	if (gw_diag_errors(d) == 0)
		return s;
	services_free(s);
	return NULL;
}

void
services_free(struct services *s)
{
	if (s == NULL)
		return;
	for (size_t i = 0; s->at != NULL && i < s->n; i++)
		gw_lookup_table_free(s->at[i].table);
	free(s->at);
	free(s);
}

bool
service_token(
    const struct conf_service *s, struct gw_arena *arena, struct gw_span *out)
{
	static const struct gw_span scheme = GW_LIT("Bearer ");
	struct gw_span token = gw_span_of(s->token);
	uint8_t *p;

	*out = GW_SPAN("");
	if (token.len == 0)
		return true;
	if ((p = gw_arena_bytes(arena, scheme.len + token.len)) == NULL)
		return false;
	memcpy(p, scheme.p, scheme.len);
	memcpy(p + scheme.len, token.p, token.len);
	*out = (struct gw_span){ p, scheme.len + token.len };
	return true;
}
