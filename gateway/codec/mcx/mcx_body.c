/*
 * mcx_body.c: walk the parts of a body, in the order in which they stand.
 *
 * Multiparts that are being cut stand on a stack; message/sip is entered by
 * recursion, which the depth cap bounds.
 */
#include "codec/mcx/mcx_body.h"

#include "codec/mcx/mcx_list.h"
#include "codec/mime/mime_head.h"
#include "codec/mime/mime_parts.h"
#include "codec/sdp/sdp_keymgmt.h"
#include "mcxgw/hex.h"

/* Base64 of the longest key message, with room for line ends. */
#define KEY_TEXT_MAX (MIKEY_IMSG_MAX * 3 / 2)

struct frame {
	struct mime_parts parts;
	int8_t part; /* index of the multipart */
};

struct walk {
	const struct sip_msg *m;
	struct gw_arena *arena;
	struct mcx_body *out;
	struct gw_fault *fault;
	size_t n_frames;
	struct frame frames[MCX_DEPTH_MAX + 1];
};

/* What a part says of itself, and what it is. */
struct piece {
	struct mime_head fields;
	struct gw_span head, body;
	int8_t parent;
	uint8_t depth;
};

static enum gw_err
fail(struct walk *w, enum gw_err err, const uint8_t *at, const char *why)
{
	*w->fault = (struct gw_fault){ (size_t)(at - w->m->raw.p), why };
	return err;
}

static enum gw_err
malformed(struct walk *w, const uint8_t *at, const char *why)
{
	return fail(w, GW_EMALFORMED, at, why);
}

/*
 * A fault inside of s, a span of the message, becomes one of the message.
 * What was decoded has no place there: then it is that of the part.
 */
static enum gw_err
relocate(struct walk *w, enum gw_err err, const struct mcx_part *part,
    struct gw_span s)
{
	const struct gw_fault *f = w->fault;
	const uint8_t *at = part->base64 ? part->body.p : s.p + f->at;

	return fail(w,
	    err == GW_ELIMIT || err == GW_ENOMEM ? err : GW_EMALFORMED, at,
	    f->why);
}

/* Base64 in a body ends in a line end or none; that is not a digit. */
static struct gw_span
trim_lines(struct gw_span s)
{
	while (s.len > 0 && (s.p[s.len - 1] == '\n' || s.p[s.len - 1] == '\r'))
		s.len--;
	return s;
}

/* The octets of a part that is about to be read. */
static enum gw_err
decode(struct walk *w, const struct mcx_part *part, struct gw_span *out)
{
	struct gw_span text = trim_lines(part->body);

	if (!part->base64) {
		*out = part->body;
		return GW_OK;
	}
	enum gw_err err = gw_b64_decode(w->arena, text, out, w->fault);
	return err == GW_OK ?
		   GW_OK :
		   fail(w, err, text.p + w->fault->at, w->fault->why);
}

/* Set raw and imsg of k, or err and fault; only memory fails the body. */
static enum gw_err
read_key(struct walk *w, struct mcx_key_msg *k, bool base64)
{
	k->err = GW_OK;
	k->raw = (struct gw_span){ NULL, 0 };
	if (k->text.len == 0 || k->text.len > KEY_TEXT_MAX) {
		k->err = k->text.len == 0 ? GW_EMALFORMED : GW_ELIMIT;
		k->fault = (struct gw_fault){ 0, k->text.len == 0 ?
						     "no key message" :
						     "key message too long" };
		return GW_OK;
	}
	if (!base64)
		k->raw = k->text;
	else
		k->err = gw_b64_decode(w->arena, k->text, &k->raw, &k->fault);
	if (k->err == GW_ENOMEM)
		return fail(w, GW_ENOMEM, k->text.p, "out of memory");
	if (k->err == GW_OK)
		k->err = mikey_imsg_parse(k->raw, &k->imsg, &k->fault);
	return GW_OK;
}

static enum gw_err
add_key(struct walk *w, int8_t part, struct gw_span text, bool base64,
    struct mcx_key_msg **out)
{
	struct mcx_body *b = w->out;

