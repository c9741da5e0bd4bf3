/*
 * policy_party.c: the <party> of an agreement.
 */
#include "policy/policy_agreement.h"

#include "mcxgw/hex.h"
#include "mcxgw/host.h"
#include "policy/policy_code.h"

static const struct {
	const char *word;
	uint32_t bit;
} compats[] = {
	{ "sign-header-excluded", POLICY_COMPAT_SIGN_HEADER },
	{ "uid-hex", POLICY_COMPAT_UID_HEX },
	{ "kms-trailing-nul", POLICY_COMPAT_TRAILING_NUL },
	{ "uid-in-idr", POLICY_COMPAT_UID_IN_IDR },
	{ "kms-in-role-3", POLICY_COMPAT_KMS_IN_ROLE3 },
};

static uint32_t
read_compat(struct policy_reader *r, const xmlNode *node)
{
	struct gw_span list = gw_span_of(policy_read_attr(r, node, "compat"));
	uint32_t mask = 0;
	size_t at = 0;

	for (;;) {
		struct gw_span word = policy_read_next(list, &at);
		size_t i = 0;
		if (word.len == 0)
			return mask;
		while (i < GW_COUNT(compats) &&
		       !gw_span_eq(word, gw_span_of(compats[i].word)))
			i++;
		if (i < GW_COUNT(compats)) {
			mask |= compats[i].bit;
			continue;
		}
		struct gw_where where = policy_read_where(r, node);
		POLICY_ERROR(r->d, &where, WORD, "compat=\"%.*s\" is unknown",
		    GW_FMT(word));
	}
}

static void
read_pin(struct policy_reader *r, const xmlNode *node, struct policy_kms *out)
{
	const char *text = policy_read_attr(r, node, "certificate-sha256");
	struct gw_span octets;
	struct gw_fault fault;

	if (text == NULL)
		return;
	if (strlen(text) == 2 * sizeof(out->sha256) &&
	    gw_hex_decode(r->a, gw_span_of(text), &octets, &fault) == GW_OK) {
		memcpy(out->sha256, octets.p, sizeof(out->sha256));
		out->pinned = true;
		return;
	}
	POLICY_ERROR(r->d, &out->at, PIN,
	    "certificate-sha256=\"%s\" is no SHA-256", text);
}

/* Names of files are relative to the agreement's folder. */
static const char *
beside(struct policy_reader *r, const char *name)
{
	const char *slash = strrchr(r->file, '/');

	if (name == NULL || name[0] == '/' || slash == NULL)
		return name;
	size_t dir = (size_t)(slash - r->file) + 1, len = strlen(name) + 1;
	char *path = (char *)gw_arena_bytes(r->a, dir + len);
	if (path == NULL) {
		r->no_memory = true;
		return NULL;
	}
	memcpy(path, r->file, dir);
	memcpy(path + dir, name, len);
	return path;
}

static bool
read_kms(struct policy_reader *r, const xmlNode *node, struct policy_kms *out)
{
	const char *text = policy_read_need(r, node, "kms");

	out->at = policy_read_where(r, node);
	out->certificate = beside(r, policy_read_attr(r, node, "certificate"));
	out->compat = read_compat(r, node);
	read_pin(r, node, out);
	if (text == NULL)
		return false;
	out->kms = policy_read_kms(r, &out->at, gw_span_of(text));
	if (out->kms == NULL)
		return false;
	if (out->certificate != NULL && !out->pinned)
		POLICY_WARNING(r->d, &out->at, UNPINNED,
		    "the certificate of \"%s\" is not pinned", out->kms);
	return true;
}

static void
read_security_domains(
    struct policy_reader *r, const xmlNode *node, struct policy_party *out)
{
	static const char name[] = "security-domain";
	size_t n = policy_read_count(r, node, name, POLICY_KMS_MAX);
	const xmlNode *c = gw_xml_child(node, name);

	if ((out->kms = policy_read_alloc(r, n, sizeof(*out->kms))) == NULL)
		return;
	for (size_t i = 0; i < n && c != NULL; i++, c = gw_xml_next(c, name))
		if (read_kms(r, c, &out->kms[out->n_kms]))
			out->n_kms++;
}

static const char *
read_domain(struct policy_reader *r, const xmlNode *node)
{
	const char *text = policy_read_need(r, node, "name");
	struct gw_where at = policy_read_where(r, node);

	if (text == NULL)
		return NULL;
	if (!gw_host_is_name(gw_span_of(text))) {
		POLICY_ERROR(
		    r->d, &at, DOMAIN, "\"%s\" is no domain name", text);
		return NULL;
	}
	/* The same form: printable, and kept in lower case. */
	return policy_read_kms(r, &at, gw_span_of(text));
}

static void
read_domains(
    struct policy_reader *r, const xmlNode *node, struct policy_party *out)
{
	static const char name[] = "domain";
	size_t n = policy_read_count(r, node, name, POLICY_PARTY_MAX);
	const xmlNode *c = gw_xml_child(node, name);

	out->domains = policy_read_alloc(r, n, sizeof(*out->domains));
	out->domains_at = policy_read_alloc(r, n, sizeof(*out->domains_at));
	if (out->domains == NULL || out->domains_at == NULL)
		return;
	for (size_t i = 0; i < n && c != NULL; i++, c = gw_xml_next(c, name)) {
		const char *domain = read_domain(r, c);
		if (domain == NULL)
			continue;
		out->domains[out->n_domains] = domain;
		out->domains_at[out->n_domains++] = policy_read_where(r, c);
	}
	if (n == 0)
		POLICY_ERROR(
		    r->d, &out->at, MISSING, "<party> without <domain>");
}

static void
read_identities(
    struct policy_reader *r, const xmlNode *node, struct policy_party *out)
{
	static const char name[] = "identity";
	size_t n = policy_read_count(r, node, name, POLICY_PARTY_MAX);
	const xmlNode *c = gw_xml_child(node, name);

	out->identities = policy_read_alloc(r, n, sizeof(*out->identities));
	if (out->identities == NULL)
		return;
	for (size_t i = 0; i < n && c != NULL; i++, c = gw_xml_next(c, name)) {
		const char *tls = policy_read_need(r, c, "tls");
		if (tls != NULL)
			out->identities[out->n_identities++] = tls;
	}
}

void
policy_party_read(
    struct policy_reader *r, const xmlNode *node, struct policy_party *out)
{
	*out = (struct policy_party){ .system = GW_SYSTEM_NONE };
	out->at = policy_read_where(r, node);
	out->id = policy_read_id(r, node, "system");
	read_domains(r, node, out);
	read_security_domains(r, node, out);
	read_identities(r, node, out);
	policy_maps_read(r, node, out);
}
