/*
 * lookup_domain.c: GET of a user below .../users/, whatever the form of the
 * answer.
 *
 * Both forms stand under one path; what the asker accepts tells them apart.
 */
#include "adapters/lookup/lookup_domain.h"

#include "adapters/lookup/lookup_path.h"
#include "adapters/lookup/lookup_user.h"

#define ROOM_PROBLEM 256

static const struct gw_span path_root = GW_LIT(LOOKUP_DOMAIN_PATH);

struct letter {
	const struct lookup_domain_form *form;
	struct lookup_domain_answer content;
};

uint32_t
lookup_domain_ttl(const struct gw_lookup_answer *answer)
{
	uint32_t s = answer->ttl_ms / 1000;

	if (answer->n_domains == 0 || answer->ttl_ms == 0)
		return 0;
	return s == 0 ? 1 : s; /* 0 would not be told at all */
}

static enum gw_err
ask(const struct lookup_domain_form *form, struct gw_arena *a,
    const struct gw_lookup_ends *e, const struct gw_lookup_question *q,
    struct gw_http_request *out)
{
	struct gw_span path;
	enum gw_err err =
	    lookup_path_build(a, e->prefix, path_root, q->user, &path);

	if (err == GW_OK)
		*out = (struct gw_http_request){
			.method = GW_HTTP_GET,
			.path = path,
			.authority = e->authority,
			.accept = form->type,
		};
	return err;
}

static enum gw_err
take(const struct lookup_domain_form *form, struct gw_arena *a,
    const struct gw_lookup_question *q, const struct gw_http_response *in,
    struct gw_lookup_answer *out, struct gw_fault *fault)
{
	struct gw_lookup_answer answer;
	struct gw_span user;
	enum gw_err err;

	*fault = (struct gw_fault){ 0, "the service reports an error" };
	if (in->status == 404) {
		*out = (struct gw_lookup_answer){ 0 };
		return GW_OK;
	}
	if (in->status != 200)
		return GW_EREMOTE;
	fault->why = "the response is of another media type";
	if (!form->is_type(in->content_type))
		return GW_EMALFORMED;
	if ((err = form->read(a, in->body, &user, &answer, fault)) != GW_OK)
		return err;
	*fault = (struct gw_fault){ 0, "the answer is about another user" };
	if (!gw_span_eq(user, q->user) &&
	    (user.len > GW_LOOKUP_USER_MAX || !lookup_user_same(user, q->user)))
		return GW_EMALFORMED;
	*out = answer;
	return GW_OK;
}

static enum gw_err
hear(const struct lookup_domain_form *form, struct gw_arena *a,
    const struct gw_lookup_ends *e, const struct gw_http_request *in,
    struct gw_lookup_question *out, struct gw_fault *fault)
{
	struct gw_span segment, user;
	enum gw_err err;

	*fault = (struct gw_fault){ 0, "another path" };
	if (!lookup_path_is(e->prefix, path_root, in->path, &segment))
		return GW_ENOTFOUND;
	fault->why = "another media type is accepted";
	if (lookup_media_pick(in->accept) != form->media)
		return GW_ENOTFOUND;
	fault->why = "another method than GET";
	if (in->method != GW_HTTP_GET)
		return GW_EUNSUPPORTED;
	err = lookup_path_user(a, segment, &user, fault);
	if (err == GW_OK)
		*out = (struct gw_lookup_question){ .user = user };
	return err;
}

static void
write_answer(struct gw_buf *b, const void *arg)
{
	const struct letter *l = arg;

	l->form->write(b, &l->content);
}

static size_t
room_of(const struct letter *l)
{
	const struct gw_lookup_answer *in = l->content.answer;
	size_t room = l->form->frame + l->content.q->user.len;

	for (size_t i = 0; i < in->n_domains; i++) {
		const struct gw_lookup_domain *d = &in->domains[i];
		room += 2 * l->form->tags + d->kms.len;
		for (size_t k = 0; k < d->n_external; k++)
			room += l->form->tags + d->external[k].len;
	}
	return room;
}

