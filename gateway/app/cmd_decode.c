/*
 * cmd_decode.c: mcxgw decode.
 */
#include "app/cmd.h"

#include <stdio.h>
#include <stdlib.h>

#include "app/args.h"
#include "app/settings.h"
#include "codec/mcx/mcx_body.h"
#include "mcxgw/hex.h"

#define OUT_MAX	  (16u << 20)
#define ARENA_MAX (8u << 20)

enum { AS, JSON, KMS };

static const struct args_option options[] = {
	[AS] = { "--as", "sip|mikey", "what the file holds (default sip)",
	    false },
	[JSON] = { "--json", NULL, "one JSON object on standard output",
	    false },
	[KMS] = { "--kms", "FILE",
	    "a KmsCertificate or KMS response to "
	    "verify signatures with; more behind "
	    "MESSAGE",
	    false },
};

static const struct args_verb verb = {
	"decode [--as sip|mikey] [--json] [--kms FILE] MESSAGE [KMS ...]",
	"Shows what the gateway reads in a message: start line, info\n"
	"document, parts, key messages with their payloads and identities.\n"
	"A raw I_MESSAGE is binary or base64.  \"-\" is standard input.\n"
	"Exit status 0: it was read; 1: it is malformed.\n",
	options, GW_COUNT(options), 1, ARGS_REPEAT_MAX
};

/* What decoding needs and makes. */
struct decode {
	struct gw_buf text; /* the file */
	struct gw_arena *arena;
	struct kms_certs *kms;
	struct eccsi_verifier *verifier;
	struct gw_json j;
	struct gw_buf out;
	struct sip_msg msg;
	struct mcx_body body;
	struct gw_fault fault;
};

static void
optional(struct gw_json *j, const char *key, struct gw_span s)
{
	if (s.len == 0)
		gw_json_null(j, key);
	else
		gw_json_span(j, key, s);
}

static void
write_payloads(struct gw_json *j, const struct mikey_imsg *m)
{
	gw_json_open(j, "payloads", '[');
	for (unsigned i = 0; i < m->n_payloads; i++) {
		const struct mikey_payload *p = &m->payloads[i];
		gw_json_open(j, NULL, '{');
		gw_json_text(j, "type", mikey_payload_name(p->type));
		if (p->role != 0)
			gw_json_num(j, "role", p->role);
		gw_json_num(j, "offset", p->off);
		gw_json_num(j, "length", p->len);
		gw_json_close(j, '}');
	}
	gw_json_close(j, ']');
}

static void
write_state(struct decode *d, const struct mikey_imsg *m)
{
	const struct kms_cert *cert =
	    kms_certs_find(d->kms, mikey_compat_kms_hint(m));
	struct mikey_compat strict = { false };
	const char *why = "no certificate of the initiator's KMS";
	const char *state = "unverifiable";

	if (cert != NULL) {
		enum gw_err err =
		    kms_cert_verify(cert, m, &strict, d->verifier, &why);
		if (err == GW_OK) {
			state = "valid";
			why = "";
		} else if (err == GW_EAUTH) {
			state = "invalid";
		}
	}
	gw_json_text(&d->j, "state", state);
	gw_json_text(&d->j, "why", why);
}

static void
write_time(struct gw_json *j, const struct mikey_imsg *m)
{
	char text[GW_TIME_TEXT_LEN];
	uint64_t s = m->ntp >> 32;

	if (s < GW_NTP_UNIX) {
		gw_json_null(j, "timestamp");
		return;
	}
	gw_time_text((int64_t)((s - GW_NTP_UNIX) * 1000000 +
			       (((m->ntp & UINT32_MAX) * 1000000) >> 32)),
	    text);
	gw_json_text(j, "timestamp", text);
}

/* Identities under the way that the message itself follows: this verb shows,
 * it does not judge. */
static void
write_names(struct decode *d, const struct mikey_imsg *m)
{
	struct mikey_compat any = { .uid_in_role_1_2 = false,
		.kms_in_role_3 = m->idr[MIKEY_IDRKMSI].data.len == 0 &&
				 m->idr[MIKEY_IDRKMSR].data.len == 0 };
	struct mikey_names n = { .initiator = { NULL, 0 } };
	struct gw_json *j = &d->j;
	const char *why;

	if (mikey_compat_names(m, &any, &n, &why) != GW_OK)
		n = (struct mikey_names){ .initiator = { NULL, 0 } };
	optional(j, "initiator", n.initiator);
	optional(j, "receiver", n.receiver);
	optional(j, "initiator_kms", n.initiator_kms);
	optional(j, "receiver_kms", n.receiver_kms);
	if (n.initiator_uid.len > 0)
		gw_json_hex(j, "initiator_uid", n.initiator_uid);
	if (n.receiver_uid.len > 0)
		gw_json_hex(j, "receiver_uid", n.receiver_uid);
}

