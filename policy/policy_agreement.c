/*
 * policy_agreement.c: the <agreement> as a whole.
 */
#include "policy/policy_agreement.h"

#include "policy/policy_code.h"

static int64_t
read_time(struct policy_reader *r, const xmlNode *node, const char *name)
{
	const char *text = policy_read_need(r, node, name);
	int64_t us = 0;

	if (text == NULL || gw_time_parse(gw_span_of(text), &us) == GW_OK)
		return us;
	struct gw_where at = policy_read_where(r, node);
	POLICY_ERROR(r->d, &at, TIME, "%s=\"%s\" is no time", name, text);
	return 0;
}

static void
read_head(
    struct policy_reader *r, const xmlNode *root, struct policy_agreement *out)
{
	size_t errors = gw_diag_errors(r->d);

	out->id = policy_read_id(r, root, "id");
	policy_read_need(r, root, "serial");
	out->serial =
	    (uint64_t)policy_read_number(r, root, "serial", INT64_MAX, 0);
	out->from_us = read_time(r, root, "valid-from");
	out->until_us = read_time(r, root, "valid-until");
	out->suspended = policy_read_yes(r, root, "suspended", false);
	if (errors == gw_diag_errors(r->d) && out->until_us <= out->from_us)
		POLICY_ERROR(r->d, &out->at, VALIDITY,
		    "valid-until is not later than valid-from");
}

static void
read_parties(
    struct policy_reader *r, const xmlNode *root, struct policy_agreement *out)
{
	const xmlNode *first = gw_xml_child(root, "party");
	const xmlNode *second =
	    first == NULL ? NULL : gw_xml_next(first, "party");

	if (second == NULL || gw_xml_next(second, "party") != NULL) {
		POLICY_ERROR(r->d, &out->at, PARTIES,
		    "an agreement of %s two parties",
		    second == NULL ? "fewer than" : "more than");
	}
	if (first != NULL)
		policy_party_read(r, first, &out->party[0]);
	if (second != NULL)
		policy_party_read(r, second, &out->party[1]);
	const char *a = out->party[0].id, *b = out->party[1].id;
	if (a != NULL && b != NULL && strcmp(a, b) == 0)
		POLICY_ERROR(r->d, &out->party[1].at, PARTIES,
		    "both parties are \"%s\"", a);
}

int
policy_agreement_direction(struct policy_reader *r, const xmlNode *node,
    const struct policy_agreement *a)
{
	const char *from = policy_read_need(r, node, "from");
	const char *to = policy_read_need(r, node, "to");

	if (from == NULL || to == NULL || a->party[0].id == NULL ||
	    a->party[1].id == NULL)
		return -1;
	for (int i = 0; i < 2; i++)
		if (strcmp(from, a->party[i].id) == 0 &&
		    strcmp(to, a->party[1 - i].id) == 0)
			return i;
	struct gw_where at = policy_read_where(r, node);
	POLICY_ERROR(r->d, &at, DIRECTION,
	    "from=\"%s\" to=\"%s\" in an agreement of \"%s\" and \"%s\"", from,
	    to, a->party[0].id, a->party[1].id);
	return -1;
}

static void
check_rule_id(struct policy_reader *r, const struct policy_agreement *a,
    const struct policy_rule *rule)
{
	for (size_t i = 0; rule->id != NULL && i < a->n_rules; i++)
		if (a->rules[i].id != NULL &&
		    strcmp(a->rules[i].id, rule->id) == 0) {
			POLICY_ERROR(r->d, &rule->at, RULE_TWICE,
			    "<permit id=\"%s\"> stands twice, first in line "
			    "%u",
			    rule->id, a->rules[i].at.line);
			return;
		}
}

static void
read_rules(
    struct policy_reader *r, const xmlNode *root, struct policy_agreement *out)
{
	size_t n = policy_read_count(r, root, "permit", 2 * POLICY_RULES_MAX);
	const xmlNode *c = gw_xml_child(root, "permit");
	struct policy_rule *rule;

	if ((out->rules = policy_read_alloc(r, n, sizeof(*rule))) == NULL)
		return;
	for (size_t i = 0; i < n && c != NULL;
	     i++, c = gw_xml_next(c, "permit")) {
		rule = &out->rules[out->n_rules];
		policy_permit_read(r, c, rule);
		check_rule_id(r, out, rule);
		int dir = policy_agreement_direction(r, c, out);
		if (dir < 0)
			continue;
		rule->direction = (uint8_t)dir;
		out->n_rules++;
	}
}