	if (b->n_keys == MCX_KEYS_MAX)
		return fail(w, GW_ELIMIT, b->parts[part].body.p,
		    "more key messages than we read");
	struct mcx_key_msg *k = &b->keys[b->n_keys++];
	k->part = part;
	k->text = text;
	*out = k;
	return read_key(w, k, base64);
}

/* "sdp-media:audio"; media is hostile, so only plain short names show. */
static const char *
media_name(struct walk *w, struct gw_span media)
{
	static const struct {
		struct gw_span media;
		const char *where;
	} usual[] = {
		{ GW_LIT("audio"), "sdp-media:audio" },
		{ GW_LIT("video"), "sdp-media:video" },
		{ GW_LIT("application"), "sdp-media:application" },
		{ GW_LIT("message"), "sdp-media:message" },
	};
	static const struct gw_span prefix = GW_LIT("sdp-media:");

	for (size_t i = 0; i < GW_COUNT(usual); i++)
		if (gw_span_eq(media, usual[i].media))
			return usual[i].where;
	for (size_t i = 0; i < media.len; i++)
		if (gw_lower(media.p[i]) < 'a' || gw_lower(media.p[i]) > 'z')
			return "sdp-media";
	if (media.len == 0 || media.len > 16)
		return "sdp-media";
	char *s = gw_arena_alloc(w->arena, prefix.len + media.len + 1, 1);
	if (s == NULL)
		return NULL;
	memcpy(s, prefix.p, prefix.len);
	memcpy(s + prefix.len, media.p, media.len);
	return s;
}

static const char *
part_name(int8_t index)
{
	static const char names[MCX_PARTS_MAX][8] = { "body", "part:1",
		"part:2", "part:3", "part:4", "part:5", "part:6", "part:7",
		"part:8", "part:9", "part:10", "part:11", "part:12", "part:13",
		"part:14", "part:15", "part:16", "part:17", "part:18",
		"part:19", "part:20", "part:21", "part:22", "part:23",
		"part:24", "part:25", "part:26", "part:27", "part:28",
		"part:29", "part:30", "part:31" };

	return names[index];
}

static enum gw_err
read_sdp(struct walk *w, int8_t index)
{
	const struct mcx_part *part = &w->out->parts[index];
	struct sdp_scan scan;
	struct sdp_keymgmt line;
	struct mcx_key_msg *k;
	struct gw_span sdp;
	enum gw_err err = decode(w, part, &sdp);

	if (err != GW_OK)
		return err;
	w->out->has_sdp = true;
	sdp_scan_init(&scan, sdp);
	while ((err = sdp_keymgmt_next(&scan, &line, w->fault)) == GW_OK) {
		if (!gw_span_ieq(line.protocol, GW_SPAN("mikey")))
			continue;
		err = add_key(w, index, line.data, true, &k);
		if (err != GW_OK)
			return err;
		k->in_sdp = true;
		k->where =
		    line.in_media ? media_name(w, line.media) : "sdp-session";
		if (k->where == NULL)
			return fail(
			    w, GW_ENOMEM, part->body.p, "out of memory");
	}
	return err == GW_ENOTFOUND ? GW_OK : relocate(w, err, part, sdp);
}

static enum gw_err
read_mikey(struct walk *w, int8_t index)
{
	const struct mcx_part *part = &w->out->parts[index];
	struct mcx_key_msg *k;
	enum gw_err err = add_key(w, index,
	    part->base64 ? trim_lines(part->body) : part->body, part->base64,
	    &k);

	if (err != GW_OK)
		return err;
	k->in_sdp = false;
	k->where = part_name(index);
	return GW_OK;
}

static bool
is_type(const struct mcx_part *part, const char *type)
{
	return gw_span_ieq(part->type, gw_span_of(type));
}

/* Does the part stand in a message/sip part? */
static bool
is_foreign(const struct mcx_body *b, int8_t index)
{
	for (int8_t i = b->parts[index].parent; i >= 0; i = b->parts[i].parent)
		if (is_type(&b->parts[i], "message/sip"))
			return true;
	return false;
}

