/*
 * lookup_kms.c: POST of a KmsRequest below .../lookup/, TS 33.180 D.2.7.
 *
 * Path, POST and the envelope are those of the specification.  The content of
 * KmsLookup, the media type and the codes in KmsError were not checked against
 * D.2.7 and D.3.
 */
#include "adapters/lookup/lookup_kms.h"

#include "adapters/lookup/lookup_media.h"
#include "adapters/lookup/lookup_path.h"
#include "adapters/lookup/lookup_user.h"
#include "adapters/lookup/lookup_write.h"

#define CODE_NO_USER 404
/* Marks, names and dates of a document, without names of the dialect. */
#define ROOM_FRAME 640
#define ROOM_TAGS  8 /* "<></>" and more */

static const struct gw_span path_root = GW_LIT(LOOKUP_KMS_PATH);

/* A document that is to be written. */
struct letter {
	const struct gw_lookup_ends *e;
	struct gw_span user, kms; /* UserUri, KmsUri */
	struct gw_span path; /* of ClientReqUrl; empty: that of q */
	const struct gw_lookup_question *q; /* of an answer */
	const struct gw_lookup_answer *answer;
	const struct lookup_media_error *error; /* of a refusal */
};

/* The host of an authority: what an asker calls us. */
static struct gw_span
host_of(struct gw_span authority)
{
	size_t from = authority.len > 0 && authority.p[0] == '[' ?
			  gw_span_find(authority, 0, ']') :
			  0;

	return gw_span_sub(authority, 0, gw_span_find(authority, from, ':'));
}

/* "<name>" or "</name>" */
static void
put_tag(struct gw_buf *b, struct gw_span open, struct gw_span name)
{
	size_t len = open.len + name.len + 1;
	uint8_t *to = gw_buf_room(b, len);

	if (to == NULL)
		return;
	memcpy(to, open.p, open.len);
	memcpy(to + open.len, name.p, name.len);
	to[len - 1] = '>';
	gw_buf_took(b, len);
}

static void
put_element(struct gw_buf *b, struct gw_span name, struct gw_span value)
{
	put_tag(b, GW_SPAN("<"), name);
	lookup_write_xml(b, value);
	put_tag(b, GW_SPAN("</"), name);
}

/* The time in seconds: the same octets for the same answer, user, second. */
static void
put_time(struct gw_buf *b, int64_t wall_us)
{
	char text[GW_TIME_TEXT_LEN];

	gw_time_text(wall_us, text);
	lookup_put(b, GW_SPAN("<Time>"));
	lookup_put(b, (struct gw_span){ (const uint8_t *)text, 19 });
	lookup_put(b, GW_SPAN("Z</Time>"));
}

static void
put_url(struct gw_buf *b, const struct letter *l)
{
	lookup_put(b, GW_SPAN("<ClientReqUrl>https://"));
	lookup_write_xml(b, l->e->authority);
	lookup_write_xml(b, l->path);
	if (l->q != NULL) {
		lookup_write_xml(b, l->e->prefix);
		lookup_put(b, path_root);
		gw_lookup_escape(b, l->q->user);
	}
	lookup_put(b, GW_SPAN("</ClientReqUrl>"));
}

static void
put_head(struct gw_buf *b, const struct letter *l, struct gw_span root)
{
	lookup_put(b, GW_SPAN("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<"));
	lookup_put(b, root);
	lookup_put(b, GW_SPAN(" xmlns=\""));
	lookup_write_xml(b, l->e->names->ns);
	lookup_put(b, GW_SPAN("\" Id=\"xmldoc\" Version=\""));
	lookup_put(b, l->answer == NULL && l->error == NULL ?
			  GW_SPAN("1.1.0\">") :
			  GW_SPAN("1.0.0\">"));
	put_element(b, GW_SPAN("UserUri"), l->user);
	put_element(b, GW_SPAN("KmsUri"), l->kms);
	put_time(b, l->e->wall_us);
	put_url(b, l);
}

static void
write_request(struct gw_buf *b, const void *arg)
{
	put_head(b, arg, GW_SPAN("KmsRequest"));
	lookup_put(b, GW_SPAN("</KmsRequest>"));
}

static void
write_answer(struct gw_buf *b, const void *arg)
{
	const struct letter *l = arg;
	const struct gw_lookup_names *names = l->e->names;

	put_head(b, l, GW_SPAN("KmsResponse"));
	lookup_put(b, GW_SPAN("<KmsMessage><"));
	lookup_put(b, names->root);
	lookup_put(b, GW_SPAN(" Version=\"1.0.0\">"));
	put_element(b, names->user, l->q->user);
	for (size_t i = 0; i < l->answer->n_domains; i++)
		put_element(b, names->domain, l->answer->domains[i].kms);
	lookup_put(b, GW_SPAN("</"));
	lookup_put(b, names->root);
	lookup_put(b, GW_SPAN("></KmsMessage></KmsResponse>"));
}

