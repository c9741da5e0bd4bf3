/*
 * policy_local.c: what this operator narrows further.
 */
#include "policy/policy_local.h"

#include "policy/policy_code.h"

#define SECOND_US     INT64_C(1000000)
#define CLOCK_US      (300 * SECOND_US)
#define CLOCK_MAX_US  (86400 * SECOND_US)
#define REPLAY_US     (900 * SECOND_US)
#define REPLAY_MAX_US (7 * 86400 * SECOND_US)
#define PRIORITY_MAX  15

struct policy_local
policy_local_default(void)
{
	return (struct policy_local){
		.clock_us = CLOCK_US,
		.replay_us = REPLAY_US,
		.record = { POLICY_RECORD_EXTERNAL, true },
	};
}

/* The number of a system, NONE if the attribute is absent; *named tells. */
static uint16_t
read_system(struct policy_reader *r, const xmlNode *node, const char *name,
    const struct policy *p, bool *named)
{
	const char *id = policy_read_attr(r, node, name);

	if (id == NULL)
		return GW_SYSTEM_NONE;
	*named = true;
	uint16_t i = policy_system_of_id(p, id);
	if (i != GW_SYSTEM_NONE)
		return i;
	struct gw_where at = policy_read_where(r, node);
	POLICY_ERROR(r->d, &at, SYSTEM, "%s=\"%s\" is no system", name, id);
	return GW_SYSTEM_NONE;
}

/* A mask; all where the attribute is absent. */
static uint32_t
read_mask(struct policy_reader *r, const xmlNode *node, const char *name,
    const char *(*name_of)(unsigned), unsigned first, unsigned n, bool *named)
{
	if (policy_read_attr(r, node, name) == NULL)
		return POLICY_ALL(n);
	*named = true;
	return policy_read_mask(r, node, name, name_of, first, n);
}

static bool
read_identity(struct policy_reader *r, const xmlNode *node, const char *name,
    const struct gw_where *at, struct policy_pattern *out, bool *named)
{
	const char *text = policy_read_attr(r, node, name);

	if (text == NULL)
		return false;
	*named = true;
	return policy_read_pattern(r, at, text, out);
}

static void
read_refusal(struct policy_reader *r, const xmlNode *node,
    const struct policy *p, struct policy_refusal *out)
{
	bool named = false;

	out->at = policy_read_where(r, node);
	out->id = policy_read_id(r, node, "id");
	out->from = read_system(r, node, "from", p, &named);
	out->to = read_system(r, node, "to", p, &named);
	out->comm.services = read_mask(r, node, "service", policy_read_service,
	    GW_MCPTT, POLICY_SERVICE_N, &named);
	out->comm.kinds =
	    read_mask(r, node, "kind", policy_read_kind, 0, GW_KIND_N, &named);
	out->comm.urgencies = read_mask(
	    r, node, "urgency", policy_read_urgency, 0, GW_URGENCY_N, &named);
	out->by_initiator = read_identity(
	    r, node, "initiator", &out->at, &out->initiator, &named);
	out->by_target =
	    read_identity(r, node, "target", &out->at, &out->target, &named);
	const char *kms = policy_read_attr(r, node, "kms");
	if (kms != NULL) {
		named = true;
		out->kms = policy_read_kms(r, &out->at, gw_span_of(kms));
	}
	if (named == policy_read_any(node))
		POLICY_ERROR(r->d, &out->at, ANY, "<refuse> has %s",
		    named ? "both conditions and <any/>" :
			    "neither a condition nor <any/>");
}

static void
check_refusal_ids(struct policy_reader *r, const struct policy_local *l)
{
	struct policy_table seen;

	if (!policy_table_init(&seen, r->a, l->n_refusals)) {
		r->no_memory = true;
		return;
	}
	for (uint32_t i = 0; i < l->n_refusals; i++) {
		const struct policy_refusal *f = &l->refusals[i];
		struct gw_span id = gw_span_of(f->id);
		uint64_t h = policy_hash_name(id);
		uint32_t at = 0, k;
		while (policy_table_next(&seen, h, &at, &k))
			if (gw_span_eq(gw_span_of(l->refusals[k].id), id)) {
				POLICY_ERROR(r->d, &f->at, REFUSE_TWICE,
				    "<refuse id=\"%s\"> stands twice, first "
				    "in line %u",
				    f->id, l->refusals[k].at.line);
				break;
			}
		if (f->id != NULL)
			policy_table_add(&seen, h, i);
	}
}

static void
read_refusals(struct policy_reader *r, const xmlNode *root,
    const struct policy *p, struct policy_local *out)
{
	size_t n = policy_read_count(r, root, "refuse", POLICY_REFUSALS_MAX);
	const xmlNode *c = gw_xml_child(root, "refuse");

	out->refusals = policy_read_alloc(r, n, sizeof(*out->refusals));
	if (out->refusals == NULL)
		return;
	out->n_refusals = n;
	for (size_t i = 0; i < n && c != NULL;
	     i++, c = gw_xml_next(c, "refuse"))
		read_refusal(r, c, p, &out->refusals[i]);
	check_refusal_ids(r, out);
}

static void
read_cap(struct policy_reader *r, const xmlNode *node, const struct policy *p,
    struct policy_cap *out)
{
	bool named = false;

