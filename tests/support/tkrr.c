/*
 * tkrr.c: see tkrr.h.
 */
#include "support/tkrr.h"

#include <stdio.h>
#include <stdlib.h>

#define PATH_LEN 512
#define TEXT_MAX (1u << 20)

static void
end(const char *what, const char *why)
{
	fprintf(stderr, "tkrr: %s: %s\n", what, why);
	exit(1);
}

struct krr
tkrr_example(void)
{
	return (struct krr){
		.dialect = &krr_dialects_builtin()->at[0],
		.id = GW_LIT("krr-1"),
		.author = GW_LIT("sip:gw.bravo.example"),
		.time_us = 1893553445000000,
		.initiator = GW_LIT("sip:alice@mcptt.alpha.example"),
		.initiator_domain = GW_LIT("kms.alpha.example"),
		.receiver = GW_LIT("sip:bob@mcptt.bravo.example"),
		.refused = GW_LIT("kms.old-bravo.example"),
		.n_domains = 2,
		.domains = { GW_LIT(TKRR_ONE), GW_LIT(TKRR_TWO) },
	};
}

const struct krr_dialects *
tkrr_dialects(void)
{
	static const struct krr_dialects *set;

	if (set == NULL) {
		struct gw_diag *d = gw_diag_new();
		set = krr_dialects_load(GW_TESTS_DIR "/support/dialects",
		    GW_SOURCE_DIR "/conf/schema", d);
		if (set == NULL)
			end("dialects", gw_diag_first(d)->text);
		gw_diag_free(d);
	}
	return set;
}

const struct krr_dialect *
tkrr_dialect(const char *id)
{
	const struct krr_dialect *d =
	    krr_dialect_find(tkrr_dialects(), gw_span_of(id));

	if (d == NULL)
		end(id, "no such dialect");
	return d;
}

struct krr_signer *
tkrr_signer(const char *dir, const char *name)
{
	char certificate[PATH_LEN], key[PATH_LEN];
	struct krr_signer *s;
	struct gw_fault fault;

	snprintf(certificate, sizeof(certificate), "%s/%s.pem", dir, name);
	snprintf(key, sizeof(key), "%s/%s.key", dir, name);
	if (krr_signer_new(certificate, key, &s, &fault) != GW_OK)
		end(certificate, fault.why);
	return s;
}

struct krr_trust *
tkrr_trust(const char *dir, const char *crl, const char *name)
{
	char ca[PATH_LEN], list[PATH_LEN];
	struct gw_span names[] = { gw_span_of(name) };
	struct krr_trust_source src = { ca, crl == NULL ? NULL : list,
		name == NULL ? 0 : 1, names };
	struct krr_trust *t;
	struct gw_fault fault;

	snprintf(ca, sizeof(ca), "%s/ca.pem", dir);
	snprintf(list, sizeof(list), "%s/%s", dir, crl == NULL ? "" : crl);
	if (krr_trust_new(&src, &t, &fault) != GW_OK)
		end(ca, fault.why);
	return t;
}

struct gw_span
tkrr_replace_to(
    struct gw_span text, const char *from, const char *to_end, const char *to)
{
	static uint8_t out[2][TEXT_MAX];
	static unsigned turn;
	size_t at = gw_span_search(text, gw_span_of(from));
	struct gw_span rest = gw_span_sub(text, at + strlen(from), text.len);
	size_t len = gw_span_search(rest, gw_span_of(to_end));

	if (at == text.len || (len == rest.len && to_end[0] != '\0'))
		end(from, "is not there");
	rest = gw_span_sub(rest, len + strlen(to_end), rest.len);
	if (text.len + strlen(to) > TEXT_MAX)
		end(from, "too long");
	uint8_t *p = out[turn++ % 2];
	memmove(p + at + strlen(to), rest.p, rest.len);
	memmove(p, text.p, at);
	memcpy(p + at, to, strlen(to));
	return (struct gw_span){ p, at + strlen(to) + rest.len };
}

struct gw_span
tkrr_replace(struct gw_span text, const char *from, const char *to)
{
	return tkrr_replace_to(text, from, "", to);
}