static void
write_imsg(struct decode *d, const struct mikey_imsg *m)
{
	struct gw_json *j = &d->j;

	gw_json_num(j, "csb_id", m->csb_id);
	gw_json_text(j, "purpose", mikey_purpose_name(m->purpose));
	write_time(j, m);
	write_names(d, m);
	write_payloads(j, m);
	gw_json_open(j, "signature", '{');
	gw_json_num(j, "offset", (int64_t)(m->sign.p - m->raw.p));
	gw_json_num(j, "length", (int64_t)m->sign.len);
	if (kms_certs_count(d->kms) > 0)
		write_state(d, m);
	gw_json_close(j, '}');
}

static void
write_error(struct gw_json *j, enum gw_err err, const struct gw_fault *fault)
{
	gw_json_open(j, "error", '{');
	gw_json_text(j, "code", gw_strerror(err));
	gw_json_num(j, "at", (int64_t)fault->at);
	gw_json_text(j, "why", fault->why);
	gw_json_close(j, '}');
}

static bool
write_keys(struct decode *d)
{
	bool good = true;

	gw_json_open(&d->j, "key_messages", '[');
	for (unsigned i = 0; i < d->body.n_keys; i++) {
		const struct mcx_key_msg *k = &d->body.keys[i];
		gw_json_open(&d->j, NULL, '{');
		gw_json_text(&d->j, "where", k->in_sdp ? "sdp" : "part");
		gw_json_text(&d->j, "place", k->where);
		gw_json_num(&d->j, "octets", (int64_t)k->raw.len);
		if (k->err == GW_OK) {
			write_imsg(d, &k->imsg);
		} else {
			write_error(&d->j, k->err, &k->fault);
			good = false;
		}
		gw_json_close(&d->j, '}');
	}
	gw_json_close(&d->j, ']');
	return good;
}

static void
write_parts(struct decode *d)
{
	gw_json_open(&d->j, "parts", '[');
	for (unsigned i = 0; i < d->body.n_parts; i++) {
		const struct mcx_part *p = &d->body.parts[i];
		gw_json_open(&d->j, NULL, '{');
		gw_json_span(&d->j, "type", p->type);
		gw_json_num(&d->j, "depth", p->depth);
		gw_json_num(
		    &d->j, "offset", (int64_t)(p->body.p - d->msg.raw.p));
		gw_json_num(&d->j, "length", (int64_t)p->body.len);
		gw_json_close(&d->j, '}');
	}
	gw_json_close(&d->j, ']');
}

static void
write_info(struct decode *d)
{
	const struct mcx_info *i = &d->body.info;
	struct gw_json *j = &d->j;

	if (i->service == MCX_NONE) {
		gw_json_null(j, "info");
		return;
	}
	gw_json_open(j, "info", '{');
	gw_json_text(j, "service", mcx_service_name(i->service));
	optional(j, "session_type", i->session_type);
	optional(j, "request_uri", i->request_uri);
	optional(j, "calling_user", i->calling_user);
	optional(j, "called_party", i->called_party);
	optional(j, "calling_group", i->calling_group);
	gw_json_bool(j, "emergency", i->emergency);
	gw_json_bool(j, "imminent_peril", i->imminent_peril);
	gw_json_bool(j, "encrypted", d->body.info_encrypted);
	gw_json_bool(j, "access_token", i->n_cuts > 0);
	gw_json_close(j, '}');
}

static void
write_start(struct decode *d)
{
	const struct sip_msg *m = &d->msg;

	gw_json_text(&d->j, "kind", m->is_request ? "request" : "response");
	if (m->is_request) {
		gw_json_span(&d->j, "method", m->method_name);
		gw_json_span(&d->j, "uri", m->uri);
	} else {
		gw_json_num(&d->j, "status", m->status);
		gw_json_span(&d->j, "reason", m->reason);
	}
	gw_json_num(&d->j, "headers", m->n_hdrs);
}

/* False: it was malformed, and d->j tells so. */
static bool
decode_sip(struct decode *d)
{
	enum gw_err err =
	    sip_msg_parse(gw_buf_span(&d->text), &d->msg, &d->fault);

	if (err == GW_OK)
		err = mcx_body_read(&d->msg, d->arena, &d->body, &d->fault);
	gw_json_open(&d->j, NULL, '{');
	bool good = err == GW_OK;
	if (good) {
		write_start(d);
		write_parts(d);
		write_info(d);
		good = write_keys(d);
	} else {
		write_error(&d->j, err, &d->fault);
	}
	gw_json_close(&d->j, '}');
	return good;
}

