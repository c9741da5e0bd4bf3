/*
 * tpolicy.c: policies from text, and facts by hand, for tests.
 */
#include "support/tpolicy.h"

#include <stdio.h>
#include <stdlib.h>

#include "policy/policy_compile.h"

static const char *const alpha_domains[] = { "mcptt.alpha.example" };
static const char *const bravo_domains[] = { "mcptt.bravo.example",
	"mcdata.bravo.example" };
static const char *const charlie_domains[] = { "mcptt.charlie.example" };
static const char *const bravo_identities[] = { "gw.bravo.example" };
static const char *const bravo_migrated[] = {
	"sip:roam@mcptt.charlie.example"
};

const struct gw_system tpolicy_systems[TPOLICY_SYSTEMS] = {
	{ .id = "alpha",
	    .local = true,
	    .n_domains = 1,
	    .domains = alpha_domains },
	{ .id = "bravo",
	    .n_domains = 2,
	    .domains = bravo_domains,
	    .n_migrated = 1,
	    .migrated = bravo_migrated,
	    .n_identities = 1,
	    .identities = bravo_identities },
	{ .id = "charlie", .n_domains = 1, .domains = charlie_domains },
};

static void
add(struct policy *p, const char *text, const char *name, struct gw_diag *d,
    void (*take)(struct policy *p, const xmlNode *root, const char *file,
	struct gw_diag *d))
{
	xmlDoc *doc = gw_xml_parse(gw_span_of(text), name, NULL, d);

	if (doc != NULL)
		take(p, gw_xml_root(doc), name, d);
	gw_xml_free(doc);
}

struct policy *
tpolicy_make(const char *local, const char *const *agreements, size_t n,
    struct gw_diag *d)
{
	struct policy_source src = { .systems = tpolicy_systems,
		.n_systems = TPOLICY_SYSTEMS };
	struct policy *p = policy_compile_begin(&src, n, d);

	if (p == NULL)
		abort();
	if (local != NULL)
		add(p, local, "policy.xml", d, policy_compile_local);
	for (size_t i = 0; i < n; i++) {
		char name[32];
		snprintf(name, sizeof(name), "a%zu.xml", i);
		add(p, agreements[i], name, d, policy_compile_add);
	}
	if (policy_compile_end(p, TPOLICY_NOW, d))
		return p;
	policy_free(p);
	return NULL;
}

void
tpolicy_print(const struct gw_diag *d)
{
	for (const struct gw_diag_entry *e = gw_diag_first(d); e != NULL;
	     e = e->next)
		printf("%s:%u: %s [%s]\n", e->where.file, e->where.line,
		    e->text, e->code);
}

struct policy *
tpolicy_need(const char *local, const char *agreement)
{
	struct gw_diag *d = gw_diag_new();
	struct policy *p =
	    tpolicy_make(local, &agreement, agreement == NULL ? 0 : 1, d);

	if (p == NULL) {
		tpolicy_print(d);
		abort();
	}
	gw_diag_free(d);
	return p;
}

struct gw_facts
tpolicy_call(void)
{
	return (struct gw_facts){ .from = TPOLICY_ALPHA,
		.to = GW_SYSTEM_NONE,
		.service = GW_MCPTT,
		.kind = GW_KIND_PRIVATE,
		.initiator = GW_SPAN("sip:anna@mcptt.alpha.example"),
		.request_uri = GW_SPAN("sip:pf@mcptt.bravo.example"),
		.info_request_uri = GW_SPAN("sip:bert@mcptt.bravo.example"),
		.info_present = true,
		.has_media_offer = true,
		.n_keys = 1,
		.keys = { { .purpose = "PCK",
		    .csb_id = 0x12345678,
		    .initiator = GW_SPAN("sip:anna@mcptt.alpha.example"),
		    .receiver = GW_SPAN("sip:bert@mcptt.bravo.example"),
		    .initiator_kms = GW_SPAN("kms.alpha.example"),
		    .receiver_kms = GW_SPAN("KMS.bravo.example"),
		    .made_wall_us = TPOLICY_NOW,
		    .state = GW_KEY_VALID } },
		.priority_p = -1,
		.priority_q = -1 };
}
