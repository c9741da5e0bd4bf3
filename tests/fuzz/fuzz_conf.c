/*
 * fuzz_conf.c: for any document the loader must
 *   1. give a configuration or at least one error, never both or neither
 *   2. say for each report where, what, and what should be
 *   3. refer only to what is there: listeners, TLS material, systems
 *   4. give the same answer twice
 */
#include <stdlib.h>

#include "conf/conf.h"

#define SCHEMAS GW_SOURCE_DIR "/conf/schema"
/* Names in the document are relative to the corpus. */
#define NAME	GW_SOURCE_DIR "/tests/fuzz/corpus/conf/mcxgw.xml"
#define TIME_US 1800000000000000

#define CHECK(cond)                                                            \
	do {                                                                   \
		if (!(cond))                                                   \
			abort();                                               \
	} while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_hop(const struct conf *c, uint16_t system, const struct conf_hop *h)
{
	CHECK(h->transport < CONF_TRANSPORT_N && h->text != NULL);
	CHECK(h->addr.port != 0 && h->weight > 0 && h->id < c->n_hops);
	CHECK(h->listener < c->n_listeners);
	CHECK(c->listeners[h->listener].transport == h->transport);
	CHECK((h->transport == CONF_TLS) == (h->tls < c->n_tls));
	CHECK(h->tcp_listener == UINT16_MAX ||
	      c->listeners[h->tcp_listener].system == system);
	CHECK(conf_system_reaches(&c->systems[system], &h->addr));
}

static void
check_krr(const struct conf_krr *k)
{
	CHECK(k->dialect != NULL && k->at.line > 0);
	CHECK(k->crl == NULL || k->ca != NULL);
	CHECK(k->ca == NULL ||
	      (k->n_authors > 0 && k->n_authors <= CONF_AUTHORS_MAX));
	for (size_t i = 0; i < k->n_authors; i++)
		CHECK(k->authors[i] != NULL && k->authors[i][0] != '\0');
}

static void
check_system(const struct conf *c, uint16_t i)
{
	const struct conf_system *s = &c->systems[i];

	CHECK(s->base.id != NULL && s->base.n_domains > 0);
	CHECK(conf_system_by_id(c, gw_span_of(s->base.id)) == i);
	for (size_t k = 0; k < s->base.n_identities; k++)
		CHECK(conf_system_by_identity(
			  c, gw_span_of(s->base.identities[k])) == i);
	check_krr(&s->krr);
	for (size_t k = 0; k < s->n_hops; k++) {
		check_hop(c, i, &s->hops[k]);
		CHECK(k == 0 || s->hops[k - 1].priority <= s->hops[k].priority);
	}
	for (size_t k = 0; k < s->n_reach; k++)
		CHECK(s->reach[k].port_from > 0 &&
		      s->reach[k].port_from <= s->reach[k].port_to);
}

static void
check_conf(const struct conf *c)
{
	CHECK(c->name != NULL && c->token_keys != NULL);
	CHECK(c->agreements_dir != NULL && c->n_systems > 0);
	CHECK(c->n_listeners > 0 && c->workers <= 256);
	CHECK(c->limits.message_max >= 4096 && c->limits.t1_ms > 0);
	CHECK(c->limits.system_transactions > 0);
	CHECK(c->redirect.author != NULL && c->redirect.at.line > 0);
	CHECK((c->redirect.certificate == NULL) == (c->redirect.key == NULL));
	for (size_t i = 0; i < c->n_listeners; i++) {
		const struct conf_listener *l = &c->listeners[i];
		CHECK(l->id != NULL && l->advertise != NULL);
		CHECK(l->addr.port != 0);
		CHECK((l->transport == CONF_TLS) == (l->tls < c->n_tls));
		CHECK(l->transport == CONF_TLS || l->system < c->n_systems);
	}
	for (uint16_t i = 0; i < c->n_systems; i++)
		check_system(c, i);
}

/* How many reports there were. */
static size_t
load(struct gw_span text)
{
	struct gw_now now = { 0, TIME_US };
	struct gw_diag *d = gw_diag_new();

	CHECK(d != NULL);
	struct conf *c = conf_parse(text, NAME, SCHEMAS, now, d);
	CHECK((c == NULL) == (gw_diag_errors(d) > 0));
	if (c != NULL)
		check_conf(c);
	for (const struct gw_diag_entry *e = gw_diag_first(d); e != NULL;
	     e = e->next)
		CHECK(e->where.file != NULL && e->text[0] != '\0' &&
		      e->code != NULL);
	size_t n = gw_diag_errors(d) + gw_diag_warnings(d);
	conf_free(c);
	gw_diag_free(d);
	return n;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(size); /* exact size, so ASan sees overreads */

	if (size > 0 && copy != NULL) {
		struct gw_span in = { memcpy(copy, data, size), size };
		CHECK(load(in) == load(in));
	}
	free(copy);
	return 0;
}