static enum gw_err
read_info(struct walk *w, int8_t index)
{
	struct mcx_body *b = w->out;
	const struct mcx_part *part = &b->parts[index];
	bool foreign = is_foreign(b, index);
	struct mcx_info info;
	struct gw_span doc;
	enum gw_err err;

	if (!foreign && b->info_part >= 0)
		return malformed(w, part->body.p, "a second info document");
	if ((err = decode(w, part, &doc)) != GW_OK)
		return err;
	err = mcx_info_read(
	    doc, mcx_info_type(part->type), w->arena, &info, w->fault);
	if (err != GW_OK)
		return relocate(w, err, part, doc);
	if (info.n_cuts > 0 && (foreign || part->base64))
		return malformed(w,
		    part->base64 ? part->body.p : info.cuts[0].p,
		    foreign ? "an access token in a message/sip part" :
			      "an access token in base64");
	if (foreign)
		return GW_OK;
	b->info = info;
	b->info_part = index;
	b->info_encrypted |= info.any_encrypted;
	return GW_OK;
}

static enum gw_err
read_list(struct walk *w, int8_t index)
{
	struct mcx_body *b = w->out;
	const struct mcx_part *part = &b->parts[index];
	struct mcx_list list;
	struct gw_span doc;
	enum gw_err err;

	if (is_foreign(b, index))
		return GW_OK;
	if ((err = decode(w, part, &doc)) != GW_OK)
		return err;
	err = mcx_list_read(doc, w->arena, &list, w->fault);
	if (err != GW_OK)
		return relocate(w, err, part, doc);
	unsigned entries = (unsigned)b->list_entries + list.entries;
	b->list_entries = (uint8_t)(entries < UINT8_MAX ? entries : UINT8_MAX);
	if (b->list_target.len == 0) {
		b->list_target = list.target;
		b->list_target_encrypted = list.target_encrypted;
		b->info_encrypted |= list.target_encrypted;
	}
	return GW_OK;
}

static enum gw_err enter(struct walk *w, const struct piece *p);

/* A Content-Encoding we would have to undo; "identity" is none. */
static struct gw_span
coding_of(const struct sip_msg *m)
{
	const struct sip_hdr *h = sip_msg_hdr(m, SIP_HDR_CONTENT_ENCODING);

	for (; h != NULL; h = sip_msg_next(m, h))
		if (!gw_span_ieq(h->value, GW_SPAN("identity")))
			return h->value;
	return (struct gw_span){ NULL, 0 };
}

static struct piece
message_piece(const struct sip_msg *m)
{
	return (struct piece){
		.fields = { .type = sip_msg_value(m, SIP_HDR_CONTENT_TYPE),
		    .transfer =
			sip_msg_value(m, SIP_HDR_CONTENT_TRANSFER_ENCODING),
		    .coding = coding_of(m),
		    .id = sip_msg_value(m, SIP_HDR_CONTENT_ID),
		    .disposition =
			sip_msg_value(m, SIP_HDR_CONTENT_DISPOSITION) },
		.body = m->body,
		.parent = -1,
	};
}

/* message/sip: the body of the inner message is a part below this one. */
static enum gw_err
read_sip(struct walk *w, int8_t index)
{
	struct mcx_part *part = &w->out->parts[index];
	struct sip_msg *m = gw_arena_alloc(w->arena, 1, sizeof(*m));

	if (m == NULL)
		return fail(w, GW_ENOMEM, part->body.p, "out of memory");
	if (part->base64)
		return malformed(w, part->body.p, "message/sip in base64");
	enum gw_err err = sip_msg_parse(part->body, m, w->fault);
	if (err != GW_OK)
		return relocate(w, err, part, part->body);
	/* A reader that takes the length less seriously would see more. */
	if (trim_lines(part->body).len > m->raw.len)
		return malformed(w, m->raw.p + m->raw.len,
		    "octets behind a message in message/sip");
	if (m->body.len == 0)
		return GW_OK;
	struct piece p = message_piece(m);
	if (p.fields.type.len == 0)
		return malformed(w, m->body.p, "a body without Content-Type");
	p.head = gw_span_sub(part->body, 0, (size_t)(m->body.p - part->body.p));
	p.parent = index;
	p.depth = (uint8_t)(part->depth + 1);
	part->multipart = true;
	return enter(w, &p);
}

