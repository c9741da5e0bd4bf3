/*
 * policy_kms.c: KMS traffic that one system sends to another's KMS.
 */
#include "policy/policy_disclose.h"

static const struct gw_where nowhere = { NULL, 0 };
static const struct gw_span nothing = { NULL, 0 };

const char *
policy_kms_request_name(enum policy_kms_request what)
{
	static const char *const names[POLICY_KMS_N] = {
		[POLICY_KMS_INIT] = "init",
		[POLICY_KMS_KEYPROV] = "keyprov",
		[POLICY_KMS_CERT] = "cert",
		[POLICY_KMS_CERTCACHE] = "certcache",
		[POLICY_KMS_REDIRECT] = "redirect",
	};

	return (size_t)what < POLICY_KMS_N ? names[what] : "unknown";
}

static bool
settle(struct gw_step *out, enum gw_check check, const char *fault,
    const char *passed, struct gw_span fact, const struct gw_where *at)
{
	*out = (struct gw_step){ check,
		fault == NULL ? GW_STEP_PASS : GW_STEP_FAIL,
		fault == NULL ? passed : fault, fact, *at };
	return fault == NULL;
}

/* Keys go to a system only for those of the KMS's users who moved there. */
static const char *
migrated_fault(
    const struct policy *p, uint16_t from, uint16_t to, struct gw_span user)
{
	struct policy_uri uri;

	if (user.len == 0)
		return "no user is told for whom the keys are";
	if (!policy_uri_parse(user, &uri))
		return "is no SIP or tel URI";
	if (policy_system_of_uri(p, &uri) != to)
		return "is no user of the system whose KMS it is";
	return policy_is_migrated(p, from, &uri) ?
		   NULL :
		   "is no user who has migrated to the asking system";
}

bool
policy_kms_may(const struct policy *p, uint16_t from, uint16_t to,
    enum policy_kms_request what, struct gw_span kms, struct gw_span user,
    int64_t wall_us, struct gw_step *out)
{
	struct gw_span name = gw_span_of(policy_kms_request_name(what));

	if (from >= p->n_systems)
		return settle(out, GW_CHECK_PEER,
		    "the peer is no system we know", NULL, nothing, &nowhere);
	if (to >= p->n_systems || to == from)
		return settle(out, GW_CHECK_TARGET,
		    "the KMS is of no other system", NULL, kms, &nowhere);
	const struct policy_agreement *a =
	    policy_agreement_step(p, from, to, wall_us, out);
	if (a == NULL)
		return false;
	if (what == POLICY_KMS_INIT || what == POLICY_KMS_KEYPROV)
		return settle(out, GW_CHECK_SOURCE,
		    migrated_fault(p, from, to, user),
		    "is a user who has migrated to the asking system", user,
		    &nowhere);
	const struct policy_direction *d =
	    &a->direction[policy_direction_from(a, from)];
	const struct gw_where *at = d->has_kms ? &d->kms_at : &a->at;
	if ((size_t)what >= POLICY_KMS_N || !d->kms_may[what])
		return settle(out, GW_CHECK_RULE,
		    "is not permitted by the agreement", NULL, name, at);
	if (what == POLICY_KMS_CERT && kms.len > 0 &&
	    !policy_kms_visible(p, from, to, kms, wall_us))
		return settle(out, GW_CHECK_RECEIVER_DOMAIN,
		    "is no security domain that the asking system may know",
		    NULL, kms, at);
	return settle(out, GW_CHECK_RULE, NULL, "is permitted by the agreement",
	    name, at);
}

bool
policy_kms_visible(const struct policy *p, uint16_t asker, uint16_t to,
    struct gw_span kms, int64_t wall_us)
{
	uint32_t domain = policy_domain_number(p, kms);
	struct gw_step step;

	if (domain == UINT32_MAX || asker >= p->n_systems ||
	    to >= p->n_systems || p->domains[domain].system != to)
		return false;
	if (asker == to)
		return true;
	const struct policy_agreement *a =
	    policy_agreement_step(p, asker, to, wall_us, &step);
	return a != NULL &&
	       policy_reach_of(a, policy_direction_from(a, asker), domain) != 0;
}