static enum gw_err
answer(const struct lookup_domain_form *form, struct gw_arena *a,
    const struct gw_lookup_question *q, const struct gw_lookup_answer *in,
    struct gw_http_response *out)
{
	struct letter l = { form, { q, in } };
	struct gw_span body;
	enum gw_err err = lookup_write(a, room_of(&l), write_answer, &l, &body);

	if (err == GW_OK)
		*out = (struct gw_http_response){
			.status = 200,
			.content_type = form->type,
			.body = body,
		};
	return err;
}

/* RFC 9457, with nothing in it but what the status says. */
static void
write_problem(struct gw_buf *b, const void *arg)
{
	const struct lookup_media_error *error = arg;

	gw_buf_add(b, GW_SPAN("{\"type\":\"about:blank\",\"title\":\""));
	gw_buf_add(b, error->title);
	gw_buf_add(b, GW_SPAN("\",\"status\":"));
	gw_buf_num(b, error->status);
	gw_buf_add(b, GW_SPAN(",\"detail\":\""));
	gw_buf_add(b, error->detail);
	gw_buf_add(b, GW_SPAN("\"}"));
}

static enum gw_err
refuse(struct gw_arena *a, const struct gw_lookup_ends *e,
    const struct gw_http_request *in, enum gw_lookup_error error,
    struct gw_http_response *out)
{
	const struct lookup_media_error *what = lookup_media_error(error);
	struct gw_span body;
	enum gw_err err =
	    lookup_write(a, ROOM_PROBLEM, write_problem, what, &body);

	(void)e;
	(void)in;
	if (err != GW_OK)
		return err;
	*out = (struct gw_http_response){
		.status = what->status,
		.content_type = GW_LIT("application/problem+json"),
		.body = body,
	};
	if (error == GW_LOOKUP_E_METHOD)
		out->allow = GW_SPAN("GET");
	return GW_OK;
}

/* The contract's functions know no form: a set of them for each. */
#define ADAPTER(word, form)                                                    \
	static enum gw_err form##_ask(struct gw_arena *a,                      \
	    const struct gw_lookup_ends *e,                                    \
	    const struct gw_lookup_question *q, struct gw_http_request *out)   \
	{                                                                      \
		return ask(&lookup_domain_##form, a, e, q, out);               \
	}                                                                      \
	static enum gw_err form##_take(struct gw_arena *a,                     \
	    const struct gw_lookup_ends *e,                                    \
	    const struct gw_lookup_question *q,                                \
	    const struct gw_http_response *in, struct gw_lookup_answer *out,   \
	    struct gw_fault *fault)                                            \
	{                                                                      \
		(void)e;                                                       \
		return take(&lookup_domain_##form, a, q, in, out, fault);      \
	}                                                                      \
	static enum gw_err form##_hear(struct gw_arena *a,                     \
	    const struct gw_lookup_ends *e, const struct gw_http_request *in,  \
	    struct gw_lookup_question *out, struct gw_fault *fault)            \
	{                                                                      \
		return hear(&lookup_domain_##form, a, e, in, out, fault);      \
	}                                                                      \
	static enum gw_err form##_answer(struct gw_arena *a,                   \
	    const struct gw_lookup_ends *e,                                    \
	    const struct gw_lookup_question *q,                                \
	    const struct gw_lookup_answer *in, struct gw_http_response *out)   \
	{                                                                      \
		(void)e;                                                       \
		return answer(&lookup_domain_##form, a, q, in, out);           \
	}                                                                      \
	const struct gw_lookup_adapter lookup_domain_##form##_adapter = {      \
		.name = (word),                                                \
		.ask = form##_ask,                                             \
		.take = form##_take,                                           \
		.hear = form##_hear,                                           \
		.answer = form##_answer,                                       \
		.refuse = refuse,                                              \
	}

ADAPTER("domain-lookup", xml);
ADAPTER("domain-lookup-json", json);
