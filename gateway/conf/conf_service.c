/*
 * conf_service.c: what a system offers over HTTP: its lookup service, its
 * KMSs.
 */
#include "conf/conf_service.h"

#include <stdio.h>

#include <openssl/crypto.h>

#include "conf/conf_endpoint.h"
#include "conf/conf_file.h"
#include "conf/conf_http.h"
#include "conf/conf_index.h"
#include "mcxgw/http.h"

#define AUTHORITY_MAX  320 /* a host name, ':' and a port */
#define TOKEN_FILE_MAX (GW_HTTP_TOKEN_MAX - sizeof("Bearer"))

/* The settings that both kinds have, under the names of each. */
struct kind {
	enum conf_set kms, authority, prefix, deadline, token;
};
static const struct kind lookup_kind = { CONF_SET_LOOKUP_KMS,
	CONF_SET_LOOKUP_AUTHORITY, CONF_SET_LOOKUP_PREFIX,
	CONF_SET_LOOKUP_DEADLINE, CONF_SET_LOOKUP_TOKEN };
static const struct kind kms_kind = { CONF_SET_KMS_URI, CONF_SET_KMS_AUTHORITY,
	CONF_SET_KMS_PREFIX, CONF_SET_KMS_DEADLINE, CONF_SET_KMS_TOKEN };

bool
conf_service_make_room(struct conf_reader *r, const xmlNode *root)
{
	size_t services = 0, endpoints = 0, kms = 0;

	for (const xmlNode *s = gw_xml_child(root, "system"); s != NULL;
	     s = gw_xml_next(s, "system")) {
		const xmlNode *lookup = gw_xml_child(s, "lookup");
		services += lookup != NULL;
		if (lookup != NULL)
			endpoints += conf_set_count(lookup, "endpoint");
		for (const xmlNode *k = gw_xml_child(s, "kms"); k != NULL;
		     k = gw_xml_next(k, "kms"), kms++)
			endpoints += conf_set_count(k, "endpoint");
	}
	services += kms;
	r->services = conf_set_alloc(r, services, sizeof(*r->services));
	r->service_at = conf_set_alloc(r, services, sizeof(*r->service_at));
	r->endpoint_at = conf_set_alloc(r, endpoints, sizeof(*r->endpoint_at));
	r->by_kms = conf_index_new(r->a, kms);
	r->no_memory |= r->by_kms == NULL;
	return !r->no_memory;
}

/* RFC 6750, 2.1: b64token. */
static bool
is_token(struct gw_span s)
{
	for (size_t i = 0; i < s.len; i++) {
		uint8_t c = gw_lower(s.p[i]);
		if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') &&
		    (c == '\0' || strchr("-._~+/=", c) == NULL))
			return false;
	}
	return s.len > 0;
}

static const char *
read_token(struct conf_reader *r, const struct gw_where *at, const char *path)
{
	struct gw_buf content;
	const char *token = NULL;

	if (!conf_file_secret(r, at, "token file", path))
		return NULL;
	gw_buf_init(&content, TOKEN_FILE_MAX);
	bool read = conf_file_read(path, &content);
	struct gw_span text = gw_span_trim(gw_buf_span(&content));
	if (!read)
		CONF_ERROR(r, at, FILE,
		    "token file \"%s\" cannot be read, or is larger than %zu "
		    "octets",
		    path, TOKEN_FILE_MAX);
	else if (!is_token(text))
		CONF_ERROR(r, at, TOKEN, "token file \"%s\" %s", path,
		    text.len == 0 ? "is empty" : "holds something else");
	else
		token = conf_set_copy(r, text);
	if (content.p != NULL)
		OPENSSL_cleanse(content.p, content.len);
	gw_buf_clear(&content);
	return token;
}

/* As the first endpoint would be called. */
static const char *
default_authority(struct conf_reader *r, const struct conf_service *v)
{
	char text[AUTHORITY_MAX];

	if (v->n_endpoints == 0 || v->endpoints[0].text == NULL)
		return NULL;
	const struct conf_endpoint *e = &v->endpoints[0];
	if (e->tls_name == NULL)
		return e->text;
	snprintf(text, sizeof(text), "%s:%u", e->tls_name, e->addr.port);
	return conf_set_copy(r, gw_span_of(text));
}

static const char *
read_prefix(struct conf_reader *r, const xmlNode *n, enum conf_set id)
{
	const char *raw = gw_xml_attr(n, conf_settings[id].attribute, r->a);
	const char *prefix = NULL;

	if (raw != NULL && raw[0] != '\0') /* "" says that there is none */
		prefix = conf_set_text(r, n, id);
	return prefix == NULL ? "" : prefix;
}

/* What both kinds have; the service's adapter is known. */
static void
read_common(struct conf_reader *r, const xmlNode *n, const struct kind *kind,
    const struct conf_system *s, struct conf_service *v)
{
	v->kms = conf_set_text(r, n, kind->kms);
	v->prefix = read_prefix(r, n, kind->prefix);
	v->deadline_ms = conf_set_num(r, n, kind->deadline);
	v->token_file = conf_set_text(r, n, kind->token);
	v->token = read_token(r, &v->at, v->token_file);
	conf_endpoint_read(r, n, s, v);
	v->authority = conf_http_authority(r, n, kind->authority);
	if (v->authority == NULL)
		v->authority = default_authority(r, v);
}