/* Binary if it begins like an I_MESSAGE (version 1), else base64. */
static enum gw_err
raw_imsg(struct decode *d, struct gw_span *out)
{
	struct gw_span text = gw_buf_span(&d->text);

	*out = text;
	if (text.len > 0 && text.p[0] <= 1)
		return GW_OK;
	struct gw_span trimmed = gw_span_trim(text);
	if (gw_b64_decode(d->arena, trimmed, out, &d->fault) == GW_OK)
		return GW_OK;
	*out = text; /* neither: let the reader say what is wrong */
	return GW_OK;
}

static bool
decode_mikey(struct decode *d)
{
	struct mikey_imsg m;
	struct gw_span raw;
	enum gw_err err = raw_imsg(d, &raw);

	if (err == GW_OK)
		err = mikey_imsg_parse(raw, &m, &d->fault);
	gw_json_open(&d->j, NULL, '{');
	if (err == GW_OK)
		write_imsg(d, &m);
	else
		write_error(&d->j, err, &d->fault);
	gw_json_close(&d->j, '}');
	return err == GW_OK;
}

static void
clear(struct decode *d)
{
	gw_buf_clear(&d->text);
	gw_buf_clear(&d->out);
	gw_arena_free(d->arena);
	kms_certs_free(d->kms);
	eccsi_verifier_free(d->verifier);
	free(d);
}

static struct decode *
decode_new(void)
{
	struct decode *d = calloc(1, sizeof(*d));

	if (d == NULL)
		return NULL;
	gw_buf_init(&d->text, SETTINGS_FILE_MAX);
	gw_buf_init(&d->out, OUT_MAX);
	gw_json_init(&d->j, &d->out);
	d->arena = gw_arena_new(ARENA_MAX);
	d->kms = kms_certs_new();
	d->verifier = eccsi_verifier_new(64);
	if (d->arena != NULL && d->kms != NULL && d->verifier != NULL)
		return d;
	clear(d);
	return NULL;
}

static bool
load_kms(struct decode *d, const char *path)
{
	struct gw_diag *diag = gw_diag_new();
	bool good = diag != NULL &&
		    kms_certs_load(d->kms, path, NULL, gw_now_read(), diag);

	if (diag != NULL && !good)
		settings_print(diag, path);
	gw_diag_free(diag);
	return good;
}

static bool
load_all_kms(struct decode *d, const struct args *a)
{
	bool good = a->values[KMS] == NULL || load_kms(d, a->values[KMS]);

	for (size_t i = 1; i < a->n_rest; i++)
		good = load_kms(d, a->rest[i]) && good;
	return good;
}

/* JSON is the truth; for people it is written one member a line. */
static void
print(struct decode *d, bool json)
{
	struct gw_buf text;
	bool quoted = false;
	unsigned depth = 0;

	gw_buf_text(&d->out, "\n");
	if (json) {
		settings_write(&d->out);
		return;
	}
	gw_buf_init(&text, OUT_MAX);
	for (size_t i = 0; i < d->out.len; i++) {
		uint8_t c = d->out.p[i];
		if (c == '"' && (i == 0 || d->out.p[i - 1] != '\\'))
			quoted = !quoted;
		if (!quoted && (c == '}' || c == ']') && depth > 0)
			depth--;
		gw_buf_add(&text, (struct gw_span){ &d->out.p[i], 1 });
		if (quoted || (c != '{' && c != '[' && c != ','))
			continue;
		if (c != ',')
			depth++;
		gw_buf_fmt(&text, "\n%*s", (int)depth * 2, "");
	}
	settings_write(&text);
}

static bool
is_mikey(const struct args *a)
{
	return a->values[AS] != NULL && strcmp(a->values[AS], "mikey") == 0;
}

static int
run(struct decode *d, const struct args *a)
{
	if (settings_read(a->rest[0], &d->text) != GW_OK) {
		perror(a->rest[0]);
		return CMD_ENVIRONMENT;
	}
	if (!load_all_kms(d, a))
		return CMD_ENVIRONMENT;
	bool good = is_mikey(a) ? decode_mikey(d) : decode_sip(d);
	print(d, a->values[JSON] != NULL);
	return good ? CMD_YES : CMD_NO;
}

int
cmd_decode(int argc, char **argv)
{
	struct args a;

	switch (args_read(&verb, argc, argv, &a)) {
	case ARGS_HELP: return CMD_YES;
	case ARGS_WRONG: return CMD_USAGE;
	case ARGS_OK: break;
	}
	if (a.values[AS] != NULL && !is_mikey(&a) &&
	    strcmp(a.values[AS], "sip") != 0) {
		fprintf(stderr, "mcxgw: --as is \"%s\", not sip or mikey\n",
		    a.values[AS]);
		return CMD_USAGE;
	}
	struct decode *d = decode_new();
	if (d == NULL)
		return CMD_ENVIRONMENT;
	int status = run(d, &a);
	clear(d);
	return status;
}