static enum gw_err
open_multipart(struct walk *w, int8_t index, struct gw_span boundary)
{
	struct mcx_part *part = &w->out->parts[index];

	if (boundary.len == 0)
		return malformed(
		    w, part->body.p, "multipart without a boundary");
	if (part->base64)
		return malformed(w, part->body.p, "multipart in base64");
	part->multipart = true;
	struct frame *f = &w->frames[w->n_frames++];
	f->part = index;
	mime_parts_init(&f->parts, part->body, boundary);
	return GW_OK;
}

enum reader {
	R_NONE,
	R_SDP,
	R_MIKEY,
	R_INFO,
	R_LIST,
	R_SIP,
	R_MULTIPART,
	R_SIGNED,
	R_SEALED
};

/* By the type in two pieces, as blanks may stand around its slash. */
static enum reader
reader_of(const struct mime_type *t)
{
	static const struct {
		struct gw_span main, sub;
		enum reader reader;
	} rows[] = {
#define ROW(main, sub, reader) { GW_LIT(main), GW_LIT(sub), reader }
		ROW("application", "sdp", R_SDP),
		ROW("application", "mikey", R_MIKEY),
		ROW("application", "vnd.3gpp.mcptt-info+xml", R_INFO),
		ROW("application", "vnd.3gpp.mcvideo-info+xml", R_INFO),
		ROW("application", "vnd.3gpp.mcdata-info+xml", R_INFO),
		ROW("application", "resource-lists+xml", R_LIST),
		ROW("message", "sip", R_SIP),
		ROW("application", "vnd.3gpp.mcptt-signed+xml", R_SIGNED),
		ROW("application", "vnd.3gpp.mcvideo-signed+xml", R_SIGNED),
		ROW("application", "vnd.3gpp.mcdata-signed+xml", R_SIGNED),
		ROW("application", "pkcs7-mime", R_SEALED),
		ROW("application", "x-pkcs7-mime", R_SEALED),
		ROW("message", "external-body", R_SEALED),
		ROW("message", "partial", R_SEALED),
#undef ROW
	};

	for (size_t i = 0; i < GW_COUNT(rows); i++)
		if (gw_span_ieq(t->sub, rows[i].sub) &&
		    gw_span_ieq(t->main, rows[i].main))
			return rows[i].reader;
	return gw_span_ieq(t->main, GW_SPAN("multipart")) ? R_MULTIPART :
							    R_NONE;
}

/* Only parts we must read have to be in an encoding we know. */
static enum gw_err
check_encoding(
    struct walk *w, const struct mime_head *fields, struct mcx_part *part)
{
	struct gw_span t = fields->transfer;
	bool plain = t.len == 0 || gw_span_ieq(t, GW_SPAN("binary")) ||
		     gw_span_ieq(t, GW_SPAN("8bit")) ||
		     gw_span_ieq(t, GW_SPAN("7bit"));

	if (!plain && !part->base64)
		return malformed(w, t.p, "unknown transfer encoding");
	if (fields->coding.len != 0 &&
	    !gw_span_ieq(fields->coding, GW_SPAN("identity")))
		return malformed(
		    w, fields->coding.p, "a content encoding we cannot undo");
	return GW_OK;
}

static enum gw_err
read_part(struct walk *w, const struct mime_head *fields, int8_t index,
    const struct mime_type *type)
{
	struct mcx_part *part = &w->out->parts[index];
	enum reader reader = reader_of(type);

	if (reader == R_NONE)
		return GW_OK;
	enum gw_err err = check_encoding(w, fields, part);
	if (err != GW_OK)
		return err;
	switch (reader) {
	case R_NONE: return GW_OK;
	case R_SDP: return read_sdp(w, index);
	case R_MIKEY: return read_mikey(w, index);
	case R_INFO: return read_info(w, index);
	case R_LIST: return read_list(w, index);
	case R_SIP: return read_sip(w, index);
	case R_MULTIPART: return open_multipart(w, index, type->boundary);
	case R_SIGNED: w->out->has_signed = true; return GW_OK;
	case R_SEALED: w->out->has_sealed = true; return GW_OK;
	}
	return GW_EBUG;
}

