/*
 * rig.c: files, a snapshot, a core, and a clock that obeys.
 */
#include "support/rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mcxgw/log.h"
#include "mcxgw/xml.h"

#define START_WALL_US 1790000000000000 /* in September 2026 */
#define START_MONO_US 1000000000

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
    "<domain name=\"alpha.example\"/>\n"
    "<next-hop address=\"127.0.0.1:5080\" transport=\"udp\""
    " udp-limit=\"60000\"/>\n"
    "</system>\n"
    "<system id=\"bravo\" side=\"partner\">\n"
    "<domain name=\"bravo.example\"/>\n"
    "<next-hop address=\"127.0.0.1:5090\" transport=\"udp\""
    " priority=\"1\" udp-limit=\"60000\"/>\n"
    "<next-hop address=\"127.0.0.1:5091\" transport=\"udp\""
    " priority=\"2\" udp-limit=\"60000\"/>\n"
    "</system>\n"
    "<topology keys=\"token.keys\"/>\n"
    "<policy agreements=\"agreements\"/>\n"
    "<limits transactions=\"1000\"/>\n"
    "</mcxgw>\n";

static const char agreement_head[] =
    "<agreement xmlns=\"urn:mcxgw:agreement:1\" id=\"ab\" serial=\"1\"\n"
    " valid-from=\"2026-01-01T00:00:00Z\""
    " valid-until=\"2030-01-01T00:00:00Z\">\n"
    "<party system=\"alpha\"><domain name=\"alpha.example\"/>"
    "<security-domain kms=\"kms.alpha.example\"/></party>\n"
    "<party system=\"bravo\"><domain name=\"bravo.example\"/>"
    "<security-domain kms=\"kms.bravo.example\"/></party>\n";

static const char keys[] =
    "1 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n";

static void
give_up(const char *what)
{
	fprintf(stderr, "rig: %s\n", what);
	abort();
}

static void
path_of(const struct rig *r, const char *name, char out[128])
{
	snprintf(out, 128, "%s/%s", r->folder, name);
}

static void
put_file(const struct rig *r, const char *name, const char *head,
    const char *body, const char *tail)
{
	char path[128];

	path_of(r, name, path);
	FILE *f = fopen(path, "w");
	if (f == NULL)
		give_up(path);
	fprintf(f, "%s%s%s", head, body, tail);
	if (fclose(f) != 0 || chmod(path, 0600) != 0)
		give_up(path);
}

static void
load(struct rig *r, const struct snapshot *old)
{
	struct gw_diag *d = gw_diag_new();
	struct gw_buf text;
	char path[128];

	path_of(r, "mcxgw.xml", path);
	r->snap =
	    snapshot_load(path, GW_SOURCE_DIR "/conf/schema", r->now, old, d);
	if (r->snap == NULL) {
		gw_buf_init(&text, 65536);
		gw_diag_print(d, &text);
		fprintf(stderr, "%.*s", (int)text.len, (const char *)text.p);
		give_up("the settings do not load");
	}
	gw_diag_free(d);
}

static void
start(struct rig *r, uint8_t seed)
{
	struct core_setup setup = {
		.n_workers = 1, .replay = r->replay, .probes = r->watches
	};

	memset(setup.seed, seed, sizeof(setup.seed));
	r->core = core_new(&setup, r->snap, r->now);
	if (r->core == NULL)
		give_up("no core");
}

static void
put_files(const struct rig *r, const struct rig_files *f)
{
	put_file(
	    r, "mcxgw.xml", f->config != NULL ? f->config : config, "", "");
	put_file(r, "token.keys", f->keys != NULL ? f->keys : keys, "", "");
	put_file(r, "agreements/ab.xml",
	    f->agreement != NULL ? f->agreement : agreement_head, f->permits,
	    "</agreement>\n");
	if (f->policy != NULL)
		put_file(r, "policy.xml", f->policy, "", "");
}

void
rig_open(struct rig *r, const char *permits)
{
	rig_open_with(r, &(struct rig_files){ .permits = permits });
}

void
rig_open_with(struct rig *r, const struct rig_files *files)
{
	static const uint8_t key[REPLAY_KEY_LEN] = { 1 };
	char path[128];

	*r = (struct rig){ .folder = "/tmp/mcxgw-rig-XXXXXX",
		.now = { START_MONO_US, START_WALL_US } };
	r->watches = files->watches;
	if (files->wall_us != 0)
		r->now.wall_us = files->wall_us;
	gw_xml_init();
	gw_log_set_level(GW_LOG_ERROR);
	if (mkdtemp(r->folder) == NULL)
		give_up("no folder");
	path_of(r, "agreements", path);
	if (mkdir(path, 0700) != 0)
		give_up(path);
	put_files(r, files);
	if ((r->replay = replay_new(1024, key)) == NULL)
		give_up("no replay table");
	load(r, NULL);
	start(r, 1);
}

void
rig_reload(struct rig *r, const struct rig_files *files)
{
	struct snapshot *old = r->snap;

	put_files(r, files);
	load(r, old);
	if (!core_use(r->core, r->snap, r->now))
		give_up("the core does not take the new settings");
	snapshot_unref(old);
}

void
rig_restart(struct rig *r)
{
	core_free(r->core);
	snapshot_unref(r->snap);
	load(r, NULL);
	start(r, 2);
}

