/*
 * talk.c: see talk.h.
 */
#include "support/talk.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

void
talk_has(const char *text, const char *part)
{
	if (strstr(text, part) == NULL)
		fail_msg("no \"%s\" in:\n%s", part, text);
}

void
talk_lacks(const char *text, const char *part)
{
	if (strstr(text, part) != NULL)
		fail_msg("\"%s\" in:\n%s", part, text);
}

static const char *
either(const char *given, const char *usual)
{
	return given != NULL ? given : usual;
}

static void
put_body(char *out, size_t size, const char *type, const char *body)
{
	size_t lines = 0;

	/* Line ends become two octets. */
	for (const char *p = body; p != NULL && *p != '\0'; p++)
		lines += *p == '\n' && (p == body || p[-1] != '\r');
	if (body == NULL)
		snprintf(out, size, "Content-Length: 0\n\n");
	else
		snprintf(out, size,
		    "Content-Type: %s\nContent-Length: %zu\n\n%s", type,
		    strlen(body) + lines, body);
}

void
talk_in(struct talk *t, enum rig_side from, const struct talk_request *r)
{
	const char *method = either(r->method, "INVITE");
	size_t n;

	snprintf(t->text, sizeof(t->text),
	    "%s %s SIP/2.0\n"
	    "Via: SIP/2.0/UDP pcscf.inner:5080;branch=z9hG4bK%s;rport\n"
	    "Max-Forwards: 70\nFrom: %s\nTo: %s\nCall-ID: %s\nCSeq: 1 %s\n%s",
	    method,
	    either(r->uri, from == RIG_ALPHA ? "sip:bob@bravo.example" :
					       "sip:alice@alpha.example"),
	    either(r->branch, method),
	    from == RIG_ALPHA ? TALK_ALICE : TALK_BOB,
	    from == RIG_ALPHA ? "<sip:bob@bravo.example>" :
				"<sip:alice@alpha.example>",
	    either(r->call_id, "c1"), method, either(r->more, ""));
	n = strlen(t->text);
	put_body(t->text + n, sizeof(t->text) - n, r->type, r->body);
	rig_in(&t->rig, from, t->text);
}

void
talk_crossed(struct talk *t, unsigned port)
{
	unsigned hop;

	if (rig_count(&t->rig) != 1)
		fail_msg("%zu messages for one", rig_count(&t->rig));
	snprintf(t->sent, sizeof(t->sent), "%s", rig_sent(&t->rig, 0, &hop));
	if (hop != port)
		fail_msg("to %u, not to %u:\n%s", hop, port, t->sent);
}

void
talk_back(struct talk *t, unsigned status)
{
	char line[32];
	unsigned hop;

	if (rig_count(&t->rig) != 1)
		fail_msg("%zu messages for one", rig_count(&t->rig));
	snprintf(line, sizeof(line), "SIP/2.0 %u ", status);
	const char *out = rig_sent(&t->rig, 0, &hop);
	if (hop != 0 || strncmp(out, line, strlen(line)) != 0)
		fail_msg("not %u:\n%s", status, out);
}

void
talk_nothing(const struct talk *t)
{
	if (rig_count(&t->rig) != 0)
		fail_msg("%zu messages for none", rig_count(&t->rig));
}

/* Record-Route of what was sent, below one of the answering side's. */
static void
put_routes(const struct talk *t, enum rig_side from, char *out, size_t size)
{
	char rr[4096];

	out[0] = '\0';
	if (strstr(t->sent, "Record-Route:") == NULL)
		return;
	rig_field(t->sent, "Record-Route", rr, sizeof(rr));
	snprintf(out, size,
	    "Record-Route: <sip:as.inner.%s;lr>\nRecord-Route: %s\n",
	    from == RIG_ALPHA ? "alpha" : "bravo", rr);
}

void
talk_answer(struct talk *t, enum rig_side from, unsigned status,
    const char *more, const char *body)
{
	char via[4096], sender[4096], to[4096], id[4096], cseq[64], rr[8192];
	size_t n;

	rig_field(t->sent, "Via", via, sizeof(via));
	rig_field(t->sent, "From", sender, sizeof(sender));
	rig_field(t->sent, "To", to, sizeof(to));
	rig_field(t->sent, "Call-ID", id, sizeof(id));
	rig_field(t->sent, "CSeq", cseq, sizeof(cseq));
	put_routes(t, from, rr, sizeof(rr));
	snprintf(t->text, sizeof(t->text),
	    "SIP/2.0 %u Said\nVia: %s\n%sFrom: %s\nTo: %s%s\nCall-ID: %s\n"
	    "CSeq: %s\n%s",
	    status, via, rr, sender, to,
	    strstr(to, "tag=") == NULL ? ";tag=b1" : "", id, cseq,
	    either(more, ""));
	n = strlen(t->text);
	put_body(t->text + n, sizeof(t->text) - n,
	    "application/vnd.3gpp.mcptt-info+xml", body);
	rig_in(&t->rig, from, t->text);
}

void
talk_inside(struct talk *t, enum rig_side from, const char *dialog,
    const struct talk_request *r)
{
	char contact[4096], rr[4096] = "", uri[4096], to[128];
	const char *method = either(r->method, "BYE");
	size_t n;

	rig_field(dialog, "Contact", contact, sizeof(contact));
	if (strstr(dialog, "Record-Route:") != NULL)
		rig_field(dialog, "Record-Route", rr, sizeof(rr));
	snprintf(uri, sizeof(uri), "%s", strchr(contact, '<') + 1);
	*strchr(uri, '>') = '\0';
	snprintf(
	    to, sizeof(to), "%s", from == RIG_ALPHA ? TALK_BOB : TALK_ALICE);
	snprintf(t->text, sizeof(t->text),
	    "%s %s SIP/2.0\n"
	    "Via: SIP/2.0/UDP peer.inner:5099;branch=z9hG4bK%s%c\n"
	    "Max-Forwards: 70\n%s%s%sFrom: %s\nTo: %s\nCall-ID: %s\n"
	    "CSeq: 7 %s\n%s",
	    method, either(r->uri, uri), either(r->branch, method),
	    from == RIG_ALPHA ? 'a' : 'b', rr[0] != '\0' ? "Route: " : "", rr,
	    rr[0] != '\0' ? "\n" : "",
	    from == RIG_ALPHA ? TALK_ALICE : TALK_BOB, to,
	    either(r->call_id, "c1"), method, either(r->more, ""));
	n = strlen(t->text);
	put_body(t->text + n, sizeof(t->text) - n, r->type, r->body);
	rig_in(&t->rig, from, t->text);
}