static struct conf_service *
add(struct conf_reader *r, const xmlNode *n, uint16_t system)
{
	struct conf_service *v = &r->services[r->n_services];

	v->at = conf_set_where(r, n);
	v->system = system;
	v->id = r->n_services;
	r->service_at[r->n_services++] = v;
	return v;
}

static void
check_endpoints(
    struct conf_reader *r, const xmlNode *n, const struct conf_service *v)
{
	if (gw_xml_child(n, "endpoint") == NULL)
		CONF_ERROR(r, &v->at, ENDPOINT_MISSING, "%s has no endpoint",
		    v->is_kms ? "kms" : "lookup");
}

/* A table is asked nowhere, so what is for asking is a misunderstanding. */
static void
check_static(
    struct conf_reader *r, const xmlNode *n, const struct conf_service *v)
{
	static const enum conf_set idle[] = { CONF_SET_LOOKUP_AUTHORITY,
		CONF_SET_LOOKUP_PREFIX, CONF_SET_LOOKUP_DEADLINE,
		CONF_SET_LOOKUP_TOKEN };

	if (!conf_set_written(r, n, CONF_SET_LOOKUP_FILE))
		CONF_ERROR(r, &v->at, LOOKUP_STATIC,
		    "lookup adapter=\"static\" lacks file=");
	if (gw_xml_child(n, "endpoint") != NULL)
		CONF_ERROR(r, &v->at, LOOKUP_STATIC,
		    "lookup adapter=\"static\" has an endpoint");
	for (size_t i = 0; i < GW_COUNT(idle); i++)
		if (conf_set_written(r, n, idle[i]))
			CONF_ERROR(r, &v->at, LOOKUP_STATIC,
			    "lookup adapter=\"static\" has %s=",
			    conf_settings[idle[i]].attribute);
}

static void
read_lookup(struct conf_reader *r, const xmlNode *n, struct conf_system *s,
    uint16_t system)
{
	struct conf_service *v = add(r, n, system);

	v->adapter = conf_set_text(r, n, CONF_SET_LOOKUP_ADAPTER);
	v->file = conf_set_text(r, n, CONF_SET_LOOKUP_FILE);
	read_common(r, n, &lookup_kind, s, v);
	s->lookup = v;
	if (v->adapter == NULL) /* the schema says so, or it is empty */
		return;
	if (strcmp(v->adapter, "static") == 0) {
		check_static(r, n, v);
		conf_file_check(r, &v->at, "lookup", v->file);
		return;
	}
	check_endpoints(r, n, v);
	if (v->file != NULL)
		CONF_ERROR(r, &v->at, LOOKUP_STATIC,
		    "lookup adapter=\"%s\" has file=", v->adapter);
}

static struct conf_service *
read_kms(struct conf_reader *r, const xmlNode *n, const struct conf_system *s,
    uint16_t system)
{
	struct conf_service *v = add(r, n, system);
	struct gw_span uri;

	v->is_kms = true;
	v->adapter = "kms";
	v->watch_s = conf_set_num(r, n, CONF_SET_KMS_WATCH);
	read_common(r, n, &kms_kind, s, v);
	check_endpoints(r, n, v);
	uri = gw_span_of(v->kms);
	if (uri.len == 0)
		return v;
	if (conf_index_find(r->by_kms, uri) == CONF_INDEX_NONE)
		conf_index_add(r->by_kms, uri, system);
	else
		CONF_ERROR(r, &v->at, KMS_TWICE, "kms uri=\"%s\" stands twice",
		    v->kms);
	return v;
}

void
conf_service_read(struct conf_reader *r, const xmlNode *n,
    struct conf_system *s, uint16_t index)
{
	const xmlNode *lookup = gw_xml_child(n, "lookup");
	size_t max = conf_set_count(n, "kms"), i = 0;

	if (lookup != NULL)
		read_lookup(r, lookup, s, index);
	if (!conf_set_few(r, n, "kms", max, CONF_KMS_MAX))
		max = CONF_KMS_MAX;
	const struct conf_service **kms = conf_set_alloc(r, max, sizeof(*kms));
	if (kms == NULL)
		return;
	for (const xmlNode *k = gw_xml_child(n, "kms"); k != NULL && i < max;
	     k = gw_xml_next(k, "kms"))
		kms[i++] = read_kms(r, k, s, index);
	s->kms = kms;
	s->n_kms = i;
}

void
conf_service_check(struct conf_reader *r)
{
	for (size_t i = 0; i < r->n_endpoints; i++) {
		const struct conf_endpoint *e = r->endpoint_at[i];
		uint16_t other =
		    conf_index_find(r->by_identity, gw_span_of(e->tls_name));
		if (other != CONF_INDEX_NONE &&
		    other != r->services[e->service].system)
			CONF_ERROR(r, &e->at, ENDPOINT_NAME,
			    "endpoint tls-name=\"%s\" is an identity of the "
			    "system of line %u",
			    e->tls_name, r->system_ids.line[other]);
	}
}

void
conf_service_wipe(const struct conf *c)
{
	for (size_t i = 0; i < c->n_services; i++) {
		struct gw_span token = gw_span_of(c->services[i]->token);
		void *p;
		memcpy(&p, &token.p, sizeof(p)); /* nobody reads it any more */
		if (token.len > 0)
			OPENSSL_cleanse(p, token.len);
	}
}