/* Sort the rules into their directions, which keep pointers to them. */
static void
split_rules(struct policy_reader *r, struct policy_agreement *a)
{
	for (int dir = 0; dir < 2; dir++) {
		struct policy_direction *d = &a->direction[dir];
		d->rules = policy_read_alloc(r, a->n_rules, sizeof(*d->rules));
		if (d->rules == NULL)
			return;
		for (size_t i = 0; i < a->n_rules; i++)
			if (a->rules[i].direction == dir)
				d->rules[d->n_rules++] = &a->rules[i];
		if (d->n_rules > POLICY_RULES_MAX)
			POLICY_ERROR(r->d, &d->rules[POLICY_RULES_MAX]->at,
			    TOO_MANY, "more than %d <permit> in one direction",
			    POLICY_RULES_MAX);
	}
}

static void
read_handlings(
    struct policy_reader *r, const xmlNode *root, struct policy_agreement *out)
{
	const xmlNode *c = gw_xml_child(root, "handling");

	for (; c != NULL; c = gw_xml_next(c, "handling")) {
		int dir = policy_agreement_direction(r, c, out);
		if (dir < 0)
			continue;
		struct policy_direction *d = &out->direction[dir];
		struct gw_where at = policy_read_where(r, c);
		if (d->has_handling)
			POLICY_ERROR(r->d, &at, ONCE,
			    "a second <handling> of this direction");
		d->has_handling = true;
		policy_handling_read(r, c, &d->handling);
	}
}

static void
read_lookups(
    struct policy_reader *r, const xmlNode *root, struct policy_agreement *out)
{
	static const char *const words[] = { "none", "permitted" };
	const xmlNode *c = gw_xml_child(root, "lookup");

	for (; c != NULL; c = gw_xml_next(c, "lookup")) {
		int dir = policy_agreement_direction(r, c, out);
		if (dir < 0)
			continue;
		struct policy_direction *d = &out->direction[dir];
		struct gw_where at = policy_read_where(r, c);
		if (d->has_lookup)
			POLICY_ERROR(r->d, &at, ONCE,
			    "a second <lookup> of this direction");
		d->has_lookup = true;
		d->disclose = (enum policy_disclose)policy_read_word(
		    r, c, "disclose", words, 2, POLICY_DISCLOSE_NONE);
	}
}

static void
read_kms(
    struct policy_reader *r, const xmlNode *root, struct policy_agreement *out)
{
	static const enum policy_kms_request requests[] = { POLICY_KMS_CERT,
		POLICY_KMS_CERTCACHE, POLICY_KMS_REDIRECT };
	const xmlNode *c = gw_xml_child(root, "kms");

	for (; c != NULL; c = gw_xml_next(c, "kms")) {
		int dir = policy_agreement_direction(r, c, out);
		if (dir < 0)
			continue;
		struct policy_direction *d = &out->direction[dir];
		struct gw_where at = policy_read_where(r, c);
		if (d->has_kms)
			POLICY_ERROR(r->d, &at, ONCE,
			    "a second <kms> of this direction");
		d->has_kms = true;
		d->kms_at = at;
		for (size_t i = 0; i < GW_COUNT(requests); i++)
			d->kms_may[requests[i]] = policy_read_yes(
			    r, c, policy_kms_request_name(requests[i]), false);
	}
}

bool
policy_agreement_read(
    struct policy_reader *r, const xmlNode *root, struct policy_agreement *out)
{
	*out = (struct policy_agreement){ .id = NULL };
	out->at = policy_read_where(r, root);
	if (strcmp(gw_xml_name(root), "agreement") != 0) {
		POLICY_ERROR(r->d, &out->at, ROOT,
		    "<%s> instead of <agreement>", gw_xml_name(root));
		return false;
	}
	for (int dir = 0; dir < 2; dir++)
		out->direction[dir].handling = policy_handling_default();
	read_head(r, root, out);
	read_parties(r, root, out);
	read_rules(r, root, out);
	split_rules(r, out);
	read_handlings(r, root, out);
	read_lookups(r, root, out);
	read_kms(r, root, out);
	out->has_signature = gw_xml_child(root, "Signature") != NULL;
	if (out->has_signature)
		POLICY_WARNING(r->d, &out->at, UNVERIFIED,
		    "the signature of agreement \"%s\" is not verified",
		    out->id == NULL ? "" : out->id);
	return !r->no_memory;
}
