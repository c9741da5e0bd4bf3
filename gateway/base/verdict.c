/*
 * verdict.c: the words of a decision, and one step as a line.
 */
#include "mcxgw/verdict.h"

/* A fact comes from a peer: a longer one is cut in the line, never refused. */
#define FACT_SHOWN_MAX 256

static const char *const outcomes[] = {
	[GW_REFUSE] = "refuse",
	[GW_REDIRECT] = "redirect",
	[GW_PERMIT] = "permit",
};

/* The number is the row of the decision table in the manual. */
static const struct {
	const char *name;
	unsigned row;
} checks[GW_CHECK_N] = {
	[GW_CHECK_PEER] = { "peer", 1 },
	[GW_CHECK_SOURCE] = { "source", 2 },
	[GW_CHECK_TARGET] = { "target", 3 },
	[GW_CHECK_AGREEMENT] = { "agreement", 4 },
	[GW_CHECK_LOCAL] = { "local-policy", 5 },
	[GW_CHECK_RULE] = { "rule", 5 },
	[GW_CHECK_KEY_PRESENT] = { "key-presence", 6 },
	[GW_CHECK_INFO] = { "info", 6 },
	[GW_CHECK_KEY] = { "key-message", 7 },
	[GW_CHECK_INITIATOR_DOMAIN] = { "initiator-domain", 8 },
	[GW_CHECK_LOOKUP] = { "lookup", 9 },
	[GW_CHECK_RECEIVER_DOMAIN] = { "receiver-domain", 9 },
	[GW_CHECK_PAIR] = { "pair", 10 },
	[GW_CHECK_LIMIT] = { "limit", 11 },
	[GW_CHECK_PRIORITY] = { "priority", 11 },
};

static const char *const reasons[GW_REASON_N] = {
	[GW_REASON_NONE] = "none",
	[GW_REASON_PEER_UNKNOWN] = "peer-unknown",
	[GW_REASON_SOURCE_NOT_OF_PEER] = "source-not-of-peer",
	[GW_REASON_NO_ROUTE] = "no-route",
	[GW_REASON_NO_AGREEMENT] = "no-agreement",
	[GW_REASON_NOT_PERMITTED] = "not-permitted",
	[GW_REASON_KEY_MISSING] = "key-missing",
	[GW_REASON_OPAQUE_INFO] = "opaque-info",
	[GW_REASON_KEY_MALFORMED] = "key-malformed",
	[GW_REASON_KEY_STALE] = "key-stale",
	[GW_REASON_KEY_REPLAYED] = "key-replayed",
	[GW_REASON_KEY_SIGNATURE] = "key-signature",
	[GW_REASON_KEY_NOT_OF_SOURCE] = "key-not-of-source",
	[GW_REASON_INITIATOR_DOMAIN] = "initiator-domain",
	[GW_REASON_RECEIVER_DOMAIN] = "receiver-domain",
	[GW_REASON_PAIR] = "pair",
	[GW_REASON_NO_DOMAIN_LEFT] = "no-domain-left",
	[GW_REASON_OVER_RATE] = "over-rate",
	[GW_REASON_OVER_CONCURRENT] = "over-concurrent",
	[GW_REASON_BODY_MALFORMED] = "body-malformed",
	[GW_REASON_LOOKUP_PENDING] = "lookup-pending",
	[GW_REASON_LOOKUP_UNSETTLED] = "lookup-unsettled",
};

static const char *const step_outcomes[] = {
	[GW_STEP_PASS] = "pass",
	[GW_STEP_FAIL] = "fail",
	[GW_STEP_SKIP] = "skip",
};

const char *
gw_outcome_name(enum gw_outcome o)
{
	return (size_t)o < GW_COUNT(outcomes) ? outcomes[o] : "unknown";
}

const char *
gw_check_name(enum gw_check c)
{
	return (size_t)c < GW_COUNT(checks) ? checks[c].name : "unknown";
}

const char *
gw_reason_name(enum gw_reason r)
{
	return (size_t)r < GW_COUNT(reasons) ? reasons[r] : "unknown";
}

const char *
gw_step_outcome_name(enum gw_step_outcome o)
{
	return (size_t)o < GW_COUNT(step_outcomes) ? step_outcomes[o] :
						     "unknown";
}

static void
add_fact(struct gw_buf *out, struct gw_span fact)
{
	struct gw_span shown = gw_span_sub(fact, 0, FACT_SHOWN_MAX);

	gw_buf_text(out, "\"");
	for (size_t i = 0; i < shown.len; i++) {
		uint8_t c = shown.p[i];
		if (c < 0x20 || c > 0x7e || c == '"' || c == '\\')
			gw_buf_fmt(out, "\\x%02x", c);
		else
			gw_buf_add(out, gw_span_sub(shown, i, 1));
	}
	gw_buf_text(out, shown.len < fact.len ? "...\" " : "\" ");
}

void
gw_step_text(struct gw_buf *out, const struct gw_step *s)
{
	if ((size_t)s->check < GW_COUNT(checks)) {
		gw_buf_num(out, checks[s->check].row);
		gw_buf_text(out, " ");
	}
	gw_buf_text(out, gw_check_name(s->check));
	gw_buf_text(out, ": ");
	gw_buf_text(out, gw_step_outcome_name(s->outcome));
	gw_buf_text(out, ": ");
	if (s->fact.len != 0)
		add_fact(out, s->fact);
	gw_buf_text(out, s->because);
	if (s->at.file == NULL)
		return;
	gw_buf_text(out, " (");
	gw_buf_text(out, s->at.file);
	if (s->at.line != 0) {
		gw_buf_text(out, ":");
		gw_buf_num(out, s->at.line);
	}
	gw_buf_text(out, ")");
}
