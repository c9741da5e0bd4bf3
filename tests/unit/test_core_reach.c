/*
 * test_core_reach.c: thousands of messages that name hosts in every field
 * where a host may stand; whatever they say, what comes out goes to a next hop
 * of the configuration, or back to where the message came from.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "support/reach.h"
#include "support/talk.h"

#define MESSAGES    40000
#define HARVEST_MAX 64

static const char permits[] =
    "<permit from=\"alpha\" to=\"bravo\" id=\"out\">"
    "<communication service=\"mcptt\"><any/></communication>"
    "<initiator><any/></initiator><target><any/></target>"
    "<domains><any/></domains>"
    "<key-message presence=\"optional\" signature=\"off\"/></permit>\n"
    "<permit from=\"bravo\" to=\"alpha\" id=\"in\">"
    "<communication service=\"mcptt\"><any/></communication>"
    "<initiator><any/></initiator><target><any/></target>"
    "<domains><any/></domains>"
    "<key-message presence=\"optional\" signature=\"off\"/></permit>\n";

static const char *const methods[] = { "INVITE", "ACK", "BYE", "CANCEL",
	"MESSAGE", "SUBSCRIBE", "NOTIFY", "REFER", "PUBLISH", "REGISTER",
	"OPTIONS", "INFO", "PRACK", "UPDATE", "FROBNICATE" };

static const char *const hosts[] = { "evil.example", "203.0.113.66",
	"203.0.113.66:666", "[2001:db8::66]:666", "alpha.example",
	"bravo.example", "bravo.example;maddr=203.0.113.66",
	"bravo.example:666;transport=tcp", "in.gw.example",
	"out.gw.example:5070", "in.gw.example;maddr=203.0.113.66",
	"127.0.0.1:5090", "localhost", "bravo.example;lr",
	"evil.example;lr;maddr=203.0.113.66" };

static struct rig rig;
static struct reach_peer peers[2];
static uint64_t seed = 1;
/* URIs and Vias of the gateway's own making, as they left. */
static char harvest[HARVEST_MAX][2048];
static size_t n_harvest;
static char vias[2][4096]; /* the last Via that went to a side */
static size_t crossed, answered;

static unsigned
pick(size_t n)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)((seed >> 33) % n);
}

static const char *
any_uri(char out[2400])
{
	static const char *const users[] = {
		"", "bob@", "alice@",
		"A.Gr2O3u~UlXaDkz8._OZMM-Ufh_NtPDhec1uihNLreCMBj.65pYNb3PFFJg@"
	};

	if (n_harvest > 0 && pick(3) == 0)
		snprintf(out, 2400, "%s", harvest[pick(n_harvest)]);
	else
		snprintf(out, 2400, "%s%s%s", pick(8) == 0 ? "sips:" : "sip:",
		    users[pick(GW_COUNT(users))], hosts[pick(GW_COUNT(hosts))]);
	/* A token changed in one place. */
	if (pick(16) == 0 && strlen(out) > 60)
		out[20 + pick(30)] ^= 1;
	return out;
}

static size_t
put_row(char *out, size_t at, size_t size, const char *name, unsigned odds)
{
	char uri[2400];

	if (pick(odds) != 0)
		return at;
	return at + (size_t)snprintf(
			out + at, size - at, "%s: <%s>\n", name, any_uri(uri));
}

static size_t
put_via(char *out, size_t at, size_t size)
{
	const char *more[] = { "", ";rport", ";received=203.0.113.66",
		";maddr=203.0.113.66", ";rport=666;received=203.0.113.66" };

	return at + (size_t)snprintf(out + at, size - at,
			"Via: SIP/2.0/%s %s;branch=z9hG4bK%u%s\n",
			pick(2) ? "UDP" : "TCP", hosts[pick(4)], pick(3000),
			more[pick(GW_COUNT(more))]);
}

static void
make_request(char *out, size_t size, enum rig_side from)
{
	const char *method = methods[pick(GW_COUNT(methods))];
	const char *me = from == RIG_ALPHA ? "sip:alice@alpha.example" :
					     "sip:bob@bravo.example";
	char uri[2400];
	size_t n;

	n = (size_t)snprintf(
	    out, size, "%s %s SIP/2.0\n", method, any_uri(uri));
	n = put_via(out, n, size);
	if (pick(2) == 0)
		n = put_via(out, n, size);
	n = put_row(out, n, size, "Route", 2);
	n = put_row(out, n, size, "Route", 4);
	n = put_row(out, n, size, "Record-Route", 3);
	n = put_row(out, n, size, "Contact", 2);
	n = put_row(out, n, size, "Path", 5);
	n = put_row(out, n, size, "Refer-To", 5);
	n = put_row(out, n, size, "Reply-To", 5);
	(void)snprintf(out + n, size - n,
	    "Max-Forwards: %u\nFrom: <%s>;tag=%u\nTo: <%s>%s\nCall-ID: c%u\n"
	    "CSeq: 1 %s\nP-Asserted-Identity: <%s>\n" TALK_ICSI
	    "Content-Length: 0\n\n",
	    pick(80), me, pick(9), any_uri(uri), pick(2) ? ";tag=x" : "",
	    pick(50), method, me);
}

