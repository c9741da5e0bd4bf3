/*
 * fuzz_core.c: any octets come in as messages from both sides, time goes by,
 * and
 *   1. every action goes to a next hop of the settings or back to its peer
 *   2. one message leads to few actions, and transactions are within their cap
 *   3. after a long silence nothing is open, and no timer is armed
 *
 * The input is a list of steps: an octet that says which, then what that
 * takes.  A text that begins with a letter is one message of alpha.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/reach.h"
#include "support/rig.h"

#define CHECK(cond)                                                            \
	do {                                                                   \
		if (!(cond))                                                   \
			abort();                                               \
	} while (0)
#define STEPS_MAX    64
#define TRANSACTIONS 100
#define SILENCE_MS   (3 * 64 * 500 + 5000)
#define SILENCES_MAX 4 /* ringing ends by timer C, then there is more */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Low bits of a step; the next two: side, transport. */
enum step { MESSAGE, ANSWER, FOLLOW, AGAIN, FAIL, TIME, RELOAD, STEP_N };

static const char permits[] =
    "<permit from=\"alpha\" to=\"bravo\" id=\"out\">"
    "<communication service=\"mcptt mcvideo mcdata\"><any/></communication>"
    "<initiator><any/></initiator><target><any/></target>"
    "<domains><any/></domains>"
    "<key-message presence=\"optional\" signature=\"check\"/>"
    "<info opaque=\"allow\"/><cap mcpttp=\"3\"/>"
    "<limit rate=\"50/s\" concurrent=\"50\"/></permit>\n"
    "<permit from=\"bravo\" to=\"alpha\" id=\"in\">"
    "<communication service=\"mcptt mcvideo mcdata\"><any/></communication>"
    "<initiator><any/></initiator><target><any/></target>"
    "<domains><any/></domains>"
    "<key-message presence=\"optional\" signature=\"off\"/></permit>\n";

static const char config[] =
    "<mcxgw xmlns=\"urn:mcxgw:config:1\" name=\"gw.example\">\n"
    "<listener id=\"a-udp\" transport=\"udp\" address=\"127.0.0.1\""
    " port=\"5060\" system=\"alpha\" advertise=\"in.gw.example\"/>\n"
    "<listener id=\"a-tcp\" transport=\"tcp\" address=\"127.0.0.1\""
    " port=\"5060\" system=\"alpha\" advertise=\"in.gw.example\"/>\n"
    "<listener id=\"b-udp\" transport=\"udp\" address=\"127.0.0.1\""
    " port=\"5070\" system=\"bravo\" advertise=\"out.gw.example:5070\"/>\n"
    "<listener id=\"b-tcp\" transport=\"tcp\" address=\"127.0.0.1\""
    " port=\"5070\" system=\"bravo\" advertise=\"out.gw.example:5070\"/>\n"
    "<system id=\"alpha\" side=\"local\">\n"
    "<domain name=\"alpha.example\"/><domain name=\"mcptt.alpha.example\"/>\n"
    "<next-hop address=\"127.0.0.1:5080\" transport=\"udp\"/></system>\n"
    "<system id=\"bravo\" side=\"partner\">\n"
    "<domain name=\"bravo.example\"/><domain name=\"mcptt.bravo.example\"/>\n"
    "<next-hop address=\"127.0.0.1:5090\" transport=\"udp\" priority=\"1\"/>\n"
    "<next-hop address=\"127.0.0.1:5091\" transport=\"tcp\" priority=\"2\"/>\n"
    "</system>\n"
    "<topology keys=\"token.keys\"/>\n<policy agreements=\"agreements\"/>\n"
    "<limits transactions=\"100\" timer-c=\"30s\"/>\n</mcxgw>\n";

static const char agreement[] =
    "<agreement xmlns=\"urn:mcxgw:agreement:1\" id=\"ab\" serial=\"1\"\n"
    " valid-from=\"2026-01-01T00:00:00Z\""
    " valid-until=\"2030-01-01T00:00:00Z\">\n"
    "<party system=\"alpha\"><domain name=\"alpha.example\"/>"
    "<domain name=\"mcptt.alpha.example\"/>"
    "<security-domain kms=\"kms.alpha.example\"/></party>\n"
    "<party system=\"bravo\"><domain name=\"bravo.example\"/>"
    "<domain name=\"mcptt.bravo.example\"/>"
    "<security-domain kms=\"kms.bravo.example\"/></party>\n";

