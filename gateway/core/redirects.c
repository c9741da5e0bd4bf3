/*
 * redirects.c: dialects, signer and trust of one snapshot.
 */
#include "core/redirects.h"

#include <stdlib.h>

static void
load_signer(struct redirects *r, const struct conf *c, struct gw_diag *d)
{
	struct gw_fault fault = { 0, "" };

	if (c->redirect.certificate == NULL)
		return;
	if (krr_signer_new(c->redirect.certificate, c->redirect.key, &r->signer,
		&fault) != GW_OK)
		gw_diag_error(d, &c->redirect.at, "redirect.signer",
		    "PEM files of a P-256 key and of its certificate",
		    "\"%s\" and \"%s\" cannot sign: %s",
		    c->redirect.certificate, c->redirect.key, fault.why);
}

static void
load_trust(struct redirects_peer *p, const struct conf_system *s,
    struct gw_arena *a, struct gw_diag *d)
{
	const struct conf_krr *k = &s->krr;
	struct krr_trust_source source = { .ca = k->ca, .crl = k->crl };
	struct gw_fault fault = { 0, "" };

	if (k->ca == NULL)
		return;
	struct gw_span *names =
	    gw_arena_alloc(a, k->n_authors + 1, sizeof(*names));
	for (size_t i = 0; names != NULL && i < k->n_authors; i++)
		names[i] = gw_span_of(k->authors[i]);
	source.names = names;
	source.n_names = names == NULL ? 0 : k->n_authors;
	if (names == NULL || krr_trust_new(&source, &p->trust, &fault) != GW_OK)
		gw_diag_error(d, &k->at, "redirect.trust",
		    "PEM files of trust anchors and revocation lists, and the "
		    "names of authors",
		    "what authors of \"%s\" are trusted by cannot be used: %s",
		    s->base.id, fault.why);
}

static void
load_peer(struct redirects *r, size_t i, const struct conf *c,
    struct gw_arena *a, struct gw_diag *d)
{
	const struct conf_system *s = &c->systems[i];

	r->peers[i].dialect =
	    krr_dialect_find(r->dialects, gw_span_of(s->krr.dialect));
	if (r->peers[i].dialect == NULL)
		gw_diag_error(d, &s->krr.at, "redirect.dialect",
		    "\"3gpp\", or the id of a file in the folder of dialects",
		    "there is no dialect \"%s\"", s->krr.dialect);
	load_trust(&r->peers[i], s, a, d);
}

static bool
load_all(struct redirects *r, const struct conf *c, const char *schema_dir,
    struct gw_diag *d)
{
	struct gw_arena *a = gw_arena_new(1u << 20);

	r->dialects = krr_dialects_builtin();
	if (c->redirect.dialects != NULL) {
		r->loaded =
		    krr_dialects_load(c->redirect.dialects, schema_dir, d);
		r->dialects = r->loaded;
	}
	r->n = c->n_systems;
	r->peers = calloc(r->n + 1, sizeof(*r->peers));
	bool ok = r->dialects != NULL && r->peers != NULL && a != NULL;
	for (size_t i = 0; ok && i < r->n; i++) {
		gw_arena_reset(a);
		load_peer(r, i, c, a, d);
	}
	if (ok)
		load_signer(r, c, d);
	gw_arena_free(a);
	return ok && gw_diag_errors(d) == 0;
}

struct redirects *
redirects_load(const struct conf *c, const char *schema_dir, struct gw_diag *d)
{
	struct redirects *r = calloc(1, sizeof(*r));

	if (r == NULL)
		return NULL;
	if (load_all(r, c, schema_dir, d))
		return r;
	redirects_free(r);
	return NULL;
}

void
redirects_free(struct redirects *r)
{
	if (r == NULL)
		return;
	for (size_t i = 0; r->peers != NULL && i < r->n; i++)
		krr_trust_free(r->peers[i].trust);
	free(r->peers);
	krr_signer_free(r->signer);
	krr_dialects_free(r->loaded);
	free(r);
}