	out->at = policy_read_where(r, node);
	out->from = read_system(r, node, "from", p, &named);
	out->to = read_system(r, node, "to", p, &named);
	out->urgencies = read_mask(
	    r, node, "urgency", policy_read_urgency, 0, GW_URGENCY_N, &named);
	out->p =
	    (int8_t)policy_read_number(r, node, "mcpttp", PRIORITY_MAX, -1);
	out->q =
	    (int8_t)policy_read_number(r, node, "mcpttq", PRIORITY_MAX, -1);
	if (out->p < 0 && out->q < 0)
		POLICY_ERROR(r->d, &out->at, CAP, "<cap> caps nothing");
	if (named == policy_read_any(node))
		POLICY_ERROR(r->d, &out->at, ANY, "<cap> has %s",
		    named ? "both conditions and <any/>" :
			    "neither a condition nor <any/>");
}

static void
read_caps(struct policy_reader *r, const xmlNode *root, const struct policy *p,
    struct policy_local *out)
{
	size_t n = policy_read_count(r, root, "cap", POLICY_CAPS_MAX);
	const xmlNode *c = gw_xml_child(root, "cap");

	if ((out->caps = policy_read_alloc(r, n, sizeof(*out->caps))) == NULL)
		return;
	out->n_caps = n;
	for (size_t i = 0; i < n && c != NULL; i++, c = gw_xml_next(c, "cap"))
		read_cap(r, c, p, &out->caps[i]);
}

static void
read_revoked(
    struct policy_reader *r, const xmlNode *root, struct policy_local *out)
{
	size_t n = policy_read_count(r, root, "revoked", POLICY_REVOKED_MAX);
	const xmlNode *c = gw_xml_child(root, "revoked");

	out->revoked = policy_read_alloc(r, n, sizeof(*out->revoked));
	for (size_t i = 0; i < n && c != NULL && out->revoked != NULL;
	     i++, c = gw_xml_next(c, "revoked")) {
		struct gw_where at = policy_read_where(r, c);
		const char *text = policy_read_need(r, c, "kms");
		const char *kms = text == NULL ?
				      NULL :
				      policy_read_kms(r, &at, gw_span_of(text));
		if (kms != NULL)
			out->revoked[out->n_revoked++] =
			    (struct policy_revoked){ kms, at };
	}
}

/* <signed agreement="..."/> or <signed><any/></signed>, repeated. */
static void
read_signed(
    struct policy_reader *r, const xmlNode *root, struct policy_local *out)
{
	size_t n = policy_read_count(r, root, "signed", POLICY_AGREEMENTS_MAX);
	const xmlNode *c = gw_xml_child(root, "signed");

	out->signed_ids = policy_read_alloc(r, n, sizeof(*out->signed_ids));
	out->signed_at = policy_read_alloc(r, n, sizeof(*out->signed_at));
	for (size_t i = 0; i < n && c != NULL && out->signed_ids != NULL &&
			   out->signed_at != NULL;
	     i++, c = gw_xml_next(c, "signed")) {
		struct gw_where at = policy_read_where(r, c);
		bool named = policy_read_attr(r, c, "agreement") != NULL;
		if (named == policy_read_any(c))
			POLICY_ERROR(r->d, &at, ANY, "<signed> has %s",
			    named ? "both agreement= and <any/>" :
				    "neither agreement= nor <any/>");
		if (!named) {
			out->all_signed = true;
			continue;
		}
		const char *id = policy_read_id(r, c, "agreement");
		if (id == NULL)
			continue;
		out->signed_ids[out->n_signed] = id;
		out->signed_at[out->n_signed++] = at;
	}
}

static void
read_key_messages(
    struct policy_reader *r, const xmlNode *root, struct policy_local *out)
{
	const xmlNode *c = gw_xml_child(root, "key-messages");
	size_t errors = gw_diag_errors(r->d);

	if (c == NULL)
		return;
	out->clock_us = policy_read_duration(
	    r, c, "clock-tolerance", CLOCK_MAX_US, CLOCK_US);
	out->replay_us = policy_read_duration(
	    r, c, "replay-window", REPLAY_MAX_US, REPLAY_US);
	if (errors == gw_diag_errors(r->d) &&
	    out->replay_us / 2 < out->clock_us) {
		struct gw_where at = policy_read_where(r, c);
		POLICY_ERROR(r->d, &at, REPLAY,
		    "a replay window of %lld s with a clock tolerance of "
		    "%lld s",
		    (long long)(out->replay_us / SECOND_US),
		    (long long)(out->clock_us / SECOND_US));
	}
}

static void
read_record(
    struct policy_reader *r, const xmlNode *root, struct policy_local *out)
{
	static const char *const words[] = { "none", "refused", "external",
		"all" };
	const xmlNode *c = gw_xml_child(root, "record");

	if (c == NULL)
		return;
	out->record.decisions = (enum policy_record_what)policy_read_word(
	    r, c, "decisions", words, 4, POLICY_RECORD_EXTERNAL);
	out->record.identities = policy_read_yes(r, c, "identities", true);
}

void
policy_local_read(struct policy_reader *r, const xmlNode *root,
    const struct policy *p, struct policy_local *out)
{
	static const char *const once[] = { "key-messages", "record" };

	out->at = policy_read_where(r, root);
	if (strcmp(gw_xml_name(root), "policy") != 0) {
		POLICY_ERROR(r->d, &out->at, ROOT, "<%s> instead of <policy>",
		    gw_xml_name(root));
		return;
	}
	for (size_t i = 0; i < GW_COUNT(once); i++) {
		const xmlNode *c = gw_xml_child(root, once[i]);
		if (c == NULL || (c = gw_xml_next(c, once[i])) == NULL)
			continue;
		struct gw_where at = policy_read_where(r, c);
		POLICY_ERROR(r->d, &at, ONCE, "a second <%s>", once[i]);
	}
	read_refusals(r, root, p, out);
	read_caps(r, root, p, out);
	read_revoked(r, root, out);
	read_signed(r, root, out);
	read_key_messages(r, root, out);
	read_record(r, root, out);
}
