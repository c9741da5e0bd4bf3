/*
 * conf_ids.c: the names by which elements refer to each other.
 */
#include "conf/conf_ids.h"

#include "conf/conf_index.h"

static void
add(struct conf_reader *r, const xmlNode *n, const char *element,
    struct conf_ids *ids, uint16_t i)
{
	struct gw_span id = gw_span_of(ids->id[i]);
	struct gw_where at = conf_set_where(r, n);

	ids->line[i] = at.line;
	if (ids->id[i] == NULL)
		return;
	uint16_t first = conf_index_find(ids->index, id);
	if (first == CONF_INDEX_NONE)
		conf_index_add(ids->index, id, i);
	else
		CONF_ERROR(r, &at, ID_TWICE,
		    "%s id=\"%s\" stands twice, first in line %u", element,
		    ids->id[i], ids->line[first]);
}

bool
conf_ids_read(struct conf_reader *r, const xmlNode *root, const char *element,
    enum conf_set id, size_t max, struct conf_ids *out)
{
	uint16_t i = 0;

	out->n = max;
	out->id = conf_set_alloc(r, max, sizeof(*out->id));
	out->line = conf_set_alloc(r, max, sizeof(*out->line));
	out->index = conf_index_new(r->a, max);
	if (out->id == NULL || out->line == NULL || out->index == NULL) {
		r->no_memory = true;
		return false;
	}
	for (const xmlNode *n = gw_xml_child(root, element);
	     n != NULL && i < max; n = gw_xml_next(n, element), i++) {
		out->id[i] = conf_set_text(r, n, id);
		add(r, n, element, out, i);
	}
	return true;
}

uint16_t
conf_ids_find(struct conf_reader *r, const xmlNode *n, enum conf_set ref,
    const struct conf_ids *ids, enum conf_code unknown)
{
	const struct conf_setting *s = &conf_settings[ref];
	const char *text = conf_set_text(r, n, ref);

	if (text == NULL)
		return UINT16_MAX;
	uint16_t i = conf_index_find(ids->index, gw_span_of(text));
	/* Ids are compared with case; the index is not. */
	if (i != CONF_INDEX_NONE && strcmp(ids->id[i], text) == 0)
		return i;
	struct gw_where at = conf_set_where(r, n);
	gw_diag_error(r->d, &at, conf_codes[unknown].code,
	    conf_codes[unknown].want, "%s %s=\"%s\" is unknown", s->element,
	    s->attribute, text);
	return UINT16_MAX;
}
