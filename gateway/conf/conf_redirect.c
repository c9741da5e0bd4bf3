/*
 * conf_redirect.c: who writes redirect responses, and whose are believed.
 */
#include "conf/conf_redirect.h"

#include <stdio.h>

#include "codec/sip/sip_uri.h"
#include "conf/conf_addr.h"
#include "conf/conf_file.h"
#include "conf/conf_tls.h"

static const char *
default_author(struct conf_reader *r)
{
	static const char scheme[] = "sip:";
	const char *name = r->c->name;

	if (name == NULL)
		return NULL;
	size_t len = sizeof(scheme) + strlen(name);
	char *author = conf_set_alloc(r, len, 1);
	if (author != NULL)
		snprintf(author, len, "%s%s", scheme, name);
	return author;
}

/* The host of the author; NULL if there is none, which is then reported. */
static const char *
author_host(struct conf_reader *r, const struct conf_redirect *d)
{
	struct gw_fault fault = { 0 };
	struct sip_uri uri;

	if (d->author == NULL) /* so is the name, which is reported */
		return NULL;
	if (sip_uri_parse(gw_span_of(d->author), &uri, &fault) == GW_OK &&
	    (uri.scheme == SIP_SCHEME_SIP || uri.scheme == SIP_SCHEME_SIPS) &&
	    conf_addr_is_host(uri.host))
		return conf_set_copy(r, uri.host);
	CONF_ERROR(r, &d->at, AUTHOR,
	    "redirect author=\"%s\" is not a SIP URI with a host name",
	    d->author);
	return NULL;
}

static void
read_pair(struct conf_reader *r, const xmlNode *n, const char *host)
{
	struct conf_redirect *d = &r->c->redirect;
	bool certificate =
	    conf_set_written(r, n, CONF_SET_REDIRECT_CERTIFICATE);
	bool key = conf_set_written(r, n, CONF_SET_REDIRECT_KEY);

	d->certificate = conf_set_text(r, n, CONF_SET_REDIRECT_CERTIFICATE);
	d->key = conf_set_text(r, n, CONF_SET_REDIRECT_KEY);
	if (certificate != key)
		CONF_ERROR(r, &d->at, REDIRECT_PAIR,
		    certificate ? "redirect has a certificate and no key" :
				  "redirect has a key and no certificate");
	else if (d->certificate != NULL && d->key != NULL)
		conf_tls_check_signer(r, d, host);
}

void
conf_redirect_read(struct conf_reader *r, const xmlNode *root)
{
	const xmlNode *n = gw_xml_child(root, "redirect");
	struct conf_redirect *d = &r->c->redirect;

	d->at = conf_set_where(r, n == NULL ? root : n);
	d->author = conf_set_text(r, n, CONF_SET_REDIRECT_AUTHOR);
	if (d->author == NULL)
		d->author = default_author(r);
	read_pair(r, n, author_host(r, d));
	d->dialects = conf_set_text(r, n, CONF_SET_REDIRECT_DIALECTS);
	conf_file_folder(r, &d->at, "dialects", d->dialects);
}

/* The names that are written; wrong ones are left out. */
static void
read_authors(struct conf_reader *r, const xmlNode *n, struct conf_krr *k)
{
	size_t max = conf_set_count(n, "author"), i = 0;

	if (!conf_set_few(r, n, "author", max, CONF_AUTHORS_MAX))
		max = CONF_AUTHORS_MAX;
	const char **names = conf_set_alloc(r, max, sizeof(*names));
	if (names == NULL)
		return;
	for (const xmlNode *e = gw_xml_child(n, "author"); e != NULL && i < max;
	     e = gw_xml_next(e, "author")) {
		const char *name = conf_set_text(r, e, CONF_SET_AUTHOR_NAME);
		if (name != NULL)
			names[i++] = name;
	}
	k->authors = names;
	k->n_authors = i;
}

/* Can a signature of the system ever be good? */
static void
check_trust(struct conf_reader *r, const xmlNode *n, const struct conf_krr *k)
{
	bool named = gw_xml_child(n, "author") != NULL;

	if (!conf_set_written(r, n, CONF_SET_KRR_CA)) {
		if (named || conf_set_written(r, n, CONF_SET_KRR_CRL))
			CONF_ERROR(r, &k->at, REDIRECT_CA,
			    "redirect has %s and no ca",
			    named ? "an author" : "a crl");
		return;
	}
	if (!named && k->n_authors == 0)
		CONF_ERROR(r, &k->at, AUTHOR_MISSING,
		    "redirect has a ca, and the system no author or identity");
	if (!named && k->n_authors > CONF_AUTHORS_MAX)
		CONF_ERROR(r, &k->at, TOO_MANY,
		    "%zu identities as names of authors, at most %d are "
		    "allowed",
		    k->n_authors, CONF_AUTHORS_MAX);
	conf_tls_check_trust(r, k);
}

void
conf_redirect_read_system(
    struct conf_reader *r, const xmlNode *n, struct conf_system *s)
{
	struct conf_krr *k = &s->krr;

	k->at = n == NULL ? s->at : conf_set_where(r, n);
	k->dialect = conf_set_text(r, n, CONF_SET_KRR_DIALECT);
	if (k->dialect == NULL)
		k->dialect = conf_settings[CONF_SET_KRR_DIALECT].value;
	k->authors = s->base.identities;
	k->n_authors = s->base.n_identities;
	if (n == NULL)
		return;
	k->ca = conf_set_text(r, n, CONF_SET_KRR_CA);
	k->crl = conf_set_text(r, n, CONF_SET_KRR_CRL);
	if (gw_xml_child(n, "author") != NULL)
		read_authors(r, n, k);
	check_trust(r, n, k);
}
