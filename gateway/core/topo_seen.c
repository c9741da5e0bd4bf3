/*
 * topo_seen.c: a short list, searched from its front.
 */
#include "core/topo_seen.h"

struct pair {
	uint8_t kind, wanted_key, key_id;
	uint16_t bearer;
	struct gw_span text, plain;
};

struct topo_seen {
	struct gw_arena *arena;
	size_t n;
	struct pair at[TOPO_SEEN_MAX];
};

struct topo_seen *
topo_seen_new(struct gw_arena *a)
{
	struct topo_seen *s = gw_arena_alloc(a, 1, sizeof(*s));

	if (s != NULL)
		s->arena = a;
	return s;
}

static struct token_bind
bind_of(const struct topo *t, enum token_kind kind, uint16_t bearer)
{
	const char *id = t->snap->conf->systems[bearer].base.id;

	return (struct token_bind){ kind, gw_span_of(id) };
}

static void
keep(const struct topo *t, struct pair p)
{
	struct topo_seen *s = t->seen;

	if (s == NULL || s->n == TOPO_SEEN_MAX ||
	    !gw_arena_copy(s->arena, p.text, &p.text) ||
	    !gw_arena_copy(s->arena, p.plain, &p.plain))
		return;
	s->at[s->n++] = p;
}

enum gw_err
topo_seen_seal(const struct topo *t, enum token_kind kind, uint8_t key_id,
    struct gw_span plain, uint8_t *out)
{
	struct token_bind bind = bind_of(t, kind, t->to);

	for (size_t i = 0; t->seen != NULL && i < t->seen->n; i++) {
		const struct pair *p = &t->seen->at[i];
		if (p->kind != kind || p->bearer != t->to ||
		    p->wanted_key != key_id || !gw_span_eq(p->plain, plain))
			continue;
		memcpy(out, p->text.p, p->text.len);
		return GW_OK;
	}
	enum gw_err err = token_seal(t->sealer, key_id, &bind, plain, out);
	if (err != GW_OK)
		return err;
	struct gw_span text = { out, TOKEN_TEXT_LEN(plain.len) };
	keep(t, (struct pair){ (uint8_t)kind, key_id, token_key_id(text), t->to,
		    text, plain });
	return GW_OK;
}

enum gw_err
topo_seen_open(const struct topo *t, enum token_kind kind, struct gw_span text,
    struct gw_span *plain, uint8_t *key_id)
{
	struct token_bind bind = bind_of(t, kind, t->from);
	uint8_t octets[TOKEN_PLAIN_MAX];
	size_t len;

	for (size_t i = 0; t->seen != NULL && i < t->seen->n; i++) {
		const struct pair *p = &t->seen->at[i];
		if (p->kind != kind || p->bearer != t->from ||
		    !gw_span_eq(p->text, text))
			continue;
		*plain = p->plain;
		*key_id = p->key_id;
		return GW_OK;
	}
	enum gw_err err =
	    token_open(t->sealer, t->now, &bind, text, octets, &len, key_id);
	if (err != GW_OK)
		return err;
	return gw_arena_copy(t->arena, (struct gw_span){ octets, len }, plain) ?
		   GW_OK :
		   GW_ENOMEM;
}
