/*
 * policy_permit.c: the <permit> of an agreement.
 *
 * Nothing is permitted by leaving something out: what a rule means by "all"
 * is written as <any/>.
 */
#include "policy/policy_agreement.h"

#include "policy/policy_code.h"

#define PRIORITY_MAX 15 /* levels of mcpttp and mcpttq (RFC 8101) */
#define NUMBER_MAX   INT64_C(1000000000)

static const char *
kind_or_urgency(unsigned n)
{
	return n < GW_KIND_N ? policy_read_kind(n) :
			       policy_read_urgency(n - GW_KIND_N + 1);
}

static void
read_kinds(struct policy_reader *r, const xmlNode *node,
    const struct gw_where *at, struct policy_comm *out)
{
	bool listed = policy_read_attr(r, node, "kind") != NULL;

	out->urgencies = POLICY_BIT(GW_ROUTINE);
	if (listed == policy_read_any(node)) {
		POLICY_ERROR(r->d, at, ANY, "<communication> has %s",
		    listed ? "both kind= and <any/>" :
			     "neither kind= nor <any/>");
		return;
	}
	if (!listed) {
		out->kinds = POLICY_ALL(GW_KIND_N);
		out->urgencies = POLICY_ALL(GW_URGENCY_N);
		return;
	}
	uint32_t mask = policy_read_mask(
	    r, node, "kind", kind_or_urgency, 0, GW_KIND_N + GW_URGENCY_N - 1);
	out->kinds = mask & POLICY_ALL(GW_KIND_N);
	out->urgencies |= mask >> GW_KIND_N << 1;
	if (out->kinds == 0 && mask != 0)
		POLICY_ERROR(r->d, at, KIND, "kind= lists no kind");
}

static void
read_comm(struct policy_reader *r, const xmlNode *node, struct policy_comm *out)
{
	struct gw_where at = policy_read_where(r, node);

	out->services = policy_read_mask(r, node, "service",
	    policy_read_service, GW_MCPTT, POLICY_SERVICE_N);
	policy_read_need(r, node, "service");
	read_kinds(r, node, &at, out);
}

static void
read_comms(
    struct policy_reader *r, const xmlNode *node, struct policy_rule *out)
{
	static const char name[] = "communication";
	size_t n = policy_read_count(r, node, name, POLICY_COMMS_MAX);
	const xmlNode *c = gw_xml_child(node, name);
	struct policy_comm *comms = policy_read_alloc(r, n, sizeof(*comms));

	if (comms == NULL)
		return;
	for (size_t i = 0; i < n && c != NULL; i++, c = gw_xml_next(c, name))
		read_comm(r, c, &comms[i]);
	out->comms = comms;
	out->n_comms = n;
	if (n == 0)
		POLICY_ERROR(r->d, &out->at, MISSING,
		    "<permit> without <communication>");
}

/* <initiator match=...> or <initiator><any/></initiator>, repeated. */
static void
read_patterns(struct policy_reader *r, const xmlNode *node, const char *name,
    const struct gw_where *rule_at, struct policy_patterns *out)
{
	size_t n = policy_read_count(r, node, name, POLICY_PATTERNS_MAX);
	const xmlNode *c = gw_xml_child(node, name);
	struct policy_pattern *at = policy_read_alloc(r, n, sizeof(*at));

	if (at == NULL)
		return;
	if (n == 0)
		POLICY_ERROR(
		    r->d, rule_at, MISSING, "<permit> without <%s>", name);
	for (size_t i = 0; i < n && c != NULL; i++, c = gw_xml_next(c, name)) {
		struct gw_where where = policy_read_where(r, c);
		const char *match = policy_read_attr(r, c, "match");
		bool any = policy_read_any(c);
		if (any == (match != NULL))
			POLICY_ERROR(r->d, &where, ANY, "<%s> has %s", name,
			    any ? "both match= and <any/>" :
				  "neither match= nor <any/>");
		else if (any)
			out->any = true;
		else if (policy_read_pattern(r, &where, match, &at[out->n]))
			out->n++;
	}
	out->at = at;
}

/* The KMS URIs of a list; *n counts them. */
static const char **
read_kms_list(struct policy_reader *r, const xmlNode *node, const char *name,
    const struct gw_where *at, size_t *n)
{
	struct gw_span list = gw_span_of(policy_read_attr(r, node, name)), one;
	const char **out = policy_read_alloc(r, POLICY_KMS_MAX, sizeof(*out));
	size_t pos = 0;

	while (out != NULL && (one = policy_read_next(list, &pos)).len > 0) {
		if (*n == POLICY_KMS_MAX) {
			POLICY_ERROR(r->d, at, TOO_MANY,
			    "more than %d security domains in %s=",
			    POLICY_KMS_MAX, name);
			break;
		}
		if ((out[*n] = policy_read_kms(r, at, one)) != NULL)
			++*n;
	}
	return out;
}

