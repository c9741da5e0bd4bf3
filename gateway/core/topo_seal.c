/*
 * topo_seal.c: secrets to tokens and back.
 */
#include "core/topo_seal.h"

#include "core/topo_seen.h"

#define FLAG_ANSWERING 1u
#define FLAG_MEMO      2u
#define HEAD_MAX       17

static uint8_t *
put(uint8_t *p, struct gw_span s)
{
	if (s.len > 0)
		memcpy(p, s.p, s.len);
	return p + s.len;
}

/* plain has room for TOKEN_PLAIN_MAX. */
static enum gw_err
write_plain(struct topo_work *w, const struct topo_secret *s, uint8_t *plain,
    size_t *len)
{
	size_t n = 1;

	if (s->text.len > TOKEN_PLAIN_MAX - HEAD_MAX)
		return topo_work_limit(w, "too long for a token");
	plain[0] = (uint8_t)((s->answering ? FLAG_ANSWERING : 0) |
			     (s->memo != 0 ? FLAG_MEMO : 0));
	topo_work_put64(plain + n, s->system);
	n += 8;
	if (s->memo != 0) {
		topo_work_put64(plain + n, s->memo);
		n += 8;
	}
	put(plain + n, s->text);
	*len = n + s->text.len;
	return GW_OK;
}

/* before, token, after. */
static enum gw_err
seal(struct topo_work *w, enum token_kind kind, const struct topo_secret *s,
    struct gw_span before, const struct gw_span after[3], struct gw_span *out)
{
	const struct topo *t = w->t;
	uint8_t plain[TOKEN_PLAIN_MAX], *p, *at;
	size_t len = 0;
	enum gw_err err = write_plain(w, s, plain, &len);

	if (err != GW_OK)
		return err;
	size_t text_len = TOKEN_TEXT_LEN(len);
	size_t room =
	    before.len + text_len + after[0].len + after[1].len + after[2].len;
	if ((p = gw_arena_bytes(t->arena, room)) == NULL)
		return GW_ENOMEM;
	at = put(p, before);
	err = topo_seen_seal(
	    t, kind, w->key_id, (struct gw_span){ plain, len }, at);
	if (err == GW_ELIMIT)
		return topo_work_limit(w, "too long for a token");
	if (err != GW_OK)
		return err;
	at += text_len;
	for (size_t i = 0; i < 3; i++)
		at = put(at, after[i]);
	*out = (struct gw_span){ p, room };
	return GW_OK;
}

/* What follows the host; transport is that of the listener. */
static struct gw_span
tail_of(enum conf_transport transport, bool sips, unsigned form)
{
	static const struct gw_span tails[CONF_TRANSPORT_N][4] = {
		[CONF_UDP] = { GW_LIT(""), GW_LIT(";lr"), GW_LIT(">"),
		    GW_LIT(";lr>") },
		[CONF_TCP] = { GW_LIT(";transport=tcp"),
		    GW_LIT(";transport=tcp;lr"), GW_LIT(";transport=tcp>"),
		    GW_LIT(";transport=tcp;lr>") },
		[CONF_TLS] = { GW_LIT(";transport=tls"),
		    GW_LIT(";transport=tls;lr"), GW_LIT(";transport=tls>"),
		    GW_LIT(";transport=tls;lr>") },
	};
	/* A sips URI says it by its scheme (RFC 3261, 26.2.2). */
	bool says = (form & TOPO_SEAL_TRANSPORT) != 0 && !sips;
	unsigned which = ((form & TOPO_SEAL_LR) != 0 ? 1 : 0) |
			 ((form & TOPO_SEAL_BRACKETS) != 0 ? 2 : 0);

	return tails[says ? transport : CONF_UDP][which];
}

enum gw_err
topo_seal_uri(struct topo_work *w, enum token_kind kind,
    const struct topo_secret *s, unsigned form, struct gw_span *out)
{
	static const struct gw_span heads[] = { GW_LIT("sip:"), GW_LIT("<sip:"),
		GW_LIT("sips:"), GW_LIT("<sips:") };
	const struct conf_listener *l = &w->t->snap->conf->listeners[w->t->out];
	bool sips = (form & TOPO_SEAL_SIPS) != 0 && l->transport == CONF_TLS;
	const struct gw_span after[3] = { GW_SPAN("@"),
		gw_span_of(l->advertise), tail_of(l->transport, sips, form) };

	return seal(w, kind, s,
	    heads[(sips ? 2 : 0) | ((form & TOPO_SEAL_BRACKETS) != 0 ? 1 : 0)],
	    after, out);
}