void
rig_close(struct rig *r)
{
	static const char *const names[] = { "agreements/ab.xml", "mcxgw.xml",
		"token.keys", "policy.xml" };
	char path[128];

	core_free(r->core);
	snapshot_unref(r->snap);
	replay_free(r->replay);
	for (size_t i = 0; i < GW_COUNT(names); i++) {
		path_of(r, names[i], path);
		unlink(path);
	}
	path_of(r, "agreements", path);
	rmdir(path);
	rmdir(r->folder);
}

static uint16_t
listener_of(const struct rig *r, enum rig_side side)
{
	const char *id = side == RIG_ALPHA ? "a-udp" : "b-udp";

	if (r->transport == CONF_TCP)
		id = side == RIG_ALPHA ? "a-tcp" : "b-tcp";
	for (size_t i = 0; i < r->snap->conf->n_listeners; i++)
		if (strcmp(r->snap->conf->listeners[i].id, id) == 0)
			return (uint16_t)i;
	give_up("no such listener");
	return 0;
}

struct core_flow
rig_flow(const struct rig *r, enum rig_side from)
{
	struct core_flow flow = { .conn = r->transport == CONF_UDP ? 0 : 7,
		.transport = r->transport,
		.listener = listener_of(r, from) };

	flow.system = conf_system_by_id(r->snap->conf,
	    from == RIG_ALPHA ? GW_SPAN("alpha") : GW_SPAN("bravo"));
	if (!conf_addr_parse(from == RIG_ALPHA ? GW_SPAN("127.0.0.1:5080") :
						 GW_SPAN("127.0.0.1:5090"),
		&flow.peer))
		give_up("no address");
	return flow;
}

void
rig_in(struct rig *r, enum rig_side from, const char *text)
{
	struct core_flow flow = rig_flow(r, from);

	rig_on(r, &flow, text);
}

void
rig_on(struct rig *r, const struct core_flow *flow, const char *text)
{
	static uint8_t raw[RIG_TEXT_MAX];
	size_t n = 0;

	for (; *text != '\0' && n + 2 < sizeof(raw); text++) {
		if (*text == '\n' && (n == 0 || raw[n - 1] != '\r'))
			raw[n++] = '\r';
		raw[n++] = (uint8_t)*text;
	}
	core_message(r->core, flow, (struct gw_span){ raw, n }, 0, r->now);
}

void
rig_wait(struct rig *r, unsigned ms, size_t *actions)
{
	uint64_t end = r->now.mono_us + (uint64_t)ms * 1000;

	*actions = 0;
	for (;;) {
		uint64_t next = core_next_us(r->core);
		if (next > end)
			break;
		if (next > r->now.mono_us) {
			r->now.wall_us += (int64_t)(next - r->now.mono_us);
			r->now.mono_us = next;
		}
		while (core_tick(r->core, r->now))
			*actions += rig_count(r);
		*actions += rig_count(r);
	}
	r->now.wall_us += (int64_t)(end - r->now.mono_us);
	r->now.mono_us = end;
}

bool
rig_next(struct rig *r, unsigned ms)
{
	uint64_t end = r->now.mono_us + (uint64_t)ms * 1000;

	for (;;) {
		uint64_t next = core_next_us(r->core);
		if (next > end)
			return false;
		if (next > r->now.mono_us) {
			r->now.wall_us += (int64_t)(next - r->now.mono_us);
			r->now.mono_us = next;
		}
		(void)core_tick(r->core, r->now);
		if (rig_count(r) > 0)
			return true;
	}
}

size_t
rig_count(const struct rig *r)
{
	return core_actions(r->core)->n;
}

static unsigned
hop_port(const struct core_action *a)
{
	const struct conf *c = a->snap->conf;

	for (size_t i = 0; i < c->n_systems; i++)
		for (size_t k = 0; k < c->systems[i].n_hops; k++)
			if (c->systems[i].hops[k].id == a->hop)
				return c->systems[i].hops[k].addr.port;
	give_up("an action names a hop that the configuration does not");
	return 0;
}

const char *
rig_sent(struct rig *r, size_t i, unsigned *to_hop)
{
	const struct core_actions *all = core_actions(r->core);
	size_t at = 0;

	if (i >= all->n)
		give_up("fewer messages were sent than expected");
	const struct core_action *a = &all->at[i];
	if (a->len >= sizeof(r->sent))
		give_up("a message is too long");
	for (size_t k = 0; k < a->n_iov; at += a->iov[k++].iov_len)
		memcpy(r->sent + at, a->iov[k].iov_base, a->iov[k].iov_len);
	if (at != a->len)
		give_up("the length of an action is not that of its pieces");
	r->sent[at] = '\0';
	if (to_hop != NULL)
		*to_hop = a->kind == CORE_SEND_HOP ? hop_port(a) : 0;
	return r->sent;
}

void
rig_field(const char *text, const char *name, char *out, size_t size)
{
	size_t len = strlen(name);

	for (const char *p = strstr(text, "\r\n"); p != NULL;
	     p = strstr(p + 2, "\r\n")) {
		const char *value = p + 2;
		if (strncasecmp(value, name, len) != 0 || value[len] != ':')
			continue;
		value += len + 1;
		while (*value == ' ')
			value++;
		const char *end = strstr(value, "\r\n");
		size_t n = end == NULL ? strlen(value) : (size_t)(end - value);
		if (n >= size)
			give_up("a field is too long");
		memcpy(out, value, n);
		out[n] = '\0';
		return;
	}
	give_up(name);
}