static void
read_pair(
    struct policy_reader *r, const xmlNode *node, struct policy_pairs *out)
{
	bool named = policy_read_attr(r, node, "initiator") != NULL ||
		     policy_read_attr(r, node, "receiver") != NULL;

	out->at = policy_read_where(r, node);
	out->any = policy_read_any(node);
	if (named == out->any) {
		POLICY_ERROR(r->d, &out->at, ANY, "<domains> has %s",
		    named ? "both names and <any/>" :
			    "neither names nor <any/>");
		out->any = false;
		return;
	}
	if (out->any)
		return;
	if (policy_read_need(r, node, "initiator") == NULL ||
	    policy_read_need(r, node, "receiver") == NULL)
		return;
	out->initiator_kms =
	    read_kms_list(r, node, "initiator", &out->at, &out->n_initiator);
	out->receiver_kms =
	    read_kms_list(r, node, "receiver", &out->at, &out->n_receiver);
}

static void
read_pairs(
    struct policy_reader *r, const xmlNode *node, struct policy_rule *out)
{
	static const char name[] = "domains";
	size_t n = policy_read_count(r, node, name, POLICY_PAIRS_MAX);
	const xmlNode *c = gw_xml_child(node, name);

	out->pairs = policy_read_alloc(r, n, sizeof(*out->pairs));
	if (out->pairs == NULL)
		return;
	out->n_pairs = n;
	for (size_t i = 0; i < n && c != NULL; i++, c = gw_xml_next(c, name))
		read_pair(r, c, &out->pairs[i]);
}

static void
read_key_message(
    struct policy_reader *r, const xmlNode *node, struct policy_rule *out)
{
	static const char *const presences[] = { "required", "optional",
		"forbidden" };
	static const char *const demands[] = { "off", "check", "require" };
	const xmlNode *c = gw_xml_child(node, "key-message");

	out->key_at = out->at;
	if (c == NULL) {
		POLICY_ERROR(
		    r->d, &out->at, MISSING, "<permit> without <key-message>");
		return;
	}
	out->key_at = policy_read_where(r, c);
	policy_read_need(r, c, "presence");
	out->presence = (enum policy_presence)policy_read_word(
	    r, c, "presence", presences, 3, POLICY_PRESENCE_REQUIRED);
	out->signature = (enum policy_demand)policy_read_word(
	    r, c, "signature", demands, 3, POLICY_REQUIRE);
	if (out->presence != POLICY_PRESENCE_FORBIDDEN && out->n_pairs == 0)
		POLICY_ERROR(r->d, &out->at, DOMAINS,
		    "key messages may cross, but no pair of security domains "
		    "is permitted");
}

/* "50/s", "600/min", "1000/h". */
static bool
parse_rate(struct gw_span s, struct policy_limit *out)
{
	static const struct {
		struct gw_span word;
		uint32_t s;
	} windows[] = { { GW_LIT("s"), 1 }, { GW_LIT("min"), 60 },
		{ GW_LIT("h"), 3600 } };
	size_t slash = gw_span_find(s, 0, '/');
	struct gw_span word = gw_span_sub(s, slash + 1, s.len);
	uint64_t n;

	if (gw_span_to_u64(
		gw_span_sub(s, 0, slash), (uint64_t)NUMBER_MAX, &n) != GW_OK ||
	    n == 0)
		return false;
	for (size_t i = 0; i < GW_COUNT(windows); i++)
		if (gw_span_eq(word, windows[i].word)) {
			out->rate = (uint32_t)n;
			out->window_s = windows[i].s;
			return true;
		}
	return false;
}

static void
read_limit(
    struct policy_reader *r, const xmlNode *node, struct policy_rule *out)
{
	const xmlNode *c = gw_xml_child(node, "limit");

	out->limit.window_s = 1;
	if (c == NULL)
		return;
	out->limit_at = policy_read_where(r, c);
	const char *rate = policy_read_attr(r, c, "rate");
	if (rate != NULL && !parse_rate(gw_span_of(rate), &out->limit))
		POLICY_ERROR(
		    r->d, &out->limit_at, RATE, "rate=\"%s\" is no rate", rate);
	out->limit.concurrent =
	    (uint32_t)policy_read_number(r, c, "concurrent", NUMBER_MAX, 0);
}

