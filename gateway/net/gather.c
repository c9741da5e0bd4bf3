/*
 * gather.c: see gather.h.
 */
#include "net/gather.h"

#include "mcxgw/json.h"

#define TEXT_MAX (1u << 20)

static struct gather_one *
find(struct gather *g, uint64_t id)
{
	for (size_t i = 0; i < GW_COUNT(g->at); i++)
		if (g->at[i].id == id)
			return &g->at[i];
	return NULL;
}

const char *
gather_ask(struct gather *g, struct worker *const *workers, unsigned n,
    const struct ctl_question *q)
{
	struct gather_one *one = find(g, 0);

	if (one == NULL)
		return "too many questions at once";
	*one = (struct gather_one){ .id = q->id, .json = q->json };
	one->what = q->flush ? POST_LOOKUP_FLUSH : POST_LOOKUP_SHOW;
	gw_buf_init(&one->text, TEXT_MAX);
	for (unsigned i = 0; i < n; i++) {
		struct post_lookup *p = post_lookup_new(
		    one->what, q->id, gw_span_of(q->user), q->json);
		if (p == NULL)
			continue;
		one->left++;
		mbox_post_urgent(workers[i]->mbox, &p->item);
	}
	if (one->left > 0)
		return NULL;
	one->id = 0;
	return "no memory";
}

/* Objects of the workers, one after the other; lines under a head. */
static void
add(struct gather_one *one, const struct post_lookup *p)
{
	struct gw_span text = gw_span_trim(gw_buf_span(&p->text));

	one->n += p->n;
	one->found = one->found || p->found;
	if (one->what != POST_LOOKUP_SHOW || !p->found)
		return;
	if (one->json && one->text.len > 0)
		gw_buf_text(&one->text, ",");
	if (!one->json)
		gw_buf_fmt(&one->text, "worker %u\n", p->worker);
	gw_buf_add(&one->text, text);
	if (!one->json)
		gw_buf_text(&one->text, "\n");
}

static void
write_flushed(const struct gather_one *one, struct gw_buf *out)
{
	struct gw_json j;

	if (!one->json) {
		gw_buf_fmt(out, "flushed %zu\n", one->n);
		return;
	}
	gw_json_init(&j, out);
	gw_json_open(&j, NULL, '{');
	gw_json_num(&j, "flushed", (int64_t)one->n);
	gw_json_close(&j, '}');
}

static void
write_shown(const struct gather_one *one, struct gw_buf *out)
{
	struct gw_json j;

	gw_json_init(&j, out);
	if (!one->json) {
		gw_buf_add(out, gw_buf_span(&one->text));
		if (!one->found)
			gw_buf_text(out, "nothing is known of that user\n");
		return;
	}
	gw_json_open(&j, NULL, '{');
	if (!one->found)
		gw_json_text(&j, "error", "nothing is known of that user");
	gw_json_open(&j, "workers", '[');
	gw_buf_add(out, gw_buf_span(&one->text));
	gw_json_close(&j, ']');
	gw_json_close(&j, '}');
}

void
gather_take(struct gather *g, struct ctl *ctl, const struct post_lookup *p)
{
	struct gather_one *one = find(g, p->question);
	struct gw_buf out;

	if (one == NULL)
		return;
	add(one, p);
	if (--one->left > 0)
		return;
	gw_buf_init(&out, TEXT_MAX);
	if (one->what == POST_LOOKUP_FLUSH)
		write_flushed(one, &out);
	else
		write_shown(one, &out);
	ctl_answer(ctl, one->id, one->found || one->what == POST_LOOKUP_FLUSH,
	    gw_buf_span(&out));
	gw_buf_clear(&out);
	gw_buf_clear(&one->text);
	one->id = 0;
}

void
gather_clear(struct gather *g)
{
	for (size_t i = 0; i < GW_COUNT(g->at); i++)
		if (g->at[i].id != 0)
			gw_buf_clear(&g->at[i].text);
}