static void
write_error(struct gw_buf *b, const void *arg)
{
	const struct letter *l = arg;

	put_head(b, l, GW_SPAN("KmsResponse"));
	lookup_put(b, GW_SPAN("<KmsError><ErrorCode>"));
	gw_buf_num(b, l->error->status);
	lookup_put(b, GW_SPAN("</ErrorCode><ErrorMsg>"));
	lookup_put(b, l->error->detail);
	lookup_put(b, GW_SPAN("</ErrorMsg></KmsError></KmsResponse>"));
}

static size_t
room_of(const struct letter *l)
{
	const struct gw_lookup_names *n = l->e->names;
	size_t room = ROOM_FRAME + n->ns.len + 2 * n->root.len +
		      2 * n->user.len + l->user.len + l->kms.len +
		      l->e->authority.len + l->path.len;

	if (l->answer == NULL)
		return room;
	room += l->e->prefix.len + path_root.len + 4 * l->q->user.len;
	for (size_t i = 0; i < l->answer->n_domains; i++)
		room += ROOM_TAGS + 2 * n->domain.len +
			l->answer->domains[i].kms.len;
	return room;
}

static enum gw_err
kms_ask(struct gw_arena *a, const struct gw_lookup_ends *e,
    const struct gw_lookup_question *q, struct gw_http_request *out)
{
	struct letter l = { .e = e,
		.user = e->self,
		.kms = e->kms.len != 0 ? e->kms : host_of(e->authority) };
	struct gw_span body;
	enum gw_err err =
	    lookup_path_build(a, e->prefix, path_root, q->user, &l.path);

	if (err == GW_OK)
		err = lookup_write(a, room_of(&l), write_request, &l, &body);
	if (err != GW_OK)
		return err;
	*out = (struct gw_http_request){
		.method = GW_HTTP_POST,
		.path = l.path,
		.authority = e->authority,
		.content_type = GW_LIT(LOOKUP_MEDIA_XML),
		.accept = GW_LIT(LOOKUP_MEDIA_XML),
		.body = body,
	};
	return GW_OK;
}

/* Without the port that https or http have by themselves. */
static struct gw_span
plain_authority(struct gw_span authority)
{
	static const struct gw_span ports[] = { GW_LIT(":443"), GW_LIT(":80") };
	struct gw_span host = host_of(authority);
	struct gw_span port = gw_span_sub(authority, host.len, authority.len);

	for (size_t i = 0; i < GW_COUNT(ports); i++)
		if (gw_span_eq(port, ports[i]))
			return host;
	return authority;
}

/* Is url, if there is one, that of a question about user?  Spelled in another
 * way, perhaps: the other end may have put it together itself.  Scheme and
 * escapes may differ, and a path alone will do. */
static enum gw_err
check_url(struct gw_arena *a, const struct gw_lookup_ends *e,
    struct gw_span url, struct gw_span user)
{
	struct gw_fault fault;
	struct gw_span about;
	size_t at;

	if (url.p == NULL)
		return GW_OK;
	if (gw_span_istarts(url, GW_SPAN("https://")) ||
	    gw_span_istarts(url, GW_SPAN("http://"))) {
		url = gw_span_sub(url, gw_span_find(url, 0, '/') + 2, url.len);
		at = gw_span_find(url, 0, '/');
		if (!gw_span_ieq(plain_authority(gw_span_sub(url, 0, at)),
			plain_authority(e->authority)))
			return GW_EMALFORMED;
		url = gw_span_sub(url, at, url.len);
	}
	if (!lookup_path_is(e->prefix, path_root, url, &url))
		return GW_EMALFORMED;
	enum gw_err err = lookup_path_user(a, url, &about, &fault);
	if (err == GW_OK && !lookup_user_same(about, user))
		err = GW_EMALFORMED;
	return err;
}

/* Is what was said said of the user that was asked for? */
static enum gw_err
check_subject(struct gw_arena *a, const struct gw_lookup_ends *e,
    const struct gw_lookup_question *q, const struct lookup_kms_doc *doc,
    struct gw_fault *fault)
{
	*fault = (struct gw_fault){ 0, "ClientReqUrl is of another question" };
	enum gw_err err = check_url(a, e, doc->url, q->user);
	if (err != GW_OK)
		return err;
	fault->why = "the answer is about another user";
	if (doc->about.p != NULL && !lookup_user_same(doc->about, q->user))
		return GW_EMALFORMED;
	fault->why = "the answer does not say whom it is about";
	if (doc->has_lookup && doc->url.p == NULL && doc->about.p == NULL)
		return GW_EMALFORMED;
	return GW_OK;
}