static void
read_cap(struct policy_reader *r, const xmlNode *node, struct policy_rule *out)
{
	const xmlNode *c = gw_xml_child(node, "cap");

	out->cap_p = out->cap_q = -1;
	if (c == NULL)
		return;
	out->cap_at = policy_read_where(r, c);
	out->cap_p =
	    (int8_t)policy_read_number(r, c, "mcpttp", PRIORITY_MAX, -1);
	out->cap_q =
	    (int8_t)policy_read_number(r, c, "mcpttq", PRIORITY_MAX, -1);
	if (out->cap_p < 0 && out->cap_q < 0)
		POLICY_ERROR(r->d, &out->cap_at, CAP, "<cap> caps nothing");
}

static void
read_info(struct policy_reader *r, const xmlNode *node, struct policy_rule *out)
{
	static const char *const words[] = { "refuse", "allow" };
	const xmlNode *c = gw_xml_child(node, "info");

	out->info_at = c == NULL ? out->at : policy_read_where(r, c);
	if (c != NULL)
		out->opaque =
		    policy_read_word(r, c, "opaque", words, 2, 0) == 1;
}

/* Who may write redirect responses, seen from the caller. */
enum end { END_EXIT, END_ENTRY };

static const char *
end_name(unsigned n)
{
	return n == END_EXIT ? "exit" : "entry";
}

static void
read_redirect(
    struct policy_reader *r, const xmlNode *node, struct policy_rule *out)
{
	static const char *const words[] = { "answer", "refuse" };
	static const char *const signatures[] = { "off", "sign", "require" };
	const xmlNode *c = gw_xml_child(node, "redirect");
	struct policy_redirect *d = &out->redirect;

	*d = (struct policy_redirect){ .at = out->at,
		.embed = true,
		.author_exit = true,
		.author_entry = true };
	if (c == NULL)
		return;
	d->at = policy_read_where(r, c);
	d->signature = (enum policy_krr_signature)policy_read_word(
	    r, c, "signature", signatures, 3, POLICY_KRR_OFF);
	d->embed = policy_read_yes(r, c, "embed", true);
	d->empty_refuse = policy_read_word(r, c, "empty", words, 2, 0) == 1;
	if (policy_read_attr(r, c, "author") == NULL)
		return;
	uint32_t ends = policy_read_mask(r, c, "author", end_name, 0, 2);
	d->author_exit = (ends & POLICY_BIT(END_EXIT)) != 0;
	d->author_entry = (ends & POLICY_BIT(END_ENTRY)) != 0;
}

/* Elements that stand at most once. */
static void
check_once(struct policy_reader *r, const xmlNode *node)
{
	static const char *const names[] = { "key-message", "info", "redirect",
		"limit", "cap" };

	for (size_t i = 0; i < GW_COUNT(names); i++) {
		const xmlNode *c = gw_xml_child(node, names[i]);
		if (c == NULL || (c = gw_xml_next(c, names[i])) == NULL)
			continue;
		struct gw_where at = policy_read_where(r, c);
		POLICY_ERROR(r->d, &at, ONCE, "a second <%s>", names[i]);
	}
}

/* What is said of lookups that never happen. */
static void
warn_lookup(
    struct policy_reader *r, const xmlNode *node, const struct policy_rule *x)
{
	if (x->lookup == POLICY_LOOKUP_NEVER &&
	    policy_read_attr(r, node, "lookup-failure") != NULL)
		POLICY_WARNING(r->d, &x->at, LOOKUP_FAILURE,
		    "rule \"%s\" has lookup-failure=, but asks no lookup "
		    "service",
		    x->id == NULL ? "" : x->id);
	if (x->lookup != POLICY_LOOKUP_NEVER &&
	    x->presence == POLICY_PRESENCE_FORBIDDEN)
		POLICY_WARNING(r->d, &x->at, LOOKUP_IDLE,
		    "rule \"%s\" has lookup=, but forbids key messages",
		    x->id == NULL ? "" : x->id);
}

void
policy_permit_read(
    struct policy_reader *r, const xmlNode *node, struct policy_rule *out)
{
	static const char *const lookups[] = { "never", "when-unknown",
		"always" };
	static const char *const failures[] = { "refuse", "agreement" };

	*out = (struct policy_rule){ .signature = POLICY_REQUIRE };
	out->at = policy_read_where(r, node);
	out->id = policy_read_id(r, node, "id");
	out->lookup = (enum policy_lookup)policy_read_word(
	    r, node, "lookup", lookups, 3, POLICY_LOOKUP_NEVER);
	out->lookup_fallback =
	    policy_read_word(r, node, "lookup-failure", failures, 2, 0) == 1;
	check_once(r, node);
	read_comms(r, node, out);
	read_patterns(r, node, "initiator", &out->at, &out->initiator);
	read_patterns(r, node, "target", &out->at, &out->target);
	read_pairs(r, node, out);
	read_key_message(r, node, out);
	read_info(r, node, out);
	read_redirect(r, node, out);
	read_limit(r, node, out);
	read_cap(r, node, out);
	warn_lookup(r, node, out);
}