static const struct rig_files files = {
	.config = config, .agreement = agreement, .permits = permits
};

static struct rig rig;
static struct reach_peer peers[2];
static struct gw_now began;

/* The last request that left to a side, and what it is answered with. */
static char left[2][RIG_TEXT_MAX];
static char got[2][RIG_TEXT_MAX]; /* and the last message with a Contact */
static char text[2 * RIG_TEXT_MAX];

static void
close_rig(void)
{
	rig_close(&rig);
}

static void
set_up(void)
{
	if (rig.core != NULL)
		return;
	rig_open_with(&rig, &files);
	began = rig.now;
	for (int i = RIG_ALPHA; i <= RIG_BRAVO; i++) {
		struct core_flow flow = rig_flow(&rig, (enum rig_side)i);
		peers[i] = (struct reach_peer){ flow.system, flow.peer };
	}
	(void)atexit(close_rig);
}

static void
check(size_t max)
{
	CHECK(rig_count(&rig) <= max);
	CHECK(reach_fault(rig.core, peers, 2) == NULL);
	CHECK(core_open(rig.core) <= TRANSACTIONS);
	for (size_t i = 0; i < rig_count(&rig); i++) {
		const struct core_action *a = &core_actions(rig.core)->at[i];
		unsigned hop;
		if (a->len >= RIG_TEXT_MAX)
			continue;
		const char *out = rig_sent(&rig, i, &hop);
		bool alpha =
		    hop == 0 ? a->flow.system == peers[0].system : hop == 5080;
		enum rig_side to = alpha ? RIG_ALPHA : RIG_BRAVO;
		if (hop != 0)
			memcpy(left[to], out, a->len + 1);
		if (strstr(out, "\r\nContact: <") != NULL)
			memcpy(got[to], out, a->len + 1);
	}
}

static void
message(enum rig_side side, struct gw_span raw)
{
	struct core_flow flow = rig_flow(&rig, side);

	core_message(rig.core, &flow, raw, 0, rig.now);
	check(REACH_ACTIONS_MAX);
}

/* The line of that name, whole, appended to text. */
static size_t
copy_line(size_t at, const char *from, const char *name)
{
	const char *p = strstr(from, name), *end;

	if (p == NULL || (end = strstr(p + 2, "\r\n")) == NULL)
		return at;
	size_t n = (size_t)(end - p) - 2;
	memcpy(text + at, p + 2, n);
	memcpy(text + at + n, "\r\n", 2);
	return at + n + 2;
}

static void
end_text(enum rig_side side, size_t n)
{
	static const char end[] =
	    "Contact: <sip:me@10.0.0.1>\r\nContent-Length: 0\r\n\r\n";

	memcpy(text + n, end, sizeof(end));
	message(side,
	    (struct gw_span){ (const uint8_t *)text, n + sizeof(end) - 1 });
}

static void
answer(enum rig_side side, uint8_t with)
{
	static const unsigned statuses[] = { 100, 180, 183, 200, 202, 302, 404,
		486, 487, 503, 600 };
	static const char *const lines[] = { "\r\nVia: ", "\r\nRecord-Route: ",
		"\r\nFrom: ", "\r\nTo: ", "\r\nCall-ID: ", "\r\nCSeq: " };
	size_t n = (size_t)snprintf(text, sizeof(text), "SIP/2.0 %u X\r\n",
	    statuses[with % GW_COUNT(statuses)]);

	for (size_t i = 0; i < GW_COUNT(lines); i++)
		n = copy_line(n, left[side], lines[i]);
	end_text(side, n);
}