enum gw_err
topo_seal_call_id(
    struct topo_work *w, const struct topo_secret *s, struct gw_span *out)
{
	const struct conf_listener *l = &w->t->snap->conf->listeners[w->t->out];
	struct gw_span after[3] = { GW_SPAN("@"), { NULL, 0 }, { NULL, 0 } };
	uint16_t port;

	names_split(gw_span_of(l->advertise), &after[1], &port);
	return seal(w, TOKEN_CALL_ID, s, GW_SPAN(""), after, out);
}

enum gw_err
topo_seal_open(const struct topo *t, enum token_kind kind, struct gw_span token,
    struct topo_secret *out)
{
	struct topo_secret s = { .memo = 0 };
	struct gw_span plain;
	size_t n = 9;
	enum gw_err err = topo_seen_open(t, kind, token, &plain, &s.key_id);

	if (err != GW_OK)
		return err;
	bool memo = plain.len > 0 && (plain.p[0] & FLAG_MEMO) != 0;
	if (plain.len < (memo ? n + 8 : n) ||
	    (plain.p[0] & ~(FLAG_ANSWERING | FLAG_MEMO)) != 0)
		return GW_EMALFORMED;
	s.answering = (plain.p[0] & FLAG_ANSWERING) != 0;
	s.system = topo_work_get64(plain.p + 1);
	if (memo) {
		s.memo = topo_work_get64(plain.p + 9);
		n += 8;
	}
	s.text = gw_span_sub(plain, n, plain.len);
	*out = s;
	return GW_OK;
}

bool
topo_seal_is_own(
    const struct names *n, const struct sip_uri *u, struct gw_span *token)
{
	*token = (struct gw_span){ NULL, 0 };
	if (u->scheme > SIP_SCHEME_SIPS || !names_is_own(n, u->host, u->port))
		return false;
	if (token_looks_like(u->user))
		*token = u->user;
	return true;
}

/* Does text stand behind the host of a URI that leads to a listener with this
 * transport? */
static bool
is_tail(struct gw_span text, enum conf_transport transport)
{
	return gw_span_eq(text, tail_of(transport, false,
				    TOPO_SEAL_LR | TOPO_SEAL_TRANSPORT)) ||
	       gw_span_eq(text, tail_of(transport, false, TOPO_SEAL_TRANSPORT));
}

/* The token of a route or Contact, if every octet around it is as we write it
 * at t->in; else empty. */
static struct gw_span
token_as_written(const struct topo *t, struct gw_span uri)
{
	const struct conf *c = t->snap->conf;
	struct gw_span none = { NULL, 0 }, scheme = GW_LIT("sip:");
	size_t at = gw_span_find(uri, 0, '@');

	if (at < scheme.len || at == uri.len || t->in >= c->n_listeners ||
	    memcmp(uri.p, scheme.p, scheme.len) != 0)
		return none;
	const struct conf_listener *l = &c->listeners[t->in];
	struct gw_span host = gw_span_of(l->advertise);
	struct gw_span token = gw_span_sub(uri, scheme.len, at - scheme.len);
	struct gw_span rest = gw_span_sub(uri, at + 1, uri.len);
	if (!gw_span_eq(gw_span_sub(rest, 0, host.len), host) ||
	    !is_tail(gw_span_sub(rest, host.len, rest.len), l->transport) ||
	    !token_looks_like(token))
		return none;
	return token;
}

enum gw_err
topo_seal_read(const struct topo *t, struct gw_span uri, bool *is_own,
    struct gw_span *token, struct gw_fault *fault)
{
	struct sip_uri u;

	*token = token_as_written(t, uri);
	*is_own = token->len > 0;
	if (*is_own)
		return GW_OK;
	if (sip_uri_parse(uri, &u, fault) != GW_OK)
		return GW_EMALFORMED;
	*is_own = topo_seal_is_own(t->snap->names, &u, token);
	return GW_OK;
}