static void
make_response(char *out, size_t size, enum rig_side from)
{
	static const unsigned statuses[] = { 100, 180, 200, 302, 404, 486, 487,
		503, 603 };
	const char *method = methods[pick(GW_COUNT(methods))];
	char *at = strstr(vias[from], "gw=");
	char uri[2400];
	size_t n;

	n = (size_t)snprintf(
	    out, size, "SIP/2.0 %u X\n", statuses[pick(GW_COUNT(statuses))]);
	if (at != NULL && pick(4) != 0) {
		if (pick(8) == 0)
			at[4 + pick(40)] ^= 1;
		n += (size_t)snprintf(
		    out + n, size - n, "Via: %s\n", vias[from]);
	} else {
		n = put_via(out, n, size);
	}
	n = put_via(out, n, size);
	n = put_row(out, n, size, "Record-Route", 2);
	n = put_row(out, n, size, "Contact", 2);
	n = put_row(out, n, size, "Service-Route", 4);
	(void)snprintf(out + n, size - n,
	    "From: <%s>;tag=1\nTo: <%s>;tag=2\nCall-ID: c%u\nCSeq: 1 %s\n"
	    "Content-Length: 0\n\n",
	    any_uri(uri), "sip:x@y.example", pick(50), method);
}

/* Remember what the gateway made: tokens lead somewhere. */
static void
keep_uris(const char *text)
{
	static const char *const fields[] = { "\r\nContact: <",
		"\r\nRecord-Route: <", "\r\nRefer-To: <" };

	for (size_t i = 0; i < GW_COUNT(fields); i++) {
		const char *p = strstr(text, fields[i]);
		if (p == NULL)
			continue;
		p += strlen(fields[i]);
		size_t len = strcspn(p, ">\r");
		size_t slot =
		    n_harvest < HARVEST_MAX ? n_harvest++ : pick(HARVEST_MAX);
		snprintf(
		    harvest[slot], sizeof(harvest[slot]), "%.*s", (int)len, p);
	}
}

static void
look(const char *in, size_t max)
{
	const char *why = reach_fault(rig.core, peers, 2);

	if (why != NULL)
		fail_msg("%s: after\n%s", why, in);
	assert_true(rig_count(&rig) <= max);
	for (size_t i = 0; i < rig_count(&rig); i++) {
		unsigned hop;
		const char *text = rig_sent(&rig, i, &hop);
		keep_uris(text);
		crossed += hop != 0;
		answered += hop == 0;
		/* One is as good as another. */
		if (hop != 0 && strncmp(text, "SIP/2.0", 7) != 0) {
			enum rig_side to = hop == 5080 ? RIG_ALPHA : RIG_BRAVO;
			rig_field(text, "Via", vias[to], sizeof(vias[to]));
		}
	}
}

static struct core_flow
flow_of(enum rig_side from)
{
	struct core_flow flow = rig_flow(&rig, from);

	flow.peer = peers[from].addr;
	flow.system = peers[from].system;
	return flow;
}

static void
nothing_in_a_message_chooses_an_address(void **state)
{
	static char text[RIG_TEXT_MAX];

	(void)state;
	rig_open(&rig, permits);
	for (int side = RIG_ALPHA; side <= RIG_BRAVO; side++) {
		peers[side].system = rig_flow(&rig, (enum rig_side)side).system;
		assert_true(conf_addr_parse(side == RIG_ALPHA ?
						GW_SPAN("192.0.2.1:5080") :
						GW_SPAN("198.51.100.1:5090"),
		    &peers[side].addr));
	}
	for (size_t i = 0; i < MESSAGES; i++) {
		enum rig_side from = pick(2) ? RIG_ALPHA : RIG_BRAVO;
		rig.transport = pick(4) ? CONF_UDP : CONF_TCP;
		struct core_flow flow = flow_of(from);
		if (pick(3) == 0)
			make_response(text, sizeof(text), from);
		else
			make_request(text, sizeof(text), from);
		rig_on(&rig, &flow, text);
		look(text, REACH_ACTIONS_MAX);
		rig.now.mono_us += pick(4) * 20000u;
		while (core_tick(rig.core, rig.now))
			look("time", CORE_ACTIONS_MAX);
		look("time", CORE_ACTIONS_MAX);
	}
	/* It was not all refused at the door. */
	assert_true(crossed > MESSAGES / 20);
	assert_true(answered > MESSAGES / 20);
	rig_close(&rig);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_in_a_message_chooses_an_address),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