/* "application/sdp" as one span; blanks around the slash are rare. */
static enum gw_err
join_type(struct walk *w, const struct mime_type *t, struct gw_span *out)
{
	size_t len = t->main.len + 1 + t->sub.len;
	uint8_t *to;

	*out = gw_span_join(t->main, t->sub);
	if (out->len == len)
		return GW_OK;
	if ((to = gw_arena_bytes(w->arena, len)) == NULL)
		return fail(w, GW_ENOMEM, t->main.p, "out of memory");
	memcpy(to, t->main.p, t->main.len);
	to[t->main.len] = '/';
	memcpy(to + t->main.len + 1, t->sub.p, t->sub.len);
	*out = (struct gw_span){ to, len };
	return GW_OK;
}

/* A new part, and what is in it. */
static enum gw_err
enter(struct walk *w, const struct piece *p)
{
	struct mcx_body *b = w->out;
	struct mime_type type = { 0 };
	struct gw_span name = { NULL, 0 };
	enum gw_err err = GW_OK;

	if (p->depth > MCX_DEPTH_MAX)
		return fail(w, GW_ELIMIT, p->body.p, "parts nested too deep");
	if (b->n_parts == MCX_PARTS_MAX)
		return fail(w, GW_ELIMIT, p->body.p, "too many parts");
	if (p->fields.type.p != NULL) {
		err = mime_type_read(p->fields.type, &type, w->fault);
		if (err != GW_OK)
			return malformed(
			    w, p->fields.type.p + w->fault->at, w->fault->why);
		err = join_type(w, &type, &name);
	}
	if (err != GW_OK)
		return err;
	int8_t index = (int8_t)b->n_parts++;
	b->parts[index] = (struct mcx_part){ .type = name,
		.content_id = p->fields.id,
		.disposition = mime_value(p->fields.disposition),
		.head = p->head,
		.body = p->body,
		.base64 = gw_span_ieq(p->fields.transfer, GW_SPAN("base64")),
		.depth = p->depth,
		.parent = p->parent };
	return read_part(w, &p->fields, index, &type);
}

/* Cut the next part of the innermost multipart, or leave that. */
static enum gw_err
next_part(struct walk *w)
{
	struct frame *f = &w->frames[w->n_frames - 1];
	const struct mcx_part *parent = &w->out->parts[f->part];
	struct piece p = { .parent = f->part,
		.depth = (uint8_t)(parent->depth + 1) };
	struct mime_part cut;
	enum gw_err err = mime_parts_next(&f->parts, &cut, w->fault);

	if (err == GW_ENOTFOUND) {
		w->n_frames--;
		return GW_OK;
	}
	if (err != GW_OK)
		return relocate(w, err, parent, parent->body);
	err = mime_head_read(cut.head, &p.fields, w->fault);
	if (err != GW_OK)
		return relocate(w, err, parent, cut.head);
	p.head = cut.head;
	p.body = cut.body;
	return enter(w, &p);
}

enum gw_err
mcx_body_read(const struct sip_msg *m, struct gw_arena *a, struct mcx_body *out,
    struct gw_fault *fault)
{
	struct walk w;
	enum gw_err err;

	/* The rows are filled in as they are counted. */
	memset(out, 0, offsetof(struct mcx_body, parts));
	out->info_part = -1;
	if (m->body.len == 0)
		return GW_OK;
	w.m = m;
	w.arena = a;
	w.out = out;
	w.fault = fault;
	w.n_frames = 0;
	struct piece p = message_piece(m);
	if (p.fields.type.len == 0)
		return malformed(&w, m->body.p, "a body without Content-Type");
	err = enter(&w, &p);
	while (err == GW_OK && w.n_frames > 0)
		err = next_part(&w);
	return err;
}

bool
mcx_body_wanted(const struct sip_msg *m)
{
	struct gw_span value = sip_msg_value(m, SIP_HDR_CONTENT_TYPE);
	struct mime_type type;
	struct gw_fault fault;

	if (m->body.len == 0)
		return false;
	return mime_type_read(value, &type, &fault) != GW_OK ||
	       reader_of(&type) != R_NONE;
}