/* A request in the dialog that a side knows of. */
static void
follow(enum rig_side side, uint8_t with)
{
	static const char *const methods[] = { "BYE", "ACK", "CANCEL", "INVITE",
		"UPDATE", "PRACK", "NOTIFY", "INFO", "REFER" };
	const char *method = methods[with % GW_COUNT(methods)];
	const char *uri = strstr(got[side], "\r\nContact: <");
	size_t n;

	if (uri == NULL)
		return;
	uri += 12;
	n = (size_t)snprintf(text, sizeof(text),
	    "%s %.*s SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK%u\r\n"
	    "From: <sip:x@y>;tag=1\r\nTo: <sip:z@y>;tag=2\r\n"
	    "Call-ID: 1\r\nCSeq: %u %s\r\n",
	    method, (int)strcspn(uri, ">\r"), uri, with >> 4, with, method);
	size_t route = n;
	n = copy_line(n, got[side], "\r\nRecord-Route: ");
	if (n > route) {
		/* "Record-Route" without its first word */
		memmove(text + route, text + route + 7, n - route - 7);
		n -= 7;
	}
	end_text(side, n);
}

static void
go_on(unsigned ms)
{
	uint64_t end = rig.now.mono_us + (uint64_t)ms * 1000;

	for (unsigned turns = 0;; turns++) {
		uint64_t next = core_next_us(rig.core);
		CHECK(turns < 1000000);
		if (next > end)
			break;
		if (next > rig.now.mono_us)
			rig.now.mono_us = next;
		(void)core_tick(rig.core, rig.now);
		check(CORE_ACTIONS_MAX);
	}
	rig.now.mono_us = end;
	rig.now.wall_us =
	    began.wall_us +
	    (int64_t)(rig.now.mono_us - began.mono_us) % INT64_C(1000000000000);
}

static uint8_t
take(struct gw_span *in)
{
	uint8_t c = 0;

	if (in->len > 0)
		c = in->p[0];
	*in = gw_span_sub(*in, 1, in->len);
	return c;
}

static void
step(struct gw_span *in)
{
	uint8_t what = take(in), with = take(in);
	enum rig_side side = (what & 8) != 0 ? RIG_BRAVO : RIG_ALPHA;
	size_t len;

	rig.transport = (what & 16) != 0 ? CONF_TCP : CONF_UDP;
	switch ((enum step)(what & 7)) {
	case MESSAGE:
		len = (size_t)with << 8;
		len |= take(in);
		message(side, gw_span_sub(*in, 0, len));
		*in = gw_span_sub(*in, len, in->len);
		break;
	case ANSWER: answer(side, with); break;
	case FOLLOW: follow(side, with); break;
	case AGAIN:
		message(side, (struct gw_span){ (const uint8_t *)left[side],
				  strlen(left[side]) });
		break;
	case FAIL:
		if (rig_count(&rig) > 0) {
			core_send_failed(rig.core,
			    core_actions(rig.core)->at[0].send_id, rig.now);
			check(REACH_ACTIONS_MAX);
		}
		break;
	case TIME: go_on((unsigned)with * with); break;
	case RELOAD:
		if (with == 'R')
			rig_reload(&rig, &files);
		break;
	case STEP_N: break;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct gw_span in = { data, size };

	set_up();
	left[RIG_ALPHA][0] = left[RIG_BRAVO][0] = '\0';
	got[RIG_ALPHA][0] = got[RIG_BRAVO][0] = '\0';
	if (size > 0 && data[0] >= 'A') {
		rig.transport = CONF_UDP;
		message(RIG_ALPHA, in);
		answer(RIG_BRAVO, 3);
		follow(RIG_BRAVO, 0);
		in.len = 0;
	}
	for (int i = 0; i < STEPS_MAX && in.len > 0; i++)
		step(&in);
	for (int i = 0; i < SILENCES_MAX && core_open(rig.core) > 0; i++)
		go_on(SILENCE_MS);
	go_on(1000);
	CHECK(core_open(rig.core) == 0);
	CHECK(core_next_us(rig.core) == UINT64_MAX);
	for (size_t i = 0; i < rig.snap->meters->n_systems; i++)
		CHECK(rig.snap->meters->systems[i]->open == 0);
	for (size_t i = 0; i < rig.snap->meters->n_rules; i++)
		CHECK(rig.snap->meters->rules[i]->open == 0);
	return 0;
}