static enum gw_err
judge(const struct lookup_kms_doc *doc, unsigned status, struct gw_fault *fault)
{
	if (doc->has_error && doc->error_code == CODE_NO_USER)
		return GW_OK;
	fault->why = "the KMS reports an error";
	if (doc->has_error)
		return GW_EREMOTE;
	fault->why = "a response without an answer";
	return status == 200 && doc->has_lookup ? GW_OK : GW_EMALFORMED;
}

static enum gw_err
kms_take(struct gw_arena *a, const struct gw_lookup_ends *e,
    const struct gw_lookup_question *q, const struct gw_http_response *in,
    struct gw_lookup_answer *out, struct gw_fault *fault)
{
	struct lookup_kms_doc doc;
	enum gw_err err;

	*fault = (struct gw_fault){ 0, "the KMS answers with another status" };
	if (in->status != 200 && in->status != 404)
		return GW_EREMOTE;
	if (!lookup_media_is_xml(in->content_type)) {
		fault->why = "the response is of another media type";
		err = GW_EMALFORMED;
	} else {
		err =
		    lookup_kms_read(a, e->names, false, in->body, &doc, fault);
	}
	/* A 404 without a KmsError is that of a server which is no KMS. */
	if (err != GW_OK && err != GW_ENOMEM && in->status == 404)
		return GW_EREMOTE;
	if (err == GW_OK)
		err = check_subject(a, e, q, &doc, fault);
	if (err == GW_OK)
		err = judge(&doc, in->status, fault);
	if (err == GW_OK)
		*out = doc.answer;
	return err;
}

static enum gw_err
kms_hear(struct gw_arena *a, const struct gw_lookup_ends *e,
    const struct gw_http_request *in, struct gw_lookup_question *out,
    struct gw_fault *fault)
{
	struct lookup_kms_doc doc = { 0 };
	struct gw_span segment, user;
	enum gw_err err;

	*fault = (struct gw_fault){ 0, "another path" };
	if (!lookup_path_is(e->prefix, path_root, in->path, &segment))
		return GW_ENOTFOUND;
	fault->why = "another method than POST";
	if (in->method != GW_HTTP_POST)
		return GW_EUNSUPPORTED;
	err = lookup_path_user(a, segment, &user, fault);
	if (err == GW_OK && in->body.len != 0)
		err = lookup_kms_read(a, e->names, true, in->body, &doc, fault);
	if (err == GW_ENOMEM)
		return err;
	if (err != GW_OK)
		return GW_EMALFORMED;
	*fault = (struct gw_fault){ 0, "UserUri is too long" };
	if (doc.user_uri.len > GW_LOOKUP_USER_MAX)
		return GW_EMALFORMED;
	fault->why = "ClientReqUrl is of another request";
	if ((err = check_url(a, e, doc.url, user)) != GW_OK)
		return err;
	*out = (struct gw_lookup_question){ user, doc.user_uri };
	return GW_OK;
}

static struct gw_http_response
response(unsigned status, struct gw_span body)
{
	return (struct gw_http_response){
		.status = status,
		.content_type = GW_LIT(LOOKUP_MEDIA_XML),
		.body = body,
	};
}

/* Without a domain nothing may stand here but what the asker knows itself:
 * the name of a KMS would tell that there is one. */
static enum gw_err
kms_answer(struct gw_arena *a, const struct gw_lookup_ends *e,
    const struct gw_lookup_question *q, const struct gw_lookup_answer *in,
    struct gw_http_response *out)
{
	bool named = in->n_domains != 0 && e->kms.len != 0;
	struct letter l = { .e = e,
		.q = q,
		.answer = in,
		.user = q->asker.len != 0 ? q->asker : e->self,
		.kms = named ? e->kms : host_of(e->authority) };
	struct gw_span body;
	enum gw_err err = lookup_write(a, room_of(&l), write_answer, &l, &body);

	if (err == GW_OK)
		*out = response(200, body);
	return err;
}

static enum gw_err
kms_refuse(struct gw_arena *a, const struct gw_lookup_ends *e,
    const struct gw_http_request *in, enum gw_lookup_error error,
    struct gw_http_response *out)
{
	struct letter l = { .e = e,
		.error = lookup_media_error(error),
		.user = e->self,
		.kms = host_of(e->authority),
		.path = gw_span_sub(in->path, 0, GW_HTTP_PATH_MAX) };
	struct gw_span body;
	enum gw_err err = lookup_write(a, room_of(&l), write_error, &l, &body);

	if (err != GW_OK)
		return err;
	*out = response(l.error->status, body);
	if (error == GW_LOOKUP_E_METHOD)
		out->allow = GW_SPAN("POST");
	return GW_OK;
}

const struct gw_lookup_adapter lookup_kms = {
	.name = "kms",
	.ask = kms_ask,
	.take = kms_take,
	.hear = kms_hear,
	.answer = kms_answer,
	.refuse = kms_refuse,
};
